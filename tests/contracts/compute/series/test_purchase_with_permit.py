"""Purchase by a permit: allowance and purchase in one transaction, which nobody stops by submitting it first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pysettle.domain.compute.events import Purchased
from pysettle.domain.core.events import Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import at, effect, refused
from tests.contracts.hostile import Hostile
from tests.contracts.world import CAPACITY, YUAN, World

TOKENS = 2_000_000
PRICE = 300_000
BOUGHT = {
    "eCNY buyer": -PRICE,
    "eCNY series": PRICE,
    "Tokens buyer": TOKENS,
    "Tokens supply": TOKENS,
    "sold": TOKENS,
}


@pytest.fixture
def funded(world: World) -> World:
    """Give the buyer units, and no allowance to anybody."""
    world.fund("buyer", 100 * YUAN)
    return world


def purchase(
    world: World, *, allowed: int = PRICE, tokens: int = TOKENS, beneficiary: str = "buyer", signer: str = "buyer"
) -> Transaction:
    """Have the buyer purchase by a permit that an actor signed."""
    series, buyer = world.series, world["buyer"]
    permit, signature = world.network.currency.sign_permit(world[signer], series.address, allowed, world.now + 3_600)
    deadline = world.now + 60
    return series.purchase_with_permit(buyer, world.address(beneficiary), tokens, deadline, permit, signature)


@pytest.mark.parametrize("more", [0, 1])
def test_purchase(funded: World, more: int) -> None:
    """The buyer pays the price, the Tokens are there, and what was permitted beyond it stays allowed."""
    series, currency, buyer = funded.series, funded.network.currency, funded.address("buyer")
    transaction = purchase(funded, allowed=PRICE + more)
    assert int.from_bytes(funded.network.sender.simulate(transaction), "big") == PRICE
    with effect(funded) as change:
        (receipt,) = funded.send(transaction)
    assert change == BOUGHT
    assert funded.events(receipt) == [
        Purchased(buyer, buyer, TOKENS, PRICE),
        Transfer(ZERO_ADDRESS, buyer, TOKENS),
        Transfer(buyer, series.address, PRICE),
    ]
    assert currency.allowance(buyer, series.address) == more


def test_for_another(funded: World) -> None:
    """The beneficiary gets the Tokens."""
    with effect(funded) as change:
        funded.send(purchase(funded, beneficiary="other buyer"))
    assert change == {name.replace("Tokens buyer", "Tokens other buyer"): it for name, it in BOUGHT.items()}


def test_submitted_before_by_another(funded: World) -> None:
    """Who submits the permit first only pays the gas of it: the purchase finds its allowance (P-26)."""
    series, currency, buyer = funded.series, funded.network.currency, funded["buyer"]
    permit, signature = currency.sign_permit(buyer, series.address, PRICE, funded.now + 3_600)
    funded.send(currency.permit(funded["stranger"], permit, signature))
    bought = series.purchase_with_permit(buyer, buyer.address, TOKENS, funded.now + 60, permit, signature)
    with effect(funded) as change:
        funded.send(bought)
    assert change == BOUGHT
    refused(
        funded,
        bought,
        errors.ERC20InsufficientAllowance,
        spender=series.address,
        allowance=0,
        needed=PRICE,
    )


@pytest.mark.parametrize("signer", ["stranger", "provider"])
@pytest.mark.parametrize("allowance", [0, PRICE - 1, PRICE])
def test_an_invalid_permit(funded: World, signer: str, allowance: int) -> None:
    """A permit of somebody else's allows nothing: it is the allowance there was that decides (P-1, P-14)."""
    series, currency, buyer = funded.series, funded.network.currency, funded["buyer"]
    if allowance:
        funded.send(currency.approve(buyer, series.address, allowance))
    invalid = purchase(funded, signer=signer)
    if allowance < PRICE:
        refused(
            funded,
            invalid,
            errors.ERC20InsufficientAllowance,
            spender=series.address,
            allowance=allowance,
            needed=PRICE,
        )
        return
    with effect(funded) as change:
        funded.send(invalid)
    assert change == BOUGHT
    assert currency.allowance(buyer.address, series.address) == 0


def test_an_expired_permit(funded: World) -> None:
    """It allows nothing after its deadline."""
    series, buyer = funded.series, funded["buyer"]
    permit, signature = funded.network.currency.sign_permit(buyer, series.address, PRICE, funded.now + 10)
    bought = series.purchase_with_permit(buyer, buyer.address, TOKENS, 2**40, permit, signature)
    at(funded, permit.deadline + 1)
    refused(funded, bought, errors.ERC20InsufficientAllowance, spender=series.address, allowance=0, needed=PRICE)


def test_the_permit_of_another_buyer(funded: World) -> None:
    """A relayer who saw a permit buys nothing with it: it is the caller who pays, by its own (P-9, P-26)."""
    series, currency = funded.series, funded.network.currency
    permit, signature = currency.sign_permit(funded["buyer"], series.address, PRICE, funded.now + 3_600)
    relayer = funded["relayer"]
    stolen = series.purchase_with_permit(relayer, relayer.address, TOKENS, funded.now + 60, permit, signature)
    refused(funded, stolen, errors.ERC20InsufficientAllowance, spender=series.address, allowance=0, needed=PRICE)
    # Nor with the allowance that it makes by submitting the permit.
    funded.send(currency.permit(relayer, permit, signature))
    refused(funded, stolen, errors.ERC20InsufficientAllowance, spender=series.address, allowance=0, needed=PRICE)


def test_a_permit_of_too_little(funded: World) -> None:
    """The price is taken whole or not at all; a refused purchase leaves the permit unspent (P-2)."""
    series, currency, buyer = funded.series, funded.network.currency, funded.address("buyer")
    refused(
        funded,
        purchase(funded, allowed=PRICE - 1),
        errors.ERC20InsufficientAllowance,
        spender=series.address,
        allowance=PRICE - 1,
        needed=PRICE,
    )
    assert currency.allowance(buyer, series.address) == 0
    funded.send(purchase(funded))


def test_a_buyer_that_is_a_contract(funded: World) -> None:
    """A contract's permit is asked of the contract (ERC-1271)."""
    series, currency = funded.series, funded.network.currency
    wallet = Hostile(funded, "Wallet", funded.address("buyer"))
    permit, signature = currency.sign_permit(funded["buyer"], series.address, PRICE, funded.now + 3_600)
    own = replace(permit, owner=wallet.address, nonce=0)
    signature = funded["buyer"].sign(own.digest(currency.domain))
    funded.send(currency.transfer(funded["buyer"], wallet.address, PRICE))
    bought = series.purchase_with_permit(funded["stranger"], wallet.address, TOKENS, funded.now + 60, own, signature)
    with effect(funded, wallet=wallet.address) as change:
        funded.send(wallet.act(bought))
    assert change["Tokens wallet"] == TOKENS
    assert change["eCNY wallet"] == -PRICE


def test_like_any_purchase(funded: World) -> None:
    """Deadline, capacity, expiry and zero are looked at as in a purchase by allowance."""
    series, buyer, now = funded.series, funded["buyer"], funded.now
    permit, signature = funded.network.currency.sign_permit(buyer, series.address, 2**256 - 1, 2**40)

    def bought(tokens: int, deadline: int) -> Transaction:
        return series.purchase_with_permit(buyer, buyer.address, tokens, deadline, permit, signature)

    refused(funded, bought(TOKENS, now), errors.PurchaseDeadlinePassed, deadline=now, timestamp=now)
    refused(funded, bought(0, 2**40), errors.TokensZero)
    for tokens in (CAPACITY + 1, 2**256 - 1):
        refused(funded, bought(tokens, 2**40), errors.CapacityExceeded, requested=tokens, available=CAPACITY)
    at(funded, series.expiry)
    refused(funded, bought(1, 2**40), errors.SeriesExpired, expiry=series.expiry, timestamp=series.expiry)
