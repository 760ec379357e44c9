"""The chain's rules over states that never are: free of fees, with fields of the block changed, or with notes taken."""

from __future__ import annotations

import time
from typing import Any

from eth.abc import ComputationAPI, MessageAPI, SignedTransactionAPI
from eth.vm.forks.homestead.validation import validate_homestead_transaction

from pysettle.evm.interpreter import RunStream, SealingComputation
from pysettle.evm.prague import SealingVM
from pysettle.evm.state import SealingState
from pysettle.hashing import keccak
from pysettle.values import Address

NATIVE = Address(b"\xee" * 20)
"""Stands for the native currency as the emitter of its transfers (eth_simulateV1)."""
_TRANSFER = int.from_bytes(keccak(b"Transfer(address,address,uint256)"), "big")


class TakesLong(Exception):
    """An execution was not done at its deadline."""


class _Watched(RunStream):
    """Code that looks at the deadline at each jump: without jumps it is soon at its end."""

    def _jump(self, destination: int) -> None:
        _check(self._computation.state)
        super()._jump(destination)


class HypotheticalComputation(SealingComputation):
    """A computation that ends at a deadline, and logs the native value it moves, where its state wants that."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Begin, with the transfer as the first log."""
        super().__init__(*arguments, **named)
        message = self.msg
        self.code = _Watched(message.code, self)
        if self.state.logs_transfers and message.value and message.should_transfer_value:  # type: ignore[attr-defined]
            parties = (int.from_bytes(party, "big") for party in (message.sender, message.storage_address))
            self.add_log_entry(NATIVE, (_TRANSFER, *parties), message.value.to_bytes(32, "big"))

    def apply_child_computation(self, child_msg: MessageAPI) -> ComputationAPI:
        """Call or create.

        Raises:
            TakesLong: the deadline is over.
        """
        _check(self.state)
        return super().apply_child_computation(child_msg)


class HypotheticalState(SealingState):
    """A state to execute on what is never sealed."""

    computation_class = HypotheticalComputation
    is_free = False
    """Whether a transaction may pay less than the block's base fee."""
    logs_transfers = False
    """Whether native transfers are logged."""
    deadline: float | None = None
    """Time on the monotonic clock at which to give up."""
    touched: dict[Address, set[int]] | None = None
    """Accounts and slots that were cold when they were looked at, reverted calls included; None for no notes."""

    def validate_transaction(self, transaction: SignedTransactionAPI) -> None:
        """Check nonce and balance, and the fee unless it is free."""
        if self.is_free:
            validate_homestead_transaction(self, transaction)
        else:
            super().validate_transaction(transaction)

    def get_tip(self, transaction: SignedTransactionAPI) -> int:
        """Return what the sealer gets for a unit of gas, in wei: nothing of a fee below the base fee."""
        return max(0, super().get_tip(transaction))

    def mark_address_warm(self, address: Address) -> None:
        """Note that an account was looked at."""
        if self.touched is not None:
            self.touched.setdefault(address, set())
        super().mark_address_warm(address)

    def mark_storage_warm(self, address: Address, slot: int) -> None:
        """Note that a slot was looked at."""
        if self.touched is not None:
            self.touched.setdefault(address, set()).add(slot)
        super().mark_storage_warm(address, slot)


def _check(state: Any) -> None:
    """Give up at the deadline of a state.

    Raises:
        TakesLong: it is over.
    """
    if state.deadline is not None and time.monotonic() > state.deadline:
        raise TakesLong


class HypotheticalVM(SealingVM):
    """The rules over such states."""

    _state_class = HypotheticalState
