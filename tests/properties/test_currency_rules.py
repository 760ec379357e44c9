"""Each rule of a currency, on the shortest histories that keep and break it: what the ledger finds, by its code."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from eth_typing import Address

from pysettle.domain import invariants
from pysettle.domain.core.events import Emitted, Event, Position, Transfer
from pysettle.domain.core.findings import Finding
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.ledger import Ledger, fold
from pysettle.domain.money import events
from pysettle.domain.money.books import AccountBooks, IssuanceBooks
from pysettle.domain.money.contracts import CREDIT
from pysettle.domain.money.wallets import NO_LIMIT
from tests.properties.parties import BANK, BUYERS, CONTRACTS, CURRENCY, DESK, HUB, OTHER_BANK, SERIES, emitter_of

NOW = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp())
ALICE, BOB, CAROL = BUYERS
GROUND = b"\1" * 32
DAY_S = 86_400

Said = Event | tuple[int, Event]
"""An event, now or at a unix second."""


def books(*history: Said) -> Ledger:
    """Return the ledger of a currency in which Alice was given a hundred units, after this history."""
    opening: list[Said] = [
        *(events.SettlementAccountMarked(it) for it in (ZERO_ADDRESS, CURRENCY, DESK, SERIES, HUB)),
        events.ReserveAttested(1, BANK, 1, NOW, 2**64 - 1),
        events.IssuanceQuotaSet(BANK, 10_000),
        *issued(ALICE, 100, 9_900),
    ]
    emitted = [said if isinstance(said, tuple) else (NOW, said) for said in [*opening, *history]]
    return fold(
        CONTRACTS, (Emitted(emitter_of(event), Position(1, 0, 0), event, timestamp) for timestamp, event in emitted)
    )


def emitted_at(timestamp: int, event: Event) -> Emitted:
    """Return an event as its contract emits it."""
    return Emitted(emitter_of(event), Position(1, 0, 0), event, timestamp)


def found(*history: Said) -> list[str]:
    """Return the codes of all findings after a history."""
    return sorted(finding.code for finding in findings(*history))


def findings(*history: Said) -> list[Finding]:
    """Return all findings after a history."""
    return invariants.check(books(*history))


def issued(to: Address, amount: int, left: int) -> tuple[Event, ...]:
    """Return an issuance."""
    return events.Issued(BANK, to, amount, left), Transfer(ZERO_ADDRESS, to, amount)


def limits(wallet_class: int = 0, **of: int) -> Event:
    """Return class limits, none but those named."""
    unlimited = dict.fromkeys(("balance", "payment", "daily", "annual"), NO_LIMIT)
    return events.ClassLimitsSet(wallet_class, **(unlimited | of))


def requested(holder: Address, amount: int, number: int = 1) -> tuple[Event, ...]:
    """Return a redemption request."""
    return events.RedemptionRequested(number, holder, BANK, amount), Transfer(holder, DESK, amount)


def credited(account: Address, payer: Address, amount: int, credit: int | None = None) -> tuple[Event, ...]:
    """Return a payout of a settlement account that became a credit."""
    stated = events.Credited(account, payer, amount, amount if credit is None else credit)
    return stated, Transfer(payer, CURRENCY, amount)


# ----------------------------------------------------------------------------------------------- reserve


def test_the_reserve_is_attested_in_order_and_covers_issuance() -> None:
    """A repeated number, an older time and an issuance above the reserve are named; an issuance up to it is not."""

    def violated(*history: Event) -> list[str]:
        quota = events.IssuanceQuotaSet(BANK, 50_000)
        ledger = fold(CONTRACTS, (emitted_at(0, event) for event in [quota, *history]))
        return [code for code, _, _ in ledger.violations]

    def attested(sequence: int, amount_fen: int, as_of: int) -> Event:
        return events.ReserveAttested(sequence, BANK, amount_fen, as_of, as_of + 1)

    first = attested(1, 2, 100)
    assert violated(first, events.Issued(BANK, BUYERS[0], 20_000, 30_000), attested(3, 1, 100)) == []
    assert violated(first, events.Issued(BANK, BUYERS[0], 20_001, 29_999)) == ["INV-RESERVE"]
    assert violated(first, attested(2, 1, 100), events.Issued(BANK, BUYERS[0], 20_000, 30_000)) == ["INV-RESERVE"]
    assert violated(first, attested(1, 2, 100)) == ["INV-ONCE"]
    assert violated(attested(0, 2, 100)) == ["INV-ONCE"]
    assert violated(first, attested(2, 2, 99)) == ["INV-RESERVE"]


def test_nothing_is_issued_on_an_expired_attestation() -> None:
    """An attestation serves until the second before its end."""
    attested = events.ReserveAttested(2, BANK, 1, NOW, NOW + 10)
    for late, code in ((9, []), (10, ["INV-RESERVE"])):
        assert found(attested, *((NOW + late, event) for event in issued(BOB, 1, 9_899))) == code


def test_the_reserve_covers_what_its_mode_demands() -> None:
    """In full reserve all of the supply, else its part, to the unit; a finding names the mode."""
    whole, more = issued(BOB, 9_900, 0), (events.IssuanceQuotaSet(BANK, 3_000), *issued(BOB, 1_000, 2_000))
    most = (events.IssuanceQuotaSet(BANK, 2_500), *issued(BOB, 2_500, 0))
    over = (events.IssuanceQuotaSet(BANK, 2_501), *issued(BOB, 2_501, 0))
    ratio = events.ReserveRatioSet(8_000)
    assert found(*whole) == []
    in_full = findings(*whole, *more)
    assert [each.code for each in in_full] == ["INV-RESERVE", "INV-RESERVE"]
    assert all(each.detail.endswith("in full reserve") for each in in_full)
    # 10,000 units are attested: 12,500 units at eight tenths.
    assert found(ratio, *whole, *most) == []
    in_part = findings(ratio, *whole, *over)
    assert [each.code for each in in_part] == ["INV-RESERVE", "INV-RESERVE"]
    assert all(each.detail.endswith("in partial reserve of 8000 basis points") for each in in_part)
    assert found(ratio, *whole, *most, events.ReserveRatioSet(8_001)) == ["INV-RESERVE"]


@pytest.mark.parametrize("ratio", [0, 10_001])
def test_a_reserve_covers_a_part(ratio: int) -> None:
    """A reserve of nothing, or of more than the supply, is none that can be demanded."""
    assert found(events.ReserveRatioSet(10_000)) == []
    assert "INV-RESERVE" in found(events.ReserveRatioSet(ratio))


def test_positions_follow_who_issues_and_who_redeems() -> None:
    """An institution's position is signed, and all of them sum to the supply; supply without a position is named."""
    asked = events.RedemptionRequested(1, ALICE, OTHER_BANK, 30), Transfer(ALICE, DESK, 30)
    done = events.RedemptionCompleted(1, ALICE, OTHER_BANK, 30, 30), Transfer(DESK, ZERO_ADDRESS, 30)
    ledger = books(*asked, *done)
    assert invariants.check(ledger) == []
    positions = ledger[IssuanceBooks].positions
    assert (positions[CURRENCY, BANK], positions[CURRENCY, OTHER_BANK]) == (100, -30)
    assert found(Transfer(ZERO_ADDRESS, ALICE, 1)) == ["INV-RESERVE", "INV-SUPPLY"]


# -------------------------------------------------------------------------------------------- redemption


def test_a_redemption_under_way_can_be_taken_once_and_ends_once() -> None:
    """Taken or not, it is completed, rejected or cancelled once; a second taking or end is INV-FINAL."""
    taken = events.RedemptionTaken(1, ALICE, BANK, 10, NOW + DAY_S)
    completed = (events.RedemptionCompleted(1, ALICE, BANK, 10, 9_910), Transfer(DESK, ZERO_ADDRESS, 10))
    rejected = (events.RedemptionRejected(1, ALICE, BANK, 10), Transfer(DESK, ALICE, 10))
    cancelled = (events.RedemptionCancelled(1, ALICE, BANK, 10), Transfer(DESK, ALICE, 10))
    asked = requested(ALICE, 10)
    for history in ((), (taken,), completed, rejected, cancelled, (taken, *completed), (taken, *rejected)):
        assert found(*asked, *history) == []
    for history in ((taken, taken), (*completed, taken), (*rejected, taken), (*cancelled, taken)):
        assert found(*asked, *history) == ["INV-FINAL"]
    assert found(taken) == ["INV-FINAL"]
    for first in (completed, rejected, cancelled):
        for second in (completed, rejected, cancelled):
            assert "INV-FINAL" in found(*asked, *first, *second)


def test_a_taken_redemption_is_not_cancelled_for_a_day() -> None:
    """The holder waits from the taking to the stated second, which is a day later: before it, INV-FINAL."""
    taken = events.RedemptionTaken(1, ALICE, BANK, 10, NOW + DAY_S)
    cancelled = (events.RedemptionCancelled(1, ALICE, BANK, 10), Transfer(DESK, ALICE, 10))
    for wait, code in ((DAY_S - 1, ["INV-FINAL"]), (DAY_S, [])):
        assert found(*requested(ALICE, 10), taken, *((NOW + wait, event) for event in cancelled)) == code
    for stated in (NOW + DAY_S - 1, NOW + DAY_S + 1):
        short = events.RedemptionTaken(1, ALICE, BANK, 10, stated)
        assert found(*requested(ALICE, 10), short) == ["INV-FINAL"]


def test_a_redemption_ends_as_it_was_requested() -> None:
    """Another holder, operator or amount than the request's is named."""
    for parties in ((BOB, BANK, 10), (ALICE, OTHER_BANK, 10), (ALICE, BANK, 9)):
        assert "INV-REPLAY" in found(*requested(ALICE, 10), events.RedemptionTaken(1, *parties, NOW + DAY_S))
        ended = (events.RedemptionRejected(1, *parties), Transfer(DESK, parties[0], parties[2]))
        assert "INV-REPLAY" in found(*requested(ALICE, 10), *ended)


# ------------------------------------------------------------------------------------------------ limits


def test_a_payment_keeps_within_the_limit_of_one() -> None:
    """Up to the limit, not above; zero is a limit, and lets nothing but nothing pass."""
    for limit, amount, code in ((7, 7, []), (7, 8, ["INV-LIMIT"]), (0, 0, []), (0, 1, ["INV-LIMIT"])):
        assert found(limits(payment=limit), Transfer(ALICE, BOB, amount)) == code


def test_payments_of_a_day_are_counted_until_the_day_ends_in_china() -> None:
    """At 16:00 UTC another day begins; what was paid before it is not counted any more."""
    evening = int(datetime(2026, 6, 1, 15, 59, 59, tzinfo=UTC).timestamp())
    first, second = (evening - 3_600, Transfer(ALICE, BOB, 4)), Transfer(ALICE, BOB, 4)
    assert found(limits(daily=8), first, (evening, second)) == []
    assert found(limits(daily=7), first, (evening, second)) == ["INV-LIMIT"]
    assert found(limits(daily=7), first, (evening + 1, second)) == []


def test_payments_of_a_year_are_counted_until_the_year_ends_in_china() -> None:
    """At 16:00 UTC of 31 December another year begins."""
    evening = int(datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC).timestamp())
    first, second = (NOW, Transfer(ALICE, BOB, 4)), Transfer(ALICE, BOB, 4)
    assert found(limits(annual=8), first, (evening, second)) == []
    assert found(limits(annual=7), first, (evening, second)) == ["INV-LIMIT"]
    assert found(limits(annual=7), first, (evening + 1, second)) == []


def test_what_counts_against_limits() -> None:
    """Payments do, also into settlement accounts; not requests, payouts, issuance, seizures, and claims of credits."""
    strict = limits(payment=5, daily=5, annual=5)
    assert found(strict, Transfer(ALICE, HUB, 5)) == []
    assert found(strict, Transfer(ALICE, HUB, 6)) == ["INV-LIMIT"]
    assert found(strict, Transfer(ALICE, HUB, 5), Transfer(ALICE, HUB, 1)) == ["INV-LIMIT"]
    hub = Transfer(ALICE, HUB, 50)
    seized = events.Seized(ALICE, BOB, 20, GROUND), Transfer(ALICE, BOB, 20)
    closed, opened = events.FreezeSet(BOB, False, True), events.FreezeSet(BOB, False, False)
    claimed = events.CreditClaimed(BOB, 20, 0), Transfer(CURRENCY, BOB, 20)
    uncounted = [
        *issued(ALICE, 10, 9_890),
        *requested(ALICE, 10),
        *seized,
        Transfer(HUB, CAROL, 20),
        closed,
        *credited(BOB, HUB, 20),
        opened,
        *claimed,
    ]
    ledger = books(hub, strict, *uncounted)
    assert invariants.check(ledger) == []
    assert ledger[AccountBooks].wallets[CURRENCY].spending == {}
    for payer in (ALICE, BOB, CAROL):
        assert found(hub, strict, *uncounted, Transfer(payer, SERIES, 5)) == []
        assert found(hub, strict, *uncounted, Transfer(payer, SERIES, 6)) == ["INV-LIMIT"]


def test_a_registered_class_holds_until_its_identification_expires() -> None:
    """From the day of expiry on the limits are those of class IV, as they are of whoever was never registered."""
    today = (NOW + 8 * 3_600) // DAY_S
    strict, paid = limits(payment=5), Transfer(ALICE, BOB, 6)
    for expiry, code in ((today, ["INV-LIMIT"]), (today + 1, []), (2**16 - 1, [])):
        assert found(strict, events.WalletRegistered(ALICE, 4, expiry, 156, True), paid) == code
    assert found(strict, paid) == ["INV-LIMIT"]


def test_who_may_be_registered() -> None:
    """A class above IV needs a real name, and a settlement account has no class."""
    for wallet_class, real_name, code in ((0, False, []), (1, True, []), (1, False, ["INV-LIMIT"])):
        assert found(events.WalletRegistered(ALICE, wallet_class, 2**16 - 1, 0, real_name)) == code
    assert found(events.WalletRegistered(HUB, 1, 2**16 - 1, 0, True)) == ["INV-LIMIT"]


def test_nothing_comes_in_above_the_cap() -> None:
    """Not by payment, payout, issuance, claim or seizure; up to the cap, and nothing at all, always."""
    capped, hub = limits(balance=10), Transfer(ALICE, HUB, 50)
    for amount, code in ((10, []), (11, ["INV-LIMIT"])):
        closed, opened = events.FreezeSet(BOB, False, True), events.FreezeSet(BOB, False, False)
        held = [closed, *credited(BOB, HUB, 11), opened]
        assert found(capped, Transfer(ALICE, BOB, amount)) == code
        assert found(hub, capped, Transfer(HUB, BOB, amount)) == code
        assert found(capped, *issued(BOB, amount, 9_900 - amount)) == code
        assert found(capped, events.Seized(ALICE, BOB, amount, GROUND), Transfer(ALICE, BOB, amount)) == code
        claimed = events.CreditClaimed(BOB, amount, 11 - amount), Transfer(CURRENCY, BOB, amount)
        assert found(hub, capped, *held, *claimed) == code
        taken = events.CreditSeized(BOB, CAROL, amount, 11 - amount, GROUND), Transfer(CURRENCY, CAROL, amount)
        assert found(hub, capped, *held, *taken) == code
    # Alice holds a hundred.
    assert found(capped, Transfer(HUB, ALICE, 0)) == []
    assert found(limits(balance=100), Transfer(ALICE, ALICE, 100)) == []
    assert found(capped, Transfer(ALICE, ALICE, 1)) == ["INV-LIMIT"]
    assert found(capped, Transfer(ALICE, HUB, 100), Transfer(HUB, SERIES, 100)) == []


def test_the_currency_and_nobody_have_no_class() -> None:
    """Issuance, redemption and credits are no payments of theirs, and fill no cap, with nothing but the desk marked."""
    history = (
        events.SettlementAccountMarked(DESK),
        limits(balance=6, payment=0),
        events.ReserveAttested(1, BANK, 1, NOW, 2**64 - 1),
        events.IssuanceQuotaSet(BANK, 20),
        *issued(ALICE, 6, 14),
        *requested(ALICE, 6),
        *issued(ALICE, 6, 8),
        *requested(ALICE, 6, 2),
        events.RedemptionRejected(1, ALICE, BANK, 6),
        Transfer(DESK, ALICE, 6),
    )
    ledger = fold(CONTRACTS, (emitted_at(NOW, event) for event in history))
    assert invariants.check(ledger) == []


# --------------------------------------------------------------------------------------- freeze, seizure


def test_frozen_value_that_leaves_is_named() -> None:
    """A transfer beyond what is not frozen is INV-FROZEN; to the last unit within it, of nothing, or after it, not."""
    stopped, half = events.FreezeSet(ALICE, True, False), events.FrozenAmountSet(ALICE, 50)
    for history in (
        (stopped, Transfer(ALICE, BOB, 1)),
        (stopped, *requested(ALICE, 1)),
        (half, Transfer(ALICE, BOB, 51)),
        (events.FrozenAmountSet(ALICE, 101), Transfer(ALICE, BOB, 1)),
        (events.FreezeSet(BOB, False, True), Transfer(ALICE, BOB, 1)),
        (events.FreezeSet(BOB, False, True), *issued(BOB, 1, 9_899)),
        (Transfer(ALICE, HUB, 1), events.FreezeSet(ALICE, False, True), Transfer(HUB, ALICE, 1)),
        (
            *requested(ALICE, 1),
            events.FreezeSet(ALICE, False, True),
            events.RedemptionRejected(1, ALICE, BANK, 1),
            Transfer(DESK, ALICE, 1),
        ),
    ):
        assert found(*history) == ["INV-FROZEN"], history
    for history in (
        (half, Transfer(ALICE, BOB, 50)),
        (stopped, half, Transfer(ALICE, BOB, 0)),
        (stopped, events.FreezeSet(ALICE, False, False), Transfer(ALICE, BOB, 100)),
        (half, events.FrozenAmountSet(ALICE, 0), Transfer(ALICE, BOB, 100)),
        (Transfer(ALICE, HUB, 1), stopped, Transfer(HUB, ALICE, 1)),
    ):
        assert found(*history) == [], history


def test_a_seizure_is_what_it_states() -> None:
    """It moves frozen units, exactly those it states and once, on a stated ground, and never what belongs to others."""
    stopped, moved = events.FreezeSet(ALICE, True, False), Transfer(ALICE, BOB, 4)
    seized = events.Seized(ALICE, BOB, 4, GROUND)
    assert found(stopped, seized, moved) == []
    for history in (
        (stopped, seized, moved, moved),
        (seized, Transfer(ALICE, BOB, 5)),
        (seized,),
        (seized, seized, moved),
        (events.Seized(ALICE, BOB, 4, bytes(32)), moved),
        (events.Seized(HUB, BOB, 0, GROUND), Transfer(HUB, BOB, 0)),
        (events.FreezeSet(HUB, False, False),),
        (events.FrozenAmountSet(HUB, 1),),
    ):
        assert found(*history) == ["INV-FROZEN"], history


# ----------------------------------------------------------------------------------------------- credits

CLOSED = events.FreezeSet(BOB, False, True)
FUNDED = Transfer(ALICE, HUB, 50)


def test_what_is_owed_and_cannot_come_in_becomes_a_credit() -> None:
    """A payout, a redemption given back, a seizure and the seizure of a credit end so, whatever is frozen."""
    back = events.RedemptionRejected(1, BOB, BANK, 5)
    own = events.Credited(BOB, DESK, 5, 5), Transfer(DESK, CURRENCY, 5)
    seized = events.Seized(ALICE, BOB, 5, GROUND)
    anew = events.CreditSeized(BOB, CAROL, 5, 0, GROUND), events.Credited(CAROL, CURRENCY, 5, 5)
    for history, owner in (
        ((FUNDED, CLOSED, *credited(BOB, HUB, 5)), BOB),
        ((FUNDED, limits(balance=4), *credited(BOB, HUB, 5)), BOB),
        ((Transfer(ALICE, BOB, 5), *requested(BOB, 5), CLOSED, back, *own), BOB),
        ((events.FreezeSet(ALICE, True, False), CLOSED, seized, *credited(BOB, ALICE, 5)), BOB),
        ((FUNDED, CLOSED, events.FreezeSet(CAROL, False, True), *credited(BOB, HUB, 5), *anew), CAROL),
        ((CLOSED, *credited(BOB, HUB, 0)), BOB),
    ):
        ledger = books(*history)
        assert invariants.check(ledger) == [], history
        amount = history[-1].value if isinstance(history[-1], Transfer) else 5
        holders = (ALICE, BOB, CAROL, HUB, CURRENCY, DESK)
        assert sum(ledger.held(CURRENCY, holder) for holder in holders) == ledger.supply(CURRENCY)
        assert ledger.held(CURRENCY, CURRENCY) == amount
        assert {it: ledger.balance(CURRENCY, CREDIT, it) for it in (BOB, CAROL)} == {BOB: 0, CAROL: 0} | {owner: amount}


def test_a_credit_is_only_what_could_not_come_in() -> None:
    """A payout that fits is no credit, and what nobody was owed becomes none either."""
    assert found(FUNDED, *credited(BOB, HUB, 5)) == ["INV-LIMIT"]
    assert found(FUNDED, limits(balance=5), *credited(BOB, HUB, 5)) == ["INV-LIMIT"]
    assert found(FUNDED, limits(balance=5), *credited(BOB, HUB, 0)) == ["INV-LIMIT"]
    assert found(CLOSED, *credited(SERIES, HUB, 0)) == ["INV-LIMIT"]
    assert found(CLOSED, *credited(BOB, ALICE, 5)) == ["INV-REPLAY"]
    assert "INV-REPLAY" in found(CLOSED, events.Credited(BOB, CURRENCY, 1, 1))


def test_nothing_out_of_the_currency_is_nothing() -> None:
    """ERC-20 has anybody transfer zero units out of any account, and a frozen one gets them as a credit of zero."""
    assert found(CLOSED, events.Credited(BOB, CURRENCY, 0, 0)) == []


def test_a_credit_is_what_it_states() -> None:
    """Each event of a credit states what it is afterwards; another figure, or more than there is, is named."""
    held = (FUNDED, CLOSED, *credited(BOB, HUB, 5), events.FreezeSet(BOB, False, False))

    def claimed(amount: int, credit: int) -> tuple[Event, ...]:
        return events.CreditClaimed(BOB, amount, credit), Transfer(CURRENCY, BOB, amount)

    def seized(amount: int, credit: int, ground: bytes = GROUND) -> tuple[Event, ...]:
        return events.CreditSeized(BOB, CAROL, amount, credit, ground), Transfer(CURRENCY, CAROL, amount)

    assert found(*held, *claimed(2, 3), *seized(2, 1), *claimed(1, 0)) == []
    assert found(FUNDED, CLOSED, *credited(BOB, HUB, 5, credit=6)) == ["INV-REPLAY"]
    assert found(*held, *claimed(2, 4)) == ["INV-REPLAY"]
    assert found(*held, *seized(2, 4)) == ["INV-REPLAY"]
    assert "INV-SUPPLY" in found(*held, *claimed(6, -1))
    assert found(*held, *seized(2, 3, bytes(32))) == ["INV-FROZEN"]


def test_what_is_announced_moves() -> None:
    """A request, an end, a credit, its claim, its seizure: nothing else moves in its place, and it does move."""
    held = (FUNDED, CLOSED, *credited(BOB, HUB, 5), events.FreezeSet(BOB, False, False))
    asked = requested(ALICE, 5)
    for before, (announced, moved), thief in (
        ((), requested(ALICE, 5), Transfer(BOB, DESK, 5)),
        ((), issued(ALICE, 5, 9_895), Transfer(ZERO_ADDRESS, BOB, 5)),
        (asked, (events.RedemptionCancelled(1, ALICE, BANK, 5), Transfer(DESK, ALICE, 5)), BOB),
        (asked, (events.RedemptionCompleted(1, ALICE, BANK, 5, 9_905), Transfer(DESK, ZERO_ADDRESS, 5)), BOB),
        ((FUNDED, CLOSED), credited(BOB, HUB, 5), Transfer(SERIES, CURRENCY, 5)),
        (held, (events.CreditClaimed(BOB, 5, 0), Transfer(CURRENCY, BOB, 5)), CAROL),
        (held, (events.CreditSeized(BOB, CAROL, 5, 0, GROUND), Transfer(CURRENCY, CAROL, 5)), ALICE),
    ):
        code = "INV-FROZEN" if isinstance(announced, events.CreditSeized) else "INV-REPLAY"
        assert found(*before, announced, moved) == []
        other = thief if isinstance(thief, Transfer) else Transfer(moved.sender, thief, 5)
        assert code in found(*before, announced, other)
        # Where it did not move, the currency holds too much or too little for its purposes, too.
        assert {code, "INV-SUPPLY"} <= set(found(*before, announced)), announced
        assert Counter(found(*before, announced, *requested(BOB, 0, 2)))[code] == 1, announced
    diverted = events.Credited(CAROL, DESK, 5, 5), Transfer(DESK, CURRENCY, 5)
    closed = events.FreezeSet(CAROL, False, True)
    assert found(*asked, closed, events.RedemptionRejected(1, ALICE, BANK, 5), *diverted) == ["INV-REPLAY"]
    assert found(*held, closed, events.CreditClaimed(BOB, 5, 0), events.Credited(BOB, CURRENCY, 5, 5)) == [
        "INV-LIMIT",
        "INV-REPLAY",
    ]


def test_a_currency_holds_nothing_for_no_purpose() -> None:
    """What is sent to it without a request could never leave."""
    assert found(Transfer(ALICE, CURRENCY, 5)) == ["INV-SUPPLY"]
