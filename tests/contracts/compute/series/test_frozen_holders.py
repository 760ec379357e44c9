"""A freeze in the currency holds the Tokens of an account too: none leaves it, none of others' reaches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pysettle.domain.channel.checks import claims_of_frozen_payers
from pysettle.domain.compute.messages import PurchaseTerms
from pysettle.domain.core.findings import Severity
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.books import metered_claim, open_token_channel, row, used
from tests.contracts.effects import at, check_books, effect, refused
from tests.contracts.world import YUAN, World

TOKENS = 1_000_000

Way = Callable[[World], Transaction]


@pytest.fixture
def holding(world: World) -> World:
    """Give the buyer Tokens and units, and leave to spend them to relayer and series."""
    series, buyer = world.series, world["buyer"]
    world.buy("buyer", TOKENS)
    world.fund("buyer", YUAN)
    world.send(
        series.approve(buyer, world.address("relayer"), 2**256 - 1),
        world.network.currency.approve(buyer, series.address, YUAN),
    )
    return world


def freeze(world: World, name: str, *, outgoing: bool = False, incoming: bool = False) -> Transaction:
    """Freeze an actor, or lift its freeze."""
    currency = world.network.currency
    return currency.freeze(world["freezer"], world.address(name), outgoing=outgoing, incoming=incoming)


def by_hand(world: World) -> Transaction:
    """Pass Tokens on."""
    return world.series.transfer(world["buyer"], world.address("other buyer"), 10)


def by_allowance(world: World) -> Transaction:
    """Have a spender pass them on."""
    return world.series.transfer_from(world["relayer"], world.address("buyer"), world.address("other buyer"), 10)


def by_transfer_authorization(world: World) -> Transaction:
    """Pass them on by signature."""
    payment = world.authorization("buyer", world.address("other buyer"), 10)
    signature = world["buyer"].sign(payment.transfer_digest(world.series.domain))
    return world.series.transfer_with_authorization(world["relayer"], payment, signature)


def by_receive_authorization(world: World) -> Transaction:
    """Have the payee take them by the holder's signature."""
    payment = world.authorization("buyer", world.address("other buyer"), 10)
    signature = world["buyer"].sign(payment.receive_digest(world.series.domain))
    return world.series.receive_with_authorization(world["other buyer"], payment, signature)


def by_deposit(world: World) -> Transaction:
    """Deposit them in a channel."""
    hub, config = world.network.hub, world.config("buyer")
    data = hub.sign_deposit(world["buyer"], world.series, config, 10, world.now + 60, next(world.salts))
    return hub.deposit(world["relayer"], config, 10, data)


def by_consumption(world: World) -> Transaction:
    """Give them back against service."""
    return world.series.consume(world["buyer"], 10)


transfers = pytest.mark.parametrize(
    "way", [by_hand, by_allowance, by_transfer_authorization, by_receive_authorization], ids=lambda way: way.__name__
)


@pytest.mark.parametrize(
    "way",
    [by_hand, by_allowance, by_transfer_authorization, by_receive_authorization, by_deposit, by_consumption],
    ids=lambda way: way.__name__,
)
def test_nothing_leaves(holding: World, way: Way) -> None:
    """No way leads out of an account frozen outgoing, and each does again after the freeze (P-28)."""
    holding.send(freeze(holding, "buyer", outgoing=True))
    refused(holding, way(holding), errors.HolderFrozenOutgoing, account=holding.address("buyer"))
    holding.send(freeze(holding, "buyer"), way(holding))


@transfers
def test_nothing_of_others_comes_in(holding: World, way: Way) -> None:
    """No holder passes Tokens on to an account frozen incoming, and each may again after the freeze (P-28)."""
    holding.send(freeze(holding, "other buyer", incoming=True))
    refused(holding, way(holding), errors.HolderFrozenIncoming, account=holding.address("other buyer"))
    holding.send(freeze(holding, "other buyer"), way(holding))


@transfers
def test_the_other_direction(holding: World, way: Way) -> None:
    """Who is closed may pass on, and who may let nothing out may receive."""
    holding.send(freeze(holding, "buyer", incoming=True), freeze(holding, "other buyer", outgoing=True))
    with effect(holding) as change:
        holding.send(way(holding))
    assert change == {"Tokens buyer": -10, "Tokens other buyer": 10}


def test_a_frozen_spender(holding: World) -> None:
    """The freeze is of whose Tokens they are, not of who carries them."""
    holding.send(freeze(holding, "relayer", outgoing=True, incoming=True))
    with effect(holding) as change:
        holding.send(by_allowance(holding))
    assert change == {"Tokens buyer": -10, "Tokens other buyer": 10}


def test_a_frozen_amount_is_of_money(holding: World) -> None:
    """What is frozen of a balance of units holds no Token."""
    currency, buyer = holding.network.currency, holding.address("buyer")
    holding.send(currency.freeze_amount(holding["freezer"], buyer, 2**256 - 1), by_hand(holding))


def by_own_purchase(world: World) -> Transaction:
    """Buy for another by allowance."""
    return world.series.purchase(world["buyer"], world.address("other buyer"), 10, world.now + 60)


def by_signed_purchase(world: World) -> Transaction:
    """Buy for another by a signed payment."""
    series, currency = world.series, world.network.currency
    terms = PurchaseTerms(series.address, world.address("other buyer"), 10, world.now + 60)
    payment, signature = series.sign_purchase(world["buyer"], currency.domain, 2, terms)
    return series.purchase_with_authorization(world["relayer"], payment, terms, signature)


def by_permitted_purchase(world: World) -> Transaction:
    """Buy for another by a permit."""
    buyer, series, currency = world["buyer"], world.series, world.network.currency
    permit, signature = currency.sign_permit(buyer, series.address, 2, world.now + 60)
    beneficiary = world.address("other buyer")
    return series.purchase_with_permit(buyer, beneficiary, 10, world.now + 60, permit, signature)


@pytest.mark.parametrize(
    "way", [by_own_purchase, by_signed_purchase, by_permitted_purchase], ids=lambda way: way.__name__
)
def test_purchases(holding: World, way: Way) -> None:
    """Nobody buys for an account that is closed, nor with the money of one that lets nothing out."""
    holding.send(freeze(holding, "other buyer", incoming=True))
    refused(holding, way(holding), errors.HolderFrozenIncoming, account=holding.address("other buyer"))
    holding.send(freeze(holding, "other buyer", outgoing=True), freeze(holding, "buyer", outgoing=True))
    refused(holding, way(holding), errors.AccountFrozenOutgoing, account=holding.address("buyer"))
    holding.send(freeze(holding, "buyer", incoming=True))
    with effect(holding) as change:
        holding.send(way(holding))
    assert change["Tokens other buyer"] in (10, 13)


def test_a_purchase_for_oneself(holding: World) -> None:
    """A closed account may still spend its own money: what it gets is worth what it gave."""
    holding.send(freeze(holding, "buyer", incoming=True))
    with effect(holding) as change:
        holding.send(holding.series.purchase(holding["buyer"], holding.address("buyer"), 10, holding.now + 60))
    assert change == {"eCNY buyer": -2, "eCNY series": 2, "Tokens buyer": 10, "Tokens supply": 10, "sold": 10}


def test_what_is_in_a_channel(world: World) -> None:
    """A frozen payer's channel pays for what was used; the rest comes back to it, and stays with it."""
    config, hub, series = open_token_channel(world, "buyer", 1_000), world.network.hub, world.series
    claim = metered_claim(world, [row(world, "buyer", config, used(600), 600)])
    world.send(freeze(world, "buyer", outgoing=True, incoming=True), claim)
    assert hub.channel(config.channel_id(hub.domain)) == (1_000, 600)
    with effect(world) as change:
        world.send(hub.settle(world["stranger"], series.address, series.address))
    assert change == {"Tokens hub": -600, "Tokens series": 600}
    world.send(hub.initiate_withdraw(world["buyer"], config, 400))
    at(world, world.now + config.withdraw_delay_s)
    with effect(world) as change:
        world.send(hub.finalize_withdraw(world["buyer"], config))
    assert change == {"Tokens hub": -400, "Tokens buyer": 400}
    # That a provider may claim, with a payer's help, what a freeze was to hold, is named.
    (finding,) = claims_of_frozen_payers(check_books(world))
    assert (finding.code, finding.severity) == ("INV-FROZEN", Severity.NOTICE)
    assert finding.detail.startswith(f"600 Tokens were claimed from channels of 0x{world.address('buyer').hex()}")
    moved = series.transfer(world["buyer"], world.address("stranger"), 400)
    refused(world, moved, errors.HolderFrozenOutgoing, account=world.address("buyer"))


def test_redemption_and_refund(holding: World) -> None:
    """What a series owes is paid whoever is frozen: the currency holds it where it cannot come in (P-7)."""
    series, buyer, provider = holding.series, holding["buyer"], holding["provider"]
    holding.send(
        series.consume(buyer, 400_000),
        freeze(holding, "buyer", outgoing=True, incoming=True),
        freeze(holding, "provider", outgoing=True, incoming=True),
    )
    at(holding, series.expiry)
    with effect(holding) as change:
        holding.send(series.redeem(provider, 400_000), series.refund(buyer, 600_000))
    assert change == {
        "Tokens series": -400_000,
        "Tokens buyer": -600_000,
        "Tokens supply": -TOKENS,
        "eCNY series": -150_000,
        "eCNY currency": 150_000,
        "credit provider": 60_000,
        "credit buyer": 90_000,
    }


def test_precedence(holding: World) -> None:
    """Of several reasons the end of the series is told before the freeze, and the holder's before the other's."""
    series = holding.series
    holding.send(freeze(holding, "buyer", outgoing=True), freeze(holding, "other buyer", incoming=True))
    moved = series.transfer(holding["buyer"], holding.address("other buyer"), TOKENS + 1)
    refused(holding, moved, errors.HolderFrozenOutgoing, account=holding.address("buyer"))
    holding.send(freeze(holding, "buyer"))
    refused(holding, moved, errors.HolderFrozenIncoming, account=holding.address("other buyer"))
    back = replace(moved, data=series.interface.encode("transfer", series.address, TOKENS + 1))
    arguments = {"from": holding.address("buyer"), "to": series.address}
    refused(holding, back, errors.TokenTransferRefused, **arguments)
    at(holding, series.expiry)
    refused(holding, moved, errors.SeriesExpired, expiry=series.expiry, timestamp=series.expiry)
