"""Traces of sealed transactions: they are executed again in their block, and reported in the form of geth's tracers.

Knows blocks and states that never change, and writes nothing: a trace may be made beside the thread of the chain.

Source: geth's struct log and built-in tracers `callTracer` and `prestateTracer`, in field names and in the words of
failures.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
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
from pysettle.evm.prague import SealingVM
from pysettle.node.execution import revert_text
from pysettle.node.protocol import Encoded, InvalidParams, encode
from pysettle.node.steps import Recorder, StepOptions, SteppedState, SteppedVM
from pysettle.node.tracing import Destruction, TracedComputation, TracedState, TracedVM
from pysettle.node.values import fields, flag, hex_address, hex_data, hex_word, integer
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

_OPTIONS = {
    *("tracer", "tracerConfig", "timeout", "limit", "debug", "reexec"),
    *("disableStack", "disableStorage", "disableMemory", "enableMemory", "disableReturnData", "enableReturnData"),
}
"""Options that geth reads; those that say what is so here anyway have no effect."""
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)", re.ASCII)

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tracer:
    """One way to report a transaction, with its options."""

    vm: type[SealingVM]
    """The rules over states that notice what the report is made of."""
    report: Callable[[EmbeddedChain, BlockAPI, int, Any], Any]
    """Executes the transaction at a place of a block on the state before it, and reports it."""


def read_tracer(options: Any) -> Tracer:
    """Return the tracer that the options of a request name: without a name it is the struct log.

    Args:
        options: `tracer`, and `tracerConfig`: onlyTopCall and withLog for callTracer, diffMode for prestateTracer;
            disableStack, disableStorage, enableMemory, enableReturnData and limit for the struct log; `timeout`.

    Raises:
        InvalidParams: another tracer, or malformed options.
    """
    named = {name: value for name, value in fields(options or {}, "the options").items() if value is not None}
    if unknown := named.keys() - _OPTIONS:
        raise InvalidParams(f"a trace has no option {min(unknown)[:40]}")
    config, deadline = fields(named.get("tracerConfig", {}), "tracerConfig"), _deadline(named.get("timeout", "1m"))
    match named.get("tracer") or None:
        case None:
            return Tracer(SteppedVM, partial(_struct_log, _step_options(named), deadline))
        case "callTracer":
            return Tracer(TracedVM, partial(_call_tree, config, deadline))
        case "prestateTracer":
            return Tracer(TracedVM, partial(_prestate, config, deadline))
    raise InvalidParams("the tracers served here are callTracer, prestateTracer and, without a name, the struct log")


def _step_options(named: Mapping[str, Any]) -> StepOptions:
    limit = named.get("limit", 0)
    return StepOptions(
        stack=not flag(named.get("disableStack", False), "disableStack"),
        storage=not flag(named.get("disableStorage", False), "disableStorage"),
        memory=flag(named.get("enableMemory", named.get("disableMemory") is False), "enableMemory"),
        return_data=flag(named.get("enableReturnData", named.get("disableReturnData") is False), "enableReturnData"),
        limit=integer(limit, "the limit"),
    )


def _deadline(timeout: Any) -> float:
    if not isinstance(timeout, str) or not (parts := _DURATION.fullmatch(timeout)):
        raise InvalidParams("the timeout is no duration such as 5s, 300ms or 2m")
    return time.monotonic() + float(parts[1]) * {"ms": 0.001, "s": 1, "m": 60}[parts[2]]


def trace_transaction(chain: EmbeddedChain, block: BlockAPI, index: int, tracer: Tracer) -> Any:
    """Return the trace of the transaction at a place of a sealed block.

    Raises:
        RpcError: it is too long, or takes too long.
    """
    return tracer.report(chain, block, index, _state_before(chain, block, index, tracer.vm))


def trace_block(chain: EmbeddedChain, block: BlockAPI, tracer: Tracer) -> Encoded:
    """Return the traces of all transactions of a sealed block, which is executed once.

    Raises:
        RpcError: they are too long, or take too long.
    """
    state, traces = _state_before(chain, block, 0, tracer.vm), []
    for index, transaction in enumerate(block.transactions):
        result = encode(tracer.report(chain, block, index, state))
        traces.append(f'{{"txHash":"{hex_data(transaction.hash)}","result":{result}}}')
        state.lock_changes()
    return Encoded(f"[{','.join(traces)}]")


def _state_before(chain: EmbeddedChain, block: BlockAPI, index: int, vm_class: type[SealingVM]) -> Any:
    """Return the state in which the transaction at a place of a block was executed."""
    py_evm = chain.py_evm
    parent = py_evm.get_block_header_by_hash(block.header.parent_hash)
    header = block.header.copy(state_root=parent.state_root, gas_used=0)
    vm = vm_class(header, py_evm.chaindb, ChainContext(chain.chain_id), ConsensusContext(py_evm.chaindb.db))
    state = vm.state
    vm.block_preprocessing(block)
    for transaction in block.transactions[:index]:
        state.apply_transaction(transaction)
        state.lock_changes()  # the value of a slot before the transaction decides its gas
    return state


# Struct log


def _struct_log(
    options: StepOptions, deadline: float, _: EmbeddedChain, block: BlockAPI, index: int, state: SteppedState
) -> Encoded:
    state.recorder = Recorder(options, deadline)
    computation, transaction = state.apply_transaction(block.transactions[index]), block.transactions[index]
    steps, state.recorder = state.recorder.steps, None
    summary = {
        "gas": SteppedVM.finalize_gas_used(transaction, computation),
        "failed": computation.is_error,
        "returnValue": hex_data(computation.output),
    }
    return Encoded(f'{encode(summary)[:-1]},"structLogs":[{",".join(steps)}]}}')


# callTracer


def _call_tree(
    config: Mapping[str, Any], deadline: float, _: EmbeddedChain, block: BlockAPI, index: int, state: TracedState
) -> Document:
    state.deadline = deadline
    computation = state.apply_transaction(block.transactions[index])
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


def _prestate(
    config: Mapping[str, Any], deadline: float, chain: EmbeddedChain, block: BlockAPI, index: int, after: TracedState
) -> Document:
    """Return the state that the transaction read, as it was before; or, with diffMode, its changes, before and after.

    Accounts that were empty before are left out, and so are those that are empty after.
    """
    before = _state_before(chain, block, index, TracedVM)
    before.forget()
    after.forget()
    after.deadline = deadline
    after.apply_transaction(block.transactions[index])
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
