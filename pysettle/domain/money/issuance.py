"""Postings of the events of an issuance desk: reserve, quotas, positions and redemptions of its currency."""

from __future__ import annotations

from pysettle.domain.core.accounts import OWN, Purpose
from pysettle.domain.core.books import Books
from pysettle.domain.core.events import Emitted, Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.core.postings import Handlers, Postings, move, registering
from pysettle.domain.money import events
from pysettle.domain.money.books import IssuanceBooks, Redemption, uncovered
from pysettle.domain.money.contracts import ISSUANCE_DESK, REDEMPTION
from pysettle.domain.money.movements import announce
from pysettle.errors.states import RedemptionStatus
from pysettle.money import BPS
from pysettle.values import DAY_S, Address

TAKEN_S = DAY_S
"""Seconds for which the holder cannot cancel a redemption that its operator took."""

HANDLERS: Handlers = {}
_handles = registering(HANDLERS)


# --------------------------------------------------------------------------------- reserve and issuance


@_handles(events.ReserveAttested)
def _reserve(books: Books, emitted: Emitted, event: events.ReserveAttested) -> Postings:
    currency = _currency(books, emitted)
    last = books[IssuanceBooks].reserves.get(currency)
    if event.sequence <= (last.sequence if last else 0):
        books.violated("INV-ONCE", emitted, f"attestation {event.sequence} of the reserve was made before")
    if last and event.as_of < last.as_of:
        books.violated("INV-RESERVE", emitted, f"reserve attested as of {event.as_of}, after one of {last.as_of}")
    books[IssuanceBooks].reserves[currency] = event
    return ()


@_handles(events.ReserveRatioSet)
def _reserve_ratio(books: Books, emitted: Emitted, event: events.ReserveRatioSet) -> Postings:
    if not 0 < event.ratio_bps <= BPS:
        detail = f"a reserve of {event.ratio_bps} basis points of the supply was demanded, 1 to {BPS} can be"
        books.violated("INV-RESERVE", emitted, detail)
    books[IssuanceBooks].reserve_ratios[_currency(books, emitted)] = event.ratio_bps
    return ()


@_handles(events.IssuanceQuotaSet)
def _quota(books: Books, emitted: Emitted, event: events.IssuanceQuotaSet) -> Postings:
    books[IssuanceBooks].quotas[_currency(books, emitted), event.operator] = event.quota
    return ()


@_handles(events.Issued)
def _issued(books: Books, emitted: Emitted, event: events.Issued) -> Postings:
    currency, issuance = _currency(books, emitted), books[IssuanceBooks]
    left = issuance.quotas[currency, event.operator] - event.amount
    if left < 0 or left != event.quota_left:
        detail = f"issuance of {event.amount} leaves a quota of {left}, stated {event.quota_left}"
        books.violated("INV-RESERVE", emitted, detail)
    issuance.quotas[currency, event.operator] = left
    issuance.shift_position(currency, event.operator, event.amount)
    books.stated_supply[currency] += event.amount
    if lacking := uncovered(books, currency):
        books.violated("INV-RESERVE", emitted, f"after an issuance of {event.amount} {lacking}")
    last = issuance.reserves.get(currency)
    if last and emitted.timestamp >= last.valid_before:
        detail = f"issuance at {emitted.timestamp} on an attestation that was valid until before {last.valid_before}"
        books.violated("INV-RESERVE", emitted, detail)
    announce(books, emitted, Transfer(ZERO_ADDRESS, event.receiver, event.amount))
    return ()


# ------------------------------------------------------------------------------------------- redemption


@_handles(events.RedemptionRequested)
def _redemption_requested(books: Books, emitted: Emitted, event: events.RedemptionRequested) -> Postings:
    currency, desk = _currency(books, emitted), emitted.emitter
    key = currency, event.redemption_id
    redemptions = books[IssuanceBooks].redemptions
    if key in redemptions:
        books.violated("INV-ONCE", emitted, f"redemption {event.redemption_id} was requested before")
    redemptions[key] = Redemption(event.holder, event.operator, event.amount)
    announce(books, emitted, Transfer(event.holder, desk, event.amount))
    return move(currency, event.amount, (OWN, desk), _held_for(event.redemption_id))


@_handles(events.RedemptionTaken)
def _redemption_taken(books: Books, emitted: Emitted, event: events.RedemptionTaken) -> Postings:
    request = _pending(books, emitted, event, "taken")
    if request.status is RedemptionStatus.TAKEN:
        books.violated("INV-FINAL", emitted, f"redemption {event.redemption_id} was taken before")
    if event.cancellable_from != emitted.timestamp + TAKEN_S:
        detail = (
            f"redemption {event.redemption_id}, taken at {emitted.timestamp}, "
            f"can be cancelled from {event.cancellable_from}, not {emitted.timestamp + TAKEN_S}"
        )
        books.violated("INV-FINAL", emitted, detail)
    request.status, request.cancellable_from = RedemptionStatus.TAKEN, event.cancellable_from
    return ()


@_handles(events.RedemptionCompleted)
def _redemption_completed(books: Books, emitted: Emitted, event: events.RedemptionCompleted) -> Postings:
    currency, issuance = _currency(books, emitted), books[IssuanceBooks]
    _pending(books, emitted, event, "completed").status = RedemptionStatus.COMPLETED
    left = issuance.quotas[currency, event.operator] + event.amount
    if left != event.quota_left:
        detail = f"redemption of {event.amount} leaves a quota of {left}, stated {event.quota_left}"
        books.violated("INV-RESERVE", emitted, detail)
    issuance.quotas[currency, event.operator] = left
    issuance.shift_position(currency, event.operator, -event.amount)
    books.stated_supply[currency] -= event.amount
    announce(books, emitted, Transfer(emitted.emitter, ZERO_ADDRESS, event.amount))
    return move(currency, event.amount, _held_for(event.redemption_id), (OWN, emitted.emitter))


@_handles(events.RedemptionRejected)
def _redemption_rejected(books: Books, emitted: Emitted, event: events.RedemptionRejected) -> Postings:
    _pending(books, emitted, event, "rejected").status = RedemptionStatus.REJECTED
    return _given_back(books, emitted, event)


@_handles(events.RedemptionCancelled)
def _redemption_cancelled(books: Books, emitted: Emitted, event: events.RedemptionCancelled) -> Postings:
    request = _pending(books, emitted, event, "cancelled")
    if emitted.timestamp < request.cancellable_from:
        detail = (
            f"redemption {event.redemption_id} was cancelled at {emitted.timestamp}, "
            f"before {request.cancellable_from}: its operator had taken it"
        )
        books.violated("INV-FINAL", emitted, detail)
    request.status = RedemptionStatus.CANCELLED
    return _given_back(books, emitted, event)


_Step = events.RedemptionTaken | events.RedemptionCompleted | events.RedemptionRejected | events.RedemptionCancelled
"""Events of a redemption after its request."""
_PENDING = (RedemptionStatus.REQUESTED, RedemptionStatus.TAKEN)


def _pending(books: Books, emitted: Emitted, event: _Step, verb: str) -> Redemption:
    """Return the redemption of an event; it must be pending and agree with its request."""
    key = _currency(books, emitted), event.redemption_id
    stated = (event.holder, event.operator, event.amount)
    request = books[IssuanceBooks].redemptions.get(key)
    if request is None:
        books.violated("INV-FINAL", emitted, f"redemption {event.redemption_id} was {verb}, but was not requested")
        request = books[IssuanceBooks].redemptions[key] = Redemption(*stated)
    elif request.status not in _PENDING:
        detail = f"redemption {event.redemption_id} was {verb}, but was {request.status.word}"
        books.violated("INV-FINAL", emitted, detail)
    if (request.holder, request.operator, request.amount) != stated:
        detail = f"redemption {event.redemption_id} was {verb} with other parties or units than it was requested with"
        books.violated("INV-REPLAY", emitted, detail)
    return request


def _given_back(
    books: Books, emitted: Emitted, event: events.RedemptionRejected | events.RedemptionCancelled
) -> Postings:
    desk = emitted.emitter
    announce(books, emitted, Transfer(desk, event.holder, event.amount), owed=True)
    return move(_currency(books, emitted), event.amount, _held_for(event.redemption_id), (OWN, desk))


def _currency(books: Books, emitted: Emitted) -> Address:
    """Return the currency of the desk that emitted an event; a KeyError where a desk did not."""
    return books.contracts[ISSUANCE_DESK][emitted.emitter].currency


def _held_for(redemption_id: int) -> tuple[Purpose, bytes]:
    return REDEMPTION, redemption_id.to_bytes(32, "big")
