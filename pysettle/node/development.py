"""Methods of development nodes beyond Ethereum's: seal by hand, move the clock, revert the chain, show the pool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eth.abc import SignedTransactionAPI

from pysettle.errors import ChainError, UsageError
from pysettle.evm.genesis import BLOCK_INTERVAL_S
from pysettle.node.chain import NodeChain
from pysettle.node.objects import transaction_object
from pysettle.node.protocol import SERVER_ERROR, InvalidParams, Method, RpcError
from pysettle.node.values import address, flag, hash32, hex_address, hex_data, integer

_MINE_LIMIT = 10_000
_OUTSIDE = (
    "refused: state changed outside transactions cannot be re-executed from the blocks, so the audit of this "
    "chain would fail; put it into the genesis, or do it by a transaction"
)
_UNSIGNED = "refused: a block holds signed transactions alone, so that others can re-execute it"
_REFUSED_VERBS = {
    # Verb -> why no block can show what it asks for.
    **dict.fromkeys(("setCode", "setStorageAt", "setNonce", "loadState", "reset"), _OUTSIDE),
    **dict.fromkeys(("impersonateAccount", "stopImpersonatingAccount", "autoImpersonateAccount"), _UNSIGNED),
    "setNextBlockBaseFeePerGas": "refused: the base fee follows from the block before (EIP-1559)",
    "setMinGasPrice": "refused: the least price of gas is the base fee, which follows from the block before",
    "setPrevRandao": "refused: the randomness of a block is a function of the seed, so that a chain can be made again",
    "setRpcUrl": "refused: this chain is no copy of another",
    "dumpState": "refused: a state is what its blocks make of its genesis; export the blocks",
}


def development_methods(node: NodeChain) -> dict[str, Method]:
    """Return the methods `evm_*`, `anvil_*`, `hardhat_*` and `txpool_*` by name.

    A chain that keeps its history has no snapshots and gives no balances.
    """
    table: dict[str, Method] = {**_sealing(node), **_pool(node)}
    verbs: dict[str, Method] = {"mine": _mine_many(node), "dropTransaction": _drop(node)}
    verbs["removePoolTransactions"] = _drop_all_of(node)
    verbs |= {verb: _refusing(reason) for verb, reason in _REFUSED_VERBS.items()}
    verbs["setLoggingEnabled"] = _set_logging
    if not node.keeps_history:
        table |= _history(node)
        verbs |= {"setBalance": _set_balance(node), **_headers(node)}
    for tool in ("anvil", "hardhat"):
        table |= {f"{tool}_{verb}": method for verb, method in verbs.items()}
    return table


def _sealing(node: NodeChain) -> Mapping[str, Method]:
    clock = node.embedded.clock

    def mine(_: Any, timestamp: Any = None) -> str:
        if isinstance(timestamp, dict):
            timestamp = timestamp.get("timestamp")
        if timestamp is not None:
            set_next_timestamp(_, timestamp)
        node.mine()
        return "0x0"

    def set_automine(_: Any, enabled: Any) -> bool:
        node.automine = flag(enabled, "the parameter")
        if node.automine:
            node.send(())
        return True

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

    def set_interval(_: Any, seconds: Any) -> bool:
        if integer(seconds, "the interval"):
            raise RpcError(SERVER_ERROR, "refused: blocks come with transactions or evm_mine, never by the wall clock")
        return True

    return {
        "evm_mine": mine,
        "evm_setAutomine": set_automine,
        "evm_setIntervalMining": set_interval,
        "anvil_getAutomine": lambda _: node.automine,
        "hardhat_getAutomine": lambda _: node.automine,
        "evm_increaseTime": increase_time,
        "evm_setNextBlockTimestamp": set_next_timestamp,
        "evm_setBlockGasLimit": _refusing("refused: a block may use as much gas as block 0 says, for ever"),
        "eth_sendUnsignedTransaction": _refusing(_UNSIGNED),
    }


def _mine_many(node: NodeChain) -> Method:
    def mine_many(_: Any, blocks: Any = None, interval: Any = None) -> None:
        number = 1 if blocks is None else integer(blocks, "the number of blocks")
        seconds = integer(interval or 0, "the interval") or 1  # viem names 0 where its caller names none
        if number > _MINE_LIMIT or seconds > 2**32:
            raise InvalidParams(f"mines at most {_MINE_LIMIT} blocks at once, at least a second apart")
        for index in range(number):
            if index:
                node.embedded.clock.advance(seconds - 1)
            node.mine()

    return mine_many


def _check_time(moment: int) -> None:
    if moment >= 2**40:
        raise InvalidParams("that is more than 30,000 years ahead")


def _history(node: NodeChain) -> Mapping[str, Method]:
    def revert(_: Any, handle: Any) -> bool:
        try:
            node.revert(integer(handle, "the snapshot"))
        except ChainError:
            return False
        return True

    return {"evm_snapshot": lambda _: hex(node.embedded.snapshot()), "evm_revert": revert}


def _pool(node: NodeChain) -> Mapping[str, Method]:
    pool = node.pool

    def by_account(transactions: list[SignedTransactionAPI], whole: bool) -> dict[str, dict[str, Any]]:
        entries: dict[str, dict[str, Any]] = {}
        for transaction in transactions:
            shown = transaction_object(transaction, None, 0) if whole else _summary(transaction)
            entries.setdefault(hex_address(transaction.sender), {})[str(transaction.nonce)] = shown
        return entries

    def content(whole: bool) -> dict[str, Any]:
        return {"pending": by_account(pool.ready(), whole), "queued": by_account(pool.queued(), whole)}

    return {
        "txpool_status": lambda _: {"pending": hex(len(pool.ready())), "queued": hex(len(pool.queued()))},
        "txpool_content": lambda _: content(whole=True),
        "txpool_inspect": lambda _: content(whole=False),
        "anvil_dropAllTransactions": lambda _: pool.clear(),
    }


def _summary(transaction: SignedTransactionAPI) -> str:
    to = hex_address(transaction.to) if transaction.to else "contract creation"
    return f"{to}: {transaction.value} wei + {transaction.gas} gas x {transaction.max_fee_per_gas} wei"


def _drop(node: NodeChain) -> Method:
    def drop(_: Any, value: Any) -> str | None:
        transaction_hash = hash32(value)
        return hex_data(transaction_hash) if node.pool.drop(transaction_hash) else None

    return drop


def _drop_all_of(node: NodeChain) -> Method:
    return lambda _, value: node.pool.drop_all_of(address(value))


def _set_balance(node: NodeChain) -> Method:
    chain = node.embedded

    def set_balance(_: Any, account: Any, balance: Any) -> bool:
        """Raise a balance by a transaction: a contract that is created only to send its endowment to the account."""
        receiver, wanted = address(account), integer(balance, "the balance")
        missing, faucet = wanted - chain.balance(receiver), node.faucet
        if missing < 0:
            raise RpcError(SERVER_ERROR, "a balance can only be raised: lowering it takes the account's own signature")
        if missing and faucet is None:
            raise RpcError(SERVER_ERROR, "this chain began without an account to raise balances from")
        if missing and faucet is not None:
            endowment = {
                "type": 2,
                "chainId": chain.chain_id,
                "nonce": chain.nonce(faucet.address),
                "to": b"",
                "data": b"\x73" + receiver + b"\xff",
                "value": missing,
                "gas": 200_000,
                "maxFeePerGas": 2 * (chain.next_header().base_fee_per_gas or 0),
                "maxPriorityFeePerGas": 0,
            }
            from eth_account import Account

            node.seal(bytes(Account.sign_transaction(endowment, faucet.secret).raw_transaction))
        return True

    return set_balance


def _headers(node: NodeChain) -> Mapping[str, Method]:
    """Return the verbs that choose what a sealer is free to choose."""
    chain = node.embedded

    def set_coinbase(_: Any, account: Any) -> None:
        chain.coinbase = address(account)

    def set_interval(_: Any, seconds: Any) -> None:
        if not 1 <= (interval := integer(seconds, "the interval")) <= 2**32:
            raise InvalidParams("blocks are at least a second apart, and at most 2^32")
        chain.clock.block_interval_s = interval

    def remove_interval(_: Any) -> bool:
        chain.clock.block_interval_s = BLOCK_INTERVAL_S
        return True

    return {
        "setCoinbase": set_coinbase,
        "setBlockTimestampInterval": set_interval,
        "removeBlockTimestampInterval": remove_interval,
    }


def _set_logging(_: Any, enabled: Any) -> None:
    flag(enabled, "the parameter")  # this node writes no log of requests, told to or not


def _refusing(reason: str) -> Method:
    """Return a method that refuses in a sentence, whatever it is asked."""

    def refuse(_: Any, *__: Any) -> None:
        raise RpcError(SERVER_ERROR, reason)

    return refuse
