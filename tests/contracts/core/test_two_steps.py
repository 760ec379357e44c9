"""Roles in two steps: offered by the administrator or by who holds them, accepted by who is to hold them."""

from __future__ import annotations

import pytest

from pysettle.client.core.access import Role
from pysettle.client.core.contract import Contract
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import refused
from tests.contracts.world import FEN, World

ADMINISTRATOR = 0
PUBLIC = 2**64 - 1


def manager(world: World) -> Contract:
    """Return the AccessManager."""
    return Contract(world.network.sender, world.network.access, "NetworkAccess")


def call(world: World, name: str, function: str, *arguments: object) -> Transaction:
    """Call the AccessManager as an actor."""
    return manager(world)._transaction(world[name], 300_000, function, *arguments)


def holds(world: World, role: int, name: str) -> bool:
    """Whether an actor holds a role."""
    return bool(manager(world)._read("hasRole", role, world.address(name))[0])


def offer(world: World, role: int, name: str) -> tuple[bool, bytes]:
    """Return whether a role is offered to an actor, and who passes it on."""
    return tuple(manager(world)._read("roleOffer", role, world.address(name)))  # type: ignore[return-value]  # two values


def test_a_grant_is_accepted(world: World) -> None:
    """What the administrator grants is held once its account accepts, beside those who held it before."""
    world.send(call(world, "administrator", "grantRole", Role.OPERATOR, world.address("stranger"), 0))
    assert not holds(world, Role.OPERATOR, "stranger")
    assert offer(world, Role.OPERATOR, "stranger") == (True, bytes(20))
    world.send(call(world, "stranger", "acceptRole", Role.OPERATOR))
    assert holds(world, Role.OPERATOR, "stranger")
    assert holds(world, Role.OPERATOR, "operator")
    assert offer(world, Role.OPERATOR, "stranger") == (False, bytes(20))
    again = call(world, "stranger", "acceptRole", Role.OPERATOR)
    account = world.address("stranger")
    refused(world, again, errors.RoleOfferNotFound, roleId=Role.OPERATOR, account=account)


@pytest.mark.parametrize(("role", "holder"), [(Role.CENTRAL_BANK, "central bank"), (ADMINISTRATOR, "administrator")])
def test_a_handover(world: World, role: int, holder: str) -> None:
    """A holder passes its role on without the administrator, and keeps it until the successor accepts."""
    successor = world.address("stranger")
    world.send(call(world, holder, "handOverRole", role, successor))
    assert holds(world, role, holder)
    assert not holds(world, role, "stranger")
    assert offer(world, role, "stranger") == (True, world.address(holder))
    world.send(call(world, "stranger", "acceptRole", role))
    assert not holds(world, role, holder)
    assert holds(world, role, "stranger")
    back = call(world, holder, "handOverRole", role, successor)
    refused(world, back, errors.RoleNotHeld, roleId=role, account=world.address(holder))


def test_powers_go_with_the_role(world: World) -> None:
    """The successor of the central bank sets quotas; who handed over does not."""
    currency, operator = world.network.currency, world.address("operator")
    world.send(
        call(world, "central bank", "handOverRole", Role.CENTRAL_BANK, world.address("stranger")),
        call(world, "stranger", "acceptRole", Role.CENTRAL_BANK),
        currency.desk.set_issuance_quota(world["stranger"], operator, FEN),
    )
    assert currency.desk.issuance_quota(operator) == FEN
    bank = world["central bank"]
    refused(
        world,
        currency.desk.set_issuance_quota(bank, operator, 2 * FEN),
        errors.AccessManagedUnauthorized,
        caller=bank.address,
    )


@pytest.mark.parametrize("name", ["stranger", "administrator", "operator"])
def test_only_a_holder_hands_over(world: World, name: str) -> None:
    """Nobody offers what it does not hold."""
    handover = call(world, name, "handOverRole", Role.CENTRAL_BANK, world.address("stranger"))
    refused(world, handover, errors.RoleNotHeld, roleId=Role.CENTRAL_BANK, account=world.address(name))


def test_what_the_administrator_offered_stands(world: World) -> None:
    """A holder neither unmakes its offer nor strips it of its delay, which a handover to the same account would."""
    stranger, delay_s = world.address("stranger"), 86_400
    world.send(call(world, "administrator", "grantRole", Role.OPERATOR, stranger, delay_s))
    handover = call(world, "operator", "handOverRole", Role.OPERATOR, stranger)
    refused(world, handover, errors.RoleOfferPending, roleId=Role.OPERATOR, account=stranger)
    assert offer(world, Role.OPERATOR, "stranger") == (True, bytes(20))
    world.send(call(world, "stranger", "acceptRole", Role.OPERATOR))
    _, held_delay_s = manager(world)._read("hasRole", Role.OPERATOR, stranger)
    assert held_delay_s == delay_s
    assert holds(world, Role.OPERATOR, "operator")
    # Accepted, the administrator's is over.
    world.send(call(world, "operator", "handOverRole", Role.OPERATOR, stranger))
    assert offer(world, Role.OPERATOR, "stranger") == (True, world.address("operator"))


def test_only_who_was_offered_it_accepts(world: World) -> None:
    """An offer is for one account and one role."""
    world.send(call(world, "central bank", "handOverRole", Role.CENTRAL_BANK, world.address("stranger")))
    for name, role in (
        ("relayer", Role.CENTRAL_BANK),
        ("stranger", Role.OPERATOR),
        ("central bank", Role.CENTRAL_BANK),
    ):
        accept = call(world, name, "acceptRole", role)
        refused(world, accept, errors.RoleOfferNotFound, roleId=role, account=world.address(name))


def test_who_lost_the_role_passes_nothing_on(world: World) -> None:
    """An offer of a holder whose role was revoked is worth nothing."""
    bank, stranger = world.address("central bank"), world.address("stranger")
    world.send(
        call(world, "central bank", "handOverRole", Role.CENTRAL_BANK, stranger),
        call(world, "administrator", "revokeRole", Role.CENTRAL_BANK, bank),
    )
    accept = call(world, "stranger", "acceptRole", Role.CENTRAL_BANK)
    refused(world, accept, errors.RoleOfferNotFound, roleId=Role.CENTRAL_BANK, account=stranger)
    assert not holds(world, Role.CENTRAL_BANK, "stranger")


@pytest.mark.parametrize("way", ["withdraw", "revoke"])
def test_an_offer_is_taken_back(world: World, way: str) -> None:
    """By who made it, or by the administrator; then nothing is left to accept."""
    stranger = world.address("stranger")
    back = {
        "withdraw": call(world, "central bank", "withdrawRoleOffer", Role.CENTRAL_BANK, stranger),
        "revoke": call(world, "administrator", "revokeRole", Role.CENTRAL_BANK, stranger),
    }[way]
    world.send(call(world, "central bank", "handOverRole", Role.CENTRAL_BANK, stranger), back)
    assert offer(world, Role.CENTRAL_BANK, "stranger") == (False, bytes(20))
    assert holds(world, Role.CENTRAL_BANK, "central bank")
    accept = call(world, "stranger", "acceptRole", Role.CENTRAL_BANK)
    refused(world, accept, errors.RoleOfferNotFound, roleId=Role.CENTRAL_BANK, account=stranger)


def test_only_who_made_an_offer_withdraws_it(world: World) -> None:
    """Neither the administrator by this way, nor who was offered it, nor anybody where there is none."""
    stranger = world.address("stranger")
    for name in ("administrator", "stranger", "operator", "central bank"):
        withdraw = call(world, name, "withdrawRoleOffer", Role.CENTRAL_BANK, stranger)
        refused(world, withdraw, errors.RoleOfferNotFound, roleId=Role.CENTRAL_BANK, account=stranger)
        if name == "operator":  # before the bank's turn: an offer, withdrawn by the bank, not there a second time
            world.send(
                call(world, "central bank", "handOverRole", Role.CENTRAL_BANK, stranger),
                call(world, "central bank", "withdrawRoleOffer", Role.CENTRAL_BANK, stranger),
            )


def test_an_operator_does_not_withdraw_anothers_offer(world: World) -> None:
    """Two hold the same role: each takes back its own offer only."""
    stranger = world.address("stranger")
    world.send(call(world, "operator", "handOverRole", Role.OPERATOR, stranger))
    withdraw = call(world, "other operator", "withdrawRoleOffer", Role.OPERATOR, stranger)
    refused(world, withdraw, errors.RoleOfferNotFound, roleId=Role.OPERATOR, account=stranger)
    world.send(call(world, "stranger", "acceptRole", Role.OPERATOR))
    assert [holds(world, Role.OPERATOR, name) for name in ("operator", "other operator", "stranger")] == [
        False,
        True,
        True,
    ]


def test_a_delay_is_passed_on(world: World) -> None:
    """A successor acts with the delay that its predecessor had."""
    stranger, relayer = world.address("stranger"), world.address("relayer")
    world.send(
        call(world, "administrator", "grantRole", Role.OPERATOR, stranger, 3_600),
        call(world, "stranger", "acceptRole", Role.OPERATOR),
        call(world, "stranger", "handOverRole", Role.OPERATOR, relayer),
        call(world, "relayer", "acceptRole", Role.OPERATOR),
    )
    assert list(manager(world)._read("hasRole", Role.OPERATOR, relayer)) == [True, 3_600]


def test_a_successor_has_no_shorter_delay_than_its_maker(world: World) -> None:
    """A hand-over made before the administrator gave its maker a delay passes the delay on all the same."""
    operator, stranger = world.address("operator"), world.address("stranger")
    world.send(
        call(world, "operator", "handOverRole", Role.OPERATOR, stranger),
        call(world, "administrator", "grantRole", Role.OPERATOR, operator, 3_600),
        call(world, "operator", "acceptRole", Role.OPERATOR),
        call(world, "stranger", "acceptRole", Role.OPERATOR),
    )
    assert list(manager(world)._read("hasRole", Role.OPERATOR, stranger)) == [True, 3_600]


def test_an_offered_delay_is_not_shortened(world: World) -> None:
    """A hand-over with a delay keeps it after the administrator took the delay of its maker away."""
    relayer, stranger = world.address("relayer"), world.address("stranger")
    world.send(
        call(world, "administrator", "grantRole", Role.OPERATOR, relayer, 3_600),
        call(world, "relayer", "acceptRole", Role.OPERATOR),
        call(world, "relayer", "handOverRole", Role.OPERATOR, stranger),
        call(world, "administrator", "grantRole", Role.OPERATOR, relayer, 0),
        call(world, "relayer", "acceptRole", Role.OPERATOR),
    )
    world.chain.clock.advance(3_601)
    world.send(call(world, "stranger", "acceptRole", Role.OPERATOR))
    assert list(manager(world)._read("hasRole", Role.OPERATOR, stranger)) == [True, 3_600]


def test_the_public_role(world: World) -> None:
    """It is everybody's already: nobody grants it, and nobody passes it on."""
    stranger = world.address("stranger")
    refused(
        world,
        call(world, "administrator", "grantRole", PUBLIC, stranger, 0),
        errors.AccessManagerLockedRole,
        roleId=PUBLIC,
    )
    handover = call(world, "operator", "handOverRole", PUBLIC, stranger)
    refused(world, handover, errors.RoleNotHeld, roleId=PUBLIC, account=world.address("operator"))


def test_nobody_else_grants_or_revokes(world: World) -> None:
    """Two steps take nothing from the rule that roles are the administrator's to give."""
    for name in ("central bank", "operator", "stranger"):
        for function, arguments in (
            ("grantRole", (Role.OPERATOR, world.address("stranger"), 0)),
            ("revokeRole", (Role.OPERATOR, world.address("operator"))),
        ):
            with pytest.raises(errors.AccessManagerUnauthorizedAccount):
                world.send(call(world, name, function, *arguments))
    assert offer(world, Role.OPERATOR, "stranger") == (False, bytes(20))
    assert holds(world, Role.OPERATOR, "operator")
