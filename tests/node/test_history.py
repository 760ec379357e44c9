"""A node on a finished history: it answers questions about every block, and refuses every change."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from web3 import Web3

from pysettle.audit.bundle import CHAIN_FILE, GENESIS_FILE, Bundle
from pysettle.audit.encoding import read_items
from pysettle.audit.extract import export_bundle
from pysettle.domain.core.contracts import Contracts
from pysettle.errors import ChainError, NodeError
from pysettle.evm.artifacts import ROOT
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.evm.rpc import RpcChain
from pysettle.evm.transactions import relay
from tests.audit.forge import GAS_USED, STATE_ROOT, reseal
from tests.cli.running import invoke
from tests.evm.accounts import ALICE, BOB, ETHER, deploy, genesis, sign, word
from tests.evm.bytecode import READER, TOKEN, creation
from tests.node.process import node

CAST = ROOT / "node_modules" / ".bin" / "cast"


@pytest.fixture(scope="module")
def past() -> EmbeddedChain:
    """Return a chain of four blocks: two creations, a payment of a token, and a payment of a user's own tip."""
    chain = EmbeddedChain(genesis(), seed=9)
    token = deploy(chain, creation(TOKEN))
    deploy(chain, creation(READER))
    relay(chain, [sign(chain, ALICE, token, BOB.rjust(32, b"\0") + word(5))])
    chain.clock.advance(1_000)
    relay(chain, [sign(chain, BOB, ALICE, value=ETHER, maxPriorityFeePerGas=7)])
    return chain


@pytest.fixture(scope="module")
def bundle(past: EmbeddedChain, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Return its bundle."""
    return export_bundle(past, tmp_path_factory.mktemp("past") / "bundle")


@pytest.fixture(scope="module")
def url(bundle: Bundle) -> Iterator[str]:
    """Serve the bundle; yield where the node listens."""
    with node("--bundle", str(bundle.directory)) as listening:
        yield listening


def test_a_history_is_read_at_every_block(url: str, past: EmbeddedChain) -> None:
    """Balances, calls, blocks and logs at each block, by web3.py, are those of the chain that made the bundle."""
    web3 = Web3(Web3.HTTPProvider(url))
    assert web3.eth.block_number == 4
    for number in range(5):
        block = web3.eth.get_block(number)
        assert (block["hash"], block["stateRoot"]) == (past.block(number).hash, past.block(number).state_root)
        state = past.state(number)
        assert web3.eth.get_balance(Web3.to_checksum_address(BOB), number) == state.get_balance(BOB)
    reader = past.receipts(2)[0].contract_address
    assert reader is not None
    answer = web3.eth.call({"to": Web3.to_checksum_address(reader)}, 3)
    assert int.from_bytes(answer[32:64], "big") == 3
    (log,) = web3.eth.get_logs({"fromBlock": 0, "toBlock": 4})
    assert (log["blockNumber"], log["data"]) == (3, word(5))
    receipt = web3.eth.get_transaction_receipt(past.block(4).transaction_hashes[0])
    assert (receipt["status"], receipt["gasUsed"]) == (1, 21_000)


def test_the_history_can_be_exported_again(url: str, bundle: Bundle, tmp_path: Path) -> None:
    """The node hands out genesis, blocks and receipts, which make the same files."""
    again = export_bundle(RpcChain(url), tmp_path / "again", lambda _: Contracts())
    for name, entry in bundle.manifest.files.items():
        assert again.manifest.files[name] == entry, name


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_sendRawTransaction", ["0x02"]),
        ("eth_sendTransaction", [{}]),
        ("evm_mine", []),
        ("evm_increaseTime", [1]),
        ("anvil_setBalance", ["0x" + "11" * 20, "0x1"]),
        ("anvil_setCode", ["0x" + "11" * 20, "0x"]),
        ("evm_snapshot", []),
        ("evm_revert", ["0x1"]),
        ("anvil_dropAllTransactions", []),
        ("hardhat_mine", []),
    ],
)
def test_every_change_is_refused_in_a_sentence(url: str, method: str, params: list[Any]) -> None:
    """A method that would change chain, pool or clock says that the history is finished, and the head stays."""
    rpc = JsonRpc(url)
    words = "refused: this node serves a finished history, which nothing can change"
    with pytest.raises(NodeError, match=words):
        rpc.ask(method, *params)
    assert all(words in str(it) for it in rpc.ask_all([("eth_sendRawTransaction", ["0x02"])] * 2))
    assert rpc.ask("eth_blockNumber") == "0x4"


def test_other_tools_read_it(url: str, past: EmbeddedChain) -> None:
    """`cast` of Foundry reads a balance at a block, where it is installed."""
    if not CAST.exists():
        pytest.skip("cast is not installed")
    command = [CAST, "balance", "0x" + BOB.hex(), "--block", "3", "--rpc-url", url]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert int(told) == past.state(3).get_balance(BOB)


def test_a_changed_block_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    """Whoever serves files that do not re-execute is told of the block and the field, and nothing is served."""
    raws = list(bundle_blocks(bundle))
    for place, field, value in ((STATE_ROOT, "state_root", b"\1" * 32), (GAS_USED, "gas_used", b"\1")):
        blocks = tmp_path / field
        blocks.write_bytes(b"".join(reseal(raws, 2, {place: value})))
        chain_file = ["--genesis", str(bundle.directory / GENESIS_FILE), "--blocks", str(blocks)]
        result = invoke("node", "--port", "0", *chain_file)
        assert result.exit_code == ChainError.exit_code
        assert f"block 2 is refused: {field}: the header states " in result.stderr


def test_a_shorter_history_than_the_manifest_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    """A bundle whose last block was taken away is not served."""
    cut = tmp_path / "cut"
    cut.mkdir()
    for file in bundle.directory.iterdir():
        (cut / file.name).write_bytes(file.read_bytes())
    (cut / CHAIN_FILE).write_bytes(b"".join(list(bundle_blocks(bundle))[:-1]))
    result = invoke("node", "--port", "0", "--bundle", str(cut))
    assert result.exit_code == 6
    assert "the blocks end with block 3" in result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--blocks", "x"], "name --genesis too"),
        (["--bundle", "x", "--seed", "1"], "leave --seed out: the bundle contains the history"),
        (["--genesis", "x", "--blocks", "x", "--seed", "1"], "leave --seed out: the blocks contain it"),
    ],
)
def test_one_history_is_named(options: list[str], words: str) -> None:
    """Options that name two chains, or half of one, are wrong usage."""
    result = invoke("node", "--port", "0", *options)
    assert (result.exit_code, words in result.stderr) == (2, True), result.stderr


def bundle_blocks(bundle: Bundle) -> Iterator[bytes]:
    """Yield the blocks of a bundle."""
    chain = bundle.directory / CHAIN_FILE
    with chain.open("rb") as stream:
        yield from read_items(stream, chain.stat().st_size)


def test_the_node_serves_a_chain_file(bundle: Bundle) -> None:
    """Genesis and blocks without a manifest are served as well, as a history."""
    files = [str(bundle.directory / name) for name in (GENESIS_FILE, CHAIN_FILE)]
    with node("--genesis", files[0], "--blocks", files[1]) as url:
        chain = RpcChain(url)
        assert (chain.block().hash, chain.is_development_node) == (bundle.manifest.hashes[-1], False)
        assert JsonRpc(url).ask("eth_accounts") == []
