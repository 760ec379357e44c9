"""A chain of a node: block tags, logs by range, sealing, and listeners.

This module knows no JSON-RPC text and no sockets. One thread at a time uses it, by `server`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from eth.abc import BlockAPI, BlockHeaderAPI, SignedTransactionAPI
from eth.exceptions import HeaderNotFound
from eth_bloom.bloom import BloomFilter

from pysettle.domain.core.signing import Signer
from pysettle.errors import ChainError, TransactionRefused
from pysettle.evm.backend import Block, Log
from pysettle.evm.embedded import EmbeddedChain, Place
from pysettle.evm.prague import InvalidTransaction
from pysettle.node.objects import block_object, log_object, receipt_objects
from pysettle.node.pool import Pool, refusal
from pysettle.node.protocol import LIMIT_EXCEEDED, SERVER_ERROR, InvalidParams, RpcError
from pysettle.node.values import address, data, fields, hash32, quantity
from pysettle.values import Address, Hash32

BLOCK_RANGE_LIMIT = 10_000
"""Most blocks one query of logs may look at."""
LOG_LIMIT = 10_000
"""Most logs one query of logs may return."""
_HASH_LENGTH = 66
"""Characters of a hash; a number of as many is none that a chain reaches."""
_KEPT_BLOCKS = 256
"""Blocks cached in each form: clients ask for the latest ones repeatedly, and no block changes."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which logs are wanted, as `eth_getLogs` describes them."""

    addresses: frozenset[Address]
    """Emitting contracts; empty for any."""
    topics: tuple[frozenset[bytes], ...]
    """Allowed topics by place; an empty set for any."""

    def accepts(self, log: Log) -> bool:
        """Whether the log is wanted."""
        if self.addresses and log.address not in self.addresses:
            return False
        if len(self.topics) > len(log.topics):
            return False
        return all(not wanted or topic in wanted for wanted, topic in zip(self.topics, log.topics, strict=False))

    def may_be_in(self, bloom: BloomFilter) -> bool:
        """Whether a block with that bloom can hold a wanted log."""
        return all(not wanted or any(topic in bloom for topic in wanted) for wanted in (self.addresses, *self.topics))

    @classmethod
    def read(cls, value: Any) -> LogFilter:
        """Read the addresses and topics of a filter object.

        Raises:
            InvalidParams: it is malformed.
        """
        document = fields(value, "the filter")
        contracts, topics = document.get("address"), document.get("topics") or []
        if not isinstance(topics, list) or len(topics) > 4:
            raise InvalidParams("topics is not a list of at most four")
        return cls(
            frozenset(address(contract) for contract in _alternatives(contracts)),
            tuple(
                frozenset(data(alternative, "a topic", 32) for alternative in _alternatives(topic)) for topic in topics
            ),
        )


def _alternatives(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


class Listener(Protocol):
    """A listener for the events of the chain."""

    def sealed(self, blocks: Sequence[Block]) -> None:
        """Take notice that blocks were sealed."""

    def removing(self, first: int, last: int) -> None:
        """Take notice that blocks, both ends included, are about to be taken off the chain."""

    def arrived(self, transaction: SignedTransactionAPI) -> None:
        """Take notice of a transaction that waits for a block, if only for the next."""


class NodeChain:
    """An embedded chain with the additions of a node."""

    def __init__(
        self,
        chain: EmbeddedChain,
        accounts: Sequence[Signer] = (),
        *,
        faucet: Signer | None = None,
        keeps_history: bool = False,
        is_read_only: bool = False,
    ) -> None:
        """Serve a chain.

        Args:
            chain: The chain, for this node alone to write to.
            accounts: Accounts the node signs for.
            faucet: Account that pays raised balances; None if no balance can be raised.
            keeps_history: Whether sealed blocks stay: no client can revert the chain or get a balance.
            is_read_only: Whether the chain is a history that ends with its head: no client can change anything.
        """
        self.embedded, self.faucet = chain, faucet
        self.keeps_history, self.is_read_only = keeps_history or is_read_only, is_read_only
        self.accounts = {signer.address: signer for signer in accounts}
        self.listeners: list[Listener] = []
        self.pool = Pool(chain)
        self.automine = True
        """Whether transactions are sealed as they come; otherwise `mine` does it."""
        cached = lru_cache(maxsize=_KEPT_BLOCKS)
        self._header_of = cached(chain.py_evm.chaindb.get_block_header_by_hash)
        self.block_of = cached(self._read_block)
        """Return the block of a hash that `header_by_hash` knows, with its transactions."""
        self.block_document = cached(self._read_block_document)
        """Return that block as JSON-RPC writes it, with its transactions whole or by hash."""
        self.receipt_documents = cached(self._read_receipt_documents)
        """Return that block's receipts as JSON-RPC writes them."""
        self._pending: tuple[object, BlockAPI] | None = None

    # Sealing

    def send(self, raw_transactions: Sequence[bytes]) -> list[Hash32 | RpcError]:
        """Take transactions, and seal together those that are ready, unless blocks are sealed by hand.

        Returns:
            For each its hash, or why it can be in no block, in order.
        """
        outcomes = [self._take(raw) for raw in raw_transactions]
        refused = self._seal_ready() if self.automine else {}
        return [outcome if isinstance(outcome, RpcError) else refused.get(outcome, outcome) for outcome in outcomes]

    def _take(self, raw_transaction: bytes) -> Hash32 | RpcError:
        try:
            transaction = self.pool.add(raw_transaction)
        except RpcError as problem:
            return problem
        for listener in tuple(self.listeners):
            listener.arrived(transaction)
        return transaction.hash

    def _seal_ready(self) -> dict[Hash32, RpcError]:
        """Seal the ready transactions, in as few blocks as their gas allows; remove and return the refused ones.

        Each refusal costs the blocks before it a second execution and no more.
        """
        refused: dict[Hash32, RpcError] = {}
        while ready := self.pool.ready():
            try:
                self._tell(self.embedded.seal_decoded(ready))
            except TransactionRefused as problem:
                place = refused_place(problem)
                refused[ready[place].hash] = refusal(problem)
                self.pool.drop(ready[place].hash)
                if place:
                    self._tell(self.embedded.seal_decoded(ready[:place]))
        return refused

    def seal(self, raw_transaction: bytes) -> None:
        """Seal a transaction in a block of its own, past those that wait.

        Raises:
            RpcError: it can be in no block.
        """
        try:
            self._tell(self.embedded.seal([raw_transaction]))
        except TransactionRefused as problem:
            raise refusal(problem) from problem

    def mine(self) -> Block:
        """Seal one block, empty or with the ready transactions that fit; refused ones wait no longer."""
        while True:
            ready = self.pool.ready()
            try:
                block = self.embedded.seal_block(ready)
            except TransactionRefused as problem:
                self.pool.drop(ready[refused_place(problem)].hash)
                continue
            self._tell([block])
            return block

    def _tell(self, blocks: Sequence[Block]) -> None:
        for listener in tuple(self.listeners):
            listener.sealed(blocks)

    def revert(self, snapshot: int) -> None:
        """Revert the chain to a snapshot; listeners are called before, and waiting transactions go on waiting.

        Raises:
            ChainError: the handle was never given, or is spent.
        """
        target, head = self.embedded.snapshot_height(snapshot), self.embedded.block().number
        if target < head:
            for listener in tuple(self.listeners):
                listener.removing(target + 1, head)
        self.embedded.revert(snapshot)

    def pending_block(self) -> BlockAPI:
        """Return the block that would be sealed now."""
        ready = self.pool.ready()
        made_of = (self.embedded.next_header(), [transaction.hash for transaction in ready])
        if self._pending is None or self._pending[0] != made_of:
            try:
                block = self.embedded.preview(ready)[0]
            except TransactionRefused as problem:
                block = self.embedded.preview(ready[: refused_place(problem)])[0]
            self._pending = made_of, block
        return self._pending[1]

    # Blocks

    def height(self, tag: Any) -> int | None:
        """Read a block number, hash, tag or EIP-1898 object; None for the pending block.

        Raises:
            InvalidParams: it is malformed.
            RpcError: no such block.
        """
        head = self.embedded.block().number
        if tag in ("latest", "safe", "finalized", None):
            return head
        if tag == "pending":
            return None
        if tag == "earliest":
            return 0
        if isinstance(tag, dict):
            if "blockHash" in tag:
                return self.header_by_hash(hash32(tag["blockHash"], "blockHash")).block_number
            tag = tag.get("blockNumber")
        if isinstance(tag, str) and len(tag) == _HASH_LENGTH:
            return self.header_by_hash(hash32(tag, "the block")).block_number
        number = quantity(tag, "the block")
        if number > head:
            raise RpcError(SERVER_ERROR, f"block {number} not found: the head is {head}")
        return number

    def after(self, tag: Any) -> Place:
        """Return the place after whose block a state is asked for; at the pending one waiting transactions count.

        Raises:
            InvalidParams: the tag is malformed.
            RpcError: no such block.
        """
        height = self.height(tag)
        return self.pending_block().header if height is None and self.pool.ready() else height

    def header(self, number: int) -> BlockHeaderAPI:
        """Return the header of a sealed block."""
        return self.embedded.header(number)

    def header_at(self, tag: Any) -> BlockHeaderAPI:
        """Return the header of the sealed block that `height` reads; `pending` is refused.

        Raises:
            InvalidParams: it is malformed, or names the pending block.
            RpcError: no such block.
        """
        height = self.height(tag)
        if height is None:
            raise InvalidParams("the pending block is not sealed")
        return self.header(height)

    def header_by_hash(self, block_hash: Hash32) -> BlockHeaderAPI:
        """Return the header of a sealed block.

        Raises:
            RpcError: no block of the chain has that hash.
        """
        try:
            header = self._header_of(block_hash)
            if self.embedded.py_evm.chaindb.get_canonical_block_hash(header.block_number) == block_hash:
                return header
        except HeaderNotFound:
            pass
        raise RpcError(SERVER_ERROR, f"block 0x{block_hash.hex()} not found")

    def py_evm_block(self, number: int) -> BlockAPI:
        """Return a sealed block with its transactions."""
        return self.block_of(self.header(number).hash)

    def _read_block(self, block_hash: Hash32) -> BlockAPI:
        return self.embedded.py_evm.get_block_by_header(self._header_of(block_hash))

    def _read_block_document(self, block_hash: Hash32, full: bool) -> dict[str, Any]:
        return block_object(self.block_of(block_hash), full)

    def _read_receipt_documents(self, block_hash: Hash32) -> list[dict[str, Any]]:
        block = self.block_of(block_hash)
        blooms = [receipt.bloom for receipt in block.get_receipts(self.embedded.py_evm.chaindb)]
        return receipt_objects(block, self.embedded.receipts(block.number), blooms)

    def place(self, transaction_hash: Hash32) -> tuple[int, int] | None:
        """Return the block and index of a sealed transaction, None if there is none."""
        try:
            receipt = self.embedded.receipt(transaction_hash)
        except ChainError:
            return None
        return receipt.block_number, receipt.transaction_index

    # Logs

    def logs(self, query: Any) -> list[dict[str, Any]]:
        """Answer `eth_getLogs`.

        Raises:
            RpcError: more blocks or more logs than one answer may hold (-32005), or no such block.
        """
        wanted = LogFilter.read(query)
        if "blockHash" in query:
            if query.keys() & {"fromBlock", "toBlock"}:
                raise InvalidParams("blockHash stands alone, without fromBlock and toBlock")
            first = last = int(self.header_by_hash(hash32(query["blockHash"], "blockHash")).block_number)
        else:
            head = self.embedded.block().number
            first = self._bound(query.get("fromBlock"), head)
            last = min(self._bound(query.get("toBlock"), head), head)
        if first > last:
            return []
        if last - first >= BLOCK_RANGE_LIMIT:
            problem = f"{last - first + 1} blocks asked for, the most is {BLOCK_RANGE_LIMIT}: ask for them in parts"
            raise RpcError(LIMIT_EXCEEDED, problem)
        wanted_logs = []
        for document in self.log_objects(wanted, first, last):
            wanted_logs.append(document)
            if len(wanted_logs) > LOG_LIMIT:
                raise RpcError(LIMIT_EXCEEDED, f"more than {LOG_LIMIT} logs: ask for fewer blocks")
        return wanted_logs

    def _bound(self, tag: Any, head: int) -> int:
        if isinstance(tag, str) and tag.startswith("0x"):
            return quantity(tag, "a bound of the range")  # above the head there are no logs, which is no error
        height = self.height(tag)
        return head + 1 if height is None else height

    def log_objects(self, wanted: LogFilter, first: int, last: int) -> Iterator[dict[str, Any]]:
        """Yield the wanted logs of a range of sealed blocks, both ends included, in chain order."""
        for number in range(first, last + 1):
            header = self.header(number)
            if not wanted.may_be_in(BloomFilter(header.bloom)):
                continue
            for receipt in self.embedded.receipts(number):
                for log in receipt.logs:
                    if wanted.accepts(log):
                        yield log_object(log, header.hash, header.timestamp)


def refused_place(problem: TransactionRefused) -> int:
    """Return the place of the transaction that made the chain refuse a sequence."""
    cause = problem.__cause__
    assert isinstance(cause, InvalidTransaction), "the embedded chain refuses because of a transaction"
    return cause.index
