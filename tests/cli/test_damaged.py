"""Workspaces whose files are damaged or missing, and folders that are gone: one line, never a traceback."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from eth_account import Account

from pysettle.cli import main
from tests.chance import rounds
from tests.cli.running import Town, invoke

FILES = ("config.toml", "deployment.json", "genesis.json", "chain.sqlite", "accounts/alice.json", "accounts")
COMMANDS = (
    "time show",
    "account list",
    "token balance --account alice",
    "token transfer --from alice --to bob --amount 1",
    "network status",
    "network genesis",
    "role show",
    "market list",
    "interest show",
)


def _folder_in_its_place(file: Path) -> None:
    file.rename(file.with_name("moved"))
    file.mkdir()


def _link_to_nowhere(file: Path) -> None:
    file.rename(file.with_name("moved"))
    file.symlink_to("nowhere")


def _link_to_itself(file: Path) -> None:
    file.rename(file.with_name("moved"))
    file.symlink_to(file.name)


def _moved(file: Path) -> None:
    file.rename(file.with_name("moved"))


def _holding(content: bytes) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        if file.is_dir():
            file.rename(file.with_name("moved"))
        file.write_bytes(content)

    return damage


DAMAGES: dict[str, Callable[[Path], None]] = {
    "a folder": _folder_in_its_place,
    "a link to nowhere": _link_to_nowhere,
    "a link to itself": _link_to_itself,
    "missing": _moved,
    "empty": _holding(b""),
    "binary": _holding(bytes(range(256)) * 8),
    "a list": _holding(b"[]"),
    "a number": _holding(b"7"),
    "an object": _holding(b"{}"),
    "deep": _holding(b"[" * 100_000),
    "deep TOML": _holding(b"a = " + b"[" * 5_000 + b"]" * 5_000),
}


def _judge(result: Result, what: str) -> list[str]:
    """Return what is wrong with an ending: it is a success, or one line and a documented code."""
    faults = []
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        faults.append(f"{what}: it raised {result.exception!r}")
    elif result.exit_code and (result.exit_code not in (2, 3, 4, 5) or result.stderr.count("\n") != 1):
        faults.append(f"{what}: code {result.exit_code}, {result.stderr!r}")
    return faults


def _run(line: str, workspace: Path) -> Result:
    return CliRunner().invoke(main, line.split(), env={"PYSETTLE_WORKSPACE": str(workspace)})


@pytest.mark.parametrize("file", FILES)
def test_a_damaged_file_is_one_line(founded: Path, tmp_path: Path, file: str) -> None:
    """Whatever stands in its place, a command works all the same or says in one line which file it is."""
    faults, refused = [], 0
    for place, (name, damage) in enumerate(DAMAGES.items()):
        town = tmp_path / str(place)
        _copy(founded, town)
        damage(town / file)
        for line in COMMANDS:
            result = _run(line, town)
            faults += _judge(result, f"{file} is {name}, {line}")
            refused += bool(result.exit_code)
    assert not faults, "\n".join(faults)
    assert refused >= len(DAMAGES)


def _spoiled(document: Any) -> Iterator[Any]:
    """Yield documents with one value of it gone or of another type, at every depth."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield {name: it for name, it in document.items() if name != key}
            yield from (document | {key: other} for other in (None, 7, "x", [], {}, [[]], "0x", -1))
            yield from (document | {key: spoiled} for spoiled in _spoiled(value))


@pytest.mark.random
@pytest.mark.parametrize("file", ["deployment.json", "accounts/alice.json"])
def test_a_spoiled_value_is_one_line(founded: Path, tmp_path: Path, file: str) -> None:
    """A value that is gone or of another type, at any depth, is found where the file is read.

    A deployment has some 900 values; a run tries every fifteenth, a campaign each.
    """
    town = tmp_path / "town"
    _copy(founded, town)
    faults = []
    documents = list(_spoiled(json.loads((town / file).read_text())))
    if len(documents) > 200:
        documents = documents[:: rounds(15, campaign=1)]
    for place, document in enumerate(documents):
        (town / file).write_text(json.dumps(document))
        for line in (COMMANDS[3 + place % 6], "token balance --account alice"):
            faults += _judge(_run(line, town), f"{file} is {json.dumps(document)[:300]}, {line}")
    assert not faults, "\n".join(faults)


def test_a_spoiled_keystore_is_one_line(founded: Path, tmp_path: Path) -> None:
    """A keystore of a workspace is checked where its file is read: only its password can be wrong afterwards."""
    town, password = tmp_path / "town", tmp_path / "password"
    _copy(founded, town)
    password.write_text("secret")
    file = town / "accounts" / "alice.json"
    keystore = Account.encrypt(b"\1" * 32, "secret", kdf="pbkdf2", iterations=2)
    whole = {"address": "0x" + keystore["address"], "keystore": keystore}
    faults, line = [], f"token transfer --from alice --to bob --amount 1 --password-file {password}"
    for document in (whole | {"keystore": it} for it in _spoiled(keystore)):
        file.write_text(json.dumps(document))
        faults += _judge(_run(line, town), json.dumps(document)[:300])
    assert not faults, "\n".join(faults)
    file.write_text(json.dumps(whole | {"keystore": keystore | {"crypto": {}}}))
    assert "is no account of a workspace (its cipher is None" in _run(line, town).stderr


def _copy(founded: Path, town: Path) -> None:
    for file in (it for it in founded.rglob("*") if it.is_file()):
        target = town / file.relative_to(founded)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())


@pytest.mark.parametrize("line", ["time show", "init .", "init town", "time show --workspace .", "node --workspace ."])
def test_a_deleted_folder_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """Whoever stands in a folder that was deleted is told so, or that nothing can be made there."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    try:
        result = CliRunner().invoke(main, line.split(), env={"PYSETTLE_WORKSPACE": None})
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1), (result.output, result.exception)
    finally:
        os.chdir(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "token balance --account " + "n" * 300,
        "time show --workspace " + "n" * 300,
        "account add " + "n" * 300,
        "network genesis --out " + "n" * 300,
        "token authorize --from alice --to bob --amount 1 --out " + "n" * 300,
        "token submit --file " + "n" * 300,
        "token pause --password-file " + "n" * 300,
        "node --workspace " + "n" * 300,
        "node --genesis " + "n" * 300,
        "audit verify " + "n" * 300,
        "demo --trace " + "n" * 300,
        "demo --out " + "n" * 300,
    ],
)
def test_a_name_of_300_letters_is_one_line(town: Town, line: str) -> None:
    """No file can be called so."""
    result = invoke(*line.split(), workspace=town.directory)
    assert (result.exit_code in (2, 6), result.stderr.count("\n")) == (True, 1), (result.output, result.exception)
