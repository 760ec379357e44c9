"""The Corridors: revisions under two central banks, and calendars of each currency."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pysettle.client.core.access import Role
from pysettle.domain.settlement.calendars import CLOSED, DAYS_IN_WORD, Calendar, Hours, Week, common_opening, words_of
from pysettle.domain.settlement.corridor_events import (
    CorridorClosed,
    CorridorProposed,
    CorridorRevised,
    DaysSet,
    WeekSet,
)
from pysettle.domain.settlement.corridors import Corridor
from pysettle.errors import contracts as errors
from pysettle.money import Currency
from pysettle.values import DAY_S, Seconds, Units
from tests.chance import chance
from tests.contracts.banks import BEIJING, HKD_OFFICER, Banks
from tests.contracts.effects import refused
from tests.contracts.ways import OFFICE, TERMS, WEEK, Ways, ways_of

OTHER_TERMS = replace(TERMS, window_limit=Units(2 * TERMS.window_limit))


@pytest.fixture
def ways(banks: Banks) -> Ways:
    """Return the corridors of two banks, none of them open."""
    return ways_of(banks)


# -------------------------------------------------------------------------------------------- revisions


def test_the_whole_effect_of_a_revision(ways: Ways) -> None:
    """The first consent changes no terms; the second one opens the corridor."""
    way, world = ways.way(), ways.banks.world
    (receipt,) = world.send(ways.agree(Currency.CNY))
    assert world.events(receipt) == [CorridorProposed(way.id, way.currency, 1, way, TERMS)]
    assert ways.corridors.corridor(way.id).word == "without terms"
    assert [*ways.corridors.proposed(way)] == [way.currency]
    (receipt,) = world.send(ways.agree(Currency.HKD))
    assert world.events(receipt) == [CorridorRevised(way.id, way.counter_currency, 1, way, TERMS)]
    standing = ways.corridors.corridor(way.id)
    assert (standing.terms, standing.counter_currency) == (TERMS, way.counter_currency)
    assert (standing.revision, standing.word) == (1, "open")
    assert ways.corridors.known() == {way.id: way}
    assert ways.corridors._read("idOf", way.debtor_jurisdiction, way.creditor_jurisdiction, way.currency) == way.id
    assert ways.corridors.proposed(way) == {}
    assert ways.corridors._read("consent", way.id, way.currency) == bytes(32)
    assert ways.corridors.corridor(ways.way(Currency.HKD).id).word == "without terms"


def test_a_central_bank_alone_opens_no_corridor(ways: Ways) -> None:
    """Neither by a second consent of its own, nor by one for the other currency, nor by other terms."""
    way, world = ways.way(), ways.banks.world
    world.send(ways.agree(Currency.CNY), ways.agree(Currency.CNY))
    step = ways.agree(Currency.HKD, name=ways.bank(Currency.CNY))
    refused(
        world,
        step,
        errors.CurrencyPowerMissing,
        currency=way.counter_currency,
        caller=world.address(ways.bank(Currency.CNY)),
    )
    world.send(ways.agree(Currency.HKD, terms=OTHER_TERMS))
    assert ways.corridors.corridor(way.id).word == "without terms"
    # Each may follow the other one.
    world.send(ways.agree(Currency.CNY, terms=OTHER_TERMS))
    assert ways.corridors.corridor(way.id).terms == OTHER_TERMS


def test_a_consent_is_for_the_next_revision_alone(ways: Ways) -> None:
    """A consent from before a revision or a closing is void."""
    way, world = ways.open(), ways.banks.world
    world.send(ways.agree(Currency.CNY, terms=OTHER_TERMS))
    world.send(ways.corridors.close(world[HKD_OFFICER], way, way.counter_currency))
    world.send(ways.agree(Currency.HKD, terms=OTHER_TERMS))
    assert ways.corridors.corridor(way.id).word == "closed"
    world.send(ways.agree(Currency.CNY, terms=OTHER_TERMS))
    standing = ways.corridors.corridor(way.id)
    assert (standing.word, standing.terms, standing.revision) == ("open", OTHER_TERMS, 3)


@pytest.mark.parametrize("by", [Currency.CNY, Currency.HKD])
def test_either_central_bank_closes_alone(ways: Ways, by: Currency) -> None:
    """The terms stay, and nobody else closes."""
    way, world = ways.open(), ways.banks.world
    place = ways.banks.token(by).address
    for name in ("administrator", BEIJING, "stranger"):
        step = ways.corridors.close(world[name], way, place)
        refused(world, step, errors.CurrencyPowerMissing, currency=place, caller=world.address(name))
    (receipt,) = world.send(ways.corridors.close(world[ways.bank(by)], way, place))
    assert world.events(receipt) == [CorridorClosed(way.id, place, 2)]
    standing = ways.corridors.corridor(way.id)
    assert (standing.word, standing.terms, standing.revision) == ("closed", TERMS, 2)


def test_corridors_and_terms_that_cannot_be(ways: Ways) -> None:
    """One jurisdiction twice, one without a home currency, another pair, a currency outside the pair, wrong limits."""
    world, way, third = ways.banks.world, ways.way(), ways.banks.liquidity.address
    bank = world[ways.bank(Currency.CNY)]
    wrong = [
        replace(way, creditor_jurisdiction=way.debtor_jurisdiction),
        replace(way, creditor_jurisdiction=way.debtor_jurisdiction, counter_currency=way.currency),
        replace(way, counter_currency=way.currency),
        replace(way, currency=way.counter_currency),
        replace(way, counter_currency=third),
        replace(way, currency=third),
    ]
    for other in wrong:
        named = {
            "debtorJurisdiction": other.debtor_jurisdiction,
            "creditorJurisdiction": other.creditor_jurisdiction,
            "currency": other.currency,
            "counterCurrency": other.counter_currency,
        }
        refused(world, ways.agree(Currency.CNY, other), errors.CorridorInvalid, **named)
        refused(world, ways.corridors.close(bank, other, way.currency), errors.CorridorInvalid, **named)
    for jurisdiction in (0, 764, 1_000):
        for other in (replace(way, debtor_jurisdiction=jurisdiction), replace(way, creditor_jurisdiction=jurisdiction)):
            refused(world, ways.agree(Currency.CNY, other), errors.HomeCurrencyMissing, jurisdiction=jurisdiction)
    stranger = world.address("stranger")
    for step in (
        ways.corridors.agree(bank, way, TERMS, stranger),
        ways.corridors.close(bank, way, stranger),
    ):
        refused(world, step, errors.CurrencyNotOfCorridor, id=way.id, currency=stranger)
    for terms in (
        replace(TERMS, window_s=Seconds(0)),
        replace(TERMS, settlement_limit=Units(TERMS.window_limit + 1)),
    ):
        limits = {"settlementLimit": terms.settlement_limit, "windowLimit": terms.window_limit}
        step = ways.agree(Currency.CNY, terms=terms)
        refused(world, step, errors.CorridorTermsInvalid, **limits, window=terms.window_s)
    world.send(ways.agree(Currency.CNY, terms=replace(TERMS, settlement_limit=TERMS.window_limit)))


def test_a_pair_crosses_both_ways_in_either_currency(ways: Ways) -> None:
    """Both currencies of two jurisdictions have a corridor there and one back, and a third currency has none."""
    world, way, baht = ways.banks.world, ways.way(), ways.joined(764)
    back = replace(ways.way(Currency.HKD), currency=way.currency, counter_currency=way.counter_currency)
    for each in (back, ways.way(Currency.HKD)):
        world.send(*(ways.agree(by, each) for by in (Currency.CNY, Currency.HKD)))
        assert ways.corridors.corridor(each.id).word == "open"
    for counter in (way.counter_currency, baht):
        third = Corridor(344, 764, way.currency, counter)
        named = {"debtorJurisdiction": 344, "creditorJurisdiction": 764, "counterCurrency": counter}
        refused(world, ways.agree(Currency.CNY, third), errors.CorridorInvalid, **named, currency=way.currency)


# -------------------------------------------------------------------------------------------- calendars


def test_the_whole_effect_of_a_calendar(ways: Ways) -> None:
    """Week and days are those of one currency."""
    world, place = ways.banks.world, ways.banks.token().address
    (receipt,) = world.send(ways.week())
    assert world.events(receipt) == [WeekSet(place, WEEK.word())]
    day = world.now // DAY_S
    bitmap = 1 << day % DAYS_IN_WORD
    step = ways.corridors.set_days(world[ways.bank(Currency.CNY)], place, day // DAYS_IN_WORD, bitmap)
    (receipt,) = world.send(step)
    assert world.events(receipt) == [DaysSet(place, day // DAYS_IN_WORD, bitmap)]
    calendar = ways.corridors.calendar(place)
    assert (calendar.week, calendar.words) == (WEEK, {day // DAYS_IN_WORD: bitmap})
    assert ways.corridors.week(ways.banks.token(Currency.HKD).address) is None
    world.send(ways.week(week=None))
    assert ways.corridors.week(place) is None


def test_a_calendar_is_of_its_central_bank(ways: Ways) -> None:
    """No other officer of the currency sets it, and no central bank of another one."""
    world, place = ways.banks.world, ways.banks.token().address
    officers = {ways.banks.officer(role) for role in Role} - {"central bank"}
    for name in sorted({*officers, HKD_OFFICER, BEIJING} & set(world.actors)):
        for step in (
            ways.corridors.set_week(world[name], place, WEEK),
            ways.corridors.set_days(world[name], place, 80, 1),
        ):
            refused(world, step, errors.CurrencyPowerMissing, currency=place, caller=world.address(name))


def test_weeks_that_cannot_be(ways: Ways) -> None:
    """A day that closes before it opens, too late or at once, an offset of two days, a week that never opens."""
    world, place = ways.banks.world, ways.banks.token().address
    weeks = [
        replace(WEEK, days=(Hours(600, 540), *WEEK.days[1:])).word(),
        replace(WEEK, days=(Hours(540, 1_441), *WEEK.days[1:])).word(),
        replace(WEEK, days=(Hours(540, 540), *WEEK.days[1:])).word(),
        replace(WEEK, worked=Hours(600, 540)).word(),
        replace(WEEK, offset_minutes=1_441).word(),
        replace(WEEK, days=(CLOSED,) * 7).word(),
        WEEK.word() | 1 << 208,
    ]
    for week in weeks:
        step = ways.corridors._transaction(world["central bank"], 200_000, "setWeek", place, week)
        refused(world, step, errors.WeekInvalid, currency=place)
    for week in (replace(WEEK, worked=CLOSED, offset_minutes=-1_440), replace(WEEK, offset_minutes=1_440)):
        world.send(ways.week(week=week))
        assert ways.corridors.week(place) == week


def test_hours_are_those_of_the_calendar(ways: Ways) -> None:
    """Contract and domain agree on random times, weeks, holidays, worked weekends and offsets."""
    random, world = chance(7), ways.banks.world
    currencies = [ways.banks.token(it).address for it in (Currency.CNY, Currency.HKD)]
    for _ in range(4):
        calendars = []
        for currency in (Currency.CNY, Currency.HKD):
            days = tuple(random.choice((OFFICE, Hours(0, 1_440), Hours(600, 720), CLOSED)) for _ in range(7))
            offset = random.choice((-600, 0, 240, 480))
            week = Week((OFFICE, *days[1:]), Hours(540, 600), offset)
            today = world.now // DAY_S
            words = dict(words_of(today + random.randrange(-5, 40) for _ in range(12)))
            world.send(ways.week(currency, week))
            place, bank = ways.banks.token(currency).address, world[ways.bank(currency)]
            known = ways.corridors.calendar(place).words
            for number in {*known, *words}:
                world.send(ways.corridors.set_days(bank, place, number, words.get(number, 0)))
            calendars.append(Calendar(week, words))
        for _ in range(25):
            time = world.now + random.randrange(30 * DAY_S)
            for calendar, place in zip(calendars, currencies, strict=True):
                assert ways.corridors._read("isOpenAt", place, time) == calendar.is_open(time)
            expected = common_opening(calendars, time)
            if expected is not None:
                assert ways.corridors.next_opening(currencies, time) == expected


def test_currencies_that_are_never_open_together(ways: Ways) -> None:
    """The next opening is looked for within 64 days; without a currency it is now."""
    world = ways.banks.world
    early, late = Hours(0, 60), Hours(120, 180)
    for currency, hours in ((Currency.CNY, early), (Currency.HKD, late)):
        world.send(ways.week(currency, Week((hours,) * 7, CLOSED, 480)))
    currencies = [ways.banks.token(it).address for it in (Currency.CNY, Currency.HKD)]
    with pytest.raises(errors.NoCommonOpening) as caught:
        ways.corridors.next_opening(currencies, world.now)
    assert caught.value.args_by_name == {"time": world.now}
    assert ways.corridors.next_opening([], world.now) == world.now


def test_the_id_of_a_corridor_is_of_its_direction(ways: Ways) -> None:
    """The way back and each other currency are other corridors."""
    way = ways.way()
    back = Corridor(way.creditor_jurisdiction, way.debtor_jurisdiction, way.currency, way.counter_currency)
    assert len({way.id, back.id, replace(way, currency=way.counter_currency).id}) == 3
