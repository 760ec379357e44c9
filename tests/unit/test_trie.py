"""Tries that are changed in one pass, against a general one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
import rlp
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie
from trie.exceptions import MissingTrieNode

from pysettle.evm.trie import BatchedTrie, changed_trie, index_trie, values
from tests.chance import rounds

KEYS = st.binary(min_size=3, max_size=3).map(lambda key: bytes(nibble & 0x13 for nibble in key))
"""Keys of which many share their first nibbles."""
CHANGES = st.dictionaries(KEYS, st.one_of(st.just(b""), st.binary(min_size=1, max_size=40)), min_size=1, max_size=12)

EDGES = (0, 1, 2, 127, 128, 129, 130, 144, 145, 256, 257, 258)
"""Numbers of items about which keys grow by a byte, or a node by a level."""
SIZES = (26, 27, 28)
"""Bytes before the last one of an item whose node has 30, 31 or 32: the last is the shortest that is named by hash."""


@settings(max_examples=rounds(30, campaign=200), deadline=None)
@given(
    st.sampled_from(EDGES) | st.integers(0, 300), st.sampled_from(SIZES).map(bytes) | st.binary(min_size=1, max_size=40)
)
def test_the_root_and_every_item_are_those_of_a_general_trie(count: int, content: bytes) -> None:
    """Whatever the number of items and their size, the root is equal and each item is found under it."""
    items = [content + bytes([index % 251]) for index in range(count)]
    general = HexaryTrie({})
    for index, item in enumerate(items):
        general[rlp.encode(index)] = item
    root, nodes = index_trie(items)
    assert root == general.root_hash
    found = HexaryTrie(dict(nodes), root)
    assert [found[rlp.encode(index)] for index in range(count)] == items


@settings(max_examples=rounds(60, campaign=2_000), deadline=None)
@given(st.lists(CHANGES, min_size=1, max_size=5))
def test_changes_in_one_pass_are_those_made_one_by_one(batches: Sequence[Mapping[bytes, bytes]]) -> None:
    """Whatever is set and deleted in each pass: the same roots, no node that is not of its trie, and each item."""
    general, batched = HexaryTrie({}, prune=True), BatchedTrie({}, HexaryTrie({}).root_hash)
    known = dict[bytes, bytes]()
    for changes in batches:
        for key, value in changes.items():
            general[key] = batched[key] = value
        root, made = changed_trie(known, batched._root, changes)
        known |= made
        assert batched.root_hash == root == general.root_hash
        assert made.keys() <= general.db.keys()
        assert general.db.items() <= known.items()
        keys = sorted(general_keys(batches))
        assert [batched[key] for key in keys] == [general[key] for key in keys]
        longer = [key + b"\0" for key in keys]
        assert values(known, root, [*keys, *longer]) == (*(general[key] for key in keys), *(b"" for _ in longer))


def general_keys(batches: Sequence[Mapping[bytes, bytes]]) -> set[bytes]:
    """Return every key that any of the changes names."""
    return {key for changes in batches for key in changes}


def test_a_root_is_taken_back_and_a_missing_node_is_named() -> None:
    """A root that is set gives up what was changed since; a trie that lacks a node says which one."""
    trie = BatchedTrie({}, HexaryTrie({}).root_hash)
    for place in range(16):
        trie[bytes([place * 16])] = bytes([place + 1]) * 40
    root = trie.root_hash
    trie[b"\x10"] = b"other"
    trie.root_hash = root
    assert (trie.root_hash, trie[b"\x10"]) == (root, b"\2" * 40)
    (leaf,) = [node_hash for node_hash, node in trie.db.items() if b"\2" * 40 in node]
    del trie.db[leaf]
    trie[b"\x11"] = b"beside it"
    with pytest.raises(MissingTrieNode) as caught:
        assert trie.root_hash
    assert caught.value.missing_node_hash == leaf
