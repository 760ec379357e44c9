// What a user of npm's SDK does who pays each call by itself: configures it, and posts. One JSON document each way.
import { readFileSync } from "node:fs";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { privateKeyToAccount } from "viem/accounts";

const { network, url, key, asset, maxAmountPerPayment, question } = JSON.parse(readFileSync(0));
const client = new x402Client().register(network, new ExactEvmScheme(privateKeyToAccount(key)));
client.setSpendControls({ allowedAssets: [{ network, asset, maxAmountPerPayment }] });
const pay = wrapFetchWithPayment(fetch, client);
const headers = { "Content-Type": "application/json" };
const response = await pay(url, { method: "POST", headers, body: JSON.stringify(question) });
const answer = await response.json();
const settled = decodePaymentResponseHeader(response.headers.get("PAYMENT-RESPONSE"));
console.log(JSON.stringify({ answer, amount: settled.amount }));
