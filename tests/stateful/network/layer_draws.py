"""Draws for settlement across borders: positions, stops, corridors, holidays and instructions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from eth_typing import Address

from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.settlement.calendars import CLOSED, Hours, Week
from pysettle.domain.settlement.corridors import Corridor, CorridorTerms, TravelPayload, corridors_domain
from pysettle.domain.settlement.identifiers import Identity, check_digits
from pysettle.domain.settlement.messages import Instruction, Leg, LegKind, code_word
from pysettle.errors.states import WaitingState
from pysettle.evm.genesis import SIMULATION_CHAIN_ID
from pysettle.values import Seconds, Units
from tests.spec.core.records import NOTHING
from tests.spec.money.currency import CurrencySpec
from tests.spec.network import NetworkSpec
from tests.spec.settlement.corridors import Times
from tests.spec.settlement.layer import LayerSpec
from tests.spec.settlement.settlement import Approved, approval_of
from tests.stateful.network.draws import NetworkDraws, NothingToDo, Weighted
from tests.stateful.operations import Operation

YUAN, DAY_S = 10**6, 86_400
HERE, THERE = 156, 344
BANKS = {"operator": HERE, "other provider": THERE, "provider": HERE}
"""Institutions, and their jurisdictions. The last one is the settlement agent; the first two have both currencies."""
AGENT = "provider"
FUNDS = 1_000 * YUAN
TERMS = CorridorTerms(Units(40 * YUAN), Units(200 * YUAN), Units(30 * YUAN), Seconds(DAY_S), Units(500 * YUAN))
OFFICE, LONG = Hours(9 * 60, 17 * 60), Hours(0, 24 * 60)
WEEKS = (
    *(None, None, Week((LONG,) * 5 + (CLOSED,) * 2, OFFICE, 8 * 60), Week((OFFICE,) * 7, OFFICE, 0)),
    Week((CLOSED,) * 7, OFFICE, 0),
)
"""None is always open; the last one never is, and nobody may set it."""
OFFICERS = {"freeze": "freezer", "admit": "registrar", "seize": "seizer", "pause": "pauser"}
"""Power -> who has it over the currency of the market; over the other currency the officer has all."""
SEALED = 12
"""Latest instructions that are submitted again, settled or returned."""


class LayerDraws(NetworkDraws):
    """Operations on registry, positions, corridors and instructions."""

    numbers = 1_000
    """Last id of an approval or a quote, or salt, that was drawn."""

    def __init__(self, seed: int, spec: NetworkSpec, addresses: dict[str, Address]) -> None:
        """Draw from a seed, for the specification as it stands at each draw."""
        super().__init__(seed, spec, addresses)
        self._drawn_instructions = list[tuple[Instruction, tuple[int, ...]]]()

    def _of_layer(self) -> Weighted:
        return {
            "submit": (30, self._submit),
            "end": (16, self._end),
            "submitReturn": (6, self._submit_return),
            "withdraw": (2, self._withdraw),
            "setStops": (4, self._set_stops),
            "admit": (2, self._admit),
            "freezePosition": (4, self._freeze_position),
            "copy": (3, self._copy),
            "seizePosition": (2, self._seize_position),
            "pausePositions": (3, self._pause_positions),
            "pay": (7, self._pay_in_or_out),
            "agree": (4, self._agree),
            "calendar": (4, self._calendar),
            "signPayload": (4, self._sign_payload),
            "clearOut": (5, self._clear_out),
            "allow": (3, self._allow),
        }

    @property
    def _layer(self) -> LayerSpec:
        assert self._network.layer is not None
        return self._network.layer

    @property
    def _foreign(self) -> CurrencySpec:
        assert self._network.foreign is not None
        return self._network.foreign

    def _number(self) -> int:
        self.numbers += 1
        return self.numbers

    # Parties

    def _officer(self, power: str, currency: Address) -> Address:
        """Return who has a power over a currency, seldom another."""
        foreign = currency == self._foreign.address
        return self._usually(self._addresses["foreign officer" if foreign else OFFICERS.get(power, power)])

    def _currency(self) -> Address:
        return self._random.choice((self._spec.address, self._foreign.address))

    def _bank(self, currency: Address | None = None) -> Address:
        names = list(BANKS)[: 2 if currency == self._foreign.address else 3]
        return self._addresses[self._random.choice(names)]

    def _position(self) -> tuple[Address, Address]:
        currency = self._currency()
        return currency, self._bank(currency)

    def _measured(self) -> tuple[Address, Address]:
        """Return a position, mostly one that is held: a measure is lifted soon, so that others can follow."""
        held = [
            (currency, account)
            for currency, layer in self._layer.positions.items()
            for account, member in layer.registry.members.items()
            for it in [layer.positions[account]]
            if member.stopped or member.suspended or it.frozen_amount or it.frozen_incoming or it.frozen_outgoing
        ]
        return self._random.choice(held) if held and self._chance(0.8) else self._position()

    # Registry and positions

    def _set_stops(self) -> Operation:
        currency, account = self._measured()
        account = account if self._chance(0.95) else self._somebody()
        ground = NOTHING if self._chance(0.05) else b"\5" * 32
        stops = self._chance(0.15), self._chance(0.15)
        return self._on("registry", "setStops", self._officer("freeze", currency), currency, account, *stops, ground)

    def _admit(self) -> Operation:
        currency, account = self._position()
        jurisdiction = self._random.choice((self._jurisdiction(account), self._jurisdiction(account), 0, 1_000))
        admitted = self._admitted(currency, account, jurisdiction, self._officer("admit", currency))
        if self._chance(0.7):
            return admitted
        place, _, identity, *others = admitted.arguments
        assert isinstance(identity, Identity)
        changes = (
            (place, account, replace(identity, lei=identity.lei[:-2] + "00"), *others),
            (place, account, replace(identity, bic="bkchcnbj"), *others),
            (place, account, identity, HERE, ZERO_ADDRESS),
            (place, self._layer.places.liquidity, identity, *others),
        )
        return replace(admitted, arguments=self._random.choice(changes))

    def _jurisdiction(self, account: Address) -> int:
        return next(it for name, it in BANKS.items() if self._addresses[name] == account)

    def _admitted(self, currency: Address, account: Address, jurisdiction: int, by: Address) -> Operation:
        stem = f"PYSETTLE00000000{account[0] % 90 + 10}"
        identity = Identity(stem + check_digits(stem), "BKCHCNBJ")
        agent = self._addresses[AGENT]
        return self._on("registry", "admit", by, currency, account, identity, jurisdiction, agent)

    def _freeze_position(self) -> Operation:
        currency, account = self._measured()
        by = self._officer("freeze", currency)
        if self._chance(0.5):
            frozen = self._chance(0.15), self._chance(0.15)
            return self._on("liquidity", "freeze", by, currency, account, *frozen)
        amount = self._random.choice((0, 0, 0, FUNDS // 4, self._available(currency, account)))
        return self._on("liquidity", "freezeAmount", by, currency, account, amount)

    def _available(self, currency: Address, account: Address) -> int:
        return self._layer.positions[currency].positions[account].available

    def _copy(self) -> Operation:
        currency, account = self._position()
        if self._chance(0.3):
            return self._on("liquidity", "copyPause", self._somebody(), currency)
        # Mostly an account that is frozen in the currency, and whose position may not be yet.
        frozen = [at for name in BANKS if self._spec.accounts[at := self._addresses[name]].frozen]
        if frozen and self._chance(0.8):
            currency, account = self._spec.address, self._random.choice(frozen)
        return self._on("liquidity", "copyFreeze", self._somebody(), currency, account)

    def _seize_position(self) -> Operation:
        currency, account = self._position()
        amount = min(self._some(self._available(currency, account)) // 10, 2**96 - 1)
        places = (*(self._bank(currency) for _ in range(6)), self._layer.places.liquidity)
        basis = NOTHING if self._chance(0.1) else b"\6" * 32
        by = self._officer("seize", currency)
        return self._on("liquidity", "seize", by, currency, account, self._random.choice(places), amount, basis)

    def _pause_positions(self) -> Operation:
        paused = [currency for currency, it in self._layer.positions.items() if it.paused]
        currency = paused[0] if paused else self._currency()
        entry = "unpause" if paused or self._chance(0.5) else "pause"
        return self._on("liquidity", entry, self._officer("pause", currency), currency)

    def _pay_in_or_out(self) -> Operation:
        currency, account = self._position()
        if self._chance(0.5):
            amount = min(self._part(self._available(currency, account)), 2**96 - 1)
            return self._on("liquidity", "payOut", self._usually(account), currency, amount)
        amount = min(self._part(self._layer.currencies[currency].accounts[account].free), 2**96 - 1)
        return self._on("liquidity", "payIn", self._usually(account), currency, amount)

    # Corridors

    def _ways(self) -> list[Corridor]:
        """Return the corridor of each currency out of its country, and the one of purchases from abroad."""
        pair = self._spec.address, self._foreign.address
        return [Corridor(HERE, THERE, *pair), Corridor(THERE, HERE, *reversed(pair)), Corridor(THERE, HERE, *pair)]

    def _central_bank(self, currency: Address) -> Address:
        foreign = currency == self._foreign.address
        return self._addresses["foreign officer" if foreign else "central bank"]

    def _agree(self) -> Operation:
        way = self._random.choice(self._ways())
        known, currency = self._layer.corridors.ways[way.id], self._currency()
        if known.is_open and self._chance(0.15):
            return self._on("corridors", "close", self._usually(self._central_bank(currency)), way, currency)
        terms = replace(TERMS, window_s=Seconds(self._random.choice((0, 3_600, DAY_S, DAY_S))))
        # Mostly a central bank agrees to what the other one proposed.
        for other, consent in known.consents.items():
            if self._chance(0.9):
                terms = consent[2]
                (currency,) = {way.currency, way.counter_currency} - {other}
        by = self._usually(self._central_bank(currency))
        if self._chance(0.1):
            way = self._random.choice(
                (
                    *(replace(way, creditor_jurisdiction=it) for it in (way.debtor_jurisdiction, 0, 1_000)),
                    replace(way, counter_currency=self._addresses["vault"]),
                    replace(way, counter_currency=self._addresses["depot"]),
                )
            )
        return self._on("corridors", "agree", by, way, terms, currency)

    def _calendar(self) -> Operation:
        currency = self._currency()
        if self._chance(0.4):
            return self._week(currency, self._random.choice(WEEKS))
        by = self._usually(self._central_bank(currency))
        place, bit = divmod(self._now // DAY_S + self._random.randrange(6), 256)
        return self._on("corridors", "setDays", by, currency, place, 1 << bit)

    def _week(self, currency: Address, week: Week | None) -> Operation:
        by = self._usually(self._central_bank(currency))
        hours = [(it.opens, it.closes) for it in (*week.days, week.worked)] if week else []
        times = Times(hours, week.offset_minutes if week else 0)
        return self._on("corridors", "setWeek", by, currency, week.word() if week else 0, times)

    def _sign_payload(self) -> Operation:
        first, second = (self._addresses[name] for name in list(BANKS)[:2])
        statement = TravelPayload(
            first, second, self._spec.address, Units(35 * YUAN), self._number().to_bytes(32, "big")
        )
        signed = list(self._layer.corridors.signed)
        if signed and self._chance(0.15):
            statement = TravelPayload(*self._random.choice(signed))  # type: ignore[arg-type]  # fields of one
        signers = (first, second) if self._chance(0.85) else (second, first)
        digest = statement.digest(corridors_domain(SIMULATION_CHAIN_ID, self._layer.places.corridors))
        return self._on("corridors", "signPayload", self._somebody(), statement, digest, signers)

    def _clear_out(self) -> Operation:
        account = self._addresses[self._random.choice(("other provider", "other provider", *BANKS))]
        ends = (HERE, THERE) if self._chance(0.9) else (THERE, HERE)
        currency = self._spec.address if self._chance(0.8) else self._foreign.address
        times = self._layer.corridors.times[currency]
        if not times.week and self._chance(0.8):
            return self._week(currency, self._random.choice(WEEKS[2:4]))
        if self._chance(0.9):
            hours = range(self._now, self._now + 4 * DAY_S, 3_600)
            self._now = next((time for time in hours if not times.is_open(time)), self._now)
        return self._on("corridors", "clearOut", self._somebody(), *ends, currency, account)

    # Instructions

    def _allow(self) -> Operation:
        """Let the settlement move Tokens or units of a bank by allowance."""
        settlement, bank = self._layer.places.settlement, self._bank()
        name, _ = self._some_series()
        contract = self._random.choice(("currency", name, name))
        return self._on(contract, "approve", bank, settlement, self._random.choice((10**9, 2**256 - 1)))

    def _leg(self, debtor: Address, creditor: Address, amount: int, currency: Address) -> Leg:
        return Leg(LegKind.POSITION, currency, debtor, creditor, amount)

    def _legs(self) -> tuple[Leg, ...]:
        random, market, foreign = self._random, self._spec.address, self._foreign.address
        first, second, agent = (self._addresses[name] for name in BANKS)
        amounts = (1, YUAN, YUAN, 5 * YUAN, 5 * YUAN, 20 * YUAN, 31 * YUAN, 41 * YUAN, FUNDS)
        pays = self._leg(first, second, random.choice(amounts), market)
        exchanged = pays, self._leg(second, first, YUAN, foreign)
        _, series = self._some_series()
        tokens = Leg(LegKind.TOKEN, series.address, second, first, max(1, self._part(series.balances[second])))
        units = Leg(LegKind.TOKEN, market, second, first, YUAN)
        domestic = self._leg(first, agent, random.choice(amounts), market)
        return random.choice((exchanged, exchanged, (pays,), (domestic,), (domestic, units), (pays, tokens)))

    def _instruction(self, legs: Sequence[Leg] | None = None) -> Instruction:
        random = self._random
        salt, purpose = self._number().to_bytes(32, "big"), code_word("INTC")
        instruction = Instruction(tuple(legs or self._legs()), salt, purpose)
        ready = [it for it, fresh in self._layer.corridors.signed.items() if fresh]
        if legs is None and ready and self._chance(0.3):
            debtor, creditor, currency, amount, payload = random.choice(ready)
            leg = Leg(LegKind.POSITION, currency, debtor, creditor, amount)  # type: ignore[arg-type]  # of a statement
            instruction = replace(instruction, legs=(leg,), customers=payload)
        can_wait = all(leg.kind is LegKind.POSITION for leg in instruction.legs) or self._chance(0.05)
        if legs is None and can_wait and self._chance(0.5):
            instruction = replace(instruction, value_time=self._now + random.choice((60, 7_200, 3 * DAY_S)))
        if self._chance(0.06):
            first, *others = instruction.legs
            stranger = self._addresses["relayer"]
            changes: tuple[dict[str, object], ...] = (
                {"legs": ()},
                {"legs": (first,) * 17},
                {"legs": (replace(first, amount=0), *others)},
                {"legs": (*others, replace(first, creditor=first.debtor))},
                {"legs": (replace(first, creditor=stranger), *others)},
                {"value_time": self._now + 31 * DAY_S},
                {"end_to_end_id": NOTHING},
                {"purpose": NOTHING},
                {"original": b"\1" * 32},
                {"reason": code_word("AC03")},
            )
            instruction = replace(instruction, **random.choice(changes))  # type: ignore[arg-type]  # fields by name
        return instruction

    def _approvals(self, instruction: Instruction) -> tuple[Approved, ...]:
        """Return the approval of each debited party; sometimes false ones."""
        found = list[Approved]()
        used = self._layer.settlement.used
        for party in instruction.debtors:
            old = [number for owner, number in used if owner == party] if self._chance(0.04) else []
            number = min(old) if old else self._number()
            until = self._now + (3_600 if self._chance(0.97) else self._random.choice((-1, 0)))
            signature = self._sign(party, approval_of(instruction, party, number, until))
            found.append(Approved(number, until, signature))
        if self._chance(0.03):
            found = self._random.choice((found[1:], found[::-1], [*found, *found]))
        return tuple(found)

    def _submit(self) -> Operation:
        instruction = self._instruction()
        approvals = self._approvals(instruction)
        self._drawn_instructions.append((instruction, tuple(it.id for it in approvals)))
        return self._on("settlement", "submit", self._somebody(), instruction, approvals)

    def _waiting(self) -> list[tuple[Instruction, tuple[int, ...]]]:
        waits = self._layer.settlement.waits
        known = ((it, waits.get(it[0].settlement_id(it[1]))) for it in self._drawn_instructions)
        return [it for it, waiting in known if waiting and waiting.state is WaitingState.WAITING]

    def _end(self) -> Operation:
        instruction, ids = self._prefer(self._waiting(), self._drawn_instructions[-SEALED:])
        waiting = self._layer.settlement.waits.get(instruction.settlement_id(ids))
        if self._chance(0.3):
            seizer = self._addresses["seizer"]
            by = self._random.choice((seizer, self._somebody()))
            return self._on("settlement", "unwind", by, instruction, ids)
        if waiting and self._chance(0.8):
            self._now = max(self._now, waiting.due_at - self._chance(0.5))
        return self._on("settlement", "settle", self._somebody(), instruction, ids)

    def _submit_return(self) -> Operation:
        # The contract would take a return of what never settled, by the will of its debtor; the audit reports it.
        settled = self._layer.settlement.settled
        returned = [it for it in self._drawn_instructions if it[0].settlement_id(it[1]) in settled][-SEALED:]
        if not returned:
            raise NothingToDo
        original, ids = self._random.choice(returned)
        place = self._random.randrange(len(original.legs))
        amount = max(1, original.legs[place].amount // self._random.choice((1, 2, 3)))
        instruction = replace(
            self._instruction([original.legs[place].reversed(amount + self._chance(0.1))]),
            original=original.settlement_id(ids) if self._chance(0.95) else b"\1" * 32,
            reason=code_word("AC03") if self._chance(0.95) else NOTHING,
        )
        places = (place,) if self._chance(0.9) else self._random.choice(((), (16,), (place ^ 1,)))
        approvals = self._approvals(instruction)
        arguments = instruction, approvals, original, ids, places
        return self._on("settlement", "submitReturn", self._somebody(), *arguments)

    def _withdraw(self) -> Operation:
        used = [number for _, number in self._layer.settlement.used]
        number = max(used) if used and self._chance(0.3) else self._number()
        return self._on("settlement", "withdraw", self._bank(), number)

    # Opening

    def _opened_layer(self) -> Iterator[Operation]:
        """Yield what settlement begins with: participants with positions in both currencies, and open corridors."""
        addresses, liquidity = self._addresses, self._layer.places.liquidity
        market, foreign = self._spec.address, self._foreign.address
        registrar, officer = addresses["registrar"], addresses["foreign officer"]
        for name, jurisdiction in BANKS.items():
            for currency in (market, foreign)[: 1 if name == AGENT else 2]:
                by, contract = (registrar, "currency") if currency == market else (officer, "foreign")
                yield self._admitted(currency, addresses[name], jurisdiction, by)
                yield self._on(contract, "approve", addresses[name], liquidity, 2**256 - 1)
                yield self._on("liquidity", "payIn", addresses[name], currency, FUNDS)
        for way in self._ways():
            for currency in (market, foreign):
                yield self._on("corridors", "agree", self._central_bank(currency), way, TERMS, currency)
