"""Contracts of a network with one dishonest change each, compiled by the real compiler in one run."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pysettle.evm import compiler
from pysettle.evm.artifacts import ROOT
from tests.evm.compiling import compiled_once

_QUICK = {
    "enabled": True,
    "runs": 1,
    "details": {
        "peephole": True,
        "inliner": False,
        "jumpdestRemover": True,
        "orderLiterals": False,
        "deduplicate": True,
        "cse": False,
        "constantOptimizer": False,
        "yul": False,
    },
}
"""An optimizer that takes half the time: hashes of code are compared, and however much of it differs, it is another."""
_IMPORT = re.compile(r"from \"(\.[^\"]+)\"")


@dataclass(frozen=True)
class Forgery:
    """A change of one source, and the contract that becomes another by it."""

    unit: str
    """Source unit that is changed."""
    true: str
    """Text that stands in it once."""
    false: str
    """Text in its place."""
    contract: str
    """Unit of the contract that is deployed; it imports the changed unit, or is it."""


_TOKEN, _DESK = "contracts/money/CurrencyToken.sol", "contracts/money/IssuanceDesk.sol"
_ACCESS, _HUB = "contracts/core/NetworkAccess.sol", "contracts/channel/ChannelHub.sol"
FORGERIES = {
    "hidden mint": Forgery(
        _TOKEN,
        "    // ---------------------------------------------------------------- internals\n",
        "    function gift(address to, uint256 value) external {\n"
        "        _accounts[to].account = _accounts[to].account.credit(value);\n    }\n\n",
        _TOKEN,
    ),
    "skimmed fee": Forgery(
        _TOKEN,
        "        slot.account = account.credit(value);\n        emit Transfer(from, to, value);\n",
        "        slot.account = account.credit(value - value / 100);\n        emit Transfer(from, to, value);\n"
        "        _accounts[tx.origin].account = _accounts[tx.origin].account.credit(value / 100);\n",
        _TOKEN,
    ),
    "issuance open to all": Forgery(
        _DESK,
        "function issue(address to, uint256 amount) external restricted {",
        "function issue(address to, uint256 amount) external {",
        _TOKEN,
    ),
    "access open to all": Forgery(
        _ACCESS,
        "    // ------------------------------------------------------------ administrator\n",
        "    function canCall(address, address, bytes4) public pure override(AccessManager, IAccessManager)\n"
        "        returns (bool, uint32) { return (true, 0); }\n\n",
        _ACCESS,
    ),
    "back door": Forgery(
        _HUB,
        "    function _payOut(address token",
        "    function sweep(address token, address to, uint256 amount) external {\n"
        "        IERC20(token).safeTransfer(to, amount);\n    }\n\n    function _payOut(address token",
        _HUB,
    ),
}


def compiled() -> dict[str, tuple[bytes, bytes]]:
    """Return mapping forgery -> creation code and runtime code of its contract."""
    sources = {unit: it["content"] for unit, it in compiler.standard_input(ROOT)["sources"].items()}
    units: dict[str, str] = {}
    wanted: dict[str, str] = {}
    for name, forgery in FORGERIES.items():
        assert sources[forgery.unit].count(forgery.true) == 1, name
        changed = {forgery.unit: sources[forgery.unit].replace(forgery.true, forgery.false)}
        changed.setdefault(forgery.contract, sources[forgery.contract])
        own = {unit: f"forged/{name.replace(' ', '-')}/{posixpath.basename(unit)}" for unit in changed}
        for unit, content in changed.items():
            units[own[unit]] = _absolute(unit, content, own)
        wanted[name] = own[forgery.contract]
    reached = dict(_reached(units, sources))
    selected = {
        unit: {posixpath.basename(unit)[:-4]: ["evm.bytecode.object", "evm.deployedBytecode.object"]}
        for unit in wanted.values()
    }
    output = compiled_once(
        {
            "language": "Solidity",
            "settings": {**compiler.SETTINGS, "optimizer": _QUICK, "outputSelection": selected},
            "sources": {unit: {"content": content} for unit, content in reached.items()},
        }
    )
    return {name: _codes(output["contracts"][unit]) for name, unit in wanted.items()}


def _absolute(unit: str, content: str, own: Mapping[str, str]) -> str:
    """Return a source whose imports have their full names, forged ones those of the forgery."""

    def full(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(unit), match[1]))
        return f'from "{own.get(path, path)}"'

    return _IMPORT.sub(full, content)


def _reached(units: Mapping[str, str], sources: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    pending, seen = list(units), set[str]()
    while pending:
        if (unit := pending.pop()) not in seen:
            seen.add(unit)
            content = units.get(unit) or sources[unit]
            yield unit, content
            folder = posixpath.dirname(unit)
            found = re.findall(r"from \"([^\"]+)\"|import \"([^\"]+)\"", content)
            for path in (one or other for one, other in found):
                pending.append(posixpath.normpath(posixpath.join(folder, path)) if path.startswith(".") else path)


def _codes(contracts: Mapping[str, dict[str, dict[str, dict[str, str]]]]) -> tuple[bytes, bytes]:
    (contract,) = (it["evm"] for it in contracts.values() if "evm" in it)
    return bytes.fromhex(contract["bytecode"]["object"]), bytes.fromhex(contract["deployedBytecode"]["object"])
