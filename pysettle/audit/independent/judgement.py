"""Check X: what the answers of independent engines say together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pysettle.audit.encoding import EncodingError
from pysettle.audit.independent.race import Answer, Difference
from pysettle.audit.receipts import outcomes
from pysettle.audit.report import Check, Divergence, at_block

LEAST = 2
"""Engines that have to agree."""

ReceiptsOf = Callable[[int], tuple[bytes, ...]]
"""Given a height, returns the receipts of that block as they are hashed."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the engines say together."""

    answers: Mapping[str, str]
    """Mapping engine with its version -> how it ended."""
    divergences: tuple[Divergence, ...]
    """Where an engine departs from the chain, one for each such engine."""
    agreeing: tuple[str, ...]
    """Engines that executed every block and agree, those of the producer included."""
    too_few: str
    """Why fewer than two engines agree, empty if enough do."""


def judged(answers: Sequence[Answer], producer: str, receipts_of: ReceiptsOf | None) -> Judgement:
    """Judge the answers of all engines.

    Args:
        answers: One of each engine.
        producer: Stated maker of the chain; an engine of that name does not count.
        receipts_of: Gives the chain's receipts, by which a transaction can be named; None where there are none.
    """
    told: dict[str, str] = {}
    divergences: list[Divergence] = []
    counted = 0
    for answer in answers:
        title = answer.engine.title
        if answer.difference is not None:
            divergences.append(_divergence(title, answer.difference, receipts_of))
            told[title] = f"differs in block {answer.difference.block}"
        elif answer.missing is not None:
            told[title] = f"could not be had: {answer.missing}"
        elif answer.engine.name.lower() in producer.lower():
            told[title] = f"agrees, and does not count: the producer is stated as {producer}"
        else:
            told[title] = "agrees"
            counted += 1
    needed = f"{counted} of the {LEAST} engines that it needs could be had"
    agreeing = tuple(answer.engine.title for answer in answers if answer.agrees)
    return Judgement(told, tuple(divergences), agreeing, "" if counted >= LEAST else needed)


def _divergence(title: str, difference: Difference, receipts_of: ReceiptsOf | None) -> Divergence:
    transaction, detail = difference.transaction, difference.detail
    if difference.receipts is not None and receipts_of is not None:
        transaction, more = _first_receipt(difference.receipts, receipts_of(difference.block))
        detail += more
    about = "" if transaction is None else f"transaction {transaction}"
    return at_block(Check.INDEPENDENT, difference.block, f"{title}: {detail}", about=about)


def _first_receipt(given: tuple[bytes, ...], stated: tuple[bytes, ...]) -> tuple[int | None, str]:
    """Return the first transaction whose receipt differs, and in which of its parts."""
    for index, (one, two) in enumerate(zip(stated, given, strict=False)):
        if one == two:
            continue
        try:
            (expected,), (got,) = outcomes((one,)), outcomes((two,))
        except EncodingError:
            return index, ""
        if expected.succeeded != got.succeeded:
            return index, f"; success of it: the chain has {expected.succeeded}, it gives {got.succeeded}"
        if expected.cumulative_gas != got.cumulative_gas:
            return index, f"; gas up to it: the chain has {expected.cumulative_gas}, it gives {got.cumulative_gas}"
        return index, "; the logs of it differ"
    return None, ""
