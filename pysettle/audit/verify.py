"""The verification of a bundle: a ladder of checks, from its files up to re-execution, and the books beside it.

It proves that the bundle's history follows from its genesis by the rules of Ethereum and of the network. It cannot
prove that this is the history everybody saw: somebody who makes the whole chain anew makes a valid bundle, and is
found by signed checkpoints only (check C, not in this form of the bundle).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from pysettle.audit.blocks import SealedBlock, check_bodies, check_headers, differs, read_blocks
from pysettle.audit.bundle import CHAIN_FILE, GENESIS_FILE, Bundle
from pysettle.audit.engines import BlockRefused, PyEvmEngine
from pysettle.audit.ledger import LedgerCheck
from pysettle.audit.report import Check, Divergence, Outcome, Report, at_block
from pysettle.domain.core.findings import Finding

__all__ = ["Report", "verify"]

OnProgress = Callable[[int, int], None]
"""Told (blocks re-executed, blocks in all)."""


def verify(directory: Path, on_progress: OnProgress | None = None) -> Report:
    """Check a bundle from its files alone, as far up the ladder as it holds.

    Args:
        directory: Directory of the bundle.
        on_progress: Told after every re-executed block how many are done and how many there are.

    Raises:
        BundleError: the manifest cannot be read. Anything else that is wrong is a finding.
    """
    return _Verification(Bundle.read(directory), on_progress).run()


class _Verification:
    """One run over one bundle: which checks ran, and what each found."""

    def __init__(self, bundle: Bundle, on_progress: OnProgress | None) -> None:
        self._manifest, self._bundle, self._on_progress = bundle.manifest, bundle, on_progress
        self._outcomes = dict.fromkeys(Check, Outcome.NOT_RUN)
        self._divergences: list[Divergence] = []
        self._notices: list[Finding] = []
        self._engines: tuple[str, ...] = ()
        self._genesis_header = (b"", b"")
        """Hash and state root of the re-executed genesis, for a bundle without further blocks."""

    def run(self) -> Report:
        """Climb the ladder; a rung stands on those below, but damaged files are read as far as they can be."""
        files = self._check_files()
        blocks: tuple[SealedBlock, ...] = ()
        if CHAIN_FILE in files:
            blocks, unread = read_blocks(files[CHAIN_FILE])
            manifest = self._manifest
            self._end(Check.HEADERS, check_headers(blocks, unread, manifest.hashes, manifest.head_state_root))
            bodies = check_bodies(blocks)
            if bodies or not unread:
                self._end(Check.ROOTS, bodies)
            if self._passed(Check.HEADERS) and self._passed(Check.ROOTS) and GENESIS_FILE in files:
                self._replay(files[GENESIS_FILE], blocks)
        head_hash, head_state_root = (blocks[-1].hash, blocks[-1].state_root) if blocks else self._genesis_header
        return Report(
            checks=self._outcomes,
            divergences=tuple(self._divergences),
            notices=tuple(self._notices),
            chain_id=self._manifest.chain_id,
            blocks=len(blocks),
            transactions=sum(len(block.transactions) for block in blocks),
            head_hash=head_hash,
            head_state_root=head_state_root,
            engines=self._engines,
        )

    def _end(self, check: Check, divergences: Sequence[Divergence]) -> None:
        self._outcomes[check] = Outcome.FAILED if divergences else Outcome.PASSED
        self._divergences.extend(divergences)

    def _passed(self, check: Check) -> bool:
        return self._outcomes[check] is Outcome.PASSED

    def _check_files(self) -> dict[str, bytes]:
        """Check F: length and SHA-256 of each file; return those that could be read."""
        files, divergences = {}, []
        for name, entry in self._manifest.files.items():
            try:
                content = self._bundle.read_file(name)
            except OSError as problem:
                divergences.append(_in_file(name, f"cannot be read: {problem.strerror or problem}"))
                continue
            files[name] = content
            if len(content) != entry.size:
                divergences.append(_in_file(name, differs("bytes", entry.size, len(content))))
            elif (digest := sha256(content).digest()) != entry.sha256:
                divergences.append(_in_file(name, differs("sha256", entry.sha256, digest)))
        self._end(Check.FILES, divergences)
        return files

    def _replay(self, genesis: bytes, blocks: Sequence[SealedBlock]) -> None:
        """Check S, and L on what it re-executed: without a re-executed history there are no books to check."""
        books = LedgerCheck(self._manifest.contracts)
        divergence, engine = self._execute(genesis, blocks, books)
        self._end(Check.EXECUTION, [divergence] if divergence else [])
        if engine and not divergence:
            self._notices = books.close(len(blocks), self._manifest.chain_id, engine.call)
            self._end(Check.LEDGER, books.divergences)

    def _execute(
        self, genesis: bytes, blocks: Sequence[SealedBlock], books: LedgerCheck
    ) -> tuple[Divergence | None, PyEvmEngine | None]:
        """Re-execute everything from the genesis; return the first divergence, and the engine at its head."""
        self._engines = (PyEvmEngine.name,)
        expected = self._manifest.hashes[0]
        try:
            engine = PyEvmEngine(genesis)
        except BlockRefused as problem:
            return at_block(Check.EXECUTION, 0, str(problem)), None
        if engine.head_hash != expected:
            return at_block(Check.EXECUTION, 0, differs("hash of the genesis", expected, engine.head_hash)), None
        if engine.chain_id != self._manifest.chain_id:
            detail = differs("chain id of genesis.json", self._manifest.chain_id, engine.chain_id)
            return at_block(Check.EXECUTION, 0, detail), None
        if not blocks and engine.head_state_root != self._manifest.head_state_root:
            detail = differs("head state root", self._manifest.head_state_root, engine.head_state_root)
            return at_block(Check.EXECUTION, 0, detail), None
        self._genesis_header = engine.head_hash, engine.head_state_root
        for height, block in enumerate(blocks, start=1):
            try:
                books.apply(height, block.timestamp, engine.execute(block.raw))
            except BlockRefused as problem:
                return at_block(Check.EXECUTION, height, f"is refused by {engine.name}: {problem}"), None
            if self._on_progress:
                self._on_progress(height, len(blocks))
        return None, engine


def _in_file(name: str, detail: str) -> Divergence:
    """Return a divergence of a file; that of the genesis is at block 0, that of the chain at a block others name."""
    block, subject = (0, f"file {name} (block 0)") if name == GENESIS_FILE else (None, f"file {name}")
    return Divergence(Check.FILES, block, Finding("AUDIT-F", subject, detail))
