"""The stage of the cases of the clearing house: banks of one country that owe each other e-CNY.

Obligations are queued as they arise, and a cycle nets them. Beside each case stands the liquidity that its obligations
need: gross, if each settles when it arises, and netted in cycles of several lengths.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pysettle.audit.verify import Report
from pysettle.client.settlement.clearing import ClearingHouse
from pysettle.client.settlement.proposals import Proposal, propose
from pysettle.domain.core.signing import Signer
from pysettle.domain.settlement.clearing import BatchItem
from pysettle.domain.settlement.clearing_events import CycleEnded
from pysettle.errors import ContractReverted
from pysettle.errors.states import CycleState
from pysettle.evm.backend import Receipt
from pysettle.evm.transactions import Transaction
from pysettle.money import UNITS_PER_WHOLE, Currency
from pysettle.scenarios.borders import Bank, Borders, Side
from pysettle.scenarios.case import CaseResult, Expectation, Figure, Origin, prove
from pysettle.values import DAY_S, HOUR_S, Units

START = 1_790_553_600
"""2026-09-28T00:00:00Z, a Monday."""
MINUTE_S = 60
MILLION = 1_000_000 * UNITS_PER_WHOLE
"""Units of a million yuan."""
LENGTHS = {"1 minute": MINUTE_S, "10 minutes": 10 * MINUTE_S, "60 minutes": HOUR_S, "a day": DAY_S}
"""Length of a cycle in words -> seconds."""


@dataclass(frozen=True, slots=True)
class Owed:
    """An obligation as it arises."""

    at: int
    """Unix second at which it arises."""
    debtor: Bank
    """Bank that owes."""
    creditor: Bank
    """Bank that is owed."""
    amount: Units
    """Units of its currency."""


class Clearing:
    """A case of the clearing house, at its chain time."""

    title = ""
    """Title of the case."""
    banks = 0
    """Number of its banks."""

    def __init__(self, seed: int) -> None:
        """Deploy the network, admit the banks, and have the central bank appoint the relayer as the operator."""
        self.seed = seed
        borders = self.borders = Borders(seed, START, {Currency.CNY: self.banks})
        self.currency = borders.token(Currency.CNY)
        borders.admit((bank, Currency.CNY) for bank in borders.banks)
        self.house, self.operator = ClearingHouse.of(borders.network), borders.relayer
        central_bank = borders.roles[Currency.CNY].central_bank
        self._send(self.house.set_operator(central_bank, self.currency, self.operator.address))
        self.numbers = {bank: borders.registry.participant(self.currency, bank.address).index for bank in borders.banks}
        self.issued, self.owed = 0, list[Owed]()
        self.proposals: list[Proposal] = []
        self.ended: list[str] = []

    # Preparation

    def fund(self, units: Units) -> None:
        """Issue e-CNY to each bank, which pays it into its position."""
        self.borders.fund(dict.fromkeys(self.borders.banks, units))
        self.issued = units * self.banks

    def reserve(self) -> None:
        """Have each bank reserve all that it has for clearing."""
        borders, units = self.borders, Units(self.issued // self.banks)
        self._send(*(borders.positions.reserve(it.key, self.currency, units) for it in borders.banks))

    def queue(self, owed: Iterable[Owed]) -> None:
        """Have banks queue obligations as they arise, those of a bank and a moment in one batch."""
        batches: defaultdict[tuple[int, Bank], list[Owed]] = defaultdict(list)
        for it in sorted(owed, key=lambda it: it.at):
            batches[it.at, it.debtor].append(it)
            self.owed.append(it)
        for (at, debtor), together in batches.items():
            self.borders.wait_until(at)
            items = [BatchItem(self.numbers[it.creditor], it.amount) for it in together]
            jurisdiction = Currency.CNY.jurisdiction
            self._send(self.house.queue(debtor.key, self.currency, items, jurisdiction=jurisdiction))

    # Cycle

    def try_gross(self, owed: Owed) -> None:
        """Hand in a payment by itself, and record its refusal."""
        side = Side(Currency.CNY, owed.debtor, owed.creditor, owed.amount)
        try:
            self.borders.submit(self.borders.instruction([side]))
        except ContractReverted as refusal:
            self.borders.refused(f"gross: {side.text()}", refusal)

    def close(self, by: Signer | None = None) -> None:
        """Close the cycle."""
        self._send(self.house.close_cycle(by or self.operator, self.currency))

    def propose(self) -> Proposal:
        """Compute the set that settles as the chain stands."""
        return propose(self.borders.network, self.currency)

    def settle(self, by: Signer | None = None) -> Proposal:
        """Compute the set that settles, and have the contract settle it."""
        proposal = self.propose()
        self._send(self.step(proposal, by))
        self.proposals.append(proposal)
        return proposal

    def end(self, by: Signer | None = None) -> None:
        """End the cycle, and record in which state."""
        (receipt,) = self._send(self.house.end_cycle(by or self.operator, self.currency))
        self.ended += [CycleState(event.state).word for event in self.house.said(receipt, CycleEnded)]

    def refuse(self, words: str, *steps: Transaction) -> None:
        """Try a step that the contract refuses, and record the refusal."""
        try:
            self._send(*steps)
        except ContractReverted as refusal:
            self.borders.refused(words, refusal)

    def step(self, proposal: Proposal, by: Signer | None = None) -> Transaction:
        """Return the settlement of a set."""
        caller = by or self.operator
        return self.house.settle_cycle(caller, self.currency, proposal.participants, proposal.batches)

    def _send(self, *steps: Transaction) -> Sequence[Receipt]:
        return self.borders.network.send(*steps)

    # Figures

    def reserved(self, bank: Bank) -> Units:
        """Return the reserved units of a bank, as the contract has them."""
        return self.borders.positions.position(self.currency, bank.address).reserved

    def result(self, out: Path | None) -> CaseResult:
        """Export and verify the bundle, and return the figures."""
        borders = self.borders
        report = prove(borders.chain, borders.network, borders.labels(), out)
        return CaseResult(
            title=self.title,
            seed=self.seed,
            steps=(),
            figures=tuple(self._figures()),
            settled=(),
            refusals=tuple(borders.refusals),
            expectations=(*self.expectations(), *self._always(report)),
            report=report,
            bundle=out,
        )

    def expectations(self) -> Iterator[Expectation]:
        """Yield the figures that the run has to have, those of every run apart."""
        raise NotImplementedError

    def _figures(self) -> Iterator[Figure]:
        gross = sum(it.amount for it in self.owed)
        settled, moved = (sum(getattr(it, name) for it in self.proposals) for name in ("value", "moved"))
        yield Figure.of_count("obligations queued", Origin.DRAWN, len(self.owed))
        for name, origin, units in (
            ("their value", Origin.DRAWN, gross),
            ("reserved by all banks", Origin.COMPUTED, self.issued),
            ("settled by cycles", Origin.COMPUTED, settled),
            ("moved for it", Origin.COMPUTED, moved),
            ("liquidity needed gross", Origin.COMPUTED, liquidity_needed(self.owed, 0)),
        ):
            yield Figure.of_money(name, origin, units, "CNY")
        for words, seconds in LENGTHS.items():
            needed = liquidity_needed(self.owed, seconds)
            yield Figure.of_money(f"needed by cycles of {words}", Origin.COMPUTED, needed, "CNY")

    def _always(self, report: Report) -> Iterator[Expectation]:
        """Yield the expectations of every run: nothing is created, and our own count of the nets is the contract's."""
        text = Currency.CNY.text
        supply = self.borders.network.currency.total_supply()
        held = {bank: self.reserved(bank) for bank in self.borders.banks}
        counted = Counter({bank.address: self.issued // self.banks for bank in held})
        for proposal in self.proposals:
            counted.update(proposal.nets)
        differing = sum(units != counted[bank.address] for bank, units in held.items())
        yield Expectation.equal(
            "CNY conserved",
            f"{text(Units(self.issued))} in supply and reserved, 0 banks differ",
            f"{text(supply)} in supply and reserved, {differing} banks differ"
            if sum(held.values()) == supply
            else f"{text(supply)} in supply, {text(Units(sum(held.values())))} reserved",
        )
        yield Expectation.of_audit(report)


def liquidity_needed(owed: Sequence[Owed], cycle_s: int) -> int:
    """Return the units that all banks together need, so that no obligation waits longer than for its cycle.

    Args:
        owed: Obligations in the order in which they arise.
        cycle_s: Length of a cycle, in seconds; zero if each obligation settles by itself.
    """
    held: Counter[Bank] = Counter()
    lowest: Counter[Bank] = Counter()
    groups: defaultdict[int, list[Owed]] = defaultdict(list)
    for place, it in enumerate(owed):
        groups[it.at // cycle_s if cycle_s else place].append(it)
    for together in groups.values():
        for it in together:
            held[it.debtor] -= it.amount
            held[it.creditor] += it.amount
        for bank, units in held.items():
            lowest[bank] = min(lowest[bank], units)
    return -sum(lowest.values())
