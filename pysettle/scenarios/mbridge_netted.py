"""The pilot of mBridge in 2022, netted: its obligations wait at the clearing house, and a cycle a day settles them.

The seed draws the same obligations as for gross settlement. Our own count goes on as if they settled gross, since the
money that a bank has decides which bank pays next. A PvP is two halves of a pair. The cycles of all currencies that
are open close together, so that pairs between them settle.

In the pilot each bank pays the currency of its own country alone, so that the payments of a day never cancel each other
out. The foreign money that goes home at the end of the day does. The liquidity needed is therefore counted with it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from statistics import median_low

from pysettle.client.settlement.clearing import ClearingHouse
from pysettle.client.settlement.pairs import links_of, propose_sets, sets_of
from pysettle.client.settlement.proposals import Proposal
from pysettle.domain.settlement.calendars import common_opening
from pysettle.domain.settlement.clearing import BatchItem, half_id, pair_id, places_of
from pysettle.domain.settlement.clearing_events import BatchQueued
from pysettle.money import Currency
from pysettle.scenarios.borders import Bank, Borders, Side
from pysettle.scenarios.case import Expectation, Figure, Origin
from pysettle.scenarios.clearing import LENGTHS, MINUTE_S, Owed, liquidity_needed
from pysettle.scenarios.mbridge import ALL_CLOSED_S, DOLLAR, LAST_DAY, PHASES, Pilot, in_units, midnight
from pysettle.scenarios.orders import LEAD_S, Order, Orders
from pysettle.scenarios.rates import rates_at
from pysettle.values import DAY_S, HOUR_S, Address, Units

_CLOSES_S = 8 * HOUR_S + 50 * MINUTE_S
"""Second of a day in UTC at which the cycles close; the sets settle ten minutes later, when all systems are open."""
_MOST_DAYS_AFTER = 7
"""Days after the pilot in which the last obligations have to settle."""

_Held = Counter[tuple[Bank, Currency]]


class QueuedOrders(Orders):
    """The settlements of a case as obligations at the clearing house; `held` counts as if they settled gross."""

    def __init__(self, borders: Borders) -> None:
        """Have each central bank appoint the relayer as the operator of its cycles."""
        super().__init__(borders)
        self.house = ClearingHouse.of(borders.network)
        self.standing: _Held = Counter()
        """(bank, currency) -> units of its position, by our own count of cycles and clear-outs."""
        self.queued: dict[tuple[Address, int], int] = {}
        """(currency, header of a batch of one item) -> unix second at which it was queued."""
        self.times: list[int] = []
        """Seconds from the queueing of each obligation to its settlement."""
        self.moved = Fraction(0)
        """US dollars of the nets that moved."""
        self.cycles = self.obligations = 0
        self._free: _Held = Counter()
        self._credits: list[tuple[int, Side]] = []
        self._last = borders.now // DAY_S
        self._tokens = {borders.token(currency): currency for currency in borders.roles}
        self._holders = {bank.address: bank for bank in borders.banks}
        self._places: dict[tuple[Bank, Currency], int] = {}
        for currency, token in zip(borders.roles, self._tokens, strict=True):
            central_bank = borders.roles[currency].central_bank
            borders.network.send(self.house.set_operator(central_bank, token, borders.relayer.address))

    def fund(self, amounts: Mapping[Bank, Units]) -> None:
        """Issue its own currency to each bank, into its position; it reserves all of it before the next cycle."""
        super().fund(amounts)
        for bank, units in amounts.items():
            self.standing[bank, bank.home] += units
            self._free[bank, bank.home] += units

    def hand_in(self, sides: Sequence[Side], at: int, *, value_time: int = 0, customers: bytes = bytes(32)) -> int:
        """Have the debtor of each leg queue it; return the time from which it would settle gross."""
        assert not value_time
        assert not any(customers)
        borders = self.borders
        borders.wait_until(at)
        self._queue(sides, at)
        self.final.append(Order(tuple(sides), at))
        calendars = [borders.calendars[it.currency] for it in sides]
        due: int | None = at
        if not all(it.is_open(at) for it in calendars):
            due = common_opening(calendars, at + LEAD_S)
        assert due is not None
        for it in sides:
            self.held[it.debtor, it.currency] -= it.amount
            self._credits.append((due, it))
        return due

    def settle_due(self, until: int) -> None:
        """Count the credits of gross settlement by a time, and run the cycles whose time has come."""
        for day in range(self._last, until // DAY_S + 1):
            if day * DAY_S + _CLOSES_S <= until:
                self._last = day + 1
                self._run_cycles(day * DAY_S + _CLOSES_S)
        for due, it in self._credits:
            if due <= until:
                self.held[it.creditor, it.currency] += it.amount
        self._credits = [(due, it) for due, it in self._credits if due > until]

    def clear_out(self, above: Sequence[tuple[Bank, Currency]], limits: Mapping[Currency, int]) -> int:
        """Clear foreign positions above their limits; return how many are above them after it."""
        borders, wrong = self.borders, 0
        borders.clear_out(above)
        for bank, currency in above:
            excess, agent = self.standing[bank, currency] - limits[currency], borders.agent_of(bank, currency)
            self.standing[bank, currency] -= excess
            self.standing[agent, currency] += excess
            self._free[agent, currency] += excess
            wrong += self._units(bank, currency) > limits[currency]
        return wrong

    def conserved(self) -> Iterator[Expectation]:
        """Yield that all issued units of each currency are in the positions, as our own count has them."""
        for currency, units in self.issued.items():
            supply = self.borders.network.system(currency).token.total_supply()
            positions = {bank: self._units(bank, currency) for bank in self.borders.banks}
            differing = sum(held != self.standing[bank, currency] for bank, held in positions.items())
            expected = f"{currency.text(units)} in supply and in positions, 0 of them differ"
            actual = f"{currency.text(supply)} in supply and in positions, {differing} of them differ"
            if sum(positions.values()) != supply:
                actual = (
                    f"{currency.text(supply)} in supply, {currency.text(Units(sum(positions.values())))} in positions"
                )
            yield Expectation.equal(f"{currency.value} conserved", expected, actual)

    # Queues

    def _queue(self, sides: Sequence[Side], at: int) -> None:
        """Queue the legs: one obligation, or both halves of a pair."""
        items = [[BatchItem(self._number(it.creditor, it.currency), it.amount)] for it in sides]
        pair = bytes(32)
        if len(sides) > 1:
            pair = pair_id(*(self._half(side, item) for side, item in zip(sides, items, strict=True)))
        steps = [
            self.house.queue(
                side.debtor.key,
                self.borders.token(side.currency),
                item,
                jurisdiction=side.creditor.home.jurisdiction,
                pair=pair,
            )
            for side, item in zip(sides, items, strict=True)
        ]
        for receipt in self.borders.network.send(*steps):
            for event in self.house.said(receipt, BatchQueued):
                self.queued[event.currency, event.header] = at
                self.obligations += 1

    def _half(self, side: Side, items: Sequence[BatchItem]) -> bytes:
        return half_id(self.borders.token(side.currency), self._number(side.debtor, side.currency), items)

    def _number(self, bank: Bank, currency: Currency) -> int:
        """Return the number of a bank in a currency."""
        if (bank, currency) not in self._places:
            standing = self.borders.registry.participant(self.borders.token(currency), bank.address)
            self._places[bank, currency] = standing.index
        return self._places[bank, currency]

    def _units(self, bank: Bank, currency: Currency) -> Units:
        """Return the units of a position, reserved ones included, as the contract has it."""
        position = self.borders.positions.position(self.borders.token(currency), bank.address)
        return Units(position.available + position.reserved)

    # Cycles

    def _run_cycles(self, at: int) -> None:
        """Close the cycles of all currencies that are open and in which something waits; settle, and end them."""
        borders, house = self.borders, self.house
        waiting = {currency for currency, _ in self.queued}
        closing = [
            token for token, it in self._tokens.items() if token in waiting and borders.calendars[it].is_open(at)
        ]
        if not closing:
            return
        borders.wait_until(at - MINUTE_S)
        self._reserve(closing)
        borders.wait_until(at)
        borders.network.send(*(house.close_cycle(borders.relayer, it) for it in closing))
        borders.wait_until(at + 10 * MINUTE_S)
        proposals = propose_sets(borders.network, closing)
        if proposals:
            sets = sets_of(proposals)
            borders.network.send(house.settle_sets(borders.relayer, sets, links_of(sets)))
            self._count(proposals)
        borders.network.send(*(house.end_cycle(borders.relayer, it) for it in closing))
        self.cycles += len(closing)

    def _reserve(self, tokens: Sequence[Address]) -> None:
        """Have each bank reserve the money of its own country that it has free."""
        steps = []
        for (bank, currency), units in self._free.items():
            if units and self.borders.token(currency) in tokens:
                steps.append(self.borders.positions.reserve(bank.key, self.borders.token(currency), Units(units)))
                self._free[bank, currency] = 0
        self.borders.network.send(*steps)

    def _count(self, proposals: Mapping[Address, Proposal]) -> None:
        """Count what settled: the nets, and the times from queueing to settlement."""
        now = self.borders.chain.block().timestamp
        for token, proposal in proposals.items():
            currency = self._tokens[token]
            self.moved += rates_at(now).in_dollars(proposal.moved, currency)
            for account, units in proposal.nets.items():
                self.standing[self._holders[account], currency] += units
            for batch in proposal.batches:
                self.times += [now - self.queued.pop((token, batch.header.word)) for _ in places_of(batch.settled)]


class NettedPilot(Pilot):
    """The run of the pilot with cycles in place of gross settlement."""

    title = "mBridge pilot of 2022, netted"

    def __init__(self, seed: int) -> None:
        """Deploy the network, and draw the settlements."""
        super().__init__(seed)
        self.orders = self.queue = QueuedOrders(self.borders)
        self._returned: defaultdict[Currency, list[Owed]] = defaultdict(list)

    def run(self) -> None:
        """Run the three phases, and the cycles of the next days until nothing waits."""
        super().run()
        after = midnight(LAST_DAY) // DAY_S + 1
        for day in range(after, after + _MOST_DAYS_AFTER):
            if self.queue.queued:
                self.queue.settle_due((day + 1) * DAY_S - 1)
                self._end_day(day)

    def _end_day(self, day: int) -> None:
        """Count the clear-outs of gross settlement, and clear out what the cycles left above the limits."""
        at, borders = day * DAY_S + ALL_CLOSED_S, self.borders
        limits = {currency: it.day_end_limit for currency, it in self.terms.items()}
        for bank, currency in self._above(self.orders.held):
            excess, agent = self.orders.held[bank, currency] - limits[currency], borders.agent_of(bank, currency)
            self.orders.held[bank, currency] -= excess
            self.orders.held[agent, currency] += excess
            self._returned[currency].append(Owed(at, bank, agent, Units(excess)))
        if above := self._above(self.queue.standing):
            borders.wait_until(at)
            self.above_policy += self.queue.clear_out(above, limits)
            self.clear_outs += len(above)

    # The result

    def needed(self, cycle_s: int) -> Fraction:
        """Return the US dollars that all banks together need, at the rates of the last day.

        Foreign money above its limit goes home at the end of each day. A cycle in which that falls counts it too.

        Args:
            cycle_s: Length of a cycle, in seconds; zero for gross settlement.
        """
        owed = {currency: list(self._returned[currency]) for joining in PHASES for currency in joining}
        for order in self.orders.final:
            for it in order.sides:
                owed[it.currency].append(Owed(order.handed_in, it.debtor, it.creditor, it.amount))
        rates = rates_at(midnight(LAST_DAY))
        return sum(
            (
                rates.in_dollars(liquidity_needed(sorted(found, key=lambda it: it.at), cycle_s), currency)
                for currency, found in owed.items()
            ),
            Fraction(0),
        )

    @property
    def settled(self) -> int:
        """Payments and PvP of which nothing waits: each obligation that waits is one of its own, or half of one."""
        return len(self.orders.final) - len(self.queue.queued)

    def _computed(self) -> Iterator[Figure]:
        queue, computed = self.queue, Origin.COMPUTED
        yield Figure.of_count("obligations queued, a PvP as two", computed, queue.obligations)
        yield Figure.of_count("cycles", computed, queue.cycles)
        yield Figure.of_money("moved by them, at ECB rates", computed, in_units(queue.moved), DOLLAR)
        for name, seconds in (("median", median_low(queue.times)), ("longest", max(queue.times))):
            hours = f"{seconds // HOUR_S} h {seconds % HOUR_S // MINUTE_S:02} min"
            yield Figure(f"from queueing to finality, {name}", computed, hours)
        for name, cycle_s in {"gross": 0, **{f"by cycles of {it}": length for it, length in LENGTHS.items()}}.items():
            yield Figure.of_money(f"liquidity needed {name}", computed, in_units(self.needed(cycle_s)), DOLLAR)
