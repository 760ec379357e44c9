"""Purchase by a stock x402 `exact` payment: a transfer authorization to the series, the payer as beneficiary."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pysettle.client import SeriesTerms
from pysettle.domain.compute.events import Purchased
from pysettle.domain.core.events import AuthorizationUsed, Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS, Authorization
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import at, effect, refused
from tests.contracts.world import CAPACITY, RATE_CARD, YUAN, World, open_series

TOKENS = 2_000_000
PRICE = 300_000


@pytest.fixture
def funded(world: World) -> World:
    """Give the buyer units."""
    world.fund("buyer", 1_000 * YUAN)
    return world


def payment(world: World, value: int = PRICE, **changes: object) -> Authorization:
    """Return the buyer's payment to the series, or a changed one."""
    return replace(world.authorization("buyer", world.series.address, value), **changes)  # type: ignore[arg-type]


def submit(world: World, authorization: Authorization, signed: Authorization | None = None) -> Transaction:
    """Have the relayer submit a payment, signed as it is or as another was."""
    signature = world["buyer"].sign((signed or authorization).transfer_digest(world.network.currency.domain))
    return world.series.purchase_with_transfer_authorization(world["relayer"], authorization, signature)


def test_purchase(funded: World) -> None:
    """Anyone submits it; the payer pays and gets the Tokens."""
    series, currency, buyer = funded.series, funded.network.currency, funded.address("buyer")
    authorization = payment(funded)
    transaction = submit(funded, authorization)
    assert int.from_bytes(funded.network.sender.simulate(transaction), "big") == TOKENS
    with effect(funded) as change:
        (receipt,) = funded.send(transaction)
    assert change == {
        "eCNY buyer": -PRICE,
        "eCNY series": PRICE,
        "Tokens buyer": TOKENS,
        "Tokens supply": TOKENS,
        "sold": TOKENS,
    }
    assert funded.events(receipt) == [
        Purchased(buyer, buyer, TOKENS, PRICE),
        Transfer(ZERO_ADDRESS, buyer, TOKENS),
        AuthorizationUsed(buyer, authorization.nonce),
        Transfer(buyer, series.address, PRICE),
    ]
    assert [log.address for log in receipt.logs] == [series.address] * 2 + [currency.address] * 2


@pytest.mark.parametrize("by", ["relayer", "buyer", "provider"])
def test_it_cannot_be_spent_on_the_currency_directly(funded: World, by: str) -> None:
    """Nobody submits the payment to the currency, where it would be paid without delivery."""
    currency, authorization = funded.network.currency, payment(funded)
    signature = funded["buyer"].sign(authorization.transfer_digest(currency.domain))
    refused(
        funded,
        currency.transfer_with_authorization(funded[by], authorization, signature),
        errors.PayeeOnly,
        payee=funded.series.address,
        caller=funded.address(by),
    )
    funded.send(submit(funded, authorization))


def test_replay(funded: World) -> None:
    """The same payment buys once (INV-ONCE)."""
    authorization = payment(funded)
    funded.send(submit(funded, authorization))
    refused(
        funded,
        submit(funded, authorization),
        errors.AuthorizationAlreadyUsed,
        authorizer=authorization.payer,
        nonce=authorization.nonce,
    )


def test_a_receive_authorization_is_not_accepted(funded: World) -> None:
    """The other signed type is refused: with it the payer may have bound terms that are not looked at here."""
    authorization = payment(funded)
    signature = funded["buyer"].sign(authorization.receive_digest(funded.network.currency.domain))
    refused(
        funded,
        funded.series.purchase_with_transfer_authorization(funded["relayer"], authorization, signature),
        errors.AuthorizationSignatureInvalid,
        authorizer=authorization.payer,
    )


def test_an_order_cannot_be_stripped_of_its_terms(funded: World) -> None:
    """A terms-bound order is not accepted as a stock payment."""
    terms = funded.purchase_terms("other buyer", TOKENS)
    authorization, signature = funded.series.sign_purchase(
        funded["buyer"], funded.network.currency.domain, PRICE, terms
    )
    refused(
        funded,
        funded.series.purchase_with_transfer_authorization(funded["relayer"], authorization, signature),
        errors.AuthorizationSignatureInvalid,
        authorizer=authorization.payer,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"value": PRICE + 3},
        {"valid_after": 1},
        {"valid_before": 2**40},
        {"nonce": b"\7" * 32},
    ],
    ids=lambda change: next(iter(change)),
)
def test_altered(funded: World, change: dict[str, object]) -> None:
    """No part of the payment can be changed after signing."""
    signed = payment(funded)
    refused(
        funded,
        submit(funded, replace(signed, **change), signed),  # type: ignore[arg-type]  # fields by name
        errors.AuthorizationSignatureInvalid,
        authorizer=signed.payer,
    )


def test_at_the_expense_of_another(funded: World) -> None:
    """The payer is the signer: nobody buys with another's signature for himself."""
    signed = payment(funded)
    submitted = replace(signed, payer=funded.address("relayer"))
    refused(
        funded,
        submit(funded, submitted, signed),
        errors.AuthorizationSignatureInvalid,
        authorizer=submitted.payer,
    )


def test_a_payment_to_another(funded: World) -> None:
    """A payment signed to somebody else buys nothing here."""
    signed = payment(funded, payee=funded.address("provider"))
    refused(
        funded,
        submit(funded, payment(funded, nonce=signed.nonce), signed),
        errors.AuthorizationSignatureInvalid,
        authorizer=signed.payer,
    )


def test_inexact(funded: World) -> None:
    """Where a Token costs more than a unit, only the price of whole Tokens is accepted (P-20)."""
    network = funded.network
    terms = SeriesTerms("Dear Tokens", "DEAR", "gpu", 2_500_000, 100, funded.series.expiry, RATE_CARD)
    dear = open_series(network, funded.actors, terms)
    for value, price in ((2, 0), (4, 3), (6, 5)):
        authorization = payment(funded, value, payee=dear.address)
        signature = funded["buyer"].sign(authorization.transfer_digest(network.currency.domain))
        refused(
            funded,
            dear.purchase_with_transfer_authorization(funded["relayer"], authorization, signature),
            errors.PurchasePaymentInexact,
            paid=value,
            price=price,
        )
    authorization = payment(funded, 5, payee=dear.address)
    signature = funded["buyer"].sign(authorization.transfer_digest(network.currency.domain))
    funded.send(dear.purchase_with_transfer_authorization(funded["relayer"], authorization, signature))
    assert dear.balance_of(authorization.payer) == 2


def test_nothing(funded: World) -> None:
    """A payment of zero buys nothing."""
    refused(funded, submit(funded, payment(funded, 0)), errors.TokensZero)


def test_validity(funded: World) -> None:
    """A payment buys within its open interval only (P-8)."""
    start = funded.now + 100
    early = payment(funded, valid_after=start, valid_before=start + 3)
    late = payment(funded, valid_after=start, valid_before=start + 3)
    at(funded, start)
    refused(funded, submit(funded, early), errors.AuthorizationNotYetValid, validAfter=start, timestamp=start)
    at(funded, start + 2)
    funded.send(submit(funded, early))
    refused(funded, submit(funded, late), errors.AuthorizationExpired, validBefore=start + 3, timestamp=start + 3)


def test_expiry(funded: World) -> None:
    """From the second of expiry no payment buys."""
    expiry = funded.series.expiry
    first, second = (payment(funded, valid_before=expiry + 1_000) for _ in range(2))
    at(funded, expiry - 1)
    funded.send(submit(funded, first))
    refused(funded, submit(funded, second), errors.SeriesExpired, expiry=expiry, timestamp=expiry)


def test_capacity(funded: World) -> None:
    """A payment for more than is left to sell is refused whole (P-28)."""
    value = funded.series.price_rounded_up(CAPACITY) + 1
    refused(
        funded,
        submit(funded, payment(funded, value)),
        errors.CapacityExceeded,
        requested=value * 1_000_000 // funded.series.unit_price,
        available=CAPACITY,
    )


def test_without_funds(funded: World) -> None:
    """Without the units nothing is sold."""
    buyer, rest = funded["buyer"], funded.network.currency.balance_of(funded.address("buyer")) - PRICE + 1
    funded.send(funded.network.currency.transfer(buyer, funded.address("stranger"), rest))
    refused(
        funded,
        submit(funded, payment(funded)),
        errors.ERC20InsufficientBalance,
        sender=buyer.address,
        balance=PRICE - 1,
        needed=PRICE,
    )
