"""A random walk over everything channels can do, in right and wrong order, with the ledger as judge of every step.

Invariants: INV-CHANNEL, INV-USAGE, INV-SUPPLY, INV-BACKING, and the ledger folded from events equal to the chain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from pysettle.domain import invariants, ledger
from pysettle.domain.channel.books import ChannelBooks
from pysettle.domain.channel.contracts import CHANNEL
from pysettle.domain.compute.usage import Meters, Usage
from pysettle.domain.core import events
from pysettle.domain.core.events import Emitted, Position
from pysettle.domain.core.messages import ZERO_ADDRESS, ChannelConfig
from pysettle.errors import ContractReverted
from pysettle.evm.transactions import Transaction
from tests.chance import SEED, chance
from tests.contracts.books import AUTHORIZER, RECEIVER, channel, currency_config, metered_claim, row, sign_refund
from tests.contracts.world import FEN, World

BUYERS = ("buyer", "other buyer", "stranger")
STEPS = 60


class Walk:
    """Several buyers with a Token channel and an e-CNY channel each, and a ledger that follows every event."""

    def __init__(self, world: World, seed: int) -> None:
        """Fund everybody; deposit nothing."""
        self.world = world
        self.random = chance(seed)
        self.channels: list[tuple[str, ChannelConfig]] = []
        self.usage: Counter[bytes] = Counter()
        self.outcomes: Counter[str] = Counter()
        for place, name in enumerate(BUYERS):
            world.buy(name, 60_000 + place)
            world.fund(name, 20 * FEN)
            signer = ZERO_ADDRESS if place else world.address(name)
            self.channels.append((name, world.config(name, payer_authorizer=signer)))
            self.channels.append((name, currency_config(world, name, payer_authorizer=signer)))
        self.ledger = ledger.Ledger(world.network.contracts())
        self._read_to = -1
        self.follow()

    def follow(self) -> None:
        """Apply what was said since the last time."""
        chain = self.world.chain
        for log in chain.logs(from_block=self._read_to + 1):
            event = events.decode(log.topics, log.data)
            if event is not None:
                position = Position(log.block_number, log.transaction_index, log.log_index)
                timestamp = chain.block(log.block_number).timestamp
                self.ledger.apply(Emitted(log.address, position, event, timestamp))
        self._read_to = chain.block().number

    def step(self) -> None:
        """Do one thing at random; a refusal is as good as a success."""
        often = [self.deposit, self.claim, self.notice]
        seldom = [self.settle, self.refund, self.finish, self.wait, self.freeze]
        actions = [*often, *often, *seldom]
        action = self.random.choice(actions)
        try:
            for transaction in action():
                self.world.send(transaction)
            self.outcomes[action.__name__] += 1
        except ContractReverted as refusal:
            self.outcomes[refusal.error] += 1
        self.follow()

    def check(self) -> None:
        """Compare ledger and chain; check every invariant."""
        world, kept, hub = self.world, self.ledger, self.world.network.hub
        assert invariants.check(kept) == []
        for token in (world.network.currency, world.series):
            assert kept.supply(token.address) == token.total_supply()
            for holder in kept.holders(token.address):
                assert kept.held(token.address, holder) == token.balance_of(holder), holder.hex()
            unclaimed = 0
            for _, config in self.channels:
                if config.token == token.address:
                    balance, claimed = hub.channel(channel(world, config))
                    assert claimed <= balance
                    assert kept.balance(token.address, CHANNEL, channel(world, config)) == (balance - claimed)
                    record = kept[ChannelBooks].channels.get(channel(world, config))
                    assert (record.total_claimed if record else 0) == claimed
                    unclaimed += balance - claimed
            receiver = world.series.address if token is world.series else world.address(RECEIVER)
            claimed, settled = hub.receiver_totals(receiver, token.address)
            assert settled <= claimed
            assert token.balance_of(hub.address) == unclaimed + claimed - settled

    def amount(self, most: int) -> int:
        """Draw an amount, with a liking for the ends and just beyond."""
        return self.random.choice([0, 1, most, most + 1, *(self.random.randint(0, max(most, 1)) for _ in range(4))])

    def deposit(self) -> Iterator[Transaction]:
        """Deposit by a signature."""
        name, config = self.random.choice(self.channels)
        world, hub = self.world, self.world.network.hub
        token = world.series if config.token == world.series.address else world.network.currency
        amount = self.amount(token.balance_of(world.address(name)) // 3)
        data = hub.sign_deposit(world[name], token, config, amount, world.now + 3_600, next(world.salts))
        yield hub.deposit(world["relayer"], config, amount, data)

    def claim(self) -> Iterator[Transaction]:
        """Claim by key or through the meter, a little off at times."""
        name, config = self.random.choice(self.channels)
        world, hub = self.world, self.world.network.hub
        balance, claimed = hub.channel(channel(world, config))
        if config.token != world.series.address:
            ceiling = claimed + self.amount(balance - claimed)
            total = ceiling + self.random.choice([0, 0, 0, -1, 1])
            if total >= 0:
                rows = [(config, world.voucher(name, config, ceiling), total)]
                way = self.random.choice([hub.claim, hub.try_claim])
                yield way(world[self.random.choice([RECEIVER, AUTHORIZER])], rows)
            return
        rows = []
        for payer, target in self.random.sample(self.channels[::2], k=self.random.randint(1, 3)):
            balance, claimed = hub.channel(channel(world, target))
            self.usage[channel(world, target)] += self.random.randint(0, max(1, balance // 200))
            count = self.usage[channel(world, target)]
            usage = Usage(Meters(count, count // 3, count // 7), Meters(count // 2, count // 5, count // 11))
            ceiling = claimed + self.amount(balance - claimed)
            rows.append(row(world, payer, target, usage, ceiling))
        yield metered_claim(world, rows)

    def settle(self) -> Iterator[Transaction]:
        """Settle one of the two receivers."""
        world = self.world
        pairs = [
            (world.series.address, world.series.address),
            (world.address(RECEIVER), world.network.currency.address),
        ]
        totals = {pair: world.network.hub.receiver_totals(*pair) for pair in pairs}
        owed = [pair for pair in pairs if totals[pair][0] > totals[pair][1]]
        receiver, token = self.random.choice(owed or pairs)
        yield world.network.hub.settle(world["relayer"], receiver, token)

    def refund(self) -> Iterator[Transaction]:
        """Refund directly, signed, or approved through the meter."""
        _, config = self.random.choice(self.channels)
        world, hub = self.world, self.world.network.hub
        balance, claimed = hub.channel(channel(world, config))
        amount = self.amount((balance - claimed) // 2)
        nonce = hub.refund_nonce(channel(world, config))
        if config.token == world.series.address:
            signature = world.network.meter.approve_refund(world["provider"], config, nonce, amount, claimed, hub)
        elif self.random.random() < 0.5:
            yield hub.refund(world[RECEIVER], config, amount)
            return
        else:
            signature = sign_refund(world, AUTHORIZER, config, amount, nonce)
        yield hub.refund_with_signature(world["relayer"], config, amount, nonce, signature)

    def notice(self) -> Iterator[Transaction]:
        """Give notice of a withdrawal."""
        name, config = self.random.choice(self.channels)
        balance, claimed = self.world.network.hub.channel(channel(self.world, config))
        yield self.world.network.hub.initiate_withdraw(self.world[name], config, self.amount(balance - claimed))

    def finish(self) -> Iterator[Transaction]:
        """Complete a withdrawal, of somebody who gave notice where there is one."""
        hub = self.world.network.hub
        self.world.chain.clock.advance(self.random.choice([0, 900]))
        noticed = [c for c in self.channels if hub.pending_withdrawal(channel(self.world, c[1]))[0]]
        name, config = self.random.choice(noticed or self.channels)
        yield self.world.network.hub.finalize_withdraw(self.world[name], config)

    def freeze(self) -> Iterator[Transaction]:
        """Freeze somebody in some direction, or lift that."""
        outgoing, incoming = (self.random.random() < 0.3 for _ in range(2))
        payer = self.world.address(self.random.choice(BUYERS))
        yield self.world.network.currency.freeze(self.world["freezer"], payer, outgoing=outgoing, incoming=incoming)

    def wait(self) -> Iterator[Transaction]:
        """Let time pass."""
        self.world.chain.clock.advance(self.random.choice([1, 100, 899, 900, 5_000]))
        yield from ()


@pytest.mark.random
@pytest.mark.parametrize("seed", [1, 2])
def test_random_walk_keeps_every_invariant(world: World, seed: int) -> None:
    """Whatever is done in whatever order, the books balance after every step, and everybody can leave at the end."""
    walk = Walk(world, seed)
    for _ in range(STEPS):
        walk.step()
        walk.check()
    if SEED is None:  # in a walk that is new, not all may happen
        for action in ("deposit", "claim", "settle", "refund", "notice", "finish", "freeze"):
            assert walk.outcomes[action] >= 1, walk.outcomes
        assert sum(n for name, n in walk.outcomes.items() if name[0].isupper()) >= 5, walk.outcomes

    # Nobody stays frozen. After expiry everything drains: settle, withdraw, redeem, refund. The hub is left empty.
    hub, series, currency = world.network.hub, world.series, world.network.currency
    for name in BUYERS:
        world.send(currency.freeze(world["freezer"], world.address(name), outgoing=False, incoming=False))
    world.chain.clock.advance(series.expiry - world.now)
    for receiver, token in ((series.address, series.address), (world.address(RECEIVER), currency.address)):
        claimed, settled = hub.receiver_totals(receiver, token)
        if claimed > settled:
            world.send(hub.settle(world["relayer"], receiver, token))
    for _round in range(2):
        for name, config in walk.channels:
            balance, claimed = hub.channel(channel(world, config))
            if hub.pending_withdrawal(channel(world, config))[0]:
                world.send(hub.finalize_withdraw(world[name], config))
                balance, claimed = hub.channel(channel(world, config))
            if balance > claimed:
                world.send(hub.initiate_withdraw(world[name], config, balance - claimed))
        world.chain.clock.advance(900)
    for name in BUYERS:
        if held := series.balance_of(world.address(name)):
            world.send(series.refund(world[name], held))
    if delivered := series.delivered():
        world.send(series.redeem(world["provider"], delivered))
    walk.follow()
    walk.check()
    assert series.balance_of(hub.address) == currency.balance_of(hub.address) == 0
    assert series.total_supply() == 0
    world.send(series.sweep(world["provider"]))
    walk.follow()
    walk.check()
    assert currency.balance_of(series.address) == 0
