"""The state of the ledger, and what can be asked of it. Only `fold` changes it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from eth_typing import Address

from pysettle.domain.compute.events import SeriesHalted, SeriesOpened
from pysettle.domain.core.accounts import Contracts, LedgerAccount, Posting, Purpose
from pysettle.domain.core.events import Emitted, Event, Position, Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS, ChannelConfig, ChannelId
from pysettle.domain.jobs.terms import MilestoneState, OrderState, OrderTerms
from pysettle.domain.money.events import ReserveAttested
from pysettle.domain.money.freezing import Freezing
from pysettle.domain.money.wallets import Wallets
from pysettle.money import BPS, PRICE_BASIS, UNITS_PER_MINOR

FULL_RESERVE_BPS = 10_000
"""Basis points of the supply that a full reserve covers: all of it."""


class RedemptionState(Enum):
    """Where a redemption stands, in the order in which the contract numbers it from 1."""

    REQUESTED = "requested"
    TAKEN = "taken"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


@dataclass
class Redemption:
    """What events say of one redemption."""

    holder: Address
    """Who asked."""
    operator: Address
    """Operating institution that was asked."""
    amount: int
    """Units the currency holds until it ends."""
    state: RedemptionState = RedemptionState.REQUESTED
    """Where it stands."""
    cancellable_from: int = 0
    """Unix second from which its holder may cancel it."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A movement that an event of a currency announced: its `Transfer` is what the currency moves next."""

    by: Event
    """The event."""
    movement: Transfer
    """What it says moves."""
    owed: bool = False
    """Whether the payee is owed it, and gets it as a credit where it cannot come in."""
    seized: bool = False
    """Whether it leaves the payer by authority of law, frozen or not."""

    @property
    def code(self) -> str:
        """Invariant that is broken when something else moves, or nothing."""
        return "INV-FROZEN" if self.seized else "INV-REPLAY"

    def __str__(self) -> str:
        """Say what was announced."""
        move = self.movement
        what = f"{move.value} units from 0x{move.sender.hex()} to 0x{move.receiver.hex()}"
        return f"{type(self.by).__name__} announced {what}"


@dataclass
class ChannelRecord:
    """What events say of one channel of a counted asset, beside its balance. `ChannelCreated` alone begins it."""

    hub: Address
    """ChannelHub that it is a channel of."""
    config: ChannelConfig
    """Its terms."""
    total_claimed: int = 0
    """Claimed, cumulative, in smallest units of its token."""
    highest_attested: int = 0
    """Highest cost of attested usage by the rate card, recomputed here, in Tokens."""
    refund_nonce: int = 0
    """Refund nonce expected next at the least."""


class Sale(NamedTuple):
    """A purchase of Tokens of a series."""

    timestamp: int
    """Unix second."""
    payer: Address
    """Who paid."""
    tokens: int
    """Tokens."""


@dataclass(frozen=True)
class HaltRecord:
    """A halt, and who had bought shortly before it."""

    event: SeriesHalted
    """What the market said."""
    bought_before: Mapping[Address, int]
    """Payer -> Tokens of the series that it bought in the hour before."""


@dataclass
class MilestoneRecord:
    """What events say of one milestone of an order."""

    amount: int
    """Units of the order's currency."""
    deliver_before: int
    """Unix second before which it is delivered."""
    state: MilestoneState = MilestoneState.DUE
    """Where it stands."""
    since: int = 0
    """Unix second of its delivery, or of the dispute; zero before."""


@dataclass
class OrderRecord:
    """What events say of one order of a job escrow. Amounts are in units of its currency."""

    escrow: Address
    """JobEscrow that it is an order of."""
    payer: Address
    """Who paid, and gets every refund."""
    terms: OrderTerms
    """Its terms."""
    milestones: list[MilestoneRecord]
    """Its milestones."""
    unfinished: int
    """What its terms say of milestones that have not ended."""
    state: OrderState = OrderState.PLACED
    """Where it stands."""
    released: int = 0
    """Due to the provider so far, bonds apart."""
    refunded: int = 0
    """Due to the payer so far."""
    bonds: int = 0
    """What its terms say of disputes that have not ended."""


@dataclass
class Books:
    """State after the events applied so far."""

    contracts: Contracts
    """Contracts whose books are kept."""
    balances: dict[LedgerAccount, int] = field(default_factory=lambda: defaultdict(int))
    """Account -> smallest units; accounts that reached zero stay, those that nothing ever came to are left out."""
    totals: dict[tuple[Address, Purpose], int] = field(default_factory=lambda: defaultdict(int))
    """(asset, purpose) -> units held for it in all, kept with the balances."""
    quotas: dict[tuple[Address, Address], int] = field(default_factory=lambda: defaultdict(int))
    """(currency, operator) -> units it may still issue."""
    positions: dict[tuple[Address, Address], int] = field(default_factory=lambda: defaultdict(int))
    """(currency, operator) -> units it issued less those redeemed at it; negative where it redeemed more."""
    total_positions: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    """Currency -> sum of the positions in it, kept with them."""
    reserves: dict[Address, ReserveAttested] = field(default_factory=dict)
    """Currency -> the last attestation of its reserve."""
    reserve_ratios: dict[Address, int] = field(default_factory=lambda: defaultdict(lambda: FULL_RESERVE_BPS))
    """Currency -> basis points of the supply that the reserve has to cover."""
    stated_supply: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    """Asset -> supply by the business events alone (issuance, purchase, redemption, refund)."""
    redemptions: dict[tuple[Address, int], Redemption] = field(default_factory=dict)
    """(currency, number) -> the redemption."""
    channels: dict[ChannelId, ChannelRecord] = field(default_factory=dict)
    """Channel id -> what events say of it; channels of assets that are not counted are left out."""
    halted: dict[Address, int] = field(default_factory=dict)
    """Series that was halted -> unix second of the halt."""
    opened: dict[Address, SeriesOpened] = field(default_factory=dict)
    """Series that a market opened -> what the market said of it."""
    markets_of: dict[Address, Address] = field(default_factory=dict)
    """Series that a market opened -> that market."""
    halts: list[HaltRecord] = field(default_factory=list)
    """What was halted, by whom and on what ground."""
    sales: dict[Address, deque[Sale]] = field(default_factory=lambda: defaultdict(deque))
    """Series -> its purchases of the last hour of sales."""
    bought: dict[tuple[Address, Address], int] = field(default_factory=lambda: defaultdict(int))
    """(series, payer) -> Tokens it bought."""
    claimed_of_frozen: dict[tuple[Address, Address], int] = field(default_factory=lambda: defaultdict(int))
    """(series, payer) -> Tokens claimed from its channels while it was frozen outgoing in the series' currency."""
    orders: dict[bytes, OrderRecord] = field(default_factory=dict)
    """Order id -> what events say of it."""
    freezing: dict[Address, Freezing] = field(default_factory=lambda: defaultdict(Freezing))
    """Currency -> what of it is frozen."""
    wallets: dict[Address, Wallets] = field(default_factory=lambda: defaultdict(Wallets))
    """Currency -> its wallets: registrations, limits, and what was paid."""
    announced: dict[Address, Announced] = field(default_factory=dict)
    """Currency -> the movement that was announced and comes next; none between two transactions."""
    spent_authorizations: set[tuple[Address, Address, bytes]] = field(default_factory=set)
    """(token, authorizer, nonce) of every authorization used or cancelled."""
    interest_declared_to: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    """InterestPayments -> first day of UTC+8 of which nothing was declared yet, nor of any after it."""
    paid_interest: set[tuple[Address, int, int]] = field(default_factory=set)
    """(InterestPayments, period, index) of every row of interest that was paid."""
    violations: list[tuple[str, Position, str]] = field(default_factory=list)
    """(invariant, position, detail) of events that contradict what came before them."""

    def balance(self, asset: Address, purpose: Purpose, owner: bytes) -> int:
        """Return the balance of one account, in smallest units of the asset."""
        return self.balances.get(LedgerAccount(asset, purpose, owner), 0)

    def credit(self, currency: Address, account: Address) -> int:
        """Return the units that a currency holds for an account since they could not come in."""
        return self.balance(currency, Purpose.CREDIT, account)

    def reserve(self, currency: Address) -> int:
        """Return the reserve attested last, in units; zero when none was."""
        last = self.reserves.get(currency)
        return last.amount_fen * UNITS_PER_MINOR if last else 0

    def uncovered(self, currency: Address) -> str | None:
        """Say what the attested reserve lacks of covering the supply that events state; None when it covers it.

        Which part of the supply it has to cover is the mode of the reserve: all of it in full reserve, below 10,000
        basis points that part. Compared in units times 10,000, so that nothing is rounded.
        """
        supply, reserve, ratio = self.stated_supply[currency], self.reserve(currency), self.reserve_ratios[currency]
        if supply * ratio <= reserve * FULL_RESERVE_BPS:
            return None
        mode = "full reserve" if ratio == FULL_RESERVE_BPS else f"partial reserve of {ratio} basis points"
        return f"{reserve} is attested, supply is {supply}, in {mode}"

    def owed(self, series: Address) -> int:
        """Return what the outstanding Tokens of a series may ask for, in units of its currency, rounded up.

        That is their backing, and after a halt the agreed compensation of all that are not delivered.
        """
        terms, outstanding = self.contracts.series[series], self.supply(series)
        compensated = outstanding - self.balance(series, Purpose.OWN, series) if series in self.halted else 0
        shares = outstanding * BPS + compensated * terms.compensation_bps
        return -(-shares * terms.unit_price // (PRICE_BASIS * BPS))

    def is_settlement_account(self, currency: Address, account: Address) -> bool:
        """Whether what an account holds belongs to others; the currency and nobody's address are so from the start."""
        return account in (currency, ZERO_ADDRESS) or account in self.freezing[currency].settlement_accounts

    def supply(self, asset: Address) -> int:
        """Return the supply of an asset by its transfers from and to nobody, in smallest units."""
        return -self.balance(asset, Purpose.ISSUANCE, asset)

    def held(self, asset: Address, holder: Address) -> int:
        """Return what a holder's ERC-20 balance must be: its own, and for a contract all it holds for a purpose."""
        own = self.balance(asset, Purpose.OWN, holder)
        if holder == asset and asset in self.contracts.currencies:
            own += self._total(asset, Purpose.REDEMPTION) + self._total(asset, Purpose.CREDIT)
        if holder in self.contracts.hubs:
            own += sum(self._total(asset, purpose) for purpose in (Purpose.CHANNEL, Purpose.CLAIM, Purpose.PAYOUT))
        if holder in self.contracts.jobs:
            own += self._total(asset, Purpose.JOB) + self._total(asset, Purpose.DUE)
        if self.contracts.markets.get(holder) == asset:
            own += self._total(asset, Purpose.STAKE) + self._total(asset, Purpose.LOCKED_STAKE)
        if holder in self.contracts.series:
            own += self.balance(asset, Purpose.ESCROW, holder)
        return own

    def unassigned(self) -> Iterator[tuple[LedgerAccount, int, str | None]]:
        """Yield what contracts hold for no purpose that the books know, as (account, units, name of the contract).

        The name is None of a settlement account that is not listed: its purposes are not known.

        Whatever is sent to a contract by a plain transfer counts here until something gives it a purpose. A series' own
        Tokens are the delivered ones, and a currency's own units under redemption or credited: neither is left out.
        """
        for account, amount in self.balances.items():
            asset, owner = account.asset, Address(account.owner)
            if account.purpose is not Purpose.OWN or amount <= 0 or owner == asset:
                continue
            name = self.contracts.name_of(owner)
            if name or (asset in self.freezing and owner in self.freezing[asset].settlement_accounts):
                yield account, amount, name

    def holders(self, asset: Address) -> list[Address]:
        """Return everyone who ever held the asset, in the order of their addresses."""
        return self.owners(asset, Purpose.OWN)

    def owners(self, asset: Address, purpose: Purpose) -> list[Address]:
        """Return everyone for whom the asset was ever held for a purpose, in the order of their addresses."""
        return sorted({Address(a.owner) for a in self.balances if a.asset == asset and a.purpose is purpose})

    def violated(self, code: str, emitted: Emitted, detail: str) -> None:
        """Note that an event contradicts what came before it."""
        self.violations.append((code, emitted.position, detail))

    def book(self, postings: tuple[Posting, ...]) -> None:
        """Change balances, and the totals with them. A movement of nothing leaves no account behind."""
        for posting in postings:
            if posting.amount:
                account = posting.account
                self.balances[account] += posting.amount
                self.totals[account.asset, account.purpose] += posting.amount

    def shift_position(self, currency: Address, operator: Address, amount: int) -> None:
        """Change the position of an operating institution, and the sum of all with it."""
        self.positions[currency, operator] += amount
        self.total_positions[currency] += amount

    def _total(self, asset: Address, purpose: Purpose) -> int:
        return self.totals.get((asset, purpose), 0)
