"""Check L: the books kept from re-executed events, and compared with what the contracts answer at the head.

Knows the ledger and the invariants of `pysettle.domain` and reads contracts by their function signatures. Not checked:
that the code at a listed address is that of the named contract; a contract that lies in its events and in its answers
alike is found by its code only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from eth_hash.auto import keccak
from eth_typing import Address

from pysettle.audit.blocks import differs
from pysettle.audit.engines import CallRefused, ExecutedTransaction
from pysettle.audit.report import Check, Divergence, at_block
from pysettle.domain import events, invariants
from pysettle.domain.events import Emitted, Position
from pysettle.domain.findings import Finding, Severity
from pysettle.domain.ledger import ChannelRecord, Contracts, Ledger, Purpose
from pysettle.domain.messages import ChannelId, hub_domain

Call = Callable[[Address, bytes], bytes]
"""Answers a read-only call of a contract on the head state; raises `CallRefused`."""

_TOKEN_STANDARD = {"Transfer", "AuthorizationUsed", "AuthorizationCanceled"}
"""Events that any token emits, ours or not."""


class LedgerCheck:
    """The books of the listed contracts, and what is wrong with them."""

    def __init__(self, contracts: Contracts) -> None:
        """Open the books of contracts, at the terms that the manifest claims for their series."""
        self.ledger = Ledger(contracts)
        self.divergences: list[Divergence] = []
        self._contracts = contracts
        self._event_names = {topic: text.partition("(")[0] for topic, text in events.signatures().items()}
        self._named: set[Finding | tuple[str, str]] = set()
        self._unlisted: dict[Address, tuple[int, set[str]]] = {}

    def apply(self, block: int, transactions: Sequence[ExecutedTransaction]) -> None:
        """Book the events of a block and check the invariants after every transaction that had any."""
        log_index = 0
        for index, transaction in enumerate(transactions):
            booked = False
            for log in transaction.logs:
                position = Position(block, index, log_index)
                log_index += 1
                if self._contracts.keeps(log.address):
                    booked = True
                    self._book(log.address, log.topics, log.data, position)
                elif name := self._event_names.get(log.topics[0] if log.topics else b""):
                    self._unlisted.setdefault(log.address, (block, set()))[1].add(name)
            if booked:
                self._check(block, index)

    def _book(self, emitter: Address, topics: Sequence[bytes], data: bytes, position: Position) -> None:
        try:
            event = events.decode(topics, data)
            if event is not None:
                self.ledger.apply(Emitted(emitter, position, event))
            elif topics and topics[0] in self._event_names:
                raise ValueError("its topics and data are not those of the event it names")
        except (LookupError, TypeError, ValueError, OverflowError) as problem:
            # The listed contract is not what the manifest calls it: its events have another form.
            detail = f"an event of 0x{emitter.hex()} cannot be booked: {type(problem).__name__}: {problem}"
            self._add(position.block_number, f"transaction {position.transaction_index}", "INV-REPLAY", detail)

    def _check(self, block: int, transaction: int) -> None:
        for finding in invariants.check(self.ledger):
            # A broken balance stays broken with changing figures, and is named once; a contradiction names its place.
            placed = finding.subject.startswith("block ")
            key: Finding | tuple[str, str] = finding if placed else (finding.code, finding.subject)
            if key not in self._named:
                self._named.add(key)
                about = f"transaction {transaction}" + ("" if placed else f": {finding.subject}")
                self._add(block, about, finding.code, finding.detail)

    def close(self, head: int, chain_id: int, call: Call) -> list[Finding]:
        """Compare the books with the contracts' own answers at the head; return notices.

        Args:
            head: Height of the head.
            chain_id: Chain id that channel ids are bound to.
            call: How contracts are asked.

        Invariant:
            INV-REPLAY: the replayed ledger equals the chain's state.
        """
        for subject, code, what, to, data, expected in self._questions(head, chain_id):
            try:
                answer = call(to, data)
            except CallRefused as problem:
                self._add(head, subject, code, f"{what} is not answered: {problem}")
                continue
            words = tuple(int.from_bytes(answer[32 * i : 32 * i + 32], "big") for i in range(len(expected)))
            if len(answer) != 32 * len(expected):
                self._add(head, subject, code, f"{what} is answered with {len(answer)} bytes, not {32 * len(expected)}")
            elif words != expected:
                for should, got in zip(expected, words, strict=True):
                    if should != got:
                        self._add(head, subject, code, differs(what, should, got))
        notices = invariants.donations(self.ledger)
        notices.extend(self._name_unlisted())
        return notices

    def _questions(self, head: int, chain_id: int) -> Iterator[_Question]:
        """Yield every question to a contract with the answer that the books expect."""
        ledger, contracts = self.ledger, self._contracts
        for series, terms in contracts.series.items():
            about = f"series 0x{series.hex()}"
            for signature, claimed in (
                ("currency()", int.from_bytes(terms.currency, "big")),
                ("unitPrice()", terms.unit_price),
                ("rateCard()", terms.rate_card.pack()),
            ):
                yield about, "AUDIT-L", signature, series, _call_data(signature), (claimed,)
        for asset in [*sorted(contracts.currencies), *contracts.series]:
            about = f"asset 0x{asset.hex()}"
            total = ledger.supply(asset)
            yield about, "INV-REPLAY", "totalSupply()", asset, _call_data("totalSupply()"), (total,)
            for holder in ledger.holders(asset):
                what, data = f"balanceOf(0x{holder.hex()})", _call_data("balanceOf(address)", holder)
                yield about, "INV-REPLAY", what, asset, data, (ledger.held(asset, holder),)
        for currency, last in ledger.reserves.items():
            about, expected = (
                f"currency 0x{currency.hex()}",
                (last.amount_fen, last.as_of, last.sequence, last.valid_before),
            )
            yield about, "INV-REPLAY", "reserve()", currency, _call_data("reserve()"), expected
        for currency, freezing in ledger.freezing.items():
            about = f"currency 0x{currency.hex()}"
            for account in freezing.accounts():
                what, words = f"frozen(0x{account.hex()})", tuple(map(int, freezing.frozen(account)))
                yield about, "INV-REPLAY", what, currency, _call_data("frozen(address)", account), words
        for channel_id, record in ledger.channels.items():
            hub = self._hub_of(channel_id, record, chain_id)
            about = f"channel 0x{channel_id.hex()}"
            if hub is None or record.config is None:
                self._add(head, about, "INV-REPLAY", "its id is not that of its terms under any listed hub")
                continue
            balance = ledger.balance(record.config.token, Purpose.CHANNEL, channel_id) + record.total_claimed
            data = _call_data("channels(bytes32)", channel_id)
            yield about, "INV-REPLAY", "channels(id)", hub, data, (balance, record.total_claimed)

    def _hub_of(self, channel_id: ChannelId, record: ChannelRecord, chain_id: int) -> Address | None:
        config = record.config
        for hub in sorted(self._contracts.hubs):
            if config and config.channel_id(hub_domain(chain_id, hub)) == channel_id:
                return hub
        return None

    def _name_unlisted(self) -> Iterator[Finding]:
        """Name contracts that act as contracts of the network and are not listed: their books were not kept."""
        for address, (block, names) in sorted(self._unlisted.items()):
            detail = f"emits {', '.join(sorted(names))} and is not listed in the manifest: its books are not kept"
            if names <= _TOKEN_STANDARD:
                yield Finding("AUDIT-L", f"contract 0x{address.hex()}", detail, Severity.NOTICE)
            else:
                self._add(block, f"contract 0x{address.hex()}", "AUDIT-L", detail)

    def _add(self, block: int, about: str, code: str, detail: str) -> None:
        self.divergences.append(at_block(Check.LEDGER, block, detail, code=code, about=about))


_Question = tuple[str, str, str, Address, bytes, tuple[int, ...]]
"""Subject, code of the finding, question in words, contract, call data, words expected."""


def _call_data(signature: str, *arguments: bytes) -> bytes:
    return keccak(signature.encode())[:4] + b"".join(argument.rjust(32, b"\0") for argument in arguments)
