"""Bundles from real nodes: the files are those of the chain itself, and a node that lies is found out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from pysettle.audit.bundle import CHAIN_FILE, GENESIS_FILE, RECEIPTS_FILE, Bundle, Reading
from pysettle.audit.extract import export_bundle
from pysettle.audit.verify import verify
from pysettle.errors import ChainError, ChainUnreachable, UsageError, WrongChain
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.evm.node_blocks import DEVELOPMENT_NODE
from pysettle.evm.rpc import RpcChain
from tests.evm.accounts import genesis
from tests.node.process import node_of
from tests.node.proxy import Forward, proxy

RAW = ("debug_getRawBlock", "debug_getRawReceipts")


@pytest.fixture(scope="module")
def served(small_chain: EmbeddedChain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the small chain by `pysettle node`, sealed anew there from its genesis; return the URL."""
    with node_of(small_chain.genesis, tmp_path_factory.mktemp("node")) as url:
        rpc = JsonRpc(url)
        for number in range(1, 5):
            block = small_chain.block(number)
            rpc.ask("evm_setNextBlockTimestamp", hex(block.timestamp))
            sealed = small_chain.py_evm.get_canonical_block_by_number(number)  # type: ignore[arg-type]
            rpc.ask("evm_setAutomine", False)
            for transaction in sealed.transactions:
                rpc.ask("eth_sendRawTransaction", "0x" + transaction.encode().hex())
            rpc.ask("evm_mine")
        yield url


@pytest.fixture(scope="module")
def from_node(served: str, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Return the bundle of that node; never written to."""
    return export_bundle(RpcChain(served), tmp_path_factory.mktemp("from-node") / "bundle")


def test_a_node_hands_out_blocks_receipts_and_genesis(small_chain: EmbeddedChain, from_node: Bundle) -> None:
    """The bundle of our node verifies to S, begins with the chain's genesis, and says how it was read."""
    assert from_node.read_file(GENESIS_FILE) == small_chain.genesis.to_bytes()
    assert from_node.manifest.source.reading is Reading.RAW
    assert from_node.manifest.source.producer.startswith(f"{DEVELOPMENT_NODE}/")
    report = verify(from_node.directory)
    assert (report.passed, report.blocks, report.transactions) == (True, 4, 4)


Change = Callable[[str, Any], Any]
"""Given a method and its result: returns another result, or an error."""


def without_raw(method: str, result: Any) -> Any:
    """Answer as a node that stores no raw blocks, such as anvil."""
    return NO_METHOD if method.startswith(("debug_getRaw", "pysettle_")) else result


NO_METHOD = {"code": -32601, "message": "Method not found"}


def changing(*changes: Change) -> Callable[[list[str], Forward], bytes]:
    """Answer as the node does, but for what is changed."""

    def answer(methods: list[str], forward: Forward) -> bytes:
        document = json.loads(forward())
        for method, reply in zip(methods, document if isinstance(document, list) else [document], strict=True):
            for change in changes:
                if "result" in reply:
                    given = change(method, reply.pop("result"))
                    reply["error" if given is NO_METHOD else "result"] = given
        return json.dumps(document).encode()

    return answer


def test_a_node_without_raw_blocks_gives_the_same_files(served: str, from_node: Bundle, tmp_path: Path) -> None:
    """Blocks put together from JSON are the same bytes; the genesis is the one that is given."""
    with proxy(served, changing(without_raw)) as url:
        bundle = export_bundle(RpcChain(url), tmp_path / "bundle", genesis=from_node.read_file(GENESIS_FILE))
        without = export_bundle(RpcChain(url), tmp_path / "without")
    assert bundle.manifest.source.reading is Reading.REBUILT
    for name in (CHAIN_FILE, RECEIPTS_FILE, GENESIS_FILE):
        assert bundle.read_file(name) == from_node.read_file(name)
    assert bundle.manifest.hashes == from_node.manifest.hashes
    assert not without.manifest.has_genesis
    assert verify(without.directory, level="R").passed


@pytest.mark.parametrize("method", ["eth_chainId", "debug_getRawBlock"])
def test_a_node_that_hangs_ends_an_export(served: str, tmp_path: Path, method: str) -> None:
    """A node that stops to answer, at the first question or amid the blocks, is one error, and leaves no bundle."""
    over = Event()

    def hanging(methods: list[str], forward: Forward) -> bytes:
        if method in methods and len(methods) != 2:  # the two raw methods of the probe are answered
            over.wait()
        return forward()

    with proxy(served, hanging) as url:
        before = time.monotonic()
        with pytest.raises(ChainUnreachable, match="has not answered within 2 s"):
            export_bundle(RpcChain(url, answer_s=2), tmp_path / "bundle")
        waited = time.monotonic() - before
        over.set()
    assert waited < 20
    assert list(tmp_path.iterdir()) == []


def test_another_genesis_is_refused(served: str, tmp_path: Path) -> None:
    """A genesis that does not hash to the node's block 0, or is none, is refused, and no bundle is left."""
    other = genesis().to_bytes().replace(b'"timestamp": "0x', b'"timestamp": "0x1')
    with pytest.raises(WrongChain, match="hashes to 0x"):
        export_bundle(RpcChain(served), tmp_path / "bundle", genesis=other)
    with pytest.raises(UsageError, match="not JSON"):
        export_bundle(RpcChain(served), tmp_path / "bundle", genesis=b"{")
    assert list(tmp_path.iterdir()) == []


def field(method: str, name: str, value: Any) -> Change:
    """Return a lie about a field of every document that a method answers with; None leaves the field out."""

    def change(asked: str, result: Any) -> Any:
        if asked != method:
            return result
        for it in result if isinstance(result, list) else [result]:
            place = it["transactions"] if name == "input" else [it]
            for document in (each for each in place if isinstance(each, dict)):
                document.pop(name, None) if value is None else document.update({name: value})
        return result

    return change


BLOCK, RECEIPTS = "eth_getBlockByNumber", "eth_getBlockReceipts"


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (field(BLOCK, "requestsHash", None), "block 1 .*'requestsHash' is missing"),
        (field(BLOCK, "stateRoot", "0x" + "07" * 32), "block 1 is not what its hash states"),
        (field(BLOCK, "extraData", "0x07"), "block 1 is not what its hash states"),
        (field(BLOCK, "input", "0x07"), "block 1 is not what its header states: transactions root"),
        (field(BLOCK, "gasLimit", "many"), "cannot be read"),
        (field(RECEIPTS, "cumulativeGasUsed", "0x7"), "block 1 is not what its header states: receipts root"),
        (field(RECEIPTS, "logs", []), "block 2 is not what its header states: receipts root"),
    ],
)
def test_a_node_that_lies_in_json_is_refused(served: str, tmp_path: Path, lie: Change, said: str) -> None:
    """A field that is not what was sealed is refused with the block and what shows it; no bundle is left."""
    with proxy(served, changing(without_raw, lie)) as url, pytest.raises(ChainError, match=said):
        export_bundle(RpcChain(url), tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


STATE_ROOT = 2 + 2 * (3 + 3 + 33 + 33 + 21 + 3)
"""Place of a digit of the state root in the hex digits of a block."""


def raw(method: str, change: Callable[[Any], Any]) -> Change:
    """Return a lie about what one of the methods of stored blocks answers."""
    return lambda asked, result: change(result) if asked == method else result


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (raw(RAW[0], lambda it: it[:-2]), "block 1 cannot be read"),
        (raw(RAW[0], lambda it: it[:STATE_ROOT] + "77" + it[STATE_ROOT + 2 :]), "block 2 does not follow"),
        (raw(RAW[1], lambda it: it[1:]), "block 1 is not what its header states: receipts root"),
        (raw(RAW[1], lambda it: None), "block 1 could not be had"),
        (raw(RAW[0], lambda it: 7), "cannot be read"),
    ],
)
def test_a_node_that_lies_in_bytes_is_refused(served: str, tmp_path: Path, lie: Change, said: str) -> None:
    """Bytes that are no block, or have other receipts, are refused with the block; no bundle is left."""
    with proxy(served, changing(lie)) as url, pytest.raises(ChainError, match=said):
        export_bundle(RpcChain(url), tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[JsonRpc]:
    """Run a development node with 20 empty blocks, of which the last ten can be taken back; return it."""
    (tmp_path / "node").mkdir()
    with node_of(genesis(), tmp_path / "node") as url:
        rpc = JsonRpc(url)
        rpc.ask("anvil_mine", hex(10))
        rpc.ask("evm_snapshot")
        rpc.ask("anvil_mine", hex(10))
        yield rpc


@pytest.mark.parametrize("when", [1, 20])
def test_blocks_that_are_replaced_are_read_again(growing: JsonRpc, tmp_path: Path, when: int) -> None:
    """When the node replaces blocks during the export, the bundle is that of the new chain, and whole."""

    def replace(did: int, _total: int) -> None:
        if did == when and growing.ask("eth_blockNumber") == hex(20):
            growing.ask("evm_revert", "0x1")
            growing.ask("evm_increaseTime", 1000)
            growing.ask("anvil_mine", hex(12))

    bundle = export_bundle(RpcChain(growing.url), tmp_path / "bundle", on_progress=replace)
    assert len(bundle.manifest.hashes) == 23
    assert "0x" + bundle.manifest.hashes[-1].hex() == growing.ask("eth_getBlockByNumber", "latest", False)["hash"]
    assert verify(bundle.directory).passed


def test_confirmed_blocks_alone_are_exported(growing: JsonRpc, tmp_path: Path) -> None:
    """On a network that confirms a block by two more, the last two are not in the bundle."""
    bundle = export_bundle(RpcChain(growing.url, confirmations=3), tmp_path / "bundle")
    assert len(bundle.manifest.hashes) == 19
    assert verify(bundle.directory).passed
    listed: list[int] = []
    with pytest.raises(ZeroDivisionError):
        export_bundle(RpcChain(growing.url, confirmations=3), tmp_path / "b", lambda last: listed.append(last) or 1 / 0)
    assert listed == [18]
