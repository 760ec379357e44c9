// What a user of ethers.js does first; prints one JSON document.
import { ethers } from "ethers";

const [url, key, token, reverter] = process.argv.slice(2);
// Without it ethers answers a second question for the nonce within 250 ms with the first one's answer.
const http = new ethers.JsonRpcProvider(url, undefined, { cacheTimeout: -1 });
const ws = new ethers.WebSocketProvider(url.replace("http", "ws"));
const wallet = new ethers.Wallet(key, http);
const head = new Promise((resolve) => ws.on("block", resolve));
await ws.getNetwork();
await new Promise((resolve) => setTimeout(resolve, 200));
const balance = await http.getBalance(wallet.address);
const to = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const sent = await wallet.sendTransaction({ to, value: 5n });
const receipt = await sent.wait();
const abi = ["event Transfer(address indexed from, address indexed to, uint256 value)", "error Refused(uint256 code)"];
const contract = new ethers.Contract(token, abi, wallet);
const data = ethers.AbiCoder.defaultAbiCoder().encode(["address", "uint256"], [to, 42]);
const moved = await (await wallet.sendTransaction({ to: token, data })).wait();
const logs = await contract.queryFilter(contract.filters.Transfer(wallet.address), moved.blockNumber);
const refusing = new ethers.Interface(abi);
let refused;
try {
  await http.call({ to: reverter, data: refusing.encodeErrorResult("Refused", [7]) });
} catch (error) {
  refused = refusing.parseError(error.data).args[0];
}

// What the node signs and executes for a client that has no key of its own.
const signer = await http.getSigner(wallet.address);
const domain = { name: "Town" };
const types = { Pay: [{ name: "amount", type: "uint256" }] };
const { accessList } = await http.send("eth_createAccessList", [{ from: wallet.address, to: token, data }]);
const authorization = await wallet.authorize({ address: ethers.ZeroAddress, nonce: (await wallet.getNonce()) + 1 });
const listed = await wallet.sendTransaction({ to: token, data, accessList, authorizationList: [authorization] });
const sealed = await listed.wait();
const methods = {
  message: (await signer.signMessage("hello")) === (await wallet.signMessage("hello")),
  legacy: (await signer._legacySignMessage("hello")) === (await wallet.signMessage("hello")),
  typed: (await signer.signTypedData(domain, types, { amount: 5 })) ===
    (await wallet.signTypedData(domain, types, { amount: 5 })),
  lists: [listed.type, listed.accessList.length, listed.authorizationList.length],
  code: await http.getCode(wallet.address),
  byHash: (await http.getBalance(to, sealed.blockHash)) === (await http.getBalance(to, sealed.blockNumber)),
  raw: ethers.keccak256(await http.send("eth_getRawTransactionByHash", [listed.hash])) === listed.hash,
};
console.log(
  JSON.stringify({
    methods,
    balance: balance.toString(), type: sent.type, status: receipt.status, logs: logs.map((it) => Number(it.args.value)),
    refused: Number(refused), head: await head,
  }),
);
process.exit(0);
