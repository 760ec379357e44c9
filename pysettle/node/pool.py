"""Transactions that wait for a block: those with a future nonce, and all of them if blocks are sealed by hand.

They are not on the chain: a node that ends loses them.
"""

from __future__ import annotations

from eth.abc import SignedTransactionAPI

from pysettle.errors import TransactionRefused
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.prague import InvalidTransaction
from pysettle.node.protocol import LIMIT_EXCEEDED, SERVER_ERROR, RpcError
from pysettle.node.values import hex_address
from pysettle.values import Address, Hash32

POOL_LIMIT = 10_000
"""Most transactions that wait."""
PRICE_BUMP_PERCENT = 10
"""Least by which a replacement must raise both fees, as geth asks."""


class Pool:
    """Waiting transactions by hash, in the order of arrival."""

    def __init__(self, chain: EmbeddedChain) -> None:
        """Wait for the blocks of a chain."""
        self._chain = chain
        self._waiting: dict[Hash32, SignedTransactionAPI] = {}
        self._places: dict[tuple[Address, int], Hash32] = {}

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def get(self, transaction_hash: Hash32) -> SignedTransactionAPI | None:
        """Return a transaction that waits."""
        return self._waiting.get(transaction_hash)

    def add(self, raw_transaction: bytes) -> SignedTransactionAPI:
        """Add a signed transaction, and return it; it replaces one of the same sender and nonce if it pays more.

        Raises:
            RpcError: no block can contain it in the present state, after any other transactions; the message has the
                words that clients expect.
        """
        try:
            (transaction,) = self._chain.decode([raw_transaction])
        except TransactionRefused as problem:
            raise refusal(problem) from problem
        self._check_against_head(transaction)
        place = (transaction.sender, transaction.nonce)
        replaced = self._waiting.get(self._places.get(place, transaction.hash))
        if replaced is not None:
            if replaced.hash == transaction.hash:
                raise RpcError(SERVER_ERROR, "already known")
            _check_price_bump(transaction, replaced)
            self.drop(replaced.hash)
        if len(self._waiting) >= POOL_LIMIT:
            raise RpcError(LIMIT_EXCEEDED, f"{POOL_LIMIT} transactions wait already: seal a block first")
        self._waiting[transaction.hash] = transaction
        self._places[place] = transaction.hash
        return transaction

    def _check_against_head(self, transaction: SignedTransactionAPI) -> None:
        state, sender = self._chain.head_state(), transaction.sender
        if transaction.nonce < (nonce := state.get_nonce(sender)):
            raise RpcError(SERVER_ERROR, f"nonce too low: next nonce {nonce}, tx nonce {transaction.nonce}")
        most = transaction.gas * transaction.max_fee_per_gas + transaction.value
        if (balance := state.get_balance(sender)) < most:
            problem = f"address {hex_address(sender)} have {balance} want {most}"
            raise RpcError(SERVER_ERROR, f"insufficient funds for gas * price + value: {problem}")
        base_fee = self._chain.next_header().base_fee_per_gas or 0
        if transaction.max_fee_per_gas < base_fee:
            problem = f"maxFeePerGas: {transaction.max_fee_per_gas}, baseFee: {base_fee}"
            raise RpcError(SERVER_ERROR, f"max fee per gas less than block base fee: {problem}")

    def drop(self, transaction_hash: Hash32) -> bool:
        """Remove a transaction; return whether it waited."""
        transaction = self._waiting.pop(transaction_hash, None)
        if transaction is not None:
            del self._places[transaction.sender, transaction.nonce]
        return transaction is not None

    def drop_all_of(self, sender: Address) -> None:
        """Forget every transaction of an account."""
        for transaction in tuple(self._waiting.values()):
            if transaction.sender == sender:
                self.drop(transaction.hash)

    def clear(self) -> None:
        """Forget every transaction."""
        self._waiting.clear()
        self._places.clear()

    def ready(self) -> list[SignedTransactionAPI]:
        """Return the transactions for the next block, in the order of arrival, each sender's by nonce without a gap.

        Transactions with a past nonce are removed.
        """
        state, base_fee = self._chain.head_state(), self._chain.next_header().base_fee_per_gas or 0
        for transaction in tuple(self._waiting.values()):
            if transaction.nonce < state.get_nonce(transaction.sender):
                self.drop(transaction.hash)
        due: dict[Address, int] = {}
        early: dict[tuple[Address, int], SignedTransactionAPI] = {}
        chosen: list[SignedTransactionAPI] = []
        for arrived in self._waiting.values():
            sender = arrived.sender
            due.setdefault(sender, state.get_nonce(sender))
            early[sender, arrived.nonce] = arrived
            while (place := (sender, due[sender])) in early and early[place].max_fee_per_gas >= base_fee:
                chosen.append(early[place])
                due[sender] += 1
        return chosen

    def queued(self) -> list[SignedTransactionAPI]:
        """Return the waiting transactions that are not ready."""
        ready = {transaction.hash for transaction in self.ready()}
        return [transaction for transaction in self._waiting.values() if transaction.hash not in ready]

    def next_nonce(self, account: Address) -> int:
        """Return the nonce after those that are ready."""
        nonce = self._chain.nonce(account)
        while (account, nonce) in self._places:
            nonce += 1
        return nonce


def _check_price_bump(transaction: SignedTransactionAPI, replaced: SignedTransactionAPI) -> None:
    for offered, before in (
        (transaction.max_fee_per_gas, replaced.max_fee_per_gas),
        (transaction.max_priority_fee_per_gas, replaced.max_priority_fee_per_gas),
    ):
        if 100 * offered < (100 + PRICE_BUMP_PERCENT) * before:
            raise RpcError(SERVER_ERROR, f"replacement transaction underpriced: both fees rise {PRICE_BUMP_PERCENT} %")


def refusal(problem: TransactionRefused) -> RpcError:
    """Return the JSON-RPC error for a transaction that can be in no block."""
    cause = problem.__cause__
    return RpcError(
        SERVER_ERROR, f"transaction refused: {cause.reason if isinstance(cause, InvalidTransaction) else problem}"
    )
