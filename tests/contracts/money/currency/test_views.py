"""What the currency says of itself."""

from __future__ import annotations

import pytest

from pysettle.client import Redemption
from pysettle.client.money.desk import RedemptionStatus
from pysettle.domain.core.messages import ZERO_ADDRESS
from tests.contracts.effects import accounts
from tests.contracts.world import World


def test_name_and_units(world: World) -> None:
    """Six decimals; the name is that of the signing domain."""
    currency = world.network.currency
    assert currency.name == currency.domain.name == "e-CNY token (simulated)"
    assert currency._read("symbol") == "eCNY"
    assert currency._read("decimals") == 6
    assert currency._read("authority") == world.network.access


def test_the_domain_of_signatures(world: World) -> None:
    """The contract states the domain that clients sign under (EIP-5267)."""
    for token in (world.network.currency, world.series):
        _, name, version, chain_id, contract, _, extensions = token._read("eip712Domain")
        domain = token.domain
        assert (name, version, chain_id, contract) == (domain.name, "1", world.chain.chain_id, token.address)
        assert domain.contract == contract
        assert not extensions


def test_after_deployment(world: World) -> None:
    """Nothing is in circulation, nobody holds or may issue anything."""
    currency = world.network.currency
    assert currency.total_supply() == 0
    for account in accounts(world).values():
        assert currency.balance_of(account) == 0
        assert currency.desk.issuance_quota(account) == 0
    assert currency.desk.redemption(1) == Redemption(ZERO_ADDRESS, ZERO_ADDRESS, 0, RedemptionStatus.NONE, 0)


@pytest.mark.parametrize("nonce", [b"\0" * 32, b"\xff" * 32])
def test_no_authorization_is_spent(world: World, nonce: bytes) -> None:
    """A fresh nonce is unspent, whatever its bits, and for the zero address too."""
    for token in (world.network.currency, world.series):
        assert not token.is_authorization_spent(world.address("buyer"), nonce)
        assert not token.is_authorization_spent(ZERO_ADDRESS, nonce)
