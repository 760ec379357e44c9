"""The bundle: written whole, read strictly, the same bytes for the same chain."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pysettle import __version__
from pysettle.audit.bundle import (
    CHAIN_FILE,
    CHAIN_FILES,
    CONTRACT_FILES,
    GENESIS_FILE,
    MANIFEST_FILE,
    Bundle,
    Manifest,
    Reading,
    Source,
    json_bytes,
)
from pysettle.audit.extract import export_bundle
from pysettle.domain.catalogue import kinds
from pysettle.domain.channel.contracts import CHANNEL_HUB, USAGE_METER
from pysettle.domain.compute.contracts import COMPUTE_TOKEN, SeriesPricing
from pysettle.domain.compute.usage import Meters, RateCard
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.money.contracts import CURRENCY_TOKEN, ISSUANCE_DESK, CurrencyTerms
from pysettle.errors import BundleError, UsageError
from pysettle.evm import artifacts
from pysettle.evm.embedded import EmbeddedChain
from pysettle.pins.files import INTERFACES_FILE, SOURCES_FILE
from tests.evm.accounts import genesis

FILES = {GENESIS_FILE, MANIFEST_FILE, *CHAIN_FILES}
CONTRACTS = Contracts(
    {
        CURRENCY_TOKEN: {b"\1" * 20: None, b"\2" * 20: None},
        ISSUANCE_DESK: {b"\6" * 20: CurrencyTerms(b"\1" * 20), b"\7" * 20: CurrencyTerms(b"\2" * 20)},
        COMPUTE_TOKEN: {b"\3" * 20: SeriesPricing(b"\1" * 20, 2**63, RateCard(Meters(1, 30, 90), Meters(2, 60, 180)))},
        CHANNEL_HUB: {b"\4" * 20: None},
        USAGE_METER: {b"\5" * 20: None},
    }
)


def test_what_was_written_is_read(small_chain: EmbeddedChain, tmp_path: Path) -> None:
    """A bundle read back has the manifest that was written, contracts included, and the chain's own bytes."""
    labels = {b"\1" * 20: "issuer", b"\2" * 20: "阿丽丝"}
    written = export_bundle(small_chain, tmp_path / "bundle", CONTRACTS, labels=labels)
    read = Bundle.read(tmp_path / "bundle")
    assert read.manifest.labels == labels
    assert read.manifest.source == Source(Reading.FILE, f"pysettle/{__version__}")
    assert read.manifest == written.manifest
    assert read.manifest.contracts == CONTRACTS
    assert read.manifest.hashes == tuple(small_chain.block(number).hash for number in range(5))
    assert read.read_file(CHAIN_FILE) == b"".join(small_chain.blocks_rlp())
    assert read.read_file(GENESIS_FILE) == small_chain.genesis.to_bytes()


def test_two_exports_are_equal(small_chain: EmbeddedChain, tmp_path: Path) -> None:
    """The same chain gives the same bytes, whatever order its contracts are named in."""
    for name in ("one", "two"):
        export_bundle(small_chain, tmp_path / name, CONTRACTS)
    for name in FILES | CONTRACT_FILES:
        content = (tmp_path / "one" / name).read_bytes()
        assert content == (tmp_path / "two" / name).read_bytes()
        assert name in CHAIN_FILES or content.endswith(b"}\n")


def test_the_files_of_contracts_say_how_they_were_built(small_chain: EmbeddedChain, tmp_path: Path) -> None:
    """Where contracts are listed, their sources, ABIs and layouts are in the bundle, as they were compiled."""
    bundle = export_bundle(small_chain, tmp_path / "bundle", CONTRACTS)
    sources = json.loads(bundle.read_file(SOURCES_FILE))
    assert sources == json.loads((artifacts.ROOT / artifacts.FOLDER / artifacts.INPUT_FILE).read_bytes())
    interfaces = json.loads(bundle.read_file(INTERFACES_FILE))
    assert set(interfaces["contracts"]) == {kind.name for kind in kinds()}
    token, built = interfaces["contracts"]["CurrencyToken"], artifacts.load("CurrencyToken")
    assert token == {"source": built.source_path, "abi": list(built.abi), "storage_layout": built.storage_layout}
    assert interfaces["compiler"] == built.compiler_version
    assert token["source"] in sources["sources"]


def test_a_chain_without_blocks_has_a_bundle(tmp_path: Path) -> None:
    """A genesis alone is a history too."""
    bundle = export_bundle(EmbeddedChain(genesis()), tmp_path / "bundle")
    assert len(bundle.manifest.hashes) == 1


def test_an_older_bundle_is_replaced_whole(golden_bundle: Bundle, small_chain: EmbeddedChain, tmp_path: Path) -> None:
    """A second export takes the place of the first, and leaves nothing beside it."""
    target = tmp_path / "bundle"
    export_bundle(EmbeddedChain(genesis()), target)
    export_bundle(small_chain, target)
    assert Bundle.read(target).manifest == golden_bundle.manifest
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    assert {path.name for path in target.iterdir()} == FILES


@pytest.mark.parametrize("with_bundle", [False, True])
def test_what_is_no_bundle_is_left_alone(small_chain: EmbeddedChain, tmp_path: Path, with_bundle: bool) -> None:
    """A directory with a file of somebody's own is refused, even beside a bundle, and keeps its files."""
    target = tmp_path / "bundle"
    if with_bundle:
        export_bundle(small_chain, target)
    target.mkdir(exist_ok=True)
    (target / "thesis.txt").write_text("mine")
    before = {path.name for path in target.iterdir()}
    with pytest.raises(UsageError, match="no bundle"):
        export_bundle(small_chain, target)
    assert {path.name for path in target.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_an_empty_directory_is_used_and_a_file_is_not(small_chain: EmbeddedChain, tmp_path: Path) -> None:
    """An empty directory may become the bundle; a file in its place stays."""
    (tmp_path / "empty").mkdir()
    export_bundle(small_chain, tmp_path / "empty")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError):
        export_bundle(small_chain, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_failed_move_puts_the_older_bundle_back(
    small_chain: EmbeddedChain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the new bundle cannot be moved into place, the older one is where it was."""
    target = tmp_path / "bundle"
    older = export_bundle(EmbeddedChain(genesis()), target)
    rename = Path.rename

    def refuse_new(self: Path, to: Path) -> Path:
        if self.name == "new":
            raise OSError("no")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", refuse_new)
    with pytest.raises(BundleError, match="cannot be written"):
        export_bundle(small_chain, target)
    assert Bundle.read(target).manifest == older.manifest
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_without_a_manifest_there_is_no_bundle(tmp_path: Path) -> None:
    """A missing directory, a missing manifest and a manifest that is a link are one kind of error."""
    with pytest.raises(BundleError, match="manifest"):
        Bundle.read(tmp_path / "nowhere")
    with pytest.raises(BundleError, match="manifest"):
        Bundle.read(tmp_path)
    (tmp_path / "elsewhere.json").write_text("{}")
    for target in ("/dev/zero", tmp_path / "elsewhere.json"):
        (tmp_path / MANIFEST_FILE).symlink_to(target)
        with pytest.raises(BundleError, match="regular file"):
            Bundle.read(tmp_path)
        (tmp_path / MANIFEST_FILE).unlink()


def _set(*path: str | int, to: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = to

    return change


CHANGES = {
    "unknown version": _set("schema", to="pysettle.bundle/3"),
    "older version": _set("schema", to="pysettle.bundle/1"),
    "no version": lambda document: document.pop("schema"),
    "missing field": lambda document: document.pop("blocks"),
    "unknown field": _set("extra", to=1),
    "no simulation": _set("simulation", to=False),
    "other fork": _set("fork", to="osaka"),
    "chain id as number": _set("chain_id", to=1337),
    "negative chain id": _set("chain_id", to="-1"),
    "chain id in other digits": _set("chain_id", to="\u0661"),
    "chain id beyond 256 bits": _set("chain_id", to="9" * 78),
    "first block": _set("blocks", "first", to=1),
    "boolean": _set("blocks", "first", to=False),
    "last block": _set("blocks", "last", to=9),
    "no hashes": _set("blocks", to={"first": 0, "last": -1, "hashes": []}),
    "short hash": _set("blocks", "hashes", 1, to="0x12"),
    "upper-case hash": _set("blocks", "hashes", 1, to="0x" + "AB" * 32),
    "hash of another type": _set("blocks", "hashes", 1, to=12),
    "path out of the bundle": _set("files", "../../etc/passwd", to={"sha256": "00" * 32, "bytes": 1}),
    "missing file entry": lambda document: document["files"].pop(CHAIN_FILE),
    "size as text": _set("files", CHAIN_FILE, "bytes", to="12"),
    "negative size": _set("files", CHAIN_FILE, "bytes", to=-1),
    "digest of another type": _set("files", CHAIN_FILE, "sha256", to=None),
    "no files of contracts": lambda document: [document["files"].pop(name) for name in CONTRACT_FILES],
    "no contracts of files": _set("contracts", to=[]),
    "reading of another kind": _set("source", "reading", to="heard"),
    "producer of two lines": _set("source", "producer", to="geth\nforged"),
    "label of no account": _set("labels", to={"alice": "alice"}),
    "empty label": _set("labels", to={"0x" + "07" * 20: ""}),
    "label that steers a terminal": _set("labels", to={"0x" + "07" * 20: "\x1b[2J"}),
    "labels of another type": _set("labels", to=[]),
    "contracts of another type": _set("contracts", to={}),
    "unknown contract": _set("contracts", 0, "name", to="Ponzi"),
    "contract twice": lambda document: document["contracts"].append(document["contracts"][0]),
    "series of no listed currency": _set("contracts", 4, "currency", to="0x" + "07" * 20),
    "rate beyond 32 bits": _set("contracts", 4, "rate_card", "peak", to=["1", "2", str(2**32)]),
    "two rates": _set("contracts", 4, "rate_card", "peak", to=["1", "2"]),
    "currency without a desk": lambda document: document["contracts"].pop(2),
    "two desks of a currency": _set("contracts", 3, "currency", to="0x" + "01" * 20),
    "contract of another type": _set("contracts", 0, to="x"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_manifest_of_another_form_is_refused(
    small_chain: EmbeddedChain, tmp_path: Path, change: Callable[[Any], None]
) -> None:
    """Each departure from the form is a `BundleError` that says what to do."""
    document = json.loads(export_bundle(small_chain, tmp_path / "bundle", CONTRACTS).manifest.to_bytes())
    change(document)
    with pytest.raises(BundleError, match=r"export the bundle again|verify it with the version") as refused:
        Manifest.from_bytes(json_bytes(document))
    assert "other bytes" not in str(refused.value)


def test_a_manifest_in_other_bytes_is_refused(small_chain: EmbeddedChain, tmp_path: Path) -> None:
    """A manifest has one form: other spaces, another order or other escapes of the same are refused."""
    content = export_bundle(small_chain, tmp_path / "bundle", CONTRACTS).manifest.to_bytes()
    document = json.loads(content)
    assert Manifest.from_bytes(content).to_bytes() == content
    for other in (
        content + b"\n",
        json.dumps(document, sort_keys=True).encode(),
        json.dumps(dict(reversed(document.items())), indent=2).encode() + b"\n",
        content.replace(b'"prague"', b'"\\u0070rague"'),
        json_bytes({**document, "contracts": document["contracts"][::-1]}),
    ):
        with pytest.raises(BundleError, match="other bytes"):
            Manifest.from_bytes(other)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"\xff\xfe", b"{" * 100_000, b'{"schema": ' + b"9" * 9999])
def test_what_is_no_json_object_is_refused(content: bytes) -> None:
    """Bytes that are no manifest at all are a `BundleError`."""
    with pytest.raises(BundleError):
        Manifest.from_bytes(content)
