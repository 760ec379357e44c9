"""The cycles of the clearing house, from the manual `contracts/settlement/IClearingHouse.sol`."""

from __future__ import annotations

from collections.abc import Mapping

from eth_typing import Address

from pysettle.domain.settlement.clearing_events import ClearingOperatorSet, CycleClosed, CycleEnded
from pysettle.errors import contracts as errors
from pysettle.errors.states import CycleState
from tests.spec.core.calls import Call, refuse
from tests.spec.money.records import Role
from tests.spec.settlement.corridors import CorridorsSpec
from tests.spec.settlement.liquidity import LiquiditySpec
from tests.spec.settlement.records import Cycle
from tests.spec.settlement.trial import TrialSpec

LEAST_OPEN, ALONE = 300, 900
"""Seconds for which units are released before each closing, and for which the operator is alone."""


class CyclesSpec(TrialSpec):
    """The cycles of every currency of a layer."""

    def __init__(self, address: Address, layers: Mapping[Address, LiquiditySpec], corridors: CorridorsSpec) -> None:
        """Begin without cycles.

        Args:
            address: Address of the contract.
            layers: Currency -> the positions in it, and its cycle; all write into one list of events.
            corridors: The corridors, which write into the same list.
        """
        super().__init__(address, corridors.events)
        self.layers, self.corridors = layers, corridors

    # Central bank

    def set_operator(self, call: Call, currency: Address, operator: Address) -> None:
        """Appoint the operator."""
        layer = self.layers[currency]
        layer.registry.require_power(call, currency, Role.CENTRAL_BANK)
        if layer.cycle.state is CycleState.NONE:
            _open(call, layer.cycle)
        layer.cycle.operator = operator
        self._emit(ClearingOperatorSet(currency, operator))

    # Operator, and anyone after it

    def close_cycle(self, call: Call, currency: Address) -> None:
        """Close the open cycle."""
        cycle = self._in_state(currency, CycleState.OPEN)
        self._require_time(call, currency, LEAST_OPEN if call.sender == cycle.operator else ALONE)
        cycle.state, cycle.since = CycleState.CLOSED, call.now
        self._emit(CycleClosed(currency, cycle.number, call.sender))

    def end_cycle(self, call: Call, currency: Address) -> None:
        """End the closed cycle."""
        cycle = self._in_state(currency, CycleState.CLOSED)
        if call.sender != cycle.operator:
            self._require_time(call, currency, cycle.latest - cycle.since)
        ended, state = cycle.number, CycleState.SETTLED if cycle.sets else CycleState.UNWOUND
        _open(call, cycle)
        self._emit(CycleEnded(currency, ended, state, call.sender))

    def _start_set(self, call: Call, currency: Address) -> int:
        """Count a set that the caller may settle now; return the last cycle whose batches are due."""
        cycle = self._running(currency)
        if cycle.state is CycleState.OPEN:
            return cycle.due
        if call.now >= cycle.latest:
            times = {"cycle": cycle.number, "expired": cycle.latest, "timestamp": call.now}
            refuse(errors.CycleExpired, currency=currency, **times)
        if call.sender != cycle.operator:
            self._require_time(call, currency, ALONE)
        cycle.sets += 1
        return cycle.due

    # Requirements

    def _running(self, currency: Address) -> Cycle:
        cycle = self.layers[currency].cycle
        if cycle.state is CycleState.NONE:
            refuse(errors.CyclesMissing, currency=currency)
        return cycle

    def _in_state(self, currency: Address, state: CycleState) -> Cycle:
        cycle = self._running(currency)
        if cycle.state is not state:
            refuse(errors.CycleStateInvalid, currency=currency, cycle=cycle.number, state=cycle.state)
        return cycle

    def _require_time(self, call: Call, currency: Address, wait: int) -> None:
        cycle = self.layers[currency].cycle
        earliest = cycle.since + wait
        if call.now < earliest:
            times = {"cycle": cycle.number, "earliest": earliest, "timestamp": call.now}
            refuse(errors.CycleTooEarly, currency=currency, **times)


def _open(call: Call, cycle: Cycle) -> None:
    """Open the next cycle."""
    cycle.number, cycle.state, cycle.since, cycle.sets = cycle.number + 1, CycleState.OPEN, call.now, 0
