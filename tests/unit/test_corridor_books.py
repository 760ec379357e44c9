"""The books of corridors, without a chain: each event that contradicts the rules is a finding."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pysettle.domain import invariants
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import Emitted, Event, Position, Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.ledger import Ledger
from pysettle.domain.money.contracts import CURRENCY_TOKEN
from pysettle.domain.money.events import SettlementAccountMarked
from pysettle.domain.settlement.calendars import CLOSED, Hours, Week
from pysettle.domain.settlement.clearing_events import PositionReserved
from pysettle.domain.settlement.contracts import CORRIDORS, LIQUIDITY_ACCOUNTS, PARTICIPANT_REGISTRY
from pysettle.domain.settlement.corridor_books import CorridorBooks
from pysettle.domain.settlement.corridor_events import (
    ClearedOut,
    CorridorClosed,
    CorridorProposed,
    CorridorRevised,
    CrossingAdmitted,
    CrossingReleased,
    DaysSet,
    TravelPayloadSigned,
    WeekSet,
)
from pysettle.domain.settlement.corridors import Corridor, CorridorTerms, corridor_id
from pysettle.domain.settlement.events import (
    EarmarkDelivered,
    EarmarkReturned,
    InstructionEarmarked,
    InstructionSettled,
    InstructionUnwound,
    PaidIn,
    ParticipantAdmitted,
    PositionEarmarked,
    PositionMoved,
)
from pysettle.domain.settlement.home_events import HomeCurrencyAgreed, HomeCurrencyFounded, HomeCurrencyProposed
from pysettle.domain.settlement.homes import HomeBooks
from pysettle.domain.settlement.messages import Instruction, Leg, LegKind
from pysettle.errors.states import PayloadState
from pysettle.values import Address, Seconds, Units

CURRENCY, COUNTER, REGISTRY, LAYER, WAYS, BANK, AGENT, HOME = (Address(bytes([it]) * 20) for it in range(1, 9))
WAY = Corridor(156, 344, CURRENCY, COUNTER)
TERMS = CorridorTerms(Units(40), Units(100), Units(30), Seconds(86_400), Units(50))
NONE, PAYLOAD, DIGEST, NAME = bytes(32), b"\7" * 32, b"\6" * 32, b"\2" * 32
NOON = 1_767_225_600 + 12 * 3_600
"""2026-01-01 12:00 UTC, a Thursday."""
PLACES: dict[type[Event], Address] = {
    **dict.fromkeys((ParticipantAdmitted, HomeCurrencyFounded, HomeCurrencyProposed, HomeCurrencyAgreed), REGISTRY),
    **dict.fromkeys((PaidIn, PositionMoved, PositionReserved), LAYER),
    **dict.fromkeys((Transfer, SettlementAccountMarked), CURRENCY),
    **dict.fromkeys((WeekSet, CrossingAdmitted, CrossingReleased), WAYS),
}
MORNINGS = Week((Hours(0, 600),) * 7, CLOSED, 0).word()
"""Open from midnight to 10 o'clock, so that noon is after the end of the day."""


def apply(books: Ledger, *events: Event, time: int = NOON) -> list[str]:
    """Apply events; return the findings on the books afterwards, without those on issuance."""
    for event in events:
        place = PLACES.get(type(event), WAYS)
        books.apply(Emitted(place, Position(len(books.balances), 0, 0), event, time))
    codes = (str(finding) for finding in invariants.check(books))
    return [words for words in codes if not words.startswith(("INV-SUPPLY asset", "INV-RESERVE"))]


def proposed(revision: int = 1, terms: CorridorTerms = TERMS, way: Corridor = WAY) -> CorridorProposed:
    """Return the consent of the central bank of the currency."""
    return CorridorProposed(way.id, CURRENCY, revision, way, terms)


def revised(revision: int = 1, terms: CorridorTerms = TERMS, way: Corridor = WAY) -> CorridorRevised:
    """Return the consent of the other central bank."""
    return CorridorRevised(way.id, way.counter_currency, revision, way, terms)


def crossing(amount: int, used: int, payload: bytes = NONE) -> CrossingAdmitted:
    """Return an admission of the bank."""
    return CrossingAdmitted(WAY.id, BANK, HOME, Units(amount), Units(used), payload)


def returned(amount: int, used: int, payload: bytes = NONE) -> CrossingReleased:
    """Return a leg of the bank that is given back."""
    return CrossingReleased(WAY.id, BANK, HOME, Units(amount), Units(used), payload)


def signed(amount: int = 30) -> TravelPayloadSigned:
    """Return the statement of both institutions on a payload."""
    return TravelPayloadSigned(DIGEST, BANK, HOME, CURRENCY, Units(amount), PAYLOAD)


def cleared(amount: int) -> ClearedOut:
    """Return a clear-out of the bank."""
    return ClearedOut(WAY.id, BANK, AGENT, Units(amount))


def opened() -> Ledger:
    """Return books of an open corridor, in which the bank has a position of 100 units."""
    books = Ledger(
        Contracts(
            {
                CURRENCY_TOKEN: {CURRENCY: None},
                PARTICIPANT_REGISTRY: {REGISTRY: None},
                LIQUIDITY_ACCOUNTS: {LAYER: None},
                CORRIDORS: {WAYS: None},
            }
        )
    )
    found = apply(
        books,
        HomeCurrencyFounded(156, CURRENCY),
        HomeCurrencyFounded(344, COUNTER),
        SettlementAccountMarked(LAYER),
        Transfer(ZERO_ADDRESS, BANK, 100),
        ParticipantAdmitted(CURRENCY, BANK, 1, 344, AGENT, NAME, NAME),
        ParticipantAdmitted(CURRENCY, AGENT, 2, 156, AGENT, NAME, NAME),
        PaidIn(CURRENCY, BANK, Units(100), Units(100)),
        Transfer(BANK, LAYER, 100),
        proposed(),
        revised(),
        WeekSet(CURRENCY, MORNINGS),
    )
    assert found == []
    return books


def test_state_follows_from_events() -> None:
    """Terms, uses, calendars and statements, the last of each counts."""
    books = opened()
    other = replace(TERMS, window_limit=Units(60))
    events = (
        crossing(10, 10),
        crossing(20, 30),
        returned(10, 20),
        signed(),
        crossing(30, 50, PAYLOAD),
        CorridorClosed(WAY.id, CURRENCY, 2),
        returned(30, 20, PAYLOAD),
        proposed(3, other),
        revised(3, other),
        DaysSet(CURRENCY, 79, 5),
        cleared(50),
        PositionMoved(CURRENCY, BANK, AGENT, Units(50), Units(50), Units(50)),
    )
    assert apply(books, *events) == []
    known = books[CorridorBooks]
    record = known.records[WAY.id]
    assert (record.terms, record.revision, record.is_open, record.corridor) == (other, 3, True, WAY)
    assert (known.uses[WAY.id, BANK].units, known.uses[WAY.id, BANK].since) == (20, NOON)
    assert known.payloads == {DIGEST: PayloadState.SIGNED}
    assert known.calendars[CURRENCY].words == {79: 5}
    assert apply(books, crossing(40, 40, PAYLOAD), time=NOON + 86_400)[0].startswith("INV-TRAVEL")


CONTRADICTIONS: dict[str, tuple[tuple[Event, ...], str]] = {
    "a revision by one central bank": ((revised(2),), "INV-CORRIDOR .* without the consent of the other"),
    "other terms than the proposed ones": (
        (proposed(2), revised(2, replace(TERMS, day_end_limit=Units(51)))),
        "INV-CORRIDOR .* without the consent of the other",
    ),
    "a revision left out": ((proposed(3),), "INV-CORRIDOR .* revision 3 of corridor .*, and not 2"),
    "another pair": (
        (proposed(2, way=replace(WAY, counter_currency=HOME)),),
        "INV-CORRIDOR .* are not the home currencies of its jurisdictions",
    ),
    "a jurisdiction without a home currency": (
        (proposed(way=Corridor(156, 764, CURRENCY, COUNTER)),),
        "INV-CORRIDOR .* are not the home currencies of its jurisdictions",
    ),
    "a home currency by the deployer alone": (
        (HomeCurrencyFounded(764, HOME),),
        "INV-CORRIDOR .* became the currency of jurisdiction 764 without any consent",
    ),
    "a home currency without one consent": (
        (HomeCurrencyProposed(764, HOME, CURRENCY, 3), HomeCurrencyAgreed(764, HOME, HOME, 3)),
        f"INV-CORRIDOR .* without the consent of the central bank of 0x{COUNTER.hex()}",
    ),
    "a home currency with a consent to another": (
        (
            HomeCurrencyProposed(764, HOME, CURRENCY, 3),
            HomeCurrencyProposed(784, HOME, COUNTER, 3),
            HomeCurrencyAgreed(764, HOME, HOME, 3),
        ),
        f"INV-CORRIDOR .* without the consent of the central bank of 0x{COUNTER.hex()}",
    ),
    "a consent without a vote": (
        (HomeCurrencyProposed(764, HOME, AGENT, 3),),
        f"INV-CORRIDOR .* of 0x{AGENT.hex()} agreed to a home currency, and has no vote",
    ),
    "a home currency left out": ((HomeCurrencyProposed(764, HOME, HOME, 4),), "INV-CORRIDOR .* currency 4, and not 3"),
    "a second home currency": (
        (
            *(HomeCurrencyProposed(344, HOME, it, 3) for it in (CURRENCY, COUNTER)),
            HomeCurrencyAgreed(344, HOME, HOME, 3),
        ),
        "INV-CORRIDOR .* became the currency of jurisdiction 344, and one of them had another",
    ),
    "a leg above the limit": ((signed(41), crossing(41, 41, PAYLOAD)), "INV-CORRIDOR .* above the limit 40"),
    "a window above the limit": (
        (*tuple(crossing(25, used) for used in (25, 50, 75, 100)), crossing(1, 101)),
        "INV-CORRIDOR .* 101 units are used .* above the limit 100 of a window",
    ),
    "a false use": ((crossing(10, 11),), "INV-CORRIDOR .* has used 10 units .* 11 stated"),
    "a false return": ((crossing(10, 10), returned(10, 3)), "INV-CORRIDOR .* has used 10 units .* 3 stated"),
    "a closed corridor": (
        (CorridorClosed(WAY.id, COUNTER, 2), crossing(10, 10)),
        "INV-CORRIDOR .* which is not open",
    ),
    "no payload from the threshold on": ((crossing(30, 30),), "INV-TRAVEL .* without a payload that both signed"),
    "a payload of another amount": (
        (signed(31), crossing(30, 30, PAYLOAD)),
        "INV-TRAVEL .* without a payload that both signed",
    ),
    "a payload twice": (
        (signed(), crossing(30, 30, PAYLOAD), crossing(30, 60, PAYLOAD)),
        "INV-TRAVEL .* without a payload that both signed",
    ),
    "a statement twice": ((signed(), signed()), "INV-TRAVEL .* was signed twice"),
    "a clear-out that leaves less": (
        (cleared(51), PositionMoved(CURRENCY, BANK, AGENT, Units(51), Units(49), Units(51))),
        "INV-CORRIDOR .* keeps 49 units after a clear-out, and not 50",
    ),
    "a clear-out that forgets reserved units": (
        (
            PositionReserved(CURRENCY, BANK, Units(40), Units(60), Units(40)),
            cleared(10),
            PositionMoved(CURRENCY, BANK, AGENT, Units(10), Units(50), Units(10)),
        ),
        "INV-CORRIDOR .* keeps 90 units after a clear-out, and not 50",
    ),
    "a clear-out in opening hours": (
        (
            WeekSet(CURRENCY, 0),
            cleared(50),
            PositionMoved(CURRENCY, BANK, AGENT, Units(50), Units(50), Units(50)),
        ),
        "INV-CORRIDOR .* was cleared out while the currency was open",
    ),
    "a clear-out without terms": (
        (ClearedOut(NONE, BANK, AGENT, Units(50)),),
        "INV-CORRIDOR .* had no terms at a clear-out",
    ),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_contradiction_is_a_finding(name: str) -> None:
    """Each names its invariant, and nothing else is found."""
    events, words = CONTRADICTIONS[name]
    (finding,) = apply(opened(), *events)
    assert re.search(words, finding), finding


PAYMENT = Instruction((Leg(LegKind.POSITION, CURRENCY, BANK, AGENT, 10),), b"\5" * 32, b"\6" * 32)
LATER = replace(PAYMENT, value_time=NOON + 60)
BACK = corridor_id(344, 156, CURRENCY)


def instructed(kind: type[InstructionSettled | InstructionEarmarked], instruction: Instruction) -> tuple[Event, ...]:
    """Return the acceptance of an instruction of the bank, and the movement of its leg."""
    settlement_id = instruction.settlement_id([1])
    accepted = kind(settlement_id, instruction.end_to_end_id, instruction, (1,))
    moved: Event = PositionMoved(CURRENCY, BANK, AGENT, Units(10), Units(90), Units(10))
    if kind is InstructionEarmarked:
        moved = PositionEarmarked(CURRENCY, BANK, settlement_id, Units(10), Units(90))
    return accepted, moved


def ended(kind: type[Event]) -> tuple[Event, ...]:
    """Return the end of the instruction that waits: settled, or unwound."""
    settlement_id = LATER.settlement_id([1])
    if kind is InstructionSettled:
        settled = InstructionSettled(settlement_id, LATER.end_to_end_id, LATER, (1,))
        return settled, EarmarkDelivered(CURRENCY, AGENT, settlement_id, Units(10), Units(10))
    unwound = InstructionUnwound(settlement_id, LATER.end_to_end_id, AGENT)
    return unwound, EarmarkReturned(CURRENCY, BANK, settlement_id, Units(10), Units(100))


IN = CrossingAdmitted(BACK, BANK, AGENT, Units(10), Units(10), NONE)
OUT = CrossingReleased(BACK, BANK, AGENT, Units(10), Units(0), NONE)
NOW, WAITING = instructed(InstructionSettled, PAYMENT), (*instructed(InstructionEarmarked, LATER), IN)
CROSSINGS: dict[str, tuple[tuple[Event, ...], tuple[Event, ...], str]] = {
    "at once": ((), (*NOW, IN), ""),
    "without an admission": ((), NOW, "INV-CORRIDOR .* 10 units .* was not admitted"),
    "admitted twice": ((), (*NOW, IN, replace(IN, used=Units(20))), "INV-CORRIDOR .* was admitted without an"),
    "in closed hours": (
        (WeekSet(CURRENCY, MORNINGS),),
        (*NOW, IN),
        "INV-CORRIDOR settlement .* 10 units .* settled in closed hours",
    ),
    "after waiting": (WAITING, ended(InstructionSettled), ""),
    "after waiting, in closed hours": (
        (*WAITING, WeekSet(CURRENCY, MORNINGS)),
        ended(InstructionSettled),
        "INV-CORRIDOR settlement .* settled in closed hours",
    ),
    "before the opening that it waited for": (
        (WeekSet(CURRENCY, MORNINGS), *WAITING, WeekSet(CURRENCY, 0)),
        ended(InstructionSettled),
        "INV-LINK .* settled before its value time",
    ),
    "unwound": (WAITING, (*ended(InstructionUnwound), OUT), ""),
    "unwound and kept": (WAITING, ended(InstructionUnwound), "INV-CORRIDOR .* was not given back"),
    "given back and settled": (
        WAITING,
        (*ended(InstructionSettled), OUT),
        "INV-CORRIDOR .* was given back without an instruction",
    ),
}


@pytest.mark.parametrize("name", CROSSINGS)
def test_each_crossing_is_of_an_instruction(name: str) -> None:
    """Exactly the legs that cross are admitted, and given back if they go home; they settle in open hours."""
    before, events, words = CROSSINGS[name]
    books = opened()
    way = Corridor(344, 156, CURRENCY, COUNTER)
    assert apply(books, WeekSet(CURRENCY, 0), proposed(way=way), revised(way=way)) == []
    watch = invariants.Watch(books)
    found: list[str] = []
    for number, transaction in enumerate((before, events)):
        for place, event in enumerate(transaction):
            at = Position(9, number, place)
            watch.apply(Emitted(PLACES.get(type(event), LAYER), at, event, NOON + 60 * number))
        found = [str(finding) for finding in watch.check()]
    found = [it for it in found if not it.startswith(("INV-SUPPLY asset", "INV-RESERVE"))]
    assert len(found) == bool(words), found
    assert all(re.search(words, finding) for finding in found), found


def test_a_window_ends_with_the_day_of_the_currency() -> None:
    """The use of the next day begins anew, and a return of the day before leaves it as it is."""
    books = opened()
    assert apply(books, *(crossing(25, used) for used in (25, 50, 75, 100))) == []
    assert apply(books, crossing(25, 25), returned(25, 25), time=NOON + 12 * 3_600) == []


def test_an_unlisted_home_currency_is_named() -> None:
    """The audit does not know who is its central bank: a notice for the auditor."""
    (notice,) = (it for it in invariants.notices(opened()) if it.code == "INV-CORRIDOR")
    assert (notice.subject, notice.detail) == (
        "jurisdiction 344",
        f"has the home currency 0x{COUNTER.hex()}, which is no listed currency",
    )


def test_all_central_banks_agree_to_a_home_currency() -> None:
    """Each consent is the last one of its central bank, and the corridors of the pair come after."""
    books, way = opened(), Corridor(156, 764, CURRENCY, HOME)
    votes = [HomeCurrencyProposed(784, AGENT, CURRENCY, 3), HomeCurrencyProposed(764, HOME, COUNTER, 3)]
    votes += [HomeCurrencyProposed(764, HOME, it, 3) for it in (HOME, CURRENCY)]
    agreed = HomeCurrencyAgreed(764, HOME, COUNTER, 3)
    assert apply(books, *votes, agreed, proposed(way=way), revised(way=way)) == []
    assert books[HomeBooks].homes == {156: CURRENCY, 344: COUNTER, 764: HOME}
