"""The events of contracts: the base of all events, one decoder for all of them, and the events of any token.

An event class is a frozen dataclass; its `SIGNATURE` is the Solidity declaration, field for field. Each column
registers its own events and their structs where it declares them. The decoder knows those of every imported column; the
catalogue imports all columns. The decoder refuses a word that its type cannot hold, as Solidity does, and any encoding
but that of contracts. A test compares the signatures with the ABIs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

from pysettle.hashing import keccak
from pysettle.values import Address


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A position in the history, which orders all events."""

    block_number: int
    """Height of its block."""
    transaction_index: int
    """Place of its transaction in the block."""
    log_index: int
    """Place of its log in the block."""


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    SIGNATURE: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event with its contract, position and time."""

    emitter: Address
    """Contract that emitted it."""
    position: Position
    """Position in the history."""
    event: Event
    """The event itself."""
    timestamp: int
    """Chain time of its block, unix seconds."""


# ------------------------------------------------------------------------------------ decoding


class _OtherFormError(ValueError):
    """Bytes in another encoding than that of a contract."""


@dataclass(frozen=True, slots=True)
class _Form:
    """Encoding of values of one Solidity type in call data."""

    size: int
    """Bytes of a value; 0 for a type without a fixed length, which follows the others."""
    read: Callable[[bytes, int], Any]
    """Reads the value that begins at a byte; without a fixed length it returns (value, end)."""


_STRUCTS: dict[str, Callable[..., Any]] = {}


def struct(kind: str, make: Callable[..., Any]) -> None:
    """Register the Python value of a struct.

    Args:
        kind: Canonical type of the struct, such as `(address,uint40)`.
        make: Given the members in their order, returns the value.
    """
    _STRUCTS[kind] = make


def _split(kinds: str) -> list[str]:
    """Split a list of types at the commas that are in no struct."""
    return re.findall(r"(?:\((?:[^()]|\([^()]*\))*\)|[^,(])+", kinds)


def _form(kind: str) -> _Form:
    if kind.endswith("[]"):
        return _form_of_array(_form(kind[:-2]))
    if kind.startswith("("):
        return _form_of_struct([_form(member) for member in _split(kind[1:-1])], _STRUCTS.get(kind, _as_tuple))
    return _Form(32, _word_reader(kind))


def _as_tuple(*members: Any) -> tuple[Any, ...]:
    return members


_NO_BYTES = bytes(12)
"""The bytes of a word before an address."""


def _word_reader(kind: str) -> Callable[[bytes, int], Any]:
    bits = {"address": 160, "bool": 1, "bytes32": 256}.get(kind) or int(kind.removeprefix("uint"))
    limit = 1 << bits

    def number(data: bytes, start: int) -> int:
        value = int.from_bytes(data[start : start + 32], "big")
        if value >= limit:
            raise _OtherFormError(f"{value:#x} is no {kind}")
        return value

    def truth(data: bytes, start: int) -> bool:
        return bool(number(data, start))

    def address(data: bytes, start: int) -> Address:
        if data[start : start + 12] != _NO_BYTES:
            raise _OtherFormError(f"{data[start : start + 32].hex()} is no address")
        return Address(data[start + 12 : start + 32])

    def word(data: bytes, start: int) -> bytes:
        return data[start : start + 32]

    return {"address": address, "bool": truth, "bytes32": word}.get(kind, number)


def _form_of_array(item: _Form) -> _Form:
    def read(data: bytes, start: int) -> tuple[tuple[Any, ...], int]:
        count = int.from_bytes(data[start : start + 32], "big")
        if count > len(data) // 32:
            raise _OtherFormError(f"an array of {count} items does not fit {len(data)} bytes")
        values, end = _read_members([item] * count, data, start + 32)
        return tuple(values), end

    return _Form(0, read)


def _form_of_struct(members: Sequence[_Form], make: Callable[..., Any]) -> _Form:
    def read(data: bytes, start: int) -> tuple[Any, int]:
        values, end = _read_members(members, data, start)
        return make(*values), end

    if all(member.size for member in members):
        return _Form(sum(member.size for member in members), lambda data, start: read(data, start)[0])
    return _Form(0, read)


def _read_members(members: Sequence[_Form], data: bytes, start: int) -> tuple[list[Any], int]:
    """Return the values of consecutive members from a byte on, and the end of the last one."""
    values, place, end = [], start, start
    for member in members:
        end += member.size or 32
    for member in members:
        if member.size:
            values.append(member.read(data, place))
            place += member.size
            continue
        # Values without a fixed length follow the others, one after the other.
        if int.from_bytes(data[place : place + 32], "big") != end - start:
            raise _OtherFormError(f"a value is not at byte {end}, behind those before it")
        value, end = member.read(data, end)
        values.append(value)
        place += 32
    if end > len(data):
        raise _OtherFormError(f"{len(data)} bytes end before byte {end}")
    return values, end


_E = TypeVar("_E", bound=type[Event])
_DECODERS: dict[bytes, tuple[type[Event], Callable[[Sequence[bytes], bytes], Event | None]]] = {}


def event(cls: _E) -> _E:
    """Register an event class under the hash of its canonical signature."""
    name, _, parameters = cls.SIGNATURE[:-1].partition("(")
    declared = [parameter.split() for parameter in _split(parameters)]
    forms = [_form(words[0]) for words in declared]
    indexed = ["indexed" in words for words in declared]
    plain = [form for form, is_topic in zip(forms, indexed, strict=True) if not is_topic]
    count = 1 + sum(indexed)
    assert len(declared) == len(fields(cls)), cls

    def decode(topics: Sequence[bytes], data: bytes) -> Event | None:
        if len(topics) != count:
            return None
        stated, end = _read_members(plain, data, 0)
        if end != len(data):
            return None
        values, place = [], 0
        for form, is_topic in zip(forms, indexed, strict=True):
            if is_topic:
                place += 1
                values.append(form.read(topics[place], 0))
            else:
                values.append(stated[len(values) - place])
        return cls(*values)

    plan, topic, start = [], 1, 0
    for form, is_topic in zip(forms, indexed, strict=True):
        plan.append((form.read, is_topic, topic if is_topic else start))
        topic, start = (topic + 1, start) if is_topic else (topic, start + 32)
    size = 32 * len(plain)

    def decode_words(topics: Sequence[bytes], data: bytes) -> Event | None:
        if len(topics) != count or len(data) != size:
            return None
        return cls(*[read(topics[at], 0) if is_topic else read(data, at) for read, is_topic, at in plan])

    if all(form.size == 32 for form in plain):  # most events, several times as fast
        decode = decode_words
    _DECODERS[keccak(f"{name}({','.join(words[0] for words in declared)})".encode())] = (cls, decode)
    return cls


def decode(topics: Sequence[bytes], data: bytes) -> Event | None:
    """Decode one log; None for an event that moves no value and changes no right (such as `Approval`).

    A log with a known name but another shape, such as the `Transfer` of an ERC-721, returns None. So does a log with a
    word that its type cannot hold, such as an address of more than 160 bits.

    Args:
        topics: Words of 32 bytes, the event's signature hash first.
        data: ABI encoding of the members without an index.
    """
    known = _DECODERS.get(topics[0]) if topics else None
    try:
        return known[1](topics, data) if known else None
    except _OtherFormError:
        return None


def signatures() -> dict[bytes, str]:
    """Return the signature hash of every event that is known, with its Solidity declaration."""
    return {topic: cls.SIGNATURE for topic, (cls, _) in _DECODERS.items()}


def topics(*kinds: type[Event]) -> tuple[bytes, ...]:
    """Return the signature hashes of kinds of events, for queries of logs."""
    by_kind = {cls: topic for topic, (cls, _) in _DECODERS.items()}
    return tuple(by_kind[kind] for kind in kinds)


# ------------------------------------------------------------------------------- ERC-20 and EIP-3009


@event
@dataclass(frozen=True, slots=True)
class Transfer(Event):
    """Value moved; from or to the zero address when it was created or destroyed (ERC-20)."""

    SIGNATURE = "Transfer(address indexed from,address indexed to,uint256 value)"
    sender: Address
    receiver: Address
    value: int


@event
@dataclass(frozen=True, slots=True)
class AuthorizationUsed(Event):
    """An authorization was used (EIP-3009)."""

    SIGNATURE = "AuthorizationUsed(address indexed authorizer,bytes32 indexed nonce)"
    authorizer: Address
    nonce: bytes


@event
@dataclass(frozen=True, slots=True)
class AuthorizationCanceled(Event):
    """An authorization was cancelled (EIP-3009)."""

    SIGNATURE = "AuthorizationCanceled(address indexed authorizer,bytes32 indexed nonce)"
    authorizer: Address
    nonce: bytes
