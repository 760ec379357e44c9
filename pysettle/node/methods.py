"""The methods a node answers, by namespace. Each takes who asks and its parameters by place.

`latest` is the state after the head, under the head's own header; `pending` is the next block, at the clock's time.
Every transaction is sealed at once, so nothing waits in a pool.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import rlp
from eth.abc import BlockAPI
from eth_account import Account
from eth_utils.crypto import keccak

from pysettle import __version__
from pysettle.errors import ChainError, TransactionRefused, UsageError
from pysettle.evm.backend import Block
from pysettle.node import execution
from pysettle.node.chain import LogFilter, NodeChain, refusal
from pysettle.node.objects import block_object, header_object, receipt_objects, transaction_object
from pysettle.node.protocol import SERVER_ERROR, InvalidParams, Method, RpcError
from pysettle.node.trace import trace_transaction
from pysettle.node.values import (
    address,
    data,
    fields,
    flag,
    hash32,
    hex_address,
    hex_data,
    hex_word,
    integer,
    quantity,
    storage_slot,
)

_TIP = 10**9
"""Priority fee suggested, in wei per gas; any is accepted, zero too."""
_FEE_HISTORY_LIMIT = 1024
_MINE_LIMIT = 10_000
_REFUSED_VERBS = (
    "setCode",
    "setStorageAt",
    "setNonce",
    "impersonateAccount",
    "stopImpersonatingAccount",
    "setCoinbase",
    "dropTransaction",
    "reset",
)


def method_table(node: NodeChain) -> dict[str, Method]:
    """Return every method by name, without the subscriptions, which need a connection."""
    tables = (_general, _state, _blocks, _transactions, _filters, _debug, _development)
    return {name: method for table in tables for name, method in table(node).items()}


def send_together(node: NodeChain, sent: Sequence[Sequence[Any]]) -> list[str | RpcError]:
    """Answer the `eth_sendRawTransaction` requests of one batch: sealed in one block if their gas allows."""
    outcomes: dict[int, str | RpcError] = {}
    raws: dict[int, bytes] = {}
    for place, params in enumerate(sent):
        try:
            if len(params) != 1:
                raise InvalidParams(f"eth_sendRawTransaction does not take {len(params)} parameters")
            raws[place] = data(params[0], "the transaction")
        except RpcError as problem:
            outcomes[place] = problem
    for place, outcome in zip(raws, node.seal_what_can_be(list(raws.values())), strict=True):
        outcomes[place] = refusal(outcome) if isinstance(outcome, TransactionRefused) else hex_data(outcome)
    return [outcomes[place] for place in range(len(sent))]


def _general(node: NodeChain) -> Mapping[str, Method]:
    chain = node.embedded

    def fee_history(_: Any, blocks: Any, newest: Any, percentiles: Any = None) -> dict[str, Any]:
        if not isinstance(percentiles, list | None) or not all(
            isinstance(it, int | float) and 0 <= it <= 100 for it in percentiles or ()
        ):
            raise InvalidParams("the percentiles are not a list of numbers from 0 to 100")
        last = node.height(newest)
        last = chain.block().number if last is None else last
        first = max(0, last + 1 - min(integer(blocks, "the number of blocks"), _FEE_HISTORY_LIMIT))
        headers = [node.header(number) for number in range(first, last + 1)]
        following = node.header(last + 1) if last < chain.block().number else chain.next_header()
        answer: dict[str, Any] = {
            "oldestBlock": hex(first),
            "baseFeePerGas": [hex(it.base_fee_per_gas or 0) for it in [*headers, following]],
            "gasUsedRatio": [it.gas_used / it.gas_limit for it in headers],
        }
        if percentiles:
            answer["reward"] = [[hex(_TIP)] * len(percentiles) for _ in headers]
        return answer

    def base_fee() -> int:
        return chain.next_header().base_fee_per_gas or 0

    return {
        "eth_chainId": lambda _: hex(chain.chain_id),
        "net_version": lambda _: str(chain.chain_id),
        "net_listening": lambda _: True,
        "net_peerCount": lambda _: "0x0",
        "web3_clientVersion": lambda _: f"pysettle/{__version__}/simulation",
        "web3_sha3": lambda _, content: hex_data(keccak(data(content, "the data"))),
        "eth_protocolVersion": lambda _: "0x41",
        "eth_syncing": lambda _: False,
        "eth_mining": lambda _: False,
        "eth_accounts": lambda _: [hex_address(account) for account in node.accounts],
        "eth_coinbase": lambda _: hex_address(chain.coinbase),
        "eth_gasPrice": lambda _: hex(base_fee() + _TIP),
        "eth_maxPriorityFeePerGas": lambda _: hex(_TIP),
        "eth_blobBaseFee": lambda _: "0x1",
        "eth_feeHistory": fee_history,
    }


def _state(node: NodeChain) -> Mapping[str, Method]:
    chain = node.embedded

    def at(tag: Any) -> Any:
        height = node.height(tag)
        return chain.state(chain.block().number if height is None else height)

    def nonce(_: Any, account: Any, tag: Any = None) -> str:
        return hex(at(tag).get_nonce(address(account)))

    def storage(_: Any, account: Any, slot: Any, tag: Any = None) -> str:
        return hex_word(at(tag).get_storage(address(account), storage_slot(slot)))

    def proof(_: Any, account: Any, slots: Any, tag: Any = None) -> Mapping[str, Any]:
        if not isinstance(slots, list) or len(slots) > 1024:
            raise InvalidParams("the slots are not a list of at most 1024")
        height = node.height(tag)
        root = chain.block(height).state_root
        return execution.proof(chain, address(account), [storage_slot(slot) for slot in slots], root)

    def call(_: Any, transaction: Any, tag: Any = None, overrides: Any = None) -> str:
        request = execution.CallRequest.read(transaction)
        return hex_data(execution.execute(chain, request, node.height(tag), overrides))

    def estimate(_: Any, transaction: Any, tag: Any = "pending", overrides: Any = None) -> str:
        request = execution.CallRequest.read(transaction)
        return hex(execution.estimate(chain, request, node.height(tag), overrides))

    return {
        "eth_getBalance": lambda _, account, tag=None: hex(at(tag).get_balance(address(account))),
        "eth_getTransactionCount": nonce,
        "eth_getCode": lambda _, account, tag=None: hex_data(at(tag).get_code(address(account))),
        "eth_getStorageAt": storage,
        "eth_getProof": proof,
        "eth_call": call,
        "eth_estimateGas": estimate,
    }


def _blocks(node: NodeChain) -> Mapping[str, Method]:
    chain = node.embedded

    def found(read: Callable[[], BlockAPI]) -> BlockAPI | None:
        """Return a block, None where the standard wants null for one that is not there."""
        try:
            return read()
        except InvalidParams:
            raise
        except RpcError:
            return None

    def by_number(tag: Any) -> tuple[BlockAPI | None, bool]:
        def read() -> BlockAPI:
            height = node.height(tag)
            return chain.preview(())[0] if height is None else node.py_evm_block(height)

        return found(read), tag != "pending"

    def by_hash(value: Any) -> BlockAPI | None:
        block_hash = hash32(value)
        return found(lambda: node.py_evm_block(node.header_by_hash(block_hash).block_number))

    def block_by_number(_: Any, tag: Any, full: Any = False) -> Any:
        whole = flag(full, "the second parameter")
        block, sealed = by_number(tag)
        return block and block_object(block, whole, sealed)

    def block_by_hash(_: Any, block_hash: Any, full: Any = False) -> Any:
        whole = flag(full, "the second parameter")
        block = by_hash(block_hash)
        return block and block_object(block, whole)

    def block_receipts(_: Any, tag: Any) -> Any:
        block = by_hash(tag) if isinstance(tag, str) and len(tag) == 66 else by_number(tag)[0]
        return block and receipts_of(node, block)

    def size(block: BlockAPI | None) -> str | None:
        return None if block is None else hex(len(block.transactions))

    return {
        "eth_blockNumber": lambda _: hex(chain.block().number),
        "eth_getBlockByNumber": block_by_number,
        "eth_getBlockByHash": block_by_hash,
        "eth_getBlockReceipts": block_receipts,
        "eth_getBlockTransactionCountByNumber": lambda _, tag: size(by_number(tag)[0]),
        "eth_getBlockTransactionCountByHash": lambda _, block_hash: size(by_hash(block_hash)),
        "eth_getUncleCountByBlockNumber": lambda _, tag: by_number(tag)[0] and "0x0",
        "eth_getUncleCountByBlockHash": lambda _, block_hash: by_hash(block_hash) and "0x0",
    }


def receipts_of(node: NodeChain, block: BlockAPI) -> list[dict[str, Any]]:
    """Return the receipts of a sealed block; none of a pending one."""
    if block.number > node.embedded.block().number:
        return []
    blooms = [it.bloom for it in block.get_receipts(node.embedded.py_evm.chaindb)]
    return receipt_objects(block, node.embedded.receipts(block.number), blooms)


def _transactions(node: NodeChain) -> Mapping[str, Method]:
    chain = node.embedded

    def by_hash(_: Any, value: Any) -> Any:
        place = node.place(hash32(value))
        return place and at(node.py_evm_block(place[0]), place[1])

    def at(block: BlockAPI, index: int) -> Any:
        if index >= len(block.transactions):
            return None
        return transaction_object(block.transactions[index], block, index)

    def by_block_number(_: Any, tag: Any, index: Any) -> Any:
        height, place = node.height(tag), quantity(index, "the index")
        return None if height is None else at(node.py_evm_block(height), place)

    def by_block_hash(_: Any, block_hash: Any, index: Any) -> Any:
        header, place = node.header_by_hash(hash32(block_hash)), quantity(index, "the index")
        return at(node.py_evm_block(header.block_number), place)

    def receipt(_: Any, value: Any) -> Any:
        place = node.place(hash32(value))
        return place and receipts_of(node, node.py_evm_block(place[0]))[place[1]]

    def send_raw(_: Any, raw_transaction: Any) -> str:
        return send(data(raw_transaction, "the transaction"))

    def send(raw: bytes) -> str:
        try:
            return hex_data(node.seal([raw])[0].transaction_hashes[0])
        except TransactionRefused as problem:
            raise refusal(problem) from problem

    def send_transaction(_: Any, transaction: Any) -> str:
        request = execution.CallRequest.read(transaction)
        signer = node.accounts.get(request.sender)
        if signer is None:
            raise RpcError(SERVER_ERROR, f"the node has no key of {hex_address(request.sender)}: sign it yourself")

        def given(name: str, otherwise: int) -> int:
            return quantity(transaction[name], name) if transaction.get(name) is not None else otherwise

        base_fee = chain.next_header().base_fee_per_gas or 0
        price = given("gasPrice", 2 * base_fee + _TIP)
        unsigned = {
            "type": 2,
            "chainId": chain.chain_id,
            "nonce": given("nonce", chain.nonce(request.sender)),
            "to": hex_address(request.to) if request.to else b"",
            "data": request.data,
            "value": request.value,
            "gas": request.gas or execution.estimate(chain, request, None),
            "maxFeePerGas": given("maxFeePerGas", price),
            "maxPriorityFeePerGas": given("maxPriorityFeePerGas", min(_TIP, price)),
        }
        return send(bytes(Account.sign_transaction(unsigned, signer.secret).raw_transaction))

    return {
        "eth_sendRawTransaction": send_raw,
        "eth_sendTransaction": send_transaction,
        "eth_getTransactionByHash": by_hash,
        "eth_getTransactionByBlockNumberAndIndex": by_block_number,
        "eth_getTransactionByBlockHashAndIndex": by_block_hash,
        "eth_getTransactionReceipt": receipt,
        "eth_pendingTransactions": lambda _: [],
    }


def _filters(node: NodeChain) -> Mapping[str, Method]:
    chain = node.embedded

    def new_log_filter(_: Any, query: Any) -> str:
        wanted = LogFilter.read(query)
        return node.add_filter(lambda first, last: list(node.log_objects(wanted, first, last)), query)

    def block_hashes(first: int, last: int) -> list[Any]:
        return [hex_data(chain.block(number).hash) for number in range(first, last + 1)]

    def transaction_hashes(first: int, last: int) -> list[Any]:
        blocks = [chain.block(number) for number in range(first, last + 1)]
        return [hex_data(it) for block in blocks for it in block.transaction_hashes]

    return {
        "eth_getLogs": lambda _, query: node.logs(query),
        "eth_newFilter": new_log_filter,
        "eth_newBlockFilter": lambda _: node.add_filter(block_hashes),
        "eth_newPendingTransactionFilter": lambda _: node.add_filter(transaction_hashes),
        "eth_getFilterChanges": lambda _, handle: node.poll_filter(_text(handle)),
        "eth_getFilterLogs": lambda _, handle: node.logs(node.filter_query(_text(handle))),
        "eth_uninstallFilter": lambda _, handle: node.remove_filter(_text(handle)),
    }


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidParams("the id of a filter or subscription is text")
    return value


def _debug(node: NodeChain) -> Mapping[str, Method]:
    def sealed(tag: Any) -> int:
        if isinstance(tag, str) and len(tag) == 66:
            return node.header_by_hash(hash32(tag)).block_number
        height = node.height(tag)
        if height is None:
            raise InvalidParams("the pending block is not sealed")
        return height

    def raw_transaction(_: Any, value: Any) -> str | None:
        place = node.place(hash32(value))
        return hex_data(node.py_evm_block(place[0]).transactions[place[1]].encode()) if place else None

    def trace(_: Any, value: Any, options: Any = None) -> Any:
        place = node.place(hash32(value))
        if place is None:
            raise RpcError(SERVER_ERROR, "transaction not found")
        return trace_transaction(node.embedded, node.py_evm_block(place[0]), place[1], fields(options or {}, "options"))

    return {
        "debug_getRawHeader": lambda _, tag: hex_data(rlp.encode(node.header(sealed(tag)))),
        "debug_getRawBlock": lambda _, tag: hex_data(rlp.encode(node.py_evm_block(sealed(tag)))),
        "debug_getRawReceipts": lambda _, tag: [hex_data(it) for it in node.embedded.receipts_rlp(sealed(tag))],
        "debug_getRawTransaction": raw_transaction,
        "debug_traceTransaction": trace,
    }


def _development(node: NodeChain) -> dict[str, Method]:
    chain, clock = node.embedded, node.embedded.clock

    def mine(_: Any, timestamp: Any = None) -> str:
        if isinstance(timestamp, dict):
            timestamp = timestamp.get("timestamp")
        if timestamp is not None:
            set_next_timestamp(_, timestamp)
        node.seal()
        return "0x0"

    def mine_many(_: Any, blocks: Any = 1, interval: Any = 1) -> None:
        number, seconds = integer(blocks, "the number of blocks"), integer(interval, "the interval")
        if number > _MINE_LIMIT or not 1 <= seconds <= 2**32:
            raise InvalidParams(f"mines at most {_MINE_LIMIT} blocks at once, at least a second apart")
        for index in range(number):
            if index:
                clock.advance(seconds - 1)
            node.seal()

    def increase_time(_: Any, seconds: Any) -> str:
        advance = integer(seconds, "the seconds")
        _check_time(clock.now() + advance)
        clock.advance(advance)
        return hex(clock.advanced)

    def set_next_timestamp(_: Any, timestamp: Any) -> None:
        moment = integer(timestamp, "the timestamp")
        _check_time(moment)
        try:
            clock.advance(moment - clock.now())
        except UsageError as problem:
            raise InvalidParams(f"the next block cannot be before {clock.now()}: {problem}") from problem

    def revert(_: Any, handle: Any) -> bool:
        try:
            chain.revert(integer(handle, "the snapshot"))
        except ChainError:
            return False
        return True

    def set_balance(_: Any, account: Any, balance: Any) -> bool:
        """Raise a balance by a transaction: a contract that is created only to send its endowment to the account."""
        who, wanted = address(account), integer(balance, "the balance")
        missing = wanted - chain.balance(who)
        if missing < 0:
            raise RpcError(SERVER_ERROR, "a balance can only be raised: lowering it takes the account's own signature")
        faucets = [it for it in node.accounts.values() if it.address != who]
        if missing and not faucets:
            raise RpcError(SERVER_ERROR, "the node has no account to raise a balance from")
        if missing:
            faucet = max(faucets, key=lambda it: chain.balance(it.address))
            fields_ = {
                "type": 2,
                "chainId": chain.chain_id,
                "nonce": chain.nonce(faucet.address),
                "to": b"",
                "data": b"\x73" + who + b"\xff",
                "value": missing,
                "gas": 200_000,
                "maxFeePerGas": 2 * (chain.next_header().base_fee_per_gas or 0),
                "maxPriorityFeePerGas": 0,
            }
            try:
                node.seal([bytes(Account.sign_transaction(fields_, faucet.secret).raw_transaction)])
            except TransactionRefused as problem:
                raise refusal(problem) from problem
        return True

    def refused(_: Any, first: Any = None, second: Any = None, third: Any = None) -> None:
        raise RpcError(
            SERVER_ERROR,
            "refused: state changed outside transactions cannot be re-executed from the blocks, so the audit of this "
            "chain would fail; put it into the genesis, or do it by a transaction",
        )

    table: dict[str, Method] = {
        "evm_mine": mine,
        "evm_increaseTime": increase_time,
        "evm_setNextBlockTimestamp": set_next_timestamp,
        "evm_snapshot": lambda _: hex(chain.snapshot()),
        "evm_revert": revert,
    }
    for tool in ("anvil", "hardhat"):
        table |= {f"{tool}_mine": mine_many, f"{tool}_setBalance": set_balance}
        table |= {f"{tool}_{verb}": refused for verb in _REFUSED_VERBS}
    return table


def _check_time(moment: int) -> None:
    if moment >= 2**40:
        raise InvalidParams("that is more than 30,000 years ahead")


def events(node: NodeChain, kind: Any, query: Any = None) -> Callable[[Sequence[Block]], list[Any]]:
    """Return what a subscription of a kind has to tell of new blocks.

    Raises:
        InvalidParams: no such kind, or a malformed filter.
    """
    if kind == "newHeads":
        return lambda blocks: [header_object(node.header(block.number)) for block in blocks]
    if kind == "newPendingTransactions":
        return lambda blocks: [hex_data(it) for block in blocks for it in block.transaction_hashes]
    if kind == "logs":
        wanted = LogFilter.read(query or {})
        return lambda blocks: list(node.log_objects(wanted, blocks[0].number, blocks[-1].number))
    raise InvalidParams("one can subscribe to newHeads, logs and newPendingTransactions")
