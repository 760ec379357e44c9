"""The cases of the clearing house: a ring, a gridlock, a silent operator, and a stop inside a closed cycle."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from pysettle.domain.settlement.clearing import LEAST_OPEN_S, LONGEST_CLOSED_S, OPERATOR_ALONE_S
from pysettle.money import Currency
from pysettle.scenarios.case import Expectation
from pysettle.scenarios.clearing import MILLION, MINUTE_S, START, Clearing, Owed
from pysettle.values import HOUR_S, Units

_OPENED = START + 9 * HOUR_S
"""Time of the first obligation."""


class Ring(Clearing):
    """Five banks owe each other in a circle, and nobody has money."""

    title = "A ring of obligations settles without money"
    banks = 5
    _TRANCHES = 4

    def run(self) -> None:
        """Queue equal tranches around the ring; try one gross; settle all of them in a cycle."""
        tranche = Units(Random(self.seed).randint(3, 9) * MILLION)  # noqa: S311 - reproducible, no secret
        banks = self.borders.banks
        self.queue(
            Owed(_OPENED + MINUTE_S * place, bank, banks[(place + 1) % len(banks)], tranche)
            for place, bank in enumerate(banks)
            for _ in range(self._TRANCHES)
        )
        self.try_gross(self.owed[0])
        self.borders.wait_until(_OPENED + 10 * MINUTE_S)
        self.close()
        self.settle()
        self.end()

    def expectations(self) -> Iterator[Expectation]:
        """Yield that all settle, and nothing moves."""
        (proposal,) = self.proposals
        count = self._TRANCHES * self.banks
        actual = f"{proposal.count} settled, {proposal.moved} units moved"
        yield Expectation.equal("obligations", f"{count} settled, 0 units moved", actual)
        errors = ", ".join(it.error for it in self.borders.refusals)
        yield Expectation.equal("gross", "PositionExceeded", errors)
        yield Expectation.equal("cycle 1", "settled", ", ".join(self.ended))


class Gridlock(Clearing):
    """Six banks: each first payment is above what its bank has, so that gross settlement moves nothing."""

    title = "A gridlock that gross settlement cannot move"
    banks = 6
    _RESERVED = Units(8 * MILLION)
    _EACH = (30, 20, 15, 10)
    """Million yuan that a bank owes to each of the next four, and up to a tenth more."""

    def run(self) -> None:
        """Queue the obligations; try the first of each bank gross; settle all of them in a cycle."""
        random, banks = Random(self.seed), self.borders.banks  # noqa: S311 - reproducible, no secret
        self.fund(self._RESERVED)
        owed = [
            Owed(
                _OPENED + MINUTE_S * (2 * step + random.randrange(2)),
                bank,
                banks[(place + step + 1) % len(banks)],
                Units(millions * random.randint(100, 110) * MILLION // 100),
            )
            for step, millions in enumerate(self._EACH)
            for place, bank in enumerate(banks)
        ]
        self.queue(owed)
        for it in owed[: len(banks)]:
            self.try_gross(it)
        self.reserve()
        self.borders.wait_until(_OPENED + 10 * MINUTE_S)
        self.close()
        self.settle()
        self.end()

    def expectations(self) -> Iterator[Expectation]:
        """Yield that gross settles nothing, and the cycle everything by a small part of the value."""
        (proposal,) = self.proposals
        refused = sum(it.error == "PositionExceeded" for it in self.borders.refusals)
        yield Expectation.equal("gross", "6 of 6 refused", f"{refused} of 6 refused")
        actual = f"{proposal.count} settled, {proposal.left} left"
        yield Expectation.equal("obligations", "24 settled, 0 left", actual)
        is_small = proposal.moved * 10 < proposal.value
        moved = f"{Currency.CNY.text(proposal.moved)} of {Currency.CNY.text(proposal.value)}"
        yield Expectation("moved", "less than a tenth", moved, is_small)


class Outage(Clearing):
    """The operator is silent: banks close, settle and end the cycle after its waiting times."""

    title = "A cycle whose operator is silent"
    banks = 3

    def run(self) -> None:
        """Have a bank do all of it: too early first, then in time; a late obligation waits for the next cycle."""
        random, borders = Random(self.seed), self.borders  # noqa: S311 - reproducible, no secret
        banks, (first, second, third), bank = borders.banks, borders.banks, borders.banks[1].key
        amount = Units(random.randint(10, 90) * MILLION)
        self.fund(Units(MILLION))
        self.reserve()
        self.queue(
            Owed(_OPENED, debtor, creditor, amount)
            for debtor, creditor in zip(banks, (second, third, first), strict=True)
        )
        # The cycle opened long before: its operator could have closed it since then, and anybody else as well.
        self.close(bank)
        closed = self.house.cycle(self.currency).since
        proposal = self.propose()
        self.refuse(f"{second.name} settles at once", self.step(proposal, bank))
        self.queue([Owed(closed + MINUTE_S, first, second, Units(MILLION))])
        borders.wait_until(closed + OPERATOR_ALONE_S)
        self.settle(bank)
        self.refuse(f"{second.name} ends it", self.house.end_cycle(bank, self.currency))
        borders.wait_until(closed + LONGEST_CLOSED_S)
        self.end(bank)
        opened = self.house.cycle(self.currency).since
        # The operator is back.
        self.refuse("the operator closes at once", self.house.close_cycle(self.operator, self.currency))
        borders.wait_until(opened + LEAST_OPEN_S)
        self.close()
        self.settle()
        self.end()

    def expectations(self) -> Iterator[Expectation]:
        """Yield that nothing waits longer than the rules say, and the late obligation for the second cycle alone."""
        counts = ", ".join(f"{it.count} settled and {it.late} late" for it in self.proposals)
        yield Expectation.equal("obligations by cycle", "3 settled and 1 late, 1 settled and 0 late", counts)
        errors = ", ".join(it.error for it in self.borders.refusals)
        yield Expectation.equal("too early", ", ".join(["CycleTooEarly"] * 3), errors)
        yield Expectation.equal("cycles", "settled, settled", ", ".join(self.ended))


class StopInCycle(Clearing):
    """A bank is stopped between the closing of a cycle and its settlement."""

    title = "A stop between closing and settlement"
    banks = 4

    def run(self) -> None:
        """Close; stop a bank; have its set refused, settle that of the others; lift the stop; settle the rest."""
        random, borders = Random(self.seed), self.borders  # noqa: S311 - reproducible, no secret
        banks, stopped = borders.banks, borders.banks[2]
        amount = Units(random.randint(5, 50) * MILLION)
        self.fund(amount)
        self.reserve()
        self.queue(
            Owed(_OPENED + MINUTE_S * place, debtor, creditor, amount)
            for place, debtor in enumerate(banks)
            for creditor in banks
            if creditor != debtor
        )
        borders.wait_until(_OPENED + 10 * MINUTE_S)
        self.close()
        whole = self.propose()
        borders.set_stop(stopped, Currency.CNY, stopped=True)
        self.refuse("the set with the stopped bank", self.step(whole))
        self.settle()
        self.end()
        self.kept = self.reserved(stopped)
        borders.set_stop(stopped, Currency.CNY, stopped=False)
        borders.wait_until(self.house.cycle(self.currency).since + LEAST_OPEN_S)
        self.close()
        self.settle()
        self.end()

    def expectations(self) -> Iterator[Expectation]:
        """Yield that the other banks settle in time, and that the stopped one keeps what it reserved."""
        counts = ", ".join(f"{it.count} settled and {it.left} left" for it in self.proposals)
        yield Expectation.equal("obligations by cycle", "6 settled and 6 left, 6 settled and 0 left", counts)
        errors = ", ".join(it.error for it in self.borders.refusals)
        yield Expectation.equal("the set with the stopped bank", "ParticipantStopped", errors)
        text = Currency.CNY.text
        each = Units(self.issued // self.banks)
        yield Expectation.equal("reserved by the stopped bank", text(each), text(self.kept))
