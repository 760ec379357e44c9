"""What a benchmark gives, and how ours and its anchor are measured: in turns, in one call, by medians."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

ROUNDS = 5
"""Rounds of each side; a machine that others use too disturbs both alike."""

Round = Callable[[int], float]
"""One round of one side, given its number from 0; returns its figure."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on the ratio of our figure to the anchor's, or on our figure itself."""

    bound: float
    """The bound, which itself is good enough."""
    most: bool = False
    """Whether it may be no more than the bound, rather than no less."""
    of_figure: bool = False
    """Whether our figure is bounded, which is exact on any machine, rather than the ratio."""

    def __str__(self) -> str:
        """Show the bound as the table does."""
        return f"{'<=' if self.most else '>='} {self.bound:,.10g}{'' if self.of_figure else ' x'}"


@dataclass(frozen=True, slots=True)
class Row:
    """One measured goal."""

    code: str
    """Code of the benchmark; two goals may share it."""
    goal: Goal
    """What the ratio is to be."""
    figure: float
    """Ours, in the unit."""
    unit: str
    """Unit of figure and anchor."""
    anchor: float
    """What it is compared with, in the unit."""

    @property
    def ratio(self) -> float:
        """Our figure as a multiple of the anchor's."""
        return self.figure / self.anchor

    @property
    def holds(self) -> bool:
        """Whether the goal is reached."""
        measured = self.figure if self.goal.of_figure else self.ratio
        return measured <= self.goal.bound if self.goal.most else measured >= self.goal.bound

    def document(self) -> dict[str, Any]:
        """Return the row for machines."""
        return {
            "code": self.code,
            "goal": str(self.goal),
            "figure": round(self.figure, 3),
            "unit": self.unit,
            "anchor": round(self.anchor, 3),
            "ratio": round(self.ratio, 3),
            "holds": self.holds,
        }


def in_turns(name: str, ours: Round, anchor: Round, rounds: int = ROUNDS) -> tuple[float, float]:
    """Return the medians of our figures and of the anchor's, measured in turns: ours, anchor, ours, anchor.

    Args:
        name: What is measured, to be told on stderr.
        ours: A round of ours.
        anchor: A round of what it is compared with.
        rounds: Rounds of each.
    """
    figures: list[tuple[float, float]] = []
    for number in range(rounds):
        figures.append((ours(number), anchor(number)))
        say(f"{name}: round {number + 1} of {rounds}: {figures[-1][0]:,.4g} against {figures[-1][1]:,.4g}")
    return median(pair[0] for pair in figures), median(pair[1] for pair in figures)


def say(text: str) -> None:
    """Tell on stderr how far a benchmark is; stdout is the result's."""
    print(text, file=sys.stderr, flush=True)


Benchmark = Callable[[], Iterable[Row]]
"""Measures one code."""
