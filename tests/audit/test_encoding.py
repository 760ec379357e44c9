"""The auditor's own encodings against an independent implementation of each."""

from __future__ import annotations

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st
from trie import HexaryTrie

from pysettle.audit import encoding
from pysettle.audit.encoding import EncodingError
from pysettle.documents import as_bytes


@given(st.lists(st.binary(min_size=1, max_size=120), max_size=300))
def test_the_ordered_root_is_that_of_a_trie(values: list[bytes]) -> None:
    """The root over ordered values equals the root of a general trie filled with them."""
    trie = HexaryTrie({})
    for index, value in enumerate(values):
        trie[rlp.encode(index)] = value
    assert encoding.ordered_root(values) == trie.root_hash


@given(st.binary(max_size=80) | st.lists(st.binary(max_size=70), max_size=8))
def test_what_is_encoded_is_what_rlp_says(value: bytes | list[bytes]) -> None:
    """Strings and lists are encoded as by another implementation, and read back item by item."""
    if isinstance(value, bytes):
        encoded = encoding.encode_string(value)
        assert encoding.string(encoded, 0, len(encoded)) == value
    else:
        encoded = encoding.encode_list([encoding.encode_string(item) for item in value])
        assert [encoding.string(encoded, *place) for place in encoding.list_items(encoded)] == value
    assert encoded == rlp.encode(value)


@given(st.binary(max_size=12))
def test_bytes_are_read_only_where_they_are_the_one_encoding(content: bytes) -> None:
    """Any bytes read as a string are exactly what encoding that string gives; all others are refused."""
    try:
        value = encoding.string(content, 0, len(content))
    except EncodingError:
        return
    assert encoding.encode_string(value) == content


@pytest.mark.parametrize(
    "content",
    ["8105", "b80105", "b90001" + "61", "b838" + "61" * 55, "83616", "c1", "c0c0", "b8", "bf" + "ff" * 8, "00ff"],
)
def test_other_spellings_are_refused(content: str) -> None:
    """Lengths in longer forms than needed, items cut off and items followed by others are no encoding."""
    raw = bytes.fromhex(content if len(content) % 2 == 0 else content[:-1])
    with pytest.raises(EncodingError):
        encoding.string(raw, 0, len(raw))
    with pytest.raises(EncodingError):
        encoding.list_items(raw)


@pytest.mark.parametrize("text", ["0xAB", "ab", "0x a", "0xa", 5, None])
def test_hex_has_one_spelling(text: object) -> None:
    """Bytes are written as 0x and lower-case digits only."""
    with pytest.raises(ValueError, match="hex digits"):
        as_bytes(text)
