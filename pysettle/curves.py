"""The curves of py_ecc, loaded when they are first used: most of the time in which py-evm loads, half of eth-account's.

py-evm loads py_ecc with the precompiled contracts of BLS12-381 (EIP-2537) and of alt_bn128 (EIP-196, EIP-197), and
py_ecc then computes its tables. No settlement uses them, but a chain that anybody may call has them. eth-account loads
eth-keyfile, which loads py_ecc for the keystores of validators (EIP-2335).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
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
_KEYSTORES = "eth_keyfile"
_CURVES = "py_ecc"
_ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
"""Order of BLS12-381: eth-keyfile asks for it when it is loaded."""


def postpone() -> None:
    """Put modules that load their curve at its first use into the places of those that load it at once.

    What is loaded already stays.
    """
    if _PACKAGE not in sys.modules:
        _postpone_contracts()
    if not {_KEYSTORES, _CURVES} & sys.modules.keys() and (curves := find_spec(_CURVES)) and curves.origin:
        home = Path(curves.origin).parent
        _put(f"{_CURVES}.bls12_381", home / "bls12_381", curve_order=_ORDER)
        _put(f"{_CURVES}.bls", home / "bls", G2ProofOfPossession=_Signatures())


class _Signatures:
    """The signatures of BLS12-381, loaded with the first one."""

    def __getattr__(self, name: str) -> Any:
        path = f"{_CURVES}.bls"
        if sys.modules[path].G2ProofOfPossession is self:
            del sys.modules[path]
        return getattr(import_module(path).G2ProofOfPossession, name)


def _put(path: str, folder: Path, **known: object) -> None:
    """Put a package with a few known names into the place of another, which is loaded at the first other name."""
    standing = sys.modules[path] = ModuleType(path)

    def load(name: str) -> Any:
        if sys.modules[path] is standing:
            del sys.modules[path]
        return getattr(import_module(path), name)

    vars(standing).update(known, __path__=[str(folder)], __getattr__=load)


def _postpone_contracts() -> None:
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
