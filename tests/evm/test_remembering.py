"""The chain of the contract tests, which executes nothing twice, beside one that does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from eth._utils.address import generate_contract_address

from pysettle.errors import TransactionRefused
from pysettle.evm.backend import ExecutionReverted
from pysettle.evm.embedded import EmbeddedChain
from tests.evm.accounts import ALICE, BOB, CAROL, deploy, genesis, sign, word
from tests.evm.bytecode import REVERTER, TOKEN, creation
from tests.evm.remembering import RememberingChain

CLOCK = bytes.fromhex("425f5260205ff3")
"""Creation code that returns the time of its block."""
CALLER = bytes.fromhex("335f5260205ff3")
"""Creation code that returns its caller."""

CREATED = generate_contract_address(CAROL, 0)
"""Where Carol's first contract will stand."""
_READS = {
    "a word of storage": ("5f3554", word(1)),
    "the balance of another": ("5f3531", BOB.rjust(32, b"\0")),
    "code": ("5f353b", CREATED.rjust(32, b"\0")),
    "the hash of code": ("5f353f", CREATED.rjust(32, b"\0")),
    "what another contract answers": ("5f5f5f5f5f355afa503d", CREATED.rjust(32, b"\0")),
    "an address by its own nonce": ("5f5f5ff0", b""),
    "the coinbase": ("41", b""),
    "the time": ("42", b""),
    "the number of the block": ("43", b""),
    "the randomness": ("44", b""),
    "the hash of an earlier block": ("6001430340", b""),
}
"""What a contract reads -> the opcodes that leave it on the stack, and the data of the call."""


def _witness(opcodes: str) -> bytes:
    """Return a contract that answers with what it reads; called with two words, it stores the second in the first."""
    answer = bytes.fromhex(f"{opcodes}5f5260205ff3")
    return bytes.fromhex(f"3660401460{7 + len(answer):02x}57") + answer + bytes.fromhex("5b6020355f355500")


def told(chain: EmbeddedChain) -> tuple[object, ...]:
    """Return everything that a chain reports of its blocks, and answers of the next one."""
    numbers = range(chain.block().number + 1)
    return (
        [chain.block(number) for number in numbers],
        [chain.receipts(number) for number in numbers],
        [chain.receipts_rlp(number) for number in numbers],
        list(chain.blocks_rlp()),
        [(chain.balance(it), chain.nonce(it)) for it in (ALICE, BOB)],
        chain.call(None, CLOCK),
        [chain.call(None, CALLER, sender=it) for it in (ALICE, BOB)],
    )


def test_a_remembered_chain_is_the_executed_one() -> None:
    """Taken back and continued alike, otherwise, later and for another coinbase, it is an embedded chain's."""
    chains: Sequence[EmbeddedChain] = (EmbeddedChain(genesis()), RememberingChain(genesis()))
    token = {deploy(it, creation(TOKEN)) for it in chains}.pop()
    paid = [[BOB.rjust(32, b"\0") + word(amount) for amount in amounts] for amounts in ([5, 6], [5, 7], [5, 6], [5, 6])]
    blocks = []
    for turn, data in enumerate(paid):
        for chain in chains:
            snapshot = chain.snapshot()
            for part in data:
                chain.submit([sign(chain, ALICE, token, part), sign(chain, BOB, ALICE, value=3)])
                chain.call(token, bytes(32))
        assert told(chains[0]) == told(chains[1])
        for chain in chains:
            if turn == 2:
                chain.clock.advance(60)
                chain.coinbase = BOB
            chain.submit([sign(chain, BOB, token, word(turn), maxPriorityFeePerGas=1)])
        assert told(chains[0]) == told(chains[1])
        blocks.append(chains[0].block().hash)
        for chain in chains:
            chain.revert(snapshot)
            assert chain.block().number == 1
    assert len(set(blocks)) == len(blocks)


def test_nothing_is_executed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time neither a block nor a call reaches the EVM; another block or time does."""
    chain = RememberingChain(genesis())
    snapshot, payment = chain.snapshot(), [sign(chain, ALICE, BOB, value=1)]
    chain.submit(payment)
    now = chain.call(None, CLOCK)
    sealed = chain.block()
    chain.revert(snapshot)
    executed: list[str] = []
    execute, simulate = EmbeddedChain._execute, EmbeddedChain.simulate
    monkeypatch.setattr(EmbeddedChain, "_execute", lambda *given: executed.append("block") or execute(*given))
    monkeypatch.setattr(
        EmbeddedChain, "simulate", lambda *given, **named: executed.append("call") or simulate(*given, **named)
    )
    chain.submit(payment)
    assert (chain.call(None, CLOCK), chain.block(), executed) == (now, sealed, [])
    chain.clock.advance(1)
    assert chain.call(None, CLOCK) == (int.from_bytes(now, "big") + 1).to_bytes(32, "big")
    chain.submit([sign(chain, ALICE, BOB, value=1)])
    assert executed == ["call", "block"]


def test_what_is_refused_is_refused_again() -> None:
    """A transaction that no block may contain, and a call that reverts."""
    chain = RememberingChain(genesis())
    reverter = deploy(chain, creation(REVERTER))
    for _ in range(2):
        with pytest.raises(TransactionRefused):
            chain.submit([sign(chain, ALICE, BOB, nonce=7)])
        with pytest.raises(ExecutionReverted):
            chain.call(reverter, b"")
    assert chain.block().number == 1


@pytest.mark.parametrize("read", _READS)
def test_a_call_follows_what_it_reads(read: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each change the answer is an embedded chain's; only a change of what it reads has a call executed."""
    opcodes, data = _READS[read]
    chains: Sequence[EmbeddedChain] = (EmbeddedChain(genesis()), RememberingChain(genesis()))
    contract = {deploy(it, creation(_witness(opcodes))) for it in chains}.pop()
    executed: list[EmbeddedChain] = []
    simulate = EmbeddedChain.simulate
    monkeypatch.setattr(
        EmbeddedChain, "simulate", lambda it, *given, **named: executed.append(it) or simulate(it, *given, **named)
    )
    changes: list[Callable[[EmbeddedChain], object]] = [
        lambda it: it.submit([sign(it, ALICE, contract, word(3) + word(1))]),
        lambda it: it.snapshot(),
        lambda it: it.submit([sign(it, ALICE, contract, word(2) + word(7))]),
        lambda it: it.submit([sign(it, ALICE, contract, word(1) + word(8))]),
        lambda it: it.submit([sign(it, ALICE, BOB, value=9)]),
        lambda it: it.submit([sign(it, CAROL, data=creation(_witness("58")))]),
        lambda it: it.clock.advance(60),
        lambda it: setattr(it, "coinbase", BOB),
        lambda it: it.seal(),
        lambda it: it.revert(1),
    ]
    executions = []
    for place, change in enumerate(changes):
        for chain in chains:
            change(chain)
        answers = [chain.call(contract, data) for chain in chains]
        assert answers[0] == answers[1], place
        executions.append(executed.count(chains[1]))
    if read == "a word of storage":
        assert executions[:7] == [1, 1, 1, 2, 2, 2, 2]
