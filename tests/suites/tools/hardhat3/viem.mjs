// Hardhat 3 with its viem toolbox: wallets, assertions and network helpers on the node.
import assert from "node:assert/strict";
import hre from "hardhat";

const { viem, networkHelpers: helpers } = await hre.network.connect("ours");
const client = await viem.getPublicClient();
const [alice, bob] = await viem.getWalletClients();
const { address } = bob.account;

const paid = alice.sendTransaction({ to: address, value: 5n });
await viem.assertions.balancesHaveChanged(paid, [{ address, amount: 5n }]);
const hash = await alice.deployContract({ abi: [], bytecode: process.env.TOKEN });
assert.ok((await client.waitForTransactionReceipt({ hash })).contractAddress);

const start = await helpers.time.latestBlock();
await helpers.mine(3);
assert.equal(await helpers.time.latestBlock(), start + 3);
const time = await helpers.time.latest();
await helpers.time.increase(100);
assert.ok((await helpers.time.latest()) >= time + 100);
const snapshot = await helpers.takeSnapshot();
await helpers.mine();
await snapshot.restore();
assert.equal(await helpers.time.latestBlock(), start + 4);
await helpers.setBalance(address, 10n ** 24n);
assert.equal(await client.getBalance({ address }), 10n ** 24n);
await helpers.setCoinbase(address);
await assert.rejects(helpers.setCode(address, "0x00"), /genesis/);
