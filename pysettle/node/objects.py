"""Blocks, transactions, receipts and logs as JSON-RPC writes them.

Source:
    Ethereum execution API specification, schemas "block", "transaction" and "receipt".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rlp
from eth.abc import BlockAPI, BlockHeaderAPI, SignedTransactionAPI

from pysettle.evm.backend import Log, Receipt
from pysettle.node.values import hex_address, hex_data, hex_word
from pysettle.values import Address, Hash32

LEGACY, ACCESS_LIST, DYNAMIC_FEE, SET_CODE = 0, 1, 2, 4


def header_object(header: BlockHeaderAPI) -> dict[str, Any]:
    """Return a header, as `eth_subscribe` sends new heads."""
    return {
        "hash": hex_data(header.hash),
        "parentHash": hex_data(header.parent_hash),
        "sha3Uncles": hex_data(header.uncles_hash),
        "miner": hex_address(header.coinbase),
        "stateRoot": hex_data(header.state_root),
        "transactionsRoot": hex_data(header.transaction_root),
        "receiptsRoot": hex_data(header.receipt_root),
        "logsBloom": f"0x{header.bloom:0512x}",
        "difficulty": hex(header.difficulty),
        "number": hex(header.block_number),
        "gasLimit": hex(header.gas_limit),
        "gasUsed": hex(header.gas_used),
        "timestamp": hex(header.timestamp),
        "extraData": hex_data(header.extra_data),
        "mixHash": hex_data(header.mix_hash),
        "nonce": hex_data(header.nonce),
        "baseFeePerGas": hex(header.base_fee_per_gas or 0),
        "withdrawalsRoot": hex_data(header.withdrawals_root or b""),
        "blobGasUsed": hex(header.blob_gas_used),
        "excessBlobGas": hex(header.excess_blob_gas),
        "parentBeaconBlockRoot": hex_data(header.parent_beacon_block_root or b""),
        "requestsHash": hex_data(header.requests_hash),  # type: ignore[attr-defined] # a Prague header has it
    }


def block_object(block: BlockAPI, full: bool, sealed: bool = True) -> dict[str, Any]:
    """Return a block with its transactions whole or by hash; one that is not sealed has no hash of its own yet."""
    transactions: list[Any] = [
        transaction_object(transaction, block if sealed else None, index) if full else hex_data(transaction.hash)
        for index, transaction in enumerate(block.transactions)
    ]
    document = header_object(block.header) | {
        "size": hex(len(rlp.encode(block))),
        "totalDifficulty": "0x0",
        "transactions": transactions,
        "uncles": [],
        "withdrawals": [],
    }
    return document if sealed else document | {"hash": None, "nonce": None}


def transaction_object(
    transaction: SignedTransactionAPI, block: BlockAPI | None, index: int, sender: Address | None = None
) -> dict[str, Any]:
    """Return a transaction in its block; one in the pending block (None) has no place yet.

    Args:
        transaction: The transaction.
        block: Its block.
        index: Its place there.
        sender: Its sender; None where its signature tells.
    """
    kind = transaction.type_id or 0
    document: dict[str, Any] = {
        "type": hex(kind),
        "hash": hex_data(transaction.hash),
        "nonce": hex(transaction.nonce),
        "blockHash": hex_data(block.hash) if block else None,
        "blockNumber": hex(block.number) if block else None,
        "blockTimestamp": hex(block.header.timestamp) if block else None,
        "transactionIndex": hex(index) if block else None,
        "from": hex_address(sender or transaction.sender),
        "to": hex_address(transaction.to) if transaction.to else None,
        "value": hex(transaction.value),
        "gas": hex(transaction.gas),
        "input": hex_data(transaction.data),
        "r": hex(transaction.r),
        "s": hex(transaction.s),
    }
    if kind == LEGACY:
        document["v"] = hex(transaction.v)  # type: ignore[attr-defined] # legacy ones have it
    else:
        document["v"] = document["yParity"] = hex(transaction.y_parity)
        document["accessList"] = access_list_object(transaction.access_list)
    if transaction.chain_id is not None:
        document["chainId"] = hex(transaction.chain_id)
    if kind in (LEGACY, ACCESS_LIST):
        document["gasPrice"] = hex(transaction.gas_price)
    else:
        document["maxFeePerGas"] = hex(transaction.max_fee_per_gas)
        document["maxPriorityFeePerGas"] = hex(transaction.max_priority_fee_per_gas)
        document["gasPrice"] = hex(effective_gas_price(transaction, block.header if block else None))
    if kind == SET_CODE:
        document["authorizationList"] = [
            {
                "chainId": hex(authorization.chain_id),
                "address": hex_address(authorization.address),
                "nonce": hex(authorization.nonce),
                "yParity": hex(authorization.y_parity),
                "r": hex(authorization.r),
                "s": hex(authorization.s),
            }
            for authorization in transaction.authorization_list
        ]
    return document


def access_list_object(accesses: Sequence[tuple[Address, Sequence[int]]]) -> list[dict[str, Any]]:
    """Return an access list (EIP-2930)."""
    return [
        {"address": hex_address(account), "storageKeys": [hex_word(slot) for slot in slots]}
        for account, slots in accesses
    ]


def effective_gas_price(transaction: SignedTransactionAPI, header: BlockHeaderAPI | None) -> int:
    """Return the price of a unit of gas in the block (EIP-1559), in wei; the highest price without a block."""
    if header is None:
        return transaction.max_fee_per_gas
    base_fee = header.base_fee_per_gas or 0
    return min(transaction.max_fee_per_gas, base_fee + transaction.max_priority_fee_per_gas)


def receipt_objects(block: BlockAPI, receipts: Sequence[Receipt], blooms: Sequence[int]) -> list[dict[str, Any]]:
    """Return the receipts of a block, in order.

    Args:
        block: The sealed block.
        receipts: Its receipts.
        blooms: The logs bloom of each.
    """
    documents, cumulative = [], 0
    for transaction, receipt, bloom in zip(block.transactions, receipts, blooms, strict=True):
        cumulative += receipt.gas_used
        document = {
            "type": hex(transaction.type_id or 0),
            "transactionHash": hex_data(receipt.transaction_hash),
            "transactionIndex": hex(receipt.transaction_index),
            "blockHash": hex_data(block.hash),
            "blockNumber": hex(block.number),
            "from": hex_address(transaction.sender),
            "to": hex_address(transaction.to) if transaction.to else None,
            "cumulativeGasUsed": hex(cumulative),
            "gasUsed": hex(receipt.gas_used),
            "effectiveGasPrice": hex(effective_gas_price(transaction, block.header)),
            "contractAddress": hex_address(receipt.contract_address) if receipt.contract_address else None,
            "logs": [log_object(log, block.hash, block.header.timestamp) for log in receipt.logs],
            "logsBloom": f"0x{bloom:0512x}",
            "status": hex(receipt.succeeded),
        }
        documents.append(document)
    return documents


def log_object(log: Log, block_hash: Hash32, timestamp: int) -> dict[str, Any]:
    """Return a log with its place on the chain."""
    return {
        "address": hex_address(log.address),
        "topics": [hex_data(topic) for topic in log.topics],
        "data": hex_data(log.data),
        "blockHash": hex_data(block_hash),
        "blockNumber": hex(log.block_number),
        "blockTimestamp": hex(timestamp),
        "transactionHash": hex_data(log.transaction_hash),
        "transactionIndex": hex(log.transaction_index),
        "logIndex": hex(log.log_index),
        "removed": False,
    }
