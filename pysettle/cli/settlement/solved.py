"""A solved cycle in words: the value that settles, the nets, and the obligations that wait with their reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pysettle.cli.output import table
from pysettle.money import Currency, to_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pysettle.cli.command import Command
    from pysettle.client.settlement.cycle_files import Cycle
    from pysettle.client.settlement.proposals import Due, Party, Place
    from pysettle.domain.settlement.clearing import BatchHeader
    from pysettle.domain.settlement.netting.solution import Solution

_SHOWN = 20
"""Waiting obligations that the text shows; the document has all."""


@dataclass(frozen=True, slots=True)
class Row:
    """An obligation in words."""

    obligation: int | None
    """Its row in a file, from 1; None on the chain."""
    batch: str | None
    """Its batch on the chain."""
    item: int | None
    """Its place there."""
    debtor: str
    """Its debtor."""
    creditor: str
    """Its creditor."""
    currency: str
    """Code of its currency."""
    amount: int
    """Its units."""

    @property
    def place(self) -> str:
        """Its place: the row of a file, or batch and item."""
        return str(self.obligation) if self.batch is None else f"{self.batch} {self.item}"


@dataclass(frozen=True, slots=True)
class Waits:
    """An obligation that waits."""

    row: Row
    """The obligation."""
    reason: str
    """The reason, as documents name it."""
    words: str
    """The reason in words."""
    lack: int
    """Units that its debtor lacks for it alone."""

    def cells(self) -> tuple[str, ...]:
        """Return its cells of a table."""
        row = self.row
        amount = f"{to_text(row.amount)} {row.currency}"
        return row.place, row.debtor, row.creditor, amount, self.words, to_text(self.lack)

    def document(self) -> dict[str, object]:
        """Return its part of a document."""
        row = self.row
        return {
            "obligation": None if row.obligation is None else str(row.obligation),
            "batch": row.batch,
            "item": None if row.item is None else str(row.item),
            "debtor": row.debtor,
            "creditor": row.creditor,
            "currency": row.currency,
            "amount_units": str(row.amount),
            "lack_units": str(self.lack),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A cycle with its solution, from files or from the chain."""

    rows: tuple[Row, ...]
    """The obligations that may settle."""
    solution: Solution
    """The solution."""
    positions: tuple[tuple[str, str, int, int], ...]
    """(participant, currency, reserved, net) of each account."""
    blocked: tuple[Waits, ...] = ()
    """Obligations that cannot settle, whatever liquidity there is."""

    @classmethod
    def of_files(cls, cycle: Cycle, solution: Solution) -> Solved:
        """Return the solution of files."""
        rows = (
            Row(number, None, None, str(it.debtor), str(it.creditor), _code(it.currency), it.amount)
            for number, it in enumerate(cycle.obligations, 1)
        )
        positions = (
            (str(it.participant), _code(it.currency), cycle.reserved.get(it, 0), net)
            for it, net in zip(cycle.accounts, solution.nets.tolist(), strict=True)
        )
        return cls(tuple(rows), solution, tuple(positions))

    @classmethod
    def of_chain(cls, due: Due, solution: Solution, command: Command) -> Solved:
        """Return the solution of what is due on the chain."""
        code = command.currency.value
        positions = (
            (command.name(due.parties[due.number(it)].account), code, due.reserved[it], net)
            for it, net in zip(due.accounts, solution.nets.tolist(), strict=True)
        )
        blocked = (
            Waits(chain_row(due, it, command), obstacle.name.lower(), obstacle.value, 0)
            for it, obstacle in due.obstacles
        )
        rows = tuple(chain_row(due, it, command) for it in due.rows)
        return cls(rows, solution, tuple(positions), tuple(blocked))

    @property
    def waiting(self) -> tuple[Waits, ...]:
        """All obligations that wait: first those that may settle."""
        free = (
            Waits(self.rows[it.row], it.reason.name.lower(), it.reason.value, it.lack_units)
            for it in self.solution.waiting
        )
        return (*free, *self.blocked)

    def document(self, code: str | None) -> dict[str, object]:
        """Return the part of a document; `code` is the currency if there is only one."""
        waits = self.waiting
        return {
            "settled_count": str(len(self.rows) - len(self.solution.waiting)),
            "waiting_count": str(len(waits)),
            "total": {
                "currency": code,
                "settled_units": str(self.solution.value),
                "bound_units": str(self.solution.bound),
            },
            "currencies": [
                {
                    "currency": _code(currency) if code is None else code,
                    "queued_units": str(part.queued),
                    "settled_units": str(part.settled),
                    "moved_units": str(part.moved),
                    "saved_units": str(part.saved),
                }
                for currency, part in self.solution.currencies.items()
            ],
            "positions": [
                {"name": name, "currency": its, "reserved_units": str(reserved), "net_units": str(net)}
                for name, its, reserved, net in self.positions
            ],
            "waiting": [it.document() for it in waits],
        }

    def lines(self, code: str | None) -> list[str]:
        """Return the words; `code` is the currency if there is only one."""
        of_currency = [
            (
                _code(currency) if code is None else code,
                *map(to_text, (part.queued, part.settled, part.moved, part.saved)),
            )
            for currency, part in self.solution.currencies.items()
        ]
        positions = [(name, its, to_text(reserved), to_text(net)) for name, its, reserved, net in self.positions]
        waits, count = self.waiting, len(self.rows) + len(self.blocked)
        shown = [it.cells() for it in waits[:_SHOWN]]
        value, bound = to_text(self.solution.value), to_text(self.solution.bound)
        return [
            f"{count - len(waits)} of {count} obligations settle",
            *[table(("currency", "queued", "settled", "moved", "saved"), of_currency)] * bool(of_currency),
            f"settled {value} of at most {bound}" + (", all currencies added" if code is None else f" {code}"),
            *[table(("participant", "currency", "reserved", "net"), positions)] * bool(positions),
            *[table(("obligation", "debtor", "creditor", "amount", "waiting for", "lack"), shown)] * bool(shown),
            *[f"and {len(waits) - _SHOWN} more that wait; --json shows all"] * (len(waits) > _SHOWN),
        ]


def chain_row(due: Due, it: Place, command: Command) -> Row:
    """Return an obligation of the chain in words."""
    header, item = it.batch.header, it.item
    debtor, creditor = (party_name(due.parties, number, command) for number in (header.debtor, item.creditor))
    return Row(None, batch_name(header, debtor), it.place, debtor, creditor, command.currency.value, item.amount)


def party_name(known: Mapping[int, Party], number: int, command: Command) -> str:
    """Return the name of a participant; a number that nobody has stays a number."""
    return command.name(known[number].account) if number in known else f"participant {number}"


def batch_name(header: BatchHeader, debtor: str) -> str:
    """Return the name of a batch: its debtor, priority and index."""
    return f"{debtor}:{header.priority}:{header.index}"


def _code(currency: object) -> str:
    return Currency(currency).value
