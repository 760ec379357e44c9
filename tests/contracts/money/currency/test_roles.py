"""Who may do what: each restricted function, refused to everybody without its role."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pysettle.client.columns import restricted
from pysettle.client.core.access import Role
from pysettle.client.core.contract import Contract
from pysettle.errors import ContractReverted, UnknownRevert
from pysettle.errors import contracts as errors
from pysettle.evm import abi
from pysettle.evm.artifacts import load
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import FORWARDER, accounts, deploy, effect, refused, through
from tests.contracts.world import ACTORS, FEN, YUAN, World
from tests.evm.bytecode import INVALID, REVERTER

OPERATORS = frozenset({"operator", "other operator"})
RESTRICTED: dict[str, tuple[frozenset[str], tuple[object, ...]]] = {
    "setIssuanceQuota": (frozenset({"central bank"}), ("operator", 10 * YUAN)),
    "issue": (OPERATORS, ("stranger", FEN)),
    "setReserveRatio": (frozenset({"central bank"}), (9_000,)),
    "setClassLimits": (frozenset({"central bank"}), (0, (0, 0, 0, 0))),
    "takeRedemption": (OPERATORS, (1,)),
    "completeRedemption": (OPERATORS, (1,)),
    "rejectRedemption": (OPERATORS, (1,)),
    "markSettlementAccount": (frozenset({"settlement registrar"}), ("meter",)),
    "registerWallet": (frozenset({"registrar"}), ("buyer", 2, 65_535, 156, True)),
    "freeze": (frozenset({"freezer"}), ("buyer", True, True)),
    "freezeAmount": (frozenset({"freezer"}), ("buyer", YUAN)),
    "seize": (frozenset({"seizer"}), ("buyer", "stranger", FEN, b"\1" * 32)),
    "seizeCredit": (frozenset({"seizer"}), ("buyer", "stranger", 0, b"\1" * 32)),
    "pause": (frozenset({"pauser"}), ()),
    "unpause": (frozenset({"pauser"}), ()),
}
"""Function -> (actors that have the role, arguments; names stand for addresses)."""
OPEN = {
    "approve",
    "cancelAuthorization",
    "claimCredit",
    "permit",
    "receiveWithAuthorization",
    "setPayeeOnly",
    "transfer",
    "transferFrom",
    "transferWithAuthorization",
}
"""Functions that anyone may call: for itself, or with a signature."""
DESK_OPEN = {"attestReserve", "cancelRedemption", "requestRedemption"}
"""The same of the issuance desk."""
DESK_ALONE = {"createTo", "destroyHeld", "holdFrom"}
"""Functions of the currency that its desk alone may call."""
SERIES_OPEN = {
    "approve",
    "cancelAuthorization",
    "consume",
    "halt",
    "permit",
    "purchase",
    "purchaseWithAuthorization",
    "purchaseWithPermit",
    "purchaseWithTransferAuthorization",
    "receiveWithAuthorization",
    "redeem",
    "refund",
    "sweep",
    "transfer",
    "transferFrom",
    "transferWithAuthorization",
}
"""Functions of a series; `redeem` and `sweep` are its provider's, `halt` is its market's."""


def call(world: World, name: str, function: str) -> Transaction:
    """Call a restricted function as an actor."""
    named = accounts(world)
    arguments = [named[a] if isinstance(a, str) else a for a in RESTRICTED[function][1]]
    currency = world.network.currency
    contract = currency if function in changes("CurrencyToken") else currency.desk
    return contract._transaction(world[name], 200_000, function, *arguments)


def manager(world: World) -> Contract:
    """Return the AccessManager."""
    return Contract(world.network.sender, world.network.access, "NetworkAccess")


@pytest.fixture
def pending(world: World) -> World:
    """Give both operators a quota, and the first a redemption to end."""
    currency, bank = world.network.currency, world["central bank"]
    world.fund("buyer", YUAN)
    world.send(
        currency.desk.set_issuance_quota(bank, world.address("operator"), FEN),
        currency.desk.set_issuance_quota(bank, world.address("other operator"), FEN),
        currency.desk.request_redemption(world["buyer"], world.address("operator"), FEN),
    )
    return world


def changes(contract: str) -> set[str]:
    """Return the functions of a contract that change state; one that always reverts changes none."""
    return {
        item["name"]
        for item in load(contract).abi
        if item["type"] == "function" and item["stateMutability"] not in ("view", "pure")
    }


def test_every_function_is_one_or_the_other() -> None:
    """No function that changes state is left out of these tables, so none is unguarded by oversight (P-9, P-24)."""
    by_role, open_, of_desk = RESTRICTED.keys(), OPEN | DESK_OPEN, changes("IssuanceDesk")
    assert changes("CurrencyToken") | of_desk == by_role | open_ | DESK_ALONE
    assert of_desk == {*restricted("IssuanceDesk"), *DESK_OPEN}
    assert changes("ComputeToken") == SERIES_OPEN
    assert not {item["type"] for item in load("ComputeToken").abi} & {"fallback", "receive"}


@pytest.mark.parametrize(
    ("function", "name"),
    [(function, name) for function, (holders, _) in RESTRICTED.items() for name in ACTORS if name not in holders],
)
def test_without_the_role(pending: World, function: str, name: str) -> None:
    """An actor without the role is refused, the administrator included: it grants roles and moves no money (P-9)."""
    transaction = call(pending, name, function)
    with pytest.raises(errors.AccessManagedUnauthorized) as caught:
        pending.network.sender.simulate(transaction)
    assert caught.value.args_by_name == {"caller": pending.address(name)}


@pytest.mark.parametrize("function", [function for function, (holders, _) in RESTRICTED.items() if holders])
def test_with_the_role(pending: World, function: str) -> None:
    """A holder of the role is let through."""
    for name in sorted(RESTRICTED[function][0]):
        if name == "other operator" and function.endswith("Redemption"):
            continue  # the redemption is the first operator's
        pending.network.sender.simulate(call(pending, name, function))


def test_the_administrator_cannot_issue(pending: World) -> None:
    """The administrator is refused on chain too, and nothing changes."""
    refused(
        pending,
        call(pending, "administrator", "issue"),
        errors.AccessManagedUnauthorized,
        caller=pending.address("administrator"),
    )


def test_a_role_is_not_lent(pending: World) -> None:
    """A contract that an operator calls has none of its rights (P-12)."""
    forwarder = deploy(pending, FORWARDER)
    refused(
        pending,
        through(pending, forwarder, call(pending, "operator", "issue")),
        errors.AccessManagedUnauthorized,
        caller=forwarder,
    )


def test_a_revoked_role(pending: World) -> None:
    """What was revoked is refused from then on."""
    admin, operator = pending["administrator"], pending.address("operator")
    pending.send(manager(pending)._transaction(admin, 300_000, "revokeRole", Role.OPERATOR, operator))
    refused(pending, call(pending, "operator", "issue"), errors.AccessManagedUnauthorized, caller=operator)


@pytest.mark.parametrize(
    ("role", "function"),
    [
        (Role.CENTRAL_BANK, "setIssuanceQuota"),
        (Role.REGISTRAR, "registerWallet"),
        (Role.SETTLEMENT_REGISTRAR, "markSettlementAccount"),
        (Role.FREEZER, "freeze"),
        (Role.SEIZER, "seize"),
        (Role.PAUSER, "pause"),
    ],
)
def test_a_role_with_a_delay(pending: World, role: int, function: str) -> None:
    """A holder whose role has a delay cannot act at once."""
    admin, stranger = pending["administrator"], pending.address("stranger")
    pending.send(
        manager(pending)._transaction(admin, 300_000, "grantRole", role, stranger, 3_600),
        manager(pending)._transaction(pending["stranger"], 300_000, "acceptRole", role),
    )
    with effect(pending) as change, pytest.raises(errors.AccessManagerNotScheduled):
        pending.send(call(pending, "stranger", function))
    assert change == {}


@pytest.mark.parametrize("name", ["stranger", "series"])
def test_the_authority_stays(pending: World, name: str) -> None:
    """Not even the administrator replaces the AccessManager, and with it all roles at once."""
    admin, currency = pending["administrator"], pending.network.currency
    other = accounts(pending)[name]
    refused(
        pending,
        manager(pending)._transaction(admin, 300_000, "updateAuthority", currency.address, other),
        errors.AuthorityFixed,
    )
    refused(pending, currency._transaction(admin, 100_000, "setAuthority", other), errors.AuthorityFixed)
    assert currency._read("authority") == pending.network.access


@pytest.mark.parametrize(
    ("runtime", "data", "error", "arguments"),
    [
        (None, b"\0\0\0\0", errors.AddressEmptyCode, {"target": "stranger"}),
        (INVALID, b"\0\0\0\0", errors.FailedCall, {}),
        (
            REVERTER,
            bytes.fromhex("08c379a0") + abi.encode(("string",), ("no reason",)),
            errors.Error,
            {"message": "no reason"},
        ),
        (REVERTER, b"\xde\xad\xbe\xef", UnknownRevert, {}),
    ],
    ids=["no code", "no reason", "a reason as text", "an unknown error"],
)
def test_what_an_administrators_call_meets(
    world: World,
    runtime: bytes | None,
    data: bytes,
    error: type[ContractReverted],
    arguments: dict[str, str],
) -> None:
    """Whatever a called contract answers is named: no code, no reason, a text, an unknown error."""
    target = deploy(world, runtime) if runtime else world.address("stranger")
    if "target" in arguments:
        arguments = {"target": target}  # type: ignore[dict-item]  # an address is bytes
    execute: Callable[..., Transaction] = manager(world)._transaction
    refused(world, execute(world["administrator"], 300_000, "execute", target, data), error, **arguments)


def test_roles_are_granted_by_the_administrator_alone(pending: World) -> None:
    """Nobody else grants, revokes or locks anything, whatever other role it has."""
    for actor in ("central bank", "registrar", "freezer", "seizer", "pauser", "operator", "provider", "stranger"):
        with effect(pending) as change, pytest.raises(errors.AccessManagerUnauthorizedAccount) as caught:
            pending.send(
                manager(pending)._transaction(pending[actor], 300_000, "grantRole", Role.OPERATOR, bytes(20), 0)
            )
        assert caught.value.args_by_name["msgsender"] == pending.address(actor)
        assert change == {}
