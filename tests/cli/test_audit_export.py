"""`pysettle audit export`: a workspace's chain as a bundle, without changing the workspace or holding anybody up."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from pysettle.audit.bundle import Bundle
from pysettle.audit.extract import export_bundle
from pysettle.domain.channel.contracts import DEPOSIT_COLLECTOR
from pysettle.domain.compute.contracts import COMPUTE_TOKEN, SERIES_FACTORY
from pysettle.domain.money.contracts import CURRENCY_TOKEN, NETWORK_ACCESS
from pysettle.workspace.directory import Workspace
from tests.audit import forge
from tests.cli.running import ComputeTown, Town, invoke


def files(folder: Path) -> dict[str, str]:
    """Return the hash of each file of a workspace; SQLite's own beside a file that was read are left out."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".sqlite-shm", ".sqlite-wal"))
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in paths}


def test_a_market_is_exported_and_verified(compute_town: ComputeTown, tmp_path: Path) -> None:
    """A sale in a shell's own commands becomes a bundle whose books are proven; every series is listed."""
    compute_town.say("market buy --series DSV4 --tokens 10000000 --by alice")
    (compute_town.directory / "lists.sqlite").unlink()
    before = files(compute_town.directory)
    text = compute_town.say(f"audit export --out {tmp_path / 'bundle'}")
    assert files(compute_town.directory) == before
    head = compute_town.block()
    assert text.startswith(f"Exported blocks 0 to {head} of chain 31337 to {tmp_path / 'bundle'}; ")
    listed = Bundle.read(tmp_path / "bundle").manifest.contracts
    assert (len(listed[COMPUTE_TOKEN]), len(listed[SERIES_FACTORY]), len(listed[DEPOSIT_COLLECTOR])) == (2, 1, 1)
    verified = json.loads(invoke("audit", "verify", str(tmp_path / "bundle"), "--json").stdout)
    assert (verified["level"], verified["checks"]["L"], verified["blocks"]) == ("S", "passed", head)


def test_a_level_is_asked_for(compute_town: ComputeTown, tmp_path: Path) -> None:
    """`--level R` executes nothing and says so; what could not be had is no pass, and the line on stderr names it."""
    compute_town.say(f"audit export --out {tmp_path / 'bundle'}")
    less = invoke("audit", "verify", str(tmp_path / "bundle"), "--level", "R")
    assert (less.exit_code, "PASSED, level R; asked for R" in less.stdout) == (0, True)
    forge.without_genesis(tmp_path / "bundle")
    result = invoke("audit", "verify", str(tmp_path / "bundle"), "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["passed"], found["level"], found["findings"]) == (7, False, "R", [])
    assert (found["checks"]["S"], found["reasons"]["S"]) == ("could not be had", "the bundle has no genesis.json")
    assert "S: the bundle has no genesis.json" in result.stderr


def test_the_document_tells_the_head(town: Town, tmp_path: Path) -> None:
    """`--json` tells where the bundle is and which block it ends with; every currency is listed."""
    document = town.tell(f"audit export --out {tmp_path / 'bundle'}")
    manifest = Bundle.read(tmp_path / "bundle").manifest
    assert document == {
        "bundle": str(tmp_path / "bundle"),
        "chain_id": "31337",
        "last_block": str(len(manifest.hashes) - 1),
        "head_hash": "0x" + manifest.hashes[-1].hex(),
        "head_state_root": "0x" + manifest.head_state_root.hex(),
        "contracts": str(len(manifest.contracts.addresses())),
    }
    assert len(manifest.contracts[CURRENCY_TOKEN]) == len(manifest.contracts[NETWORK_ACCESS]) == 2
    deployed = json.loads((town.directory / "deployment.json").read_bytes())["contracts"].values()
    assert {bytes.fromhex(it["address"][2:]) for it in deployed} == manifest.contracts.addresses()
    assert {manifest.labels[it] for it in manifest.labels} >= {"alice", "bank", "阿丽丝"}


def test_a_workspace_without_a_network_is_exported(tmp_path: Path) -> None:
    """Before the network is deployed the chain is a history without listed contracts."""
    town = Town(tmp_path / "town")
    assert invoke("init", str(town.directory)).exit_code == 0
    assert "0 contracts are listed" in town.say(f"audit export --out {tmp_path / 'bundle'}")
    assert invoke("audit", "verify", str(tmp_path / "bundle")).exit_code == 0


@pytest.fixture
def while_exporting(town: Town, tmp_path: Path) -> Town:
    """Transfer money after the first block of an export, whose bundle is then in `bundle`; return the workspace."""
    workspace, written = Workspace.open(town.directory), []

    def write(did: int, _total: int) -> None:
        if did == 1:
            written.append(town.say("token transfer --from alice --to bob --amount 12.5"))

    with workspace.embedded_chain() as chain:
        export_bundle(chain, tmp_path / "bundle", workspace.listed_contracts(chain), on_progress=write)
    assert len(written) == 1
    return town


def test_a_writer_goes_on_meanwhile(while_exporting: Town, tmp_path: Path) -> None:
    """A block that is sealed during an export is kept, and is not in the bundle, which is whole without it."""
    head = int(while_exporting.tell("time show")["block"])
    assert len(Bundle.read(tmp_path / "bundle").manifest.hashes) == head
    assert invoke("audit", "verify", str(tmp_path / "bundle")).exit_code == 0
    assert "12.50" in while_exporting.say("token balance --account bob")


def test_an_export_while_somebody_has_the_chain_open_to_write(town: Town, tmp_path: Path) -> None:
    """Who holds the lock to write does not hold an export up."""
    with Workspace.open(town.directory).chain(write=True):
        town.say(f"audit export --out {tmp_path / 'bundle'}")


def test_what_is_no_bundle_is_refused(town: Town) -> None:
    """A directory that holds something else, here the workspace itself, stays as it is."""
    before = files(town.directory)
    town.refuse(f"audit export --out {town.directory}", 2, "no bundle")
    assert files(town.directory) == before
