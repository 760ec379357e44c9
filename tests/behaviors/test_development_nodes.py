"""Several clients of one development node: none loses a transaction because another's is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Hash32

from pysettle.errors import TransactionRefused
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.evm.rpc import RpcChain
from pysettle.evm.transactions import relay
from tests.behaviors.conftest import NODES
from tests.evm.accounts import ALICE, BOB, CAROL, ETHER, deploy, genesis, sign
from tests.evm.bytecode import INVALID, creation

THEIRS = 30
"""Payments of the second client."""


@pytest.fixture(scope="module", params=NODES)
def node(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of a node of every kind."""
    with NODES[request.param](genesis(), tmp_path_factory.mktemp(request.param)) as listening:
        yield listening


@pytest.fixture
def url(node: str) -> Iterator[str]:
    """Yield the URL of a node whose chain has no block yet."""
    rpc = JsonRpc(node)
    before = rpc.ask("evm_snapshot")
    yield node
    rpc.ask("anvil_dropAllTransactions")
    rpc.ask("evm_setAutomine", True)
    assert rpc.ask("evm_revert", before)


def refused_sequences(chain: RpcChain) -> list[list[bytes]]:
    """Return sequences of Alice's whose first transaction can be sealed, and a later one cannot."""
    nonce = chain.nonce(ALICE)
    good = sign(chain, ALICE, BOB, value=1)
    return [
        [good, sign(chain, ALICE, BOB, nonce=nonce + 1, gas=20_000)],
        [good, sign(chain, ALICE, BOB, nonce=nonce + 5)],
        [sign(chain, ALICE, BOB, value=60 * ETHER), sign(chain, ALICE, BOB, nonce=nonce + 1, value=60 * ETHER)],
        [good, sign(chain, BOB, ALICE, value=101 * ETHER)],
    ]


def test_what_others_have_sealed_stays(url: str) -> None:
    """While ours are refused again and again, each payment of a second client stays in the block that it was in."""
    chain = RpcChain(url)

    def pay() -> list[tuple[Hash32, Hash32]]:
        theirs, places = RpcChain(url), []
        for nonce in range(THEIRS):
            (receipt,) = relay(theirs, [sign(theirs, CAROL, BOB, value=1, nonce=nonce)])
            places.append((receipt.transaction_hash, theirs.block(receipt.block_number).hash))
        return places

    with ThreadPoolExecutor(1) as pool:
        paid = pool.submit(pay)
        rounds = 0
        while not paid.done() or not rounds:
            for sequence in refused_sequences(chain):
                with pytest.raises(TransactionRefused) as refused:
                    chain.submit(sequence)
                assert (refused.value.index, refused.value.accepted) == (1, ())
            rounds += 1
    receipts = chain.receipts_of([it for it, _ in paid.result()])
    assert [it and chain.block(it.block_number).hash for it in receipts] == [block for _, block in paid.result()]
    assert (chain.nonce(CAROL), chain.nonce(ALICE), chain.balance(ALICE)) == (THEIRS, 0, 100 * ETHER)


class Killed(BaseException):
    """The process has ended."""


def test_whoever_is_killed_leaves_the_node_sealing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At whichever request a client ends, the node goes on to seal others' transactions as they come."""
    post, rpc = JsonRpc._post, JsonRpc(url)
    for last in range(12):
        chain, requests = RpcChain(url), 0

        def ended(self: JsonRpc, *arguments: Any, allowed: int = last, **options: Any) -> Any:
            nonlocal requests
            requests += 1
            if requests > allowed:
                raise Killed
            return post(self, *arguments, **options)

        sequence = [sign(chain, ALICE, BOB, nonce=chain.nonce(ALICE) + it) for it in range(3)]
        monkeypatch.setattr(JsonRpc, "_post", ended)
        try:
            chain.submit(sequence)
        except Killed:
            pass
        finally:
            monkeypatch.undo()
        assert rpc.ask("anvil_getAutomine") is True, f"after {last} requests"
        assert relay(RpcChain(url), [sign(chain, CAROL, BOB, nonce=last)])[0].succeeded


def test_sealing_by_hand_stays_by_hand(url: str) -> None:
    """Where somebody seals blocks by hand, ours are sealed, and the next transaction waits as before."""
    chain, rpc = RpcChain(url), JsonRpc(url)
    rpc.ask("evm_setAutomine", False)
    receipts = relay(chain, [sign(chain, ALICE, BOB, nonce=it) for it in range(3)])
    assert len({it.block_number for it in receipts}) == 1
    assert rpc.ask("anvil_getAutomine") is False
    waiting = keccak(theirs := sign(chain, CAROL, BOB))
    rpc.ask("eth_sendRawTransaction", "0x" + theirs.hex())
    with pytest.raises(TransactionRefused):
        chain.submit(refused_sequences(chain)[2])
    assert rpc.ask("eth_getTransactionByHash", "0x" + waiting.hex())["blockHash"] is None
    rpc.ask("evm_mine")
    assert chain.receipts_of([Hash32(waiting)])[0] is not None


def meanwhile(monkeypatch: pytest.MonkeyPatch, chain: RpcChain, deed: Callable[[], object]) -> None:
    """Have somebody do something after the sequence was looked at, before it is handed over."""
    hand_over = chain._sealer._hand_over

    def late(*arguments: Any, **options: Any) -> Any:
        deed()
        return hand_over(*arguments, **options)

    monkeypatch.setattr(chain._sealer, "_hand_over", late)


def test_where_another_used_the_account_the_error_names_what_was_sealed(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second client takes a nonce of ours: its transaction stays, ours is refused, and the sealed one is named."""
    chain, others = RpcChain(url), RpcChain(url)
    theirs = sign(others, ALICE, CAROL, value=7)
    meanwhile(monkeypatch, chain, lambda: relay(others, [theirs]))
    ours = [sign(chain, ALICE, BOB, value=1), sign(chain, BOB, CAROL, value=2)]
    with pytest.raises(TransactionRefused) as refused:
        chain.submit(ours)
    assert (refused.value.index, refused.value.accepted, refused.value.hashes) == (0, (1,), (keccak(ours[1]),))
    assert f"0x{keccak(ours[1]).hex()}" in str(refused.value)
    receipts = chain.receipts_of([Hash32(keccak(it)) for it in (theirs, *ours)])
    assert [it is not None for it in receipts] == [True, False, True]


def test_nothing_that_was_refused_waits(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that waits behind a refused one is taken out of the pool; another client's is not."""
    chain, rpc = RpcChain(url), JsonRpc(url)
    early = sign(chain, CAROL, BOB, nonce=4)
    rpc.ask("eth_sendRawTransaction", "0x" + early.hex())
    nonce = chain.nonce(ALICE)
    ours = [sign(chain, ALICE, BOB, nonce=nonce + it) for it in (0, 1, 2)]
    hand_over = chain._sealer._hand_over

    def without_the_first(raws: list[bytes], gas: list[int], **options: Any) -> Any:
        assert hand_over(raws[1:], gas[1:], **options) == {}
        return {0: "lost"}

    monkeypatch.setattr(chain._sealer, "_hand_over", without_the_first)
    with pytest.raises(TransactionRefused) as refused:
        chain.submit(ours)
    monkeypatch.undo()
    assert (refused.value.index, refused.value.accepted) == (0, ())
    assert rpc.ask("txpool_status") == {"pending": "0x0", "queued": "0x1"}
    assert relay(RpcChain(url), [ours[0]])[0].succeeded
    assert chain.nonce(ALICE) == nonce + 1


def test_a_block_below_those_that_were_read_is_found(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody takes the chain back while ours is handed over, and seals on top of it: ours is found all the same."""
    chain, rpc = RpcChain(url), JsonRpc(url)
    before = rpc.ask("evm_snapshot")
    for _ in range(3):
        rpc.ask("evm_mine")
    hand_over = chain._sealer._hand_over

    def taken_back(*arguments: Any, **options: Any) -> Any:
        assert rpc.ask("evm_revert", before)
        refused = hand_over(*arguments, **options)
        while not rpc.ask("eth_getTransactionByHash", "0x" + keccak(ours).hex())["blockHash"]:
            pass
        rpc.ask("evm_mine")
        return refused

    monkeypatch.setattr(chain._sealer, "_hand_over", taken_back)
    ours = sign(chain, ALICE, BOB, value=1)
    (receipt,) = relay(chain, [ours])
    assert receipt.succeeded
    assert chain.block().number == receipt.block_number + 1


def test_a_sequence_of_several_blocks_is_sealed_in_order(url: str) -> None:
    """Transactions that use 25 million gas each fill blocks of 60 million; all are sealed, by nonce."""
    chain = RpcChain(url)
    spender = deploy(chain, creation(INVALID))
    raws = [sign(chain, ALICE, spender, gas=25_000_000, nonce=chain.nonce(ALICE) + it) for it in range(5)]
    receipts = relay(chain, raws)
    assert [it.gas_used for it in receipts] == [25_000_000] * 5
    assert [it.block_number - receipts[0].block_number for it in receipts] == [0, 0, 1, 1, 2]


def test_a_long_sequence_is_sealed_in_order(url: str) -> None:
    """More transactions than one request to a node holds are sealed in their order."""
    chain = RpcChain(url)
    receipts = relay(chain, [sign(chain, (ALICE, BOB)[it % 2], CAROL, nonce=it // 2) for it in range(150)])
    places = [(it.block_number, it.transaction_index) for it in receipts]
    assert places == sorted(places)
    assert len({it.block_number for it in receipts}) <= 3
