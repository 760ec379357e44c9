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
from struct import Struct
from typing import Any, ClassVar, NamedTuple, TypeVar

from pysettle.hashing import keccak
from pysettle.values import Address


class Position(NamedTuple):
    """A position in the history, which orders all events. A history has millions, and a tuple is made most quickly."""

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


class Emitted(NamedTuple):
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


def _truth(digit: bytes) -> bool:
    if digit > b"\1":
        raise _OtherFormError(f"0x{digit.hex()} is no bool")
    return digit == b"\1"


_WIDTHS = {"address": 20, "bool": 1, "bytes32": 32}
_WORDS: dict[str, Callable[[bytes], Any] | None] = {"address": None, "bool": _truth, "bytes32": None}
"""Type of a word -> how its bytes become its value, None if they are the value; the bytes of any other are a number."""


def _width(kind: str) -> int:
    """Return how many bytes at the end of a word a value has; those before it are zero."""
    return _WIDTHS.get(kind) or int(kind.removeprefix("uint")) // 8


def _word_reader(kind: str) -> Callable[[bytes, int], Any]:
    width, of_bytes = _width(kind), _WORDS.get(kind, int.from_bytes)
    zeros = bytes(32 - width)

    def read(data: bytes, start: int) -> Any:
        end, begin = start + 32, start + 32 - width
        if data[start:begin] != zeros:
            raise _OtherFormError(f"{data[start:end].hex()} is no {kind}")
        return of_bytes(data[begin:end]) if of_bytes else data[begin:end]

    return read


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
_Decoder = Callable[[Sequence[bytes], bytes], Event | None]
"""Returns the event of topics and data; None if they have another form."""
_DECODERS: dict[bytes, tuple[type[Event], _Decoder]] = {}


def event(cls: _E) -> _E:
    """Register an event class under the hash of its canonical signature."""
    name, _, parameters = cls.SIGNATURE[:-1].partition("(")
    declared = [parameter.split() for parameter in _split(parameters)]
    kinds, indexed = [words[0] for words in declared], ["indexed" in words for words in declared]
    assert len(declared) == len(fields(cls)), cls
    has_words_alone = all(kind.isalnum() for kind in kinds)
    decoder = (_word_decoder if has_words_alone else _decoder)(cls, kinds, indexed)
    _DECODERS[keccak(f"{name}({','.join(kinds)})".encode())] = (cls, decoder)
    return cls


def _decoder(cls: type[Event], kinds: Sequence[str], indexed: Sequence[bool]) -> _Decoder:
    """Return the decoder of any event."""
    forms = [_form(kind) for kind in kinds]
    plain = [form for form, is_topic in zip(forms, indexed, strict=True) if not is_topic]
    count = 1 + sum(indexed)

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

    return decode


def _word_decoder(cls: type[Event], kinds: Sequence[str], indexed: Sequence[bool]) -> _Decoder:
    """Return the decoder of an event of words alone, as most are: it reads them at once, many times as fast."""
    order = sorted(range(len(kinds)), key=lambda place: not indexed[place])
    in_log = [kinds[place] for place in order]
    widths = [_width(kind) for kind in in_log]
    values = Struct("".join(f"{32 - width}x{width}s" for width in widths))
    zeros = Struct("".join(f"{32 - width}s{width}x" for width in widths))
    count, size = 1 + sum(indexed), values.size
    no_bytes = zeros.unpack(bytes(size))
    numbers = [(at, read) for at, kind in enumerate(in_log) if (read := _WORDS.get(kind, int.from_bytes))]
    places = [order.index(place) for place in range(len(order))]
    is_in_order = order == sorted(order)

    def decode_words(topics: Sequence[bytes], data: bytes) -> Event | None:
        words = b"".join((*topics[1:], data))
        if len(topics) != count or len(words) != size or zeros.unpack(words) != no_bytes:
            return None
        members: list[Any] = list(values.unpack(words))
        for at, read in numbers:
            members[at] = read(members[at])
        return cls(*members) if is_in_order else cls(*[members[at] for at in places])

    return decode_words


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
