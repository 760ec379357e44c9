"""Execution that is watched opcode by opcode, in the form of geth's struct log.

The chain's own interpreter executes runs of opcodes at once; while a recorder looks on, py-evm executes each by itself.

Source: go-ethereum, package `eth/tracers/logger`, in field names and in the gas that a step is said to cost: a call's
includes the gas handed on, a creation's does not.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from eth.abc import ComputationAPI, MessageAPI
from eth.exceptions import FullStack, InsufficientStack, OutOfGas
from eth.vm import opcode_values as op
from eth.vm.code_stream import CodeStream

from pysettle.evm.interpreter import SealingComputation
from pysettle.evm.prague import SealingVM
from pysettle.evm.state import SealingState
from pysettle.node.protocol import LIMIT_EXCEEDED, RpcError
from pysettle.node.values import hex_data, hex_word
from pysettle.values import Address

STEP_LIMIT = 200_000
"""Most steps of one answer, where its caller names no `limit`: each is some 500 bytes."""
_DEADLINE_STEPS = 1 << 10
"""Steps from one look at the time to the next."""
_NAMES = {op.SHA3: "KECCAK256"}
_NEVER_BEGAN = (OutOfGas, InsufficientStack, FullStack)
"""Errors of an opcode that is not executed; those of one that is are the frame's."""


@dataclass(frozen=True, slots=True)
class StepOptions:
    """The parts of a step that are wanted."""

    stack: bool = True
    """The stack before the opcode."""
    storage: bool = True
    """Slots of the contract that were looked at or written so far."""
    memory: bool = False
    """The memory before the opcode, by the word."""
    return_data: bool = False
    """What the last call returned."""
    limit: int = 0
    """Most steps noted; 0 for all, up to `STEP_LIMIT`."""


class Recorder:
    """Notes the steps of one transaction, each as JSON at once: a step is ten times as large in memory."""

    def __init__(self, options: StepOptions, deadline: float) -> None:
        """Begin with none.

        Args:
            options: What to note.
            deadline: Time on the monotonic clock at which to give up.
        """
        self.steps: list[str] = []
        """The steps, as JSON."""
        self._options, self._deadline = options, deadline
        self._open: list[SteppedComputation] = []
        self._storage: dict[Address, dict[str, str]] = defaultdict(dict)
        self._seen = 0

    def enter(self, computation: SteppedComputation) -> None:
        """Take notice of a call or creation that begins."""
        self._open.append(computation)

    def leave(self) -> None:
        """Take notice that it ended."""
        self._open.pop()

    def begin(self, computation: SteppedComputation, place: int, opcode: int) -> None:
        """Take notice of an opcode that is executed next.

        Raises:
            RpcError: there are too many, or the time is over.
        """
        self._seen += 1
        check_time(self._deadline if self._seen % _DEADLINE_STEPS == 0 else None)
        options = self._options
        if options.limit and self._seen > options.limit:
            return
        if self._seen > STEP_LIMIT:
            problem = f"more than {STEP_LIMIT} steps: name a limit, or the callTracer"
            raise RpcError(LIMIT_EXCEEDED, problem)
        step: dict[str, Any] = {
            "pc": place,
            "op": _name(opcode),
            "gas": computation._gas_meter.gas_remaining,
            "gasCost": 0,
            "depth": computation.msg.depth + 1,
            "refund": sum(frame.get_gas_refund() for frame in self._open),
        }
        stack = computation.stack_numbers()
        if options.stack:
            step["stack"] = [hex(item) for item in stack]
        if options.memory:
            words = computation.memory_read_bytes(0, len(computation._memory))
            step["memory"] = [hex_data(words[start : start + 32]) for start in range(0, len(words), 32)]
        if options.return_data:
            step["returnData"] = hex_data(bytes(computation.return_data))
        if options.storage and opcode in (op.SLOAD, op.SSTORE) and len(stack) > (opcode == op.SSTORE):
            account, slot = computation.msg.storage_address, stack[-1]
            word = stack[-2] if opcode == op.SSTORE else computation.state.get_storage(account, slot)
            self._storage[account][hex_word(slot)] = hex_word(word)
            step["storage"] = self._storage[account].copy()
        computation.step = step

    def finish(self, computation: SteppedComputation, handed_on: int = 0, error: BaseException | None = None) -> None:
        """Take notice that the last opcode of a frame was executed, or that the frame it calls begins.

        Args:
            computation: The frame.
            handed_on: Gas that the opcode handed on and that is not said to be its cost.
            error: Error that ended the frame.
        """
        step, computation.step = computation.step, None
        if step is None:
            return
        step["gasCost"] = step["gas"] - computation._gas_meter.gas_remaining - handed_on
        if isinstance(error, OutOfGas):
            step["gasCost"] = max(step["gasCost"], computation.wanted_gas)
        if isinstance(error, _NEVER_BEGAN):
            step["error"] = "out of gas" if isinstance(error, OutOfGas) else str(error) or type(error).__name__
        self.steps.append(json.dumps(step, separators=(",", ":")))


def check_time(deadline: float | None) -> None:
    """Give up at a time on the monotonic clock.

    Raises:
        RpcError: it is over.
    """
    if deadline is not None and time.monotonic() > deadline:
        raise RpcError(LIMIT_EXCEEDED, "the trace takes longer than its timeout: name a longer one")


def _name(opcode: int) -> str:
    known = SealingComputation.opcodes.get(opcode)
    if known is None:
        return "INVALID" if opcode == 0xFE else f"opcode 0x{opcode:x} not defined"
    return _NAMES.get(opcode) or str(getattr(known, "mnemonic", "") or known.__wrapped__.mnemonic)  # type: ignore[attr-defined]


class SteppedComputation(SealingComputation):
    """A computation whose opcodes the state's recorder notes, if it has one."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Begin with no step."""
        super().__init__(*arguments, **named)
        self.step: dict[str, Any] | None = None
        """The step that is under way."""
        self.wanted_gas = 0
        """Gas of the opcode under way, with what it asked for last."""
        self.recorder: Recorder | None = self.state.recorder  # type: ignore[attr-defined]  # of `SteppedState`
        """Who looks on."""
        if self.recorder is not None:
            self.recorder.enter(self)
            self.code = _StepStream(self.msg.code, self, self.recorder)

    def stack_numbers(self) -> list[int]:
        """Return the stack, which py-evm keeps as numbers and bytes mixed."""
        values: list[Any] = self._stack.values  # type: ignore[attr-defined]  # as py-evm's own loop does
        return [item if type(item) is int else int.from_bytes(item, "big") for item in values]

    def consume_gas(self, amount: int, reason: str) -> None:
        """Pay for gas, and remember what was asked for."""
        if self.step is not None:
            self.wanted_gas = self.step["gas"] - self._gas_meter.gas_remaining + amount
        super().consume_gas(amount, reason)

    def apply_child_computation(self, child_msg: MessageAPI) -> ComputationAPI:
        """Call or create; the opcode is paid for by then."""
        if self.recorder is not None:
            self.recorder.finish(self, child_msg.gas if child_msg.is_create else 0)
        return super().apply_child_computation(child_msg)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        """End, with the last step."""
        if self.recorder is not None:
            self.recorder.finish(self, error=error)
            self.recorder.leave()
        return super().__exit__(kind, error, traceback)


class _StepStream(CodeStream):
    """Code that tells of each opcode before it is executed."""

    def __init__(self, code: bytes, computation: SteppedComputation, recorder: Recorder) -> None:
        super().__init__(code)
        self._computation, self._recorder = computation, recorder

    def __iter__(self) -> Iterator[int]:
        """Yield the opcodes; where there is no code there are no steps."""
        code, computation, recorder = self._raw_code_bytes, self._computation, self._recorder
        while True:
            recorder.finish(computation)
            place = self.program_counter
            opcode = code[place] if place < len(code) else op.STOP
            self.program_counter = place + 1
            if code:
                recorder.begin(computation, place, opcode)
            yield opcode


class SteppedState(SealingState):
    """A state whose computations may be looked on."""

    computation_class = SteppedComputation
    recorder: Recorder | None = None
    """Who looks on; nobody to begin with."""


class SteppedVM(SealingVM):
    """The chain's rules over such states."""

    _state_class = SteppedState
