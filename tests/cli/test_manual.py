"""`docs/cli.md` is what the commands say of themselves."""

from __future__ import annotations

from pathlib import Path

from pysettle.cli.manual import manual

FILE = Path(__file__).parents[2] / "docs" / "cli.md"


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
