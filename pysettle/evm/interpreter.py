"""The interpreter's inner loop: runs of simple opcodes executed here, everything else by py-evm's own logic.

py-evm spends half of a transfer's time on stepping: a generator, two look-ups, a gas meter and type checks for each of
some three hundred opcodes. Here code is cut once into runs of opcodes that touch the stack, the memory or the call
alone, and each run is charged and checked once, at its beginning. That changes no outcome: a run cannot be left in
its middle other than by an error that takes all gas and undoes everything, in whichever of its opcodes it arises.
Prices are those of py-evm's table. Opcodes that read the remaining gas, the state or the code belong to no run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from eth.abc import MessageAPI, StateAPI, TransactionContextAPI
from eth.constants import UINT_256_CEILING, UINT_256_MAX
from eth.exceptions import FullStack, InsufficientStack, InvalidJumpDestination, OutOfGas
from eth.vm import opcode_values as op
from eth.vm.code_stream import CodeStream
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.forks.prague.opcodes import PRAGUE_OPCODES

_STACK_LIMIT = 1024
_SIGN = 1 << 255

Step = Callable[[list[int], int, Any], None]
"""One opcode: takes the stack, its number from the code (the pushed value, or the depth), and the computation."""


@dataclass(frozen=True, slots=True)
class Run:
    """Opcodes executed together, and the one after them, which is not."""

    steps: tuple[tuple[Step, int], ...]
    """Opcodes to execute, each with its number."""
    gas: int
    """Gas of the run, a jump at its end included; the growth of memory is charged apart."""
    least: int
    """Fewest items on the stack it can begin with."""
    most: int
    """Most items on the stack it can begin with."""
    last: int
    """Opcode that ends the run: a jump, one that py-evm executes, or the JUMPDEST with which the next run begins."""
    after: int
    """Place in the code to go on from."""


class SealingComputation(PragueComputation):
    """Prague's computation over a faster stream of opcodes."""

    def __init__(self, state: StateAPI, message: MessageAPI, transaction_context: TransactionContextAPI) -> None:
        """Begin a computation."""
        super().__init__(state, message, transaction_context)
        self.code = RunStream(message.code, self)


class RunStream(CodeStream):
    """Code that executes its runs when it is iterated, and yields only the opcodes for py-evm."""

    def __init__(self, code: bytes, computation: PragueComputation) -> None:
        """Read the code of a computation from its beginning."""
        super().__init__(code)
        self._computation = computation
        self._runs, self._destinations = _known(code)

    def __iter__(self) -> Iterator[int]:
        """Yield the opcodes left to py-evm; the stack holds integers alone when one is yielded."""
        computation, runs = self._computation, self._runs
        stack: list[Any] = computation._stack.values  # type: ignore[attr-defined]  # as py-evm's own loop does
        meter: Any = computation._gas_meter
        while True:
            run = runs.get(self.program_counter)
            if run is None:
                run = runs[self.program_counter] = _read_run(self._raw_code_bytes, self.program_counter)
            if run.gas > meter.gas_remaining:
                raise OutOfGas(f"Out of gas: needed {run.gas}, remaining {meter.gas_remaining}")
            meter.gas_remaining -= run.gas
            if not run.least <= len(stack) <= run.most:
                raise InsufficientStack() if len(stack) < run.least else FullStack()
            for step, number in run.steps:
                step(stack, number, computation)
            self.program_counter = run.after
            if run.last == op.JUMP:
                self._jump(stack.pop())
            elif run.last == op.JUMPI:
                destination = stack.pop()
                if stack.pop():
                    self._jump(destination)
            elif run.last != op.JUMPDEST:
                yield run.last
                if stack and type(stack[-1]) is bytes:
                    stack[-1] = int.from_bytes(stack[-1], "big")

    def _jump(self, destination: int) -> None:
        if destination not in self._destinations:
            if not self.is_valid_opcode(destination) or self[destination] != op.JUMPDEST:
                raise InvalidJumpDestination(f"no JUMPDEST at {destination}")
            self._destinations.add(destination)
        self.program_counter = destination


@lru_cache(maxsize=256)
def _known(code: bytes) -> tuple[dict[int, Run], set[int]]:
    """Return the known parts of a code, to be added to: run by place, and the valid targets of jumps."""
    return {}, set()


def _read_run(code: bytes, start: int) -> Run:
    """Return the run that begins at a place of a code; it may be empty."""
    steps: list[tuple[Step, int]] = []
    gas = height = least = peak = 0
    place = start
    while True:
        # The code goes on as if with zeros, of which each is a STOP.
        opcode = code[place] if place < len(code) else op.STOP
        if opcode == op.JUMPDEST and place > start:
            break  # runs do not overlap, so that there are never more of them than code
        place += 1
        if opcode not in _STEPS and opcode not in _JUMPS:
            break
        step, number, taken, given = _STEPS.get(opcode) or (None, 0, _JUMPS[opcode], 0)
        gas += PRAGUE_OPCODES[opcode].gas_cost  # type: ignore[attr-defined]  # every opcode of its table has one
        least = max(least, taken - height)
        height += given - taken
        peak = max(peak, height)
        if step is None:
            break
        if op.PUSH1 <= opcode <= op.PUSH32:
            width = opcode - op.PUSH0
            number = int.from_bytes(code[place : place + width].ljust(width, b"\0"), "big")
            place += width
        if opcode != op.JUMPDEST:
            steps.append((step, number))
    return Run(tuple(steps), gas, least, _STACK_LIMIT - peak, opcode, place)


# The opcodes


def _operation(compute: Callable[[int, int], int]) -> Step:
    """Return the step of an operation on the two items on top, the upper one first."""

    def step(stack: list[int], _: int, __: Any) -> None:
        upper = stack.pop()
        stack[-1] = compute(upper, stack[-1])

    return step


def _from_call(read: Callable[[Any], int]) -> Step:
    """Return the step that pushes a value of the call."""

    def step(stack: list[int], _: int, computation: Any) -> None:
        stack.append(read(computation.msg))

    return step


def _signed(value: int) -> int:
    return value - UINT_256_CEILING if value & _SIGN else value


def _push(stack: list[int], value: int, _: Any) -> None:
    stack.append(value)


def _pop(stack: list[int], _: int, __: Any) -> None:
    stack.pop()


def _duplicate(stack: list[int], depth: int, _: Any) -> None:
    stack.append(stack[-depth])


def _swap(stack: list[int], depth: int, _: Any) -> None:
    stack[-1], stack[-depth] = stack[-depth], stack[-1]


def _is_zero(stack: list[int], _: int, __: Any) -> None:
    stack[-1] = 0 if stack[-1] else 1


def _not(stack: list[int], _: int, __: Any) -> None:
    stack[-1] ^= UINT_256_MAX


def _load_call_data(stack: list[int], _: int, computation: Any) -> None:
    place = stack[-1]
    stack[-1] = int.from_bytes(computation.msg.data_as_bytes[place : place + 32].ljust(32, b"\0"), "big")


def _memory(computation: Any, place: int) -> bytearray:
    """Return the memory of a computation, extended and paid for up to the end of the word at a place."""
    if place + 32 > len(computation._memory._bytes):
        computation.extend_memory(place, 32)
    return cast(bytearray, computation._memory._bytes)


def _load_memory(stack: list[int], _: int, computation: Any) -> None:
    place = stack[-1]
    stack[-1] = int.from_bytes(_memory(computation, place)[place : place + 32], "big")


def _store_memory(stack: list[int], _: int, computation: Any) -> None:
    place = stack.pop()
    _memory(computation, place)[place : place + 32] = stack.pop().to_bytes(32, "big")


_JUMPS = {op.JUMP: 1, op.JUMPI: 2}
"""Opcode -> items it takes from the stack."""

_OPERATIONS: dict[int, Callable[[int, int], int]] = {
    op.ADD: lambda upper, lower: (upper + lower) & UINT_256_MAX,
    op.MUL: lambda upper, lower: (upper * lower) & UINT_256_MAX,
    op.SUB: lambda upper, lower: (upper - lower) & UINT_256_MAX,
    op.DIV: lambda upper, lower: upper // lower if lower else 0,
    op.MOD: lambda upper, lower: upper % lower if lower else 0,
    op.LT: lambda upper, lower: 1 if upper < lower else 0,
    op.GT: lambda upper, lower: 1 if upper > lower else 0,
    op.SLT: lambda upper, lower: 1 if _signed(upper) < _signed(lower) else 0,
    op.SGT: lambda upper, lower: 1 if _signed(upper) > _signed(lower) else 0,
    op.EQ: lambda upper, lower: 1 if upper == lower else 0,
    op.AND: lambda upper, lower: upper & lower,
    op.OR: lambda upper, lower: upper | lower,
    op.XOR: lambda upper, lower: upper ^ lower,
    op.SHL: lambda upper, lower: (lower << upper) & UINT_256_MAX if upper < 256 else 0,
    op.SHR: lambda upper, lower: lower >> upper if upper < 256 else 0,
}

_STEPS: dict[int, tuple[Step, int, int, int]] = {
    # Opcode -> step, its number, items it takes from the stack, items it leaves there in their place.
    **{opcode: (_operation(compute), 0, 2, 1) for opcode, compute in _OPERATIONS.items()},
    **dict.fromkeys(range(op.PUSH0, op.PUSH32 + 1), (_push, 0, 0, 1)),
    **{op.DUP1 + place: (_duplicate, place + 1, place + 1, place + 2) for place in range(16)},
    **{op.SWAP1 + place: (_swap, place + 2, place + 2, place + 2) for place in range(16)},
    op.JUMPDEST: (_pop, 0, 0, 0),
    op.POP: (_pop, 0, 1, 0),
    op.ISZERO: (_is_zero, 0, 1, 1),
    op.NOT: (_not, 0, 1, 1),
    op.MLOAD: (_load_memory, 0, 1, 1),
    op.MSTORE: (_store_memory, 0, 2, 0),
    op.CALLDATALOAD: (_load_call_data, 0, 1, 1),
    op.CALLDATASIZE: (_from_call(lambda message: len(message.data)), 0, 0, 1),
    op.CALLVALUE: (_from_call(lambda message: message.value), 0, 0, 1),
    op.CALLER: (_from_call(lambda message: int.from_bytes(message.sender, "big")), 0, 0, 1),
    op.ADDRESS: (_from_call(lambda message: int.from_bytes(message.storage_address, "big")), 0, 0, 1),
}
