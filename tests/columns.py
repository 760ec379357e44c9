"""The contracts of each column of the catalogue, as the tests that walk all of them read them."""

from __future__ import annotations

import re
from pathlib import Path

from pysettle.domain.catalogue import COLUMNS, kinds
from pysettle.evm.artifacts import ROOT

CORE = "core"


def sources(*columns: str) -> list[Path]:
    """Return the Solidity files of columns; of the core and every column where none is named."""
    folders = [ROOT / "contracts" / column for column in columns or (CORE, *COLUMNS)]
    return [file for folder in folders for file in sorted(folder.glob("*.sol"))]


def contracts(*columns: str) -> tuple[str, ...]:
    """Return the names of the contracts that columns deploy, interfaces and libraries apart."""
    texts = (file.read_text() for file in sources(*columns))
    return tuple(name for text in texts for name in re.findall(r"^contract (\w+)", text, re.MULTILINE))


def interfaces() -> tuple[str, ...]:
    """Return the names of all interfaces."""
    return tuple(file.stem for file in sources() if re.fullmatch(r"I[A-Z]\w*", file.stem))


def booked() -> tuple[str, ...]:
    """Return the names of the contracts whose books are kept."""
    return tuple(kind.name for kind in kinds() if kind.has_books)


def source_of(contract: str) -> str:
    """Return the file of a contract, beneath the checkout."""
    return next(str(file.relative_to(ROOT)) for file in sources() if file.stem == contract)
