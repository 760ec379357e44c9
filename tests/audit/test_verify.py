"""Verification: an honest bundle passes, and a dishonest one is found at the block where it departs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from eth.db.trie import _make_trie_root_and_nodes
from hypothesis import given, settings
from hypothesis import strategies as st
from trie.hexary import HexaryTrie

from pysettle.audit.blocks import Unreadable, read_blocks, read_receipts
from pysettle.audit.bundle import CHAIN_FILE, CONTRACT_FILES, GENESIS_FILE, RECEIPTS_FILE, Bundle, FileEntry
from pysettle.audit.encoding import encode_list, list_items, read_items
from pysettle.audit.engines import BlockRefused, PyEvmEngine
from pysettle.audit.extract import export_bundle
from pysettle.audit.receipts import outcomes as outcomes_in
from pysettle.audit.report import Check, Outcome, Report
from pysettle.audit.state_nodes import HeadState
from pysettle.audit.verify import verify
from pysettle.domain.money.contracts import CURRENCY_TOKEN
from pysettle.errors import BundleError, UsageError
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import Genesis
from tests.audit import forge
from tests.evm.accounts import ALICE, deploy, genesis, sign, word
from tests.evm.bytecode import creation


def outcomes(report: Report) -> str:
    """Return the outcomes in the order F H R S G L: `+` passed, `!` failed, `.` could not be had, `-` not asked."""
    signs = {Outcome.PASSED: "+", Outcome.FAILED: "!", Outcome.NOT_HAD: ".", Outcome.NOT_ASKED: "-"}
    return "".join(signs[report.checks[check]] for check in map(Check, "FHRSGL"))


def first_block(report: Report) -> int | None:
    """Return the block of the first divergence; the report must have failed and name it in its text."""
    assert not report.passed
    first = report.first_divergence
    assert first is not None
    assert first.block is None or f"block {first.block}" in first.finding.subject
    assert str(first.finding) in report.to_text()
    return first.block


def test_an_honest_bundle_passes(golden_bundle: Bundle, small_chain: EmbeddedChain) -> None:
    """Every check that can run passes, every block is reported as done, and the head is the chain's."""
    seen: list[tuple[int, int]] = []
    report = verify(golden_bundle.directory, lambda done, total: seen.append((done, total)))
    head = small_chain.block()
    assert (report.passed, report.level, outcomes(report)) == (True, "S", "++++--")
    assert (report.blocks, report.transactions, report.findings) == (4, 4, ())
    assert (report.head_hash, report.head_state_root) == (head.hash, head.state_root)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_the_report_is_text_and_json(golden_bundle: Bundle) -> None:
    """Both forms of the report say that it is a simulation, and the document survives JSON."""
    report = verify(golden_bundle.directory)
    document = json.loads(json.dumps(report.to_dict()))
    assert (document["schema"], document["simulation"], document["level"]) == ("pysettle.audit/1", True, "S")
    assert document["checks"] == {check: "passed" if check in "FHRS" else "not asked" for check in "FHRPSXGL"}
    assert document["reasons"] == {
        **dict.fromkeys("PX", "level S was asked for"),
        **dict.fromkeys("GL", "no contract is listed"),
    }
    assert "simulation: PASSED, level S\n" in report.to_text()
    assert re.search(r"^  L - .*\(no contract is listed\)$", report.to_text(), re.MULTILINE)


def test_less_is_checked_where_less_is_asked_for(settlement_bundle: Bundle) -> None:
    """At R nothing is executed, the ledger is kept from the receipts, and the verdict says so; at H nor that."""
    report = verify(settlement_bundle.directory, level="R")
    assert (report.passed, report.level, outcomes(report), report.engines) == (True, "R", "+++--+", ())
    assert "PASSED, level R; asked for R\n" in report.to_text()
    assert report.to_dict()["asked"] == "R"
    assert report.to_dict()["reasons"] == dict.fromkeys("PSXG", "level R was asked for")
    assert "listed contracts: without re-execution" in report.to_dict()["not_checked"]["L"][0]
    headers = verify(settlement_bundle.directory, level="H")
    assert (headers.passed, headers.level, outcomes(headers)) == (True, "H", "++----")


def test_the_ledger_is_the_same_from_receipts(settlement_bundle: Bundle) -> None:
    """What receipts state is what execution gives, but for the transaction itself and the data of a revert."""
    content = settlement_bundle.read_file(RECEIPTS_FILE)
    receipts = read_receipts(BytesIO(content), len(content))
    engine = PyEvmEngine(settlement_bundle.read_file(GENESIS_FILE))
    for block in forge.blocks_in(settlement_bundle.read_file(CHAIN_FILE)):
        unknown = {"sender": None, "creation": None, "signed": None, "revert_data": None}
        executed = tuple(it._replace(**unknown) for it in engine.execute(block.raw))
        assert outcomes_in(next(receipts)) == executed


def test_false_events_in_receipts_are_found_without_execution(settlement_bundle: Bundle, tmp_path: Path) -> None:
    """A receipt that states another amount, with every hash and root mended, passes R and breaks the books."""
    directory = forge.with_receipt(settlement_bundle, tmp_path / "b", CURRENCY_TOKEN)
    report = verify(directory, level="R")
    assert (report.level, outcomes(report)) == ("R", "+++--!")
    assert any(it.code.startswith("INV-") for it in report.findings)
    executed = verify(directory)
    assert (executed.level, outcomes(executed)) == ("R", "+++!..")
    assert (executed.reasons[Check.CODE], executed.reasons[Check.LEDGER]) == ("it needs S", "it needs S")


def test_receipts_of_another_form_fail_the_ledger(settlement_bundle: Bundle, tmp_path: Path) -> None:
    """Bytes under a receipts root that are no receipt are a finding of L at their block, and end nothing."""
    for place, receipt in enumerate((encode_list([b"\1"]), b"\x05\xc0", b"\1", b"\2" + encode_list([b"\2"] * 4))):
        directory = forge.with_receipts(settlement_bundle, tmp_path / str(place), 3, [receipt])
        report = verify(directory, level="R")
        assert (first_block(report), outcomes(report)) == (3, "+++--!")


def test_a_bundle_without_a_genesis_reaches_r(settlement_bundle: Bundle, tmp_path: Path) -> None:
    """Where nobody could give the genesis, S could not be had, which is no pass, and the rest is checked."""
    directory = forge.copy(settlement_bundle, tmp_path / "b")
    forge.without_genesis(directory)
    report = verify(directory)
    assert (report.passed, report.level, outcomes(report), report.findings) == (False, "R", "+++..+", ())
    assert "NOT PASSED, level R\n" in report.to_text()
    assert report.missing == ("S: the bundle has no genesis.json", "G: it needs S")
    assert verify(directory, level="R").passed


def test_the_report_says_what_was_not_checked(settlement_bundle: Bundle, tmp_path: Path) -> None:
    """Below L the report names what L does not look at, in both forms; where L did not run, it says nothing of it.

    Without G it names the code too, which is believed then.
    """
    for level in ("S", "R"):
        report = verify(settlement_bundle.directory, level=level)
        text, told = report.to_text(), report.to_dict()["not_checked"]
        assert "chain's state" not in text
        assert list(told) == ["H", "L"]
        assert any("other history" in line for line in told["H"])
        assert any("no event" in line for line in told["L"])
        assert any("code" in line and "believed" in line for line in told["L"]) == (level == "R")
        assert report.checks[Check.CODE] is (Outcome.PASSED if level == "S" else Outcome.NOT_ASKED)
        assert all(f"not checked: {line}" in text for line in told["L"])
    cut = forge.copy_with_chain(settlement_bundle, tmp_path / "b", settlement_bundle.read_file(CHAIN_FILE)[:-1])
    report = verify(cut)
    assert list(report.to_dict()["not_checked"]) == ["H"]
    assert report.to_text().count("not checked") == 1


def test_a_chain_without_blocks_is_verified(tmp_path: Path) -> None:
    """A bundle of a genesis alone passes, and fails when it claims another state."""
    bundle = export_bundle(EmbeddedChain(genesis()), tmp_path / "bundle")
    report = verify(bundle.directory)
    assert (report.passed, report.head_hash) == (True, bundle.manifest.hashes[0])
    forge.write_manifest(bundle.directory, replace(bundle.manifest, head_state_root=bytes(32)))
    assert first_block(verify(bundle.directory)) == 0


# ------------------------------------------------------------------------------- changed bytes


def test_a_changed_byte_anywhere_is_named(golden_bundle: Bundle) -> None:
    """Whichever byte of the chain changes, headers or roots name the block it is in, without any file's hash."""
    chain = golden_bundle.read_file(CHAIN_FILE)
    assert forge.rungs(golden_bundle.manifest, chain) == []
    offset = 0
    for height, raw in enumerate(forge.raw_blocks(golden_bundle), start=1):
        for place in range(offset, offset + len(raw)):
            changed = bytearray(chain)
            changed[place] ^= 1 + place * 37 % 255
            found = forge.rungs(golden_bundle.manifest, bytes(changed))
            assert found, place
            assert min(each.block for each in found if each.block is not None) == height, place
        offset += len(raw)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_changed_bytes_fail(
    golden_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Any bytes in place of any others, of another length too, fail and name a block; nothing raises."""
    chain = golden_bundle.read_file(CHAIN_FILE)
    start = data.draw(st.integers(0, len(chain)))
    end = data.draw(st.integers(start, min(len(chain), start + 40)))
    changed = chain[:start] + data.draw(st.binary(max_size=40)) + chain[end:]
    directory = forge.copy_with_chain(golden_bundle, tmp_path_factory.mktemp("changed") / "bundle", changed)
    report = verify(directory)
    assert report.passed == (changed == chain)
    if changed != chain:
        assert first_block(report) is not None


@pytest.mark.parametrize("cut", [1, 2, 400])
def test_a_truncated_file_is_named(golden_bundle: Bundle, tmp_path: Path, cut: int) -> None:
    """A chain that ends too early is named at its last block, even inside it."""
    chain = golden_bundle.read_file(CHAIN_FILE)[:-cut]
    assert first_block(verify(forge.copy_with_chain(golden_bundle, tmp_path / "b", chain))) == 4


@pytest.mark.parametrize("tail", [b"\0", b"\x80", b"\xc0", b"\xf9\xff", b"garbage"])
def test_an_extended_file_is_named(golden_bundle: Bundle, tmp_path: Path, tail: bytes) -> None:
    """Bytes after the last block are a block that should not be there."""
    chain = golden_bundle.read_file(CHAIN_FILE) + tail
    assert first_block(verify(forge.copy_with_chain(golden_bundle, tmp_path / "b", chain))) == 5


def test_dropped_swapped_and_doubled_blocks_are_named(golden_bundle: Bundle, tmp_path: Path) -> None:
    """Blocks left out, exchanged or repeated are named where the order first breaks; an empty file at block 1."""
    one, two, three, four = forge.raw_blocks(golden_bundle)
    for name, blocks, expected in (
        ("dropped", [one, three, four], 2),
        ("last dropped", [one, two, three], 4),
        ("swapped", [one, three, two, four], 2),
        ("doubled", [one, two, two, three, four], 3),
        ("last doubled", [one, two, three, four, four], 5),
        ("empty", [], 1),
    ):
        directory = forge.copy_with_chain(golden_bundle, tmp_path / name, b"".join(blocks))
        assert first_block(verify(directory)) == expected, name


def test_another_spelling_of_the_same_block_is_named(golden_bundle: Bundle, tmp_path: Path) -> None:
    """A block whose length is written in a longer form decodes to the same values for a lenient reader, not here."""
    blocks = forge.raw_blocks(golden_bundle)
    parts = [blocks[2][start:end] for start, end in list_items(blocks[2])]
    assert blocks[2] == encode_list(parts)
    length = int.from_bytes(blocks[2][1:3], "big")
    blocks[2] = bytes([0xFA]) + length.to_bytes(3, "big") + blocks[2][3:]
    report = verify(forge.copy_with_chain(golden_bundle, tmp_path / "b", b"".join(blocks)))
    assert first_block(report) == 3
    assert "shortest form" in report.to_text()


@pytest.mark.parametrize("part", [0, 1, 2, 3])
def test_nesting_that_would_end_an_engine_is_named(golden_bundle: Bundle, tmp_path: Path, part: int) -> None:
    """Lists nested three thousand deep, in any part of a block, are refused before an engine recurses into them."""
    blocks = forge.raw_blocks(golden_bundle)
    parts = [blocks[3][start:end] for start, end in list_items(blocks[3])]
    nested = b"\xc0"
    for _ in range(3_000):
        nested = encode_list([nested])
    parts[part] = encode_list([nested])
    blocks[3] = encode_list(parts)
    report = verify(forge.copy_with_chain(golden_bundle, tmp_path / "b", b"".join(blocks)))
    assert (first_block(report), outcomes(report)) == (4, "!!..--")


def test_an_added_withdrawal_is_named(golden_bundle: Bundle, tmp_path: Path) -> None:
    """A well-formed withdrawal that the header's root does not cover fails R, at its block."""
    blocks = forge.raw_blocks(golden_bundle)
    parts = [blocks[1][start:end] for start, end in list_items(blocks[1])]
    withdrawal = encode_list([b"\1", b"\1", b"\x94" + ALICE, b"\1"])
    blocks[1] = encode_list([*parts[:3], encode_list([withdrawal])])
    report = verify(forge.forge(golden_bundle, tmp_path / "b", blocks))
    assert (first_block(report), outcomes(report)) == (2, "++!.--")


# ------------------------------------------------------------- genesis, manifest and missing files


def test_a_changed_byte_of_the_genesis_is_named(golden_bundle: Bundle, tmp_path: Path) -> None:
    """A byte of `genesis.json` that changes is block 0's, also where it changes no value."""
    content = golden_bundle.read_file(GENESIS_FILE)
    directory = forge.copy(golden_bundle, tmp_path / "b")
    for place in range(0, len(content), 97):
        changed = bytearray(content)
        changed[place] ^= 1 + place % 255
        (directory / GENESIS_FILE).write_bytes(bytes(changed))
        assert first_block(verify(directory)) == 0, place
    (directory / GENESIS_FILE).write_bytes(content + b" ")
    assert first_block(verify(directory)) == 0


@pytest.mark.parametrize(
    ("before", "after", "files"),
    [
        ('"balance": "0x56bc75e2d63100000"', '"balance": "0x56bc75e2d63100001"', "+"),
        ('"timestamp": "0x6553f100"', '"timestamp": "0x6553f101"', "+"),
        ('"chainId": 1337', '"chainId": 1338', "+"),
        ('"pragueTime": 0', '"pragueTime": 1', "+"),
        ('"pragueTime": 0', '"osakaTime": 0', "!"),  # in another place than geth's order has it
        ('"difficulty": "0x0"', '"difficulty": "0x1"', "+"),
        ('"difficulty": "0x0"', '"difficulty": "zero"', "!"),
        ('"alloc": {', '"alloc": {"0x00": {"balance": "0x0"},', "!"),
        ("{", "[", "!"),
    ],
)
def test_another_genesis_is_named_without_its_hash(
    golden_bundle: Bundle, tmp_path: Path, before: str, after: str, files: str
) -> None:
    """With its SHA-256 mended in the manifest, a changed genesis is still found: by re-execution, or by its form."""
    text = golden_bundle.read_file(GENESIS_FILE).decode()
    assert before in text
    directory = forge.with_file(golden_bundle, tmp_path / "b", GENESIS_FILE, text.replace(before, after, 1).encode())
    report = verify(directory)
    assert (first_block(report), outcomes(report)) == (0, f"{files}++!--")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\n", " \n"),
        ('"balance": "0x0"', '"balance": "0x00"'),
        ('"nonce": "0x0",\n', ""),
        ('"difficulty": "0x0"', '"difficulty": "\\u0030x0"'),
        ('"coinbase": "0x', '"mixHash": "0x'),
        ("}\n", "}"),
    ],
)
def test_the_same_genesis_in_other_bytes_is_named(
    golden_bundle: Bundle, tmp_path: Path, before: str, after: str
) -> None:
    """A `genesis.json` that says the same in other bytes than an export writes fails F, whatever its SHA-256."""
    text = golden_bundle.read_file(GENESIS_FILE).decode()
    assert before in text
    directory = forge.with_file(golden_bundle, tmp_path / "b", GENESIS_FILE, text.replace(before, after, 1).encode())
    report = verify(directory)
    assert (first_block(report), outcomes(report)[0]) == (0, "!")
    assert "not in the form that an export writes" in report.to_text()


@pytest.mark.parametrize("name", sorted(CONTRACT_FILES))
def test_the_same_sources_in_other_bytes_are_named(settlement_bundle: Bundle, tmp_path: Path, name: str) -> None:
    """Sources and interfaces have one form too; what they say of the contracts is not judged here."""
    content = settlement_bundle.read_file(name)
    for place, other in enumerate((json.dumps(json.loads(content)).encode(), content + b"\n", b"{", b"\xff")):
        directory = forge.with_file(settlement_bundle, tmp_path / str(place), name, other)
        report = verify(directory, level="H")
        assert f"AUDIT-F file {name}: is not in the form that an export writes" in report.to_text()
        assert outcomes(report)[0] == "!"


@pytest.mark.parametrize(
    ("begin", "again", "times", "end"),
    [(b"[", b"0,", 2**20, b"0,0]"), (b"[", b"[", 2**20, b""), (b'"', b"0", 2**26, b"")],
)
def test_json_that_would_fill_memory_is_a_finding(
    golden_bundle: Bundle, tmp_path: Path, begin: bytes, again: bytes, times: int, end: bytes
) -> None:
    """A `genesis.json` of a million values, nestings, or of too many bytes is refused before or while it is parsed."""
    bomb = begin + again * times + end
    directory = forge.with_file(golden_bundle, tmp_path / "b", GENESIS_FILE, bomb)
    report = verify(directory)
    assert (first_block(report), outcomes(report)[:3]) == (0, "!++")
    assert outcomes(report)[3] in ".!"
    (directory / "manifest.json").write_bytes(bomb)
    with pytest.raises(BundleError):
        verify(directory)


# ------------------------------------------------------------------------------------ receipts


def receipts_of(bundle: Bundle) -> list[bytes]:
    """Return the receipts of each block as they stand in the file."""
    content = bundle.read_file(RECEIPTS_FILE)
    return list(read_items(BytesIO(content), len(content)))


def test_a_changed_byte_of_the_receipts_is_named(golden_bundle: Bundle, tmp_path: Path) -> None:
    """Whichever byte of the receipts changes, R names the block it is of, whatever the SHA-256 of the file."""
    receipts = receipts_of(golden_bundle)
    offset = 0
    for height, raw in enumerate(receipts, start=1):
        for place in range(offset, offset + len(raw), 1 if len(raw) < 50 else 41):
            changed = bytearray(b"".join(receipts))
            changed[place] ^= 1 + place * 37 % 255
            (first,) = forge.roots(golden_bundle, bytes(changed))
            assert first.block == height, place
        offset += len(raw)
    directory = forge.with_file(golden_bundle, tmp_path / "b", RECEIPTS_FILE, bytes(changed))
    assert (first_block(verify(directory)), outcomes(verify(directory))) == (height, "++!.--")


def test_receipts_of_other_blocks_are_named(golden_bundle: Bundle) -> None:
    """Receipts that are left out, exchanged, repeated, or spelled otherwise are named at their block."""
    one, two, three, four = receipts_of(golden_bundle)
    assert (three, two[0]) == (b"\xc0", 0xF9)
    longer = bytes([0xFA, 0]) + two[1:]
    nested = one
    for _ in range(3_000):
        nested = encode_list([nested])
    for name, receipts, expected in (
        ("as they are", [one, two, three, four], None),
        ("dropped", [one, three, four], 2),
        ("last dropped", [one, two, three], 4),
        ("swapped", [two, one, three, four], 1),
        ("doubled", [one, one, two, three, four], 2),
        ("last doubled", [one, two, three, four, four], 5),
        ("empty", [], 1),
        ("longer form", [one, longer, three, four], 2),
        ("nested", [one, two, nested, four], 3),
        ("an empty receipt", [one, two, encode_list([b"\x80"]), four], 3),
        ("no list", [one, two, b"\x80", four], 3),
        ("cut off", [one, two, three, four[:-1]], 4),
    ):
        found = forge.roots(golden_bundle, b"".join(receipts))
        assert [it.block for it in found] == [expected] * (expected is not None), name


def test_items_of_too_many_bytes_or_parts_are_not_read() -> None:
    """A block that claims more bytes than any has, or has more parts, is refused before much of it is held."""
    claimed = bytes([0xF9 + 2]) + (2**27).to_bytes(4, "big")
    for content, size, said in (
        (claimed, 2**28, "longer than those of any block"),
        (encode_list([b"\0"] * (2**18 + 1)), None, "more than 262144 items"),
    ):
        with pytest.raises(Unreadable, match=said):
            list(read_blocks(BytesIO(content), size or len(content)))


@pytest.mark.parametrize("place", ["000f3df6", "0000f908", "00000961", "0000bbdd"])
@pytest.mark.parametrize("code", ["0x", "0x5f5ffd", None])
def test_another_system_contract_is_refused(golden_bundle: Bundle, place: str, code: str | None) -> None:
    """A genesis whose system contract is missing or has other code is refused: py-evm would not execute that code."""
    document = json.loads(golden_bundle.read_file(GENESIS_FILE))
    (address,) = (key for key in document["alloc"] if key.startswith("0x" + place))
    if code is None:
        del document["alloc"][address]
    else:
        document["alloc"][address]["code"] = code
    with pytest.raises(BlockRefused, match=f"{address} must have the code of the system contract"):
        PyEvmEngine(json.dumps(document).encode())


def test_a_deposit_contract_is_refused(golden_bundle: Bundle) -> None:
    """A genesis with the beacon chain's deposit contract is refused: py-evm takes its logs whatever their layout."""
    document = json.loads(golden_bundle.read_file(GENESIS_FILE))
    account = {"balance": "0x0", "code": "0x00"}
    document["alloc"]["0x00000000219ab540356cbb839cbe05303d7705fa"] = account
    with pytest.raises(BlockRefused, match="is the deposit contract"):
        PyEvmEngine(json.dumps(document).encode())
    with pytest.raises(UsageError, match="is the deposit contract"):
        Genesis.from_dict(document)
    account["code"] = "0x"
    account["balance"] = "0x1"
    assert PyEvmEngine(json.dumps(document).encode()).chain_id == Genesis.from_dict(document).chain_id


@pytest.mark.parametrize(("place", "expected"), [(0, 1), (1, 1), (3, 3), (4, 4)])
def test_a_changed_hash_in_the_manifest_is_named(
    golden_bundle: Bundle, tmp_path: Path, place: int, expected: int
) -> None:
    """A hash in the manifest that no block has is named at the block; the genesis' at block 1, whose parent it is."""
    hashes = list(golden_bundle.manifest.hashes)
    hashes[place] = bytes(32)
    directory = forge.copy(golden_bundle, tmp_path / "b")
    forge.write_manifest(directory, replace(golden_bundle.manifest, hashes=tuple(hashes)))
    report = verify(directory)
    assert (first_block(report), outcomes(report)) == (expected, "+!+.--")


def test_other_claims_of_the_manifest_are_checked(golden_bundle: Bundle, tmp_path: Path) -> None:
    """Another head state root, chain id or file hash in the manifest fails."""
    manifest = golden_bundle.manifest
    directory = forge.copy(golden_bundle, tmp_path / "b")
    files = {**manifest.files, CHAIN_FILE: FileEntry(bytes(32), manifest.files[CHAIN_FILE].size)}
    for changed, expected in (
        (replace(manifest, head_state_root=bytes(32)), "+!+.--"),
        (replace(manifest, chain_id=1), "+++!--"),
        (replace(manifest, files=files), "!+++--"),
    ):
        forge.write_manifest(directory, changed)
        report = verify(directory)
        assert (report.passed, outcomes(report)) == (False, expected)


@pytest.mark.parametrize(
    ("name", "expected"), [(CHAIN_FILE, "!...--"), (GENESIS_FILE, "!++.--"), (RECEIPTS_FILE, "!+..--")]
)
def test_a_missing_file_is_a_finding(golden_bundle: Bundle, tmp_path: Path, name: str, expected: str) -> None:
    """A file that is missing, or is a link, fails F; the rungs that need it do not run."""
    directory = forge.copy(golden_bundle, tmp_path / "b")
    (directory / name).unlink()
    for _ in range(2):
        report = verify(directory)
        assert (report.level, outcomes(report)) == ("none", expected)
        assert name in str(report.findings[0])
        if not (directory / name).is_symlink():
            (directory / name).symlink_to("/dev/zero")


# --------------------------------------------------------------------- what only re-execution sees


@pytest.mark.parametrize("height", [1, 2, 4])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        (forge.STATE_ROOT, b"\7" * 32),
        (forge.GAS_USED, b"\7"),
        (forge.DIFFICULTY, b"\1"),
        (forge.NONCE, b"\7" * 8),
        (forge.EXTRA_DATA, b"\7" * 33),
    ],
)
def test_a_resealed_block_is_found_by_re_execution(
    golden_bundle: Bundle, tmp_path: Path, height: int, field: int, value: bytes
) -> None:
    """With every hash mended above it and in the manifest, a false header passes H and R and is found at S."""
    blocks = forge.reseal(forge.raw_blocks(golden_bundle), height, {field: value})
    report = verify(forge.forge(golden_bundle, tmp_path / "b", blocks))
    assert (first_block(report), report.level, outcomes(report)) == (height, "R", "+++!--")


def test_a_resealed_receipts_root_is_found_by_the_receipts(golden_bundle: Bundle, tmp_path: Path) -> None:
    """A receipts root that is false, with every hash mended above it, is found at R, before anything is executed."""
    blocks = forge.reseal(forge.raw_blocks(golden_bundle), 2, {forge.RECEIPTS_ROOT: b"\7" * 32})
    report = verify(forge.forge(golden_bundle, tmp_path / "b", blocks))
    assert (first_block(report), outcomes(report)) == (2, "++!.--")


def test_a_field_of_another_width_is_named(golden_bundle: Bundle, tmp_path: Path) -> None:
    """A header field that is too short is refused as unreadable; py-evm would execute a prevrandao of 31 bytes."""
    blocks = forge.reseal(forge.raw_blocks(golden_bundle), 4, {forge.PREVRANDAO: b"\7" * 31})
    report = verify(forge.copy_with_chain(golden_bundle, tmp_path / "b", b"".join(blocks)))
    assert (first_block(report), outcomes(report)) == (4, "!!..--")
    assert "string of 32 bytes" in report.to_text()


def test_wrong_times_are_named(golden_bundle: Bundle, tmp_path: Path) -> None:
    """A time that falls is found in the headers; one that is equal, rises otherwise, or is before the genesis, at S."""
    blocks = forge.raw_blocks(golden_bundle)
    read = forge.blocks_in(b"".join(blocks))
    for name, height, timestamp, expected in (
        ("falling", 3, read[1].timestamp - 1, "+!+.--"),
        ("not rising", 3, read[1].timestamp, "+++!--"),
        ("too late", 4, read[3].timestamp + 1, "+++!--"),
        ("before the genesis", 1, 1, "+++!--"),
    ):
        forged = forge.reseal(blocks, height, {forge.TIMESTAMP: timestamp.to_bytes(4, "big").lstrip(b"\0")})
        report = verify(forge.forge(golden_bundle, tmp_path / name, forged))
        assert (first_block(report), outcomes(report)) == (height, expected), name


def test_what_ends_an_engine_is_a_finding(
    golden_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever an engine raises on hostile bytes becomes a finding that names the block."""
    from eth.chains.base import Chain

    def overflow(*_: object, **__: object) -> None:
        raise OverflowError("int too large")

    monkeypatch.setattr(Chain, "validate_block", overflow)
    monkeypatch.setattr("pysettle.audit.verify.PyEvmEngine", PyEvmEngine)  # the tests' own remembers these blocks
    report = verify(golden_bundle.directory)
    assert first_block(report) == 1
    assert "OverflowError" in report.to_text()


@pytest.mark.apart
def test_old_states_are_let_go(settlement_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that keeps the last state alone executes all blocks, answers at the head, and holds fewer nodes."""
    blocks = forge.blocks_in(settlement_bundle.read_file(CHAIN_FILE))
    sizes = []
    for few in (0, 2**30):
        monkeypatch.setattr("pysettle.audit.engines.HeadState", lambda few=few: HeadState(few))
        engine = PyEvmEngine(settlement_bundle.read_file(GENESIS_FILE))
        for block in blocks:
            engine.execute(block.raw)
        assert engine.head_hash == settlement_bundle.manifest.hashes[-1]
        for address in settlement_bundle.manifest.contracts.addresses():
            assert engine.code(address)
        sizes.append(len(engine._state))
        for cache in (_make_trie_root_and_nodes, HexaryTrie._cached_create_node_to_db_mapping):
            assert cache.cache_info().currsize == 0, "py-evm keeps whole blocks there"
    assert sizes[0] < sizes[1] / 3


def test_a_refund_under_the_call_data_floor_is_accepted(tmp_path: Path) -> None:
    """A transaction whose floor (EIP-7623) is above its cost and which frees storage costs what the rules say."""
    chain = EmbeddedChain(genesis())
    # Ten times PUSH0 CALLDATALOAD PUSH1 slot SSTORE: enough is freed for the refund to meet its cap.
    slots = deploy(chain, creation(b"".join(bytes.fromhex("5f3560") + bytes([slot, 0x55]) for slot in range(10))))
    chain.submit([sign(chain, ALICE, slots, word(1), gas=400_000)])
    chain.submit([sign(chain, ALICE, slots, word(0) + b"\1" * 4_000, gas=400_000)])
    assert verify(export_bundle(chain, tmp_path / "bundle").directory).passed
