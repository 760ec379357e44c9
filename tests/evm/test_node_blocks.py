"""Blocks put together from a node's JSON are, to the byte, the blocks that were sealed."""

from __future__ import annotations

from typing import Any

import pytest
import rlp
from eth.exceptions import PyEVMError
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from pysettle.errors import TransactionRefused
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.node_blocks import rebuilt_block, rebuilt_receipt, rebuilt_transaction
from pysettle.node.chain import NodeChain
from pysettle.node.methods import method_table
from pysettle.node.objects import transaction_object
from tests.vectors.odd import CHAINS, Odd

UNREADABLE = (PyEVMError, ValidationError, BadSignature, rlp.exceptions.RLPException, ValueError)
"""What py-evm raises on bytes that are no transaction."""

pytestmark = pytest.mark.filterwarnings("ignore:SELFDESTRUCT opcode:DeprecationWarning")  # py-evm warns as it executes


def told(raw: bytes) -> dict[str, Any]:
    """Return the JSON of a transaction; that of blobs is not our node's, which seals none."""
    transaction = PragueTransactionBuilder().decode(raw)
    document = transaction_object(transaction, None, 0)
    if raw[:1] == b"\3":
        document["maxFeePerBlobGas"] = hex(transaction.max_fee_per_blob_gas)
        document["blobVersionedHashes"] = ["0x" + it.hex() for it in transaction.blob_versioned_hashes]
    return document


def test_every_type_of_transaction_is_put_together() -> None:
    """Legacy ones, those with access lists, fees, blobs and authorizations: the JSON gives the bytes that were sent."""
    kinds = set()
    for raw in (raw for make in CHAINS.values() for block in make().blocks for raw in block):
        try:
            document = told(raw)
        except UNREADABLE:
            continue  # no transaction at all, on purpose
        rebuilt = rebuilt_transaction(document)
        assert (rebuilt if isinstance(rebuilt, bytes) else rlp.encode(rebuilt)) == raw
        kinds.add(raw[0] if raw[0] < 0xC0 else 0)
    assert kinds == {0, 1, 2, 3, 4}


def sealed(odd: Odd) -> EmbeddedChain:
    """Seal the blocks of an odd chain."""
    chain = EmbeddedChain(odd.genesis())
    for block in odd.blocks:
        chain.seal(block)
    return chain


def test_blocks_and_receipts_are_put_together() -> None:
    """What our node tells of a block in JSON gives the block and its receipts, those of failed transactions too."""
    compared = 0
    for make in [*CHAINS.values()][::9]:
        odd = make()
        if not odd.is_for_the_producer:
            continue
        try:
            chain = sealed(odd)
        except TransactionRefused:
            continue  # it is to be refused
        methods = method_table(NodeChain(chain))
        for number, raw in enumerate(chain.blocks_rlp(), start=1):
            assert rebuilt_block(methods["eth_getBlockByNumber"](None, hex(number), True)) == raw
            receipts = methods["eth_getBlockReceipts"](None, hex(number))
            assert tuple(map(rebuilt_receipt, receipts)) == chain.receipts_rlp(number)
            compared += 1
    assert compared > 10


def test_what_cannot_be_put_together_is_an_error() -> None:
    """A type of transaction that Prague does not have, and a value without 0x, are refused."""
    with pytest.raises(ValueError, match="type 5"):
        rebuilt_transaction({"type": "0x5"})
    with pytest.raises(ValueError, match="0x"):
        rebuilt_receipt({"status": "0x1", "cumulativeGasUsed": "0x1", "logsBloom": "00", "logs": []})
