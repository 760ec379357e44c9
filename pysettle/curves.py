"""The curves of py-evm, loaded when a contract first uses them: most of the time in which py-evm loads.

py-evm loads py_ecc with the precompiled contracts of BLS12-381 (EIP-2537) and of alt_bn128 (EIP-196, EIP-197), and
py_ecc then computes its tables. No settlement uses them, but a chain that anybody may call has them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

_PACKAGE = "eth.precompiles"
_CONTRACTS = {
    "bls12_381": (
        "bls12_g1_add",
        "bls12_g1_msm",
        "bls12_map_fp_to_g1",
        "bls12_g2_add",
        "bls12_g2_msm",
        "bls12_map_fp2_to_g2",
        "bls12_pairing_check",
    ),
    "ecadd": ("ecadd",),
    "ecmul": ("ecmul",),
    "ecpairing": ("ecpairing",),
}
"""Module of py-evm -> the contracts in it."""


def postpone() -> None:
    """Put contracts that load their module at their first call into its place, unless py-evm is loaded already."""
    if _PACKAGE in sys.modules:
        return
    for module, contracts in _CONTRACTS.items():
        path = f"{_PACKAGE}.{module}"
        if path not in sys.modules:
            standing = sys.modules[path] = ModuleType(path)
            for name in contracts:
                setattr(standing, name, _later(standing, name))


def _later(standing: ModuleType, name: str) -> Callable[..., Any]:
    """Return the contract of a name, which loads py-evm's own when it is called."""

    def contract(computation: Any = None, **prices: int) -> Any:
        # Given prices alone, a contract of py-evm returns itself at these prices, which differ from fork to fork.
        if computation is None:
            return partial(contract, **prices)
        path = standing.__name__
        if sys.modules[path] is standing:
            del sys.modules[path]
        module = import_module(path)
        # Loading a module gives its name in the package to the module, where the contract of that name stood.
        setattr(sys.modules[_PACKAGE], name, getattr(module, name))
        return getattr(module, name)(computation, **prices)

    return contract
