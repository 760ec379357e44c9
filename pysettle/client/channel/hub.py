"""The ChannelHub and the UsageMeter: deposits, claims by metered usage, refunds, withdrawals."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from pysettle.client.core.contract import Contract
from pysettle.client.core.signatures import is_signed
from pysettle.client.core.token import Token, Value
from pysettle.domain.channel.events import Claimed, ClaimRefused
from pysettle.domain.channel.messages import (
    CEILING_BITS,
    deposit_nonce,
    hub_domain,
    meter_domain,
    refund_approval_digest,
    usage_digest,
    voucher_digest,
)
from pysettle.domain.channel.metering import ChannelState, Voucher, check_vouchers
from pysettle.domain.compute.usage import Usage
from pysettle.domain.core import events
from pysettle.domain.core.messages import Authorization, ChannelConfig, ChannelId
from pysettle.domain.core.signing import Signer
from pysettle.evm import abi
from pysettle.evm.backend import Receipt
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.values import Address, Amount, SeriesId, Timestamp, Tokens

_CONFIG_TYPE = "(address,address,address,address,address,uint40,bytes32)"
_VOUCHER_GAS = 200_000
"""Gas that a payer's contract gets from the hub to look at its voucher: `ChannelHub.VOUCHER_GAS`."""
_REFUND_APPROVAL_TYPE = f"({_CONFIG_TYPE},uint256,uint128,uint128,bytes)"


class ClaimResult(IntEnum):
    """Result of a row of a claim, as the hub numbers it."""

    CLAIMED = 0
    CLAIMED_IN_PART = 1
    NOTHING_NEW = 2
    CALLER_NOT_RECEIVER = 3
    ABOVE_CEILING = 4
    VOUCHER_SIGNATURE_INVALID = 5
    PAYER_FROZEN = 6
    USAGE_MALFORMED = 7

    @property
    def text(self) -> str:
        """The result in words."""
        return self.name.lower().replace("_", " ")


_REFUSED_FIRST = frozenset(
    {
        ClaimResult.CALLER_NOT_RECEIVER,
        ClaimResult.ABOVE_CEILING,
        ClaimResult.PAYER_FROZEN,
        ClaimResult.USAGE_MALFORMED,
    }
)
"""Results that the hub finds before it looks whether a row has anything new to claim."""


@dataclass(frozen=True, slots=True)
class ClaimOutcome:
    """Outcome of a row of a claim."""

    result: ClaimResult
    """The result."""
    amount: Amount
    """Claim of this row alone, in smallest units."""


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One channel's row of a claim."""

    config: ChannelConfig
    """Terms of the channel."""
    usage: Usage
    """Cumulative usage."""
    voucher: Voucher
    """The payer's newest voucher."""


class ChannelHub(Contract):
    """Payment channels with cumulative vouchers (x402 `batch-settlement`)."""

    GAS_DEPOSIT = 400_000
    """Gas stated for one deposit."""
    GAS_VOUCHER = 210_000
    """Gas stated for a voucher that a contract looks at (ERC-1271), row by row."""
    GAS_PAYOUT = 300_000
    """Gas stated for one settlement, refund or step of a withdrawal."""

    def __init__(
        self, sender: TransactionSender, address: Address, collector: Address, *, first_block: int = 0
    ) -> None:
        """Address a deployed hub and its EIP-3009 deposit collector."""
        super().__init__(sender, address, "ChannelHub", first_block)
        self.collector = collector
        """Deposit collector, the payee of authorizations."""
        self.domain = hub_domain(sender.chain.chain_id, address)
        """EIP-712 domain of vouchers and channel ids."""

    def are_signed(self, vouchers: Sequence[tuple[ChannelConfig, Voucher]]) -> list[bool]:
        """Return for each voucher whether it belongs to its channel and has the right signature, as the hub decides.

        Args:
            vouchers: Each with the terms of its channel.
        """

        def is_contracts(config: ChannelConfig, voucher: Voucher) -> bool:
            if voucher.channel_id != config.channel_id(self.domain) or not 0 <= voucher.ceiling < 1 << CEILING_BITS:
                return False
            digest = voucher_digest(self.domain, voucher.channel_id, voucher.ceiling)
            return is_signed(self.chain, config.voucher_signer, digest, voucher.signature, _VOUCHER_GAS)

        of_keys = check_vouchers(self.domain, vouchers)
        return [is_keys or is_contracts(*voucher) for is_keys, voucher in zip(of_keys, vouchers, strict=True)]

    # Payer

    def sign_deposit(
        self, payer: Signer, token: Token[Value], config: ChannelConfig, amount: Value, valid_before: int, salt: int = 0
    ) -> bytes:
        """Sign a deposit; return the collector's data for `deposit`.

        Args:
            payer: Payer of the channel.
            token: Token of the channel.
            config: Terms of the channel.
            amount: Smallest units of the token.
            valid_before: Unix second before which it must be submitted.
            salt: Distinguishes deposits into one channel.
        """
        nonce = deposit_nonce(config.channel_id(self.domain), salt)
        authorization = Authorization(payer.address, self.collector, amount, 0, valid_before, nonce)
        signature = payer.sign(authorization.receive_digest(token.domain))
        return abi.encode(("uint256", "uint256", "uint256", "bytes"), (0, valid_before, salt, signature))

    def deposit(
        self, submitter: TransactionSigner, config: ChannelConfig, amount: Amount, collector_data: bytes
    ) -> Transaction:
        """Submit a payer's signed deposit; any account may."""
        return self._transaction(
            submitter, self.GAS_DEPOSIT, "deposit", config.fields(), amount, self.collector, collector_data
        )

    def initiate_withdraw(self, payer: TransactionSigner, config: ChannelConfig, amount: Amount) -> Transaction:
        """Give notice of a withdrawal."""
        return self._transaction(payer, self.GAS_PAYOUT, "initiateWithdraw", config.fields(), amount)

    def finalize_withdraw(self, payer: TransactionSigner, config: ChannelConfig) -> Transaction:
        """Complete a noticed withdrawal after its delay."""
        return self._transaction(payer, self.GAS_PAYOUT, "finalizeWithdraw", config.fields())

    # Receiver

    def claim(
        self, receiver: TransactionSigner, claims: Sequence[tuple[ChannelConfig, Voucher, Amount]]
    ) -> Transaction:
        """Claim as receiver or receiver authorizer; each row is (config, voucher, total claimed)."""
        gas = 100_000 + 80_000 * len(claims)
        return self._transaction(receiver, gas, "claim", _claim_rows(claims))

    def try_claim(
        self, receiver: TransactionSigner, claims: Sequence[tuple[ChannelConfig, Voucher, Amount]]
    ) -> Transaction:
        """Claim as receiver or receiver authorizer, row by row: one that cannot be claimed costs only itself."""
        vouchers = [(config, voucher) for config, voucher, _ in claims]
        gas = 100_000 + 80_000 * len(claims) + self._gas_of_contracts(vouchers)
        return self._transaction(receiver, gas, "tryClaim", _claim_rows(claims))

    def claim_with_signature(
        self, submitter: TransactionSigner, claims: Sequence[tuple[ChannelConfig, Voucher, Amount]], signature: bytes
    ) -> Transaction:
        """Claim with the receiver authorizer's signature; anyone submits it."""
        gas = 100_000 + 80_000 * len(claims)
        return self._transaction(submitter, gas, "claimWithSignature", _claim_rows(claims), signature)

    def claim_metered(
        self,
        submitter: TransactionSigner,
        meter: UsageMeter,
        series: SeriesId,
        rows: Sequence[UsageRow],
        attestation: bytes,
    ) -> Transaction:
        """Claim attested usage of channels of one series, row by row; anyone submits it."""
        encoded = [
            (
                row.config.payer,
                row.config.payer_authorizer,
                row.config.withdraw_delay_s,
                row.config.salt,
                row.usage.pack(),
                row.voucher.ceiling,
            )
            for row in rows
        ]
        signatures = b"".join(row.voucher.signature for row in rows)
        vouchers = [(row.config, row.voucher) for row in rows]
        gas = 200_000 + 60_000 * len(rows) + self._gas_of_contracts(vouchers)
        arguments = series, series, meter.address, encoded, signatures, attestation
        return self._transaction(submitter, gas, "claimMetered", *arguments)

    def withdraw_credit(self, submitter: TransactionSigner, account: Address, token: Address) -> Transaction:
        """Pay an account its credit; any account may submit this."""
        return self._transaction(submitter, self.GAS_PAYOUT, "withdrawCredit", account, token)

    def settle(self, submitter: TransactionSigner, receiver: Address, token: Address) -> Transaction:
        """Transfer everything claimed and unsettled to a receiver; anyone submits it."""
        return self._transaction(submitter, self.GAS_PAYOUT, "settle", receiver, token)

    def refund(self, receiver: TransactionSigner, config: ChannelConfig, amount: Amount) -> Transaction:
        """Return unclaimed value to the payer, as receiver or receiver authorizer."""
        return self._transaction(receiver, self.GAS_PAYOUT, "refund", config.fields(), amount)

    def refund_with_signature(
        self, submitter: TransactionSigner, config: ChannelConfig, amount: Amount, nonce: int, signature: bytes
    ) -> Transaction:
        """Return unclaimed value to the payer with the receiver authorizer's signature; anyone submits it."""
        return self._transaction(
            submitter, self.GAS_PAYOUT, "refundWithSignature", config.fields(), amount, nonce, signature
        )

    def _gas_of_contracts(self, vouchers: Sequence[tuple[ChannelConfig, Voucher]]) -> int:
        """Return the gas for payers that are contracts to check their vouchers, which no key has signed."""
        return self.GAS_VOUCHER * check_vouchers(self.domain, vouchers).count(False)

    # Views

    def outcomes(self, receipt: Receipt, rows: Sequence[tuple[ChannelId, Amount]]) -> tuple[ClaimOutcome, ...]:
        """Return the outcome of each row of `claim_metered` or `try_claim`, by the events of the transaction.

        A row emits one event, in the order of the rows. A row without a new claim emits none; the earlier claims of its
        channel distinguish it from the next row of the same channel.

        Args:
            receipt: Receipt of the claim.
            rows: (channel, cumulative claim in smallest units, at most the ceiling) of each row, in order.
        """
        left: dict[ChannelId, deque[Claimed | ClaimRefused]] = {row[0]: deque() for row in rows}
        for log in receipt.logs:
            event = events.decode(log.topics, log.data) if log.address == self.address else None
            if isinstance(event, Claimed | ClaimRefused):
                left[event.channel_id].append(event)
        claimed = {channel_id: self._claimed_before(channel_id, remaining) for channel_id, remaining in left.items()}
        outcomes = []
        for channel_id, wanted in rows:
            remaining = left[channel_id]
            if not remaining or (wanted <= claimed[channel_id] and not _is_refused_first(remaining[0])):
                outcomes.append(ClaimOutcome(ClaimResult.NOTHING_NEW, Tokens(0)))
                continue
            event = remaining.popleft()
            if isinstance(event, ClaimRefused):
                outcomes.append(ClaimOutcome(ClaimResult(event.result), Tokens(0)))
                continue
            claimed[channel_id] = event.total_claimed
            whole = wanted == event.total_claimed
            outcomes.append(ClaimOutcome(ClaimResult.CLAIMED if whole else ClaimResult.CLAIMED_IN_PART, event.amount))
        return tuple(outcomes)

    def _claimed_before(self, channel_id: ChannelId, remaining: Iterable[Claimed | ClaimRefused]) -> int:
        """Return the claims on a channel before a claim: by its first event, or as of now if it claimed nothing."""
        claims = (event.total_claimed - event.amount for event in remaining if isinstance(event, Claimed))
        before = next(claims, None)
        return self.channel(channel_id)[1] if before is None else before

    def channel(self, channel_id: ChannelId) -> tuple[Amount, Amount]:
        """Return (balance, total claimed) of a channel, in smallest units of its token."""
        balance, claimed = self._read("channels", channel_id)
        return balance, claimed

    def pending_withdrawal(self, channel_id: ChannelId) -> tuple[Amount, Timestamp]:
        """Return (amount, unix second of the notice) of a pending withdrawal; zeros without one."""
        amount, initiated_at = self._read("pendingWithdrawals", channel_id)
        return amount, initiated_at

    def state(self, config: ChannelConfig) -> ChannelState:
        """Return the balance and the pending withdrawal of a channel, for the provider's `Delivery`.

        If a block is sealed between the two reads, the result is too low, or that before the block.
        """
        channel_id = config.channel_id(self.domain)
        # The notice first: read after a withdrawal that ends it, it would leave the balance from before unexplained.
        noticed, noticed_at = self.pending_withdrawal(channel_id)
        balance, claimed = map(Tokens, self.channel(channel_id))
        return ChannelState(balance, claimed, Tokens(noticed), noticed_at + config.withdraw_delay_s if noticed else 0)

    def receiver_totals(self, receiver: Address, token: Address) -> tuple[Amount, Amount]:
        """Return (total claimed, total settled) for a receiver in a token."""
        claimed, settled = self._read("receivers", receiver, token)
        return claimed, settled

    def credit_of(self, account: Address, token: Address) -> Amount:
        """Return the credit of an account: units that the token refused to pay."""
        credit: Amount = self._read("credits", account, token)
        return credit

    def refund_nonce(self, channel_id: ChannelId) -> int:
        """Return the nonce that the next signed refund must carry."""
        return int(self._read("refundNonce", channel_id))

    def channel_id(self, config: ChannelConfig) -> ChannelId:
        """Return a channel's id as the hub computes it."""
        return ChannelId(self._read("getChannelId", config.fields()))


class UsageMeter(Contract):
    """Claims Tokens by attested usage, re-priced on chain."""

    def __init__(self, sender: TransactionSender, address: Address) -> None:
        """Address a deployed meter."""
        super().__init__(sender, address, "UsageMeter")
        self.domain = meter_domain(sender.chain.chain_id, address)
        """EIP-712 domain of attestations and refund approvals."""

    def attest(self, provider: Signer, series: SeriesId, rows: Sequence[UsageRow], hub: ChannelHub) -> bytes:
        """Sign the usage of many channels of one series, as its provider."""
        attested = [(row.config.channel_id(hub.domain), row.usage.pack()) for row in rows]
        return provider.sign(usage_digest(self.domain, series, attested))

    def approve_refund(
        self,
        provider: Signer,
        config: ChannelConfig,
        nonce: int,
        amount: Tokens,
        total_claimed: Tokens,
        hub: ChannelHub,
    ) -> bytes:
        """Sign a cooperative refund as provider; return the signature that the hub passes to the meter (ERC-1271).

        Args:
            provider: Provider of the channel's series.
            config: Terms of the channel.
            nonce: Refund nonce of the channel.
            amount: Tokens to return.
            total_claimed: Cumulative claims on the channel; a later claim voids the approval.
            hub: Hub of the channel.
        """
        digest = refund_approval_digest(self.domain, config.channel_id(hub.domain), nonce, amount, total_claimed)
        approval = (config.fields(), nonce, amount, total_claimed, provider.sign(digest))
        return abi.encode((_REFUND_APPROVAL_TYPE,), (approval,))


def _is_refused_first(event: Claimed | ClaimRefused) -> bool:
    return isinstance(event, ClaimRefused) and event.result in _REFUSED_FIRST


def _claim_rows(claims: Sequence[tuple[ChannelConfig, Voucher, Amount]]) -> list[tuple[object, ...]]:
    return [
        ((config.fields(), voucher.ceiling), voucher.signature, total_claimed)
        for config, voucher, total_claimed in claims
    ]
