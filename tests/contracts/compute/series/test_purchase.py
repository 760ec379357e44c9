"""Purchase by allowance: currency in, Tokens out, one transaction."""

from __future__ import annotations

import pytest

from pysettle.domain.compute.events import Purchased
from pysettle.domain.core.events import Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import at, effect, refused
from tests.contracts.world import CAPACITY, UNIT_PRICE, YUAN, World

FUNDS = 1_000 * YUAN
TOKENS = 1_000_000


def price(tokens: int, unit_price: int = UNIT_PRICE) -> int:
    """Return the price by the definition: rounded up to one unit."""
    return -(-tokens * unit_price // 1_000_000)


@pytest.fixture
def funded(world: World) -> World:
    """Give the buyer units, and the series leave to take all of them."""
    world.fund("buyer", FUNDS)
    world.send(world.network.currency.approve(world["buyer"], world.series.address, FUNDS))
    return world


def purchase(world: World, tokens: int = TOKENS, *, beneficiary: str = "buyer", by: str = "buyer") -> Transaction:
    """Buy with a deadline far enough away."""
    return world.series.purchase(world[by], world.address(beneficiary), tokens, world.now + 3_600)


@pytest.mark.parametrize("tokens", [1, 6, 7, 999_999, TOKENS, TOKENS + 1, 20_000_003])
def test_purchase(funded: World, tokens: int) -> None:
    """The payer pays the exact price rounded up to one unit, and the Tokens appear (P-6, P-20)."""
    series, currency, buyer = funded.series, funded.network.currency, funded.address("buyer")
    transaction, paid = purchase(funded, tokens), price(tokens)
    assert int.from_bytes(funded.network.sender.simulate(transaction), "big") == paid
    with effect(funded) as change:
        (receipt,) = funded.send(transaction)
    assert change == {
        "eCNY buyer": -paid,
        "eCNY series": paid,
        "Tokens buyer": tokens,
        "Tokens supply": tokens,
        "sold": tokens,
    }
    assert funded.events(receipt) == [
        Purchased(buyer, buyer, tokens, paid),
        Transfer(ZERO_ADDRESS, buyer, tokens),
        Transfer(buyer, series.address, paid),
    ]
    assert [log.address for log in receipt.logs] == [series.address, series.address, currency.address]
    assert currency.allowance(buyer, series.address) == FUNDS - paid


@pytest.mark.parametrize(("tokens", "paid"), [(0, 0), (1, 1), (6, 1), (7, 2), (20, 3), (21, 4), (1_000_000, 150_000)])
def test_price(world: World, tokens: int, paid: int) -> None:
    """The quoted price is tokens x unit price / 1,000,000, rounded up to one unit (P-20)."""
    assert world.series.price_rounded_up(tokens) == paid == price(tokens)


def test_for_another(funded: World) -> None:
    """The payer may name another as beneficiary, who gets the Tokens and pays nothing."""
    buyer, other = funded.address("buyer"), funded.address("other buyer")
    with effect(funded) as change:
        (receipt,) = funded.send(purchase(funded, beneficiary="other buyer"))
    assert change == {
        "eCNY buyer": -price(TOKENS),
        "eCNY series": price(TOKENS),
        "Tokens other buyer": TOKENS,
        "Tokens supply": TOKENS,
        "sold": TOKENS,
    }
    assert funded.events(receipt)[0] == Purchased(buyer, other, TOKENS, price(TOKENS))


def test_two_in_one_block(funded: World) -> None:
    """Purchases of one block add up (P-21)."""
    with effect(funded) as change:
        receipts = funded.send(purchase(funded, 7), purchase(funded, 7, beneficiary="stranger"))
    assert receipts[0].block_number == receipts[1].block_number
    assert change == {
        "eCNY buyer": -4,
        "eCNY series": 4,
        "Tokens buyer": 7,
        "Tokens stranger": 7,
        "Tokens supply": 14,
        "sold": 14,
    }


def test_the_deadline(funded: World) -> None:
    """A purchase is made one second before its deadline and refused in that second (P-8)."""
    buyer, deadline = funded["buyer"], funded.now + 100
    transaction = funded.series.purchase(buyer, buyer.address, 1, deadline)
    at(funded, deadline - 1)
    funded.send(transaction)
    refused(funded, transaction, errors.PurchaseDeadlinePassed, deadline=deadline, timestamp=deadline)
    at(funded, deadline + 100)
    refused(funded, transaction, errors.PurchaseDeadlinePassed, deadline=deadline, timestamp=deadline + 100)


def test_expiry(funded: World) -> None:
    """The series sells until one second before expiry and no more from that second on (P-8)."""
    expiry = funded.series.expiry
    at(funded, expiry - 1)
    funded.send(purchase(funded, 1))
    refused(funded, purchase(funded, 1), errors.SeriesExpired, expiry=expiry, timestamp=expiry)
    at(funded, expiry + 1_000)
    refused(funded, purchase(funded, 1), errors.SeriesExpired, expiry=expiry, timestamp=expiry + 1_000)


def test_capacity(funded: World) -> None:
    """The whole capacity can be sold, and not one Token over it, also not in one purchase (P-28)."""
    refused(funded, purchase(funded, CAPACITY + 1), errors.CapacityExceeded, requested=CAPACITY + 1, available=CAPACITY)
    funded.send(purchase(funded, CAPACITY - 1))
    refused(funded, purchase(funded, 2), errors.CapacityExceeded, requested=2, available=1)
    funded.send(purchase(funded, 1))
    refused(funded, purchase(funded, 1), errors.CapacityExceeded, requested=1, available=0)
    assert funded.series.sold() == funded.series.balance_of(funded.address("buyer")) == CAPACITY


def test_capacity_counts_what_was_ever_sold(funded: World) -> None:
    """Redeemed Tokens make no room for new ones."""
    funded.send(
        purchase(funded, CAPACITY),
        funded.series.consume(funded["buyer"], CAPACITY),
        funded.series.redeem(funded["provider"], CAPACITY),
    )
    assert funded.series.total_supply() == 0
    refused(funded, purchase(funded, 1), errors.CapacityExceeded, requested=1, available=0)


@pytest.mark.parametrize("tokens", [2**128, 2**128 + 1, 2**255])
def test_tokens_above_128_bits(funded: World, tokens: int) -> None:
    """An order whose low 128 bits are affordable is refused as the order it is (P-2)."""
    refused(funded, purchase(funded, tokens), errors.CapacityExceeded, requested=tokens, available=CAPACITY)


def test_nothing(funded: World) -> None:
    """Zero Tokens cannot be bought."""
    refused(funded, purchase(funded, 0), errors.TokensZero)


def test_without_allowance(funded: World) -> None:
    """One unit of allowance too little, and nothing is sold."""
    currency, buyer, paid = funded.network.currency, funded["buyer"], price(TOKENS)
    funded.send(currency.approve(buyer, funded.series.address, paid - 1))
    refused(
        funded,
        purchase(funded),
        errors.ERC20InsufficientAllowance,
        spender=funded.series.address,
        allowance=paid - 1,
        needed=paid,
    )
    assert currency.allowance(buyer.address, funded.series.address) == paid - 1


def test_without_funds(funded: World) -> None:
    """One unit too little, and nothing is sold."""
    currency, buyer, paid = funded.network.currency, funded["buyer"], price(TOKENS)
    funded.send(currency.transfer(buyer, funded.address("stranger"), FUNDS - paid + 1))
    refused(
        funded,
        purchase(funded),
        errors.ERC20InsufficientBalance,
        sender=buyer.address,
        balance=paid - 1,
        needed=paid,
    )


def test_at_the_expense_of_another(funded: World) -> None:
    """The caller pays: an allowance that somebody else gave the series buys it nothing."""
    refused(
        funded,
        purchase(funded, by="stranger", beneficiary="stranger"),
        errors.ERC20InsufficientAllowance,
        spender=funded.series.address,
        allowance=0,
        needed=price(TOKENS),
    )


@pytest.mark.parametrize("beneficiary", ["series", "hub", "collector"])
def test_to_a_place_where_tokens_do_not_rest(funded: World, beneficiary: str) -> None:
    """Nobody buys Tokens straight into the series, where they would count as delivered, or into the hub."""
    places = {
        "series": funded.series.address,
        "hub": funded.network.hub.address,
        "collector": funded.network.hub.collector,
    }
    buyer, place = funded["buyer"], places[beneficiary]
    refused(
        funded,
        funded.series.purchase(buyer, place, TOKENS, funded.now + 60),
        errors.TokenTransferRefused,
        **{"from": ZERO_ADDRESS, "to": place},
    )


def test_to_nobody(funded: World) -> None:
    """Tokens are not sold to the zero address."""
    buyer = funded["buyer"]
    refused(
        funded,
        funded.series.purchase(buyer, ZERO_ADDRESS, TOKENS, funded.now + 60),
        errors.ERC20InvalidReceiver,
        receiver=ZERO_ADDRESS,
    )
