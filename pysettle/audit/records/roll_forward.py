"""The roll-forward of the supply of each asset: opening + issued - redeemed = closing, and what stands behind it.

Issuance and redemption are the business events: those of the desk for a currency, purchases, redemptions and refunds
for a series. The supply is the sum of the postings of transfers from and to nobody. Both have to agree.

The population of a period are all postings of the asset in it. Its count and its hash total let an auditor who draws a
sample from a file of postings see that the file is whole: the sum, modulo 2^256, of the SHA-256 of each posting as the
text `block,log_index,side,asset,purpose,owner,amount`, in hex with 0x and in decimal digits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from pysettle.audit.records.period import Period
from pysettle.audit.records.reading import AssetOf, Records
from pysettle.audit.records.rows import EventRow, PostingRow
from pysettle.domain.core.accounts import ISSUANCE
from pysettle.errors import AuditFailed
from pysettle.money import BPS, UNITS_PER_MINOR

_CREATED = {"Issued": "amount", "Purchased": "tokens"}
"""Event that creates units -> its field with their number."""
_DESTROYED = {"RedemptionCompleted": "amount", "Redeemed": "tokens", "Refunded": "tokens"}
"""Event that destroys units -> its field with their number."""
_HASH_TOTAL_END = 2**256


@dataclass(frozen=True, slots=True)
class Reserve:
    """The reserve of a currency as it was attested last."""

    amount: int
    """Attested reserve in units."""
    as_of: int
    """Unix second that the attestation is about."""
    valid_before: int
    """Unix second from which nothing may be issued on it."""
    block: int
    """Block of the attestation."""


@dataclass
class RollForward:
    """The supply of one asset over a period."""

    asset: AssetOf
    """The asset."""
    opening: int = 0
    """Supply before the period."""
    issued: int = 0
    """Units issued, or Tokens bought."""
    redeemed: int = 0
    """Units redeemed, or Tokens redeemed and refunded."""
    closing: int = 0
    """Supply after the period."""
    positions: dict[bytes, int] = field(default_factory=lambda: defaultdict(int))
    """Operating institution -> units that it issued less units that it redeemed, since the beginning."""
    reserve: Reserve | None = None
    """Reserve at the end of the period; None for a series, and before the first attestation."""
    ratio_bps: int = BPS
    """Basis points of the supply that the reserve has to cover."""
    movements: int = 0
    """Number of entries of the period."""
    postings: int = 0
    """Number of their postings: the population."""
    debits: int = 0
    """Sum of their debits, which is that of their credits."""
    hash_total: int = 0
    """Hash total of the population."""

    @property
    def covered(self) -> int:
        """Largest supply that the reserve covers by the ratio, in units, rounded down."""
        return self.reserve.amount * BPS // self.ratio_bps if self.reserve else 0


def roll_forward(records: Records, period: Period) -> list[RollForward]:
    """Return the roll-forward of each asset, currencies first.

    Raises:
        AuditFailed: a supply does not follow from its events, or from the positions of the institutions.
    """
    found = {address: RollForward(asset) for address, asset in records.assets.items()}
    of_desk = dict(records.index.rows("SELECT address, currency FROM contracts WHERE name = 'IssuanceDesk'"))
    for event in _events(records, period):
        _count(found[of_desk.get(event.contract, event.contract)], event, event.block >= period.first)
    for address, it in found.items():
        it.opening, it.closing = _supply(records, address, period)
        if it.opening + it.issued - it.redeemed != it.closing:
            raise _differs(it, f"{it.opening} + {it.issued} - {it.redeemed}", "opening, issued and redeemed")
        if it.asset.is_currency and sum(it.positions.values()) != it.closing:
            raise _differs(it, str(sum(it.positions.values())), "the positions of the operating institutions")
    for posting in records.postings(period):
        _count_posting(found[posting.asset], posting)
    return [*found.values()]


def _events(records: Records, period: Period) -> Iterator[EventRow]:
    """Yield the events of issuance up to the end of a period."""
    names = (*_CREATED, *_DESTROYED, "ReserveAttested", "ReserveRatioSet")
    listed = ", ".join("?" * len(names))
    # A hub has a Refunded of its own, which is stored by the name of its class.
    return records.events(Period(0, period.last), f"AND e.name IN ({listed})", names)


def _count(it: RollForward, event: EventRow, is_in_period: bool) -> None:
    fields = event.fields
    if event.event == "ReserveAttested":
        amount = int(fields["amount_fen"]) * UNITS_PER_MINOR
        it.reserve = Reserve(amount, int(fields["as_of"]), int(fields["valid_before"]), event.block)
    elif event.event == "ReserveRatioSet":
        it.ratio_bps = int(fields["ratio_bps"])
    elif event.event in _CREATED:
        amount = int(fields[_CREATED[event.event]])
        it.issued += amount * is_in_period
        _shift(it, fields, amount)
    else:
        amount = int(fields[_DESTROYED[event.event]])
        it.redeemed += amount * is_in_period
        _shift(it, fields, -amount)


def _shift(it: RollForward, fields: Mapping[str, str], amount: int) -> None:
    if it.asset.is_currency:
        it.positions[bytes.fromhex(fields["operator"][2:])] += amount


def _supply(records: Records, asset: bytes, period: Period) -> tuple[int, int]:
    """Return the supply before a period and after it, by the postings from and to nobody."""
    ((opening, closing),) = records.index.rows(
        "SELECT exact_sum(CASE WHEN p.block < ? THEN p.amount ELSE '0' END), exact_sum(p.amount) "
        "FROM postings p JOIN accounts a ON a.id = p.account WHERE a.asset = ? AND a.purpose = ? AND p.block <= ?",
        (period.first, asset, ISSUANCE.value, period.last),
    )
    return -int(opening or 0), -int(closing or 0)


def _differs(it: RollForward, found: str, of: str) -> AuditFailed:
    return AuditFailed(
        f"the supply of 0x{it.asset.address.hex()} is {it.closing} by its transfers, and {found} by {of}; delete the "
        "index, and ask again"
    )


def _count_posting(it: RollForward, posting: PostingRow) -> None:
    it.postings += 1
    it.movements += posting.amount < 0
    it.debits += max(0, posting.amount)
    it.hash_total = (it.hash_total + hash_of(posting)) % _HASH_TOTAL_END


def hash_of(it: PostingRow) -> int:
    """Return the part of a posting in the hash total."""
    place = f"{it.block},{it.log_index},{it.side}"
    text = f"{place},0x{it.asset.hex()},{it.purpose},0x{it.owner.hex()},{it.amount}"
    return int.from_bytes(sha256(text.encode()).digest(), "big")
