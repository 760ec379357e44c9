"""Run tests as often as asked, each time in a fork of one process that has imported and collected them.

Arguments are what pytest is to collect. The first line on standard output is a JSON list of the tests' ids. Then each
line on standard input, `{"tests": ids, "traced": contracts}`, is answered with a line, after the first test that fails
or after the last one:

    {"failed": id or null, "executed": {id: [seconds, {code: [[begin, end], ...]}]}}

where `executed` is only told of traced contracts: which bytes of their codes ran, `NAME runtime` or `NAME creation`;
under "" is what ran in fixtures that serve several tests.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from functools import cache
from typing import IO, Any

import pytest

from pysettle.evm import artifacts, interpreter

TIMEOUT_S = 600

Known = dict[bytes, tuple[dict[int, Any], set[int]]]
"""Code -> what the interpreter knows of it once it has executed it: run by place, and the places jumped to."""


class Server:
    """pytest's loop over its tests, replaced by one over what is asked for."""

    def __init__(self, answers: IO[str]) -> None:
        """Answer there."""
        self._answers = answers
        self._failed: str | None = None
        self._known: Known = {}
        self._shared: Known = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Serve until nothing more is asked."""
        items = {item.nodeid: item for item in session.items}
        self._say(list(items))
        for line in sys.stdin:
            asked: dict[str, Any] = json.loads(line)
            self._say(_in_fork(self._run([items[it] for it in asked["tests"]], asked["traced"])))
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember what failed."""
        if report.failed and self._failed is None:
            self._failed = report.nodeid

    def _say(self, answer: object) -> None:
        print(json.dumps(answer), file=self._answers, flush=True)

    def _run(self, items: list[pytest.Item], traced: list[str]) -> Iterator[dict[str, object]]:
        # What was read before the code was replaced.
        artifacts.load.cache_clear()
        if traced:
            self._known = trace()
        for item, following in zip(items, [*items[1:], None], strict=True):
            self._known.clear()
            began = time.monotonic()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            seconds = time.monotonic() - began
            if self._failed is not None:
                break
            if traced:
                yield {"executed": {item.nodeid: [seconds, executed(self._known, traced)]}}
        yield {"executed": {"": [0, executed(self._shared, traced)]}}
        yield {"failed": self._failed}

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        """Keep apart what is executed once for several tests."""
        if fixturedef.scope == "function":
            return (yield)
        before = dict(self._known)
        self._known.clear()
        try:
            return (yield)
        finally:
            for code, (runs, places) in self._known.items():
                self._shared.setdefault(code, ({}, places))[0].update(runs)
            self._known.clear()
            self._known.update(before)


def trace() -> Known:
    """Have the interpreter keep what it executes of each code in a mapping; return it, to be emptied between tests."""
    known: Known = {}
    interpreter._known = lambda code: known.setdefault(code, ({}, set()))  # type: ignore[assignment]
    return known


def executed(known: Known, names: list[str]) -> dict[str, list[list[int]]]:
    """Return which bytes were executed of the named contracts' codes."""
    found: dict[str, dict[int, int]] = {}
    for code, (runs, _) in known.items():
        name = _name_of(code, tuple(names))
        if name is not None:
            found.setdefault(name, {}).update((begin, run.after) for begin, run in runs.items())
    return {name: [[begin, end] for begin, end in sorted(runs.items())] for name, runs in found.items()}


@cache
def _name_of(code: bytes, names: tuple[str, ...]) -> str | None:
    for name in names:
        artifact = artifacts.load(name)
        if artifact.is_code_of(code):
            return f"{name} runtime"
        if artifact.bytecode and code.startswith(artifact.bytecode):
            return f"{name} creation"
    return None


def _in_fork(run: Iterator[dict[str, object]]) -> dict[str, Any]:
    """Return what a run says in a fork of this process, joined; one that takes too long fails as a whole."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        signal.alarm(TIMEOUT_S)
        ended = 1
        try:
            with os.fdopen(writer, "w") as said:
                for answer in run:
                    print(json.dumps(answer), file=said)
            ended = 0
        except Exception:  # noqa: BLE001 - whatever it is, this process ends here
            traceback.print_exc()
        finally:
            os._exit(ended)
    os.close(writer)
    with os.fdopen(reader) as said:
        answers = [json.loads(line) for line in said]
    _, status = os.waitpid(child, 0)
    if status:
        ended = os.waitstatus_to_exitcode(status)
        assert ended == -signal.SIGALRM, f"the tests ended with {ended}"
        return {"failed": f"a test that did not end in {TIMEOUT_S} s"}
    told: dict[str, Any] = {"failed": answers[-1]["failed"], "executed": {}}
    for answer in answers[:-1]:
        told["executed"] |= answer["executed"]
    return told


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "w")
    # What pytest prints of the tests is nobody's concern.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    arguments = ["-q", "-p", "no:cacheprovider", "--tb=no", "-s", *sys.argv[1:]]
    sys.exit(pytest.main(arguments, plugins=[Server(answers)]))
