"""The interfaces are the manual: every function is explained, and what it says it reverts with exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pysettle.evm import artifacts
from tests.columns import contracts, interfaces

ROOT = Path(__file__).parents[2]
INTERFACES = interfaces()
DEPLOYED = contracts()
RULES = "\n".join(file.read_text() for file in sorted((ROOT / "pysettle" / "domain").rglob("*.py")))
INVARIANTS = set(re.findall(r"\bINV-[A-Z]+\b", RULES))


def _kind(parameter: dict[str, Any]) -> str:
    if not parameter["type"].startswith("tuple"):
        return str(parameter["type"])
    return f"({','.join(map(_kind, parameter['components']))}){parameter['type'][len('tuple') :]}"


def _signatures(interface: str, kind: str) -> set[str]:
    """Return what an interface declares itself; what it inherits is documented where it is declared."""
    source = next((ROOT / "contracts").rglob(f"{interface}.sol")).read_text()
    return {
        f"{item['name']}({','.join(map(_kind, item['inputs']))})"
        for item in artifacts.load(interface).abi
        if item["type"] == kind and re.search(rf"\b{kind} {item['name']}\(", source)
    }


@pytest.mark.parametrize("interface", INTERFACES)
def test_everything_has_a_notice(interface: str) -> None:
    """Each function, event and error of an interface says what it is in one sentence."""
    documented = artifacts.load(interface).user_doc
    assert set(documented.get("methods", {})) >= _signatures(interface, "function")
    assert set(documented.get("events", {})) >= _signatures(interface, "event")
    assert set(documented.get("errors", {})) >= _signatures(interface, "error")


@pytest.mark.parametrize("source", sorted((ROOT / "contracts").rglob("I[A-Z]*.sol")), ids=lambda path: path.stem)
def test_stated_reverts_and_invariants_exist(source: Path) -> None:
    """`@custom:reverts` names an error the network declares and when, `@custom:invariant` a known code.

    Read from the source: the compiler joins several tags of one function into one string.
    """
    declared = {item["name"] for name in DEPLOYED for item in artifacts.load(name).abi if item["type"] == "error"}
    for tag, text in re.findall(r"@custom:(\S+) (.*)", source.read_text()):
        assert tag in ("reverts", "invariant"), text
        if tag == "invariant":
            assert text in INVARIANTS
        else:
            assert re.match(r"(\w+) when \S", text), text
            assert text.split()[0] in declared
