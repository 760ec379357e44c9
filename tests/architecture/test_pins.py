"""Pins: the file of a released version is kept for ever, and says the same as the build of that version."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from pysettle.errors import UsageError
from pysettle.pins import FOLDER, Pins, of_build, published

CURRENT = version("pysettle")


def outdated(folder: Path) -> str:
    """Return what to do about the file of the current version, if it says something else than the build; else ''."""
    file = folder / f"{CURRENT}.json"
    if not file.is_file() or Pins.read(file) == of_build():
        return ""
    return (
        f"{file} is not of this build: raise the version if {CURRENT} was released; "
        f"if not, run `pysettle audit pins --out {file}`"
    )


def written(folder: Path, change: Callable[[dict[str, Any]], object] = lambda _: None, name: str = CURRENT) -> Path:
    """Write the pins of the build to a folder, with one change."""
    document = json.loads(json.dumps(of_build().to_document()))
    change(document)
    file = folder / f"{name}.json"
    file.write_text(json.dumps(document))
    return file


def test_every_file_is_read_and_none_is_outdated() -> None:
    """A version in development has no file; one with a file has the code that it had at its release."""
    for file in FOLDER.glob("*.json"):
        assert Pins.read(file).versions == (file.stem,)
    assert not outdated(FOLDER), outdated(FOLDER)


def test_another_build_of_a_released_version_is_found(tmp_path: Path) -> None:
    """The remedy is in the message; the pins of the build itself are the same after writing and reading."""
    written(tmp_path)
    assert not outdated(tmp_path)
    written(tmp_path, lambda it: it["contracts"]["JobEscrow"]["creation"].update(bytes=1))
    assert f"pysettle audit pins --out {tmp_path / CURRENT}.json" in outdated(tmp_path)


def test_released_code_stays_published(tmp_path: Path) -> None:
    """Beside the build every released version counts, the newest first."""
    for name in ("0.0.9", "0.0.10"):
        written(tmp_path, lambda it, name=name: it.update(version=name), name)  # type: ignore[misc]
    assert published(tmp_path).versions == (CURRENT, "0.0.10", "0.0.9")
    assert [it.version for it in published(tmp_path).of("ChannelHub")] == [CURRENT, "0.0.10", "0.0.9"]


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.update(schema="pysettle.pins/0"),
        lambda it: it.update(version=1),
        lambda it: it.update(contracts=[]),
        lambda it: it["contracts"].update(JobEscrow={}),
        lambda it: it["contracts"]["JobEscrow"].update(uses={"hub": "ChannelHub"}),
        lambda it: it["contracts"]["UsageMeter"].update(immutables={"hub": [[1]]}),
        lambda it: it["contracts"]["UsageMeter"].update(arguments=[["hub_", 1]]),
        lambda it: it["contracts"]["UsageMeter"].update(functions=[]),
        lambda it: it["contracts"]["UsageMeter"]["creation"].update(keccak256="0x00"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """The message names the file, and the command that writes one."""
    file = written(tmp_path, change)
    with pytest.raises(UsageError, match=rf"{file} is no file of pins .*pysettle audit pins"):
        Pins.read(file)
