"""Logs over JSON-RPC under any limits of a node: a range of blocks that it refuses as too large is halved.

Nodes limit the blocks that one query looks at, the logs that it returns, the bytes or the time of an answer; none says
its limits in advance. A single block that is refused too is read by its receipts, which hold the same logs, and which
no node limits by their number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pysettle.errors import ChainError, NodeError
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.values import Address, Hash32

MOST_BLOCKS = 2_000
"""Blocks asked for in one query, as long as a node takes so many."""
_ANSWERS_BEFORE_MORE = 8
"""Queries answered before twice as many blocks are asked for: one that is refused may cost a node as much as any."""

_LIMIT_EXCEEDED = -32_005
"""Code of a request beyond a limit (EIP-1474): a query that is too large, or one request too many."""
_TIMED_OUT = -32_002
"""Code by which geth ends a request that takes too long."""
_MEASURES = re.compile(r"\b(block|blocks|range|ranges|log|logs|results?|response|distance|query)\b")
_EXCESS = re.compile(
    r"exceed|too (many|large|wide|big|high|long)|(more|larger|bigger|greater|smaller) than|limited to|at most|up to"
    r"|\bmax|narrow|limit the|over \d|time(d )?.?out"
)
"""Words by which nodes refuse a query as too large, beside those above: Besu, erigon, geth, Nethermind, reth, and
public providers."""
_ANOTHER_REASON = re.compile(
    r"too many requests|\brate\b|rate.?limit|per (second|minute|day|month)|daily|monthly|throughput|compute units|quota"
    r"|credits|concurren|request count|\bhead\b|beyond|latest|syncing"
)
"""Words of a node that limits how often it is asked, or that has not the block yet: asking for less does not help."""


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which logs are wanted; each field is of alternatives, and empty for any."""

    addresses: Sequence[Address] = ()
    """Emitting contracts."""
    topics: Sequence[bytes] = ()
    """First topics: event signatures."""
    ids: Sequence[bytes] = ()
    """Second topics: the first indexed member of the events."""

    def to_json(self) -> dict[str, Any]:
        """Return the filter as JSON-RPC has it, without blocks."""
        document: dict[str, Any] = {}
        if self.addresses:
            document["address"] = [_hex(address) for address in self.addresses]
        if self.topics or self.ids:
            places = [[_hex(topic) for topic in place] or None for place in (self.topics, self.ids)]
            document["topics"] = places if self.ids else places[:1]
        return document

    def accepts(self, log: dict[str, Any]) -> bool:
        """Tell whether a log, as JSON-RPC has it, is wanted."""
        if self.addresses and bytes.fromhex(log["address"][2:]) not in self.addresses:
            return False
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"][:2]]
        places = (self.topics, self.ids)
        return all(
            not wanted or (len(topics) > place and topics[place] in wanted) for place, wanted in enumerate(places)
        )


class LogReader:
    """Reads logs of a node, and remembers how many blocks it takes in one query."""

    def __init__(self, rpc: JsonRpc) -> None:
        """Read from a node with unknown limits."""
        self._rpc = rpc
        self._blocks = MOST_BLOCKS
        self._answered = 0

    def read(
        self, query: LogQuery, first: int, last: int, hash_of: Callable[[int], Hash32]
    ) -> Iterator[dict[str, Any]]:
        """Yield the wanted logs of sealed blocks as JSON-RPC has them, in the order of the chain.

        Each range of blocks is read again if its last block was replaced meanwhile: a block's hash commits to all
        before it.

        Args:
            query: Which.
            first: First block read.
            last: Last block read.
            hash_of: Returns the hash of a block.

        Raises:
            ChainError: the node refuses the logs of a single block, and its receipts too.
            NodeError: it refuses for another reason than that it was asked for too much.
        """
        while first <= last:
            end = min(first + self._blocks - 1, last)
            logs = self._standing(query, first, end, hash_of)
            if logs is None:
                self._blocks, self._answered = (end - first + 1) // 2, 0
                continue
            yield from logs
            first = end + 1
            self._answered += 1
            if self._answered == _ANSWERS_BEFORE_MORE:
                self._blocks, self._answered = min(MOST_BLOCKS, 2 * self._blocks), 0

    def _standing(
        self, query: LogQuery, first: int, last: int, hash_of: Callable[[int], Hash32]
    ) -> list[dict[str, Any]] | None:
        """Return the result of `_ask`, of blocks that were on the chain before and afterwards."""
        before = hash_of(last)
        while True:
            logs = self._ask(query, first, last)
            afterwards = hash_of(last)
            if logs is None or afterwards == before:
                return logs
            before = afterwards

    def _ask(self, query: LogQuery, first: int, last: int) -> list[dict[str, Any]] | None:
        """Return the wanted logs of a range of blocks; None where it is too much for the node, and can be halved."""
        bounds = {"fromBlock": hex(first), "toBlock": hex(last)}
        try:
            logs = self._rpc.ask("eth_getLogs", query.to_json() | bounds)
        except NodeError as problem:
            if not is_too_much(problem):
                raise
            return self._in_receipts(query, first, problem) if first == last else None
        with self._rpc.reading("eth_getLogs"):
            return list(logs)

    def _in_receipts(self, query: LogQuery, number: int, problem: NodeError) -> list[dict[str, Any]]:
        """Return the wanted logs of one block, after the node refused its logs."""
        try:
            receipts = self._rpc.ask("eth_getBlockReceipts", hex(number))
        except NodeError as refusal:
            raise ChainError(
                f"{self._rpc.name} refuses the logs of block {number} alone ({problem.message}), and its receipts too "
                f"({refusal.message}): raise the node's limit, or name another node by --chain",
                node=self._rpc.name,
                block=number,
            ) from refusal
        with self._rpc.reading("eth_getBlockReceipts"):
            return [log for receipt in receipts for log in receipt["logs"] if query.accepts(log)]


def is_too_much(problem: NodeError) -> bool:
    """Tell whether a node refused a query of logs because of its size, so that it may answer a smaller one."""
    words = f"{problem.message} {problem.data if isinstance(problem.data, str) else ''}".lower()
    if _ANOTHER_REASON.search(words):
        return False
    return problem.code in (_LIMIT_EXCEEDED, _TIMED_OUT) or bool(_MEASURES.search(words) and _EXCESS.search(words))


def _hex(content: bytes) -> str:
    return "0x" + content.hex()
