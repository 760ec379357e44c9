"""A chain as a node sees it: block tags, logs by range, filters, and who is told of new blocks.

Knows no JSON-RPC text and no sockets. One thread at a time uses it; `server` sees to that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from eth.abc import BlockAPI, BlockHeaderAPI
from eth.exceptions import HeaderNotFound
from eth_bloom.bloom import BloomFilter
from eth_typing import Address, BlockNumber, Hash32

from pysettle.domain.signing import Signer
from pysettle.errors import ChainError, TransactionRefused
from pysettle.evm.backend import Block, Log
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.prague import InvalidTransaction
from pysettle.node.objects import log_object
from pysettle.node.protocol import LIMIT_EXCEEDED, SERVER_ERROR, InvalidParams, RpcError
from pysettle.node.values import address, data, fields, hash32, quantity

BLOCK_RANGE_LIMIT = 10_000
"""Most blocks one query of logs may look at."""
LOG_LIMIT = 10_000
"""Most logs one query of logs may return."""
FILTER_LIMIT = 1_000
"""Most filters kept; the one made first is forgotten for a new one."""
_RETRIES_TOGETHER = 4


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which logs are wanted, as `eth_getLogs` describes them."""

    addresses: frozenset[Address]
    """Emitting contracts; empty for any."""
    topics: tuple[frozenset[bytes], ...]
    """What each topic may be, by place; an empty set for any."""

    def accepts(self, log: Log) -> bool:
        """Tell whether the log is wanted."""
        if self.addresses and log.address not in self.addresses:
            return False
        if len(self.topics) > len(log.topics):
            return False
        return all(not wanted or topic in wanted for wanted, topic in zip(self.topics, log.topics, strict=False))

    def may_be_in(self, bloom: BloomFilter) -> bool:
        """Tell whether a block with that bloom can hold a wanted log."""
        return all(not wanted or any(it in bloom for it in wanted) for wanted in (self.addresses, *self.topics))

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
            frozenset(address(it) for it in _alternatives(contracts)),
            tuple(frozenset(data(it, "a topic", 32) for it in _alternatives(topic)) for topic in topics),
        )


def _alternatives(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


class NodeChain:
    """An embedded chain with what a node adds to it."""

    def __init__(self, chain: EmbeddedChain, accounts: Sequence[Signer] = ()) -> None:
        """Serve a chain.

        Args:
            chain: The chain, for this node alone to write to.
            accounts: Accounts the node signs for.
        """
        self.embedded = chain
        self.accounts = {signer.address: signer for signer in accounts}
        self.listeners: list[Callable[[Sequence[Block]], None]] = []
        """Called, in the chain's thread, with the blocks that were just sealed."""
        self._polls: dict[str, Callable[[], list[Any]]] = {}
        self._log_filters: dict[str, dict[str, Any]] = {}
        self._handles = count(1)

    # Sealing

    def seal(self, raw_transactions: Sequence[bytes] = ()) -> tuple[Block, ...]:
        """Seal transactions together, and one empty block for none; tell the listeners.

        Raises:
            TransactionRefused: as `EmbeddedChain.seal`.
        """
        blocks = self.embedded.seal(raw_transactions)
        for listener in tuple(self.listeners):
            listener(blocks)
        return blocks

    def seal_what_can_be(self, raw_transactions: Sequence[bytes]) -> list[Hash32 | TransactionRefused]:
        """Seal transactions in one block if their gas allows, leaving out those that are refused.

        After a few refusals the rest is sealed one by one, so that a batch of refusals costs no more than its length.

        Returns:
            The hash of each sealed transaction, and why the others were refused, in order.
        """
        outcomes: dict[int, Hash32 | TransactionRefused] = {}
        left = list(range(len(raw_transactions)))
        for _ in range(_RETRIES_TOGETHER):
            try:
                hashes = self._seal_hashes([raw_transactions[place] for place in left])
            except TransactionRefused as problem:
                outcomes[left.pop(refused_place(problem))] = problem
                continue
            outcomes |= dict(zip(left, hashes, strict=True))
            left = []
            break
        for place in left:
            try:
                outcomes[place] = self._seal_hashes([raw_transactions[place]])[0]
            except TransactionRefused as problem:
                outcomes[place] = problem
        return [outcomes[place] for place in range(len(raw_transactions))]

    def _seal_hashes(self, raw_transactions: Sequence[bytes]) -> list[Hash32]:
        blocks = self.seal(raw_transactions) if raw_transactions else ()
        return [transaction_hash for block in blocks for transaction_hash in block.transaction_hashes]

    # Blocks

    def height(self, tag: Any) -> int | None:
        """Read a block number, tag or EIP-1898 object; None for the pending block.

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
        number = quantity(tag, "the block")
        if number > head:
            raise RpcError(SERVER_ERROR, f"block {number} not found: the head is {head}")
        return number

    def header(self, number: int) -> BlockHeaderAPI:
        """Return the header of a sealed block."""
        return self.embedded.py_evm.get_canonical_block_header_by_number(BlockNumber(number))

    def header_by_hash(self, block_hash: Hash32) -> BlockHeaderAPI:
        """Return the header of a sealed block.

        Raises:
            RpcError: no block of the chain has that hash.
        """
        chaindb = self.embedded.py_evm.chaindb
        try:
            header = chaindb.get_block_header_by_hash(block_hash)
            if chaindb.get_canonical_block_hash(header.block_number) == block_hash:
                return header
        except HeaderNotFound:
            pass
        raise RpcError(SERVER_ERROR, f"block 0x{block_hash.hex()} not found")

    def py_evm_block(self, number: int) -> BlockAPI:
        """Return a sealed block with its transactions."""
        return self.embedded.py_evm.get_canonical_block_by_number(BlockNumber(number))

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
        found = []
        for document in self.log_objects(wanted, first, last):
            found.append(document)
            if len(found) > LOG_LIMIT:
                raise RpcError(LIMIT_EXCEEDED, f"more than {LOG_LIMIT} logs: ask for fewer blocks")
        return found

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

    # Filters

    def add_filter(self, found: Callable[[int, int], list[Any]], query: dict[str, Any] | None = None) -> str:
        """Keep a filter; return its id.

        Args:
            found: Called with the first and last block not yet polled.
            query: What `eth_getFilterLogs` asks again, for a filter of logs.
        """
        if len(self._polls) >= FILTER_LIMIT:
            self.remove_filter(next(iter(self._polls)))
        handle, polled = hex(next(self._handles)), self.embedded.block().number

        def poll() -> list[Any]:
            nonlocal polled
            head = self.embedded.block().number
            first, polled = min(polled, head) + 1, head
            return found(first, head)

        self._polls[handle] = poll
        if query is not None:
            self._log_filters[handle] = query
        return handle

    def poll_filter(self, handle: str) -> list[Any]:
        """Return what is new since the last poll.

        Raises:
            RpcError: no such filter.
        """
        if handle not in self._polls:
            raise RpcError(SERVER_ERROR, "filter not found")
        return self._polls[handle]()

    def filter_query(self, handle: str) -> dict[str, Any]:
        """Return what a filter of logs asks for.

        Raises:
            RpcError: no such filter.
        """
        if handle not in self._log_filters:
            raise RpcError(SERVER_ERROR, "filter not found")
        return self._log_filters[handle]

    def remove_filter(self, handle: str) -> bool:
        """Forget a filter; tell whether there was one."""
        self._log_filters.pop(handle, None)
        return self._polls.pop(handle, None) is not None


def refused_place(problem: TransactionRefused) -> int:
    """Return the place of the transaction that made the chain refuse a sequence."""
    cause = problem.__cause__
    assert isinstance(cause, InvalidTransaction), "the embedded chain refuses because of a transaction"
    return cause.index


def refusal(problem: TransactionRefused) -> RpcError:
    """Return the JSON-RPC error for a transaction that can be in no block, in words clients look for."""
    cause = problem.__cause__
    return RpcError(
        SERVER_ERROR, f"transaction refused: {cause.reason if isinstance(cause, InvalidTransaction) else problem}"
    )
