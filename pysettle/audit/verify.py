"""The verification of a bundle: a ladder of checks, from its files up to re-execution, with a check of the books.

It proves that the bundle's history follows from its genesis by the rules of Ethereum and of the network. It cannot
prove that others saw this history: a bundle of an entirely different chain can be valid too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import islice
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
from pysettle.audit.bundle import (
    CHAIN_FILE,
    CHAIN_FILES,
    GENESIS_FILE,
    RECEIPTS_FILE,
    SOURCES_FILE,
    Bundle,
    json_bytes,
    sha256_of,
)
from pysettle.audit.contract_files import ContractFiles
from pysettle.audit.encoding import EncodingError, read_items
from pysettle.audit.engines import BlockRefused, PyEvmEngine
from pysettle.audit.genesis import canonical_genesis, read_genesis
from pysettle.audit.genuine import GenuineCheck
from pysettle.audit.independent.catalogue import engines
from pysettle.audit.independent.judgement import judged
from pysettle.audit.independent.race import PATIENCE_S, Race
from pysettle.audit.ledger import LedgerCheck, Records
from pysettle.audit.receipts import outcomes
from pysettle.audit.records.filling import filling
from pysettle.audit.report import Check, Divergence, Outcome, Report, asked_at, at_block
from pysettle.documents import parse_json
from pysettle.domain.core.findings import Finding
from pysettle.errors import ArtifactError
from pysettle.pins import Pins, published

__all__ = ["CodeRules", "Report", "verify"]

OnProgress = Callable[[int, int], None]
"""Called with (re-executed blocks, all blocks)."""


@dataclass(frozen=True, slots=True)
class CodeRules:
    """By which code is genuine, for the auditor to choose."""

    pins: Pins | None = None
    """The published code; None for that of this build and of every released version."""
    accepted: tuple[bytes, ...] = ()
    """Hashes of code to accept beside it: of creation code with arguments, or of code in the genesis."""
    recompile: bool = False
    """Whether to compile the sources in the bundle and compare them too."""


def verify(
    directory: Path,
    on_progress: OnProgress | None = None,
    *,
    level: str = "S",
    code: CodeRules | None = None,
    patience_s: float = PATIENCE_S,
    index: Path | None = None,
) -> Report:
    """Check a bundle from its files alone, up to the requested level, as far as its files allow.

    Args:
        directory: Directory of the bundle.
        on_progress: Called after every re-executed block with the number of re-executed blocks and the total.
        level: H, R, S or X. No content of a bundle lowers it.
        code: By which code is genuine; None for the published code.
        patience_s: Seconds of silence after which X gives an engine up.
        index: File outside the bundle that keeps everything behind the books as rows, if L comes to its end; see
            `pysettle.audit.records`. None for no file.

    Raises:
        BundleError: the manifest cannot be read. Anything else that is wrong is a finding.
        UsageError: the index cannot be used, or is that of another bundle.
        ArtifactError: the pins of this build are asked for, and its artifacts are missing or stale.
    """
    bundle = Bundle.read(directory)
    with filling(index, bundle) as records:
        report = _Verification(bundle, level, code or CodeRules(), patience_s, on_progress, records).run()
        if records:
            records.settle(report)
    return report


class _Verification:
    """One run over one bundle: its checks and their findings."""

    def __init__(
        self,
        bundle: Bundle,
        level: str,
        rules: CodeRules,
        patience_s: float,
        on_progress: OnProgress | None,
        records: Records | None,
    ) -> None:
        self._manifest, self._bundle, self._on_progress = bundle.manifest, bundle, on_progress
        self._records = records
        self._rules, self._pins, self._recompiled = rules, Pins(()), False
        self._contract_files = ContractFiles(None, None)
        self._level, self._asked, self._patience_s = level, asked_at(level), patience_s
        self._outcomes: dict[Check, Outcome] = {}
        self._reasons: dict[Check, str] = {}
        self._divergences: list[Divergence] = []
        self._notices: list[Finding] = []
        self._engines: tuple[str, ...] = ()
        self._answers: Mapping[str, str] = {}
        self._on_receipts = False
        self._genesis_header = (b"", b"")
        """Hash and state root of the re-executed genesis, for a bundle without further blocks."""

    def run(self) -> Report:
        """Run the checks in order; each needs the earlier ones, but damaged files are read as far as possible."""
        for check in set(Check) - self._asked:
            self._leave(check, Outcome.NOT_ASKED, f"level {self._level} was asked for")
        if not self._manifest.contracts.addresses():
            for check in (Check.CODE, Check.LEDGER):
                self._leave(check, Outcome.NOT_ASKED, "no contract is listed")
        readable = self._check_files()
        head, blocks, transactions = self._check_chain(readable)
        if Check.EXECUTION in self._asked:
            code = self._begin_code(readable)
            engine = self._execute(readable, code)
            self._end_code(code, engine)
        if Check.INDEPENDENT in self._asked:
            self._compare_engines(readable)
        self._check_ledger_on_receipts()
        head_hash, head_state_root = (head.hash, head.state_root) if head else self._genesis_header
        return Report(
            checks={check: self._outcomes[check] for check in Check},
            divergences=tuple(sorted(self._divergences, key=lambda it: [*Check].index(it.check))),
            reasons=self._reasons,
            asked=self._level,
            on_receipts=self._on_receipts,
            notices=tuple(self._notices),
            chain_id=self._manifest.chain_id,
            blocks=blocks,
            transactions=transactions,
            head_hash=head_hash,
            head_state_root=head_state_root,
            pins=self._pins.versions,
            has_other_pins=self._rules.pins is not None,
            recompiled=self._recompiled,
            accepted=self._rules.accepted,
            engines=self._engines,
            answers=self._answers,
        )

    def _leave(self, check: Check, outcome: Outcome, reason: str) -> None:
        """Leave a check out, unless it ended already."""
        if self._outcomes.setdefault(check, outcome) is outcome:
            self._reasons.setdefault(check, reason)

    def _end(self, check: Check, divergences: Sequence[Divergence]) -> None:
        if self._outcomes.get(check) is Outcome.NOT_ASKED:
            return
        self._outcomes[check] = Outcome.FAILED if divergences else Outcome.PASSED
        self._divergences.extend(divergences)

    def _passed(self, check: Check) -> bool:
        return self._outcomes.get(check) is Outcome.PASSED

    def _check_files(self) -> set[str]:
        """Check F: length, SHA-256 and form of each file; return the names of those that could be read."""
        readable, divergences = set(), []
        for name, entry in self._manifest.files.items():
            try:
                stream, size = self._bundle.open_file(name)
                with stream:
                    # A longer file is another one, and need not be read to its end.
                    digest = sha256_of(stream) if size == entry.size else b""
                content = b"" if name in CHAIN_FILES else self._bundle.read_file(name)
                readable.add(name)
                if size != entry.size:
                    divergences.append(_in_file(name, differs("bytes", entry.size, size)))
                elif digest != entry.sha256:
                    divergences.append(_in_file(name, differs("sha256", entry.sha256, digest)))
                elif name not in CHAIN_FILES:
                    _check_form(name, content)
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
        if CHAIN_FILE not in readable:
            for check in (Check.HEADERS, Check.ROOTS):
                self._leave(check, Outcome.NOT_HAD, f"{CHAIN_FILE} cannot be read")
            return None, 0, 0
        with ExitStack() as stack:
            receipts: Iterator[tuple[bytes, ...]] | None = None
            if RECEIPTS_FILE in readable and Check.ROOTS in self._asked:
                stream, size = self._bundle.open_file(RECEIPTS_FILE)
                receipts = read_receipts(stack.enter_context(stream), size)
            stream, size = self._bundle.open_file(CHAIN_FILE)
            try:
                for block in read_blocks(stack.enter_context(stream), size):
                    blocks, transactions = blocks + 1, transactions + len(block.transactions)
                    headers.see(block)
                    if Check.ROOTS in self._asked:
                        roots.see(block, receipts)
            except Unreadable as problem:
                unread = problem.divergence
            self._end(Check.HEADERS, headers.close(unread))
            if roots.divergences or (receipts is not None and not unread):
                self._end(Check.ROOTS, roots.close(receipts))
        cause = f"{CHAIN_FILE} cannot be read to its end" if unread else f"{RECEIPTS_FILE} cannot be read"
        self._leave(Check.ROOTS, Outcome.NOT_HAD, cause)
        return block, blocks, transactions

    def _begin_code(self, readable: set[str]) -> GenuineCheck | None:
        """Begin check G with the part that genesis.json alone tells; None if G is not asked."""
        if Check.CODE in self._outcomes:
            return None
        self._pins = published() if self._rules.pins is None else self._rules.pins
        self._contract_files = ContractFiles.read(self._bundle, readable)
        sources = self._contract_files.source_hashes()
        code = GenuineCheck(self._manifest.contracts, self._pins, self._rules.accepted, sources)
        if GENESIS_FILE in readable:
            with suppress(ValueError):  # S names what is wrong with it
                code.see_genesis(read_genesis(self._bundle.read_file(GENESIS_FILE))[2])
        return code

    def _end_code(self, code: GenuineCheck | None, engine: PyEvmEngine | None) -> None:
        """End check G on the head state, if there is one, and on the contract files."""
        if code is None:
            return
        missing = "" if engine else "it needs S"
        if engine:
            code.close(len(self._manifest.hashes) - 1, engine)
        divergences = [*code.divergences, *self._contract_files.compare(code.names(), self._pins)]
        if self._rules.recompile:
            try:
                divergences.extend(self._contract_files.compiled_again(code.names(), self._pins))
                self._recompiled = True
            except (ValueError, ArtifactError) as problem:
                missing = f"{SOURCES_FILE} cannot be compiled: {problem}"
        self._notices.extend(code.notices)
        if divergences or not missing:
            self._end(Check.CODE, divergences)
        self._leave(Check.CODE, Outcome.NOT_HAD, missing)

    def _execute(self, readable: set[str], code: GenuineCheck | None) -> PyEvmEngine | None:
        """Check S, and L on its result; return the engine at the head if S passed."""
        below = [check.value for check in (Check.HEADERS, Check.ROOTS) if not self._passed(check)]
        if below or GENESIS_FILE not in readable:
            reason = f"{GENESIS_FILE} cannot be read"
            if GENESIS_FILE not in self._manifest.files:
                reason = f"the bundle has no {GENESIS_FILE}"
            self._leave(Check.EXECUTION, Outcome.NOT_HAD, f"it needs {' and '.join(below)}" if below else reason)
            return None
        books = LedgerCheck(self._manifest.contracts, self._records)
        divergence, engine = self._replay(self._bundle.read_file(GENESIS_FILE), books, code)
        self._end(Check.EXECUTION, [divergence] if divergence else [])
        if engine is None:
            self._leave(Check.LEDGER, Outcome.NOT_HAD, "it needs S")
            return None
        self._notices = books.close(len(self._manifest.hashes) - 1, self._manifest.chain_id, engine.call)
        self._end(Check.LEDGER, books.divergences)
        return engine

    def _compare_engines(self, readable: set[str]) -> None:
        """Check X. It stands on S, and where S failed the engines still tell what they make of the chain."""
        if not self._passed(Check.HEADERS) or not self._passed(Check.ROOTS) or GENESIS_FILE not in readable:
            self._leave(Check.INDEPENDENT, Outcome.NOT_HAD, "it needs S")
            return
        folder = self._bundle.directory
        race = Race(
            folder / GENESIS_FILE, folder / CHAIN_FILE, self._manifest.hashes, self._patience_s, self._on_progress
        )
        verdict = judged(race.run(engines()), self._manifest.source.producer, self._receipts_of)
        self._answers = verdict.answers
        self._engines += verdict.agreeing
        if not verdict.divergences and not self._passed(Check.EXECUTION):
            self._leave(Check.INDEPENDENT, Outcome.NOT_HAD, "it needs S")
        elif not verdict.divergences and verdict.too_few:
            self._leave(Check.INDEPENDENT, Outcome.NOT_HAD, verdict.too_few)
        else:
            self._end(Check.INDEPENDENT, verdict.divergences)

    def _receipts_of(self, height: int) -> tuple[bytes, ...]:
        """Return the receipts of a block, which R has read."""
        stream, size = self._bundle.open_file(RECEIPTS_FILE)
        with stream:
            return next(islice(read_receipts(stream, size), height - 1, None))

    def _check_ledger_on_receipts(self) -> None:
        """Check L where nothing was re-executed: on the receipts, which R proves, as far as that goes."""
        if Check.LEDGER in self._outcomes:
            return
        if not self._passed(Check.HEADERS) or not self._passed(Check.ROOTS):
            self._leave(Check.LEDGER, Outcome.NOT_HAD, "it needs H and R")
            return
        books, last, height = LedgerCheck(self._manifest.contracts, self._records), len(self._manifest.hashes) - 1, 0
        with ExitStack() as stack:
            opened = [self._bundle.open_file(name) for name in (CHAIN_FILE, RECEIPTS_FILE)]
            (blocks, blocks_size), (receipts, receipts_size) = opened
            stack.enter_context(blocks)
            stack.enter_context(receipts)
            both = zip(read_blocks(blocks, blocks_size), read_receipts(receipts, receipts_size), strict=False)
            try:
                for height, (block, hashed) in enumerate(both, start=1):
                    books.apply(height, block.timestamp, outcomes(hashed, block.transactions))
            except (EncodingError, Unreadable) as problem:
                detail = f"its receipts are not those of any transaction: {problem}"
                self._end(Check.LEDGER, [at_block(Check.LEDGER, height, detail)])
                return
        self._on_receipts = True
        self._notices = books.close(last, self._manifest.chain_id, None)
        self._end(Check.LEDGER, books.divergences)

    def _replay(
        self, genesis: bytes, books: LedgerCheck, code: GenuineCheck | None
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
                    if code:
                        code.see(height, transactions)
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
        place = next(
            (index for index, (one, two) in enumerate(zip(content, expected, strict=False)) if one != two), None
        )
        where = f"byte {min(len(content), len(expected)) if place is None else place}"
        raise ValueError(f"other bytes say the same, from {where} on")


def _in_file(name: str, detail: str) -> Divergence:
    """Return a divergence of a file; that of the genesis is at block 0, that of the chain at a block others name."""
    block, subject = (0, f"file {name} (block 0)") if name == GENESIS_FILE else (None, f"file {name}")
    return Divergence(Check.FILES, block, Finding("AUDIT-F", subject, detail))
