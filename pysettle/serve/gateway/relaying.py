"""Transactions of a facilitator: signed by one key, sent by `TransactionSender`, done only with their event.

Differences from the signer of x402's SDK: no nonce is reserved for a transaction that is then not sent, each function
has its own gas, and a payment to a series is submitted as a purchase, since a series accepts money in no other way.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING

from pysettle.client.channel.hub import ChannelHub
from pysettle.client.compute.series import ComputeToken
from pysettle.client.core.contract import Contract
from pysettle.client.core.token import Token
from pysettle.domain.channel.events import ChannelRefunded, Deposited
from pysettle.domain.compute.events import Purchased
from pysettle.domain.core import events
from pysettle.domain.core.messages import Authorization
from pysettle.domain.core.signing import Signer
from pysettle.errors import ChainError, ContractReverted, OutcomeUnknown, TransactionPending
from pysettle.evm.backend import ExecutionReverted, Receipt
from pysettle.evm.transactions import Transaction
from pysettle.values import Address, Hash32, SeriesId

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork

_KEPT = 1_000
"""Receipts that are kept for the question that follows them."""
_PATIENCE_S = 30.0
_POLL_S = 0.1
_GAS_FREE_CHOICE = 1_000_000
"""Gas for a function without an entry of its own, such as the hub's `multicall`."""
_GAS_CLAIM, _GAS_CLAIM_ROW = 100_000, 80_000
_EVENTS: Mapping[str, type[events.Event]] = {
    "deposit": Deposited,
    "refundWithSignature": ChannelRefunded,
    "purchase": Purchased,
}
"""Function -> event without which it has not done what it is for."""


class Relayer:
    """Sends what payers have signed, and pays the gas."""

    def __init__(self, network: SettlementNetwork, key: Signer) -> None:
        """Send over a network with a key."""
        self.network, self._key = network, key
        self.address = key.address
        """Account that pays the gas."""
        self._receipts: OrderedDict[Hash32, tuple[Receipt, str]] = OrderedDict()
        self._series: set[Address] = set()
        self._lock = Lock()

    def series_at(self, address: Address) -> ComputeToken | None:
        """Return the series at an address of this network's market; None if there is none."""
        with self._lock:
            if address not in self._series and self.network.chain.code(address):
                self._series.update(series.address for series in self.network.compute_lists.series())
            found = address in self._series
        return self.network.market.at(SeriesId(address)) if found else None

    def call(self, to: Address, data: bytes) -> bytes:
        """Read from a contract, as the account that pays the gas.

        Raises:
            ContractReverted: the contract refused; the words are those that the SDK looks for.
        """
        try:
            return self.network.chain.call(to, data, sender=self.address)
        except ExecutionReverted as reverted:
            raise self.network.sender.decoder.of_call(reverted.data, to, self._wrapper(to).interface, data) from None

    def purchase(self, authorization: Authorization, signature: bytes) -> Transaction | None:
        """Return a payment to a series as the purchase that it has to be; None for a payment to anybody else."""
        series = self.series_at(authorization.payee)
        if series is None:
            return None
        return series.purchase_with_transfer_authorization(self._key, authorization, signature)

    def simulate(self, transaction: Transaction) -> None:
        """Execute a transaction without sending it.

        Raises:
            ContractReverted: the contract would refuse it.
        """
        self.network.sender.simulate(transaction)

    def transaction(self, to: Address, function: str, data: bytes, rows: int) -> Transaction:
        """Return a transaction of encoded call data.

        Args:
            to: The contract.
            function: Its function, which sets the gas.
            data: Call data.
            rows: Rows of a claim.
        """
        gas = {
            "deposit": ChannelHub.GAS_DEPOSIT,
            "refundWithSignature": ChannelHub.GAS_PAYOUT,
            "settle": ChannelHub.GAS_PAYOUT,
            "transferWithAuthorization": Token.GAS_TRANSFER,
            "claimWithSignature": _GAS_CLAIM + _GAS_CLAIM_ROW * rows,
        }.get(function, _GAS_FREE_CHOICE)
        return Transaction(self._key, to, data, gas, self._wrapper(to).interface)

    def send(self, transaction: Transaction, function: str) -> Hash32:
        """Send a transaction, wait until it is final, and return its hash; `receipt` returns its outcome.

        Raises:
            ChainError: it was not sent.
        """
        try:
            (receipt,) = self.network.send(transaction)
        except ContractReverted as refused:
            if refused.tx_hash is None:
                raise
            (found,) = self.network.chain.receipts_of([Hash32(refused.tx_hash)])
            assert found is not None, "a sealed transaction has a receipt"
            receipt = found
        except (OutcomeUnknown, TransactionPending) as unknown:
            # It may be sealed yet: the receipt is asked for by its hash.
            return Hash32(unknown.hashes[-1])
        with self._lock:
            self._receipts[receipt.transaction_hash] = receipt, function
            while len(self._receipts) > _KEPT:
                self._receipts.popitem(last=False)
        return receipt.transaction_hash

    def receipt(self, hash_: Hash32) -> tuple[Receipt, bool]:
        """Return the receipt of a transaction, and whether it has done what it is for.

        Raises:
            ChainError: it is in no block after a while.
        """
        with self._lock:
            known = self._receipts.get(hash_)
        if known is not None:
            receipt, function = known
            return receipt, receipt.succeeded and _has(receipt, _EVENTS.get(function))
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            (found,) = self.network.chain.receipts_of([hash_])
            if found is not None:
                return found, found.succeeded
            time.sleep(_POLL_S)
        raise ChainError(f"0x{hash_.hex()} is in no block after {_PATIENCE_S:.0f} s", tx_hash=hash_)

    def _wrapper(self, to: Address) -> Contract:
        return self.network.hub if to == self.network.hub.address else self.network.currency


def _has(receipt: Receipt, event: type[events.Event] | None) -> bool:
    if event is None:
        return True
    return any(isinstance(events.decode(log.topics, log.data), event) for log in receipt.logs)
