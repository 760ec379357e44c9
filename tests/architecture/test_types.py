"""Ids and units are types: mypy reports two that were taken for each other."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pysettle.evm.artifacts import ROOT

BEGINNING = """
from eth_typing import Address
from pysettle.client.channel.hub import ChannelHub
from pysettle.client.compute.market import ComputeMarket
from pysettle.client.jobs.escrow import JobEscrow
from pysettle.evm.encoding import TransactionSigner
from pysettle.values import ChannelId, ComputeId, OrderId, SeriesId

def plant(
    hub: ChannelHub,
    market: ComputeMarket,
    jobs: JobEscrow,
    signer: TransactionSigner,
    account: Address,
    channel: ChannelId,
    compute: ComputeId,
    order: OrderId,
    series: SeriesId,
) -> None:
"""
RIGHT = (
    "hub.channel(channel)",
    "market.compute(compute)",
    "market.locked_stake(series)",
    "jobs.cancel(signer, order)",
)
SWAPPED = {
    "hub.channel(order)": "ChannelId",
    "market.compute(channel)": "ComputeId",
    "market.locked_stake(account)": "SeriesId",
    "jobs.cancel(signer, compute)": "OrderId",
}
"""Call with an id of another kind -> the kind that it should be of."""


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return what mypy says of one file with every call, the right ones first."""
    file = tmp_path_factory.mktemp("planted") / "planted.py"
    file.write_text(BEGINNING + "".join(f"    {line}\n" for line in (*RIGHT, *SWAPPED)))
    mypy = [sys.executable, "-m", "mypy", "--follow-imports=silent", "--config-file", str(ROOT / "pyproject.toml")]
    result = subprocess.run([*mypy, str(file)], cwd=ROOT, capture_output=True, text=True, check=False)
    return [line for line in result.stdout.splitlines() if ": error: " in line]


def test_the_right_ids_are_accepted(reported: list[str]) -> None:
    """Nothing is reported but the planted swaps, each once."""
    assert len(reported) == len(SWAPPED), reported


@pytest.mark.parametrize(("call", "kind"), SWAPPED.items())
def test_a_swap_is_an_error(reported: list[str], call: str, kind: str) -> None:
    """The line of each planted swap is reported, with the kind that was expected."""
    line = BEGINNING.count("\n") + 1 + [*RIGHT, *SWAPPED].index(call)
    (error,) = (it for it in reported if f":{line}: " in it)
    assert f'expected "{kind}"' in error
