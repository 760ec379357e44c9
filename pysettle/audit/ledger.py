"""Check L: the books from re-executed events, compared with the answers of the contracts at the head.

This module uses the ledger and the invariants of `pysettle.domain`; the `questions` of each column ask the contracts.
It does not check that the code at a listed address is that of the named contract. A contract with equally false events
and answers can be detected only by its code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from pysettle.audit.blocks import differs
from pysettle.audit.engines import CallRefused, ExecutedLog, ExecutedTransaction, Unproven
from pysettle.audit.powers import Powers
from pysettle.audit.records.recording import Booked
from pysettle.audit.report import Check, Divergence, at_block
from pysettle.domain import invariants
from pysettle.domain.channel.attested import ReceiptCheck
from pysettle.domain.core import events
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import Emitted, Position
from pysettle.domain.core.findings import Finding, Severity
from pysettle.domain.core.questions import Question
from pysettle.domain.ledger import Ledger
from pysettle.values import Address

Call = Callable[[Address, bytes], bytes]
"""Answers a read-only call of a contract on the head state; raises `CallRefused`."""


class Records(Protocol):
    """Keeps everything that the books are made of, as rows."""

    def block(self, number: int, timestamp: int) -> None:
        """Begin a block."""

    def transaction(self, block: int, place: int, it: ExecutedTransaction, booked: Sequence[Booked]) -> None:
        """Keep a transaction, with its events and their entries."""

    def close(self, ledger: Ledger, powers: Powers, notices: Sequence[Finding], call: Call | None) -> None:
        """Keep the books at the head, and the powers with the notices about them."""


class LedgerCheck:
    """The books of the listed contracts, and their findings."""

    def __init__(
        self,
        contracts: Contracts,
        records: Records | None = None,
        receipts: ReceiptCheck | None = None,
        *,
        strict_cycles: bool = False,
    ) -> None:
        """Open the books of contracts, at the terms that the manifest claims for their series.

        Args:
            contracts: The listed contracts.
            records: Keeps every transaction, event and entry; None if nobody asked for an index.
            receipts: Compares the receipts of a payer with the history; None without receipts.
            strict_cycles: Whether a cycle that settled less than the rule of order is a finding, and not only a notice.
        """
        self.ledger = Ledger(contracts)
        self._records, self._receipts, self._strict_cycles = records, receipts, strict_cycles
        self._watch = invariants.Watch(self.ledger)
        self.divergences: list[Divergence] = []
        self._contracts = contracts
        self._event_names = {topic: text.partition("(")[0] for topic, text in events.signatures().items()}
        self._named: set[Finding | tuple[str, str]] = set()
        self._unlisted: dict[Address, set[str]] = {}
        self._powers = Powers(contracts)

    def apply(self, block: int, timestamp: int, transactions: Sequence[ExecutedTransaction]) -> None:
        """Book the events of a block, and check the invariants on the changes of each of its transactions.

        Args:
            block: Its height.
            timestamp: Its time by its header, unix seconds.
            transactions: Results of executing its transactions.
        """
        log_index = 0
        if self._records:
            self._records.block(block, timestamp)
        for index, transaction in enumerate(transactions):
            booked, is_booked = list[Booked](), False
            for log in transaction.logs:
                position = Position(block, index, log_index)
                log_index += 1
                self._powers.see(log, block, timestamp, transaction.sender)
                if self._contracts.keeps(log.address):
                    is_booked = True
                    booked.extend(self._book(log, position, timestamp))
                elif name := self._event_names.get(log.topics[0] if log.topics else b""):
                    self._unlisted.setdefault(log.address, set()).add(name)
            if is_booked:
                self._name(block, self._watch.check(), index)
            if self._records:
                self._records.transaction(block, index, transaction, booked)

    def _book(self, log: ExecutedLog, position: Position, timestamp: int) -> Iterator[Booked]:
        """Book a log, and yield it if it is an event that could be booked."""
        try:
            event = self._contracts.event_of(log.address, log.topics, log.data)
            if event is not None:
                emitted = Emitted(log.address, position, event, timestamp)
                yield Booked(emitted, log.topics, log.data, self._watch.apply(emitted))
                if self._receipts:
                    self._receipts.see(emitted)
            elif log.topics and log.topics[0] in self._event_names:
                raise ValueError("its topics and data are not those of the event it names")
        except (LookupError, TypeError, ValueError, OverflowError) as problem:
            # The listed contract is of another kind than the manifest states: its events have another form.
            detail = f"an event of 0x{log.address.hex()} cannot be booked: {type(problem).__name__}: {problem}"
            self._add(position.block_number, f"transaction {position.transaction_index}", "INV-REPLAY", detail)

    def _name(self, block: int, findings: Iterable[Finding], transaction: int | None = None) -> None:
        """Add new findings, of a transaction of a block or of the whole block."""
        for finding in findings:
            # A broken balance stays broken with changing figures, and is named once; a contradiction names its place.
            placed = finding.subject.startswith("block ")
            key: Finding | tuple[str, str] = finding if placed else (finding.code, finding.subject)
            if key not in self._named:
                self._named.add(key)
                where = [] if transaction is None else [f"transaction {transaction}"]
                about = ": ".join(where if placed else [*where, finding.subject])
                self._add(block, about, finding.code, finding.detail)

    def close(self, head: int, chain_id: int, call: Call | None) -> list[Finding]:
        """Check the invariants on all of the books, and compare these with the contracts' own answers at the head.

        Args:
            head: Height of the head.
            chain_id: Chain id that channel ids are bound to.
            call: Calls a contract; None without a state, and then no contract is called.

        Returns:
            Notices for an auditor.

        Invariant:
            INV-REPLAY: the replayed ledger equals the answers of the listed contracts about accounts in events.
        """
        # Once on all books: changes were checked transaction by transaction.
        self._name(head, invariants.check(self.ledger))
        for question in invariants.questions(self.ledger, chain_id):
            if isinstance(question, Finding):
                self._add(head, question.subject, question.code, question.detail)
            elif call is not None:
                self._ask(head, call, question)
        notices = list[Finding]()
        for notice in invariants.notices(self.ledger):
            if self._strict_cycles and notice.code == "INV-ORDER":
                self._add(head if notice.block is None else notice.block, notice.subject, notice.code, notice.detail)
            else:
                notices.append(notice)
        for finding in self._receipts.findings(self.ledger) if self._receipts else ():
            if finding.severity is Severity.NOTICE:
                notices.append(finding)
            else:
                self._add(head, finding.subject, finding.code, finding.detail)
        notices.extend(self._powers.notices(call or _no_answer))
        notices.extend(self._name_unlisted())
        if self._records:
            self._records.close(self.ledger, self._powers, notices, call)
        return notices

    def _ask(self, head: int, call: Call, question: Question) -> None:
        subject, code = question.subject, question.code
        function, expected = question.function, question.expected
        try:
            answer = call(question.contract, question.data)
        except Unproven:
            return  # P names it
        except CallRefused as problem:
            self._add(head, subject, code, f"{function} is not answered: {problem}")
            return
        if len(answer) != 32 * len(expected):
            self._add(head, subject, code, f"{function} is answered with {len(answer)} bytes, not {32 * len(expected)}")
            return
        for place, should in enumerate(expected):
            got = int.from_bytes(answer[32 * place : 32 * place + 32], "big", signed=question.signed)
            if should != got:
                self._add(head, subject, code, differs(function, should, got))

    def _name_unlisted(self) -> Iterator[Finding]:
        """Yield a notice of each unlisted contract that emits events of the network.

        The ledger has no books of it. Any contract can emit such events, so that this never decides a verdict; an
        auditor sees whether the manifest leaves out a contract.
        """
        for address, names in sorted(self._unlisted.items()):
            detail = f"emits {', '.join(sorted(names))} and is not listed in the manifest: its books are not kept"
            yield Finding("AUDIT-L", f"contract 0x{address.hex()}", detail, Severity.NOTICE)

    def _add(self, block: int, about: str, code: str, detail: str) -> None:
        self.divergences.append(at_block(Check.LEDGER, block, detail, code=code, about=about))


def _no_answer(_contract: Address, _data: bytes) -> bytes:
    raise CallRefused("there is no state to ask it on")
