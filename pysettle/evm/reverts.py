"""Revert data to typed exceptions, in this one place, for every backend alike."""

from __future__ import annotations

from collections.abc import Iterable

from eth_abi.exceptions import DecodingError

from pysettle.errors import ContractReverted, UnknownRevert, contracts
from pysettle.evm.interface import Interface, decode_arguments

_BUILT_IN: dict[bytes, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    bytes.fromhex("08c379a0"): ("Error", ("string",), ("message",)),
    bytes.fromhex("4e487b71"): ("Panic", ("uint256",), ("code",)),
}


class RevertDecoder:
    """Knows the errors of a set of contracts: one may revert with another's error, passed on."""

    def __init__(self, interfaces: Iterable[Interface]) -> None:
        """Collect every error the contracts declare."""
        self._errors = dict(_BUILT_IN)
        for interface in interfaces:
            self._errors.update(interface.errors)

    def decode(self, data: bytes, contract: str, tx_hash: bytes | None = None) -> ContractReverted:
        """Return the exception for revert data; it is the caller's to raise.

        Args:
            data: Selector and ABI-encoded arguments.
            contract: Name of the contract that was called.
            tx_hash: Hash of the transaction, None when it was only simulated.
        """
        known = self._errors.get(data[:4])
        error = contracts.by_name().get(known[0]) if known else None
        if known is None or error is None:
            return UnknownRevert(contract=contract, data=data, tx_hash=tx_hash)
        _, types, names = known
        try:
            values = decode_arguments(types, data[4:])
        except DecodingError:
            return UnknownRevert(contract=contract, data=data, tx_hash=tx_hash)
        exception: ContractReverted = error(
            contract=contract, args_by_name=dict(zip(names, values, strict=True)), data=data, tx_hash=tx_hash
        )
        return exception
