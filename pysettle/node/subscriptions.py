"""Notifications of a node: new heads, logs, arriving transactions.

A WebSocket client is sent each event; a filter keeps them until it is polled. Both are the same subscription.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from eth.abc import SignedTransactionAPI

from pysettle.evm.backend import Block
from pysettle.node.chain import LogFilter, NodeChain
from pysettle.node.objects import header_object, transaction_object
from pysettle.node.protocol import SERVER_ERROR, InvalidParams, RpcError
from pysettle.node.values import flag, hex_data

Send = Callable[[Any], None]
"""Called with each event as JSON-RPC writes it."""

FILTER_LIMIT = 1_000
"""Most filters kept; the one made first is forgotten for a new one."""
EVENT_LIMIT = 10_000
"""Most events a filter keeps; one that is not polled by then is forgotten."""


class Subscription:
    """Tells nothing; each kind tells of one thing."""

    def __init__(self, node: NodeChain, send: Send) -> None:
        """Begin to listen.

        Args:
            node: The chain.
            send: Where events go.
        """
        self._node, self._send = node, send
        node.listeners.append(self)

    def end(self) -> None:
        """Stop listening."""
        self._node.listeners.remove(self)

    def sealed(self, blocks: Sequence[Block]) -> None:
        """Take notice that blocks were sealed."""

    def removing(self, first: int, last: int) -> None:
        """Take notice that blocks, both ends included, are about to be taken off the chain."""

    def arrived(self, transaction: SignedTransactionAPI) -> None:
        """Take notice of a transaction that waits for a block, if only for the next."""


class HeadSubscription(Subscription):
    """Tells of each sealed block by its header."""

    def sealed(self, blocks: Sequence[Block]) -> None:
        """Send the headers."""
        for block in blocks:
            self._send(header_object(self._node.header(block.number)))


class BlockHashSubscription(Subscription):
    """Tells of each sealed block by its hash."""

    def sealed(self, blocks: Sequence[Block]) -> None:
        """Send the hashes."""
        for block in blocks:
            self._send(hex_data(block.hash))


class LogSubscription(Subscription):
    """Notifies of logs, and again of logs in reverted blocks."""

    def __init__(self, node: NodeChain, send: Send, wanted: LogFilter) -> None:
        """Begin to listen for the wanted logs."""
        super().__init__(node, send)
        self._wanted = wanted

    def sealed(self, blocks: Sequence[Block]) -> None:
        """Send the logs in chain order."""
        for log in self._node.log_objects(self._wanted, blocks[0].number, blocks[-1].number):
            self._send(log)

    def removing(self, first: int, last: int) -> None:
        """Send the logs once more, as removed."""
        for log in self._node.log_objects(self._wanted, first, last):
            self._send(log | {"removed": True})


class PendingSubscription(Subscription):
    """Tells of each transaction that arrives, by its hash or whole."""

    def __init__(self, node: NodeChain, send: Send, whole: bool = False) -> None:
        """Begin to listen."""
        super().__init__(node, send)
        self._whole = whole

    def arrived(self, transaction: SignedTransactionAPI) -> None:
        """Send it or its hash."""
        self._send(transaction_object(transaction, None, 0) if self._whole else hex_data(transaction.hash))


def subscribe(node: NodeChain, send: Send, kind: Any, query: Any = None) -> Subscription:
    """Begin a subscription of a kind that `eth_subscribe` names.

    Raises:
        InvalidParams: no such kind, or a malformed filter.
    """
    match kind:
        case "newHeads":
            return HeadSubscription(node, send)
        case "newPendingTransactions":
            return PendingSubscription(node, send, flag(query or False, "the second parameter"))
        case "logs":
            return LogSubscription(node, send, LogFilter.read(query or {}))
    raise InvalidParams("one can subscribe to newHeads, logs and newPendingTransactions")


class Filters:
    """The filters of a node: subscriptions with events that wait for a poll."""

    def __init__(self) -> None:
        """Begin without filters."""
        self._filters: dict[str, tuple[Subscription, list[Any]]] = {}
        self._queries: dict[str, dict[str, Any]] = {}
        self._made = 0

    def add(self, make: Callable[[Send], Subscription], query: dict[str, Any] | None = None) -> str:
        """Keep a filter; return its id.

        Args:
            make: Returns the subscription that sends where it is told to.
            query: Query of `eth_getFilterLogs`, for a filter of logs.
        """
        if len(self._filters) >= FILTER_LIMIT:
            self.remove(next(iter(self._filters)))
        self._made += 1
        handle, events = hex(self._made), list[Any]()

        def keep(event: Any) -> None:
            events.append(event)
            if len(events) > EVENT_LIMIT:
                self.remove(handle)

        self._filters[handle] = (make(keep), events)
        if query is not None:
            self._queries[handle] = query
        return handle

    def poll(self, handle: str) -> list[Any]:
        """Return the events since the last poll.

        Raises:
            RpcError: no such filter.
        """
        if handle not in self._filters:
            raise RpcError(SERVER_ERROR, "filter not found")
        _, events = self._filters[handle]
        pending = events.copy()
        events.clear()
        return pending

    def query(self, handle: str) -> dict[str, Any]:
        """Return the query of a filter of logs.

        Raises:
            RpcError: no such filter.
        """
        if handle not in self._queries:
            raise RpcError(SERVER_ERROR, "filter not found")
        return self._queries[handle]

    def remove(self, handle: str) -> bool:
        """Forget a filter; tell whether there was one."""
        self._queries.pop(handle, None)
        subscription, _ = self._filters.pop(handle, (None, None))
        if subscription is not None:
            subscription.end()
        return subscription is not None
