"""Prague's rules as py-evm executes them, and the gate a transaction passes before it is executed.

This module turns py-evm's objects into the records of `pysettle.evm.backend`. Time, snapshots and callers belong to
`pysettle.evm.embedded`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any, Protocol

from eth._utils.address import generate_contract_address
from eth._utils.db import apply_state_dict
from eth._utils.state import code_is_delegation_designation
from eth.abc import (
    AtomicDatabaseAPI,
    BlockAndMetaWitness,
    BlockAPI,
    BlockHeaderAPI,
    ComputationAPI,
    ReceiptAPI,
    SignedTransactionAPI,
)
from eth.chains.base import BaseChain, Chain
from eth.constants import GAS_TX, GENESIS_BLOCK_NUMBER, SECPK1_N, ZERO_HASH32
from eth.db.atomic import AtomicDB
from eth.db.backends.base import BaseDB
from eth.db.schema import SchemaV1
from eth.exceptions import PyEVMError
from eth.vm.chain_context import ChainContext
from eth.vm.forks.cancun.constants import BLOB_TX_TYPE
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.blocks import PragueBlock
from eth.vm.forks.prague.constants import (
    DEPOSIT_REQUEST_TYPE,
    STANDARD_TOKEN_COST,
    TOTAL_COST_FLOOR_PER_TOKEN,
)
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth.vm.forks.shanghai.constants import INITCODE_WORD_COST, MAX_INITCODE_SIZE
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException

from pysettle.errors import ChainError
from pysettle.evm.backend import Log, Receipt
from pysettle.evm.genesis import CONSOLIDATION_REQUESTS, WITHDRAWAL_REQUESTS, Genesis
from pysettle.evm.state import SealingState
from pysettle.evm.trie import index_trie
from pysettle.values import Address

NONCE_MAX = 2**64 - 2
"""Highest nonce a transaction may carry (EIP-2681)."""
NO_BLOBS = "blob transactions are not accepted: this chain has nowhere to publish blobs"
"""Answer to a transaction of EIP-4844, alone or with its blobs."""


class Terms(Protocol):
    """Fields of a transaction, decoded by py-evm or not yet encoded."""

    @property
    def chain_id(self) -> int | None:
        """Chain it is for; None for any."""

    @property
    def nonce(self) -> int:
        """Number of its sender's transactions before it."""

    @property
    def max_fee_per_gas(self) -> int:
        """Most it pays for a unit of gas, in wei."""

    @property
    def max_priority_fee_per_gas(self) -> int:
        """Highest part of that for the sealer."""

    @property
    def gas(self) -> int:
        """Most gas it may use."""

    @property
    def intrinsic_gas(self) -> int:
        """Gas it costs before it is executed, init code and the floor of its data apart."""

    @property
    def to(self) -> bytes | None:
        """Account called; nothing to create one."""

    @property
    def data(self) -> bytes:
        """Call data, or creation code."""


class InvalidTransaction(Exception):
    """A transaction no block may contain; `.index` is its place in the sequence, `.reason` says why."""

    def __init__(self, index: int, reason: str) -> None:
        """Keep the place, from 0, and the reason."""
        self.index, self.reason = index, reason
        super().__init__(reason)


class SealingBlock(PragueBlock):
    """A Prague block with copies that share unchanged fields: rlp would copy every transaction, thrice."""

    def copy(self, *_: Any, **fields: Any) -> SealingBlock:
        """Return the block with some fields replaced."""
        return type(self)(**{name: getattr(self, name) for name in self._meta.field_names} | fields)


class SealingVM(PragueVM):
    """Prague, with the additions for a producer of blocks.

    Blocks still go through py-evm's import path, so they are valid by construction. The differences: a block takes
    as many of the offered transactions as fit, the revert data of each is kept, EIPs are followed where
    py-evm departs from them (EIP-7610 in the state), and results that were only just computed are not computed again.
    """

    block_class = SealingBlock
    _state_class = SealingState

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with no transaction executed."""
        super().__init__(*args, **kwargs)
        self.receipts: tuple[ReceiptAPI, ...] = ()
        self.revert_data: dict[int, bytes] = {}

    def apply_all_transactions(
        self, transactions: Sequence[SignedTransactionAPI], base_header: BlockHeaderAPI
    ) -> tuple[BlockHeaderAPI, tuple[ReceiptAPI, ...], tuple[ComputationAPI, ...]]:
        """Execute transactions in order, up to the first that does not fit the gas left in the block.

        Raises:
            InvalidTransaction: one that no block may contain after those before it.
        """
        header, receipts, bloom = base_header, [], 0
        for index, transaction in enumerate(transactions):
            if header.gas_used + transaction.gas > header.gas_limit:
                break
            try:
                check_against_state(self, transaction)
                receipt, computation = self.apply_transaction(header, transaction)
            except ValidationError as problem:
                raise InvalidTransaction(index, str(problem)) from problem
            if computation.is_error and computation.output:
                self.revert_data[index] = computation.output
            bloom |= receipt.bloom
            receipts.append(receipt)
            header = header.copy(gas_used=receipt.gas_used)
        self.receipts = tuple(receipts)
        return header.copy(bloom=bloom), self.receipts, ()

    def set_block_transactions_and_withdrawals(
        self,
        base_block: BlockAPI,
        new_header: BlockHeaderAPI,
        transactions: Any,
        receipts: Any,
        withdrawals: Any = None,
    ) -> BlockAPI:
        """Fill the block with the transactions that fitted, and their tries."""
        fitted = tuple(transactions[: len(receipts)])
        transaction_root, transaction_nodes = index_trie([transaction.encode() for transaction in fitted])
        receipt_root, receipt_nodes = index_trie([receipt.encode() for receipt in receipts])
        self.chaindb.persist_trie_data_dict(transaction_nodes | receipt_nodes)
        header = new_header.copy(transaction_root=transaction_root, receipt_root=receipt_root)
        return base_block.copy(header=header, transactions=fitted)

    @classmethod
    def validate_receipt(cls, receipt: ReceiptAPI) -> None:
        """Skip the check that a bloom filter contains the logs it was just made from."""

    def process_deposit_request_data(self, block: BlockAPI) -> None:
        """Skip the search for beacon chain deposits (EIP-6110): no genesis has a deposit contract to emit them."""
        block.block_requests.append(DEPOSIT_REQUEST_TYPE)

    def process_withdrawal_request_data(self, block: BlockAPI) -> None:
        """Ask for withdrawals (EIP-7002), unless there is none for sure: the call costs an eighth of a small block."""
        if self._may_have_requests(WITHDRAWAL_REQUESTS):
            super().process_withdrawal_request_data(block)

    def process_consolidation_request_data(self, block: BlockAPI) -> None:
        """Ask for consolidations (EIP-7251), unless there is none for sure."""
        if self._may_have_requests(CONSOLIDATION_REQUESTS):
            super().process_consolidation_request_data(block)

    def _may_have_requests(self, contract: Address) -> bool:
        """Whether the call of a contract of requests can give or change anything.

        Its first four words are the excess, the count of this block, and head and tail of its queue. If all are zero,
        the call gives nothing and writes zeros over them. Every genesis has the code of the EIPs at these addresses.
        """
        return any(self.state.get_storage(contract, slot) for slot in range(4))

    def mine_block(self, block: BlockAPI, *args: Any, **kwargs: Any) -> BlockAndMetaWitness:
        """Finish the block without validating against itself the header that was made from it."""
        return self.finalize_block(self.pack_block(block, *args, **kwargs))

    @classmethod
    def finalize_gas_used(cls, transaction: SignedTransactionAPI, computation: ComputationAPI) -> int:
        """Return the gas a transaction pays for: spent, less the refund, and no less than the floor of its data.

        py-evm 0.12.1 lets the floor raise the cap of the refund, so that its receipts show less gas than it charged.

        Source:
            EIP-3529 (the cap), EIP-7623 (the floor is taken after the refund).
        """
        spent = transaction.gas - computation.get_gas_remaining()
        refund = cls.calculate_net_gas_refund(spent, computation.get_gas_refund())
        return spent - refund + computation.data_floor_gas


def decode_transaction(raw_transaction: bytes, chain_id: int, gas_limit: int) -> SignedTransactionAPI:
    """Decode a signed transaction (legacy, EIP-2930, EIP-1559, EIP-7702) and check all that needs no state.

    A legacy transaction without a chain id is let in: contracts with an address that is the same on every chain are
    deployed by such ones.

    Args:
        raw_transaction: The bytes as signed (EIP-2718).
        chain_id: Chain id the signature must carry.
        gas_limit: Gas of a whole block.

    Raises:
        ValidationError: it can be in no block of this chain; the message says why.
    """
    if raw_transaction[:1] == bytes([BLOB_TX_TYPE]):
        raise ValidationError(NO_BLOBS)
    try:
        transaction = PragueTransactionBuilder.decode(raw_transaction)
        transaction.validate()
        transaction.sender  # noqa: B018 - recovered once and kept by the transaction
    except BadSignature as problem:
        raise ValidationError(f"bad signature: {problem}") from problem
    except (RLPException, PyEVMError, NotImplementedError, ValueError, TypeError, IndexError) as problem:
        raise ValidationError(f"not a signed transaction: {problem}") from problem
    if transaction.s > SECPK1_N // 2:
        raise ValidationError("the signature's S value is in the upper half of the curve's order (EIP-2)")
    check_terms(transaction, chain_id, gas_limit)
    return transaction


def check_terms(transaction: Terms, chain_id: int, gas_limit: int) -> None:
    """Check the fields of a transaction, apart from its signer.

    Raises:
        ValidationError: it can be in no block of this chain; the message says why.
    """
    if transaction.chain_id not in (None, chain_id):
        raise ValidationError(f"signed for chain id {transaction.chain_id}, this chain's is {chain_id}")
    if transaction.nonce > NONCE_MAX:
        raise ValidationError(f"nonce {transaction.nonce} is above {NONCE_MAX}")
    if transaction.max_priority_fee_per_gas > transaction.max_fee_per_gas:
        raise ValidationError("the priority fee is above the maximum fee")
    if not transaction.to and len(transaction.data) > MAX_INITCODE_SIZE:
        raise ValidationError(f"init code of {len(transaction.data)} bytes, the most is {MAX_INITCODE_SIZE}")
    if transaction.gas > gas_limit:
        raise ValidationError(f"{transaction.gas} gas is more than a block's {gas_limit}")
    if transaction.gas < (needed := minimum_gas(transaction)):
        raise ValidationError(f"{transaction.gas} gas is less than the {needed} it costs before it is executed")


def minimum_gas(transaction: Terms) -> int:
    """Return the gas below which a transaction is invalid: its intrinsic gas, or the floor of its data if higher.

    Source:
        EIP-3860 (init code is paid for by the word), EIP-7623 (the floor).
    """
    data = transaction.data
    tokens = STANDARD_TOKEN_COST * len(data) - (STANDARD_TOKEN_COST - 1) * data.count(0)
    words = (len(data) + 31) // 32
    init_code = 0 if transaction.to else INITCODE_WORD_COST * words
    return max(transaction.intrinsic_gas + init_code, GAS_TX + TOTAL_COST_FLOOR_PER_TOKEN * tokens)


def check_against_state(vm: SealingVM, transaction: SignedTransactionAPI) -> None:
    """Check the rules for the sender's account that py-evm does not check; py-evm checks the others itself.

    Raises:
        ValidationError: the balance does not cover the highest fee and the value, or the sender is a contract.

    Source:
        EIP-1559 (the balance must cover the maximum fee), EIP-3607 (no sender with code, EIP-7702's aside).
    """
    balance = vm.state.get_balance(transaction.sender)
    most = transaction.gas * transaction.max_fee_per_gas + transaction.value
    if balance < most:
        raise ValidationError(f"0x{transaction.sender.hex()} has {balance} wei, the transaction may cost {most}")
    code = vm.state.get_code(transaction.sender)
    if code and not code_is_delegation_designation(code):
        raise ValidationError(f"the sender 0x{transaction.sender.hex()} is a contract")


def open_chain(
    genesis: Genesis, database: BaseDB, transaction: Callable[[], AbstractContextManager[object]] = nullcontext
) -> BaseChain:
    """Return the py-evm chain in the database, begun from the genesis, in one transaction, if there is none.

    Raises:
        ChainError: the chain in the database began from another genesis.
    """
    chain_class = Chain.configure(
        __name__="SettlementChain", chain_id=genesis.chain_id, vm_configuration=((GENESIS_BLOCK_NUMBER, SealingVM),)
    )
    if SchemaV1.make_canonical_head_hash_lookup_key() not in database:
        with transaction():
            db = AtomicDB(database)
            return chain_class.from_genesis_header(db, _genesis_header(genesis, db))
    chain = chain_class(AtomicDB(database))
    if chain.get_canonical_block_hash(GENESIS_BLOCK_NUMBER) != _genesis_hash(genesis.to_bytes()):
        raise ChainError("the chain in this database began from another genesis: open it with the one it was made from")
    return chain


@lru_cache(maxsize=16)
def _genesis_hash(content: bytes) -> bytes:
    """Return the hash of block 0 of a genesis, computed aside: a reader that opens a chain writes nothing.

    A process may open its chain for each command anew, and the state of block 0 takes longer than the rest of that.
    """
    return _genesis_header(Genesis.from_bytes(content), AtomicDB()).hash


def _genesis_header(genesis: Genesis, db: AtomicDatabaseAPI) -> BlockHeaderAPI:
    """Write the state of the genesis to a database; return the header of block 0."""
    unfilled = SealingVM.create_genesis_header(
        difficulty=0,
        nonce=bytes(8),
        timestamp=genesis.timestamp,
        gas_limit=genesis.gas_limit,
        base_fee_per_gas=genesis.base_fee,
        parent_beacon_block_root=ZERO_HASH32,
    )
    state = SealingVM.build_state(db, unfilled, ChainContext(genesis.chain_id))
    apply_state_dict(
        state,
        {
            address: {
                "balance": account.balance,
                "nonce": account.nonce,
                "code": account.code,
                "storage": dict(account.storage),
            }
            for address, account in genesis.alloc.items()
        },
    )
    state.persist()
    return unfilled.copy(state_root=state.state_root)


def read_receipts(
    block: BlockAPI, receipts: Sequence[ReceiptAPI], revert_data: Mapping[int, bytes]
) -> tuple[Receipt, ...]:
    """Turn the receipts of a block, with cumulative gas, into plain records.

    Args:
        block: The sealed block.
        receipts: One py-evm receipt for each of its transactions.
        revert_data: Mapping index of a transaction -> its revert data, no empty entries.
    """
    records, gas_before, log_index = [], 0, 0
    for index, (transaction, receipt) in enumerate(zip(block.transactions, receipts, strict=True)):
        logs = tuple(
            Log(
                address=log.address,
                topics=tuple(topic.to_bytes(32, "big") for topic in log.topics),
                data=log.data,
                block_number=block.number,
                transaction_hash=transaction.hash,
                transaction_index=index,
                log_index=place,
            )
            for place, log in enumerate(receipt.logs, start=log_index)
        )
        succeeded = receipt.state_root == b"\x01"
        creates = succeeded and not transaction.to
        records.append(
            Receipt(
                transaction_hash=transaction.hash,
                transaction_index=index,
                block_number=block.number,
                succeeded=succeeded,
                gas_used=receipt.gas_used - gas_before,
                contract_address=generate_contract_address(transaction.sender, transaction.nonce) if creates else None,
                logs=logs,
                revert_data=revert_data.get(index, b""),
            )
        )
        gas_before, log_index = receipt.gas_used, log_index + len(logs)
    return tuple(records)
