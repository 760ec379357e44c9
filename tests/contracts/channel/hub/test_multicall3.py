"""Multicall3: many calls in one, at the address where clients look for it."""

from __future__ import annotations

import pytest
from eth_hash.auto import keccak

from pysettle.client.core.contract import Contract, interface
from pysettle.client.core.plan import MULTICALL3_ADDRESS
from pysettle.errors.contracts import NothingToSettle
from tests.contracts.world import World


@pytest.fixture
def multicall(world: World) -> Contract:
    """Return the contract of the genesis."""
    return Contract(world.network.sender, MULTICALL3_ADDRESS, "Multicall3")


def calls(world: World) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
    """Return a read that succeeds and a call that is refused."""
    hub, token = world.network.hub, world.network.currency
    read = interface("CurrencyToken").encode("balanceOf", world.address("buyer"))
    refused = interface("ChannelHub").encode("settle", world.address("buyer"), token.address)
    return (token.address, read), (hub.address, refused)


def test_each_call_is_answered(world: World, multicall: Contract) -> None:
    """What succeeds returns its value, what is refused its refusal, in the order asked."""
    world.fund("buyer", 10_000)
    read, refused = calls(world)
    results = multicall._read("tryAggregate", False, [read, refused, read])
    assert [success for success, _ in results] == [True, False, True]
    assert int.from_bytes(results[0][1], "big") == 10_000
    assert results[1][1][:4] == keccak(b"NothingToSettle(address,address)")[:4]
    asked = [(read[0], False, read[1]), (refused[0], True, refused[1]), (read[0], False, read[1])]
    assert multicall._read("aggregate3", asked) == results
    assert not multicall._read("tryAggregate", True, [])
    assert not multicall._read("aggregate3", [])


def test_a_refusal_is_passed_on(world: World, multicall: Contract) -> None:
    """Where a call may not fail, its own refusal is what the caller sees."""
    read, refused = calls(world)
    with pytest.raises(NothingToSettle):
        multicall._read("tryAggregate", True, [read, refused])
    with pytest.raises(NothingToSettle):
        multicall._read("aggregate3", [(read[0], True, read[1]), (refused[0], False, refused[1])])
