"""`pysettle audit export`: a workspace's chain as a bundle, without changing the workspace or holding anybody up."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from pysettle.audit.bundle import Bundle, Reading
from pysettle.audit.extract import export_bundle
from pysettle.domain.channel.contracts import DEPOSIT_COLLECTOR
from pysettle.domain.compute.contracts import COMPUTE_TOKEN, SERIES_FACTORY
from pysettle.domain.money.contracts import CURRENCY_TOKEN, NETWORK_ACCESS
from pysettle.workspace.directory import Workspace
from tests.audit import forge
from tests.cli.running import ComputeTown, Town, invoke
from tests.evm.accounts import genesis
from tests.evm.anvil import anvil
from tests.node.process import node


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
    assert (verified["level"], verified["checks"]["L"], verified["block_count"]) == ("S", "passed", head)


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
        "contract_count": str(len(manifest.contracts.addresses())),
        "genesis": True,
        "proofs": False,
        "source": {"reading": "file", "producer": manifest.source.producer},
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
        export_bundle(
            chain, tmp_path / "bundle", lambda last: workspace.listed_contracts(chain, last), on_progress=write
        )
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


def test_the_node_of_a_workspace_gives_the_same_files(compute_town: ComputeTown, tmp_path: Path) -> None:
    """From the file and from `pysettle node` that serves it, the files are equal; the manifest has other claims."""
    file, network = tmp_path / "file", tmp_path / "network"
    compute_town.say(f"audit export --out {file}")
    deployment = compute_town.directory / "deployment.json"
    with node("--workspace", str(compute_town.directory)) as url:
        options = ("audit", "export", "--chain", url, "--deployment", str(deployment), "--out", str(network))
        result = invoke(*options)
        assert result.exit_code == 0, result.output
        # A workspace around the folder one is in is of no account here.
        assert invoke(*options, workspace=compute_town.directory).exit_code == 0
        compute_town.say(f"audit export --out {tmp_path / 'beside-a-node'}")
    for name in Bundle.read(file).manifest.files:
        assert (file / name).read_bytes() == (network / name).read_bytes(), name
    ours, theirs = (Bundle.read(it).manifest for it in (file, network))
    assert replace(theirs, source=ours.source, labels=ours.labels) == ours
    assert (ours.source.reading, theirs.source.reading) == (Reading.FILE, Reading.RAW)
    assert invoke("audit", "verify", str(network)).exit_code == 0


def test_a_network_is_named_by_a_node_and_a_deployment(town: Town, tmp_path: Path) -> None:
    """`--deployment` without a node's URL, with a file that is none, or a genesis that is none, is refused."""
    deployment, out = town.directory / "deployment.json", tmp_path / "bundle"
    for words, code, said in (
        (["--deployment", str(deployment)], 2, "--chain URL"),
        (["--deployment", str(tmp_path / "none.json"), "--chain", "http://127.0.0.1:1"], 2, "cannot be read"),
        (["--deployment", str(deployment), "--chain", "http://127.0.0.1:1"], 4, "is the node running"),
        (["--workspace", str(town.directory), "--genesis", str(tmp_path / "none.json")], 2, "cannot be read"),
    ):
        result = invoke("audit", "export", "--out", str(out), *words)
        assert (result.exit_code, said in result.stderr) == (code, True), result.output
    assert not out.exists()


def test_a_network_on_anvil_is_exported(tmp_path: Path) -> None:
    """From anvil, which hands out JSON alone and no genesis, the bundle reaches P with its books, and not S."""
    town, bundle = Town(tmp_path / "town"), tmp_path / "bundle"
    with anvil(genesis(), tmp_path) as url:
        assert invoke("init", str(town.directory), "--chain", url).exit_code == 0
        town.say("network deploy")
        town.say("token issue --to alice --amount 100")
        town.say("token transfer --from alice --to bob --amount 12.5")
        assert "level P" in town.say(f"audit export --out {bundle}")
        live = town.tell("account statement bob")["sections"]
        assert town.tell("tx list")["transactions"][-1]["function"] == "transfer(address,uint256)"
    assert Bundle.read(bundle).manifest.source.reading is Reading.REBUILT
    report = json.loads(invoke("audit", "verify", str(bundle), "--level", "R", "--json").stdout)
    assert (report["passed"], report["checks"]["L"]) == (True, "passed")
    index = ("--bundle", str(bundle), "--index", str(tmp_path / "index.sqlite"))
    assert invoke("audit", "verify", str(bundle), "--level", "P", *index[2:]).exit_code == 0
    audited = json.loads(invoke("audit", "statement", "bob", *index, "--json").stdout)
    assert audited["level"] == "P"
    (proven,), (own,) = ([it["movements"][0] for it in sections] for sections in (audited["sections"], live))
    assert proven == own
    more = invoke("audit", "verify", str(bundle))
    assert (more.exit_code, "S: the bundle has no genesis.json" in more.stderr) == (7, True)


def test_series_of_later_blocks_are_not_listed(compute_town: ComputeTown) -> None:
    """Of a market's series those count that were opened in the blocks an auditor is told of."""
    workspace = Workspace.open(compute_town.directory)
    with workspace.embedded_chain() as chain:
        head = chain.block().number
        counts = [len(workspace.listed_contracts(chain, until)[COMPUTE_TOKEN]) for until in range(head + 1)]
    assert (counts[0], counts[-1], sorted(set(counts))) == (0, 2, [0, 1, 2])
    assert counts == sorted(counts)
