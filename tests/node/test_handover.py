"""After a transaction was handed over: the node is asked again, and every error names it."""

from __future__ import annotations

import _thread
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from click.testing import CliRunner

from pysettle.cli import main
from pysettle.domain.core.signing import Signer
from pysettle.errors import ChainUnreachable, HandOverInterrupted, OutcomeUnknown, TransactionRefused
from pysettle.evm import handover
from pysettle.evm.interface import Interface
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.evm.reverts import RevertDecoder
from pysettle.evm.rpc import RpcChain
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.workspace.config import Config
from pysettle.workspace.directory import Workspace
from tests.node.process import node
from tests.node.proxy import Forward, Lost, proxy, refusing

INDEXING = "transaction indexing is in progress"
"""As geth says it, with code -32000, until it has indexed its blocks (internal/ethapi, `TxIndexingError`)."""
ABOUT = {"eth_getTransactionReceipt", "eth_getTransactionByHash"}
"""Methods that ask for a transaction."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Signer]]:
    """Serve the chain of a workspace, a network like any other; yield its URL and an account that has funds."""
    workspace = Workspace.create(tmp_path_factory.mktemp("served") / "town", Config(chain_id=31_337))
    with node("--workspace", str(workspace.directory)) as listening:
        signer = workspace.accounts.signer("alice")
        assert isinstance(signer, Signer)
        yield listening, signer


@pytest.fixture(params=["network", "development node"])
def place(request: pytest.FixtureRequest, town: tuple[str, Signer], url: str) -> tuple[str, Signer]:
    """Return the URL of a node, and an account of it that has funds."""
    if request.param == "network":
        return town
    from pysettle.node.accounts import development_accounts

    return url, development_accounts()[6]


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "ASK_AGAIN_S", 1.5)


def pay(url: str, payer: Signer, gas: int = 21_000) -> Any:
    """Send one payment of nothing; return its receipt."""
    sender = TransactionSender(RpcChain(url), RevertDecoder([]))
    (receipt,) = sender.send(Transaction(payer, payer.address, b"", gas, Interface("none", [])))
    return receipt


def sealed(url: str, payer: Signer) -> int:
    """Return how many transactions of the account are sealed."""
    return int(JsonRpc(url).ask("eth_getTransactionCount", "0x" + payer.address.hex(), "latest"), 16)


def test_a_node_that_still_indexes_is_asked_again(place: tuple[str, Signer]) -> None:
    """The error of geth for a transaction that it has not indexed is no refusal: the receipt comes when it has."""
    url, payer = place
    times = 0

    def answer(methods: list[str], forward: Forward) -> bytes:
        nonlocal times
        if ABOUT.intersection(methods) and times < 4:
            times += 1
            return refusing(forward(), -32_000, INDEXING)
        return forward()

    with proxy(url, answer) as between:
        assert pay(between, payer).succeeded
    assert times == 4


def test_an_unknown_transaction_is_refused_once_the_node_has_indexed(town: tuple[str, Signer]) -> None:
    """A refused transaction is looked for among those that are known: that the node cannot say yet is no answer."""
    url, payer = town
    times = 0

    def answer(methods: list[str], forward: Forward) -> bytes:
        nonlocal times
        if "eth_getTransactionByHash" in methods and times < 2:
            times += 1
            return refusing(forward(), -32_000, INDEXING)
        return forward()

    with proxy(url, answer) as between, pytest.raises(TransactionRefused, match="gas"):
        pay(between, payer, gas=20_000)
    assert times == 2


def lost(_: Forward) -> bytes:
    """Lose the connection."""
    raise Lost


def delivered_and_lost(forward: Forward) -> bytes:
    """Bring the request to the node, and lose its answer."""
    forward()
    raise Lost


FAILURES: dict[str, Callable[[Forward], bytes | tuple[int, bytes]]] = {
    "it still indexes": lambda forward: refusing(forward(), -32_000, INDEXING),
    "the connection is lost": lost,
    "HTTP status 500": lambda _: (500, b"<html>"),
    "HTTP status 503": lambda _: (503, b""),
    "no JSON": lambda _: b"{",
    "deep JSON": lambda _: b"[" * 100_000,
    "another type": lambda _: b'{"jsonrpc": "2.0", "id": 0, "result": "0x"}',
    "an error without form": lambda _: b'{"jsonrpc": "2.0", "id": 0, "error": "no"}',
}


@pytest.mark.parametrize("failure", FAILURES)
def test_whatever_fails_afterwards_the_error_names_the_transaction(place: tuple[str, Signer], failure: str) -> None:
    """The payment is sealed, the node never tells of it: the error says so, and how to look for it."""
    url, payer = place
    before = sealed(url, payer)

    def answer(methods: list[str], forward: Forward) -> bytes | tuple[int, bytes]:
        return FAILURES[failure](forward) if ABOUT.intersection(methods) else forward()

    with proxy(url, answer) as between, pytest.raises(OutcomeUnknown, match="perhaps sealed") as unknown:
        pay(between, payer)
    (handed_over,) = unknown.value.hashes
    assert f"0x{handed_over.hex()}" in str(unknown.value)
    assert unknown.value.exit_code == 4
    assert sealed(url, payer) == before + 1
    assert JsonRpc(url).ask("eth_getTransactionReceipt", "0x" + handed_over.hex())["status"] == "0x1"


def test_a_payment_whose_answer_is_lost_is_made_once(place: tuple[str, Signer]) -> None:
    """The node took the payment and the connection ended: it is found, and not sent a second time."""
    url, payer = place
    before, times = sealed(url, payer), 0

    def answer(methods: list[str], forward: Forward) -> bytes:
        nonlocal times
        if "eth_sendRawTransaction" in methods and not times:
            times += 1
            return delivered_and_lost(forward)
        return forward()

    with proxy(url, answer) as between:
        assert pay(between, payer).succeeded
    assert sealed(url, payer) == before + 1


def test_before_anything_is_handed_over_an_error_names_nothing(place: tuple[str, Signer]) -> None:
    """A node that does not say the nonce was given nothing, and the error does not send anybody to look."""
    url, payer = place

    def answer(methods: list[str], forward: Forward) -> bytes | tuple[int, bytes]:
        return (500, b"") if "eth_getTransactionCount" in methods else forward()

    with proxy(url, answer) as between, pytest.raises(ChainUnreachable) as problem:
        pay(between, payer)
    assert "sealed" not in str(problem.value)


def test_an_interrupt_names_the_transaction(place: tuple[str, Signer]) -> None:
    """Ctrl-C while the node does not answer: the payment is named, for it may be sealed."""
    url, payer = place
    timers: list[Timer] = []

    def answer(methods: list[str], forward: Forward) -> bytes:
        if ABOUT.intersection(methods):
            if not timers:
                timers.append(Timer(0.2, _thread.interrupt_main))
                timers[0].start()
            raise Lost
        return forward()

    with proxy(url, answer) as between, pytest.raises(HandOverInterrupted, match="perhaps sealed: 0x"):
        pay(between, payer)


@pytest.fixture(scope="module")
def deployed(url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Deploy a network on the development node, and issue alice 5 yuan; return its workspace."""
    directory = tmp_path_factory.mktemp("deployed") / "town"
    for arguments in (
        ["init", str(directory), "--chain", url],
        ["network", "deploy"],
        ["token", "issue", "--to", "alice", "--amount", "5"],
    ):
        done = CliRunner().invoke(main, arguments, env={"PYSETTLE_WORKSPACE": str(directory)})
        assert done.exit_code == 0, done.output
    return directory


def test_a_command_whose_node_is_gone_afterwards_names_what_it_did(url: str, deployed: Path) -> None:
    """The transfer is sealed and the balance afterwards cannot be read: exit 4, with the hash."""
    gone = False

    def answer(methods: list[str], forward: Forward) -> bytes:
        nonlocal gone
        if gone and "eth_call" in methods:
            raise Lost
        if "eth_getTransactionReceipt" in methods and armed:
            gone = True
        return forward()

    armed = False
    with proxy(url, answer) as between:
        environment = {"PYSETTLE_WORKSPACE": str(deployed)}

        def run(*arguments: str) -> Any:
            return CliRunner().invoke(main, [*arguments, "--chain", between], env=environment)

        armed = True
        failed = run("token", "transfer", "--from", "alice", "--to", "bob", "--amount", "2")
        assert (failed.exit_code, "perhaps sealed: 0x" in failed.stderr) == (4, True), failed.output
        gone = armed = False
        assert "2.00" in run("token", "balance", "--account", "bob").stdout


def test_an_interrupted_command_names_what_it_handed_over(url: str, deployed: Path) -> None:
    """Ctrl-C after a transfer was handed over: exit 130, one line with the hash."""
    process: list[subprocess.Popen[str]] = []

    def answer(methods: list[str], forward: Forward) -> bytes:
        if process and ABOUT.intersection(methods):
            process[0].send_signal(2)
            raise Lost
        return forward()

    with proxy(url, answer) as between:
        script = "from pysettle.cli import main; main()"
        transfer = [
            "--workspace",
            str(deployed),
            "--chain",
            between,
            "--from",
            "alice",
            "--to",
            "provider",
            "--amount",
            "2",
        ]
        command = [sys.executable, "-c", script, "token", "transfer", *transfer]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
            process.append(running)
            _, errors = running.communicate(timeout=60)
    assert (running.returncode, "perhaps sealed: 0x" in errors, errors.count("\n")) == (130, True, 1), errors
