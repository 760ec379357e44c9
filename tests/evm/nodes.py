"""Nodes of py-evm's tries, decoded once in a process of the tests.

A tenth of the time of a contract test goes into decoding the same nodes of the same tries. A node's bytes say all that
it is, so what was decoded from them once is right for good.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import rlp
from trie import hexary
from trie.utils import nibbles, nodes

from pysettle.evm import trie

_MOST = 32_768
"""Most nodes, and most paths, that are remembered, the latest."""


def remember_nodes() -> None:
    """Have py-evm's tries, in this process, decode no node and cut no path twice."""
    decode = hexary.decode_node

    @lru_cache(_MOST)
    def remembered(encoded: bytes) -> Any:
        # A trie changes the lists it has. Short nodes lie within others as lists of their own: those are decoded anew.
        node = rlp.decode(encoded)
        return None if any(isinstance(part, list) for part in node) else node

    def decode_node(encoded: Any) -> Any:
        node = remembered(encoded) if encoded and type(encoded) is bytes else None
        return decode(encoded) if node is None else [*node]

    hexary.decode_node = trie.decode_node = decode_node
    hexary.bytes_to_nibbles = nibbles.bytes_to_nibbles = lru_cache(_MOST)(nibbles.bytes_to_nibbles)
    hexary.decode_nibbles = nodes.decode_nibbles = lru_cache(_MOST)(nibbles.decode_nibbles)
    nodes.remove_nibbles_terminator = lru_cache(_MOST)(nibbles.remove_nibbles_terminator)
