"""One Solidity error, one Python class, one line of documentation, one test that provokes it."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path

from pysettle.client.channel.hub import ClaimResult
from pysettle.client.money.interest import RowResult
from pysettle.errors import ContractReverted, contracts
from pysettle.errors.states import MilestoneState, OrderState, RedemptionStatus, Role, WalletClass
from pysettle.evm import artifacts

ROOT = Path(__file__).parents[2]
DEPLOYED = (
    "NetworkAccess",
    "CurrencyToken",
    "ComputeToken",
    "ComputeMarket",
    "ChannelHub",
    "ERC3009DepositCollector",
    "UsageMeter",
    "InterestPayments",
    "JobEscrow",
)
BUILT_IN = {"Error", "Panic"}
_NEVER_SCHEDULED = "the network grants no role with a delay, and so schedules nothing"
UNREACHABLE = {
    "AccessManagedInvalidAuthority": "no currency takes another authority, whatever it is",
    "AccessManagedRequiredDelay": "declared by the library, and never thrown by it",
    "AccessManagerAlreadyScheduled": _NEVER_SCHEDULED,
    "AccessManagerExpired": _NEVER_SCHEDULED,
    "AccessManagerInvalidInitialAdmin": "a network is deployed by the administrator it names",
    "AccessManagerLockedFunction": "the network gives roles for the currency's functions only",
    "AccessManagerNotReady": _NEVER_SCHEDULED,
    "AccessManagerUnauthorizedCancel": _NEVER_SCHEDULED,
    "AccessManagerUnauthorizedConsume": _NEVER_SCHEDULED,
    "ERC20InvalidApprover": "the caller of approve is never the zero address; part of the ERC-6093 interface",
    "InsufficientBalance": "no contract sends native value",
    "InvalidShortString": "declared by a library that packs names, and never thrown by packing",
    "SafeCastOverflowedUintDowncast": "clocks and delays fit their fields",
}
"""Errors that no transaction can provoke as of now, with the reason."""


def declared() -> dict[str, set[str]]:
    """Return every error the deployed contracts declare, with the names of its arguments."""
    return {
        item["name"]: {argument["name"] for argument in item["inputs"]}
        for name in DEPLOYED
        for item in artifacts.load(name).abi
        if item["type"] == "error"
    }


def classes() -> Mapping[str, type[ContractReverted]]:
    """Return the classes that stand for one error each."""
    return contracts.by_name()


def test_the_classes_are_the_errors_of_the_contracts() -> None:
    """No error without a class, no class without an error."""
    assert set(classes()) - BUILT_IN == set(declared())


def test_templates_use_the_arguments_of_the_error() -> None:
    """A message never names a value that the error does not carry, and leaves none out."""
    for name, arguments in declared().items():
        named = {field for _, field, _, _ in string.Formatter().parse(classes()[name].template) if field}
        assert named == arguments, name


ENUMS: dict[str, type[IntEnum]] = {
    it.__name__: it for it in (ClaimResult, MilestoneState, OrderState, RedemptionStatus, RowResult, WalletClass)
}
"""Name -> the enum of Python that stands for one of Solidity."""


def test_enums_are_those_of_the_contracts() -> None:
    """Every enum of Solidity has one of Python, of the same names and numbers."""
    sources = "\n".join(path.read_text() for path in (ROOT / "contracts").rglob("*.sol"))
    sources = re.sub(r"//.*", "", sources)
    found = {
        name: [it.strip().lower() for it in members.split(",") if it.strip()]
        for name, members in re.findall(r"\benum (\w+) \{(.*?)\}", sources, flags=re.DOTALL)
    }
    told = {name: [it.name.replace("_", "").lower() for it in kind] for name, kind in ENUMS.items()}
    assert told == found
    assert all([*kind] == [*range(len(kind))] for kind in ENUMS.values())


def test_errors_say_states_in_words() -> None:
    """An argument that is an enum, or a role, is said by the word of its number, and never by the number."""
    carried = {
        (item["name"], argument["name"]): argument.get("internalType", "")
        for name in DEPLOYED
        for item in artifacts.load(name).abi
        if item["type"] == "error"
        for argument in item["inputs"]
    }
    enums = {place: ENUMS[kind.rsplit(".", 1)[-1]] for place, kind in carried.items() if kind.startswith("enum ")}
    roles = {place: Role for place in carried if place[1] == "roleId"}
    assert len(enums) >= 5
    assert len(roles) >= 5
    stated = {(name, argument): kind for name, it in classes().items() for argument, kind in it.states.items()}
    assert stated == enums | roles
    for (name, argument), kind in stated.items():
        for number in kind:
            other = dict.fromkeys(declared()[name] - {argument}, b"")
            message = str(classes()[name](args_by_name={**other, argument: int(number)}))
            assert re.search(rf"\b{re.escape(number.word)}\b", message), message
            assert str(int(number)) not in message.replace("0x", ""), message
            assert "999" in str(classes()[name](args_by_name={**other, argument: 999}))


def test_each_error_is_documented() -> None:
    """docs/errors.md has one line for each error, with what its class says."""
    documented = dict(
        re.findall(r"^\| `(\w+)` \| (.*) \|$", (ROOT / "docs" / "errors.md").read_text(), flags=re.MULTILINE)
    )
    expected = {name: f"{kind.__doc__} | {kind.remedy}" for name, kind in classes().items()}
    assert documented == expected


def test_each_error_is_provoked() -> None:
    """Some test expects each error that can be provoked; what cannot has a reason."""
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__))
    unprovoked = {name for name in classes() if not re.search(rf"\b{name}\b", tests)}
    assert unprovoked == set(UNREACHABLE)
