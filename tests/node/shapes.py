"""The shape of each method's answer: which members it has, and how their values are written.

They are stricter than the schemas of the specification in `execution-api.json`: a member is there, or it is not.

A shape is a pattern of text, a type, a mapping of members, a list of one shape, or a set of alternatives.

Source:
    Ethereum execution API specification (CC0), from which the members and patterns are taken down in a form of our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

UINT = re.compile(r"0x(0|[1-9a-f][0-9a-f]*)")
BYTES = re.compile(r"0x([0-9a-f]{2})*")
HASH = re.compile(r"0x[0-9a-f]{64}")
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
NONCE, BLOOM, SIGNATURE = (re.compile(rf"0x[0-9a-f]{{{digits}}}") for digits in (16, 512, 130))
TEXT = re.compile(r"[\s\S]*")


@dataclass(frozen=True)
class Either:
    """One of several shapes."""

    shapes: tuple[Any, ...]

    def __init__(self, *shapes: Any) -> None:
        """Keep the alternatives."""
        object.__setattr__(self, "shapes", shapes)


@dataclass(frozen=True)
class Mapped:
    """An object with any keys and values of one shape."""

    values: Any


def optional(shape: Any) -> Either:
    """Return a shape that may be null."""
    return Either(None, shape)


def misfits(value: Any, shape: Any, place: str = "") -> Iterator[str]:
    """Yield where a value does not fit a shape. A member whose name ends with `?` may be left out."""
    match shape:
        case re.Pattern():
            if not isinstance(value, str) or not shape.fullmatch(value):
                yield f"{place}: {value!r} is not {shape.pattern}"
        case Either():
            problems = [list(misfits(value, it, place)) for it in shape.shapes]
            if all(problems):
                yield min(problems, key=len)[0]
        case Mapped():
            for name, item in value.items():
                yield from misfits(item, shape.values, f"{place}.{name}")
        case dict():
            if not isinstance(value, dict):
                yield f"{place}: {value!r} is no object"
                return
            named = {name.rstrip("?"): it for name, it in shape.items()}
            required = {name for name in shape if not name.endswith("?")}
            yield from (f"{place} lacks {name}" for name in sorted(required - value.keys()))
            yield from (f"{place} has {name}" for name in sorted(value.keys() - named.keys()))
            for name in sorted(value.keys() & named.keys()):
                yield from misfits(value[name], named[name], f"{place}.{name}")
        case [item]:
            if not isinstance(value, list):
                yield f"{place}: {value!r} is no list"
                return
            for index, entry in enumerate(value):
                yield from misfits(entry, item, f"{place}[{index}]")
        case type():
            if type(value) is not shape:
                yield f"{place}: {value!r} is no {shape.__name__}"
        case _:
            if value != shape:
                yield f"{place}: {value!r} is not {shape!r}"


ACCESS_LIST = [{"address": ADDRESS, "storageKeys": [HASH]}]
_AUTHORIZATION = {"chainId": UINT, "address": ADDRESS, "nonce": UINT, "yParity": UINT, "r": UINT, "s": UINT}
_PLACE = {
    "blockHash": optional(HASH),
    "blockNumber": optional(UINT),
    "blockTimestamp": optional(UINT),
    "transactionIndex": optional(UINT),
    "hash": HASH,
    "from": ADDRESS,
}
_SHARED = {
    "nonce": UINT,
    "gas": UINT,
    "value": UINT,
    "input": BYTES,
    "to": optional(ADDRESS),
    "gasPrice": UINT,
    "r": UINT,
    "s": UINT,
    "v": UINT,
}
_TYPED = {"chainId": UINT, "accessList": ACCESS_LIST, "yParity": UINT}
_FEES = {"maxFeePerGas": UINT, "maxPriorityFeePerGas": UINT}
TRANSACTION = Either(
    _PLACE | _SHARED | {"type": "0x0", "chainId?": UINT},
    _PLACE | _SHARED | _TYPED | {"type": "0x1"},
    _PLACE | _SHARED | _TYPED | _FEES | {"type": "0x2"},
    _PLACE | _SHARED | _TYPED | _FEES | {"type": "0x4", "to": ADDRESS, "authorizationList": [_AUTHORIZATION]},
)
LOG = {
    "removed": bool,
    "logIndex": UINT,
    "transactionIndex": UINT,
    "transactionHash": HASH,
    "blockHash": HASH,
    "blockNumber": UINT,
    "blockTimestamp": UINT,
    "address": ADDRESS,
    "data": BYTES,
    "topics": [HASH],
}
RECEIPT = {
    "type": UINT,
    "transactionHash": HASH,
    "transactionIndex": UINT,
    "blockHash": HASH,
    "blockNumber": UINT,
    "from": ADDRESS,
    "to": optional(ADDRESS),
    "cumulativeGasUsed": UINT,
    "gasUsed": UINT,
    "status": UINT,
    "contractAddress": optional(ADDRESS),
    "logs": [LOG],
    "logsBloom": BLOOM,
    "effectiveGasPrice": UINT,
}
HEADER = {
    "hash": optional(HASH),
    "parentHash": HASH,
    "sha3Uncles": HASH,
    "miner": ADDRESS,
    "stateRoot": HASH,
    "transactionsRoot": HASH,
    "receiptsRoot": HASH,
    "logsBloom": BLOOM,
    "difficulty": UINT,
    "number": UINT,
    "gasLimit": UINT,
    "gasUsed": UINT,
    "timestamp": UINT,
    "extraData": BYTES,
    "mixHash": HASH,
    "nonce": optional(NONCE),
    "baseFeePerGas": UINT,
    "withdrawalsRoot": HASH,
    "blobGasUsed": UINT,
    "excessBlobGas": UINT,
    "parentBeaconBlockRoot": HASH,
    "requestsHash": HASH,
}
BLOCK = HEADER | {
    "size": UINT,
    "totalDifficulty?": UINT,
    "uncles": [HASH],
    "withdrawals": [dict],
    "transactions": Either([HASH], [TRANSACTION]),
}
PROOF = {
    "address": ADDRESS,
    "balance": UINT,
    "nonce": UINT,
    "codeHash": HASH,
    "storageHash": HASH,
    "accountProof": [BYTES],
    "storageProof": [{"key": HASH, "value": UINT, "proof": [BYTES]}],
}
FEE_HISTORY = {
    "oldestBlock": UINT,
    "baseFeePerGas": [UINT],
    "gasUsedRatio": [float],
    "reward?": [[UINT]],
    "baseFeePerBlobGas": [UINT],
    "blobGasUsedRatio": [float],
}
_ERROR = {"code": int, "message": str, "data?": BYTES}
CALL = {
    "status": UINT,
    "returnData": BYTES,
    "gasUsed": UINT,
    "maxUsedGas": UINT,
    "logs": [LOG],
    "error?": _ERROR,
}
STEP = {
    "pc": int,
    "op": str,
    "gas": int,
    "gasCost": int,
    "depth": int,
    "refund": int,
    "stack?": [UINT],
    "memory?": [HASH],
    "storage?": Mapped(HASH),
    "returnData?": BYTES,
    "error?": str,
}
STEPS = {"gas": int, "failed": bool, "returnValue": BYTES, "structLogs": [STEP]}
CONFIG = {
    "activationTime": int,
    "blobSchedule": {"baseFeeUpdateFraction": int, "max": int, "target": int},
    "chainId": UINT,
    "forkId": re.compile("0x[0-9a-f]{8}"),
    "precompiles": Mapped(ADDRESS),
    "systemContracts": Mapped(ADDRESS),
}
_RESOURCE = {"disabled": bool, "oldestBlock": UINT}
CAPABILITIES = {
    "head": {"number": UINT, "hash": HASH},
    **dict.fromkeys(("state", "tx", "logs", "receipts", "blocks", "stateproofs"), _RESOURCE),
}
