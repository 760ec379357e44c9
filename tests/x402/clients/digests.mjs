// What npm's SDK makes of channels, vouchers, refunds, claims and deposits; reads and prints one JSON document.
import { readFileSync } from "node:fs";
import {
  BATCH_SETTLEMENT_ADDRESS, BATCH_SETTLEMENT_DOMAIN, ERC3009_DEPOSIT_COLLECTOR_ADDRESS, claimBatchTypes, refundTypes,
} from "@x402/evm";
import {
  computeChannelId, createBatchSettlementEIP3009DepositPayload, signVoucher,
} from "@x402/evm/batch-settlement/client";
import { privateKeyToAccount } from "viem/accounts";

const asked = JSON.parse(readFileSync(0));
const [payer, authorizer] = [asked.payer, asked.authorizer].map(privateKeyToAccount);
const chainId = Number(asked.network.split(":")[1]);
const domain = { ...BATCH_SETTLEMENT_DOMAIN, chainId, verifyingContract: BATCH_SETTLEMENT_ADDRESS };
const ids = asked.configs.map((config) => computeChannelId(config, asked.network));
const refund = (amount) =>
  authorizer.signTypedData({
    domain, types: refundTypes, primaryType: "Refund",
    message: { channelId: ids[0], nonce: BigInt(asked.nonce), amount: BigInt(amount) },
  });
const claimBatch = (rows) =>
  authorizer.signTypedData({
    domain, types: claimBatchTypes, primaryType: "ClaimBatch",
    message: {
      claims: rows.map(([channelId, most, total]) => ({
        channelId, maxClaimableAmount: BigInt(most), totalClaimed: BigInt(total),
      })),
    },
  });
const { requirements } = asked;
const deposit = await createBatchSettlementEIP3009DepositPayload(
  payer, 2, requirements, asked.configs[0], asked.deposit, requirements.amount,
);
const voucher = (amount) => signVoucher(payer, ids[0], amount, asked.network);
console.log(
  JSON.stringify({
    ids,
    vouchers: (await Promise.all(asked.amounts.map(voucher))).map((it) => it.signature),
    refunds: await Promise.all(asked.amounts.map(refund)),
    batches: await Promise.all([[], asked.batch].map(claimBatch)),
    deposit: deposit.payload,
    addresses: [BATCH_SETTLEMENT_ADDRESS, ERC3009_DEPOSIT_COLLECTOR_ADDRESS].map((it) => it.toLowerCase()),
  }),
);
