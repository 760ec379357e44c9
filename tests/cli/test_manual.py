"""`docs/cli.md` is what the commands say of themselves."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from pysettle.cli.manual import manual
from pysettle.client import CurrencyToken, NetworkAccess

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "cli.md"
CALLERS = [*ROOT.glob("pysettle/cli/*.py"), ROOT / "pysettle" / "client" / "signed.py"]
"""What commands are made of."""
NAMED = {
    node.attr for file in CALLERS for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Attribute)
}
"""Attributes that commands use."""
DEPLOYMENT = {"assign"}
"""What is done once, by the deployment of a currency."""


def _changes(wrapper: type) -> list[str]:
    """Return the methods of a wrapper that change the chain."""
    methods = inspect.getmembers(wrapper, inspect.isfunction)
    return [name for name, it in methods if name[0] != "_" and it.__annotations__.get("return") == "Transaction"]


@pytest.mark.parametrize("method", [*_changes(CurrencyToken), *_changes(NetworkAccess)])
def test_what_python_can_change_a_command_can(method: str) -> None:
    """Every transaction of the money layer's wrappers is one that some command sends."""
    assert (method in NAMED) != (method in DEPLOYMENT)


def test_the_manual_is_that_of_the_commands() -> None:
    """The file is fresh: `python -m pysettle.cli.manual > docs/cli.md` makes it."""
    assert FILE.read_text() == manual()


def test_every_command_is_in_the_manual() -> None:
    """Each group and each command has a heading, and the options of a command are below it."""
    text = FILE.read_text()
    for heading in ("## pysettle demo", "## pysettle role", "### pysettle role hand-over", "### pysettle token submit"):
        assert f"\n{heading}\n" in text
    section = text.split("### pysettle wallet register\n")[1].split("\n### ")[0]
    for option in ("--account", "--class", "--jurisdiction", "--real-name / --anonymous", "--identification-until"):
        assert f"- `{option}" in section
