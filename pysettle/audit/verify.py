"""The verification of a bundle: a ladder of checks, from its files up to re-execution, and the books beside it.

It proves that the bundle's history follows from its genesis by the rules of Ethereum and of the network. It cannot
prove that this is the history everybody saw: somebody who makes the whole chain anew makes a valid bundle, and is
found by signed checkpoints only (check C, not in this form of the bundle).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from pysettle.audit.blocks import (
    HeaderCheck,
    RootCheck,
    SealedBlock,
    Unreadable,
    differs,
    read_blocks,
    read_receipts,
)
from pysettle.audit.bundle import CHAIN_FILE, CHAIN_FILES, GENESIS_FILE, RECEIPTS_FILE, Bundle, json_bytes, sha256_of
from pysettle.audit.encoding import EncodingError, read_items
from pysettle.audit.engines import BlockRefused, PyEvmEngine
from pysettle.audit.genesis import canonical_genesis
from pysettle.audit.ledger import LedgerCheck
from pysettle.audit.report import Check, Divergence, Outcome, Report, at_block
from pysettle.documents import parse_json
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
        readable = self._check_files()
        blocks = transactions = 0
        head: SealedBlock | None = None
        if CHAIN_FILE in readable:
            head, blocks, transactions = self._check_chain(readable)
            if self._passed(Check.HEADERS) and self._passed(Check.ROOTS) and GENESIS_FILE in readable:
                self._replay(self._bundle.read_file(GENESIS_FILE))
        head_hash, head_state_root = (head.hash, head.state_root) if head else self._genesis_header
        return Report(
            checks=self._outcomes,
            divergences=tuple(self._divergences),
            notices=tuple(self._notices),
            chain_id=self._manifest.chain_id,
            blocks=blocks,
            transactions=transactions,
            head_hash=head_hash,
            head_state_root=head_state_root,
            engines=self._engines,
        )

    def _end(self, check: Check, divergences: Sequence[Divergence]) -> None:
        self._outcomes[check] = Outcome.FAILED if divergences else Outcome.PASSED
        self._divergences.extend(divergences)

    def _passed(self, check: Check) -> bool:
        return self._outcomes[check] is Outcome.PASSED

    def _check_files(self) -> set[str]:
        """Check F: length, SHA-256 and form of each file; return the names of those that could be read."""
        readable, divergences = set(), []
        for name, entry in self._manifest.files.items():
            try:
                stream, size = self._bundle.open_file(name)
                with stream:
                    digest = sha256_of(stream)
                readable.add(name)
                if size != entry.size:
                    divergences.append(_in_file(name, differs("bytes", entry.size, size)))
                elif digest != entry.sha256:
                    divergences.append(_in_file(name, differs("sha256", entry.sha256, digest)))
                elif name not in CHAIN_FILES:
                    _check_form(name, self._bundle.read_file(name))
            except OSError as problem:
                divergences.append(_in_file(name, f"cannot be read: {problem.strerror or problem}"))
            except ValueError as problem:
                divergences.append(_in_file(name, f"is not in the form that an export writes: {problem}"))
        self._end(Check.FILES, divergences)
        return readable

    def _check_chain(self, readable: set[str]) -> tuple[SealedBlock | None, int, int]:
        """Check H and R; return the last block that could be read, and how many blocks and transactions were."""
        headers = HeaderCheck(self._manifest.hashes, self._manifest.head_state_root)
        roots, unread, block = RootCheck(), None, None
        blocks = transactions = 0
        with ExitStack() as stack:
            receipts: Iterator[tuple[bytes, ...]] | None = None
            if RECEIPTS_FILE in readable:
                stream, size = self._bundle.open_file(RECEIPTS_FILE)
                receipts = read_receipts(stack.enter_context(stream), size)
            stream, size = self._bundle.open_file(CHAIN_FILE)
            try:
                for block in read_blocks(stack.enter_context(stream), size):
                    blocks, transactions = blocks + 1, transactions + len(block.transactions)
                    headers.see(block)
                    roots.see(block, receipts)
            except Unreadable as problem:
                unread = problem.divergence
            self._end(Check.HEADERS, headers.close(unread))
            if roots.divergences or (receipts is not None and not unread):
                self._end(Check.ROOTS, roots.close(receipts))
        return block, blocks, transactions

    def _replay(self, genesis: bytes) -> None:
        """Check S, and L on what it re-executed: without a re-executed history there are no books to check."""
        books = LedgerCheck(self._manifest.contracts)
        divergence, engine = self._execute(genesis, books)
        self._end(Check.EXECUTION, [divergence] if divergence else [])
        if engine and not divergence:
            self._notices = books.close(len(self._manifest.hashes) - 1, self._manifest.chain_id, engine.call)
            self._end(Check.LEDGER, books.divergences)

    def _execute(self, genesis: bytes, books: LedgerCheck) -> tuple[Divergence | None, PyEvmEngine | None]:
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
        last = len(self._manifest.hashes) - 1
        if not last and engine.head_state_root != self._manifest.head_state_root:
            detail = differs("head state root", self._manifest.head_state_root, engine.head_state_root)
            return at_block(Check.EXECUTION, 0, detail), None
        self._genesis_header = engine.head_hash, engine.head_state_root
        stream, size = self._bundle.open_file(CHAIN_FILE)
        height = 0
        with stream:
            try:
                for height, raw in enumerate(read_items(stream, size), start=1):
                    transactions = engine.execute(raw)
                    books.apply(height, engine.head_timestamp, transactions)
                    if self._on_progress:
                        self._on_progress(height, last)
            except (BlockRefused, EncodingError) as problem:
                return at_block(Check.EXECUTION, height, f"is refused by {engine.name}: {problem}"), None
        if engine.head_hash != self._manifest.hashes[-1]:  # the file was changed meanwhile
            return at_block(Check.EXECUTION, last, differs("hash", self._manifest.hashes[-1], engine.head_hash)), None
        return None, engine


def _check_form(name: str, content: bytes) -> None:
    """Check that a JSON file is in the one form that an export writes.

    Raises:
        ValueError: other bytes say the same, or it is malformed.
    """
    expected = canonical_genesis(content) if name == GENESIS_FILE else json_bytes(parse_json(content))
    if content != expected:
        place = next((it for it, (one, two) in enumerate(zip(content, expected, strict=False)) if one != two), None)
        where = f"byte {min(len(content), len(expected)) if place is None else place}"
        raise ValueError(f"other bytes say the same, from {where} on")


def _in_file(name: str, detail: str) -> Divergence:
    """Return a divergence of a file; that of the genesis is at block 0, that of the chain at a block others name."""
    block, subject = (0, f"file {name} (block 0)") if name == GENESIS_FILE else (None, f"file {name}")
    return Divergence(Check.FILES, block, Finding("AUDIT-F", subject, detail))
