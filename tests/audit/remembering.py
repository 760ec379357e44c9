"""Audits of one bundle many times: no block is executed twice on the same head, no file of contracts is read twice.

Most tests change a file beside the chain, or one block of it. What was executed before comes out as it did then: the
same block on the same head gives the same state. A changed block is another one, and is executed. So is a changed file.

Code is executed in runs of opcodes, and tries are changed in one pass, as the embedded chain does it, in half of the
time that py-evm takes for it. The commands that tests start, `scripts/demo` and `tests/vectors` audit with py-evm's own
loop and tries.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import pytest

from pysettle.audit import contract_files, engines, file_check
from pysettle.audit.engines import ExecutedTransaction, PyEvmEngine, VerifyingState, VerifyingVM
from pysettle.evm.interpreter import SealingComputation
from pysettle.evm.state import SealingAccountDB
from pysettle.pins import interface_hash
from pysettle.values import Address

_MOST = 16
"""Most geneses that are remembered, and most files, the latest."""
_MOST_INTERFACES = 64 * _MOST
"""Most interfaces whose hash is remembered, the latest; each is kept, so that no other takes its place in memory."""
_Answers = dict[tuple[bytes, Address, bytes], bytes]
"""Hash of the head, contract and data of a call -> its answer."""
_Executed = dict[tuple[bytes, bytes], tuple[Any, tuple[ExecutedTransaction, ...]]]
"""Hash of the head and block -> the header after it, and the outcomes of its transactions."""


def remember(patch: pytest.MonkeyPatch) -> None:
    """Have every audit of this process share what it executes, and what it makes of files with the same bytes."""
    patch.setattr("pysettle.audit.verify.PyEvmEngine", RememberingEngine)
    patch.setattr(file_check, "_check_form", lru_cache(_MOST)(file_check._check_form))
    patch.setattr(contract_files, "parse_json", lru_cache(_MOST)(contract_files.parse_json))
    patch.setattr(contract_files, "interface_hash", InterfaceHashes())


class InterfaceHashes:
    """Hashes of interfaces, each made once: files that are remembered give the same objects again."""

    def __init__(self) -> None:
        """Remember none as yet."""
        self._known: dict[int, tuple[Any, str]] = {}

    def __call__(self, entry: Any) -> str:
        """Return the hash of an interface, which nobody changes."""
        known = self._known.pop(id(entry), None)
        if known is None or known[0] is not entry:
            known = entry, interface_hash(entry)
        self._known[id(entry)] = known
        if len(self._known) > _MOST_INTERFACES:
            del self._known[next(iter(self._known))]
        return known[1]


class RunningState(VerifyingState):
    """The audit's state, whose code is executed in runs of opcodes, and whose tries are changed in one pass."""

    account_db_class = SealingAccountDB
    computation_class = SealingComputation


class RunningVM(VerifyingVM):
    """The audit's rules over that state."""

    _state_class = RunningState


class RememberingEngine(PyEvmEngine):
    """py-evm as the audit drives it; all engines of one genesis share a chain, and what was executed on it."""

    _known: ClassVar[dict[bytes, tuple[dict[str, Any], _Executed, _Answers]]] = {}
    """Genesis -> the attributes of an engine that has executed nothing, and what engines have executed since."""

    def __init__(self, genesis: bytes) -> None:
        """Build block 0, unless another engine has built it."""
        known = self._known.pop(genesis, None)
        if known is None:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(engines, "VerifyingVM", RunningVM)
                super().__init__(genesis)
            # Another audit goes on from an old state, which the product lets go.
            self._state._most = 2**62
            known = dict(vars(self)), {}, {}
        self._known[genesis] = known
        if len(self._known) > _MOST:
            del self._known[next(iter(self._known))]
        begun, self._executed, self._answers = known
        vars(self).update(begun)

    def execute(self, raw_block: bytes) -> tuple[ExecutedTransaction, ...]:
        """Import the next block, as an audit does; one that another engine imported on the same head is remembered."""
        key = self.head_hash, raw_block
        if key not in self._executed:
            outcomes = super().execute(raw_block)
            self._executed[key] = self._head, outcomes
        self._head, outcomes = self._executed[key]
        self._reading = None
        return outcomes

    def call(self, to: Address, data: bytes) -> bytes:
        """Answer as an audit does; what was answered on the same head is remembered, a refusal is not."""
        key = self.head_hash, to, data
        if key not in self._answers:
            self._answers[key] = super().call(to, data)
        return self._answers[key]
