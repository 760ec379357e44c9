"""Workspaces that are made once a run and copied for each test, and keystores that cost little to make."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from eth_account import Account

from pysettle.domain.compute.usage import PeakHours
from tests.cli.running import OPEN, ComputeTown, Town
from tests.once import once


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a workspace with a deployed network in which nobody holds anything."""

    def make(folder: Path) -> None:
        Town(folder).say(f"init {folder / 'town'}")
        Town(folder / "town").say("network deploy")

    return once(tmp_path_factory, "bare", make) / "town"


@pytest.fixture(scope="session")
def endowed(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a workspace with a deployed network in which alice holds 100 yuan."""

    def make(folder: Path) -> None:
        Town(shutil.copytree(bare, folder / "town")).say("token issue --to alice --amount 100")

    return once(tmp_path_factory, "endowed", make) / "town"


@pytest.fixture
def workspace(endowed: Path, tmp_path: Path) -> Path:
    """Return a copy of that workspace."""
    return Path(shutil.copytree(endowed, tmp_path / "town"))


@pytest.fixture
def cheap_keystores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Encrypt new keys as `encrypt_cheaply` does."""
    encrypt_cheaply(monkeypatch)


def encrypt_cheaply(patch: pytest.MonkeyPatch) -> None:
    """Encrypt new keys with few rounds: those of a real keystore take a second for each key and each opening of it."""
    encrypt = Account.encrypt
    patch.setattr(Account, "encrypt", lambda key, word: encrypt(key, word, kdf="pbkdf2", iterations=2))


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a workspace in which alice holds 100 yuan and 100 HKD; carol, second-bank and 阿丽丝 hold nothing."""

    def make(folder: Path) -> None:
        town, further = Town(folder / "town"), "--account carol --account second-bank --account 阿丽丝"
        assert "simulation" in Town(folder).say(f"init {town.directory} {further}")
        town.say("network deploy")
        town.say("network add-currency --currency HKD")
        town.say("token issue --to alice --amount 100")
        town.say("token issue --to alice --amount 100 --currency HKD")

    return once(tmp_path_factory, "founded", make) / "town"


@pytest.fixture
def town(founded: Path, tmp_path: Path) -> Town:
    """Return a copy of that workspace."""
    return Town(Path(shutil.copytree(founded, tmp_path / "town")))


@pytest.fixture(scope="session")
def founded_market(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a workspace with two series: one with compensation and a halter, and a cheap one without."""
    made = once(tmp_path_factory, "market", lambda folder: _with_series(shutil.copytree(bare, folder / "town")))
    return made / "town"


def _with_series(directory: Path) -> None:
    town = ComputeTown(directory)
    for account in ("alice", "provider"):
        town.say(f"token issue --to {account} --amount 1000")
    register = "market register --accelerator 'Ascend 910C' --units 8 --rate 1000 --until 2026-06-01"
    compute = town.read(register)["compute"]
    assert town.say("market stake --amount 20").startswith("free stake of provider: 0.00 -> 20.00 yuan\n")
    hours = town.file("hours.json", PeakHours(((1, 4), (6, 10))).to_json())
    halter = f"--halter bob --ground 'the provider is insolvent' --compensation-bps 500 --windows {hours}"
    assert "stake locked: 0.00 -> 7.50 yuan" in town.say(OPEN.format(compute=compute, symbol="DSV4") + " " + halter)
    cheap = OPEN.replace("--compute {compute} ", "").format(symbol="CHEAP").replace("150000", "20000")
    town.say(cheap)


@pytest.fixture
def compute_town(founded_market: Path, tmp_path: Path) -> ComputeTown:
    """Return a copy of that workspace."""
    return ComputeTown(Path(shutil.copytree(founded_market, tmp_path / "town")))
