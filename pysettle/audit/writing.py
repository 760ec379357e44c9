"""A bundle during its export: in a hidden folder, under a lock, and then moved to its place as a whole."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from pysettle.audit.bundle import CHAIN_FILES, CONTRACT_FILES, MANIFEST_FILE, STATE_FILES, FileEntry, Manifest
from pysettle.errors import BundleError, UsageError


class UnfinishedBundle:
    """A bundle that is filled in a hidden folder, and moved to its place when it is complete.

    A killed export leaves one hidden folder beside the place, which the next export there removes.
    """

    def __init__(self, directory: Path) -> None:
        """Create the folder to fill.

        Args:
            directory: Directory of the bundle; its parents are created.

        Raises:
            UsageError: the directory holds files that are no bundle, or another export to it is running.
            OSError: the folder cannot be created.
        """
        self._target = directory.resolve()
        check_replaceable(self._target)
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._beside = self._target.with_name(f".{self._target.name}.unfinished")
        self._lock = _locked_folder(self._beside)
        self._new = self._beside / "new"
        try:
            for leftover in self._beside.iterdir():
                shutil.rmtree(leftover)
            self._new.mkdir()
        except BaseException:
            os.close(self._lock)
            raise
        self._entries: dict[str, FileEntry] = {}

    @contextmanager
    def file(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """Add a file; yield a function that writes its content, piece by piece."""
        digest, size = sha256(), 0
        path = self._new / name
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as stream:

            def write(piece: bytes) -> None:
                nonlocal size
                stream.write(piece)
                digest.update(piece)
                size += len(piece)

            yield write
        self._entries[name] = FileEntry(digest.digest(), size)

    def open_file(self, name: str) -> tuple[BinaryIO, int]:
        """Open a file that was added, to read it; return it with its length in bytes."""
        return (self._new / name).open("rb"), self._entries[name].size

    def publish(self, manifest: Callable[[Mapping[str, FileEntry]], Manifest]) -> Manifest:
        """Write the manifest and move everything to its place; an older bundle there is replaced whole.

        Args:
            manifest: Given the files, returns the claims.

        Raises:
            OSError: it cannot be written or moved; the former content of its place is still there.
        """
        made = manifest({name: self._entries[name] for name in sorted(self._entries)})
        (self._new / MANIFEST_FILE).write_bytes(made.to_bytes())
        _move_into_place(self._new, self._target, self._beside / "old")
        return made

    def discard(self) -> None:
        """Remove the hidden folder."""
        shutil.rmtree(self._beside, ignore_errors=True)
        os.close(self._lock)


@contextmanager
def writing(directory: Path) -> Iterator[UnfinishedBundle]:
    """Fill a bundle, which is there whole or not at all.

    Args:
        directory: Where the bundle shall be; an older bundle there is replaced, anything else is refused.

    Raises:
        UsageError: the directory holds something that is no bundle, or another export to it is at work.
        BundleError: the bundle cannot be written.
    """
    try:
        unfinished = UnfinishedBundle(directory)
        try:
            yield unfinished
        finally:
            unfinished.discard()
    except OSError as problem:
        raise BundleError(
            f"the bundle cannot be written to {directory}: {problem.strerror or problem}", path=directory
        ) from None


def _locked_folder(folder: Path) -> int:
    """Create a folder, or take over the folder of a killed export; return the holder of its lock.

    Raises:
        UsageError: another export is using it.
    """
    folder.mkdir(exist_ok=True)
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise UsageError(
            f"another export is writing beside {folder}: wait until it ends, or name another", path=folder
        ) from None
    except BaseException:
        os.close(lock)
        raise
    return lock


def check_replaceable(target: Path) -> None:
    """Check that a bundle may be written to a directory: it is not there, empty, or an older bundle.

    Raises:
        UsageError: it holds something else, which is left alone.
    """
    if not target.exists():
        return
    paths = [path for path in target.rglob("*") if not path.is_dir()] if target.is_dir() else [target]
    names = {str(path.relative_to(target)) for path in paths}
    manifest = target / MANIFEST_FILE
    is_bundle = manifest.is_file() and b'"pysettle.bundle/' in manifest.read_bytes()
    if names and not (is_bundle and names <= {MANIFEST_FILE, *STATE_FILES, *CHAIN_FILES, *CONTRACT_FILES}):
        raise UsageError(
            f"{target} holds something that is no bundle, and is left as it is: name another directory", path=target
        )


def _move_into_place(new: Path, target: Path, old: Path) -> None:
    replaces = target.exists()
    if replaces:
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if replaces:
            old.rename(target)
        raise
