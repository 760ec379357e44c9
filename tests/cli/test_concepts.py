"""The concept pages: their examples, run as written, and the figures of their tables."""

from __future__ import annotations

import re
import shlex
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from pysettle.cli import main
from pysettle.domain.compute.contracts import ESCROW
from pysettle.domain.compute.usage import Meters, RateCard, Usage, Window
from pysettle.domain.core.accounts import OWN
from pysettle.domain.money.wallets import E_CNY_CLASS_LIMITS, NO_LIMIT
from pysettle.workspace import Workspace

ROOT = Path(__file__).parents[2]
PAGES = {page.stem: page.read_text() for page in sorted((ROOT / "docs" / "concepts").glob("*.md"))}
_STEP = re.compile(r"```console\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)


def run(line: str) -> tuple[int, list[str]]:
    """Run a line of an example; return its exit code, and the lines that it printed, with single spaces."""
    program, *words = shlex.split(line)
    if program == "pysettle":
        result = CliRunner().invoke(main, words, env={"PYSETTLE_WORKSPACE": None})
        code, output = result.exit_code, result.output
    else:
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
        code, output = done.returncode, done.stdout
    return code, [" ".join(text.split()) for text in output.splitlines()]


@pytest.mark.parametrize("page", PAGES)
def test_the_example_prints_what_the_page_shows(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command does what the page says; each line below it is among those that it prints, in this order."""
    monkeypatch.chdir(tmp_path)
    steps = _STEP.findall(PAGES[page])
    assert steps, "an example"
    for block, shown in steps:
        *before, last = [line.removeprefix("$ ") for line in block.splitlines()]
        expected = [" ".join(text.split()) for text in shown.splitlines()]
        for line in before:
            if line.startswith("cd "):
                monkeypatch.chdir(line[3:])
            else:
                follow(line, [])
        follow(last, expected)


def follow(line: str, expected: list[str]) -> None:
    """Run a line, which fails only where the page shows a failure."""
    code, printed = run(line)
    rest = iter(printed)
    assert all(text in rest for text in expected), (line, printed)
    fails = any(text.startswith("pysettle: ") or "FAILED" in text for text in expected)
    assert (code != 0) == fails, (line, printed)


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the table of a page that has a heading, row by row."""
    table = PAGES[page].partition(f"| {heading} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


@pytest.mark.parametrize("page", ["backing", "credit"])
def test_each_row_of_an_example_adds_up(page: str) -> None:
    """The amounts of a row are the sum in its last cell."""
    for _, *cells, total in rows(page, "after"):
        assert sum(Decimal(cell.replace(",", "")) for cell in cells) == Decimal(total.replace(",", ""))


def test_the_events_of_the_audit_move_the_amounts_of_backing() -> None:
    """The entries of the audit's table, booked one after the other, are the rows of the table of backing."""
    books = dict.fromkeys(("supply", "alice", "escrow of the series", "provider"), Decimal(0))
    for (_, payer, payee, amount), (_, *expected, _) in zip(
        rows("audit", "event"), rows("backing", "after"), strict=True
    ):
        books[payer] -= Decimal(amount)
        books[payee] += Decimal(amount)
        assert [books[name] for name in ("alice", "escrow of the series", "provider")] == list(map(Decimal, expected))


def test_the_books_of_an_audit_have_the_amounts_of_backing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The books, folded from the events of the example, end with its last row."""
    test_the_example_prints_what_the_page_shows("backing", tmp_path, monkeypatch)
    workspace = Workspace.open(tmp_path / "town")
    with workspace.chain() as chain:
        network = workspace.network(chain)
        follower = network.follow()
        follower.update()
        currency, (series,) = network.currency.address, network.series
        held = [
            follower.ledger.balance(currency, purpose, owner)
            for purpose, owner in (
                (OWN, workspace.accounts.address("alice")),
                (ESCROW, series.address),
                (OWN, workspace.accounts.address("provider")),
            )
        ]
    assert [Decimal(units) / 1_000_000 for units in held] == [
        Decimal(cell) for cell in rows("backing", "after")[-1][1:-1]
    ]


def test_the_limits_are_those_of_the_network() -> None:
    """The table of classes has the figures that a deployment sets."""
    shown = {name: cells for name, *cells in rows("freeze-and-limits", "class")}
    for wallet_class, name in zip(E_CNY_CLASS_LIMITS, ("IV", "III", "II", "I and corporate"), strict=True):
        limits = E_CNY_CLASS_LIMITS[wallet_class]
        figures = (limits.balance, limits.payment, limits.daily, limits.annual)
        assert shown[name] == ["none" if units == NO_LIMIT else f"{units // 1_000_000:,}" for units in figures]


def test_the_vouchers_are_priced_by_the_rate_card() -> None:
    """Tokens of each request, and the ceiling after it, are those of the rate card."""
    card = RateCard(off_peak=Meters(1, 30, 90), peak=Meters(2, 60, 180))
    request, ceiling = Meters(0, 4_808, 10), 0
    for window, row in zip((Window.PEAK, Window.OFF_PEAK), rows("channel", "request"), strict=True):
        tokens = card.tokens(Usage.of(request, window))
        ceiling += tokens
        assert row[3:] == [f"{tokens:,}", f"{ceiling:,}"]


def test_each_principle_of_finality_has_a_test() -> None:
    """The table of principles names tests that exist."""
    named = [cells[-1].strip("`").split("::") for cells in rows("finality", "principle")]
    assert len(named) == 4
    for file, name in named:
        assert f"def {name}(" in (ROOT / file).read_text()
