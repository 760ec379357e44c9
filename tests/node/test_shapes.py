"""Each answer of each method of the Ethereum API has the shape that its specification gives it.

Two measures: the specification's own schemas, in `execution-api.json`, which leave much open, and the stricter shapes
in `shapes`, by which nothing may lack that this chain has and nothing be left over.
"""

from __future__ import annotations

import functools
import json
import operator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.evm.bytecode import REVERTER, TOKEN, creation
from tests.node.inside import BOB, FROM, TO, Client
from tests.node.shapes import (
    ACCESS_LIST,
    ADDRESS,
    BLOCK,
    BYTES,
    CALL,
    CAPABILITIES,
    CONFIG,
    FEE_HISTORY,
    HASH,
    LOG,
    PROOF,
    RECEIPT,
    SIGNATURE,
    STEPS,
    TRANSACTION,
    UINT,
    Either,
    misfits,
    optional,
)

API = json.loads(Path(__file__).with_name("execution-api.json").read_text())
NO_SCHEMA = {
    "eth_fillTransaction",
    "eth_mining",
    "eth_pendingTransactions",
    "eth_protocolVersion",
    "eth_requestAccounts",
}
NO_SCHEMA |= {f"eth_getRawTransactionBy{it}" for it in ("Hash", "BlockHashAndIndex", "BlockNumberAndIndex")}
NO_SCHEMA |= {"eth_signTransaction", "eth_signTypedData", "eth_signTypedData_v4", "eth_sendRawTransactionSync"}
"""Methods of the namespace `eth` that the specification lacks, or gives no schema of a result of their own."""
LATER = {"eth_getFilterChanges", "eth_getFilterLogs", "eth_uninstallFilter", "eth_sendRawTransaction"}
"""Methods whose parameters come from the answers of others."""
PAYS = {"from": FROM, "to": TO, "value": "0x1"}
SLOT = "0x" + "00" * 32
TYPED = (
    '{"types":{"EIP712Domain":[],"P":[{"name":"a","type":"uint256"}]},"primaryType":"P","domain":{},"message":{"a":1}}'
)


@pytest.fixture(scope="module")
def client() -> Client:
    """Return a client of a node with a block of each type of transaction, a creation, logs and a failure."""
    client = Client()
    token = client.ask("eth_sendTransaction", {"from": FROM, "data": "0x" + creation(TOKEN).hex()})
    contract = client.ask("eth_getTransactionReceipt", token)["contractAddress"]
    fails = client.deployed(REVERTER.hex())
    client.ask("evm_setAutomine", False)
    moved = "0x" + bytes(12).hex() + BOB.address.hex() + f"{5:064x}"
    access = [{"address": TO, "storageKeys": [SLOT]}]
    for fields in (
        {"gasPrice": hex(10**10)},
        {"gasPrice": hex(10**10), "accessList": access},
        {"accessList": access},
        {"to": contract, "data": moved, "gas": hex(200_000)},
        {"to": fails, "data": "0x01", "gas": hex(100_000)},
    ):
        client.sent(**fields)
    client.ask("evm_mine")
    client.ask("evm_setAutomine", True)
    return client


UNSEALED = {"hash", "nonce"}, {"blockHash", "blockNumber", "blockTimestamp", "transactionIndex"}
"""Members of a block, and of a transaction, that are all null until the block is sealed."""
NO_FORK = {"next"}, {"last"}
"""Null in `eth_config` while no fork is scheduled: the specification says so in words, its schema does not."""


def offences(method: str, answer: Any) -> list[str]:
    """Return how an answer offends against the specification's schema.

    A null is an offence, but for those of a block that is not sealed and of its transactions, which have no hash and
    no place yet, and of a fork that does not come.
    """
    if method not in API["results"]:
        return []
    validator = Draft202012Validator({"$defs": API["$defs"], **API["results"][method]})
    return [error.message for problem in validator.iter_errors(answer) for error in causes(problem, answer)]


def causes(problem: Any, answer: Any) -> list[Any]:
    """Return the errors beneath one of alternatives: those of the alternative with the fewest, less excused nulls."""
    if not problem.context:
        return [] if excused(problem, answer) else [problem]
    by_alternative: dict[Any, list[Any]] = {}
    for error in problem.context:
        by_alternative.setdefault(error.schema_path[0], []).extend(causes(error, answer))
    return min(by_alternative.values(), key=len)


def excused(problem: Any, answer: Any) -> bool:
    """Return whether a null stands where what is not sealed has one, beside all its others, or a fork that lacks."""
    if problem.instance is not None or not problem.absolute_path:
        return False
    *path, name = problem.absolute_path
    holder = functools.reduce(operator.getitem, path, answer)
    return any(name in names and all(holder.get(it) is None for it in names) for names in (*UNSEALED, *NO_FORK))


def shapes(client: Client) -> dict[str, tuple[Any, list[list[Any]]]]:
    """Return method -> the shape of its answers, and parameters to ask it with."""
    head = client.ask("eth_getBlockByNumber", "latest")
    block_hash, sent = head["hash"], head["transactions"]
    tags = ["latest", "pending", "earliest", "safe", "finalized", "0x1", "0x99", block_hash]
    known = [tag for tag in tags if tag != "0x99"]
    quantity, none = Either(UINT), [[]]
    return {
        "eth_accounts": ([ADDRESS], none),
        "eth_requestAccounts": ([ADDRESS], none),
        "eth_baseFee": (quantity, none),
        "eth_blobBaseFee": (quantity, none),
        "eth_blockNumber": (quantity, none),
        "eth_call": (BYTES, [[{"to": TO}, tag] for tag in known]),
        "eth_capabilities": (CAPABILITIES, none),
        "eth_chainId": (quantity, none),
        "eth_coinbase": (ADDRESS, none),
        "eth_config": ({"current": CONFIG, "next": None, "last": None}, none),
        "eth_createAccessList": ({"accessList": ACCESS_LIST, "gasUsed": UINT, "error?": str}, [[PAYS]]),
        "eth_estimateGas": (quantity, [[PAYS], [PAYS, block_hash]]),
        "eth_feeHistory": (FEE_HISTORY, [["0x3", "latest", [5, 95]], [2, "pending"]]),
        "eth_fillTransaction": ({"raw": BYTES, "tx": TRANSACTION}, [[PAYS], [PAYS | {"gasPrice": hex(10**10)}]]),
        "eth_gasPrice": (quantity, none),
        "eth_getBalance": (quantity, [[TO, tag] for tag in known]),
        "eth_getBlockByHash": (optional(BLOCK), [[block_hash, True], [block_hash, False], [SLOT, True]]),
        "eth_getBlockByNumber": (optional(BLOCK), [[tag, full] for tag in tags for full in (True, False)]),
        "eth_getBlockReceipts": (optional([RECEIPT]), [[tag] for tag in tags]),
        "eth_getBlockTransactionCountByHash": (optional(UINT), [[block_hash], [SLOT]]),
        "eth_getBlockTransactionCountByNumber": (optional(UINT), [[tag] for tag in tags]),
        "eth_getCode": (BYTES, [[TO, tag] for tag in known]),
        "eth_getLogs": ([LOG], [[{"fromBlock": "0x0"}], [{"blockHash": block_hash}]]),
        "eth_getProof": (PROOF, [[TO, [SLOT], tag] for tag in known]),
        "eth_getRawTransactionByBlockHashAndIndex": (optional(BYTES), [[block_hash, "0x0"], [SLOT, "0x0"]]),
        "eth_getRawTransactionByBlockNumberAndIndex": (optional(BYTES), [["latest", "0x1"], ["latest", "0x99"]]),
        "eth_getRawTransactionByHash": (optional(BYTES), [[sent[0]], [SLOT]]),
        "eth_getStorageAt": (HASH, [[TO, "0x0", tag] for tag in known]),
        "eth_getTransactionByBlockHashAndIndex": (optional(TRANSACTION), [[block_hash, "0x0"], [SLOT, "0x0"]]),
        "eth_getTransactionByBlockNumberAndIndex": (optional(TRANSACTION), [[tag, "0x0"] for tag in tags]),
        "eth_getTransactionByHash": (optional(TRANSACTION), [[it] for it in [*sent, SLOT]]),
        "eth_getTransactionCount": (quantity, [[FROM, tag] for tag in known]),
        "eth_getTransactionReceipt": (optional(RECEIPT), [[it] for it in [*sent, SLOT]]),
        "eth_getUncleCountByBlockHash": (optional(UINT), [[block_hash], [SLOT]]),
        "eth_getUncleCountByBlockNumber": (optional(UINT), [[tag] for tag in tags]),
        "eth_maxPriorityFeePerGas": (quantity, none),
        "eth_mining": (bool, none),
        "eth_newBlockFilter": (quantity, none),
        "eth_newFilter": (quantity, [[{"fromBlock": "0x0"}]]),
        "eth_newPendingTransactionFilter": (quantity, none),
        "eth_pendingTransactions": ([TRANSACTION], none),
        "eth_protocolVersion": (quantity, none),
        "eth_sendTransaction": (HASH, [[PAYS]]),
        "eth_sign": (SIGNATURE, [[FROM, "0x00"]]),
        "personal_sign": (SIGNATURE, [["0x00", FROM]]),
        "eth_signTypedData": (SIGNATURE, [[FROM, TYPED]]),
        "eth_signTypedData_v4": (SIGNATURE, [[FROM, TYPED]]),
        "eth_signTransaction": ({"raw": BYTES, "tx": TRANSACTION}, [[PAYS]]),
        "eth_simulateV1": (
            [BLOCK | {"calls": [CALL]}],
            [[{"blockStateCalls": [{"calls": [PAYS, PAYS | {"to": None}]}]}]],
        ),
        "eth_syncing": (False, none),
        "net_version": (str, none),
        "net_listening": (bool, none),
        "net_peerCount": (quantity, none),
        "web3_clientVersion": (str, none),
        "web3_sha3": (HASH, [["0x00"]]),
        "debug_getRawBlock": (BYTES, [[tag] for tag in ("latest", "0x1", block_hash)]),
        "debug_getRawHeader": (BYTES, [["latest"], [block_hash]]),
        "debug_getRawReceipts": ([BYTES], [["latest"], [block_hash]]),
        "debug_getRawTransaction": (optional(BYTES), [[sent[0]], [SLOT]]),
        "debug_traceTransaction": (STEPS, [[it, {"enableMemory": True, "enableReturnData": True}] for it in sent]),
        "debug_traceBlockByHash": ([{"txHash": HASH, "result": STEPS}], [[block_hash]]),
        "debug_traceBlockByNumber": ([{"txHash": HASH, "result": STEPS}], [["0x3"]]),
    }


def test_every_answer_has_its_shape(client: Client) -> None:
    """Blocks, transactions, receipts, logs, proofs, traces and simulations: nothing lacks, is left over or misspelt."""
    for method, (shape, requests) in shapes(client).items():
        for params in requests:
            answer = client.ask(method, *params)
            assert list(misfits(answer, shape, method)) == [], (method, params)
            assert offences(method, answer) == [], (method, params)


def test_filters_and_raw_transactions_have_theirs(client: Client) -> None:
    """So have the answers that follow from others: changes of a filter, its logs, and a receipt at once."""
    logs, blocks = client.ask("eth_newFilter", {"fromBlock": "0x0"}), client.ask("eth_newBlockFilter")
    raw = client.ask("eth_signTransaction", PAYS)["raw"]
    assert list(misfits(client.ask("eth_sendRawTransactionSync", raw), RECEIPT)) == []
    raw = client.ask("eth_signTransaction", PAYS)["raw"]
    assert list(misfits(client.ask("eth_sendRawTransaction", raw), HASH)) == []
    changes = client.ask("eth_getFilterChanges", blocks)
    assert list(misfits(changes, [HASH])) == offences("eth_getFilterChanges", changes) == []
    found = client.ask("eth_getFilterLogs", logs)
    assert found
    assert offences("eth_getFilterLogs", found) == []
    assert list(misfits(found, [LOG])) == []
    assert client.ask("eth_uninstallFilter", logs) is True


def test_no_method_is_left_out(client: Client) -> None:
    """A method that the node gets is given a shape too, unless it is one of a development tool."""
    other = ("evm_", "anvil_", "hardhat_", "txpool_", "pysettle_", "engine_")
    served = {name for name in client.methods if not name.startswith(other)}
    refused = {"eth_sendUnsignedTransaction"}
    assert served - shapes(client).keys() - LATER - refused == {"eth_sendRawTransactionSync"}


def test_the_schemas_find_what_is_wrong(client: Client) -> None:
    """A member that lacks, a number with leading zeros, and a null, but for those of a block not sealed, are found."""
    block = client.ask("eth_getBlockByNumber", "0x1", True)
    (sent,) = block["transactions"]
    assert offences("eth_getBlockByNumber", block) == []
    assert offences("eth_getBlockByNumber", {name: it for name, it in block.items() if name != "stateRoot"}) != []
    assert offences("eth_getBlockByNumber", block | {"gasUsed": "0x05"}) != []
    assert offences("eth_getTransactionByHash", sent | {"yParity": "0"}) != []
    assert offences("eth_getBlockByNumber", block | {"gasUsed": None}) != []
    assert offences("eth_getTransactionByHash", sent | {"blockHash": None}) != []
    assert offences("eth_getTransactionByHash", sent | dict.fromkeys(UNSEALED[1])) == []
    named = {name for name in client.methods if name.startswith("eth_")} - {"eth_sendUnsignedTransaction"}
    assert named - API["results"].keys() - NO_SCHEMA == set()
