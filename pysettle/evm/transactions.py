"""Sending: unsigned transactions in, receipts out. Nonces, fees and signatures are settled here and nowhere else.

The maker of a transaction states its gas, which is never estimated: an estimate runs the transaction a dozen times.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock
from typing import Protocol

from pysettle import deeds
from pysettle.errors import (
    ChainError,
    ContractReverted,
    HandOverInterrupted,
    OutcomeUnknown,
    TransactionPending,
    TransactionRefused,
)
from pysettle.evm.backend import ChainBackend, ExecutionReverted, Fees, Receipt
from pysettle.evm.encoding import SignedTransaction, TransactionSigner, UnsignedTransaction
from pysettle.evm.handover import answered, handed_over
from pysettle.evm.interface import Interface
from pysettle.evm.reverts import RevertDecoder
from pysettle.failpoints import reach
from pysettle.hashing import keccak
from pysettle.values import Address, Hash32

_PATIENCE_BLOCKS = 3
"""Blocks a transaction may be left out of before it is sent again for a higher fee."""
_REPLACEMENTS = 8
"""Times it is sent again."""
_GAS_CANCELLATION = 21_000


@dataclass(frozen=True, slots=True)
class Transaction:
    """One call of a contract, or one creation, not yet signed."""

    sender: TransactionSigner
    """Signer, which pays the gas."""
    to: Address | None
    """Contract called; None to create one."""
    data: bytes
    """Call data, or creation code with its arguments."""
    gas: int
    """Most gas it may use."""
    interface: Interface
    """The called contract's ABI, to name its refusals."""
    value: int = 0
    """Native value that goes with it, in wei."""


class Journal(Protocol):
    """Stores transactions durably, so that a program that was killed finds those that it may have sent."""

    def store(self, versions: Sequence[SignedTransaction]) -> None:
        """Store signed versions of transactions; none of their bytes has left the program."""

    def ended(self, versions: Sequence[SignedTransaction]) -> None:
        """Note that the outcome of transactions is known: one version of each is sealed, or all were refused."""


@dataclass(slots=True)
class _Sent:
    """A transaction on its way, with every version of it: they share a nonce, so at most one is sealed."""

    sender: TransactionSigner
    unsigned: UnsignedTransaction
    versions: list[SignedTransaction] = field(default_factory=list)

    @property
    def newest(self) -> SignedTransaction:
        return self.versions[-1]

    def sign(self) -> None:
        self.versions.append(self.unsigned.sign(self.sender))

    def raise_fees(self, fees: Fees) -> None:
        """Sign again for the network's present fees, at least an eighth more than before: nodes require a tenth."""
        before = self.unsigned.fees
        tip = None if before.priority_fee is None else max(fees.priority_fee or 0, before.priority_fee * 9 // 8 + 1)
        self.unsigned = replace(self.unsigned, fees=Fees(max(fees.max_fee, before.max_fee * 9 // 8 + 1), tip))
        self.sign()


class TransactionSender:
    """Sends transactions over a backend, and names the refusals of contracts.

    Threads may share one over a network; the embedded chain belongs to one thread.
    """

    def __init__(self, chain: ChainBackend, decoder: RevertDecoder) -> None:
        """Use a chain, and know the errors of its contracts."""
        self.chain = chain
        self.decoder = decoder
        self.journal: Journal | None = None
        """Stores every signed version before it is sent; None for a program that nobody has to resume."""
        self._lock = Lock()
        self._on_their_way: dict[Address, list[int]] = {}

    def send(self, *transactions: Transaction) -> tuple[Receipt, ...]:
        """Send transactions in order, many in one block, wait until they are final, and return their receipts.

        A refusal by a contract does not undo the others: each transaction is independent. A transaction that a network
        does not include in its blocks is resent with a higher fee, under the same nonce.

        Raises:
            ContractReverted: the first of them that a contract refused, with its hash; all are sealed.
            TransactionRefused: one could not be sealed; the error names those that the chain accepted all the same.
            Each
                refused nonce between accepted ones is filled with an empty transaction, so that no gap stops the later
                ones.
            TransactionPending: a network did not include one in its blocks in spite of higher fees.
            OutcomeUnknown: they were sent, and the chain did not report their outcome.
            HandOverInterrupted: somebody interrupted the program meanwhile.
        """
        with self._lock:
            sent, refusal = self._hand_over(transactions)
        if refusal is not None:
            self._release(sent)
            self._end([item for place, item in enumerate(sent) if place not in refusal.accepted])
            raise refusal
        receipts = self._awaited(sent)
        for transaction, receipt in zip(transactions, receipts, strict=True):
            if (reverted := self._reverted(transaction, receipt)) is not None:
                raise reverted
        return receipts

    def send_each(self, *transactions: Transaction) -> tuple[Receipt | ContractReverted | TransactionRefused, ...]:
        """Send transactions as `send` does, and answer each of them: by its receipt, or by its own refusal.

        Raises:
            TransactionPending, OutcomeUnknown, HandOverInterrupted: as `send`; the outcome of none is known.
        """
        with self._lock:
            sent, refusal = self._hand_over(transactions)
        accepted = range(len(sent)) if refusal is None else refusal.accepted
        refused = [item for place, item in enumerate(sent) if place not in accepted]
        self._release(refused)
        self._end(refused)
        receipts = dict(zip(accepted, self._awaited([sent[place] for place in accepted]), strict=True))
        answers: list[Receipt | ContractReverted | TransactionRefused] = []
        for place, transaction in enumerate(transactions):
            if place in receipts:
                answers.append(self._reverted(transaction, receipts[place]) or receipts[place])
            else:
                assert refusal is not None, "a transaction that was not accepted was refused"
                answers.append(refusal.of(place))
        return tuple(answers)

    def resume(self, signer: TransactionSigner, versions: Sequence[bytes]) -> Receipt:
        """Wait for a transaction that an earlier process has signed; return its final receipt, as `send_each` does.

        Its newest version is sent again, and resent with a higher fee as any other: at once if its offer is below the
        present base fee, since no block can include it then.

        Args:
            signer: Its sender.
            versions: Its versions in the order in which they were signed.

        Raises:
            TransactionPending, OutcomeUnknown, HandOverInterrupted: as `send`.
        """
        known = [(raw, UnsignedTransaction.of(raw)) for raw in versions]
        item = _Sent(signer, known[-1][1], [SignedTransaction(raw, it, signer.address) for raw, it in known])
        if self.chain.block().base_fee > item.unsigned.fees.max_fee:
            item.raise_fees(self.chain.fees())
            self._store([item.newest])
        with self._lock:
            self._on_their_way.setdefault(signer.address, []).append(item.unsigned.nonce)
        # A node that has it already refuses it.
        with suppress(TransactionRefused, OutcomeUnknown):
            self.chain.submit([item.newest])
        (receipt,) = self._awaited([item])
        return receipt

    def simulate(self, transaction: Transaction) -> bytes:
        """Execute a transaction without sealing it; return its return value.

        Raises:
            ContractReverted: the contract would refuse it; the error has no hash.
        """
        assert transaction.to is not None, "a creation cannot be simulated by a call"
        return self.call(transaction.to, transaction.interface, transaction.data, sender=transaction.sender.address)

    def call(
        self,
        to: Address,
        interface: Interface,
        data: bytes,
        *,
        sender: Address = Address(b"\0" * 20),  # noqa: B008
    ) -> bytes:
        """Read from a contract.

        Raises:
            ContractReverted: the contract refused.
        """
        try:
            return self.chain.call(to, data, sender=sender)
        except ExecutionReverted as reverted:
            raise self.decoder.of_call(reverted.data, to, interface, data) from None

    def _signed(self, transactions: Sequence[Transaction]) -> list[_Sent]:
        """Give each its nonce and price, and sign it."""
        fees, chain_id = self.chain.fees(), self.chain.chain_id
        senders = tuple(dict.fromkeys(transaction.sender.address for transaction in transactions))
        nonces = {
            sender: max(sealed, *(nonce + 1 for nonce in self._on_their_way.get(sender, ())), 0)
            for sender, sealed in zip(senders, self.chain.nonces_of(senders), strict=True)
        }
        sent = []
        for transaction in transactions:
            sender = transaction.sender.address
            item = _Sent(
                transaction.sender,
                UnsignedTransaction(
                    chain_id,
                    nonces[sender],
                    fees,
                    transaction.gas,
                    transaction.to,
                    transaction.data,
                    transaction.value,
                ),
            )
            item.sign()
            nonces[sender] += 1
            sent.append(item)
        return sent

    def _hand_over(self, transactions: Sequence[Transaction]) -> tuple[list[_Sent], TransactionRefused | None]:
        """Sign transactions and submit them; return the refusal, if the chain refused one. The lock is held."""
        if not transactions:
            return [], None
        sent, refusal = self._signed(transactions), None
        try:
            self._submit(sent)
        except TransactionRefused as problem:
            refusal = problem
        for item in sent:
            self._on_their_way.setdefault(item.sender.address, []).append(item.unsigned.nonce)
        return sent, refusal

    def _release(self, sent: Sequence[_Sent]) -> None:
        """Forget nonces on their way."""
        with self._lock:
            for item in sent:
                nonces = self._on_their_way[item.sender.address]
                nonces.remove(item.unsigned.nonce)
                if not nonces:
                    del self._on_their_way[item.sender.address]

    def _awaited(self, sent: Sequence[_Sent]) -> tuple[Receipt, ...]:
        """Return the final receipts of submitted transactions, whose nonces are released."""
        if not sent:
            return ()
        try:
            with handed_over(lambda: _hashes(sent)):
                receipts = self._receipts(sent)
        finally:
            self._release(sent)
        self._end(sent)
        return receipts

    def _end(self, sent: Sequence[_Sent]) -> None:
        """Note that the outcome of transactions is known."""
        if self.journal is not None:
            self.journal.ended([version for item in sent for version in item.versions])

    def _reverted(self, transaction: Transaction, receipt: Receipt) -> ContractReverted | None:
        """Return the refusal of a contract that a receipt reports."""
        if receipt.succeeded:
            return None
        return self.decoder.of_call(
            receipt.revert_data, transaction.to, transaction.interface, transaction.data, receipt.transaction_hash
        )

    def _submit(self, sent: Sequence[_Sent]) -> None:
        hashes = [item.newest.hash for item in sent]
        self._store([item.newest for item in sent])
        deeds.hand_over(hashes)
        try:
            self.chain.submit([item.newest for item in sent])
        except TransactionRefused as problem:
            taken = problem.hashes
            deeds.refused(hashes, taken)
            with handed_over(lambda: taken):
                self._close_gaps(sent, problem.accepted)
            raise
        except HandOverInterrupted:
            raise
        except KeyboardInterrupt as interrupt:
            # The embedded chain seals a sequence block by block; a network may be on its way to any of them.
            raise HandOverInterrupted(_hashes(sent)) from interrupt
        reach("sent")

    def _store(self, versions: Sequence[SignedTransaction]) -> None:
        """Have versions stored before the first of their bytes leaves."""
        if self.journal is not None and versions:
            self.journal.store(versions)
            reach("signed")

    def _close_gaps(self, sent: Sequence[_Sent], accepted: Sequence[int]) -> None:
        """Fill nonces that were refused below ones that were accepted; one that is refused again stays open."""
        highest = {sent[place].sender.address: sent[place].unsigned.nonce for place in accepted}
        gaps = []
        # The caller has to know of the refusal, even if the gaps cannot be filled.
        with suppress(ChainError):
            for place, item in enumerate(sent):
                address = item.sender.address
                if place not in accepted and item.unsigned.nonce < highest.get(address, 0):
                    nothing = replace(item.unsigned, to=address, data=b"", gas=_GAS_CANCELLATION, value=0)
                    gaps.append(nothing.sign(item.sender))
            self._store(gaps)
            self.chain.submit(gaps)

    def _receipts(self, sent: Sequence[_Sent]) -> tuple[Receipt, ...]:
        """Return the final receipts; wait for blocks, and resend transactions that they do not include."""
        blocks = 0
        while True:
            sealed = answered(partial(self._found, sent))
            missing = [item for item, receipt in zip(sent, sealed, strict=True) if receipt is None]
            receipts = tuple(receipt for receipt in sealed if receipt is not None)
            if not missing and max(receipt.block_number for receipt in receipts) <= answered(self.chain.confirmed):
                return receipts
            if missing and blocks and blocks % _PATIENCE_BLOCKS == 0:
                self._send_again(missing, blocks)
            self.chain.wait()
            blocks += bool(missing)

    def _found(self, sent: Sequence[_Sent]) -> list[Receipt | None]:
        """Return one receipt a transaction: that of the version which was sealed, if one was."""
        answers = iter(self.chain.receipts_of(_hashes(sent)))
        versions = [[next(answers) for _ in item.versions] for item in sent]
        return [next((receipt for receipt in receipts if receipt is not None), None) for receipts in versions]

    def _send_again(self, missing: Sequence[_Sent], blocks: int) -> None:
        if blocks > _PATIENCE_BLOCKS * _REPLACEMENTS:
            raise TransactionPending(_hashes(missing), blocks)
        fees = answered(self.chain.fees)
        for item in missing:
            item.raise_fees(fees)
        self._store([item.newest for item in missing])
        # Refused, it was sealed meanwhile or is refused at that price: the next look at the blocks tells.
        with suppress(TransactionRefused, OutcomeUnknown):
            self.chain.submit([item.newest for item in missing])


def _hashes(sent: Sequence[_Sent]) -> tuple[Hash32, ...]:
    """Return the hashes of every version of transactions."""
    return tuple(version.hash for item in sent for version in item.versions)


def relay(chain: ChainBackend, raw_transactions: Sequence[bytes]) -> tuple[Receipt, ...]:
    """Send transactions that others have signed, wait until they are sealed, and return their receipts in order.

    Raises:
        TransactionRefused: as `ChainBackend.submit`.
        OutcomeUnknown: they were sent, and the chain did not report their outcome.
    """
    chain.submit(raw_transactions)
    hashes = tuple(Hash32(keccak(raw)) for raw in raw_transactions)
    with handed_over(lambda: hashes):
        while None in (receipts := answered(partial(chain.receipts_of, hashes))):
            chain.wait()
    return tuple(receipt for receipt in receipts if receipt is not None)
