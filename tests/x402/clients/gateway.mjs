// What a user of npm's SDK asks a gateway: six at once, again, streamed, then the rest back. One JSON document each way.
import { readFileSync } from "node:fs";
import { toClientEvmSigner } from "@x402/evm";
import { BatchSettlementEvmScheme } from "@x402/evm/batch-settlement/client";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { createPublicClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const { network, chain, url, key, asset, maxAmountPerPayment, question } = JSON.parse(readFileSync(0));
const reader = createPublicClient({ transport: http(chain) });
const scheme = new BatchSettlementEvmScheme(toClientEvmSigner(privateKeyToAccount(key), reader));
const client = new x402Client().register(network, scheme);
client.setSpendControls({ allowedAssets: [{ network, asset, maxAmountPerPayment }] });
const pay = wrapFetchWithPayment(fetch, client);

const statuses = [];
const charged = [];
async function ask(seed, stream) {
  const body = JSON.stringify({ ...question, seed, stream });
  const response = await pay(url, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const text = await response.text();
  statuses.push(response.status);
  const last = stream ? text.trim().split("\n\n").at(-2).slice("data: ".length) : text;
  charged.push(JSON.parse(last).x402?.charged_tokens);
}
for (const [first, stream] of [[0, false], [6, false], [12, true]]) {
  await Promise.all([0, 1, 2, 3, 4, 5].map((number) => ask(first + number, stream)));
}
const refund = await new BatchSettlementEvmScheme(toClientEvmSigner(privateKeyToAccount(key), reader)).refund(url);
console.log(JSON.stringify({ statuses, charged, refunded: refund.success }));
