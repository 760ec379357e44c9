"""The sealed history of the embedded chain: blocks, receipts and logs, as records and as bytes, from its database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import cast

import rlp
from eth.abc import BlockHeaderAPI, ReceiptAPI
from eth.db.backends.base import BaseDB
from eth.exceptions import HeaderNotFound, TransactionNotFound
from eth_bloom.bloom import BloomFilter
from eth_typing import BlockNumber
from eth_utils.exceptions import ValidationError

from pysettle.errors import ChainError
from pysettle.evm.backend import Block, Log, Receipt
from pysettle.evm.genesis import Genesis
from pysettle.evm.prague import SealingVM, open_chain, read_receipts
from pysettle.values import Address, Hash32

_KEPT_RECEIPTS = 16_384
"""Receipts kept in memory, a block counting as one more; those of older blocks are read back from the database."""
_KEPT_HEADERS = 4_096
"""Most headers kept in memory: a command looks for several kinds of logs, each in every block."""
_REVERT_DATA_KEY = b"pysettle:revert-data:"


class SealedBlocks:
    """A chain in a database, up to its head; a sealing chain moves the head."""

    def __init__(self, genesis: Genesis, database: BaseDB) -> None:
        """Open the chain, or begin it.

        Raises:
            ChainError: the database holds a chain that began otherwise.
        """
        self.genesis = genesis
        self._database = database
        self.py_evm = open_chain(genesis, database, self._transaction)
        """The py-evm chain beneath, for tools that read it; sealing goes through `EmbeddedChain` alone."""
        self._head = self.py_evm.get_canonical_head()
        self._headers: dict[int, BlockHeaderAPI] = {}
        self._receipts: dict[Hash32, tuple[Receipt, ...]] = {}
        self._receipts_kept = 0

    @property
    def chain_id(self) -> int:
        """Chain id (EIP-155), bound into every signature."""
        return self.genesis.chain_id

    def confirmed(self) -> int:
        """Return the head's number: a sealed block is final."""
        return self._head.block_number

    def block(self, number: int | None = None) -> Block:
        """Return the sealed block of that height (None: the head).

        Raises:
            ChainError: no such block.
        """
        header = self.header(number)
        return Block(
            number=header.block_number,
            hash=header.hash,
            parent_hash=header.parent_hash,
            timestamp=header.timestamp,
            state_root=header.state_root,
            prevrandao=header.mix_hash,
            base_fee=cast(int, header.base_fee_per_gas),
            gas_used=header.gas_used,
            gas_limit=header.gas_limit,
            transaction_hashes=tuple(receipt.transaction_hash for receipt in self._receipts_of(header)),
        )

    def receipt(self, transaction_hash: Hash32) -> Receipt:
        """Return the receipt of a sealed transaction.

        Raises:
            ChainError: no such transaction.
        """
        try:
            # py-evm's key is made of the hash's repr, so a subclass of bytes would not be found.
            number, index = self.py_evm.chaindb.get_transaction_index(Hash32(bytes(transaction_hash)))
        except TransactionNotFound as problem:
            raise ChainError(
                f"no transaction 0x{transaction_hash.hex()} is sealed on this chain", transaction_hash=transaction_hash
            ) from problem
        return self.receipts(number)[index]

    def receipts_of(self, transaction_hashes: Sequence[Hash32]) -> tuple[Receipt | None, ...]:
        """Return the receipts of transactions in the order asked for, None for one that is not sealed."""
        return tuple(self._receipt_or_none(transaction_hash) for transaction_hash in transaction_hashes)

    def _receipt_or_none(self, transaction_hash: Hash32) -> Receipt | None:
        try:
            return self.receipt(transaction_hash)
        except ChainError:
            return None

    def receipts(self, number: int) -> tuple[Receipt, ...]:
        """Return the receipts of a block's transactions, in order.

        Raises:
            ChainError: no such block.
        """
        return self._receipts_of(self.header(number))

    def logs(
        self,
        *,
        from_block: int = 0,
        to_block: int | None = None,
        addresses: Sequence[Address] = (),
        topics: Sequence[bytes] = (),
        ids: Sequence[bytes] = (),
    ) -> Iterator[Log]:
        """Yield logs in chain order, of blocks `from_block` to `to_block` (inclusive; None: the head).

        Args:
            from_block: First block read.
            to_block: Last block read; blocks above the head have no logs.
            addresses: Emitting contracts wanted; empty for any.
            topics: First topics (event signatures) wanted; empty for any.
            ids: Second topics (the first indexed member, such as the id of a channel) wanted; empty for any.
        """
        head = self._head.block_number
        bits = [[int(BloomFilter.from_iterable([item])) for item in wanted] for wanted in (addresses, topics, ids)]
        for number in range(from_block, min(head if to_block is None else to_block, head) + 1):
            header = self.header(number)
            if any(wanted and not any(it & header.bloom == it for it in wanted) for wanted in bits):
                continue
            for receipt in self._receipts_of(header):
                for log in receipt.logs:
                    if addresses and log.address not in addresses:
                        continue
                    if topics and log.topics[:1] not in [(topic,) for topic in topics]:
                        continue
                    if ids and log.topics[1:2] not in [(topic,) for topic in ids]:
                        continue
                    yield log

    def blocks_rlp(self, first: int = 1) -> Iterator[bytes]:
        """Yield the RLP of blocks to the head; from block 1 on, joined, they are the file geth's `export` writes."""
        for number in range(first, self._head.block_number + 1):
            yield rlp.encode(self.py_evm.get_canonical_block_by_number(BlockNumber(number)))

    def receipts_rlp(self, number: int) -> tuple[bytes, ...]:
        """Return the receipts of a block in their consensus encoding (EIP-2718), as the receipts root hashes them.

        Raises:
            ChainError: no such block.
        """
        header = self.header(number)
        return tuple(receipt.encode() for receipt in self._py_evm_receipts(header))

    def header(self, number: int | None) -> BlockHeaderAPI:
        """Return py-evm's header of the sealed block of that height (None: the head).

        Raises:
            ChainError: no such block.
        """
        if number is None or number == self._head.block_number:
            return self._head
        headers = self._headers  # a copy of the name: a revert takes another while this thread reads
        if (kept := headers.get(number)) is not None:
            return kept
        try:
            header = self.py_evm.get_canonical_block_header_by_number(BlockNumber(number))
        except (HeaderNotFound, ValidationError) as problem:
            raise ChainError(
                f"no block {number}: the chain ends at {self._head.block_number}",
                block=number,
                last_block=self._head.block_number,
            ) from problem
        if len(headers) >= _KEPT_HEADERS:
            headers.clear()
        headers[number] = header
        return header

    def _receipts_of(self, header: BlockHeaderAPI) -> tuple[Receipt, ...]:
        """Return a block's receipts from memory, else from the database."""
        if header.hash not in self._receipts:
            block = self.py_evm.get_block_by_header(header)
            keys = {index: revert_data_key(block.hash, index) for index in range(len(block.transactions))}
            revert_data = {index: self._database[key] for index, key in keys.items() if key in self._database}
            self._keep(block.hash, read_receipts(block, self._py_evm_receipts(header), revert_data))
        return self._receipts[header.hash]

    def _py_evm_receipts(self, header: BlockHeaderAPI) -> tuple[ReceiptAPI, ...]:
        return self.py_evm.chaindb.get_receipts(header, SealingVM.get_receipt_builder())

    def _keep(self, block_hash: Hash32, receipts: tuple[Receipt, ...]) -> None:
        if block_hash in self._receipts:
            return  # sealed again after a revert, to the same hash and so to the same receipts
        self._receipts[block_hash] = receipts
        self._receipts_kept += len(receipts) + 1
        while self._receipts_kept > _KEPT_RECEIPTS and len(self._receipts) > 1:
            oldest = next(iter(self._receipts))
            self._receipts_kept -= len(self._receipts.pop(oldest)) + 1

    def _transaction(self) -> AbstractContextManager[object]:
        """Return the database's own transaction, where it has one."""
        transaction = getattr(self._database, "transaction", nullcontext)
        return cast(AbstractContextManager[object], transaction())


def revert_data_key(block_hash: Hash32, index: int) -> bytes:
    """Return the key of a transaction's revert data in the database."""
    return _REVERT_DATA_KEY + block_hash + index.to_bytes(4, "big")
