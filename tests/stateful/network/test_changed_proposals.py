"""Proposals to the clearing house that somebody changed, or made at another time: refused as specified.

The clearing house and its specification are asked: nothing of all this settles but the proposal itself, at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy

import pytest

from pysettle.domain.settlement.calendars import CLOSED, Hours, Week
from pysettle.domain.settlement.clearing import BatchItem, half_id, pair_id
from pysettle.values import Units
from tests.chance import SEED, chance, rounds
from tests.spec.core.calls import Call, Contract, Refusal
from tests.spec.core.records import NOTHING
from tests.spec.settlement.corridors import Times
from tests.spec.settlement.proposals import Proposal, proposal
from tests.stateful.network.clearing_changes import changed_proposal
from tests.stateful.network.clearing_draws import OPERATOR
from tests.stateful.network.comparison import NetworkComparison
from tests.stateful.network.layer_draws import HERE, THERE, YUAN
from tests.stateful.operations import Operation

FIRST, ABROAD, AGENT = "operator", "other provider", "provider"
"""Banks, in the order of their numbers; only the second one is abroad."""
EXPECTED = {
    *("BatchNotFound", "BatchOutOfOrder", "BatchNotDue", "BatchPassedOver", "ItemOutOfOrder", "ItemsNotQueued"),
    *("ParticipantNotListed", "ParticipantsInvalid", "ParticipantStopped", "ParticipantSuspended", "PairIncomplete"),
    *("ReservedExceeded", "ItemOutsideCorridor", "CurrencyClosed", "CycleTooEarly", "LiquidityPaused"),
}
"""Errors of which the changed proposals of a campaign provoke each."""
SHUT = Week((CLOSED,) * 6 + (Hours(0, 1),), CLOSED, 8 * 60)


class Clearing:
    """A network whose closed cycles of two currencies have obligations of three banks."""

    def __init__(self) -> None:
        """Queue obligations and pairs, close both cycles, and queue something late."""
        self.comparison = NetworkComparison(6)
        spec, at = self.comparison.spec, self.comparison.stage.addresses
        assert spec.layer is not None
        self.house, self.at = spec.layer.clearing, at
        self.cny, self.hkd = spec.layer.currencies
        self.queue(FIRST, HERE, (3, 50), (3, 20), (3, 15))
        self.queue(FIRST, THERE, (2, 10), (2, 2))
        self.queue(FIRST, HERE, (3, 4), priority=1)
        self.queue(ABROAD, HERE, (1, 5), (3, 5))
        self.queue(AGENT, HERE, (1, 60), (1, 5))
        self.queue(AGENT, THERE, (2, 1), priority=2)
        self.queue(AGENT, HERE, (1, 900), priority=3)
        paid, owed = [(2, 10), (2, 20)], [(1, 11), (1, 22)]
        pair = pair_id(half_id(self.cny, 1, _items(paid)), half_id(self.hkd, 2, _items(owed)))
        self.queue(FIRST, THERE, *paid, pair=pair)
        self.queue(ABROAD, HERE, *owed, pair=pair, currency=self.hkd)
        self.queue(ABROAD, HERE, (1, 7), currency=self.hkd)
        for currency in (self.cny, self.hkd):
            self.do("clearing", "closeCycle", OPERATOR, currency, after=300)
        self.queue(FIRST, HERE, (3, 1))

    def queue(
        self,
        debtor: str,
        to: int,
        *owed: tuple[int, int],
        priority: int = 0,
        pair: bytes = NOTHING,
        currency: bytes | None = None,
    ) -> None:
        """Queue a batch."""
        items = tuple(_items(owed))
        self.do("clearing", "queue", debtor, currency or self.cny, priority, to, NOTHING, items, pair)

    def do(self, contract: str, entry: str, by: str, *arguments: object, after: int = 0) -> None:
        """Do something that is not refused."""
        self.comparison.do(self.operation(contract, entry, by, *arguments, after=after))
        assert not self.comparison.refused

    def operation(self, contract: str, entry: str, by: str, *arguments: object, after: int = 0) -> Operation:
        """Return an operation of now, or of some seconds later."""
        now = self.comparison.stage.chain.clock.now() + after
        return Operation(entry, self.at[by], now, arguments, contract=contract)

    def judged(self, proposed: Proposal, by: str) -> Refusal | None:
        """Ask both whether they would settle a proposal now; return the refusal, which is the same on both."""
        operation = self.operation("clearing", "settleCycle", by, *proposed)
        found = self.comparison.network_stage.refusal(operation)
        call = Call(operation.sender, operation.now)
        expected = Contract.perform(deepcopy(self.house), "settle_cycle", call, *proposed).refusal
        assert found == expected, (str(found), str(expected), proposed)
        return found

    def stops(self, name: str, *, suspended: bool = False, stopped: bool = False) -> None:
        """Set the stops of a bank."""
        account, ground = self.at[name], b"\5" * 32
        self.do("registry", "setStops", "freezer", self.cny, account, suspended, stopped, ground)

    def freeze(self, name: str, *directions: bool) -> None:
        """Freeze the position of a bank outgoing and incoming, or not."""
        self.do("liquidity", "freeze", "freezer", self.cny, self.at[name], *directions)

    def move_agent(self, jurisdiction: int) -> None:
        """Register the agent in a country."""
        generator = self.comparison.network_generator
        registered = generator._admitted(self.cny, self.at[AGENT], jurisdiction, self.at["registrar"])
        self.do("registry", "admit", "registrar", *registered.arguments)

    def week(self, week: Week | None) -> None:
        """Set the opening hours of yuan."""
        times = Times([(it.opens, it.closes) for it in (*week.days, week.worked)], 8 * 60) if week else Times()
        self.do("corridors", "setWeek", "central bank", self.cny, week.word() if week else 0, times)


def _items(owed: Sequence[tuple[int, int]]) -> list[BatchItem]:
    return [BatchItem(creditor, Units(yuan * YUAN)) for creditor, yuan in owed]


def _states(clearing: Clearing) -> Iterator[tuple[str, bool]]:
    """Yield who proposes, and whether the proposal itself is refused, in each state that keeps it from settling."""
    for name in (FIRST, ABROAD, AGENT):
        clearing.stops(name, stopped=True)
        yield OPERATOR, True
        clearing.stops(name)
    clearing.stops(AGENT, suspended=True)
    yield OPERATOR, True
    clearing.stops(AGENT)
    for directions in ((True, False), (False, True)):
        clearing.freeze(AGENT, *directions)
        yield OPERATOR, True
        clearing.freeze(AGENT, False, False)
    clearing.move_agent(THERE)
    yield OPERATOR, True
    clearing.move_agent(HERE)
    clearing.week(SHUT)
    yield OPERATOR, True
    clearing.week(None)
    clearing.do("liquidity", "pause", "pauser", clearing.cny)
    yield OPERATOR, True
    clearing.do("liquidity", "unpause", "pauser", clearing.cny)
    yield "relayer", True
    for _ in range(10):
        yield OPERATOR, False


@pytest.mark.random
def test_changed_proposals() -> None:
    """A proposal that somebody changes, or at another time, is refused by name with values; nothing changes."""
    clearing, random = Clearing(), chance(6)
    whole = proposal(clearing.house, (clearing.cny, clearing.hkd))
    assert len(whole[0]) == 2
    assert len(whole[1]) == 1
    refusals = set[str]()
    for by, is_refused in _states(clearing):
        refused = 0
        if is_refused:
            error = clearing.judged(whole, by)
            assert error is not None
            refusals.add(error.error)
            refused = 1
        while refused < rounds(2, campaign=50):
            error = clearing.judged(changed_proposal(random, clearing.house, whole, clearing.cny), by)
            refused += error is not None
            refusals |= {error.error} if error else set()
    clearing.comparison.compare_proposals()
    clearing.do("clearing", "settleCycle", OPERATOR, *whole)
    clearing.comparison.compare_everything()
    if SEED is not None:
        assert refusals >= EXPECTED, EXPECTED - refusals
