"""Contract artifacts: built from the sources, kept as package data, refused when stale.

`build` compiles `contracts/` into `pysettle/artifacts/`, one JSON file a contract; `load` reads one. In a checkout,
where the sources lie beside the package, an artifact that does not match them is refused; an installed package has
no sources and needs no compiler. Deploying is not known here.

Run as a module it builds: `python -m pysettle.evm.artifacts`. With the name of a column, such as `jobs`, it compiles
the contracts of that column alone, in seconds.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pysettle.errors import ArtifactError
from pysettle.evm import compiler

FORMAT = "pysettle.artifact/2"
FOLDER = Path("pysettle", "artifacts")
INPUT_FILE = "build-input.json"
"""The whole standard JSON input, so that anyone with a solc can repeat the build."""
INDEX_FILE = "build-index.json"
"""Hash of the compiled sources, and of every written file: by it a second build knows that nothing has changed."""

ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds the package: a checkout, or site-packages."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract, library or interface."""

    contract_name: str
    """Its name in Solidity; unique among the artifacts."""
    source_path: str
    """Source unit that declares it: `contracts/money/CurrencyToken.sol`."""
    abi: tuple[dict[str, Any], ...]
    """Its ABI, in solc's order."""
    bytecode: bytes
    """Creation code, without constructor arguments; empty for an interface."""
    runtime_bytecode: bytes
    """Code after deployment, zero where immutables go; empty for an interface."""
    immutable_references: dict[str, tuple[tuple[int, int], ...]]
    """Immutable, by its name in Solidity -> (start, length) in bytes of each of its places in `runtime_bytecode`."""
    storage_layout: dict[str, Any]
    """solc's `storageLayout`: storage (label, slot, offset, type) and types."""
    user_doc: dict[str, Any]
    """solc's `userdoc`: the @notice of NatSpec."""
    dev_doc: dict[str, Any]
    """solc's `devdoc`: the rest of NatSpec, @custom tags included."""
    sources: dict[str, str]
    """Source unit -> sha256 of its file, for the contract's own unit and all it imports."""
    source_hash: str
    """sha256 over `sources`, the compiler's version and its settings."""
    compiler_version: str
    """solc's full version, with the commit."""
    settings: dict[str, Any]
    """`pysettle.evm.compiler.SETTINGS` as they were when it was compiled."""

    def is_code_of(self, code: bytes) -> bool:
        """Whether deployed code is this artifact's, with any values of its immutables."""
        blank = {name: bytes(length) for name, ((_, length), *_) in self.immutable_references.items()}
        return len(code) == len(self.runtime_bytecode) and self._filled(code, blank) == self.runtime_bytecode

    def deployed_code(self, immutables: Mapping[str, bytes]) -> bytes:
        """Return the code that stands on a chain once the constructor has set the immutables.

        Args:
            immutables: Name of each immutable -> its value, padded with zeros on the left to its place.
        """
        assert set(immutables) == set(self.immutable_references), (self.contract_name, sorted(immutables))
        return self._filled(self.runtime_bytecode, immutables)

    def _filled(self, code: bytes, immutables: Mapping[str, bytes]) -> bytes:
        filled = bytearray(code)
        for name, places in self.immutable_references.items():
            for start, length in places:
                filled[start : start + length] = immutables[name].rjust(length, b"\0")
        return bytes(filled)


@cache
def load(name: str, root: Path = ROOT) -> Artifact:
    """Read one artifact; each is read once in a process.

    Args:
        name: Contract name.
        root: Folder that holds the package.

    Raises:
        ArtifactError: it is missing, of another format, or stale: a source or a compiler setting has changed since.
    """
    file = root / FOLDER / f"{name}.json"
    try:
        stored = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        raise ArtifactError(
            f"no artifact of contract {name} in {file.parent}: {_remedy(root)}", contract=name
        ) from error
    except ValueError as error:
        raise ArtifactError(f"{file} is not JSON ({error}): {_remedy(root)}", path=file) from error
    if stored.pop("format", None) != FORMAT:
        raise ArtifactError(f"{file} is not of the format {FORMAT}: {_remedy(root)}", path=file)
    artifact = Artifact(
        **stored
        | {
            "abi": tuple(stored["abi"]),
            "bytecode": bytes.fromhex(stored["bytecode"].removeprefix("0x")),
            "runtime_bytecode": bytes.fromhex(stored["runtime_bytecode"].removeprefix("0x")),
            "immutable_references": {
                name: tuple((start, length) for start, length in places)
                for name, places in stored["immutable_references"].items()
            },
        }
    )
    if _is_checkout(root) and (change := _change_since(artifact, root)):
        raise ArtifactError(f"the artifact of contract {name} is stale, {change}: {_remedy(root)}", contract=name)
    return artifact


def build(root: Path = ROOT) -> list[Path]:
    """Compile the contracts of a checkout and write their artifacts; do nothing when all of them are up to date.

    Every contract, interface and library declared in `contracts/` gets one. solc's warnings on them are logged.

    Args:
        root: The checkout.

    Returns:
        The files written, sorted; empty when nothing had changed.

    Raises:
        ArtifactError: the compiler is unavailable, the sources do not compile, two contracts have one name, or a
            contract needs linking with a library (ours have internal functions only, so that nothing is linked).
    """
    folder = root / FOLDER
    standard_input = compiler.standard_input(root)
    input_hash = _sha256(_to_json([FORMAT, compiler.SOLC_VERSION, standard_input]))
    before = _read_index(folder)
    if before.get("input") == input_hash and _intact(folder, before["files"]):
        return []
    output = compiler.compile_standard_json(standard_input, root)
    _log_warnings(output)
    contents = {INPUT_FILE: _to_json(standard_input), **_artifact_files(output, standard_input["sources"])}
    written = [folder / name for name, content in sorted(contents.items()) if _write(folder / name, content)]
    for old in {path.name for path in folder.glob("*.json")} - {*contents, INDEX_FILE}:
        (folder / old).unlink()
    files = {name: _sha256(content) for name, content in contents.items()}
    _write(folder / INDEX_FILE, _to_json({"input": input_hash, "files": files}))
    load.cache_clear()
    return written


def build_column(column: str, root: Path = ROOT) -> list[Path]:
    """Compile the contracts of one column alone, and write their artifacts beside those that stand.

    For work on the column. The index does not record it, so that the next `build` compiles everything.

    Args:
        column: Name of its folder in `contracts/`.
        root: The checkout.

    Returns:
        The files written, sorted.

    Raises:
        ArtifactError: as `build`.
    """
    standard_input = compiler.standard_input(root, f"contracts/{column}")
    output = compiler.compile_standard_json(standard_input, root)
    _log_warnings(output)
    # Bundles contain the input: it must have the sources of every artifact.
    whole_input = compiler.standard_input(root)
    contents = {INPUT_FILE: _to_json(whole_input), **_artifact_files(output, standard_input["sources"])}
    written = [
        root / FOLDER / name for name, content in sorted(contents.items()) if _write(root / FOLDER / name, content)
    ]
    load.cache_clear()
    return written


def _log_warnings(output: Mapping[str, Any]) -> None:
    for message in output.get("errors", []):
        # Warnings of solc on other people's packages are left out.
        if message.get("sourceLocation", {}).get("file", "contracts/").startswith("contracts/"):
            _logger.warning(message["formattedMessage"].strip())


def _artifact_files(output: Mapping[str, Any], sources: Mapping[str, Any]) -> dict[str, bytes]:
    """Turn the compiler's output into files, named by contract."""
    hashes = {unit: _sha256(source["content"].encode()) for unit, source in sources.items()}
    names = dict(_immutables(output["sources"]))
    files: dict[str, bytes] = {}
    for unit, name, compiled in _contracts(output):
        if f"{name}.json" in files:
            raise ArtifactError(
                f"two contracts are named {name}, the second in {unit}: rename one", contract=name, unit=unit
            )
        files[f"{name}.json"] = _to_json(_artifact(unit, name, compiled, hashes, names))
    return files


def _contracts(output: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for unit, contracts in output["contracts"].items():
        for name, compiled in contracts.items():
            yield unit, name, compiled


def _immutables(tree: object) -> Iterator[tuple[str, str]]:
    """Yield (solc's number of it, name) of each immutable that syntax trees declare."""
    if isinstance(tree, Mapping):
        if tree.get("nodeType") == "VariableDeclaration" and tree["mutability"] == "immutable":
            yield str(tree["id"]), tree["name"]
        for node in tree.values():
            yield from _immutables(node)
    elif isinstance(tree, list):
        for node in tree:
            yield from _immutables(node)


def _artifact(
    unit: str, name: str, compiled: Mapping[str, Any], hashes: Mapping[str, str], names: Mapping[str, str]
) -> dict[str, Any]:
    creation, runtime = compiled["evm"]["bytecode"], compiled["evm"]["deployedBytecode"]
    if libraries := creation["linkReferences"]:
        raise ArtifactError(
            f"{name} needs linking with {', '.join(libraries)}: make the library's functions internal",
            contract=name,
            libraries=tuple(libraries),
        )
    # An abstract contract or an interface has no metadata of its own; it is then as stale as any of the sources.
    metadata = json.loads(compiled["metadata"]) if compiled["metadata"] else {}
    used = {source: hashes[source] for source in sorted(metadata.get("sources", hashes))}
    immutables = {names[number]: places for number, places in runtime.get("immutableReferences", {}).items()}
    if len(immutables) != len(runtime.get("immutableReferences", {})):
        raise ArtifactError(f"two immutables of {name} have one name: rename one", contract=name)
    return {
        "format": FORMAT,
        "contract_name": name,
        "source_path": unit,
        "abi": compiled["abi"],
        "bytecode": "0x" + creation["object"],
        "runtime_bytecode": "0x" + runtime["object"],
        "immutable_references": {
            immutable: sorted((place["start"], place["length"]) for place in places)
            for immutable, places in immutables.items()
        },
        "storage_layout": compiled["storageLayout"],
        "user_doc": compiled["userdoc"],
        "dev_doc": compiled["devdoc"],
        "sources": used,
        "source_hash": _source_hash(used),
        "compiler_version": metadata.get("compiler", {}).get("version", compiler.SOLC_VERSION),
        "settings": compiler.SETTINGS,
    }


def _change_since(artifact: Artifact, root: Path) -> str | None:
    """Return the change since the compilation of the artifact in words, None without one."""
    for unit, expected in artifact.sources.items():
        file = compiler.source_file(root, unit)
        if file.is_file():
            if _sha256(file.read_bytes()) != expected:
                return f"{unit} has changed"
        elif unit.startswith("contracts/"):  # npm's packages may have been deleted; their versions are pinned
            return f"{unit} is gone"
    if _source_hash(artifact.sources) != artifact.source_hash:
        return "the compiler's version or settings have changed"
    return None


def _source_hash(sources: Mapping[str, str]) -> str:
    return _sha256(_to_json([compiler.SOLC_VERSION, compiler.SETTINGS, sources]))


def _is_checkout(root: Path) -> bool:
    # Both, because any package may have left a folder named "contracts" in site-packages.
    return (root / "contracts").is_dir() and (root / "pyproject.toml").is_file()


def _remedy(root: Path) -> str:
    return "run scripts/bootstrap" if _is_checkout(root) else "reinstall pysettle"


def _read_index(folder: Path) -> dict[str, Any]:
    try:
        index: dict[str, Any] = json.loads((folder / INDEX_FILE).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return index


def _intact(folder: Path, files: Mapping[str, str]) -> bool:
    if {path.name for path in folder.glob("*.json")} != {*files, INDEX_FILE}:
        return False
    return all(_sha256((folder / name).read_bytes()) == expected for name, expected in files.items())


def _write(file: Path, content: bytes) -> bool:
    """Write a file in one step, so that no reader meets half of it; return False when it held that content already."""
    if file.is_file() and file.read_bytes() == content:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(f".{os.getpid()}.tmp")
    unfinished.write_bytes(content)
    unfinished.replace(file)
    return True


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _to_json(value: object) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def main() -> int:
    """Build the artifacts of this checkout, or of the columns that are named; return the exit code."""
    try:
        columns = sys.argv[1:]
        written = [path for column in columns for path in build_column(column)] if columns else build()
    except ArtifactError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"artifacts: {len(written)} written" if written else "artifacts: up to date", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
