"""Statements of accounts, and the trial balance: opening, movements and closing, tied to the books at the head.

A debit adds to an account, a credit takes from it. The index stores the balance of each account by the ledger of the
verification, which the answers of the contracts confirmed. Each figure here is a sum of postings, and every account
that is looked at has to arrive at that balance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pysettle.audit.records.period import Period
from pysettle.audit.records.reading import AssetOf, Records
from pysettle.audit.records.rows import StatementRow, split
from pysettle.errors import AuditFailed


@dataclass
class Section:
    """The statement of one account of the books: an asset that the holder has for a purpose."""

    asset: AssetOf
    """The asset."""
    purpose: str
    """The purpose."""
    opening: int
    """Balance before the period, in the asset's unit."""
    rows: Iterator[StatementRow]
    """The movements of the period, each as it is read; `closing` is right after the last one."""
    closing: int = 0
    """Balance after the movements read so far."""


def statement(records: Records, owner: bytes, period: Period) -> Iterator[Section]:
    """Yield the statement of each account that an owner has, in the order of assets; read each before the next one.

    Args:
        records: The rows.
        owner: The holder: an account, a contract, or an id.
        period: Blocks of the movements.

    Raises:
        AuditFailed: an account does not arrive at its balance by the ledger.
    """
    accounts = records.index.rows(
        "SELECT id, asset, purpose, closing FROM accounts WHERE owner = ? AND EXISTS "
        "(SELECT * FROM postings WHERE account = id) ORDER BY id",
        [owner],
    )
    order = [*records.assets]
    for number, asset, purpose, ledger in sorted(accounts, key=lambda it: (order.index(it[1]), it[0])):
        opening = _total(records, number, "block < ?", period.first)
        section = Section(records.assets[asset], purpose, opening, iter(()), opening)
        section.rows = _rows(records, number, section, period, int(ledger or 0))
        yield section


def _rows(records: Records, account: int, section: Section, period: Period, ledger: int) -> Iterator[StatementRow]:
    for it in records.postings(period, "AND p.account = ?", (account,)):
        section.closing += it.amount
        yield StatementRow(
            *(it.block, it.time_unix_s, it.tx_index, it.tx_hash, it.log_index, it.side, it.event),
            *(it.asset, it.currency, it.purpose, it.counter_purpose, it.counter_owner),
            *(it.amount_units, it.amount_tokens),
            *split(section.asset.unit, section.closing),
        )
    at_head = section.closing + _total(records, account, "block > ?", period.last)
    _require(section.asset, f"{section.purpose} of this account", at_head, ledger)


def _total(records: Records, account: int, condition: str, block: int) -> int:
    query = f"SELECT exact_sum(amount) FROM postings WHERE account = ? AND {condition}"  # noqa: S608  # our own words
    ((total,),) = records.index.rows(query, (account, block))
    return int(total or 0)


def _require(asset: AssetOf, about: str, found: int, ledger: int) -> None:
    if found != ledger:
        raise AuditFailed(
            f"the index is not that of the books: {about} in 0x{asset.address.hex()} sums to {found}, the ledger has "
            f"{ledger}; delete the index, and ask again",
            asset=asset.address,
            indexed=found,
            booked=ledger,
        )


@dataclass(slots=True)
class Line:
    """A line of the trial balance: accounts of one asset and one purpose, or one of them."""

    asset: AssetOf
    """The asset."""
    purpose: str
    """The purpose."""
    owner: bytes | None
    """Owner of the account; None for all accounts of the purpose together."""
    accounts: int = 0
    """Number of accounts that anything ever moved on."""
    opening: int = 0
    """Balance before the period."""
    debits: int = 0
    """Sum of the postings that add to them."""
    credits: int = 0
    """Sum of the postings that take from them, a positive number."""

    @property
    def closing(self) -> int:
        """Balance after the period."""
        return self.opening + self.debits - self.credits

    def add(self, other: Line) -> None:
        """Count another line of the same accounts in."""
        self.accounts += other.accounts
        self.opening += other.opening
        self.debits += other.debits
        self.credits += other.credits


@dataclass
class TrialBalance:
    """The trial balance of a period."""

    lines: list[Line] = field(default_factory=list)
    """Its lines, by asset and purpose, in the order in which the purposes were first used."""
    totals: list[Line] = field(default_factory=list)
    """For each asset the sum of its lines: debits equal credits, and opening and closing are zero."""


_BALANCES = """
SELECT a.asset, a.purpose, a.owner, a.closing, exact_sum(p.amount),
    exact_sum(CASE WHEN p.block < ?1 THEN p.amount ELSE '0' END),
    exact_sum(CASE WHEN p.block BETWEEN ?1 AND ?2 AND p.amount NOT LIKE '-%' THEN p.amount ELSE '0' END),
    exact_sum(CASE WHEN p.block BETWEEN ?1 AND ?2 AND p.amount LIKE '-%' THEN p.amount ELSE '0' END)
FROM accounts a JOIN postings p ON p.account = a.id GROUP BY a.id ORDER BY a.id
"""


def balances(records: Records, period: Period) -> Iterator[Line]:
    """Yield a line for each account that anything moved on before the end of a period.

    Raises:
        AuditFailed: an account does not arrive at its balance by the ledger.
    """
    seen = records.index.rows("SELECT asset, purpose, owner, closing FROM accounts WHERE closing NOT IN ('0')")
    unseen = {(asset, purpose, owner): closing for asset, purpose, owner, closing in seen}
    for asset, purpose, owner, ledger, total, opening, debits, credits_ in records.index.rows(
        _BALANCES, (period.first, period.last)
    ):
        of = records.assets[asset]
        unseen.pop((asset, purpose, owner), None)
        _require(of, f"{purpose} of 0x{owner.hex()}", int(total), int(ledger or 0))
        yield Line(of, purpose, owner, 1, int(opening), int(debits), -int(credits_))
    for (asset, purpose, owner), ledger in unseen.items():
        _require(records.assets[asset], f"{purpose} of 0x{owner.hex()}", 0, int(ledger))


def trial_balance(records: Records, period: Period, *, each_account: bool = False) -> TrialBalance:
    """Return the trial balance of a period.

    Args:
        records: The rows.
        period: Blocks of the debits and credits.
        each_account: Whether each account has a line, and not only each purpose.

    Raises:
        AuditFailed: an account does not arrive at its balance by the ledger, or debits and credits of an asset differ.
    """
    lines: dict[tuple[bytes, str, bytes | None], Line] = {}
    totals = {address: Line(asset, "all", None) for address, asset in records.assets.items()}
    for it in balances(records, period):
        owner = it.owner if each_account else None
        lines.setdefault((it.asset.address, it.purpose, owner), Line(it.asset, it.purpose, owner)).add(it)
        totals[it.asset.address].add(it)
    for total in totals.values():
        _require(total.asset, "all accounts", total.closing, 0)
        _require(total.asset, "the debits less the credits of the period", total.debits - total.credits, 0)
    order = [*records.assets]
    return TrialBalance(sorted(lines.values(), key=lambda it: order.index(it.asset.address)), [*totals.values()])
