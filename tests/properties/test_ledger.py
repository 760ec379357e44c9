"""The ledger fold, on histories that a model of the contracts makes: balanced, complete, and quick to notice a lie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any

import pytest
from eth_typing import Address
from hypothesis import given, settings
from hypothesis import strategies as st

from pysettle.domain import invariants
from pysettle.domain.channel.events import (
    ChannelCreated,
    ChannelRefunded,
    Claimed,
    Deposited,
    Settled,
    UsageAttested,
    WithdrawInitiated,
)
from pysettle.domain.compute.events import (
    ComputeRegistered,
    Consumed,
    Purchased,
    SeriesHalted,
    SeriesOpened,
    Staked,
    StakeReleased,
    Swept,
)
from pysettle.domain.compute.usage import Meters, Usage
from pysettle.domain.core import events
from pysettle.domain.core.accounts import Purpose
from pysettle.domain.core.checks import donations
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import AuthorizationUsed, Emitted, Event, Position, Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.jobs.events import DuePaid
from pysettle.domain.ledger import Ledger, fold
from pysettle.domain.money.books import IssuanceBooks
from pysettle.domain.money.events import CreditClaimed, Credited, Issued, RedemptionCancelled, RedemptionRequested
from pysettle.money import stake_rounded_up
from tests.chance import rounds
from tests.properties.histories import CHAIN_ID, PLACES, STEPS, Step, address, play
from tests.properties.parties import (
    BANK,
    BUYERS,
    CHANNELS,
    COMPENSATION_BPS,
    CONFIGS,
    CONTRACTS,
    CURRENCY,
    DESK,
    HUB,
    MARKET,
    METER,
    PROVIDER,
    SERIES,
    UNIT_PRICE,
    emitter_of,
)
from tests.spec.books import compare_books
from tests.spec.core.events import Approval, PayeeOnlySet

UNSEEN: dict[type[Event], tuple[str, ...]] = {
    Approval: ("value",),
    PayeeOnlySet: ("enabled",),
    # Compute is the market's word: what the books keep is the stake of a series.
    ComputeRegistered: ("units", "tokens_per_unit_second", "valid_from", "valid_before", "capacity"),
    # The transfer beside each is booked.
    Consumed: ("tokens",),
    Swept: ("amount",),
    # It follows from the amounts.
    Deposited: ("balance",),
    # A later one makes up for it.
    ChannelRefunded: ("nonce",),
    # Nothing has moved yet.
    WithdrawInitiated: ("amount", "finalizable_at"),
}
"""Numbers that no books are kept of, with the reason."""
PARTIES: dict[type[Event], str] = {
    Credited: "account",
    CreditClaimed: "account",
    DuePaid: "account",
    Issued: "operator",
    Settled: "receiver",
    Staked: "provider",
}
"""Parties that something is booked for."""
LACKING = "INV-RESERVE", f"reserve of 0x{PLACES.currency.hex()}"
"""Code and subject of the finding that the reserve is below the supply."""


def fields_of(event: Event, *kinds: type) -> list[str]:
    """Return the fields of an event that hold such values, of which `bool` is no `int` here."""
    return [it.name for it in fields(event) if type(getattr(event, it.name)) in kinds]


def verdict(contracts: Contracts, history: Iterable[Emitted]) -> tuple[object, ...]:
    """Return all that the books say of a history: findings, what contracts have to answer at the head, donations."""
    ledger, findings = Ledger(contracts), list[object]()
    for emitted in history:
        try:
            ledger.apply(emitted)
        except (LookupError, TypeError, ValueError, OverflowError) as problem:  # as the audit does
            findings.append((emitted.position, repr(problem)))
    findings += invariants.check(ledger)
    return findings, {*invariants.questions(ledger, CHAIN_ID)}, [*donations(ledger)]


@given(STEPS)
@settings(max_examples=rounds(20, campaign=200), deadline=None)
def test_every_entry_balances_and_every_invariant_holds(steps: list[Step]) -> None:
    """Postings of each entry sum to zero in each asset, and no invariant fails after any transaction."""
    history = play(steps)
    ledger = Ledger(history.contracts())
    watch = invariants.Watch(ledger)
    for transaction in history.transactions:
        for emitted in transaction:
            entry = watch.apply(emitted)
            sums: dict[Address, int] = defaultdict(int)
            for posting in entry.postings if entry else ():
                sums[posting.account.asset] += posting.amount
            assert not any(sums.values())
        # The reserve may be attested below the supply: the one finding, as long as it is.
        assert {(it.code, it.subject) for it in watch.check()} <= {LACKING}
    lacks = history.spec.currency.supply > history.spec.currency.issuable()
    assert [(it.code, it.subject) for it in invariants.check(ledger)] == [LACKING] * lacks


@given(STEPS)
@settings(max_examples=rounds(30, campaign=300), deadline=None)
def test_the_books_agree_with_the_specification(steps: list[Step]) -> None:
    """Balances, supplies, credits, positions, counters, stakes, channels, claims, orders: all as the contracts have."""
    history = play(steps)
    compare_books(fold(history.contracts(), history.events), history.spec)


@given(STEPS, st.data())
@settings(max_examples=rounds(20, campaign=200), deadline=None)
def test_the_fold_can_be_split_anywhere(steps: list[Step], data: st.DataObject) -> None:
    """Folding a history at once or in two parts gives the same state: the state is a fold and nothing else."""
    history = play(steps)
    contracts, events = history.contracts(), history.events
    cut = data.draw(st.integers(min_value=0, max_value=len(events)))
    ledger = fold(contracts, events[:cut]).copy()
    for emitted in events[cut:]:
        ledger.apply(emitted)
    whole = fold(contracts, events)
    assert ledger.balances == whole.balances
    assert {*invariants.questions(ledger, CHAIN_ID)} == {*invariants.questions(whole, CHAIN_ID)}


@given(STEPS)
@settings(max_examples=rounds(20, campaign=200), deadline=None)
def test_totals_are_the_sums_of_what_they_total(steps: list[Step]) -> None:
    """Totals beside balances and positions are their sums."""
    history = play(steps)
    ledger = fold(history.contracts(), history.events)
    totals: dict[tuple[Address, Purpose], int] = defaultdict(int)
    for account, amount in ledger.balances.items():
        totals[account.asset, account.purpose] += amount
    assert dict(ledger.totals) == dict(totals)
    assert ledger[IssuanceBooks].total_positions[PLACES.currency] == sum(ledger[IssuanceBooks].positions.values())


@given(STEPS, st.data())
@settings(max_examples=rounds(200, campaign=2_000), deadline=None)
def test_no_lie_goes_unnoticed(steps: list[Step], data: st.DataObject) -> None:
    """An altered number, or another party, is a finding, or contradicts what contracts answer, then or at the head."""
    history = play(steps)
    kinds = {type(it.event) for it in history.events}
    kind = data.draw(st.sampled_from(sorted(kinds, key=lambda kind: kind.__name__)))
    places = [place for place, it in enumerate(history.events) if type(it.event) is kind]
    place = data.draw(st.sampled_from(places))
    event = history.events[place].event
    names = [name for name in fields_of(event, int, bool) if name not in UNSEEN.get(kind, ())]
    names += [PARTIES[kind]] if kind in PARTIES else []
    to_oneself = isinstance(event, Transfer) and event.sender == event.receiver
    if not names or to_oneself:  # what one pays oneself moves nothing, however much it is
        return
    name = data.draw(st.sampled_from(names))
    changed: Any = replace(event, **{name: lie(getattr(event, name))})
    true, contracts = history.events, history.contracts()
    lied = [*true[:place], true[place]._replace(event=changed), *true[place + 1 :]]
    end = 1 + max(at for at, it in enumerate(true) if it.position.block_number == true[place].position.block_number)
    at_once = verdict(contracts, lied[:end]) != verdict(contracts, true[:end])
    assert at_once or verdict(contracts, lied) != verdict(contracts, true), f"{event} -> {changed}"


def lie(value: Any) -> Any:
    """Return another value of the same kind."""
    if isinstance(value, bytes):
        return next(it for it in (address("agent"), address("buyer")) if it != value)
    return not value if isinstance(value, bool) else value + 1


@given(STEPS, st.data())
@settings(max_examples=rounds(30, campaign=400), deadline=None)
def test_checking_what_changed_finds_what_checking_everything_finds(steps: list[Step], data: st.DataObject) -> None:
    """Whatever is altered or left out of a history: the invariants fail after the same transactions, under one name."""
    played = play(steps)
    history = played.transactions
    for _ in range(data.draw(st.integers(min_value=0, max_value=3))):
        transaction = data.draw(st.sampled_from([it for it in history if it]))
        place = data.draw(st.integers(min_value=0, max_value=len(transaction) - 1))
        event = transaction[place].event
        names = fields_of(event, int)
        if not names or data.draw(st.booleans()):
            del transaction[place]
            continue
        name = data.draw(st.sampled_from(names))
        changed: Any = replace(
            event, **{name: max(0, getattr(event, name) + data.draw(st.sampled_from((-1, 1, 10**9))))}
        )
        transaction[place] = transaction[place]._replace(event=changed)
    ledger = Ledger(played.contracts())
    watch = invariants.Watch(ledger)
    before: set[tuple[str, str]] = set()
    for transaction in history:
        for emitted in transaction:
            with suppress(LookupError, TypeError, ValueError, OverflowError):  # as the audit does
                watch.apply(emitted)
        changed_now = {(it.code, it.subject) for it in watch.check()}
        everything = {(it.code, it.subject) for it in invariants.check(ledger)}
        assert everything - before <= changed_now <= everything
        before = everything


STAKER, OTHER = BUYERS[0], BUYERS[1]
CAPACITY = 10**9
LOCKED = stake_rounded_up(CAPACITY, UNIT_PRICE, COMPENSATION_BPS)


def opened(stake: int = LOCKED, capacity: int = CAPACITY) -> SeriesOpened:
    """Return the opening of the series."""
    return SeriesOpened(SERIES, STAKER, bytes(32), bytes(32), capacity, 2, stake)


def halted(compensation: int, released: int, provider: Address = STAKER) -> SeriesHalted:
    """Return a halt of the series, for the market's part of it."""
    return SeriesHalted(SERIES, BANK, bytes(32), bytes(32), provider, compensation, released)


@pytest.mark.parametrize(
    ("told", "codes"),
    [
        ([opened()], []),
        ([opened(LOCKED - 1)], ["INV-BACKING"]),
        ([opened(LOCKED + 1)], ["INV-BACKING"]),
        ([opened(capacity=CAPACITY + 10**6)], ["INV-BACKING"]),
        ([opened(), opened()], ["INV-ONCE"]),
        ([opened(), StakeReleased(SERIES, STAKER, LOCKED)], []),
        ([opened(), StakeReleased(SERIES, STAKER, LOCKED - 1)], ["INV-BACKING"]),
        ([opened(), StakeReleased(SERIES, OTHER, LOCKED)], ["INV-BACKING"]),
        ([opened(), *2 * [StakeReleased(SERIES, STAKER, LOCKED)]], ["INV-BACKING"]),
        ([opened(), halted(7, LOCKED - 7)], []),
        ([opened(), halted(7, LOCKED - 8)], ["INV-BACKING"]),
        ([opened(), halted(0, 0)], ["INV-BACKING"]),
        ([opened(), halted(7, LOCKED - 7, OTHER)], ["INV-BACKING"]),
        ([halted(0, 0)], ["INV-BACKING"]),
    ],
)
def test_a_series_locks_what_covers_it_and_nothing_stays_locked(told: list[Event], codes: list[str]) -> None:
    """At its opening the compensation of its capacity is locked, at its halt or release all of that is unlocked."""
    ledger = Ledger(CONTRACTS)
    for event in told:
        ledger.apply(Emitted(MARKET, Position(1, 0, 0), event, 2))
    assert [code for code, _, _ in ledger.violations] == codes


def test_stake_is_not_released_before_the_expiry() -> None:
    """The market releases stake from the second of the expiry on."""
    for timestamp, codes in ((1, ["INV-BACKING"]), (2, [])):
        ledger = Ledger(CONTRACTS)
        for event in (opened(), StakeReleased(SERIES, STAKER, LOCKED)):
            ledger.apply(Emitted(MARKET, Position(1, 0, 0), event, timestamp))
        assert [code for code, _, _ in ledger.violations] == codes


def test_contradictions_have_their_codes() -> None:
    """A spent nonce, a redemption ended twice, a quota and a reserve overdrawn are named by their invariants."""
    ledger = Ledger(CONTRACTS)
    at = Position(1, 0, 0)
    used = AuthorizationUsed(BUYERS[0], bytes(32))
    requested = RedemptionRequested(1, BUYERS[0], BANK, 0)
    cancelled = RedemptionCancelled(1, BUYERS[0], BANK, 0)
    moved, back = Transfer(BUYERS[0], DESK, 0), Transfer(DESK, BUYERS[0], 0)
    ends = (cancelled, back, cancelled, back)
    for event in (used, used, requested, moved, *ends, Issued(BANK, BUYERS[0], 1, 0)):
        ledger.apply(Emitted(emitter_of(event), at, event, 0))
    assert [code for code, _, _ in ledger.violations] == ["INV-ONCE", "INV-FINAL", "INV-RESERVE", "INV-RESERVE"]


def test_a_claim_beyond_attested_usage_is_named() -> None:
    """A claim on a Token channel above what the attested usage costs is INV-USAGE, whatever the meter states."""
    ledger = Ledger(CONTRACTS)
    at, channel_id = Position(1, 0, 0), CHANNELS[BUYERS[0]]
    ledger.apply(Emitted(HUB, at, ChannelCreated(channel_id, CONFIGS[BUYERS[0]]), 0))
    usage = Usage(off_peak=Meters(output=1))
    stated = UsageAttested(SERIES, (channel_id,), (usage.pack(),))
    ledger.apply(Emitted(METER, at, stated, 0))
    ledger.apply(Emitted(HUB, at, Claimed(channel_id, SERIES, SERIES, 91, 91), 0))
    assert [code for code, _, _ in ledger.violations] == ["INV-USAGE"]


def swept(paid: int, donated: int, amount: int) -> list[str]:
    """Return the codes of the findings on two Tokens sold one by one, of which 0.3 units are owed, and a sweep."""
    ledger, buyer = Ledger(CONTRACTS), BUYERS[0]
    told: list[tuple[Address, Event]] = [
        (CURRENCY, Transfer(ZERO_ADDRESS, buyer, 2 * paid + donated)),
        (CURRENCY, Transfer(buyer, SERIES, 2 * paid + donated)),
        *2 * [(SERIES, Purchased(buyer, buyer, 1, paid)), (SERIES, Transfer(ZERO_ADDRESS, buyer, 1))],
        (SERIES, Swept(PROVIDER, amount)),
        (CURRENCY, Transfer(SERIES, PROVIDER, amount)),
    ]
    for emitter, event in told:
        ledger.apply(Emitted(emitter, Position(1, 0, 0), event, 0))
    of_series = (f"series 0x{SERIES.hex()}", f"own 0x{SERIES.hex()}")
    return [it.code for it in invariants.check(ledger) if it.subject in of_series]


def test_a_sweep_of_what_is_owed_is_named() -> None:
    """One unit of two is the provider's, and what was donated; and no donation makes up for what was never backed."""
    assert swept(paid=1, donated=0, amount=1) == []
    assert swept(paid=1, donated=5, amount=6) == []
    assert swept(paid=1, donated=0, amount=2) == ["INV-SUPPLY"]
    assert swept(paid=0, donated=5, amount=5) == ["INV-BACKING"]


def test_a_movement_of_nothing_leaves_no_account() -> None:
    """Anybody may pay nothing to as many addresses as it likes: the books do not grow by it."""
    ledger = Ledger(CONTRACTS)
    for number in range(100):
        nobody = Address((2**40 + number).to_bytes(20, "big"))
        ledger.apply(Emitted(CURRENCY, Position(1, number, 0), Transfer(BUYERS[0], nobody, 0), 0))
    assert not ledger.balances


def test_events_of_strangers_are_passed_over() -> None:
    """A contract whose books are not kept cannot write into the ledger."""
    ledger = Ledger(CONTRACTS)
    stranger = Address(b"\x99" * 20)
    assert ledger.apply(Emitted(stranger, Position(1, 0, 0), Transfer(ZERO_ADDRESS, BUYERS[0], 1), 0)) is None
    assert not ledger.balances


def test_a_log_of_another_shape_is_not_decoded() -> None:
    """A known event name with other topics or data, such as an ERC-721 transfer, is passed over and not guessed at."""
    topic = next(topic for topic, text in events.signatures().items() if text.startswith("Transfer("))
    holder = bytes(12) + BUYERS[0]
    assert events.decode([topic, holder, holder], bytes(31) + b"\x07") == Transfer(BUYERS[0], BUYERS[0], 7)
    assert events.decode([topic, holder, holder, bytes(32)], b"") is None
    assert events.decode([topic, holder, holder], bytes(31)) is None
    assert events.decode([topic, holder, holder], bytes(64)) is None
    assert events.decode([], b"") is None


def test_channels_of_other_tokens_are_passed_over() -> None:
    """Anybody may deposit a token of its own making in the hub: no books are kept of it, and none are upset by it."""
    ledger = Ledger(CONTRACTS)
    channel_id, token = CHANNELS[BUYERS[0]], Address(b"\x77" * 20)
    for event in (
        Deposited(channel_id, BUYERS[0], token, 5, 5),
        Claimed(channel_id, BUYERS[1], token, 9, 9),
        Settled(BUYERS[1], token, BUYERS[1], 9),
    ):
        assert ledger.apply(Emitted(HUB, Position(1, 0, 0), event, 0)) is None
    assert not ledger.balances
    assert invariants.check(ledger) == []
