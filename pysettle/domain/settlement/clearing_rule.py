"""The rule of order beside each closed cycle: the obligations that settled, and those that the rule settles.

The contract keeps each debtor's order within a set, and lets a cycle settle less than the rule. So the books compute
the rule's answer again, from the queues and the reserved units, over all cycles that are closed at the same time. An
obligation of a pair may settle if the other one waits in another closed cycle.

Without pairs a set of the contract is always a part of the rule's answer: funded sets that keep the order have one
largest set. With pairs it may be another set, since a set passes pairs over. So each set is compared with the answer
before its transaction. After a part of the answer has settled, the rule settles exactly the rest of it: the rounds
drop the same obligations, because all that settled is in every round. When a cycle ends, the answer on what waits is
therefore what the cycle left. The obligations of a party that was stopped meanwhile are in neither.

Cycles with pairs between them are judged when the first of them ends. Later what it held fast may be cancelled or
released. Of the others counts at their own end what still waits then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.findings import Finding, Severity
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.settlement.books import LiquidityBooks, ParticipantBooks, ParticipantRecord
from pysettle.domain.settlement.clearing import BatchHeader, half_id, linked, places_of
from pysettle.domain.settlement.clearing_books import BatchRecord, ClearingBooks, DueItem, EndedCycle, RuleAnswer
from pysettle.domain.settlement.clearing_events import CycleEnded
from pysettle.domain.settlement.contracts import RESERVED
from pysettle.domain.settlement.corridor_books import CorridorBooks
from pysettle.errors.states import CycleState
from pysettle.values import Address


class _Row(NamedTuple):
    """An obligation that may settle."""

    item: DueItem
    """The obligation."""
    debtor: Address
    """Account that pays."""
    creditor: Address
    """Account that receives."""
    units: int
    """Units of its currency."""


def answer(books: Books, time: int) -> None:
    """Store the rule's answer before the first set of a transaction, if pairs wait in closed cycles."""
    clearing = books[ClearingBooks]
    if clearing.answer is None:
        closed = [it for it in _closed(books) if _has_pairs(books, it)]
        clearing.answer = _answer(books, closed, time)


def compare(books: Books, item: DueItem) -> None:
    """Compare an obligation that settles with the rule's answer before its transaction."""
    clearing = books[ClearingBooks]
    known = clearing.answer
    if known is None or item not in known.payable or item in known.settled:
        return
    clearing.cycles[item.currency].apart_count += 1
    for currency, sums in known.sums.items():
        cycle = clearing.cycles[currency]
        cycle.rule = cycle.rule or sums


def ended(books: Books, emitted: Emitted, event: CycleEnded) -> None:
    """Record a cycle that ends, beside the obligations that the rule settles."""
    clearing = books[ClearingBooks]
    cycle = clearing.cycles[event.currency]
    if cycle.left is None:
        _judge(books, event.currency, emitted.timestamp)
    left = [units for it in cycle.left or () if (units := _waiting_units(clearing, it))]
    count, units = cycle.rule or (cycle.settled_count + len(left), cycle.settled_units + sum(left))
    clearing.ended.append(
        EndedCycle(
            event.currency,
            event.cycle,
            event.caller == cycle.operator,
            cycle.settled_count,
            cycle.settled_units,
            count,
            units,
            cycle.apart_count,
            emitted.position.block_number,
            emitted.timestamp,
        )
    )


def notices(books: Books) -> Iterator[Finding]:
    """Yield a notice of each cycle that settled less than the rule, or apart from it: the contract allows both."""
    for it in books[ClearingBooks].ended:
        if it.apart_count or it.settled_count < it.rule_count or it.settled_units < it.rule_units:
            by = "its operator" if it.by_operator else "another account, in place of its operator"
            apart = f"; {it.apart_count} that settled are not among these" if it.apart_count else ""
            detail = (
                f"settled {it.settled_units} units in {it.settled_count} obligations, where the rule of order settles "
                f"{it.rule_units} in {it.rule_count}{apart}; {by} ended it"
            )
            subject = f"cycle {it.number} of 0x{it.currency.hex()}"
            yield Finding("INV-ORDER", subject, detail, Severity.NOTICE, it.block, it.timestamp)


def _judge(books: Books, currency: Address, time: int) -> None:
    """Store what the rule would still settle in a cycle, and in those with pairs of the same rule."""
    clearing = books[ClearingBooks]
    closed = _closed(books)
    together = [it for it in closed if it == currency or _has_pairs(books, it)]
    known = _answer(books, together if _has_pairs(books, currency) else {currency} & set(closed), time)
    for it in known.paired | {currency} if currency in known.paired else {currency}:
        clearing.cycles[it].left = tuple(item for item in known.settled if item.currency == it)


def _closed(books: Books) -> list[Address]:
    """Return the currencies whose cycles are closed and can settle."""
    paused, cycles = books[LiquidityBooks].paused, books[ClearingBooks].cycles
    return [
        currency
        for currency, cycle in sorted(cycles.items())
        if cycle.state is CycleState.CLOSED and not paused[currency] and books.contracts.counts(currency)
    ]


def _has_pairs(books: Books, currency: Address) -> bool:
    queues = books[ClearingBooks].queues
    return any(it.is_pair for (of, _), batches in queues.items() if of == currency for it in batches.values())


def _waiting_units(clearing: ClearingBooks, item: DueItem) -> int:
    """Return the units of an obligation; zero if it does not wait any more."""
    batch = clearing.record(item.currency, item.header)
    return batch.items[item.place].amount if batch and batch.payable >> item.place & 1 else 0


def _answer(books: Books, currencies: Iterable[Address], time: int) -> RuleAnswer:
    """Return the answer of the rule on closed cycles."""
    currencies = sorted(currencies)
    rows = [row for currency in currencies for row in _payable(books, currency, time)]
    names = _pairs(books, rows)
    rows = [it for it in rows if it.item in names or not _batch(books, it.item).is_pair]
    settled = [row for row, settles in zip(rows, _strict(books, rows, names), strict=True) if settles]
    sums = {}
    for currency in currencies:
        cycle = books[ClearingBooks].cycles[currency]
        units = [it.units for it in settled if it.item.currency == currency]
        sums[currency] = cycle.settled_count + len(units), cycle.settled_units + sum(units)
    paired = frozenset(it.currency for it in names)
    return RuleAnswer(frozenset(it.item for it in rows), frozenset(it.item for it in settled), paired, sums)


def _strict(books: Books, rows: Sequence[_Row], names: dict[DueItem, DueItem]) -> Sequence[bool]:
    """Return for each obligation whether it settles by the rule; all are in the order of the queues."""
    if not rows:
        return ()
    # Numpy takes longer to load than a small bundle to read, and most have no cycles.
    from pysettle.domain.settlement.netting.queue import Account, Obligation, queue_of
    from pysettle.domain.settlement.netting.strict import strict

    obligations = [
        Obligation(it.debtor, it.creditor, it.item.currency, it.units, 0, place, names.get(it.item))
        for place, it in enumerate(rows)
    ]
    ends = {(party, it.item.currency) for it in rows for party in (it.debtor, it.creditor)}
    reserved = {Account(party, currency): books.balance(currency, RESERVED, party) for party, currency in ends}
    queue, _ = queue_of(obligations, reserved, may_be_wide=True)
    marks: list[bool] = strict(queue).tolist()
    return marks


def _pairs(books: Books, rows: Sequence[_Row]) -> dict[DueItem, DueItem]:
    """Return each obligation of a pair whose other one may settle too -> the first of both, which names the pair."""
    # Only halves of the same two parties are compared, so that no other one makes the search long.
    halves: dict[tuple[bytes, frozenset[Address]], dict[tuple[Address, BatchHeader], bytes]] = defaultdict(dict)
    by_item = {}
    for row in rows:
        batch, half = _batch(books, row.item), (row.item.currency, row.item.header)
        if batch.is_pair:
            by_item[row.item] = row
            both = halves[batch.pair, frozenset((row.debtor, row.creditor))]
            if half not in both:
                both[half] = half_id(row.item.currency, row.item.header.debtor, batch.items)
    names: dict[DueItem, DueItem] = {}
    for (pair, _), found in halves.items():
        for first, second in linked(pair, found.items()):
            for place in range(len(_batch(books, DueItem(*first, 0)).items)):
                one, other = by_item.get(DueItem(*first, place)), by_item.get(DueItem(*second, place))
                if one and other and _are_opposite(one, other):
                    names |= {one.item: one.item, other.item: one.item}
    return names


def _are_opposite(one: _Row, other: _Row) -> bool:
    """Tell whether both are a PvP: each debtor is the creditor of the other, and the currencies differ."""
    are_crossed = (one.debtor, one.creditor) == (other.creditor, other.debtor)
    return are_crossed and one.item.currency != other.item.currency


def _batch(books: Books, item: DueItem) -> BatchRecord:
    return books[ClearingBooks].queues[item.currency, item.header.debtor][item.header]


def _payable(books: Books, currency: Address, time: int) -> Iterator[_Row]:
    """Yield the obligations that are due and may settle, in the order of the queues."""
    for (of, debtor), batches in sorted(books[ClearingBooks].queues.items()):
        if of != currency:
            continue
        account, record = member(books, currency, debtor)
        outgoing, _, amount = books[LiquidityBooks].freezing[currency].frozen(account)
        if not (outgoing or amount or record is None or record.stopped or record.suspended):
            yield from _in_order(books, currency, account, batches, time)


def _in_order(
    books: Books, currency: Address, debtor: Address, batches: dict[BatchHeader, BatchRecord], time: int
) -> Iterator[_Row]:
    """Yield the obligations of a debtor, up to the first one that no cycle can settle; pairs may be passed over."""
    is_open = books[CorridorBooks].calendars[currency].is_open(time)
    last = books[ClearingBooks].cycles[currency].number
    for header, batch in sorted(batches.items()):
        for place in places_of(batch.payable) if header.cycle <= last else ():
            item = batch.items[place]
            account, record = member(books, currency, item.creditor)
            if is_blocked(books, currency, account, record):
                continue
            if record is not None and record.jurisdiction == header.target and (is_open or not header.crosses):
                yield _Row(DueItem(currency, header, place), debtor, account, item.amount)
            elif not batch.is_pair:
                return


def member(books: Books, currency: Address, number: int) -> tuple[Address, ParticipantRecord | None]:
    """Return account and record of a participant by its number."""
    participants = books[ParticipantBooks]
    account = participants.account(currency, number) or ZERO_ADDRESS
    return account, participants.records.get((currency, account))


def is_blocked(books: Books, currency: Address, account: Address, record: ParticipantRecord | None) -> bool:
    """Tell whether an obligation to a participant may be passed over: it is stopped, suspended or frozen incoming."""
    _, incoming, _ = books[LiquidityBooks].freezing[currency].frozen(account)
    return record is not None and (record.stopped or record.suspended or incoming)
