"""Seizure: units taken from an account by authority of law, moved to a named account, on a stated ground."""

from __future__ import annotations

import pytest

from pysettle.client import Freeze
from pysettle.domain.core.events import Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.events import Credited, Seized
from pysettle.domain.money.wallets import ClassLimits, WalletClass
from pysettle.errors import contracts as errors
from tests.contracts.books import open_currency_channel
from tests.contracts.effects import accounts, effect, refused
from tests.contracts.world import FEN, YUAN, World

FUNDS = 10 * YUAN
LEGAL_BASIS = b"\x5a" * 32


@pytest.fixture
def funded(world: World) -> World:
    """Give the buyer units."""
    world.fund("buyer", FUNDS)
    return world


@pytest.mark.parametrize("amount", [1, YUAN, FUNDS])
def test_seize(funded: World, amount: int) -> None:
    """A seizure moves exactly its amount to the named account, and its event carries the ground (P-6, P-22)."""
    currency, buyer, to = funded.network.currency, funded.address("buyer"), funded.address("stranger")
    with effect(funded) as change:
        (receipt,) = funded.send(currency.seize(funded["seizer"], buyer, to, amount, LEGAL_BASIS))
    assert change == {"eCNY buyer": -amount, "eCNY stranger": amount}
    assert {log.address for log in receipt.logs} == {currency.address}
    assert funded.events(receipt) == [Seized(buyer, to, amount, LEGAL_BASIS), Transfer(buyer, to, amount)]
    assert len(receipt.logs) == 2


def test_from_a_frozen_account(funded: World) -> None:
    """No freeze holds a seizure up, and the frozen amount stays as it was set, above the balance then."""
    currency, freezer = funded.network.currency, funded["freezer"]
    buyer, stranger = funded.address("buyer"), funded.address("stranger")
    funded.send(
        currency.freeze(freezer, buyer, outgoing=True, incoming=True),
        currency.freeze_amount(freezer, buyer, FUNDS),
    )
    with effect(funded) as change:
        funded.send(currency.seize(funded["seizer"], buyer, stranger, YUAN, LEGAL_BASIS))
    assert change == {"eCNY buyer": -YUAN, "eCNY stranger": YUAN}
    assert currency.frozen(buyer) == Freeze(True, True, FUNDS)
    funded.send(currency.freeze(freezer, buyer, outgoing=False, incoming=False))
    refused(
        funded,
        currency.transfer(funded["buyer"], stranger, 1),
        errors.FrozenAmountExceeded,
        account=buyer,
        requested=1,
        available=0,
        frozen=FUNDS,
    )


@pytest.mark.parametrize("stop", ["freeze", "cap"])
def test_to_an_account_that_cannot_receive(funded: World, stop: str) -> None:
    """A seizure is not held up by who is to receive: what it took is the recipient's credit."""
    currency, buyer, to = funded.network.currency, funded.address("buyer"), funded.address("stranger")
    if stop == "freeze":
        funded.send(currency.freeze(funded["freezer"], to, outgoing=False, incoming=True))
    else:
        funded.send(currency.set_class_limits(funded["central bank"], WalletClass.IV, ClassLimits(balance=0)))
    with effect(funded) as change:
        (receipt,) = funded.send(currency.seize(funded["seizer"], buyer, to, YUAN, LEGAL_BASIS))
    assert change == {"eCNY buyer": -YUAN, "eCNY currency": YUAN, "credit stranger": YUAN}
    assert funded.events(receipt) == [
        Seized(buyer, to, YUAN, LEGAL_BASIS),
        Credited(to, buyer, YUAN, YUAN),
        Transfer(buyer, currency.address, YUAN),
    ]


def test_what_is_under_redemption_is_not_in_the_account(funded: World) -> None:
    """A seizure takes the balance alone: what is being redeemed is not reached, and may return to the holder."""
    currency, buyer, operator = funded.network.currency, funded["buyer"], funded["operator"]
    funded.send(currency.desk.request_redemption(buyer, operator.address, YUAN))
    left = FUNDS - YUAN
    refused(
        funded,
        currency.seize(funded["seizer"], buyer.address, funded.address("stranger"), left + 1, LEGAL_BASIS),
        errors.ERC20InsufficientBalance,
        sender=buyer.address,
        balance=left,
        needed=left + 1,
    )
    funded.send(currency.seize(funded["seizer"], buyer.address, funded.address("stranger"), left, LEGAL_BASIS))
    with effect(funded) as change:
        funded.send(currency.desk.reject_redemption(operator, 1))
    assert change == {"eCNY desk": -YUAN, "eCNY buyer": YUAN}


@pytest.mark.parametrize("way", ["refund", "withdrawal", "settlement"])
def test_what_was_in_a_channel(world: World, way: str) -> None:
    """Nothing is seized in a channel; each way out of it ends in an account of a holder, where it is."""
    currency, hub, freezer, buyer = world.network.currency, world.network.hub, world["freezer"], world["buyer"]
    config = open_currency_channel(world, "buyer", FUNDS)
    voucher = world.voucher("buyer", config, 4 * YUAN)
    claim = hub.claim(world["provider"], [(config, voucher, 4 * YUAN)])
    holder = world.address("other operator" if way == "settlement" else "buyer")
    if way == "settlement":
        world.send(claim, hub.settle(world["relayer"], config.receiver, currency.address))
        holder = config.receiver
    world.send(currency.freeze(freezer, buyer.address, outgoing=True, incoming=False))
    refused(
        world,
        currency.seize(world["seizer"], hub.address, world.address("stranger"), YUAN, LEGAL_BASIS),
        errors.SettlementAccountProtected,
        account=hub.address,
    )
    if way == "refund":
        with pytest.raises(errors.ChannelPayerFrozen):
            world.send(claim)
        world.send(hub.refund(world["provider"], config, 6 * YUAN))
    if way == "withdrawal":
        with pytest.raises(errors.ChannelPayerFrozen):
            world.send(hub.initiate_withdraw(buyer, config, FUNDS))
        world.send(
            currency.freeze_amount(freezer, buyer.address, FUNDS),
            currency.freeze(freezer, buyer.address, outgoing=False, incoming=False),
            hub.initiate_withdraw(buyer, config, 6 * YUAN),
        )
        world.chain.clock.advance(config.withdraw_delay_s)
        world.send(hub.finalize_withdraw(buyer, config))
        with pytest.raises(errors.FrozenAmountExceeded):
            world.send(currency.transfer(buyer, world.address("stranger"), 1))
    held = currency.balance_of(holder)
    assert held == (4 * YUAN if way == "settlement" else 6 * YUAN)
    with effect(world) as change:
        world.send(currency.seize(world["seizer"], holder, world.address("stranger"), held, LEGAL_BASIS))
    assert change["eCNY stranger"] == held


def test_without_a_legal_basis(funded: World) -> None:
    """A seizure that names no document is refused."""
    buyer = funded.address("buyer")
    refused(
        funded,
        funded.network.currency.seize(funded["seizer"], buyer, funded.address("stranger"), FEN, bytes(32)),
        errors.SeizureWithoutLegalBasis,
        account=buyer,
    )


@pytest.mark.parametrize("name", ["series", "hub", "desk"])
def test_from_a_settlement_account(world: World, name: str) -> None:
    """What series, hub and desk hold belongs to others, and is not seized in their hands (P-24)."""
    currency = world.network.currency
    world.buy("buyer", 1_000_000)
    world.fund("buyer", FUNDS)
    open_currency_channel(world, "other buyer", YUAN)
    world.send(currency.desk.request_redemption(world["buyer"], world.address("operator"), YUAN))
    account = accounts(world)[name]
    assert currency.balance_of(account) >= FEN
    refused(
        world,
        currency.seize(world["seizer"], account, world.address("stranger"), FEN, LEGAL_BASIS),
        errors.SettlementAccountProtected,
        account=account,
    )


def test_from_nobody(funded: World) -> None:
    """A seizure creates nothing: the zero address has nothing to be seized."""
    refused(
        funded,
        funded.network.currency.seize(funded["seizer"], ZERO_ADDRESS, funded.address("stranger"), FEN, LEGAL_BASIS),
        errors.SettlementAccountProtected,
        account=ZERO_ADDRESS,
    )


@pytest.mark.parametrize("name", ["nobody", "currency"])
def test_to_nobody(funded: World, name: str) -> None:
    """A seizure destroys nothing, and puts nothing where it would belong to nobody."""
    to = accounts(funded)[name]
    refused(
        funded,
        funded.network.currency.seize(funded["seizer"], funded.address("buyer"), to, FEN, LEGAL_BASIS),
        errors.ERC20InvalidReceiver,
        receiver=to,
    )


def test_an_allowance_is_not_drawn_on(funded: World) -> None:
    """A seizure is no spending of the holder's: what it allowed others stays as it was."""
    currency, buyer = funded.network.currency, funded["buyer"]
    seizer, to = funded["seizer"], funded.address("stranger")
    funded.send(
        currency.approve(buyer, seizer.address, YUAN),
        currency.seize(seizer, buyer.address, to, 2 * YUAN, LEGAL_BASIS),
    )
    assert currency.allowance(buyer.address, seizer.address) == YUAN
