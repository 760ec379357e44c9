"""A history of the clearing house, on the chain and as specified, and proposals that somebody changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from random import Random
from typing import Any

from pysettle.client.settlement.clearing import ProposedBatch
from pysettle.domain.core import events
from pysettle.domain.settlement.clearing import BatchItem, bits, places_of
from pysettle.domain.settlement.netting.queue import Account, Obligation
from pysettle.errors import ContractReverted
from pysettle.errors.states import CycleState
from pysettle.evm.transactions import Transaction
from pysettle.values import Address, Units
from tests.chance import chance
from tests.contracts.banks import AGENT, BEIJING, GROUND, HONGKONG, identity_of
from tests.contracts.clearing import CENTRAL_BANK, MINUTE, OPERATOR, REASON, STRANGER, House
from tests.contracts.world import YUAN
from tests.spec.core.calls import Call, Refusal
from tests.spec.money.currency import CurrencySpec
from tests.spec.money.records import Role
from tests.spec.settlement import netting
from tests.spec.settlement.clearing import ClearingSpec, QueuedBatch
from tests.spec.settlement.liquidity import LiquiditySpec
from tests.spec.settlement.records import Member
from tests.spec.settlement.registry import RegistrySpec

NAMES = (BEIJING, HONGKONG, AGENT)
NOTHING = bytes(32)
CHINA, ABROAD = 156, 344
WEIGHTS = {
    "queue": 34,
    "reserve": 14,
    "release": 7,
    "hold": 7,
    "cancel": 5,
    "reject": 5,
    "close": 12,
    "settle": 30,
    "end": 8,
    "operator": 3,
    "set_stops": 5,
    "freeze": 5,
    "freeze_amount": 2,
    "pause": 3,
    "move_abroad": 2,
}
"""Entry -> how often it is drawn."""
OFFICERS = {
    Role.REGISTRAR: "registrar",
    Role.FREEZER: "freezer",
    Role.SEIZER: "seizer",
    Role.PAUSER: "pauser",
    Role.CENTRAL_BANK: CENTRAL_BANK,
}
Proposal = tuple[list[str], list[ProposedBatch]]
"""Names of the participants and batches of a proposal."""


class ClearingHistory:
    """The clearing house of a seed in e-CNY, on the chain and as specified."""

    def __init__(self, house: House, seed: int) -> None:
        """Begin with three banks of one country, with positions, and an operator."""
        self.house, self.banks, self.world = house, house.banks, house.banks.world
        self.random, self.currency = chance(seed), house.currency
        token, agent = self.banks.token(), self.world.address(AGENT)
        self.world.fund(AGENT, 1_000 * YUAN)
        self.world.send(
            token.approve(self.world[AGENT], self.banks.liquidity.address, 2**256 - 1),
            self.banks.pay_in(AGENT, 500 * YUAN),
        )
        roles = {role: (self.world.address(name),) for role, name in OFFICERS.items()}
        layer, collector = self.banks.liquidity.address, self.world.network.hub.collector
        money = CurrencySpec(self.currency, token.desk.address, roles, {layer}, collector, [])
        registry = RegistrySpec(self.banks.registry.address, money)
        positions = LiquiditySpec(layer, money, registry)
        self.spec = ClearingSpec(house.contract.address, positions, lambda _: True)
        for number, name in enumerate(NAMES, 1):
            account = self.world.address(name)
            registry.members[account] = Member(number, CHINA, agent)
            positions.positions[account].available = self.banks.liquidity.position(self.currency, account).available
        standing = house.contract.cycle(self.currency)
        self.spec.cycle.number, self.spec.cycle.state = standing.number, standing.state
        self.spec.cycle.since, self.spec.cycle.operator = standing.since, standing.operator

    def both(self, step: Transaction, by: str, specified: Callable[[ClearingSpec, Call], object]) -> bool:
        """Take a step on both, and compare refusal or events; return whether it was not refused."""
        before, found, expected, written = deepcopy(self.spec), None, None, list[tuple[Address, Any]]()
        self.spec.events.clear()
        now = self.world.now
        try:
            (receipt,) = self.world.send(step)
            written = [(log.address, events.decode(log.topics, log.data)) for log in receipt.logs]
        except ContractReverted as refused:
            found = Refusal.of(refused)
        try:
            specified(self.spec, Call(self.world.address(by), now))
        except ContractReverted as refused:
            expected = Refusal.of(refused)
            self.spec = before
        assert found == expected, (by, str(found), str(expected))
        if expected is None:
            assert written == self.spec.events, by
        return found is None

    def do(self, entry: str) -> bool:
        """Take a step of an entry, after some time; return whether it was not refused."""
        self.house.wait(self.random.choice((0, 0, 30, 2 * MINUTE, 4 * MINUTE, 16 * MINUTE)))
        done: bool = getattr(self, f"_{entry}")()
        return done

    def compare(self) -> None:
        """Assert that chain and specification say the same of cycle, queues and positions."""
        contract, cycle = self.house.contract, self.spec.cycle
        standing = contract.cycle(self.currency)
        found = standing.number, standing.state, standing.since, standing.sets, standing.operator
        assert found == (cycle.number, cycle.state, cycle.since, cycle.sets, cycle.operator)
        for (number, priority), queue in self.spec.queues.items():
            if queue.batches:
                assert contract.queue_of(self.currency, number, priority) == (queue.first, len(queue.batches))
            for batch in queue.batches[queue.first :]:
                assert contract.items(self.currency, batch.header) == (bits(batch.waiting), bits(batch.held))
        for account in self.spec.layer.registry.members:
            position = self.banks.liquidity.position(self.currency, account)
            held = self.spec.layer.positions[account].available, self.spec.reserved[account]
            assert (position.available, position.reserved) == held

    # Steps

    def _queue(self) -> bool:
        random = self.random
        debtor = random.choice((*NAMES * 4, STRANGER))
        others = [number for number, name in enumerate(NAMES, 1) if name != debtor]
        owed = [
            BatchItem(random.choice(others), Units(random.choice((1, 5, 20, 90)) * YUAN))
            for _ in range(random.randint(1, 4))
        ]
        priority, to = random.choice((0, 0, 0, 1, 2, 3)), CHINA
        if random.random() < 0.05:
            priority, to = random.choice(((4, CHINA), (0, 0), (0, 1_000)))
        step = self.house.contract.queue(
            self.world[debtor], self.currency, owed, jurisdiction=to, priority=priority, payload=NOTHING
        )
        return self.both(step, debtor, lambda spec, call: spec.queue(call, priority, to, NOTHING, owed))

    def _reserve(self) -> bool:
        return self.reserve(self.random.choice(NAMES), self.random.choice((1, 10, 40, 40, 40, 600)))

    def reserve(self, name: str, yuan: int) -> bool:
        """Have a bank reserve units on both."""
        return self.both(self.house.reserve(name, yuan), name, lambda spec, call: spec.reserve(call, yuan * YUAN))

    def _release(self) -> bool:
        name, yuan = self.random.choice(NAMES), self.random.choice((1, 5, 20, 600))
        by, account = self.random.choice((name, name, "seizer", STRANGER)), self.world.address(name)
        step = self.house.release(name, yuan, by=by)
        return self.both(step, by, lambda spec, call: spec.release(call, account, yuan * YUAN))

    def _hold(self) -> bool:
        batch, by = self._batch(), self.random.random()
        if batch is None:
            return False
        debtor = NAMES[batch.header.debtor - 1] if by < 0.9 else STRANGER
        held = self.random.random() < 0.6
        marked = self._marking(batch, batch.waiting if held else batch.held)
        step = self.house.contract.set_held(self.world[debtor], self.currency, marked, held=held)
        return self.both(step, debtor, lambda spec, call: spec.set_held(call, marked, held=held))

    def _cancel(self) -> bool:
        if (batch := self._batch()) is None:
            return False
        debtor = NAMES[batch.header.debtor - 1] if self.random.random() < 0.9 else STRANGER
        marked = self._marking(batch, batch.waiting | batch.held)
        step = self.house.contract.cancel(self.world[debtor], self.currency, marked)
        return self.both(step, debtor, lambda spec, call: spec.cancel(call, marked))

    def _reject(self) -> bool:
        if (batch := self._batch()) is None:
            return False
        left = batch.waiting | batch.held or {0}
        number = batch.items[self.random.choice(sorted(left))].creditor
        creditor = NAMES[number - 1] if self.random.random() < 0.9 else self.random.choice(NAMES)
        owed = {place for place in left if batch.items[place].creditor == number}
        marked, reason = self._marking(batch, owed), REASON if self.random.random() < 0.9 else NOTHING
        step = self.house.contract.reject(self.world[creditor], self.currency, marked, reason)
        return self.both(step, creditor, lambda spec, call: spec.reject(call, marked, reason))

    def _close(self) -> bool:
        by = self._caller()
        step = self.house.contract.close_cycle(self.world[by], self.currency)
        return self.both(step, by, lambda spec, call: spec.close_cycle(call))

    def _end(self) -> bool:
        by = self._caller()
        if self.spec.cycle.sets == 0 and self.random.random() < 0.5:
            self.house.wait(60 * MINUTE)
        step = self.house.contract.end_cycle(self.world[by], self.currency)
        return self.both(step, by, lambda spec, call: spec.end_cycle(call))

    def _operator(self) -> bool:
        operator = self.world.address(self.random.choice((OPERATOR, STRANGER)))
        by = CENTRAL_BANK if self.random.random() < 0.8 else STRANGER
        step = self.house.contract.set_operator(self.world[by], self.currency, operator)
        return self.both(step, by, lambda spec, call: spec.set_operator(call, operator))

    def _settle(self) -> bool:
        names, batches = proposal(self.spec)
        if self.random.random() < 0.3:
            names, batches = mutated(self.spec, self.random, (names, batches))
        return self.settle(names, batches, self._caller())

    def settle(self, names: Sequence[str], batches: Sequence[ProposedBatch], by: str) -> bool:
        """Propose a set to both."""
        accounts = [self.world.address(name) for name in names]
        step = self.house.settle(*batches, by=by, names=names)
        return self.both(step, by, lambda spec, call: spec.settle_cycle(call, accounts, batches))

    def judged(self, names: Sequence[str], batches: Sequence[ProposedBatch], by: str) -> Refusal | None:
        """Ask both whether they would settle a set now; return the refusal, which is the same on both."""
        accounts, found, expected = [self.world.address(name) for name in names], None, None
        try:
            self.house.contract.check(self.house.settle(*batches, by=by, names=names))
        except ContractReverted as refused:
            found = Refusal.of(refused)
        try:
            deepcopy(self.spec).settle_cycle(Call(self.world.address(by), self.world.now), accounts, batches)
        except ContractReverted as refused:
            expected = Refusal.of(refused)
        assert found == expected, (str(found), str(expected), batches)
        return found

    def _set_stops(self) -> bool:
        name, random = self._measured(), self.random
        named = {"suspended": random.random() < 0.2, "stopped": random.random() < 0.2}
        place = self.currency, self.world.address(name)
        return self.both(
            self.banks.stops(name, **named),
            "freezer",
            lambda spec, call: spec.layer.registry.set_stops(call, *place, **named, ground=GROUND),
        )

    def _freeze(self) -> bool:
        account, random = self.world.address(self._measured()), self.random
        named = {"outgoing": random.random() < 0.2, "incoming": random.random() < 0.2}
        step = self.banks.liquidity.freeze(self.world["freezer"], self.currency, account, **named)
        return self.both(step, "freezer", lambda spec, call: spec.layer.freeze(call, self.currency, account, **named))

    def _freeze_amount(self) -> bool:
        account, amount = self.world.address(self._measured()), self.random.choice((0, 0, 400 * YUAN))
        step = self.banks.liquidity.freeze_amount(self.world["freezer"], self.currency, account, Units(amount))
        return self.both(
            step, "freezer", lambda spec, call: spec.layer.freeze_amount(call, self.currency, account, amount)
        )

    def _pause(self) -> bool:
        entry = "unpause" if self.spec.layer.paused else "pause"
        step = getattr(self.banks.liquidity, entry)(self.world["pauser"], self.currency)
        return self.both(step, "pauser", lambda spec, call: getattr(spec.layer, entry)(call, self.currency))

    def _move_abroad(self) -> bool:
        """Have the registrar move a bank to another country, or back: what is owed to it then is outside its batch."""
        name = self.random.choice(NAMES)
        account, agent = self.world.address(name), self.world.address(AGENT)
        there = self.spec.layer.registry.members[account].jurisdiction == ABROAD
        country = CHINA if there else ABROAD
        step, identity = self.banks.admit(name, jurisdiction=country), identity_of(name)
        return self.both(
            step,
            "registrar",
            lambda spec, call: spec.layer.registry.admit(call, self.currency, account, identity, country, agent),
        )

    # What is drawn

    def _caller(self) -> str:
        return self.random.choice((OPERATOR, OPERATOR, OPERATOR, STRANGER))

    def _batch(self) -> QueuedBatch | None:
        """Return a batch, mostly one that has not ended."""
        batches = [batch for queue in self.spec.queues.values() for batch in queue.batches]
        left = [batch for batch in batches if not batch.has_ended]
        wanted = left if left and self.random.random() < 0.9 else batches
        return self.random.choice(wanted) if wanted else None

    def _marking(self, batch: QueuedBatch, among: set[int]) -> ProposedBatch:
        """Return a batch with some of its items marked, mostly some that are among those."""
        random = self.random
        places = [place for place in sorted(among) if random.random() < 0.7] or sorted(among)[:1]
        if random.random() < 0.08:
            places = random.choice(([], [*places, len(batch.items)], [0]))
        return named(batch).marking(places)

    def _measured(self) -> str:
        """Return a bank, mostly one that is held: a measure is lifted soon, so that others can follow."""
        layer = self.spec.layer
        held = [
            name
            for name in NAMES
            for account in [self.world.address(name)]
            for member, position in [(layer.registry.members[account], layer.positions[account])]
            if member.stopped
            or member.suspended
            or position.frozen_amount
            or position.frozen_incoming
            or position.frozen_outgoing
        ]
        return self.random.choice(held) if held and self.random.random() < 0.8 else self.random.choice(NAMES)


def named(batch: QueuedBatch) -> ProposedBatch:
    """Return a batch as a proposal names it, with nothing marked."""
    return ProposedBatch(batch.header, batch.payload, batch.items, 0)


def proposal(spec: ClearingSpec) -> Proposal:
    """Return the set of the rule of order, as specified in plain Python."""
    due = spec.cycle.number - (spec.cycle.state is not CycleState.CLOSED)
    rows, obligations = list[tuple[QueuedBatch, int]](), list[Obligation]()
    for batch in waiting(spec):
        account = spec.account(batch.header.debtor)
        held = spec.layer.positions[account]
        if batch.header.cycle > due or not _is_active(spec, account) or held.frozen_outgoing or held.frozen_amount:
            continue
        for place in sorted(batch.waiting):
            creditor = spec.account(batch.items[place].creditor)
            if spec.receives(creditor):
                item = batch.items[place]
                obligations.append(Obligation(batch.header.debtor, item.creditor, 0, item.amount, 0, len(rows)))
                rows.append((batch, place))
    reserved = {Account(it.index, 0): spec.reserved[account] for account, it in spec.layer.registry.members.items()}
    settled = [rows[row] for row in sorted(netting.strict(obligations, reserved))]
    last = {batch.header.debtor: batch.header for batch, _ in settled}
    marks = {batch.header: [place for other, place in settled if other is batch] for batch, _ in settled}
    batches = [
        named(batch).marking(marks.get(batch.header, []))
        for batch in waiting(spec)
        if batch.header.debtor in last and batch.header <= last[batch.header.debtor]
    ]
    return [*NAMES], batches


def waiting(spec: ClearingSpec) -> list[QueuedBatch]:
    """Return the batches with items that wait, in the order of a proposal."""
    batches = (batch for _, queue in sorted(spec.queues.items()) for batch in queue.batches)
    return [batch for batch in batches if batch.waiting]


def _is_active(spec: ClearingSpec, account: Address) -> bool:
    member = spec.layer.registry.members[account]
    return not (member.suspended or member.stopped)


def mutated(spec: ClearingSpec, random: Random, proposed: Proposal) -> Proposal:
    """Return a proposal after one change by somebody else: of its participants, its batches, or their items."""
    names, batches = [*proposed[0]], [*proposed[1]]
    kind = random.randrange(10)
    if kind == 0:
        swapped = [names[1], names[0], names[2]]
        return random.choice((swapped, names[:2], names[1:], [*names, names[2]], [*names, STRANGER], [])), batches
    if not batches:
        return names, [named(it).marking(it.waiting) for it in waiting(spec)]
    place = random.randrange(len(batches))
    chosen = batches[place]
    if kind == 1:
        batches[place] = _changed(random, chosen)
    elif kind == 2:
        batches.insert(random.randrange(len(batches) + 1), chosen)
    elif kind == 3:
        del batches[place]
    elif kind == 4:
        random.shuffle(batches)
    elif kind in (5, 6):
        batches[place] = replace(chosen, settled=chosen.settled ^ 1 << random.randrange(len(chosen.items) + 1))
    elif kind == 7:
        everything = (batch for _, queue in sorted(spec.queues.items()) for batch in queue.batches)
        batches = [named(it).marking(it.waiting or places_of(1)) for it in everything]
    elif kind == 8:
        batches = [named(it).marking(it.waiting) for it in waiting(spec)]
    else:
        batches[place] = replace(chosen, items=_other_items(random, chosen.items))
    return names, batches


def _changed(random: Random, batch: ProposedBatch) -> ProposedBatch:
    """Return a batch with another header, or another payload."""
    header = batch.header
    others = (
        replace(header, debtor=random.choice((0, 1, 2, 3, 9))),
        replace(header, priority=random.choice((header.priority ^ 1, 4, 255))),
        replace(header, index=random.choice((header.index + 1, max(0, header.index - 1), 2**24 - 1))),
        replace(header, origin=ABROAD),
        replace(header, target=random.choice((ABROAD, 1))),
        replace(header, cycle=random.choice((0, header.cycle + 1))),
        replace(header, queued_at=type(header.queued_at)(header.queued_at + random.choice((-1, 1)))),
    )
    if random.random() < 0.1:
        return replace(batch, payload=b"\1" * 32)
    return replace(batch, header=random.choice(others))


def _other_items(random: Random, items: tuple[BatchItem, ...]) -> tuple[BatchItem, ...]:
    """Return items with one that is altered, missing, or too many."""
    place = random.randrange(len(items))
    item = items[place]
    amount = random.choice((item.amount + 1, max(1, item.amount - 1), item.amount * 2))
    other = random.choice((item._replace(amount=Units(amount)), item._replace(creditor=random.choice((1, 2, 3, 9)))))
    changed = (*items[:place], other, *items[place + 1 :])
    return random.choice((changed, changed, changed, (*items, item), items[:-1] or (other,)))
