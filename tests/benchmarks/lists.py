"""SCALE-LISTS: what `market list` costs beside `token balance` once a chain is long, in a file and behind a node."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pysettle.client import SeriesTerms
from pysettle.domain.compute.messages import ComputeAttestation
from pysettle.domain.compute.usage import Meters, RateCard
from pysettle.evm.transactions import Transaction
from pysettle.money import UNITS_PER_WHOLE
from pysettle.values import Tokens, Units
from pysettle.workspace.config import Config, NetworkConfig
from pysettle.workspace.deploying import deploy
from pysettle.workspace.directory import Workspace
from pysettle.workspace.names import LISTS_FILE
from tests.benchmarks.anchors import scratch
from tests.benchmarks.measure import Goal, Row, in_turns, say
from tests.node.process import node

SERIES = 200
BLOCKS = 20_000
_CODE = "SCALE-LISTS"
_TOKENS = Tokens(1_000_000)
_MOST = Goal(2, most=True)


def scale_lists() -> Iterator[Row]:
    """Compare both commands after 200 series and 20,000 blocks of one transaction each."""
    with scratch() as directory:
        yield from _compared(Workspace.create(Path(directory) / "file"), "in a file")
        with node() as url:
            chain_id = Config().chain_id
            remote = Workspace.create(Path(directory) / "node", Config(chain_id=chain_id, network=NetworkConfig(url)))
            yield from _compared(remote, "by a node")


def _compared(workspace: Workspace, where: str) -> Iterator[Row]:
    _grow(workspace, where)
    (workspace.directory / LISTS_FILE).unlink(missing_ok=True)
    first = _command(workspace, "market", "list")(0)
    say(f"{_CODE}, {where}: {first:.2f} s for the first list after the store was deleted")
    ours = _command(workspace, "market", "list")
    figure, anchor = in_turns(f"{_CODE}, {where}", ours, _command(workspace, "token", "balance", "--account", "alice"))
    yield Row(_CODE, _MOST, figure, f"s a list {where}", anchor)


def _command(workspace: Workspace, *words: str) -> Callable[[int], float]:
    command = [str(Path(sys.executable).with_name("pysettle")), *words, "--workspace", str(workspace.directory)]

    def measure(_: int) -> float:
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - began

    return measure


def _grow(workspace: Workspace, where: str) -> None:
    """Open the series, sell of every second one, and seal payments in the chain's own money, one a block."""
    alice, provider, attester, bank = (workspace.accounts.key(it) for it in ("alice", "provider", "attester", "bank"))
    with workspace.chain(write=True) as chain:
        deploy(workspace, chain, quota=Units(10**6 * UNITS_PER_WHOLE), reserve_fen=10**8)
        network = workspace.network(chain)
        currency, now = network.currency, chain.clock.now()
        until = now + 300 * 86_400
        compute = network.register_compute(
            provider, attester, ComputeAttestation(provider.address, "Ascend 910C", 8, 1_000, now, until)
        )
        network.send(currency.desk.issue(bank, alice.address, Units(1_000 * UNITS_PER_WHOLE)))
        card = RateCard(Meters(1, 30, 90), Meters(2, 60, 180))
        for number in range(SERIES):
            terms = SeriesTerms("Tokens", f"T{number}", "inference", 150_000 + number, 10 * _TOKENS, until, card)
            series = network.open_series(provider, terms, compute)
            if number % 2:
                price = series.price_rounded_up(_TOKENS)
                network.send(
                    currency.approve(alice, series.address, price),
                    series.purchase(alice, alice.address, _TOKENS, until),
                )
        for number in range(BLOCKS):
            network.send(Transaction(alice, bank.address, b"", 21_000, currency.interface, 1))
            if number % 2_000 == 0:
                say(f"{_CODE}, {where}: {number:,} of {BLOCKS:,} blocks")
