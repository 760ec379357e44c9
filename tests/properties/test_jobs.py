"""INV-JOB on histories of orders that the specification gives: kept by each, and broken by each step out of place."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from pysettle.domain import invariants
from pysettle.domain.core.events import Emitted
from pysettle.domain.jobs.books import JobBooks
from pysettle.domain.jobs.events import (
    DuePaid,
    MilestoneDelivered,
    MilestoneDisputed,
    MilestoneRefunded,
    MilestoneReleased,
    MilestoneRuled,
    OrderAccepted,
    OrderCancelled,
    OrderPlaced,
)
from pysettle.domain.ledger import Ledger, fold
from tests.chance import rounds
from tests.properties.histories import PLACES, STEPS_OF_JOBS, History, Step, play
from tests.spec.books import compare_books
from tests.spec.core.records import NOTHING
from tests.stateful.operations import START


@given(STEPS_OF_JOBS)
@settings(max_examples=rounds(30, campaign=300), deadline=None)
def test_every_history_keeps_the_invariants(steps: list[Step]) -> None:
    """After each transaction; and what the ledger says is held and due is what the escrow holds and owes."""
    history = play(steps)
    ledger = Ledger(history.contracts())
    watch = invariants.Watch(ledger)
    for transaction in history.transactions:
        for emitted in transaction:
            watch.apply(emitted)
        assert "INV-JOB" not in {it.code for it in watch.check()}
    compare_books(ledger, history.spec)
    jobs = history.spec.jobs
    for order_id, order in jobs.orders.items():
        record = ledger[JobBooks].orders[order_id]
        still_open = sum(it.amount for it in order.milestones if not it.state.is_final)
        assert record.released + record.refunded == order.terms.total - still_open
    held = sum(it.held for it in jobs.orders.values()) + sum(jobs.due.values())
    assert ledger.held(PLACES.currency, PLACES.jobs) == held


def codes_of(history: History, events: list[Emitted]) -> set[str]:
    """Return the codes of the findings on events of a history."""
    return {finding.code for finding in invariants.check(fold(history.contracts(), events))}


@given(STEPS_OF_JOBS, st.data())
@settings(max_examples=rounds(60, campaign=600), deadline=None)
def test_no_step_is_made_twice(steps: list[Step], data: st.DataObject) -> None:
    """An event of the escrow that comes a second time contradicts the history: each order and milestone ends once."""
    history = play(steps)
    own = defaultdict(list)
    for place, it in enumerate(history.events):
        if it.emitter == PLACES.jobs:
            own[type(it.event)].append(place)
    kind = data.draw(st.sampled_from(sorted(own, key=lambda kind: kind.__name__)))
    place = data.draw(st.sampled_from(own[kind]))
    codes = codes_of(history, [*history.events[: place + 1], history.events[place]])
    expected = {OrderPlaced: "INV-ONCE", DuePaid: "INV-SUPPLY"}
    final = (OrderAccepted, OrderCancelled)
    ended = (MilestoneReleased, MilestoneRefunded, MilestoneRuled)
    assert expected.get(kind, "INV-FINAL" if kind in (*final, *ended) else "INV-JOB") in codes


@given(STEPS_OF_JOBS)
@settings(max_examples=rounds(15, campaign=150), deadline=None)
def test_steps_out_of_time_are_named(steps: list[Step]) -> None:
    """A step that had to be in time and came late, and a default ruling that came early, are INV-JOB."""
    history = play(steps)
    timely = (OrderAccepted, MilestoneDelivered, MilestoneDisputed)
    for place, emitted in enumerate(history.events):
        event, moved_to = emitted.event, None
        if isinstance(event, timely) or (isinstance(event, MilestoneRuled) and event.grounds != NOTHING):
            moved_to = 2**39
        elif isinstance(event, MilestoneRuled):
            moved_to = START
        if moved_to is not None:
            assert "INV-JOB" in codes_of(history, [*history.events[:place], emitted._replace(timestamp=moved_to)])
