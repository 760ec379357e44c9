"""The books of the clearing house, without a chain: each event that contradicts the rules is a finding."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pysettle.domain import invariants
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import Emitted, Event, Position, Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.ledger import Ledger
from pysettle.domain.money.contracts import CURRENCY_TOKEN
from pysettle.domain.money.events import SettlementAccountMarked
from pysettle.domain.settlement.clearing import BatchHeader, BatchItem, half_id, pair_id
from pysettle.domain.settlement.clearing_events import (
    BatchQueued,
    ClearingOperatorSet,
    CycleClosed,
    CycleEnded,
    ItemsCancelled,
    ItemsHeldSet,
    NetPosition,
    PositionReleased,
    PositionReserved,
    PositionsNetted,
    SetSettled,
    SettledBatch,
)
from pysettle.domain.settlement.contracts import CLEARING_HOUSE, LIQUIDITY_ACCOUNTS, PARTICIPANT_REGISTRY
from pysettle.domain.settlement.events import (
    LiquidityPauseSet,
    PaidIn,
    ParticipantAdmitted,
    PositionFreezeSet,
    StopsSet,
)
from pysettle.errors.states import CycleState
from pysettle.values import Address, Timestamp, Units

CURRENCY, REGISTRY, LAYER, HOUSE, ANNA, BEN, CORA, OPERATOR = (Address(bytes([it]) * 20) for it in range(1, 9))
NAME, NONE, GROUND = b"\2" * 32, bytes(32), b"\3" * 32
OPENED = 1_767_225_600
CLOSED = OPENED + 600
PLACES: dict[type[Event], Address] = {
    **dict.fromkeys((ParticipantAdmitted, StopsSet), REGISTRY),
    **dict.fromkeys(
        (PaidIn, PositionReserved, PositionReleased, PositionsNetted, PositionFreezeSet, LiquidityPauseSet), LAYER
    ),
    **dict.fromkeys((Transfer, SettlementAccountMarked), CURRENCY),
}


def apply(books: Ledger, *events: Event, time: int = OPENED) -> list[str]:
    """Apply the events of one transaction; return the codes of the findings on it, without those on issuance."""
    watch = invariants.Watch(books)
    for event in events:
        place = PLACES.get(type(event), HOUSE)
        watch.apply(Emitted(place, Position(len(books.balances), 0, 0), event, time))
    codes = [finding.code for finding in watch.check()]
    return [code for code in codes if code not in ("INV-SUPPLY", "INV-RESERVE")]


def header(debtor: int, index: int = 0, *, cycle: int = 1, target: int = 156) -> BatchHeader:
    """Return the header of a batch that was queued when the cycles opened."""
    return BatchHeader(debtor, 0, index, 156, target, cycle, Timestamp(OPENED))


def queued(debtor: Address, head: BatchHeader, *owed: tuple[int, int]) -> BatchQueued:
    """Return the queueing of obligations: creditor and units."""
    items = tuple(BatchItem(creditor, Units(units)).word for creditor, units in owed)
    return BatchQueued(CURRENCY, debtor, head.word, NONE, items)


def settled(
    *batches: tuple[BatchHeader, int], cycle: int = 1, caller: Address = OPERATOR, number: int = 1
) -> SetSettled:
    """Return a set of the operator."""
    words = tuple(SettledBatch(head.word, items) for head, items in batches)
    return SetSettled(number, CURRENCY, cycle, caller, words)


def netted(*parties: tuple[Address, int, int, int], number: int = 1) -> PositionsNetted:
    """Return the nets of a set: account, units received, units paid, reserved units afterwards."""
    return PositionsNetted(CURRENCY, number, tuple(NetPosition(it, *map(Units, of)) for it, *of in parties))


def house(*, closed: bool = True) -> Ledger:
    """Return books in which Anna owes Ben 100 and 5, Ben owes Cora 90, Cora owes Anna 80, and Anna reserved 25."""
    kinds = (CURRENCY_TOKEN, PARTICIPANT_REGISTRY, LIQUIDITY_ACCOUNTS, CLEARING_HOUSE)
    places = (CURRENCY, REGISTRY, LAYER, HOUSE)
    books = Ledger(Contracts({kind: {place: None} for kind, place in zip(kinds, places, strict=True)}))
    found = apply(
        books,
        SettlementAccountMarked(LAYER),
        Transfer(ZERO_ADDRESS, ANNA, 25),
        *(
            ParticipantAdmitted(CURRENCY, it, place, 156, it, NAME, NAME)
            for place, it in enumerate((ANNA, BEN, CORA), 1)
        ),
        PaidIn(CURRENCY, ANNA, Units(25), Units(25)),
        Transfer(ANNA, LAYER, 25),
        ClearingOperatorSet(CURRENCY, OPERATOR),
        PositionReserved(CURRENCY, ANNA, Units(25), Units(0), Units(25)),
        queued(ANNA, header(1), (2, 100), (2, 5)),
        queued(BEN, header(2), (3, 90)),
        queued(CORA, header(3), (1, 80)),
    )
    assert found == []
    if closed:
        assert apply(books, CycleClosed(CURRENCY, 1, OPERATOR), time=CLOSED) == []
    return books


RING = (header(1), 1), (header(2), 1), (header(3), 1)
NETS = (ANNA, 80, 100, 5), (BEN, 100, 90, 10), (CORA, 90, 80, 10)


def test_a_cycle_is_booked() -> None:
    """A set, the end of its cycle, and what it left in the next one: no finding, and all units where they belong."""
    books = house()
    assert apply(books, settled(*RING), netted(*NETS), time=CLOSED + 1) == []
    assert apply(books, CycleEnded(CURRENCY, 1, CycleState.SETTLED, OPERATOR), time=CLOSED + 2) == []
    rest = settled((header(1), 0b10), caller=BEN, number=2), netted((ANNA, 0, 5, 0), (BEN, 5, 0, 15), number=2)
    assert apply(books, *rest, time=CLOSED + 3) == []
    assert apply(books, PositionReleased(CURRENCY, BEN, Units(15), Units(15), Units(0)), time=CLOSED + 4) == []


def test_a_cycle_that_settled_less_than_the_rule_is_a_notice() -> None:
    """An operator that leaves out what the rule settles is named with both sums."""
    for events, after_s, words in (
        ((), 1, "settled 0 units in 0 obligations, where the rule of order settles 275 in 4; its operator ended it"),
        ((settled(*RING), netted(*NETS)), 1, "settled 270 units in 3 obligations, where the rule of order settles 275"),
    ):
        books = house()
        assert apply(books, *events, time=CLOSED + after_s) == []
        state = CycleState.SETTLED if events else CycleState.UNWOUND
        assert apply(books, CycleEnded(CURRENCY, 1, state, OPERATOR), time=CLOSED + 2) == []
        (found,) = (it for it in invariants.notices(books) if it.code == "INV-ORDER")
        assert (found.subject, found.timestamp) == (f"cycle 1 of 0x{CURRENCY.hex()}", CLOSED + 2)
        assert words in found.detail


def test_obligations_of_any_size_stop_no_audit() -> None:
    """Ben queues more than 64 bits hold, and has no money: the rule settles what it settles without that."""
    books = house(closed=False)
    assert apply(books, queued(BEN, header(2, 1), (3, 2**95), (1, 2**95))) == []
    assert apply(books, CycleClosed(CURRENCY, 1, OPERATOR), time=CLOSED) == []
    assert apply(books, CycleEnded(CURRENCY, 1, CycleState.UNWOUND, OPERATOR), time=CLOSED + 1) == []
    (found,) = (it for it in invariants.notices(books) if it.code == "INV-ORDER")
    assert "the rule of order settles 275 in 4" in found.detail


def test_the_rule_leaves_out_whom_a_power_stops() -> None:
    """Of a stopped debtor, in a paused currency, or after all has settled, the rule settles nothing more."""
    whole = ((header(1), 0b11), *RING[1:])
    nets = (ANNA, 80, 105, 0), (BEN, 105, 90, 15), (CORA, 90, 80, 10)
    for events in (
        (settled(*whole), netted(*nets)),
        (StopsSet(CURRENCY, ANNA, False, True, GROUND),),
        (PositionFreezeSet(CURRENCY, ANNA, True, False),),
        (LiquidityPauseSet(CURRENCY, True),),
    ):
        books = house()
        assert apply(books, *events, time=CLOSED + 1) == []
        ended = CycleEnded(CURRENCY, 1, CycleState.SETTLED if len(events) > 1 else CycleState.UNWOUND, OPERATOR)
        assert apply(books, ended, time=CLOSED + 2) == []
        assert not [it for it in invariants.notices(books) if it.code == "INV-ORDER"]


@pytest.mark.parametrize(
    ("code", "events", "after_s"),
    [
        ("INV-NET", (settled(*RING), netted((ANNA, 80, 99, 6), *NETS[1:])), 1),
        ("INV-NET", (settled(*RING),), 1),
        ("INV-NET", (netted(*NETS),), 1),
        ("INV-LIQUIDITY", (settled(*RING), netted((ANNA, 80, 100, 6), *NETS[1:])), 1),
        ("INV-LIQUIDITY", (settled((header(2), 1)), netted((BEN, 0, 90, 0), (CORA, 90, 0, 90))), 1),
        ("INV-ORDER", (settled((header(1), 0b10)), netted((ANNA, 0, 5, 20), (BEN, 5, 0, 5))), 1),
        ("INV-ONCE", (settled(*RING), netted(*NETS), settled(RING[1], number=2)), 1),
        ("INV-ONCE", (settled((header(1, 1), 1)),), 1),
        ("INV-FINAL", (settled(*RING, caller=BEN), netted(*NETS)), 899),
        ("INV-FINAL", (settled(*RING), netted(*NETS)), 3_600),
        ("INV-FINAL", (settled(*RING, cycle=2), netted(*NETS)), 1),
        ("INV-FINAL", (settled(*RING, number=2), netted(*NETS, number=2)), 1),
        ("INV-FINAL", (CycleEnded(CURRENCY, 1, CycleState.UNWOUND, BEN),), 3_599),
        ("INV-FINAL", (CycleEnded(CURRENCY, 1, CycleState.SETTLED, OPERATOR),), 1),
        ("INV-FINAL", (CycleClosed(CURRENCY, 1, OPERATOR),), 1),
        ("INV-FROZEN", (StopsSet(CURRENCY, CORA, False, True, GROUND), settled(*RING), netted(*NETS)), 1),
        ("INV-FROZEN", (PositionFreezeSet(CURRENCY, ANNA, True, False), settled(*RING), netted(*NETS)), 1),
        ("INV-FROZEN", (PositionFreezeSet(CURRENCY, BEN, False, True), settled(*RING), netted(*NETS)), 1),
        ("INV-ORDER", (PositionReleased(CURRENCY, ANNA, Units(25), Units(25), Units(0)),), 3_599),
        ("INV-ORDER", (ItemsCancelled(CURRENCY, header(1).word, 1),), 1),
        ("INV-ONCE", (ItemsHeldSet(CURRENCY, header(1).word, 0b100, True),), 3_600),
        ("INV-ORDER", (queued(BEN, header(2, 1), (3, 1)),), 1),
        ("INV-FROZEN", (queued(BEN, header(3, 1, cycle=2), (1, 1)),), 1),
    ],
)
def test_a_false_event_is_a_finding(code: str, events: tuple[Event, ...], after_s: int) -> None:
    """Each event that a sound clearing house cannot emit is found by the code of its rule."""
    assert code in apply(house(), *events, time=CLOSED + after_s)


OTHER = Address(bytes([9]) * 20)


def paired(units: int = 11) -> Ledger:
    """Return books in which Ben owes Anna 10, and she owes him units of another currency: both agreed on 11."""
    books, words = house(closed=False), BatchItem(2, Units(units)).word
    first, second = (BatchItem(1, Units(10)),), (BatchItem(2, Units(11)),)
    pair = pair_id(half_id(CURRENCY, 2, first), half_id(OTHER, 1, second))
    found = apply(
        books,
        *(ParticipantAdmitted(OTHER, it, place, 156, it, NAME, NAME) for place, it in enumerate((ANNA, BEN), 1)),
        ClearingOperatorSet(OTHER, OPERATOR),
        replace(queued(BEN, header(2, 1), (1, 10)), pair=pair),
        BatchQueued(OTHER, ANNA, header(1).word, NONE, (words,), pair),
    )
    assert found == []
    assert apply(books, *(CycleClosed(it, 1, OPERATOR) for it in (CURRENCY, OTHER)), time=CLOSED) == []
    return books


PAID = settled((header(1), 0b11), (header(2), 1), (header(2, 1), 1), (header(3), 1))
PAID_NETS = netted((ANNA, 90, 105, 10), (BEN, 105, 100, 5), (CORA, 90, 80, 10))


def other(units: int = 11) -> tuple[Event, Event]:
    """Return the set of the other currency, with the other half."""
    nets = tuple(NetPosition(it, *map(Units, of)) for it, *of in ((ANNA, 0, units, 0), (BEN, units, 0, units)))
    return SetSettled(2, OTHER, 1, OPERATOR, (SettledBatch(header(1).word, 1),)), PositionsNetted(OTHER, 2, nets)


def test_both_halves_of_a_pair_settle_together() -> None:
    """Both in one transaction, as both debtors agreed; nobody holds one, and no single obligation may wait before."""
    assert apply(paired(), PAID, PAID_NETS, *other(), time=CLOSED + 1) == []
    assert apply(paired(), PAID, PAID_NETS, time=CLOSED + 1) == ["INV-LINK"]
    assert apply(paired(12), PAID, PAID_NETS, *other(12), time=CLOSED + 1) == ["INV-LINK", "INV-LINK"]
    held = ItemsHeldSet(OTHER, header(1).word, 1, False)
    assert apply(paired(), held, time=CLOSED + 3_600) == ["INV-ONCE"]
    early = settled((header(2, 1), 1)), netted((ANNA, 10, 0, 35), (BEN, 0, 10, 0)), *other()
    assert "INV-ORDER" in apply(paired(), *early, time=CLOSED + 1)


def test_a_batch_of_no_corridor_is_found() -> None:
    """A batch across a border is admitted and given back by its corridor, and goes to the jurisdiction it names."""
    books, foreign = house(closed=False), replace(header(2, 1), target=344)
    assert apply(books, queued(BEN, foreign, (3, 1))) == ["INV-CORRIDOR"]
    assert apply(books, CycleClosed(CURRENCY, 1, OPERATOR), time=CLOSED) == []
    nets = (ANNA, 80, 100, 5), (BEN, 100, 91, 9), (CORA, 91, 80, 11)
    found = apply(books, settled(*RING[:2], (foreign, 1), RING[2]), netted(*nets), time=CLOSED + 1)
    assert found == ["INV-CORRIDOR"]
    books = house(closed=False)
    apply(books, queued(BEN, foreign, (3, 1)))
    assert apply(books, ItemsCancelled(CURRENCY, foreign.word, 1)) == ["INV-CORRIDOR"]


@pytest.mark.parametrize(("caller", "after_s"), [(OPERATOR, 299), (BEN, 899)])
def test_a_cycle_closed_too_early_is_found(caller: Address, after_s: int) -> None:
    """Reserved units could be released for five minutes before, or fifteen if another one than the operator closes."""
    closed = CycleClosed(CURRENCY, 1, caller)
    assert apply(house(closed=False), closed, time=OPENED + after_s) == ["INV-FINAL"]
    assert apply(house(closed=False), closed, time=OPENED + after_s + 1) == []
