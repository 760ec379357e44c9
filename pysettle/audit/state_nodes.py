"""The nodes of a state: its trie of accounts, and the tries of their storage below it.

Nodes are looked up by their hash. They may come from anybody: a trie that leads to one node along many paths is read
once at each node, so that it cannot be made to look endless.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

import rlp
from eth.abc import BlockHeaderAPI
from eth.db.backends.memory import MemoryDB

from pysettle.audit.encoding import EncodingError, check_nesting

_NODE_NESTING = 8
"""Deepest nesting of lists in a node; a node of less than 32 bytes stands inside its parent."""
_LEAF = 0x20
"""Bit of a path's first byte that tells a leaf from an extension."""
_HEADERS = 256
"""Latest headers that a block can ask for the hash of."""
_FEW = 2**12
"""Entries of a `HeadState` at which old ones are not worth a search."""


def reachable(nodes: Mapping[bytes, bytes], state_root: bytes) -> set[bytes]:
    """Return the hashes of the nodes that a state root leads to, and of the codes of its accounts.

    Args:
        nodes: Hash -> node; a missing one leads nowhere.
        state_root: Hash of the first node.

    Raises:
        ValueError: one of them is no node of a state.
    """
    of_accounts, of_storage, codes = set[bytes](), set[bytes](), set[bytes]()
    for account in _leaves(nodes, state_root, of_accounts):
        storage_root, code_hash = _account(account)
        codes.add(code_hash)
        for _ in _leaves(nodes, storage_root, of_storage):
            pass
    return of_accounts | of_storage | codes


def _leaves(nodes: Mapping[bytes, bytes], root: bytes, seen: set[bytes]) -> Iterator[bytes]:
    """Yield the value of each leaf below a root, and add the hash of each node on the way to those seen.

    Raises:
        ValueError: one is no node.
    """
    hashes = [root]
    while hashes:
        at = hashes.pop()
        if at not in nodes or at in seen:
            continue
        seen.add(at)
        try:
            check_nesting(nodes[at], 0, len(nodes[at]), _NODE_NESTING)
            items = [rlp.decode(nodes[at])]
        except (EncodingError, rlp.DecodingError) as problem:
            raise ValueError(f"node 0x{at.hex()} cannot be read: {problem}") from None
        while items:
            match items.pop():
                case [bytes(path), bytes(value)] if path and path[0] & _LEAF:
                    yield value
                case [bytes(path), child] if path:
                    items.append(child)
                case [*children, bytes()] if len(children) == 16:
                    items.extend(children)
                case bytes(child) if len(child) in (0, 32):
                    hashes.extend([child] if child else [])
                case _:
                    raise ValueError(f"node 0x{at.hex()} is none of a state")


def _account(value: bytes) -> tuple[bytes, bytes]:
    """Return the storage root and the code hash in a leaf of the state.

    Raises:
        ValueError: it is no account.
    """
    try:
        check_nesting(value, 0, len(value), 1)
        match rlp.decode(value):
            case [bytes(), bytes(), bytes(storage_root), bytes(code_hash)]:
                return storage_root, code_hash
    except (EncodingError, rlp.DecodingError):
        pass
    raise ValueError(f"0x{value.hex()} in a leaf of the state is no account")


class HeadState(MemoryDB):
    """py-evm's database of a chain that only goes on: the state after its head, and the latest headers.

    Memory is bounded by the size of the state, not by the length of the history.
    """

    def __init__(self, few: int = _FEW) -> None:
        """Begin with nothing.

        Args:
            few: Entries below which nothing is let go.
        """
        super().__init__()
        self._headers = deque[bytes](maxlen=_HEADERS)
        self._few = self._most = few

    def take(self, head: BlockHeaderAPI) -> None:
        """Take a new head. Once the entries have doubled, let go of all that neither it nor its successors need."""
        self[head.hash] = rlp.encode(head)
        self._headers.append(head.hash)
        if len(self) > self._most:
            needed = reachable(self.kv_store, head.state_root).union(self._headers)
            self.kv_store = {it: self.kv_store[it] for it in needed if it in self.kv_store}
            self._most = max(self._few, 2 * len(self))
