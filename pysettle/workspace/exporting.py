"""The chain of an export, with the contracts and names for its manifest.

It is the chain of a workspace, or of another network that is known only by its `deployment.json`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pysettle.errors import UsageError
from pysettle.workspace.files import read_whole

if TYPE_CHECKING:
    from pysettle.domain.core.contracts import Contracts
    from pysettle.evm.embedded import EmbeddedChain
    from pysettle.evm.rpc import RpcChain
    from pysettle.values import Address
    from pysettle.workspace.directory import Workspace


@dataclass(frozen=True, slots=True)
class Exported:
    """A chain, and what is known of it."""

    chain: EmbeddedChain | RpcChain
    """The chain."""
    contracts: Callable[[int], Contracts]
    """Returns the contracts of the network that are there at a block."""
    labels: Mapping[Address, str] = field(default_factory=dict)
    """Account -> name that it is called by."""


@contextmanager
def of_workspace(workspace: Workspace) -> Iterator[Exported]:
    """Open the chain of a workspace to read it; errors as `Workspace.chain`."""
    from pysettle.evm.embedded import EmbeddedChain
    from pysettle.evm.rpc import RpcChain

    with workspace.chain() as chain:
        assert isinstance(chain, EmbeddedChain | RpcChain), "a workspace has no other chain"
        labels = {address: name for name, address in workspace.accounts.addresses().items()}
        yield Exported(chain, lambda last: workspace.listed_contracts(chain, last), labels)


def of_network(url: str | None, deployment_file: Path, confirmations: int, patience_s: float = 30) -> Exported:
    """Connect to a network without a workspace.

    Args:
        url: Where a node of it answers.
        deployment_file: Its `deployment.json`.
        confirmations: Blocks, its own counted, that make a block final.
        patience_s: Longest wait for an answer of the node, in seconds.

    Raises:
        UsageError: no URL is given.
        WorkspaceError: the file cannot be read.
        WrongChain: the network was deployed on another chain.
        ChainUnreachable: the node does not answer.
    """
    from pysettle.client.deployment import Deployment
    from pysettle.client.network import SettlementNetwork
    from pysettle.evm.rpc import RpcChain

    if url in (None, "embedded"):
        raise UsageError("--deployment is of a network without a workspace: name a node of it (--chain URL)")
    deployment = Deployment.from_bytes(read_whole(deployment_file))
    assert url is not None
    chain = RpcChain(url, confirmations=confirmations, answer_s=patience_s)
    deployment.check_chain(chain)
    return Exported(chain, lambda last: SettlementNetwork.attach(chain, deployment).contracts(last))
