"""Purchase by a signed payment whose nonce commits to the terms: whoever submits it can change nothing."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import pytest

from pysettle.client import ComputeToken, SeriesTerms
from pysettle.domain.compute.events import Purchased
from pysettle.domain.compute.messages import PurchaseTerms
from pysettle.domain.core.events import AuthorizationUsed, Transfer
from pysettle.domain.core.messages import Authorization
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import at, effect, refused
from tests.contracts.world import CAPACITY, RATE_CARD, YUAN, World, open_series

FUNDS = 100 * YUAN
TOKENS = 2_000_000
PRICE = 300_000


@dataclass
class Order:
    """A signed payment for a purchase."""

    world: World
    series: ComputeToken
    terms: PurchaseTerms
    authorization: Authorization
    signature: bytes

    def submit(self, by: str = "relayer", **changes: object) -> Transaction:
        """Make the transaction that submits it, some of its fields changed."""

        def changed(what: Any) -> Any:
            named = {field.name for field in fields(what)}
            return replace(what, **{name: value for name, value in changes.items() if name in named})

        payment, terms = changed(self.authorization), changed(self.terms)
        return self.series.purchase_with_authorization(self.world[by], payment, terms, self.signature)


def order(
    world: World,
    *,
    value: int = PRICE,
    series: ComputeToken | None = None,
    number: int | None = None,
    **changes: object,
) -> Order:
    """Have the buyer sign a payment for Tokens of its own, or of changed terms, under a number of its own."""
    series = series or world.series
    standard = replace(world.purchase_terms("buyer", TOKENS), series=series.address)
    terms = replace(standard, **changes)  # type: ignore[arg-type]  # fields by name
    currency = world.network.currency.domain
    authorization, signature = series.sign_purchase(world["buyer"], currency, value, terms, number)
    return Order(world, series, terms, authorization, signature)


@pytest.fixture
def funded(world: World) -> World:
    """Give the buyer units, and no allowance to anybody."""
    world.fund("buyer", FUNDS)
    return world


@pytest.mark.parametrize("by", ["buyer", "relayer", "provider"])
def test_purchase(funded: World, by: str) -> None:
    """Anyone submits it; the payer pays, the beneficiary gets the Tokens, the submitter nothing."""
    series, currency, buyer = funded.series, funded.network.currency, funded.address("buyer")
    signed = order(funded)
    assert int.from_bytes(funded.network.sender.simulate(signed.submit(by)), "big") == TOKENS
    with effect(funded) as change:
        (receipt,) = funded.send(signed.submit(by))
    assert change == {
        "eCNY buyer": -PRICE,
        "eCNY series": PRICE,
        "Tokens buyer": TOKENS,
        "Tokens supply": TOKENS,
        "sold": TOKENS,
    }
    assert funded.events(receipt) == [
        Purchased(buyer, buyer, TOKENS, PRICE),
        Transfer(b"\0" * 20, buyer, TOKENS),
        AuthorizationUsed(buyer, signed.terms.nonce()),
        Transfer(buyer, series.address, PRICE),
    ]
    assert [log.address for log in receipt.logs] == [series.address] * 2 + [currency.address] * 2
    assert currency.is_authorization_spent(buyer, signed.terms.nonce())


def test_for_another(funded: World) -> None:
    """The signed beneficiary gets the Tokens."""
    signed = order(funded, beneficiary=funded.address("other buyer"))
    with effect(funded) as change:
        funded.send(signed.submit())
    assert change == {
        "eCNY buyer": -PRICE,
        "eCNY series": PRICE,
        "Tokens other buyer": TOKENS,
        "Tokens supply": TOKENS,
        "sold": TOKENS,
    }


def test_more_than_the_least(funded: World) -> None:
    """A payment buys all it pays for, not only the least that was signed."""
    signed = order(funded, least_tokens=1)
    funded.send(signed.submit())
    assert funded.series.balance_of(funded.address("buyer")) == TOKENS


@pytest.mark.parametrize("number", [None, 0, 7])
@pytest.mark.parametrize("change", ["beneficiary", "no least", "fewer", "later", "earlier"])
def test_terms_altered_by_the_relayer(funded: World, change: str, number: int | None) -> None:
    """No term can be changed after signing: neither under the signed nonce, nor under one of the changed terms."""
    signed = order(funded, number=number)
    changes: dict[str, Any] = {
        "beneficiary": {"beneficiary": funded.address("relayer")},
        "no least": {"least_tokens": 0},
        "fewer": {"least_tokens": TOKENS - 1},
        "later": {"deadline": signed.terms.deadline + 1},
        "earlier": {"deadline": signed.terms.deadline - 1},
    }[change]
    altered = replace(signed.terms, **changes)
    refused(
        funded,
        signed.submit(**changes),
        errors.PurchaseNonceInvalid,
        nonce=signed.authorization.nonce,
        termsHash=altered.hash(),
    )
    refused(
        funded,
        signed.submit(**changes, nonce=altered.nonce(number)),
        errors.AuthorizationSignatureInvalid,
        authorizer=funded.address("buyer"),
    )
    funded.send(signed.submit())


@pytest.mark.parametrize("change", ["value", "valid_after", "valid_before", "payer", "number"])
def test_payment_altered_by_the_relayer(funded: World, change: str) -> None:
    """No part of the payment can be changed after signing, the payer's own number neither."""
    signed = order(funded, number=7)
    changes: dict[str, Any] = {
        "value": {"value": PRICE + 3},
        "valid_after": {"valid_after": 1},
        "valid_before": {"valid_before": signed.terms.deadline + 1},
        "payer": {"payer": funded.address("other buyer")},
        "number": {"nonce": signed.terms.nonce(8)},
    }[change]
    payer = funded.address("other buyer" if change == "payer" else "buyer")
    refused(funded, signed.submit(**changes), errors.AuthorizationSignatureInvalid, authorizer=payer)
    funded.send(signed.submit())


def test_signed_for_another_series(funded: World) -> None:
    """An order for one series buys nothing of another of equal terms."""
    terms = SeriesTerms(
        "Test Tokens", "TEST", "inference", funded.series.unit_price, CAPACITY, funded.series.expiry, RATE_CARD
    )
    other = open_series(funded.network, funded.actors, terms)
    signed = order(funded)
    refused(
        funded,
        replace(signed, series=other).submit(),
        errors.PurchaseNonceInvalid,
        nonce=signed.authorization.nonce,
        termsHash=replace(signed.terms, series=other.address).hash(),
    )
    # A nonce of the other series' terms is none that the payer signed.
    forged = replace(signed.authorization, nonce=replace(signed.terms, series=other.address).nonce())
    refused(
        funded,
        replace(signed, series=other, authorization=forged).submit(),
        errors.AuthorizationSignatureInvalid,
        authorizer=funded.address("buyer"),
    )


def test_replay(funded: World) -> None:
    """The same order is filled once (INV-ONCE)."""
    signed = order(funded)
    funded.send(signed.submit())
    refused(
        funded,
        signed.submit(),
        errors.AuthorizationAlreadyUsed,
        authorizer=funded.address("buyer"),
        nonce=signed.terms.nonce(),
    )


def test_equal_terms_under_numbers(funded: World) -> None:
    """Orders of equal terms are told apart by the payer's numbers, 64 bits wide, each of which is spent once."""
    deadline = funded.now + 3_600
    signed = [order(funded, number=number, deadline=deadline) for number in (None, 0, 1, 2, 255, 256, 2**64 - 1)]
    with effect(funded) as change:
        funded.send(*(each.submit() for each in signed))
    assert change == {
        "eCNY buyer": -7 * PRICE,
        "eCNY series": 7 * PRICE,
        "Tokens buyer": 7 * TOKENS,
        "Tokens supply": 7 * TOKENS,
        "sold": 7 * TOKENS,
    }
    for each in signed:
        again, buyer = each.submit(), funded.address("buyer")
        refused(funded, again, errors.AuthorizationAlreadyUsed, authorizer=buyer, nonce=each.authorization.nonce)


@pytest.mark.parametrize("bit", [64, 65, 128, 255])
def test_the_high_bits_of_the_nonce_are_the_terms(funded: World, bit: int) -> None:
    """A nonce signed by the payer that differs from the hash in any of its high 192 bits buys nothing."""
    signed = order(funded)
    nonce = (int.from_bytes(signed.terms.hash(), "big") ^ 1 << bit).to_bytes(32, "big")
    authorization = replace(signed.authorization, nonce=nonce)
    signature = funded["buyer"].sign(authorization.receive_digest(funded.network.currency.domain))
    refused(
        funded,
        replace(signed, authorization=authorization, signature=signature).submit(),
        errors.PurchaseNonceInvalid,
        nonce=nonce,
        termsHash=signed.terms.hash(),
    )


def test_a_transfer_authorization_is_not_accepted(funded: World) -> None:
    """The other signed type is refused, even with a nonce that commits to the terms."""
    signed = order(funded)
    digest = signed.authorization.transfer_digest(funded.network.currency.domain)
    refused(
        funded,
        replace(signed, signature=funded["buyer"].sign(digest)).submit(),
        errors.AuthorizationSignatureInvalid,
        authorizer=funded.address("buyer"),
    )


def test_it_cannot_be_spent_on_the_currency_directly(funded: World) -> None:
    """The payment is the series' alone to submit: nobody can take it without the Tokens."""
    currency, signed = funded.network.currency, order(funded)
    refused(
        funded,
        currency.receive_with_authorization(funded["relayer"], signed.authorization, signed.signature),
        errors.AuthorizationCallerNotPayee,
        caller=funded.address("relayer"),
        payee=funded.series.address,
    )
    refused(
        funded,
        currency.transfer_with_authorization(funded["relayer"], signed.authorization, signed.signature),
        errors.AuthorizationSignatureInvalid,
        authorizer=funded.address("buyer"),
    )


def test_cancelled(funded: World) -> None:
    """The payer takes an order back by cancelling its nonce on the currency."""
    signed, buyer = order(funded), funded["buyer"]
    funded.send(funded.network.currency.cancel_authorization(funded["relayer"], buyer, signed.terms.nonce()))
    refused(
        funded,
        signed.submit(),
        errors.AuthorizationAlreadyUsed,
        authorizer=buyer.address,
        nonce=signed.terms.nonce(),
    )


@pytest.mark.parametrize("value", [1, PRICE - 1])
def test_below_the_least(funded: World, value: int) -> None:
    """A payment that buys fewer Tokens than the least is refused."""
    refused(
        funded,
        order(funded, value=value).submit(),
        errors.PurchaseBelowLeastTokens,
        tokens=value * 1_000_000 // funded.series.unit_price,
        leastTokens=TOKENS,
    )


@pytest.mark.parametrize("value", [1, 2, 3, 299_999, 300_000, 300_001])
def test_any_payment_is_exact_where_a_token_costs_less_than_a_unit(funded: World, value: int) -> None:
    """It buys the most Tokens whose rounded-up price it is: never a Token more than it pays for (P-20)."""
    signed = order(funded, value=value, least_tokens=0)
    funded.send(signed.submit())
    bought = funded.series.balance_of(funded.address("buyer"))
    assert funded.series.price_rounded_up(bought) == value
    assert funded.series.price_rounded_up(bought + 1) == value + 1


def test_nothing(funded: World) -> None:
    """A payment of zero buys nothing."""
    refused(funded, order(funded, value=0, least_tokens=0).submit(), errors.TokensZero)


def test_inexact(funded: World) -> None:
    """Where a Token costs more than a unit, only the price of whole Tokens is accepted: nothing is kept (P-20)."""
    terms = SeriesTerms("Dear Tokens", "DEAR", "gpu", 2_500_000, 100, funded.series.expiry, RATE_CARD)
    dear = open_series(funded.network, funded.actors, terms)
    assert [dear.price_rounded_up(tokens) for tokens in (1, 2, 3)] == [3, 5, 8]
    with pytest.raises(errors.Panic) as caught:
        dear.price_rounded_up(2**256 - 1)
    assert caught.value.args_by_name == {"code": 0x11}
    for value, price in ((1, 0), (2, 0), (4, 3), (6, 5), (7, 5)):
        refused(
            funded,
            order(funded, value=value, series=dear, least_tokens=0).submit(),
            errors.PurchasePaymentInexact,
            paid=value,
            price=price,
        )
    for value, tokens in ((3, 1), (5, 2), (8, 3)):
        before = dear.balance_of(funded.address("buyer"))
        funded.send(order(funded, value=value, series=dear, least_tokens=tokens).submit())
        assert dear.balance_of(funded.address("buyer")) == before + tokens


def test_a_payment_beyond_reckoning(funded: World) -> None:
    """A payment whose Tokens would leave 256 bits is refused, not wrapped around (P-2)."""
    for value in (2**96, 2**200):
        wanted = value * 1_000_000 // funded.series.unit_price
        beyond = order(funded, value=value, least_tokens=0).submit()
        refused(funded, beyond, errors.CapacityExceeded, requested=wanted, available=CAPACITY)
    # The product with a million wraps, and what is left of it is never the price of so much.
    for value in (2**250, 2**256 - 1):
        wrapped = (value * 1_000_000 % 2**256) // funded.series.unit_price
        price = -(-wrapped * funded.series.unit_price // 1_000_000)
        beyond = order(funded, value=value, least_tokens=0).submit()
        refused(funded, beyond, errors.PurchasePaymentInexact, paid=value, price=price)
    most = (2**96 - 1) * 1_000_000 // funded.series.unit_price
    refused(
        funded,
        order(funded, value=2**96 - 1, least_tokens=0).submit(),
        errors.CapacityExceeded,
        requested=most,
        available=CAPACITY,
    )


def test_the_deadline(funded: World) -> None:
    """It is filled one second before its deadline and refused in that second, before the payment is looked at (P-8)."""
    deadline = funded.now + 1_000
    first, second = (order(funded, deadline=deadline, number=number) for number in range(2))
    at(funded, deadline - 1)
    funded.send(first.submit())
    refused(funded, second.submit(), errors.PurchaseDeadlinePassed, deadline=deadline, timestamp=deadline)
    at(funded, deadline + 100)
    refused(funded, second.submit(), errors.PurchaseDeadlinePassed, deadline=deadline, timestamp=deadline + 100)


def test_expiry(funded: World) -> None:
    """From the second of expiry no order is filled."""
    expiry = funded.series.expiry
    first, second = (order(funded, deadline=expiry + 1_000, number=number) for number in range(2))
    at(funded, expiry - 1)
    funded.send(first.submit())
    refused(funded, second.submit(), errors.SeriesExpired, expiry=expiry, timestamp=expiry)


def test_capacity(funded: World) -> None:
    """An order above what is left to sell is refused whole (P-2, P-28)."""
    value = funded.series.price_rounded_up(CAPACITY) + 1
    funded.fund("buyer", 1_000 * YUAN)
    bought = value * 1_000_000 // funded.series.unit_price
    refused(funded, order(funded, value=value).submit(), errors.CapacityExceeded, requested=bought, available=CAPACITY)


def test_without_funds(funded: World) -> None:
    """Without the units nothing is sold, and the order stays good for later."""
    currency, buyer, signed = funded.network.currency, funded["buyer"], order(funded)
    funded.send(currency.transfer(buyer, funded.address("stranger"), FUNDS - PRICE + 1))
    refused(
        funded,
        signed.submit(),
        errors.ERC20InsufficientBalance,
        sender=buyer.address,
        balance=PRICE - 1,
        needed=PRICE,
    )
    funded.send(currency.transfer(funded["stranger"], buyer.address, 1), signed.submit())
    assert funded.series.balance_of(buyer.address) == TOKENS


def test_the_hash_of_the_terms(funded: World) -> None:
    """The series computes it as clients do."""
    terms = order(funded).terms
    asked = funded.series._read("purchaseTermsHash", terms.beneficiary, terms.least_tokens, terms.deadline)
    assert asked == terms.hash()
