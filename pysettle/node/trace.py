"""What happened inside a sealed transaction: it is executed again in its block, and the tree of calls read off.

Knows py-evm's computations. Source: geth's built-in tracers `callTracer` and `prestateTracer`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eth.abc import BlockAPI, ComputationAPI, SignedTransactionAPI, StateAPI
from eth.exceptions import OutOfGas
from eth.vm.chain_context import ChainContext
from eth_typing import Address

from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.prague import SealingVM
from pysettle.node.execution import revert_text
from pysettle.node.protocol import InvalidParams
from pysettle.node.values import hex_address, hex_data


def trace_transaction(chain: EmbeddedChain, block: BlockAPI, index: int, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the trace of the transaction at a place of a sealed block.

    Args:
        chain: The chain it is sealed on.
        block: Its block.
        index: Its place in the block.
        options: `tracer` (callTracer), and `tracerConfig` with onlyTopCall and withLog.

    Raises:
        InvalidParams: another tracer.
    """
    if options.get("tracer") != "callTracer":
        raise InvalidParams('the tracer served here is "callTracer"')
    config = options.get("tracerConfig") or {}
    if not isinstance(config, dict):
        raise InvalidParams("tracerConfig is not an object")
    transaction, computation = _replay(chain, block, index)
    top = _call(computation, None, not config.get("onlyTopCall"), bool(config.get("withLog")))
    receipt = chain.receipts(block.number)[index]
    return top | {"gas": hex(transaction.gas), "gasUsed": hex(receipt.gas_used)}


def _replay(chain: EmbeddedChain, block: BlockAPI, index: int) -> tuple[SignedTransactionAPI, ComputationAPI]:
    """Execute the block's transactions up to the place; return that one and what it did."""
    parent = chain.py_evm.get_block_header_by_hash(block.header.parent_hash)
    header = block.header.copy(state_root=parent.state_root, gas_used=0)
    state: StateAPI = SealingVM.build_state(
        chain.py_evm.chaindb.db,
        header,
        ChainContext(chain.chain_id),
        SealingVM.get_prev_hashes(header.parent_hash, chain.py_evm.chaindb) or (),
    )
    for place, transaction in enumerate(block.transactions):
        computation = state.apply_transaction(transaction)
        if place == index:
            return transaction, computation
    raise AssertionError("the place is one of the block's")


def _call(computation: ComputationAPI, parent: ComputationAPI | None, children: bool, logs: bool) -> dict[str, Any]:
    message = computation.msg
    document: dict[str, Any] = {
        "type": _kind(computation, parent),
        "from": hex_address(message.sender),
        "to": hex_address(_callee(computation)),
        "gas": hex(message.gas),
        "gasUsed": hex(computation.get_gas_used()),
        "input": hex_data(bytes(message.code if message.is_create else message.data)),
    }
    if document["type"] != "STATICCALL":
        document["value"] = hex(message.value)
    if computation.output:
        document["output"] = hex_data(computation.output)
    if computation.is_error:
        document["error"] = _failure(computation)
        if text := revert_text(computation.output):
            document["revertReason"] = text
    if children and computation.children:
        document["calls"] = [_call(child, computation, True, logs) for child in computation.children]
    if logs and not computation.is_error and computation._log_entries:
        document["logs"] = [
            {
                "address": hex_address(account),
                "topics": [f"0x{topic:064x}" for topic in topics],
                "data": hex_data(content),
            }
            for _, account, topics, content in computation._log_entries
        ]
    return document


def _kind(computation: ComputationAPI, parent: ComputationAPI | None) -> str:
    message = computation.msg
    if message.is_create:
        return "CREATE"
    if parent is None or message.should_transfer_value:
        return "CALL"
    return "STATICCALL" if message.is_static and message.sender == parent.msg.storage_address else "DELEGATECALL"


def _callee(computation: ComputationAPI) -> Address:
    message = computation.msg
    if message.is_create or message.should_transfer_value:
        return message.storage_address
    return message.code_address


def _failure(computation: ComputationAPI) -> str:
    if not computation.should_burn_gas:
        return "execution reverted"
    return "out of gas" if isinstance(computation.error, OutOfGas) else type(computation.error).__name__
