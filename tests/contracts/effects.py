"""The whole effect of a transaction: every figure of the network before and after, and the books beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count

import pytest
from eth_typing import Address, Hash32

from pysettle.client.core.contract import Contract
from pysettle.domain import invariants
from pysettle.domain.core import events
from pysettle.domain.core.events import Emitted, Position
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.ledger import Ledger, fold
from pysettle.errors import ContractReverted
from pysettle.evm.backend import Receipt
from pysettle.evm.transactions import Transaction
from tests.contracts.world import World
from tests.evm.bytecode import creation
from tests.evm.remembering import RememberingChain

ACCOUNT_1271 = bytes.fromhex(
    "36604014603157"  # a call of 64 bytes is an approval
    "600435546064351460043554151516602157"  # is the signature's first word the one approved for the digest?
    "63ffffffff6027565b631626ba7e5b60e01b5f5260205ff3"  # the magic value if so, else ffffffff
    "5b6020355f355500"  # keep the second word given under the first
)
"""An ERC-1271 account: it accepts as signature of a digest the 32 bytes it was last given for it, and nothing else."""

FORWARDER = bytes.fromhex("602036038060205f375f5f825f5f5f355af13d5f5f3e601c573d5ffd5b3d5ff3")
"""Calls the account named in the first word with the bytes after it, and answers or reverts as that does."""

ACCOUNT_1271_THAT_CALLS = bytes.fromhex(
    "36604414604057"  # a call of 68 bytes is forwarded
    "36604014603857"
    "600435546064351460043554151516602857"
    "63ffffffff602e565b631626ba7e5b60e01b5f5260205ff3"
    "5b6020355f355500"
    "5b602036038060205f375f5f825f5f5f355af13d5f5f3e605d573d5ffd5b3d5ff3"
)
"""`ACCOUNT_1271` which forwards, as `FORWARDER` does, a call of one word's argument, such as `acceptRole`."""

FALSE_TOKEN = bytes.fromhex("60205ff3")
"""Answers every call with the word zero: an ERC-20 that reports failure instead of reverting."""

_ANSWERS = 96
"""Place in memory of the answers that `read_words` returns, after the data of the longest call."""


@contextmanager
def restored(world: World) -> Iterator[World]:
    """Take the network back afterwards to what it was; before that, its books must agree with the contracts."""
    network = world.network
    snapshot, opened, salt = world.chain.snapshot(), len(network.series), next(world.salts)
    deployed, currencies = dict(network._deployed), dict(network.currencies)
    # The same test signs the same bytes, whatever ran before it: gas counts them.
    world.salts = count(salt)
    try:
        yield world
        # Who never held anything is looked at by `effect`.
        check_books(world, everybody=False)
    finally:
        del network.series[opened:]
        network._deployed, network.currencies = deployed, currencies
        world.salts = count(salt)
        world.chain.revert(snapshot)


def at(world: World, timestamp: int) -> None:
    """Have the next block carry this time, unix seconds."""
    world.chain.clock.advance(timestamp - world.now)


def deploy(world: World, runtime: bytes) -> Address:
    """Deploy hand-assembled code."""
    (receipt,) = world.send(Transaction(world["stranger"], None, creation(runtime), 500_000, world.series.interface))
    assert receipt.contract_address is not None
    return receipt.contract_address


def through(world: World, forwarder: Address, inner: Transaction) -> Transaction:
    """Have a contract make the call that a transaction would have made."""
    assert inner.to is not None
    data = inner.to.rjust(32, b"\0") + inner.data
    return Transaction(inner.sender, forwarder, data, inner.gas + 100_000, inner.interface)


def contract_with_role(world: World, role: int) -> Address:
    """Deploy a contract that forwards every call, and give it a role."""
    holder = deploy(world, FORWARDER)
    manager = Contract(world.network.sender, world.network.access, "NetworkAccess")
    offer = manager._transaction(world["administrator"], 300_000, "grantRole", role, holder, 0)
    accept = manager._transaction(world["stranger"], 300_000, "acceptRole", role)
    world.send(offer, through(world, holder, accept))
    return holder


Question = tuple[Address, bytes]
"""A contract, and the data of a call of it."""


def asked(contract: Contract, function: str, *arguments: object) -> Question:
    """Return the call of a view."""
    return contract.address, contract.interface.encode(function, *arguments)


def read_words(world: World, calls: Sequence[Question], each: int = 1) -> list[int]:
    """Read one word from each call, or more.

    All are read in one simulated execution: a read of its own costs twice as much, unless the chain remembers it.
    """
    code, size = b"", 32 * each
    if isinstance(world.chain, RememberingChain):
        answers = [world.chain.call(target, data)[:size].ljust(size, b"\0") for target, data in calls]
        return [int.from_bytes(answer[at : at + 32], "big") for answer in answers for at in range(0, size, 32)]
    for place, (target, data) in enumerate(calls):
        for start in range(0, len(data), 32):
            code += b"\x7f" + data[start : start + 32].ljust(32, b"\0") + bytes([0x60, start, 0x52])
        out = (_ANSWERS + size * place).to_bytes(2, "big")
        code += bytes([0x60, size, 0x61]) + out + bytes([0x60, len(data), 0x5F])
        code += b"\x73" + target + bytes.fromhex("5afa50")
    code += b"\x61" + (size * len(calls)).to_bytes(2, "big") + bytes([0x60, _ANSWERS, 0xF3])
    answer = world.chain.call(None, code)
    return [int.from_bytes(answer[at : at + 32], "big") for at in range(0, size * len(calls), 32)]


def accounts(world: World) -> dict[str, Address]:
    """Return everybody in the network, by name."""
    network = world.network
    contracts = {
        "series": world.series.address,
        "hub": network.hub.address,
        "collector": network.hub.collector,
        "meter": network.meter.address,
        "market": network.market.address,
        "currency": network.currency.address,
        "desk": network.currency.desk.address,
        "nobody": ZERO_ADDRESS,
    }
    return {name: world.address(name) for name in world.actors} | contracts


def figures(world: World, others: dict[str, Address] | None = None) -> dict[str, int]:
    """Return every balance, credit, supply, stake, quota and position, by name."""
    currency, series, market = world.network.currency, world.series, world.network.market
    desk = currency.desk
    calls: dict[str, Question] = {
        "eCNY supply": asked(currency, "totalSupply"),
        "Tokens supply": asked(series, "totalSupply"),
        "sold": asked(series, "sold"),
    }
    for name, account in (accounts(world) | (others or {})).items():
        calls[f"eCNY {name}"] = asked(currency, "balanceOf", account)
        calls[f"credit {name}"] = asked(currency, "creditOf", account)
        calls[f"Tokens {name}"] = asked(series, "balanceOf", account)
    for name in world.actors:
        calls[f"stake {name}"] = asked(market, "freeStake", world.address(name))
    for name in ("operator", "other operator", "administrator", "central bank"):
        calls[f"quota {name}"] = asked(desk, "issuanceQuota", world.address(name))
        calls[f"position {name}"] = asked(desk, "operatorPosition", world.address(name))
    words = read_words(world, list(calls.values()))
    # A position is signed, in two's complement.
    return {name: word - (word >> 255 << 256) for name, word in zip(calls, words, strict=True)}


@contextmanager
def effect(world: World, **others: Address) -> Iterator[dict[str, int]]:
    """Yield what will hold, after the block, every figure that changed and by how much."""
    change: dict[str, int] = {}
    before = figures(world, others)
    yield change
    after = figures(world, others)
    change.update({name: after[name] - before[name] for name in before if after[name] != before[name]})


def refused(
    world: World, transaction: Transaction, error: type[ContractReverted], **arguments: object
) -> ContractReverted:
    """Seal a transaction that must be refused with exactly this error.

    It must be sealed as failed and log nothing; that it changes no storage then is the EVM's own rule.
    """
    with pytest.raises(ContractReverted) as caught:
        world.send(transaction)
    assert type(caught.value) is error, caught.value
    assert caught.value.args_by_name == arguments
    assert caught.value.tx_hash is not None
    (receipt,) = world.chain.receipts_of([Hash32(caught.value.tx_hash)])
    assert receipt is not None
    assert not receipt.succeeded
    assert receipt.logs == ()
    return caught.value


def raw_logs(receipt: Receipt) -> list[tuple[Address, tuple[bytes, ...], bytes]]:
    """Return the logs of a transaction as (emitter, topics, data)."""
    return [(log.address, log.topics, log.data) for log in receipt.logs]


def history(world: World) -> Iterator[Emitted]:
    """Yield every event of the chain that carries value."""
    timestamps: dict[int, int] = {}
    for log in world.chain.logs():
        event = events.decode(log.topics, log.data)
        if event is not None:
            number = log.block_number
            if number not in timestamps:
                timestamps[number] = world.chain.block(number).timestamp
            position = Position(number, log.transaction_index, log.log_index)
            yield Emitted(log.address, position, event, timestamps[number])


def check_books(world: World, *, everybody: bool = True) -> Ledger:
    """Compare the ledger that events make with what the contracts hold, and check every invariant on it.

    Args:
        world: The world.
        everybody: Look at those too of whom no event says that they ever held anything.
    """
    ledger = fold(world.network.contracts(), history(world))
    assert invariants.check(ledger) == []
    for token in (world.network.currency, *world.network.series):
        known = accounts(world).values() if everybody else ()
        holders = sorted({*known, *ledger.holders(token.address)})
        calls = [asked(token, "balanceOf", holder) for holder in holders]
        supply, *held = read_words(world, [asked(token, "totalSupply"), *calls])
        assert supply == ledger.supply(token.address) == sum(held)
        assert held == [ledger.held(token.address, holder) for holder in holders]
    return ledger
