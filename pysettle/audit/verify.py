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
from pysettle.audit.bundle import CHAIN_FILE, GENESIS_FILE, PROOFS_FILE, RECEIPTS_FILE, Bundle
from pysettle.audit.by_receipts import follow
from pysettle.audit.contract_files import ContractFiles
from pysettle.audit.encoding import EncodingError, read_items
from pysettle.audit.engines import BlockRefused, PyEvmEngine, StateReader, Unproven
from pysettle.audit.file_check import check_files, in_file
from pysettle.audit.genesis import read_genesis
from pysettle.audit.genuine import GenuineCheck
from pysettle.audit.independent.catalogue import engines
from pysettle.audit.independent.judgement import judged
from pysettle.audit.independent.race import PATIENCE_S, Race
from pysettle.audit.ledger import LedgerCheck, Records
from pysettle.audit.proofs import Proofs, ProvenState
from pysettle.audit.records.filling import filling
from pysettle.audit.report import Check, Divergence, Outcome, Report, asked_at, at_block
from pysettle.domain.channel.attested import ReceiptCheck
from pysettle.domain.channel.receipts import ReceiptFile
from pysettle.domain.core.findings import Finding
from pysettle.errors import ArtifactError, UsageError
from pysettle.pins import Pins, published
from pysettle.pins.files import SOURCES_FILE

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
    receipts: ReceiptFile | None = None,
    strict_cycles: bool = False,
) -> Report:
    """Check a bundle from its files alone, up to the requested level, as far as its files allow.

    Args:
        directory: Directory of the bundle.
        on_progress: Called after every re-executed block with the number of re-executed blocks and the total.
        level: H, R, P, S or X. No content of a bundle lowers it.
        code: By which code is genuine; None for the published code.
        patience_s: Seconds of silence after which X gives an engine up.
        index: File outside the bundle that keeps everything behind the books as rows, if L comes to its end; see
            `pysettle.audit.records`. None for no file.
        receipts: Usage receipts of a payer, which L compares with the attested usage.
        strict_cycles: Whether L fails if a clearing cycle settled less than the rule of order; a notice otherwise.

    Raises:
        BundleError: the manifest cannot be read. Anything else that is wrong is a finding.
        UsageError: the index cannot be used, or is that of another bundle; the receipts are of another network; or the
            verification keeps no books.
        ArtifactError: the pins of this build are asked for, and its artifacts are missing or stale.
    """
    bundle = Bundle.read(directory)
    given = ReceiptCheck(receipts, bundle.manifest.contracts, bundle.manifest.chain_id) if receipts else None
    if (given or strict_cycles) and Check.LEDGER not in asked_at(level):
        words = "compare receipts with" if given else "follow cycles in"
        raise UsageError(f"level {level} keeps no books to {words}: ask for level R or more", level=level)
    with filling(index, bundle, level) as (records, settle):
        report = _Verification(
            bundle, level, code or CodeRules(), patience_s, on_progress, records, given, strict_cycles
        ).run()
        settle(report)
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
        receipts: ReceiptCheck | None,
        strict_cycles: bool,
    ) -> None:
        self._manifest, self._bundle, self._on_progress = bundle.manifest, bundle, on_progress
        self._records, self._receipts, self._strict_cycles = records, receipts, strict_cycles
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
            for check in (Check.PROOFS, Check.CODE, Check.LEDGER):
                self._leave(check, Outcome.NOT_ASKED, "no contract is listed")
        readable, of_files = check_files(self._bundle)
        self._end(Check.FILES, of_files)
        head, blocks, transactions = self._check_chain(readable)
        if Check.EXECUTION in self._asked:
            code = self._begin_code(readable)
            engine = self._execute(readable, code)
            self._end_code(code, engine)
        if Check.INDEPENDENT in self._asked:
            self._compare_engines(readable)
        self._check_on_receipts(readable)
        head_hash, head_state_root = (head.hash, head.state_root) if head else self._genesis_header
        return Report(
            checks={check: self._outcomes[check] for check in Check},
            divergences=tuple(sorted(self._divergences, key=lambda it: [*Check].index(it.check))),
            reasons=self._reasons,
            asked=self._level,
            on_receipts=self._on_receipts,
            has_genesis=self._manifest.has_genesis,
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
            receipts=self._receipts.count if self._receipts else None,
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

    def _end_code(self, code: GenuineCheck | None, state: StateReader | None) -> None:
        """End check G on the head state, if there is one, and on the contract files."""
        if code is None:
            return
        missing = "" if state else f"it needs {'S' if Check.EXECUTION in self._asked else 'P'}"
        if state:
            try:
                code.close(len(self._manifest.hashes) - 1, state)
            except Unproven as problem:
                missing = str(problem)
        divergences = [*code.divergences, *self._contract_files.compare(code.names(), self._pins)]
        if self._rules.recompile:
            try:
                divergences.extend(self._contract_files.compiled_again(code.names(), self._pins))
                self._recompiled = True
            except (ValueError, ArtifactError) as problem:
                missing = f"{SOURCES_FILE} cannot be compiled: {problem}"
                divergences.extend([in_file(SOURCES_FILE, missing, Check.CODE)] * bool(divergences))
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
                hint = ", and has proofs for --level P" if self._manifest.has_proofs else ""
                reason = f"the bundle has no {GENESIS_FILE}{hint}"
            self._leave(Check.EXECUTION, Outcome.NOT_HAD, f"it needs {' and '.join(below)}" if below else reason)
            return None
        books = LedgerCheck(self._manifest.contracts, self._records, self._receipts, strict_cycles=self._strict_cycles)
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

    def _check_on_receipts(self, readable: set[str]) -> None:
        """Check L where nothing was executed, on the receipts, and P and G on the proofs, as far as each is asked."""
        if Check.LEDGER in self._outcomes:
            return
        if not self._passed(Check.HEADERS) or not self._passed(Check.ROOTS):
            for check in (Check.PROOFS, Check.CODE, Check.LEDGER):
                self._leave(check, Outcome.NOT_HAD, "it needs H and R")
            return
        books = LedgerCheck(self._manifest.contracts, self._records, self._receipts, strict_cycles=self._strict_cycles)
        code = self._begin_code(readable)
        last, unread = follow(self._bundle.open_file, books, code)
        if unread:
            self._end(Check.LEDGER, [unread])
            self._leave(Check.PROOFS, Outcome.NOT_HAD, "it needs L")
            self._leave(Check.CODE, Outcome.NOT_HAD, "it needs P")
            return
        state = self._begin_proofs(readable, last)
        self._end_code(code, state)
        self._on_receipts = True
        height = len(self._manifest.hashes) - 1
        self._notices.extend(books.close(height, self._manifest.chain_id, state.call if state else None))
        self._end(Check.LEDGER, books.divergences)
        if state and Check.PROOFS not in self._outcomes:
            self._end(Check.PROOFS, [at_block(Check.PROOFS, height, it) for it in state.missing[:1]])

    def _begin_proofs(self, readable: set[str], head: bytes) -> ProvenState | None:
        """Begin check P: read the proofs, and the code of every listed contract; return the state that they prove."""
        if Check.PROOFS not in self._asked:
            return None
        if PROOFS_FILE not in readable or not head:
            missing = "has no blocks" if not head else f"has no {PROOFS_FILE}, or it cannot be read"
            self._leave(Check.PROOFS, Outcome.NOT_HAD, f"the bundle {missing}")
            return None
        try:
            proofs = Proofs.from_bytes(self._bundle.read_file(PROOFS_FILE))
            beside = proofs.split(self._manifest.head_state_root)[1]
            if beside:
                raise ValueError(f"no path from the state root leads to 0x{beside[0].hex()}")
            state = ProvenState(self._manifest.chain_id, head, proofs)
            for address in self._manifest.contracts.addresses():
                if not state.code(address):
                    raise ValueError(f"0x{address.hex()} is listed, and has no code")
        except (ValueError, Unproven) as problem:
            self._end(Check.PROOFS, [in_file(PROOFS_FILE, str(problem), Check.PROOFS)])
            return None
        return state

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
