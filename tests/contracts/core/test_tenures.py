"""An offer ends with the tenure that it came from: of the role in a hand-over, else of the role that administers it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from eth_typing import Address

from pysettle.client.core.access import Role
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors import ContractReverted
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.chance import SEED, chance, rounds
from tests.contracts.core.test_two_steps import ADMINISTRATOR, call, holds, manager, offer
from tests.contracts.effects import refused
from tests.contracts.world import World

NOTHING = (False, ZERO_ADDRESS)
SECOND_ADMINISTRATOR = "registrar"


def end_by_revocation(world: World, role: int, holder: str) -> Transaction:
    """Have the administrator revoke a role."""
    return call(world, "administrator", "revokeRole", role, world.address(holder))


def end_by_renouncing(world: World, role: int, holder: str) -> Transaction:
    """Have a holder renounce its role."""
    return call(world, holder, "renounceRole", role, world.address(holder))


ENDS = {"revoked": end_by_revocation, "renounced": end_by_renouncing}


def again(world: World, role: int, holder: str) -> tuple[Transaction, Transaction]:
    """Give a role to who held it before, in two steps."""
    return (
        call(world, "administrator", "grantRole", role, world.address(holder), 0),
        call(world, holder, "acceptRole", role),
    )


@pytest.mark.parametrize("end", ENDS)
def test_a_hand_over_ends_with_the_tenure(world: World, end: str) -> None:
    """It does not come to life when its maker gets the role again, in the same second or ever; a new one is made."""
    stranger = world.address("stranger")
    hand_over = call(world, "operator", "handOverRole", Role.OPERATOR, stranger)
    world.send(hand_over, ENDS[end](world, Role.OPERATOR, "operator"))
    assert offer(world, Role.OPERATOR, "stranger") == NOTHING
    accept = call(world, "stranger", "acceptRole", Role.OPERATOR)
    nothing = {"roleId": Role.OPERATOR, "account": stranger}
    refused(world, accept, errors.RoleOfferNotFound, **nothing)
    world.send(*again(world, Role.OPERATOR, "operator"))
    assert holds(world, Role.OPERATOR, "operator")
    assert offer(world, Role.OPERATOR, "stranger") == NOTHING
    refused(world, accept, errors.RoleOfferNotFound, **nothing)
    withdraw = call(world, "operator", "withdrawRoleOffer", Role.OPERATOR, stranger)
    refused(world, withdraw, errors.RoleOfferNotFound, **nothing)
    world.send(hand_over, accept)
    assert (holds(world, Role.OPERATOR, "operator"), holds(world, Role.OPERATOR, "stranger")) == (False, True)


def test_in_one_second(world: World) -> None:
    """Offer, revocation and a new grant share a block: the offer is over all the same."""
    stranger = world.address("stranger")
    *_, receipt = world.send(
        call(world, "operator", "handOverRole", Role.OPERATOR, stranger),
        end_by_revocation(world, Role.OPERATOR, "operator"),
        *again(world, Role.OPERATOR, "operator"),
    )
    assert receipt.block_number == world.chain.block().number
    accept = call(world, "stranger", "acceptRole", Role.OPERATOR)
    refused(world, accept, errors.RoleOfferNotFound, roleId=Role.OPERATOR, account=stranger)


def test_other_offers_end_when_one_is_accepted(world: World) -> None:
    """A holder that offered its role to two passes it on once, and not again when it holds it again."""
    for name in ("stranger", "relayer"):
        world.send(call(world, "operator", "handOverRole", Role.OPERATOR, world.address(name)))
    world.send(call(world, "stranger", "acceptRole", Role.OPERATOR))
    assert offer(world, Role.OPERATOR, "relayer") == NOTHING
    world.send(*again(world, Role.OPERATOR, "operator"))
    accept = call(world, "relayer", "acceptRole", Role.OPERATOR)
    refused(world, accept, errors.RoleOfferNotFound, roleId=Role.OPERATOR, account=world.address("relayer"))


def test_who_holds_on_has_the_same_tenure(world: World) -> None:
    """A second grant to a holder ends nothing: its offers stand."""
    stranger = world.address("stranger")
    world.send(
        call(world, "operator", "handOverRole", Role.OPERATOR, stranger), *again(world, Role.OPERATOR, "operator")
    )
    assert offer(world, Role.OPERATOR, "stranger") == (True, world.address("operator"))


def test_another_holder_leaves_a_standing_offer_alone(world: World) -> None:
    """It neither overwrites nor withdraws it; once the offer is over, it may make its own."""
    stranger, other = world.address("stranger"), "other operator"
    world.send(call(world, "operator", "handOverRole", Role.OPERATOR, stranger))
    overwrite = call(world, other, "handOverRole", Role.OPERATOR, stranger)
    refused(world, overwrite, errors.RoleOfferPending, roleId=Role.OPERATOR, account=stranger)
    withdraw = call(world, other, "withdrawRoleOffer", Role.OPERATOR, stranger)
    refused(world, withdraw, errors.RoleOfferNotFound, roleId=Role.OPERATOR, account=stranger)
    assert offer(world, Role.OPERATOR, "stranger") == (True, world.address("operator"))
    # Its maker may make it again, the administrator may put its own in its place.
    world.send(call(world, "operator", "handOverRole", Role.OPERATOR, stranger))
    world.send(end_by_revocation(world, Role.OPERATOR, "operator"), overwrite)
    assert offer(world, Role.OPERATOR, "stranger") == (True, world.address(other))
    world.send(call(world, "administrator", "grantRole", Role.OPERATOR, stranger, 0))
    assert offer(world, Role.OPERATOR, "stranger") == (True, ZERO_ADDRESS)


@pytest.mark.parametrize("end", [*ENDS, "handed over"])
def test_an_administrators_offers_end_with_it(world: World, end: str) -> None:
    """What a revoked administrator offered is accepted by nobody, not even when it is an administrator again."""
    second, stranger = SECOND_ADMINISTRATOR, world.address("stranger")
    world.send(*again(world, ADMINISTRATOR, second))
    world.send(call(world, second, "grantRole", Role.SEIZER, stranger, 0))
    assert offer(world, Role.SEIZER, "stranger") == (True, ZERO_ADDRESS)
    if end == "handed over":
        world.send(
            call(world, second, "handOverRole", ADMINISTRATOR, world.address("relayer")),
            call(world, "relayer", "acceptRole", ADMINISTRATOR),
        )
    else:
        world.send(ENDS[end](world, ADMINISTRATOR, second))
    accept = call(world, "stranger", "acceptRole", Role.SEIZER)
    nothing = {"roleId": Role.SEIZER, "account": stranger}
    assert offer(world, Role.SEIZER, "stranger") == NOTHING
    refused(world, accept, errors.RoleOfferNotFound, **nothing)
    world.send(*again(world, ADMINISTRATOR, second))
    refused(world, accept, errors.RoleOfferNotFound, **nothing)


def test_an_administrator_with_a_delay(world: World) -> None:
    """It offers by a scheduled call that this contract makes of itself: the offer is the administrator's own."""
    second, stranger = SECOND_ADMINISTRATOR, world.address("stranger")
    world.send(
        call(world, "administrator", "grantRole", ADMINISTRATOR, world.address(second), 60),
        call(world, second, "acceptRole", ADMINISTRATOR),
    )
    contract = manager(world)
    grant = contract.interface.encode("grantRole", Role.SEIZER, stranger, 0)
    world.send(call(world, second, "schedule", contract.address, grant, 0))
    world.chain.clock.advance(61)
    world.send(call(world, second, "execute", contract.address, grant))
    assert offer(world, Role.SEIZER, "stranger") == (True, ZERO_ADDRESS)
    snapshot = world.chain.snapshot()
    accept = call(world, "stranger", "acceptRole", Role.SEIZER)
    world.send(accept)
    assert holds(world, Role.SEIZER, "stranger")
    world.chain.revert(snapshot)
    world.send(end_by_revocation(world, ADMINISTRATOR, second))
    refused(world, accept, errors.RoleOfferNotFound, roleId=Role.SEIZER, account=stranger)


def test_what_a_revoked_administrator_scheduled(world: World) -> None:
    """It can be executed when the account is an administrator again, unless another cancels it: as the manual warns."""
    second, stranger, delay_s = SECOND_ADMINISTRATOR, world.address("stranger"), 86_400
    appoint = (
        call(world, "administrator", "grantRole", ADMINISTRATOR, world.address(second), delay_s),
        call(world, second, "acceptRole", ADMINISTRATOR),
    )
    contract = manager(world)
    grant = contract.interface.encode("grantRole", Role.SEIZER, stranger, 0)
    execute = call(world, second, "execute", contract.address, grant)
    world.send(*appoint, call(world, second, "schedule", contract.address, grant, 0))
    world.send(end_by_revocation(world, ADMINISTRATOR, second))
    world.chain.clock.advance(delay_s + 1)
    told = {"caller": world.address(second), "target": contract.address, "selector": grant[:4]}
    refused(world, execute, errors.AccessManagerUnauthorizedCall, **told)
    snapshot = world.chain.snapshot()
    world.send(*appoint, execute)
    assert offer(world, Role.SEIZER, "stranger") == (True, ZERO_ADDRESS)
    world.chain.revert(snapshot)
    scheduled = (world.address(second), contract.address, grant)
    world.send(call(world, "administrator", "cancel", *scheduled), *appoint)
    operation = contract._read("hashOperation", *scheduled)
    refused(world, execute, errors.AccessManagerNotScheduled, operationId=operation)


def test_another_administrating_role_revives_no_offer(world: World) -> None:
    """A revoked administrator holds the role that administers now, in a tenure of its own: its offer is over."""
    second, stranger = SECOND_ADMINISTRATOR, world.address("stranger")
    assert holds(world, Role.REGISTRAR, second)
    world.send(
        *again(world, ADMINISTRATOR, second),
        call(world, second, "grantRole", Role.SEIZER, stranger, 0),
        end_by_revocation(world, ADMINISTRATOR, second),
        call(world, "administrator", "setRoleAdmin", Role.SEIZER, Role.REGISTRAR),
    )
    assert offer(world, Role.SEIZER, "stranger") == NOTHING
    accept = call(world, "stranger", "acceptRole", Role.SEIZER)
    refused(world, accept, errors.RoleOfferNotFound, roleId=Role.SEIZER, account=stranger)
    # It may make an offer of its new power.
    world.send(call(world, second, "grantRole", Role.SEIZER, stranger, 0), accept)
    assert holds(world, Role.SEIZER, "stranger")


def test_only_oneself_renounces(world: World) -> None:
    """Nobody renounces for another."""
    renounce = call(world, "stranger", "renounceRole", Role.OPERATOR, world.address("operator"))
    refused(world, renounce, errors.AccessManagerBadConfirmation)
    assert holds(world, Role.OPERATOR, "operator")


# ------------------------------------------------------------------------- random histories


@dataclass
class Offered:
    """An offer that was made."""

    maker: Address
    tenure: int
    of_role: int
    """Role whose tenure it is."""
    is_hand_over: bool


@dataclass
class Roles:
    """Roles as a specification that runs, from the manual `contracts/core/INetworkAccess.sol`; without delays."""

    held: set[tuple[int, Address]] = field(default_factory=set)
    tenures: defaultdict[tuple[int, Address], int] = field(default_factory=lambda: defaultdict(int))
    offers: dict[tuple[int, Address], Offered] = field(default_factory=dict)
    administered_by: defaultdict[int, int] = field(default_factory=lambda: defaultdict(lambda: ADMINISTRATOR))

    def standing(self, role: int, account: Address) -> Offered | None:
        """Return an offer whose tenure lasts, in the role itself or in the one that administers it now."""
        found = self.offers.get((role, account))
        if found is None or (found.of_role, found.maker) not in self.held:
            return None
        if found.of_role != (role if found.is_hand_over else self.administered_by[role]):
            return None
        return found if self.tenures[found.of_role, found.maker] == found.tenure else None

    def do(self, verb: str, caller: Address, role: int, subject: Address | int) -> str | None:
        """Do an operation, or return the name of the refusal."""
        operation: Callable[[Address, int, Address | int], str | None] = getattr(self, f"_{verb}")
        return operation(caller, role, subject)

    def _setRoleAdmin(self, caller: Address, role: int, by: int) -> str | None:  # noqa: N802 - as in Solidity
        if (ADMINISTRATOR, caller) not in self.held:
            return "AccessManagerUnauthorizedAccount"
        self.administered_by[role] = by
        return None

    def _grantRole(self, caller: Address, role: int, account: Address) -> str | None:  # noqa: N802 - as in Solidity
        by = self.administered_by[role]
        if (by, caller) not in self.held:
            return "AccessManagerUnauthorizedAccount"
        self.offers[role, account] = Offered(caller, self.tenures[by, caller], by, is_hand_over=False)
        return None

    def _revokeRole(self, caller: Address, role: int, account: Address) -> str | None:  # noqa: N802
        if (self.administered_by[role], caller) not in self.held:
            return "AccessManagerUnauthorizedAccount"
        self.offers.pop((role, account), None)
        self.held.discard((role, account))
        return None

    def _renounceRole(self, caller: Address, role: int, account: Address) -> str | None:  # noqa: N802
        if caller != account:
            return "AccessManagerBadConfirmation"
        self.held.discard((role, account))
        return None

    def _handOverRole(self, caller: Address, role: int, account: Address) -> str | None:  # noqa: N802
        if (role, caller) not in self.held:
            return "RoleNotHeld"
        found = self.standing(role, account)
        if found is not None and not (found.is_hand_over and found.maker == caller):
            return "RoleOfferPending"
        self.offers[role, account] = Offered(caller, self.tenures[role, caller], role, is_hand_over=True)
        return None

    def _withdrawRoleOffer(self, caller: Address, role: int, account: Address) -> str | None:  # noqa: N802
        found = self.standing(role, account)
        if found is None or not found.is_hand_over or found.maker != caller:
            return "RoleOfferNotFound"
        del self.offers[role, account]
        return None

    def _acceptRole(self, caller: Address, role: int, account: Address) -> str | None:  # noqa: N802
        found = self.standing(role, caller)
        if found is None:
            return "RoleOfferNotFound"
        del self.offers[role, caller]
        if found.is_hand_over:
            self.held.discard((role, found.maker))
        if (role, caller) not in self.held:
            self.held.add((role, caller))
            self.tenures[role, caller] += 1
        return None


VERBS = (
    "setRoleAdmin",
    "grantRole",
    "revokeRole",
    "renounceRole",
    "handOverRole",
    "withdrawRoleOffer",
    "acceptRole",
    "acceptRole",
)
NAMES = ("administrator", "operator", "other operator", "stranger")
ROLES = (ADMINISTRATOR, Role.OPERATOR)


@pytest.mark.random
@pytest.mark.parametrize("seed", range(rounds(1, campaign=6)))
def test_a_random_history_of_roles(world: World, seed: int) -> None:
    """After each of many operations the contract answers, offers and counts holders as the specification does."""
    random, spec = chance(seed), Roles()
    world.send(*again(world, Role.OPERATOR, "administrator"))
    for role, name in ((ADMINISTRATOR, "administrator"), (2, "administrator"), (2, "operator"), (2, "other operator")):
        spec.held.add((role, world.address(name)))
        spec.tenures[role, world.address(name)] = 1
    done = 0
    for _ in range(80):
        verb, role = random.choice(VERBS), random.choice(ROLES)
        caller = random.choice(("administrator", *NAMES) if verb in ("grantRole", "revokeRole") else NAMES)
        account = caller if verb == "renounceRole" and random.random() < 0.9 else random.choice(NAMES)
        # An administrator stays, so that there is something to see.
        if (role, account, verb) == (0, "administrator", "revokeRole") or (role, caller, verb) == (
            0,
            "administrator",
            "renounceRole",
        ):
            continue
        subject: Address | int = world.address(account)
        if verb == "setRoleAdmin":  # no other role administers the administrator's
            role, subject = Role.OPERATOR, random.choice(ROLES)
        arguments = {"grantRole": (subject, 0), "acceptRole": ()}.get(verb, (subject,))
        told = None
        try:
            world.send(call(world, caller, verb, role, *arguments))
        except ContractReverted as refusal:
            told = type(refusal).__name__
        expected = spec.do(verb, world.address(caller), role, subject)
        assert told == expected, (seed, verb, caller, role, subject)
        done += told is None
        for each in ROLES:
            for name in NAMES:
                address = world.address(name)
                found = spec.standing(each, address)
                predecessor = found.maker if found is not None and found.is_hand_over else ZERO_ADDRESS
                assert holds(world, each, name) == ((each, address) in spec.held)
                assert offer(world, each, name) == (found is not None, predecessor)
    assert done > 15 or SEED is not None  # in a history that is new, less may be done
