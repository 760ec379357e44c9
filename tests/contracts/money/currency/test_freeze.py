"""Freezing: what may not leave an account, what may not come in, and what a freeze never holds up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from eth_typing import Address

from pysettle.client import Freeze
from pysettle.domain.core.events import AuthorizationCanceled, Transfer
from pysettle.domain.money.events import FreezeSet, FrozenAmountSet
from pysettle.errors import ContractReverted
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.books import open_currency_channel
from tests.contracts.effects import FORWARDER, deploy, effect, refused, through
from tests.contracts.world import FEN, YUAN, World

FUNDS = 10 * YUAN
NOTHING = Freeze()
Payment = Callable[[World, int], Transaction]


def _authorized(world: World, value: int) -> Transaction:
    currency, buyer = world.network.currency, world["buyer"]
    authorization = world.authorization("buyer", world.address("stranger"), value)
    signature = buyer.sign(authorization.transfer_digest(currency.domain))
    return currency.transfer_with_authorization(world["relayer"], authorization, signature)


def _received(world: World, value: int) -> Transaction:
    currency, buyer = world.network.currency, world["buyer"]
    authorization = world.authorization("buyer", world.address("stranger"), value)
    signature = buyer.sign(authorization.receive_digest(currency.domain))
    return currency.receive_with_authorization(world["stranger"], authorization, signature)


def _deposited(world: World, value: int) -> Transaction:
    hub, currency = world.network.hub, world.network.currency
    config = world.config("buyer", receiver=world.address("provider"), token=currency.address)
    data = hub.sign_deposit(world["buyer"], currency, config, value, world.now + 60, int(world.fresh_nonce()[-1]))
    return hub.deposit(world["relayer"], config, value, data)


PAYMENTS: dict[str, Payment] = {
    "transfer": lambda w, n: w.network.currency.transfer(w["buyer"], w.address("stranger"), n),
    "to itself": lambda w, n: w.network.currency.transfer(w["buyer"], w.address("buyer"), n),
    "allowance": lambda w, n: w.network.currency.transfer_from(
        w["relayer"], w.address("buyer"), w.address("stranger"), n
    ),
    "authorization": _authorized,
    "receive authorization": _received,
    "redemption": lambda w, n: w.network.currency.desk.request_redemption(w["buyer"], w.address("operator"), n),
    "purchase": lambda w, n: w.series.purchase(w["buyer"], w.address("buyer"), n * 20 // 3, w.now + 60),
    "deposit": _deposited,
}
"""Every way in which units leave the buyer's account by the buyer's will, of an amount in whole fen."""
payments = pytest.mark.parametrize("pay", PAYMENTS.values(), ids=PAYMENTS)


@pytest.fixture
def funded(world: World) -> World:
    """Give the buyer units, and let the relayer and the series draw on them."""
    currency, buyer = world.network.currency, world["buyer"]
    world.fund("buyer", FUNDS)
    world.send(
        currency.approve(buyer, world.address("relayer"), 2**256 - 1),
        currency.approve(buyer, world.series.address, 2**256 - 1),
    )
    return world


def freeze(world: World, name: str, *, outgoing: bool = False, incoming: bool = False) -> Transaction:
    """Have the freezer set what of an actor's account is frozen."""
    return world.network.currency.freeze(world["freezer"], world.address(name), outgoing=outgoing, incoming=incoming)


def freeze_amount(world: World, name: str, amount: int) -> Transaction:
    """Have the freezer set how much of an actor's balance is frozen."""
    return world.network.currency.freeze_amount(world["freezer"], world.address(name), amount)


@pytest.mark.parametrize("outgoing", [True, False])
@pytest.mark.parametrize("incoming", [True, False])
def test_freeze(funded: World, outgoing: bool, incoming: bool) -> None:
    """The freezer sets both directions at once, nothing else changes, and an event says so (P-22)."""
    currency, buyer = funded.network.currency, funded["buyer"]
    funded.send(
        currency.set_payee_only(buyer),
        freeze_amount(funded, "buyer", YUAN),
        freeze(funded, "buyer", outgoing=not outgoing, incoming=not incoming),
    )
    with effect(funded) as change:
        (receipt,) = funded.send(freeze(funded, "buyer", outgoing=outgoing, incoming=incoming))
    assert change == {}
    assert funded.events(receipt) == [FreezeSet(buyer.address, outgoing, incoming)]
    assert len(receipt.logs) == 1
    assert currency.frozen(buyer.address) == Freeze(outgoing, incoming, YUAN)
    assert currency.is_payee_only(buyer.address)
    assert currency.frozen(funded.address("other buyer")) == NOTHING


@pytest.mark.parametrize("amount", [0, 1, FUNDS, FUNDS + 1, 2**256 - 1])
def test_freeze_an_amount(funded: World, amount: int) -> None:
    """An amount replaces the one before, may be above the balance, and an event says so (P-5, P-22)."""
    currency, buyer = funded.network.currency, funded.address("buyer")
    funded.send(freeze(funded, "buyer", incoming=True), freeze_amount(funded, "buyer", 3 * YUAN))
    with effect(funded) as change:
        (receipt,) = funded.send(freeze_amount(funded, "buyer", amount))
    assert change == {}
    assert funded.events(receipt) == [FrozenAmountSet(buyer, amount)]
    assert len(receipt.logs) == 1
    assert currency.frozen(buyer) == Freeze(False, True, amount)


@payments
def test_nothing_leaves(funded: World, pay: Payment) -> None:
    """No way of paying leads out of an account frozen outgoing, and all of them do again after the freeze (P-28)."""
    buyer = funded.address("buyer")
    funded.send(freeze(funded, "buyer", outgoing=True))
    refused(funded, pay(funded, 3 * FEN), errors.AccountFrozenOutgoing, account=buyer)
    funded.send(freeze(funded, "buyer"))
    funded.send(pay(funded, 3 * FEN))


@payments
def test_a_frozen_amount_stays(funded: World, pay: Payment) -> None:
    """Whatever the way, at most what is not frozen leaves, to the last fen and refused whole above it (P-2, P-28)."""
    currency, buyer = funded.network.currency, funded.address("buyer")
    funded.send(freeze_amount(funded, "buyer", FUNDS - 3 * FEN))
    available, frozen = 3 * FEN, FUNDS - 3 * FEN
    refused(
        funded,
        pay(funded, 6 * FEN),
        errors.FrozenAmountExceeded,
        account=buyer,
        requested=6 * FEN,
        available=available,
        frozen=frozen,
    )
    funded.send(pay(funded, available))
    assert currency.balance_of(buyer) in (frozen, FUNDS)


def test_less_than_is_free(funded: World) -> None:
    """Whatever is below what is free leaves, bit by bit."""
    currency, buyer, stranger = funded.network.currency, funded["buyer"], funded.address("stranger")
    funded.send(freeze_amount(funded, "buyer", FUNDS - 3 * FEN))
    with effect(funded) as change:
        funded.send(currency.transfer(buyer, stranger, 1), currency.transfer(buyer, stranger, 3 * FEN - 2))
    assert change == {"eCNY buyer": 1 - 3 * FEN, "eCNY stranger": 3 * FEN - 1}
    left = {"account": buyer.address, "requested": 2, "available": 1, "frozen": FUNDS - 3 * FEN}
    refused(funded, currency.transfer(buyer, stranger, 2), errors.FrozenAmountExceeded, **left)


@pytest.mark.parametrize("frozen", [FUNDS, FUNDS + 1, 2**256 - 1])
def test_a_frozen_amount_above_the_balance(funded: World, frozen: int) -> None:
    """Then nothing is free, and nothing underflows; nothing can still be transferred."""
    currency, buyer = funded.network.currency, funded["buyer"]
    funded.send(freeze_amount(funded, "buyer", frozen))
    refused(
        funded,
        currency.transfer(buyer, funded.address("stranger"), 1),
        errors.FrozenAmountExceeded,
        account=buyer.address,
        requested=1,
        available=0,
        frozen=frozen,
    )
    (receipt,) = funded.send(currency.transfer(buyer, funded.address("stranger"), 0))
    assert funded.events(receipt) == [Transfer(buyer.address, funded.address("stranger"), 0)]


def test_a_frozen_amount_holds_what_comes_in(funded: World) -> None:
    """What arrives while too little is there is frozen up to the amount, and what is above it is free."""
    currency, buyer = funded.network.currency, funded["buyer"]
    funded.fund("other buyer", 2 * YUAN)
    funded.send(freeze_amount(funded, "buyer", FUNDS + YUAN))
    funded.send(currency.transfer(funded["other buyer"], buyer.address, 2 * YUAN))
    with effect(funded) as change:
        funded.send(currency.transfer(buyer, funded.address("stranger"), YUAN))
    assert change == {"eCNY buyer": -YUAN, "eCNY stranger": YUAN}
    refused(
        funded,
        currency.transfer(buyer, funded.address("stranger"), 1),
        errors.FrozenAmountExceeded,
        account=buyer.address,
        requested=1,
        available=0,
        frozen=FUNDS + YUAN,
    )


def test_nothing_comes_in(funded: World) -> None:
    """Neither a payment nor issuance reaches an account frozen incoming; it still pays."""
    currency, stranger, operator = funded.network.currency, funded.address("stranger"), funded["operator"]
    funded.send(
        freeze(funded, "stranger", incoming=True),
        currency.desk.set_issuance_quota(funded["central bank"], operator.address, FEN),
    )
    for transaction in (
        *(PAYMENTS[way](funded, FEN) for way in ("transfer", "allowance", "authorization", "receive authorization")),
        currency.desk.issue(operator, stranger, FEN),
    ):
        refused(funded, transaction, errors.AccountFrozenIncoming, account=stranger)
    funded.send(freeze(funded, "buyer", incoming=True))
    with effect(funded) as change:
        funded.send(currency.transfer(funded["buyer"], funded.address("relayer"), FEN))
    assert change == {"eCNY buyer": -FEN, "eCNY relayer": FEN}


def test_issuance_to_an_account_frozen_outgoing(funded: World) -> None:
    """It arrives, and stays."""
    currency, buyer = funded.network.currency, funded.address("buyer")
    funded.send(freeze(funded, "buyer", outgoing=True))
    before = currency.balance_of(buyer)
    funded.fund("buyer", YUAN)
    assert currency.balance_of(buyer) == before + YUAN
    refused(funded, PAYMENTS["transfer"](funded, FEN), errors.AccountFrozenOutgoing, account=buyer)


@pytest.mark.parametrize("end", ["complete", "reject", "cancel"])
def test_a_redemption_ends(funded: World, end: str) -> None:
    """Frozen in both directions and to the last unit, a holder's redemption ends; what returns is its credit."""
    currency, buyer, operator = funded.network.currency, funded["buyer"], funded["operator"]
    funded.send(
        currency.desk.request_redemption(buyer, operator.address, YUAN),
        freeze(funded, "buyer", outgoing=True, incoming=True),
        freeze_amount(funded, "buyer", FUNDS),
    )
    ending = {
        "complete": currency.desk.complete_redemption(operator, 1),
        "reject": currency.desk.reject_redemption(operator, 1),
        "cancel": currency.desk.cancel_redemption(buyer, 1),
    }[end]
    with effect(funded) as change:
        funded.send(ending)
    returned = {"credit buyer": YUAN, "eCNY desk": -YUAN, "eCNY currency": YUAN}
    destroyed = {"eCNY desk": -YUAN, "eCNY supply": -YUAN, "quota operator": YUAN, "position operator": -YUAN}
    assert change == (destroyed if end == "complete" else returned)
    refused(funded, PAYMENTS["transfer"](funded, FEN), errors.AccountFrozenOutgoing, account=buyer.address)
    funded.send(freeze(funded, "buyer"))
    refused(
        funded,
        PAYMENTS["transfer"](funded, FEN),
        errors.FrozenAmountExceeded,
        account=buyer.address,
        requested=FEN,
        available=0,
        frozen=FUNDS,
    )


def test_an_authorization_is_cancelled(funded: World) -> None:
    """A frozen holder takes a signed payment back, so that it cannot be used after the freeze."""
    currency, buyer, nonce = funded.network.currency, funded["buyer"], funded.fresh_nonce()
    funded.send(freeze(funded, "buyer", outgoing=True, incoming=True), freeze_amount(funded, "buyer", FUNDS))
    (receipt,) = funded.send(currency.cancel_authorization(funded["relayer"], buyer, nonce))
    assert funded.events(receipt) == [AuthorizationCanceled(buyer.address, nonce)]


def test_a_refused_authorization_stays_unspent(funded: World) -> None:
    """A payment that a freeze refused can be made after it, by the same signature."""
    payment = PAYMENTS["authorization"](funded, YUAN)
    funded.send(freeze(funded, "buyer", outgoing=True))
    refused(funded, payment, errors.AccountFrozenOutgoing, account=funded.address("buyer"))
    funded.send(freeze(funded, "buyer"))
    with effect(funded) as change:
        funded.send(payment)
    assert change == {"eCNY buyer": -YUAN, "eCNY stranger": YUAN}


@pytest.mark.parametrize("name", ["series", "hub", "collector", "currency"])
def test_a_settlement_account_is_not_frozen(world: World, name: str) -> None:
    """What belongs to others cannot be frozen in the hands of who holds it, by direction or amount (P-24)."""
    network, freezer = world.network, world["freezer"]
    account = {
        "series": world.series.address,
        "hub": network.hub.address,
        "collector": network.hub.collector,
        "currency": network.currency.address,
    }[name]
    for transaction in (
        network.currency.freeze(freezer, account, outgoing=True, incoming=False),
        network.currency.freeze(freezer, account, outgoing=False, incoming=True),
        network.currency.freeze(freezer, account, outgoing=False, incoming=False),
        network.currency.freeze_amount(freezer, account, 1),
    ):
        refused(world, transaction, errors.SettlementAccountProtected, account=account)


@pytest.mark.parametrize("what", [Freeze(outgoing=True), Freeze(incoming=True), Freeze(amount=1)], ids=str)
def test_a_frozen_account_does_not_become_a_settlement_account(world: World, what: Freeze) -> None:
    """The mark would put it out of the freezer's reach for ever: the freeze is lifted first."""
    currency, account = world.network.currency, deploy(world, FORWARDER)
    mark = currency.mark_settlement_account(world["settlement registrar"], account)
    world.send(
        currency.freeze(world["freezer"], account, outgoing=what.outgoing, incoming=what.incoming),
        currency.freeze_amount(world["freezer"], account, what.amount),
    )
    refused(world, mark, errors.SettlementAccountFrozen, account=account)
    world.send(
        currency.freeze(world["freezer"], account, outgoing=False, incoming=False),
        currency.freeze_amount(world["freezer"], account, 0),
        mark,
    )
    assert currency.is_settlement_account(account)


def test_a_settlement_account_pays_out_what_frozen_parties_put_in(world: World) -> None:
    """What was claimed of a payer before it was frozen settles to the receiver: it belongs to others (P-7)."""
    hub = world.network.hub
    config = open_currency_channel(world, "buyer", YUAN)
    world.send(
        hub.claim(world["provider"], [(config, world.voucher("buyer", config, FEN), FEN)]),
        freeze(world, "buyer", outgoing=True, incoming=True),
        freeze_amount(world, "buyer", 2**256 - 1),
    )
    with effect(world) as change:
        world.send(hub.settle(world["relayer"], world.address("provider"), config.token))
    assert change == {"eCNY hub": -FEN, "eCNY provider": FEN}


def test_a_payout_to_an_account_frozen_incoming(world: World) -> None:
    """It holds nobody up: the payer has paid, and the payee has a credit, to be claimed after the freeze (P-7)."""
    currency, series, buyer = world.network.currency, world.series, world["buyer"]
    paid = world.buy("buyer", 1_000_000)
    world.chain.clock.advance(series.expiry - world.now)
    world.send(freeze(world, "buyer", incoming=True))
    with effect(world) as change:
        world.send(series.refund(buyer, 1_000_000))
    assert change == {
        "credit buyer": paid,
        "eCNY currency": paid,
        "eCNY series": -paid,
        "Tokens buyer": -1_000_000,
        "Tokens supply": -1_000_000,
    }
    claim = currency.claim_credit(world["relayer"], buyer.address, paid)
    refused(world, claim, errors.AccountFrozenIncoming, account=buyer.address)
    world.send(freeze(world, "buyer"))
    with effect(world) as change:
        world.send(claim)
    assert change == {"credit buyer": -paid, "eCNY currency": -paid, "eCNY buyer": paid}


@pytest.mark.parametrize("way", ["transfer", "redemption"])
def test_a_contract_is_frozen_like_a_key(funded: World, way: str) -> None:
    """A contract that is no settlement account is an account like any (P-12)."""
    currency, account = funded.network.currency, deploy(funded, FORWARDER)
    funded.send(
        currency.transfer(funded["buyer"], account, YUAN),
        currency.freeze(funded["freezer"], account, outgoing=True, incoming=False),
    )
    payment = through(funded, account, PAYMENTS[way](funded, FEN))
    refused(funded, payment, errors.AccountFrozenOutgoing, account=account)


def test_precedence(funded: World) -> None:
    """Of several reasons the payer's freeze is told before the payee's, and a direction before an amount."""
    currency, buyer, stranger = funded.network.currency, funded.address("buyer"), funded.address("stranger")
    funded.send(
        freeze(funded, "buyer", outgoing=True),
        freeze_amount(funded, "buyer", FUNDS),
        freeze(funded, "stranger", incoming=True),
    )
    payment = currency.transfer(funded["buyer"], stranger, FUNDS + 1)
    reasons: list[tuple[type[ContractReverted], dict[str, Address | int], Transaction]] = [
        (errors.AccountFrozenOutgoing, {"account": buyer}, freeze(funded, "buyer")),
        (
            errors.FrozenAmountExceeded,
            {"account": buyer, "requested": FUNDS + 1, "available": 0, "frozen": FUNDS},
            freeze_amount(funded, "buyer", 0),
        ),
        (
            errors.ERC20InsufficientBalance,
            {"sender": buyer, "balance": FUNDS, "needed": FUNDS + 1},
            currency.freeze(funded["freezer"], funded.address("relayer"), outgoing=False, incoming=False),
        ),
    ]
    for error, arguments, remedy in reasons:
        refused(funded, payment, error, **arguments)
        funded.send(remedy)
    affordable = replace(payment, data=currency.interface.encode("transfer", stranger, FUNDS))
    refused(funded, affordable, errors.AccountFrozenIncoming, account=stranger)
