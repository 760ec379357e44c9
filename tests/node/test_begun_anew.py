"""A workspace whose chain is no longer the one its contracts are on: every command says so, and what to do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from pysettle.evm.genesis import Genesis
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.workspace.config import GENESIS_TIME
from tests.cli.running import invoke
from tests.evm.anvil import anvil
from tests.evm.limits import Limits, limited
from tests.node.process import node

pytestmark = pytest.mark.apart

COMMANDS = (
    "token balance --account alice",
    "token issue --to alice --amount 1",
    "wallet show --account alice",
    "reserve show",
    "role show",
    "market list",
    "channel list",
    "job list",
    "interest show",
    "network status",
    "network verify",
    "network deploy",
    "network add-currency --currency HKD",
    "time show",
)
NODES: dict[str, Callable[[Path], AbstractContextManager[str]]] = {
    "anvil": lambda folder: anvil(Genesis(chain_id=31_337, timestamp=GENESIS_TIME), folder),
    "node": lambda _: node(),
}


def made(directory: Path, url: str) -> None:
    """Make a workspace on a node, and deploy."""
    for line in (f"init {directory} --chain {url}", "network deploy", "token issue --to alice --amount 100"):
        result = invoke(*line.split(), workspace=directory)
        assert result.exit_code == 0, result.output


def refused(directory: Path, *words: str, lines: tuple[str, ...] = COMMANDS, url: str | None = None) -> None:
    """Run commands, each of which ends with one line that says these words, and exit code 4."""
    for line in lines:
        result = invoke(*line.split(), *(("--chain", url) if url else ()), workspace=directory)
        assert result.exit_code == 4, (line, result.output, result.exception)
        assert (result.stdout, result.stderr.count("\n")) == ("", 1), line
        for word in (*words, "deployment.json", "pysettle network deploy"):
            assert word in result.stderr, line


@pytest.mark.parametrize("kind", NODES)
def test_a_node_that_was_begun_anew(kind: str, tmp_path: Path) -> None:
    """Its block 0 is the same, and nothing else is there; other blocks do not hide it, and one deploys again."""
    directory = tmp_path / "town"
    with NODES[kind](tmp_path) as url:
        made(directory, url)
        block = json.loads((directory / "deployment.json").read_text())["block"]
    with NODES[kind](tmp_path) as url:
        refused(directory, f"deployed in block {block} or after it", "head of this chain is block 0", url=url)
        JsonRpc(url).ask("anvil_mine", hex(200))
        refused(directory, "no contract stands where", "CurrencyToken", url=url)
        (directory / "deployment.json").unlink()
        again = invoke("network", "deploy", "--chain", url, workspace=directory)
        assert again.exit_code == 0, again.output
        assert invoke("token", "balance", "--account", "alice", "--chain", url, workspace=directory).exit_code == 0


def test_a_chain_that_was_taken_back(tmp_path: Path) -> None:
    """A development node was reverted to before the deployment, or code was taken away on it."""
    directory = tmp_path / "town"
    with NODES["anvil"](tmp_path) as url:
        rpc = JsonRpc(url)
        rpc.ask("anvil_mine", hex(50))
        before = rpc.ask("evm_snapshot")
        made(directory, url)
        contracts = json.loads((directory / "deployment.json").read_text())["contracts"]
        rpc.ask("anvil_setCode", contracts["CurrencyToken"]["address"], "0x")
        emptied = invoke("token", "balance", "--account", "alice", workspace=directory)
        assert (emptied.exit_code, emptied.stderr.count("\n")) == (4, 1), emptied.output
        assert "answers balanceOf with nothing, which no CurrencyToken does" in emptied.stderr
        rpc.ask("evm_revert", before)
        refused(directory, "head of this chain is block 50")


def test_another_chain(tmp_path: Path) -> None:
    """A node with the same id and another block 0 is another chain."""
    directory = tmp_path / "town"
    with node() as url:
        made(directory, url)
    with node("--timestamp", str(GENESIS_TIME + 1)) as url:
        refused(directory, "with block 0 0x", url=url)


def test_an_older_file(tmp_path: Path) -> None:
    """The file of an embedded chain was replaced by one from before the deployment."""
    directory = tmp_path / "town"
    assert invoke("init", str(directory)).exit_code == 0
    shutil.copy(directory / "chain.sqlite", tmp_path / "older")
    assert invoke("network", "deploy", workspace=directory).exit_code == 0
    shutil.copy(tmp_path / "older", directory / "chain.sqlite")
    refused(directory, "head of this chain is block 0")


def test_the_look_costs_one_request(tmp_path: Path) -> None:
    """A command on a workspace with a deployment asks once more than one without, and not again for each contract."""
    directory = tmp_path / "town"
    with node() as url, limited(url, Limits()) as at:
        made(directory, at.url)
        kept = (directory / "deployment.json").read_bytes()

        def requests(line: str) -> int:
            at.posts.clear()
            assert invoke(*line.split(), workspace=directory).exit_code == 0
            return len(at.posts)

        with_deployment = requests("time show")
        looks = [it for it in at.posts if "eth_getTransactionCount" in it]
        assert [len(it) for it in looks] == [2 + len(json.loads(kept)["contracts"]) - 2]
        requests("channel list")
        assert sum("eth_getTransactionCount" in it for it in at.posts) == 1
        (directory / "deployment.json").unlink()
        assert requests("time show") == with_deployment - 1
