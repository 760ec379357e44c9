// Hardhat 2: signers, contracts, chai matchers and network helpers on the node.
const { expect } = require("chai");
const assert = require("node:assert/strict");
const { ethers } = require("hardhat");
const helpers = require("@nomicfoundation/hardhat-network-helpers");

const abi = ["event Transfer(address indexed from, address indexed to, uint256 amount)", "error Refused(uint256)"];

async function match(alice, bob) {
  const deployed = async (data) => {
    const { contractAddress } = await (await alice.sendTransaction({ data })).wait();
    return [contractAddress, new ethers.Contract(contractAddress, abi, alice)];
  };
  await expect(alice.sendTransaction({ to: bob.address, value: 7n })).to.changeEtherBalance(bob, 7n);

  const [at, token] = await deployed(process.env.TOKEN);
  const moved = ethers.concat([ethers.zeroPadValue(bob.address, 32), ethers.toBeHex(5, 32)]);
  const transfer = alice.sendTransaction({ to: at, data: moved });
  await expect(transfer).to.emit(token, "Transfer").withArgs(alice.address, bob.address, 5n);

  const [refuses, reverter] = await deployed(process.env.REVERTER);
  const refusal = reverter.interface.encodeErrorResult("Refused", [7]);
  const call = alice.call({ to: refuses, data: refusal });
  await expect(call).to.be.revertedWithCustomError(reverter, "Refused").withArgs(7n);
}

async function help(bob) {
  const start = await helpers.time.latestBlock();
  await helpers.mine(3);
  assert.equal(await helpers.time.latestBlock(), start + 3);
  const time = await helpers.time.latest();
  const snapshot = await helpers.takeSnapshot();
  await helpers.time.increase(100);
  assert.ok((await helpers.time.latest()) >= time + 100);
  await snapshot.restore();
  assert.equal(await helpers.time.latestBlock(), start + 3);
  await helpers.setBalance(bob.address, 10n ** 24n);
  assert.equal(await ethers.provider.getBalance(bob.address), 10n ** 24n);
  await helpers.setCoinbase(bob.address);
  await assert.rejects(helpers.setCode(bob.address, "0x00"), /genesis/);
}

async function main() {
  const [alice, bob] = await ethers.getSigners();
  await match(alice, bob);
  await help(bob);
}

main().then(
  () => process.exit(0),
  (problem) => {
    console.error(problem);
    process.exit(1);
  },
);
