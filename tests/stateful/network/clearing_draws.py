"""Draws for the clearing house: reservations, queues, pairs, cycles, and sets as proposed or changed by somebody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from eth_typing import Address

from pysettle.client.settlement.clearing import ProposedBatch
from pysettle.domain.settlement.clearing import BatchItem, half_id, pair_id
from pysettle.domain.settlement.messages import code_word
from pysettle.errors.states import CycleState
from pysettle.values import Units
from tests.spec.core.records import NOTHING
from tests.spec.network import NetworkSpec
from tests.spec.settlement.clearing import ClearingSpec
from tests.spec.settlement.cycles import ALONE, LEAST_OPEN
from tests.spec.settlement.proposals import proposal
from tests.spec.settlement.queues import QueuedBatch
from tests.stateful.network.clearing_changes import changed_batch, changed_proposal
from tests.stateful.network.draws import NothingToDo, Weighted
from tests.stateful.network.layer_draws import AGENT, BANKS, FUNDS, HERE, THERE, YUAN, LayerDraws
from tests.stateful.operations import Operation

OPERATOR = "halter"
"""Operator of the cycles of both currencies."""
RESERVED = FUNDS // 20
"""Units that every bank begins with in cycles."""


class Half(NamedTuple):
    """One half of pairs on which two banks agreed, before it is queued."""

    debtor: Address
    currency: Address
    to: int
    items: tuple[BatchItem, ...]
    pair: bytes = NOTHING


class ClearingDraws(LayerDraws):
    """Operations on the clearing house, and on the reserved units of positions."""

    def __init__(self, seed: int, spec: NetworkSpec, addresses: dict[str, Address]) -> None:
        """Draw from a seed, for the specification as it stands at each draw."""
        super().__init__(seed, spec, addresses)
        self._agreed = list[Half]()

    def _of_clearing(self) -> Weighted:
        return {
            "reserve": (8, self._reserve_units),
            "release": (5, self._release_units),
            "queue": (24, self._queue),
            "queueHalf": (16, self._queue_half),
            "setHeld": (5, self._set_held),
            "cancel": (4, self._cancel_items),
            "reject": (4, self._reject),
            "nextOfCycle": (30, lambda: self._next_of_cycle(self._currency())),
            "settleChanged": (20, self._settle_changed),
            "ofCycle": (4, self._of_cycle),
            "setOperator": (1, self._set_operator),
            "moveAgent": (1, self._move_agent),
        }

    @property
    def _house(self) -> ClearingSpec:
        return self._layer.clearing

    # Positions

    def _reserve_units(self) -> Operation:
        currency, account = self._position()
        amount = min(self._some(self._available(currency, account)) // self._random.choice((1, 20, 50)), 2**96 - 1)
        return self._on("liquidity", "reserve", self._usually(account), currency, amount)

    def _release_units(self) -> Operation:
        currency, account = self._position()
        by = account if self._chance(0.7) else self._officer("seize", currency)
        amount = self._part(self._layer.positions[currency].positions[account].reserved)
        return self._on("liquidity", "release", by, currency, account, amount)

    # Queues

    def _to(self, currency: Address, debtor: Address) -> Address:
        """Return a creditor of a debtor."""
        banks = [self._addresses[name] for name in list(BANKS)[: 2 if currency == self._foreign.address else 3]]
        return self._random.choice([it for it in banks if it != debtor] or banks)

    def _number_of(self, currency: Address, account: Address) -> int:
        return self._layer.registries[currency].members[account].index

    def _where(self, currency: Address, account: Address) -> int:
        return self._layer.registries[currency].members[account].jurisdiction

    def _amount(self) -> Units:
        return Units(self._random.choice((1, YUAN, 2 * YUAN, 5 * YUAN, 5 * YUAN, 12 * YUAN, 29 * YUAN)))

    def _queue(self) -> Operation:
        random, (currency, debtor) = self._random, self._position()
        creditor = self._to(currency, debtor)
        to, payload = self._where(currency, creditor), NOTHING
        members = self._layer.registries[currency].members
        others = [it.index for at, it in members.items() if at != debtor and it.jurisdiction == to]
        items = [BatchItem(random.choice(others), self._amount()) for _ in range(random.randint(1, 4))]
        priority = random.choice((0, 0, 0, 1, 2, 3))
        ready = [it for it, fresh in self._layer.corridors.signed.items() if fresh]
        if ready and self._chance(0.2):
            debtor, creditor, currency, amount, payload = random.choice(ready)  # type: ignore[assignment]  # a statement
            item = BatchItem(self._number_of(currency, creditor), amount)  # type: ignore[arg-type]  # of a statement
            items, to = [*items, item] if to == THERE else [item], self._where(currency, creditor)
        if self._chance(0.1):
            first, *rest = items
            wrong = (
                (4, to, items),
                (priority, 0, items),
                (priority, 1_000, items),
                (priority, THERE if to == HERE else HERE, items),
                (priority, to, []),
                (priority, to, [*items, *[first] * 256]),
                (priority, to, [first._replace(amount=Units(0)), *rest]),
                (priority, to, [first._replace(amount=Units(31 * YUAN)), *rest]),
                (priority, to, [*rest, first._replace(amount=Units(41 * YUAN))]),
                (priority, to, [*rest, *[first._replace(amount=Units(29 * YUAN))] * 7]),
                (priority, to, [*rest, first._replace(creditor=random.choice((0, 1, 9, 2**16)))]),
            )
            priority, to, items = random.choice(wrong)
        return self._queued(self._usually(debtor), currency, priority, to, payload, items, NOTHING)

    def _queued(
        self,
        debtor: Address,
        currency: Address,
        priority: int,
        to: int,
        payload: bytes,
        items: Sequence[BatchItem],
        pair: bytes,
    ) -> Operation:
        return self._on("clearing", "queue", debtor, currency, priority, to, payload, tuple(items), pair)

    def _queue_half(self) -> Operation:
        """Queue one half of pairs that two banks agreed on."""
        if not self._agreed or self._chance(0.1):
            self._agree_on_pairs()
        half = self._agreed.pop(0)
        priority = self._random.choice((0, 0, 1))
        return self._queued(
            self._usually(half.debtor), half.currency, priority, half.to, NOTHING, half.items, half.pair
        )

    def _agree_on_pairs(self) -> None:
        """Have two banks agree on pairs, seldom on some that nobody may settle; both halves are queued soon."""
        random, currencies = self._random, [self._spec.address, self._foreign.address]
        random.shuffle(currencies)
        if self._chance(0.05):
            currencies = currencies[:1] * 2
        parties = [self._addresses[name] for name in list(BANKS)[:2]]
        random.shuffle(parties)
        count = random.randint(1, 3)
        halves = list[Half]()
        for currency, debtor, creditor in zip(currencies, parties, parties[::-1], strict=True):
            owed_to = creditor if self._chance(0.95) else self._to(currency, debtor)
            number = self._number_of(currency, owed_to)
            items = [BatchItem(number, self._amount()) for _ in range(count)]
            if self._chance(0.03):
                items.append(BatchItem(9, Units(1)))
            halves.append(Half(debtor, currency, self._where(currency, owed_to), tuple(items)))
        pair = pair_id(*(half_id(it.currency, self._number_of(it.currency, it.debtor), it.items) for it in halves))
        agreed = [half._replace(pair=pair) for half in halves] * random.choice((1, 1, 1, 2))
        random.shuffle(agreed)
        self._agreed[:0] = agreed

    def _batch(self) -> tuple[Address, QueuedBatch]:
        """Return a batch and its currency, mostly of one that has not ended."""
        currency = self._currency()
        batches = self._house.batches(currency)
        return currency, self._prefer([it for it in batches if not it.has_ended], batches)

    def _marking(self, batch: QueuedBatch, among: set[int]) -> ProposedBatch:
        """Return a batch with some of its items marked, mostly some that are among those; seldom another batch."""
        places = [place for place in sorted(among) if self._chance(0.7)] or sorted(among)[:1]
        if self._chance(0.08):
            places = self._random.choice(([], [*places, len(batch.items)], [0]))
        marked = batch.marking(places)
        return changed_batch(self._random, marked) if self._chance(0.04) else marked

    def _set_held(self) -> Operation:
        currency, batch = self._batch()
        debtor, held = self._house.account(currency, batch.header.debtor), self._chance(0.5)
        marked = self._marking(batch, batch.waiting if held else batch.held)
        return self._on("clearing", "setHeld", self._usually(debtor), currency, marked, held)

    def _cancel_items(self) -> Operation:
        currency, batch = self._batch()
        debtor = self._house.account(currency, batch.header.debtor)
        marked = self._marking(batch, batch.waiting | batch.held)
        return self._on("clearing", "cancel", self._usually(debtor), currency, marked)

    def _reject(self) -> Operation:
        currency, batch = self._batch()
        left = batch.waiting | batch.held or {0}
        number = batch.items[self._random.choice(sorted(left))].creditor
        owed = {place for place in left if batch.items[place].creditor == number}
        creditor = self._house.account(currency, number)
        reason = code_word("AM05") if self._chance(0.93) else NOTHING
        marked = self._marking(batch, owed)
        return self._on("clearing", "reject", self._usually(creditor), currency, marked, reason)

    # Cycles

    def _by_operator(self, currency: Address) -> Address:
        operator = self._layer.positions[currency].cycle.operator
        return operator if self._chance(0.8) else self._somebody()

    def _not_before(self, time: int) -> None:
        """Mostly let it be a time, seldom the second before it."""
        if self._chance(0.9):
            self._now = max(self._now, time - self._chance(0.1))

    def _closed_cycle(self, now: int | None = None) -> Address | None:
        """Return a currency whose cycle is closed and can still settle; None if there is none."""
        cycles = ((currency, it.cycle) for currency, it in self._layer.positions.items())
        closed = [it for it, cycle in cycles if cycle.state is CycleState.CLOSED and (now or self._now) < cycle.latest]
        return self._random.choice(closed) if closed else None

    def _next_of_cycle(self, currency: Address) -> Operation:
        """Close what is open, or settle and then end what is closed."""
        cycle = self._layer.positions[currency].cycle
        if cycle.state is not CycleState.CLOSED:
            return self._close(currency)
        if self._now >= cycle.latest or (cycle.sets and self._chance(0.7)):
            return self._end_cycle(currency)
        return self._propose() if self._chance(0.6) else self._settle_changed()

    def _of_cycle(self) -> Operation:
        """Close, settle or end, whatever the cycle is."""
        return self._random.choice((self._close, self._end_cycle, lambda _: self._propose()))(self._currency())

    def _close(self, currency: Address) -> Operation:
        cycle, by = self._layer.positions[currency].cycle, self._by_operator(currency)
        self._not_before(cycle.since + (LEAST_OPEN if by == cycle.operator else ALONE))
        return self._on("clearing", "closeCycle", by, currency)

    def _end_cycle(self, currency: Address) -> Operation:
        cycle, by = self._layer.positions[currency].cycle, self._by_operator(currency)
        if by != cycle.operator:
            self._not_before(cycle.latest)
        return self._on("clearing", "endCycle", by, currency)

    def _currencies(self) -> list[Address]:
        """Return both currencies, mostly without one whose cycle is closed for too long; seldom one alone."""
        both = [self._spec.address, self._foreign.address]
        cycles = self._layer.positions
        able = [
            it for it in both if cycles[it].cycle.state is not CycleState.CLOSED or self._now < cycles[it].cycle.latest
        ]
        both = able if able and self._chance(0.95) else both
        return both if self._chance(0.85) else [self._random.choice(both)]

    def _propose(self) -> Operation:
        sets, links = proposal(self._house, self._currencies())
        if not sets and self._chance(0.9):
            raise NothingToDo
        return self._on("clearing", "settleCycle", self._settler(), sets, links)

    def _settler(self) -> Address:
        """Return who proposes: the operator, or somebody else, mostly once it is no longer alone."""
        currency = self._currency()
        by, cycle = self._by_operator(currency), self._layer.positions[currency].cycle
        if by != cycle.operator and cycle.state is CycleState.CLOSED:
            self._not_before(cycle.since + ALONE)
        return by

    def _settle_changed(self) -> Operation:
        """Propose what somebody changed."""
        proposed, currency = proposal(self._house, self._currencies()), self._currency()
        sets, links = changed_proposal(self._random, self._house, proposed, currency)
        return self._on("clearing", "settleCycle", self._settler(), sets, links)

    def _set_operator(self) -> Operation:
        currency = self._currency()
        operator = self._random.choice((self._addresses[OPERATOR], self._somebody()))
        by = self._usually(self._central_bank(currency))
        return self._on("clearing", "setOperator", by, currency, operator)

    def _move_agent(self) -> Operation:
        """Move the settlement agent to another country, or back: what is owed to it is outside its batch then."""
        currency, account = self._spec.address, self._addresses[AGENT]
        there = self._where(currency, account) == THERE
        return self._admitted(currency, account, HERE if there else THERE, self._officer("admit", currency))

    # Opening

    def _opened_clearing(self) -> Iterator[Operation]:
        """Yield what clearing begins with: operators, and reserved units."""
        for currency in (self._spec.address, self._foreign.address):
            operator = self._addresses[OPERATOR]
            yield self._on("clearing", "setOperator", self._central_bank(currency), currency, operator)
            for name in list(BANKS)[: 2 if currency == self._foreign.address else 3]:
                yield self._on("liquidity", "reserve", self._addresses[name], currency, RESERVED)
