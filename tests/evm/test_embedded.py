"""What the embedded chain promises beyond the protocol: the same bytes again, and blocks that others re-execute."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import rlp
from eth.chains.base import Chain
from eth.consensus import ConsensusApplier, NoProofConsensus
from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB
from eth.vm.forks.prague import PragueVM
from eth_typing import Address
from hypothesis import given, settings
from hypothesis import strategies as st

from pysettle.errors import ChainError, TransactionRefused
from pysettle.evm.backend import ExecutionReverted
from pysettle.evm.clock import prevrandao
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import BEACON_ROOTS, HISTORY_STORAGE, Genesis, GenesisAccount
from pysettle.evm.transactions import relay
from tests.evm.accounts import ALICE, BOB, CAROL, CHAIN_ID, ETHER, START, deploy, genesis, sign, word
from tests.evm.bytecode import COUNTER, INVALID, READER, RECORDER, REVERTER, TOKEN, creation


@pytest.fixture
def chain() -> EmbeddedChain:
    """Return a fresh embedded chain."""
    return EmbeddedChain(genesis())


def play(chain: EmbeddedChain) -> EmbeddedChain:
    """Seal a bit of everything: creations, logs, reverts, many in a block, an empty block, an advance, a tip."""
    recorder, token = deploy(chain, creation(RECORDER)), deploy(chain, creation(TOKEN))
    reverter, invalid = deploy(chain, creation(REVERTER)), deploy(chain, creation(INVALID))
    chain.clock.advance(86_400)
    chain.submit([sign(chain, ALICE, recorder, word(1), maxPriorityFeePerGas=10**8), sign(chain, BOB, reverter, b"no")])
    chain.seal()
    chain.submit(
        [sign(chain, ALICE, token, bytes(12) + BOB + word(n), nonce=chain.nonce(ALICE) + n) for n in range(30)]
    )
    chain.submit([sign(chain, CAROL, invalid), sign(chain, ALICE, b"\x77" * 20, value=ETHER)])
    chain.submit([sign(chain, BOB, recorder, word(0), accessList=[{"address": recorder, "storageKeys": [0]}])])
    return chain


def other_engine(genesis: Genesis) -> Chain:
    """Return a chain of stock py-evm, begun from the genesis, that validates whatever it imports."""
    rules = ConsensusApplier(NoProofConsensus).amend_vm_configuration(((0, PragueVM),))
    chain_class = Chain.configure(__name__="Stock", vm_configuration=rules, chain_id=genesis.chain_id)
    state = {
        address: {"balance": it.balance, "nonce": it.nonce, "code": it.code, "storage": dict(it.storage)}
        for address, it in genesis.alloc.items()
    }
    fields = {
        "difficulty": 0,
        "nonce": bytes(8),
        "timestamp": genesis.timestamp,
        "gas_limit": genesis.gas_limit,
        "base_fee_per_gas": genesis.base_fee,
        "parent_beacon_block_root": bytes(32),
    }
    return chain_class.from_genesis(AtomicDB(), fields, state)


def re_execute(chain: EmbeddedChain) -> list[bytes]:
    """Import the exported blocks elsewhere, with validation; return the hashes from the genesis to the head."""
    other = other_engine(Genesis.from_bytes(chain.genesis.to_bytes()))
    for content in chain.blocks_rlp():
        other.import_block(rlp.decode(content, sedes=other.get_vm().get_block_class()), perform_validation=True)
    return [other.get_canonical_block_hash(n) for n in range(other.get_canonical_head().block_number + 1)]


def hashes(chain: EmbeddedChain) -> list[bytes]:
    """Return all block hashes from the genesis to the head."""
    return [chain.block(number).hash for number in range(chain.block().number + 1)]


def test_the_same_calls_give_the_same_bytes() -> None:
    """Two chains of one seed are equal byte for byte."""
    one, two = (play(EmbeddedChain(genesis(), seed=7)) for _ in range(2))
    assert list(one.blocks_rlp()) == list(two.blocks_rlp())
    assert hashes(one) == hashes(two)


def test_another_seed_gives_another_chain() -> None:
    """The seed changes every block after the genesis, and not the genesis."""
    one, two = (play(EmbeddedChain(genesis(), seed=seed)) for seed in (0, 1))
    assert hashes(one)[0] == hashes(two)[0]
    assert not set(hashes(one)[1:]) & set(hashes(two)[1:])


@pytest.mark.parametrize("coinbase", [Address(bytes(20)), Address(b"\xc0" * 20)])
def test_blocks_re_execute_elsewhere_with_validation(coinbase: Address) -> None:
    """Stock py-evm, validating everything, arrives at the same hashes, and so at the same roots."""
    chain = play(EmbeddedChain(genesis(), seed=3, coinbase=coinbase))
    assert re_execute(chain) == hashes(chain)
    assert chain.balance(coinbase) > 0, "it was tipped"


def test_blocks_sealed_after_a_revert_re_execute_too(chain: EmbeddedChain) -> None:
    """A chain that went back and on another way is as good as one that never did."""
    play(chain)
    snapshot = chain.snapshot()
    play(chain)
    chain.revert(snapshot)
    chain.clock.advance(5)
    chain.submit([sign(chain, CAROL, BOB, value=1)])
    assert re_execute(chain) == hashes(chain)


def test_exported_blocks_carry_what_was_sealed(chain: EmbeddedChain) -> None:
    """The export has one item for each block after the genesis, and its receipts hash to the header's root."""
    play(chain)
    assert len(list(chain.blocks_rlp())) == chain.block().number
    block = chain.block(7)
    assert len(chain.receipts_rlp(7)) == len(block.transaction_hashes) == 30


def test_no_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing the chain does asks the machine for the time."""

    class NoTime(dt.datetime):
        @classmethod
        def now(cls, *_: object) -> dt.datetime:
            raise AssertionError("read the wall clock")

    def no_time() -> float:
        raise AssertionError("read the wall clock")

    monkeypatch.setattr(dt, "datetime", NoTime)
    monkeypatch.setattr(time, "time", no_time)
    chain = play(EmbeddedChain(genesis()))
    chain.call(ALICE, b"")
    chain.revert(chain.snapshot())
    assert chain.block(1).timestamp == START + 1


def test_a_contract_sees_the_headers_randomness_and_time(chain: EmbeddedChain) -> None:
    """PREVRANDAO and TIMESTAMP, as executed, are those of the header, which are functions of seed and schedule."""
    recorder = deploy(chain, creation(RECORDER))
    log = relay(chain, [sign(chain, ALICE, recorder, word(9))])[0].logs[0]
    block = chain.block()
    assert log.data == word(9) + block.prevrandao + word(block.timestamp)
    assert block.prevrandao == prevrandao(0, block.number)
    assert block.timestamp == START + 2


def test_a_call_at_the_head_runs_in_the_block_to_come(chain: EmbeddedChain) -> None:
    """Number, time and randomness of a call at the head are the next block's; the base fee is zero."""
    reader = deploy(chain, creation(READER))
    answer = chain.call(reader, b"")
    chain.submit([sign(chain, ALICE, reader)])
    block = chain.block()
    assert answer[32:160] == word(block.number) + word(block.timestamp) + block.prevrandao + word(0)


def test_calls_know_nothing_of_each_other(chain: EmbeddedChain) -> None:
    """Storage, nonces, what is warm: each call finds the chain's, at the height it asks for, whatever ran before."""
    counter, reader, reverter = (deploy(chain, creation(code)) for code in (COUNTER, READER, REVERTER))
    height = chain.block().number
    fresh = EmbeddedChain(genesis())
    for code in (COUNTER, READER, REVERTER):
        deploy(fresh, creation(code))
    first = fresh.call(counter, b"")
    assert first[:64] == word(1) + word(1)
    assert [chain.call(counter, b"") for _ in range(3)] == [first] * 3
    with pytest.raises(ExecutionReverted):
        chain.call(reverter, b"no")
    assert chain.call(counter, b"") == first
    assert [chain.call(None, creation(READER)) for _ in range(2)] == [READER] * 2
    chain.submit([sign(chain, ALICE, counter)])
    assert [chain.call(counter, b"", block_number=at)[:64] for at in (None, height, None)] == [
        word(2) + word(1),
        first[:64],
        word(2) + word(1),
    ]
    times = [chain.call(reader, b"")[64:96]]
    chain.clock.advance(60)
    times.append(chain.call(reader, b"")[64:96])
    assert int.from_bytes(times[1], "big") == int.from_bytes(times[0], "big") + 60


def test_the_system_contracts_are_written(chain: EmbeddedChain) -> None:
    """Each block stores its parent's hash (EIP-2935) and its time (EIP-4788), where contracts can ask for them."""
    for _ in range(3):
        chain.seal()
    assert chain.call(HISTORY_STORAGE, word(2)) == chain.block(2).hash
    assert chain.state(3).get_storage(HISTORY_STORAGE, 1) == int.from_bytes(chain.block(1).hash, "big")
    assert chain.state(3).get_storage(BEACON_ROOTS, chain.block(3).timestamp % 8191) == chain.block(3).timestamp


def test_a_sequence_spills_into_the_next_block() -> None:
    """What does not fit the gas left goes on, in order, in a block one interval later."""
    small = Genesis(chain_id=CHAIN_ID, timestamp=START, alloc=genesis().alloc, gas_limit=100_000)
    chain = EmbeddedChain(small)
    receipts = relay(chain, [sign(chain, ALICE, BOB, nonce=n, gas=30_000) for n in range(9)])
    # Three transactions use 63,000 and leave 37,000 for a fourth, which leaves 16,000.
    assert [receipt.block_number for receipt in receipts] == [1, 1, 1, 1, 2, 2, 2, 2, 3]
    assert [receipt.transaction_index for receipt in receipts] == [0, 1, 2, 3, 0, 1, 2, 3, 0]
    assert chain.block(3).timestamp == START + 3
    assert re_execute(chain) == hashes(chain)


def test_a_refusal_after_a_spill_takes_the_sealed_blocks_back() -> None:
    """A transaction that turns out invalid in the second block leaves nothing of the first."""
    small = Genesis(chain_id=CHAIN_ID, timestamp=START, alloc=genesis().alloc, gas_limit=100_000)
    chain = EmbeddedChain(small)
    chain.clock.advance(10)
    raws = [sign(chain, ALICE, BOB, nonce=n, gas=30_000) for n in (0, 1, 2, 3, 4, 7)]
    with pytest.raises(TransactionRefused, match="transaction 5 of 6"):
        chain.submit(raws)
    assert (chain.block().number, chain.nonce(ALICE), chain.clock.now()) == (0, 0, START + 11)
    with pytest.raises(ChainError):
        chain.block(1)
    assert all(receipt.succeeded for receipt in relay(chain, raws[:5]))
    assert re_execute(chain) == hashes(chain)


def test_a_contract_may_not_send() -> None:
    """An account with code signs nothing (EIP-3607), although py-evm would execute it."""
    armed = {**genesis().alloc, ALICE: GenesisAccount(balance=ETHER, code=b"\x00")}
    chain = EmbeddedChain(Genesis(chain_id=CHAIN_ID, timestamp=START, alloc=armed))
    with pytest.raises(TransactionRefused, match="is a contract"):
        chain.submit([sign(chain, ALICE, BOB)])


def test_receipts_are_read_back_from_the_database() -> None:
    """A reopened chain gives the same receipts, revert data included, and goes on where it was."""
    database = MemoryDB()
    chain = play(EmbeddedChain(genesis(), database=database))
    chain.clock.advance(42)
    again = EmbeddedChain(genesis(), database=database)
    assert again.block() == chain.block()
    assert again.clock.now() == chain.clock.now()
    numbers = range(chain.block().number + 1)
    assert [again.receipts(number) for number in numbers] == [chain.receipts(number) for number in numbers]
    assert any(receipt.revert_data for number in numbers for receipt in again.receipts(number))
    assert list(again.logs()) == list(chain.logs())
    again.submit([sign(again, ALICE, BOB)])
    assert re_execute(again) == hashes(again)


def test_a_database_of_another_genesis_is_refused() -> None:
    """A chain cannot be continued under a genesis it did not begin from."""
    database = MemoryDB()
    EmbeddedChain(genesis(), database=database).seal()
    with pytest.raises(ChainError, match="another genesis"):
        EmbeddedChain(Genesis(chain_id=CHAIN_ID, timestamp=START + 1), database=database)


def test_each_block_is_one_write_of_the_database() -> None:
    """A database with transactions sees one for the opening, one for each block and one for a revert."""

    class Counting(MemoryDB):
        writes, inside = 0, False

        @contextmanager
        def transaction(self) -> Iterator[None]:
            self.writes, self.inside = self.writes + 1, True
            yield
            self.inside = False

        def __setitem__(self, key: bytes, value: bytes) -> None:
            assert self.inside, key
            super().__setitem__(key, value)

    database = Counting()
    chain = EmbeddedChain(genesis(), database=database)
    snapshot = chain.snapshot()
    chain.submit([sign(chain, ALICE, BOB)])
    chain.seal()
    chain.revert(snapshot)
    assert database.writes == 4


def test_gas_never_falls_below_the_floor_of_the_data(chain: EmbeddedChain) -> None:
    """A large refund cannot bring the receipt below what the data costs at least (EIP-7623)."""
    # For each slot CALLDATASIZE ISZERO PUSH1 slot SSTORE: writes 1 when called without data, else 0.
    code = b"".join(bytes([0x36, 0x15, 0x60, slot, 0x55]) for slot in range(1, 21))
    contract = deploy(chain, creation(code))
    chain.submit([sign(chain, ALICE, contract, gas=10**6)])
    balance = chain.balance(ALICE)
    receipt = relay(chain, [sign(chain, ALICE, contract, b"\xff" * 10_000, gas=10**6)])[0]
    assert receipt.gas_used == 21_000 + 40 * 10_000
    assert balance - chain.balance(ALICE) == receipt.gas_used * chain.block().base_fee


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["send", "seal", "advance", "snapshot", "revert"]), st.integers(0, 9))))
def test_any_course_of_events_re_executes(events: list[tuple[str, int]]) -> None:
    """Whatever order of sends, empty blocks, advances and reverts: the blocks left re-execute to equal hashes."""
    chain, snapshots = EmbeddedChain(genesis()), []
    for event, number in events:
        if event == "send":
            chain.submit([sign(chain, ALICE, BOB, value=number, nonce=chain.nonce(ALICE) + n) for n in range(number)])
        elif event == "seal":
            chain.seal()
        elif event == "advance":
            chain.clock.advance(number)
        elif event == "snapshot":
            snapshots.append(chain.snapshot())
        elif snapshots:
            chosen = number % len(snapshots)
            chain.revert(snapshots[chosen])
            del snapshots[chosen:]
    assert re_execute(chain) == hashes(chain)
