"""Writing to a workspace's chain while a node serves it: the node alone writes to the file, so commands send to it.

This module finds the process that holds the file and the URL of its node, which are in the lock. A reader does not need
it, since it opens the file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pysettle.errors import ChainFileLocked, ChainUnreachable

if TYPE_CHECKING:
    from pysettle.evm.backend import ChainBackend
    from pysettle.evm.embedded import EmbeddedChain
    from pysettle.evm.rpc import RpcChain

_POLL_S = 0.05


@contextmanager
def file_or_node(
    open_file: Callable[[float], AbstractContextManager[EmbeddedChain]],
    accounts: Path,
    chain_id: int,
    wait_s: float,
    notify: Callable[[str], None],
) -> Iterator[ChainBackend]:
    """Open a chain's file to write, or the node that holds it.

    Args:
        open_file: Opens the file to write, and waits at most so many seconds for another writer.
        accounts: Folder of the accounts; its lock keeps their nonces from being used twice.
        chain_id: Chain id the node must have.
        wait_s: Longest wait for another writer, in seconds.
        notify: Called with the destination of transactions if that is not the file.

    Raises:
        ChainFileLocked: another process writes and serves no node, or its node did not answer for that long.
        ChainFileError: the file cannot be used.
        WrongChain: the node serves another chain.
    """
    from pysettle.evm.lock import WriterLock

    deadline = time.monotonic() + wait_s
    while True:
        left_s = max(0.0, deadline - time.monotonic())
        with ExitStack() as stack:
            try:
                chain: ChainBackend = stack.enter_context(open_file(left_s))
            except ChainFileLocked as problem:
                node = _node(problem, chain_id)
                if node is None:
                    if not left_s:
                        raise
                    time.sleep(_POLL_S)
                    continue
                stack.callback(WriterLock(accounts, left_s).release)
                chain = node
                notify(f"the node at {node.url} holds this workspace: the command is sent there")
            yield chain
            return


def _node(problem: ChainFileLocked, chain_id: int) -> RpcChain | None:
    """Return the node that holds a file; None if it has just ended.

    Raises:
        ChainFileLocked: another process than a node holds it.
        WrongChain: it serves another chain.
    """
    from pysettle.evm.lock import holder_of
    from pysettle.evm.rpc import RpcChain

    holder = problem.holder
    if holder is None or holder.url is None:
        raise problem
    try:
        node = RpcChain(holder.url, chain_id=chain_id, moves_clock=True)
    except ChainUnreachable:
        return None
    # Else somebody took the lock of a node that was killed, and had not written its own name yet.
    return node if holder_of(problem.file) == holder else None
