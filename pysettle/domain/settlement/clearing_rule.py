"""The rule of order beside each cycle that ended: the set that settled, and the one that the rule settles.

The contract keeps each debtor's order within a set, and lets a cycle settle less than the rule. So the books compute
the rule's answer again when a cycle ends, from the queues and the reserved units. Funded sets that keep the order have
one largest set, if no pairs are among them. The rest that the rule would still settle at the end is therefore that set
less everything that settled since the closing. The obligations of a party that was stopped meanwhile are in neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.findings import Finding, Severity
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.settlement.books import LiquidityBooks, ParticipantBooks, ParticipantRecord
from pysettle.domain.settlement.clearing import BatchHeader, places_of
from pysettle.domain.settlement.clearing_books import BatchRecord, ClearingBooks, EndedCycle
from pysettle.domain.settlement.clearing_events import CycleEnded
from pysettle.domain.settlement.contracts import RESERVED
from pysettle.domain.settlement.corridor_books import CorridorBooks
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.domain.settlement.netting.queue import Obligation


def ended(books: Books, emitted: Emitted, event: CycleEnded) -> None:
    """Record a cycle that ends, beside the set that the rule would have settled."""
    clearing = books[ClearingBooks]
    cycle = clearing.cycles[event.currency]
    left = list(_left(books, event.currency, event.cycle, emitted.timestamp))
    clearing.ended.append(
        EndedCycle(
            event.currency,
            event.cycle,
            event.caller == cycle.operator,
            cycle.settled_count,
            cycle.settled_units,
            len(left),
            sum(left),
            emitted.position.block_number,
            emitted.timestamp,
        )
    )


def notices(books: Books) -> Iterator[Finding]:
    """Yield a notice of each cycle that settled less than the rule: the rules of the contract allow it."""
    for it in books[ClearingBooks].ended:
        if it.left_count:
            by = "its operator" if it.by_operator else "another account, in place of its operator"
            detail = (
                f"settled {it.settled_units} units in {it.settled_count} obligations, where the rule of order settles "
                f"{it.settled_units + it.left_units} in {it.settled_count + it.left_count}; {by} ended it"
            )
            subject = f"cycle {it.number} of 0x{it.currency.hex()}"
            yield Finding("INV-ORDER", subject, detail, Severity.NOTICE, it.block, it.timestamp)


def _left(books: Books, currency: Address, last: int, time: int) -> Iterator[int]:
    """Yield the units of each obligation that the rule would still settle."""
    if books[LiquidityBooks].paused[currency] or not books.contracts.counts(currency) or _has_pairs(books, currency):
        return
    queued = list(_payable(books, currency, last, time))
    if not queued:
        return
    # Numpy takes longer to load than a small bundle to read, and most have no cycles.
    from pysettle.domain.settlement.netting.queue import Account, queue_of
    from pysettle.domain.settlement.netting.strict import strict

    numbers = {number for it in queued for number in (it.debtor, it.creditor)}
    reserved = {
        Account(number, currency): books.balance(currency, RESERVED, member(books, currency, int(str(number)))[0])
        for number in numbers
    }
    queue, _ = queue_of(queued, reserved)
    yield from (it.amount for it, settles in zip(queued, strict(queue).tolist(), strict=True) if settles)


def _has_pairs(books: Books, currency: Address) -> bool:
    """Tell whether pairs wait or settled in the cycle: the rule then depends on the cycles of other currencies."""
    clearing = books[ClearingBooks]
    waiting = (it.is_pair for (of, _), batches in clearing.queues.items() if of == currency for it in batches.values())
    return clearing.cycles[currency].has_pairs or any(waiting)


def _payable(books: Books, currency: Address, last: int, time: int) -> Iterator[Obligation]:
    """Yield the obligations that are due and may settle, in the order of the queues."""
    from pysettle.domain.settlement.netting.queue import Obligation

    for (of, debtor), batches in sorted(books[ClearingBooks].queues.items()):
        account, record = member(books, currency, debtor)
        outgoing, _, amount = books[LiquidityBooks].freezing[currency].frozen(account)
        if of != currency or outgoing or amount or record is None or record.stopped or record.suspended:
            continue
        for place, (creditor, units) in enumerate(_in_order(books, currency, batches, last, time)):
            yield Obligation(debtor, creditor, currency, units, 0, place)


def _in_order(
    books: Books, currency: Address, batches: dict[BatchHeader, BatchRecord], last: int, time: int
) -> Iterator[tuple[int, int]]:
    """Yield creditor and units of the obligations of a debtor, up to the first one that no cycle can settle."""
    is_open = books[CorridorBooks].calendars[currency].is_open(time)
    for header, batch in sorted(batches.items()):
        for place in places_of(batch.queued) if header.cycle <= last else ():
            item = batch.items[place]
            account, record = member(books, currency, item.creditor)
            if is_blocked(books, currency, account, record):
                continue
            if record is None or record.jurisdiction != header.target or (header.crosses and not is_open):
                return
            yield item.creditor, item.amount


def member(books: Books, currency: Address, number: int) -> tuple[Address, ParticipantRecord | None]:
    """Return account and record of a participant by its number."""
    participants = books[ParticipantBooks]
    account = participants.account(currency, number) or ZERO_ADDRESS
    return account, participants.records.get((currency, account))


def is_blocked(books: Books, currency: Address, account: Address, record: ParticipantRecord | None) -> bool:
    """Tell whether an obligation to a participant may be passed over: it is stopped, suspended or frozen incoming."""
    _, incoming, _ = books[LiquidityBooks].freezing[currency].frozen(account)
    return record is not None and (record.stopped or record.suspended or incoming)
