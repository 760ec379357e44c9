// The vectors by viem; prints struct hashes, digests, nonces and order ids in the order of the file.
import { readFileSync } from "node:fs";
import { encodeAbiParameters, hashStruct, hashTypedData, keccak256, parseAbiParameters } from "viem";

const { vectors, depositNonces, orderIds } = JSON.parse(readFileSync(process.argv[2]));
const read = (value) => (Array.isArray(value) ? value.map(read) : value.startsWith("0x") ? value : BigInt(value));
const hashOf = (types, values) => keccak256(encodeAbiParameters(parseAbiParameters(types.join(", ")), read(values)));
const struct = ({ types, primaryType, message }) => hashStruct({ types, primaryType, data: message });
console.log(
  JSON.stringify({
    structHashes: vectors.map(struct),
    digests: vectors.map((it) => it.domain && hashTypedData(it)),
    nonces: depositNonces.map((it) => hashOf(["bytes32", "uint256"], [it.channelId, it.salt])),
    orderIds: orderIds.vectors.map((it) => hashOf(orderIds.types, it.values)),
  }),
);
