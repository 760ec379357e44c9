"""Documents of one level, in which each field is a text: a wrong one is refused with the line of its field."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pysettle.documents import as_object, parse_json
from pysettle.errors import UsageError

_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Flat:
    """The form of such a document."""

    schema: str
    """Schema of the document."""
    noun: str
    """Word for it, such as `quote`."""
    readers: Mapping[str, Callable[[str], Any]]
    """Field -> its reader, which raises ValueError; the signature is the last one."""

    def read(self, content: bytes, name: str, make: Callable[..., _Made]) -> _Made:
        """Read a document.

        Args:
            content: Content of the file.
            name: Name of the file, for messages.
            make: Given the values in the order of the fields, returns the result; raises ValueError if they do not
                belong to the signature.

        Raises:
            UsageError: it is none, a field is missing or of another form, or `make` refuses it; the message names the
                line.
        """
        text, field = content.decode("utf-8", "replace"), "schema"
        try:
            document = as_object(parse_json(content), {"schema", *self.readers}, f"a {self.noun}")
            if document["schema"] != self.schema:
                raise ValueError(f"its schema is {document['schema']!r}, not {self.schema}")
            values = []
            for field, read in self.readers.items():
                if not isinstance(document[field], str):
                    raise ValueError(f"{field} has to be a text")
                values.append(read(document[field]))
            return make(*values)
        except json.JSONDecodeError as problem:
            raise UsageError(f"line {problem.lineno} of {name}: this is no JSON: {problem.msg}", path=name) from problem
        except ValueError as problem:
            line = _line_of(text, field)
            words = f"line {line} of {name}: this is no {self.noun}: {problem}"
            raise UsageError(words, path=name, line=line) from problem

    def write(self, *values: bytes | int | str) -> dict[str, str]:
        """Return the document of some values in the order of the fields: integers as decimal strings, bytes as hex."""
        return {"schema": self.schema} | {
            field: f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
            for field, value in zip(self.readers, values, strict=True)
        }


def _line_of(text: str, field: str) -> int:
    """Return the number of the line that names a field; 1 if none does."""
    found = re.search(f'"{field}"', text)
    return 1 if found is None else text[: found.start()].count("\n") + 1
