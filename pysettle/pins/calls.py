"""Functions and errors of the published contracts, told by the selectors of a call and of the data of a revert."""

from __future__ import annotations

from functools import cache

from pysettle.domain.catalogue import kinds
from pysettle.errors import ContractReverted, UnknownRevert
from pysettle.evm import artifacts
from pysettle.evm.interface import Interface
from pysettle.evm.reverts import RevertDecoder
from pysettle.pins import published
from pysettle.pins.selectors import selector


def function_of(contract: str, data: bytes) -> str | None:
    """Return the signature of the function that a call of a published contract names; None if it has no such one."""
    return _functions().get((contract, data[:4]))


def refusal_of(contract: str, data: bytes) -> ContractReverted:
    """Return the error of a revert of a published contract, with its arguments.

    Args:
        contract: Name of the called contract; empty for another one, which may pass on an error of ours.
        data: Data of the revert.
    """
    return _decoder().decode(data, contract)


def error_of(data: bytes) -> str | None:
    """Return the name of the error in the data of a revert; None for data of no published contract."""
    refusal = refusal_of("", data)
    return None if isinstance(refusal, UnknownRevert) else refusal.error


@cache
def _functions() -> dict[tuple[str, bytes], str]:
    pins = reversed(published().pins)  # of two with one selector the newest
    return {(pin.name, selector(it)): it for pin in pins for it in pin.functions}


@cache
def _decoder() -> RevertDecoder:
    return RevertDecoder([Interface(kind.name, artifacts.load(kind.name).abi) for kind in kinds()])
