// Hardhat 3 with its ethers toolbox: signers, contracts and chai matchers on the node.
import { expect } from "chai";
import hre from "hardhat";

const { ethers } = await hre.network.connect("ours");
const [alice, bob] = await ethers.getSigners();
const abi = ["event Transfer(address indexed from, address indexed to, uint256 amount)", "error Refused(uint256)"];

const deployed = async (data) => {
  const { contractAddress } = await (await alice.sendTransaction({ data })).wait();
  return [contractAddress, new ethers.Contract(contractAddress, abi, alice)];
};

await expect(() => alice.sendTransaction({ to: bob.address, value: 7n })).to.changeEtherBalance(ethers, bob, 7n);

const [at, token] = await deployed(process.env.TOKEN);
const moved = ethers.concat([ethers.zeroPadValue(bob.address, 32), ethers.toBeHex(5, 32)]);
const transfer = alice.sendTransaction({ to: at, data: moved });
await expect(transfer).to.emit(token, "Transfer").withArgs(alice.address, bob.address, 5n);

const [refuses, reverter] = await deployed(process.env.REVERTER);
const refusal = reverter.interface.encodeErrorResult("Refused", [7]);
const call = alice.call({ to: refuses, data: refusal });
await expect(call).to.be.revertedWithCustomError(reverter, "Refused").withArgs(7n);
