"""A contract that claims to be a currency: it allows whom it is told to, at first everybody, and brings and calls."""

from __future__ import annotations

from functools import cache
from typing import Any

from eth_typing import Address

from pysettle.evm import compiler
from pysettle.evm.interface import Interface
from pysettle.evm.transactions import Transaction
from tests.contracts.world import World
from tests.evm.compiling import compiled_once

_SOURCE = """
pragma solidity ^0.8.30;

contract FalseCurrency {
    uint256 public brings;
    address public callee;
    bytes public callback;
    address public bank;
    bool public callsWhenAsked;
    mapping(address => uint256) public balanceOf;

    function bring(uint256 amount) external { brings = amount; }
    function callBack(address to, bytes calldata data) external { (callee, callback) = (to, data); }

    function have(address bank_) external { bank = bank_; }
    function callWhenAsked() external { callsWhenAsked = true; }

    function authority() external view returns (address) { return address(this); }
    function canCall(address caller, address, bytes4) external returns (bool, uint32) {
        if (callsWhenAsked) callee.call{gas: 100_000}(callback);
        return (bank == address(0) || caller == bank, 0);
    }
    function isSettlementAccount(address account) external view returns (bool) { return account.code.length != 0; }

    function transferFrom(address, address to, uint256) external returns (bool) {
        if (callee != address(0)) {
            (bool done, bytes memory result) = callee.call(callback);
            if (!done) assembly { revert(add(result, 0x20), mload(result)) }
        }
        balanceOf[to] += brings;
        return true;
    }
}
"""


@cache
def _compiled() -> dict[str, Any]:
    request = {
        "language": "Solidity",
        "settings": compiler.SETTINGS | {"outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}}},
        "sources": {"false.sol": {"content": _SOURCE}},
    }
    compiled = compiled_once(request)["contracts"]["false.sol"]
    contract: dict[str, Any] = compiled["FalseCurrency"]
    return contract


class FalseCurrency:
    """One deployed, by the stranger."""

    def __init__(self, world: World) -> None:
        """Deploy it."""
        self._world, self.interface = world, Interface("FalseCurrency", _compiled()["abi"])
        creation = bytes.fromhex(_compiled()["evm"]["bytecode"]["object"])
        (receipt,) = world.send(Transaction(world["stranger"], None, creation, 3_000_000, self.interface))
        self.address = Address(receipt.contract_address or b"")

    def call(self, function: str, *arguments: object) -> Transaction:
        """Return a call of it."""
        data = self.interface.encode(function, *arguments)
        return Transaction(self._world["stranger"], self.address, data, 5_000_000, self.interface)
