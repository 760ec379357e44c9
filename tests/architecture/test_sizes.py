"""docs/reference/sizes.md states the size of each deployed contract, and each leaves room for what comes (EIP-170)."""

from __future__ import annotations

from pathlib import Path

from pysettle.evm import artifacts
from tests.architecture.test_natspec import DEPLOYED

LIMIT = 24_576
"""Most bytes that the code of a contract may have (EIP-170)."""
FREE = 3_000
"""Bytes that each contract leaves free."""
FREE_OF_ITS_OWN = {"CurrencyToken": 6_000}
"""Contract -> bytes that it leaves free, where that is more."""
PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "sizes.md").read_text()


def stated() -> dict[str, tuple[int, int]]:
    """Return contract -> (bytes, bytes free) as the page states them."""
    rows = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
    return {row[0].strip("`"): (int(row[1].replace(",", "")), int(row[2].replace(",", ""))) for row in rows}


def sizes() -> dict[str, int]:
    """Return contract -> bytes of its code, of every contract of ours that is deployed."""
    return {name: len(artifacts.load(name).runtime_bytecode) for name in (*DEPLOYED, "SeriesFactory")}


def test_the_page_states_each_size() -> None:
    """A size that changed is reviewed like gas."""
    assert stated() == {name: (size, LIMIT - size) for name, size in sizes().items()}


def test_each_contract_leaves_room() -> None:
    """The next rule of a contract does not need a second contract first."""
    short = {name: LIMIT - size for name, size in sizes().items() if LIMIT - size < FREE_OF_ITS_OWN.get(name, FREE)}
    assert not short
