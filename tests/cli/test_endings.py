"""How commands end: a result that cannot be printed, Ctrl-C at any moment, and what to paste next."""

from __future__ import annotations

import io
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import pysettle
from pysettle.cli import main
from pysettle.evm.interrupts import uninterrupted
from pysettle.workspace import Workspace
from tests.cli.running import ComputeTown, Town, invoke
from tests.node.process import node

PACKAGE = str(Path(pysettle.__file__).parent)
PAY = "token transfer --from alice --to {to} --amount 1"


def full() -> io.TextIOBase:
    """Return a stdout on a disk without space."""
    return Path("/dev/full").open("w")


def western() -> io.TextIOBase:
    """Return a stdout that holds the letters of western Europe alone, as PYTHONIOENCODING=latin-1 makes it."""
    return Path(os.devnull).open("w", encoding="latin-1")


def closed_pipe() -> io.TextIOBase:
    """Return a stdout whose reader is gone."""
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w")


def closed() -> None:
    """Return the stdout of a process that was started without one."""


Stdout = Callable[[], io.TextIOBase | None]


def end(
    line: str,
    stdout: Stdout,
    workspace: Path | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> tuple[int | str | None, str]:
    """Run a command whose stdout is a real stream; return its exit code, and what is on stderr."""
    capsys.readouterr()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stdout())
        if workspace:
            patch.setenv("PYSETTLE_WORKSPACE", str(workspace))
        with pytest.raises(SystemExit) as ended:
            main(shlex.split(line))
    return ended.value.code, capsys.readouterr().err


@pytest.mark.parametrize("stdout", [full, western, closed_pipe, closed])
def test_what_is_done_is_said_where_it_cannot_be_printed(
    town: Town, stdout: Stdout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Money moved: exit code 8, and one line that names the transaction and says not to repeat it."""
    before = town.held("alice")
    code, said = end(PAY.format(to="阿丽丝"), stdout, town.directory, monkeypatch, capsys)
    assert (code, said.count("\n")) == (8, 1)
    assert said.startswith("pysettle: do not repeat it: transaction 0x")
    assert (before, town.held("alice"), town.held("阿丽丝")) == ("100.00 yuan", "99.00 yuan", "1.00 yuan")


@pytest.mark.parametrize(
    "line",
    [
        "init {tmp}/other",
        "time advance --days 1",
        "interest open",
        "token pause",
        "wallet freeze --account alice --outgoing",
        "role offer --role freezer --account bob",
        "reserve attest --amount 5000",
        "network add-currency --currency AED",
        "token authorize --from alice --to bob --amount 1 --out {tmp}/signed.json",
        "market register --accelerator A --units 1 --rate 1 --until 2026-06-01",
        "job place --file {tmp}/town/config.toml --arbiter bob --milestone 1@2026-03-01",
    ],
)
def test_every_kind_of_deed_is_one(
    town: Town, tmp_path: Path, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command that sends or writes something ends with 8 where its result cannot be printed."""
    code, said = end(line.format(tmp=tmp_path), full, town.directory, monkeypatch, capsys)
    assert (code, said.count("\n"), "do not repeat it" in said) == (8, 1, True), said


@pytest.mark.parametrize(("stdout", "expected"), [(full, 1), (western, 1), (closed_pipe, 0), (closed, 1)])
@pytest.mark.parametrize("line", ["network status", "token authorize --from alice --to bob --amount 1", "token --help"])
def test_a_command_that_reads_can_be_repeated(
    town: Town,
    line: str,
    stdout: Stdout,
    expected: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing was sent: exit code 1 in one line, and none where the reader has seen enough."""
    if stdout is western and line != "network status":
        pytest.skip("it has no other letters")
    if stdout is closed and line == "token --help":
        pytest.skip("click prints no help where there is no stdout")
    code, said = end(line, stdout, town.directory, monkeypatch, capsys)
    refusals = [it for it in said.splitlines() if it.startswith("pysettle: ")]
    assert (code, len(refusals)) == (expected, int(expected != 0)), said


def test_a_verdict_outlives_its_reader(
    town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A check that finds something ends with its code although nobody reads all of it."""
    monkeypatch.setattr("pysettle.client.deployment.Deployment.differing", lambda *_: ("CurrencyToken",))
    assert end("network status", closed_pipe, town.directory, monkeypatch, capsys)[0] == 4


def test_a_process_says_it_and_ends_with_its_code(town: Town) -> None:
    """As a shell sees it: code 8 from a full disk, 0 from `head`, and nothing of Python's own at the end."""
    environment = os.environ | {"PYSETTLE_WORKSPACE": str(town.directory)}
    program = f"{shlex.quote(sys.executable)} -m pysettle"
    lines = {
        f"PYTHONIOENCODING=latin-1 {program} {PAY.format(to='阿丽丝')}": (8, 1),
        f"{program} {PAY.format(to='bob')} > /dev/full": (8, 1),
        f"set -o pipefail; {program} network status | true": (0, 0),
        f"set -o pipefail; {program} --help | true": (0, 0),
        f"{program} {PAY.format(to='bob')} > /dev/full 2> /dev/full": (8, 0),
    }
    for line, (code, said) in lines.items():
        run = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, check=False)
        assert (run.returncode, run.stderr.count("\n")) == (code, said), (line, run.stderr)
    assert (town.held("bob"), town.held("阿丽丝")) == ("2.00 yuan", "1.00 yuan")


# Ctrl-C


class Interrupting:
    """Sends SIGINT to this process at the n-th line of pysettle that a command runs."""

    def __init__(self, moment: int | None) -> None:
        """Interrupt at that line; count lines alone for None."""
        self.lines, self._moment = 0, moment

    def _trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            self.lines += 1
            if self.lines == self._moment:
                signal.raise_signal(signal.SIGINT)
        return self._trace

    def run(self, line: str, workspace: Path | None = None) -> Result:
        """Run a command."""
        sys.settrace(self._trace)
        try:
            return CliRunner().invoke(
                main, shlex.split(line), env={"PYSETTLE_WORKSPACE": str(workspace) if workspace else None}
            )
        finally:
            sys.settrace(None)


def _moments(lines: int, number: int) -> list[int]:
    # The first line is a `try` that covers all after it.
    return [2 + place * (lines - 2) // number for place in range(number)]


def test_ctrl_c_at_any_moment_of_a_payment(town: Town) -> None:
    """Exit code 130 in one line; the payment is whole or not at all, and the line says when it may be."""
    counting = Interrupting(None)
    assert counting.run(PAY.format(to="bob"), town.directory).exit_code == 0
    for moment in _moments(counting.lines, 25):
        before, interrupting = town.held("bob"), Interrupting(moment)
        result = interrupting.run(PAY.format(to="bob"), town.directory)
        moved = town.held("bob") != before
        if interrupting.lines < moment:
            continue  # it took fewer lines than the first time
        assert isinstance(result.exception, SystemExit), (moment, result.exception)
        assert (result.exit_code, result.stderr.count("\n") <= 1) == (130, True), (moment, result.output)
        assert not moved or "0x" in result.output, moment


def test_ctrl_c_at_any_moment_of_a_deployment(tmp_path: Path) -> None:
    """The network is deployed whole, or nothing is; `init` makes a workspace or nothing."""
    counting = Interrupting(None)
    assert counting.run(f"init {tmp_path / 'whole'}").exit_code == 0
    for moment in _moments(counting.lines, 8):
        result = Interrupting(moment).run(f"init {tmp_path / 'town'}")
        assert (result.exit_code, result.stderr.count("\n") <= 1) == (130, True), (moment, result.output)
        if (tmp_path / "town").exists():
            assert invoke("time", "show", workspace=tmp_path / "town").exit_code == 0
            (tmp_path / "town").rename(tmp_path / f"town-{moment}")
        assert not [it.name for it in tmp_path.iterdir() if it.name.startswith(".")]
    for moment in (20_000, 60_000):
        directory = tmp_path / f"deployed-{moment}"
        assert invoke("init", str(directory)).exit_code == 0
        result = Interrupting(moment).run("network deploy", directory)
        assert (result.exit_code, result.stderr.count("\n")) == (130, 1), (moment, result.output)
        workspace = Workspace.open(directory)
        with workspace.chain() as chain:
            assert workspace.is_deployed == bool(chain.block().number)
        assert not workspace.is_deployed or "0x" in result.stderr


def test_ctrl_c_while_a_key_is_encrypted_or_a_node_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left of a workspace whose keys were being made; waiting for a node ends at once."""

    def interrupted(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)

    password = tmp_path / "password"
    password.write_text("correct horse")
    with monkeypatch.context() as patch:
        patch.setattr("eth_account.Account.encrypt", interrupted)
        result = invoke("init", str(tmp_path / "town"), "--password-file", str(password))
    assert (result.exit_code, "nothing was sent or written" in result.stderr) == (130, True)
    monkeypatch.setattr("pysettle.evm.jsonrpc.JsonRpc.ask", interrupted)
    result = invoke("init", str(tmp_path / "town"), "--chain", "http://127.0.0.1:9")
    assert (result.exit_code, result.stderr.count("\n")) == (130, 1)
    assert [it.name for it in tmp_path.iterdir()] == ["password"]


def test_a_password_of_a_network_and_ctrl_c_while_it_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A URL's password is not shown again; after Ctrl-C the line names the transaction that the network has."""
    with node() as url:
        secret = url.replace("http://", "http://me:s3cr3t@")
        begun = invoke("init", str(tmp_path / "town"), "--chain", secret)
        deployed = invoke("network", "deploy", "--chain", secret, workspace=tmp_path / "town")
        assert [(it.exit_code, "s3cr3t" in it.output) for it in (begun, deployed)] == [(0, False)] * 2
        monkeypatch.setattr(
            "pysettle.evm.rpc.RpcChain.receipts_of", lambda *_: signal.raise_signal(signal.SIGINT) or [None]
        )
        issued = invoke("token", "issue", "--to", "bob", "--amount", "1", workspace=tmp_path / "town")
        monkeypatch.undo()
        assert (issued.exit_code, "sealed: 0x" in issued.stderr) == (130, True), issued.output
        assert Town(tmp_path / "town").held("bob") == "1.00 yuan"
    gone = invoke("init", str(tmp_path / "other"), "--chain", secret)
    assert (gone.exit_code, "does not answer" in gone.stderr, "s3cr3t" in gone.output) == (4, True, False), gone.output


def test_ctrl_c_while_pysettle_is_loaded() -> None:
    """A process that is interrupted at moments of its beginning says one line at most, and nothing of Python's."""
    for delay_s in (0.15, 0.4, 0.8):
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from pysettle.__main__ import run; print(flush=True); run()",
                "scenario",
                "run",
                "compute-export",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay_s)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert (process.returncode, said.count("\n")) == (130, 1), said


def test_ctrl_c_while_a_class_is_created(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.11 wraps an interrupt inside the creation of a class; the answer is that of any other interrupt."""

    def create(*_: object) -> None:
        raise RuntimeError("Error calling __set_name__") from KeyboardInterrupt()

    monkeypatch.setattr(click.Group, "invoke", create)
    result = CliRunner().invoke(main, ["time", "show"])
    assert (result.exit_code, result.stderr) == (130, "pysettle: interrupted: nothing was sent or written\n")


def test_an_interrupt_waits_for_the_end_of_what_is_one() -> None:
    """Inside `uninterrupted` it is kept, and raised at the outermost end."""
    steps = []

    def run() -> None:
        with uninterrupted():
            with uninterrupted():
                signal.raise_signal(signal.SIGINT)
                steps.append("inner")
            steps.append("outer")

    with pytest.raises(KeyboardInterrupt):
        run()
    assert steps == ["inner", "outer"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# Useful next


@pytest.mark.usefixtures("cheap_keystores")
def test_what_is_next_names_the_workspace_and_quotes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workspace and a password file that were named on the line are named again, quoted for the shell."""
    monkeypatch.setattr("pysettle.workspace.directory.ACCOUNTS", ("alice",))
    monkeypatch.chdir(tmp_path)
    Path("a secret").write_text("correct horse")
    made = invoke("init", "my town", "--password-file", "a secret")
    assert made.stdout.endswith("Next: pysettle network deploy --workspace 'my town' --password-file 'a secret'\n")
    advanced = invoke("time", "advance", "--days", "1", "--workspace", "my town")
    assert advanced.stdout.endswith("Next: pysettle time show --workspace 'my town'\n")
    here = invoke("time", "advance", "--days", "1", workspace=tmp_path / "my town")
    assert here.stdout.endswith("Next: pysettle time show\n")


def test_what_is_next_quotes_names_of_others(compute_town: ComputeTown) -> None:
    """A series may be called anything, and a file lie anywhere."""
    compute_town.say(
        "market open --name Tokens --symbol 'a;b $(id)' --unit-price 20000 --rates 1,30,90/2,60,180 "
        "--capacity 1000 --until 2026-03-01"
    )
    bought = compute_town.say("market buy --series 'a;b $(id)' --tokens 1000")
    assert "Next: pysettle channel open --series 'a;b $(id)' --tokens 1000 --by alice" in bought
    signed = compute_town.say(f"market sign --series CHEAP --tokens 1000 --out '{compute_town.directory}/my file'")
    assert f"--file '{compute_town.directory}/my file'" in signed


def test_commands_that_are_wrong_are_not_taken_for_right() -> None:
    """The check of a useful next command sees an option that is unknown, and one that is missing."""
    from tests.cli.running import check_command

    unknown = "pysettle time show --wurkspace x", "pysettle tokens", "pysetle time show"
    for line in ("pysettle token balance", *unknown, "pysettle scenario run carol", "pysettle time advance --days x"):
        with pytest.raises((AssertionError, KeyError, click.BadParameter)):
            check_command(line)
    check_command("pysettle token balance --account alice")
    assert isinstance(main, click.Group)
