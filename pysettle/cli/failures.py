"""A failure as the document that `--json` prints in place of a result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

SCHEMA = "pysettle.failure/1"


def failure_document(failure: BaseException, why: str, code: int) -> str:
    """Return the document of a failure: the name of the error, its values, and its message.

    Args:
        failure: The exception that ended the command.
        why: The message in one line, as on stderr.
        code: The exit code.
    """
    values = getattr(failure, "args_by_name", None) or {}
    document = {
        "schema": SCHEMA,
        "error": type(failure).__name__.lstrip("_"),
        "exit_code": str(code),
        "message": why,
        "values": plain(values),
    }
    return json.dumps(document, indent=2)


def plain(value: Any) -> Any:
    """Return a value as documents contain it: integers as decimal strings, bytes as hex."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    return str(value)
