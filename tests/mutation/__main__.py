"""Mutation testing: change a contract in one place, and see whether its tests notice. See docs/assurance.md.

Each mutant is compiled alone. One that does not compile, or whose code is that of the contract or of a mutant before
it, says nothing and is left out. The others are put in the place of the contract's artifact, in copies of the checkout,
and there the tests that execute what was changed run until the first failure. The sources of the checkout are never
touched.

Run as `python -m tests.mutation [--of TARGET] [--every N] [--only FILE:LINE]`, or by `scripts/assure --mutation`. The
report grows with each mutant; `--shuffle SEED` makes the mutants of a campaign that somebody ends a fair sample, and
`--since COMMIT` leaves out what did not change since a commit.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any

from pysettle.domain.catalogue import COLUMNS
from pysettle.errors import ArtifactError
from pysettle.evm.artifacts import FOLDER, ROOT
from tests import columns
from tests.chance import fixed
from tests.mutation.changes import changed_since
from tests.mutation.compiling import Code, Solc, Sources
from tests.mutation.reach import Reach
from tests.mutation.survivors import FILE, Survivor, explained, plain


@dataclass(frozen=True)
class Target:
    """What is mutated, and what has to notice."""

    contract: str
    """Contract whose artifact is replaced."""
    mutated: tuple[str, ...]
    """What of ours is compiled into it, and mutated."""
    tests: tuple[str, ...]
    """Folders or files of the tests."""


_TOKEN = ("ERC20WithAuthorization", "Signatures")
_SERIES = ("tests/contracts/compute/series", "tests/contracts/compute/market")
_CHANNELS = ("tests/contracts/channel/hub", "tests/contracts/channel/meter")
_NAMED = {
    "currency": Target(
        "CurrencyToken",
        ("CurrencyToken", *_TOKEN, "AccountFields", "PolicyFields", "LimitsFields", "Calendar"),
        ("tests/contracts/money/currency",),
    ),
    # The currency creates its desk, whose code it has.
    "desk": Target(
        "CurrencyToken",
        ("IssuanceDesk", "FixedAuthority"),
        ("tests/contracts/money/desk", "tests/contracts/money/currency/test_roles.py"),
    ),
    "access": Target(
        "NetworkAccess", ("NetworkAccess",), ("tests/contracts/core", "tests/contracts/money/currency/test_roles.py")
    ),
    # The market creates the factory, which has the code of a series.
    "series": Target("ComputeMarket", ("ComputeToken", "SupplyFields", "SeriesFactory"), _SERIES),
    "market": Target("ComputeMarket", ("ComputeMarket",), _SERIES),
    "hub": Target(
        "ChannelHub",
        ("ChannelHub", "ChannelHash", "ChannelFields", "RateCardFields", "UsageFields", "Signatures"),
        _CHANNELS,
    ),
    "meter": Target("UsageMeter", ("UsageMeter",), ("tests/contracts/channel/meter",)),
    "jobs": Target("JobEscrow", ("JobEscrow",), ("tests/contracts/jobs",)),
    "participants": Target(
        "ParticipantRegistry",
        ("ParticipantRegistry", "Identifiers", "CurrencyPowers", "HomeCurrencies"),
        ("tests/contracts/settlement/test_registry.py", "tests/contracts/settlement/test_homes.py"),
    ),
    "liquidity": Target(
        "LiquidityAccounts",
        ("LiquidityAccounts", "PositionLegs", "PositionPowers", "PositionFields"),
        ("tests/contracts/settlement",),
    ),
    "settlement": Target(
        "AtomicSettlement",
        ("AtomicSettlement", "InstructionHash"),
        ("tests/contracts/settlement",),
    ),
    "clearing": Target(
        "ClearingHouse",
        ("ClearingHouse", "ClearingQueues", "ClearingCycles", "ItemFields", "BatchHeaderFields", "QueueFields"),
        (
            "tests/contracts/settlement/test_clearing.py",
            "tests/contracts/settlement/test_clearing_bounds.py",
            "tests/contracts/settlement/test_pairs.py",
        ),
    ),
    "corridors": Target(
        "Corridors",
        ("Corridors", "CorridorLimits", "CurrencyHours", "OpeningHours"),
        (
            "tests/contracts/settlement/test_corridors.py",
            "tests/contracts/settlement/test_crossings.py",
            "tests/contracts/settlement/test_corridor_model.py",
            # Admissions of batches.
            "tests/contracts/settlement/test_clearing.py",
        ),
    ),
}
_TAKEN = {name for target in _NAMED.values() for name in target.mutated}
TARGETS = _NAMED | {
    name: Target(name, (name,), (f"tests/contracts/{column}",))
    for column in COLUMNS
    for name in columns.contracts(column)
    if name not in _TAKEN
}
"""Targets with a name of their own; any other contract of a column is one by its name, for the tests of its column."""
WORKERS = 2
KILLERS = 8
"""Tests that killed last, and are asked first."""
WORK = ROOT / "build" / "mutation"
REPORT = WORK / "report.md"


@dataclass(frozen=True)
class Mutant:
    """One change of the sources."""

    file: str
    line: int
    mutator: str
    start: int
    end: int
    old: str
    new: str

    def __str__(self) -> str:
        """Tell it in one line, as the report does."""
        old, new = plain(self.old), plain(self.new)
        return f"`{self.file}:{self.line}` {self.mutator}: `{old}` -> `{new}`"


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant."""

    mutant: Mutant
    verdict: str
    """`not compiled`, `same code`, `killed` or `survived`."""
    seconds: float
    by: str = ""
    """The test that killed it, or how many did not."""


class Checkout:
    """A copy of what the tests need of this checkout, and a server that runs them there."""

    def __init__(self, folder: Path, target: Target) -> None:
        """Copy, and begin the server."""
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("contracts", "docs", "pysettle", "tests"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        (folder / "node_modules").symlink_to(ROOT / "node_modules")
        self._artifact = folder / FOLDER / f"{target.contract}.json"
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.mutation.server", *target.tests],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.tests: list[str] = self._answer()

    def put(self, code: Code) -> None:
        """Have the tests deploy this code, or put it into their genesis."""
        artifact = json.loads((ROOT / FOLDER / self._artifact.name).read_bytes())
        mutated = {"bytecode": f"0x{code.creation}", "runtime_bytecode": f"0x{code.runtime}"}
        self._artifact.write_text(json.dumps({**artifact, **mutated}))

    def run(self, tests: Sequence[str], traced: Sequence[str] = ()) -> dict[str, Any]:
        """Run tests until the first that fails; return what `server` says."""
        assert self._server.stdin is not None
        print(json.dumps({"tests": tests, "traced": traced}), file=self._server.stdin, flush=True)
        told: dict[str, Any] = self._answer()
        return told

    def _answer(self) -> Any:
        assert self._server.stdout is not None
        return json.loads(self._server.stdout.readline())

    def close(self) -> None:
        """End the server."""
        self._server.communicate()


class Campaign:
    """The mutants of a target, judged by several at once."""

    def __init__(self, target: Target, workers: int) -> None:
        """See that the tests pass on the contract as it is, and what each of them executes."""
        self._sources = Sources(columns.source_of(target.contract), target.contract)
        self._free: SimpleQueue[tuple[Checkout, Solc]] = SimpleQueue()
        self._killers: list[str] = []
        self._lock = Lock()
        pairs = [(Checkout(WORK / f"checkout-{number}", target), Solc()) for number in range(workers)]
        (checkout, solc), *_ = pairs
        self._workers = workers
        names = sorted({target.contract, *target.mutated})
        told = checkout.run(checkout.tests, names)
        assert told["failed"] is None, f"the tests fail without any change: {told['failed']}"
        self._reach = Reach(names, told["executed"])
        checkout.put(self._sources.compiled(solc))
        told = checkout.run(checkout.tests)
        assert told["failed"] is None, f"the tests fail where the optimiser is told of fewer runs: {told['failed']}"
        for pair in pairs:
            self._free.put(pair)

    def outcomes(self, mutants: list[Mutant]) -> Iterator[Outcome]:
        """Yield what becomes of each mutant, in their order."""
        with ThreadPoolExecutor(self._workers) as workers:
            yield from workers.map(self._judge, mutants)
        for _ in range(self._workers):
            checkout, solc = self._free.get()
            checkout.close()
            solc.close()

    def _judge(self, mutant: Mutant) -> Outcome:
        checkout, solc = self._free.get()
        began = time.monotonic()
        try:
            verdict, by = self._verdict(mutant, checkout, solc)
            return Outcome(mutant, verdict, time.monotonic() - began, by)
        finally:
            self._free.put((checkout, solc))

    def _verdict(self, mutant: Mutant, checkout: Checkout, solc: Solc) -> tuple[str, str]:
        try:
            code = self._sources.compiled(solc, mutant.file, mutant.start, mutant.end, mutant.new)
        except ArtifactError:
            return "not compiled", ""
        if not self._sources.is_new(code):
            return "same code", ""
        checkout.put(code)
        tests = self._reach.tests_of(mutant.file, mutant.start, mutant.end)
        with self._lock:
            first = [it for it in self._killers if it in tests]
        killer: str | None = checkout.run([*first, *(it for it in tests if it not in first)])["failed"]
        if killer is None:
            return "survived", f"{len(tests)} tests"
        with self._lock:
            self._killers = [killer, *(it for it in self._killers if it != killer)][:KILLERS]
        return "killed", killer


def made(target: Target) -> list[Mutant]:
    """Return the mutants, in the order of the sources."""
    python, here = ROOT / ".venv-assurance/bin/python", Path(__file__).parent
    path = os.pathsep.join([str(ROOT / "node_modules/.bin"), os.environ["PATH"]])
    out = {"FOUNDRY_OUT": "build/slither/out", "FOUNDRY_CACHE_PATH": "build/slither/cache"}
    lines = subprocess.run(
        [python, here / "mutants.py", *target.mutated],
        cwd=ROOT,
        env={**os.environ, "PATH": path, **out},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.splitlines()
    mutants = [Mutant(**json.loads(line)) for line in lines if line.startswith("{")]
    return sorted(mutants, key=lambda mutant: (mutant.file, mutant.line, mutant.start, mutant.new))


def main() -> int:
    """Run the campaign and write the report; return 1 where a survivor is not explained in `survivors.toml`."""
    parser = argparse.ArgumentParser(prog="scripts/assure --mutation", description=__doc__.partition("\n")[0])
    parser.add_argument("--of", choices=list(TARGETS), default="currency", help="what is mutated")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth mutant")
    parser.add_argument("--skip", type=int, default=0, metavar="N", help="not the first N, which ran before")
    parser.add_argument(
        "--only", metavar="FILE:LINE", default="", help="only the mutants of a file, or of a line of it"
    )
    parser.add_argument("--since", metavar="COMMIT", help="only the mutants of lines that are new since a commit")
    parser.add_argument("--again", metavar="REPORT", type=Path, help="only those that survived, by an earlier report")
    parser.add_argument("--shuffle", type=int, metavar="SEED", help="in a random order, before --skip and --every")
    parser.add_argument("--workers", type=int, default=WORKERS, metavar="N", help="how many at once")
    options = parser.parse_args()
    chosen = [mutant for mutant in made(TARGETS[options.of]) if options.only in f"{mutant.file}:{mutant.line}:"]
    if options.since:
        lines = changed_since(ROOT, options.since)
        chosen = [mutant for mutant in chosen if (mutant.file, mutant.line) in lines]
    if options.again:
        survived = options.again.read_text().splitlines()
        chosen = [mutant for mutant in chosen if f"- {mutant}" in survived]
    if options.shuffle is not None:
        fixed(options.shuffle).shuffle(chosen)
    chosen = chosen[options.skip :: options.every]
    outcomes: list[Outcome] = []
    for outcome in Campaign(TARGETS[options.of], options.workers).outcomes(chosen):
        outcomes.append(outcome)
        told = f"{outcome.verdict} {outcome.by}".strip()
        print(f"{len(outcomes)}/{len(chosen)} {outcome.seconds:.1f} s {outcome.mutant}: {told}", file=sys.stderr)
        report(outcomes)
    print(REPORT.read_text())
    return 1 if unexplained(outcomes) else 0


def report(outcomes: list[Outcome]) -> None:
    """Write what became of the mutants, survivors one by one."""
    verdicts = ("killed", "survived", "same code", "not compiled")
    lines = [f"{sum(outcome.verdict == verdict for outcome in outcomes)} {verdict}" for verdict in verdicts]
    missing = f"{len(unexplained(outcomes))} survivors are not explained in {FILE.relative_to(ROOT)}"
    REPORT.write_text("\n".join([", ".join(lines), "", *(f"- {it}" for it in survivors(outcomes)), "", missing, ""]))


def survivors(outcomes: list[Outcome]) -> list[Mutant]:
    """Return the mutants that no test noticed."""
    return [outcome.mutant for outcome in outcomes if outcome.verdict == "survived"]


def unexplained(outcomes: list[Outcome]) -> list[Mutant]:
    """Return the survivors without a reason."""
    reasons = explained()
    return [mutant for mutant in survivors(outcomes) if key(mutant) not in reasons]


def key(mutant: Mutant) -> Survivor:
    """Return a mutant as `survivors.toml` names it: without its line, which moves."""
    return Survivor(mutant.file, plain(mutant.old), plain(mutant.new))


if __name__ == "__main__":
    sys.exit(main())
