"""A workspace with two currencies, made once and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.running import Town


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a workspace in which alice holds 100 yuan and 100 HKD; carol and second-bank hold nothing."""
    directory = tmp_path_factory.mktemp("founded") / "town"
    town = Town(directory)
    assert "simulation" in Town(directory.parent).say(f"init {directory} --account carol --account second-bank")
    town.say("network deploy")
    town.say("network add-currency --currency HKD")
    town.say("token issue --to alice --amount 100")
    town.say("token issue --to alice --amount 100 --currency HKD")
    return directory


@pytest.fixture
def town(founded: Path, tmp_path: Path) -> Town:
    """Return a copy of that workspace."""
    return Town(Path(shutil.copytree(founded, tmp_path / "town")))
