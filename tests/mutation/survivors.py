"""Mutants that no test can kill, each with the reason: read from `survivors.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("survivors.toml")
CONTRACTS = "contracts/"


@dataclass(frozen=True, slots=True)
class Survivor:
    """One change that no test can see."""

    contract: str
    """Source that it is a change of, such as `contracts/money/CurrencyToken.sol`."""
    old: str
    """Text that is replaced, every run of white space as one blank."""
    new: str
    """Text that replaces it, likewise."""


def plain(text: str) -> str:
    """Return a text with every run of white space as one blank."""
    return " ".join(text.split())


def explained() -> dict[Survivor, str]:
    """Return the reason of each mutant that may survive."""
    entries = tomllib.loads(FILE.read_text())["survivor"]
    return {
        Survivor(CONTRACTS + entry["contract"], old, new): entry["why"]
        for entry in entries
        for old, new in entry["changes"]
    }
