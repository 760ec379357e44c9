"""Transfers of the currency (ERC-20): by the holder and within an allowance."""

from __future__ import annotations

import pytest
from eth_hash.auto import keccak
from eth_typing import Address

from pysettle.domain.core.events import Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors import contracts as errors
from tests.contracts.effects import FORWARDER, deploy, effect, raw_logs, refused, through
from tests.contracts.world import YUAN, World

FUNDS = 10 * YUAN
INFINITE = 2**256 - 1
APPROVAL = keccak(b"Approval(address,address,uint256)")


def word(value: Address | int) -> bytes:
    """Encode an address or a number as a word."""
    return value.to_bytes(32, "big") if isinstance(value, int) else value.rjust(32, b"\0")


@pytest.fixture
def funded(world: World) -> World:
    """Give the buyer units."""
    world.fund("buyer", FUNDS)
    return world


@pytest.mark.parametrize("value", [1, YUAN + 1, FUNDS])
def test_transfer(funded: World, value: int) -> None:
    """A transfer moves any number of units, part of a fen too, and returns true (P-6)."""
    currency, buyer, stranger = funded.network.currency, funded["buyer"], funded.address("stranger")
    transfer = currency.transfer(buyer, stranger, value)
    assert funded.network.sender.simulate(transfer) == word(1)
    with effect(funded) as change:
        (receipt,) = funded.send(transfer)
    assert change == {"eCNY buyer": -value, "eCNY stranger": value}
    assert funded.events(receipt) == [Transfer(buyer.address, stranger, value)]
    assert len(receipt.logs) == 1


@pytest.mark.parametrize("value", [0, 1, FUNDS])
def test_to_oneself(funded: World, value: int) -> None:
    """A transfer to oneself creates nothing."""
    buyer = funded["buyer"]
    with effect(funded) as change:
        (receipt,) = funded.send(funded.network.currency.transfer(buyer, buyer.address, value))
    assert change == {}
    assert funded.events(receipt) == [Transfer(buyer.address, buyer.address, value)]


def test_of_nothing(funded: World) -> None:
    """A transfer of zero is a transfer, also for who holds nothing."""
    stranger, buyer = funded["stranger"], funded.address("buyer")
    with effect(funded) as change:
        (receipt,) = funded.send(funded.network.currency.transfer(stranger, buyer, 0))
    assert change == {}
    assert funded.events(receipt) == [Transfer(stranger.address, buyer, 0)]


@pytest.mark.parametrize("value", [FUNDS + 1, 2**96, 2**96 + 1, 2**128 + 1, INFINITE])
def test_more_than_is_held(funded: World, value: int) -> None:
    """A transfer above the balance is refused, also to oneself, and where its low 96 bits are affordable (P-2)."""
    buyer = funded["buyer"]
    for to in (funded.address("stranger"), buyer.address):
        refused(
            funded,
            funded.network.currency.transfer(buyer, to, value),
            errors.ERC20InsufficientBalance,
            sender=buyer.address,
            balance=FUNDS,
            needed=value,
        )


def test_to_nobody(funded: World) -> None:
    """Nothing is transferred to the zero address: supply changes by redemption only."""
    refused(
        funded,
        funded.network.currency.transfer(funded["buyer"], ZERO_ADDRESS, 1),
        errors.ERC20InvalidReceiver,
        receiver=ZERO_ADDRESS,
    )


def test_approve(funded: World) -> None:
    """An approval sets the allowance, replaces the one before, moves nothing and returns true."""
    currency, buyer, stranger = funded.network.currency, funded["buyer"], funded.address("stranger")
    for value in (5 * YUAN, YUAN):
        approve = currency.approve(buyer, stranger, value)
        assert funded.network.sender.simulate(approve) == word(1)
        with effect(funded) as change:
            (receipt,) = funded.send(approve)
        assert change == {}
        topics = (APPROVAL, word(buyer.address), word(stranger))
        assert raw_logs(receipt) == [(currency.address, topics, word(value))]
        assert currency.allowance(buyer.address, stranger) == value
    assert currency.allowance(stranger, buyer.address) == 0


def test_approve_nobody(funded: World) -> None:
    """The zero address cannot be approved."""
    refused(
        funded,
        funded.network.currency.approve(funded["buyer"], ZERO_ADDRESS, 1),
        errors.ERC20InvalidSpender,
        spender=ZERO_ADDRESS,
    )


def test_within_an_allowance(funded: World) -> None:
    """A transfer within a finite allowance reduces it by the value, and returns true."""
    currency, buyer, relayer = funded.network.currency, funded["buyer"], funded["relayer"]
    funded.send(currency.approve(buyer, relayer.address, 3 * YUAN))
    transfer = currency.transfer_from(relayer, buyer.address, funded.address("stranger"), 2 * YUAN)
    assert funded.network.sender.simulate(transfer) == word(1)
    with effect(funded) as change:
        (receipt,) = funded.send(transfer)
    assert change == {"eCNY buyer": -2 * YUAN, "eCNY stranger": 2 * YUAN}
    assert funded.events(receipt) == [Transfer(buyer.address, funded.address("stranger"), 2 * YUAN)]
    assert currency.allowance(buyer.address, relayer.address) == YUAN


def test_within_an_infinite_allowance(funded: World) -> None:
    """The greatest allowance is not reduced."""
    currency, buyer, relayer = funded.network.currency, funded["buyer"], funded["relayer"]
    funded.send(currency.approve(buyer, relayer.address, INFINITE))
    with effect(funded) as change:
        funded.send(currency.transfer_from(relayer, buyer.address, relayer.address, FUNDS))
    assert change == {"eCNY buyer": -FUNDS, "eCNY relayer": FUNDS}
    assert currency.allowance(buyer.address, relayer.address) == INFINITE


def test_the_greatest_finite_allowance_is_reduced(funded: World) -> None:
    """One below infinity is an ordinary allowance."""
    currency, buyer, relayer = funded.network.currency, funded["buyer"], funded["relayer"]
    funded.send(
        currency.approve(buyer, relayer.address, INFINITE - 1),
        currency.transfer_from(relayer, buyer.address, relayer.address, 1),
    )
    assert currency.allowance(buyer.address, relayer.address) == INFINITE - 2


def test_above_the_allowance(funded: World) -> None:
    """One unit above the allowance is refused and the allowance stays."""
    currency, buyer, relayer = funded.network.currency, funded["buyer"], funded["relayer"]
    funded.send(currency.approve(buyer, relayer.address, YUAN))
    refused(
        funded,
        currency.transfer_from(relayer, buyer.address, relayer.address, YUAN + 1),
        errors.ERC20InsufficientAllowance,
        spender=relayer.address,
        allowance=YUAN,
        needed=YUAN + 1,
    )
    assert currency.allowance(buyer.address, relayer.address) == YUAN


def test_an_allowance_is_one_owners_for_one_spender(funded: World) -> None:
    """Neither another spender nor the owner itself draws on it, and it draws on nobody else."""
    currency, buyer, relayer = funded.network.currency, funded["buyer"], funded["relayer"]
    funded.fund("other buyer", YUAN)
    funded.send(currency.approve(buyer, relayer.address, YUAN))
    for spender, owner in (("stranger", "buyer"), ("buyer", "buyer"), ("relayer", "other buyer")):
        refused(
            funded,
            currency.transfer_from(funded[spender], funded.address(owner), funded.address("stranger"), 1),
            errors.ERC20InsufficientAllowance,
            spender=funded.address(spender),
            allowance=0,
            needed=1,
        )


def test_an_allowance_above_the_balance(funded: World) -> None:
    """An allowance is no balance; what could not be transferred is not taken from it."""
    currency, buyer, relayer = funded.network.currency, funded["buyer"], funded["relayer"]
    funded.send(currency.approve(buyer, relayer.address, FUNDS + 1))
    refused(
        funded,
        currency.transfer_from(relayer, buyer.address, relayer.address, FUNDS + 1),
        errors.ERC20InsufficientBalance,
        sender=buyer.address,
        balance=FUNDS,
        needed=FUNDS + 1,
    )
    assert currency.allowance(buyer.address, relayer.address) == FUNDS + 1


def test_from_nobody(funded: World) -> None:
    """Nothing is transferred from the zero address, not even nothing."""
    refused(
        funded,
        funded.network.currency.transfer_from(funded["stranger"], ZERO_ADDRESS, funded.address("buyer"), 0),
        errors.ERC20InvalidSender,
        sender=ZERO_ADDRESS,
    )


def test_a_contract_that_approves_and_spends(funded: World) -> None:
    """The caller counts, not who signed the transaction (P-12): as owner and as spender."""
    currency, buyer, relayer = funded.network.currency, funded["buyer"], funded["relayer"]
    contract = deploy(funded, FORWARDER)
    funded.send(currency.approve(buyer, contract, 3 * YUAN), currency.transfer(buyer, contract, YUAN))
    spend = through(funded, contract, currency.transfer_from(relayer, buyer.address, relayer.address, 2 * YUAN))
    with effect(funded) as change:
        funded.send(spend)
    assert change == {"eCNY buyer": -2 * YUAN, "eCNY relayer": 2 * YUAN}
    assert currency.allowance(buyer.address, contract) == YUAN
    assert currency.allowance(buyer.address, relayer.address) == 0
    left = {"spender": contract, "allowance": YUAN, "needed": 2 * YUAN}
    refused(funded, spend, errors.ERC20InsufficientAllowance, **left)
    funded.send(through(funded, contract, currency.approve(relayer, buyer.address, 7)))
    assert currency.allowance(contract, buyer.address) == 7
    assert currency.allowance(relayer.address, buyer.address) == 0
