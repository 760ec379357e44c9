"""Functions and errors of the published contracts, told by the selectors of a call and of the data of a revert."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pysettle.domain.catalogue import kinds
from pysettle.errors import ContractReverted, UnknownRevert
from pysettle.evm import artifacts
from pysettle.evm.interface import Interface
from pysettle.evm.reverts import RevertDecoder, name_currency
from pysettle.pins import published
from pysettle.pins.selectors import selector
from pysettle.values import Address, Currency


def function_of(contract: str, data: bytes) -> str | None:
    """Return the signature of the function that a call of a published contract names; None if it has no such one."""
    return _functions().get((contract, data[:4]))


def refusal_of(
    contract: str, data: bytes, to: Address, function: str, currencies: Mapping[Address, Currency]
) -> ContractReverted:
    """Return the error of a call that reverted, with its arguments.

    Args:
        contract: Name of the called contract; empty for one that is not published, which may pass on an error of ours.
        data: Data of the revert.
        to: The called contract.
        function: Name of the called function; empty if it is not known.
        currencies: Address of a contract -> the currency that calls of it are about.
    """
    refusal = _decoder().decode(data, contract)
    refusal.call, refusal.function = (to, b""), function
    name_currency(refusal, currencies)
    return refusal


def error_of(data: bytes) -> str | None:
    """Return the name of the error in the data of a revert; None for data of no published contract."""
    refusal = _decoder().decode(data, "")
    return None if isinstance(refusal, UnknownRevert) else refusal.error


@cache
def _functions() -> dict[tuple[str, bytes], str]:
    pins = reversed(published().pins)  # of two with one selector the newest
    return {(pin.name, selector(it)): it for pin in pins for it in pin.functions}


@cache
def _decoder() -> RevertDecoder:
    return RevertDecoder([Interface(kind.name, artifacts.load(kind.name).abi) for kind in kinds()])
