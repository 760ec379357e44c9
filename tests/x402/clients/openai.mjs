// What a user of OpenAI's npm client does: gives it a fetch that pays, and asks. One JSON document each way.
import { readFileSync } from "node:fs";
import { toClientEvmSigner } from "@x402/evm";
import { BatchSettlementEvmScheme } from "@x402/evm/batch-settlement/client";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import OpenAI from "openai";
import { createPublicClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const { network, chain, url, key, allowedAssets, purchase, question } = JSON.parse(readFileSync(0));
const account = privateKeyToAccount(key);
const scheme = new BatchSettlementEvmScheme(
  toClientEvmSigner(account, createPublicClient({ transport: http(chain) })),
);
const client = new x402Client().register(network, scheme).register(network, new ExactEvmScheme(account));
client.setSpendControls({ allowedAssets });
const pay = wrapFetchWithPayment(fetch, client);
const headers = { "Content-Type": "application/json" };
const bought = await pay(`${url}/tokens`, { method: "POST", headers, body: JSON.stringify(purchase) });

const openai = new OpenAI({ apiKey: "none", baseURL: url, fetch: pay, maxRetries: 0 });
const whole = await openai.chat.completions.create(question);
const { messages, ...rest } = question;
const plain = await openai.completions.create({ ...rest, prompt: messages[0].content });
let text = "";
let last;
for await (last of await openai.chat.completions.create({ ...question, stream: true })) {
  text += last.choices[0]?.delta?.content ?? "";
}
const again = await openai.chat.completions.create({ ...question, seed: 1 });
// Streams leave the client's own sum at the ceiling; a client begun anew asks the chain and the gateway.
const refund = await new BatchSettlementEvmScheme(
  toClientEvmSigner(account, createPublicClient({ transport: http(chain) })),
).refund(`${url}/chat/completions`);
console.log(
  JSON.stringify({
    bought: (await bought.json()).tokens,
    texts: [whole.choices[0].message.content, plain.choices[0].text, text, again.choices[0].message.content],
    usages: [whole, plain, last, again].map((it) => it.usage.completion_tokens),
    charged: [whole, plain, last, again].map((it) => it.x402.charged_tokens),
    refunded: refund.success,
  }),
);
