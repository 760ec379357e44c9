"""The independent engines: their pinned versions, and the folders in which they are installed once a machine.

An engine is installed beside its place and moved there whole, so that a killed installation leaves nothing that looks
ready. The name of the folder has the hash of the pins, so that other pins never meet an older installation.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pysettle.errors import EngineError

ENGINES_DIR = "PYSETTLE_ENGINES_DIR"
"""Environment variable that names the folder of all engines."""

_HERE = Path(__file__).parent
_INSTALL_S = 1_800
"""Most seconds of one command of an installation."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One independent engine."""

    name: str
    """Its own name."""
    version: str
    """Pinned version."""
    pins: tuple[Path, ...]
    """Files that fix the versions of everything in its environment."""
    driver: Path
    """File that its environment runs."""
    runtime: str
    """`python` or `node`; `go` for a program that Go builds, which the driver runs."""

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}"

    @property
    def folder(self) -> Path:
        """Where it is installed, or would be."""
        digest = sha256(b"".join(pin.read_bytes() for pin in self.pins)).hexdigest()[:8]
        return engines_folder() / f"{self.name.lower()}-{self.version}-{digest}"

    @property
    def missing(self) -> str | None:
        """Why it cannot run here, None if it can."""
        if not self.folder.is_dir():
            return self.lacks or "not installed: pysettle audit engines --install"
        if self.runtime == "node":
            return None if _node() else "Node.js is missing"
        program = self._program
        return None if program.exists() else f"{program} is missing: delete its folder"

    @property
    def lacks(self) -> str | None:
        """Why it cannot be installed here, None if it can."""
        if self.runtime == "go" and not shutil.which("go"):
            return "not installed, and Go, which builds it, is missing"
        if self.runtime == "node" and _npm() is None:
            return "not installed, and Node.js with npm is missing"
        return None

    @property
    def _program(self) -> Path:
        """Program in its folder that executes."""
        return self.folder / self.name if self.runtime == "go" else _python_of(self.folder)

    def command(self, genesis: Path, chain: Path) -> list[str]:
        """Return the command that executes a chain, with lines about each block on stdout.

        Args:
            genesis: The file `genesis.json`.
            chain: Blocks from 1 on, RLP one after the other.
        """
        files = [str(genesis), str(chain)]
        if self.runtime == "node":
            return [_node() or "node", str(self.driver), str(self.folder), *files]
        if self.runtime == "go":
            return [sys.executable, "-I", str(self.driver), str(self._program), *files]
        return [str(self._program), "-I", str(self.driver), *files]

    def install(self) -> bool:
        """Install it, if it is not there; return whether that was done.

        Raises:
            EngineError: the installation failed.
        """
        try:
            with _alone(self.folder):
                if self.folder.is_dir():
                    return False
                prefix = f".unfinished-{self.folder.name}-"
                for killed in self.folder.parent.glob(f"{prefix}*"):
                    shutil.rmtree(killed, ignore_errors=True)
                new = Path(tempfile.mkdtemp(prefix=prefix, dir=self.folder.parent))
                try:
                    self._fill(new)
                    new.chmod(0o755)
                    new.rename(self.folder)
                finally:
                    shutil.rmtree(new, ignore_errors=True)
                return True
        except OSError as problem:
            raise EngineError(
                f"{self.title} cannot be installed in {self.folder}: {problem}", engine=self.title, path=self.folder
            ) from None

    def _fill(self, folder: Path) -> None:
        if self.lacks:
            raise EngineError(f"{self.title} is {self.lacks}", engine=self.title)
        if self.runtime == "go":
            (pin,) = self.pins
            self._run(["go", "install", "-ldflags=-s -w", pin.read_text().strip()], folder)
            return
        if self.runtime == "node":
            npm = _npm()
            assert npm is not None, "it lacks nothing"
            for pin in self.pins:
                shutil.copy(pin, folder / pin.name)
            self._run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
            return
        self._run([sys.executable, "-m", "venv", str(folder)], folder)
        pins = [word for pin in self.pins for word in ("--requirement", str(pin))]
        self._run([str(_python_of(folder)), "-m", "pip", "install", "--quiet", "--no-deps", *pins], folder)

    def _run(self, command: Sequence[str], folder: Path) -> None:
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env={**os.environ, "GOBIN": str(folder)},
                capture_output=True,
                text=True,
                timeout=_INSTALL_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise EngineError(
                f"{self.title} cannot be installed: {command[0]} took over {_INSTALL_S} s",
                engine=self.title,
                duration_s=_INSTALL_S,
            ) from None
        if done.returncode:
            told = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
            raise EngineError(f"{self.title} cannot be installed: {told[0][:300]}", engine=self.title)


def engines_folder() -> Path:
    """Return the folder of all engines: that of the environment variable, else one in the user's cache."""
    named = os.environ.get(ENGINES_DIR)
    if named:
        return Path(named).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "pysettle" / "engines"


def _pinned_eels() -> str:
    pins = (_HERE / "eels.txt").read_text()
    found = re.search(r"^ethereum-execution==(\S+)$", pins, re.MULTILINE)
    assert found, "eels.txt pins no ethereum-execution"
    return found[1]


def _pinned_ethereumjs() -> str:
    found = re.search(r'"@ethereumjs/vm": "(\S+)"', (_HERE / "ethereumjs" / "package.json").read_text())
    assert found, "package.json pins no @ethereumjs/vm"
    return found[1]


def _pinned_geth() -> str:
    return (_HERE / "geth.txt").read_text().strip().partition("@v")[2]


def engines() -> tuple[Engine, ...]:
    """Return the independent engines, in the order in which reports name them."""
    packages = _HERE / "ethereumjs"
    return (
        Engine("EELS", _pinned_eels(), (_HERE / "eels.txt",), _HERE / "eels_driver.py", "python"),
        Engine(
            "ethereumjs",
            _pinned_ethereumjs(),
            (packages / "package.json", packages / "package-lock.json"),
            _HERE / "ethereumjs_driver.mjs",
            "node",
        ),
        Engine("geth", _pinned_geth(), (_HERE / "geth.txt",), _HERE / "geth_driver.py", "go"),
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock of an engine's folder, so that two installations follow one another."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _python_of(folder: Path) -> Path:
    return folder / "bin" / "python"


def _node() -> str | None:
    """Return Node.js: that on the path, else that beside this Python."""
    return shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))


def _npm() -> list[str] | None:
    """Return the command that runs npm, which is started by Node.js as `_node` finds it."""
    npm = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    node = _node()
    return [node, os.path.realpath(npm)] if npm and node else None
