"""SCALE-WORKSPACE: what a thousand transactions, an opening and a reading cost after 100,000 transactions."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from pysettle.evm.embedded import EmbeddedChain
from pysettle.workspace.directory import Workspace
from tests.benchmarks.anchors import scratch, transfers
from tests.benchmarks.measure import Goal, Row, in_turns, say
from tests.benchmarks.sending import BATCH, HOLDERS, OurSender

TRANSACTIONS = 100_000
_THOUSAND = 1_000
_CODE = "SCALE-WORKSPACE"
_OPENING_S = 1.0
_MOST = Goal(1.4, most=True)


def scale_workspace() -> Iterator[Row]:
    """Grow a workspace to 100,000 transactions in one process, and compare its next thousands with a new one's first.

    Memory is compared by what a thousand adds to the process at its peak: the first thousand of the large workspace,
    when its caches fill, against the last thousand.
    """
    with scratch() as directory, ExitStack() as open_chains:
        large = Workspace.create(Path(directory) / "large", extra=HOLDERS)
        chain = open_chains.enter_context(large.embedded_chain(write=True))
        sender = OurSender(chain, [large.accounts.signer(name) for name in HOLDERS])
        added = []
        for thousand in range(TRANSACTIONS // _THOUSAND):
            took, peak = _thousand(sender, thousand)
            added.append(peak)
            say(f"{_CODE}: {thousand + 1},000 transactions, the last thousand in {took:.2f} s")

        def next_thousand(number: int) -> float:
            return _thousand(sender, number)[0]

        def first_thousand(number: int) -> float:
            small = Workspace.create(Path(directory) / f"small-{number}", extra=HOLDERS)
            with small.embedded_chain(write=True) as new:
                return _thousand(OurSender(new, [small.accounts.signer(name) for name in HOLDERS]), number)[0]

        figure, anchor = in_turns(f"{_CODE}, time", next_thousand, first_thousand)
        yield Row(_CODE, _MOST, figure, "s a thousand", anchor)
        yield Row(_CODE, _MOST, max(added[-5:]), "MB a thousand adds", added[0])

        small = Workspace.open(Path(directory) / "small-0")
        first, last = (_reading(number) for number in (3, chain.block().number))
        figure, anchor = in_turns(f"{_CODE}, old block", _reader(large, first), _reader(small, first))
        yield Row(_CODE, _MOST, figure, "ms to read an old block", anchor)
        figure, anchor = in_turns(f"{_CODE}, new block", _reader(large, last), _reader(small, first))
        yield Row(_CODE, _MOST, figure, "ms to read the last block", anchor)
        figure, _ = in_turns(f"{_CODE}, opening", lambda _: _opening(large), lambda _: _OPENING_S)
        yield Row(_CODE, Goal(1, most=True), figure, "s to open", _OPENING_S)


def _thousand(sender: OurSender, number: int) -> tuple[float, float]:
    """Seal a thousand transactions; return the seconds, and the megabytes by which the process grew at its peak."""
    before, peak, took = _resident_mb(), 0.0, 0.0
    for place in range(_THOUSAND // BATCH):
        took += BATCH / sender.per_second([transfers(number + place, BATCH)])
        peak = max(peak, _resident_mb() - before)
    return took, peak


def _reading(number: int) -> Callable[[EmbeddedChain], int]:
    """Return what reads a block's receipts and its logs, and counts the logs."""

    def read(chain: EmbeddedChain) -> int:
        assert all(receipt.succeeded for receipt in chain.receipts(number))
        return len(list(chain.logs(from_block=number, to_block=number)))

    return read


def _reader(workspace: Workspace, read: Callable[[EmbeddedChain], int]) -> Callable[[int], float]:
    def measure(_: int) -> float:
        with workspace.embedded_chain() as chain:
            began = time.perf_counter()
            assert read(chain) == BATCH
            return (time.perf_counter() - began) * 1_000

    return measure


def _opening(workspace: Workspace) -> float:
    began = time.perf_counter()
    with workspace.chain() as chain:
        assert chain.block().number > 0
        return time.perf_counter() - began


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
