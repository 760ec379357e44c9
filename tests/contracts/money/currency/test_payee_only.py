"""A payee-only account: authorizations to it are submitted by itself alone, so that nobody pays it without delivery."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_hash.auto import keccak

from pysettle.domain.core.events import AuthorizationUsed, Transfer
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import ACCOUNT_1271, FORWARDER, deploy, effect, raw_logs, refused, through
from tests.contracts.world import YUAN, World

PAYEE_ONLY_SET = keccak(b"PayeeOnlySet(address,bool)")


@pytest.fixture
def funded(world: World) -> World:
    """Give the buyer units."""
    world.fund("buyer", 10 * YUAN)
    return world


@pytest.mark.parametrize("enabled", [True, False])
def test_set(funded: World, enabled: bool) -> None:
    """An account reserves submission to itself, or gives that up; its balance and other flags stay (P-22)."""
    currency, buyer, account = funded.network.currency, funded["buyer"], deploy(funded, FORWARDER)

    def set_to(value: bool) -> Transaction:
        return through(funded, account, currency.set_payee_only(buyer, value))

    funded.send(
        currency.mark_settlement_account(funded["settlement registrar"], account),
        currency.transfer(buyer, account, YUAN),
        set_to(not enabled),
    )
    with effect(funded, account=account) as change:
        (receipt,) = funded.send(set_to(enabled))
    assert change == {}
    topics = (PAYEE_ONLY_SET, account.rjust(32, b"\0"))
    assert raw_logs(receipt) == [(currency.address, topics, int(enabled).to_bytes(32, "big"))]
    assert currency.is_payee_only(account) is enabled
    assert currency.is_settlement_account(account)
    assert not currency.is_payee_only(funded.address("other buyer"))


@pytest.mark.parametrize("by", ["relayer", "buyer", "administrator"])
def test_an_authorization_submitted_by_another(funded: World, by: str) -> None:
    """Nobody else submits a payment to a payee-only account, not even the payer; the nonce stays unspent."""
    currency, payee = funded.network.currency, funded["provider"]
    funded.send(currency.set_payee_only(payee))
    authorization = funded.authorization("buyer", payee.address, YUAN)
    signature = funded["buyer"].sign(authorization.transfer_digest(currency.domain))
    refused(
        funded,
        currency.transfer_with_authorization(funded[by], authorization, signature),
        errors.PayeeOnly,
        payee=payee.address,
        caller=funded.address(by),
    )
    assert not currency.is_authorization_spent(authorization.payer, authorization.nonce)


def test_an_authorization_submitted_by_the_payee(funded: World) -> None:
    """The payee itself submits either type."""
    currency, payee, buyer = funded.network.currency, funded["provider"], funded["buyer"]
    funded.send(currency.set_payee_only(payee))
    first, second = (funded.authorization("buyer", payee.address, YUAN) for _ in range(2))
    with effect(funded) as change:
        receipts = funded.send(
            currency.transfer_with_authorization(payee, first, buyer.sign(first.transfer_digest(currency.domain))),
            currency.receive_with_authorization(payee, second, buyer.sign(second.receive_digest(currency.domain))),
        )
    assert change == {"eCNY buyer": -2 * YUAN, "eCNY provider": 2 * YUAN}
    for receipt, authorization in zip(receipts, (first, second), strict=True):
        assert funded.events(receipt) == [
            AuthorizationUsed(buyer.address, authorization.nonce),
            Transfer(buyer.address, payee.address, YUAN),
        ]


def test_through_a_contract_the_payee_called(funded: World) -> None:
    """A contract does not submit in the name of the payee who called it (P-12)."""
    currency, payee, forwarder = funded.network.currency, funded["provider"], deploy(funded, FORWARDER)
    funded.send(currency.set_payee_only(payee))
    authorization = funded.authorization("buyer", payee.address, YUAN)
    signature = funded["buyer"].sign(authorization.transfer_digest(currency.domain))
    refused(
        funded,
        through(funded, forwarder, currency.transfer_with_authorization(payee, authorization, signature)),
        errors.PayeeOnly,
        payee=payee.address,
        caller=forwarder,
    )


def test_a_settlement_account_that_pays_by_signature(funded: World) -> None:
    """Is held to it too: nobody but the payee submits what a contract has signed (ERC-1271)."""
    currency, payee, account = funded.network.currency, funded["provider"], deploy(funded, ACCOUNT_1271)
    funded.send(
        currency.transfer(funded["buyer"], account, YUAN),
        currency.mark_settlement_account(funded["settlement registrar"], account),
        currency.set_payee_only(payee),
    )
    paying = replace(funded.authorization("buyer", payee.address, YUAN), payer=account)
    signature = b"\x5a" * 65
    approval = paying.transfer_digest(currency.domain) + signature[:32]
    funded.send(Transaction(funded["stranger"], account, approval, 100_000, currency.interface))
    by_another = currency.transfer_with_authorization(funded["relayer"], paying, signature)
    refused(funded, by_another, errors.PayeeOnly, payee=payee.address, caller=funded.address("relayer"))
    with effect(funded, account=account) as change:
        funded.send(currency.transfer_with_authorization(payee, paying, signature))
    assert change == {"eCNY account": -YUAN, "eCNY provider": YUAN}


def test_given_up(funded: World) -> None:
    """After giving it up anyone submits again."""
    currency, payee = funded.network.currency, funded["provider"]
    funded.send(currency.set_payee_only(payee), currency.set_payee_only(payee, enabled=False))
    authorization = funded.authorization("buyer", payee.address, YUAN)
    signature = funded["buyer"].sign(authorization.transfer_digest(currency.domain))
    with effect(funded) as change:
        funded.send(currency.transfer_with_authorization(funded["relayer"], authorization, signature))
    assert change == {"eCNY buyer": -YUAN, "eCNY provider": YUAN}


def test_what_it_does_not_restrict(funded: World) -> None:
    """Payments from the account, and transfers to it by the holder's own hand, are as before."""
    currency, payee, buyer = funded.network.currency, funded["provider"], funded["buyer"]
    funded.send(currency.set_payee_only(payee), currency.approve(buyer, funded.address("relayer"), YUAN))
    with effect(funded) as change:
        funded.send(
            currency.transfer(buyer, payee.address, YUAN),
            currency.transfer_from(funded["relayer"], buyer.address, payee.address, YUAN),
        )
    assert change == {"eCNY buyer": -2 * YUAN, "eCNY provider": 2 * YUAN}
    outgoing = funded.authorization("provider", funded.address("stranger"), 2 * YUAN)
    signature = payee.sign(outgoing.transfer_digest(currency.domain))
    with effect(funded) as change:
        funded.send(currency.transfer_with_authorization(funded["relayer"], outgoing, signature))
    assert change == {"eCNY provider": -2 * YUAN, "eCNY stranger": 2 * YUAN}
