"""An engine for tests that audit one chain many times: it executes no block twice on the same head.

Most tests change a file beside the chain, or one block of it. What was executed before comes out as it did then: the
same block on the same head gives the same state. A changed block is another one, and is executed.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pysettle.audit.engines import ExecutedTransaction, PyEvmEngine


class RememberingEngine(PyEvmEngine):
    """py-evm as the audit drives it; all engines of one genesis share a chain, and what was executed on it."""

    _begun: ClassVar[dict[bytes, dict[str, Any]]] = {}
    """Genesis -> the attributes of an engine that has executed nothing."""
    _executed: ClassVar[dict[tuple[bytes, bytes, bytes], tuple[Any, tuple[ExecutedTransaction, ...]]]] = {}
    """Genesis, hash of the head and block -> the header after it, and the outcomes of its transactions."""

    def __init__(self, genesis: bytes) -> None:
        """Build block 0, unless another engine has built it."""
        self._genesis = genesis
        if genesis not in self._begun:
            super().__init__(genesis)
            self._begun[genesis] = dict(vars(self))
        vars(self).update(self._begun[genesis])

    def execute(self, raw_block: bytes) -> tuple[ExecutedTransaction, ...]:
        """Import the next block, as an audit does; one that another engine imported on the same head is remembered."""
        key = (self._genesis, self.head_hash, raw_block)
        if key not in self._executed:
            outcomes = super().execute(raw_block)
            self._executed[key] = self._head, outcomes
        self._head, outcomes = self._executed[key]
        self._reading = None
        return outcomes
