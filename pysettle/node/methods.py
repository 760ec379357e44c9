"""The methods of a node, by namespace. Each takes the caller and its parameters by place.

`latest` is the state after the head, under the head's own header; `pending` is the next block, at the clock's time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import rlp
from eth.abc import BlockAPI, BlockHeaderAPI, SignedTransactionAPI, StateAPI

from pysettle import __version__
from pysettle.evm.node_blocks import DEVELOPMENT_NODE, GENESIS_METHOD
from pysettle.hashing import keccak
from pysettle.node import execution
from pysettle.node.chain import LogFilter, NodeChain
from pysettle.node.configuration import configuration_methods
from pysettle.node.development import development_methods
from pysettle.node.execution import Ground, in_time
from pysettle.node.objects import block_object, effective_gas_price, transaction_object
from pysettle.node.protocol import METHOD_NOT_FOUND, SERVER_ERROR, InvalidParams, Later, Method, RpcError
from pysettle.node.requests import TransactionRequest
from pysettle.node.sending import READ_ONLY, TIP, sending_methods
from pysettle.node.simulation import Simulation
from pysettle.node.subscriptions import BlockHashSubscription, Filters, LogSubscription, PendingSubscription
from pysettle.node.trace import read_tracer, trace_block, trace_transaction
from pysettle.node.values import (
    address,
    data,
    flag,
    hash32,
    hex_address,
    hex_data,
    hex_word,
    integer,
    quantity,
    storage_slot,
)
from pysettle.node.wallet import wallet_methods
from pysettle.values import Hash32

_FEE_HISTORY_LIMIT = 1024
_BLOB_BASE_FEE = "0x1"
"""Least base fee of blobs (EIP-4844), which holds where no block has any."""


ENGINE = "engine_*"
"""Stands for all methods of the engine API, by which a beacon chain drives a node."""
_TAKEN_BACK = ("evm_snapshot", "evm_revert", "anvil_setBalance", "hardhat_setBalance")
"""Methods that a chain which keeps its history does not have."""


def method_table(node: NodeChain) -> dict[str, Method]:
    """Return every method by name, without the subscriptions, which need a connection."""
    tables: tuple[Callable[[NodeChain], Mapping[str, Method]], ...] = (
        *(_general, configuration_methods, _state, _blocks, _transactions, sending_methods, wallet_methods, _filters),
        *(_debug, development_methods),
    )
    methods = {name: method for table in tables for name, method in table(node).items()} | {ENGINE: _no_engine}
    return (
        methods | dict.fromkeys([*filter(_changes, methods), *_TAKEN_BACK], _refused) if node.is_read_only else methods
    )


def _changes(method: str) -> bool:
    """Whether a method changes the chain, its pool or its clock, or signs."""
    changing = ("evm_", "anvil_", "hardhat_", "eth_send", "eth_sign", "personal_sign")
    return method.startswith(changing) and "_get" not in method


def _refused(_: Any, *__: Any) -> None:
    raise RpcError(SERVER_ERROR, READ_ONLY)


def _no_engine(_: Any, *__: Any) -> None:
    raise RpcError(METHOD_NOT_FOUND, "refused: this chain seals its blocks itself, no beacon chain drives it")


def _name(node: NodeChain) -> str:
    """Return the name of the node: clients derive its abilities from it."""
    if node.is_read_only:
        return "pysettle-history"
    return "pysettle-workspace" if node.keeps_history else DEVELOPMENT_NODE


def _general(node: NodeChain) -> Mapping[str, Method]:
    chain = node.embedded

    def fee_history(_: Any, blocks: Any, newest: Any, percentiles: Any = None) -> dict[str, Any]:
        if not isinstance(percentiles, list | None) or not all(
            isinstance(percentile, int | float) and 0 <= percentile <= 100 for percentile in percentiles or ()
        ):
            raise InvalidParams("the percentiles are not a list of numbers from 0 to 100")
        last = node.height(newest)
        last = chain.block().number if last is None else last
        first = max(0, last + 1 - min(integer(blocks, "the number of blocks"), _FEE_HISTORY_LIMIT))
        headers = [node.header(number) for number in range(first, last + 1)]
        following = node.header(last + 1) if last < chain.block().number else chain.next_header()
        answer: dict[str, Any] = {
            "oldestBlock": hex(first),
            "baseFeePerGas": [hex(header.base_fee_per_gas or 0) for header in [*headers, following]],
            "gasUsedRatio": [header.gas_used / header.gas_limit for header in headers],
            "baseFeePerBlobGas": [_BLOB_BASE_FEE] * (len(headers) + 1),
            "blobGasUsedRatio": [0.0] * len(headers),
        }
        if percentiles:
            answer["reward"] = [
                [hex(reward) for reward in rewards(number, percentiles)] for number in range(first, last + 1)
            ]
        return answer

    def rewards(number: int, percentiles: Sequence[float]) -> list[int]:
        """Return the priority fees at percentiles of a block's gas, in wei per gas; 0 where nothing was sealed."""
        block = node.py_evm_block(number)
        base_fee = block.header.base_fee_per_gas or 0
        paid = sorted(
            (effective_gas_price(transaction, block.header) - base_fee, receipt.gas_used)
            for transaction, receipt in zip(block.transactions, chain.receipts(number), strict=True)
        )
        passed = list(accumulate(gas for _, gas in paid))
        places = [bisect_left(passed, percentile * block.header.gas_used / 100) for percentile in percentiles]
        return [paid[min(place, len(paid) - 1)][0] if paid else 0 for place in places]

    def base_fee() -> int:
        return chain.next_header().base_fee_per_gas or 0

    return {
        "eth_chainId": lambda _: hex(chain.chain_id),
        "net_version": lambda _: str(chain.chain_id),
        "net_listening": lambda _: True,
        "net_peerCount": lambda _: "0x0",
        "web3_clientVersion": lambda _: f"{_name(node)}/{__version__}/simulation",
        GENESIS_METHOD: lambda _: chain.genesis.to_dict(),
        "web3_sha3": lambda _, content: hex_data(keccak(data(content, "the data"))),
        "eth_protocolVersion": lambda _: "0x41",
        "eth_syncing": lambda _: False,
        "eth_mining": lambda _: False,
        **dict.fromkeys(
            ("eth_accounts", "eth_requestAccounts"), lambda _: [hex_address(account) for account in node.accounts]
        ),
        "eth_coinbase": lambda _: hex_address(chain.coinbase),
        "eth_baseFee": lambda _: hex(base_fee()),
        "eth_gasPrice": lambda _: hex(base_fee() + TIP),
        "eth_maxPriorityFeePerGas": lambda _: hex(TIP),
        "eth_blobBaseFee": lambda _: _BLOB_BASE_FEE,
        "eth_feeHistory": fee_history,
    }


def _state(node: NodeChain) -> Mapping[str, Method]:
    chain = node.embedded

    def at(tag: Any) -> StateAPI:
        place = node.after(tag)
        return chain.head_state() if place in (None, chain.block().number) else chain.state(place)

    def nonce(_: Any, account: Any, tag: Any = None) -> str:
        holder = address(account)
        return hex(node.pool.next_nonce(holder) if tag == "pending" else at(tag).get_nonce(holder))

    def storage(_: Any, account: Any, slot: Any, tag: Any = None) -> str:
        return hex_word(at(tag).get_storage(address(account), storage_slot(slot)))

    def proof(_: Any, account: Any, slots: Any, tag: Any = None) -> Mapping[str, Any]:
        if not isinstance(slots, list) or len(slots) > 1024:
            raise InvalidParams("the slots are not a list of at most 1024")
        place = node.after(tag)
        root = place.state_root if isinstance(place, BlockHeaderAPI) else chain.block(place).state_root
        return execution.proof(chain, address(account), [storage_slot(slot) for slot in slots], root)

    def call(_: Any, transaction: Any, tag: Any = None, overrides: Any = None, block: Any = None) -> Any:
        request = TransactionRequest.read(transaction, chain.chain_id)
        ground = Ground(chain, node.after(tag), overrides, block)
        return in_time(ground, lambda at: hex_data(execution.execute(at, request)))

    def estimate(_: Any, transaction: Any, tag: Any = None, overrides: Any = None, block: Any = None) -> Any:
        request = TransactionRequest.read(transaction, chain.chain_id)
        ground = Ground(chain, node.after(tag or "pending"), overrides, block)
        return in_time(ground, lambda at: hex(execution.estimate(at, request)))

    def create_access_list(_: Any, transaction: Any, tag: Any = None, overrides: Any = None) -> Any:
        request = TransactionRequest.read(transaction, chain.chain_id)
        ground = Ground(chain, node.after(tag or "pending"), overrides)
        return in_time(ground, lambda at: execution.access_list(at, request))

    def simulate(_: Any, payload: Any, tag: Any = None) -> Later:
        height = node.height(tag)
        base = node.pending_block().header if height is None else node.header(height)
        return Later(Simulation(chain, base, payload).run)

    return {
        "eth_getBalance": lambda _, account, tag=None: hex(at(tag).get_balance(address(account))),
        "eth_getTransactionCount": nonce,
        "eth_getCode": lambda _, account, tag=None: hex_data(at(tag).get_code(address(account))),
        "eth_getStorageAt": storage,
        "eth_getProof": proof,
        "eth_call": call,
        "eth_estimateGas": estimate,
        "eth_createAccessList": create_access_list,
        "eth_simulateV1": simulate,
    }


def sealed_hash(find: Callable[[Any], BlockHeaderAPI], key: Any) -> Hash32 | None:
    """Return the hash of a sealed block, None where the standard wants null for one that is not there."""
    try:
        return find(key).hash
    except InvalidParams:
        raise
    except RpcError:
        return None


def _blocks(node: NodeChain) -> Mapping[str, Method]:
    chain = node.embedded

    def by_number(tag: Any) -> Hash32 | None:
        return sealed_hash(node.header_at, tag)

    def by_hash(value: Any) -> Hash32 | None:
        return sealed_hash(node.header_by_hash, hash32(value))

    def block_by_number(_: Any, tag: Any, full: Any = False) -> Any:
        whole = flag(full, "the second parameter")
        if tag == "pending":
            return block_object(node.pending_block(), whole, sealed=False)
        block_hash = by_number(tag)
        return block_hash and node.block_document(block_hash, whole)

    def block_by_hash(_: Any, block_hash: Any, full: Any = False) -> Any:
        whole = flag(full, "the second parameter")
        known_hash = by_hash(block_hash)
        return known_hash and node.block_document(known_hash, whole)

    def block_receipts(_: Any, tag: Any) -> Any:
        if tag == "pending":
            return []
        block_hash = by_number(tag)
        return block_hash and node.receipt_documents(block_hash)

    def size(block_hash: Hash32 | None) -> str | None:
        return None if block_hash is None else hex(len(node.block_of(block_hash).transactions))

    def size_by_number(_: Any, tag: Any) -> str | None:
        return hex(len(node.pending_block().transactions)) if tag == "pending" else size(by_number(tag))

    return {
        "eth_blockNumber": lambda _: hex(chain.block().number),
        "eth_getBlockByNumber": block_by_number,
        "eth_getBlockByHash": block_by_hash,
        "eth_getBlockReceipts": block_receipts,
        "eth_getBlockTransactionCountByNumber": size_by_number,
        "eth_getBlockTransactionCountByHash": lambda _, block_hash: size(by_hash(block_hash)),
        "eth_getUncleCountByBlockNumber": lambda _, tag: "0x0" if tag == "pending" or by_number(tag) else None,
        "eth_getUncleCountByBlockHash": lambda _, block_hash: by_hash(block_hash) and "0x0",
    }


def _transactions(node: NodeChain) -> Mapping[str, Method]:
    def by_hash(value: Any) -> _Found | None:
        transaction_hash = hash32(value)
        if place := node.place(transaction_hash):
            block = node.py_evm_block(place[0])
            return _Found(block.transactions[place[1]], block, place[1])
        waiting = node.pool.get(transaction_hash)
        return _Found(waiting, None, 0) if waiting else None

    def at(block: BlockAPI, index: Any, *, sealed: bool = True) -> _Found | None:
        place = quantity(index, "the index")
        transactions = block.transactions
        return _Found(transactions[place], block if sealed else None, place) if place < len(transactions) else None

    def by_block_number(tag: Any, index: Any) -> _Found | None:
        if tag == "pending":
            return at(node.pending_block(), index, sealed=False)
        block_hash = sealed_hash(node.header_at, tag)
        return at(node.block_of(block_hash), index) if block_hash else None

    def by_block_hash(value: Any, index: Any) -> _Found | None:
        block_hash = sealed_hash(node.header_by_hash, hash32(value))
        return at(node.block_of(block_hash), index) if block_hash else None

    def receipt(_: Any, value: Any) -> Any:
        place = node.place(hash32(value))
        return place and node.receipt_documents(node.header(place[0]).hash)[place[1]]

    return {
        "eth_getTransactionByHash": lambda _, value: _shown(by_hash(value)),
        "eth_getTransactionByBlockNumberAndIndex": lambda _, tag, index: _shown(by_block_number(tag, index)),
        "eth_getTransactionByBlockHashAndIndex": lambda _, value, index: _shown(by_block_hash(value, index)),
        "eth_getRawTransactionByHash": lambda _, value: _encoded(by_hash(value)),
        "eth_getRawTransactionByBlockNumberAndIndex": lambda _, tag, index: _encoded(by_block_number(tag, index)),
        "eth_getRawTransactionByBlockHashAndIndex": lambda _, value, index: _encoded(by_block_hash(value, index)),
        "debug_getRawTransaction": lambda _, value: _encoded(by_hash(value)),
        "eth_getTransactionReceipt": receipt,
        "eth_pendingTransactions": lambda _: [
            transaction_object(transaction, None, 0) for transaction in node.pool.ready()
        ],
    }


@dataclass(frozen=True, slots=True)
class _Found:
    """A transaction with its place; without a block it waits."""

    transaction: SignedTransactionAPI
    block: BlockAPI | None
    index: int


def _shown(found: _Found | None) -> dict[str, Any] | None:
    return transaction_object(found.transaction, found.block, found.index) if found else None


def _encoded(found: _Found | None) -> str | None:
    return hex_data(found.transaction.encode()) if found else None


def _filters(node: NodeChain) -> Mapping[str, Method]:
    filters = Filters()

    def new_log_filter(_: Any, query: Any) -> str:
        wanted = LogFilter.read(query)
        return filters.add(lambda send: LogSubscription(node, send, wanted), query)

    return {
        "eth_getLogs": lambda _, query: node.logs(query),
        "eth_newFilter": new_log_filter,
        "eth_newBlockFilter": lambda _: filters.add(lambda send: BlockHashSubscription(node, send)),
        "eth_newPendingTransactionFilter": lambda _: filters.add(lambda send: PendingSubscription(node, send)),
        "eth_getFilterChanges": lambda _, handle: filters.poll(_text(handle)),
        "eth_getFilterLogs": lambda _, handle: node.logs(filters.query(_text(handle))),
        "eth_uninstallFilter": lambda _, handle: filters.remove(_text(handle)),
    }


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidParams("the id of a filter or subscription is text")
    return value


def _debug(node: NodeChain) -> Mapping[str, Method]:
    def trace(_: Any, value: Any, options: Any = None) -> Later:
        place, tracer = node.place(hash32(value)), read_tracer(options)
        if place is None:
            raise RpcError(SERVER_ERROR, "transaction not found")
        block = node.py_evm_block(place[0])
        return Later(lambda: trace_transaction(node.embedded, block, place[1], tracer))

    def trace_all(_: Any, tag: Any, options: Any = None) -> Later:
        header, tracer = node.header_at(tag), read_tracer(options)
        if header.block_number == 0:
            raise RpcError(SERVER_ERROR, "block 0 is the genesis: it has no transactions to trace")
        block = node.block_of(header.hash)
        return Later(lambda: trace_block(node.embedded, block, tracer))

    return {
        "debug_getRawHeader": lambda _, tag: hex_data(rlp.encode(node.header_at(tag))),
        "debug_getRawBlock": lambda _, tag: hex_data(rlp.encode(node.block_of(node.header_at(tag).hash))),
        "debug_getRawReceipts": lambda _, tag: [
            hex_data(receipt) for receipt in node.embedded.receipts_rlp(node.header_at(tag).block_number)
        ],
        "debug_traceTransaction": trace,
        "debug_traceBlockByNumber": trace_all,
        "debug_traceBlockByHash": trace_all,
    }
