"""The one-pass trie against a general one."""

from __future__ import annotations

import rlp
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from pysettle.evm.trie import index_trie


@settings(deadline=None)
@given(st.integers(0, 300), st.binary(min_size=1, max_size=40))
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
