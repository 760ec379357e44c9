"""A failure as the document that `--json` prints in place of a result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import click

from pysettle.errors import PysettleError
from pysettle.errors.states import State

SCHEMA = "pysettle.failure/1"


def failure_document(failure: BaseException, why: str, code: int) -> str:
    """Return the document of a failure: the name of the error, its values, and its message.

    Args:
        failure: The exception that ended the command.
        why: The message in one line, as on stderr.
        code: The exit code.
    """
    document = {
        "schema": SCHEMA,
        "error": type(failure).__name__.lstrip("_"),
        "exit_code": str(code),
        "message": why,
        "values": plain(_values(failure)),
    }
    return json.dumps(document, indent=2)


def _values(failure: BaseException) -> Mapping[str, object]:
    """Return the values of a failure: those it keeps, or the option that a command line has wrong."""
    if isinstance(failure, click.UsageError):
        parameter = getattr(failure, "param", None)
        option = parameter.opts[0] if parameter else getattr(failure, "option_name", None)
        return {} if option is None else {"option": option}
    if isinstance(failure, PysettleError):
        return failure.values
    return {"path": failure.filename} if isinstance(failure, OSError) and failure.filename else {}


def plain(value: Any) -> Any:
    """Return a value as documents contain it: integers as decimal strings, bytes as hex."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, State):
        return value.word
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return plain({it.name: getattr(value, it.name) for it in fields(value)})
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    return str(value)
