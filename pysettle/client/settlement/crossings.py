"""The missing conditions of legs that cross a border: corridor, limits, hours, and the payload of the Travel Rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pysettle.client.settlement.corridors import Corridors
from pysettle.client.settlement.registry import ParticipantRegistry
from pysettle.domain.settlement.corridors import TravelPayload, corridor_id
from pysettle.domain.settlement.messages import Instruction, Leg, LegKind
from pysettle.errors.states import PayloadState
from pysettle.values import Address, Currency, Units, time_text

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork


def of_crossings(
    network: SettlementNetwork, instruction: Instruction, name: Callable[[Address], str]
) -> Iterator[tuple[int, str]]:
    """Yield the number of a leg, and a condition of its corridor that is missing now.

    Args:
        network: The network.
        instruction: The instruction.
        name: Writes an account.
    """
    corridors, registry = Corridors.of(network), ParticipantRegistry.of(network)
    currencies = {system.token.address: currency for currency, system in network.currencies.items()}
    counted: dict[tuple[bytes, Address], int] = {}
    for number, leg in enumerate(instruction.legs):
        if leg.kind is LegKind.TOKEN or leg.asset not in currencies:
            continue
        ends = [registry.participant(leg.asset, party).jurisdiction for party in (leg.debtor, leg.creditor)]
        # A party that was not admitted is missing already.
        if ends[0] == ends[1] or 0 in ends:
            continue
        currency, identifier = currencies[leg.asset], corridor_id(ends[0], ends[1], leg.asset)
        if corridors.corridor(identifier).word != "open":
            yield number, f"the corridor {ends[0]:03} to {ends[1]:03} in {currency.value} is not open"
            continue
        counted[identifier, leg.debtor] = counted.get((identifier, leg.debtor), 0) + leg.amount
        needed = counted[identifier, leg.debtor]
        for words in _of_terms(corridors, identifier, instruction, leg, needed, currency, name):
            yield number, words


def _of_terms(
    corridors: Corridors,
    identifier: bytes,
    instruction: Instruction,
    leg: Leg,
    needed: int,
    currency: Currency,
    name: Callable[[Address], str],
) -> Iterator[str]:
    """Yield the missing conditions of a leg by the terms of its corridor; `needed` includes earlier legs."""
    terms, now = corridors.corridor(identifier).terms, corridors.chain.clock.now()
    calendar = corridors.calendar(leg.asset)
    if leg.amount > terms.settlement_limit:
        yield f"one leg has at most {currency.text(terms.settlement_limit)} in this corridor"
    units, since = corridors.used(identifier, leg.debtor)
    used = units if since >= now - calendar.local_s(now) % terms.window_s else 0
    left = max(0, terms.window_limit - used)
    if needed > left:
        words = f"{currency.text(left)} left in this window, and {currency.text(needed)} are needed"
        yield f"{name(leg.debtor)} has {words}"
    if leg.amount >= terms.travel_threshold:
        statement = TravelPayload(leg.debtor, leg.creditor, leg.asset, Units(leg.amount), instruction.customers)
        if (state := corridors.payload_state(statement)) is not PayloadState.SIGNED:
            yield f"the payload of the Travel Rule is {state.word}: both institutions sign it first"
    if instruction.value_time <= now and not calendar.is_open(now):
        opening = time_text(corridors.next_opening([leg.asset], now))
        yield f"{currency.value} is closed until {opening}"
