"""Which channels the currency allows: none to who delivers only by a purchase, none to who cannot be paid."""

from __future__ import annotations

import pytest

from pysettle.client.core.contract import interface
from pysettle.domain.money.wallets import E_CNY_CLASS_LIMITS, WalletClass
from pysettle.errors import contracts as errors
from pysettle.evm.artifacts import load
from pysettle.evm.transactions import Transaction
from tests.contracts.books import currency_config
from tests.contracts.effects import effect, refused
from tests.contracts.hostile import Hostile
from tests.contracts.world import YUAN, World


def test_a_channel_to_anyone(world: World) -> None:
    """A currency channel to an ordinary receiver is allowed, and its deposit arrives."""
    world.fund("buyer", YUAN)
    config = world.config(
        "buyer",
        receiver=world.address("provider"),
        receiver_authorizer=world.address("provider"),
        token=world.network.currency.address,
    )
    with effect(world) as change:
        world.deposit("buyer", YUAN, config)
    assert change == {"eCNY buyer": -YUAN, "eCNY hub": YUAN}


def test_a_channel_that_another_fills(world: World) -> None:
    """A payer that is frozen or has reached its limits pays no further by voucher what another brought for it."""
    network, currency = world.network, world.network.currency
    accomplice = Hostile(world, "Liar")
    limits = E_CNY_CLASS_LIMITS[WalletClass.IV]
    world.issue(accomplice.address, 1_000_000 * YUAN)
    world.send(
        accomplice.call("bring", 1_000_000 * YUAN),
        currency.set_class_limits(world["central bank"], WalletClass.IV, limits),
        currency.freeze(world["freezer"], world.address("buyer"), outgoing=False, incoming=True),
    )
    config = currency_config(world, "buyer")
    arguments = config.fields(), 1_000_000 * YUAN, accomplice.address, b""
    data = network.hub.interface.encode("deposit", *arguments)
    refused(
        world,
        Transaction(world["stranger"], network.hub.address, data, 2_000_000, network.hub.interface),
        errors.ChannelCollectorRefused,
        collector=accomplice.address,
        expected=network.hub.collector,
    )


def test_the_limits_count_each_deposit_and_a_freeze_stops_it(world: World) -> None:
    """A channel holds what its payer paid in by its own signature: within its limits, and not while it is frozen."""
    currency, buyer = world.network.currency, world.address("buyer")
    world.fund("buyer", 7_000 * YUAN)
    limits = E_CNY_CLASS_LIMITS[WalletClass.IV]
    world.send(currency.set_class_limits(world["central bank"], WalletClass.IV, limits))
    config = currency_config(world, "buyer")
    for _ in range(2):
        world.deposit("buyer", 2_000 * YUAN, config)
    assert currency.wallet(buyer).spent_on_day == 4_000 * YUAN
    with pytest.raises(errors.PaymentLimitExceeded):
        world.deposit("buyer", 2_000 * YUAN + 1, config)
    with pytest.raises(errors.DailyLimitExceeded):
        world.deposit("buyer", 1_000 * YUAN + 1, config)
    world.send(currency.freeze(world["freezer"], buyer, outgoing=True, incoming=False))
    with pytest.raises(errors.AccountFrozenOutgoing):
        world.deposit("buyer", YUAN, config)
    world.send(currency.freeze(world["freezer"], buyer, outgoing=False, incoming=True))
    world.deposit("buyer", YUAN, config)
    assert world.network.hub.channel(config.channel_id(world.network.hub.domain)) == (4_001 * YUAN, 0)


@pytest.mark.parametrize("receiver", ["series", "provider"])
def test_a_channel_to_a_payee_only_receiver(world: World, receiver: str) -> None:
    """A series, or whoever else is payee-only, cannot be the receiver: it would be paid without delivering."""
    currency, hub = world.network.currency, world.network.hub
    world.fund("buyer", YUAN)
    if receiver == "provider":
        world.send(currency.set_payee_only(world["provider"]))
    account = world.series.address if receiver == "series" else world.address("provider")
    config = world.config("buyer", receiver=account, token=currency.address)
    data = hub.sign_deposit(world["buyer"], currency, config, YUAN, world.now + 3_600)
    refused(
        world,
        hub.deposit(world["relayer"], config, YUAN, data),
        errors.ChannelReceiverPayeeOnly,
        receiver=account,
    )


def test_a_channel_to_the_currency_itself(world: World) -> None:
    """Nobody pays the currency: what the hub owed it would stay for ever, out of reach of freezes and seizures."""
    currency, hub = world.network.currency, world.network.hub
    world.fund("buyer", YUAN)
    config = world.config(
        "buyer",
        receiver=currency.address,
        receiver_authorizer=world.address("relayer"),
        token=currency.address,
    )
    data = hub.sign_deposit(world["buyer"], currency, config, YUAN, world.now + 3_600)
    refused(
        world,
        hub.deposit(world["relayer"], config, YUAN, data),
        errors.ERC20InvalidReceiver,
        receiver=currency.address,
    )


def test_payer_and_authorizer_may_be_payee_only(world: World) -> None:
    """Only the receiver is asked: a payee-only payer opens channels like anyone."""
    currency = world.network.currency
    world.fund("buyer", YUAN)
    world.send(currency.set_payee_only(world["buyer"]), currency.set_payee_only(world["relayer"]))
    config = world.config(
        "buyer",
        receiver=world.address("provider"),
        receiver_authorizer=world.address("relayer"),
        token=currency.address,
    )
    with effect(world) as change:
        world.deposit("buyer", YUAN, config)
    assert change == {"eCNY buyer": -YUAN, "eCNY hub": YUAN}


@pytest.mark.parametrize("contract", ["CurrencyToken", "ComputeToken", "IChannelPolicy"])
def test_the_check_changes_nothing(contract: str) -> None:
    """Anyone may ask, so the check is a view: no outside caller can change state by it (P-1)."""
    (check,) = (item for item in load(contract).abi if item.get("name") == "checkChannel")
    assert check["stateMutability"] == "view"
    assert interface(contract).selector("checkChannel")
