"""A history of settlement, on the chain and as specified: its steps, and the comparison after each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import count
from typing import Any

from pysettle.domain.core.signing import Signer
from pysettle.domain.settlement.corridors import corridor_id
from pysettle.domain.settlement.messages import Approval, Instruction, Leg, LegKind, code_word
from pysettle.errors import ContractReverted
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency
from pysettle.values import DAY_S, Address
from tests.chance import chance
from tests.contracts.banks import AGENT, BEIJING, FUNDS, GROUND, HKD_OFFICER, HONGKONG, JURISDICTIONS, Banks
from tests.contracts.effects import at
from tests.contracts.ways import TERMS, WEEK, ways_of
from tests.contracts.world import YUAN
from tests.spec.core.calls import Call, Refusal, Signature
from tests.spec.money.currency import CurrencySpec
from tests.spec.money.records import Role
from tests.spec.settlement.corridors import CorridorsSpec, Times
from tests.spec.settlement.liquidity import LiquiditySpec
from tests.spec.settlement.records import Member
from tests.spec.settlement.registry import RegistrySpec
from tests.spec.settlement.settlement import Approved, SettlementSpec, approval_of
from tests.stateful import logs

NAMES = (BEIJING, HONGKONG, AGENT)
CURRENCIES = (Currency.CNY, Currency.HKD)
NOTHING = bytes(32)
WEIGHTS = {
    "submit": 40,
    "settle": 14,
    "unwind": 8,
    "submit_return": 7,
    "withdraw": 3,
    "set_stops": 5,
    "freeze": 5,
    "freeze_amount": 3,
    "pause": 5,
    "pay": 5,
    "corridor": 3,
    "calendar": 3,
    "sign_payload": 6,
}
"""Entry -> how often it is drawn."""
OFFICERS = {
    Role.REGISTRAR: "registrar",
    Role.FREEZER: "freezer",
    Role.SEIZER: "seizer",
    Role.PAUSER: "pauser",
    Role.CENTRAL_BANK: "central bank",
}
Specified = Callable[[SettlementSpec, Call], object]


def _officer(role: Role, currency: Currency) -> str:
    return OFFICERS[role] if currency is Currency.CNY else HKD_OFFICER


class History:
    """The layer of a seed, on the chain and as specified."""

    def __init__(self, banks: Banks, seed: int) -> None:
        """Begin with both corridors open, and two banks that have positions in both currencies."""
        self.banks, self.world, self.random = banks, banks.world, chance(seed)
        self.ways, self.numbers = ways_of(banks), count(1_000)
        self.keys = {self.world.address(name): self.world[name] for name in NAMES}
        self.tokens = {it: banks.token(it).address for it in CURRENCIES}
        self.world.send(banks.admit(AGENT))
        for name in (BEIJING, HONGKONG):
            self.world.send(banks.token().approve(self.world[name], banks.settlement.address, 2**256 - 1))
        self.spec = self._specified()
        self.ids: list[tuple[Address, int]] = []
        self.waiting: list[tuple[Instruction, list[int]]] = []
        self.ended: list[tuple[Instruction, list[int]]] = []
        self.settled: list[tuple[Instruction, list[int]]] = []
        self.payloads: list[tuple[Leg, bytes]] = []

    def _specified(self) -> SettlementSpec:
        events: list[Any] = []
        layer, settlement = self.banks.liquidity.address, self.banks.settlement.address
        layers, members, agent = {}, {}, self.world.address(AGENT)
        for currency, place in self.tokens.items():
            token = self.banks.token(currency)
            roles = {role: (self.world.address(_officer(role, currency)),) for role in OFFICERS}
            money = CurrencySpec(place, token.desk.address, roles, {layer}, self.world.network.hub.collector, events)
            money.accounts[layer].settlement = True
            registry = RegistrySpec(self.banks.registry.address, money)
            positions = layers[place] = LiquiditySpec(layer, money, registry)
            money.accounts[layer].balance = token.balance_of(layer)
            for number, name in enumerate(NAMES if currency is Currency.CNY else NAMES[:2], 1):
                account = self.world.address(name)
                members[place, account] = registry.members[account] = Member(number, JURISDICTIONS[name], agent)
                money.accounts[account].balance = token.balance_of(account)
                positions.positions[account].available = self.banks.liquidity.position(place, account).available
                money.allowances[account, layer] = token.allowance(account, layer)
                money.allowances[account, settlement] = token.allowance(account, settlement)
        central = {place: self.world.address(self.ways.bank(it)) for it, place in self.tokens.items()}
        ids = {(a, b, it): corridor_id(a, b, it) for a in (0, 156, 344) for b in (0, 156, 344) for it in layers}
        place = self.ways.corridors.address
        corridors = CorridorsSpec(place, layer, central, members, ids, [settlement], events)
        for currency in CURRENCIES:
            way = self.ways.open(currency)
            known = corridors.ways[way.id]
            known.terms, known.counter, known.revision, known.is_open = TERMS, way.counter_currency, 1, True
        return SettlementSpec(settlement, layers, corridors)

    # Steps

    def both(self, step: Transaction, by: str, specified: Specified) -> bool:
        """Take a step on both, and compare refusal or events; return whether it was not refused."""
        before, found, expected, written = deepcopy(self.spec), None, None, []
        self.spec.events.clear()
        now = self.world.now
        try:
            (receipt,) = self.world.send(step)
            written = logs.found(receipt.logs)
        except ContractReverted as refused:
            found = Refusal.of(refused)
        try:
            specified(self.spec, Call(self.world.address(by), now))
        except ContractReverted as refused:
            expected = Refusal.of(refused)
            self.spec = before
        assert found == expected, by
        if expected is None:
            assert written == logs.expected(self.spec.events), by
        return found is None

    def do(self, entry: str) -> bool:
        """Take a step of an entry; return whether it was not refused."""
        done: bool = getattr(self, f"_{entry}")()
        return done

    def _submit(self, *, wait_s: int = 0) -> bool:
        if self.random.random() < 0.15:
            at(self.world, self.world.now + DAY_S // 2)
        instruction = self._instruction()
        if wait_s:
            instruction = replace(instruction, value_time=self.world.now + wait_s)
        approvals = self._approvals(instruction)
        step = self.banks.settlement.submit(self.world["relayer"], instruction, [it for it, _ in approvals])
        specified = [it for _, it in approvals]
        waits = instruction.value_time > self.world.now
        done = self.both(step, "relayer", lambda spec, call: spec.submit(call, instruction, specified))
        if done:
            (self.waiting if waits else self.settled).append((instruction, [it.id for it in specified]))
        return done

    def _submit_return(self) -> bool:
        if not self.settled:
            return False
        # Nothing leads back across the border, so that mostly payments within one country are returned.
        agent = self.world.address(AGENT)
        domestic = [it for it in self.settled if it[0].legs[0].creditor == agent]
        random = self.random
        original, ids = random.choice((domestic if domestic and random.random() < 0.8 else self.settled)[-6:])
        place = random.randrange(len(original.legs))
        amount = max(1, original.legs[place].amount // random.choice((1, 2, 3)))
        instruction = replace(
            self._with([original.legs[place].reversed(amount + (random.random() < 0.1))]),
            original=original.settlement_id(ids) if random.random() < 0.95 else b"\1" * 32,
            reason=code_word("AC03") if random.random() < 0.95 else NOTHING,
            value_time=0 if random.random() < 0.95 else self.world.now + 60,
        )
        places = [place] if random.random() < 0.9 else random.choice(([], [16], [place ^ 1]))
        approvals = self._approvals(instruction)
        given, specified = [it for it, _ in approvals], [it for _, it in approvals]
        step = self.banks.settlement.submit_return(self.world["relayer"], instruction, given, original, ids, places)
        return self.both(
            step, "relayer", lambda spec, call: spec.submit_return(call, instruction, specified, original, ids, places)
        )

    def _settle(self) -> bool:
        return self._end("settle", "stranger")

    def _unwind(self) -> bool:
        return self._end("unwind", self.random.choice(("stranger", "stranger", "seizer", "halter")))

    def _end(self, entry: str, by: str) -> bool:
        random = self.random
        if not self.waiting and random.random() < 0.9:
            return self._submit(wait_s=random.choice((60, 7_200)))
        if not self.waiting or random.random() < 0.05:
            instruction, ids = (self.ended or [(self._instruction(), [1])])[-1]
        else:
            instruction, ids = random.choice(self.waiting)
        known = self.spec.waits.get(instruction.settlement_id(ids))
        if entry == "settle" and known and known.due_at > self.world.now and random.random() < 0.8:
            at(self.world, known.due_at)
        step = getattr(self.banks.settlement, entry)(self.world[by], instruction, ids)
        done = self.both(step, by, lambda spec, call: getattr(spec, entry)(call, instruction, ids))
        if done:
            self.waiting.remove((instruction, ids))
            self.ended.append((instruction, ids))
        return done

    def _withdraw(self) -> bool:
        name = self.random.choice(NAMES)
        number = self.random.choice(self.ids)[1] if self.ids and self.random.random() < 0.4 else next(self.numbers)
        step = self.banks.settlement.withdraw(self.world[name], number)
        return self.both(step, name, lambda spec, call: spec.withdraw(call, number))

    def _set_stops(self) -> bool:
        currency, place, account = self._measured()
        by = _officer(Role.FREEZER, currency)
        named = {"suspended": self.random.random() < 0.15, "stopped": self.random.random() < 0.15, "ground": GROUND}
        step = self.banks.registry.set_stops(self.world[by], place, account, **named)  # type: ignore[arg-type]
        return self.both(
            step, by, lambda spec, call: spec.layers[place].registry.set_stops(call, place, account, **named)
        )  # type: ignore[arg-type]

    def _freeze(self) -> bool:
        currency, place, account = self._measured()
        by = _officer(Role.FREEZER, currency)
        named = {"outgoing": self.random.random() < 0.15, "incoming": self.random.random() < 0.15}
        step = self.banks.liquidity.freeze(self.world[by], place, account, **named)
        return self.both(step, by, lambda spec, call: spec.layers[place].freeze(call, place, account, **named))

    def _freeze_amount(self) -> bool:
        currency, place, account = self._measured()
        by, amount = _officer(Role.FREEZER, currency), self.random.choice((0, 0, 0, FUNDS // 4, FUNDS))
        step = self.banks.liquidity.freeze_amount(self.world[by], place, account, amount)
        return self.both(step, by, lambda spec, call: spec.layers[place].freeze_amount(call, place, account, amount))

    def _pause(self) -> bool:
        currency, place, _ = self._position()
        paused = [it for it, layer in self.spec.layers.items() if layer.paused]
        if paused:
            place = paused[0]
            currency = next(it for it, token in self.tokens.items() if token == place)
        by = _officer(Role.PAUSER, currency)
        entry = "unpause" if paused or self.random.random() < 0.5 else "pause"
        step = getattr(self.banks.liquidity, entry)(self.world[by], place)
        return self.both(step, by, lambda spec, call: getattr(spec.layers[place], entry)(call, place))

    def _pay(self) -> bool:
        _, place, account = self._position()
        entry, amount = self.random.choice(("pay_in", "pay_out")), self.random.choice((1, FUNDS // 8))
        name = next(it for it in NAMES if self.world.address(it) == account)
        step = getattr(self.banks.liquidity, entry)(self.world[name], place, amount)
        return self.both(step, name, lambda spec, call: getattr(spec.layers[place], entry)(call, place, amount))

    def _corridor(self) -> bool:
        currency = self.random.choice(CURRENCIES)
        way, by = self.ways.way(currency), self.ways.bank(currency)
        place, it = self.tokens[currency], self.ways.corridors
        if self.spec.corridors.ways[way.id].is_open and self.random.random() < 0.4:
            step = it.close(self.world[by], way, place)
            return self.both(step, by, lambda spec, call: spec.corridors.close(call, way, place))
        done = True
        for of in CURRENCIES:
            by, place = self.ways.bank(of), self.tokens[of]
            step = it.agree(self.world[by], way, TERMS, place)
            done &= self.both(step, by, lambda spec, call, at=place: spec.corridors.agree(call, way, TERMS, at))  # type: ignore[misc]
        return done

    def _calendar(self) -> bool:
        currency = self.random.choice(CURRENCIES)
        by, place, it = self.ways.bank(currency), self.tokens[currency], self.ways.corridors
        if self.random.random() < 0.5:
            week = self.random.choice((None, WEEK))
            hours = [(it.opens, it.closes) for it in (*WEEK.days, WEEK.worked)] if week else []
            times, word = Times(hours, WEEK.offset_minutes), week.word() if week else 0
            step = it.set_week(self.world[by], place, week)
            return self.both(step, by, lambda spec, call: spec.corridors.set_week(call, place, word, times))
        number, bit = divmod(self.world.now // DAY_S + self.random.randrange(6), 256)
        step = it.set_days(self.world[by], place, number, 1 << bit)
        return self.both(step, by, lambda spec, call: spec.corridors.set_days(call, place, number, 1 << bit))

    def _sign_payload(self) -> bool:
        statement = self.ways.statement(35 * YUAN)
        leg = Leg(LegKind.POSITION, statement.currency, statement.debtor, statement.creditor, 35 * YUAN)
        self.payloads.append((leg, statement.payload))
        digest, signers = statement.digest(self.ways.corridors.domain), (statement.debtor, statement.creditor)
        step = self.ways.sign(statement)
        return self.both(step, "stranger", lambda spec, _: spec.corridors.sign_payload(statement, digest, signers))

    # What is drawn

    def _position(self) -> tuple[Currency, Address, Address]:
        currency = self.random.choice(CURRENCIES)
        name = self.random.choice(NAMES if currency is Currency.CNY else NAMES[:2])
        return currency, self.tokens[currency], self.world.address(name)

    def _measured(self) -> tuple[Currency, Address, Address]:
        """Return a position, mostly one that is held: a measure is lifted soon, so that others can follow."""
        held = [
            (currency, place, account)
            for currency, place in self.tokens.items()
            for account, member in self.spec.layers[place].registry.members.items()
            for position in [self.spec.layers[place].positions[account]]
            if member.stopped
            or member.suspended
            or position.frozen_amount
            or position.frozen_incoming
            or position.frozen_outgoing
        ]
        return self.random.choice(held) if held and self.random.random() < 0.8 else self._position()

    def _with(self, legs: Sequence[Leg]) -> Instruction:
        return Instruction(tuple(legs), next(self.numbers).to_bytes(32, "big"), code_word("INTC"))

    def _instruction(self) -> Instruction:
        random, banks = self.random, self.banks
        amount = random.choice((1, YUAN, YUAN, 2 * YUAN, 5 * YUAN, 5 * YUAN, 20 * YUAN, 31 * YUAN, 41 * YUAN, FUNDS))
        pvp = banks.pvp(legs=(banks.leg(BEIJING, HONGKONG, amount), banks.leg(HONGKONG, BEIJING, YUAN, Currency.HKD)))
        token = replace(banks.leg(HONGKONG, BEIJING, YUAN), kind=LegKind.TOKEN)
        legs = random.choice(
            (pvp.legs, pvp.legs, pvp.legs[:1], (banks.leg(BEIJING, AGENT, amount),), (pvp.legs[0], token))
        )
        instruction = self._with(legs)
        if self.payloads and random.random() < 0.3:
            leg, payload = random.choice(self.payloads[-3:])
            instruction = replace(self._with([leg]), customers=payload)
        if random.random() < 0.4:
            instruction = replace(instruction, value_time=self.world.now + random.choice((60, 7_200, 3 * DAY_S)))
        if random.random() < 0.12:
            instruction = replace(instruction, **self._mutated(instruction.legs))
        return instruction

    def _mutated(self, legs: tuple[Leg, ...]) -> dict[str, Any]:
        first = legs[0]
        changes: tuple[dict[str, Any], ...] = (
            {"legs": ()},
            {"legs": (first,) * 17},
            {"legs": (replace(first, amount=0), *legs[1:])},
            {"legs": (*legs[1:], replace(first, creditor=first.debtor))},
            {"legs": (replace(first, asset=self.world.address("stranger")), *legs[1:])},
            {"legs": (replace(first, creditor=self.world.address("stranger")), *legs[1:])},
            {"value_time": self.world.now + 31 * DAY_S},
            {"end_to_end_id": NOTHING},
            {"purpose": NOTHING},
            {"original": b"\1" * 32},
            {"reason": code_word("AC03")},
        )
        return self.random.choice(changes)

    def approved(self, instruction: Instruction) -> list[tuple[Approval, Approved]]:
        """Return the right approval of each debited party, for the chain and for the specification."""
        return [self._approval(instruction, it, self.keys[it], next(self.numbers)) for it in instruction.debtors]

    def _approval(
        self, instruction: Instruction, party: Address, key: Signer, number: int, valid_s: int = 3_600
    ) -> tuple[Approval, Approved]:
        until = self.world.now + valid_s
        signature = key.sign(instruction.approval_digest(self.banks.settlement.domain, party, number, until))
        specified = Signature(key.address, approval_of(instruction, party, number, until))
        return Approval(number, until, signature), Approved(number, until, specified)

    def _approvals(self, instruction: Instruction) -> list[tuple[Approval, Approved]]:
        """Return the approval of each debited party for the chain and for the specification; sometimes false ones."""
        random, found = self.random, list[tuple[Approval, Approved]]()
        for party in instruction.debtors:
            number = next(self.numbers)
            if self.ids and random.random() < 0.04:
                party_ids = [it for owner, it in self.ids if owner == party]
                number = random.choice(party_ids or [number])
            valid_s = 3_600 if random.random() < 0.97 else random.choice((-1, 0))
            key = self.keys[party] if random.random() < 0.97 else self.world["stranger"]
            found.append(self._approval(instruction, party, key, number, valid_s))
            self.ids.append((party, number))
        if random.random() < 0.04:
            return random.choice((found[1:], found[::-1], [*found, *found]))
        return found

    def compare(self) -> None:
        """Assert that chain and specification say the same."""
        for place, layer in self.spec.layers.items():
            for account, held in layer.positions.items():
                assert self.banks.liquidity.position(place, account).available == held.available
            assert self.banks.liquidity._read("earmarked", place) == layer.earmarked
        for identifier, known in self.spec.waits.items():
            assert self.banks.settlement.waiting(identifier) is known.state
            assert self.banks.settlement.due_at(identifier) == known.due_at
        for (identifier, place_), amount in self.spec.returned.items():
            assert self.banks.settlement.returned(identifier, place_) == amount
        for party, number in self.ids[-10:]:
            assert self.banks.settlement.is_used(party, number) == ((party, number) in self.spec.used)
