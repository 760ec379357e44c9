"""The books of participants and positions, without a chain: each event that contradicts the rules is a finding."""

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
from pysettle.domain.money.events import FreezeSet, SettlementAccountMarked
from pysettle.domain.settlement.books import LiquidityBooks, ParticipantBooks
from pysettle.domain.settlement.contracts import LIQUIDITY_ACCOUNTS, PARTICIPANT_REGISTRY, POSITION
from pysettle.domain.settlement.events import (
    ApprovalWithdrawn,
    EarmarkDelivered,
    EarmarkReturned,
    InstructionEarmarked,
    InstructionSettled,
    InstructionUnwound,
    LiquidityPauseSet,
    PaidIn,
    PaidOut,
    ParticipantAdmitted,
    PositionEarmarked,
    PositionFreezeSet,
    PositionFrozenAmountSet,
    PositionMoved,
    PositionSeized,
    StopsSet,
)
from pysettle.domain.settlement.messages import Instruction, Leg, LegKind
from pysettle.values import Address, Units

CURRENCY, REGISTRY, LAYER, BANK, OTHER, FOREIGN = (Address(bytes([number]) * 20) for number in range(1, 7))
GROUND, NO_GROUND, NAME = b"\1" * 32, bytes(32), b"\2" * 32
PLACES: dict[type[Event], Address] = {
    ParticipantAdmitted: REGISTRY,
    StopsSet: REGISTRY,
    **dict.fromkeys((Transfer, FreezeSet, SettlementAccountMarked), CURRENCY),
}
"""Kind of event -> the contract that emits it; the layer emits all others."""


def ledger() -> Ledger:
    """Return books of a currency and the layer, in which nothing has happened."""
    listed = {
        CURRENCY_TOKEN: {CURRENCY: None},
        PARTICIPANT_REGISTRY: {REGISTRY: None},
        LIQUIDITY_ACCOUNTS: {LAYER: None},
    }
    return Ledger(Contracts(listed))


def apply(books: Ledger, *events: Event) -> list[str]:
    """Apply events; return the findings on the books afterwards, without those on issuance."""
    for event in events:
        number = len(books.balances)
        place = PLACES.get(type(event), LAYER)
        books.apply(Emitted(place, Position(number, 0, 0), event, 1_000))
    codes = (str(finding) for finding in invariants.check(books))
    return [words for words in codes if not words.startswith(("INV-SUPPLY asset", "INV-RESERVE"))]


def admitted(account: Address = BANK, index: int = 1, currency: Address = CURRENCY) -> ParticipantAdmitted:
    """Return an admission."""
    return ParticipantAdmitted(currency, account, index, 156, account, NAME, NAME)


def funded(amount: int = 100) -> Ledger:
    """Return books in which a bank has paid units into its position, out of as many again."""
    books = ledger()
    found = apply(
        books,
        SettlementAccountMarked(LAYER),
        Transfer(ZERO_ADDRESS, BANK, 2 * amount),
        admitted(),
        *paid_in(amount, amount),
    )
    assert found == []
    return books


def paid_in(amount: int, available: int, account: Address = BANK) -> tuple[Event, ...]:
    """Return the events of a payment into a position."""
    return PaidIn(CURRENCY, account, Units(amount), Units(available)), Transfer(account, LAYER, amount)


def paid_out(amount: int, available: int, account: Address = BANK) -> tuple[Event, ...]:
    """Return the events of a payment out of a position."""
    return PaidOut(CURRENCY, account, Units(amount), Units(available)), Transfer(LAYER, account, amount)


def seized(amount: int, available: int, basis: bytes = GROUND) -> tuple[Event, ...]:
    """Return the events of a seizure out of a position."""
    event = PositionSeized(CURRENCY, BANK, OTHER, Units(amount), Units(available), basis)
    return event, Transfer(LAYER, OTHER, amount)


def test_positions_are_balances() -> None:
    """Units of the layer stand under their owner; each entry is balanced, and what the layer holds is their sum."""
    books = funded()
    assert apply(books, *paid_out(30, 70), *seized(20, 50)) == []
    assert books.balance(CURRENCY, POSITION, BANK) == books.held(CURRENCY, LAYER) == 50


def test_state_follows_from_events() -> None:
    """Registrations, stops, freezes and pauses, the last of each counts."""
    books = funded()
    events = (
        admitted(OTHER, 2),
        StopsSet(CURRENCY, OTHER, True, True, GROUND),
        StopsSet(CURRENCY, OTHER, False, True, GROUND),
        PositionFreezeSet(CURRENCY, BANK, True, True),
        PositionFreezeSet(CURRENCY, BANK, False, True),
        PositionFrozenAmountSet(CURRENCY, BANK, Units(7)),
        LiquidityPauseSet(CURRENCY, True),
    )
    assert apply(books, *events) == []
    record = books[ParticipantBooks].records[CURRENCY, OTHER]
    assert (record.index, record.suspended, record.stopped) == (2, False, True)
    assert books[LiquidityBooks].freezing[CURRENCY].frozen(BANK) == (False, True, 7)
    assert books[LiquidityBooks].paused[CURRENCY]


PAYMENT = Instruction((Leg(LegKind.POSITION, CURRENCY, BANK, OTHER, 30),), b"\5" * 32, b"\6" * 32)
LATER = replace(PAYMENT, value_time=2_000)


def with_other() -> Ledger:
    """Return books in which a bank has a position of 100, and another one has none."""
    books = funded()
    assert apply(books, admitted(OTHER, 2)) == []
    return books


def paid(instruction: Instruction = PAYMENT, approval_id: int = 1) -> tuple[Event, ...]:
    """Return the events of a payment of 30 units that settles at once."""
    settlement_id = instruction.settlement_id([approval_id])
    settled = InstructionSettled(settlement_id, instruction.end_to_end_id, instruction, (approval_id,))
    return settled, PositionMoved(CURRENCY, BANK, OTHER, Units(30), Units(70), Units(30))


def earmarked(instruction: Instruction = LATER) -> tuple[Event, ...]:
    """Return the events of a payment of 30 units that waits."""
    settlement_id = instruction.settlement_id([1])
    waits = InstructionEarmarked(settlement_id, instruction.end_to_end_id, instruction, (1,))
    return waits, PositionEarmarked(CURRENCY, BANK, settlement_id, Units(30), Units(70))


def delivered() -> tuple[Event, ...]:
    """Return the events of its settlement."""
    settlement_id = LATER.settlement_id([1])
    settled = InstructionSettled(settlement_id, LATER.end_to_end_id, LATER, (1,))
    return settled, EarmarkDelivered(CURRENCY, OTHER, settlement_id, Units(30), Units(30))


def unwound() -> tuple[Event, ...]:
    """Return the events of its unwinding."""
    settlement_id = LATER.settlement_id([1])
    home = EarmarkReturned(CURRENCY, BANK, settlement_id, Units(30), Units(100))
    return InstructionUnwound(settlement_id, LATER.end_to_end_id, OTHER), home


def watched(*events: Event, time: int = 1_000, after: tuple[Event, ...] = ()) -> list[str]:
    """Return the findings on one transaction with these events, after a transaction with others."""
    books = with_other()
    watch = invariants.Watch(books)
    found: list[str] = []
    for transaction, block_time in ((after, 1_000), (events, time)):
        for number, event in enumerate(transaction):
            place = PLACES.get(type(event), LAYER)
            watch.apply(Emitted(place, Position(9, 0, number), event, block_time))
        found = [str(finding) for finding in watch.check()]
    return [words for words in found if not words.startswith(("INV-SUPPLY asset", "INV-RESERVE"))]


def test_settlements_are_linked() -> None:
    """At once, after waiting, and home again: nothing is found."""
    assert watched(*paid()) == []
    assert watched(*earmarked()) == []
    assert watched(*delivered(), time=2_000, after=earmarked()) == []
    assert watched(*unwound(), after=earmarked()) == []


_RETURN = replace(PAYMENT, legs=(PAYMENT.legs[0].reversed(30),), reason=b"\7" * 32)
LINKS: dict[str, tuple[list[str], tuple[Event, ...], int, tuple[Event, ...]]] = {
    "a leg that did not move": (["INV-LINK .* PositionMoved: 30 units .* did not move"], paid()[:1], 1_000, ()),
    "a leg without an instruction": (["INV-LINK .* moved without an instruction"], paid()[1:], 1_000, ()),
    "no approval": (
        ["INV-LINK .* not approved by its debited parties"],
        (replace(paid()[0], ids=()), *paid()[1:]),  # type: ignore[call-arg]  # a settlement, which has ids
        1_000,
        (),
    ),
    "an approval with another id": (
        ["INV-LINK .* not approved by its debited parties"],
        (replace(paid()[0], ids=(2,)), *paid()[1:]),  # type: ignore[call-arg]  # a settlement, which has ids
        1_000,
        (),
    ),
    "an id twice": (
        ["INV-ONCE .* id 1 .* used or withdrawn before", "INV-LINK"],
        paid(),
        1_000,
        (ApprovalWithdrawn(BANK, 1),),
    ),
    "settled too early": (["INV-LINK .* before its value time"], delivered(), 1_999, earmarked()),
    "settled after it was unwound": (
        ["INV-FINAL .* had ended before: unwound", "INV-LIQUIDITY"],
        delivered(),
        2_000,
        (*earmarked(), *unwound()),
    ),
    "unwound twice": (
        ["INV-FINAL .* had ended before: unwound", "INV-LIQUIDITY"],
        unwound(),
        2_000,
        (*earmarked(), *unwound()),
    ),
    "delivered out of a frozen position": (
        ["INV-FROZEN .* settled what it had earmarked, and its position was frozen"],
        delivered(),
        2_000,
        (*earmarked(), PositionFreezeSet(CURRENCY, BANK, True, False)),
    ),
    "delivered out of a position that is frozen in part": (
        ["INV-FROZEN .* settled what it had earmarked, and its position was frozen"],
        delivered(),
        2_000,
        (*earmarked(), PositionFrozenAmountSet(CURRENCY, BANK, Units(1))),
    ),
    "delivered for a debtor that is stopped": (
        ["INV-FROZEN .* settled in a currency in which it is stopped"],
        delivered(),
        2_000,
        (*earmarked(), StopsSet(CURRENCY, BANK, False, True, GROUND)),
    ),
    "an earmark that did not move": (["INV-LINK .* PositionEarmarked"], earmarked()[:1], 1_000, ()),
}


@pytest.mark.parametrize("name", LINKS)
def test_a_broken_link_is_a_finding(name: str) -> None:
    """Each names its invariant; others may follow from it."""
    words, events, time, after = LINKS[name]
    found = watched(*events, time=time, after=after)
    assert re.search(words[0], " ".join(found)), found
    assert all(any(re.match(it.split(" ")[0], finding) for it in words) for finding in found), found


@pytest.mark.parametrize(
    ("original", "amount", "words"),
    [(None, 30, "which never settled"), (1, 31, "returns more than 30"), (1, 30, "")],
)
def test_a_return_is_compared_with_its_original(original: int | None, amount: int, words: str) -> None:
    """It names a settlement, and gives back no more than came."""
    original_id = PAYMENT.settlement_id([original]) if original else rb"\9" * 32
    legs = (PAYMENT.legs[0].reversed(amount),)
    returned = replace(_RETURN, legs=legs, original=original_id)
    settlement_id = returned.settlement_id([4])
    events = (
        InstructionSettled(settlement_id, returned.end_to_end_id, returned, (4,)),
        PositionMoved(CURRENCY, OTHER, BANK, Units(amount), Units(30 - amount), Units(70 + amount)),
    )
    found = [it for it in watched(*events, after=paid()) if not it.startswith("INV-LIQUIDITY")]
    assert bool(found) == bool(words)
    assert all(words in finding for finding in found), found


CONTRADICTIONS: dict[str, tuple[tuple[Event, ...], str]] = {
    "a false figure after a payment in": (paid_in(10, 111), "INV-LIQUIDITY .* 111 units stated, 110 are available"),
    "a false figure after a payout": (paid_out(10, 91), "INV-LIQUIDITY .* 91 units stated, 90 are available"),
    "a false figure after a seizure": (seized(10, 91), "INV-LIQUIDITY .* 91 units stated, 90 are available"),
    "a position below zero": (paid_out(101, -1), "INV-LIQUIDITY position .*: 1 units short"),
    "a payment that never came": (paid_in(10, 110)[:1], "INV-LIQUIDITY own .*: 10 units short"),
    "no participant": ((Transfer(BANK, OTHER, 9), *paid_in(9, 9, OTHER)), "INV-LIQUIDITY .* was not admitted"),
    "a payment in during a stop": (
        (StopsSet(CURRENCY, BANK, False, True, GROUND), *paid_in(1, 101)),
        "INV-FROZEN .* paid in during a stop",
    ),
    "a payment in during a suspension": (
        (StopsSet(CURRENCY, BANK, True, False, GROUND), *paid_in(1, 101)),
        "INV-FROZEN .* paid in during a stop",
    ),
    "a payment in during a pause": (
        (LiquidityPauseSet(CURRENCY, True), *paid_in(1, 101)),
        "INV-FROZEN .* during a pause",
    ),
    "a payment into a frozen position": (
        (PositionFreezeSet(CURRENCY, BANK, False, True), *paid_in(1, 101)),
        "INV-FROZEN .* came into the frozen account",
    ),
    "a payout of a frozen position": (
        (PositionFreezeSet(CURRENCY, BANK, True, False), *paid_out(1, 99)),
        "INV-FROZEN .* left the frozen account",
    ),
    "a payout of a frozen amount": (
        (PositionFrozenAmountSet(CURRENCY, BANK, Units(100)), *paid_out(1, 99)),
        "INV-FROZEN .* held 100, 100 of them frozen",
    ),
    "a seizure without a basis": (seized(1, 99, NO_GROUND), "INV-FROZEN .* without a legal basis"),
    "a stop without a ground": ((StopsSet(CURRENCY, BANK, True, False, NO_GROUND),), "INV-FROZEN .* without a ground"),
    "a settlement of a stopped party": (
        (
            admitted(OTHER, 2),
            StopsSet(CURRENCY, OTHER, False, True, GROUND),
            PositionMoved(CURRENCY, BANK, OTHER, Units(1), Units(99), Units(1)),
        ),
        "INV-FROZEN .* in which it is stopped",
    ),
    "a settlement that a suspended party begins": (
        (
            admitted(OTHER, 2),
            StopsSet(CURRENCY, OTHER, True, False, GROUND),
            PositionMoved(CURRENCY, BANK, OTHER, Units(1), Units(99), Units(1)),
        ),
        "INV-FROZEN .* while it was suspended",
    ),
    "an earmark of a frozen position": (
        (
            PositionFreezeSet(CURRENCY, BANK, True, False),
            PositionEarmarked(CURRENCY, BANK, GROUND, Units(1), Units(99)),
        ),
        "INV-FROZEN .* left the frozen account",
    ),
    "a number twice": ((admitted(OTHER, 1),), "INV-ONCE .* has the number 1, and not 2"),
    "a number that changed": ((admitted(BANK, 2),), "INV-ONCE .* has the number 2, and not 1"),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_contradiction_is_a_finding(name: str) -> None:
    """Each names its invariant, and nothing else is found."""
    events, words = CONTRADICTIONS[name]
    (finding,) = apply(funded(), *events)
    assert re.search(words, finding), finding


def test_a_frozen_position_pays_out_where_the_account_is_frozen_too() -> None:
    """The units stay frozen there, so this is no finding."""
    books = funded()
    frozen = PositionFreezeSet(CURRENCY, BANK, True, False), FreezeSet(BANK, True, False)
    assert apply(books, *frozen, *paid_out(1, 99)) == []


def test_a_currency_that_is_not_counted_has_no_balances() -> None:
    """Its positions move nothing in the books, whatever they say."""
    books = funded()
    events = admitted(BANK, 1, FOREIGN), PaidIn(FOREIGN, BANK, Units(5), Units(3))
    assert apply(books, *events) == []
    assert books.balance(FOREIGN, POSITION, BANK) == 0
