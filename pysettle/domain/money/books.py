"""The state of money in the books: issuance and redemptions, the state of accounts, and interest."""

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
    """One redemption, from its events."""

    holder: Address
    """Holder that made the request."""
    operator: Address
    """Operating institution of the request."""
    amount: int
    """Units the desk holds until it ends."""
    status: RedemptionStatus = RedemptionStatus.REQUESTED
    """Where it stands."""
    cancellable_from: int = 0
    """Unix second from which its holder may cancel it."""


@dataclass
class IssuanceBooks:
    """Quotas and positions of institutions, the reserve, and redemptions."""

    quotas: dict[tuple[Address, Address], int] = field(default_factory=lambda: defaultdict(int))
    """(currency, operator) -> units it may still issue."""
    positions: dict[tuple[Address, Address], int] = field(default_factory=lambda: defaultdict(int))
    """(currency, operator) -> units that it issued less units that it redeemed; negative if it redeemed more."""
    total_positions: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    """Currency -> sum of its positions, updated with them."""
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
    """A movement that an event of a currency announced: the next `Transfer` of the currency has to be this movement."""

    by: Event
    """The event."""
    movement: Transfer
    """The announced movement."""
    owed: bool = False
    """Whether the units are owed to the payee, and become its credit if it cannot receive them."""
    seized: bool = False
    """Whether it leaves the payer by authority of law, frozen or not."""

    @property
    def code(self) -> str:
        """Invariant that is broken when something else moves, or nothing."""
        return "INV-FROZEN" if self.seized else "INV-REPLAY"

    def __str__(self) -> str:
        """Return the announcement in words."""
        move = self.movement
        movement = f"{move.value} units from 0x{move.sender.hex()} to 0x{move.receiver.hex()}"
        return f"{type(self.by).__name__} announced {movement}"


@dataclass
class AccountBooks:
    """State of the accounts of each currency, and the movement that it announced."""

    freezing: dict[Address, Freezing] = field(default_factory=lambda: defaultdict(Freezing))
    """Currency -> its freezes."""
    wallets: dict[Address, Wallets] = field(default_factory=lambda: defaultdict(Wallets))
    """Currency -> its wallets: registrations, limits and counted payments."""
    announced: dict[Address, Announced] = field(default_factory=dict)
    """Currency -> the movement that was announced and comes next; none between two transactions."""

    def is_settlement_account(self, currency: Address, account: Address) -> bool:
        """Whether an account is a settlement account; the currency and the zero address are from the start."""
        return account in (currency, ZERO_ADDRESS) or account in self.freezing[currency].settlement_accounts


@dataclass
class InterestBooks:
    """Declared and paid interest."""

    declared_to: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    """InterestPayments -> first day of UTC+8 of which nothing was declared yet, nor of any after it."""
    paid: set[tuple[Address, int, int]] = field(default_factory=set)
    """(InterestPayments, period, index) of every row of interest that was paid."""


def credit(books: Books, currency: Address, account: Address) -> int:
    """Return the credit of an account in a currency: units that it could not receive."""
    return books.balance(currency, CREDIT, account)


def uncovered(books: Books, currency: Address) -> str | None:
    """Return how far the attested reserve falls short of the stated supply, in words; None if it covers the supply.

    The reserve ratio is the part of the supply that the reserve has to cover; 10,000 basis points are full reserve. The
    comparison is in units times 10,000, without rounding.
    """
    issuance, supply = books[IssuanceBooks], books.stated_supply[currency]
    reserve, ratio = issuance.reserve(currency), issuance.reserve_ratios[currency]
    if supply * ratio <= reserve * BPS:
        return None
    mode = "full reserve" if ratio == BPS else f"partial reserve of {ratio} basis points"
    return f"{reserve} is attested, supply is {supply}, in {mode}"
