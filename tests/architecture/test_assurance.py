"""The assurance of the contracts: what it compiles is what is deployed, and what it leaves out has a reason."""

from __future__ import annotations

import json
import re
import tomllib

import pytest
from eth_utils import decode_hex, encode_hex, keccak

from pysettle.evm import artifacts, compiler
from pysettle.evm.artifacts import ROOT
from pysettle.evm.compiler import source_file
from tests.columns import booked
from tests.mutation.survivors import explained, plain

DOCUMENT = (ROOT / "docs/assurance.md").read_text()
BUILT = ROOT / "build/forge/out"


def test_forge_compiles_with_the_settings_of_the_package() -> None:
    """`foundry.toml` says in its own words what `compiler.SETTINGS` says."""
    forge = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    assert {
        "evmVersion": forge["evm_version"],
        "viaIR": forge["via_ir"],
        "optimizer": {"enabled": forge["optimizer"], "runs": forge["optimizer_runs"]},
        "metadata": {"bytecodeHash": forge["bytecode_hash"]},
    } == compiler.SETTINGS


@pytest.mark.apart
def test_forge_has_what_compiles() -> None:
    """What only `scripts/assure` runs is of these contracts: what is renamed in them is renamed there."""
    given = compiler.standard_input(ROOT, "tests/forge")
    assert "contracts/money/CurrencyToken.sol" in given["sources"]
    # Types are checked without any output, which would take minutes.
    given["settings"]["outputSelection"] = {}
    compiler.compile_standard_json(given, ROOT)


@pytest.mark.parametrize("name", booked())
def test_forge_builds_the_code_that_is_deployed(name: str) -> None:
    """Where forge has built these sources, its code is the artifact's to the byte; `scripts/assure` asks this too."""
    artifact = BUILT / f"{name}.sol/{name}.json"
    if not artifact.is_file():
        pytest.skip("scripts/assure has not run here")
    built = json.loads(artifact.read_bytes())
    sources = {
        source_file(ROOT, unit.removeprefix("node_modules/")): told
        for unit, told in built["metadata"]["sources"].items()
    }
    if any(encode_hex(keccak(file.read_bytes())) != told["keccak256"] for file, told in sources.items()):
        pytest.skip("scripts/assure has not run since the contract changed")
    assert decode_hex(built["bytecode"]["object"]) == artifacts.load(name).bytecode


def test_every_finding_left_out_is_explained() -> None:
    """Each detector of slither that is excluded, or disabled at a place, has a row that says why."""
    excluded = json.loads((ROOT / "slither.config.json").read_bytes())["detectors_to_exclude"].split(",")
    sources = [path.read_text() for path in (ROOT / "contracts").rglob("*.sol")]
    places = [place for source in sources for place in re.findall(r"slither-disable-next-line (\S+)", source)]
    disabled = [name for place in places for name in place.split(",")]
    assert not any(re.search(r"slither-disable-(?!next-line)", source) for source in sources), "one place at a time"
    explained = set(re.findall(r"^\| `([a-z0-9-]+)` \|", DOCUMENT, re.MULTILINE))
    assert explained == {*excluded, *disabled}


def test_every_survivor_is_of_its_contract() -> None:
    """A mutant that no test can kill is explained for one source, which still has the text that it changes."""
    for survivor, why in explained().items():
        source = ROOT / survivor.contract
        assert source.is_file(), survivor.contract
        assert survivor.old in plain(source.read_text()), survivor
        assert survivor.old != survivor.new, survivor
        assert why, survivor
