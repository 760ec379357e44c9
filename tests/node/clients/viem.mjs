// What a user of viem does first; prints one JSON document.
import { createPublicClient, createTestClient, createWalletClient, decodeErrorResult, defineChain } from "viem";
import { encodeAbiParameters, encodeErrorResult, http, parseAbi, parseAbiItem, webSocket } from "viem";
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

// What the node signs and executes for a client that has no key of its own.
const signer = createWalletClient({ account: account.address, chain, transport: http() });
const typed = {
  account: account.address, domain: { name: "Town" }, types: { Pay: [{ name: "amount", type: "uint256" }] },
  primaryType: "Pay", message: { amount: 5n },
};
const { accessList } = await reader.createAccessList({ account, to: token, data });
const authorization = await wallet.signAuthorization({ contractAddress: to, executor: "self" });
const listed = await wallet.sendTransaction({ to: token, data, accessList, authorizationList: [authorization] });
await reader.waitForTransactionReceipt({ hash: listed });
const readsSlot = "0x5f545f5260205ff3";
const stateOverride = [{ address: to, code: readsSlot, stateDiff: [{ slot: `0x${"00".repeat(32)}`, value: `0x${"00".repeat(31)}2a` }] }];
const request = await wallet.prepareTransactionRequest({ to, value: 1n });
const serializedTransaction = await wallet.signTransaction(request);
const [block] = await reader.simulateBlocks({ blocks: [{ calls: [{ account, to, value: 5n }] }], traceTransfers: true });
const tester = createTestClient({ mode: "anvil", chain, transport: http() });
const atBlock = await reader.getBlockNumber({ cacheTime: 0 });
await tester.mine({ blocks: 2 });
const mined = Number((await reader.getBlockNumber({ cacheTime: 0 })) - atBlock);
const methods = {
  message: (await signer.signMessage({ message: "hello" })) === (await account.signMessage({ message: "hello" })),
  typed: (await signer.signTypedData(typed)) === (await account.signTypedData(typed)),
  lists: (({ type, accessList: named, authorizationList }) => [type, named.length, authorizationList.length])(
    await reader.getTransaction({ hash: listed }),
  ),
  code: await reader.getCode({ address: account.address }),
  filled: (await reader.fillTransaction({ account, to, value: 1n })).transaction.gas === 21000n,
  sync: (await reader.sendRawTransactionSync({ serializedTransaction })).status,
  overridden: Number((await reader.call({ to, stateOverride })).data),
  timed: Number((await reader.call({ data: "0x425f5260205ff3", blockOverrides: { time: 2n ** 40n } })).data) === 2 ** 40,
  simulated: [block.calls[0].status, block.calls[0].logs.length],
  mined,
};
console.log(
  JSON.stringify({
    methods,
    balance: balance.toString(), type: type === "eip1559" ? 2 : type, status: Number(receipt.status === "success"),
    logs: logs.map((it) => Number(it.args.value)), refused: Number(refused), head: await head,
  }),
);
process.exit(0);
