"""The artifacts: fresh in this checkout, refused when stale or missing, the same from the same sources."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pysettle.errors import ArtifactError
from pysettle.evm import artifacts, compiler
from pysettle.evm.artifacts import FOLDER, INDEX_FILE, ROOT
from pysettle.evm.compiler import compile_standard_json
from tests.chance import SEED
from tests.evm.compiling import compiled_once

NAMES = sorted(path.stem for path in (ROOT / FOLDER).glob("*.json") if not path.name.startswith("build-"))
SMALL = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n"
INTERFACE = """
/// @notice Counts.
interface ICount {
    /// @custom:invariant INV-X
    function count() external;
}
"""
CONTRACT = """
import {ICount} from "./ICount.sol";
contract Count is ICount {
    uint256 public immutable limit = 1;
    uint256 private _count;
    function count() external { _count++; }
}
"""


@pytest.fixture(autouse=True, scope="module")
def remembered() -> Iterator[None]:
    """Compile no input twice: most tests are about what a build makes of the output."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiler, "compile_standard_json", compiled_once)
        yield


@pytest.fixture
def compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile whatever is built."""
    monkeypatch.setattr(compiler, "compile_standard_json", compile_standard_json)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copy the sources and the artifacts of this checkout; npm's packages are linked."""
    for folder in ("contracts", FOLDER):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return with_packages(tmp_path)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Make a checkout of one contract and the interface it implements."""
    return small_in(tmp_path)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make such a checkout, and build it: never written to."""
    root = small_in(tmp_path_factory.mktemp("built"))
    assert {path.name for path in artifacts.build(root)} == {"Count.json", "ICount.json", "build-input.json"}
    return root


@pytest.fixture
def small_built(built: Path, tmp_path: Path) -> Path:
    """Copy that checkout with its artifacts."""
    return Path(shutil.copytree(built, tmp_path / "checkout", symlinks=True))


def small_in(root: Path) -> Path:
    """Make a folder a checkout of one contract and the interface it implements."""
    (root / "contracts").mkdir()
    (root / "contracts/ICount.sol").write_text(SMALL + INTERFACE)
    (root / "contracts/Count.sol").write_text(SMALL + CONTRACT)
    return with_packages(root)


def with_packages(root: Path) -> Path:
    """Make a folder of contracts a checkout."""
    shutil.copy(ROOT / "pyproject.toml", root)
    (root / "node_modules").symlink_to(ROOT / "node_modules")
    return root


@pytest.mark.parametrize("name", NAMES)
def test_every_artifact_is_fresh(name: str) -> None:
    """Each loads, and is named as its file."""
    assert artifacts.load(name).contract_name == name


def test_nothing_is_left_to_build() -> None:
    """Every contract of `contracts/` has its artifact."""
    assert NAMES
    assert artifacts.build() == []


@pytest.mark.apart
@pytest.mark.usefixtures("compiled_anew")
def test_the_same_sources_give_the_same_bytes(small: Path, built: Path) -> None:
    """A build in another folder writes the same files, and none names its folder."""
    written = {path.name: path.read_bytes() for path in artifacts.build(small)}
    assert written == {name: (built / FOLDER / name).read_bytes() for name in written}
    assert len(written) == 3
    assert not any(str(root).encode() in content for root in (small, built) for content in written.values())


@pytest.mark.random
@pytest.mark.usefixtures("compiled_anew")
@pytest.mark.skipif(SEED is None, reason="seventeen seconds of compiling: scripts/assure builds every contract anew")
def test_a_build_from_nothing_gives_these_artifacts(checkout: Path) -> None:
    """A rebuild from nothing, in another folder, writes the files this checkout has."""
    shutil.rmtree(checkout / FOLDER)
    artifacts.build(checkout)
    files = {path.name: path.read_bytes() for path in (checkout / FOLDER).iterdir()}
    assert files == {path.name: path.read_bytes() for path in (ROOT / FOLDER).iterdir()}
    assert not any(str(checkout).encode() in content for content in files.values())


def test_a_changed_byte_makes_an_artifact_stale(checkout: Path) -> None:
    """The refusal names the contract, the file and the command that mends it; exit code 3."""
    name = next(name for name in NAMES if len(artifacts.load(name).sources) > 1)
    unit = next(unit for unit in artifacts.load(name).sources if unit.startswith("contracts/"))
    with (checkout / unit).open("ab") as file:
        file.write(b" ")
    with pytest.raises(ArtifactError, match=f"{name} is stale, {unit} has changed: run scripts/bootstrap") as caught:
        artifacts.load(name, checkout)
    assert caught.value.exit_code == 3


def test_a_vanished_source_makes_an_artifact_stale(small_built: Path) -> None:
    """An interface that is gone is named."""
    (small_built / "contracts/ICount.sol").unlink()
    with pytest.raises(ArtifactError, match=r"Count is stale, contracts/ICount\.sol is gone"):
        artifacts.load("Count", small_built)


def test_other_settings_make_an_artifact_stale(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was compiled for another EVM is not deployed."""
    monkeypatch.setattr(compiler, "SETTINGS", {**compiler.SETTINGS, "evmVersion": "cancun"})
    with pytest.raises(ArtifactError, match="version or settings have changed"):
        artifacts.load(NAMES[0], checkout)


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "no artifact of"), ("{", "is not JSON"), ('{"format": "pysettle.artifact/0"}', "not of the format")],
)
def test_an_unreadable_artifact_is_refused(checkout: Path, content: str | None, told: str) -> None:
    """Missing, cut short or of another format: each says so, and what to run."""
    file = checkout / FOLDER / f"{NAMES[0]}.json"
    file.unlink() if content is None else file.write_text(content)
    with pytest.raises(ArtifactError, match=f"{told}.*scripts/bootstrap"):
        artifacts.load(NAMES[0], checkout)


def test_an_installed_package_needs_no_sources(checkout: Path) -> None:
    """Without sources beside the package there is nothing to be stale against; what is missing means a reinstall."""
    shutil.rmtree(checkout / "contracts")
    assert artifacts.load(NAMES[0], checkout) == artifacts.load(NAMES[0])
    with pytest.raises(ArtifactError, match="reinstall pysettle"):
        artifacts.load("Unheard", checkout)


def test_an_artifact_holds_what_is_promised(built: Path) -> None:
    """Code, immutables, storage and the NatSpec of interfaces."""
    count, interface = artifacts.load("Count", built), artifacts.load("ICount", built)
    assert count.source_path == "contracts/Count.sol"
    assert set(count.sources) == {"contracts/Count.sol", "contracts/ICount.sol"}
    assert set(interface.sources) == {"contracts/ICount.sol"}
    assert count.runtime_bytecode in count.bytecode
    (places,) = count.immutable_references.values()
    assert list(count.immutable_references) == ["limit"]
    assert {count.runtime_bytecode[at : at + length] for at, length in places} == {bytes(32)}
    code = count.deployed_code({"limit": b"\1"})
    assert {code[at : at + length] for at, length in places} == {(1).to_bytes(32, "big")}
    assert count.is_code_of(code)
    assert [slot["label"] for slot in count.storage_layout["storage"]] == ["_count"]
    assert interface.bytecode == b""
    assert interface.user_doc["notice"] == "Counts."
    assert interface.dev_doc["methods"]["count()"]["custom:invariant"] == "INV-X"
    assert count.compiler_version.startswith(compiler.SOLC_VERSION)


def test_a_build_writes_only_what_changed(small_built: Path) -> None:
    """A second build writes nothing; one after a deletion, a change or damage mends exactly that."""
    small, folder = small_built, small_built / FOLDER
    assert artifacts.build(small) == []
    (folder / "ICount.json").unlink()
    assert artifacts.build(small) == [folder / "ICount.json"]
    (folder / "Count.json").write_text("{}")
    assert artifacts.build(small) == [folder / "Count.json"]
    (folder / INDEX_FILE).unlink()
    assert artifacts.build(small) == []
    (small / "contracts/Count.sol").unlink()
    assert artifacts.build(small) == [folder / "build-input.json"]
    assert not (folder / "Count.json").exists()


@pytest.mark.apart
def test_one_column_can_be_built_alone(small_built: Path) -> None:
    """Its artifacts are written beside those that stand, and the whole input; the next build compiles all."""
    small = small_built
    before = {path: path.read_bytes() for path in (small / FOLDER).iterdir()}
    (small / "contracts/more").mkdir()
    (small / "contracts/more/More.sol").write_text(
        SMALL + 'import {Count} from "../Count.sol";\ncontract More is Count {}'
    )
    source_input, index = small / FOLDER / artifacts.INPUT_FILE, small / FOLDER / artifacts.INDEX_FILE
    assert artifacts.build_column("more", small) == [small / FOLDER / "More.json", source_input]
    assert artifacts.build_column("more", small) == []
    assert {path for path, content in before.items() if path.read_bytes() != content} == {source_input}
    assert "contracts/more/More.sol" in json.loads(source_input.read_bytes())["sources"]
    more = artifacts.load("More", small)
    assert set(more.sources) == {f"contracts/{name}.sol" for name in ("Count", "ICount", "more/More")}
    assert "More.json" not in json.loads(index.read_bytes())["files"]
    artifacts.build(small)
    assert "More.json" in json.loads(index.read_bytes())["files"]
    assert artifacts.load("More", small).bytecode == more.bytecode


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("contract ICount {}", "two contracts are named ICount"),
        ("library L { function f() external {} }\ncontract C { function g() external { L.f(); } }", "C needs linking"),
    ],
)
def test_what_cannot_be_an_artifact_is_refused(small: Path, source: str, told: str) -> None:
    """Names are unique, and nothing is linked."""
    (small / "contracts/More.sol").write_text(SMALL + source)
    with pytest.raises(ArtifactError, match=told):
        artifacts.build(small)


def test_warnings_on_our_sources_are_told(small: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A warning of solc reaches whoever builds."""
    (small / "contracts/More.sol").write_text(SMALL + "contract C { function f() external { uint256 unused; } }")
    with caplog.at_level(logging.WARNING):
        artifacts.build(small)
    assert "Unused local variable" in caplog.text


def test_the_build_can_be_repeated_from_its_input() -> None:
    """The package carries the standard JSON input, and it is that of the sources."""
    stored = json.loads((ROOT / FOLDER / artifacts.INPUT_FILE).read_bytes())
    assert stored == compiler.standard_input(ROOT)
