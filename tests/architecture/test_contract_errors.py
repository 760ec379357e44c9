"""One Solidity error, one Python class, one line of documentation, one test that provokes it."""

from __future__ import annotations

import inspect
import re
import string
from pathlib import Path

from pysettle.errors import ContractReverted, contracts
from pysettle.evm import artifacts

ROOT = Path(__file__).parents[2]
DEPLOYED = ("CurrencyToken", "ComputeToken", "ChannelHub", "ERC3009DepositCollector", "UsageMeter")
BUILT_IN = {"Error", "Panic"}
UNREACHABLE = {
    "AccessManagedInvalidAuthority": "setAuthority is called by the AccessManager alone, and only with a contract",
    "AccessManagedRequiredDelay": "no role is granted with a delay",
    "AddressEmptyCode": "Multicall only calls the hub itself, which has code",
    "ERC20InvalidApprover": "the caller of approve is never the zero address; part of the ERC-6093 interface",
    "ERC20InvalidSender": "the zero address has no key and signs nothing; guards the choke point",
    "FailedCall": "every failure inside a multicall carries its own reason, which is passed on",
    "InvalidShortString": "declared by a library that packs names, and never thrown by packing",
    "SafeERC20FailedOperation": "our tokens revert, and never return false",
    "SupplyCapExceeded": "needs a quota of 2^128 units; kept as the proof that balances fit their bits",
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


def classes() -> dict[str, type[ContractReverted]]:
    """Return the classes that stand for one error each."""
    return {
        name: kind
        for name, kind in vars(contracts).items()
        if inspect.isclass(kind) and kind.__module__ == contracts.__name__ and "template" in vars(kind)
    }


def test_the_classes_are_the_errors_of_the_contracts() -> None:
    """No error without a class, no class without an error."""
    assert set(classes()) - BUILT_IN == set(declared())


def test_templates_use_the_arguments_of_the_error() -> None:
    """A message never names a value that the error does not carry, and leaves none out."""
    for name, arguments in declared().items():
        named = {field for _, field, _, _ in string.Formatter().parse(classes()[name].template) if field}
        assert named == arguments, name


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
    assert unprovoked - BUILT_IN <= set(UNREACHABLE)
