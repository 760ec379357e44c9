"""The store of read models: lists are the chain's, whatever happened to the chain beneath it and to its file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pysettle.client import Plan, Roles, SeriesTerms, SettlementNetwork, genesis
from pysettle.client import store as stores
from pysettle.client.compute.series import ComputeToken
from pysettle.client.deployment import Deployment
from pysettle.domain.compute.messages import ComputeAttestation
from pysettle.domain.compute.usage import Meters, RateCard
from pysettle.domain.core.signing import Signer
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.evm.rpc import RpcChain
from pysettle.money import UNITS_PER_WHOLE
from pysettle.values import ComputeId, Tokens, Units
from tests.evm.anvil import anvil
from tests.evm.remembering import RememberingChain
from tests.node.process import node_of

START = 1_767_225_600
UNTIL = START + 300 * 86_400
ADMIN, BANK, PROVIDER, ALICE = (Signer.derived("store", name) for name in ("admin", "bank", "provider", "alice"))
GENESIS = genesis(START, [it.address for it in (ADMIN, BANK, PROVIDER, ALICE)])


class Market:
    """A network whose provider opens series, some of which are sold, with a store in a file."""

    def __init__(self, chain: EmbeddedChain | RpcChain, file: Path) -> None:
        """Deploy it."""
        self.chain, self.file = chain, file
        self.network = SettlementNetwork.deploy(chain, Plan(Roles.in_one_hand(ADMIN, operators=(BANK,))))
        self.deployment = Deployment.of(self.network)
        currency = self.network.currency
        self.network.send(
            currency.desk.attest_reserve(ADMIN, ADMIN.address, *currency.desk.sign_reserve(ADMIN, 10**8, 86_400)),
            currency.desk.set_issuance_quota(ADMIN, BANK.address, Units(10**6 * UNITS_PER_WHOLE)),
            currency.desk.issue(BANK, ALICE.address, Units(1_000 * UNITS_PER_WHOLE)),
        )
        now = chain.clock.now()
        attestation = ComputeAttestation(PROVIDER.address, "Ascend 910C", 8, 1_000, now, UNTIL)
        self.compute: ComputeId = self.network.register_compute(PROVIDER, ADMIN, attestation)

    def open(self, symbol: str) -> ComputeToken:
        """Open a series that its provider may halt at any time."""
        card = RateCard(Meters(1, 30, 90), Meters(2, 60, 180))
        terms = SeriesTerms(
            "Tokens", symbol, "inference", 150_000, Tokens(10**9), UNTIL, card, b"\0" * 32, ADMIN.address, b"\1" * 32
        )
        return self.network.open_series(PROVIDER, terms, self.compute)

    def sell(self, series: ComputeToken, tokens: int) -> None:
        """Sell Tokens of a series."""
        price = series.price_rounded_up(Tokens(tokens))
        self.network.send(
            self.network.currency.approve(ALICE, series.address, price),
            series.purchase(ALICE, ALICE.address, Tokens(tokens), UNTIL),
        )

    def attached(self) -> SettlementNetwork:
        """Attach to the network as the next command does."""
        return SettlementNetwork.attach(self.chain, self.deployment, self.file)

    def listed(self) -> list[tuple[str, int, bool]]:
        """List the series by a command of its own: symbol, Tokens sold, halted."""
        return [(it.symbol, it.sold, it.halted) for it in self.attached().compute_lists.series()]


def _embedded(_: Path) -> Iterator[EmbeddedChain]:
    yield EmbeddedChain(GENESIS)


def _ours(folder: Path) -> Iterator[RpcChain]:
    with node_of(GENESIS, folder) as url:
        yield RpcChain(url)


def _anvil(folder: Path) -> Iterator[RpcChain]:
    with anvil(GENESIS, folder) as url:
        yield RpcChain(url)


@pytest.fixture(params=[_embedded, _ours, _anvil], ids=["embedded", "our node", "anvil"])
def market(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Market]:
    """Return a network on each kind of chain."""
    for chain in request.param(tmp_path):
        yield Market(chain, tmp_path / "lists.sqlite")


@pytest.fixture(scope="module")
def empty() -> RememberingChain:
    """Return a chain on which the same deployment is executed once."""
    return RememberingChain(GENESIS)


@pytest.fixture
def small(empty: RememberingChain, tmp_path: Path) -> Iterator[Market]:
    """Return a network on an embedded chain, of two series of which one is sold, whose lists are in the file."""
    begun = empty.snapshot()
    found = Market(empty, tmp_path / "lists.sqlite")
    found.sell(found.open("ONE"), 7)
    found.open("TWO")
    assert found.listed() == [("ONE", 7, False), ("TWO", 0, False)]
    yield found
    empty.revert(begun)


def snapshot(chain: EmbeddedChain | RpcChain) -> Callable[[], None]:
    """Remember a chain as it is; return what takes it back, as `evm_revert` beneath a command does."""
    if isinstance(chain, RpcChain):
        rpc = JsonRpc(chain.url)
        handle = rpc.ask("evm_snapshot")
        return lambda: rpc.ask("evm_revert", handle)
    number = chain.snapshot()
    return lambda: chain.revert(number)


def test_lists_are_what_the_contracts_answer(market: Market) -> None:
    """Sales, halts and what a series says of itself, folded from events, equal what the series answers."""
    first, second = market.open("ONE"), market.open("TWO")
    assert market.listed() == [("ONE", 0, False), ("TWO", 0, False)]
    market.sell(first, 7)
    market.sell(first, 5)
    market.network.send(market.network.market.halt(ADMIN, second.address, b"\2" * 32))
    assert market.listed() == [("ONE", 12, False), ("TWO", 0, True)]
    for listed, series in zip(market.attached().compute_lists.series(), (first, second), strict=True):
        told = (listed.provider, listed.capacity, listed.expiry, listed.unit_price, listed.rate_card, listed.sold)
        assert told == (PROVIDER.address, series.capacity, series.expiry, 150_000, series.rate_card, series.sold())
        assert listed.halted == bool(series.halted_at())
    (registered,) = market.attached().compute_lists.registered()
    assert (registered.id, registered.accelerator) == (market.compute, "Ascend 910C")
    assert market.attached().compute_lists.newest_compute(PROVIDER.address) == market.compute


def test_what_a_node_reverts_is_taken_back(market: Market) -> None:
    """Series and sales in blocks that are gone are gone from the list; those in other blocks are in it."""
    first = market.open("ONE")
    market.sell(first, 7)
    assert market.listed() == [("ONE", 7, False)]
    revert = snapshot(market.chain)
    market.sell(first, 5)
    market.open("TWO")
    assert market.listed() == [("ONE", 12, False), ("TWO", 0, False)]
    revert()
    assert market.listed() == [("ONE", 7, False)]
    revert = snapshot(market.chain)
    market.open("TWO")
    assert market.listed() == [("ONE", 7, False), ("TWO", 0, False)]
    revert()
    market.open("THREE")
    market.sell(first, 1)
    assert market.listed() == [("ONE", 8, False), ("THREE", 0, False)]


@pytest.mark.parametrize("blocks", [3, 70])
def test_more_blocks_than_are_kept_are_taken_back(small: Market, monkeypatch: pytest.MonkeyPatch, blocks: int) -> None:
    """However deep the replacement and however few blocks are kept, the list is the chain's."""
    monkeypatch.setattr(stores, "KEPT_BLOCKS", 2)
    series, revert = small.network.series[0], snapshot(small.chain)
    for _ in range(blocks):
        small.sell(series, 1)
        if blocks == 3:
            assert small.listed()[0][1] == series.sold()
    assert small.listed() == [("ONE", 7 + blocks, False), ("TWO", 0, False)]
    revert()
    assert small.listed() == [("ONE", 7, False), ("TWO", 0, False)]


def test_nothing_is_read_twice(small: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    """While no block is added, the next command asks the chain for no log at all."""
    asked: list[int] = []
    logs = EmbeddedChain.logs
    monkeypatch.setattr(
        EmbeddedChain, "logs", lambda self, **query: asked.append(query["from_block"]) or logs(self, **query)
    )
    assert small.listed() == [("ONE", 7, False), ("TWO", 0, False)]
    assert asked == []
    small.sell(small.network.series[1], 2)
    assert small.listed() == [("ONE", 7, False), ("TWO", 2, False)]
    assert set(asked) == {small.chain.block().number}


def _emptied(file: Path) -> None:
    file.write_bytes(b"")


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _replaced(file: Path) -> None:
    file.write_bytes(b"no database at all" * 1_000)


def _sold_more(file: Path) -> None:
    with sqlite3.connect(file) as database:
        assert database.execute("UPDATE versions SET value = ? WHERE model = 'sales'", (b'{"sold": 999}',)).rowcount


def _of_another_form(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("DROP TABLE versions")
        database.execute("CREATE TABLE versions (anything TEXT)")
        database.execute("UPDATE identity SET text = 'an older one'")


def _marked_wrongly(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("UPDATE marks SET hash = zeroblob(32)")


def _of_another_chain(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("UPDATE marks SET number = number + 1000000")


@pytest.mark.parametrize(
    "damage",
    [Path.unlink, _emptied, _cut, _replaced, _sold_more, _of_another_form, _marked_wrongly, _of_another_chain],
)
def test_a_store_that_is_gone_or_damaged_is_folded_anew(small: Market, damage: Callable[[Path], None]) -> None:
    """The list is right, and the file is whole again for the next command."""
    damage(small.file)
    for _ in range(2):
        assert small.listed() == [("ONE", 7, False), ("TWO", 0, False)]
    with sqlite3.connect(small.file) as database:
        assert database.execute("SELECT COUNT(*) FROM versions").fetchone() > (0,)


def test_every_changed_byte_is_noticed_or_harmless(small: Market) -> None:
    """Whichever byte of the file is changed, the list is right."""
    content = small.file.read_bytes()
    for place in range(0, len(content), 211):
        small.file.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        assert small.listed() == [("ONE", 7, False), ("TWO", 0, False)], place


def test_a_folder_that_cannot_be_written_lists_from_memory(small: Market, tmp_path: Path) -> None:
    """Where no file can be, and where another one is in its place, the list is folded in memory."""
    small.file = tmp_path / "nowhere" / "lists.sqlite"
    assert small.listed() == [("ONE", 7, False), ("TWO", 0, False)]
    small.file = tmp_path / "folder"
    small.file.mkdir()
    assert small.listed() == [("ONE", 7, False), ("TWO", 0, False)]


def test_a_command_does_not_wait_for_ever(small: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another command holds the store for too long, the list is folded in memory."""
    monkeypatch.setattr(stores, "WAIT_S", 0.1)
    with sqlite3.connect(small.file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        small.sell(small.network.series[1], 2)
        assert small.listed() == [("ONE", 7, False), ("TWO", 2, False)]
        other.execute("ROLLBACK")
    assert small.listed() == [("ONE", 7, False), ("TWO", 2, False)]


def test_two_commands_at_once(small: Market) -> None:
    """Commands that fold into the same file at the same moment all list the same, whoever came first."""
    small.file.unlink()
    with ThreadPoolExecutor(4) as pool:
        lists = [pool.submit(small.listed) for _ in range(8)]
    assert [it.result() for it in lists] == [[("ONE", 7, False), ("TWO", 0, False)]] * 8


def test_a_reader_of_an_older_head_lists_its_own(small: Market) -> None:
    """A command that opened the chain before another one's block lists without it, and spoils nothing for others."""
    revert = snapshot(small.chain)
    small.sell(small.network.series[1], 2)
    assert small.listed() == [("ONE", 7, False), ("TWO", 2, False)]
    newer = small.file.read_bytes()
    revert()
    assert small.listed() == [("ONE", 7, False), ("TWO", 0, False)]
    small.file.write_bytes(newer)
    assert small.listed() == [("ONE", 7, False), ("TWO", 0, False)]
