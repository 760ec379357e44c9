// The vectors by ethers.js; prints struct hashes, digests and nonces in the order of the file.
import { readFileSync } from "node:fs";
import { AbiCoder, TypedDataEncoder, keccak256 } from "ethers";

const { vectors, depositNonces } = JSON.parse(readFileSync(process.argv[2]));
const hash = ({ domain, types, message }) => domain && TypedDataEncoder.hash(domain, types, message);
const nonce = ({ channelId, salt }) => AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [channelId, salt]);
console.log(
  JSON.stringify({
    structHashes: vectors.map((it) => TypedDataEncoder.from(it.types).hashStruct(it.primaryType, it.message)),
    digests: vectors.map(hash),
    nonces: depositNonces.map((it) => keccak256(nonce(it))),
  }),
);
