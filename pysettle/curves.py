"""The curve BLS12-381 of py-evm, loaded when a contract first uses it: two thirds of the time in which py-evm loads.

py-evm loads py_ecc with seven precompiled contracts of that curve (EIP-2537), and py_ecc then computes its tables. No
settlement uses them, but a chain that anybody may call has them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

_PACKAGE = "eth.precompiles.bls12_381"
_CONTRACTS = (
    "bls12_g1_add",
    "bls12_g1_msm",
    "bls12_map_fp_to_g1",
    "bls12_g2_add",
    "bls12_g2_msm",
    "bls12_map_fp2_to_g2",
    "bls12_pairing_check",
)


def postpone() -> None:
    """Put contracts that load the package at their first call into its place, unless py-evm is loaded already."""
    if "eth.precompiles" not in sys.modules and _PACKAGE not in sys.modules:
        standing = sys.modules[_PACKAGE] = ModuleType(_PACKAGE)
        for name in _CONTRACTS:
            setattr(standing, name, _later(standing, name))


def _later(standing: ModuleType, name: str) -> Callable[[Any], Any]:
    """Return the contract of a name, which loads py-evm's own when it is called."""

    def contract(computation: Any) -> Any:
        if sys.modules[_PACKAGE] is standing:
            del sys.modules[_PACKAGE]
        return getattr(import_module(_PACKAGE), name)(computation)

    return contract
