"""The lists of batch compute: which orders were placed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pysettle.client.core.ids import beginning_with
from pysettle.client.store import Entries, ReadModel, Value
from pysettle.domain.jobs.events import OrderPlaced
from pysettle.evm.transactions import TransactionSender
from pysettle.values import Address, OrderId

if TYPE_CHECKING:
    from pysettle.client.jobs.escrow import Order
    from pysettle.client.network import SettlementNetwork


def _fold_order(before: Value | None, event: OrderPlaced, emitter: Address, sender: TransactionSender) -> Value:
    return {"currency": event.terms.currency.hex()}


def models(address: Callable[[str], Address]) -> tuple[ReadModel, ...]:
    """Return the read models of batch compute.

    Args:
        address: Returns the address of a contract of the network, by its name.
    """

    def escrow(_: Callable[[str], Entries]) -> list[Address]:
        return [address("JobEscrow")]

    return (ReadModel("orders", 1, (OrderPlaced,), escrow, lambda _, event: event.order_id, _fold_order),)


class JobLists:
    """The orders of a network's escrow, at the head of the chain."""

    def __init__(self, network: SettlementNetwork) -> None:
        """List the orders of a network."""
        self._network = network

    def orders(self, currency: Address, party: Address | None = None) -> dict[OrderId, Order]:
        """Return mapping id -> order of those in a currency, in the order they were placed in.

        Args:
            currency: The currency.
            party: Only those of which this account is a party; None for all.
        """
        jobs = self._network.jobs
        standing = {order_id: jobs.order(order_id) for order_id in self.placed(currency)}
        return {
            key: order
            for key, order in standing.items()
            if party in (None, order.payer, order.buyer, order.provider, order.arbiter)
        }

    def find(self, text: str) -> OrderId:
        """Return the id of the order, in any currency, that begins with hex digits.

        Raises:
            UsageError: none has such an id, or several have.
        """
        (entries,) = self._network.store.read("orders")
        return beginning_with(text, map(OrderId, entries), "order", "job list")

    def placed(self, currency: Address) -> tuple[OrderId, ...]:
        """Return the ids of the orders in a currency, in the order they were placed in."""
        (entries,) = self._network.store.read("orders")
        return tuple(OrderId(key) for key, value in entries.items() if value["currency"] == currency.hex())
