"""The double-entry ledger of the network, folded from events.

Every event that moves value is one balanced entry: its postings sum to zero in each asset. Entries never change; the
state is a fold over them. A `Transfer` moves value between *holders*. The events of settlement move value between the
*purposes* a contract holds it for: a channel, a receiver's claims, a series' escrow, a pending redemption. What a
contract holds for no purpose is its own unallocated balance, which is zero unless somebody donated to it, so that the
books of the hub and of every series can be checked against what they really hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from eth_typing import Address

from pysettle.domain import events
from pysettle.domain.events import Emitted, Event, Position
from pysettle.domain.freezing import Freezing
from pysettle.domain.messages import ZERO_ADDRESS, ChannelConfig, ChannelId
from pysettle.domain.usage import RateCard, Usage
from pysettle.money import UNITS_PER_MINOR


class Purpose(Enum):
    """What a balance is held for."""

    OWN = "own"
    """A holder's own, or a contract's unallocated balance. Owner: an account."""
    ISSUANCE = "issuance"
    """Counter account of everything created and destroyed: minus the supply. Owner: the asset."""
    REDEMPTION = "redemption"
    """Held by a currency until a redemption ends. Owner: the redemption's number as 32 bytes."""
    ESCROW = "escrow"
    """Currency that a series holds behind its Tokens, remainders of rounding included. Owner: the series."""
    CHANNEL = "channel"
    """Deposited and not claimed. Owner: the channel id."""
    CLAIM = "claim"
    """Claimed and not settled. Owner: the receiver."""


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """One account of the ledger: an asset held for a purpose."""

    asset: Address
    """Currency or series whose units are counted."""
    purpose: Purpose
    """What they are held for."""
    owner: bytes
    """Whose they are, as the purpose says."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry."""

    account: LedgerAccount
    """Account that changes."""
    amount: int
    """Smallest units of the account's asset, positive when it gains."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One balanced entry: in every asset its postings sum to zero."""

    position: Position
    """Where its event stands in the history."""
    kind: str
    """Name of the event it was made from."""
    postings: tuple[Posting, ...]
    """Its sides."""


@dataclass(frozen=True, slots=True)
class SeriesTerms:
    """The terms of a series that the ledger prices with."""

    currency: Address
    """Currency it is sold for."""
    unit_price: int
    """Micro-yuan per 1,000,000 Tokens."""
    rate_card: RateCard
    """Tokens for each metered unit."""


@dataclass(frozen=True)
class Contracts:
    """The contracts whose books are kept. Events of any other contract are passed over."""

    currencies: frozenset[Address] = frozenset()
    """CurrencyTokens."""
    series: Mapping[Address, SeriesTerms] = field(default_factory=dict)
    """ComputeTokens with their terms."""
    hubs: frozenset[Address] = frozenset()
    """ChannelHubs."""
    meters: frozenset[Address] = frozenset()
    """UsageMeters."""

    def counts(self, asset: Address) -> bool:
        """Whether an asset is counted: the hub takes any token, and answers for none but these."""
        return asset in self.currencies or asset in self.series

    def keeps(self, address: Address) -> bool:
        """Whether the contract's books are kept."""
        return address in self.currencies or address in self.series or address in self.hubs or address in self.meters


class RedemptionState(Enum):
    """Where a redemption stands."""

    REQUESTED = "requested"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


@dataclass
class ChannelRecord:
    """What events say of one channel, beside its balance."""

    config: ChannelConfig | None = None
    """Its terms; None before the event that carries them."""
    total_claimed: int = 0
    """Claimed, cumulative, in smallest units of its token."""
    highest_attested: int = 0
    """Highest cost of attested usage by the rate card, recomputed here, in Tokens."""
    refund_nonce: int = 0
    """Refund nonce expected next at the least."""


@dataclass
class Ledger:
    """State after the entries applied so far."""

    contracts: Contracts
    """Contracts whose books are kept."""
    balances: dict[LedgerAccount, int] = field(default_factory=lambda: defaultdict(int))
    """Account -> smallest units; accounts that reached zero stay."""
    quotas: dict[tuple[Address, Address], int] = field(default_factory=lambda: defaultdict(int))
    """(currency, operator) -> units it may still issue."""
    reserves: dict[Address, events.ReserveAttested] = field(default_factory=dict)
    """Currency -> the last attestation of its reserve."""
    stated_supply: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    """Asset -> supply by the business events alone (issuance, purchase, redemption, refund)."""
    redemptions: dict[tuple[Address, int], RedemptionState] = field(default_factory=dict)
    """(currency, number) -> where the redemption stands."""
    channels: dict[ChannelId, ChannelRecord] = field(default_factory=lambda: defaultdict(ChannelRecord))
    """Channel id -> what events say of it."""
    freezing: dict[Address, Freezing] = field(default_factory=lambda: defaultdict(Freezing))
    """Currency -> what of it is frozen."""
    spent_authorizations: set[tuple[Address, Address, bytes]] = field(default_factory=set)
    """(token, authorizer, nonce) of every authorization used or cancelled."""
    violations: list[tuple[str, Position, str]] = field(default_factory=list)
    """(invariant, position, detail) of events that contradict what came before them."""

    def apply(self, emitted: Emitted) -> Entry | None:
        """Apply one event, in the order of the chain; return the entry it made, None when it moved no value.

        An event that contradicts the history is recorded in `violations` and applied all the same: the ledger says
        what the contracts did, not what they should have done.
        """
        token = getattr(emitted.event, "token", emitted.emitter)
        if not self.contracts.keeps(emitted.emitter) or not (token == emitted.emitter or self.contracts.counts(token)):
            return None
        handler = _HANDLERS.get(type(emitted.event))
        postings = handler(self, emitted.emitter, emitted.position, emitted.event) if handler else ()
        for posting in postings:
            self.balances[posting.account] += posting.amount
        return Entry(emitted.position, type(emitted.event).__name__, postings) if postings else None

    def copy(self) -> Ledger:
        """Return a ledger that goes its own way from here."""
        return deepcopy(self)

    def balance(self, asset: Address, purpose: Purpose, owner: bytes) -> int:
        """Return the balance of one account, in smallest units of the asset."""
        return self.balances.get(LedgerAccount(asset, purpose, owner), 0)

    def reserve(self, currency: Address) -> int:
        """Return the reserve attested last, in units; zero when none was."""
        last = self.reserves.get(currency)
        return last.amount_fen * UNITS_PER_MINOR if last else 0

    def supply(self, asset: Address) -> int:
        """Return the supply of an asset by its transfers from and to nobody, in smallest units."""
        return -self.balance(asset, Purpose.ISSUANCE, asset)

    def held(self, asset: Address, holder: Address) -> int:
        """Return what a holder's ERC-20 balance must be: its own, and for a contract all it holds for a purpose."""
        own = self.balance(asset, Purpose.OWN, holder)
        if holder == asset and asset in self.contracts.currencies:
            own += self._sum(asset, Purpose.REDEMPTION)
        if holder in self.contracts.hubs:
            own += self._sum(asset, Purpose.CHANNEL) + self._sum(asset, Purpose.CLAIM)
        if holder in self.contracts.series:
            own += self.balance(asset, Purpose.ESCROW, holder)
        return own

    def holders(self, asset: Address) -> list[Address]:
        """Return everyone who ever held the asset, in the order of their addresses."""
        owners = {Address(a.owner) for a in self.balances if a.asset == asset and a.purpose is Purpose.OWN}
        return sorted(owners)

    def _sum(self, asset: Address, purpose: Purpose) -> int:
        return sum(n for a, n in self.balances.items() if a.asset == asset and a.purpose is purpose)

    def _violated(self, code: str, position: Position, detail: str) -> None:
        self.violations.append((code, position, detail))


def fold(contracts: Contracts, history: Iterable[Emitted]) -> Ledger:
    """Return the ledger after a whole history, given in the order of the chain."""
    ledger = Ledger(contracts)
    for emitted in history:
        ledger.apply(emitted)
    return ledger


# ------------------------------------------------------------------------------------ entries

_Handler = Callable[[Ledger, Address, Position, Any], tuple[Posting, ...]]
_HANDLERS: dict[type[Event], _Handler] = {}


def _handles(*kinds: type[Event]) -> Callable[[_Handler], _Handler]:
    def register(handler: _Handler) -> _Handler:
        for kind in kinds:
            _HANDLERS[kind] = handler
        return handler

    return register


def _move(
    asset: Address, amount: int, source: tuple[Purpose, bytes], target: tuple[Purpose, bytes]
) -> tuple[Posting, ...]:
    return (
        Posting(LedgerAccount(asset, *source), -amount),
        Posting(LedgerAccount(asset, *target), amount),
    )


@_handles(events.Transfer)
def _transfer(ledger: Ledger, token: Address, position: Position, event: events.Transfer) -> tuple[Posting, ...]:
    if token in ledger.contracts.currencies:
        held = ledger.balance(token, Purpose.OWN, event.sender)
        if objection := ledger.freezing[token].objection(event, held, token):
            ledger._violated("INV-FROZEN", position, objection)

    def side(holder: Address) -> tuple[Purpose, bytes]:
        return (Purpose.ISSUANCE, token) if holder == ZERO_ADDRESS else (Purpose.OWN, holder)

    return _move(token, event.value, side(event.sender), side(event.receiver))


@_handles(events.AuthorizationUsed, events.AuthorizationCanceled)
def _authorization(
    ledger: Ledger, token: Address, position: Position, event: events.AuthorizationUsed
) -> tuple[Posting, ...]:
    key = (token, event.authorizer, event.nonce)
    if key in ledger.spent_authorizations:
        ledger._violated("INV-ONCE", position, f"authorization 0x{event.nonce.hex()} was spent before")
    ledger.spent_authorizations.add(key)
    return ()


@_handles(events.ReserveAttested)
def _reserve(
    ledger: Ledger, currency: Address, position: Position, event: events.ReserveAttested
) -> tuple[Posting, ...]:
    last = ledger.reserves.get(currency)
    if event.sequence <= (last.sequence if last else 0):
        ledger._violated("INV-ONCE", position, f"attestation {event.sequence} of the reserve was made before")
    if last and event.as_of < last.as_of:
        ledger._violated("INV-RESERVE", position, f"reserve attested as of {event.as_of}, after one of {last.as_of}")
    ledger.reserves[currency] = event
    return ()


@_handles(events.IssuanceQuotaSet)
def _quota(
    ledger: Ledger, currency: Address, position: Position, event: events.IssuanceQuotaSet
) -> tuple[Posting, ...]:
    ledger.quotas[currency, event.operator] = event.quota
    return ()


@_handles(events.Issued)
def _issued(ledger: Ledger, currency: Address, position: Position, event: events.Issued) -> tuple[Posting, ...]:
    left = ledger.quotas[currency, event.operator] - event.amount
    if left < 0 or left != event.quota_left:
        ledger._violated(
            "INV-RESERVE", position, f"issuance of {event.amount} leaves a quota of {left}, stated {event.quota_left}"
        )
    ledger.quotas[currency, event.operator] = left
    ledger.stated_supply[currency] += event.amount
    supply, reserve = ledger.stated_supply[currency], ledger.reserve(currency)
    if supply > reserve:
        detail = f"issuance of {event.amount} makes a supply of {supply}, a reserve of {reserve} is attested"
        ledger._violated("INV-RESERVE", position, detail)
    return ()


def _redemption_id(number: int) -> bytes:
    return number.to_bytes(32, "big")


@_handles(events.RedemptionRequested)
def _redemption_requested(
    ledger: Ledger, currency: Address, position: Position, event: events.RedemptionRequested
) -> tuple[Posting, ...]:
    key = (currency, event.redemption_id)
    if key in ledger.redemptions:
        ledger._violated("INV-ONCE", position, f"redemption {event.redemption_id} was requested before")
    ledger.redemptions[key] = RedemptionState.REQUESTED
    return _move(
        currency,
        event.amount,
        (Purpose.OWN, currency),
        (Purpose.REDEMPTION, _redemption_id(event.redemption_id)),
    )


_REDEMPTION_ENDS = {
    events.RedemptionCompleted: RedemptionState.COMPLETED,
    events.RedemptionRejected: RedemptionState.REJECTED,
    events.RedemptionCancelled: RedemptionState.CANCELLED,
}


@_handles(*_REDEMPTION_ENDS)
def _redemption_ended(
    ledger: Ledger, currency: Address, position: Position, event: events.RedemptionCompleted
) -> tuple[Posting, ...]:
    key = (currency, event.redemption_id)
    before = ledger.redemptions.get(key)
    if before is not RedemptionState.REQUESTED:
        state = before.value if before else "not requested"
        ledger._violated("INV-FINAL", position, f"redemption {event.redemption_id} ended, but was {state}")
    ledger.redemptions[key] = _REDEMPTION_ENDS[type(event)]
    if isinstance(event, events.RedemptionCompleted):
        left = ledger.quotas[currency, event.operator] + event.amount
        if left != event.quota_left:
            detail = f"redemption of {event.amount} leaves a quota of {left}, stated {event.quota_left}"
            ledger._violated("INV-RESERVE", position, detail)
        ledger.quotas[currency, event.operator] = left
        ledger.stated_supply[currency] -= event.amount
    return _move(
        currency,
        event.amount,
        (Purpose.REDEMPTION, _redemption_id(event.redemption_id)),
        (Purpose.OWN, currency),
    )


@_handles(events.SettlementAccountMarked)
def _marked(
    ledger: Ledger, currency: Address, position: Position, event: events.SettlementAccountMarked
) -> tuple[Posting, ...]:
    ledger.freezing[currency].settlement_accounts.add(event.account)
    return ()


@_handles(events.FreezeSet)
def _freeze(ledger: Ledger, currency: Address, position: Position, event: events.FreezeSet) -> tuple[Posting, ...]:
    _check_own(ledger, currency, position, event.account)
    ledger.freezing[currency].set(event)
    return ()


@_handles(events.FrozenAmountSet)
def _frozen_amount(
    ledger: Ledger, currency: Address, position: Position, event: events.FrozenAmountSet
) -> tuple[Posting, ...]:
    _check_own(ledger, currency, position, event.account)
    ledger.freezing[currency].set_amount(event.account, event.frozen)
    return ()


@_handles(events.Seized)
def _seized(ledger: Ledger, currency: Address, position: Position, event: events.Seized) -> tuple[Posting, ...]:
    _check_own(ledger, currency, position, event.holder)
    if not any(event.legal_basis):
        ledger._violated("INV-FROZEN", position, f"{event.amount} units were seized without a legal basis")
    ledger.freezing[currency].seizure = event
    return ()


def _check_own(ledger: Ledger, currency: Address, position: Position, account: Address) -> None:
    if account in ledger.freezing[currency].settlement_accounts:
        detail = f"the settlement account 0x{account.hex()}, which holds what belongs to others, was frozen or seized"
        ledger._violated("INV-FROZEN", position, detail)


@_handles(events.Purchased)
def _purchased(ledger: Ledger, series: Address, position: Position, event: events.Purchased) -> tuple[Posting, ...]:
    ledger.stated_supply[series] += event.tokens
    currency = ledger.contracts.series[series].currency
    return _move(currency, event.paid, (Purpose.OWN, series), (Purpose.ESCROW, series))


@_handles(events.Redeemed, events.Refunded)
def _paid_out(ledger: Ledger, series: Address, position: Position, event: events.Redeemed) -> tuple[Posting, ...]:
    ledger.stated_supply[series] -= event.tokens
    currency = ledger.contracts.series[series].currency
    return _move(currency, event.paid, (Purpose.ESCROW, series), (Purpose.OWN, series))


@_handles(events.Swept)
def _swept(ledger: Ledger, series: Address, position: Position, event: events.Swept) -> tuple[Posting, ...]:
    currency = ledger.contracts.series[series].currency
    remainder = ledger.balance(currency, Purpose.ESCROW, series)
    if ledger.supply(series) != 0:
        ledger._violated("INV-BACKING", position, f"swept while {ledger.supply(series)} Tokens are outstanding")
    # What the sweep takes beyond the remainder was donated, and is unallocated already.
    return _move(currency, remainder, (Purpose.ESCROW, series), (Purpose.OWN, series))


@_handles(events.ChannelCreated)
def _channel_created(
    ledger: Ledger, hub: Address, position: Position, event: events.ChannelCreated
) -> tuple[Posting, ...]:
    ledger.channels[event.channel_id].config = event.config
    return ()


@_handles(events.Deposited)
def _deposited(ledger: Ledger, hub: Address, position: Position, event: events.Deposited) -> tuple[Posting, ...]:
    return _move(event.token, event.amount, (Purpose.OWN, hub), (Purpose.CHANNEL, event.channel_id))


@_handles(events.UsageClaimed)
def _usage_claimed(
    ledger: Ledger, meter: Address, position: Position, event: events.UsageClaimed
) -> tuple[Posting, ...]:
    terms = ledger.contracts.series.get(event.series)
    if terms is None:
        return ()
    metered = terms.rate_card.tokens(Usage.unpack(event.usage))
    if metered != event.metered or event.claimed > metered:
        ledger._violated(
            "INV-USAGE", position, f"usage costs {metered} Tokens, stated {event.metered}, claimed {event.claimed}"
        )
    record = ledger.channels[event.channel_id]
    record.highest_attested = max(record.highest_attested, metered)
    return ()


@_handles(events.Claimed)
def _claimed(ledger: Ledger, hub: Address, position: Position, event: events.Claimed) -> tuple[Posting, ...]:
    record = ledger.channels[event.channel_id]
    if event.total_claimed != record.total_claimed + event.amount or event.amount <= 0:
        ledger._violated(
            "INV-USAGE",
            position,
            f"claim of {event.amount} on top of {record.total_claimed} states a total of {event.total_claimed}",
        )
    if event.token in ledger.contracts.series and event.total_claimed > record.highest_attested:
        ledger._violated(
            "INV-USAGE",
            position,
            f"{event.total_claimed} Tokens claimed, attested usage costs {record.highest_attested}",
        )
    record.total_claimed = event.total_claimed
    return _move(event.token, event.amount, (Purpose.CHANNEL, event.channel_id), (Purpose.CLAIM, event.receiver))


@_handles(events.Settled)
def _settled(ledger: Ledger, hub: Address, position: Position, event: events.Settled) -> tuple[Posting, ...]:
    return _move(event.token, event.amount, (Purpose.CLAIM, event.receiver), (Purpose.OWN, hub))


@_handles(events.ChannelRefunded)
def _channel_refunded(
    ledger: Ledger, hub: Address, position: Position, event: events.ChannelRefunded
) -> tuple[Posting, ...]:
    record = ledger.channels[event.channel_id]
    if event.nonce < record.refund_nonce:
        ledger._violated("INV-ONCE", position, f"refund nonce {event.nonce} was spent before")
    record.refund_nonce = event.nonce + 1
    return _move(event.token, event.amount, (Purpose.CHANNEL, event.channel_id), (Purpose.OWN, hub))


@_handles(events.WithdrawFinalized)
def _withdrawn(
    ledger: Ledger, hub: Address, position: Position, event: events.WithdrawFinalized
) -> tuple[Posting, ...]:
    return _move(event.token, event.amount, (Purpose.CHANNEL, event.channel_id), (Purpose.OWN, hub))
