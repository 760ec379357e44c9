"""Sending: unsigned transactions in, receipts out. Nonces, fees and signatures are settled here and nowhere else.

Gas is stated by who makes the transaction, never estimated: an estimate runs the transaction a dozen times.
"""

from __future__ import annotations

from dataclasses import dataclass

from eth_account import Account
from eth_typing import Address
from eth_utils.address import to_checksum_address

from pysettle.domain.signing import Signer
from pysettle.evm.backend import ChainBackend, ExecutionReverted, Receipt
from pysettle.evm.interface import Interface
from pysettle.evm.reverts import RevertDecoder

_FEE_HEADROOM = 8
"""Most the base fee may have grown, as a factor, while a sequence of blocks is sealed (12.5 % a full block)."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One call of a contract, or one creation, not yet signed."""

    sender: Signer
    """Who signs, and pays the gas."""
    to: Address | None
    """Contract called; None to create one."""
    data: bytes
    """Call data, or creation code with its arguments."""
    gas: int
    """Most gas it may use."""
    interface: Interface
    """The called contract's ABI, to name what it refuses."""


class TransactionSender:
    """Sends transactions over a backend, and names what contracts refuse."""

    def __init__(self, chain: ChainBackend, decoder: RevertDecoder) -> None:
        """Use a chain, and know the errors of its contracts."""
        self.chain = chain
        self._decoder = decoder

    def send(self, *transactions: Transaction) -> tuple[Receipt, ...]:
        """Seal transactions in order, many in one block, and return their receipts in order.

        A refusal does not undo the others: each transaction stands alone on chain.

        Raises:
            ContractReverted: the first of them that a contract refused, with its hash; all are sealed.
            TransactionRefused: one could not be sealed; none is.
        """
        if not transactions:
            return ()
        max_fee = _FEE_HEADROOM * self.chain.block().base_fee
        nonces: dict[Address, int] = {}
        raw = []
        for transaction in transactions:
            sender = transaction.sender.address
            nonce = nonces[sender] + 1 if sender in nonces else self.chain.nonce(sender)
            nonces[sender] = nonce
            raw.append(self._sign(transaction, nonce, max_fee))
        receipts = self.chain.send(raw)
        for transaction, receipt in zip(transactions, receipts, strict=True):
            if not receipt.succeeded:
                contract = transaction.interface.contract_name
                raise self._decoder.decode(receipt.revert_data, contract, receipt.transaction_hash)
        return receipts

    def simulate(self, transaction: Transaction) -> bytes:
        """Execute a transaction without sealing it; return what it would return.

        Raises:
            ContractReverted: what the contract would refuse, without a hash.
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
            raise self._decoder.decode(reverted.data, interface.contract_name) from None

    def _sign(self, transaction: Transaction, nonce: int, max_fee: int) -> bytes:
        fields = {
            "type": 2,
            "chainId": self.chain.chain_id,
            "nonce": nonce,
            "to": to_checksum_address(transaction.to) if transaction.to else b"",
            "data": transaction.data,
            "value": 0,
            "gas": transaction.gas,
            "maxFeePerGas": max_fee,
            "maxPriorityFeePerGas": 0,
        }
        return bytes(Account.sign_transaction(fields, transaction.sender.secret).raw_transaction)
