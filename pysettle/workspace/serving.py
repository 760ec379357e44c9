"""Chains for a node to serve: a fresh one in memory, the one in a workspace's file, or the history in a chain file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rlp.codec import consume_length_prefix
from rlp.exceptions import DecodingError

from pysettle.client.network import genesis as usual_genesis
from pysettle.errors import ChainError, UsageError
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import CREATE2_DEPLOYER, CREATE2_DEPLOYER_ACCOUNT, Genesis, GenesisAccount
from pysettle.node.accounts import development_accounts, faucet
from pysettle.node.chain import NodeChain
from pysettle.workspace.directory import Workspace

_BALANCE = 10**22
"""Native balance of a development account, in wei."""
_FAUCET_BALANCE = 10**30
"""Native balance of the account that balances are raised from, in wei."""


def fresh_chain(
    *, seed: int, chain_id: int, timestamp: int, accounts: int, real_time: Callable[[], int] | None = None
) -> NodeChain:
    """Begin a chain in memory, with the accounts every Ethereum tool uses for development, and the CREATE2 deployer.

    Args:
        seed: Seed of the blocks' randomness.
        chain_id: Chain id (EIP-155).
        timestamp: Chain time of block 0, unix seconds.
        accounts: Number of the accounts.
        real_time: Returns unix seconds that chain time shall not be behind; None for time that passes by blocks alone.
    """
    signers, reserve = development_accounts(accounts), faucet()
    block_0 = usual_genesis(timestamp, [signer.address for signer in signers], chain_id=chain_id, balance=_BALANCE)
    further = {reserve.address: GenesisAccount(balance=_FAUCET_BALANCE), CREATE2_DEPLOYER: CREATE2_DEPLOYER_ACCOUNT}
    furnished = replace(block_0, alloc={**block_0.alloc, **further})
    return NodeChain(EmbeddedChain(furnished, seed=seed, real_time=real_time), signers, faucet=reserve)


def chain_from_genesis(file: Path, *, seed: int, real_time: Callable[[], int] | None = None) -> NodeChain:
    """Begin a chain in memory from a genesis.json; its accounts sign for themselves.

    Raises:
        UsageError: the file cannot be read, or is no genesis.json.
    """
    return NodeChain(EmbeddedChain(Genesis.from_bytes(_content(file)), seed=seed, real_time=real_time))


def history(genesis: Path, blocks: Path, on_progress: Callable[[int, int], None]) -> NodeChain:
    """Execute the blocks of a chain file in memory, for a node that only answers questions about them.

    Args:
        genesis: Its genesis.json, of the rules of this chain.
        blocks: Its blocks from 1 on, RLP one after the other.
        on_progress: Called after every block with the bytes of the file that are executed, and its length.

    Raises:
        UsageError: a file cannot be read, or the genesis has other rules.
        ChainError: a block is refused, or execution gives another header.
    """
    chain, content, position = EmbeddedChain(Genesis.from_bytes(_content(genesis))), _content(blocks), 0
    while position < len(content):
        try:
            _, _, length, payload = consume_length_prefix(content, position)
        except (DecodingError, IndexError) as problem:
            raise ChainError(
                f"{blocks} has no RLP item at byte {position}", path=blocks, position=position
            ) from problem
        chain.adopt(content[position : payload + length])
        position = payload + length
        on_progress(position, len(content))
    return NodeChain(chain, is_read_only=True)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as problem:
        raise UsageError(f"{file} cannot be read: {problem.strerror}", path=file) from problem


@contextmanager
def chain_of(workspace: Workspace) -> Iterator[NodeChain]:
    """Open the chain in a workspace's file for a node alone to write to; errors are those of `embedded_chain`."""
    with workspace.embedded_chain(write=True) as chain:
        yield NodeChain(chain, workspace.accounts.development_signers(), keeps_history=True)
