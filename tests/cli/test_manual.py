"""`docs/reference/cli.md` is what the commands say of themselves."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from pysettle.cli.manual import manual
from pysettle.client import CurrencyToken, NetworkAccess
from pysettle.client.channel.hub import ChannelHub
from pysettle.client.compute.market import ComputeMarket
from pysettle.client.compute.series import ComputeToken
from pysettle.client.jobs.escrow import JobEscrow
from pysettle.client.settlement.clearing import ClearingHouse
from pysettle.client.settlement.corridors import Corridors
from pysettle.client.settlement.exchange import ForeignExchange
from pysettle.client.settlement.homes import HomeCurrencies
from pysettle.client.settlement.liquidity import LiquidityAccounts
from pysettle.client.settlement.registry import ParticipantRegistry
from pysettle.client.settlement.settlement import AtomicSettlement

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "reference" / "cli.md"


@cache
def _attributes(files: Sequence[Path], *, but_of: str | None = None) -> frozenset[str]:
    """Return the attributes that files use, but for those of an attribute that is not meant."""
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text())))
    return frozenset(
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and not (isinstance(node.value, ast.Attribute) and node.value.attr == but_of)
    )


CLI, CLIENT = ROOT / "pysettle" / "cli", ROOT / "pysettle" / "client"
CALLERS = (*CLI.glob("**/*.py"), CLIENT / "signed.py")
"""What commands are made of."""
CALLERS_OF_COMPUTE = (
    *CLI.glob("compute/*.py"),
    *CLI.glob("channel/*.py"),
    CLI / "settlement" / "fx.py",
    CLIENT / "compute" / "purchase.py",
    CLIENT / "channel" / "rows.py",
)
"""What commands on the compute layer are made of."""
CALLERS_OF_JOBS = (CLI / "jobs" / "job.py", CLIENT / "signed.py")
"""What commands on orders are made of."""
CALLERS_OF_SETTLEMENT = (
    *CLI.glob("settlement/*.py"),
    *(CLIENT / "settlement" / f"{name}.py" for name in ("documents", "statements", "quotes", "proposal_files")),
)
"""What commands on settlement across borders are made of."""
DEPLOYMENT = {"assign", "have_accepted"}
"""What is done once, by the deployment of a currency."""
PYTHON_ONLY = {
    # Of a holder of Tokens: allowances and signatures, beside its own transfer.
    (ComputeToken, "approve"),
    (ComputeToken, "transfer_from"),
    (ComputeToken, "permit"),
    (ComputeToken, "transfer_with_authorization"),
    (ComputeToken, "receive_with_authorization"),
    (ComputeToken, "cancel_authorization"),
    # All rows or none, where commands claim row by row; and by the signature of a receiver of currency.
    (ChannelHub, "claim"),
    (ChannelHub, "claim_with_signature"),
    # Once, where the administrator hands a role to the market.
    (ComputeMarket, "accept_role"),
}
"""(wrapper, method) of what no command on the compute layer does."""


def _changes(wrapper: type) -> list[str]:
    """Return the methods of a wrapper that change the chain."""
    methods = inspect.getmembers(wrapper, inspect.isfunction)
    return [name for name, it in methods if name[0] != "_" and it.__annotations__.get("return") == "Transaction"]


@pytest.mark.parametrize("method", [*_changes(CurrencyToken), *_changes(NetworkAccess)])
def test_what_python_can_change_a_command_can(method: str) -> None:
    """Every transaction of the money layer's wrappers is one that some command sends."""
    assert (method in _attributes(CALLERS)) != (method in DEPLOYMENT)


@pytest.mark.parametrize(
    ("wrapper", "method"),
    [(it, name) for it in (ComputeMarket, ComputeToken, ChannelHub) for name in _changes(it)],
)
def test_what_python_can_change_of_compute_a_command_can(wrapper: type, method: str) -> None:
    """Every transaction of the compute layer's wrappers, but for those that are listed as Python's alone."""
    assert (method in _attributes(CALLERS_OF_COMPUTE, but_of="currency")) != ((wrapper, method) in PYTHON_ONLY)


@pytest.mark.parametrize("method", _changes(JobEscrow))
def test_what_python_can_change_of_orders_a_command_can(method: str) -> None:
    """Every transaction of the job escrow's wrapper."""
    assert method in _attributes(CALLERS_OF_JOBS)


SETTLEMENT = (
    *(ParticipantRegistry, HomeCurrencies, LiquidityAccounts, Corridors),
    *(AtomicSettlement, ForeignExchange, ClearingHouse),
)
"""The wrappers of settlement across borders."""


@pytest.mark.parametrize("method", [name for wrapper in SETTLEMENT for name in _changes(wrapper)])
def test_what_python_can_change_of_settlement_a_command_can(method: str) -> None:
    """Every transaction of the wrappers of participants, positions, corridors, instructions and cycles."""
    assert method in _attributes(CALLERS_OF_SETTLEMENT, but_of="token")


def test_the_manual_is_that_of_the_commands() -> None:
    """The file is fresh: `python -m pysettle.cli.manual > docs/reference/cli.md` makes it."""
    assert FILE.read_text() == manual()


def test_every_command_is_in_the_manual() -> None:
    """Each group and each command has a heading, and the options of a command are below it."""
    text = FILE.read_text()
    for heading in ("## pysettle demo", "## pysettle role", "### pysettle role hand-over", "### pysettle token submit"):
        assert f"\n{heading}\n" in text
    section = text.split("### pysettle wallet register\n")[1].split("\n### ")[0]
    for option in ("--account", "--class", "--jurisdiction", "--real-name / --anonymous", "--identification-until"):
        assert f"- `{option}" in section
