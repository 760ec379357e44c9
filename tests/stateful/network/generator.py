"""A seeded source of operations on the money and the compute layer, near the edges of what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from eth_typing import Address

from pysettle.domain.messages import ComputeAttestation
from tests.stateful.currency_records import Role, Signature
from tests.stateful.generator import Generator
from tests.stateful.network.channel_draws import ChannelDraws
from tests.stateful.network.draws import Weighted
from tests.stateful.network.market_draws import CARDS, DAY_S, GROUND, MarketDraws
from tests.stateful.network.model import NetworkModel
from tests.stateful.network.records import Terms
from tests.stateful.network.series_draws import SeriesDraws
from tests.stateful.operations import Operation

MONEY = 0.25
"""Share of operations on the money alone."""
OPEN_AT_LEAST = 2
"""Series that are open at once, before others are opened in a hurry."""
REPLAYED = 60
"""Latest signed operations that may be submitted again."""


class NetworkGenerator(MarketDraws, SeriesDraws, ChannelDraws):
    """Draws one operation after the other."""

    def __init__(self, seed: int, model: NetworkModel, addresses: dict[str, Address]) -> None:
        """Draw from a seed, for the model as it stands at each draw."""
        super().__init__(seed, model, addresses)
        tables: list[Weighted] = [self._of_market(), self._of_series(), self._of_channels()]
        # Operations of a contract that is modelled later are one more table.
        weighted = [item for table in tables for item in table.values()]
        self._compute_draws = [draw for _, draw in weighted]
        self._weights = [weight for weight, _ in weighted]

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

    def draw(self, earliest: int) -> Operation:
        """Return the next operation, in a block at or after `earliest`, unix seconds."""
        if self._chance(MONEY):
            return Generator.draw(self, earliest)
        self._now = max(earliest, self._time(earliest))
        operation = self._drawn()
        if operation.signature is not None or operation.entry in ("deposit", "claim", "tryClaim"):
            self._signed.append(operation)
        return operation

    def _drawn(self) -> Operation:
        stopped = [it for it in self._holders if self._model.accounts[it].frozen_outgoing]
        if stopped and self._chance(0.02 * len(stopped)):
            return self._by(Role.FREEZER, "freeze", self._random.choice(stopped), False, False)
        if len(self._open()) < OPEN_AT_LEAST and self._chance(0.35):
            return self._open_series()
        if self._signed and self._chance(0.04):
            return self._submitted_again()
        (draw,) = self._random.choices(self._compute_draws, self._weights)
        return draw()

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
