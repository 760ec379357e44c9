// What a user of npm's SDK does: configures it, pays twice, takes back what is left. Reads and prints one JSON document.
import { readFileSync } from "node:fs";
import { toClientEvmSigner } from "@x402/evm";
import { BatchSettlementEvmScheme } from "@x402/evm/batch-settlement/client";
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { createPublicClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const { network, chain, url, key, asset, maxAmountPerPayment } = JSON.parse(readFileSync(0));
const reader = createPublicClient({ transport: http(chain) });
const scheme = new BatchSettlementEvmScheme(toClientEvmSigner(privateKeyToAccount(key), reader));
const client = new x402Client().register(network, scheme);
client.setSpendControls({ allowedAssets: [{ network, asset, maxAmountPerPayment }] });
const pay = wrapFetchWithPayment(fetch, client);

const answers = [];
for (let call = 0; call < 2; call++) {
  const response = await pay(url);
  const receipt = decodePaymentResponseHeader(response.headers.get("PAYMENT-RESPONSE"));
  answers.push([response.status, await response.text(), receipt.success, receipt.extra.chargedAmount]);
}
const refund = await scheme.refund(url);
console.log(JSON.stringify({ answers, refunded: [refund.success, refund.amount] }));
