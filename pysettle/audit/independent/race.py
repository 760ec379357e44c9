"""Run independent engines on one chain, side by side, and compare each block of each with the hash it must have.

An engine is not trusted to end, to answer, or to answer in time: it is a process that is ended when it is silent for
longer than the auditor's patience, and whatever it does instead of an answer is 'could not be had'.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from pysettle.audit.independent.catalogue import Engine

PATIENCE_S = 600
"""Seconds of silence after which an engine is given up, unless the auditor says otherwise."""
_LINE_MAX = 2**28
"""Most bytes of one line; receipts of a block in hex digits fit."""
_PIECE = 2**16
_GUARD = ("/bin/sh", "-c", "read _; kill -9 0")
"""Ends its process group, and itself with it, when the pipe to it closes: even if the audit was killed."""
_REASON_MAX = 300


@dataclass(frozen=True, slots=True)
class Difference:
    """A block in which an engine arrives at something else than the chain states."""

    block: int
    """Its height."""
    detail: str
    """The fields, or why the engine refuses the block."""
    transaction: int | None = None
    """Index of the transaction that the engine refuses, None where it refuses none."""
    receipts: tuple[bytes, ...] | None = None
    """Receipts by the engine as they are hashed, None where it gives none."""


@dataclass(slots=True)
class Answer:
    """How an engine ended."""

    engine: Engine
    """The engine."""
    agreed: int = 0
    """Blocks after the genesis in which it arrived at the chain's hash."""
    difference: Difference | None = None
    """Where it departs from the chain, None if it does not."""
    missing: str | None = None
    """Why no answer could be had, None if one was."""

    @property
    def agrees(self) -> bool:
        """Whether it executed every block and arrived at every hash."""
        return self.difference is None and self.missing is None


@dataclass(slots=True)
class _Running:
    """A process of an engine."""

    answer: Answer
    process: subprocess.Popen[bytes]
    guard: subprocess.Popen[bytes]
    stderr: IO[bytes]
    heard: float
    rest: bytes = b""
    seen: int = 0
    """Blocks told of, the genesis included."""


@dataclass(slots=True)
class Race:
    """All engines on one chain."""

    genesis: Path
    """The file `genesis.json`."""
    chain: Path
    """Blocks from 1 on, RLP one after the other."""
    hashes: Sequence[bytes]
    """Hash that each block must have, from the genesis on."""
    patience_s: float = PATIENCE_S
    """Seconds of silence after which an engine is given up."""
    on_progress: Callable[[int, int], None] | None = None
    """Told (blocks that every running engine has executed, blocks in all)."""
    _running: list[_Running] = field(default_factory=list)

    def run(self, engines: Sequence[Engine]) -> list[Answer]:
        """Run the engines to their end; return their answers in the same order."""
        answers = [Answer(engine, missing=engine.missing) for engine in engines]
        with selectors.DefaultSelector() as selector, tempfile.TemporaryDirectory() as nowhere:
            try:
                for answer in answers:
                    if answer.missing is None and (running := self._started(answer, nowhere)):
                        self._running.append(running)
                        assert running.process.stdout is not None
                        selector.register(running.process.stdout, selectors.EVENT_READ, running)
                while self._running:
                    self._hear(selector)
            finally:
                for running in list(self._running):
                    _end(running)
        return answers

    def _started(self, answer: Answer, nowhere: str) -> _Running | None:
        """Start an engine with nothing of this process around it but the path and the folder for its caches."""
        stderr = tempfile.TemporaryFile()  # noqa: SIM115  # closed by _end
        command = answer.engine.command(self.genesis.absolute(), self.chain.absolute())
        guard = subprocess.Popen(_GUARD, stdin=subprocess.PIPE, process_group=0)
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=nowhere,
                env={"PATH": os.environ.get("PATH", os.defpath), "HOME": nowhere, "PYTHONDONTWRITEBYTECODE": "1"},
                process_group=guard.pid,
            )
        except OSError as problem:
            _end_group(guard)
            stderr.close()
            answer.missing = f"it cannot be started: {problem.strerror or problem}"
            return None
        return _Running(answer, process, guard, stderr, time.monotonic())

    def _hear(self, selector: selectors.BaseSelector) -> None:
        """Wait for the next piece of an answer, and give up those that are silent for too long."""
        patience = min(running.heard for running in self._running) + self.patience_s - time.monotonic()
        for key, _ in selector.select(max(patience, 0)):
            running: _Running = key.data
            piece = os.read(key.fd, _PIECE)
            self._take(running, piece)
        now = time.monotonic()
        for running in list(self._running):
            if running.answer.missing is None and now - running.heard >= self.patience_s:
                running.answer.missing = f"it was silent for {self.patience_s:g} s after block {running.seen - 1}"
            if running.answer.missing is not None or self._is_done(running):
                selector.unregister(running.process.stdout)  # type: ignore[arg-type]  # it has a pipe
                self._running.remove(running)
                _end(running)
        if self.on_progress and self._running:
            self.on_progress(max(0, min(it.seen for it in self._running) - 1), len(self.hashes) - 1)

    def _is_done(self, running: _Running) -> bool:
        return running.answer.difference is not None or running.seen == len(self.hashes)

    def _take(self, running: _Running, piece: bytes) -> None:
        *lines, running.rest = (running.rest + piece).split(b"\n")
        for line in lines:
            if running.answer.missing is None and not self._is_done(running):
                running.heard = time.monotonic()
                self._judge(running, line)
        if len(running.rest) > _LINE_MAX:
            running.answer.missing = "it prints a line without end"
        if not piece and running.answer.missing is None and not self._is_done(running):
            running.answer.missing = _died(running)

    def _judge(self, running: _Running, line: bytes) -> None:
        """Compare what an engine tells of the next block, or of a later one, whose hash commits to those between."""
        answer = running.answer
        try:
            told = json.loads(line)
            if "unable" in told:
                answer.missing = str(told["unable"])[:_REASON_MAX]
                return
            block = int(told["block"])
            if not running.seen <= block < len(self.hashes):
                raise ValueError
            difference = _difference(told, block, self.hashes[block])
        except (ValueError, TypeError, KeyError, AttributeError):
            answer.missing = f"it tells of block {running.seen} in another form than agreed"
            return
        answer.difference = difference
        running.seen = block + 1
        answer.agreed = block if difference is None else answer.agreed


def _difference(told: dict[str, Any], block: int, expected: bytes) -> Difference | None:
    """Return where a line about a block departs from the hash that the block must have."""
    if "refused" in told:
        return Difference(block, f"refuses it: {told['refused'][:_REASON_MAX]}", told["transaction"])
    if "fields" not in told:
        if bytes.fromhex(told["hash"]) == expected:
            return None
        return Difference(block, f"hash: the chain has 0x{expected.hex()}, it gives 0x{told['hash']}")
    fields = [f"{name}: the header states {one}, it gives {two}" for name, (one, two) in told["fields"].items()]
    receipts = tuple(bytes.fromhex(receipt) for receipt in told["receipts"]) if "receipts" in told else None
    return Difference(block, "; ".join(fields)[: 2 * _REASON_MAX], receipts=receipts)


def _died(running: _Running) -> str:
    """Return why an engine ended without having told of every block."""
    running.process.wait()
    running.stderr.seek(0, os.SEEK_END)
    running.stderr.seek(max(0, running.stderr.tell() - 4 * _REASON_MAX))
    told = running.stderr.read().decode(errors="replace").strip().splitlines()[-1:]
    code = running.process.returncode
    how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
    return f"it ended {how} after block {running.seen - 1}{': ' if told else ''}{''.join(told)[:_REASON_MAX]}"


def _end(running: _Running) -> None:
    """End a process with all that it started."""
    _end_group(running.guard)
    running.process.wait()
    assert running.process.stdout is not None
    running.process.stdout.close()
    running.stderr.close()


def _end_group(guard: subprocess.Popen[bytes]) -> None:
    """End a guard with its group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(guard.pid, signal.SIGKILL)
    guard.wait()
    assert guard.stdin is not None
    guard.stdin.close()
