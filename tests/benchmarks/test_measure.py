"""What the benchmarks say of their goals, without measuring: the figures themselves are `scripts/bench`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from tests.benchmarks import __main__ as bench
from tests.benchmarks.measure import Goal, Row, in_turns

KEYS = ["code", "goal", "figure", "unit", "anchor", "ratio", "holds"]
ROWS = [Row("SPEED-X", Goal(2), 9.0, "transfers/s", 3.0), Row("SPEED-X", Goal(1.4, most=True), 3.0, "s", 2.0)]


def test_an_unknown_code_names_the_known_ones() -> None:
    """A code that is none exits with 2, before anything is measured."""
    result = CliRunner().invoke(bench.main, ["SPEED-CHAIN", "SPEED-OF-LIGHT"])
    assert result.exit_code == 2
    assert "SPEED-OF-LIGHT" in result.stderr
    assert all(code in result.stderr for code in bench.BENCHMARKS)
    assert result.stdout == ""


def test_json_is_one_array_of_the_seven_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines get the goal, both figures, their ratio and whether it is enough; a missed goal is no failure."""
    monkeypatch.setitem(bench.BENCHMARKS, "SPEED-X", lambda: ROWS)
    result = CliRunner().invoke(bench.main, ["SPEED-X", "--json"])
    assert result.exit_code == 0
    first, second = json.loads(result.stdout)
    assert list(first) == list(second) == KEYS
    assert (first["goal"], first["ratio"], first["holds"]) == (">= 2 x", 3.0, True)
    assert (second["goal"], second["ratio"], second["holds"]) == ("<= 1.4 x", 1.5, False)


def test_the_table_marks_a_missed_goal(monkeypatch: pytest.MonkeyPatch) -> None:
    """People see at a glance which goal does not hold."""
    monkeypatch.setitem(bench.BENCHMARKS, "SPEED-X", lambda: ROWS)
    result = CliRunner().invoke(bench.main, ["SPEED-X"])
    assert [line.split()[-1] for line in result.stdout.splitlines()] == ["holds", "─────", "yes", "NO"]


@pytest.mark.parametrize(("figure", "holds"), [(37_500.0, True), (37_501.0, False)])
def test_a_goal_may_bound_the_figure_itself(figure: float, holds: bool) -> None:
    """Gas is exact: its goal is a number, whatever the anchor beside it."""
    row = Row("GAS-X", Goal(37_500, most=True, of_figure=True), figure, "gas", 1.0)
    assert row.holds is holds
    assert str(row.goal) == "<= 37,500"


def test_both_sides_take_turns() -> None:
    """Ours and its anchor alternate, and the medians of both are returned."""
    order: list[str] = []
    figures = iter([5.0, 1.0, 4.0, 2.0, 3.0])

    def ours(number: int) -> float:
        order.append(f"ours {number}")
        return next(figures)

    def anchor(number: int) -> float:
        order.append(f"anchor {number}")
        return float(number)

    assert in_turns("test", ours, anchor) == (3.0, 2.0)
    assert order == [f"{side} {number}" for number in range(5) for side in ("ours", "anchor")]
