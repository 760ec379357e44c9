"""Transactions of a facilitator: signed by one key, sent by `TransactionSender`, done only with their event.

Every signed version is in a journal before it is sent. A relayer that was killed finds its transactions there.

Differences from the signer of x402's SDK: no nonce is reserved for a transaction that is then not sent, each function
has its own gas, and a payment to a series is submitted as a purchase, since a series accepts money in no other way.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import groupby
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
from pysettle.errors import (
    ChainError,
    ContractReverted,
    OutcomeUnknown,
    TransactionPending,
    TransactionRefused,
)
from pysettle.evm.backend import ExecutionReverted, Receipt
from pysettle.evm.transactions import Transaction
from pysettle.serve.gateway import journal
from pysettle.serve.gateway.journal import Journal, Version
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

    def __init__(self, network: SettlementNetwork, key: Signer, sent: Journal) -> None:
        """Send over a network with a key, and keep a journal; what an earlier process has left there is sent again."""
        self.network, self._key, self.journal = network, key, sent
        network.sender.journal = sent
        self.address = key.address
        """Account that pays the gas."""
        self._receipts: OrderedDict[Hash32, tuple[Receipt, str]] = OrderedDict()
        self._series: set[Address] = set()
        self._lock = Lock()
        for _, versions in groupby(sent.of_sender(self.address), lambda version: version.nonce):
            found = list(versions)
            if self._resumed(found, waits=False) is None or found[-1].purpose is None:
                sent.forget([version.hash for version in found])

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

        If an earlier process has signed one for the same payment, that one is waited for, and none is signed anew.

        Raises:
            ChainError: it was not sent.
        """
        if (resumed := self.resumed()) is not None:
            return resumed
        try:
            with journal.function(function):
                (answer,) = self.network.sender.send_each(transaction)
        except (OutcomeUnknown, TransactionPending) as unknown:
            # It may be sealed yet: the receipt is asked for by its hash.
            return Hash32(unknown.hashes[-1])
        if isinstance(answer, TransactionRefused):
            raise answer
        if isinstance(answer, ContractReverted):
            (found,) = self.network.chain.receipts_of([Hash32(answer.tx_hash or b"")])
            assert found is not None, "a sealed transaction has a receipt"
            answer = found
        self._remember(answer, function)
        return answer.transaction_hash

    def resumed(self) -> Hash32 | None:
        """Return the transaction that was signed before for the payment that is being settled; None if there is none.

        It is sent again if it is in no block, and for more if blocks leave it out. A transaction whose nonce another
        one has used is none.
        """
        payment = journal.present_purpose()
        versions = [] if payment is None else self.journal.of_purpose(payment)
        found = self._resumed(versions, waits=True) if versions else None
        if versions and found is None:
            self.journal.forget([version.hash for version in versions])
        return found

    def _resumed(self, versions: Sequence[Version], *, waits: bool) -> Hash32 | None:
        """Return the version of a transaction that is sealed, or the newest, which is sent again.

        None if another transaction has used its nonce: no version of it can be sealed any more.
        """
        chain, newest = self.network.chain, versions[-1]
        # The nonce is read first: a transaction that is sealed in between has a receipt.
        (sealed,) = chain.standing([self.address]).nonces
        for receipt in chain.receipts_of([version.hash for version in versions]):
            if receipt is not None:
                self._remember(receipt, newest.function or "")
                return receipt.transaction_hash
        if sealed > newest.nonce:
            return None
        if not waits:
            # A node that has it already refuses it.
            with suppress(TransactionRefused, OutcomeUnknown):
                chain.submit([newest.raw])
            return newest.hash
        try:
            with journal.function(newest.function or ""):
                resumed = self.network.sender.resume(self._key, [version.raw for version in versions])
        except (OutcomeUnknown, TransactionPending) as unknown:
            return Hash32(unknown.hashes[-1])
        self._remember(resumed, newest.function or "")
        return resumed.transaction_hash

    def _remember(self, receipt: Receipt, function: str) -> None:
        with self._lock:
            self._receipts[receipt.transaction_hash] = receipt, function
            while len(self._receipts) > _KEPT:
                self._receipts.popitem(last=False)

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
