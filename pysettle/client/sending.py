"""Sending to a network: transactions over a chain, with the refusals of every contract known by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pysettle.evm.reverts import RevertDecoder
from pysettle.evm.transactions import TransactionSender

if TYPE_CHECKING:
    from pysettle.evm.backend import ChainBackend
    from pysettle.evm.interface import Interface


def transaction_sender(chain: ChainBackend) -> TransactionSender:
    """Return a sender that knows the errors of the network's contracts."""
    return TransactionSender(chain, RevertDecoder(_interfaces()))


def _interfaces() -> Iterator[Interface]:
    """Yield the ABI of every contract; the columns are loaded at the first refusal, and not before."""
    from pysettle.client.columns import artifact_names
    from pysettle.client.core.contract import interface

    yield from map(interface, artifact_names())
