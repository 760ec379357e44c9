"""docs/reference/domain says of each operation what the contracts' own manual says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pysettle.domain.catalogue import COLUMNS
from pysettle.domain.jobs.terms import MilestoneState, OrderState
from pysettle.evm import artifacts

ROOT = Path(__file__).parents[2]
PAGES = {path.stem: path.read_text() for path in sorted((ROOT / "docs" / "reference" / "domain").glob("*.md"))}
"""Column -> its page."""
DOCUMENT = "\n".join(PAGES.values())
INTERFACES = {
    "CurrencyToken": "ICurrencyToken",
    "IssuanceDesk": "IIssuanceDesk",
    "NetworkAccess": "INetworkAccess",
}
COMPUTE = {
    kind.name: f"I{kind.name}"
    for name, column in COLUMNS.items()
    for kind in column.kinds
    if name != "money" and kind.has_books
}
"""Contracts whose rows name contract and function, since two of them share a name."""
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


def test_each_column_has_a_page() -> None:
    """The columns of the catalogue and the core, and no other."""
    assert set(PAGES) == {"core", *COLUMNS}


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
    source = next((ROOT / "contracts").rglob(f"{interface}.sol")).read_text()
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
            # An error of the currency that a call of the desk passes on is stated there too.
            assert set(re.findall(r"`(\w+)`", rows()[name])) & (named | stated) == stated, name


def test_what_is_named_exists() -> None:
    """No word in code letters is an error, event or function that is gone."""
    known = {item.get("name") for contract in (*INTERFACES, "ICurrencyToken") for item in artifacts.load(contract).abi}
    named = {word for row in rows().values() for word in re.findall(r"`(\w+)`", row)}
    assert named <= known, named - known


def operations_of(contract: str) -> dict[str, str]:
    """Return the row of each operation of a contract of the compute layer."""
    lines = (line for line in DOCUMENT.splitlines() if line.startswith(f"| `{contract}."))
    return {re.findall(r"`\w+\.(\w+)`", line)[0]: line for line in lines}


@pytest.mark.parametrize("contract", COMPUTE)
def test_every_operation_of_the_compute_layer_has_a_row(contract: str) -> None:
    """But what every token has, and what is refused for ever."""
    of_tokens = {item["name"] for item in artifacts.load("CurrencyToken").abi if item["type"] == "function"}
    operations = {
        item["name"]
        for item in artifacts.load(contract).abi
        if item["type"] == "function" and item["stateMutability"] not in ("view", "pure")
    }
    shared = of_tokens if "transferFrom" in operations else {"setAuthority"}
    assert operations - shared == set(operations_of(contract))


@pytest.mark.parametrize("contract", COMPUTE)
def test_each_row_of_the_compute_layer_names_the_refusals_of_the_manual(contract: str) -> None:
    """Each error that the interface states for the operation (P-25)."""
    for name, stated in manual(COMPUTE[contract]).items():
        row = operations_of(contract).get(name)
        if row is not None and "the same" not in row.split("|")[4]:
            assert stated <= set(re.findall(r"`(\w+)`", row)), name


def test_what_is_named_of_the_compute_layer_exists() -> None:
    """No word in code letters is an error, event or function that is gone."""
    known = {item.get("name") for name in (*COMPUTE, *INTERFACES) for item in artifacts.load(name).abi}
    pages = [text for column, text in PAGES.items() if column not in ("core", "money")]
    rows_ = [line for text in pages for line in text.splitlines() if line.startswith("|")]
    named = {word.rpartition(".")[2] for line in rows_ for word in re.findall(r"`([\w.]+)`", line)} - {"exact"}
    assert named <= known, named - known


def test_every_state_of_a_job_has_a_row() -> None:
    """With who may do what, and the way out; a final state has none but the payment of what is due."""
    lines = [line.split("|") for line in DOCUMENT.splitlines() if re.match(r"\| (order|milestone) \w+ \|", line)]
    said = {line[1].strip(): line for line in lines}
    states = {f"order {state.name.lower()}" for state in OrderState if state is not OrderState.NONE}
    assert set(said) == states | {f"milestone {state.name.lower()}" for state in MilestoneState}
    for state in (*MilestoneState, OrderState.CANCELLED):
        _, subject, steps, way_out, due, _ = said[f"{type(state).__name__[:-5].lower()} {state.name.lower()}"]
        is_final = state is OrderState.CANCELLED or (isinstance(state, MilestoneState) and state.is_final)
        assert ("- (final)" in steps) == ("`payDue`" in way_out) == is_final, subject
        assert due.strip()
