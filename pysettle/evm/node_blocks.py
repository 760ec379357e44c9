"""Blocks and receipts of a node as bytes: as the node stores them, or put together from its JSON.

Our node and geth return stored blocks (`debug_getRawBlock`, `debug_getRawReceipts`). Others, such as anvil, return
JSON alone: the fields of a block are encoded again here, and the reader of the bytes compares their hash with the
stated one.
A missing field is named here; no value is judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rlp

from pysettle.errors import AnswerTooLarge, ChainError, NodeError
from pysettle.evm.genesis import Genesis
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.values import Address

GENESIS_METHOD = "pysettle_genesis"
"""Method by which our node hands out its block 0."""
DEVELOPMENT_NODE = "anvil-compatible-pysettle"
"""Name of our node as it does what development tools ask: Hardhat's helpers take no other node than one named so."""
_BATCH = 16
"""Blocks that are asked for in one request."""

_HEADER: Mapping[str, bool] = {
    "parentHash": False,
    "sha3Uncles": False,
    "miner": False,
    "stateRoot": False,
    "transactionsRoot": False,
    "receiptsRoot": False,
    "logsBloom": False,
    "difficulty": True,
    "number": True,
    "gasLimit": True,
    "gasUsed": True,
    "timestamp": True,
    "extraData": False,
    "mixHash": False,
    "nonce": False,
    "baseFeePerGas": True,
    "withdrawalsRoot": False,
    "blobGasUsed": True,
    "excessBlobGas": True,
    "parentBeaconBlockRoot": False,
    "requestsHash": False,
}
"""Field of a Prague header in JSON, in the order of its encoding -> whether it is a number."""
_BEFORE_ACCESS = {
    0: ("nonce", "gasPrice", "gas"),
    1: ("chainId", "nonce", "gasPrice", "gas"),
    2: ("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas"),
    3: ("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas"),
    4: ("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas"),
}
"""Type of a transaction -> its numbers before receiver, value and data."""


@dataclass(frozen=True, slots=True)
class NodeBlock:
    """One block of a node."""

    raw: bytes
    """RLP of the block."""
    receipts: tuple[bytes, ...]
    """Receipts of its transactions as they are hashed (EIP-2718)."""
    stated_hash: bytes | None
    """Hash that the node states, where the bytes were put together from its JSON; else None."""


class NodeBlocks:
    """The blocks of one node."""

    def __init__(self, rpc: JsonRpc) -> None:
        """Ask a node whether it returns stored blocks.

        Raises:
            ChainUnreachable: the node does not answer.
        """
        self._rpc = rpc
        probes = rpc.ask_all([("debug_getRawBlock", ("0x0",)), ("debug_getRawReceipts", ("0x0",))])
        self.is_rebuilt = any(isinstance(probe, NodeError) for probe in probes)
        """Whether blocks are put together from JSON."""

    def genesis(self) -> Genesis | None:
        """Return the block 0 that the node hands out; None from a node that does not.

        Raises:
            UsageError: it is not of a chain of this kind.
        """
        (genesis,) = self._rpc.ask_all([(GENESIS_METHOD, ())])
        return None if isinstance(genesis, NodeError) else Genesis.from_dict(genesis)

    def read(self, first: int, last: int) -> Iterator[NodeBlock | NodeError | None]:
        """Yield blocks in order; None, or the node's refusal, in the place of one that it does not have any more.

        Raises:
            ChainError: a block cannot be put together; the message names the field.
            ChainUnreachable: the node does not answer.
        """
        for start in range(first, last + 1, _BATCH):
            numbers = range(start, min(last + 1, start + _BATCH))
            try:
                yield from self._ask(numbers)
            except AnswerTooLarge:
                for number in numbers:
                    yield from self._ask([number])

    def proof(self, account: Address, slots: Sequence[int], number: int) -> list[bytes]:
        """Return the nodes that prove an account and words of its storage after a block (EIP-1186), in any order.

        Raises:
            NodeError: the node gives no proofs, or none of this block.
            ChainUnreachable: the node does not answer.
        """
        words = [f"0x{slot:064x}" for slot in slots]
        answer = self._rpc.ask("eth_getProof", "0x" + account.hex(), words, hex(number))
        with self._rpc.reading("eth_getProof"):
            storage = [node for entry in answer["storageProof"] for node in entry["proof"]]
            return [_bytes(node) for node in (*answer["accountProof"], *storage)]

    def code(self, account: Address, number: int) -> bytes:
        """Return the code of an account after a block; errors as `proof`."""
        with self._rpc.reading("eth_getCode"):
            return _bytes(self._rpc.ask("eth_getCode", "0x" + account.hex(), hex(number)))

    def _ask(self, numbers: Sequence[int]) -> Sequence[NodeBlock | NodeError | None]:
        if self.is_rebuilt:
            methods = [("eth_getBlockByNumber", (True,)), ("eth_getBlockReceipts", ())]
        else:
            methods = [("debug_getRawBlock", ()), ("debug_getRawReceipts", ())]
        calls = [(method, (hex(number), *more)) for number in numbers for method, more in methods]
        answers = self._rpc.ask_all(calls)
        pairs = zip(numbers, answers[::2], answers[1::2], strict=True)
        return [self._block(number, block, receipts) for number, block, receipts in pairs]

    def _block(self, number: int, block: Any, receipts: Any) -> NodeBlock | NodeError | None:
        for answer in (block, receipts):
            if answer is None or isinstance(answer, NodeError):
                return answer
        with self._rpc.reading("eth_getBlockByNumber" if self.is_rebuilt else "debug_getRawBlock"):
            if not self.is_rebuilt:
                return NodeBlock(_bytes(block), tuple(map(_bytes, receipts)), None)
            try:
                return NodeBlock(rebuilt_block(block), tuple(map(rebuilt_receipt, receipts)), _bytes(block["hash"]))
            except KeyError as missing:
                raise ChainError(
                    f"block {number} of {self._rpc.name} cannot be put together from its JSON: the field {missing} is "
                    "missing; export from a node under the rules of Prague",
                    node=self._rpc.name,
                    block=number,
                    field=missing,
                ) from None


def rebuilt_block(block: Mapping[str, Any]) -> bytes:
    """Return the RLP of a block, from its JSON with whole transactions.

    Raises:
        KeyError: a field is missing.
        ValueError: a value is malformed.
    """
    header = [_number(block[name]) if is_number else _bytes(block[name]) for name, is_number in _HEADER.items()]
    withdrawals = [
        [_number(paid["index"]), _number(paid["validatorIndex"]), _bytes(paid["address"]), _number(paid["amount"])]
        for paid in block["withdrawals"]
    ]
    transactions = [rebuilt_transaction(document) for document in block["transactions"]]
    return bytes(rlp.encode([header, transactions, [], withdrawals]))


def rebuilt_receipt(receipt: Mapping[str, Any]) -> bytes:
    """Return a receipt as it is hashed (EIP-2718), from its JSON; errors as `rebuilt_block`."""
    logs = [
        [_bytes(log["address"]), [_bytes(topic) for topic in log["topics"]], _bytes(log["data"])]
        for log in receipt["logs"]
    ]
    gas, bloom = _number(receipt["cumulativeGasUsed"]), _bytes(receipt["logsBloom"])
    return _typed(receipt, [_number(receipt["status"]), gas, bloom, logs])


def rebuilt_transaction(document: Mapping[str, Any]) -> object:
    """Return a transaction as it stands in a block: a list for a legacy one, else bytes; errors as `rebuilt_block`."""
    kind = _kind(document)
    fields: list[object] = [_number(document[name]) for name in _BEFORE_ACCESS[kind]]
    fields += [_bytes(document["to"] or "0x"), _number(document["value"]), _bytes(document["input"])]
    if kind:
        fields.append(
            [[_bytes(read["address"]), list(map(_bytes, read["storageKeys"]))] for read in document["accessList"]]
        )
    if kind == 3:
        fields += [_number(document["maxFeePerBlobGas"]), list(map(_bytes, document["blobVersionedHashes"]))]
    if kind == 4:
        fields.append(
            [
                [
                    _number(given["chainId"]),
                    _bytes(given["address"]),
                    _number(given["nonce"]),
                    *_signature(given, typed=True),
                ]
                for given in document["authorizationList"]
            ]
        )
    fields += _signature(document, typed=kind != 0)
    return _typed(document, fields) if kind else fields


def _signature(document: Mapping[str, Any], *, typed: bool) -> list[int]:
    parity = document["yParity"] if typed and "yParity" in document else document["v"]
    return [_number(parity), _number(document["r"]), _number(document["s"])]


def _typed(document: Mapping[str, Any], fields: list[Any]) -> bytes:
    kind = _kind(document)
    return (bytes([kind]) if kind else b"") + bytes(rlp.encode(fields))


def _kind(document: Mapping[str, Any]) -> int:
    kind = _number(document.get("type", "0x0"))
    if kind not in _BEFORE_ACCESS:
        raise ValueError(f"a transaction of the type {kind} is unknown")
    return kind


def _number(text: str) -> int:
    return int(text, 16)


def _bytes(text: str) -> bytes:
    if not text.startswith("0x"):
        raise ValueError(f"{text[:80]!r} does not begin with 0x")
    return bytes.fromhex(text[2:])
