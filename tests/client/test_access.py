"""Roles as Python users pass them on: nobody gets one without accepting, and who handed it over has it no longer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from eth_typing import Address

from pysettle.client import SettlementNetwork, genesis
from pysettle.client.core.access import NetworkAccess, Role, Roles, RoleStanding
from pysettle.client.network import Plan
from pysettle.domain.core.signing import Signer
from pysettle.errors import contracts as errors
from pysettle.evm.embedded import EmbeddedChain
from pysettle.money import Currency

KEYS = {role: Signer.derived("access", role.label) for role in Role}
SUCCESSOR, STRANGER = (Signer.derived("access", name) for name in ("successor", "stranger"))
ADMIN = KEYS[Role.ADMINISTRATOR]
NOTHING = RoleStanding(held=False, delay_s=0, offered=False, predecessor=None)
HELD = RoleStanding(held=True, delay_s=0, offered=False, predecessor=None)


@pytest.fixture(scope="module")
def deployed() -> SettlementNetwork:
    """Deploy with a key for each role."""
    chain = EmbeddedChain(genesis(1_767_225_600, [it.address for it in (*KEYS.values(), SUCCESSOR, STRANGER)]))
    return SettlementNetwork.deploy(chain, Plan(Roles.of(KEYS)))


@pytest.fixture
def network(deployed: SettlementNetwork) -> Iterator[SettlementNetwork]:
    """Return the network as it was deployed."""
    chain = deployed.chain
    assert isinstance(chain, EmbeddedChain)
    snapshot = chain.snapshot()
    yield deployed
    chain.revert(snapshot)


@pytest.fixture
def access(network: SettlementNetwork) -> NetworkAccess:
    """Return the roles of e-CNY."""
    return network.currencies[Currency.CNY].access


def others(network: SettlementNetwork, role: Role) -> tuple[Address, ...]:
    """Return who holds a role beside its key."""
    return (network.market.address,) if role is Role.SETTLEMENT_REGISTRAR else ()


@pytest.mark.parametrize("role", Role)
def test_each_role_is_held_by_its_key_alone(network: SettlementNetwork, access: NetworkAccess, role: Role) -> None:
    """After deployment there are no holders beside, but the market that marks its series, and no offers."""
    assert access.holders(role) == (KEYS[role].address, *others(network, role))
    assert access.offers(role) == {}
    assert [it for it in Role if access.holds(it, KEYS[role].address)] == [role]
    assert Role.labelled(role.label) is role


@pytest.mark.parametrize("role", Role)
def test_a_role_is_handed_over(network: SettlementNetwork, access: NetworkAccess, role: Role) -> None:
    """Until the successor accepts the holder has it; then the successor has it, and the old holder nothing."""
    old, new, beside = KEYS[role], SUCCESSOR, set(others(network, role))
    access.send(access.hand_over(old, role, new.address))
    offered = RoleStanding(held=False, delay_s=0, offered=True, predecessor=old.address)
    assert (access.standing(role, old.address), access.standing(role, new.address)) == (HELD, offered)
    assert ({*access.holders(role)}, access.offers(role)) == ({old.address} | beside, {new.address: offered})
    access.send(access.accept(new, role))
    assert (access.standing(role, old.address), access.standing(role, new.address)) == (NOTHING, HELD)
    assert ({*access.holders(role)}, access.offers(role)) == ({new.address} | beside, {})


def test_power_goes_with_the_role(network: SettlementNetwork, access: NetworkAccess) -> None:
    """Before it accepts the successor cannot pause, and afterwards the old holder cannot."""
    pauser, token = KEYS[Role.PAUSER], network.currency
    access.send(access.hand_over(pauser, Role.PAUSER, SUCCESSOR.address))
    with pytest.raises(errors.AccessManagedUnauthorized):
        token.send(token.pause(SUCCESSOR))
    token.send(token.pause(pauser), token.unpause(pauser))
    access.send(access.accept(SUCCESSOR, Role.PAUSER))
    with pytest.raises(errors.AccessManagedUnauthorized):
        token.send(token.pause(pauser))
    token.send(token.pause(SUCCESSOR))
    assert token.is_paused


def test_the_administrator_hands_itself_over(access: NetworkAccess) -> None:
    """The new one offers roles, and the old one no longer does."""
    access.send(access.hand_over(ADMIN, Role.ADMINISTRATOR, SUCCESSOR.address))
    access.send(access.accept(SUCCESSOR, Role.ADMINISTRATOR))
    with pytest.raises(errors.AccessManagerUnauthorizedAccount):
        access.send(access.offer(ADMIN, Role.OPERATOR, STRANGER.address))
    access.send(access.offer(SUCCESSOR, Role.OPERATOR, STRANGER.address))
    assert access.standing(Role.OPERATOR, STRANGER.address).offered


@pytest.mark.parametrize("role", Role)
def test_nobody_gets_a_role_without_accepting(network: SettlementNetwork, access: NetworkAccess, role: Role) -> None:
    """An offer gives nothing; what is not offered, to whom, or was taken back, cannot be accepted."""
    access.send(access.offer(ADMIN, role, SUCCESSOR.address))
    assert access.standing(role, SUCCESSOR.address) == RoleStanding(False, 0, True, None)
    with pytest.raises(errors.RoleOfferNotFound):
        access.send(access.accept(STRANGER, role))
    access.send(access.revoke(ADMIN, role, SUCCESSOR.address))
    with pytest.raises(errors.RoleOfferNotFound):
        access.send(access.accept(SUCCESSOR, role))
    assert access.holders(role) == (KEYS[role].address, *others(network, role))


def test_an_offer_is_withdrawn_by_who_made_it(access: NetworkAccess) -> None:
    """Nobody else takes it back, and it is accepted no longer."""
    freezer = KEYS[Role.FREEZER]
    access.send(access.hand_over(freezer, Role.FREEZER, SUCCESSOR.address))
    for other in (STRANGER, ADMIN):
        with pytest.raises(errors.RoleOfferNotFound):
            access.send(access.withdraw(other, Role.FREEZER, SUCCESSOR.address))
    access.send(access.withdraw(freezer, Role.FREEZER, SUCCESSOR.address))
    assert access.offers(Role.FREEZER) == {}
    with pytest.raises(errors.RoleOfferNotFound):
        access.send(access.accept(SUCCESSOR, Role.FREEZER))


def test_what_a_lost_role_offered_is_void(access: NetworkAccess) -> None:
    """Who was revoked meanwhile passes nothing on."""
    operator = KEYS[Role.OPERATOR]
    access.send(access.hand_over(operator, Role.OPERATOR, SUCCESSOR.address))
    access.send(access.revoke(ADMIN, Role.OPERATOR, operator.address))
    assert access.offers(Role.OPERATOR) == {}
    with pytest.raises(errors.RoleOfferNotFound):
        access.send(access.accept(SUCCESSOR, Role.OPERATOR))
    assert access.holders(Role.OPERATOR) == ()


def test_a_role_is_held_beside_its_holders(network: SettlementNetwork, access: NetworkAccess) -> None:
    """What the administrator offers adds a holder; holders are listed in the order they got it, revoked ones not."""
    # Another role got earlier is no matter.
    access.send(access.offer(ADMIN, Role.PAUSER, SUCCESSOR.address), access.accept(SUCCESSOR, Role.PAUSER))
    access.send(
        access.offer(ADMIN, Role.OPERATOR, SUCCESSOR.address), access.offer(ADMIN, Role.OPERATOR, STRANGER.address)
    )
    access.send(access.accept(STRANGER, Role.OPERATOR), access.accept(SUCCESSOR, Role.OPERATOR))
    bank = KEYS[Role.OPERATOR].address
    assert access.holders(Role.OPERATOR) == (bank, STRANGER.address, SUCCESSOR.address)
    access.send(access.revoke(ADMIN, Role.OPERATOR, STRANGER.address))
    assert access.holders(Role.OPERATOR) == (bank, SUCCESSOR.address)
    # Asked again, it is the same holder, once.
    access.send(access.offer(ADMIN, Role.OPERATOR, SUCCESSOR.address))
    access.send(access.accept(SUCCESSOR, Role.OPERATOR))
    assert access.holders(Role.OPERATOR) == (bank, SUCCESSOR.address)


def test_a_delay_is_passed_on(access: NetworkAccess) -> None:
    """The delay of a role is stated with it, and its successor has the same."""
    access.send(access.offer(ADMIN, Role.SEIZER, SUCCESSOR.address, 3_600))
    access.send(access.accept(SUCCESSOR, Role.SEIZER))
    assert access.standing(Role.SEIZER, SUCCESSOR.address) == RoleStanding(True, 3_600, False, None)
    access.send(access.hand_over(SUCCESSOR, Role.SEIZER, STRANGER.address))
    access.send(access.accept(STRANGER, Role.SEIZER))
    assert access.standing(Role.SEIZER, STRANGER.address).delay_s == 3_600
