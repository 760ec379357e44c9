"""The verification of any Ethereum chain file: a genesis and blocks, without a manifest and without receipts.

It reaches as far as the files go: H on what blocks state of each other, R without receipts, S by py-evm under the fork
of each block, X by independent engines. Seals of work are not checked. A block of a fork after Prague is refused by
name, and the blocks before it are judged.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from pysettle.audit.blocks import HeaderCheck, RootCheck, SealedBlock, Unreadable, differs, read_foreign_blocks
from pysettle.audit.encoding import EncodingError, read_items
from pysettle.audit.engines import BlockRefused
from pysettle.audit.foreign_engine import ForeignEngine, LaterFork
from pysettle.audit.forks import LAST
from pysettle.audit.independent.catalogue import engines
from pysettle.audit.independent.judgement import judged
from pysettle.audit.independent.race import PATIENCE_S, Race
from pysettle.audit.report import Check, Divergence, Outcome, Report, asked_at, at_block
from pysettle.documents import read_whole
from pysettle.errors import UsageError

OnProgress = Callable[[int, int], None]
"""Called with (re-executed blocks, all blocks)."""
_NOT_CHECKED = {
    Check.ROOTS: ("receipts: a chain file has none",),
    Check.EXECUTION: (
        "seals of work",
        "rules for transactions before Prague that py-evm leaves out",
    ),
}


def verify_chain_file(
    genesis: Path,
    blocks: Path,
    on_progress: OnProgress | None = None,
    *,
    level: str = "S",
    patience_s: float = PATIENCE_S,
) -> Report:
    """Check a chain file, up to the requested level.

    Args:
        genesis: A `genesis.json` as geth reads it.
        blocks: Blocks from 1 on, RLP one after the other, as geth's `export` writes them without block 0.
        on_progress: Called after every re-executed block with the number of re-executed blocks and the total.
        level: H, R, S or X.
        patience_s: Seconds of silence after which X gives an engine up.

    Raises:
        UsageError: a file cannot be read.
    """
    try:
        with genesis.open("rb") as stream:
            content = read_whole(stream, str(genesis))
        return _ChainFile(genesis, content, blocks, level, patience_s, on_progress).run()
    except OSError as problem:
        said = f"{problem.filename} cannot be read: {problem.strerror}" if problem.strerror else f"{problem}"
        raise UsageError(said, path=problem.filename or genesis) from None


class _ChainFile:
    """One run over one chain file."""

    def __init__(
        self,
        genesis: Path,
        content: bytes,
        blocks: Path,
        level: str,
        patience_s: float,
        on_progress: OnProgress | None,
    ) -> None:
        self._genesis, self._content, self._blocks = genesis, content, blocks
        self._level, self._asked, self._patience_s = level, asked_at(level), patience_s
        self._on_progress = on_progress
        self._outcomes: dict[Check, Outcome] = {}
        self._reasons: dict[Check, str] = {}
        self._divergences: list[Divergence] = []
        self._hashes: list[bytes] = []
        self._transactions = 0
        self._judged = 0
        """Blocks that S executed."""

    def run(self) -> Report:
        """Run the checks in order."""
        for check in set(Check) - self._asked:
            self._leave(check, Outcome.NOT_ASKED, f"level {self._level} was asked for")
        for check in (Check.FILES, Check.PROOFS, Check.CODE, Check.LEDGER):
            self._outcomes.pop(check, None)
            self._leave(check, Outcome.NOT_ASKED, "a chain file has no manifest")
        begun, problem = self._begun()
        head = self._check_chain(begun)
        if Check.EXECUTION in self._asked:
            self._execute(begun, problem)
        answers, agreeing = self._compare_engines(begun)
        on_genesis = (begun.head.hash, begun.head.state_root) if begun else (b"", b"")
        return Report(
            checks={check: self._outcomes[check] for check in Check},
            divergences=tuple(sorted(self._divergences, key=lambda it: [*Check].index(it.check))),
            reasons=self._reasons,
            asked=self._level,
            chain_id=begun.chain_id if begun else 0,
            blocks=len(self._hashes) - 1,
            transactions=self._transactions,
            head_hash=head.hash if head else on_genesis[0],
            head_state_root=head.state_root if head else on_genesis[1],
            engines=(*[ForeignEngine.name] * (Check.EXECUTION in self._asked and begun is not None), *agreeing),
            answers=answers,
            beside=_NOT_CHECKED,
        )

    def _leave(self, check: Check, outcome: Outcome, reason: str) -> None:
        if self._outcomes.setdefault(check, outcome) is outcome:
            self._reasons.setdefault(check, reason)

    def _end(self, check: Check, divergences: list[Divergence]) -> None:
        if self._outcomes.get(check) is Outcome.NOT_ASKED:
            return
        self._outcomes[check] = Outcome.FAILED if divergences else Outcome.PASSED
        self._divergences.extend(divergences)

    def _begun(self) -> tuple[ForeignEngine | None, str]:
        """Return the engine at block 0, or why there is none."""
        try:
            return ForeignEngine(self._content), ""
        except BlockRefused as problem:
            return None, str(problem)
        except LaterFork as problem:
            return None, f"{problem}, a fork after {LAST}"

    def _check_chain(self, begun: ForeignEngine | None) -> SealedBlock | None:
        """Check H and R; return the last block that could be read."""
        roots, unread, head = RootCheck(), None, None
        with self._blocks.open("rb") as stream:
            try:
                for head in read_foreign_blocks(stream, self._blocks.stat().st_size):
                    self._hashes = self._hashes or [begun.head.hash if begun else head.parent_hash]
                    self._hashes.append(head.hash)
                    self._transactions += len(head.transactions)
                    roots.see(head, None)
            except Unreadable as problem:
                unread = problem.divergence
        self._hashes = self._hashes or [begun.head.hash if begun else b""]
        headers = HeaderCheck(self._hashes, head.state_root if head else b"")
        with self._blocks.open("rb") as stream:
            try:
                for block in read_foreign_blocks(stream, self._blocks.stat().st_size):
                    headers.see(block)
            except Unreadable:
                pass
        self._end(Check.HEADERS, headers.close(unread))
        self._end(Check.ROOTS, roots.close(None))
        return head

    def _execute(self, engine: ForeignEngine | None, problem: str) -> None:
        """Check S."""
        below = [check.value for check in (Check.HEADERS, Check.ROOTS) if self._outcomes[check] is not Outcome.PASSED]
        if below:
            self._leave(Check.EXECUTION, Outcome.NOT_HAD, f"it needs {' and '.join(below)}")
            return
        if engine is None:
            self._end(Check.EXECUTION, [at_block(Check.EXECUTION, 0, problem)])
            return
        with self._blocks.open("rb") as stream:
            try:
                for height, raw in enumerate(read_items(stream, self._blocks.stat().st_size), start=1):
                    engine.execute(raw)
                    if engine.head.hash != self._hashes[height]:  # the file was changed meanwhile
                        raise BlockRefused(differs("hash", self._hashes[height], engine.head.hash))
                    self._judged = height
                    if self._on_progress:
                        self._on_progress(height, len(self._hashes) - 1)
            except LaterFork as later:
                judged_blocks = f"blocks 1 to {self._judged} are re-executed, every field equal"
                self._leave(Check.EXECUTION, Outcome.NOT_HAD, f"{later}, a fork after {LAST}; {judged_blocks}")
                return
            except (BlockRefused, EncodingError) as refused:
                detail = f"is refused by {engine.name}: {refused}"
                self._end(Check.EXECUTION, [at_block(Check.EXECUTION, self._judged + 1, detail)])
                return
        self._end(Check.EXECUTION, [])

    def _compare_engines(self, begun: ForeignEngine | None) -> tuple[dict[str, str], tuple[str, ...]]:
        """Check X on all blocks that have rules here; return the answers, and the engines that agree."""
        if Check.INDEPENDENT not in self._asked:
            return {}, ()
        execution = self._outcomes[Check.EXECUTION]
        if begun is None or Outcome.FAILED in (self._outcomes[Check.HEADERS], self._outcomes[Check.ROOTS]):
            self._leave(Check.INDEPENDENT, Outcome.NOT_HAD, "it needs S")
            return {}, ()
        last = self._judged if execution is Outcome.NOT_HAD else len(self._hashes) - 1
        with self._first_blocks(last) as blocks:
            race = Race(self._genesis, blocks, self._hashes[: last + 1], self._patience_s, self._on_progress)
            verdict = judged(race.run(engines()), "", None)
        if not verdict.divergences and execution is not Outcome.PASSED:
            self._leave(Check.INDEPENDENT, Outcome.NOT_HAD, f"it needs S; the engines were given blocks 1 to {last}")
        elif not verdict.divergences and verdict.too_few:
            self._leave(Check.INDEPENDENT, Outcome.NOT_HAD, verdict.too_few)
        else:
            self._end(Check.INDEPENDENT, list(verdict.divergences))
        return dict(verdict.answers), verdict.agreeing

    @contextmanager
    def _first_blocks(self, count: int) -> Iterator[Path]:
        """Yield a file of the first blocks: this one, if it has no more."""
        if count == len(self._hashes) - 1:
            yield self._blocks
            return
        with self._blocks.open("rb") as stream, tempfile.NamedTemporaryFile(suffix=".rlp") as cut:
            for raw in islice(read_items(stream, self._blocks.stat().st_size), count):
                cut.write(raw)
            cut.flush()
            yield Path(cut.name)
