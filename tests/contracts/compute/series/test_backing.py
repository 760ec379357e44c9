"""INV-BACKING and INV-SUPPLY over random histories: every Token stays backed, whatever is done in which order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from eth_hash.auto import keccak

from pysettle.client import ComputeToken
from pysettle.domain.compute.contracts import ESCROW
from pysettle.domain.core.accounts import OWN
from pysettle.money import PRICE_BASIS
from tests.chance import chance
from tests.contracts.effects import at, check_books
from tests.contracts.world import YUAN, World

HOLDERS = ("buyer", "other buyer", "stranger", "provider")
STEPS = 15


class Walk:
    """A random history of one series."""

    def __init__(self, world: World, series: ComputeToken, seed: str) -> None:
        """Begin it: the same seed gives the same history."""
        self.world, self.series = world, series
        # Not from the hash of a str, which differs between processes.
        self.random = chance(int.from_bytes(keccak(seed.encode()), "big"))

    def tokens(self, most: int) -> int:
        """Return a number of Tokens to act on, often a small one, where rounding shows."""
        return self.random.randint(1, min(most, self.random.choice([3, 50, 10_000_000]))) if most > 0 else 0

    def purchase(self, name: str) -> None:
        """Buy by allowance."""
        tokens = self.tokens(self.series.capacity - self.series.sold())
        if tokens:
            signer = self.world[name]
            self.world.send(self.series.purchase(signer, signer.address, tokens, self.world.now + 60))

    def consume(self, name: str) -> None:
        """Give Tokens back."""
        tokens = self.tokens(self.series.balance_of(self.world.address(name)))
        if tokens:
            self.world.send(self.series.consume(self.world[name], tokens))

    def transfer(self, name: str) -> None:
        """Pass Tokens on."""
        to = self.world.address(self.random.choice(HOLDERS))
        tokens = self.random.randint(0, self.series.balance_of(self.world.address(name)))
        self.world.send(self.series.transfer(self.world[name], to, tokens))

    def redeem(self, name: str) -> None:
        """Redeem what was delivered, in parts, the first of them single Tokens; the provider, whoever's turn it is."""
        parts = [1] * min(4, self.series.delivered() - 1)
        if tokens := self.tokens(self.series.delivered() - len(parts)):
            self.world.send(*(self.series.redeem(self.world["provider"], part) for part in (*parts, tokens)))

    def refund(self, name: str) -> None:
        """Take backing back after expiry, in parts, the first of them single Tokens."""
        held = self.series.balance_of(self.world.address(name))
        parts = [1] * min(4, held - 1)
        if tokens := self.tokens(held - len(parts)):
            self.world.send(*(self.series.refund(self.world[name], part) for part in (*parts, tokens)))

    def donate(self, name: str) -> None:
        """Give the series units for nothing."""
        units = self.random.randint(0, 1_000)
        self.world.send(self.world.network.currency.transfer(self.world[name], self.series.address, units))

    def check(self) -> None:
        """Hold what the series owns against what it owes, by its own views and by the ledger."""
        series, currency = self.series, self.world.network.currency
        held, outstanding = currency.balance_of(series.address), series.total_supply()
        assert held * PRICE_BASIS >= outstanding * series.unit_price
        books = check_books(self.world, everybody=False)
        donated = books.balance(currency.address, OWN, series.address)
        escrow = books.balance(currency.address, ESCROW, series.address)
        assert donated >= 0
        assert held == escrow + donated
        assert escrow * PRICE_BASIS >= outstanding * series.unit_price

    def go(self, steps: int, *ways: Callable[[str], None]) -> None:
        """Make random steps, and check after each."""
        for _ in range(steps):
            self.random.choice(ways)(self.random.choice(HOLDERS))
            self.check()


@pytest.mark.random
@pytest.mark.parametrize("halted", [False, True], ids=["expires", "is halted"])
@pytest.mark.parametrize("unit_price", [1, 150_000, 1_000_003])
def test_a_random_history(world: World, unit_price: int, halted: bool) -> None:
    """After each step of a history every Token is backed; at its end everybody is paid and only remainders stay.

    A series that is halted pays compensation too, out of the stake and of nothing else.
    """
    network, market, provider = world.network, world.network.market, world["provider"]
    terms = world.halting_terms(name="Walk", symbol="WALK", unit_price=unit_price, capacity=20_000_000)
    series = world.open(terms)
    for name in HOLDERS:
        world.fund(name, 1_000 * YUAN)
        world.send(network.currency.approve(world[name], series.address, 2**256 - 1))

    def everything() -> int:
        accounts = [*map(world.address, HOLDERS), market.address, series.address]
        return sum(map(network.currency.balance_of, accounts))

    total = everything()
    walk = Walk(world, series, f"backing/{unit_price}")
    walk.go(STEPS, walk.purchase, walk.purchase, walk.consume, walk.transfer, walk.redeem, walk.donate)
    if halted:
        world.send(world.halt(series))
        walk.check()
    else:
        at(world, series.expiry)
        world.send(market.release_stake(world["stranger"], series.address))
    walk.go(STEPS // 3, walk.refund, walk.redeem, walk.donate)
    for name in HOLDERS:
        if left := series.balance_of(world.address(name)):
            world.send(series.refund(world[name], left))
    if left := series.delivered():
        world.send(series.redeem(provider, left))
    assert series.total_supply() == 0
    walk.check()
    world.send(series.sweep(provider), market.withdraw_stake(provider, market.free_stake(provider.address)))
    walk.check()
    assert network.currency.balance_of(series.address) == network.currency.balance_of(market.address) == 0
    assert everything() == total
