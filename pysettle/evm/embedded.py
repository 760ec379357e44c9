"""The embedded chain: py-evm in this process, sealing blocks that any Ethereum engine re-executes to equal roots.

A block's header is made first and its transactions are executed under it, through the path by which py-evm imports
blocks of others. Time and randomness are functions of the chain and the seed, never of the machine, so that the same
calls give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, count, islice
from typing import Any, TypeAlias, cast

import rlp
from eth.abc import BlockAPI, BlockHeaderAPI, ComputationAPI, ReceiptAPI, SignedTransactionAPI, StateAPI
from eth.constants import ZERO_ADDRESS, ZERO_HASH32
from eth.db.backends.base import BaseDB
from eth.db.backends.memory import MemoryDB
from eth.db.schema import SchemaV1
from eth.rlp.sedes import chain_gaps
from eth.vm.chain_context import ChainContext
from eth.vm.spoof import SpoofTransaction
from eth_typing import BlockNumber
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException

from pysettle.errors import ChainError, TransactionRefused
from pysettle.evm.backend import Block, ExecutionReverted, Fees, Standing
from pysettle.evm.clock import ScheduledClock, prevrandao
from pysettle.evm.genesis import BLOCK_INTERVAL_S, Genesis
from pysettle.evm.history import SealedBlocks, revert_data_key
from pysettle.evm.prague import (
    InvalidTransaction,
    SealingBlock,
    SealingVM,
    decode_transaction,
    read_receipts,
)
from pysettle.evm.state import AccountRecord
from pysettle.evm.trie import values
from pysettle.hashing import keccak
from pysettle.values import Address, Hash32

Place: TypeAlias = "int | BlockHeaderAPI | None"
"""Where a state is asked for: after a sealed block, by its number; after a block of that header, which need not be
sealed; or (None) after the head, as the next block finds it."""
_ANCESTORS = 256
"""Blocks before the present one whose hashes a contract can ask for."""
_FEE_HEADROOM = 8
"""Most the base fee may have grown, as a factor, while a sequence of blocks is sealed (12.5 % a full block)."""
_REASON_MAX = 300


class EmbeddedChain(SealedBlocks):
    """A `ChainBackend` on py-evm, with the additions for an audit: the genesis and the blocks as bytes."""

    def __init__(
        self,
        genesis: Genesis,
        *,
        seed: int = 0,
        database: BaseDB | None = None,
        coinbase: Address = ZERO_ADDRESS,
        block_interval_s: int = BLOCK_INTERVAL_S,
        real_time: Callable[[], int] | None = None,
    ) -> None:
        """Begin a chain, or continue the one in the database.

        Args:
            genesis: Block 0.
            seed: Seed of the randomness of blocks.
            database: Where everything is kept; in memory if None. If it has a method `transaction()` that returns a
                context manager, each block is written within one; opening a chain that has begun writes nothing.
            coinbase: Account the priority fees go to.
            block_interval_s: Seconds of chain time from one block to the next, 1 or more.
            real_time: Returns unix seconds that chain time shall not be behind; None for time that passes by blocks and
                `clock.advance` alone, so that the same transactions make the same blocks.

        Raises:
            ChainError: the database holds a chain that began otherwise.
        """
        assert block_interval_s > 0, "timestamps strictly rise"
        super().__init__(genesis, database if database is not None else MemoryDB())
        self.coinbase = coinbase
        """Account the priority fees of the next blocks go to."""
        self._seed = seed
        self._clock = ScheduledClock(self._database, self._head.timestamp, block_interval_s, real_time)
        self._head_state: StateAPI | None = None
        self._scratch: tuple[tuple[object, ...], StateAPI] | None = None
        self._snapshots: dict[int, tuple[BlockHeaderAPI, int]] = {}
        self._handles = count(1)

    @property
    def clock(self) -> ScheduledClock:
        """The chain's clock."""
        return self._clock

    # Sealing

    def submit(self, raw_transactions: Sequence[bytes]) -> None:
        """Seal signed transactions in order, in as few blocks as their gas allows; for none, no block.

        Raises:
            TransactionRefused: naming the first that can be in no block, and why; then none of them is sealed.
        """
        if raw_transactions:
            self.seal(raw_transactions)

    def fees(self) -> Fees:
        """Return an offer that holds while a long sequence of blocks is sealed; nothing above the base fee is paid."""
        return Fees(max_fee=_FEE_HEADROOM * cast(int, self._head.base_fee_per_gas), priority_fee=0)

    def wait(self) -> None:
        """Refuse to wait: the chain only seals the transactions that it gets.

        Raises:
            ChainError: always.
        """
        raise ChainError("the embedded chain seals a block when it is given transactions, not in time")

    def seal(self, raw_transactions: Sequence[bytes] = ()) -> tuple[Block, ...]:
        """Seal like `submit`, and one empty block for no transaction; return the blocks.

        Raises:
            TransactionRefused: as `submit`.
        """
        return self.seal_decoded(self.decode(raw_transactions))

    def decode(self, raw_transactions: Sequence[bytes]) -> list[SignedTransactionAPI]:
        """Decode signed transactions and check all that needs no state.

        Raises:
            TransactionRefused: naming the first that can be in no block, and why.
        """
        transactions = []
        with _refusals(len(raw_transactions)):
            for index, raw_transaction in enumerate(raw_transactions):
                try:
                    transactions.append(decode_transaction(raw_transaction, self.chain_id, self._head.gas_limit))
                except ValidationError as problem:
                    raise InvalidTransaction(index, str(problem)) from problem
        return transactions

    def seal_decoded(self, transactions: Sequence[SignedTransactionAPI]) -> tuple[Block, ...]:
        """Seal transactions that `decode` returned, as `seal` does.

        Raises:
            TransactionRefused: as `submit`.
        """
        before, placed = self._mark(), 0
        sealed: list[int] = []
        with _refusals(len(transactions)):
            try:
                while not sealed or placed < len(transactions):
                    block = self._seal_block(transactions[placed:], placed)
                    placed += len(block.transactions)
                    sealed.append(block.number)
            except InvalidTransaction:
                if sealed:
                    self._return_to(before)
                raise
        return tuple(self.block(number) for number in sealed)

    def seal_block(self, transactions: Sequence[SignedTransactionAPI] = ()) -> Block:
        """Seal one block of the first transactions, as many as fit; they are as `decode` returned them.

        Raises:
            TransactionRefused: naming one that would fit but can be in no block; then no block is sealed.
        """
        with _refusals(len(transactions)):
            return self.block(self._seal_block(transactions, 0).number)

    def adopt(self, raw_block: bytes) -> Block:
        """Execute the next block of another producer, and take it as the head if execution gives its header.

        Raises:
            ChainError: it cannot be read, is no valid block here, or execution gives another header; the message says
                which field.
        """
        number = self._head.block_number + 1
        try:
            stated = rlp.decode(raw_block, sedes=SealingBlock)
            SealingVM.validate_header(stated.header, self._head)
            transactions = self.decode([transaction.encode() for transaction in stated.transactions])
            return self.block(self._seal_block(transactions, 0, stated.header).number)
        except (RLPException, ValidationError, TypeError, TransactionRefused, InvalidTransaction) as problem:
            raise ChainError(f"block {number} is refused: {str(problem)[:_REASON_MAX]}", block=number) from problem

    def _seal_block(
        self, transactions: Sequence[SignedTransactionAPI], placed: int, stated: BlockHeaderAPI | None = None
    ) -> BlockAPI:
        """Seal one block of as many of the transactions as fit; `placed` counts those sealed before them.

        A stated header gives all that a producer is free to choose, and has to be the one that comes out.
        """
        with self._one_write():
            block, receipts, revert_data = self._execute(transactions, placed, stated and self._header_like(stated))
            if stated is not None:
                _check_equal(block.header, stated)
            for index, data in revert_data.items():
                self._database[revert_data_key(block.hash, index)] = data
            self.py_evm.chaindb.persist_block(block)
            self._keep(block.hash, read_receipts(block, receipts, revert_data))
            self._take_head(block.header, advanced=0)
        return block

    def _execute(
        self, transactions: Sequence[SignedTransactionAPI], placed: int = 0, header: BlockHeaderAPI | None = None
    ) -> tuple[BlockAPI, tuple[ReceiptAPI, ...], dict[int, bytes]]:
        """Make the next block without sealing it; return it, its receipts and the revert data of its transactions."""
        header = header or self.next_header()
        vm = cast(SealingVM, self.py_evm.get_vm(header))
        offered = vm.get_block().copy(header=header, transactions=tuple(transactions))
        try:
            block = vm.import_block(offered).block
        except InvalidTransaction as problem:
            raise InvalidTransaction(placed + problem.index, problem.reason) from problem
        return block, vm.receipts, vm.revert_data

    def preview(self, transactions: Sequence[SignedTransactionAPI]) -> tuple[BlockAPI, tuple[ReceiptAPI, ...]]:
        """Return py-evm's next block and receipts as `seal_block` would make them now, and seal nothing.

        Raises:
            TransactionRefused: as `seal_block`.
        """
        with _refusals(len(transactions)), self._one_write():
            block, receipts, _ = self._execute(transactions)
        return block, receipts

    def next_header(self) -> BlockHeaderAPI:
        """Return py-evm's header that the next block is executed under; its state root is still the head's."""
        return self.py_evm.create_header_from_parent(
            self._head,
            coinbase=self.coinbase,
            timestamp=self._clock.now(),
            gas_limit=self._head.gas_limit,
            mix_hash=prevrandao(self._seed, self._head.block_number + 1),
            parent_beacon_block_root=ZERO_HASH32,
        )

    def _header_like(self, stated: BlockHeaderAPI) -> BlockHeaderAPI:
        """Return the header that a block of another producer is executed under."""
        return self.py_evm.create_header_from_parent(
            self._head,
            coinbase=stated.coinbase,
            timestamp=stated.timestamp,
            gas_limit=stated.gas_limit,
            mix_hash=stated.mix_hash,
            extra_data=stated.extra_data,
            parent_beacon_block_root=stated.parent_beacon_block_root,
        )

    def _take_head(self, header: BlockHeaderAPI, advanced: int) -> None:
        self._head, self._head_state = header, None
        self._clock.set(header.timestamp, advanced)

    @contextmanager
    def _one_write(self) -> Iterator[None]:
        """Write in one transaction; if it fails, a full disk included, head and clock stay as before."""
        head, clock = self._head, (self._clock.head_timestamp, self._clock.advanced)
        try:
            with self._transaction():
                yield
        except BaseException:
            self._head, self._head_state = head, None
            self._clock.head_timestamp, self._clock.advanced = clock
            raise

    # Calls and accounts

    def call(
        self,
        to: Address | None,
        data: bytes,
        *,
        sender: Address = ZERO_ADDRESS,
        block_number: int | None = None,
    ) -> bytes:
        """Execute without sealing, free of gas fees, with a whole block's gas.

        At the head (None) the call runs as if in the next block, with `clock.now()` as its timestamp; on the state
        after a given block it runs under that block's own header, the base fee apart, which is zero. Without `to`,
        `data` is creation code.

        Raises:
            ExecutionReverted: with the data it reverted with; empty when it ran out of gas or into a bad instruction.
            ChainError: no such block.
        """
        computation = self.simulate(to or b"", data, sender=sender, block_number=block_number)
        if computation.is_error:
            raise ExecutionReverted(computation.output)
        return computation.output

    def simulate(
        self, to: bytes, data: bytes, *, sender: Address, value: int = 0, gas: int = 0, block_number: int | None = None
    ) -> ComputationAPI:
        """Execute as `call` does and return py-evm's whole result; `to` is empty to create, `gas` 0 for a block's."""
        with self.scratch_state(block_number) as state:
            transaction = SealingVM.create_unsigned_transaction(
                nonce=state.get_nonce(sender),
                gas_price=0,
                gas=gas or state.gas_limit,
                to=Address(to),
                value=value,
                data=data,
            )
            return state.apply_transaction(cast(SignedTransactionAPI, SpoofTransaction(transaction, from_=sender)))

    @contextmanager
    def scratch_state(self, place: Place = None, vm: type[SealingVM] = SealingVM) -> Iterator[StateAPI]:
        """Lend the state that `state` returns, to execute on; all changes are undone afterwards.

        Values read from the tries are cached for the next caller of the same state: most calls follow another.

        Raises:
            ChainError: no such block.
        """
        header = place if isinstance(place, BlockHeaderAPI) else self.header(place)
        key = header.hash, self.coinbase, self._clock.now() if place is None else None, vm
        lent, self._scratch = self._scratch, None
        state = lent[1] if lent is not None and lent[0] == key else self.state(place, vm=vm)
        snapshot = state.snapshot()
        yield state
        # Not after an error, which may have stopped anywhere: then the next one is made anew.
        state.revert(snapshot)
        self._scratch = key, state

    def state(
        self,
        place: Place = None,
        *,
        free: bool = True,
        vm: type[SealingVM] = SealingVM,
        changes: Mapping[str, Any] | None = None,
    ) -> StateAPI:
        """Return a copy of the state to execute on, for the caller to spoil; as `call` describes.

        Args:
            place: Where on the chain.
            free: Whether gas costs nothing, rather than what it costs in the block.
            vm: The rules.
            changes: Fields of the header to execute under in place of the block's own.
        """
        header = place if isinstance(place, BlockHeaderAPI) else self.header(place) if place is not None else None
        header = header or self.next_header()
        changed = header.copy(**({"base_fee_per_gas": 0} if free else {}) | dict(changes or {}))
        hashes = SealingVM.get_prev_hashes(header.parent_hash, self.py_evm.chaindb) or ()
        ahead = changed.block_number - header.block_number
        shifted = chain((Hash32(b""),) * min(ahead, _ANCESTORS), hashes) if ahead >= 0 else islice(hashes, -ahead, None)
        context = ChainContext(self.chain_id)
        return vm.build_state(self.py_evm.chaindb.db, changed, context, shifted if ahead else hashes)

    def balance(self, account: Address) -> int:
        """Return the account's native balance at the head, in wei."""
        return self.head_state().get_balance(account)

    def nonce(self, account: Address) -> int:
        """Return the number of transactions the account has sealed."""
        return self.head_state().get_nonce(account)

    def nonces_of(self, accounts: Sequence[Address]) -> tuple[int, ...]:
        """Return the `nonce` of each account, in the order asked for."""
        leaves = values(self._database, self._head.state_root, [keccak(account) for account in accounts])
        return tuple(AccountRecord.decode(leaf).nonce if leaf else 0 for leaf in leaves)

    def code(self, account: Address) -> bytes:
        """Return the account's code at the head; empty for an account without code."""
        return self.head_state().get_code(account)

    def standing(self, accounts: Sequence[Address]) -> Standing:
        """Return block 0, the head and the nonces of accounts."""
        return Standing(self.block(0).hash, self._head.block_number, self.nonces_of(accounts))

    def head_state(self) -> StateAPI:
        """Return the state after the head, shared by all readers: nobody may execute on it."""
        if self._head_state is None:
            self._head_state = self.state(self._head.block_number)
        return self._head_state

    # Snapshots

    def snapshot(self) -> int:
        """Remember the chain and its clock as they are; return a handle for `revert`."""
        handle = next(self._handles)
        self._snapshots[handle] = self._mark()
        return handle

    def revert(self, snapshot: int) -> None:
        """Take the chain and its clock back to a snapshot, which is spent by it, as are all later ones.

        Raises:
            ChainError: the handle was never given, or is spent.
        """
        self._return_to(self._snapshot(snapshot))
        self._snapshots = {handle: mark for handle, mark in self._snapshots.items() if handle < snapshot}

    def snapshot_height(self, snapshot: int) -> int:
        """Return the number of the block that was the head when a snapshot was taken.

        Raises:
            ChainError: the handle was never given, or is spent.
        """
        return self._snapshot(snapshot)[0].block_number

    def _snapshot(self, snapshot: int) -> tuple[BlockHeaderAPI, int]:
        if snapshot not in self._snapshots:
            raise ChainError(f"no snapshot {snapshot}: it was never taken, or is spent", snapshot=snapshot)
        return self._snapshots[snapshot]

    def _mark(self) -> tuple[BlockHeaderAPI, int]:
        return self._head, self._clock.advanced

    def _return_to(self, mark: tuple[BlockHeaderAPI, int]) -> None:
        """Make an earlier block the head, and forget where later blocks and their transactions were found."""
        header, advanced = mark
        with self._one_write():
            for number in range(header.block_number + 1, self._head.block_number + 1):
                for transaction_hash in self.block(number).transaction_hashes:
                    self._database.delete(SchemaV1.make_transaction_hash_to_block_lookup_key(transaction_hash))
                self._database.delete(SchemaV1.make_block_number_to_hash_lookup_key(BlockNumber(number)))
            self._headers = {}
            # py-evm's records of which blocks it lacks: all above the head.
            gaps = rlp.encode(((), header.block_number + 1), sedes=chain_gaps)
            self._database[SchemaV1.make_header_chain_gaps_lookup_key()] = gaps
            self._database[SchemaV1.make_chain_gaps_lookup_key()] = gaps
            self._database[SchemaV1.make_canonical_head_hash_lookup_key()] = header.hash
            self._take_head(header, advanced)


@contextmanager
def _refusals(count: int) -> Iterator[None]:
    """Turn a refusal of the rules in a sequence of `count` transactions into the error of the whole sequence."""
    try:
        yield
    except InvalidTransaction as problem:
        raise TransactionRefused(problem.index, count, problem.reason) from problem


def _check_equal(executed: BlockHeaderAPI, stated: BlockHeaderAPI) -> None:
    """Compare the header that came out with the stated one.

    Raises:
        ValidationError: a field differs.
    """
    for name, expected in stated.as_dict().items():
        if (got := getattr(executed, str(name))) != expected:
            shown = [f"0x{value.hex()}" if isinstance(value, bytes) else value for value in (expected, got)]
            raise ValidationError(f"{name}: the header states {shown[0]}, execution gives {shown[1]}")
