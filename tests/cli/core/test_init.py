"""`pysettle init`: where a workspace is made, and that nothing is replaced or left half made by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pysettle.errors import WorkspaceError
from pysettle.workspace import Workspace
from tests.cli.running import document, invoke

ENTRIES = ["accounts", "chain.sqlite", "config.toml", "genesis.json"]
"""What a new workspace holds, but for the lock of its chain."""


def entries(directory: Path) -> list[str]:
    """Return the names in a folder."""
    return sorted(it.name for it in directory.iterdir() if not it.name.endswith(".lock"))


def test_the_folder_one_stands_in_stays_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`init .` fills an empty folder: who stands in it stands in the workspace."""
    here = tmp_path / "here"
    here.mkdir(mode=0o700)
    monkeypatch.chdir(here)
    before = Path().stat()
    assert invoke("init", ".").exit_code == 0
    assert (Path().stat().st_ino, Path().stat().st_mode) == (before.st_ino, before.st_mode)
    assert entries(Path()) == ENTRIES
    assert Path().absolute() == here
    assert invoke("time", "show").exit_code == 0


def test_a_link_to_an_empty_folder_stays_a_link(tmp_path: Path) -> None:
    """The workspace is made where the link leads."""
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there")
    assert invoke("init", str(tmp_path / "link")).exit_code == 0
    assert (tmp_path / "link").is_symlink()
    assert entries(tmp_path / "there") == ENTRIES


@pytest.mark.parametrize(
    "line", [["init", ""], ["time", "show", "--workspace", ""], ["network", "genesis", "--out", ""]]
)
def test_an_empty_path_names_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: list[str]) -> None:
    """It is not taken for the folder one stands in, by any command."""
    monkeypatch.chdir(tmp_path)
    result = invoke(*line)
    assert (result.exit_code, "it is empty: name a path" in result.stderr) == (2, True), result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("problem", [KeyboardInterrupt, OSError(5, "Input/output error")])
def test_a_failure_on_the_way_leaves_the_folder_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int, problem: BaseException
) -> None:
    """Whichever entry cannot be moved, those moved before it are removed; the folder is there, as it was."""
    target, moved, rename = tmp_path / "town", [], Path.rename
    target.mkdir()

    def failing(self: Path, to: Path) -> Path:
        if self.parent.name.startswith(".unfinished"):
            moved.append(self.name)
            if len(moved) == place + 1:
                raise problem
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(KeyboardInterrupt if problem is KeyboardInterrupt else WorkspaceError):
        Workspace.create(target)
    assert len(moved) == place + 1
    assert list(target.iterdir()) == []


def test_what_makes_it_a_workspace_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until all else is there no command takes the folder for a workspace."""
    moved, rename = [], Path.rename
    monkeypatch.setattr(Path, "rename", lambda self, to: (moved.append(self.name), rename(self, to))[1])
    Workspace.create(tmp_path / "town")
    assert moved[-1] == "config.toml"


def test_folders_made_on_the_way_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A creation that fails leaves none of the parents that it made, and those that were there."""
    (tmp_path / "there").mkdir()
    monkeypatch.setattr("pysettle.evm.embedded.EmbeddedChain", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Workspace.create(tmp_path / "there" / "new" / "town")
    assert [it.name for it in tmp_path.rglob("*")] == ["there"]


def test_another_creation_in_the_same_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something put into the folder meanwhile is left alone."""
    thesis = tmp_path / "thesis.txt"
    monkeypatch.setattr(Workspace, "_fill", lambda *_: thesis.write_text("years of work"))
    with pytest.raises(WorkspaceError, match="not empty any more"):
        Workspace.create(tmp_path)
    assert entries(tmp_path) == ["thesis.txt"]


@pytest.mark.parametrize("place", ["file", "file/town", "n" * 300, "broken"])
def test_where_no_folder_can_be_made(tmp_path: Path, place: str) -> None:
    """A file, a path through one, a name of 300 letters and a link to nowhere: one line, and nothing changes."""
    (tmp_path / "file").write_text("")
    (tmp_path / "broken").symlink_to("nowhere")
    result = invoke("init", str(tmp_path / place))
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.output
    assert entries(tmp_path) == ["broken", "file"]


def test_a_name_is_as_long_as_a_file_can_carry(tmp_path: Path) -> None:
    """An account of 100 letters is made and used; one of 101 is refused before anything is."""
    longest = "n" * 100
    assert invoke("init", str(tmp_path / "town"), "--account", longest).exit_code == 0
    shown = document("account", "list", workspace=tmp_path / "town")
    assert longest in shown["accounts"]
    refused = invoke("init", str(tmp_path / "other"), "--account", longest + "n")
    assert (refused.exit_code, "up to 100 bytes" in refused.stderr) == (2, True)
    assert not (tmp_path / "other").exists()
