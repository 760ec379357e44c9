"""Pages and help can be read once by a reader whose first language is another: actors are named.

"What", "who" and "whose" hide the actor of a sentence. No page uses them often, and no sentence begins with one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pysettle.cli.main import children, main

ROOT = Path(__file__).parents[2]
IN_A_THOUSAND = 5
LONG = 400
"""Words from which on a page is measured alone, and not only with its group."""
_CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
_WORD = re.compile(r"[A-Za-z][\w'-]*")
_HIDING = {"what", "who", "whose"}
_BEGINNING = re.compile(r"\b(?:What|Who|Whose)\b[^.\n]*")


def help_of(group: click.Group) -> Iterator[str]:
    """Yield the help of a group, its commands and their options."""
    for _, command in children(group):
        yield command.help or ""
        yield from (it.help or "" for it in command.params if isinstance(it, click.Option))
        if isinstance(command, click.Group):
            yield from help_of(command)


def pages() -> dict[str, str]:
    """Return mapping name -> text of each page, and of the help of all commands."""
    files = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md")]
    found = {
        str(file.relative_to(ROOT)): file.read_text()
        for file in sorted(files)
        if file.is_file() and file.parent.name != "decisions"
    }
    return found | {"help": "\n".join(dict.fromkeys([main.help or "", *help_of(main)]))}


PAGES = pages()
GROUPS = {
    "README and its neighbours": [name for name in PAGES if "/" not in name and name != "help"],
    "docs": [name for name in PAGES if name.startswith("docs/")],
    "help": [name for name in PAGES if name == "help"],
}


def words_of(text: str) -> list[str]:
    """Return the words of a page, tables in and code out."""
    return _WORD.findall(_CODE.sub("", text))


def in_a_thousand(words: list[str]) -> float:
    """Return how many of a thousand words hide the actor."""
    return 1_000 * sum(word.lower() in _HIDING for word in words) / max(1, len(words))


def beginnings(text: str) -> list[str]:
    """Return the sentences that begin with a word that hides the actor."""
    return _BEGINNING.findall(_CODE.sub("", text))


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_names_its_actors(group: str) -> None:
    """At most 5 in 1,000 words of all pages of a group are what, who or whose."""
    assert in_a_thousand([word for name in GROUPS[group] for word in words_of(PAGES[name])]) <= IN_A_THOUSAND


@pytest.mark.parametrize("name", [name for name, text in PAGES.items() if len(words_of(text)) > LONG])
def test_a_long_page_names_its_actors(name: str) -> None:
    """The same of each page that is long enough for the figure to mean something."""
    assert in_a_thousand(words_of(PAGES[name])) <= IN_A_THOUSAND


@pytest.mark.parametrize("name", PAGES)
def test_no_sentence_begins_so(name: str) -> None:
    """No sentence, heading or cell of a table begins with What, Who or Whose."""
    assert beginnings(PAGES[name]) == []


def repeated(text: str) -> list[str]:
    """Return the sentences of five words or more that a text has twice."""
    sentences = [" ".join(words_of(it)) for it in re.split(r"[.:?]\s|\n\n|\n\* ", _CODE.sub("", text))]
    return [it for it, count in Counter(sentences).items() if count > 1 and len(it.split()) >= 5]


def test_the_readme_has_no_sentence_twice() -> None:
    """A newcomer reads each sentence once."""
    assert repeated(PAGES["README.md"]) == []
    assert repeated("The bank pays the holder now. It ends.\n\nThe bank pays the\nholder now.\n") != []


def test_planted_sentences_are_caught() -> None:
    """Both checks see a sentence in running text, a list and a table, and neither looks into code."""
    assert beginnings("It ends. What is left goes back.") == ["What is left goes back"]
    assert beginnings("* **Who pays itself.** He") == ["Who pays itself"]
    assert beginnings("| a | Whose it is |") == ["Whose it is |"]
    assert beginnings("`What` and\n```\nWho\n```\nThe bank pays what it owes.") == []
    assert in_a_thousand(words_of("`who` pays " + "word " * 998 + "what\n```text\nwhat\n```")) == 1
    assert in_a_thousand(words_of("| who | what |")) == 1_000
