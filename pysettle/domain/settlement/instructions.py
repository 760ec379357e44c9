"""Postings of the events of instructions: they move no value themselves, and link the legs that do."""

from __future__ import annotations

from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.postings import Handlers, Postings, registering
from pysettle.domain.settlement import events
from pysettle.domain.settlement.books import SettlementBooks, SettlementRecord
from pysettle.domain.settlement.crossings import due_time
from pysettle.errors.states import WaitingState
from pysettle.values import Address

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)


@_handles(events.ApprovalWithdrawn)
def _withdrawn(books: Books, emitted: Emitted, event: events.ApprovalWithdrawn) -> Postings:
    _use(books, emitted, event.party, event.id)
    return ()


@_handles(events.InstructionEarmarked)
def _earmarked(books: Books, emitted: Emitted, event: events.InstructionEarmarked) -> Postings:
    _accept(books, emitted, event, WaitingState.WAITING)
    return ()


@_handles(events.InstructionSettled)
def _settled(books: Books, emitted: Emitted, event: events.InstructionSettled) -> Postings:
    """Book a settlement, at once or after waiting; a return is compared with its original."""
    record = books[SettlementBooks].records.get(event.settlement_id)
    if record is None:
        _accept(books, emitted, event, WaitingState.SETTLED)
        _check_return(books, emitted, event)
    else:
        _end(books, emitted, event.settlement_id, record, WaitingState.SETTLED)
        if record.instruction != event.instruction:
            books.violated("INV-LINK", emitted, f"{_about(event.settlement_id)} settled with other terms")
    due_at = event.instruction.value_time if record is None else record.due_at
    if due_at > emitted.timestamp:
        books.violated("INV-LINK", emitted, f"{_about(event.settlement_id)} settled before its value time")
    return ()


@_handles(events.InstructionUnwound)
def _unwound(books: Books, emitted: Emitted, event: events.InstructionUnwound) -> Postings:
    record = books[SettlementBooks].records[event.settlement_id]
    _end(books, emitted, event.settlement_id, record, WaitingState.UNWOUND)
    return ()


def _use(books: Books, emitted: Emitted, party: Address, approval_id: int) -> None:
    used, key = books[SettlementBooks].used, (party, approval_id)
    if key in used:
        books.violated("INV-ONCE", emitted, f"id {approval_id} of 0x{party.hex()} was used or withdrawn before")
    used.add(key)


def _accept(
    books: Books,
    emitted: Emitted,
    event: events.InstructionSettled | events.InstructionEarmarked,
    state: WaitingState,
) -> None:
    """Book a submitted instruction: each debited party has approved it, and its id follows from both."""
    settlements, instruction = books[SettlementBooks], event.instruction
    if event.settlement_id in settlements.records:
        books.violated("INV-FINAL", emitted, f"{_about(event.settlement_id)} was submitted before")
    for party, approval_id in zip(instruction.debtors, event.ids, strict=False):
        _use(books, emitted, party, approval_id)
    is_of_all = len(event.ids) == len(instruction.debtors)
    if not is_of_all or instruction.settlement_id(event.ids) != event.settlement_id:
        books.violated("INV-LINK", emitted, f"{_about(event.settlement_id)} is not approved by its debited parties")
    waited = state is WaitingState.WAITING
    due_at = due_time(books, instruction) if waited else 0
    settlements.records[event.settlement_id] = SettlementRecord(instruction, state, waited, due_at)


def _end(books: Books, emitted: Emitted, settlement_id: bytes, record: SettlementRecord, state: WaitingState) -> None:
    if record.state is not WaitingState.WAITING:
        detail = f"{_about(settlement_id)} had ended before: {record.state.word}"
        books.violated("INV-FINAL", emitted, detail)
    record.state = state


def _check_return(books: Books, emitted: Emitted, event: events.InstructionSettled) -> None:
    """Compare a return with the settlement that it names: it settled, and all its returns together do not exceed it."""
    original_id = event.instruction.original
    if not any(original_id):
        return
    settlements = books[SettlementBooks]
    original = settlements.records.get(original_id)
    if original is None or original.state is not WaitingState.SETTLED:
        detail = f"{_about(event.settlement_id)} returns {original_id.hex()}, which never settled"
        books.violated("INV-LINK", emitted, detail)
        return
    for leg in event.instruction.legs:
        key = (original_id, leg.asset, leg.creditor, leg.debtor)
        settlements.returned[key] += leg.amount
        of_original = (original_id, *key[1:])
        settled = sum(
            first.amount
            for first in original.instruction.legs
            if (original_id, first.asset, first.debtor, first.creditor) == of_original
        )
        if settlements.returned[key] > settled:
            detail = f"{_about(event.settlement_id)} returns more than {settled} of {original_id.hex()}"
            books.violated("INV-LINK", emitted, detail)


def _about(settlement_id: bytes) -> str:
    return f"settlement 0x{settlement_id.hex()}"
