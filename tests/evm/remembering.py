"""An embedded chain for tests that begin alike: it executes no block and no call twice.

A test that is taken back to a snapshot, and the next one, often seal the same first blocks: the same transactions, at
the same time, on the same head. The same block follows, by the design of the embedded chain (`test_embedded.py`).

A test asks for every figure before a transaction and after it, of which a few have changed. A call is executed again
only if something that it read has another value (`tests.evm.reads`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from eth.abc import BlockAPI, SignedTransactionAPI, StateAPI
from eth.constants import ZERO_ADDRESS

from pysettle.evm import embedded
from pysettle.evm.backend import ExecutionReverted
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import Genesis
from pysettle.evm.prague import SealingVM
from pysettle.values import Address
from tests.evm.reads import NotingState, NotingVM, Place, Reads

_MOST = 4_096
"""Most of each kind that is remembered, the latest: blocks, answers and sequences of transactions."""
_ROOTS = 64
"""Most states of which the values at places are remembered, the latest."""
_BRANCHES = 256
"""Most values at one place from which calls go on; with one more all are forgotten."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a call."""

    output: bytes
    reverted: bool


@dataclass(frozen=True, slots=True)
class Read:
    """A step of a call: all calls that have read alike until now read this place next."""

    place: Place
    after: dict[Hashable, Read | Answer]
    """Value at the place -> the next step."""


Call = tuple[Address | None, bytes, Address]
"""Contract, data and sender."""


class RememberingChain(EmbeddedChain):
    """An embedded chain in memory that remembers its blocks, its answers and what it decoded."""

    def __init__(self, genesis: Genesis) -> None:
        """Begin with nothing to remember."""
        super().__init__(genesis)
        self._blocks: dict[tuple[object, ...], BlockAPI] = {}
        self._calls: dict[Call, Read | Answer] = {}
        self._values: dict[bytes, Reads] = {}
        self._fields: tuple[tuple[object, ...], Reads] = (), {}
        self._decoded = lru_cache(_MOST)(self._decode)

    def _situation(self) -> tuple[object, ...]:
        """Return everything that the next block depends on, apart from its transactions."""
        return self._head.hash, self._clock.now(), self.coinbase

    def _seal_block(self, transactions: Sequence[SignedTransactionAPI], placed: int) -> BlockAPI:
        key = (*self._situation(), tuple(it.hash for it in transactions))
        block = self._blocks.pop(key, None)
        if block is None:
            block = super()._seal_block(transactions, placed)
        else:
            # State, receipts and revert data are still in the database, by their hashes: only the head was taken back.
            with self._one_write():
                self.py_evm.chaindb.persist_block(block)
                self._take_head(block.header, advanced=0)
        self._blocks[key] = block
        if len(self._blocks) > _MOST:
            del self._blocks[next(iter(self._blocks))]
        return block

    def call(
        self, to: Address | None, data: bytes, *, sender: Address = ZERO_ADDRESS, block_number: int | None = None
    ) -> bytes:
        """Answer as an embedded chain does; a call at the head is executed if it would read what it never read."""
        if block_number is not None:
            return super().call(to, data, sender=sender, block_number=block_number)
        answer = self._remembered((to, data, sender)) or self._answer((to, data, sender))
        if answer.reverted:
            raise ExecutionReverted(answer.output)
        return answer.output

    def _remembered(self, call: Call) -> Answer | None:
        """Follow a call from one read to the next, by the values at the head."""
        step = self._calls.pop(call, None)
        if step is None:
            return None
        self._calls[call] = step  # the latest now
        values, fields = self._known()
        while isinstance(step, Read):
            place = step.place
            known = fields if isinstance(place, str) else values
            if place not in known:
                with self.scratch_state() as state:
                    known[place] = cast(NotingState, state).value(place)
            step = step.after.get(known[place])
        return step

    def _answer(self, call: Call) -> Answer:
        """Execute a call and remember its reads."""
        to, data, sender = call
        computation = self.simulate(to or b"", data, sender=sender)
        answer = Answer(computation.output, computation.is_error)
        reads = cast(NotingState, computation.state).reads
        values, fields = self._known()
        steps: dict[Any, Read | Answer] = self._calls
        key: Hashable = call
        for place, value in reads.items():
            (fields if isinstance(place, str) else values)[place] = value
            step = steps.setdefault(key, Read(place, {}))
            assert isinstance(step, Read), "an execution that has read alike ended here"
            assert step.place == place, "an execution that has read alike went on otherwise"
            if len(step.after) == _BRANCHES:
                step.after.clear()
            steps, key = step.after, value
        steps[key] = answer
        if len(self._calls) > _MOST:
            del self._calls[next(iter(self._calls))]
        return answer

    def _known(self) -> tuple[Reads, Reads]:
        """Return the values that are known of the head's state, and of the next block's fields."""
        root = self._head.state_root
        values = self._values[root] = self._values.pop(root, {})
        if len(self._values) > _ROOTS:
            del self._values[next(iter(self._values))]
        if self._fields[0] != self._situation():
            self._fields = self._situation(), {}
        return values, self._fields[1]

    @contextmanager
    def scratch_state(self, place: embedded.Place = None, vm: type[SealingVM] = SealingVM) -> Iterator[StateAPI]:
        """Lend a state as an embedded chain does; at the head, one that notes what is read."""
        noting = place is None and vm is SealingVM
        with super().scratch_state(place, NotingVM if noting else vm) as state:
            yield state

    def decode(self, raw_transactions: Sequence[bytes]) -> list[SignedTransactionAPI]:
        """Decode as an embedded chain does; transactions that were decoded before are not decoded again."""
        return list(self._decoded(tuple(raw_transactions)))

    def _decode(self, raw_transactions: tuple[bytes, ...]) -> tuple[SignedTransactionAPI, ...]:
        return tuple(super().decode(raw_transactions))
