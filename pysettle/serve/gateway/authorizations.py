"""Signed transfers (EIP-3009) on the chain: which transaction has spent one, and whether it has paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pysettle.domain.core import events
from pysettle.domain.core.events import AuthorizationUsed, Transfer
from pysettle.evm.backend import Receipt
from pysettle.values import Address, Hash32

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork


def spending(network: SettlementNetwork, payer: Address, nonce: bytes) -> Receipt | None:
    """Return the receipt of the transaction that has spent an authorization of e-CNY; None if nothing has."""
    currency = network.currency
    if not currency.is_authorization_spent(payer, nonce):
        return None
    logs = network.chain.logs(
        from_block=network.first_block,
        addresses=[currency.address],
        topics=events.topics(AuthorizationUsed),
        ids=[payer.rjust(32, b"\0")],
    )
    for log in logs:
        event = events.decode(log.topics, log.data)
        if isinstance(event, AuthorizationUsed) and event.nonce == nonce:
            (receipt,) = network.chain.receipts_of([log.transaction_hash])
            return receipt
    return None  # its payer has cancelled it


def paid_by(network: SettlementNetwork, payer: Address, nonce: bytes, payee: Address, amount: int) -> Hash32 | None:
    """Return the transaction in which an authorization has paid a payee; None if it has not."""
    receipt = spending(network, payer, nonce)
    for log in receipt.logs if receipt else ():
        event = events.decode(log.topics, log.data) if log.address == network.currency.address else None
        if isinstance(event, Transfer) and (event.sender, event.receiver, event.value) == (payer, payee, amount):
            return log.transaction_hash
    return None
