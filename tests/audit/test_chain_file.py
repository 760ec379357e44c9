"""Chain files of any Ethereum network: forks by block and time, independent engines, and files that are refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pysettle.audit.bundle import CHAIN_FILE, GENESIS_FILE, Bundle
from pysettle.audit.chain_file import verify_chain_file
from pysettle.audit.encoding import read_items
from pysettle.audit.report import Check, Outcome
from tests.audit import forge
from tests.cli.running import invoke


def files(name: str) -> tuple[Path, Path]:
    """Return genesis and blocks of a chain that nobody here made."""
    folder = Path(os.environ["PYSETTLE_CHAINS_DIR"], name)
    return folder / GENESIS_FILE, folder / CHAIN_FILE


def first_blocks(chain: Path, count: int, directory: Path) -> Path:
    """Write the first blocks of a chain file to a file of their own."""
    with chain.open("rb") as stream:
        items = read_items(stream, chain.stat().st_size)
        cut = directory / "blocks.rlp"
        cut.write_bytes(b"".join(raw for raw, _ in zip(items, range(count), strict=False)))
    return cut


def of_bundle(bundle: Bundle) -> tuple[Path, Path]:
    """Return the two files of a bundle that make a chain file."""
    return bundle.directory / GENESIS_FILE, bundle.directory / CHAIN_FILE


@pytest.mark.foreign_chain
def test_every_fork_up_to_prague_is_executed_and_osaka_is_refused() -> None:
    """Blocks 1 to 47, Homestead to Prague, have equal fields; block 48 is refused by the name of its fork."""
    genesis, blocks = map(str, files("execution-apis"))
    result = invoke("audit", "verify", "--genesis", genesis, "--blocks", blocks, "--json")
    assert result.exit_code == 7
    document = json.loads(result.stdout)
    assert document["checks"] == {
        **dict.fromkeys("FPXGL", "not asked"),
        **dict.fromkeys("HR", "passed"),
        "S": "could not be had",
    }
    assert document["reasons"]["S"].startswith(
        "block 48 is of Osaka, a fork after Prague; blocks 1 to 47 are re-executed"
    )
    assert document["findings"] == []


@pytest.mark.foreign_chain
@pytest.mark.engines
def test_engines_agree_from_fork_to_fork(tmp_path: Path) -> None:
    """All engines agree on the first blocks of geth's chain, across two forks by time: Shanghai, Cancun, Prague."""
    genesis, chain = files("geth-ethtest")
    report = verify_chain_file(genesis, first_blocks(chain, 30, tmp_path), level="X")
    assert (report.passed, report.level, report.blocks) == (True, "X", 30)
    assert "            not checked: seals of work\n" in report.to_text()
    assert all(answer == "agrees" or "not installed" in answer for answer in report.answers.values())


@pytest.mark.foreign_chain
@pytest.mark.engines
@pytest.mark.geth
def test_two_engines_agree_where_the_specification_has_no_rules(tmp_path: Path) -> None:
    """Homestead to Prague reach X by ethereumjs and geth; EELS says that it has no rules for Constantinople."""
    genesis, chain = files("execution-apis")
    report = verify_chain_file(genesis, first_blocks(chain, 47, tmp_path), level="X")
    assert (report.passed, report.level, report.blocks) == (True, "X", 47)
    eels, *others = report.answers.values()
    assert "of Constantinople before Petersburg" in eels
    assert others == ["agrees", "agrees"]


@pytest.mark.foreign_chain
def test_a_changed_block_of_an_old_fork_is_named(tmp_path: Path) -> None:
    """Another difficulty, state root or gas in a header of Homestead is found at its block, by its field."""
    genesis, chain = files("execution-apis")
    with chain.open("rb") as stream:
        raw = list(read_items(stream, chain.stat().st_size))
    mistakes = {forge.DIFFICULTY: "difficulty", forge.STATE_ROOT: "state_root", forge.GAS_USED: "gas_used"}
    for place, name in mistakes.items():
        blocks = tmp_path / name
        value = b"\1" * 32 if place == forge.STATE_ROOT else b"\1"
        blocks.write_bytes(b"".join(forge.reseal(raw[:4], 2, {place: value})))
        report = verify_chain_file(genesis, blocks)
        assert report.first_divergence is not None
        assert (report.first_divergence.block, report.level) == (2, "R")
        assert name in report.first_divergence.finding.detail


def test_a_bundle_is_a_chain_file_too(golden_bundle: Bundle) -> None:
    """Genesis and chain of a bundle verify without its manifest, to the same head."""
    report = verify_chain_file(*of_bundle(golden_bundle))
    assert (report.passed, report.level) == (True, "S")
    assert report.head_hash == golden_bundle.manifest.hashes[-1]
    assert (report.checks[Check.FILES], report.checks[Check.LEDGER]) == (Outcome.NOT_ASKED, Outcome.NOT_ASKED)


def test_blocks_that_are_no_blocks_fail_headers(golden_bundle: Bundle, tmp_path: Path) -> None:
    """Bytes that are no block are told of by the place where they begin, and S could not be had."""
    genesis, chain = of_bundle(golden_bundle)
    blocks = tmp_path / "blocks"
    blocks.write_bytes(chain.read_bytes() + b"\xc1\xc0")
    report = verify_chain_file(genesis, blocks)
    assert report.first_divergence is not None
    assert f"it begins at byte {chain.stat().st_size} of the blocks" in report.first_divergence.finding.detail
    assert report.reasons[Check.EXECUTION] == "it needs H"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"clique": {"period": 1}}, "config.clique: a chain sealed by authority"),
        ({"daoForkBlock": 3}, "config.daoForkBlock"),
        ({"depositContractAddress": "0x01"}, "config.depositContractAddress: deposits are not supported"),
        ({"blobSchedule": {"prague": {"max": 12}}}, "config.blobSchedule.prague is not that of Ethereum"),
        ({"bpo1Time": 0}, "block 0 is of Bpo1, a fork after Prague"),
    ],
)
def test_rules_that_are_not_supported_are_named(
    change: dict[str, object], reason: str, golden_bundle: Bundle, tmp_path: Path
) -> None:
    """A genesis of other rules is refused by the name of its setting, at block 0."""
    genesis, blocks = of_bundle(golden_bundle)
    document = json.loads(genesis.read_text())
    document["config"].update(change)
    other = tmp_path / "genesis.json"
    other.write_text(json.dumps(document))
    report = verify_chain_file(other, blocks)
    assert (report.passed, report.level) == (False, "R")
    assert [it.block for it in report.divergences] == [0]
    assert reason in report.findings[0].detail


def test_one_history_is_named(golden_bundle: Bundle) -> None:
    """A bundle and a chain file at once, or half of one, are wrong usage."""
    genesis, blocks = map(str, of_bundle(golden_bundle))
    for options in (
        (),
        ("--genesis", genesis),
        (str(golden_bundle.directory), "--genesis", genesis, "--blocks", blocks),
    ):
        result = invoke("audit", "verify", *options)
        assert result.exit_code == 2
        assert "name a BUNDLE, or --genesis and --blocks of a chain file" in result.stderr
    result = invoke("audit", "verify", "--genesis", genesis, "--blocks", blocks, "--recompile")
    assert "a chain file lists no contract" in result.stderr
