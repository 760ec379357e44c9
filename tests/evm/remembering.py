"""An embedded chain for tests that begin alike: it executes no block and no call twice.

A test that is taken back to a snapshot, and the next one, often seal the same first blocks: the same transactions, at
the same time, on the same head. The same block follows, by the design of the embedded chain (`test_embedded.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from eth.abc import BlockAPI, SignedTransactionAPI
from eth.constants import ZERO_ADDRESS

from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import Genesis
from pysettle.values import Address

_MOST = 4_096
"""Most of each kind that is remembered, the latest: blocks, answers and sequences of transactions."""


class RememberingChain(EmbeddedChain):
    """An embedded chain in memory that remembers its blocks, its answers and what it decoded."""

    def __init__(self, genesis: Genesis) -> None:
        """Begin with nothing to remember."""
        super().__init__(genesis)
        self._blocks: dict[tuple[object, ...], BlockAPI] = {}
        self._answers = lru_cache(_MOST)(self._answer)
        self._decoded = lru_cache(_MOST)(self._decode)

    def _situation(self) -> tuple[object, ...]:
        """Return everything that the next block depends on, apart from its transactions."""
        return self._head.hash, self._clock.now(), self.coinbase

    def _seal_block(self, transactions: Sequence[SignedTransactionAPI], placed: int) -> BlockAPI:
        key = (*self._situation(), tuple(it.hash for it in transactions))
        block = self._blocks.pop(key, None)
        if block is None:
            block = super()._seal_block(transactions, placed)
        else:
            # State, receipts and revert data are still in the database, by their hashes: only the head was taken back.
            with self._one_write():
                self.py_evm.chaindb.persist_block(block)
                self._take_head(block.header, advanced=0)
        self._blocks[key] = block
        if len(self._blocks) > _MOST:
            del self._blocks[next(iter(self._blocks))]
        return block

    def call(
        self, to: Address | None, data: bytes, *, sender: Address = ZERO_ADDRESS, block_number: int | None = None
    ) -> bytes:
        """Answer as an embedded chain does; a call at the head that was answered before is not executed."""
        if block_number is not None:
            return super().call(to, data, sender=sender, block_number=block_number)
        return self._answers(self._situation(), to, data, sender)

    def _answer(self, _: tuple[object, ...], to: Address | None, data: bytes, sender: Address) -> bytes:
        return super().call(to, data, sender=sender)

    def decode(self, raw_transactions: Sequence[bytes]) -> list[SignedTransactionAPI]:
        """Decode as an embedded chain does; transactions that were decoded before are not decoded again."""
        return list(self._decoded(tuple(raw_transactions)))

    def _decode(self, raw_transactions: tuple[bytes, ...]) -> tuple[SignedTransactionAPI, ...]:
        return tuple(super().decode(raw_transactions))
