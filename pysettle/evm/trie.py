"""The trie of a block's transactions or receipts, made in one pass over its items.

Knows the hexary Merkle-Patricia trie of the Yellow Paper (appendix D) for keys that are all known at once. A general
trie, which takes items one by one, hashes the nodes near its root anew for each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import rlp
from eth.constants import BLANK_ROOT_HASH
from rlp.codec import encode_raw
from trie.utils.nibbles import bytes_to_nibbles, encode_nibbles

from pysettle.hashing import keccak
from pysettle.values import Hash32

Nibbles = tuple[int, ...]
Node = list["bytes | Node"]


def index_trie(items: Sequence[bytes]) -> tuple[Hash32, dict[Hash32, bytes]]:
    """Return the root over items keyed by the RLP of their place, and the nodes: a mapping hash -> encoded node."""
    if not items:
        return BLANK_ROOT_HASH, {}
    pairs = sorted((bytes_to_nibbles(rlp.encode(index)), item) for index, item in enumerate(items))
    nodes: dict[Hash32, bytes] = {}
    root = encode_raw(_node(pairs, 0, nodes))
    root_hash = Hash32(keccak(root))
    nodes[root_hash] = root
    return root_hash, nodes


def _node(pairs: list[tuple[Nibbles, bytes]], depth: int, nodes: dict[Hash32, bytes]) -> Node:
    """Return the node over sorted pairs that share `depth` nibbles of key; no key is the beginning of another."""
    first, last = pairs[0][0], pairs[-1][0]
    if len(pairs) == 1:
        return [encode_nibbles((*first[depth:], 16)), pairs[0][1]]
    fork = next(place for place in range(depth, len(first)) if first[place] != last[place])
    if fork > depth:
        return [encode_nibbles(first[depth:fork]), _reference(pairs, fork, nodes)]
    branch: Node = [b""] * 17
    for nibble, group in groupby(pairs, key=lambda pair: pair[0][depth]):
        branch[nibble] = _reference(list(group), depth + 1, nodes)
    return branch


def _reference(pairs: list[tuple[Nibbles, bytes]], depth: int, nodes: dict[Hash32, bytes]) -> bytes | Node:
    """Return how a parent names the node: by hash, or by the node itself where that is shorter."""
    node = _node(pairs, depth, nodes)
    encoded = encode_raw(node)
    if len(encoded) < 32:
        return node
    node_hash = Hash32(keccak(encoded))
    nodes[node_hash] = encoded
    return node_hash
