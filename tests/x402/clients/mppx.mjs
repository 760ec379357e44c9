// What a user of npm's mppx does, which has x402 from no SDK: allows a currency, and posts. One JSON document each way.
import { readFileSync } from "node:fs";
import { evm, Mppx } from "mppx/client";
import { privateKeyToAccount } from "viem/accounts";

const { chainId, url, key, currency, maxAtomicAmount, purchase, question } = JSON.parse(readFileSync(0));
const charge = evm.charge({
  account: privateKeyToAccount(key), networks: [chainId], currencies: [currency], maxAtomicAmount,
});
const mppx = Mppx.create({ methods: [charge], polyfill: false });
async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  const response = await mppx.fetch(`${url}/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  return [response.status, await response.text()];
}
const bought = await post("tokens", purchase);
const whole = await post("chat/completions", question);
const streamed = await post("chat/completions", { ...question, stream: true });
console.log(JSON.stringify({ bought, whole, streamed }));
