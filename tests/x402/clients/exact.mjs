// What a user of npm's SDK does to pay by the exact scheme: signs what a server asks. Reads and prints one JSON document.
import { readFileSync } from "node:fs";
import { x402Client } from "@x402/core/client";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { privateKeyToAccount } from "viem/accounts";

const { key, asked } = JSON.parse(readFileSync(0));
const [{ network, asset, amount }] = asked.accepts;
const client = new x402Client().register(network, new ExactEvmScheme(privateKeyToAccount(key)));
client.setSpendControls({ allowedAssets: [{ network, asset, maxAmountPerPayment: amount }] });
console.log(JSON.stringify((await client.createPaymentPayload(asked)).payload));
