"""Random histories of corridors against their specification: equal after every step, holidays included."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from pysettle.domain.settlement.calendars import CLOSED, Hours, Week, words_of
from pysettle.domain.settlement.corridors import CorridorTerms, TravelPayload, corridor_id
from pysettle.errors import ContractReverted
from pysettle.money import Currency
from pysettle.values import DAY_S, Address, Seconds, Units
from tests.chance import SEED, chance, rounds
from tests.contracts.banks import AGENT, BEIJING, FUNDS, HONGKONG, JURISDICTIONS, Banks
from tests.contracts.effects import at, restored
from tests.contracts.ways import NOTHING, TERMS, Counting, counting_of, leg_words, ways_of
from tests.contracts.world import YUAN
from tests.spec.core.calls import Call, Refusal
from tests.spec.settlement.corridors import CorridorsSpec, Times
from tests.spec.settlement.records import Member
from tests.stateful import logs

STEPS = 120
NAMES = (BEIJING, HONGKONG, AGENT)
CENTRAL = {"agree", "close", "set_week", "set_days"}
COUNTING = {*CENTRAL, "admit", "release", "sign_payload"}
CLEARING = {*CENTRAL, "clear_out"}


class Run:
    """Corridors of a seed, on the chain and as specified."""

    def __init__(self, ways: Counting, seed: int) -> None:
        """Begin with the corridor of e-CNY open, and three banks."""
        self.ways, self.banks, self.world = ways, ways.banks, ways.banks.world
        self.random = chance(seed)
        self.tokens = {it: self.banks.token(it).address for it in (Currency.CNY, Currency.HKD)}
        central = {place: self.world.address(ways.bank(it)) for it, place in self.tokens.items()}
        ends = (*range(3), 156, 344, 1_000)
        ids = {(a, b, it): corridor_id(a, b, it) for a in ends for b in ends for it in self.tokens.values()}
        members = self._members()
        layer = self.banks.liquidity.address
        # The stub takes everybody for a contract that moves positions.
        movers = [self.world.address("relayer")]
        homes = {it.jurisdiction: place for it, place in self.tokens.items()}
        self.spec = CorridorsSpec(ways.corridors.address, layer, central, homes, members, ids, movers)
        way = self.spec.ways[ways.way().id]
        way.terms, way.counter, way.revision, way.is_open = TERMS, ways.way().counter_currency, 1, True
        for place, account in members:
            available = self.banks.liquidity.position(place, account).available
            self.spec.available[place, account] = available
        self.admitted: list[tuple[Any, bytes, int]] = []
        self.statements: list[TravelPayload] = []

    def _members(self) -> dict[tuple[Address, Address], Member]:
        agent, found = self.world.address(AGENT), {}
        self.world.send(self.banks.admit(AGENT))
        for currency, place in self.tokens.items():
            for number, name in enumerate(NAMES, 1):
                if (currency, name) != (Currency.HKD, AGENT):
                    found[place, self.world.address(name)] = Member(number, JURISDICTIONS[name], agent)
        return found

    def do(self, entry: str) -> bool:
        """Do the same on both; return whether it was not refused."""
        random, world, it = self.random, self.world, self.ways.corridors
        currency = random.choice((Currency.CNY, Currency.CNY, Currency.HKD))
        place, by = self.tokens[currency], self.ways.bank(currency)
        by = by if random.random() < 0.9 else random.choice((BEIJING, self.ways.bank(Currency.CNY)))
        specified: Callable[[CorridorsSpec, Call], object]
        if entry in ("agree", "close"):
            way, terms = self.ways.way(random.choice((Currency.CNY, Currency.CNY, Currency.HKD))), self._terms()
            # Mostly a central bank agrees to what the other one proposed: all else needs an open corridor.
            if entry == "agree" and random.random() < 0.8:
                for other, consent in self.spec.ways[way.id].consents.items():
                    terms = consent[2]
                    (currency,) = (it for it, token in self.tokens.items() if token != other)
                    place, by = self.tokens[currency], self.ways.bank(currency)
            way = way if random.random() < 0.9 else replace(way, creditor_jurisdiction=random.choice((156, 344, 1_000)))
            if entry == "close":
                step = it.close(world[by], way, place)
                specified = lambda spec, call: spec.close(call, way, place)  # noqa: E731  # one of seven, with its step
            else:
                step = it.agree(world[by], way, terms, place)
                specified = lambda spec, call: spec.agree(call, way, terms, place)  # noqa: E731  # as above
        elif entry == "set_week":
            week, times = self._week()
            step = it.set_week(world[by], place, week)
            word = week.word() if week else 0
            specified = lambda spec, call: spec.set_week(call, place, word, times)  # noqa: E731  # as above
        elif entry == "set_days":
            today = world.now // DAY_S
            words = words_of(today + random.randrange(-3, 20) for _ in range(6))
            number = random.choice([*words])
            step = it.set_days(world[by], place, number, words[number])
            specified = lambda spec, call: spec.set_days(call, place, number, words[number])  # noqa: E731  # as above
        elif entry == "clear_out":
            name = random.choice((HONGKONG, HONGKONG, BEIJING, "stranger"))
            by, account = "stranger", world.address(name)
            step = self.ways.clear_out(account)
            token = self.tokens[Currency.CNY]
            specified = lambda spec, call: spec.clear_out(call, 156, 344, token, account)  # noqa: E731  # as above
        else:
            return self._cross(entry)
        return self.both(step, by, specified)

    def _cross(self, entry: str) -> bool:
        """Admit, release or sign on both."""
        random, world, it = self.random, self.world, self.ways.corridors
        by = "relayer"
        step: Any
        if entry == "sign_payload":
            statement = self.ways.statement(random.choice((30 * YUAN, 35 * YUAN)))
            if self.statements and random.random() < 0.2:
                statement = random.choice(self.statements)
            names = (BEIJING, HONGKONG) if random.random() < 0.8 else (HONGKONG, BEIJING)
            digest, signers = statement.digest(it.domain), [world.address(name) for name in names]
            step = self.ways.sign(statement, *names)
            done = self.both(step, "stranger", lambda spec, call: spec.sign_payload(call, statement, digest, signers))
            self.statements += [statement] * done
            return done
        if entry == "release" and self.admitted:
            legs, payload, admitted_at = self.admitted.pop(random.randrange(len(self.admitted)))
            step = it._transaction(
                world[by], 4_000_000, "release", leg_words(*legs), self.ways.crossed(*legs), payload, admitted_at
            )
            return self.both(step, by, lambda spec, call: spec.release(call, legs, payload, admitted_at))
        legs, payload = self._legs(), NOTHING
        if self.statements and random.random() < 0.5:
            statement = random.choice(self.statements)
            legs = [(0, statement.currency, statement.debtor, statement.creditor, int(statement.amount))]
            payload = statement.payload
        due = 0 if random.random() < 0.7 else world.now + random.randrange(10 * DAY_S)
        step = it._transaction(world[by], 4_000_000, "admit", leg_words(*legs), self.ways.crossed(*legs), payload, due)
        done = self.both(step, by, lambda spec, call: spec.admit(call, legs, payload, due))
        self.admitted += [(legs, payload, self.ways.sealed_at)] * done
        return done

    def both(self, step: Any, by: str, specified: Callable[[CorridorsSpec, Call], object]) -> bool:
        """Take a step on both, and compare refusal or events."""
        self.spec.events.clear()
        before, found, expected, written = deepcopy(self.spec), None, None, []
        now = self.world.now
        try:
            (receipt,) = self.world.send(step)
            written = logs.found(receipt.logs)
        except ContractReverted as refused:
            found = Refusal.of(refused)
        assert self.ways.sealed_at == now
        try:
            specified(self.spec, Call(self.world.address(by), now))
        except ContractReverted as refused:
            expected = Refusal.of(refused)
            self.spec = before
        assert found == expected, (step, by)
        if expected is None:
            assert [it for it in written if it] == logs.expected(self.spec.events)
        return found is None

    def _terms(self) -> CorridorTerms:
        random = self.random
        if random.random() < 0.6:
            return replace(TERMS, window_limit=Units(50 * YUAN))
        if random.random() < 0.1:
            return replace(TERMS, window_s=Seconds(0))
        return CorridorTerms(
            Units(random.choice((20, 40, 120)) * YUAN),
            Units(random.choice((120, 200)) * YUAN),
            Units(random.choice((0, 30, 1_000)) * YUAN),
            Seconds(random.choice((3_600, DAY_S))),
            Units(random.choice((0, 50, 400)) * YUAN),
        )

    def _week(self) -> tuple[Week | None, Times]:
        random = self.random
        if random.random() < 0.5:
            return None, Times()
        hours = [random.choice(((540, 1_020), (0, 1_440), (600, 720), (0, 0))) for _ in range(7)]
        hours = [(540, 1_020), *hours[1:], random.choice(((540, 600), (0, 0)))]
        offset = random.choice((-600, 0, 480))
        spans = [Hours(*it) if it[1] else CLOSED for it in hours]
        return Week(tuple(spans[:7]), spans[7], offset), Times(hours, offset)

    def _legs(self) -> list[tuple[int, Address, Address, Address, int]]:
        random, world = self.random, self.world
        found = []
        for _ in range(random.choice((1, 1, 2, 3))):
            debtor, creditor = random.sample(NAMES, 2) if random.random() < 0.4 else (BEIJING, HONGKONG)
            amount = random.choice((0, 1, 10 * YUAN, 25 * YUAN, 30 * YUAN, 41 * YUAN))
            kind = int(random.random() < 0.05)
            place = self.tokens[random.choice((Currency.CNY, Currency.CNY, Currency.HKD))]
            found.append((kind, place, world.address(debtor), world.address(creditor), amount))
        return found

    def compare(self) -> None:
        """Assert that chain and specification say the same of each corridor, use and calendar."""
        it = self.ways.corridors
        for identifier, way in self.spec.ways.items():
            standing = it.corridor(identifier)
            counter = way.counter or bytes(20)
            assert (standing.terms, standing.counter_currency) == (way.terms, counter)
            assert (standing.revision, standing.is_open) == (way.revision, way.is_open)
        for identifier, debtor in self.spec.used:
            assert it.used(identifier, debtor)[0] == self.spec.units(identifier, debtor)
        for (place, account), available in self.spec.available.items():
            assert self.banks.liquidity.position(place, account).available == available
        for place in self.tokens.values():
            for time in (self.world.now + self.random.randrange(20 * DAY_S) for _ in range(3)):
                assert it._read("isOpenAt", place, time) == self.spec.times[place].is_open(time)


def play(ways: Counting, seed: int, entries: set[str]) -> set[str]:
    """Take the steps of a seed; return the entries that were accepted at least once."""
    run, done = Run(ways, seed), set()
    for number in range(STEPS):
        entry = sorted(entries)[number % len(entries)]
        # All else needs an open corridor, and a window is filled by many admissions.
        if entry == "close" and run.random.random() < 0.7:
            entry = "agree"
        elif run.random.random() < 0.4:
            entry = "admit" if "admit" in entries else "clear_out"
        if run.random.random() < 0.3:
            at(run.world, run.world.now + run.random.randrange(DAY_S))
        if run.do(entry):
            done.add(entry)
        if number % 10 == 9:
            run.compare()
    run.compare()
    return done


@pytest.mark.apart
@pytest.mark.random
def test_random_crossings(banks: Banks) -> None:
    """Revisions, calendars, admissions, returns and statements; each is accepted at least once."""
    done = set[str]()
    for seed in range(rounds(1, campaign=6)):
        with restored(banks.world):
            done |= play(counting_of(banks), seed, COUNTING)
    assert done == COUNTING or SEED is not None, COUNTING - done


@pytest.mark.apart
@pytest.mark.random
def test_random_clear_outs(banks: Banks) -> None:
    """Revisions, calendars and clear-outs on the corridors of the layer, whose books must agree afterwards."""
    done = set[str]()
    for seed in range(rounds(1, campaign=6)):
        with restored(banks.world):
            ways = ways_of(banks)
            ways.open()
            done |= play(Counting(banks, ways.corridors, ways.payloads), seed, CLEARING)
            assert banks.available(HONGKONG) <= FUNDS // 2
    assert done == CLEARING or SEED is not None, CLEARING - done
