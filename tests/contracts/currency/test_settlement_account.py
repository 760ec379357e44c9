"""Settlement accounts: those whose value belongs to others, marked by the registrar."""

from __future__ import annotations

import pytest
from eth_hash.auto import keccak

from tests.contracts.effects import effect, raw_logs
from tests.contracts.world import YUAN, World

SETTLEMENT_ACCOUNT_SET = keccak(b"SettlementAccountSet(address,bool)")


@pytest.mark.parametrize("enabled", [True, False])
def test_set(world: World, enabled: bool) -> None:
    """The registrar sets or clears the mark; balance and other flags stay, and an event says so (P-22)."""
    currency, registrar, buyer = world.network.currency, world["registrar"], world["buyer"]
    world.fund("buyer", YUAN)
    world.send(
        currency.set_payee_only(buyer),
        currency.set_settlement_account(registrar, buyer.address, not enabled),
    )
    with effect(world) as change:
        (receipt,) = world.send(currency.set_settlement_account(registrar, buyer.address, enabled))
    assert change == {}
    topics = (SETTLEMENT_ACCOUNT_SET, buyer.address.rjust(32, b"\0"))
    assert raw_logs(receipt) == [(currency.address, topics, int(enabled).to_bytes(32, "big"))]
    assert currency.is_settlement_account(buyer.address) is enabled
    assert currency.is_payee_only(buyer.address)


def test_who_is_one_after_deployment(world: World) -> None:
    """Hub and series hold what belongs to others; nobody else is marked."""
    marked = {
        name
        for name, account in {
            **{name: world.address(name) for name in world.actors},
            "hub": world.network.hub.address,
            "series": world.series.address,
            "meter": world.network.meter.address,
            "currency": world.network.currency.address,
        }.items()
        if world.network.currency.is_settlement_account(account)
    }
    assert marked == {"hub", "series"}
