"""SPEED-START: how long a command line takes, beside loading what it cannot do without."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from pysettle.cli import main
from pysettle.cli.main import children
from tests.benchmarks.anchors import scratch
from tests.benchmarks.measure import Goal, Row, in_turns
from tests.node.process import node

_CODE = "SPEED-START"
_ROUNDS = 9
_CLICK = ("-c", "import click")
_PRAGUE = ("-c", "import eth.vm.forks.prague")
_PYSETTLE = ("-m", "pysettle")


def speed_start() -> Iterator[Row]:
    """Measure help, completion and a balance, each in a Python of its own, against a Python that imports one package.

    Of all helps of nouns and commands the slowest is measured, found by one round of each.
    """
    yield _row("help", 1.5, (*_PYSETTLE, "--help"), _CLICK)
    slowest = max(_lines(main), key=lambda words: _took((*_PYSETTLE, *words, "--help"), {}))
    yield _row("help of " + " ".join(slowest), 3, (*_PYSETTLE, *slowest, "--help"), _CLICK)
    with scratch() as directory:
        town = {"PYSETTLE_WORKSPACE": str(Path(directory) / "town")}
        _began("init", town["PYSETTLE_WORKSPACE"])
        _began("network", "deploy", **town)
        _began("token", "issue", "--to", "alice", "--amount", "100", **town)
        asked = town | {"_PYSETTLE_COMPLETE": "bash_complete", "COMP_CWORD": "4"}
        asked |= {"COMP_WORDS": "pysettle token balance --account al"}
        yield _row("completion", 3, _PYSETTLE, _CLICK, asked)
        balance = (*_PYSETTLE, "token", "balance", "--account", "alice")
        yield _row("balance in a file", 1.3, balance, _PRAGUE, town)
        with node() as url:
            there = {"PYSETTLE_WORKSPACE": str(Path(directory) / "there"), "PYSETTLE_CHAIN": url}
            _began("init", there["PYSETTLE_WORKSPACE"], **there)
            _began("network", "deploy", **there)
            yield _row("balance by a node", 8, balance, _CLICK, there)


def _row(
    what: str, bound: float, ours: tuple[str, ...], anchor: tuple[str, ...], variables: dict[str, str] | None = None
) -> Row:
    name = f"{_CODE}, {what}"
    figure, beside = in_turns(name, lambda _: _took(ours, variables or {}), lambda _: _took(anchor, {}), _ROUNDS)
    return Row(name, Goal(bound, most=True), figure, "ms", beside)


def _lines(command: click.Command, *words: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of each noun, and of each command below it."""
    if words:
        yield words
    if isinstance(command, click.Group):
        for name, child in children(command):
            yield from _lines(child, *words, name)


def _took(arguments: tuple[str, ...], variables: dict[str, str]) -> float:
    """Return how long a Python takes that ends well, in milliseconds.

    It keeps the byte code of what it imports, as that of installed packages is kept: compiling is measured for none.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=environment | variables, check=True, capture_output=True)
    return (time.perf_counter() - began) * 1_000


def _began(*words: str, **variables: str) -> None:
    _took((*_PYSETTLE, *words), variables)
