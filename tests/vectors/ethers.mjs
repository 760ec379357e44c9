// The vectors by ethers.js; prints struct hashes, digests, nonces and order ids in the order of the file.
import { readFileSync } from "node:fs";
import { AbiCoder, TypedDataEncoder, keccak256 } from "ethers";

const { vectors, depositNonces, orderIds } = JSON.parse(readFileSync(process.argv[2]));
const hash = ({ domain, types, message }) => domain && TypedDataEncoder.hash(domain, types, message);
const hashOf = (types, values) => keccak256(AbiCoder.defaultAbiCoder().encode(types, values));
console.log(
  JSON.stringify({
    structHashes: vectors.map((it) => TypedDataEncoder.from(it.types).hashStruct(it.primaryType, it.message)),
    digests: vectors.map(hash),
    nonces: depositNonces.map((it) => hashOf(["bytes32", "uint256"], [it.channelId, it.salt])),
    orderIds: orderIds.vectors.map((it) => hashOf(orderIds.types, it.values)),
  }),
);
