"""OpenZeppelin's ERC20, compiled as pysettle's own contracts are: what both sides of a ratio transfer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pysettle.evm.artifacts import ROOT
from pysettle.evm.compiler import OUTPUTS, SETTINGS, compile_standard_json, source_file

_SOURCE = Path(__file__).with_name("PlainERC20.sol")
_OPENZEPPELIN = "@openzeppelin/contracts"


@dataclass(frozen=True, slots=True)
class CompiledToken:
    """The compiled token."""

    abi: tuple[dict[str, Any], ...]
    """Its ABI."""
    bytecode: bytes
    """Creation code; the constructor takes the holders and what each begins with."""


@cache
def plain_token() -> CompiledToken:
    """Compile OpenZeppelin's ERC20 with the compiler and the settings of pysettle's contracts."""
    units = [f"{_OPENZEPPELIN}/{path}" for path in _IMPORTED]
    sources = {unit: {"content": source_file(ROOT, unit).read_text()} for unit in units}
    sources[_SOURCE.name] = {"content": _SOURCE.read_text()}
    settings = SETTINGS | {"outputSelection": {_SOURCE.name: {"PlainERC20": OUTPUTS}}}
    output = compile_standard_json({"language": "Solidity", "sources": sources, "settings": settings}, ROOT)
    compiled = output["contracts"][_SOURCE.name]["PlainERC20"]
    return CompiledToken(tuple(compiled["abi"]), bytes.fromhex(compiled["evm"]["bytecode"]["object"]))


_IMPORTED = (
    "token/ERC20/ERC20.sol",
    "token/ERC20/IERC20.sol",
    "token/ERC20/extensions/IERC20Metadata.sol",
    "utils/Context.sol",
    "interfaces/draft-IERC6093.sol",
)
