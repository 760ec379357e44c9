"""Settlement accounts: contracts whose value belongs to others, marked by the registrar for ever."""

from __future__ import annotations

import pytest
from eth_account import Account
from eth_hash.auto import keccak

from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors import contracts as errors
from pysettle.evm.artifacts import load
from tests.contracts.effects import FORWARDER, accounts, deploy, effect, raw_logs, refused, through
from tests.contracts.world import YUAN, World

SETTLEMENT_ACCOUNT_MARKED = keccak(b"SettlementAccountMarked(address)")


def test_mark(world: World) -> None:
    """The registrar marks a contract; its balance and other flags stay, and an event says so (P-22)."""
    currency, registrar, account = world.network.currency, world["settlement registrar"], deploy(world, FORWARDER)
    world.fund("buyer", YUAN)
    world.send(
        currency.transfer(world["buyer"], account, YUAN),
        through(world, account, currency.set_payee_only(world["buyer"])),
    )
    for _ in range(2):
        with effect(world, account=account) as change:
            (receipt,) = world.send(currency.mark_settlement_account(registrar, account))
        assert change == {}
        topics = (SETTLEMENT_ACCOUNT_MARKED, account.rjust(32, b"\0"))
        assert raw_logs(receipt) == [(currency.address, topics, b"")]
        assert currency.is_settlement_account(account)
        assert currency.is_payee_only(account)
        assert currency.balance_of(account) == YUAN


@pytest.mark.parametrize("name", ["buyer", "settlement registrar", "nobody"])
def test_an_account_without_code(world: World, name: str) -> None:
    """A key cannot hold what belongs to others by any rules: the mark is for contracts."""
    account = ZERO_ADDRESS if name == "nobody" else world.address(name)
    refused(
        world,
        world.network.currency.mark_settlement_account(world["settlement registrar"], account),
        errors.SettlementAccountWithoutCode,
        account=account,
    )
    assert world.network.currency.is_settlement_account(account) is (name == "nobody")


def test_a_key_that_delegates_to_code(world: World) -> None:
    """A key with the code of a contract (EIP-7702) stays a key: it can sign for itself, whatever the code says."""
    account, sender, chain = world["other buyer"], world["stranger"], world.chain
    delegation = {"chainId": chain.chain_id, "address": world.series.address, "nonce": chain.nonce(account.address)}
    fields = {
        "type": 4,
        "chainId": chain.chain_id,
        "nonce": chain.nonce(sender.address),
        "gas": 100_000,
        "maxFeePerGas": 3 * 10**9,
        "maxPriorityFeePerGas": 0,
        "value": 0,
        "data": b"",
        "to": account.address,
        "authorizationList": [Account.sign_authorization(delegation, account.secret)],
    }
    chain.submit([bytes(Account.sign_transaction(fields, sender.secret).raw_transaction)])
    assert chain.code(account.address) == b"\xef\x01\x00" + world.series.address
    refused(
        world,
        world.network.currency.mark_settlement_account(world["settlement registrar"], account.address),
        errors.SettlementAccountWithoutCode,
        account=account.address,
    )


def test_nothing_takes_the_mark_away() -> None:
    """The currency has one function about the mark, and no value of an argument clears it."""
    named = [item for item in load("CurrencyToken").abi if "settlement" in item.get("name", "").lower()]
    changing = [item for item in named if item["type"] == "function" and item["stateMutability"] != "view"]
    assert [(item["name"], [it["type"] for it in item["inputs"]]) for item in changing] == [
        ("markSettlementAccount", ["address"])
    ]


def test_who_is_one_after_deployment(world: World) -> None:
    """What holds what is others': currency, desk, hub, market, series, collector; and nobody, who shall not be paid."""
    is_marked = world.network.currency.is_settlement_account
    assert {name for name, account in accounts(world).items() if is_marked(account)} == {
        "collector",
        "currency",
        "desk",
        "hub",
        "market",
        "nobody",
        "series",
    }


def test_the_currency_marks_itself_when_it_is_made(world: World) -> None:
    """Its own mark, and those of the zero address and its desk, are its first events, before anybody has a role."""
    token = world.network.currency
    logs = [log for log in world.chain.logs() if log.address == token.address and len(log.topics) == 2]
    marks = [
        (SETTLEMENT_ACCOUNT_MARKED, account.rjust(32, b"\0"))
        for account in (ZERO_ADDRESS, token.address, token.desk.address)
    ]
    assert [log.topics for log in logs[:3]] == marks
