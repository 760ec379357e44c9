"""Hexary Merkle-Patricia tries (Yellow Paper, appendix D), changed in one pass over sorted keys.

A general trie takes items one by one, and hashes the nodes near its root anew for each of them. Here each node is
encoded once for all items that lie below it: for the transactions and receipts of a block, whose keys are all known at
once, and for the accounts and storage words that a block has changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any, cast

import rlp
from eth.constants import BLANK_ROOT_HASH
from rlp.codec import encode_raw
from trie.exceptions import MissingTrieNode
from trie.hexary import HexaryTrie
from trie.utils.nodes import decode_node

from pysettle.hashing import keccak
from pysettle.values import Hash32

Node = list["bytes | Node"]
"""A leaf or an extension (path and value or child), a branch (16 children and a value), or nothing: empty."""
Pair = tuple[bytes, bytes]
"""Nibbles of a key, a byte each, and the value; an empty value deletes."""

_DIGITS = b"0123456789abcdef"
_TO_NIBBLES = bytes.maketrans(_DIGITS, bytes(range(16)))
_TO_DIGITS = bytes.maketrans(bytes(range(16)), _DIGITS)


def index_trie(items: Sequence[bytes]) -> tuple[Hash32, dict[Hash32, bytes]]:
    """Return the root over items keyed by the RLP of their place, and the nodes: a mapping hash -> encoded node."""
    return changed_trie({}, BLANK_ROOT_HASH, {rlp.encode(index): item for index, item in enumerate(items)})


def changed_trie(
    known: Mapping[Hash32, bytes], root: Hash32, changes: Mapping[bytes, bytes]
) -> tuple[Hash32, dict[Hash32, bytes]]:
    """Return the root of a trie after changes, and the nodes that the change made: a mapping hash -> encoded node.

    Args:
        known: Hash -> encoded node, of all nodes on the way to what changes.
        root: Root before.
        changes: Key -> value, an empty one to delete. No key of the trie is the beginning of another.

    Raises:
        KeyError: `known` lacks the node of this hash.
    """
    if not changes:
        return root, {}
    change = _Change(known)
    pairs = sorted((_nibbles(key), value) for key, value in changes.items())
    node = change.apply(change.load(b"" if root == BLANK_ROOT_HASH else root), pairs, 0)
    if not node:
        return BLANK_ROOT_HASH, {}
    return change.store(encode_raw(node)), change.made


def values(known: Mapping[bytes, bytes], root: Hash32, keys: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the value of each key, empty for one that is not in the trie. Each node is read and decoded once.

    Args:
        known: Hash -> encoded node, of all nodes on the way to the keys.
        root: Root of the trie.
        keys: Keys, as they are in the trie.

    Raises:
        KeyError: `known` lacks the node of this hash.
    """
    decoded: dict[bytes, Node] = {}

    def value(rest: bytes) -> bytes | Node:
        child: bytes | Node = b"" if root == BLANK_ROOT_HASH else root
        while child:
            if isinstance(child, bytes):
                if child not in decoded:
                    decoded[child] = rlp.decode(known[child])
                node = decoded[child]
            else:
                node = child
            if len(node) == 17:
                child, rest = node[rest[0]], rest[1:]
                continue
            path, is_leaf = _parsed(node)
            if not rest.startswith(path) or (is_leaf and rest != path):
                return b""
            if is_leaf:
                return node[1]
            child, rest = node[1], rest[len(path) :]
        return b""

    return tuple(cast(bytes, value(_nibbles(key))) for key in keys)


class _Change:
    """A change on its way through a trie, and the nodes that it has made."""

    def __init__(self, known: Mapping[Hash32, bytes]) -> None:
        self._known = known
        self.made: dict[Hash32, bytes] = {}

    def load(self, reference: bytes | Node) -> Node:
        """Return the node that a parent names by its hash, or by the node itself."""
        if isinstance(reference, list):
            return reference
        return cast(Node, decode_node(self._known[Hash32(reference)])) if reference else []

    def store(self, encoded: bytes) -> Hash32:
        """Keep a node, and return its hash."""
        node_hash = Hash32(keccak(encoded))
        self.made[node_hash] = encoded
        return node_hash

    def apply(self, node: Node, pairs: Sequence[Pair], depth: int) -> Node:
        """Return a node after changes below it, whose keys share their first `depth` nibbles."""
        if len(node) == 17:
            return self._branch(node, pairs, depth)
        if node:
            path, is_leaf = _parsed(node)
            if not is_leaf:
                return self._extension(path, node[1], pairs, depth)
            key = pairs[0][0][:depth] + path
            if all(key != changed for changed, _ in pairs):
                assert isinstance(node[1], bytes)
                pairs = sorted([*pairs, (key, node[1])])
        return self._built([pair for pair in pairs if pair[1]], depth)

    def _built(self, pairs: Sequence[Pair], depth: int) -> Node:
        """Return the node over sorted pairs alone."""
        if not pairs:
            return []
        first, last = pairs[0][0], pairs[-1][0]
        if len(pairs) == 1:
            return [_path(first[depth:], is_leaf=True), pairs[0][1]]
        shared = _shared(first, last, depth)
        return self._extended(first[depth : depth + shared], self._branch([b""] * 17, pairs, depth + shared))

    def _branch(self, node: Node, pairs: Sequence[Pair], depth: int) -> Node:
        children = [*node]
        for nibble, below in groupby(pairs, key=lambda pair: pair[0][depth]):
            children[nibble] = self.apply(self.load(children[nibble]), list(below), depth + 1)
        left = [place for place, child in enumerate(children) if child]
        if len(left) == 1:
            return self._extended(bytes(left), self.load(children[left[0]]))
        return [self._reference(child) for child in children] if left else []

    def _extension(self, path: bytes, child: bytes | Node, pairs: Sequence[Pair], depth: int) -> Node:
        # The keys are sorted, so that the first or the last one shares the least of the path.
        shared = min(_shared(path, pair[0][depth:]) for pair in (pairs[0], pairs[-1]))
        if shared == len(path):
            return self._extended(path, self.apply(self.load(child), pairs, depth + shared))
        rest, branch = path[shared + 1 :], Node([b""] * 17)
        branch[path[shared]] = [_path(rest, is_leaf=False), child] if rest else child
        return self._extended(path[:shared], self._branch(branch, pairs, depth + shared))

    def _extended(self, path: bytes, node: Node) -> Node:
        """Return a node that lies a path further down."""
        if not path or not node:
            return node
        if len(node) == 17:
            return [_path(path, is_leaf=False), self._reference(node)]
        further, is_leaf = _parsed(node)
        return [_path(path + further, is_leaf=is_leaf), node[1]]

    def _reference(self, node: bytes | Node) -> bytes | Node:
        """Return how a parent names a node: by hash, or by the node itself where that is shorter."""
        if isinstance(node, bytes):
            return node
        encoded = encode_raw(node) if node else b""
        return (node or b"") if len(encoded) < 32 else self.store(encoded)


def _nibbles(key: bytes) -> bytes:
    return key.hex().encode().translate(_TO_NIBBLES)


def _shared(first: bytes, second: bytes, depth: int = 0) -> int:
    """Return how many nibbles are equal from a depth on."""
    places = range(depth, min(len(first), len(second)))
    return next((place for place in places if first[place] != second[place]), places.stop) - depth


def _path(nibbles: bytes, *, is_leaf: bool) -> bytes:
    """Return nibbles in hex-prefix encoding (Yellow Paper, appendix C)."""
    flag = 2 * is_leaf
    prefix = f"{flag + 1}" if len(nibbles) % 2 else f"{flag}0"
    return bytes.fromhex(prefix + nibbles.translate(_TO_DIGITS).decode())


def _parsed(node: Node) -> tuple[bytes, bool]:
    """Return the nibbles of a node's path, and whether it is a leaf."""
    assert isinstance(node[0], bytes)
    nibbles = _nibbles(node[0])
    return nibbles[2 - nibbles[0] % 2 :], nibbles[0] >= 2


class BatchedTrie(HexaryTrie):
    """py-evm's trie, whose changes are made together when its root is next asked for."""

    __slots__ = ("_changes", "_root")
    _root: Hash32

    def __init__(self, db: Any, root_hash: bytes) -> None:
        """Begin at a root, with the nodes of a database, which takes the new ones."""
        self._changes: dict[bytes, bytes] = {}
        super().__init__(db, root_hash)

    @property
    def root_hash(self) -> bytes:
        """The root after all changes; to ask for it makes them.

        Raises:
            MissingTrieNode: the database lacks a node on the way to a change.
        """
        if self._changes:
            try:
                self._root, nodes = changed_trie(self.db, self._root, self._changes)
            except KeyError as missing:
                raise MissingTrieNode(missing.args[0], self._root, next(iter(self._changes))) from missing
            for node_hash, node in nodes.items():
                self.db[node_hash] = node
            self._changes = {}
        return self._root

    @root_hash.setter
    def root_hash(self, root: bytes) -> None:
        self._root, self._changes = Hash32(root), {}

    def set(self, key: bytes, value: bytes) -> None:
        """Change an item, or delete it by an empty value."""
        self._changes[key] = value

    def delete(self, key: bytes) -> None:
        """Delete an item, if there is one."""
        self._changes[key] = b""

    @contextmanager
    def squash_changes(self) -> Iterator[BatchedTrie]:
        """Lend the trie: its changes are squashed anyway."""
        yield self
