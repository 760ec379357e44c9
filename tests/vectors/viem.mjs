// The vectors by viem; prints struct hashes, digests and nonces in the order of the file.
import { readFileSync } from "node:fs";
import { encodeAbiParameters, hashStruct, hashTypedData, keccak256, parseAbiParameters } from "viem";

const { vectors, depositNonces } = JSON.parse(readFileSync(process.argv[2]));
const words = parseAbiParameters("bytes32, uint256");
const struct = ({ types, primaryType, message }) => hashStruct({ types, primaryType, data: message });
console.log(
  JSON.stringify({
    structHashes: vectors.map(struct),
    digests: vectors.map((it) => it.domain && hashTypedData(it)),
    nonces: depositNonces.map((it) => keccak256(encodeAbiParameters(words, [it.channelId, BigInt(it.salt)]))),
  }),
);
