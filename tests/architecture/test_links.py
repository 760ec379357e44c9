"""Links between pages lead somewhere, and every page can be reached from the first one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]
_LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
_CODE = re.compile(r"```.*?```", re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", _CODE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(page: Path) -> list[str]:
    """Return the links of a page to files or headings that there are not."""
    dead = []
    for link in _LINK.findall(_CODE.sub("", page.read_text())):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    return dead


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Each link names a file of the checkout, and a heading of it."""
    assert dead_links(page) == []


def test_every_page_is_reached() -> None:
    """From the README on, links lead to every page; to decisions by their folder."""
    reached, left = set[Path](), [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page in reached or page.suffix != ".md" or not page.is_file():
            continue
        reached.add(page)
        links = _LINK.findall(_CODE.sub("", page.read_text()))
        left += [(page.parent / link.partition("#")[0]).resolve() for link in links]
    assert [page for page in PAGES if page not in reached and page.parent.name != "decisions"] == []


def test_a_planted_dead_link_is_caught(tmp_path: Path) -> None:
    """A file that is missing, and a heading that is missing, are named; code is not read."""
    (tmp_path / "there.md").write_text("# A heading, or two\n")
    page = tmp_path / "page.md"
    page.write_text("[a](there.md#a-heading-or-two) [b](gone.md) [c](there.md#gone)\n```\n[d](gone.md)\n```\n")
    assert dead_links(page) == ["gone.md", "there.md#gone"]
