"""docs/domain.md says of each operation what the contracts' own manual says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pysettle.evm import artifacts

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "domain.md").read_text()
INTERFACES = {"CurrencyToken": "ICurrencyToken", "NetworkAccess": "INetworkAccess"}
LIBRARY = {
    "cancel",
    "consumeScheduledOp",
    "execute",
    "labelRole",
    "multicall",
    "renounceRole",
    "schedule",
    "setGrantDelay",
    "setRoleAdmin",
    "setRoleGuardian",
    "setTargetAdminDelay",
    "setTargetClosed",
    "setTargetFunctionRole",
    "updateAuthority",
}
"""Functions of OpenZeppelin's AccessManager that its own manual explains."""


def rows() -> dict[str, str]:
    """Return the row of each operation."""
    return {
        name: line
        for line in DOCUMENT.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }


def manual(interface: str) -> dict[str, set[str]]:
    """Return what each function of an interface says it reverts with."""
    source = (ROOT / "contracts" / "interfaces" / f"{interface}.sol").read_text()
    functions = re.findall(r"((?:    ///.*\n)+)    function (\w+)\(", source)
    return {name: set(re.findall(r"@custom:reverts (\w+) when", comment)) for comment, name in functions}


@pytest.mark.parametrize("contract", INTERFACES)
def test_every_operation_has_a_row(contract: str) -> None:
    """None that changes state is left out."""
    operations = {
        item["name"]
        for item in artifacts.load(contract).abi
        if item["type"] == "function" and item["stateMutability"] not in ("view", "pure")
    }
    assert operations - LIBRARY <= set(rows())


@pytest.mark.parametrize("contract", INTERFACES)
def test_each_row_names_the_refusals_of_the_manual(contract: str) -> None:
    """Each error that an interface states for an operation is in its row, and no other of that contract's."""
    named = {item["name"] for item in artifacts.load(contract).abi if item["type"] == "error"}
    for name, stated in manual(INTERFACES[contract]).items():
        if name in rows() and stated and "the same" not in rows()[name]:
            assert set(re.findall(r"`(\w+)`", rows()[name])) & named == stated, name


def test_what_is_named_exists() -> None:
    """No word in code letters is an error, event or function that is gone."""
    known = {item.get("name") for contract in (*INTERFACES, "ICurrencyToken") for item in artifacts.load(contract).abi}
    named = {word for row in rows().values() for word in re.findall(r"`(\w+)`", row)}
    assert named <= known, named - known
