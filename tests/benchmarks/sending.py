"""SPEED-CHAIN and SPEED-NODE: transfers among 20 accounts through our client, each with its receipt."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from eth_typing import Address

from pysettle.client.sending import transaction_sender
from pysettle.domain.core.signing import Signer
from pysettle.evm.backend import ChainBackend
from pysettle.evm.interface import Interface
from pysettle.evm.rpc import RpcChain
from pysettle.evm.transactions import Transaction
from pysettle.workspace.directory import Workspace
from tests.benchmarks.anchors import (
    ACCOUNTS,
    VALUE,
    NaiveSender,
    Transfer,
    anvil,
    node_signers,
    our_signers,
    scratch,
    transfers,
)
from tests.benchmarks.limits import PresignedSender
from tests.benchmarks.measure import Goal, Row, in_turns
from tests.benchmarks.plain_token import plain_token

BATCH = 200
"""Transfers a block."""
_BLOCKS = 2
_NODE_BLOCKS = 10
_NAIVE = 20
HOLDERS = [f"holder-{place}" for place in range(ACCOUNTS)]
"""Accounts of a workspace that transfer among themselves."""


class OurSender:
    """The same token on a chain of ours, sent to by the client's own sender."""

    def __init__(self, chain: ChainBackend, signers: Sequence[Signer]) -> None:
        """Deploy the token; every signer begins with `VALUE` of it."""
        token = plain_token()
        self._chain, self._signers = chain, signers
        self._interface = Interface("PlainERC20", token.abi)
        self._sender = transaction_sender(chain)
        arguments = self._interface.encode_constructor([signer.address for signer in signers], VALUE)
        creation = Transaction(signers[0], None, token.bytecode + arguments, 6_000_000, self._interface)
        (receipt,) = self._sender.send(creation)
        assert receipt.contract_address is not None
        self._token: Address = receipt.contract_address

    def per_second(self, batches: Sequence[Sequence[Transfer]]) -> float:
        """Make transfers, a batch at a time, with their receipts; return how many a second were made."""
        began = time.perf_counter()
        for batch in batches:
            receipts = self._sender.send(*map(self._transaction, batch))
            assert all(receipt.succeeded for receipt in receipts)
            last = receipts[-1]
            assert self._chain.receipts_of([last.transaction_hash]) == (last,)
        return sum(map(len, batches)) / (time.perf_counter() - began)

    def _transaction(self, transfer: Transfer) -> Transaction:
        sender, recipient, value = transfer
        data = self._interface.encode("transfer", self._signers[recipient].address, value)
        return Transaction(self._signers[sender], self._token, data, 100_000, self._interface)


def speed_chain() -> Iterator[Row]:
    """Measure transfers on the embedded chain of a workspace against the naive sender on eth-tester."""
    with scratch() as directory:
        workspace = Workspace.create(Path(directory) / "workspace", extra=HOLDERS)
        with workspace.chain(write=True) as chain, NaiveSender.running() as naive:
            ours = OurSender(chain, [workspace.accounts.signer(name) for name in HOLDERS])
            figure, anchor = in_turns(
                "SPEED-CHAIN",
                lambda number: ours.per_second([transfers(number + place, BATCH) for place in range(_BLOCKS)]),
                lambda number: naive.per_second(transfers(number, _NAIVE)),
            )
    yield Row("SPEED-CHAIN", Goal(20), figure, "transfers/s", anchor)


def speed_node() -> Iterator[Row]:
    """Measure transfers through our client to Foundry's node against those the same node takes presigned.

    Its limit is the node's own: the anchor signs before the clock starts, and reads no more of a receipt than its JSON.
    """
    with anvil() as url:
        ours = OurSender(RpcChain(url), our_signers())
        presigned = PresignedSender(url, node_signers())
        figure, anchor = in_turns(
            "SPEED-NODE",
            lambda number: ours.per_second([transfers(number + place, BATCH) for place in range(_NODE_BLOCKS)]),
            lambda number: presigned.per_second([transfers(number + place, BATCH) for place in range(_NODE_BLOCKS)]),
        )
    yield Row("SPEED-NODE", Goal(0.8), figure, "transfers/s", anchor)
