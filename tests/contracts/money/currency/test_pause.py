"""The pause: what stops, and what never does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from eth_hash.auto import keccak

from pysettle.client.core.access import Role
from pysettle.domain.core.events import AuthorizationCanceled
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.books import open_currency_channel
from tests.contracts.effects import FORWARDER, contract_with_role, deploy, effect, raw_logs, refused, through
from tests.contracts.money.currency.test_freeze import PAYMENTS, Payment
from tests.contracts.world import FEN, YUAN, World

FUNDS = 10 * YUAN
Act = Callable[[World], Transaction]


@pytest.fixture
def funded(world: World) -> World:
    """Give the buyer units, and let the relayer and the series draw on them."""
    currency, buyer = world.network.currency, world["buyer"]
    world.fund("buyer", FUNDS)
    world.send(
        currency.approve(buyer, world.address("relayer"), 2**256 - 1),
        currency.approve(buyer, world.series.address, 2**256 - 1),
        currency.desk.set_issuance_quota(world["central bank"], world.address("operator"), YUAN),
    )
    return world


def pause(world: World) -> Transaction:
    """Have the pauser pause the currency."""
    return world.network.currency.pause(world["pauser"])


def unpause(world: World) -> Transaction:
    """Have the pauser end the pause."""
    return world.network.currency.unpause(world["pauser"])


@pytest.mark.parametrize("before", [pause, unpause])
@pytest.mark.parametrize(("act", "name", "paused"), [(pause, "Paused", True), (unpause, "Unpaused", False)])
def test_pause(world: World, before: Act, act: Act, name: str, paused: bool) -> None:
    """The pauser begins and ends the pause, whatever it was; an event names it, and nothing else changes (P-22)."""
    currency = world.network.currency
    assert not currency.is_paused
    world.send(before(world))
    with effect(world) as change:
        (receipt,) = world.send(act(world))
    assert change == {}
    topics = (keccak(f"{name}(address)".encode()),)
    assert raw_logs(receipt) == [(currency.address, topics, world.address("pauser").rjust(32, b"\0"))]
    assert currency.is_paused is paused


@pytest.mark.parametrize(("end", "name"), [("pause", "Paused"), ("unpause", "Unpaused")])
def test_a_contract_that_is_the_pauser(world: World, end: str, name: str) -> None:
    """The event names the contract that has the role, and not whoever called it (P-12)."""
    currency = world.network.currency
    holder = contract_with_role(world, Role.PAUSER)
    call = currency._transaction(world["stranger"], 200_000, end)
    (receipt,) = world.send(through(world, holder, call))
    topics = (keccak(f"{name}(address)".encode()),)
    assert raw_logs(receipt) == [(currency.address, topics, holder.rjust(32, b"\0"))]
    assert currency.is_paused is (end == "pause")


@pytest.mark.parametrize("pay", PAYMENTS.values(), ids=PAYMENTS)
def test_payments_stop(funded: World, pay: Payment) -> None:
    """No way of paying works while paused, into a series or channel neither; all of them do again afterwards (P-28)."""
    funded.send(pause(funded))
    refused(funded, pay(funded, 3 * FEN), errors.CurrencyPaused)
    funded.send(unpause(funded))
    funded.send(pay(funded, 3 * FEN))


def test_issuance_stops(funded: World) -> None:
    """Nothing is issued while paused, and the quota stays; afterwards issuance goes on."""
    issue = funded.network.currency.desk.issue(funded["operator"], funded.address("stranger"), YUAN)
    funded.send(pause(funded))
    refused(funded, issue, errors.CurrencyPaused)
    funded.send(unpause(funded))
    with effect(funded) as change:
        funded.send(issue)
    assert change == {"eCNY stranger": YUAN, "eCNY supply": YUAN, "quota operator": -YUAN, "position operator": YUAN}


@pytest.mark.parametrize("end", ["complete", "reject", "cancel"])
def test_redemptions_end(funded: World, end: str) -> None:
    """A redemption asked for before the pause ends in each of its ways (P-7)."""
    currency, buyer, operator = funded.network.currency, funded["buyer"], funded["operator"]
    funded.send(currency.desk.request_redemption(buyer, operator.address, YUAN), pause(funded))
    ending = {
        "complete": currency.desk.complete_redemption(operator, 1),
        "reject": currency.desk.reject_redemption(operator, 1),
        "cancel": currency.desk.cancel_redemption(buyer, 1),
    }[end]
    with effect(funded) as change:
        funded.send(ending)
    returned = {"eCNY buyer": YUAN, "eCNY desk": -YUAN}
    destroyed = {"eCNY desk": -YUAN, "eCNY supply": -YUAN, "quota operator": YUAN, "position operator": -YUAN}
    assert change == (destroyed if end == "complete" else returned)


def test_settlement_accounts_pay_out(world: World) -> None:
    """Channels settle and are withdrawn from, series redeem and refund, while paused: it is others' value (P-7)."""
    network, series = world.network, world.series
    hub, relayer, provider = network.hub, world["relayer"], world["provider"]
    paid = world.buy("stranger", 2_000_000)
    config = open_currency_channel(world, "buyer", YUAN)
    world.send(
        series.consume(world["stranger"], 1_000_000),
        hub.initiate_withdraw(world["buyer"], config, YUAN - FEN),
        hub.claim(provider, [(config, world.voucher("buyer", config, FEN), FEN)]),
        pause(world),
    )
    with effect(world) as change:
        world.send(hub.settle(relayer, provider.address, config.token))
    assert change == {"eCNY hub": -FEN, "eCNY provider": FEN}
    with effect(world) as change:
        world.send(series.redeem(provider, 1_000_000))
    assert change == {
        "eCNY series": -paid // 2,
        "eCNY provider": paid // 2,
        "Tokens series": -1_000_000,
        "Tokens supply": -1_000_000,
    }
    world.chain.clock.advance(series.expiry - world.now)
    with effect(world) as change:
        world.send(hub.finalize_withdraw(world["buyer"], config), series.refund(world["stranger"], 1_000_000))
    assert change == {
        "eCNY hub": FEN - YUAN,
        "eCNY buyer": YUAN - FEN,
        "eCNY series": -paid // 2,
        "eCNY stranger": paid // 2,
        "Tokens stranger": -1_000_000,
        "Tokens supply": -1_000_000,
    }


def test_everything_else_goes_on(funded: World) -> None:
    """While paused authorizations are cancelled, accounts frozen, seized and marked, quotas and allowances set."""
    currency, buyer, nonce = funded.network.currency, funded["buyer"], funded.fresh_nonce()
    account = deploy(funded, FORWARDER)
    funded.send(pause(funded))
    with effect(funded, account=account) as change:
        cancelled, *_ = funded.send(
            currency.cancel_authorization(funded["relayer"], buyer, nonce),
            currency.freeze(funded["freezer"], buyer.address, outgoing=True, incoming=True),
            currency.freeze_amount(funded["freezer"], buyer.address, YUAN),
            currency.seize(funded["seizer"], buyer.address, funded.address("stranger"), YUAN, b"\1" * 32),
            currency.mark_settlement_account(funded["settlement registrar"], account),
            currency.desk.set_issuance_quota(funded["central bank"], funded.address("operator"), 3 * YUAN),
            currency.approve(buyer, funded.address("stranger"), FEN),
            currency.set_payee_only(buyer),
        )
    assert change == {"eCNY buyer": -YUAN, "eCNY stranger": YUAN, "quota operator": 2 * YUAN}
    assert funded.events(cancelled) == [AuthorizationCanceled(buyer.address, nonce)]


def test_tokens_still_move(world: World) -> None:
    """The pause is the currency's: Tokens of a series pass from hand to hand."""
    world.buy("buyer", 1_000)
    world.send(pause(world))
    with effect(world) as change:
        world.send(world.series.transfer(world["buyer"], world.address("stranger"), 1_000))
    assert change == {"Tokens buyer": -1_000, "Tokens stranger": 1_000}
