"""Purchase by a signed payment whose nonce commits to the terms: whoever submits it can change nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from pysettle.client import ComputeToken, SeriesTerms
from pysettle.domain.events import AuthorizationUsed, Purchased, Transfer
from pysettle.domain.messages import Authorization, PurchaseTerms
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import at, effect, refused
from tests.contracts.world import CAPACITY, RATE_CARD, YUAN, World

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
        terms = replace(self.terms, **{name: value for name, value in changes.items() if hasattr(self.terms, name)})  # type: ignore[arg-type]  # fields by name
        authorization = replace(
            self.authorization,
            **{name: value for name, value in changes.items() if hasattr(self.authorization, name)},
        )  # type: ignore[arg-type]  # fields by name
        return self.series.purchase_with_authorization(self.world[by], authorization, terms, self.signature)


def order(world: World, *, value: int = PRICE, series: ComputeToken | None = None, **changes: object) -> Order:
    """Have the buyer sign a payment for Tokens of its own, or of changed terms."""
    series = series or world.series
    standard = replace(world.purchase_terms("buyer", TOKENS), series=series.address)
    terms = replace(standard, **changes)  # type: ignore[arg-type]  # fields by name
    authorization, signature = series.sign_purchase(world["buyer"], world.network.currency.domain, value, terms)
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


@pytest.mark.parametrize(
    "change",
    ["beneficiary", "least_tokens", "fewer", "deadline", "salt", "value", "valid_after", "valid_before", "payer"],
)
def test_altered_by_the_relayer(funded: World, change: str) -> None:
    """No term and no part of the payment can be changed after signing."""
    signed = order(funded)
    changes: dict[str, object] = {
        "beneficiary": {"beneficiary": funded.address("relayer")},
        "least_tokens": {"least_tokens": 0},
        "fewer": {"least_tokens": TOKENS - 1},
        "deadline": {"deadline": signed.terms.deadline + 1},
        "salt": {"salt": b"\1" * 32},
        "value": {"value": PRICE + 3},
        "valid_after": {"valid_after": 1},
        "valid_before": {"valid_before": signed.terms.deadline + 1},
        "payer": {"payer": funded.address("other buyer")},
    }[change]
    payer = funded.address("other buyer" if change == "payer" else "buyer")
    refused(
        funded,
        signed.submit(**changes),  # type: ignore[arg-type]  # fields by name
        errors.AuthorizationSignatureInvalid,
        authorizer=payer,
    )
    funded.send(signed.submit())


def test_signed_for_another_series(funded: World) -> None:
    """An order for one series buys nothing of another of equal terms."""
    other = funded.network.open_series(
        funded["provider"],
        SeriesTerms(
            "Test Tokens", "TEST", "inference", funded.series.unit_price, CAPACITY, funded.series.expiry, RATE_CARD
        ),
    )
    signed = order(funded)
    refused(
        funded,
        replace(signed, series=other).submit(),
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


def test_equal_terms_with_another_salt(funded: World) -> None:
    """Two orders that differ in their salt alone are two purchases."""
    first = order(funded)
    second = order(funded, salt=b"\7" * 32, deadline=first.terms.deadline)
    funded.send(first.submit(), second.submit())
    assert funded.series.balance_of(funded.address("buyer")) == 2 * TOKENS


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
    dear = funded.network.open_series(
        funded["provider"],
        SeriesTerms("Dear Tokens", "DEAR", "gpu", 2_500_000, 100, funded.series.expiry, RATE_CARD),
    )
    assert [dear.price_rounded_up(tokens) for tokens in (1, 2, 3)] == [3, 5, 8]
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
    refused(funded, order(funded, value=2**256 - 1, least_tokens=0).submit(), errors.Panic, code=0x11)


def test_the_deadline(funded: World) -> None:
    """It is filled one second before its deadline and refused in that second, before the payment is looked at (P-8)."""
    deadline = funded.now + 1_000
    first, second = (order(funded, deadline=deadline) for _ in range(2))
    at(funded, deadline - 1)
    funded.send(first.submit())
    refused(funded, second.submit(), errors.PurchaseDeadlinePassed, deadline=deadline, timestamp=deadline)


def test_expiry(funded: World) -> None:
    """From the second of expiry no order is filled."""
    expiry = funded.series.expiry
    first, second = (order(funded, deadline=expiry + 1_000) for _ in range(2))
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


def test_the_nonce(funded: World) -> None:
    """The series computes the nonce of an order as clients do."""
    terms = order(funded).terms
    asked = funded.series._read("purchaseNonce", terms.beneficiary, terms.least_tokens, terms.deadline, terms.salt)
    assert asked == terms.nonce()
