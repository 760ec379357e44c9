"""The one-pass trie against a general one."""

from __future__ import annotations

import rlp
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from pysettle.evm.trie import index_trie
from tests.chance import rounds

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
