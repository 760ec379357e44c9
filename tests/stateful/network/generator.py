"""A seeded source of operations on money, compute and settlement, near the edges of what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from eth_typing import Address

from pysettle.domain.compute.messages import ComputeAttestation
from pysettle.domain.money.messages import ReserveAttestation
from tests.spec.compute.records import Terms
from tests.spec.core.calls import Signature
from tests.spec.money.records import MINOR_UNIT, Role
from tests.spec.network import NetworkSpec
from tests.stateful.generator import Generator
from tests.stateful.network.channel_draws import ChannelDraws
from tests.stateful.network.clearing_draws import ClearingDraws
from tests.stateful.network.draws import Draw, NothingToDo, Weighted
from tests.stateful.network.exchange_draws import ExchangeDraws
from tests.stateful.network.job_draws import JobDraws
from tests.stateful.network.market_draws import CARDS, DAY_S, GROUND, MarketDraws
from tests.stateful.network.series_draws import SeriesDraws
from tests.stateful.operations import Operation

PURSE = 4 * 10**9
"""Units that every holder begins with."""
MONEY = 0.15
"""Share of operations on the money alone."""
ABROAD = 0.42
"""Share of the others on settlement across borders, once it is open."""
CLOSED = 0.25
"""Share of these that go on with a closed cycle, if there is one: it is open to settlements for an hour alone."""
MENDED = 0.2
"""How often one of these mends what keeps the others from going on: a pause, a closed corridor, an old rate."""
OPEN_AT_LEAST = 2
"""Series that are open at once, before others are opened in a hurry."""
SIGNED_WITHIN = ("deposit", "claim", "tryClaim", "refundWithSignature")
"""Entries that are given signatures in their arguments."""
REPLAYED = 60
"""Latest signed operations that may be submitted again."""


class NetworkGenerator(MarketDraws, SeriesDraws, ChannelDraws, JobDraws, ExchangeDraws, ClearingDraws):
    """Draws one operation after the other."""

    def __init__(self, seed: int, spec: NetworkSpec, addresses: dict[str, Address]) -> None:
        """Draw from a seed, for the specification as it stands at each draw."""
        super().__init__(seed, spec, addresses)
        tables: list[Weighted] = [
            *(self._of_market(), self._of_series(), self._of_channels(), self._of_jobs()),
            self._of_money(),
        ]
        weighted = [item for table in tables for item in table.values()]
        self._compute_draws = [draw for _, draw in weighted]
        self._weights = [weight for weight, _ in weighted]
        of_layer = self._of_layer(), self._of_exchange(), self._of_clearing()
        self._layer_draws = [item for table in of_layer for item in table.values()]
        self._kinds = [*self._compute_draws, *self._draws.values()]
        self.of_jobs = range(len(self._kinds))[sum(map(len, tables[:3])) :][: len(tables[3])]
        """Numbers of the kinds of operations on the job escrow."""

    @property
    def kinds(self) -> range:
        """Numbers of the kinds of operations."""
        return range(len(self._kinds))

    def draw_kind(self, number: int, seed: int, earliest: int) -> Operation | None:
        """Return an operation of a kind, drawn from a seed of its own; None where it would mean nothing."""
        self.reseed(seed)
        self._now = self._leapt(earliest)
        with suppress(NothingToDo):
            return self._remembered(self._kinds[number]())
        return None

    def opening(self, now: Callable[[], int]) -> Iterator[Operation]:
        """Yield what is done first, at the time it is then: three series that are as different as can be."""
        addresses, market = self._addresses, self._network.places.market
        for name, price, compensation, card in (
            ("provider", 150_000, 2_500, CARDS[0]),
            ("provider", 1, 0, CARDS[2]),
            ("other provider", 7_777_777_777_777, 333, CARDS[1]),
        ):
            provider = addresses[name]
            yield Operation("approve", provider, now(), (market, 10**9))
            yield Operation("stake", provider, now(), (10**9,), contract="market")
            yield self._attested(provider, now())
            yield self._opened(now(), provider, price, compensation, card)
        for part in (self._issued_abroad, self._opened_layer, self._opened_exchange, self._opened_clearing):
            if self._network.layer is not None:
                for operation in part():
                    yield replace(operation, now=now())

    def draw(self, earliest: int) -> Operation:
        """Return the next operation, in a block at or after `earliest`, unix seconds."""
        if self._chance(MONEY):
            return Generator.draw(self, earliest)
        if self._network.layer is not None and self._chance(ABROAD):
            self._now = earliest if self._closed_cycle(earliest) and self._chance(0.7) else self._leapt(earliest)
            return self._drawn_abroad()
        self._now = self._leapt(earliest)
        return self._remembered(self._drawn())

    def _leapt(self, earliest: int) -> int:
        return max(earliest, self._time(earliest))

    def _remembered(self, operation: Operation) -> Operation:
        """Remember an operation that was signed, to be submitted again."""
        if operation.signature is not None or operation.entry in SIGNED_WITHIN:
            self._signed.append(operation)
        return operation

    def _drawn(self) -> Operation:
        accounts = self._spec.accounts
        stopped = [it for it in self._holders if accounts[it].frozen_outgoing or accounts[it].frozen_incoming]
        if stopped and self._chance(0.03 * len(stopped)):
            return self._by(Role.FREEZER, "freeze", self._random.choice(stopped), False, False)
        if stopped and self._chance(0.06):
            with suppress(NothingToDo):
                return self._consume_frozen()
        if len(self._open()) < OPEN_AT_LEAST and self._chance(0.2):
            return self._open_series()
        if self._chance(0.06):
            with suppress(NothingToDo):
                return self._next_step()
        if self._signed and self._chance(0.04):
            return self._submitted_again()
        if self._chance(0.5) and (at_the_end := self._at_an_end()):
            with suppress(NothingToDo):
                return self._random.choice(at_the_end)()
        while True:
            (draw,) = self._random.choices(self._compute_draws, self._weights)
            with suppress(NothingToDo):
                return draw()

    def _drawn_abroad(self) -> Operation:
        if self._chance(MENDED) and (mended := self._mended()):
            return mended
        closed = self._closed_cycle()
        if closed is not None and self._chance(CLOSED):
            with suppress(NothingToDo):
                return self._next_of_cycle(closed)
        weights = [weight for weight, _ in self._layer_draws]
        while True:
            ((_, draw),) = self._random.choices(self._layer_draws, weights)
            with suppress(NothingToDo):
                return draw()

    def _at_an_end(self) -> list[Draw]:
        """Return what is drawn when a delay or a series ends with this second or the next; nothing when none does."""
        if any(map(self._is_now, self._ends_of_delays())):
            return [self._finalize_withdraw]
        if any(map(self._is_now, self._ends_of_series())):
            return [self._release_stake, self._refund_tokens, self._transfer_tokens, self._purchase, self._halt]
        if any(map(self._is_now, self._ends_of_jobs())):
            return [self._accept, self._cancel, self._deliver, self._dispute, self._rule, self._conclude]
        return []

    # Money that the compute layer runs on

    def _of_money(self) -> Weighted:
        return {"fund": (7, self._fund), "freeze": (3, self._freeze_somebody)}

    def _fund(self) -> Operation:
        """Issue to who has least, after whatever that needs."""
        spec, now = self._spec, self._now
        bank = self._addresses["central bank"]
        able = [it for it in self._token_holders if self._room(it) >= MINOR_UNIT]
        poorest = min(able or self._token_holders, key=lambda it: spec.accounts[it].balance)
        most = min(3 * PURSE, max(self._room(poorest), MINOR_UNIT))
        amount = self._random.randint(1, most // MINOR_UNIT) * MINOR_UNIT
        if spec.reserve.valid_before <= now or spec.supply + amount > spec.issuable():
            fen = (spec.supply + 50 * PURSE) // MINOR_UNIT
            attested = ReserveAttestation(fen, now, spec.reserve.sequence + 1, now + 90 * DAY_S)
            by = Signature(bank, ("ReserveAttestation", *attested.fields()))
            return Operation("attestReserve", bank, now, (bank, attested), by)
        operator = self._random.choice(self._operators)
        if spec.institutions[operator].quota < amount:
            return self._call("setIssuanceQuota", bank, operator, 10**12)
        return self._call("issue", operator, poorest, amount)

    def _freeze_somebody(self) -> Operation:
        """Freeze who holds Tokens or pays by channels, one way or both."""
        outgoing = self._chance(0.6)
        return self._by(Role.FREEZER, "freeze", self._random.choice(self._token_holders), outgoing, self._chance(0.4))

    def _submitted_again(self) -> Operation:
        """Submit what was signed before, as it was, by somebody else, or to another series."""
        operation = replace(self._random.choice(self._signed[-REPLAYED:]), now=self._now)
        if self._chance(0.3):
            operation = replace(operation, sender=self._somebody())
        if operation.contract.startswith("series") and self._chance(0.2):
            operation = replace(operation, contract=self._random.choice(list(self._live())))
        return operation

    # Opening

    def _attested(self, provider: Address, now: int) -> Operation:
        salt = len(self._network.market.computes).to_bytes(32, "big")
        given = ComputeAttestation(provider, "Ascend 910C", 2**20, 2**20, now, now + 200 * DAY_S, salt)
        attester = self._addresses["attester"]
        by = Signature(attester, ("ComputeAttestation", *given.fields()))
        return Operation("registerCompute", provider, now, (given, attester), by, contract="market")

    def _opened(self, now: int, provider: Address, price: int, compensation: int, card: int) -> Operation:
        capacity = 3 * 10**9 * 1_000_000 // price
        terms = Terms(provider, price, capacity, now + 40 * DAY_S, card)
        if compensation:
            terms = replace(terms, halter=self._addresses["halter"], ground=GROUND, compensation=compensation)
        compute_id = list(self._network.market.computes)[-1]
        return Operation("openSeries", provider, now, (terms, compute_id), contract="market")
