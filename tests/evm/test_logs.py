"""Logs of nodes that limit them: nothing is left out, and what is refused for another reason is not asked for again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from eth_typing import Address

from pysettle.errors import ChainError, NodeError
from pysettle.evm.backend import Log
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.evm.logs import MOST_BLOCKS, is_too_much
from pysettle.evm.rpc import RpcChain
from pysettle.evm.transactions import relay
from tests.evm.accounts import ALICE, deploy, genesis, sign, word
from tests.evm.anvil import anvil
from tests.evm.bytecode import FLOOD, creation
from tests.evm.limits import Limits, limited
from tests.node.process import node_of

FIRST, SECOND = b"\x11" * 32, b"\x22" * 32

TOO_MUCH = [
    (-32005, "2001 blocks asked for, the most is 2000: ask for them in parts"),  # pysettle
    (-32005, "more than 10000 logs: ask for fewer blocks"),  # pysettle
    (-32005, "Requested range exceeds maximum RPC range limit"),  # Besu
    (-32602, "query block range exceeds server limit, narrow your filter: 1000"),  # erigon
    (-32000, "query returns too many logs, narrow your filter: 20000"),  # erigon
    (-32005, "block range too large, max range: 1000"),  # erigon of Polygon
    (-32005, "Too many logs requested. Max logs per response is 10000."),  # Nethermind
    (-32602, "query exceeds max results 20000, retry with the range 24383075-24383096"),  # reth
    (-32602, "query exceeds max block range 100000"),  # reth
    (-32002, "request timed out"),  # geth
    (-32003, "response too large"),  # geth
    (-32701, "exceed maximum block range: 50000"),  # geth of PublicNode
    (-32005, "query returned more than 10000 results. Try with this block range [0x1, 0x2]."),  # Infura
    (-32602, "range 1000000 exceeds limit of 10000"),  # Infura
    (-32603, "query timeout of 10 seconds exceeded"),  # Frontier
    (-32600, "You can make eth_getLogs requests with up to a 500 block range."),  # Alchemy
    (-32602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range"),  # Alchemy
    (-32614, "eth_getLogs is limited to a 10,000 range"),  # QuickNode
    (-32600, "block range is too wide"),  # Ankr
    (-32000, "logs matched by query exceeds limit of 10000"),  # Arbitrum
    (-32000, "requested too many blocks from 0 to 5000, maximum is set to 2048"),  # Avalanche
    (-32000, "block range is larger than max block range, block range = 5120, max block range = 5000"),  # Morph
    (-32000, "block range is bigger than maxBlockRange"),  # Scroll
    (-32005, "limit exceeded"),  # BNB Chain
    (-32000, "backend response too large"),  # Optimism
]
OTHERWISE = [
    (-32602, "block range extends beyond current head block"),  # geth
    (
        -32000,
        "requested block range [4096, 8192] is beyond latest executed block 4000 (node is still syncing)",
    ),  # erigon
    (-32602, "invalid block range params"),  # geth
    (-32000, "exceed max addresses or topics per search position"),  # geth
    (4444, "pruned history unavailable"),  # geth
    (-32000, "header not found"),  # geth
    (-32601, "the method eth_getLogs does not exist/is not available"),
    (-32602, "invalid argument 0: hex string has length 62, want 64 for common.Hash"),  # geth
    (-32005, "daily request count exceeded, request rate limited"),  # Infura
    (-32005, "project ID request rate exceeded"),  # Infura
    (429, "Your app has exceeded its compute units per second capacity."),  # Alchemy
    (-32029, "too many requests"),
]


@pytest.mark.parametrize(("code", "message"), TOO_MUCH)
def test_a_refusal_by_size_is_known(code: int, message: str) -> None:
    """What nodes and those who serve them say to a query that is too large: a smaller one may be answered."""
    assert is_too_much(NodeError("eth_getLogs", code, message))


@pytest.mark.parametrize(("code", "message"), OTHERWISE)
def test_another_refusal_is_none(code: int, message: str) -> None:
    """A block that is not there, a malformed query, a limit of requests: to ask for less would not help."""
    assert not is_too_much(NodeError("eth_getLogs", code, message))


@dataclass
class Flooded:
    """A node whose blocks hold many logs, of which it returns all at once."""

    url: str
    contract: Address
    """Contract that emitted them, in blocks 2 to 25."""
    everything: list[tuple[int, int]]
    """Every log, by its block and its place in it."""


def flood(chain: RpcChain, contract: Address, count: int, topic: bytes, number: int) -> None:
    """Seal a block with so many logs of a topic and an id."""
    data = word(count) + topic + word(number)
    (receipt,) = relay(chain, [sign(chain, ALICE, contract, data, gas=50_000 + 1_600 * count)])
    assert len(receipt.logs) == count


@pytest.fixture(scope="module", params=["anvil", "node"])
def flooded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flooded]:
    """Yield a node with blocks of no log, few, and 100."""
    run, folder = {"anvil": anvil, "node": node_of}[request.param], tmp_path_factory.mktemp("flooded")
    with run(genesis(), folder) as url:
        chain = RpcChain(url)
        contract = deploy(chain, creation(FLOOD))
        for number in range(20):
            flood(chain, contract, number % 3, FIRST, number)
        for count, topic, number in ((60, FIRST, 7), (60, SECOND, 7), (100, FIRST, 7), (1, SECOND, 8)):
            flood(chain, contract, count, topic, number)
        counts = [*(number % 3 for number in range(20)), 60, 60, 100, 1]
        yield Flooded(
            url, contract, [(2 + block, place) for block, count in enumerate(counts) for place in range(count)]
        )


def numbers(chain: RpcChain, **filters: object) -> list[tuple[int, int]]:
    """Return block and place of each log."""
    found: list[Log] = list(chain.logs(**filters))  # type: ignore[arg-type]
    return [(log.block_number, log.log_index) for log in found]


def test_our_nodes_own_limit(tmp_path: Path) -> None:
    """A block of one log more than our node returns is read whole, and by both topics."""
    most = 201
    with node_of(genesis(), tmp_path, "from pysettle.node import chain; chain.LOG_LIMIT = 200") as url:
        chain = RpcChain(url)
        contract = deploy(chain, creation(FLOOD))
        flood(chain, contract, 3, SECOND, 8)
        flood(chain, contract, most, FIRST, 7)
        with pytest.raises(NodeError, match="more than 200 logs"):
            JsonRpc(url).ask("eth_getLogs", {"fromBlock": "0x3", "toBlock": "0x3"})
        assert numbers(chain) == [*((2, place) for place in range(3)), *((3, place) for place in range(most))]
        assert numbers(chain, topics=[SECOND], ids=[word(8)]) == [(2, place) for place in range(3)]


def test_an_id_is_found_among_others(flooded: Flooded) -> None:
    """Both topics narrow a query, also where a block's logs are read from its receipts."""
    with limited(flooded.url, Limits()) as at:
        for at.logs in (10**9, 0):
            chain = RpcChain(at.url)
            assert numbers(chain, addresses=[flooded.contract], topics=[FIRST, SECOND]) == flooded.everything
            assert numbers(chain, addresses=[ALICE]) == []
            assert numbers(chain, topics=[SECOND], ids=[word(8)]) == [(25, 0)]
            assert numbers(chain, ids=[word(4), word(5)]) == [(6, 0), (7, 0), (7, 1)]
            assert len(numbers(chain, topics=[FIRST], ids=[word(7)])) == 1 + 60 + 100
            assert numbers(chain, topics=[FIRST], ids=[word(8)]) == [(10, 0), (10, 1)]


@pytest.mark.parametrize("blocks", [1, 7, 1_000])
def test_a_range_that_is_refused_is_halved(blocks: int, flooded: Flooded) -> None:
    """Whatever number of blocks a node takes, and whatever its words, every log is read with few queries more."""
    with limited(
        flooded.url, Limits(blocks=blocks, code=-32602, message=f"exceed maximum block range: {blocks}")
    ) as at:
        assert numbers(RpcChain(at.url)) == flooded.everything
        refused = [(first, last) for first, last in at.queries if last - first >= blocks]
        assert len(refused) <= 4 + len(at.queries) // 8


def test_the_size_that_a_node_takes_is_kept(flooded: Flooded) -> None:
    """A second reading begins with as many blocks as were answered, and asks for more in time."""
    with limited(flooded.url, Limits(blocks=2)) as at:
        chain = RpcChain(at.url)
        numbers(chain)
        at.queries.clear()
        numbers(chain, to_block=8)
        assert at.queries[0][1] - at.queries[0][0] < 4
        at.blocks = MOST_BLOCKS
        for _ in range(3):
            numbers(chain)
        at.queries.clear()
        numbers(chain)
        assert len(at.queries) < 4


def test_a_single_block_is_read_by_its_receipts(flooded: Flooded) -> None:
    """A node that returns hardly any logs at once still serves receipts; one that does neither is named, with why."""
    limits = Limits(logs=50, code=-32000, message="query returns too many logs, narrow your filter: 50")
    with limited(flooded.url, limits) as at:
        assert numbers(RpcChain(at.url), ids=[word(7)], from_block=22) == [
            it for it in flooded.everything if it[0] in (22, 23, 24)
        ]
        at.missing = ("eth_getBlockReceipts",)
        with pytest.raises(ChainError, match=r"logs of block 22 alone \(query returns too many logs.*no such method"):
            numbers(RpcChain(at.url))


def test_an_answer_that_is_not_read_whole_is_asked_for_in_parts(
    flooded: Flooded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node without limits meets our own: the most bytes of an answer; a block beyond it is named."""
    monkeypatch.setattr("pysettle.evm.jsonrpc.ANSWER_BYTES", 75_000)
    assert numbers(RpcChain(flooded.url)) == flooded.everything
    monkeypatch.setattr("pysettle.evm.jsonrpc.ANSWER_BYTES", 30_000)
    with pytest.raises(ChainError, match=r"logs of block 24 alone .its answer is longer than the limit of 30000 bytes"):
        numbers(RpcChain(flooded.url), from_block=24)


def test_another_refusal_is_told_at_once(flooded: Flooded) -> None:
    """A node that has no history is asked once."""
    with limited(flooded.url, Limits(blocks=0, code=4444, message="pruned history unavailable")) as at:
        with pytest.raises(NodeError, match="pruned history unavailable"):
            numbers(RpcChain(at.url))
        assert len(at.queries) == 1
