"""What chains do that are ours to seal: embedded, or a development node; and how another network refuses it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pysettle.errors import ChainError, NodeError, TransactionRefused
from pysettle.evm.backend import ChainBackend
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.evm.rpc import RpcChain
from pysettle.evm.transactions import relay
from tests.behaviors.conftest import DEVELOPMENT
from tests.behaviors.test_every_chain import REFUSALS
from tests.evm.accounts import ACCOUNTS, ALICE, BOB, CAROL, CHAIN_ID, ETHER, deploy, genesis, sign, word
from tests.evm.bytecode import READER, RECORDER, TOKEN, creation

BACKENDS = DEVELOPMENT
"""Chains of the fixture `chain`."""
WAITING = {"a gap in the nonces": {"nonce": 5}, "a fee below the base fee": {"maxFeePerGas": 1}}
"""Transactions that wait on any other network."""


def test_an_empty_sequence_seals_nothing(chain: ChainBackend) -> None:
    """Sending nothing returns nothing and leaves the head where it was."""
    head = chain.block()
    assert relay(chain, []) == ()
    assert chain.block() == head


def test_many_transactions_share_a_block(chain: ChainBackend) -> None:
    """A sequence that fits one block is sealed in one, in order, with indexes that say so."""
    token = deploy(chain, creation(TOKEN))
    before = chain.block().number
    raws = [
        sign(chain, ALICE, token, bytes(12) + BOB + word(amount), nonce=chain.nonce(ALICE) + amount)
        for amount in range(5)
    ]
    receipts = relay(chain, raws)
    block = chain.block()
    assert block.number == before + 1
    assert block.transaction_hashes == tuple(receipt.transaction_hash for receipt in receipts)
    assert [receipt.transaction_index for receipt in receipts] == [0, 1, 2, 3, 4]
    assert [receipt.logs[0].log_index for receipt in receipts] == [0, 1, 2, 3, 4]
    assert [int.from_bytes(receipt.logs[0].data, "big") for receipt in receipts] == [0, 1, 2, 3, 4]
    assert sum(receipt.gas_used for receipt in receipts) == block.gas_used


@pytest.mark.parametrize("reason", sorted(REFUSALS | WAITING))
def test_one_bad_transaction_refuses_the_whole_sequence(chain: ChainBackend, reason: str) -> None:
    """What can be in no block is named by its place, and nothing of the sequence is sealed."""
    relay(chain, [sign(chain, ALICE, BOB)])
    before = (chain.block(), chain.clock.now(), chain.balance(ALICE), chain.nonce(ALICE))
    good = sign(chain, ALICE, BOB, value=1)
    fields = {"nonce": chain.nonce(ALICE) + 1} | (REFUSALS | WAITING)[reason]
    with pytest.raises(TransactionRefused, match="transaction 1 of 3"):
        relay(chain, [good, sign(chain, ALICE, **{"to": BOB} | fields), good])
    assert (chain.block(), chain.clock.now(), chain.balance(ALICE), chain.nonce(ALICE)) == before
    assert relay(chain, [good])[0].succeeded


def test_balances_are_checked_cumulatively(chain: ChainBackend) -> None:
    """Each of two transfers could be paid for, both cannot."""
    first = sign(chain, ALICE, BOB, value=60 * ETHER)
    second = sign(chain, ALICE, BOB, value=60 * ETHER, nonce=1)
    with pytest.raises(TransactionRefused, match="transaction 1 of 2"):
        relay(chain, [first, second])
    assert chain.balance(BOB) == 100 * ETHER


def test_a_payment_can_fund_the_next(chain: ChainBackend) -> None:
    """Value received earlier in the sequence may be spent later in it."""
    if isinstance(chain, RpcChain):
        pytest.skip("a node's pool asks for the funds when the transaction arrives")
    first = sign(chain, ALICE, BOB, value=60 * ETHER)
    second = sign(chain, BOB, CAROL, value=150 * ETHER)
    assert all(receipt.succeeded for receipt in relay(chain, [first, second]))
    assert chain.balance(CAROL) == 250 * ETHER


def test_a_call_returns_what_the_contract_returns(chain: ChainBackend) -> None:
    """A call at the head sees the state, the clock and its sender, and changes nothing."""
    recorder, reader = deploy(chain, creation(RECORDER)), deploy(chain, creation(READER))
    head = chain.block()
    chain.clock.advance(500)
    nobody = type(ALICE)(b"\x99" * 20)
    answer = chain.call(reader, b"", sender=nobody)
    assert int.from_bytes(answer[64:96], "big") == chain.clock.now()
    assert answer[172:192] == nobody
    chain.call(recorder, word(7))
    assert chain.block() == head


def test_time_is_a_schedule_plus_advances(chain: ChainBackend) -> None:
    """Blocks are one interval apart, an advance is carried by the next block, and time never goes back."""
    start = chain.block().timestamp
    relay(chain, [sign(chain, ALICE, BOB)])
    assert chain.block().timestamp == start + 1
    promised = chain.clock.advance(3600)
    assert promised == chain.clock.now() == start + 2 + 3600
    relay(chain, [sign(chain, ALICE, BOB)])
    assert chain.block().timestamp == promised
    assert chain.clock.now() == promised + 1
    with pytest.raises(ValueError, match="cannot go back"):
        chain.clock.advance(-1)


def test_a_snapshot_returns_everything(chain: ChainBackend) -> None:
    """Reverting restores blocks, state, logs and clock, and forgets the transactions sealed since."""
    token = deploy(chain, creation(TOKEN))
    chain.clock.advance(77)
    before = (chain.block(), chain.clock.now(), chain.nonce(ALICE), list(chain.logs()))
    snapshot = chain.snapshot()
    chain.clock.advance(1000)
    lost = relay(chain, [sign(chain, ALICE, token, bytes(12) + BOB + word(5))])[0]
    relay(chain, [sign(chain, ALICE, BOB, value=5)])
    chain.revert(snapshot)
    assert (chain.block(), chain.clock.now(), chain.nonce(ALICE), list(chain.logs())) == before
    assert chain.receipts_of([lost.transaction_hash]) == (None,)
    with pytest.raises(ChainError):
        chain.block(lost.block_number)


def test_another_history_can_follow_a_revert(chain: ChainBackend) -> None:
    """After a revert other blocks are sealed at the same heights, and only they are read."""
    snapshot = chain.snapshot()
    relay(chain, [sign(chain, ALICE, BOB, value=1)])
    relay(chain, [sign(chain, ALICE, BOB, value=2)])
    lost = chain.block(1).hash
    chain.revert(snapshot)
    receipt = relay(chain, [sign(chain, BOB, CAROL, value=3)])[0]
    assert chain.block(1).hash != lost
    assert chain.block(1).transaction_hashes == (receipt.transaction_hash,)
    assert chain.receipts_of([receipt.transaction_hash]) == (receipt,)
    relay(chain, [sign(chain, BOB, CAROL, value=4)])
    assert chain.block(2).parent_hash == chain.block(1).hash
    assert chain.balance(CAROL) == 100 * ETHER + 7


def test_a_revert_spends_its_snapshot_and_all_later_ones(chain: ChainBackend) -> None:
    """A handle works once; handles taken after it are gone with it, earlier ones stay."""
    first, second, third = (chain.snapshot() for _ in range(3))
    relay(chain, [sign(chain, ALICE, BOB)])
    chain.revert(second)
    for spent in (second, third):
        with pytest.raises(ChainError):
            chain.revert(spent)
    assert chain.snapshot() not in (second, third)
    chain.revert(first)
    assert chain.block().number == 0


def test_accounts_begin_alike(chain: ChainBackend) -> None:
    """The genesis gives every test account the same."""
    assert {chain.balance(account) for account in ACCOUNTS} == {100 * ETHER}
    assert (chain.chain_id, chain.block().number) == (CHAIN_ID, 0)


# How a network that is nobody's to seal refuses: geth, whose blocks come by its own clock.


@pytest.fixture
def network(request: pytest.FixtureRequest) -> RpcChain:
    """Return geth."""
    return RpcChain(request.getfixturevalue("geth_url"))


@pytest.mark.geth
@pytest.mark.parametrize(
    ("action", "words"),
    [
        (lambda chain: chain.clock.advance(1), "the time of this network is its own"),
        (lambda chain: chain.snapshot(), "cannot be taken back: only a development node's can"),
        (lambda chain: chain.revert(1), "no snapshot 1: it was never taken"),
        (lambda chain: chain.set_accounts(genesis().alloc), "cannot be given accounts: only a development node's can"),
    ],
)
def test_a_network_refuses_each_deed_of_a_development_node(
    network: RpcChain, action: Callable[[RpcChain], object], words: str
) -> None:
    """Clock, snapshots and accounts are refused in a sentence before anything is sent."""
    assert not network.is_development_node
    with pytest.raises(ChainError, match=words):
        action(network)


@pytest.mark.geth
@pytest.mark.parametrize("verb", ["evm_mine", "evm_snapshot", "evm_setNextBlockTimestamp", "anvil_setBalance"])
def test_geth_has_no_verb_of_a_development_node(network: RpcChain, verb: str) -> None:
    """A verb that somebody sends by hand is refused by geth itself."""
    with pytest.raises(NodeError, match="does not exist"):
        JsonRpc(network.url).ask(verb)


@pytest.mark.geth
def test_a_network_refuses_a_transaction_without_a_tip(network: RpcChain) -> None:
    """With geth a priority fee of 0 is refused; the offer of the chain has a higher one, and is taken."""
    with pytest.raises(TransactionRefused, match="tip"):
        network.submit([sign(network, ALICE, BOB, maxPriorityFeePerGas=0)])
    fees = network.fees()
    assert fees.priority_fee
    offer = {"maxFeePerGas": fees.max_fee, "maxPriorityFeePerGas": fees.priority_fee}
    (receipt,) = relay(network, [sign(network, ALICE, BOB, **offer)])
    assert receipt.succeeded


@pytest.mark.geth
def test_a_network_keeps_what_it_took_before_a_refusal(network: RpcChain) -> None:
    """A network takes transactions one by one: the refused one is named by its place, and those that were taken too."""
    nonce = network.nonce(ALICE)
    good, bad = (sign(network, ALICE, BOB, nonce=nonce + place, gas=gas) for place, gas in ((0, 21_000), (1, 20_999)))
    with pytest.raises(TransactionRefused) as refused:
        network.submit([good, bad])
    assert (refused.value.index, refused.value.accepted) == (1, (0,))
    while network.receipts_of(refused.value.hashes) == (None,):
        network.wait()
    assert network.nonce(ALICE) == nonce + 1
