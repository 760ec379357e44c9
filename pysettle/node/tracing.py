"""Execution that is watched: the chain's own interpreter, with a note of every call and of every account looked at."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

from eth.abc import ComputationAPI, MessageAPI, OpcodeAPI
from eth.exceptions import Halt
from eth.vm import opcode_values as op

from pysettle.evm.interpreter import SealingComputation
from pysettle.evm.prague import SealingVM
from pysettle.evm.state import SealingAccountDB, SealingState
from pysettle.node.steps import check_time
from pysettle.values import Address


class Destruction(NamedTuple):
    """A contract that destroyed itself."""

    contract: Address
    """The contract."""
    beneficiary: Address
    """Account that got its native balance."""
    value: int
    """Wei it held."""


class TracedComputation(SealingComputation):
    """A computation that records its calls with their kinds, and the number of calls before each log."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Begin with nothing noted."""
        super().__init__(*arguments, **named)
        self.opcode: int | None = None
        """Opcode this computation was called or created by; None for a transaction's own."""
        self.frames: list[TracedComputation | Destruction] = []
        """Its calls, creations and destructions, in order."""
        self.log_positions: list[int] = []
        """For each of its logs, how many frames were before it."""

    def apply_child_computation(self, child_msg: MessageAPI) -> ComputationAPI:
        """Call or create as the opcode just read says.

        Raises:
            RpcError: the time for the trace is over.
        """
        check_time(self.state.deadline)  # type: ignore[attr-defined]  # of `TracedState`
        opcode = self.code[self.code.program_counter - 1]
        child = super().apply_child_computation(child_msg)
        assert isinstance(child, TracedComputation), "computations of one state are of one class"
        child.opcode = opcode
        self.frames.append(child)
        return child

    def add_log_entry(self, account: Address, topics: tuple[int, ...], data: bytes) -> None:
        """Log, and note where among the calls."""
        super().add_log_entry(account, topics, data)
        self.log_positions.append(len(self.frames))


def _destroy(computation: ComputationAPI) -> None:
    """Destroy as py-evm does, and record the balance and its receiver."""
    assert isinstance(computation, TracedComputation), "it is an opcode of that class alone"
    contract = computation.msg.storage_address
    (top,) = computation._stack.values[-1:] or (0,)  # type: ignore[attr-defined]  # an empty one fails below
    value = computation.state.get_balance(contract)
    word = top if isinstance(top, bytes) else top.to_bytes(32, "big")
    try:
        SealingComputation.opcodes[op.SELFDESTRUCT](computation=computation)
    except Halt:  # how py-evm says that it is done
        computation.frames.append(Destruction(contract, Address(word.rjust(32, b"\0")[-20:]), value))
        raise


class _Destroying:
    """The opcode SELFDESTRUCT, noted; all else about it is py-evm's."""

    def __init__(self, opcode: OpcodeAPI) -> None:
        self._opcode = opcode

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opcode, name)

    def __call__(self, computation: ComputationAPI) -> None:
        _destroy(computation)


TracedComputation.opcodes = {
    **SealingComputation.opcodes,
    op.SELFDESTRUCT: _Destroying(SealingComputation.opcodes[op.SELFDESTRUCT]),  # type: ignore[dict-item]
}


class TracedAccounts(SealingAccountDB):
    """Accounts that note which of them, and which of their slots, were looked at or written."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Begin with nothing noted."""
        self.slots: dict[Address, set[int]] = defaultdict(set)
        """Account looked at -> its slots looked at."""
        super().__init__(*arguments, **named)

    def _get_account(self, address: Address, from_journal: bool = True) -> Any:
        self.slots[address]
        return super()._get_account(address, from_journal)

    def get_storage(self, address: Address, slot: int, from_journal: bool = True) -> int:
        """Return a word of storage, and note its place."""
        self.slots[address].add(slot)
        return super().get_storage(address, slot, from_journal)

    def set_storage(self, address: Address, slot: int, value: int) -> None:
        """Write a word of storage, and note its place."""
        self.slots[address].add(slot)
        super().set_storage(address, slot, value)


class TracedState(SealingState):
    """A state with watched computations and accounts."""

    computation_class = TracedComputation
    account_db_class = TracedAccounts
    deadline: float | None = None
    """Time on the monotonic clock at which to give up."""

    def looked_at(self) -> dict[Address, set[int]]:
        """Return mapping account looked at since `forget` -> its slots looked at."""
        return self._accounts.slots

    def forget(self) -> None:
        """Forget the accesses so far."""
        self._accounts.slots.clear()

    @property
    def _accounts(self) -> TracedAccounts:
        assert isinstance(self._account_db, TracedAccounts), "it is made of `account_db_class`"
        return self._account_db


class TracedVM(SealingVM):
    """The chain's rules over watched states."""

    _state_class = TracedState
