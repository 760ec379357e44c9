"""Crossings of the Corridors: admitted within the limits of their debtor, given back, and cleared out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pysettle.domain.settlement.calendars import CLOSED, DAY_MINUTES, Hours, Week
from pysettle.domain.settlement.clearing_events import PositionReleased
from pysettle.domain.settlement.corridor_events import (
    ClearedOut,
    CrossingAdmitted,
    CrossingReleased,
    TravelPayloadSigned,
)
from pysettle.domain.settlement.events import PositionMoved
from pysettle.errors import contracts as errors
from pysettle.errors.states import LegKind, PayloadState
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency
from pysettle.values import DAY_S, Units
from tests.contracts.banks import AGENT, BEIJING, FUNDS, HONGKONG, Banks, effect_on
from tests.contracts.clearing import MINUTE, open_house
from tests.contracts.effects import ACCOUNT_1271, at, deploy, refused
from tests.contracts.ways import NOTHING, PAYLOAD, TERMS, Counting, Ways, counting_of, leg_words, ways_of
from tests.contracts.world import YUAN


@pytest.fixture
def counting(banks: Banks) -> Counting:
    """Return such corridors beside those of the layer."""
    return counting_of(banks)


# -------------------------------------------------------------------------------------------- admissions


def test_the_whole_effect_of_an_admission_and_its_return(counting: Counting) -> None:
    """The leg counts to its debtor in this corridor; given back, it counts no more."""
    world, way = counting.banks.world, counting.way()
    leg = counting.leg(10 * YUAN)
    debtor, creditor = leg[2:4]
    (receipt,) = world.send(counting.admit(leg))
    assert world.events(receipt) == [CrossingAdmitted(way.id, debtor, creditor, 10 * YUAN, 10 * YUAN, NOTHING)]
    assert counting.corridors.used(way.id, debtor) == (10 * YUAN, counting.sealed_at)
    since = counting.sealed_at
    (receipt,) = world.send(counting.admit(counting.leg(5 * YUAN)))
    assert world.events(receipt) == [CrossingAdmitted(way.id, debtor, creditor, 5 * YUAN, 15 * YUAN, NOTHING)]
    (receipt,) = world.send(counting.release(leg, admitted_at=since))
    assert world.events(receipt) == [CrossingReleased(way.id, debtor, creditor, 10 * YUAN, 5 * YUAN, NOTHING)]
    assert counting.corridors.used(way.id, debtor) == (5 * YUAN, since)
    assert counting.used(HONGKONG) == 0


def test_legs_that_cross_no_border_are_left_out(counting: Counting) -> None:
    """Token legs, and legs between banks of one jurisdiction or of none."""
    world, leg = counting.banks.world, counting.leg(10 * YUAN)
    world.send(counting.banks.admit(AGENT))
    for other in (
        (LegKind.TOKEN, *leg[1:]),
        counting.leg(10 * YUAN, BEIJING, AGENT),
        counting.leg(10 * YUAN, "stranger", "relayer"),
    ):
        (receipt,) = world.send(counting.admit(other))
        assert receipt.logs == ()
        (receipt,) = world.send(counting.release(other, admitted_at=world.now))
        assert receipt.logs == ()
    back = counting.leg(10 * YUAN, HONGKONG, BEIJING)
    other_way = counting.corridors._read("idOf", 344, 156, back[1])
    refused(world, counting.admit(back), errors.CorridorNotOpen, id=other_way)


def test_limits(counting: Counting) -> None:
    """A leg is within the limit of a settlement, and all of a window within that of the debtor, to the unit."""
    world, way = counting.banks.world, counting.way()
    debtor = world.address(BEIJING)
    counting.open(travel_threshold=2**72 - 1)
    most = TERMS.settlement_limit
    figures = {"requested": most + 1, "limit": most}
    refused(
        world,
        counting.admit(counting.leg(most + 1)),
        errors.SettlementLimitExceeded,
        id=way.id,
        debtor=debtor,
        **figures,
    )
    world.send(counting.admit(counting.leg(most), counting.leg(most)))
    left = TERMS.window_limit - 2 * most
    figures = {"requested": left + 1, "available": left}
    refused(
        world, counting.admit(counting.leg(left + 1)), errors.WindowLimitExceeded, id=way.id, debtor=debtor, **figures
    )
    world.send(counting.admit(counting.leg(left)))
    refused(
        world,
        counting.admit(counting.leg(1)),
        errors.WindowLimitExceeded,
        id=way.id,
        debtor=debtor,
        requested=1,
        available=0,
    )
    counting.open(window_limit=most)
    step = counting.admit(counting.leg(1))
    refused(world, step, errors.WindowLimitExceeded, id=way.id, debtor=debtor, requested=1, available=0)


def test_a_window_is_a_day_of_the_currency(counting: Counting) -> None:
    """It ends at midnight of the time of the currency, and a leg of an ended window is given back to nobody."""
    world, leg = counting.banks.world, counting.leg(10 * YUAN)
    calendar = counting.week(week=replace(counting_week(), offset_minutes=480))
    world.send(calendar)
    midnight = (world.now + 8 * 3_600) // DAY_S * DAY_S + DAY_S - 8 * 3_600
    at(world, midnight - 1)
    world.send(counting.admit(leg))
    admitted_at = counting.sealed_at
    assert (admitted_at, counting.used()) == (midnight - 1, 10 * YUAN)
    at(world, midnight)
    world.send(counting.admit(counting.leg(3 * YUAN)))
    assert (counting.sealed_at, counting.used()) == (midnight, 3 * YUAN)
    world.send(counting.admit(counting.leg(YUAN)))
    world.send(counting.release(leg, admitted_at=admitted_at))
    assert counting.used() == 4 * YUAN


def test_who_fills_a_limit_and_cancels_holds_up_nobody(counting: Counting) -> None:
    """Limits are of each debtor: filled by one bank, and given back or not, another one has all of its own."""
    world = counting.banks.world
    counting.open(travel_threshold=2**72 - 1)
    most, left = TERMS.settlement_limit, TERMS.window_limit - 2 * TERMS.settlement_limit
    world.send(counting.banks.admit(AGENT))
    filled = counting.leg(most), counting.leg(most), counting.leg(left)
    for _ in range(3):
        world.send(counting.admit(*filled))
        others = counting.leg(most, AGENT), counting.leg(most, AGENT)
        world.send(counting.admit(*others))
        assert counting.used() == TERMS.window_limit
        now = counting.sealed_at
        world.send(counting.release(*filled, admitted_at=now), counting.release(*others, admitted_at=now))
        assert (counting.used(), counting.used(AGENT)) == (0, 0)


def test_a_closed_corridor_admits_nothing(counting: Counting) -> None:
    """Legs that were admitted before are given back as ever."""
    world, way, leg = counting.banks.world, counting.way(), counting.leg(10 * YUAN)
    world.send(counting.admit(leg))
    world.send(counting.corridors.close(world["central bank"], way, way.currency))
    refused(world, counting.admit(leg), errors.CorridorNotOpen, id=way.id)
    world.send(counting.release(leg, admitted_at=counting.sealed_at))
    assert counting.used() == 0


def test_only_contracts_that_move_positions_count(banks: Banks) -> None:
    """No account fills or empties the window of another one."""
    ways, world = ways_of(banks), banks.world
    ways.open()
    real = Counting(banks, ways.corridors, ways.payloads)
    relayer = world.address("relayer")
    for step in (real.admit(real.leg(1)), real.release(real.leg(1), admitted_at=world.now)):
        refused(world, step, errors.LiquidityMoverUnknown, caller=relayer)
    bank, other = world.address(BEIJING), world.address(HONGKONG)
    step = banks.liquidity._transaction(world["relayer"], 200_000, "move", banks.token().address, bank, other, 1)
    refused(world, step, errors.LiquidityMoverUnknown, caller=relayer)
    assert banks.liquidity._read("isMover", ways.corridors.address)
    assert not banks.liquidity._read("isMover", relayer)


# -------------------------------------------------------------------------------------------- hours


def counting_week() -> Week:
    """Return a week that is always open."""
    return Week((Hours(0, DAY_MINUTES),) * 7, CLOSED, 0)


def test_a_settlement_at_once_needs_its_currency_open(counting: Counting) -> None:
    """A later one moves to the next common opening."""
    world, place = counting.banks.world, counting.banks.token().address
    world.send(counting.week())
    saturday = (world.now // DAY_S // 7 * 7 + 9) * DAY_S
    at(world, saturday)
    step = counting.admit(counting.leg(YUAN))
    refused(world, step, errors.CurrencyClosed, currency=place, time=world.now)
    check = counting.corridors.interface.encode("checkOpen", leg_words(counting.leg(YUAN)), [counting.way().id])
    with pytest.raises(errors.CurrencyClosed):
        counting.corridors._sender.call(counting.corridors.address, counting.corridors.interface, check)
    monday = saturday + 2 * DAY_S + 3_600
    assert counting.corridors.next_opening([place], saturday) == monday
    world.send(counting.admit(counting.leg(YUAN), due=saturday + 3_600))
    at(world, monday)
    world.send(counting.admit(counting.leg(YUAN)))
    counting.corridors._sender.call(counting.corridors.address, counting.corridors.interface, check)


def test_a_settlement_that_would_never_come_is_refused(counting: Counting) -> None:
    """Its currencies have no common opening within 64 days."""
    world, due = counting.banks.world, counting.banks.world.now + DAY_S
    for currency, hours in ((Currency.CNY, Hours(0, 60)), (Currency.HKD, Hours(120, 180))):
        world.send(counting.week(currency, Week((hours,) * 7, CLOSED, 480)))
    counting.open(Currency.HKD)
    hkd = counting.banks.token(Currency.HKD).address
    back = (LegKind.POSITION, hkd, world.address(HONGKONG), world.address(BEIJING), YUAN)
    step = counting.admit(counting.leg(YUAN), back, due=due)
    refused(world, step, errors.NoCommonOpening, time=due)


# -------------------------------------------------------------------------------------------- Travel Rule


def test_both_institutions_sign_a_payload_first(counting: Counting) -> None:
    """From the threshold on a leg needs a statement of both, for one payment that settles."""
    world, way, amount = counting.banks.world, counting.way(), TERMS.travel_threshold
    leg, statement = counting.leg(amount), counting.statement(amount)
    payload, digest = statement.payload, statement.digest(counting.corridors.domain)
    named = {"id": way.id, "debtor": statement.debtor, "amount": amount, "threshold": amount}
    refused(world, counting.admit(leg), errors.TravelPayloadUnsigned, **named)
    refused(world, counting.admit(leg, payload=payload), errors.TravelPayloadUnsigned, **named)
    (receipt,) = world.send(counting.sign(statement))
    fields = (statement.debtor, statement.creditor, statement.currency, amount, payload)
    assert world.events(receipt) == [TravelPayloadSigned(digest, *fields)]
    assert counting.corridors._read("digestOf", statement.fields()) == digest
    assert counting.corridors.payload_state(statement) is PayloadState.SIGNED
    world.send(counting.admit(leg, payload=payload))
    admitted_at = counting.sealed_at
    assert counting.corridors.payload_state(statement) is PayloadState.USED
    refused(world, counting.admit(leg, payload=payload), errors.TravelPayloadUnsigned, **named)
    world.send(counting.release(leg, payload=payload, admitted_at=admitted_at))
    assert counting.corridors.payload_state(statement) is PayloadState.SIGNED
    world.send(counting.admit(leg, payload=payload))
    world.send(counting.admit(counting.leg(amount - 1)))


def test_a_statement_is_of_its_institutions(counting: Counting) -> None:
    """A stranger signs for nobody, a signature serves one statement, and nobody stores a statement twice."""
    world, statement = counting.banks.world, counting.statement(TERMS.travel_threshold)
    digest = statement.digest(counting.corridors.domain)
    for names, signer in (
        (("stranger", HONGKONG), statement.debtor),
        ((BEIJING, "stranger"), statement.creditor),
        ((HONGKONG, BEIJING), statement.debtor),
    ):
        step = counting.sign(statement, *names)
        refused(world, step, errors.TravelSignatureInvalid, signer=signer, digest=digest)
    other = replace(statement, payload=PAYLOAD)
    signed = [world[name].sign(digest) for name in (BEIJING, HONGKONG)]
    step = counting.corridors.sign_payload(world["stranger"], other, *signed)
    wrong = other.digest(counting.corridors.domain)
    refused(world, step, errors.TravelSignatureInvalid, signer=other.debtor, digest=wrong)
    world.send(counting.sign(statement))
    refused(world, counting.sign(statement), errors.TravelPayloadKnown, digest=digest)


def test_a_contract_signs_and_changes_its_mind(counting: Counting) -> None:
    """An ERC-1271 account signs as a key does; after the statement is stored, a change of its mind has no effect."""
    world, amount = counting.banks.world, TERMS.travel_threshold
    account = deploy(world, ACCOUNT_1271)
    statement = replace(counting.statement(amount), creditor=account)
    digest, word = statement.digest(counting.corridors.domain), b"\1" * 32
    signed = world[BEIJING].sign(digest), word
    step = counting.corridors.sign_payload(world["stranger"], statement, *signed)
    refused(world, step, errors.TravelSignatureInvalid, signer=account, digest=digest)

    def approve(answer: bytes) -> Transaction:
        return Transaction(world["stranger"], account, digest + answer, 100_000, counting.corridors.interface)

    world.send(approve(word))
    world.send(step, approve(bytes(32)))
    assert counting.corridors.payload_state(statement) is PayloadState.SIGNED


# -------------------------------------------------------------------------------------------- clear-outs


def evening(ways: Ways) -> None:
    """Go to a time after the closing of e-CNY, in which both banks have positions and the agent is admitted."""
    world = ways.banks.world
    world.send(ways.banks.admit(AGENT), ways.week())
    at(world, world.now // DAY_S * DAY_S + DAY_S + 12 * 3_600)


def test_the_whole_effect_of_a_clear_out(banks: Banks) -> None:
    """The part above the limit goes to the settlement agent, and exactly the limit stays."""
    ways, world = ways_of(banks), banks.world
    way, account, agent = ways.open(), world.address(HONGKONG), world.address(AGENT)
    evening(ways)
    excess = FUNDS // 2 - TERMS.day_end_limit
    with effect_on(banks) as change:
        (receipt,) = world.send(ways.clear_out(account))
    assert change == {"position CNY other buyer": -excess, "position CNY provider": excess}
    assert world.events(receipt) == [
        ClearedOut(way.id, account, agent, excess),
        PositionMoved(way.currency, account, agent, excess, TERMS.day_end_limit, excess),
    ]
    figures = {"units": TERMS.day_end_limit, "limit": TERMS.day_end_limit}
    refused(world, ways.clear_out(account), errors.NothingToClear, account=account, **figures)


def test_reserved_units_do_not_escape_the_limit(banks: Banks) -> None:
    """Reserved units count, and go after the available ones; a closed cycle keeps them until its end."""
    ways, world, units = ways_of(banks), banks.world, TERMS.day_end_limit
    way, account, agent = ways.open(), world.address(HONGKONG), world.address(AGENT)
    evening(ways)
    house, available = open_house(banks), 20 * YUAN
    house.send(house.reserve(HONGKONG, (FUNDS // 2 - available) // YUAN), house.close())
    latest = house.contract.cycle(way.currency).since + 60 * MINUTE
    house.refuse(ways.clear_out(account), errors.CycleStillClosed, cycle=1, latest=latest)
    house.send(house.end())
    excess = FUNDS // 2 - units
    assert house.send(ways.clear_out(account)) == [
        ClearedOut(way.id, account, agent, excess),
        PositionReleased(way.currency, account, Units(excess - available), excess, units),
        PositionMoved(way.currency, account, agent, excess, Units(0), excess),
    ]
    refused(world, ways.clear_out(account), errors.NothingToClear, account=account, units=units, limit=units)


def test_when_nobody_clears_out(banks: Banks) -> None:
    """In opening hours, without terms, of a domestic bank, and where bank and agent are the same."""
    ways, world = ways_of(banks), banks.world
    way, account = ways.way(), world.address(HONGKONG)
    refused(world, ways.clear_out(account), errors.CurrencyStillOpen, currency=way.currency, time=world.now)
    evening(ways)
    refused(world, ways.clear_out(account), errors.CorridorNotOpen, id=way.id)
    ways.open()
    bank = world.address(BEIJING)
    step = ways.clear_out(bank)
    refused(world, step, errors.ParticipantOfOtherJurisdiction, account=bank, jurisdiction=156, expected=344)
    world.send(banks.admit(HONGKONG, agent=HONGKONG))
    figures = {"units": FUNDS // 2, "limit": TERMS.day_end_limit}
    refused(world, ways.clear_out(account), errors.NothingToClear, account=account, **figures)


def test_a_clear_out_reaches_nothing_that_is_held(banks: Banks) -> None:
    """Stops, freezes and pauses hold it up as they hold up every move; a closed corridor does not."""
    ways, world = ways_of(banks), banks.world
    way, account, agent = ways.open(), world.address(HONGKONG), world.address(AGENT)
    evening(ways)
    token, it, freezer = banks.token().address, banks.liquidity, world["freezer"]

    def held(error: type, *, by: Transaction, end: Transaction, **named: object) -> None:
        world.send(by)
        refused(world, ways.clear_out(account), error, **named)
        world.send(end)

    held(
        errors.ParticipantStopped,
        by=banks.stops(HONGKONG, stopped=True),
        end=banks.stops(HONGKONG),
        currency=token,
        account=account,
    )
    held(
        errors.ParticipantSuspended,
        by=banks.stops(AGENT, suspended=True),
        end=banks.stops(AGENT),
        currency=token,
        account=agent,
    )
    held(
        errors.LiquidityPaused,
        by=it.pause(world["pauser"], token),
        end=it.unpause(world["pauser"], token),
        currency=token,
    )
    held(
        errors.PositionFrozenOutgoing,
        by=it.freeze(freezer, token, account, outgoing=True, incoming=False),
        end=it.freeze(freezer, token, account, outgoing=False, incoming=False),
        currency=token,
        account=account,
    )
    held(
        errors.PositionFrozenIncoming,
        by=it.freeze(freezer, token, agent, outgoing=False, incoming=True),
        end=it.freeze(freezer, token, agent, outgoing=False, incoming=False),
        currency=token,
        account=agent,
    )
    excess = FUNDS // 2 - TERMS.day_end_limit
    held(
        errors.PositionAmountFrozen,
        by=it.freeze_amount(freezer, token, account, TERMS.day_end_limit + 1),
        end=it.freeze_amount(freezer, token, account, 0),
        token=token,
        account=account,
        requested=excess,
        available=excess - 1,
        frozen=TERMS.day_end_limit + 1,
    )
    world.send(ways.corridors.close(world["central bank"], way, way.currency))
    world.send(ways.clear_out(account))
    assert banks.available(HONGKONG) == TERMS.day_end_limit
