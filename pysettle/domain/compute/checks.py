"""Checks of series between two transactions, and notices for an auditor."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.compute.books import ComputeBooks, HaltRecord, owed
from pysettle.domain.compute.contracts import COMPUTE_TOKEN, ESCROW
from pysettle.domain.core.books import Books
from pysettle.domain.core.column import Scope
from pysettle.domain.core.findings import Finding, Severity
from pysettle.money import PRICE_BASIS


def backing(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-BACKING: a series' escrow covers its outstanding Tokens, and after a halt the compensation of those left."""
    for series in scope.of(COMPUTE_TOKEN):
        terms = books.contracts[COMPUTE_TOKEN][series]
        escrow, needed = books.balance(terms.currency, ESCROW, series), owed(books, series)
        if escrow < needed:
            detail = f"{escrow} units in escrow do not cover {books.supply(series)} Tokens, to which {needed} are owed"
            detail += f" at {terms.unit_price} per {PRICE_BASIS}"
            if series in books[ComputeBooks].halted:
                detail += f" and, of those not delivered, {terms.compensation_bps} basis points more"
            yield Finding("INV-BACKING", f"series 0x{series.hex()}", detail)


def halts(books: Books) -> Iterator[Finding]:
    """Yield a notice of each halt: its halter, its ground, and the purchases shortly before it."""
    for halt in books[ComputeBooks].halts:
        yield Finding("INV-BACKING", f"series 0x{halt.event.series.hex()}", _halt_text(books, halt), Severity.NOTICE)


def _halt_text(books: Books, halt: HaltRecord) -> str:
    halted, bought = halt.event, halt.bought_before
    detail = (
        f"halted by 0x{halted.halter.hex()} on the ground 0x{halted.ground.hex()}, evidence 0x{halted.evidence.hex()}, "
    )
    own_tokens = books[ComputeBooks].bought.get((halted.series, halted.halter), 0)
    detail += f"{halted.compensation} units of stake paid; it had bought {own_tokens} Tokens itself"
    if bought:
        most = max(bought, key=lambda payer: (bought[payer], payer))
        detail += f"; {sum(bought.values())} Tokens were bought in the hour before, most by 0x{most.hex()} "
        detail += f"({bought[most]})"
    return detail


def unlisted_series(books: Books) -> Iterator[Finding]:
    """Yield a notice of each unlisted series of a listed market: the ledger has no books of it."""
    for series, market in sorted(books[ComputeBooks].markets_of.items()):
        if series not in books.contracts[COMPUTE_TOKEN]:
            detail = f"opened by the listed market 0x{market.hex()}, and not listed in the manifest"
            detail += ": its books are not kept"
            yield Finding("AUDIT-L", f"series 0x{series.hex()}", detail, Severity.NOTICE)
