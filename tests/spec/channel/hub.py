"""Channels, from the manuals `contracts/channel/IChannelHub.sol` and `IUsageMeter.sol`.

The hub, the collector that brings deposits to it, and the meter that speaks for the series. Contracts sign nothing, but
for refunds that the meter approves (ERC-1271).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from eth_typing import Address

from pysettle.domain.channel.events import (
    ChannelCreated,
    ChannelRefunded,
    Claimed,
    ClaimRefused,
    CreditWithdrawn,
    Deposited,
    PayoutCredited,
    Settled,
    UsageAttested,
    WithdrawFinalized,
    WithdrawInitiated,
)
from pysettle.domain.channel.messages import deposit_nonce
from pysettle.domain.core.messages import ZERO_ADDRESS, ChannelConfig, ChannelId
from pysettle.errors import contracts as errors
from tests.spec.channel.records import USAGE_BITS, Approval, Channel, Claim, DepositData, MeteredRow, Row, Totals
from tests.spec.compute.records import LANES, RATE_BITS, lanes
from tests.spec.compute.series import SeriesSpec
from tests.spec.core.calls import Call, Contract, Events, Signature, refuse
from tests.spec.core.events import ChannelClosed
from tests.spec.core.records import Places
from tests.spec.money.currency import CurrencySpec

DELAYS = range(15 * 60, 30 * 86_400 + 1)
"""Seconds that a withdrawal may wait."""


class HubSpec(Contract):
    """The hub of every token."""

    def __init__(self, places: Places, currency: CurrencySpec, series: dict[Address, SeriesSpec]) -> None:
        """Begin without channels; `series` are those of the market, as it opens them."""
        super().__init__(places.hub, currency.events)
        self._places, self._currency, self._series = places, currency, series
        self.channels: dict[ChannelId, Channel] = {}
        self.totals: defaultdict[tuple[Address, Address], Totals] = defaultdict(Totals)
        """(receiver, token) -> claims for it, and payments."""
        self.credits: defaultdict[tuple[Address, Address], int] = defaultdict(int)
        """(account, token) -> units that the token refused to pay it."""

    # Payer

    def deposit(self, call: Call, config: ChannelConfig, amount: int, collector: Address, data: DepositData) -> None:
        """Let a collector bring value into a channel."""
        _require_config(config)
        if amount == 0:
            refuse(errors.DepositAmountZero)
        self._token(config).check_channel(collector, config)
        if collector != self._places.collector:
            # Whatever else is called brings nothing.
            refuse(errors.DepositAmountMismatch, amount=amount, received=0)
        channel_id = self.id_of(config)
        channel = self._peek(config)
        if channel.balance == channel.claimed == 0:
            self._emit(ChannelCreated(channel_id, config))
        self._emit(Deposited(channel_id, config.payer, config.token, amount, channel.balance + amount))
        token, at, nonce = self._token(config), Call(collector, call.now), deposit_nonce(channel_id, data.salt)
        brought = config.payer, collector, amount, data.after, data.before, nonce, data.signature
        token.receive_with_authorization(at, *brought)
        token.transfer(at, self._places.hub, amount)
        self._channel(config).balance += amount

    def initiate_withdraw(self, call: Call, config: ChannelConfig, amount: int) -> None:
        """Note that the payer wants value back."""
        channel_id, channel = self._of_payer(call, config)
        self._require_thawed(config)
        _require_refund(channel_id, amount)
        if channel.noticed:
            end = channel.noticed_at + config.withdraw_delay_s
            refuse(errors.WithdrawPending, channelId=channel_id, finalizableAt=end)
        if amount > channel.unclaimed:
            stated = {"amount": amount, "available": channel.unclaimed}
            refuse(errors.WithdrawAboveAvailable, channelId=channel_id, **stated)
        channel.noticed, channel.noticed_at = amount, call.now
        self._emit(WithdrawInitiated(channel_id, config.payer, amount, call.now + config.withdraw_delay_s))

    def finalize_withdraw(self, call: Call, config: ChannelConfig) -> None:
        """After the delay, pay back what was noticed, or what is still unclaimed."""
        channel_id, channel = self._of_payer(call, config)
        self._require_thawed(config)
        if not channel.noticed:
            refuse(errors.WithdrawNotPending, channelId=channel_id)
        end = channel.noticed_at + config.withdraw_delay_s
        if call.now < end:
            refuse(errors.WithdrawNotFinalizable, channelId=channel_id, finalizableAt=end, timestamp=call.now)
        amount = min(channel.noticed, channel.unclaimed)
        channel.noticed = channel.noticed_at = 0
        self._emit(WithdrawFinalized(channel_id, config.payer, config.token, amount))
        self._pay_back(call, channel, amount)

    # Receiver

    def claim(self, call: Call, rows: Sequence[Claim]) -> None:
        """Claim, every row or none, as receiver or receiver authorizer."""
        _require_rows(rows)
        claimed: dict[ChannelId, int] = {}
        for row in rows:
            self._require_receiver(call, row.config)
            self._check(row, claimed)
        self._book_all(rows, claimed)

    def claim_with_signature(self, call: Call, rows: Sequence[Claim], signature: Signature | Approval) -> None:
        """Claim, every row or none, by the signature of the one receiver authorizer of all."""
        _require_rows(rows)
        authorizer = rows[0].config.receiver_authorizer
        entries = [(self.id_of(row.config), row.ceiling, row.total) for row in rows]
        if signature != Signature(authorizer, ("ClaimBatch", *entries)):
            refuse(errors.ReceiverAuthorizerSignatureInvalid, receiverAuthorizer=authorizer)
        claimed: dict[ChannelId, int] = {}
        for row in rows:
            other = row.config.receiver_authorizer
            if other != authorizer:
                refuse(errors.ClaimAuthorizerMismatch, expected=authorizer, actual=other)
            self._check(row, claimed)
        self._book_all(rows, claimed)

    def try_claim(self, call: Call, rows: Sequence[Claim]) -> tuple[Row, ...]:
        """Claim row by row, as receiver or receiver authorizer; return the result of each."""
        results = []
        for row in rows:
            config = row.config
            if call.sender not in (config.receiver, config.receiver_authorizer):
                result = Row.CALLER_NOT_RECEIVER
            elif self._is_held_back(config):
                result = Row.PAYER_FROZEN
            elif row.total > row.ceiling:
                result = Row.ABOVE_CEILING
            else:
                result = self._book(config, row.ceiling, row.total, row.signature)
            results.append(self._told(self.id_of(config), result))
        return tuple(results)

    def claim_metered(
        self,
        call: Call,
        receiver: Address,
        token: Address,
        rows: Sequence[MeteredRow],
        uneven: int,
        attestation: Signature,
    ) -> tuple[Row, ...]:
        """Claim what the provider attested, row by row; `uneven` bytes too many are among the signatures."""
        _require_rows(rows)
        if uneven % len(rows):
            signatures = 65 * len(rows) + uneven
            refuse(errors.ClaimSignaturesUneven, rows=len(rows), signatures=signatures)
        if receiver != token:
            refuse(errors.MeterReceiverNotSeries, receiver=receiver, token=token)
        terms = self._series[token].terms
        ids, usages = tuple(self.id_of(row.config) for row in rows), tuple(row.usage for row in rows)
        if attestation != Signature(terms.provider, ("UsageAttestation", token, ids, usages)):
            refuse(errors.UsageSignatureInvalid, provider=terms.provider)
        self.events.append((self._places.meter, UsageAttested(token, ids, usages)))
        results = []
        for channel_id, row in zip(ids, rows, strict=True):
            if row.usage >> USAGE_BITS * LANES:
                result = Row.USAGE_MALFORMED
            else:
                rates, counts = lanes(terms.rate_card, RATE_BITS), lanes(row.usage, USAGE_BITS)
                cost = sum(rate * count for rate, count in zip(rates, counts, strict=True))
                result = self._book(row.config, row.ceiling, min(cost, row.ceiling), row.signature)
            results.append(self._told(channel_id, result))
        return tuple(results)

    def settle(self, call: Call, receiver: Address, token: Address) -> None:
        """Pay a receiver the claims for it."""
        totals = self.totals[receiver, token]
        amount = totals.claimed - totals.settled
        if amount == 0:
            refuse(errors.NothingToSettle, receiver=receiver, token=token)
        totals.settled = totals.claimed
        self._emit(Settled(receiver, token, call.sender, amount))
        self._pay_out(call, token, receiver, amount)

    def withdraw_credit(self, call: Call, account: Address, token: Address) -> None:
        """Pay an account its credit, which the token refused to pay before."""
        amount = self.credits[account, token]
        if amount == 0:
            refuse(errors.CreditNone, account=account, token=token)
        self._emit(CreditWithdrawn(account, token, amount))
        self._at_address(token).transfer(Call(self.address, call.now), account, amount)
        self.credits[account, token] = 0

    def refund(self, call: Call, config: ChannelConfig, amount: int) -> None:
        """Give unclaimed value back, as receiver or receiver authorizer."""
        self._require_receiver(call, config)
        self._refund(call, config, amount)

    def refund_with_signature(
        self, call: Call, config: ChannelConfig, amount: int, nonce: int, signature: Signature | Approval
    ) -> None:
        """Give unclaimed value back, by the receiver authorizer's signature over the next nonce."""
        channel_id, channel = self.id_of(config), self._peek(config)
        if nonce != channel.refund_nonce:
            refuse(errors.RefundNonceInvalid, channelId=channel_id, expected=channel.refund_nonce, actual=nonce)
        authorizer = config.receiver_authorizer
        signed = signature == Signature(authorizer, ("Refund", channel_id, nonce, amount))
        if not signed and not self._is_approved(config, nonce, amount, signature):
            refuse(errors.ReceiverAuthorizerSignatureInvalid, receiverAuthorizer=authorizer)
        self._refund(call, config, amount)

    # Derived from the state

    def id_of(self, config: ChannelConfig) -> ChannelId:
        """Return the id of a channel."""
        return config.channel_id(self._places.hub_domain)

    def _peek(self, config: ChannelConfig) -> Channel:
        """Return a channel, one that nothing has happened on where there is none."""
        return self.channels.get(self.id_of(config)) or Channel(config)

    def _channel(self, config: ChannelConfig) -> Channel:
        return self.channels.setdefault(self.id_of(config), Channel(config))

    def _token(self, config: ChannelConfig) -> CurrencySpec | SeriesSpec:
        return self._at_address(config.token)

    def _at_address(self, token: Address) -> CurrencySpec | SeriesSpec:
        return self._currency if token == self._currency.address else self._series[token]

    def _is_held_back(self, config: ChannelConfig) -> bool:
        """Whether a payer is frozen in the money of its channel; Tokens of a series have left its money already."""
        in_money = config.token == self._currency.address != config.receiver
        return in_money and self._currency.accounts[config.payer].frozen_outgoing

    def _require_thawed(self, config: ChannelConfig) -> None:
        if self._is_held_back(config):
            refuse(errors.ChannelPayerFrozen, channelId=self.id_of(config), payer=config.payer)

    def _is_approved(self, config: ChannelConfig, nonce: int, amount: int, by: Signature | Approval) -> bool:
        """Whether the meter, asked for its signature, has the provider's approval of exactly this refund as of now."""
        if not isinstance(by, Approval) or config.receiver_authorizer != self._places.meter:
            return False
        series, claimed, channel_id = self._series.get(config.token), self._peek(config).claimed, self.id_of(config)
        if series is None or config.receiver != config.token:
            return False
        message = ("RefundApproval", channel_id, nonce, amount, claimed)
        return by == Approval(config, nonce, amount, claimed, Signature(series.terms.provider, message))

    # Claims and payouts

    def _check(self, row: Claim, claimed: dict[ChannelId, int]) -> None:
        """Check a row, after the rows before it, and note its total."""
        channel_id, channel = self.id_of(row.config), self._peek(row.config)
        before = claimed.get(channel_id, channel.claimed)
        if row.total <= before:
            return
        stated = {"channelId": channel_id, "totalClaimed": row.total}
        if row.total > row.ceiling:
            refuse(errors.ClaimAboveCeiling, **stated, maxClaimableAmount=row.ceiling)
        if row.total > channel.balance:
            refuse(errors.ClaimAboveBalance, **stated, balance=channel.balance)
        self._require_thawed(row.config)
        if row.signature != _voucher(channel_id, row.config, row.ceiling):
            refuse(errors.VoucherSignatureInvalid, channelId=channel_id)
        claimed[channel_id] = row.total
        self._emit(Claimed(channel_id, row.config.receiver, row.config.token, row.total - before, row.total))

    def _book_all(self, rows: Sequence[Claim], claimed: dict[ChannelId, int]) -> None:
        configs = {self.id_of(row.config): row.config for row in rows}
        for channel_id, total in claimed.items():
            self._take(configs[channel_id], total)

    def _book(self, config: ChannelConfig, ceiling: int, wanted: int, signature: Signature) -> Row:
        """Claim the wanted total, or as much as the channel holds."""
        channel = self._peek(config)
        total = min(wanted, channel.balance)
        if total <= channel.claimed:
            return Row.NOTHING_NEW
        if signature != _voucher(self.id_of(config), config, ceiling):
            return Row.VOUCHER_SIGNATURE_INVALID
        self._emit(Claimed(self.id_of(config), config.receiver, config.token, total - channel.claimed, total))
        self._take(config, total)
        return Row.CLAIMED if total == wanted else Row.CLAIMED_IN_PART

    def _told(self, channel_id: ChannelId, result: Row) -> Row:
        """Emit that a row was refused, if it was."""
        if result.is_refusal:
            self._emit(ClaimRefused(channel_id, result))
        return result

    def _take(self, config: ChannelConfig, total: int) -> None:
        channel = self._channel(config)
        self.totals[config.receiver, config.token].claimed += total - channel.claimed
        channel.claimed = total

    def _refund(self, call: Call, config: ChannelConfig, requested: int) -> None:
        _require_refund(self.id_of(config), requested)
        channel = self._channel(config)
        channel.refund_nonce += 1
        amount = min(requested, channel.unclaimed)
        if amount:
            # A refund comes out of what was noticed first.
            channel.noticed = max(channel.noticed - amount, 0)
            channel.noticed_at = channel.noticed_at if channel.noticed else 0
            refunded = self.id_of(config), config.payer, config.token, amount, channel.refund_nonce - 1
            self._emit(ChannelRefunded(*refunded))
            self._pay_back(call, channel, amount)

    def _pay_back(self, call: Call, channel: Channel, amount: int) -> None:
        channel.balance -= amount
        if amount:
            if channel.balance == 0:
                self._emit(ChannelClosed(self.id_of(channel.config), channel.config))
            self._pay_out(call, channel.config.token, channel.config.payer, amount)

    def _pay_out(self, call: Call, token: Address, to: Address, amount: int) -> None:
        """Pay; what the token refuses becomes a credit."""
        if not self._is_accepted(self._at_address(token).transfer, Call(self.address, call.now), to, amount):
            self.credits[to, token] += amount
            self._emit(PayoutCredited(to, token, amount, self.credits[to, token]))

    # Requirements

    def _of_payer(self, call: Call, config: ChannelConfig) -> tuple[ChannelId, Channel]:
        channel_id = self.id_of(config)
        if call.sender not in (config.payer, config.payer_authorizer):
            refuse(errors.ChannelCallerNotPayer, channelId=channel_id, caller=call.sender)
        return channel_id, self._peek(config)

    def _require_receiver(self, call: Call, config: ChannelConfig) -> None:
        if call.sender not in (config.receiver, config.receiver_authorizer):
            refuse(errors.ChannelCallerNotReceiver, channelId=self.id_of(config), caller=call.sender)


class MeterSpec(Contract):
    """The meter, for callers other than the hub: it refuses them."""

    def __init__(self, places: Places, events: Events) -> None:
        """Know the hub."""
        super().__init__(places.meter, events)
        self._places = places

    def attest_usage(self, call: Call, *_: object) -> None:
        """Vouch for usage, to the hub alone."""
        if call.sender != self._places.hub:
            refuse(errors.MeterCallerNotHub, caller=call.sender, hub=self._places.hub)


class CollectorSpec(Contract):
    """The collector, for callers other than the hub: it refuses them."""

    def __init__(self, places: Places, events: Events) -> None:
        """Know the hub."""
        super().__init__(places.collector, events)
        self._places = places

    def collect(self, call: Call, *_: object) -> None:
        """Bring a deposit, to the hub alone."""
        if call.sender != self._places.hub:
            refuse(errors.CollectorCallerNotHub, caller=call.sender, hub=self._places.hub)


def _voucher(channel_id: ChannelId, config: ChannelConfig, ceiling: int) -> Signature:
    return Signature(config.voucher_signer, ("Voucher", channel_id, ceiling))


def _require_rows(rows: Sequence[object]) -> None:
    if not rows:
        refuse(errors.ClaimsEmpty)


def _require_refund(channel_id: ChannelId, amount: int) -> None:
    if amount == 0:
        refuse(errors.RefundAmountZero, channelId=channel_id)


def _require_config(config: ChannelConfig) -> None:
    parties = {
        "payer": config.payer,
        "receiver": config.receiver,
        "receiverAuthorizer": config.receiver_authorizer,
        "token": config.token,
    }
    for term, party in parties.items():
        if party == ZERO_ADDRESS:
            refuse(errors.ChannelConfigInvalid, term=term)
    if config.withdraw_delay_s not in DELAYS:
        refuse(errors.WithdrawDelayOutOfRange, withdrawDelay=config.withdraw_delay_s)
