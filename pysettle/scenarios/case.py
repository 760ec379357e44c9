"""The result of a case across borders: figures with their origin, times, refusals, expectations, and the audit."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pysettle.audit.extract import export_bundle
from pysettle.audit.verify import Report, verify
from pysettle.audit.writing import check_replaceable
from pysettle.money import to_text
from pysettle.scenarios.correspondents import TraditionalPath
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.client import SettlementNetwork
    from pysettle.evm.embedded import EmbeddedChain


class Origin(Enum):
    """The origin of a figure."""

    PUBLISHED = "published"
    """A source states it."""
    DRAWN = "drawn"
    """The seed decides it, within the bounds of the scenario."""
    COMPUTED = "computed"
    """It follows from the run, from the calendars or from the rates."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a case."""

    name: str
    """Its name."""
    origin: Origin
    """Where it comes from."""
    text: str
    """The figure as a person reads it."""
    source: str | None = None
    """Source of a published figure."""
    count: int | None = None
    """A number of things."""
    tokens: int | None = None
    """An amount of Tokens."""
    units: int | None = None
    """An amount of money, in millionths of the currency."""
    currency: str | None = None
    """Code of the currency of that amount (ISO 4217)."""

    @classmethod
    def of_count(cls, name: str, origin: Origin, count: int, source: str | None = None) -> Figure:
        """Return a number of things."""
        return cls(name, origin, f"{count:,}", source, count=count)

    @classmethod
    def of_money(cls, name: str, origin: Origin, units: int, currency: str, source: str | None = None) -> Figure:
        """Return an amount of money, in millionths of the currency."""
        return cls(name, origin, f"{to_text(units)} {currency}", source, units=units, currency=currency)

    @classmethod
    def of_tokens(cls, name: str, origin: Origin, tokens: int) -> Figure:
        """Return an amount of Tokens."""
        return cls(name, origin, f"{tokens:,}", tokens=tokens)


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction of a story."""

    text: str
    """The step in words."""
    transaction: bytes
    """Its hash."""
    block: int
    """Block it is in."""
    timestamp: int
    """Chain time of the block, unix seconds."""
    gas_used: int
    """Gas it used."""


@dataclass(frozen=True, slots=True)
class Settled:
    """One instruction that came to its end."""

    text: str
    """The instruction in words."""
    kind: str
    """Payment or PvP."""
    handed_in: int
    """Unix second at which the banks handed it in."""
    irrevocable: int | None
    """Unix second from which no party can leave it; None if it never came so far."""
    final: int | None
    """Unix second at which it was final; None if its legs went home."""
    traditional: TraditionalPath
    """The same instruction through correspondent banks."""
    transaction: bytes
    """Hash of the transaction that ended it."""

    @property
    def took_s(self) -> int | None:
        """Seconds from the handing in to finality; None if its legs went home."""
        return None if self.final is None else self.final - self.handed_in


@dataclass(frozen=True, slots=True)
class Refusal:
    """A transaction that a contract refused."""

    at: int
    """Unix second of its block."""
    step: str
    """The step in words."""
    error: str
    """Name of the error."""
    reason: str
    """The reason in words."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A figure that a run has to have."""

    name: str
    """The figure in words."""
    expected: str
    """The value that it has to have."""
    actual: str
    """The value that it has."""
    met: bool
    """Whether the run has it."""

    @classmethod
    def equal(cls, name: str, expected: str, actual: str) -> Expectation:
        """Expect one value."""
        return cls(name, expected, actual, expected == actual)

    @classmethod
    def above(cls, name: str, least: int, actual: int, currency: str) -> Expectation:
        """Expect more than an amount of money, in millionths of the currency."""
        return cls(name, f"over {to_text(least)} {currency}", f"{to_text(actual)} {currency}", actual > least)

    @classmethod
    def of_audit(cls, report: Report) -> Expectation:
        """Expect that a bundle is verified by re-execution, without a finding."""
        return cls.equal("audit", "level S, 0 findings", f"level {report.level}, {len(report.findings)} findings")


@dataclass(frozen=True)
class CaseResult:
    """The result of a case."""

    title: str
    """Its title."""
    seed: int
    """Seed of the run."""
    steps: tuple[Step, ...]
    """Its transactions, as far as the case tells them."""
    figures: tuple[Figure, ...]
    """Its figures."""
    settled: tuple[Settled, ...]
    """Its instructions, in the order in which they ended."""
    refusals: tuple[Refusal, ...]
    """Its refused transactions, in their order."""
    expectations: tuple[Expectation, ...]
    """Figures that it has to have."""
    report: Report
    """Result of the verification of the bundle."""
    bundle: Path | None
    """Directory of the bundle, None if it was not kept."""

    @property
    def failed(self) -> tuple[Expectation, ...]:
        """The expectations that were not met."""
        return tuple(it for it in self.expectations if not it.met)


class Case(Protocol):
    """A case across borders that a seed decides, not yet run."""

    def run(self) -> None:
        """Run it to its end."""

    def result(self, out: Path | None) -> CaseResult:
        """Export and verify its bundle, and return the figures.

        Args:
            out: Directory for the bundle; a temporary one, removed afterwards, if None.
        """


def run_case(begin: Callable[[int], Case], *, seed: int = 0, out: Path | None = None) -> CaseResult:
    """Run a case.

    Args:
        begin: Begins the case; all that is drawn in it, keys and block randomness are derived from the seed.
        seed: The seed.
        out: Directory for the bundle; a temporary one, removed afterwards, if None.

    Raises:
        UsageError: `out` holds something that is no bundle; nothing was run.
    """
    if out is not None:
        check_replaceable(out)
    case = begin(seed)
    case.run()
    return case.result(out)


def prove(chain: EmbeddedChain, network: SettlementNetwork, labels: Mapping[Address, str], out: Path | None) -> Report:
    """Export the bundle of a network, and verify it by executing it again.

    Args:
        chain: Its chain.
        network: The network.
        labels: Names of accounts in the bundle.
        out: Directory for the bundle; a temporary one, removed afterwards, if None.
    """
    with tempfile.TemporaryDirectory(prefix="pysettle-") as directory:
        place = out or Path(directory) / "bundle"
        export_bundle(chain, place, network.contracts(), labels=labels)
        return verify(place)
