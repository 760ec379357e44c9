"""The state of money in the books: issuance and redemptions, what holds for accounts, and interest."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Event, Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.contracts import CREDIT
from pysettle.domain.money.events import ReserveAttested
from pysettle.domain.money.freezing import Freezing
from pysettle.domain.money.wallets import Wallets
from pysettle.errors.states import RedemptionStatus
from pysettle.money import BPS, UNITS_PER_MINOR
from pysettle.values import Address


@dataclass
class Redemption:
    """What events say of one redemption."""

    holder: Address
    """Who asked."""
    operator: Address
    """Operating institution that was asked."""
    amount: int
    """Units the desk holds until it ends."""
    status: RedemptionStatus = RedemptionStatus.REQUESTED
    """Where it stands."""
    cancellable_from: int = 0
    """Unix second from which its holder may cancel it."""


@dataclass
class IssuanceBooks:
    """What institutions may issue and have issued, the reserve behind it, and redemptions."""

    quotas: dict[tuple[Address, Address], int] = field(default_factory=lambda: defaultdict(int))
    """(currency, operator) -> units it may still issue."""
    positions: dict[tuple[Address, Address], int] = field(default_factory=lambda: defaultdict(int))
    """(currency, operator) -> units it issued less those redeemed at it; negative where it redeemed more."""
    total_positions: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    """Currency -> sum of the positions in it, kept with them."""
    reserves: dict[Address, ReserveAttested] = field(default_factory=dict)
    """Currency -> the last attestation of its reserve."""
    reserve_ratios: dict[Address, int] = field(default_factory=lambda: defaultdict(lambda: BPS))
    """Currency -> basis points of the supply that the reserve has to cover; all of it is full reserve."""
    redemptions: dict[tuple[Address, int], Redemption] = field(default_factory=dict)
    """(currency, number) -> the redemption."""

    def reserve(self, currency: Address) -> int:
        """Return the reserve attested last, in units; zero when none was."""
        last = self.reserves.get(currency)
        return last.amount_fen * UNITS_PER_MINOR if last else 0

    def shift_position(self, currency: Address, operator: Address, amount: int) -> None:
        """Change the position of an operating institution, and the sum of all with it."""
        self.positions[currency, operator] += amount
        self.total_positions[currency] += amount


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
class AccountBooks:
    """What holds for the accounts of each currency, and what it said moves next."""

    freezing: dict[Address, Freezing] = field(default_factory=lambda: defaultdict(Freezing))
    """Currency -> what of it is frozen."""
    wallets: dict[Address, Wallets] = field(default_factory=lambda: defaultdict(Wallets))
    """Currency -> its wallets: registrations, limits, and what was paid."""
    announced: dict[Address, Announced] = field(default_factory=dict)
    """Currency -> the movement that was announced and comes next; none between two transactions."""

    def is_settlement_account(self, currency: Address, account: Address) -> bool:
        """Whether what an account holds belongs to others; the currency and nobody's address are so from the start."""
        return account in (currency, ZERO_ADDRESS) or account in self.freezing[currency].settlement_accounts


@dataclass
class InterestBooks:
    """What was declared and paid of interest."""

    declared_to: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    """InterestPayments -> first day of UTC+8 of which nothing was declared yet, nor of any after it."""
    paid: set[tuple[Address, int, int]] = field(default_factory=set)
    """(InterestPayments, period, index) of every row of interest that was paid."""


def credit(books: Books, currency: Address, account: Address) -> int:
    """Return the units that a currency holds for an account since they could not come in."""
    return books.balance(currency, CREDIT, account)


def uncovered(books: Books, currency: Address) -> str | None:
    """Say what the attested reserve lacks of covering the supply that events state; None when it covers it.

    Which part of the supply it has to cover is the mode of the reserve: all of it in full reserve, below 10,000 basis
    points that part. Compared in units times 10,000, so that nothing is rounded.
    """
    issuance, supply = books[IssuanceBooks], books.stated_supply[currency]
    reserve, ratio = issuance.reserve(currency), issuance.reserve_ratios[currency]
    if supply * ratio <= reserve * BPS:
        return None
    mode = "full reserve" if ratio == BPS else f"partial reserve of {ratio} basis points"
    return f"{reserve} is attested, supply is {supply}, in {mode}"
