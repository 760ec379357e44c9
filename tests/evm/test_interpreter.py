"""The interpreter's inner loop against py-evm's own, opcode by opcode and program by program."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
from eth.abc import ComputationAPI
from eth.vm import opcode_values as op
from eth.vm.forks.cancun.transaction_context import CancunTransactionContext
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.forks.prague.opcodes import PRAGUE_OPCODES
from eth.vm.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.interpreter import SealingComputation
from tests.chance import rounds
from tests.evm.accounts import ALICE, BOB, genesis

pytestmark = pytest.mark.filterwarnings("ignore:SELFDESTRUCT opcode:DeprecationWarning")

CHAIN = EmbeddedChain(genesis())
EDGES = (0, 1, 2, 31, 32, 255, 256, 2**128, 2**255 - 1, 2**255, 2**256 - 2, 2**256 - 1)
WORDS = st.sampled_from(EDGES) | st.integers(0, 2**256 - 1)
EXAMPLES = rounds(100, campaign=2_000)
RESULT = bytes.fromhex("5f5260205ff3")
"""PUSH0 MSTORE PUSH1 32 PUSH0 RETURN: return what is on top of the stack."""


def push(value: int) -> bytes:
    """Return the shortest push of a value."""
    content = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes([op.PUSH0 + len(content)]) + content


def execute(kind: type[PragueComputation], code: bytes, gas: int, data: bytes, value: int = 0) -> ComputationAPI:
    """Execute code as BOB's, called by ALICE, on the genesis."""
    header = CHAIN.next_header()
    state = PragueVM.build_state(CHAIN.py_evm.chaindb.db, header, CHAIN.state().execution_context)
    message = Message(gas=gas, to=BOB, sender=ALICE, value=value, data=data, code=code)
    context = CancunTransactionContext(gas_price=1, origin=ALICE)
    return kind.apply_message(state, message, context)


def outcome(computation: ComputationAPI) -> tuple[object, ...]:
    """Return everything an execution leaves behind that a block or a caller can see."""
    return (
        computation.is_success,
        computation.output,
        computation.get_gas_remaining(),
        computation.get_gas_refund(),
        computation.get_log_entries(),
        computation.state.make_state_root(),
    )


def agree(code: bytes, gas: int = 100_000, data: bytes = b"", value: int = 0) -> ComputationAPI:
    """Check that both interpreters come to the same; return what ours came to."""
    ours, stock = (execute(kind, code, gas, data, value) for kind in (SealingComputation, PragueComputation))
    assert outcome(ours) == outcome(stock), code.hex()
    return ours


@given(st.sampled_from(sorted(PRAGUE_OPCODES)), st.lists(WORDS, min_size=0, max_size=17), st.binary(max_size=70))
@settings(max_examples=EXAMPLES, deadline=None)
def test_each_opcode_does_what_py_evms_does(opcode: int, items: Sequence[int], data: bytes) -> None:
    """On any items, too few included, one opcode gives the result, the gas and the failure of py-evm."""
    agree(b"".join(map(push, items)) + bytes([opcode]) + RESULT, data=data, value=3)


@pytest.mark.parametrize("opcode", [*range(op.ADD, op.SAR + 1), op.CALLDATALOAD])
def test_operations_agree_on_every_pair_of_edges(opcode: int) -> None:
    """On all pairs of 0, 1, the edges of words, shifts and signs, an operation gives py-evm's words."""
    if opcode in PRAGUE_OPCODES:
        pairs = list(product(EDGES, EDGES))
        words = (push(pair[0]) + push(pair[1]) + bytes([opcode]) for pair in pairs)
        stores = (word + push(32 * place) + bytes([op.MSTORE]) for place, word in enumerate(words))
        end = push(32 * len(pairs)) + push(0) + bytes([op.RETURN])
        agree(b"".join(stores) + end, gas=10**6, data=bytes(range(1, 50)))


@given(st.lists(st.sampled_from(sorted(PRAGUE_OPCODES)) | st.integers(0, 40), max_size=60), st.integers(0, 3_000))
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_bytes_end_as_with_py_evm(code: Sequence[int], gas: int) -> None:
    """Whatever the code, and wherever the gas ends, both interpreters agree."""
    agree(bytes(code), gas, b"\x01" * 40)


LOOP = bytes.fromhex("600a5b6001900380805f556002575f5260205ff3")
"""PUSH1 10, JUMPDEST, PUSH1 1 SWAP1 SUB DUP1 DUP1 PUSH0 SSTORE PUSH1 2 JUMPI: counts down in slot 0."""


@pytest.mark.parametrize("gas", [*range(0, 60_000, 1_777), 60_000])
def test_a_loop_ends_alike_wherever_its_gas_does(gas: int) -> None:
    """A loop that writes storage, cut off by the end of its gas at any round, leaves what py-evm leaves."""
    agree(LOOP, gas)


@pytest.mark.parametrize(
    "code",
    [
        push(4) + bytes([op.JUMP, op.JUMPDEST]),  # past the end
        push(3) + bytes([op.JUMP, op.PUSH1, op.JUMPDEST]) + RESULT,  # to a PUSH
        push(4) + bytes([op.JUMP, op.PUSH1, op.JUMPDEST]) + RESULT,  # into the data of a PUSH
        push(2**255) + bytes([op.JUMP]),
        bytes([op.JUMPDEST]) + push(7) + push(0) + bytes([op.JUMP]),  # for ever, until the stack is full
        bytes([op.PUSH32, 1, 2, 3]),  # a PUSH whose data the code does not have
        bytes([op.PC, op.PC, op.GAS, op.MSIZE, op.CODESIZE]) + RESULT,
    ],
)
def test_the_edges_of_code_are_py_evms(code: bytes) -> None:
    """Bad jumps, endless loops and truncated code end as with py-evm."""
    agree(code)


def test_a_full_stack_is_refused_at_the_same_item() -> None:
    """1,024 items fit, one more does not."""
    assert agree(bytes([op.PUSH0]) * 1024, gas=10_000).is_success
    assert agree(bytes([op.PUSH0]) * 1025, gas=10_000).is_error


@pytest.mark.parametrize("place", [0, 1, 31, 32, 33, 4_096, 2**40])
@pytest.mark.parametrize("read", [False, True])
def test_memory_grows_and_costs_as_with_py_evm(place: int, read: bool) -> None:
    """A word read or written within the memory, over its end and far beyond grows and costs as py-evm's."""
    access = push(place) + bytes([op.MLOAD]) if read else push(EDGES[-1]) + push(place) + bytes([op.MSTORE])
    agree(push(7) + bytes([op.PUSH0, op.MSTORE]) + access + bytes([op.MSIZE]) + RESULT, gas=30_000)
