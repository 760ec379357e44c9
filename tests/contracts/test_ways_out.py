"""For every place where value can be, whoever is owed it gets it, with nobody's consent ("Ways out" of the manual).

Each test brings value into one place, lets the series be open, expire or be halted, and walks the way that the table
names, to the last unit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from pysettle.client import SeriesTerms
from pysettle.domain.core.messages import ChannelConfig
from pysettle.errors import contracts as errors
from pysettle.money import backing_rounded_down, price_rounded_up
from tests.contracts.books import (
    AUTHORIZER,
    RECEIVER,
    metered_claim,
    open_currency_channel,
    row,
    sign_refund,
    used,
)
from tests.contracts.effects import at, effect
from tests.contracts.hostile import Hostile, liars_channel
from tests.contracts.orders import AMOUNTS, BOND, BUYER, PAYER, PROVIDER, placed
from tests.contracts.settlement.test_ways_out import WALKS as ACROSS_BORDERS
from tests.contracts.world import FEN, LIFE_S, RATE_CARD, YUAN, World, open_series

HALTER = "other operator"
PRICE = 1_000_003
"""Micro-yuan per 1,000,000 Tokens: nothing divides it."""
COMPENSATION_BPS = 1_000
STAKE = 200 * YUAN
TOKENS = 1_000_001

End = Callable[[World], None]


def stay_open(world: World) -> None:
    """Leave the series as it is."""


def expire(world: World) -> None:
    """Let the series expire."""
    at(world, world.series.expiry)


def halt(world: World) -> None:
    """Have the halter halt it."""
    world.send(world.network.market.halt(world[HALTER], world.series.address, keccak(b"evidence")))


ends = pytest.mark.parametrize("end", [stay_open, expire, halt], ids=["open", "expired", "halted"])
ended = pytest.mark.parametrize("end", [expire, halt], ids=["expired", "halted"])


@pytest.fixture
def world(world: World) -> World:
    """Return the world with a series that can be halted, and that compensates."""
    network, provider = world.network, world["provider"]
    world.fund("provider", STAKE)
    world.send(network.currency.approve(provider, network.market.address, STAKE), network.market.stake(provider, STAKE))
    terms = SeriesTerms(
        name="Out",
        symbol="OUT",
        service_class="inference",
        unit_price=PRICE,
        capacity=100 * TOKENS,
        expiry=world.now + LIFE_S,
        rate_card=RATE_CARD,
        halter=world.address(HALTER),
        halt_ground=keccak(b"insolvency"),
        compensation_bps=COMPENSATION_BPS,
    )
    return replace(world, series=open_series(network, world.actors, terms))


def compensation(world: World, tokens: int) -> int:
    """Return what the holder of Tokens gets on top after a halt."""
    halted = world.series.halted_at() != 0
    return tokens * PRICE * COMPENSATION_BPS // 10**10 if halted else 0


def refund(world: World, name: str, tokens: int) -> None:
    """Have a holder refunded, and see that it gets what backs its Tokens, and the compensation."""
    paid = backing_rounded_down(tokens, PRICE) + compensation(world, tokens)
    with effect(world) as change:
        world.send(world.series.refund(world[name], tokens))
    moved = {f"Tokens {name}": -tokens, "Tokens supply": -tokens, f"eCNY {name}": paid, "eCNY series": -paid}
    assert change == moved


def channel(world: World, tokens: int = TOKENS) -> ChannelConfig:
    """Have the buyer buy Tokens and deposit them."""
    world.buy("buyer", tokens)
    return world.deposit("buyer", tokens)


@ended
def test_tokens_held(world: World, end: End) -> None:
    """The holder is refunded."""
    world.buy("buyer", TOKENS)
    end(world)
    refund(world, "buyer", TOKENS)


def test_tokens_held_in_an_open_series(world: World) -> None:
    """The holder passes them on, or uses them without a channel."""
    world.buy("buyer", TOKENS)
    with effect(world) as change:
        world.send(
            world.series.transfer(world["buyer"], world.address("stranger"), 1),
            world.series.consume(world["buyer"], TOKENS - 1),
        )
    assert change == {"Tokens buyer": -TOKENS, "Tokens stranger": 1, "Tokens series": TOKENS - 1}


@ends
def test_tokens_in_a_channel(world: World, end: End) -> None:
    """The payer gives notice and withdraws, with nobody's consent, and is refunded where the series has ended."""
    hub, config = world.network.hub, channel(world)
    end(world)
    world.send(hub.initiate_withdraw(world["buyer"], config, TOKENS))
    world.chain.clock.advance(config.withdraw_delay_s)
    with effect(world) as change:
        world.send(hub.finalize_withdraw(world["buyer"], config))
    assert change == {"Tokens buyer": TOKENS, "Tokens hub": -TOKENS}
    if end is not stay_open:
        refund(world, "buyer", TOKENS)


@ends
def test_tokens_in_a_channel_with_the_providers_approval(world: World, end: End) -> None:
    """At once."""
    hub, config = world.network.hub, channel(world)
    end(world)
    approval = world.network.meter.approve_refund(world["provider"], config, 0, TOKENS, 0, hub)
    with effect(world) as change:
        world.send(hub.refund_with_signature(world["stranger"], config, TOKENS, 0, approval))
    assert change == {"Tokens buyer": TOKENS, "Tokens hub": -TOKENS}


@ends
def test_usage_claimed_settled_and_redeemed(world: World, end: End) -> None:
    """The provider claims, anybody brings the Tokens home, and their backing is the provider's, whatever happened."""
    hub, series, config = world.network.hub, world.series, channel(world)
    usage = row(world, "buyer", config, used(700_001), TOKENS)
    end(world)
    world.send(metered_claim(world, [usage]))
    with effect(world) as change:
        world.send(hub.settle(world["stranger"], series.address, series.address))
    assert change == {"Tokens hub": -700_001, "Tokens series": 700_001}
    paid = backing_rounded_down(700_001, PRICE)
    with effect(world) as change:
        world.send(series.redeem(world["provider"], 700_001))
    moved = {"Tokens series": -700_001, "Tokens supply": -700_001, "eCNY provider": paid, "eCNY series": -paid}
    assert change == moved


@ended
def test_everything_leaves_a_series(world: World, end: End) -> None:
    """Rounding, donations, and compensation that nobody was owed, are the provider's once no Token is outstanding."""
    hub, series, currency = world.network.hub, world.series, world.network.currency
    world.buy("other buyer", 333)
    config = channel(world)
    world.send(metered_claim(world, [row(world, "buyer", config, used(500_001), TOKENS)]))
    world.fund("stranger", FEN)
    world.send(currency.transfer(world["stranger"], series.address, FEN))
    end(world)
    world.send(hub.settle(world["stranger"], series.address, series.address), series.redeem(world["provider"], 500_001))
    world.send(hub.initiate_withdraw(world["buyer"], config, TOKENS - 500_001))
    world.chain.clock.advance(config.withdraw_delay_s)
    world.send(hub.finalize_withdraw(world["buyer"], config))
    refund(world, "buyer", TOKENS - 500_001)
    refund(world, "other buyer", 333)
    left = currency.balance_of(series.address)
    with effect(world) as change:
        world.send(series.sweep(world["provider"]))
    assert change == {"eCNY series": -left, "eCNY provider": left}
    assert left >= FEN
    assert series.total_supply() == currency.balance_of(series.address) == 0


@ended
def test_stake(world: World, end: End) -> None:
    """What is not locked is the provider's at any time, and what was locked once the series has ended."""
    market, currency, provider = world.network.market, world.network.currency, world["provider"]
    world.buy("buyer", TOKENS)
    free, locked = market.free_stake(provider.address), market.locked_stake(world.series.address)
    assert (free + locked, locked) == (STAKE, -(-100 * TOKENS * PRICE * COMPENSATION_BPS // 10**10))
    world.send(market.withdraw_stake(provider, free))
    end(world)
    if end is expire:
        world.send(market.release_stake(world["stranger"], world.series.address))
    # What compensates is rounded up, so that it suffices for every holder.
    owed = -(-TOKENS * PRICE * COMPENSATION_BPS // 10**10) if end is halt else 0
    with effect(world, market=market.address) as change:
        world.send(market.withdraw_stake(provider, locked - owed))
    assert change.pop("eCNY provider") == locked - owed
    assert set(change.values()) == {owed - locked}
    assert (market.free_stake(provider.address), market.locked_stake(world.series.address)) == (0, 0)
    assert currency.balance_of(market.address) == 0


def test_currency_in_a_channel(world: World) -> None:
    """The payer withdraws after its notice; receiver or authorizer return it at once; what was claimed settles."""
    hub, currency = world.network.hub, world.network.currency
    config = open_currency_channel(world, "buyer", 4 * FEN)
    world.send(hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, FEN), FEN)]))
    with effect(world) as change:
        world.send(
            hub.settle(world["stranger"], world.address(RECEIVER), currency.address),
            hub.refund_with_signature(
                world["stranger"], config, FEN, 0, sign_refund(world, AUTHORIZER, config, FEN, 0)
            ),
            hub.initiate_withdraw(world["buyer"], config, 2 * FEN),
        )
    assert change == {"eCNY hub": -2 * FEN, "eCNY provider": FEN, "eCNY buyer": FEN}
    world.chain.clock.advance(config.withdraw_delay_s)
    with effect(world) as change:
        world.send(hub.finalize_withdraw(world["buyer"], config))
    assert change == {"eCNY hub": -2 * FEN, "eCNY buyer": 2 * FEN}


@pytest.mark.parametrize("returner", ["receiver", "authorizer"])
def test_currency_in_a_channel_of_a_frozen_payer(world: World, returner: str) -> None:
    """Receiver and authorizer return it to the payer's account, where it is frozen."""
    hub, currency = world.network.hub, world.network.currency
    config = open_currency_channel(world, "buyer", FEN)
    world.send(currency.freeze(world["freezer"], world.address("buyer"), outgoing=True, incoming=False))
    name = {"receiver": RECEIVER, "authorizer": AUTHORIZER}[returner]
    with effect(world) as change:
        world.send(hub.refund(world[name], config, FEN))
    assert change == {"eCNY hub": -FEN, "eCNY buyer": FEN}


def test_vouchered_currency_of_a_frozen_payer(world: World) -> None:
    """The payer takes nothing of it away meanwhile, and the receiver claims it once the freeze is lifted."""
    hub, currency, buyer = world.network.hub, world.network.currency, world["buyer"]
    config = open_currency_channel(world, "buyer", FEN)
    world.send(
        hub.initiate_withdraw(buyer, config, FEN),
        currency.freeze(world["freezer"], buyer.address, outgoing=True, incoming=True),
    )
    world.chain.clock.advance(config.withdraw_delay_s)
    claim = hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, FEN), FEN)])
    for step in (claim, hub.finalize_withdraw(buyer, config)):
        with pytest.raises(errors.ChannelPayerFrozen):
            world.send(step)
    with effect(world) as change:
        world.send(
            currency.freeze(world["freezer"], buyer.address, outgoing=False, incoming=False),
            claim,
            hub.settle(world["stranger"], world.address(RECEIVER), currency.address),
            hub.finalize_withdraw(buyer, config),
        )
    assert change == {"eCNY hub": -FEN, "eCNY provider": FEN}


def test_a_payout_of_another_token_that_refuses(world: World) -> None:
    """It is owed as a credit of the hub, which anybody has paid once the token does."""
    hub, token = world.network.hub, Hostile(world, "Liar")
    config = liars_channel(world, token)
    world.send(token.call("answerTransfersWith", False), hub.refund(world[RECEIVER], config, FEN))
    assert hub.credit_of(config.payer, token.address) == FEN
    world.send(
        token.call("answerTransfersWith", True), hub.withdraw_credit(world["stranger"], config.payer, token.address)
    )
    assert (hub.credit_of(config.payer, token.address), token.read("balanceOf", config.payer)) == (0, FEN)


def test_compensation_for_what_was_delivered_after_all(world: World) -> None:
    """Set aside at the halt, it is the provider's again at once, though somebody else's Token is outstanding."""
    hub, series, provider = world.network.hub, world.series, world["provider"]
    world.buy("other buyer", 1)
    config = channel(world)
    world.send(metered_claim(world, [row(world, "buyer", config, used(TOKENS), TOKENS)]))
    halt(world)
    world.send(hub.settle(world["stranger"], series.address, series.address), series.redeem(provider, TOKENS))
    held = world.network.currency.balance_of(series.address)
    # One Token and a tenth, at 1.000003 units.
    assert held > TOKENS * PRICE * COMPENSATION_BPS // 10**10
    with effect(world) as change:
        world.send(series.sweep(provider))
    assert change == {"eCNY series": 2 - held, "eCNY provider": held - 2}
    refund(world, "other buyer", 1)


def test_a_payout_to_a_stopped_account(world: World) -> None:
    """It waits in the currency, and is claimed when the freeze is lifted."""
    currency, buyer = world.network.currency, world.address("buyer")
    price = price_rounded_up(TOKENS, PRICE)
    world.buy("buyer", TOKENS)
    expire(world)
    world.send(currency.freeze(world["freezer"], buyer, outgoing=True, incoming=True))
    paid = backing_rounded_down(TOKENS, PRICE)
    with effect(world) as change:
        world.send(world.series.refund(world["buyer"], TOKENS))
    assert change["credit buyer"] == paid <= price
    world.send(
        currency.freeze(world["freezer"], buyer, outgoing=False, incoming=False),
        currency.claim_credit(world["stranger"], buyer, paid),
    )
    assert currency.credit_of(buyer) == 0


def test_an_order_that_nobody_accepts(world: World) -> None:
    """Anybody returns it once the time has passed."""
    job = placed(world)
    at(world, job.terms.accept_before)
    world.send(job.escrow.cancel(world["stranger"], job.id))
    assert job.paid_out() == {PAYER: sum(AMOUNTS)}


def test_a_milestone_that_nobody_delivers(world: World) -> None:
    """Anybody has it returned to who paid."""
    job = placed(world).accepted()
    for milestone, (_, end) in enumerate(job.terms.milestones):
        at(world, end)
        world.send(job.escrow.conclude(world["stranger"], job.id, milestone))
    assert job.paid_out() == {PAYER: sum(AMOUNTS)}


def test_a_delivery_that_nobody_answers(world: World) -> None:
    """Anybody has it paid."""
    job = placed(world).delivered()
    world.chain.clock.advance(job.terms.review_s)
    world.send(job.escrow.conclude(world["stranger"], job.id, 0))
    assert job.paid_out() == {PROVIDER: AMOUNTS[0]}


def test_a_dispute_that_nobody_rules_on(world: World) -> None:
    """Anybody has it split as the order says."""
    job = placed(world).disputed()
    world.chain.clock.advance(job.terms.arbitration_s)
    world.send(job.escrow.conclude(world["stranger"], job.id, 0))
    quarter = AMOUNTS[0] * job.terms.default_bps // 10_000
    assert job.paid_out() == {PROVIDER: quarter, PAYER: AMOUNTS[0] - quarter, BUYER: BOND}


WALKS: dict[str, tuple[Callable[..., None], ...]] = {
    "Tokens held": (test_tokens_held, test_tokens_held_in_an_open_series),
    "Tokens in a channel, unclaimed": (test_tokens_in_a_channel, test_tokens_in_a_channel_with_the_providers_approval),
    "usage attested, unclaimed": (test_usage_claimed_settled_and_redeemed,),
    "Tokens claimed, unsettled": (test_usage_claimed_settled_and_redeemed,),
    "Tokens delivered": (test_usage_claimed_settled_and_redeemed,),
    "rounding and donations": (test_everything_leaves_a_series,),
    "compensation for Tokens that were delivered after all": (test_compensation_for_what_was_delivered_after_all,),
    "stake free": (test_stake,),
    "stake locked": (test_stake,),
    "e-CNY in a channel, unclaimed": (test_currency_in_a_channel, test_currency_in_a_channel_of_a_frozen_payer),
    "e-CNY of a frozen payer in a channel, vouchered and unclaimed": (test_vouchered_currency_of_a_frozen_payer,),
    "e-CNY claimed, unsettled": (test_currency_in_a_channel,),
    "a payout that an account cannot receive": (
        test_a_payout_to_a_stopped_account,
        test_a_payout_of_another_token_that_refuses,
    ),
    "an order not accepted": (test_an_order_that_nobody_accepts,),
    "a milestone not delivered": (test_a_milestone_that_nobody_delivers,),
    "a milestone delivered, nobody says anything": (test_a_delivery_that_nobody_answers,),
    "a milestone disputed, the arbiter silent": (test_a_dispute_that_nobody_rules_on,),
    "amounts due of an order": (test_an_order_that_nobody_accepts, test_a_dispute_that_nobody_rules_on),
}
"""Row of the table -> the tests that walk it."""


def test_every_row_is_walked() -> None:
    """What the manual says of ways out, a test here has gone."""
    pages = (Path(__file__).parents[2] / "docs" / "reference" / "domain").glob("*.md")
    sections = [page.read_text().partition("\n## Ways out\n")[2].partition("\n## ")[0] for page in pages]
    lines = [line for section in sections for line in section.splitlines() if line.startswith("| ")]
    rows = [line.split(" | ")[0].removeprefix("| ") for line in lines]
    assert sorted(row for row in rows if row != "value") == sorted([*WALKS, *ACROSS_BORDERS])
