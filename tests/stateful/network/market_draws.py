"""Draws for the market: compute, stake, and series of every kind of price, card and promise."""

from __future__ import annotations

from dataclasses import replace

from eth_typing import Address

from pysettle.domain.compute.messages import ComputeAttestation
from pysettle.domain.core.messages import ZERO_ADDRESS
from tests.spec.compute.records import MOST, PRICE_BASIS, Compute, Terms
from tests.spec.core.records import BPS, NOTHING
from tests.stateful.network.draws import NetworkDraws, Weighted
from tests.stateful.operations import Operation

DAY_S = 86_400
PRICES = (1, 3, 150_000, 999_999, 1_000_001, 7_777_777_777_777)
"""Units for 1,000,000 Tokens: from a millionth of a unit for a Token to eight million units."""
CARDS = (
    sum(rate << 32 * lane for lane, rate in enumerate((1, 30, 90, 2, 60, 180))),
    sum(rate << 32 * lane for lane, rate in enumerate((2**32 - 1, 1, 7, 0, 0, 2**32 - 1))),
    3 << 32,
)
"""Rate cards: of the paper's model, of extremes, and of one meter."""
GROUND = b"\7" * 32
NO_CARD = 1 << 192


class MarketDraws(NetworkDraws):
    """Operations on the market."""

    def _of_market(self) -> Weighted:
        return {
            "registerCompute": (3, self._register_compute),
            "stake": (3, self._stake),
            "withdrawStake": (3, self._withdraw_stake),
            "openSeries": (2, self._open_series),
            "releaseStake": (2, self._release_stake),
            "halt": (2, self._halt),
        }

    def _staker(self) -> Address:
        return self._random.choice(self._providers)

    # Compute

    def _register_compute(self, provider: Address | None = None) -> Operation:
        now, random = self._now, self._random
        start = now + random.choice((0, -DAY_S, DAY_S))
        end = start + random.choice((60, 300, 3_650)) * DAY_S
        units, rate = random.choice((1, 16, 2**20)), random.choice((1, 40_000, 2**20))
        salt = random.choice((random.randbytes(32), bytes(32)))
        given = ComputeAttestation(provider or self._staker(), "Ascend 910C", units, rate, start, end, salt)
        if self._chance(0.12):
            wrong = (
                {"provider": ZERO_ADDRESS},
                {"valid_before": start},
                {"units": 0},
                {"units": 2**64 - 1, "tokens_per_unit_second": 2**64 - 1},
            )
            given = replace(given, **random.choice(wrong))
        attester = self._usually(self._addresses["attester"])
        by = self._sign(attester, ("ComputeAttestation", *given.fields()))
        return self._signed_on("market", "registerCompute", self._somebody(), (given, attester), by)

    def _usable(self, provider: Address) -> list[tuple[bytes, Compute]]:
        """Return compute on which a provider can open a series for some days."""
        computes = self._network.market.computes.items()
        return [
            (compute_id, it)
            for compute_id, it in computes
            if it.provider == provider and it.valid_before > self._now + 3 * DAY_S and it.capacity > it.allocated
        ]

    # Stake

    def _stake(self, provider: Address | None = None) -> Operation:
        """Let the market take units, or stake those it may take."""
        provider = provider or self._prefer([it for it in self._providers if self._payable(it)], self._providers)
        market, money = self._network.places.market, self._spec
        allowed = money.allowances[provider, market]
        if allowed < 1_000 and self._chance(0.9):
            amount = self._random.choice((self._fitting(money.accounts[provider].balance), 2**256 - 1))
            return self._call("approve", provider, market, amount)
        amount = min(self._payment(provider, market), allowed, 2**128)
        return self._on("market", "stake", provider, amount if self._chance(0.9) else self._near(min(allowed, 2**128)))

    def _withdraw_stake(self) -> Operation:
        provider = self._staker()
        free = self._network.market.free[provider]
        amount = self._near(free) if self._chance(0.3) else self._random.randint(0, free) // 3
        return self._on("market", "withdrawStake", self._usually(provider), amount)

    def _release_stake(self) -> Operation:
        market = self._network.market
        due = [at for at, it in market.stakes.items() if it.locked and market.series[at].terms.expiry <= self._now + 1]
        others = [*(series.address for series in self._live().values()), self._spec.address, self._somebody()]
        series = self._random.choice(others) if self._chance(0.1) else self._prefer(due, others)
        return self._on("market", "releaseStake", self._somebody(), series)

    # Series

    def _open_series(self, provider: Address | None = None) -> Operation:
        """Open a series, once there is compute and stake for it."""
        random, now = self._random, self._now
        provider = provider or self._staker()
        usable = self._usable(provider)
        if not usable and self._chance(0.9):
            return self._register_compute(provider)
        compute_id, compute = random.choice(usable) if usable else (random.randbytes(32), Compute(provider, 10, now))
        terms = self._terms(provider, compute)
        if self._chance(0.4):
            terms = replace(terms, **random.choice(self._wrong_terms(compute)))  # type: ignore[arg-type]  # by name
        if self._chance(0.04) and self._network.market.computes:
            compute_id = random.choice(list(self._network.market.computes))
        short = _stake_for(terms) - self._network.market.free[provider]
        if 0 < short <= self._spec.accounts[provider].balance and self._chance(0.8):
            return self._stake(provider)
        return self._on("market", "openSeries", self._usually(provider, *self._providers), terms, compute_id)

    def _terms(self, provider: Address, compute: Compute) -> Terms:
        random, left = self._random, compute.capacity - compute.allocated
        price = random.choice(PRICES)
        # Worth up to a few thousand yuan.
        capacity = min(max(random.randint(10**7, 4 * 10**9) * PRICE_BASIS // price, 1), left)
        lives = (2, 5, 12, 30, 60)
        expiry = min(self._now + random.choice(lives) * DAY_S + random.choice((0, 1, 43_200)), compute.valid_before)
        terms = Terms(provider, price, capacity, expiry, random.choice(CARDS))
        if self._chance(0.75):
            halter = self._addresses["halter"] if self._chance(0.85) else self._somebody()
            terms = replace(terms, halter=halter, ground=GROUND)
            free = self._network.market.free[provider] * PRICE_BASIS * BPS // (capacity * price)
            affordable = min(free, BPS)
            terms = replace(terms, compensation=random.choice((affordable, affordable, 1, 333, 2_500)))
        return terms

    def _wrong_terms(self, compute: Compute) -> tuple[dict[str, object], ...]:
        left = compute.capacity - compute.allocated
        return (
            {"provider": ZERO_ADDRESS},
            {"provider": self._somebody()},
            {"unit_price": 0},
            {"unit_price": 2**64 - 1, "compensation": BPS, "capacity": left},
            {"capacity": 0},
            {"capacity": min(left + 1, MOST), "compensation": 0},
            {"capacity": min(left + 1, MOST), "compensation": 0, "unit_price": 1},
            {"capacity": left},
            {"expiry": self._now},
            {"expiry": self._now + 1},
            {"expiry": compute.valid_before + 1},
            {"expiry": compute.valid_before + 1, "compensation": 0},
            {"expiry": compute.valid_before},
            {"rate_card": NO_CARD},
            {"halter": self._somebody(), "ground": NOTHING},
            {"halter": ZERO_ADDRESS, "ground": GROUND},
            {"compensation": BPS + 1, "capacity": 1},
        )

    def _halt(self) -> Operation:
        name, series = self._series_where(lambda it: it.terms.ground != NOTHING and not it.has_ended(self._now))
        address, halter = series.address, series.terms.halter
        if self._chance(0.15):
            return self._on(name, "halt", self._somebody())
        if self._chance(0.05):
            address = self._random.choice((ZERO_ADDRESS, self._spec.address))
        sender = halter if halter != ZERO_ADDRESS else self._somebody()
        evidence = NOTHING if self._chance(0.1) else self._random.randbytes(32)
        return self._on("market", "halt", self._usually(sender), address, evidence)


def _stake_for(terms: Terms) -> int:
    return -(-terms.capacity * terms.unit_price * terms.compensation // (PRICE_BASIS * BPS))
