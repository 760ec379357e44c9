"""Strict reader of JSON: a document that two readers could read differently is refused.

RFC 8259 leaves open which value counts if a name comes twice, and has no NaN; Python's reader accepts both. It also
recurses, and py-evm raises Python's own limit beyond the size of a stack, so that nesting has to be counted before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from itertools import accumulate
from typing import Any, BinaryIO, Final, NoReturn, TypeVar

from pysettle.errors import UsageError

Path = tuple[str | int, ...]
"""Keys and numbers of items that lead to a value of a document."""
_Read = TypeVar("_Read")

NESTING_LIMIT: Final = 32
"""Deepest nesting of arrays and objects; nothing that is read here needs more than a few."""

FILE_MAX: Final = 2**26
"""Most bytes of a file that is read whole."""
_COMMAS_MAX: Final = 2**20
"""Most commas in one; each value of a document may take a hundred bytes of memory."""
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_TOKEN = re.compile(r'\s+|[\[\]{},:]|"(?:[^"\\]|\\.)*"|[^\s\[\]{},:"]+')
_COLON = re.compile(r"\s*:")
_NO_MARK: Final = bytes(set(range(256)) - set(b'[]{}"'))
_STEP: Final = {**dict.fromkeys(b"[{", 1), **dict.fromkeys(b"]}", -1)}


class WrongValueError(ValueError):
    """A value of a document has another form; `.path` leads to it."""

    def __init__(self, path: Path, problem: str) -> None:
        """Keep the path of the value; the message says why."""
        self.path = path
        super().__init__(problem)


def parse_json(content: bytes | str) -> Any:
    """Parse a JSON document.

    Raises:
        ValueError: it is not UTF-8, not JSON, nested more than 32 deep, or names a key of an object twice.
    """
    text = content if isinstance(content, str) else content.decode("utf-8")
    check_nesting(text, NESTING_LIMIT)
    return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)


def read_file(content: bytes, name: str, words: str, read: Callable[[Any], _Read]) -> _Read:
    """Parse the JSON document of a file, and read its values.

    Args:
        content: Content of the file.
        name: Name of the file, for messages.
        words: What the message says of a wrong value, before the reason; `{field}` stands for its path.
        read: Given the document, returns the result; raises ValueError, or WrongValueError with the path.

    Raises:
        UsageError: it is no JSON document, or `read` refuses it; the message names the line.
    """
    try:
        document = parse_json(content)
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        raise UsageError(f"line {line} of {name}: this is no UTF-8 text", path=name, line=line) from None
    except ValueError as problem:
        line = getattr(problem, "lineno", 1)
        raise UsageError(f"line {line} of {name}: this is no JSON document: {problem}", path=name, line=line) from None
    try:
        return read(document)
    except ValueError as wrong:
        path: Path = getattr(wrong, "path", ())
        field, line = ".".join(map(str, path)) or "the document", places(content.decode()).get(path, 1)
        said = f"line {line} of {name}: {words.format(field=field)}: {wrong}"
        raise UsageError(said, path=name, line=line, field=field) from None


def read_part(parts: Any, key: str | int, read: Callable[[Any], _Read]) -> _Read:
    """Return a value of an object or a list; if it is refused, the path of the refusal begins with its key.

    Raises:
        WrongValueError: `read` refuses it by a ValueError.
    """
    try:
        return read(parts[key])
    except ValueError as wrong:
        raise WrongValueError((key, *getattr(wrong, "path", ())), str(wrong)) from None


def read_list(value: Any, name: str, read: Callable[[Any], _Read]) -> list[_Read]:
    """Return the values of a list.

    Raises:
        ValueError: it is none; as in `as_list`.
        WrongValueError: `read` refuses an item.
    """
    return [read_part(value, number, read) for number in range(len(as_list(value, name)))]


def read_whole(stream: BinaryIO, name: str) -> bytes:
    """Return a file that is to be parsed, unless it would fill the memory, or has no end.

    Raises:
        OSError: it is too long, or has too many values; the message contains `name`.
    """
    content = stream.read(FILE_MAX + 1)
    if len(content) > FILE_MAX:
        raise OSError(f"{name} is longer than {FILE_MAX} bytes")
    if content.count(b",") > _COMMAS_MAX:
        raise OSError(f"{name} has more than {_COMMAS_MAX} values")
    return content


def check_nesting(text: str, limit: int) -> None:
    """Check the nesting of arrays and objects in a text that may be JSON.

    Raises:
        ValueError: deeper than the limit.
    """
    if text.count("[") + text.count("{") <= limit:
        return
    # Without an escape strings begin and end at each second quotation mark, which is found ten times as fast.
    unescaped = _STRING.sub("", text) if "\\" in text else text
    marks = unescaped.encode(errors="surrogatepass").translate(None, _NO_MARK)
    # Two marks without a bracket between them change no bracket's side.
    brackets = b"".join(marks.replace(b'""', b"").split(b'"')[::2])
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > limit:
        raise ValueError(f"nested more than {limit} deep")


def as_object(value: Any, fields: Collection[str], name: str) -> dict[str, Any]:
    """Return an object that has certain fields and no others.

    Raises:
        ValueError: it is none; the message contains `name`, as in the readers below.
    """
    if not isinstance(value, dict) or value.keys() != set(fields):
        raise ValueError(f"{name} must be an object with exactly the fields {', '.join(sorted(fields))}")
    return value


def as_list(value: Any, name: str) -> list[Any]:
    """Return a list.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, list):
        raise ValueError(f"{name} is not a list")
    return value


def as_whole(value: Any, name: str) -> int:
    """Return a number that every reader of JSON reads alike: from 0 to below 2^53.

    Raises:
        ValueError: it is none.
    """
    if type(value) is not int or not 0 <= value < 2**53:
        raise ValueError(f"{name} is not a whole number from 0")
    return value


def as_decimal(value: Any, bits: int, name: str) -> int:
    """Return a number of at most so many bits that is written as text, as those are that may exceed 2^53.

    Raises:
        ValueError: it is none, or is written otherwise.
    """
    # 78 digits hold 256 bits; longer text is refused before it is converted.
    if isinstance(value, str) and len(value) <= 78 and value.isascii() and value.isdigit():
        number = int(value)
        if number < 1 << bits and str(number) == value:
            return number
    raise ValueError(f"{name} is not a decimal number of at most {bits} bits, written as text")


def as_bytes(value: Any, length: int | None = None) -> bytes:
    """Return the bytes written as 0x and lower-case hex digits, of the given length in bytes, if given.

    Raises:
        ValueError: it is written otherwise.
    """
    if isinstance(value, str) and value.startswith("0x"):
        try:
            content = bytes.fromhex(value[2:])
        except ValueError:
            content = b""
        # Compared with the canonical form, since `fromhex` passes over spaces and case.
        if value == "0x" + content.hex() and length in (None, len(content)):
            return content
    digits = "an even number of" if length is None else 2 * length
    raise ValueError(f"{str(value)[:80]!r} is not 0x and {digits} hex digits")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("an object names a key twice")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def places(text: str) -> dict[Path, int]:
    """Return mapping path -> line of each value in a text that is JSON; a path has keys and numbers of items.

    Example:
        >>> places('{"a": [1, 2]}')
        {(): 1, ('a',): 1, ('a', 0): 1, ('a', 1): 1}
    """
    found: dict[Path, int] = {}
    path: list[str | int] = []
    line, key = 1, None
    for token in _TOKEN.finditer(text):
        part = token[0]
        if part.isspace():
            line += part.count("\n")
        elif part in "]}":
            path.pop()
            key = None
        elif part == ",":
            # The number of the next item of a list; the keys of an object are set when they are read.
            path[-1] = path[-1] + 1 if isinstance(path[-1], int) else path[-1]
        elif part == ":":
            path[-1] = json.loads(key or '""')
            key = None
        elif path and isinstance(path[-1], str) and key is None and _is_key(text, token.end()):
            key = part
        else:
            found[tuple(path)] = line
            if part in "[{":
                path.append(0 if part == "[" else "")
    return found


def _is_key(text: str, end: int) -> bool:
    return _COLON.match(text, end) is not None
