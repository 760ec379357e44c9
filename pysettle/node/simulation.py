"""Blocks that follow the chain and are never sealed: `eth_simulateV1`.

Knows blocks and states that never change, and writes to a layer of its own: it may work beside the thread of the chain.

Source:
    Ethereum execution API specification, `eth_simulateV1`, its error codes included.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rlp
from eth.abc import BlockHeaderAPI, ReceiptAPI, SignedTransactionAPI
from eth.consensus.context import ConsensusContext
from eth.constants import ZERO_HASH32
from eth.db.atomic import AtomicDB
from eth.db.batch import BatchDB
from eth.db.chain import ChainDB
from eth.vm.chain_context import ChainContext
from eth.vm.forks.shanghai.constants import MAX_INITCODE_SIZE

from pysettle.evm.backend import Log
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import BLOCK_INTERVAL_S
from pysettle.evm.prague import minimum_gas
from pysettle.evm.trie import index_trie
from pysettle.node import execution
from pysettle.node.hypothetical import HypotheticalState, HypotheticalVM, TakesLong
from pysettle.node.objects import block_object, log_object, transaction_object
from pysettle.node.overrides import override_state, read_block_overrides
from pysettle.node.protocol import InvalidParams, RpcError
from pysettle.node.requests import Price, TransactionRequest
from pysettle.node.values import fields, flag, hex_data
from pysettle.values import Address, Hash32

_BLOCK_LIMIT = 256
"""Most blocks of one simulation, those in gaps included."""
_NONCE_LOW, _NONCE_HIGH, _FEE_LOW, _GAS_LOW, _NO_FUNDS, _BLOCK_FULL = -38010, -38011, -38012, -38013, -38014, -38015
_NUMBER_FALLS, _TIME_FALLS, _INIT_CODE_LONG, _TOO_MANY, _VM_ERROR = -38020, -38021, -38025, -38026, -32015
_FIELDS = {"blockStateCalls", "traceTransfers", "validation", "returnFullTransactions"}
_BLOCK_PARTS = {"blockOverrides", "stateOverrides", "calls"}


@dataclass(frozen=True, slots=True)
class _Done:
    """A call that was executed."""

    transaction: SignedTransactionAPI
    """As a block holds it, with zeros for a signature."""
    sender: Any
    """Its sender."""
    outcome: execution.Outcome
    """The execution."""
    receipt: ReceiptAPI
    """Its receipt."""


class Simulation:
    """Blocks of calls, each on what those before it left."""

    def __init__(self, chain: EmbeddedChain, base: BlockHeaderAPI, payload: Any) -> None:
        """Read a payload.

        Args:
            chain: The chain.
            base: Header of the block that the first one follows.
            payload: The object that `eth_simulateV1` takes.

        Raises:
            InvalidParams: a field is unknown or malformed.
        """
        document = fields(payload, "the payload")
        if unknown := document.keys() - _FIELDS:
            raise InvalidParams(f"a simulation has no field {min(unknown)[:40]}")
        named = {name: value for name, value in document.items() if value is not None}
        self._transfers = flag(named.get("traceTransfers", False), "traceTransfers")
        self._validates = flag(named.get("validation", False), "validation")
        self._whole = flag(named.get("returnFullTransactions", False), "returnFullTransactions")
        blocks = named.get("blockStateCalls")
        if not isinstance(blocks, list) or not blocks:
            raise InvalidParams("blockStateCalls is not a list of at least one block")
        self._blocks = [fields(block, "a block") for block in blocks]
        for block in self._blocks:
            if unknown := block.keys() - _BLOCK_PARTS:
                raise InvalidParams(f"a block of a simulation has no field {min(unknown)[:40]}")
        self._chain, self._parent = chain, base
        self._db = AtomicDB(BatchDB(chain.py_evm.chaindb.db))  # never committed
        self._left = _BLOCK_LIMIT
        self._deadline: float | None = None

    def run(self) -> list[dict[str, Any]]:
        """Return the blocks with the results of their calls.

        Raises:
            RpcError: a call can be in no such block, a block does not follow the one before it, or it takes long.
        """
        self._deadline = time.monotonic() + execution.LONGEST_S
        try:
            return self._run()
        except TakesLong:
            raise execution.TOO_LONG from None

    def _run(self) -> list[dict[str, Any]]:
        results = []
        for block in self._blocks:
            changes = read_block_overrides(block.get("blockOverrides") or {})
            number = changes.get("block_number", self._parent.block_number + 1)
            if number <= self._parent.block_number:
                raise RpcError(_NUMBER_FALLS, f"block {number} does not follow block {self._parent.block_number}")
            if number - self._parent.block_number > self._left:
                raise RpcError(_TOO_MANY, f"a simulation has at most {_BLOCK_LIMIT} blocks")
            while self._parent.block_number + 1 < number:
                results.append(self._block({}, {}, []))
            calls = block.get("calls") or []
            if not isinstance(calls, list):
                raise InvalidParams("calls is not a list")
            requests = [TransactionRequest.read(call, self._chain.chain_id) for call in calls]
            results.append(self._block(changes, block.get("stateOverrides") or {}, requests))
        return results

    def _block(self, changes: dict[str, Any], overrides: Any, requests: Sequence[TransactionRequest]) -> dict[str, Any]:
        """Execute a block, and take it as the parent of the next."""
        self._left -= 1
        header = self._header(changes)
        vm = HypotheticalVM(header, ChainDB(self._db), ChainContext(self._chain.chain_id), ConsensusContext(self._db))
        state: Any = vm.state
        vm.block_preprocessing(vm.get_block().copy(header=header))
        state.is_free, state.logs_transfers = not self._validates, self._transfers
        state.deadline = self._deadline
        override_state(state, overrides)
        done: list[_Done] = []
        for request in requests:
            used = done[-1].receipt.gas_used if done else 0
            done.append(self._call(state, header.copy(gas_used=used), request))
            state.lock_changes()
        state.persist()
        bloom = 0
        for it in done:
            bloom |= it.receipt.bloom
        sealed = header.copy(
            state_root=state.state_root,
            transaction_root=index_trie([it.transaction.encode() for it in done])[0],
            receipt_root=index_trie([it.receipt.encode() for it in done])[0],
            gas_used=done[-1].receipt.gas_used if done else 0,
            bloom=bloom,
        )
        self._db[sealed.hash] = rlp.encode(sealed)
        self._parent = sealed
        block = vm.get_block().copy(header=sealed, transactions=tuple(it.transaction for it in done))
        document = block_object(block, full=False) | {"calls": _results(done, sealed)}
        if self._whole:
            document["transactions"] = [
                transaction_object(it.transaction, block, index, it.sender) for index, it in enumerate(done)
            ]
        return document

    def _header(self, changes: dict[str, Any]) -> BlockHeaderAPI:
        """Return the header that the next block is executed under."""
        parent = self._parent
        time = changes.get("timestamp", parent.timestamp + BLOCK_INTERVAL_S)
        if time <= parent.timestamp:
            raise RpcError(_TIME_FALLS, f"time {time} of a block is not after {parent.timestamp}, that of its parent")
        header = self._chain.py_evm.create_header_from_parent(
            parent,
            coinbase=parent.coinbase,
            timestamp=time,
            gas_limit=parent.gas_limit,
            mix_hash=ZERO_HASH32,
            parent_beacon_block_root=ZERO_HASH32,
        )
        return header.copy(**({} if self._validates else {"base_fee_per_gas": 0}) | changes)

    def _call(self, state: HypotheticalState, header: BlockHeaderAPI, request: TransactionRequest) -> _Done:
        """Execute a call; the header has the gas used by those before it."""
        left, base_fee = header.gas_limit - header.gas_used, header.base_fee_per_gas or 0
        nonce, price = state.get_nonce(request.sender), request.price(base_fee) or Price(0, 0)
        gas = request.gas or left
        transaction = request.executable(self._chain.chain_id, nonce, gas, price)
        balance, most = state.get_balance(request.sender), gas * price.most + request.value
        named = nonce if request.nonce is None or not self._validates else request.nonce
        wrong = {
            _BLOCK_FULL: gas > left and f"it may use {gas} gas, the block has {left} left",
            _NONCE_LOW: named < nonce and f"nonce {named} is too low, the next is {nonce}",
            _NONCE_HIGH: named > nonce and f"nonce {named} is too high, the next is {nonce}",
            _FEE_LOW: self._validates and price.most < base_fee and f"it pays {price.most} wei, the base is {base_fee}",
            _INIT_CODE_LONG: not request.to and len(request.data) > MAX_INITCODE_SIZE and "its init code is too long",
            _GAS_LOW: gas < (least := minimum_gas(transaction)) and f"{gas} gas is less than the {least} it costs",
            _NO_FUNDS: balance < most and f"its sender has {balance} wei, it may cost {most}",
        }
        for code, problem in wrong.items():
            if problem:
                raise RpcError(code, f"a call cannot be executed: {problem}")
        outcome = execution.run(self._chain, state, request, gas)
        fees = {"gasPrice": price.most, "maxFeePerGas": price.most, "maxPriorityFeePerGas": price.tip}
        shown = request.unsigned({"nonce": nonce, "gas": gas, "chainId": self._chain.chain_id} | fees)
        receipt = HypotheticalVM.make_receipt(header, shown, outcome.computation, state)
        return _Done(shown, request.sender, outcome, receipt)


def _results(done: Sequence[_Done], header: BlockHeaderAPI) -> list[dict[str, Any]]:
    """Return the results of the calls of a block."""
    results, log_index = [], 0
    for index, it in enumerate(done):
        computation, sent, logs = it.outcome.computation, Hash32(it.transaction.hash), []
        for account, topics, content in computation.get_log_entries():
            words = tuple(topic.to_bytes(32, "big") for topic in topics)
            log = Log(Address(account), words, content, header.block_number, sent, index, log_index)
            logs.append(log_object(log, header.hash, header.timestamp))
            log_index += 1
        result: dict[str, Any] = {
            "returnData": hex_data(computation.output),
            "logs": logs,
            "gasUsed": hex(it.outcome.used),
            "maxUsedGas": hex(max(it.outcome.used, it.outcome.gas - computation.get_gas_remaining())),
            "status": hex(not computation.is_error),
        }
        if computation.is_error:
            try:
                execution.raise_failure(computation)
            except RpcError as problem:
                error = problem.to_dict()
                result["error"] = error | {"code": _VM_ERROR} if computation.should_burn_gas else error
        results.append(result)
    return results
