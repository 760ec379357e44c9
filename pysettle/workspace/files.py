"""Files of a workspace: read in one way, and written whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from pysettle.errors import WorkspaceError


def read_whole(file: Path) -> bytes:
    """Return the content of a file of a workspace.

    Raises:
        WorkspaceError: it is missing, no file, or cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as problem:
        raise WorkspaceError(
            f"{file} cannot be read ({problem.strerror}): restore it from a copy", path=file
        ) from problem


def is_file(file: Path) -> bool:
    """Whether there is such a file; a name that no file can have, such as one of 300 letters, is that of none."""
    try:
        return file.is_file()
    except (OSError, ValueError):
        return False


def write_whole(file: Path, content: bytes) -> None:
    """Write a file in one step, durably, so that no reader meets half of it.

    Raises:
        WorkspaceError: it cannot be written; the former content stays.
    """
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        try:
            with unfinished.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            unfinished.replace(file)
        except BaseException:
            with suppress(OSError):
                unfinished.unlink()
            raise
    except OSError as problem:
        raise WorkspaceError(
            f"{file} cannot be written ({problem.strerror}): look at its folder", path=file
        ) from problem


class UnfinishedFolder:
    """A hidden folder that is filled first; its entries then move into a target that was absent or empty.

    The target itself is never replaced: it may be the current folder of a shell, a link or another disk's root.
    """

    def __init__(self, target: Path) -> None:
        """Create the target if it is absent, and the folder to fill inside it.

        Raises:
            WorkspaceError: the target is not empty, is no folder, or cannot be made.
        """
        self.target = target
        self.folder = target / f".unfinished.{os.getpid()}"
        self._made: list[Path] = []
        try:
            for folder in (target, *target.parents)[::-1]:
                if not folder.exists():
                    folder.mkdir()
                    self._made.append(folder)
            if not target.is_dir() or any(target.iterdir()):
                raise WorkspaceError(f"{target} is not empty: name a new directory", path=target)
            self.folder.mkdir()
        except BaseException as problem:
            self.discard()
            if isinstance(problem, OSError):
                raise WorkspaceError(f"{target} cannot be made: {problem.strerror}", path=target) from problem
            raise

    def publish(self, last: str) -> None:
        """Move the entries into the target, that of one name last.

        Raises:
            WorkspaceError: another process has written files there meanwhile, or they cannot be moved.
        """
        names = sorted((entry.name for entry in self.folder.iterdir()), key=lambda name: (name == last, name))
        moved: list[Path] = []
        try:
            if [entry.name for entry in self.target.iterdir()] != [self.folder.name]:
                raise WorkspaceError(f"{self.target} is not empty any more: name a new directory", path=self.target)
            for name in names:
                (self.folder / name).rename(self.target / name)
                moved.append(self.target / name)
            self.folder.rmdir()
        except BaseException as problem:
            for entry in moved:
                with suppress(OSError):
                    entry.rename(self.folder / entry.name)
            if isinstance(problem, OSError):
                raise WorkspaceError(f"{self.target} cannot be made: {problem.strerror}", path=self.target) from problem
            raise

    def discard(self) -> None:
        """Remove the folder, and the target and its parents if they were created for it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for folder in reversed(self._made):
            with suppress(OSError):
                folder.rmdir()
