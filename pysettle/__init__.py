"""A simulation of the settlement network of the Token economy: Tokens paid in e-CNY, every step replayable."""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pysettle.client.compute.series import SeriesTerms
    from pysettle.client.core.access import Role, Roles
    from pysettle.client.network import Plan, SettlementNetwork, genesis
    from pysettle.domain.compute.messages import ComputeAttestation
    from pysettle.domain.compute.usage import Meters, RateCard
    from pysettle.domain.core.signing import Signer
    from pysettle.evm.embedded import EmbeddedChain
    from pysettle.evm.rpc import RpcChain
    from pysettle.money import Currency
    from pysettle.workspace.directory import Workspace

__all__ = [
    "ComputeAttestation",
    "Currency",
    "EmbeddedChain",
    "Meters",
    "Plan",
    "RateCard",
    "Role",
    "Roles",
    "RpcChain",
    "SeriesTerms",
    "SettlementNetwork",
    "Signer",
    "Workspace",
    "genesis",
]

__version__ = "0.1.0"

# If both are installed, eth-hash uses pycryptodome, which needs seven times as long for the short inputs here.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

_HOMES = {
    "ComputeAttestation": "pysettle.domain.compute.messages",
    "Currency": "pysettle.money",
    "EmbeddedChain": "pysettle.evm.embedded",
    "Meters": "pysettle.domain.compute.usage",
    "Plan": "pysettle.client.network",
    "RateCard": "pysettle.domain.compute.usage",
    "Role": "pysettle.client.core.access",
    "Roles": "pysettle.client.core.access",
    "RpcChain": "pysettle.evm.rpc",
    "SeriesTerms": "pysettle.client.compute.series",
    "SettlementNetwork": "pysettle.client.network",
    "Signer": "pysettle.domain.core.signing",
    "Workspace": "pysettle.workspace.directory",
    "genesis": "pysettle.client.network",
}
"""Name -> its module; a name is resolved at its first use, so that no name loads the modules of others."""


def __getattr__(name: str) -> Any:
    """Load the module that has a name."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
