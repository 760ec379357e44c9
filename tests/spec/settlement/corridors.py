"""Corridors, from the manual `contracts/settlement/ICorridors.sol`; for currencies whose central banks are given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from eth_typing import Address

from pysettle.domain.settlement.clearing_events import BatchAdmitted, BatchReleased
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
from pysettle.domain.settlement.corridors import NO_TERMS, Corridor, CorridorTerms, TravelPayload
from pysettle.domain.settlement.events import PositionMoved
from pysettle.errors import contracts as errors
from pysettle.values import Units
from tests.spec.core.calls import Call, Contract, Events, refuse
from tests.spec.core.records import NOTHING
from tests.spec.settlement.records import Member

DAY = 86_400
MOST_DAYS = 64
Leg = tuple[int, Address, Address, Address, int]
"""Kind (zero between positions), currency, debtor, creditor, units."""


@dataclass(slots=True)
class Way:
    """A corridor."""

    terms: CorridorTerms = NO_TERMS
    counter: Address | None = None
    revision: int = 0
    is_open: bool = False
    consents: dict[Address, tuple[int, Corridor, CorridorTerms]] = field(default_factory=dict)


@dataclass(slots=True)
class Times:
    """The opening hours of a currency: (opens, closes) in minutes by weekday and for a worked weekend; its offset."""

    week: Sequence[tuple[int, int]] = ()
    offset: int = 0
    changed: set[int] = field(default_factory=set)

    def span(self, day: int) -> tuple[int, int] | None:
        """Return the seconds of UTC in which a day of the currency is open."""
        opens, closes = self.week[(day + 3) % 7]
        if day in self.changed:
            opens, closes = (0, 0) if closes else self.week[7]
        begin = day * DAY - self.offset * 60
        return (begin + opens * 60, begin + closes * 60) if closes else None

    def spans(self, time: int, days: int) -> list[tuple[int, int]]:
        """Return the spans of the days from the one of a time on."""
        today = (time + self.offset * 60) // DAY
        return [span for day in range(today, today + days) if (span := self.span(day))]

    def is_open(self, time: int) -> bool:
        """Whether the currency is open."""
        return not self.week or any(opens <= time < closes for opens, closes in self.spans(time, 1))


class CorridorsSpec(Contract):
    """Every corridor of a layer."""

    def __init__(
        self,
        address: Address,
        liquidity: Address,
        central_banks: Mapping[Address, Address],
        homes: Mapping[int, Address],
        members: Mapping[tuple[Address, Address], Member],
        identify: Mapping[tuple[int, int, Address], bytes],
        movers: Sequence[Address],
        events: Events | None = None,
    ) -> None:
        """Begin without any.

        Args:
            address: Address of the contract.
            liquidity: Address of the liquidity accounts.
            central_banks: Currency -> its central bank.
            homes: Jurisdiction -> its home currency.
            members: (currency, account) -> the participant.
            identify: Jurisdictions and currency -> id of the corridor, as the contract hashes them.
            movers: Accounts that may admit.
            events: Where events go; None for a list of its own.
        """
        super().__init__(address, [] if events is None else events)
        self._liquidity, self._movers = liquidity, movers
        self._banks, self._homes, self._members, self._ids = central_banks, homes, members, identify
        self.ways: defaultdict[bytes, Way] = defaultdict(Way)
        self.used: defaultdict[tuple[bytes, Address], list[tuple[int, int]]] = defaultdict(list)
        self.times: defaultdict[Address, Times] = defaultdict(Times)
        self.signed: dict[tuple[object, ...], bool] = {}
        self.available: defaultdict[tuple[Address, Address], int] = defaultdict(int)

    # Central bank

    def agree(self, call: Call, corridor: Corridor, terms: CorridorTerms, as_currency: Address) -> None:
        """Agree to terms."""
        identifier, way = self._of_central_bank(call, corridor, as_currency)
        if not terms.window_s or terms.settlement_limit > terms.window_limit:
            limits = {"settlementLimit": terms.settlement_limit, "windowLimit": terms.window_limit}
            refuse(errors.CorridorTermsInvalid, **limits, window=terms.window_s)
        wanted = (way.revision + 1, corridor, terms)
        (other,) = {corridor.currency, corridor.counter_currency} - {as_currency}
        if way.consents.get(other) != wanted:
            way.consents[as_currency] = wanted
            return self._emit(CorridorProposed(identifier, as_currency, way.revision + 1, corridor, terms))
        way.consents.clear()
        way.terms, way.counter, way.is_open = terms, corridor.counter_currency, True
        way.revision += 1
        return self._emit(CorridorRevised(identifier, as_currency, way.revision, corridor, terms))

    def close(self, call: Call, corridor: Corridor, as_currency: Address) -> None:
        """Close a corridor."""
        identifier, way = self._of_central_bank(call, corridor, as_currency)
        way.is_open = False
        way.revision += 1
        self._emit(CorridorClosed(identifier, as_currency, way.revision))

    def set_week(self, call: Call, currency: Address, word: int, times: Times) -> None:
        """Set opening hours: the word of the contract, and their meaning."""
        self._require_central_bank(call, currency)
        if times.week and not any(closes for _, closes in times.week[:7]):
            refuse(errors.WeekInvalid, currency=currency)
        self.times[currency].week, self.times[currency].offset = times.week, times.offset
        self._emit(WeekSet(currency, word))

    def set_days(self, call: Call, currency: Address, place: int, bitmap: int) -> None:
        """Set 256 days."""
        self._require_central_bank(call, currency)
        changed = self.times[currency].changed
        for bit in range(256):
            (changed.add if bitmap >> bit & 1 else changed.discard)(256 * place + bit)
        self._emit(DaysSet(currency, place, bitmap))

    # Contracts that settle

    def admit(self, call: Call, legs: Sequence[Leg], payload: bytes, due: int) -> int:
        """Admit legs; return the time at which they settle."""
        self._require_mover(call)
        for identifier, leg in (crossing := self._crossing(legs)):
            if due <= call.now:
                self.require_open(call, [leg])
            self._admit(call, identifier, leg, payload)
        return self.next_opening([leg[1] for _, leg in crossing], due) if due > call.now else due

    def require_open(self, call: Call, legs: Sequence[Leg]) -> None:
        """Require that the currency of each leg that crosses a border is open."""
        for _, (_, currency, *_) in self._crossing(legs):
            if not self.times[currency].is_open(call.now):
                refuse(errors.CurrencyClosed, currency=currency, time=call.now)

    def release(self, call: Call, legs: Sequence[Leg], payload: bytes, admitted_at: int) -> None:
        """Give legs back."""
        self._require_mover(call)
        for identifier, (_, currency, debtor, creditor, amount) in self._crossing(legs):
            units = self._discount(call, identifier, debtor, amount, admitted_at)
            self._free_payload((debtor, creditor, currency, amount, payload))
            self._emit(CrossingReleased(identifier, debtor, creditor, Units(amount), units, payload))

    def admit_batch(self, call: Call, identifier: bytes, payload: bytes, owed: Sequence[Leg]) -> None:
        """Admit a batch: the obligations of one debtor in one currency to creditors of one jurisdiction."""
        self._require_mover(call)
        debtor, total = owed[0][2], sum(leg[4] for leg in owed)
        terms = self._terms(identifier, debtor, max(leg[4] for leg in owed))
        for _, currency, _, creditor, amount in owed:
            self._use_payload(identifier, terms, (debtor, creditor, currency, amount, payload))
        self.used[identifier, debtor] = self._counted(call, identifier, owed[0][1], debtor, total)
        units = Units(self.units(identifier, debtor))
        self._emit(BatchAdmitted(identifier, debtor, Units(total), units, payload))

    def release_batch(
        self, call: Call, identifier: bytes, payload: bytes, owed: Sequence[Leg], admitted_at: int
    ) -> None:
        """Give obligations of a batch back."""
        self._require_mover(call)
        debtor, total = owed[0][2], sum(leg[4] for leg in owed)
        for _, currency, _, creditor, amount in owed:
            if payload != NOTHING:
                self._free_payload((debtor, creditor, currency, amount, payload))
        units = self._discount(call, identifier, debtor, total, admitted_at)
        self._emit(BatchReleased(identifier, debtor, Units(total), units, payload))

    # Anyone

    def sign_payload(self, call: Call, statement: TravelPayload, digest: bytes, signers: Sequence[Address]) -> None:
        """Store a statement that these accounts signed."""
        if statement.fields() in self.signed:
            refuse(errors.TravelPayloadKnown, digest=digest)
        for named, signer in zip((statement.debtor, statement.creditor), signers, strict=True):
            if named != signer:
                refuse(errors.TravelSignatureInvalid, signer=named, digest=digest)
        self.signed[statement.fields()] = True
        self._emit(TravelPayloadSigned(digest, *statement.fields()))

    def clear_out(self, call: Call, from_: int, to: int, currency: Address, account: Address) -> None:
        """Clear a position out."""
        if self.times[currency].is_open(call.now):
            refuse(errors.CurrencyStillOpen, currency=currency, time=call.now)
        member = self._members.get((currency, account))
        jurisdiction = member.jurisdiction if member else 0
        if member is None or jurisdiction != to:
            named = {"account": account, "jurisdiction": jurisdiction, "expected": to}
            refuse(errors.ParticipantOfOtherJurisdiction, **named)
        assert member is not None
        identifier, agent = self._ids[from_, to, currency], member.settlement_agent
        if self.ways[identifier].counter is None:
            refuse(errors.CorridorNotOpen, id=identifier)
        units, limit = self.held(currency, account), self.ways[identifier].terms.day_end_limit
        if units <= limit or agent == account:
            refuse(errors.NothingToClear, account=account, units=units, limit=limit)
        excess = Units(units - limit)
        self._emit(ClearedOut(identifier, account, agent, excess))
        self._clear(call, currency, account, agent, excess)

    # Positions

    def held(self, currency: Address, account: Address) -> int:
        """Return the available and reserved units of a position."""
        return self.available[currency, account]

    def _clear(self, call: Call, currency: Address, account: Address, agent: Address, excess: Units) -> None:
        if (currency, agent) not in self._members:
            refuse(errors.ParticipantNotFound, currency=currency, account=agent)
        self.available[currency, account] -= excess
        self.available[currency, agent] += excess
        stands = (Units(self.available[currency, it]) for it in (account, agent))
        self.events.append((self._liquidity, PositionMoved(currency, account, agent, excess, *stands)))

    # Views

    def units(self, identifier: bytes, debtor: Address) -> int:
        """Return the units of a debtor in its last window."""
        return sum(units for _, units in self.used[identifier, debtor])

    def next_opening(self, currencies: Sequence[Address], time: int) -> int:
        """Return the first time at which all are open: the time itself, or one at which some currency opens."""
        last = time + MOST_DAYS * DAY
        moments = {time}
        for currency in currencies:
            if self.times[currency].week:
                moments.update(opens for opens, _ in self.times[currency].spans(time, MOST_DAYS + 2))
        for moment in sorted(it for it in moments if time <= it <= last):
            if all(self.times[currency].is_open(moment) for currency in currencies):
                return moment
        return refuse(errors.NoCommonOpening, time=time)

    # Changes

    def _admit(self, call: Call, identifier: bytes, leg: Leg, payload: bytes) -> None:
        _, currency, debtor, creditor, amount = leg
        terms = self._terms(identifier, debtor, amount)
        counted = self._counted(call, identifier, currency, debtor, amount)
        self._use_payload(identifier, terms, (debtor, creditor, currency, amount, payload))
        self.used[identifier, debtor] = counted
        units = Units(self.units(identifier, debtor))
        self._emit(CrossingAdmitted(identifier, debtor, creditor, Units(amount), units, payload))

    def _terms(self, identifier: bytes, debtor: Address, amount: int) -> CorridorTerms:
        """Return the terms of an open corridor, which lets an amount through."""
        way = self.ways[identifier]
        if not way.is_open:
            refuse(errors.CorridorNotOpen, id=identifier)
        limit = way.terms.settlement_limit
        if amount > limit:
            refuse(errors.SettlementLimitExceeded, id=identifier, debtor=debtor, requested=amount, limit=limit)
        return way.terms

    def _counted(
        self, call: Call, identifier: bytes, currency: Address, debtor: Address, amount: int
    ) -> list[tuple[int, int]]:
        """Return the admissions of a debtor in its window with one more."""
        terms = self.ways[identifier].terms
        local = call.now + (self.times[currency].offset * 60 if self.times[currency].week else 0)
        begin = call.now - local % terms.window_s
        counted = self.used[identifier, debtor]
        if not counted or counted[0][0] < begin:
            counted = []
        available = max(0, terms.window_limit - sum(units for _, units in counted))
        if amount > available:
            named = {"id": identifier, "debtor": debtor}
            refuse(errors.WindowLimitExceeded, **named, requested=amount, available=available)
        return [*counted, (call.now, amount)]

    def _discount(self, call: Call, identifier: bytes, debtor: Address, amount: int, admitted_at: int) -> Units:
        """Give units back to the window of a debtor that they were counted in; return those that are left in it."""
        counted = self.used[identifier, debtor]
        if counted and admitted_at >= counted[0][0]:
            counted.append((call.now, -min(amount, self.units(identifier, debtor))))
        return Units(self.units(identifier, debtor))

    def _use_payload(
        self, identifier: bytes, terms: CorridorTerms, statement: tuple[Address, Address, Address, int, bytes]
    ) -> None:
        """Use up the signed statement of a payment from the threshold on."""
        debtor, _, _, amount, _ = statement
        if amount < terms.travel_threshold:
            return
        if not self.signed.get(statement):
            named = {"id": identifier, "debtor": debtor, "amount": amount}
            refuse(errors.TravelPayloadUnsigned, **named, threshold=terms.travel_threshold)
        self.signed[statement] = False

    def _free_payload(self, statement: tuple[object, ...]) -> None:
        if self.signed.get(statement) is False:
            self.signed[statement] = True

    def _crossing(self, legs: Sequence[Leg]) -> list[tuple[bytes, Leg]]:
        """Return the legs that cross a border, with the ids of their corridors."""
        found = []
        for leg in legs:
            kind, currency, *parties, _ = leg
            ends = [member.jurisdiction if (member := self._members.get((currency, it))) else 0 for it in parties]
            if kind == 0 and ends[0] != ends[1]:
                found.append((self._ids[ends[0], ends[1], currency], leg))
        return found

    def _of_central_bank(self, call: Call, corridor: Corridor, as_currency: Address) -> tuple[bytes, Way]:
        self._require_pair(corridor)
        identifier = self._ids[corridor.debtor_jurisdiction, corridor.creditor_jurisdiction, corridor.currency]
        if as_currency not in (corridor.currency, corridor.counter_currency):
            refuse(errors.CurrencyNotOfCorridor, id=identifier, currency=as_currency)
        self._require_central_bank(call, as_currency)
        return identifier, self.ways[identifier]

    def _require_pair(self, corridor: Corridor) -> None:
        """Require two jurisdictions, and their home currencies in either order."""
        ends = corridor.debtor_jurisdiction, corridor.creditor_jurisdiction
        for jurisdiction in ends if ends[0] != ends[1] else ():
            if jurisdiction not in self._homes:
                refuse(errors.HomeCurrencyMissing, jurisdiction=jurisdiction)
        pair = [corridor.currency, corridor.counter_currency]
        if ends[0] == ends[1] or sorted(pair) != sorted(self._homes[it] for it in ends):
            named = {"debtorJurisdiction": ends[0], "creditorJurisdiction": ends[1]}
            currencies = {"currency": corridor.currency, "counterCurrency": corridor.counter_currency}
            refuse(errors.CorridorInvalid, **named, **currencies)

    def _require_central_bank(self, call: Call, currency: Address) -> None:
        if self._banks.get(currency) != call.sender:
            refuse(errors.CurrencyPowerMissing, currency=currency, caller=call.sender)

    def _require_mover(self, call: Call) -> None:
        if call.sender not in self._movers:
            refuse(errors.LiquidityMoverUnknown, caller=call.sender)
