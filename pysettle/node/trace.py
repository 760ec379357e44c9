"""Trace of a sealed transaction: it is executed again in its block, and reported in the form of geth's tracers.

Source: geth's built-in tracers `callTracer` and `prestateTracer`, in field names and in the words of failures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from eth.abc import BlockAPI, StateAPI
from eth.consensus.context import ConsensusContext
from eth.exceptions import (
    ContractCreationCollision,
    FullStack,
    InsufficientStack,
    InvalidInstruction,
    InvalidJumpDestination,
    OutOfBoundsRead,
    OutOfGas,
    ReservedBytesInCode,
    WriteProtection,
)
from eth.vm import opcode_values as op
from eth.vm.chain_context import ChainContext

from pysettle.evm.embedded import EmbeddedChain
from pysettle.node.execution import revert_text
from pysettle.node.protocol import InvalidParams
from pysettle.node.tracing import Destruction, TracedComputation, TracedState, TracedVM
from pysettle.node.values import hex_address, hex_data, hex_word
from pysettle.values import Address

_KINDS = {
    None: "CALL",
    op.CALL: "CALL",
    op.CALLCODE: "CALLCODE",
    op.DELEGATECALL: "DELEGATECALL",
    op.STATICCALL: "STATICCALL",
    op.CREATE: "CREATE",
    op.CREATE2: "CREATE2",
}
_FAILURES = {
    OutOfGas: "out of gas",
    InvalidInstruction: "invalid opcode",
    InvalidJumpDestination: "invalid jump destination",
    InsufficientStack: "stack underflow",
    FullStack: "stack limit reached 1024 (1023)",
    WriteProtection: "write protection",
    OutOfBoundsRead: "return data out of bounds",
    ContractCreationCollision: "contract address collision",
    ReservedBytesInCode: "invalid code: must not begin with 0xef",
}

_INVALID = 0xFE
"""The opcode that EIP-141 keeps invalid."""

Document = dict[str, Any]


def trace_transaction(chain: EmbeddedChain, block: BlockAPI, index: int, options: Mapping[str, Any]) -> Document:
    """Return the trace of the transaction at a place of a sealed block.

    Args:
        chain: The chain it is sealed on.
        block: Its block.
        index: Its place in the block.
        options: `tracer`, and `tracerConfig`: onlyTopCall and withLog for callTracer, diffMode for prestateTracer.

    Raises:
        InvalidParams: another tracer, or malformed options.
    """
    tracers: dict[object, Callable[..., Document]] = {"callTracer": _call_tree, "prestateTracer": _prestate}
    tracer, config = tracers.get(options.get("tracer")), options.get("tracerConfig") or {}
    if tracer is None:
        raise InvalidParams(f"the tracers served here are {' and '.join(map(repr, tracers))}")
    if not isinstance(config, dict):
        raise InvalidParams("tracerConfig is not an object")
    return tracer(chain, block, index, config)


def _state_before(chain: EmbeddedChain, block: BlockAPI, index: int) -> TracedState:
    """Return the state in which the transaction at a place of a block was executed."""
    py_evm = chain.py_evm
    parent = py_evm.get_block_header_by_hash(block.header.parent_hash)
    header = block.header.copy(state_root=parent.state_root, gas_used=0)
    vm = TracedVM(header, py_evm.chaindb, ChainContext(chain.chain_id), ConsensusContext(py_evm.chaindb.db))
    state = vm.state
    vm.block_preprocessing(block)
    for transaction in block.transactions[:index]:
        state.apply_transaction(transaction)
        state.lock_changes()  # the value of a slot before the transaction decides its gas
    assert isinstance(state, TracedState), "it is the class's own state"
    state.forget()
    return state


# callTracer


def _call_tree(chain: EmbeddedChain, block: BlockAPI, index: int, config: Mapping[str, Any]) -> Document:
    computation = _state_before(chain, block, index).apply_transaction(block.transactions[index])
    assert isinstance(computation, TracedComputation), "it is the state's own computation"
    top = _frame(computation, None, bool(config.get("withLog")), nested=not config.get("onlyTopCall"))
    used = TracedVM.finalize_gas_used(block.transactions[index], computation)
    return top | {"gas": hex(block.transactions[index].gas), "gasUsed": hex(used)}


def _frame(
    frame: TracedComputation | Destruction, caller: TracedComputation | None, logs: bool, *, nested: bool = True
) -> Document:
    if isinstance(frame, Destruction):
        return _destruction(frame)
    message, kind = frame.msg, _KINDS[frame.opcode]
    if caller is None and message.is_create:
        kind = "CREATE"
    created_nothing = message.is_create and frame.is_error
    to = message.code_address if kind in ("DELEGATECALL", "CALLCODE") else message.storage_address
    document: Document = {
        "type": kind,
        "from": hex_address(caller.msg.storage_address if caller else message.sender),
        **({} if created_nothing else {"to": hex_address(to)}),
        "gas": hex(message.gas),
        "gasUsed": hex(frame.get_gas_used()),
        "input": hex_data(bytes(message.code if message.is_create else message.data)),
    }
    if kind != "STATICCALL":
        document["value"] = hex(message.value)
    if frame.output:
        document["output"] = hex_data(frame.output)
    if frame.is_error:
        document["error"] = _failure(frame)
        if text := revert_text(frame.output):
            document["revertReason"] = text
    if nested and frame.frames:
        document["calls"] = [_frame(child, frame, logs) for child in frame.frames]
    if logs and not frame.is_error and frame.log_positions:
        document["logs"] = _logs(frame)
    return document


def _destruction(destruction: Destruction) -> Document:
    return {
        "type": "SELFDESTRUCT",
        "from": hex_address(destruction.contract),
        "to": hex_address(destruction.beneficiary),
        "gas": "0x0",
        "gasUsed": "0x0",
        "input": "0x",
        "value": hex(destruction.value),
    }


def _logs(frame: TracedComputation) -> list[Document]:
    return [
        {
            "address": hex_address(account),
            "topics": [f"0x{topic:064x}" for topic in topics],
            "data": hex_data(content),
            "index": hex(index),
            "position": hex(position),
        }
        for (index, account, topics, content), position in zip(frame._log_entries, frame.log_positions, strict=True)
    ]


def _failure(frame: TracedComputation) -> str:
    if not frame.should_burn_gas:
        return "execution reverted"
    error = frame.error
    known = next((words for kind, words in _FAILURES.items() if isinstance(error, kind)), type(error).__name__)
    if isinstance(error, InvalidInstruction):
        opcode = frame.code[frame.code.program_counter - 1]
        return f"{known}: {'INVALID' if opcode == _INVALID else f'opcode 0x{opcode:x} not defined'}"
    return known


# prestateTracer


def _prestate(chain: EmbeddedChain, block: BlockAPI, index: int, config: Mapping[str, Any]) -> Document:
    """Return the state that the transaction read, as it was before; or, with diffMode, its changes, before and after.

    Accounts that were empty before are left out, and so are those that are empty after.
    """
    transaction = block.transactions[index]
    before, after = (_state_before(chain, block, index) for _ in range(2))
    after.apply_transaction(transaction)
    slots = after.looked_at() | {block.header.coinbase: after.looked_at()[block.header.coinbase]}
    accounts = sorted(slots)
    accounts_before = {account: _account(before, account, slots[account]) for account in accounts}
    if not config.get("diffMode"):
        return {hex_address(account): state for account, state in accounts_before.items() if not _is_empty(state)}
    pre, post = {}, {}
    for account in accounts:
        was, became = accounts_before[account], _account(after, account, slots[account])
        if was != became:
            if not _is_empty(was):
                pre[hex_address(account)] = _without_unchanged_slots(was, became)
            if changed := _changes(was, became):
                post[hex_address(account)] = changed
    return {"pre": pre, "post": post}


def _account(state: StateAPI, account: Address, slots: set[int]) -> Document:
    """Return an account as the tracer shows it: zero fields are left out, except the balance and slots."""
    document: Document = {"balance": hex(state.get_balance(account))}
    if nonce := state.get_nonce(account):
        document["nonce"] = nonce
    if code := state.get_code(account):
        document["code"] = hex_data(code)
    if slots:
        document["storage"] = {hex_word(slot): hex_word(state.get_storage(account, slot)) for slot in sorted(slots)}
    return document


def _is_empty(account: Document) -> bool:
    return account["balance"] == "0x0" and not account.keys() & {"nonce", "code"}


def _without_unchanged_slots(was: Document, became: Document) -> Document:
    storage = {
        slot: word for slot, word in was.get("storage", {}).items() if became["storage"][slot] != word and int(word, 16)
    }
    rest = {name: value for name, value in was.items() if name != "storage"}
    return rest | ({"storage": storage} if storage else {})


def _changes(was: Document, became: Document) -> Document:
    """Return the fields that changed, as they are after; a slot that became zero is left out."""
    changed = {name: value for name, value in became.items() if name != "storage" and was.get(name) != value}
    storage = {
        slot: word for slot, word in became.get("storage", {}).items() if was["storage"][slot] != word and int(word, 16)
    }
    return changed | ({"storage": storage} if storage else {})
