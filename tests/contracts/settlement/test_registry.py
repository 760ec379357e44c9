"""The ParticipantRegistry: institutions by currency, admitted and stopped by that currency's officers alone."""

from __future__ import annotations

import pytest

from pysettle.client.core.access import NetworkAccess, Role
from pysettle.domain.settlement.events import ParticipantAdmitted, StopsSet
from pysettle.domain.settlement.identifiers import Identity
from pysettle.errors import UsageError
from pysettle.errors import contracts as errors
from pysettle.money import Currency
from tests.contracts.banks import AGENT, BEIJING, GROUND, HKD_OFFICER, HONGKONG, JURISDICTIONS, Banks, identity_of
from tests.contracts.effects import refused

WRONG_LEIS = (
    "",
    "PYSETTLE00000000011",
    "PYSETTLE0000000001110",
    "PYSETTLE000000000112",
    "QYSETTLE000000000111",
    "pysettle000000000111",
    "PYSETTLE0000000001A1",
    "PYSETTLE 00000000111",
)
WRONG_BICS = (
    "",
    "HSBCHKH",
    "HSBCHKHHH",
    "HSBCHKHHHK",
    "HSBCHKHHHKHK",
    "HSBC1KHH",
    "hsbchkhh",
    "HSBCHKH-",
    "HSBCHKHHHK ",
)


def test_the_whole_effect_of_an_admission(banks: Banks) -> None:
    """The next number of the currency; a later admission changes the rest and keeps the number."""
    world, token, account = banks.world, banks.token().address, banks.world.address(AGENT)
    assert banks.registry.participant(token, account).index == 0
    (receipt,) = world.send(banks.admit(AGENT))
    lei, bic = identity_of(AGENT).words()
    admitted = ParticipantAdmitted(token, account, 3, JURISDICTIONS[AGENT], account, lei, bic)
    assert world.events(receipt) == [admitted]
    found = banks.registry.participant(token, account)
    assert (found.index, found.jurisdiction, found.settlement_agent) == (3, JURISDICTIONS[AGENT], account)
    assert (found.suspended, found.stopped, found.word) == (False, False, "active")
    world.send(banks.admit(AGENT, agent=BEIJING))
    again = banks.registry.participant(token, account)
    assert (again.index, again.settlement_agent) == (3, world.address(BEIJING))
    assert banks.registry._read("participantCount", token) == 3
    assert banks.registry._read("participantCount", banks.token(Currency.HKD).address) == 2
    assert list(banks.registry.admitted(token).values()) == [identity_of(it) for it in (BEIJING, HONGKONG, AGENT)]


def test_each_officer_has_power_in_its_own_currency_alone(banks: Banks) -> None:
    """Nobody else admits or stops: not another officer, not the same officer of another currency."""
    world, token, account = banks.world, banks.token().address, banks.world.address(BEIJING)
    words, agent = identity_of(BEIJING).words(), world.address(AGENT)
    for by in ("freezer", "administrator", "central bank", HKD_OFFICER, BEIJING):
        step = banks.registry._transaction(world[by], 250_000, "admit", token, account, words, 156, agent)
        refused(world, step, errors.CurrencyPowerMissing, currency=token, caller=world.address(by))
    for by in ("registrar", "administrator", "central bank", HKD_OFFICER, BEIJING):
        step = banks.registry.set_stops(world[by], token, account, suspended=True, stopped=False, ground=GROUND)
        refused(world, step, errors.CurrencyPowerMissing, currency=token, caller=world.address(by))
    nobody = world.address("stranger")
    step = banks.registry.set_stops(world["freezer"], nobody, account, suspended=True, stopped=False, ground=GROUND)
    refused(world, step, errors.CurrencyPowerMissing, currency=nobody, caller=world.address("freezer"))


def test_a_role_counts_as_the_authority_says_now(banks: Banks) -> None:
    """A role that is granted with a delay has no power here; one that is handed over has it at once."""
    world, token, account = banks.world, banks.token().address, banks.world.address(BEIJING)
    access: NetworkAccess = world.network.currencies[Currency.CNY].access
    world.send(
        access.offer(world["administrator"], Role.FREEZER, world.address("relayer"), 60),
        access.hand_over(world["freezer"], Role.FREEZER, world.address("stranger")),
    )
    world.send(access.accept(world["relayer"], Role.FREEZER), access.accept(world["stranger"], Role.FREEZER))
    for by in ("relayer", "freezer"):
        step = banks.registry.set_stops(world[by], token, account, suspended=True, stopped=False, ground=GROUND)
        refused(world, step, errors.CurrencyPowerMissing, currency=token, caller=world.address(by))
    step = banks.registry.set_stops(world["stranger"], token, account, suspended=True, stopped=False, ground=GROUND)
    world.send(step)
    assert banks.registry.participant(token, account).suspended


def test_wrong_names_are_refused_by_contract_and_client(banks: Banks) -> None:
    """The same LEIs and BICs are wrong to both."""
    world, token, account = banks.world, banks.token().address, banks.world.address(AGENT)
    right = identity_of(AGENT)
    wrong = [(Identity(lei, right.bic), errors.LeiInvalid, "lei", 0) for lei in WRONG_LEIS]
    wrong += [(Identity(right.lei, bic), errors.BicInvalid, "bic", 1) for bic in WRONG_BICS]
    for identity, error, name, place in wrong:
        with pytest.raises(UsageError):
            identity.check()
        step = banks.registry.admit(world["registrar"], token, account, identity, 156, account)
        refused(world, step, error, **{name: identity.words()[place]})
    right.check()
    long = right.words()[0][:20] + b"\0" * 11 + b"1"
    words = (long, right.words()[1])
    step = banks.registry._transaction(world["registrar"], 250_000, "admit", token, account, words, 156, account)
    refused(world, step, errors.LeiInvalid, lei=long)


def test_other_refusals_of_an_admission(banks: Banks) -> None:
    """A jurisdiction that cannot be, no settlement agent, and an account that nobody could freeze or seize."""
    world, token, account = banks.world, banks.token().address, banks.world.address(AGENT)
    registrar, names = world["registrar"], identity_of(AGENT)
    for jurisdiction in (0, 1_000):
        step = banks.registry.admit(registrar, token, account, names, jurisdiction, account)
        refused(world, step, errors.JurisdictionInvalid, jurisdiction=jurisdiction)
    step = banks.registry.admit(registrar, token, account, names, 156, bytes(20))
    refused(world, step, errors.SettlementAgentMissing, account=account)
    for protected in (banks.liquidity.address, world.network.jobs.address, bytes(20)):
        step = banks.registry.admit(registrar, token, protected, names, 156, account)
        refused(world, step, errors.SettlementAccountProtected, account=protected)


def test_the_whole_effect_of_stops(banks: Banks) -> None:
    """Both are set, in this currency and for this bank alone; both false lifts them."""
    world, token, account = banks.world, banks.token().address, banks.world.address(BEIJING)
    for suspended, stopped, word in ((True, False, "suspended"), (True, True, "stopped"), (False, False, "active")):
        (receipt,) = world.send(banks.stops(BEIJING, suspended=suspended, stopped=stopped))
        assert world.events(receipt) == [StopsSet(token, account, suspended, stopped, GROUND)]
        found = banks.registry.participant(token, account)
        assert (found.suspended, found.stopped, found.word) == (suspended, stopped, word)
        assert banks.registry.participant(token, world.address(HONGKONG)).word == "active"
        assert banks.registry.participant(banks.token(Currency.HKD).address, account).word == "active"


def test_the_end_of_a_stop_leaves_the_stops_of_others(banks: Banks) -> None:
    """Both banks share a word of stops, and the end of one stop changes its own bit alone."""
    world, token = banks.world, banks.token().address
    world.send(*(banks.stops(it, suspended=True, stopped=True) for it in (BEIJING, HONGKONG)), banks.stops(BEIJING))
    words = [banks.registry.participant(token, world.address(it)).word for it in (BEIJING, HONGKONG)]
    assert words == ["active", "stopped"]


def test_refusals_of_stops(banks: Banks) -> None:
    """An account that was not admitted, and a stop or its end without a ground."""
    world, token = banks.world, banks.token().address
    stranger, account = world.address("stranger"), world.address(BEIJING)
    refused(world, banks.stops("stranger", stopped=True), errors.ParticipantNotFound, currency=token, account=stranger)
    for stopped in (True, False):
        step = banks.registry.set_stops(
            world["freezer"], token, account, suspended=False, stopped=stopped, ground=bytes(32)
        )
        refused(world, step, errors.StopWithoutGround, currency=token, account=account)
