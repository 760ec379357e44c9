"""Checks of positions and of linked legs between two transactions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pysettle.domain.core.accounts import OWN
from pysettle.domain.core.books import Books
from pysettle.domain.core.column import Scope
from pysettle.domain.core.events import Event, Transfer
from pysettle.domain.core.findings import Finding
from pysettle.domain.settlement import events
from pysettle.domain.settlement.books import SettlementBooks
from pysettle.domain.settlement.contracts import EARMARK, LIQUIDITY_ACCOUNTS, POSITION, RESERVED
from pysettle.domain.settlement.corridor_events import ClearedOut
from pysettle.domain.settlement.messages import LegKind


def positions(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-LIQUIDITY: no position is below zero, and the liquidity accounts hold the units of all positions."""
    for account in scope.accounts:
        amount = books.balances.get(account, 0)
        if amount >= 0:
            continue
        is_holder = account.purpose is OWN and account.owner in books.contracts[LIQUIDITY_ACCOUNTS]
        if is_holder or account.purpose in (POSITION, EARMARK, RESERVED):
            yield Finding("INV-LIQUIDITY", f"{account.purpose.value} 0x{account.owner.hex()}", f"{-amount} units short")


def links(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-LINK: of the legs of an instruction all have moved or none; no position moves without an instruction."""
    expected, tokens = _expected(books, scope)
    moved: Counter[_Movement] = Counter()
    transferred: Counter[_Movement] = Counter()
    cleared: Counter[tuple[bytes, bytes, int]] = Counter()
    for emitted in scope.events:
        if isinstance(emitted.event, ClearedOut):
            cleared[emitted.event.account, emitted.event.agent, emitted.event.amount] += 1
        elif movement := _movement(emitted.event):
            moved[movement] += 1
        elif isinstance(emitted.event, Transfer):
            event = emitted.event
            transferred["Transfer", emitted.emitter, event.sender, event.receiver, event.value] += 1
    missing = (expected - moved) + (tokens - transferred)
    for words, movements in (("did not move", missing), ("moved without an instruction", moved - expected)):
        for (kind, asset, debtor, creditor, amount), number in movements.items():
            # A clear-out at the end of a day needs no instruction; its corridor is checked elsewhere.
            count = number - cleared[debtor, creditor, amount] if words.startswith("moved") else number
            if count <= 0:
                continue
            detail = f"{kind}: {amount} units of 0x{asset.hex()} {words}"
            yield Finding("INV-LINK", f"legs in 0x{asset.hex()}", detail if count == 1 else f"{detail}, {count} times")


_Movement = tuple[str, bytes, bytes, bytes, int]
"""Kind of the event, asset, and the parties or the settlement's id, with the amount."""


def _movement(event: Event) -> _Movement | None:
    """Return the movement of a position that an event states; None for another event."""
    if isinstance(event, events.PositionMoved):
        return "PositionMoved", event.currency, event.debtor, event.creditor, event.amount
    if isinstance(event, events.PositionEarmarked | events.EarmarkDelivered | events.EarmarkReturned):
        return type(event).__name__, event.currency, event.account, event.settlement_id, event.amount
    return None


def _expected(books: Books, scope: Scope) -> tuple[Counter[_Movement], Counter[_Movement]]:
    """Return the movements of positions and of counted Tokens that the instructions of a scope announced."""
    positions: Counter[_Movement] = Counter()
    tokens: Counter[_Movement] = Counter()
    records = books[SettlementBooks].records
    for emitted in scope.events:
        event = emitted.event
        if not isinstance(event, events.InstructionSettled | events.InstructionEarmarked | events.InstructionUnwound):
            continue
        record, is_final = records.get(event.settlement_id), not isinstance(event, events.InstructionEarmarked)
        if record is None:
            continue  # an event named it that could not be booked
        for leg in record.instruction.legs:
            if leg.kind is LegKind.TOKEN:
                if books.contracts.counts(leg.asset):
                    tokens["Transfer", leg.asset, leg.debtor, leg.creditor, leg.amount] += 1
            elif not is_final:
                positions["PositionEarmarked", leg.asset, leg.debtor, event.settlement_id, leg.amount] += 1
            elif isinstance(event, events.InstructionUnwound):
                positions["EarmarkReturned", leg.asset, leg.debtor, event.settlement_id, leg.amount] += 1
            elif record.waited:
                positions["EarmarkDelivered", leg.asset, leg.creditor, event.settlement_id, leg.amount] += 1
            else:
                positions["PositionMoved", leg.asset, leg.debtor, leg.creditor, leg.amount] += 1
    return positions, tokens
