"""Engines that re-execute blocks. py-evm is driven from here directly; nothing of the producer is imported.

An engine gets a genesis and blocks as untrusted bytes. Every failure inside it becomes `BlockRefused` or `CallRefused`
and never ends the audit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, NamedTuple

import rlp
from eth._utils.state import code_is_delegation_designation
from eth.abc import (
    BlockAPI,
    BlockHeaderAPI,
    ComputationAPI,
    ReceiptAPI,
    SignedTransactionAPI,
    VirtualMachineAPI,
)
from eth.chains.base import Chain
from eth.constants import BLANK_ROOT_HASH, GAS_TX, GENESIS_BLOCK_NUMBER
from eth.db.account import AccountDB
from eth.db.atomic import AtomicDB
from eth.db.trie import _make_trie_root_and_nodes
from eth.vm.forks.cancun.constants import BLOB_TX_TYPE, GAS_PER_BLOB
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.blocks import PragueBlock
from eth.vm.forks.prague.constants import (
    CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
    DEPOSIT_REQUEST_TYPE,
    STANDARD_TOKEN_COST,
    TOTAL_COST_FLOOR_PER_TOKEN,
    WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
)
from eth.vm.forks.prague.state import PragueState
from eth.vm.forks.shanghai.constants import INITCODE_WORD_COST, MAX_INITCODE_SIZE
from eth_utils.exceptions import ValidationError
from trie.hexary import HexaryTrie

from pysettle.audit.encoding import created_address
from pysettle.audit.genesis import SYSTEM_CODE, read_genesis
from pysettle.audit.state_nodes import HeadState
from pysettle.values import Address

_ZERO_ADDRESS = Address(bytes(20))
_CALL_GAS = 30_000_000
_REASON_MAX = 600
_HASH_LENGTH = 32


class BlockRefused(Exception):
    """A block, or the genesis, that the engine does not accept; the message states the reason."""


class CallRefused(Exception):
    """A read-only call that reverted or could not be executed; the message states the reason."""


class Unproven(CallRefused):
    """A reading of the state that no proof covers; the message names it."""


class ExecutedLog(NamedTuple):
    """One log, as re-execution emitted it, or a receipt states it."""

    address: Address
    """Contract that emitted it."""
    topics: tuple[bytes, ...]
    """Zero to four words of 32 bytes."""
    data: bytes
    """Data of the members without an index."""


@dataclass(frozen=True, slots=True)
class Creation:
    """The contract that a transaction creates."""

    address: Address
    """Where it stands if the transaction succeeded."""
    data: bytes
    """Its creation code with arguments."""


class ExecutedTransaction(NamedTuple):
    """The outcome of one transaction, as re-execution gave it, or its receipt states it."""

    succeeded: bool
    """False when it reverted or ran out of gas."""
    cumulative_gas: int
    """Gas used in the block up to and with this transaction."""
    logs: tuple[ExecutedLog, ...]
    """Its logs in order."""
    sender: Address | None = None
    """Account that signed it; None if only its receipt is known."""
    creation: Creation | None = None
    """Contract that it creates; None for a call, and if only its receipt is known."""
    signed: SignedTransactionAPI | None = None
    """The transaction itself; None if only its receipt is known."""
    revert_data: bytes | None = None
    """Data it reverted with, empty if it ran out of gas; None if it succeeded, or only its receipt is known."""
    raw: bytes = b""
    """The transaction as it is hashed, where nothing executed it."""


class VerifyingState(PragueState):
    """Prague's state, with the rule of creation that py-evm 0.12.1 lacks."""

    def has_code_or_nonce(self, address: Address) -> bool:
        """EIP-7610: whether code, a nonce or storage at an address forbids to create a contract there.

        py-evm asks before each creation, by a transaction, CREATE and CREATE2, and at no other time. Only a genesis
        can give storage to an account without code and nonce.
        """
        if super().has_code_or_nonce(address):
            return True
        assert isinstance(self._account_db, AccountDB)
        return self._account_db._get_storage_root(address) != BLANK_ROOT_HASH


class VerifyingBlock(PragueBlock):
    """A Prague block; a copy has the transactions themselves, whose signers py-evm would recover each time anew."""

    def copy(self, *_: Any, **fields: Any) -> VerifyingBlock:
        """Return the block with some fields replaced."""
        return type(self)(**{name: getattr(self, name) for name in self._meta.field_names} | fields)


class VerifyingVM(PragueVM):
    """Prague with every rule a verifier must hold a block to, and with the receipts of the block at hand."""

    block_class = VerifyingBlock
    _state_class = VerifyingState

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin without receipts."""
        super().__init__(*args, **kwargs)
        self.receipts: tuple[ReceiptAPI, ...] = ()
        self.revert_data: tuple[bytes | None, ...] = ()

    def apply_all_transactions(
        self, transactions: Sequence[SignedTransactionAPI], base_header: BlockHeaderAPI
    ) -> tuple[BlockHeaderAPI, tuple[ReceiptAPI, ...], tuple[ComputationAPI, ...]]:
        """Execute the transactions, and keep their receipts and the data that they reverted with."""
        header, self.receipts, computations = super().apply_all_transactions(transactions, base_header)
        self.revert_data = tuple(bytes(it.output) if it.is_error else None for it in computations)
        return header, self.receipts, computations

    def apply_transaction(
        self, header: BlockHeaderAPI, transaction: SignedTransactionAPI
    ) -> tuple[ReceiptAPI, ComputationAPI]:
        """Execute a transaction that passes every check of it."""
        _check_transaction(self, transaction)
        return super().apply_transaction(header, transaction)

    @classmethod
    def finalize_gas_used(cls, transaction: SignedTransactionAPI, computation: ComputationAPI) -> int:
        """EIP-7623: the refund is capped by the spent gas, and the floor applies after it.

        py-evm 0.12.1 caps the refund by spent gas and floor together, so that the receipt shows less gas than charged.
        """
        spent = transaction.gas - computation.get_gas_remaining()
        refund = cls.calculate_net_gas_refund(spent, computation.get_gas_refund())
        return spent - refund + computation.data_floor_gas

    def process_deposit_request_data(self, block: BlockAPI) -> None:
        """EIP-6110. No genesis that is taken has a deposit contract, so that no block has a deposit."""
        block.block_requests.append(DEPOSIT_REQUEST_TYPE)

    def process_withdrawal_request_data(self, block: BlockAPI) -> None:
        """EIP-7002, unless the contract has no request for sure."""
        if self._may_have_requests(WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS):
            super().process_withdrawal_request_data(block)

    def process_consolidation_request_data(self, block: BlockAPI) -> None:
        """EIP-7251, unless the contract has no request for sure."""
        if self._may_have_requests(CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS):
            super().process_consolidation_request_data(block)

    def _may_have_requests(self, contract: Address) -> bool:
        """Whether a call of a contract of requests does anything.

        With the code of its EIP, and while its excess, its count, and head and tail of its queue are zero, it returns
        nothing and writes zeros there.
        """
        known = self.state.get_code_hash(contract).hex() == SYSTEM_CODE[contract.hex()]
        return not known or any(self.state.get_storage(contract, slot) for slot in range(4))


def _check_transaction(vm: VirtualMachineAPI, transaction: SignedTransactionAPI) -> None:
    """Check the rules of Prague for a transaction that py-evm 0.12.1 does not check.

    Source:
        EIP-155 (chain id), EIP-1559 (the balance covers the highest fee), EIP-2681 (nonces), EIP-3607 (no sender
        with code, EIP-7702's aside), EIP-3860 (size and cost of init code), EIP-4844 (blobs are paid for too, and
        create nothing), EIP-7623 (the floor of call data).
    """
    sender, data = transaction.sender, transaction.data
    chain_id = vm.state.execution_context.chain_id
    if transaction.chain_id not in (None, chain_id):
        raise ValidationError(f"transaction for chain {transaction.chain_id} on chain {chain_id}")
    if transaction.nonce >= 2**64 - 1:
        raise ValidationError(f"nonce {transaction.nonce} is out of range")
    if transaction.max_priority_fee_per_gas > transaction.max_fee_per_gas:
        raise ValidationError("the priority fee is above the maximum fee")
    most = transaction.gas * transaction.max_fee_per_gas + transaction.value
    if transaction.type_id == BLOB_TX_TYPE:
        if not transaction.to or any(len(blob) != _HASH_LENGTH for blob in transaction.blob_versioned_hashes):
            raise ValidationError("a blob transaction has a receiver, and hashes of 32 bytes")
        most += GAS_PER_BLOB * len(transaction.blob_versioned_hashes) * transaction.max_fee_per_blob_gas
    if vm.state.get_balance(sender) < most:
        raise ValidationError(f"the sender's balance does not cover {most} wei")
    code = vm.state.get_code(sender)
    if code and not code_is_delegation_designation(code):
        raise ValidationError("the sender is a contract")
    init_code = 0
    if not transaction.to:
        if len(data) > MAX_INITCODE_SIZE:
            raise ValidationError(f"init code of {len(data)} bytes")
        init_code = INITCODE_WORD_COST * ((len(data) + 31) // 32)
    tokens = data.count(0) + STANDARD_TOKEN_COST * (len(data) - data.count(0))
    if transaction.gas < max(transaction.intrinsic_gas + init_code, GAS_TX + TOTAL_COST_FLOOR_PER_TOKEN * tokens):
        raise ValidationError(f"{transaction.gas} gas does not cover the cost before execution")


class StateReader:
    """Reads the state after a head by py-evm."""

    def _head_vm(self) -> VirtualMachineAPI:
        """Return the rules of the head on the state after it."""
        raise NotImplementedError

    def call(self, to: Address, data: bytes) -> bytes:
        """Return a contract's answer on the head state, with the head's own time; the state does not change.

        Raises:
            CallRefused: it reverted, or could not be executed.
        """
        try:
            vm = self._head_vm()
            snapshot = vm.state.snapshot()
            try:
                computation = vm.execute_bytecode(
                    origin=_ZERO_ADDRESS,
                    gas_price=0,
                    gas=_CALL_GAS,
                    to=to,
                    sender=_ZERO_ADDRESS,
                    value=0,
                    data=data,
                    code=vm.state.get_code(to),
                )
            finally:
                vm.state.revert(snapshot)
        except Exception as problem:
            raise CallRefused(reason_of(problem)) from problem
        if computation.is_error:
            raise CallRefused(f"it reverted with 0x{computation.output[:128].hex()}")
        return bytes(computation.output)

    def code(self, address: Address) -> bytes:
        """Return the code of an account on the head state."""
        return self._head_vm().state.get_code(address)

    def nonce(self, address: Address) -> int:
        """Return the nonce of an account on the head state: of a contract, one more than the contracts it created."""
        return self._head_vm().state.get_nonce(address)

    def storage(self, address: Address, slot: int) -> int:
        """Return a word of a contract's storage on the head state."""
        return self._head_vm().state.get_storage(address, slot)


class PyEvmEngine(StateReader):
    """py-evm on a fresh chain in memory, begun from `genesis.json` alone; every block is imported with validation.

    Memory holds the state after the head, and no older one.
    """

    name = f"py-evm {version('py-evm')}"
    """The engine with its version."""

    def __init__(self, genesis: bytes) -> None:
        """Build block 0.

        Args:
            genesis: The file `genesis.json`.

        Raises:
            BlockRefused: it is malformed, or asks for other rules than Prague from the start.
        """
        try:
            self.chain_id, parameters, state = read_genesis(genesis)
            chain_class = Chain.configure(
                __name__="AuditedChain",
                chain_id=self.chain_id,
                vm_configuration=((GENESIS_BLOCK_NUMBER, VerifyingVM),),
            )
            self._state = HeadState()
            self._chain = chain_class.from_genesis(AtomicDB(self._state), parameters, state)
            self._head: BlockHeaderAPI = self._chain.get_canonical_head()
            self._state.take(self._head)
        except Exception as problem:
            raise BlockRefused(f"genesis.json: {reason_of(problem)}") from problem
        self._reading: VirtualMachineAPI | None = None

    @property
    def head_hash(self) -> bytes:
        """Hash of the last block imported, the genesis at first."""
        return self._head.hash

    @property
    def head_state_root(self) -> bytes:
        """State root of that block."""
        return self._head.state_root

    @property
    def head_timestamp(self) -> int:
        """Time of that block, unix seconds."""
        return self._head.timestamp

    def execute(self, raw_block: bytes) -> tuple[ExecutedTransaction, ...]:
        """Import the next block: execute it, compare every field of its header, return its transactions' outcomes.

        Args:
            raw_block: RLP of the block.

        Raises:
            BlockRefused: it is not a valid block on top of the head.
        """
        # The bytes come from anybody, and py-evm meets some of them with exceptions of every kind.
        try:
            block = rlp.decode(raw_block, sedes=VerifyingBlock)
            vm = self._import(block)
            outcomes = tuple(map(_outcome, vm.receipts, block.transactions, vm.revert_data))
        except Exception as problem:
            raise BlockRefused(reason_of(problem)) from problem
        self._head, self._reading = block.header, None
        return outcomes

    def _import(self, block: BlockAPI) -> VerifyingVM:
        """Import a block as py-evm's `Chain.import_block` does, but keep no more of it than the next blocks need."""
        if block.header.parent_hash != self._head.hash:
            raise ValidationError("the parent is not the block before")
        base = self._chain.create_header_from_parent(self._head, timestamp=block.header.timestamp)
        vm = self._chain.get_vm(base.copy(gas_used=block.header.gas_used))
        imported = vm.import_block(block).block
        check_equal(imported.header, block.header)
        self._chain.validate_block(imported)
        self._state.take(block.header)
        _forget()
        assert isinstance(vm, VerifyingVM)
        return vm

    def _head_vm(self) -> VirtualMachineAPI:
        if self._reading is None:
            self._reading = self._chain.get_vm(self._head)
        return self._reading


def _forget() -> None:
    """Empty the caches of py-evm and of its tries, which keep whole blocks, so that memory grows with the history.

    They are bounded by entries: 128 lists of transactions or receipts, and 4,096 nodes with the trie of each. A block
    of large transactions takes a megabyte there, and hardly any block finds an entry of an earlier one.
    """
    _make_trie_root_and_nodes.cache_clear()
    HexaryTrie._cached_create_node_to_db_mapping.cache_clear()


def check_equal(executed: BlockHeaderAPI, stated: BlockHeaderAPI) -> None:
    """Compare the header that execution arrived at with the header of the block, field by field."""
    for name in map(str, stated.as_dict()):
        expected, got = getattr(stated, name), getattr(executed, name)
        if expected != got:
            shown = [f"0x{value.hex()}" if isinstance(value, bytes) else value for value in (expected, got)]
            raise ValidationError(f"{name}: the header states {shown[0]}, execution gives {shown[1]}")


def _outcome(receipt: ReceiptAPI, transaction: SignedTransactionAPI, reverted: bytes | None) -> ExecutedTransaction:
    return ExecutedTransaction(
        succeeded=receipt.state_root == b"\x01",
        cumulative_gas=receipt.gas_used,
        logs=tuple(
            ExecutedLog(log.address, tuple(topic.to_bytes(32, "big") for topic in log.topics), log.data)
            for log in receipt.logs
        ),
        sender=transaction.sender,
        creation=creation_by(transaction),
        signed=transaction,
        revert_data=reverted,
    )


def read_transaction(raw: bytes) -> SignedTransactionAPI | None:
    """Return a transaction that is not executed; None if it cannot be read, or nobody signed it.

    Args:
        raw: The transaction as it is hashed (EIP-2718).
    """
    try:
        transaction = PragueVM.get_transaction_builder().decode(raw)
        return transaction if transaction.sender else None
    except Exception:  # noqa: BLE001  # the bytes come from anybody, and py-evm meets them with exceptions of every kind
        return None


def creation_by(transaction: SignedTransactionAPI) -> Creation | None:
    """Return the contract that a transaction creates, if it succeeds; None for a call."""
    if transaction.to:
        return None
    return Creation(created_address(Address(transaction.sender), transaction.nonce), transaction.data)


def reason_of(problem: Exception) -> str:
    """Return an exception of somebody else's code as one line of bounded length."""
    text = " ".join(f"{type(problem).__name__}: {problem}".split())
    return text if len(text) <= _REASON_MAX else text[:_REASON_MAX] + " ..."
