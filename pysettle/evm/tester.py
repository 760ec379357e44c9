"""The embedded chain behind eth-tester and web3's `EthereumTesterProvider`.

Knows eth-tester's backend interface and how web3 wires it. Sealing, time and snapshots are the embedded chain's own;
serialization, signing and account handling are eth-tester's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from eth.abc import BlockAPI, BlockHeaderAPI, ReceiptAPI, SignedTransactionAPI, TransactionBuilderAPI, VirtualMachineAPI
from eth.constants import ZERO_ADDRESS
from eth.estimators import get_gas_estimator
from eth.exceptions import TransactionNotFound as PyEVMTransactionNotFound
from eth.exceptions import VMError
from eth.vm.spoof import SpoofTransaction
from eth_keys.datatypes import PrivateKey
from eth_tester import EthereumTester
from eth_tester.backends.pyevm.main import EIP838_SIG, PyEVMBackend
from eth_tester.backends.pyevm.serializers import serialize_transaction, serialize_transaction_receipt
from eth_tester.exceptions import (
    BlockNotFound,
    SnapshotNotFound,
    TransactionFailed,
    TransactionNotFound,
    ValidationError,
)
from web3.providers.eth_tester import EthereumTesterProvider
from web3.providers.eth_tester.defaults import API_ENDPOINTS, static_return

from pysettle.errors import ChainError, TransactionRefused
from pysettle.evm import abi
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.prague import SealingVM
from pysettle.values import Address, Hash32

ZERO_ADDRESS_HEX = "0x" + ZERO_ADDRESS.hex()


def tester_provider(
    chain: EmbeddedChain,
    private_keys: Sequence[bytes] = (),  # noqa: PT028 - no test, though its name begins like one
) -> EthereumTesterProvider:
    """Return a web3 provider on the chain, which answers with the chain's own id and gas price.

    Args:
        chain: The chain; it may have blocks already, and others may go on sealing on it.
        private_keys: Keys of the accounts that `eth_accounts` lists and `eth_sendTransaction` signs for.

    Example:
        >>> from web3 import Web3
        >>> from pysettle.evm.genesis import Genesis
        >>> chain = EmbeddedChain(Genesis(chain_id=1337, timestamp=1_700_000_000))
        >>> Web3(tester_provider(chain)).eth.chain_id
        1337
    """
    endpoints = {namespace: dict(methods) for namespace, methods in API_ENDPOINTS.items()}
    endpoints["net"]["version"] = static_return(str(chain.chain_id))
    endpoints["eth"]["chainId"] = static_return(chain.chain_id)
    endpoints["eth"]["gasPrice"] = lambda *_: max(10**9, chain.next_header().base_fee_per_gas or 0)
    return EthereumTesterProvider(_Tester(EmbeddedTesterBackend(chain, private_keys)), endpoints)


class _Tester(EthereumTester):  # type: ignore[misc] # eth-tester has no types
    """eth-tester with its queue left to the backend, and with calls from nobody.

    Unless it mines after each, eth-tester snapshots and reverts around every transaction it is sent, so that one
    cannot follow another. A provider without accounts leaves `from` empty, which eth-tester does not take.
    """

    def send_transaction(self, transaction: Mapping[str, Any]) -> Any:
        return self._send(EthereumTester.send_transaction, transaction)

    def send_raw_transaction(self, raw_transaction_hex: str) -> Any:
        return self._send(EthereumTester.send_raw_transaction, raw_transaction_hex)

    def _send(self, decorated: Any, transaction: object) -> Any:
        sent = decorated.__wrapped__(self, transaction)
        if self.auto_mine_transactions:
            self.mine_block()
        return sent

    def get_transaction_receipt(self, transaction_hash: str) -> Any:
        if any("0x" + waiting.hash.hex() == transaction_hash.lower() for waiting in self._waiting):
            raise TransactionNotFound(f"No receipt yet of the transaction {transaction_hash}: it waits")
        return super().get_transaction_receipt(transaction_hash)

    def _handle_filtering_for_transaction(self, transaction_hash: str) -> None:
        # Log filters are told when the transaction is mined; eth-tester tells them of its receipt before, too.
        for pending_filter in self._pending_transaction_filters.values():
            pending_filter.add(self.normalizer.normalize_inbound_transaction_hash(transaction_hash))

    @property
    def _waiting(self) -> tuple[SignedTransactionAPI, ...]:
        return getattr(self.backend.chain, "queue", ())

    def enable_auto_mine_transactions(self) -> list[str]:
        """Mine what waits, and from now on after each transaction; return the hashes of what waited."""
        self.auto_mine_transactions = True
        waiting = self._waiting
        self.mine_block()
        return ["0x" + transaction.hash.hex() for transaction in waiting]

    def call(self, transaction: Mapping[str, Any], block_number: Any = "latest") -> Any:
        return super().call(_from_somebody(transaction), block_number)

    def estimate_gas(self, transaction: Mapping[str, Any], block_number: Any = "latest") -> Any:
        return super().estimate_gas(_from_somebody(transaction), block_number)


class EmbeddedTesterBackend(PyEVMBackend):  # type: ignore[misc] # eth-tester has no types
    """An eth-tester backend with the blocks of the embedded chain.

    Sent transactions wait in a queue until eth-tester mines, which it does after each unless told otherwise. The
    pending block is the block that sealing would make now.
    """

    def __init__(self, chain: EmbeddedChain, private_keys: Sequence[bytes] = ()) -> None:
        """Stand before a chain, with the keys of the accounts it may sign for.

        The base class makes a chain of its own in its constructor, which is therefore not called.
        """
        self.embedded = chain
        self.account_keys = tuple(PrivateKey(key) for key in private_keys)
        self.chain = _PendingChain(chain)
        self._origin: list[Any] = self.take_snapshot()

    def reset_to_genesis(self, *args: Any, **kwargs: Any) -> None:
        """Return to the chain as this backend found it; another genesis needs another chain."""
        if any(args) or any(kwargs.values()):
            raise NotImplementedError("the genesis of an embedded chain is fixed: make a chain of the other genesis")
        self.revert_to_snapshot(self._origin)

    # Snapshots and time

    def take_snapshot(self) -> list[Any]:
        """Return a snapshot of the chain, its clock and the queue."""
        return [self.embedded.snapshot(), self.chain.queue]

    def revert_to_snapshot(self, snapshot: list[Any]) -> None:
        """Return to a snapshot, which eth-tester may use again: it is taken anew.

        Raises:
            SnapshotNotFound: the chain was reverted to before it.
        """
        try:
            self.embedded.revert(snapshot[0])
        except ChainError as problem:
            raise SnapshotNotFound(str(problem)) from problem
        snapshot[0], self.chain.queue = self.embedded.snapshot(), snapshot[1]

    def time_travel(self, to_timestamp: int) -> int:
        """Advance the chain's clock so that the next block carries the timestamp; no block is sealed."""
        self.embedded.clock.advance(to_timestamp - self.embedded.clock.now())
        return to_timestamp

    def mine_blocks(self, num_blocks: int = 1, coinbase: Address = ZERO_ADDRESS) -> tuple[Hash32, ...]:
        """Seal the queue in the first of so many blocks; return their hashes."""
        default, self.embedded.coinbase = self.embedded.coinbase, coinbase if any(coinbase) else self.embedded.coinbase
        try:
            queue, self.chain.queue = self.chain.queue, ()
            return tuple(self.embedded.seal_block(queue if index == 0 else ()).hash for index in range(num_blocks))
        finally:
            self.embedded.coinbase = default

    # Transactions

    def send_raw_transaction(self, raw_transaction: bytes) -> Hash32:
        """Queue a signed transaction; return its hash.

        Raises:
            ValidationError: the pending block cannot contain it, or it is none.
        """
        return self.chain.offer(raw_transaction)

    def get_transaction_by_hash(self, transaction_hash: Hash32) -> dict[str, Any]:
        """Return a transaction, sealed or pending, as eth-tester serializes it."""
        block, index, is_pending, _ = self._find(transaction_hash)
        serialized: dict[str, Any] = serialize_transaction(block, block.transactions[index], index, is_pending)
        return serialized

    def get_transaction_receipt(self, transaction_hash: Hash32) -> dict[str, Any]:
        """Return a receipt as eth-tester serializes it; log indexes count through the block, as in JSON-RPC."""
        block, index, is_pending, receipts = self._find(transaction_hash)
        serialized: dict[str, Any] = serialize_transaction_receipt(
            block, receipts, block.transactions[index], index, is_pending, self.chain.get_vm(block.header)
        )
        logs_before = sum(len(receipt.logs) for receipt in receipts[:index])
        for log in serialized["logs"]:
            log["log_index"] += logs_before
        return serialized

    def _find(self, transaction_hash: Hash32) -> tuple[BlockAPI, int, bool, Sequence[ReceiptAPI]]:
        """Return the block of a transaction, its place there, whether the block is pending, and its receipts."""
        py_evm = self.embedded.py_evm
        try:
            number, index = py_evm.chaindb.get_transaction_index(transaction_hash)
        except PyEVMTransactionNotFound as problem:
            block, receipts = self.chain.pending()
            for index, transaction in enumerate(block.transactions):
                if transaction.hash == transaction_hash:
                    return block, index, True, receipts
            raise TransactionNotFound(
                f"No transaction found for transaction hash: {transaction_hash.hex()}"
            ) from problem
        block = py_evm.get_canonical_block_by_number(number)
        return block, index, False, block.get_receipts(py_evm.chaindb)

    def call(self, transaction: Mapping[str, Any], block_number: int | str = "latest") -> bytes:
        """Execute without sealing, free of gas fees; named blocks are the head, at the clock's time.

        Raises:
            TransactionFailed: with the reason, or with the representation of the revert data where it is not a
                plain `Error(string)`.
        """
        computation = self.embedded.simulate(
            transaction.get("to", b""),
            transaction.get("data", b""),
            sender=transaction["from"],
            value=transaction.get("value", 0),
            gas=transaction.get("gas", 0),
            block_number=self._height(block_number),
        )
        if computation.is_error:
            raise TransactionFailed(_reason(computation.error))
        return computation.output

    def estimate_gas(self, transaction: Mapping[str, Any], block_number: int | str = "latest") -> int:
        """Return gas the transaction succeeds with, by py-evm's search.

        Raises:
            TransactionFailed: it fails with a whole block's gas.
        """
        state = self.embedded.state(self._height(block_number))
        unsigned = SealingVM.create_unsigned_transaction(
            nonce=state.get_nonce(transaction["from"]),
            gas_price=0,
            gas=21_000,
            to=transaction.get("to", b""),
            value=transaction.get("value", 0),
            data=transaction.get("data", b""),
        )
        try:
            spoofed = SpoofTransaction(unsigned, from_=transaction["from"])
            return get_gas_estimator()(state, cast(SignedTransactionAPI, spoofed))
        except VMError as problem:
            raise TransactionFailed(_reason(problem)) from problem

    def _height(self, block_number: int | str) -> int | None:
        """Return a block's number, None for the head.

        Raises:
            BlockNotFound: no such block.
        """
        if block_number == "earliest":
            return 0
        if isinstance(block_number, str):
            return None
        if block_number > self.embedded.block().number:
            raise BlockNotFound(f"No block found for block number: {block_number}")
        return block_number


class _PendingChain:
    """The py-evm chain as eth-tester's backend reads it: with a pending block on top.

    py-evm's own pending block has the time of the machine; this one is the block that the embedded chain would seal.
    """

    def __init__(self, embedded: EmbeddedChain) -> None:
        self._embedded = embedded
        self.queue: tuple[SignedTransactionAPI, ...] = ()
        self._made_of: object = None
        self._pending: tuple[BlockAPI, tuple[ReceiptAPI, ...]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedded.py_evm, name)

    def pending(self) -> tuple[BlockAPI, tuple[ReceiptAPI, ...]]:
        """Return the block that would be sealed now, and its receipts."""
        made_of = (self._embedded.next_header(), self.queue)
        if made_of != self._made_of:
            self._pending, self._made_of = self._embedded.preview(self.queue), made_of
        return self._pending

    def get_block(self) -> BlockAPI:
        """Return the pending block."""
        return self.pending()[0]

    def get_vm(self, at_header: BlockHeaderAPI | None = None) -> VirtualMachineAPI:
        """Return a machine on the state after the header, or on the pending one."""
        return self._embedded.py_evm.get_vm(at_header or self._embedded.next_header())

    def get_transaction_builder(self) -> type[TransactionBuilderAPI]:
        """Return the builder and decoder of transactions."""
        return SealingVM.get_transaction_builder()

    def create_unsigned_transaction(self, **fields: Any) -> Any:
        """Return an unsigned legacy transaction."""
        return SealingVM.create_unsigned_transaction(**fields)

    def apply_transaction(self, transaction: SignedTransactionAPI) -> None:
        """Queue a transaction as `offer` does."""
        self.offer(transaction.encode())

    def offer(self, raw_transaction: bytes) -> Hash32:
        """Queue a signed transaction behind those that wait, if the pending block can contain it; return its hash.

        It replaces one of the same sender and nonce, whatever either pays.

        Raises:
            ValidationError: it cannot.
        """
        before = self.queue
        try:
            (transaction,) = self._embedded.decode([raw_transaction])
            place = [(it.sender, it.nonce) for it in before]
            mine = (transaction.sender, transaction.nonce)
            if mine in place:
                at = place.index(mine)
                self.queue = (*before[:at], transaction, *before[at + 1 :])
            else:
                self.queue = (*before, transaction)
            if len(self.get_block().transactions) < len(self.queue):
                raise ValidationError("no gas is left in the pending block: mine it first")
        except TransactionRefused as problem:
            self.queue = before
            raise ValidationError(str(problem)) from problem
        except ValidationError:
            self.queue = before
            raise
        return transaction.hash


def _from_somebody(transaction: Mapping[str, Any]) -> dict[str, Any]:
    return {**transaction, "from": transaction.get("from") or ZERO_ADDRESS_HEX}


def _reason(error: VMError) -> str:
    """Return the text of a plain `Error(string)`, else how py-evm prints the error: the form web3 looks for."""
    data = error.args[0] if error.args else b""
    if isinstance(data, bytes) and data.startswith(EIP838_SIG):
        try:
            return str(abi.decode(["string"], data[4:])[0])
        except abi.DecodingError:
            pass
    return str(error)
