"""Interest without a chain: rounding, the order of rows, the tree, and the books that see a row paid twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_hash.auto import keccak
from eth_typing import Address

from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import Emitted, Position
from pysettle.domain.ledger import fold
from pysettle.domain.money.contracts import INTEREST_PAYMENTS
from pysettle.domain.money.events import InterestDeclared, InterestPaid
from pysettle.domain.money.interest import InterestStatement, MerkleTree, interest_rounded_down, leaf_hash

ALICE, BOB, CONTRACT = (Address(bytes([number]) * 20) for number in (1, 2, 9))
FEN = 10_000


@pytest.mark.parametrize(
    ("accumulation", "rate_bps", "interest"),
    [
        (0, 35, 0),
        (360 * 10_000 * FEN - 1, 1, 0),
        (360 * 10_000 * FEN, 1, FEN),
        (2 * 360 * 10_000 * FEN - 1, 1, FEN),
        (100_000_000 * 90, 35, 8 * FEN),
        (2**96 * 65_535, 10_000, 2**96 * 65_535 // 360 // FEN * FEN),
    ],
)
def test_interest_is_cut_to_whole_fen(accumulation: int, rate_bps: int, interest: int) -> None:
    """The last unit of a fen has to be earned, and nothing overflows or passes through a float (P-20)."""
    assert interest_rounded_down(accumulation, rate_bps) == interest


def test_the_tree_is_that_of_openzeppelins_javascript() -> None:
    """The example in the README of OpenZeppelin's merkle-tree has the root that is printed there."""
    values = [(Address(b"\x11" * 20), 5 * 10**18), (Address(b"\x22" * 20), 25 * 10**17)]
    tree = MerkleTree([leaf_hash(*value) for value in values])
    assert tree.root.hex() == "d4dee0beab2d53f2cc83e567171bd2820e49898130a22622b10ead383e90bd77"


@pytest.mark.parametrize("count", [*range(1, 18), 100])
def test_every_leaf_is_proved_and_no_other(count: int) -> None:
    """From each leaf its proof leads to the root, and from another leaf it does not."""
    leaves = [keccak(bytes([place])) for place in range(count)]
    tree = MerkleTree(leaves)
    for place, leaf in enumerate(leaves):
        proof = tree.proof(place)
        assert _root_by(proof, leaf) == tree.root
        assert _root_by(proof, keccak(b"another")) != tree.root
        assert len(proof) in (count.bit_length() - 1, count.bit_length())


def _root_by(proof: tuple[bytes, ...], leaf: bytes) -> bytes:
    for sibling in proof:
        leaf = keccak(min(leaf, sibling) + max(leaf, sibling))
    return leaf


def test_rows_are_in_the_order_of_addresses() -> None:
    """The same accumulations give the same rows and root, in whatever order they come; who is owed nothing has none."""
    terms = {"chain_id": 1, "contract": CONTRACT, "first_day": 10, "end_day": 20, "rate_bps": 3_600}
    owed = {BOB: 20 * 10**6, Address(bytes(20)): 9_999_999, ALICE: 10 * 10**6}
    statement = InterestStatement.of(owed, **terms)
    assert [(row.index, row.account, row.amount) for row in statement.rows] == [(0, ALICE, FEN), (1, BOB, 2 * FEN)]
    assert statement.total == 3 * FEN
    turned = InterestStatement.of(dict(reversed(owed.items())), **terms)
    assert (turned, turned.root) == (statement, statement.root)
    assert InterestStatement.of({}, **terms).root == bytes(32)
    for changed in ({"chain_id": 2}, {"contract": ALICE}, {"first_day": 11}, {"end_day": 21}):
        assert replace(statement, **changed).root != statement.root


def test_the_books_see_a_row_paid_twice() -> None:
    """INV-ONCE: the same row of the same period of the same contract, and nothing less than that."""
    other = Address(bytes([8]) * 20)
    paid = [(CONTRACT, 1, 0), (CONTRACT, 1, 1), (CONTRACT, 2, 0), (other, 1, 0), (CONTRACT, 1, 1)]
    history = [
        Emitted(contract, Position(place, 0, 0), InterestPaid(period, ALICE, index, FEN, FEN), 0)
        for place, (contract, period, index) in enumerate(paid)
    ]
    ledger = fold(
        Contracts({INTEREST_PAYMENTS: {CONTRACT: None, other: None}}),
        history,
    )
    assert [(code, at.block_number) for code, at, _ in ledger.violations] == [("INV-ONCE", 4)]
    assert ledger.violations[0][2] == "row 1 of period 1 was paid before"


def test_the_books_see_a_day_declared_twice() -> None:
    """INV-ONCE: periods that follow each other are in order, one that begins within the last one is not."""
    days = [(10, 20), (20, 25), (30, 31), (30, 40)]
    history = [
        Emitted(CONTRACT, Position(place, 0, 0), InterestDeclared(place, ALICE, *period, 35, bytes(32), FEN), 0)
        for place, period in enumerate(days)
    ]
    ledger = fold(
        Contracts({INTEREST_PAYMENTS: {CONTRACT: None}}),
        history,
    )
    assert ledger.violations == [
        ("INV-ONCE", Position(3, 0, 0), "interest from day 30, days to 31 were declared"),
    ]
