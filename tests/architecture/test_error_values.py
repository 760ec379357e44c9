"""An expected failure keeps the values that its message says, for `--json` and for programs."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pysettle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKAGE = Path(pysettle.__file__).parent
REASONS = frozenset({"problem", "error", "reason", "known"})
"""Formatted parts of these names are the words of another exception, or the choices there are: no values."""


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Give all statements within a node; no expression, of which there are ten times as many, has one."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        for part in getattr(node, name, ()):
            yield part
            yield from statements(part)


def failures(modules: Iterable[ast.Module]) -> set[str]:
    """Return the names of all expected failures that take their message as it is."""
    classes = [node for module in modules for node in statements(module) if isinstance(node, ast.ClassDef)]
    bases = {it.name: {ast.unparse(base).rpartition(".")[2] for base in it.bases} for it in classes}
    own = {
        it.name for it in classes for part in it.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"
    }
    found, grown = {"PysettleError"}, True
    while grown:
        more = {name for name, above in bases.items() if above & found and name not in own} - found
        found, grown = found | more, bool(more)
    return found


def is_value(part: ast.expr) -> bool:
    """Return whether a part of an f-string is a value of the failure."""
    names = {node.id for node in ast.walk(part) if isinstance(node, ast.Name)}
    return isinstance(part, ast.FormattedValue) and not names & REASONS


def without_values(module: ast.Module, expected: set[str]) -> Iterator[int]:
    """Give the lines that raise an expected failure with values in its message, and none as an attribute."""
    for node in statements(module):
        if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)):
            continue
        raised = node.exc
        if ast.unparse(raised.func).rpartition(".")[2] not in expected or raised.keywords:
            continue
        if any(isinstance(it, ast.JoinedStr) and any(map(is_value, it.values)) for it in raised.args):
            yield node.lineno


def test_each_failure_keeps_its_values() -> None:
    """Each raise of an expected failure whose message says a value stores values as attributes too."""
    modules = {file: ast.parse(file.read_text(encoding="utf-8")) for file in sorted(PACKAGE.rglob("*.py"))}
    expected = failures(modules.values())
    assert {"UsageError", "ChainError", "WorkspaceError"} <= expected
    assert [f"{file}:{line}" for file, module in modules.items() for line in without_values(module, expected)] == []


def test_a_message_alone_is_found() -> None:
    """The check sees a value that is said in words alone; words of another exception are none."""
    code = 'raise UsageError(f"{path} is missing")\nraise UsageError(f"bad: {problem}")\nraise UsageError("bad")'
    assert list(without_values(ast.parse(code), {"UsageError"})) == [1]
