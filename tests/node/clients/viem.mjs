// What a user of viem does first; prints one JSON document.
import { createPublicClient, createWalletClient, decodeErrorResult, defineChain, encodeAbiParameters } from "viem";
import { encodeErrorResult, http, parseAbi, parseAbiItem, webSocket } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const [url, key, token, reverter] = process.argv.slice(2);
const nativeCurrency = { name: "Ether", symbol: "ETH", decimals: 18 };
const chain = defineChain({ id: 31337, name: "pysettle", nativeCurrency, rpcUrls: { default: { http: [url] } } });
const account = privateKeyToAccount(key);
const reader = createPublicClient({ chain, transport: http(), pollingInterval: 50 });
const watcher = createPublicClient({ chain, transport: webSocket(url.replace("http", "ws")) });
const wallet = createWalletClient({ account, chain, transport: http() });
const head = new Promise((resolve) => watcher.watchBlocks({ onBlock: (block) => resolve(Number(block.number)) }));
await watcher.getChainId();
await new Promise((resolve) => setTimeout(resolve, 200));
const balance = await reader.getBalance({ address: account.address });
const to = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const hash = await wallet.sendTransaction({ to, value: 5n });
const receipt = await reader.waitForTransactionReceipt({ hash });
const { type } = await reader.getTransaction({ hash });
const data = encodeAbiParameters([{ type: "address" }, { type: "uint256" }], [to, 42n]);
const moved = await wallet.sendTransaction({ to: token, data });
const { blockNumber: fromBlock } = await reader.waitForTransactionReceipt({ hash: moved });
const event = parseAbiItem("event Transfer(address indexed from, address indexed to, uint256 value)");
const logs = await reader.getLogs({ address: token, event, args: { from: account.address }, fromBlock });
const abi = parseAbi(["error Refused(uint256 code)"]);
let refused;
try {
  await reader.call({ to: reverter, data: encodeErrorResult({ abi, errorName: "Refused", args: [7n] }) });
} catch (error) {
  refused = decodeErrorResult({ abi, data: error.walk((it) => typeof it.data === "string").data }).args[0];
}
console.log(
  JSON.stringify({
    balance: balance.toString(), type: type === "eip1559" ? 2 : type, status: Number(receipt.status === "success"),
    logs: logs.map((it) => Number(it.args.value)), refused: Number(refused), head: await head,
  }),
);
process.exit(0);
