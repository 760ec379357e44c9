"""Chains for a node to serve: a fresh one in memory, or the one in a workspace's file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pysettle.client.network import genesis
from pysettle.errors import UsageError
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import Genesis, GenesisAccount
from pysettle.node.accounts import development_accounts, faucet
from pysettle.node.chain import NodeChain
from pysettle.workspace.directory import Workspace

_BALANCE = 10**22
"""Native balance of a development account, in wei."""
_FAUCET_BALANCE = 10**30
"""Native balance of the account that balances are raised from, in wei."""


def fresh_chain(*, seed: int, chain_id: int, timestamp: int, accounts: int) -> NodeChain:
    """Begin a chain in memory, with the accounts every Ethereum tool uses for development.

    Args:
        seed: Seed of the blocks' randomness.
        chain_id: Chain id (EIP-155).
        timestamp: Chain time of block 0, unix seconds.
        accounts: Number of the accounts.
    """
    signers, reserve = development_accounts(accounts), faucet()
    block_0 = genesis(timestamp, [signer.address for signer in signers], chain_id=chain_id, balance=_BALANCE)
    funded = replace(block_0, alloc={**block_0.alloc, reserve.address: GenesisAccount(balance=_FAUCET_BALANCE)})
    return NodeChain(EmbeddedChain(funded, seed=seed), signers, faucet=reserve)


def chain_from_genesis(file: Path, *, seed: int) -> NodeChain:
    """Begin a chain in memory from a genesis.json; its accounts sign for themselves.

    Raises:
        UsageError: the file cannot be read, or is no genesis.json.
    """
    try:
        content = file.read_bytes()
    except OSError as problem:
        raise UsageError(f"{file} cannot be read: {problem.strerror}", path=file) from problem
    return NodeChain(EmbeddedChain(Genesis.from_bytes(content), seed=seed))


@contextmanager
def chain_of(workspace: Workspace) -> Iterator[NodeChain]:
    """Open the chain in a workspace's file for a node alone to write to; errors are those of `embedded_chain`."""
    with workspace.embedded_chain(write=True) as chain:
        yield NodeChain(chain, workspace.accounts.development_signers(), keeps_history=True)
