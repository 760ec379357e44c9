"""`config.toml` of a workspace: which chain it is on."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from typing import Any, Final

from pysettle.errors import WorkspaceError
from pysettle.evm.genesis import BLOCK_INTERVAL_S
from pysettle.evm.genesis import SIMULATION_CHAIN_ID as SIMULATION_CHAIN_ID

FORMAT = "pysettle.workspace/1"
CONFIG_FILE = "config.toml"
GENESIS_TIME = 1_767_225_600
"""Chain time of block 0 unless another is given: 2026-01-01, 00:00 UTC."""
RANGES: Final = {
    "chain_id": (1, 2**53),
    "seed": (0, 2**63 - 1),
    "genesis_time": (1, 2**40),
    "block_interval_s": (1, 86_400),
}
"""Number -> least and greatest value of it; clients of JavaScript read chain ids up to 2^53 exactly."""
_NUMBERS = tuple(RANGES)


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """A network that others seal."""

    url: str
    """Its JSON-RPC node, without a user and a password."""
    confirmations: int = 1
    """Blocks, its own counted, that make a transaction final."""
    legacy_fees: bool = False
    """Whether to pay by gas price although the network has a base fee (EIP-1559)."""


@dataclass(frozen=True, slots=True)
class Config:
    """The chain of a workspace; fixed at the creation of the workspace."""

    chain_id: int = SIMULATION_CHAIN_ID
    """Chain id (EIP-155)."""
    seed: int = 0
    """Seed of development keys, and of the randomness of an embedded chain's blocks."""
    genesis_time: int = GENESIS_TIME
    """Chain time of block 0 of an embedded chain, unix seconds."""
    block_interval_s: int = BLOCK_INTERVAL_S
    """Seconds of chain time from one block of an embedded chain to the next."""
    real_time: bool = False
    """Whether the time of an embedded chain is never behind the machine's; its blocks are then not reproducible."""
    network: NetworkConfig | None = None
    """The network the workspace is on; None for a chain embedded in it."""

    @classmethod
    def of_network(
        cls, url: str, chain_id: int | None = None, *, confirmations: int = 1, legacy_fees: bool = False, seed: int = 0
    ) -> Config:
        """Return the configuration of a workspace on a network.

        Args:
            url: Its JSON-RPC node; a user and a password in it are not stored.
            chain_id: Chain id (EIP-155); the node is asked if None.
            confirmations: Blocks, its own counted, that make a transaction final.
            legacy_fees: Whether to pay by gas price although the network has a base fee.
            seed: Seed of development keys.

        Raises:
            UsageError: it is no such URL.
            ChainUnreachable: the node was asked, and does not answer.
        """
        from pysettle.evm.jsonrpc import JsonRpc
        from pysettle.evm.rpc import RpcChain

        network = NetworkConfig(JsonRpc(url).url, confirmations, legacy_fees)
        return cls(RpcChain(url).chain_id if chain_id is None else chain_id, seed, network=network)

    def to_text(self) -> str:
        """Return `config.toml`."""
        lines = ["# A workspace of pysettle. Everything in it is a simulation.", f'format = "{FORMAT}"', "", "[chain]"]
        numbers = _NUMBERS if self.network is None else _NUMBERS[:2]
        lines += [f'kind = "{"embedded" if self.network is None else "network"}"']
        lines += [f"{name} = {getattr(self, name)}" for name in numbers]
        if self.network is None:
            lines += [f'clock = "{"real" if self.real_time else "scheduled"}"']
        else:
            lines += ["", "[network]", f"url = {json.dumps(self.network.url)}"]
            lines += [f"confirmations = {self.network.confirmations}"]
            lines += [f"legacy_fees = {str(self.network.legacy_fees).lower()}"]
        return "\n".join(lines) + "\n"

    @classmethod
    def from_bytes(cls, content: bytes) -> Config:
        """Read `config.toml`.

        Raises:
            WorkspaceError: it is not TOML, of another format, or a value is missing or out of its range.
        """
        try:
            document = tomllib.loads(content.decode())
            kind = document["chain"]["kind"] if document.get("format") == FORMAT else None
            if kind not in ("embedded", "network"):
                raise WorkspaceError(
                    f"it is not of the format {FORMAT} with a chain that is embedded or a network", format=FORMAT
                )
            numbers = _NUMBERS if kind == "embedded" else _NUMBERS[:2]
            network = _network(document["network"]) if kind == "network" else None
            clock = document["chain"].get("clock", "scheduled")
            if clock not in ("scheduled", "real"):
                raise ValueError(f"the clock is scheduled or real, not {clock!r}")
            numbers_by_name = {name: document["chain"][name] for name in numbers}
            config = cls(**numbers_by_name, real_time=clock == "real", network=network)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
            raise WorkspaceError(
                f"{CONFIG_FILE} cannot be read ({problem}): restore it from a copy", path=CONFIG_FILE
            ) from problem
        for name, (least, most) in RANGES.items():
            value = getattr(config, name)
            if type(value) is not int or not least <= value <= most:
                raise WorkspaceError(
                    f"{CONFIG_FILE}: {name} is {value!r}, not a whole number from {least} to {most}",
                    field=name,
                    value=value,
                    least=least,
                    most=most,
                )
        return config


def _network(table: dict[str, Any]) -> NetworkConfig:
    network = NetworkConfig(table["url"], table["confirmations"], table["legacy_fees"])
    if not isinstance(network.url, str) or type(network.confirmations) is not int or network.confirmations < 1:
        raise ValueError("[network] needs a url, and confirmations of 1 or more")
    if type(network.legacy_fees) is not bool:
        raise ValueError("legacy_fees is true or false")
    return network
