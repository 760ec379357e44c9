"""The words of the field, and not their look-alikes, name things in code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"^\| ([^|]+) \| [^|]+ \| [^|]+ \|([^|]*)\|$", re.MULTILINE)
"""A row of docs/glossary.md: word, meaning, code, and the words that it replaces."""


def named(glossary: str) -> set[str]:
    """Return the identifiers that the glossary gives in code letters."""
    columns = [line.split("|")[3] for line in glossary.splitlines() if line.startswith("| ")]
    return {name for column in columns for name in re.findall(r"\w+", "".join(re.findall(r"`[^`]+`", column)))}


def replaced(glossary: str) -> dict[str, str]:
    """Return mapping word that the glossary replaces -> its own word."""
    rows = [(word, instead.strip()) for word, instead in _ROW.findall(glossary) if instead.strip() not in ("", "not")]
    return {forbidden: word for word, instead in rows for forbidden in instead.split(", ")}


GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
NOT = replaced(GLOSSARY)
"""Word -> the word of the glossary."""
ELSEWHERE = {"should_burn_gas"}
"""Identifiers of the EVM's own vocabulary, which libraries have given."""
SOURCES = sorted([*ROOT.glob("pysettle/**/*.py"), *ROOT.glob("contracts/**/*.sol")])
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_PROSE = re.compile(r'"""(?:.|\n)*?"""|///.*|//.*|#.*')


def wrong_words(code: str) -> list[str]:
    """Return each identifier of a source that has a replaced word, with the word to use."""
    wrong = []
    for identifier in sorted(set(_IDENTIFIER.findall(_PROSE.sub("", code))) - ELSEWHERE):
        words = {part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier)}
        wrong += [f"{identifier}: say {NOT[word]}" for word in sorted(words & NOT.keys())]
    return wrong


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_identifiers_use_the_words_of_the_field(source: Path) -> None:
    """No identifier contains a word that the glossary replaces."""
    assert wrong_words(source.read_text()) == []


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("def mint_to(account): ...", "mint_to: say issuance"),
        ("mapping(address => bool) blacklistOf;", "blacklistOf: say freeze"),
        ("# The bank is no minter.", ""),
        ("THE_MINTER = 1", "THE_MINTER: say operating institution, operator"),
    ],
)
def test_a_planted_word_is_caught(code: str, complaint: str) -> None:
    """A forbidden word is named with the glossary's word, in an identifier of any case and not in prose."""
    assert wrong_words(code) == [complaint] * bool(complaint)


def test_what_the_glossary_names_exists() -> None:
    """Every word in code letters is an identifier of the project, or a command."""
    words = {word for source in SOURCES for word in _IDENTIFIER.findall(source.read_text())}
    assert named(GLOSSARY) - words == set()


def test_the_glossary_has_rows() -> None:
    """Each table of the page is read: words of all four are known, and none is both used and replaced."""
    assert {"dcep", "minter", "oracle", "ticket"} <= NOT.keys()
    assert {"operator", "issue", "freeze", "voucher", "provider"}.isdisjoint(NOT)
