"""Level X: engines of others execute the chain, in processes of their own, and a disagreement is named."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from eth.db.account import AccountDB
from eth.vm.forks.berlin.transactions import TypedTransaction
from eth.vm.forks.prague.state import PragueState

from pysettle.audit.bundle import CHAIN_FILE, GENESIS_FILE, Bundle
from pysettle.audit.extract import export_bundle
from pysettle.audit.independent.catalogue import ENGINES_DIR, Engine, engines
from pysettle.audit.independent.judgement import judged
from pysettle.audit.independent.race import Answer, Race
from pysettle.audit.report import Check, Outcome, Report
from pysettle.audit.verify import verify
from pysettle.errors import EngineError
from pysettle.evm.embedded import EmbeddedChain
from tests.cli.running import invoke
from tests.evm.accounts import ALICE, BOB, CHAIN_ID, deploy, genesis, sign, sign_fields, word
from tests.evm.bytecode import TOKEN, creation

NAMES = [engine.title for engine in engines() if engine.missing is None] or [engine.title for engine in engines()]
"""Engines that are installed; geth may be missing where the others are not."""

Spoil = Callable[[pytest.MonkeyPatch], None]


def dearer(patch: pytest.MonkeyPatch) -> None:
    """Let py-evm charge 1 gas more for a transaction."""
    right = TypedTransaction.get_intrinsic_gas
    patch.setattr(TypedTransaction, "intrinsic_gas", property(lambda self: right(self) + 1))


def stored_wrong(patch: pytest.MonkeyPatch) -> None:
    """Let py-evm store another word than it is told."""
    right = AccountDB.set_storage

    def set_storage(self: AccountDB, address: Any, slot: int, value: int) -> None:
        right(self, address, slot, value ^ 1)

    patch.setattr(AccountDB, "set_storage", set_storage)


def anything_goes(patch: pytest.MonkeyPatch) -> None:
    """Let py-evm execute every transaction, whatever its nonce."""
    patch.setattr(PragueState, "validate_transaction", lambda *_: None)
    patch.setattr("eth.vm.base.VM.validate_transaction_against_header", lambda *_: None)


@contextmanager
def spoiled(spoil: Spoil) -> Iterator[None]:
    """Execute with a mistake in py-evm."""
    with pytest.MonkeyPatch.context() as patch:
        spoil(patch)
        yield


def produced(directory: Path, skipped_nonces: int = 0) -> Bundle:
    """Return the bundle of three blocks: one empty, a creation, and two transfers of its token.

    Args:
        directory: Where to write it.
        skipped_nonces: By how much the nonce of the last transaction is too high.
    """
    chain = EmbeddedChain(genesis(), seed=3)
    chain.seal()
    token = deploy(chain, creation(TOKEN))
    right = sign(chain, ALICE, token, BOB.rjust(32, b"\0") + word(5))
    legacy = {"nonce": chain.nonce(BOB) + skipped_nonces, "gasPrice": 3 * 10**9, "gas": 100_000, "value": 7}
    chain.submit([right, sign_fields(BOB, {**legacy, "to": ALICE, "data": b"", "chainId": CHAIN_ID})])
    chain.seal()
    return export_bundle(chain, directory)


def found(report: Report) -> list[tuple[str, str, str]]:
    """Return subject, engine and first field of each finding of X."""
    details = [(it.finding.subject, it.finding.detail) for it in report.divergences if it.check is Check.INDEPENDENT]
    return [(subject, *detail.split(": ")[:2]) for subject, detail in details]


@pytest.mark.engines
def test_engines_agree_on_an_honest_bundle(golden_bundle: Bundle) -> None:
    """Level X is reached, and the report names the engines; nothing less is enough for it."""
    result = invoke("audit", "verify", str(golden_bundle.directory), "--level", "X")
    assert result.exit_code == 0
    assert "PASSED, level X; asked for X\n" in result.stdout
    assert all(f"            {name}: agrees\n" in result.stdout for name in NAMES)
    assert f"re-executed by py-evm 0.12.1b1, {', '.join(NAMES)}" in result.stdout


@pytest.mark.engines
@pytest.mark.parametrize(
    ("spoil", "subject", "field"),
    [(dearer, "block 2 transaction 0", "gas_used"), (stored_wrong, "block 1", "state_root")],
)
def test_a_mistake_of_the_producer_divides_the_engines(spoil: Spoil, subject: str, field: str, tmp_path: Path) -> None:
    """A mistake that producer and check S share passes S; each engine names block and field, and the transaction."""
    with spoiled(spoil):
        bundle = produced(tmp_path / "bundle")
        report = verify(bundle.directory, level="X")
    assert (report.level, report.checks[Check.EXECUTION]) == ("S", Outcome.PASSED)
    told = found(report)
    block = " ".join(subject.split()[:2])  # geth gives no receipts, by which the transaction is found
    assert [(place, engine) for place, engine, _ in told] == [
        (block if name.startswith("geth") else subject, name) for name in NAMES
    ]
    details = [it.detail for it in report.findings]
    assert all(f"{field}: the header states " in detail for detail in details), details
    assert [report.answers[name] for name in NAMES] == [f"differs in {block}"] * len(NAMES)


@pytest.mark.engines
def test_a_refused_transaction_is_named(tmp_path: Path) -> None:
    """A transaction that a producer should have refused is named by each engine, beside the failure of S."""
    with spoiled(anything_goes):
        bundle = produced(tmp_path / "bundle", skipped_nonces=7)
    report = verify(bundle.directory, level="X")
    assert report.checks[Check.EXECUTION] is Outcome.FAILED
    assert [(subject, engine) for subject, engine, _ in found(report)] == [
        ("block 3 transaction 1", it) for it in NAMES
    ]
    assert all("refuses it: " in it.detail for it in report.findings[1:])


def test_engines_that_are_missing_could_not_be_had(
    golden_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without engines X could not be had, which is no pass, and the page says how to install them."""
    monkeypatch.setenv(ENGINES_DIR, str(tmp_path))
    result = invoke("audit", "verify", str(golden_bundle.directory), "--level", "X")
    assert result.exit_code == 7
    assert "NOT PASSED, level S; asked for X\n" in result.stdout
    assert "X NOT HAD " in result.stdout
    assert "(0 of the 2 engines that it needs could be had)" in result.stdout
    assert f"{NAMES[0]}: could not be had: not installed: pysettle audit engines --install" in result.stdout
    listed = invoke("audit", "engines", "--json")
    assert '"ready": false' in listed.stdout
    assert listed.exit_code == 0


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("import time; time.sleep(60)", "it was silent for 1 s after block -1"),
        ("import sys; sys.exit('no luck')", "it ended with exit code 1 after block -1: no luck"),
        ("import os; os.kill(os.getpid(), 9)", "it ended by signal 9 after block -1"),
        ("print('hello', flush=True); input()", "it tells of block 0 in another form than agreed"),
        ("print('{}', flush=True)", "it tells of block 0 in another form than agreed"),
    ],
)
def test_an_engine_that_fails_could_not_be_had(
    script: str, reason: str, golden_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that hangs, dies or babbles is a process like any other, and ends nothing but itself."""
    monkeypatch.setenv(ENGINES_DIR, str(tmp_path))
    driver = tmp_path / "driver.py"
    driver.write_text(script)
    engine = Engine("Failing", "1", (), driver, "python")
    (engine.folder / "bin").mkdir(parents=True)
    (engine.folder / "bin" / "python").symlink_to(sys.executable)
    directory, hashes = golden_bundle.directory, golden_bundle.manifest.hashes
    (answer,) = Race(directory / GENESIS_FILE, directory / CHAIN_FILE, hashes, patience_s=1).run([engine])
    assert answer.missing == reason


WAITING = """
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "600"])
with open(__file__ + ".new", "w") as told:
    told.write(f"{os.getpid()} {child.pid}")
os.rename(told.name, __file__ + ".pids")
time.sleep(600)
"""


def test_a_killed_verification_leaves_no_engine(
    golden_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After kill -9 no engine runs on, nor what an engine started; the next run finishes."""
    monkeypatch.setenv(ENGINES_DIR, str(tmp_path))
    driver = tmp_path / "driver.py"
    driver.write_text(WAITING)
    eels = engines()[0]
    (eels.folder / "bin").mkdir(parents=True)
    python = eels.folder / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{driver}"\n')
    python.chmod(0o755)
    command = [sys.executable, "-m", "pysettle", "audit", "verify", str(golden_bundle.directory), "--level", "X"]
    auditing = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    told = tmp_path / "driver.py.pids"
    try:
        _wait(told.exists)
    finally:
        auditing.kill()
        auditing.wait()
    pids = [int(it) for it in told.read_text().split()]
    _wait(lambda: not any(_runs(pid) for pid in pids))
    shutil.rmtree(eels.folder)
    assert verify(golden_bundle.directory, level="X").checks[Check.EXECUTION] is Outcome.PASSED


def _wait(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    """Whether a process runs; one that ended may still wait for its parent to ask how."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state.strip()[:1] not in ("", "Z")


def test_an_engine_of_the_producer_does_not_count() -> None:
    """An engine that made the chain proves nothing by agreeing with itself."""
    answers = [Answer(engine, agreed=4) for engine in engines()[:2]]
    assert judged(answers, "py-evm 0.12.1b1", None).too_few == ""
    judgement = judged(answers, "EthereumJS/10.1.3/linux", None)
    assert judgement.too_few == "1 of the 2 engines that it needs could be had"
    assert judgement.answers[engines()[1].title].startswith("agrees, and does not count")


@pytest.mark.engines
def test_an_installed_engine_is_not_installed_again() -> None:
    """The second installation finds the first one, and leaves it alone."""
    installed = [engine for engine in engines() if engine.missing is None]
    assert [engine.install() for engine in installed] == [False] * len(installed)


def test_an_installation_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pins that cannot be read are told of in one line, and nothing is left, of an earlier killed one neither."""
    monkeypatch.setenv(ENGINES_DIR, str(tmp_path / "engines"))
    pins = tmp_path / "package.json"
    pins.write_text("no JSON at all")
    engine = Engine("Broken", "1", (pins,), tmp_path / "driver.mjs", "node")
    killed = engine.folder.with_name(f".unfinished-{engine.folder.name}-killed")
    (killed / "bin").mkdir(parents=True)
    with pytest.raises(EngineError, match=r"^Broken 1 cannot be installed: "):
        engine.install()
    assert [it.name for it in (tmp_path / "engines").iterdir() if it.is_dir()] == []


def test_without_go_geth_is_left_out_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no Go is, geth says why it is missing, and the installation of geth alone fails with the same words."""
    monkeypatch.setenv(ENGINES_DIR, str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    geth = engines()[-1]
    assert geth.missing == geth.lacks == "not installed, and Go, which builds it, is missing"
    result = invoke("audit", "engines", "--install", "--engine", "geth")
    assert result.exit_code == 3
    assert result.stderr.endswith(f"pysettle: {geth.title} is {geth.lacks}\n")


@pytest.mark.parametrize("options", [["--engine", "geth"], ["--install", "--engine", "besu"]])
def test_an_engine_is_named_to_install_it(options: list[str]) -> None:
    """An unknown engine, or one that is named for nothing, is wrong usage."""
    result = invoke("audit", "engines", *options)
    assert result.exit_code == 2
    assert "--engine names EELS, ethereumjs or geth, and stands with --install" in result.stderr
