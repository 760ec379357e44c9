"""Mutation testing: change a contract in one place, and see whether its tests notice. See docs/assurance.md.

Each mutant is compiled alone. One that does not compile, or whose code is that of the contract or of a mutant before
it, says nothing and is left out. The others are put in the place of the contract's artifact, in copies of the checkout,
and tested there until the first failure. The sources of the checkout are never touched.

Run as `python -m tests.mutation [--of TARGET] [--every N] [--only FILE:LINE]`, or by `scripts/assure --mutation`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any

from pysettle.errors import ArtifactError
from pysettle.evm import compiler
from pysettle.evm.artifacts import FOLDER, ROOT


@dataclass(frozen=True)
class Target:
    """What is mutated, and what has to notice."""

    contract: str
    """Contract whose artifact is replaced."""
    unit: str
    """Its file."""
    mutated: tuple[str, ...]
    """What of ours is compiled into it, and mutated."""
    tests: tuple[str, ...]
    """Folders of the tests."""


_TOKEN = ("ERC20WithAuthorization", "Signatures")
_COMPUTE, _CHANNELS = "contracts/compute", ("tests/contracts/channels", "tests/contracts/meter")
TARGETS = {
    "currency": Target(
        "CurrencyToken",
        "contracts/money/CurrencyToken.sol",
        ("CurrencyToken", *_TOKEN, "AccountFields", "PolicyFields", "LimitsFields", "Calendar"),
        ("tests/contracts/currency",),
    ),
    # Whoever creates a series has its code.
    "series": Target(
        "SeriesFactory",
        f"{_COMPUTE}/SeriesFactory.sol",
        ("ComputeToken", "SupplyFields", "SeriesFactory"),
        ("tests/contracts/series", "tests/contracts/market"),
    ),
    "market": Target("ComputeMarket", f"{_COMPUTE}/ComputeMarket.sol", ("ComputeMarket",), ("tests/contracts/market",)),
    "hub": Target(
        "ChannelHub",
        "contracts/channel/ChannelHub.sol",
        ("ChannelHub", "ChannelHash", "ChannelFields", "RateCardFields", "UsageFields", "Signatures"),
        _CHANNELS,
    ),
    "meter": Target("UsageMeter", f"{_COMPUTE}/UsageMeter.sol", ("UsageMeter",), ("tests/contracts/meter",)),
    "jobs": Target("JobEscrow", f"{_COMPUTE}/JobEscrow.sol", ("JobEscrow",), ("tests/contracts/jobs",)),
}
WORKERS = 2
KILLERS = 8
"""Tests that killed last, and are asked first."""
RUNS = 200
"""What mutants are optimised for, in place of the contract's many: none is to be refused for its size."""
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

    @property
    def function(self) -> str:
        """Name of the function it is in, empty where it is in none."""
        before = (ROOT / self.file).read_bytes()[: self.start].decode()
        return ["", *re.findall(r"function (\w+)\(", before)][-1]

    def __str__(self) -> str:
        """Tell it in one line, as the report does."""
        old, new = (" ".join(text.split()) for text in (self.old, self.new))
        return f"`{self.file}:{self.line}` {self.mutator}: `{old}` -> `{new}`"


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant."""

    mutant: Mutant
    verdict: str
    """`not compiled`, `same code`, `killed` or `survived`."""
    seconds: float
    by: str = ""
    """The test that killed it."""


@dataclass(frozen=True)
class Code:
    """A contract's code, in hex."""

    creation: str
    """What creates it."""
    runtime: str
    """What a genesis holds, where it has no immutables."""


class Compiler:
    """Compile mutants of a contract, and know whose code was seen before."""

    def __init__(self, target: Target) -> None:
        """Compile the contract as it is."""
        self._target = target
        self._input = compiler.standard_input(ROOT)
        self._input["settings"]["optimizer"]["runs"] = RUNS
        self._input["settings"]["outputSelection"] = {target.unit: {target.contract: compiler.OUTPUTS}}
        self._lock = Lock()
        original = self._compile(self._input)
        self._seen = {original["evm"]["bytecode"]["object"]}

    def code_of(self, mutant: Mutant) -> Code | None:
        """Return the mutant's code, None where it was seen before.

        Raises:
            ArtifactError: it does not compile.
        """
        sources = dict(self._input["sources"])
        content = sources[mutant.file]["content"].encode()
        changed = content[: mutant.start] + mutant.new.encode() + content[mutant.end :]
        sources[mutant.file] = {"content": changed.decode()}
        evm = self._compile({**self._input, "sources": sources})["evm"]
        code = Code(evm["bytecode"]["object"], evm["deployedBytecode"]["object"])
        with self._lock:
            if code.creation in self._seen:
                return None
            self._seen.add(code.creation)
        return code

    def _compile(self, standard_input: dict[str, Any]) -> dict[str, Any]:
        output = compiler.compile_standard_json(standard_input, ROOT)
        contract: dict[str, Any] = output["contracts"][self._target.unit][self._target.contract]
        return contract


class Tests:
    """The tests of the contract, those that killed last first."""

    def __init__(self, target: Target) -> None:
        """Find the files."""
        self._killers: list[str] = []
        found = (path for folder in target.tests for path in (ROOT / folder).glob("test_*.py"))
        self._files = sorted(path.relative_to(ROOT).as_posix() for path in found)
        self._lock = Lock()

    def killer(self, checkout: Checkout, function: str = "") -> str | None:
        """Return the first test that fails in a checkout, None where none does.

        Args:
            checkout: Where the tests run.
            function: What is changed there: the files that speak of it most are asked first.
        """
        with self._lock:
            killers = list(self._killers)
        told = re.compile(rf"\b{re.sub('(?=[A-Z])', '_?', function)}\b", re.IGNORECASE)
        files = sorted(self._files, key=lambda file: -len(told.findall((ROOT / file).read_text())))
        # In two runs: pytest would take a test out that its file, named too, holds.
        killer = (self._failing(checkout, killers) if killers else None) or self._failing(checkout, files)
        if killer is not None:
            with self._lock:
                self._killers = [killer, *(other for other in self._killers if other != killer)][:KILLERS]
        return killer

    def _failing(self, checkout: Checkout, tests: list[str]) -> str | None:
        code, out = checkout.pytest(["-x", "-q", "-p", "no:cacheprovider", "--tb=no", *tests])
        if code == 0:
            return None
        if code == -signal.SIGALRM:
            # Which of them did not end is not known.
            return tests[0]
        told = [line for line in out.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        assert told, f"pytest ended with {code} and named no test:\n{out}"
        # What follows a dash is of the error.
        return told[0].partition(" ")[2].partition(" - ")[0]


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
            [sys.executable, "-m", "tests.mutation.server"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def put(self, code: Code) -> None:
        """Have the tests deploy this code, or put it into their genesis."""
        artifact = json.loads((ROOT / FOLDER / self._artifact.name).read_bytes())
        mutated = {"bytecode": f"0x{code.creation}", "runtime_bytecode": f"0x{code.runtime}"}
        self._artifact.write_text(json.dumps({**artifact, **mutated}))

    def pytest(self, arguments: list[str]) -> tuple[int, str]:
        """Run pytest; return its exit code, negative for a signal, and what it printed."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        print(json.dumps(arguments), file=self._server.stdin, flush=True)
        result = json.loads(self._server.stdout.readline())
        return result["code"], result["out"]

    def close(self) -> None:
        """End the server."""
        self._server.communicate()


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


def campaign(target: Target, mutants: list[Mutant]) -> Iterator[Outcome]:
    """Yield what becomes of each mutant, in their order."""
    compile_, tests = Compiler(target), Tests(target)
    free: SimpleQueue[Checkout] = SimpleQueue()
    for number in range(WORKERS):
        checkout = Checkout(WORK / f"checkout-{number}", target)
        survives = tests.killer(checkout)
        assert survives is None, f"the tests fail without any change: {survives}"
        free.put(checkout)

    def judge(mutant: Mutant) -> Outcome:
        began, checkout = time.monotonic(), free.get()
        try:
            try:
                code = compile_.code_of(mutant)
            except ArtifactError:
                return Outcome(mutant, "not compiled", time.monotonic() - began)
            if code is None:
                return Outcome(mutant, "same code", time.monotonic() - began)
            checkout.put(code)
            killer = tests.killer(checkout, mutant.function)
            return Outcome(mutant, "killed" if killer else "survived", time.monotonic() - began, killer or "")
        finally:
            free.put(checkout)

    with ThreadPoolExecutor(WORKERS) as workers:
        yield from workers.map(judge, mutants)
    for _ in range(WORKERS):
        free.get().close()


def main() -> int:
    """Run the campaign and write the report; return 1 where a survivor is not explained in docs/assurance.md."""
    parser = argparse.ArgumentParser(prog="scripts/assure --mutation", description=__doc__.partition("\n")[0])
    parser.add_argument("--of", choices=list(TARGETS), default="currency", help="what is mutated")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth mutant")
    parser.add_argument("--skip", type=int, default=0, metavar="N", help="not the first N, which ran before")
    parser.add_argument("--only", metavar="FILE:LINE", help="only the mutants of a file, or of a line of it")
    options = parser.parse_args()
    chosen = [mutant for mutant in made(TARGETS[options.of]) if (options.only or "") in f"{mutant.file}:{mutant.line}:"]
    chosen = chosen[options.skip :: options.every]
    outcomes: list[Outcome] = []
    for outcome in campaign(TARGETS[options.of], chosen):
        outcomes.append(outcome)
        told = f"{outcome.verdict} {outcome.by}".strip()
        print(f"{len(outcomes)}/{len(chosen)} {outcome.seconds:.1f} s {outcome.mutant}: {told}", file=sys.stderr)
    return report(outcomes)


def report(outcomes: list[Outcome]) -> int:
    """Write what became of the mutants, survivors one by one; return the exit code."""
    explained = (ROOT / "docs/assurance.md").read_text()
    verdicts = ("killed", "survived", "same code", "not compiled")
    lines = [f"{sum(outcome.verdict == verdict for outcome in outcomes)} {verdict}" for verdict in verdicts]
    survivors = [outcome.mutant for outcome in outcomes if outcome.verdict == "survived"]
    unexplained = [mutant for mutant in survivors if key(mutant) not in explained]
    text = [", ".join(lines), "", *(f"- {mutant}" for mutant in survivors), ""]
    REPORT.write_text("\n".join(text))
    print("\n".join(text))
    print(f"{len(unexplained)} survivors are not explained in docs/assurance.md")
    return 1 if unexplained else 0


def key(mutant: Mutant) -> str:
    """Return how docs/assurance.md names a survivor: without its line, which moves."""
    old, new = (" ".join(text.split()) for text in (mutant.old, mutant.new))
    return f"`{old}` -> `{new}`"


if __name__ == "__main__":
    sys.exit(main())
