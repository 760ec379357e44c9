"""A contract that nobody listed: it uses the open entries of the network, and emits the network's events.

Nothing that it does may show in a verdict, nor change what the specification has.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

from eth_typing import Address

from pysettle.client.core.contract import interface
from pysettle.domain.channel.messages import voucher_digest
from pysettle.domain.core import events
from pysettle.domain.core.messages import ChannelConfig
from pysettle.domain.jobs.terms import OrderTerms
from pysettle.evm import compiler
from pysettle.evm.interface import Interface
from pysettle.evm.transactions import Transaction
from tests.evm.compiling import compiled_once
from tests.stateful.network.stage import NetworkStage

_SOURCE = """
pragma solidity ^0.8.30;

/// Token and collector of its own channels, currency of its own orders, and emitter of whatever it is told to.
contract Stranger {
    mapping(address => uint256) public balanceOf;

    function collect(address, address, uint256 amount, bytes32, bytes calldata) external {
        balanceOf[msg.sender] += amount;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        return true;
    }

    function transferFrom(address, address to, uint256 value) external returns (bool) {
        balanceOf[to] += value;
        return true;
    }

    function isSettlementAccount(address) external pure returns (bool) { return true; }

    function act(address to, bytes calldata data) external {
        (bool done, bytes memory result) = to.call(data);
        if (!done) assembly { revert(add(result, 0x20), mload(result)) }
    }

    function say(bytes32[] memory t, bytes memory data) external {
        assembly {
            let start := add(data, 32)
            let size := mload(data)
            switch mload(t)
            case 0 { log0(start, size) }
            case 1 { log1(start, size, mload(add(t, 32))) }
            case 2 { log2(start, size, mload(add(t, 32)), mload(add(t, 64))) }
            case 3 { log3(start, size, mload(add(t, 32)), mload(add(t, 64)), mload(add(t, 96))) }
            default {
                log4(start, size, mload(add(t, 32)), mload(add(t, 64)), mload(add(t, 96)), mload(add(t, 128)))
            }
        }
    }
}
"""
_GAS = 2_000_000


@cache
def _compiled() -> dict[str, Any]:
    request = {
        "language": "Solidity",
        "settings": compiler.SETTINGS | {"outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}}},
        "sources": {"stranger.sol": {"content": _SOURCE}},
    }
    output = compiled_once(request)
    contract: dict[str, Any] = output["contracts"]["stranger.sol"]["Stranger"]
    return contract


class Stranger:
    """One such contract on a stage. Somebody's key pays for its gas, and signs its vouchers."""

    def __init__(self, stage: NetworkStage) -> None:
        """Deploy it."""
        self._stage, self._key = stage, stage.keys["relayer"]
        self._interface = Interface("Stranger", _compiled()["abi"])
        creation = bytes.fromhex(_compiled()["evm"]["bytecode"]["object"])
        (receipt,) = stage.network.send(Transaction(self._key, None, creation, _GAS, self._interface))
        assert receipt.contract_address is not None
        self.address = receipt.contract_address
        self.done: set[str] = set()
        """What it has done so far."""
        self._balance = self._claimed = self._orders = 0

    def act(self, random: Random) -> None:
        """Do one thing of those that are possible; none of them is refused."""
        # Of all that it does, only a payment in real money stops with the currency.
        payments = [] if self._stage.network.currency.is_paused else [self.dust]
        ways: list[Callable[[Random], None]] = [self.deposit, self.say, self.say_malformed, *payments, self.order]
        if self._balance > self._claimed:
            ways += [self.claim, self.refund]
        way = random.choice(ways)
        way(random)
        self.done.add(way.__name__)

    # A channel and an order in its own token

    def deposit(self, random: Random) -> None:
        """Deposit some of its token."""
        amount = random.randint(1, 10**6)
        self._balance += amount
        self._call("hub", "deposit", self._config().fields(), amount, self.address, b"")

    def claim(self, random: Random) -> None:
        """Claim, and settle what was claimed."""
        hub, config = self._stage.network.hub, self._config()
        self._claimed = random.randint(self._claimed + 1, self._balance)
        signature = self._key.sign(voucher_digest(hub.domain, config.channel_id(hub.domain), self._claimed))
        self._call("hub", "claim", [((config.fields(), self._claimed), signature, self._claimed)])
        self._call("hub", "settle", self.address, self.address)

    def refund(self, random: Random) -> None:
        """Return some of what is unclaimed."""
        amount = random.randint(1, self._balance - self._claimed)
        self._balance -= amount
        self._call("hub", "refund", self._config().fields(), amount)

    def order(self, random: Random, *, taken_back: bool | None = None) -> None:
        """Place an order; perhaps take it back, and be paid for it."""
        now, key = self._stage.chain.clock.now(), self._key.address
        self._orders += 1
        terms = OrderTerms(
            currency=self.address,
            buyer=self.address,
            provider=key,
            arbiter=self._stage.addresses["halter"],
            description=b"\1" * 32,
            accept_before=now + 600,
            review_s=60,
            arbitration_s=60,
            milestones=((random.randint(1, 10**6), now + 1_200),),
            salt=self._orders.to_bytes(32, "big"),
        )
        self._call("jobs", "place", terms.fields())
        if random.random() < 0.5 if taken_back is None else taken_back:
            self._call("jobs", "cancel", terms.order_id(self._stage.chain.chain_id, self._at("jobs"), self.address))
            self._call("jobs", "payDue", self.address, self.address)

    def _config(self) -> ChannelConfig:
        own = self.address
        return ChannelConfig(own, self._key.address, own, own, own, 900)

    # Noise

    def dust(self, random: Random) -> None:
        """Pay nothing in real money to an address that is new."""
        self._call("currency", "transfer", Address(random.randbytes(20)), 0)

    def say(self, random: Random) -> None:
        """Emit an event of the network, with topics and data of its form."""
        topic, text = random.choice(sorted(events.signatures().items()))
        topics = [topic, *(self._word(random) for _ in range(text.count(" indexed ")))]
        self._submit("say", topics, b"".join(self._word(random) for _ in range(text.count(",") + 2)))

    def say_malformed(self, random: Random) -> None:
        """Emit what has the topic of an event of the network, and nothing else of its form."""
        topic = random.choice(sorted(events.signatures()))
        topics = [topic, *(random.randbytes(32) for _ in range(random.randrange(4)))]
        self._submit("say", topics, random.randbytes(random.choice((0, 1, 31, 32, 33, 64, 500))))

    def _word(self, random: Random) -> bytes:
        """Return a word that might mean something: a number, an account of the network, or its own address."""
        known = [self.address, *self._stage.addresses.values()]
        return random.choice((random.getrandbits(40).to_bytes(32, "big"), random.choice(known).rjust(32, b"\0")))

    # Transactions

    def _at(self, contract: str) -> Address:
        return self._stage.addresses[contract]

    def _call(self, contract: str, entry: str, *arguments: object) -> None:
        abi = interface({"hub": "ChannelHub", "jobs": "JobEscrow", "currency": "CurrencyToken"}[contract])
        self._submit("act", self._at(contract), abi.encode(entry, *arguments))

    def _submit(self, function: str, *arguments: object) -> None:
        data = self._interface.encode(function, *arguments)
        self._stage.network.send(Transaction(self._key, self.address, data, _GAS, self._interface))
