"""Contracts that lie and call back, written in Solidity and compiled when a test first needs one."""

from __future__ import annotations

from functools import cache
from typing import Any

from eth_typing import Address

from pysettle.domain.core.messages import ChannelConfig
from pysettle.evm import compiler
from pysettle.evm.interface import Interface
from pysettle.evm.transactions import Transaction
from tests.contracts.books import currency_config
from tests.contracts.world import FEN, World
from tests.evm.compiling import compiled_once

_SOURCE = """
pragma solidity ^0.8.30;

interface IToken {
    function transfer(address to, uint256 value) external returns (bool);
}

/// Stands in for a collector, and for a token of its own channels: brings what it was told to, and may call back.
contract Liar {
    uint256 public brings;
    bool public announces = true;
    address public callee;
    bytes public callback;
    bool public swallow;
    bytes public answer;
    bool public transferAnswer = true;
    bytes private frozenAnswer;
    mapping(address => uint256) public balanceOf;

    function bring(uint256 amount) external { brings = amount; }
    function mint(address to, uint256 amount) external { balanceOf[to] += amount; }
    function answerTransfersWith(bool yes) external { transferAnswer = yes; }
    function answerFrozenWith(bytes calldata words) external { frozenAnswer = words; }
    function callBack(address to, bytes calldata data, bool swallow_) external {
        (callee, callback, swallow) = (to, data, swallow_);
    }

    // As collector
    function collect(address, address token, uint256, bytes32, bytes calldata) external {
        _call();
        if (brings == 0) return;
        if (token == address(this)) balanceOf[msg.sender] += brings;
        else IToken(token).transfer(msg.sender, brings);
    }

    // As token
    function transfer(address to, uint256 value) external returns (bool) {
        _call();
        if (!transferAnswer) return false;
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        return true;
    }

    // As currency of an order
    function isSettlementAccount(address) external pure returns (bool) { return true; }

    function transferFrom(address, address to, uint256) external returns (bool) {
        _call();
        balanceOf[to] += brings;
        return true;
    }

    // As token behind the true collector
    function receiveWithAuthorization(address, address to, uint256 value, uint256, uint256, bytes32, bytes calldata)
        external
    {
        _call();
        balanceOf[to] += value;
    }

    function frozen(address) external view {
        bytes memory words = frozenAnswer;
        assembly {
            if eq(mload(words), 1) { invalid() }
            if eq(mload(words), 2) { return(0, 150000) }
            return(add(words, 0x20), mload(words))
        }
    }

    // As series
    address public provider;
    uint256 public rateCard;
    function pose(address provider_, uint256 rateCard_) external { (provider, rateCard) = (provider_, rateCard_); }

    // As somebody who acts on other contracts
    function act(address to, bytes calldata data) external {
        (bool done, bytes memory result) = to.call(data);
        if (!done) assembly { revert(add(result, 0x20), mload(result)) }
    }

    function _call() private {
        if (callee == address(0)) return;
        (bool done, bytes memory result) = callee.call(callback);
        answer = result;
        if (!done && !swallow) assembly { revert(add(result, 0x20), mload(result)) }
    }
}

/// A meter that believes everybody, and names the highest rates there are.
contract Meter {
    function attestUsage(address, address, bytes32[] calldata, uint256[] calldata, bytes calldata)
        external
        pure
        returns (uint256)
    {
        return 2 ** 192 - 1;
    }
}

/// An ERC-1271 account: says yes to what its owner signed, unless it is told to refuse.
contract Wallet {
    address public immutable owner;
    bool public closed;

    constructor(address owner_) { owner = owner_; }

    function close() external { closed = true; }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        if (closed || signature.length != 65) return 0xffffffff;
        address signer = ecrecover(
            hash, uint8(signature[64]), bytes32(signature[0:32]), bytes32(signature[32:64])
        );
        return signer == owner ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }

    function act(address to, bytes calldata data) external {
        (bool done, bytes memory result) = to.call(data);
        if (!done) assembly { revert(add(result, 0x20), mload(result)) }
    }
}
"""


@cache
def _compiled() -> dict[str, Any]:
    selection = {"*": {"*": ["abi", "evm.bytecode.object"]}}
    request = {
        "language": "Solidity",
        "settings": compiler.SETTINGS | {"outputSelection": selection},
        "sources": {"hostile.sol": {"content": _SOURCE}},
    }
    contracts: dict[str, Any] = compiled_once(request)["contracts"]["hostile.sol"]
    return contracts


class Hostile:
    """One deployed contract of the above."""

    def __init__(self, world: World, name: str, *arguments: object) -> None:
        """Deploy it, as the stranger."""
        self._world = world
        self.interface = Interface(name, _compiled()[name]["abi"])
        creation = bytes.fromhex(_compiled()[name]["evm"]["bytecode"]["object"])
        data = creation + self.interface.encode_constructor(*arguments)
        (receipt,) = world.send(Transaction(world["stranger"], None, data, 3_000_000, self.interface))
        self.address = Address(receipt.contract_address or b"")

    def call(self, function: str, *arguments: object, submitter: str = "stranger") -> Transaction:
        """Return a call of it, with gas for whatever it does."""
        data = self.interface.encode(function, *arguments)
        return Transaction(self._world[submitter], self.address, data, 2_000_000, self.interface)

    def act(self, transaction: Transaction, submitter: str = "stranger") -> Transaction:
        """Return the same call of another contract, made by this one."""
        call = self.call("act", transaction.to, transaction.data, submitter=submitter)
        # Refusals are named with the ABI of what it calls.
        return Transaction(call.sender, call.to, call.data, call.gas, transaction.interface)

    def read(self, function: str, *arguments: object) -> Any:
        """Read one of its public variables."""
        answer = self._world.network.sender.call(
            self.address, self.interface, self.interface.encode(function, *arguments)
        )
        return self.interface.decode(function, answer)


def liars_channel(world: World, token: Hostile, amount: int = FEN) -> ChannelConfig:
    """Have a Liar be token and collector of a channel of the buyer's, and bring an amount; return the terms."""
    hub, config = world.network.hub, currency_config(world, "buyer", token=token.address)
    data = hub.interface.encode("deposit", config.fields(), amount, token.address, b"")
    world.send(token.call("bring", amount), Transaction(world["stranger"], hub.address, data, 500_000, hub.interface))
    return config
