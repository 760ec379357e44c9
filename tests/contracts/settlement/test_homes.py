"""The home currencies: each jurisdiction has one, by the consent of all central banks, so that no false one is any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest

from pysettle.client.core.access import Role
from pysettle.client.deploying import create_contract
from pysettle.client.settlement.homes import HomeCurrencies
from pysettle.domain.settlement.corridor_events import CorridorRevised
from pysettle.domain.settlement.corridors import Corridor
from pysettle.domain.settlement.home_events import HomeCurrencyAgreed, HomeCurrencyProposed
from pysettle.errors import ContractReverted
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency
from pysettle.values import Address
from tests.chance import chance, rounds
from tests.contracts.banks import BEIJING, HKD_OFFICER, Banks, effect_on
from tests.contracts.effects import refused, restored
from tests.contracts.settlement.false_currency import FalseCurrency
from tests.contracts.ways import TERMS, Ways, ways_of
from tests.spec.core.calls import Call, Refusal
from tests.spec.settlement.homes import HomesSpec
from tests.stateful import logs

CNY, HKD = Currency.CNY, Currency.HKD
THAILAND, EMIRATES = 764, 784
STEPS = 100


@pytest.fixture
def ways(banks: Banks) -> Ways:
    """Return the corridors of two jurisdictions, whose currencies are the founding ones."""
    return ways_of(banks)


@pytest.fixture
def baht(ways: Ways) -> FalseCurrency:
    """Return a currency whose central bank is the relayer."""
    new = FalseCurrency(ways.banks.world)
    ways.banks.world.send(new.call("have", ways.banks.world.address("relayer")))
    return new


def own(ways: Ways, new: FalseCurrency, jurisdiction: int = THAILAND, by: str = "relayer") -> Transaction:
    """Return the consent of a new currency itself."""
    return ways.homes.agree_home(ways.banks.world[by], jurisdiction, new.address, new.address)


def is_home(ways: Ways, new: FalseCurrency) -> bool:
    """Whether a currency is a home currency."""
    return new.address in ways.homes.homes()


# --------------------------------------------------------------------------------------------- consents


def test_the_founding_home_currencies(ways: Ways) -> None:
    """They are those of the network when the layer was opened."""
    cny, hkd = (ways.banks.token(it).address for it in (CNY, HKD))
    assert ways.homes.homes() == {cny: 156, hkd: 344}
    assert [ways.homes.home_of(it) for it in (156, 344)] == [cny, hkd]
    with pytest.raises(errors.HomeCurrencyMissing) as missing:
        ways.homes.home_of(THAILAND)
    assert missing.value.args_by_name == {"jurisdiction": THAILAND}


def test_the_whole_effect_of_a_home_currency(ways: Ways, baht: FalseCurrency) -> None:
    """The last of all consents makes it one; from then on it is of a pair."""
    world, homes = ways.banks.world, ways.homes
    cny, hkd = (ways.banks.token(it).address for it in (CNY, HKD))
    way, named = Corridor(156, THAILAND, cny, baht.address), (THAILAND, baht.address)
    with effect_on(ways.banks) as change:
        for step, currency in ((ways.agree_home(CNY, *named), cny), (own(ways, baht), baht.address)):
            (receipt,) = world.send(step)
            assert world.events(receipt) == [HomeCurrencyProposed(*named, currency, 3)]
        assert homes.homes() == {cny: 156, hkd: 344}
        assert homes.proposed() == {named: [cny, baht.address]}
        refused(world, ways.agree(CNY, way), errors.HomeCurrencyMissing, jurisdiction=THAILAND)
        (receipt,) = world.send(ways.agree_home(HKD, *named))
        assert world.events(receipt) == [HomeCurrencyAgreed(*named, hkd, 3)]
    assert change == {}
    assert homes.homes() == {cny: 156, hkd: 344, baht.address: THAILAND}
    assert (homes.home_of(THAILAND), homes.proposed()) == (baht.address, {})
    world.send(ways.agree(CNY, way))
    (receipt,) = world.send(ways.corridors.agree(world["relayer"], way, TERMS, baht.address))
    assert world.events(receipt) == [CorridorRevised(way.id, baht.address, 1, way, TERMS)]


def test_the_order_of_consents_does_not_count(ways: Ways, baht: FalseCurrency) -> None:
    """Whoever is last makes it the home currency, and a consent that is given twice counts once."""
    world = ways.banks.world
    steps = [own(ways, baht), *(ways.agree_home(by, THAILAND, baht.address) for by in (CNY, HKD))]
    for first, second, last in permutations(steps):
        snapshot = world.chain.snapshot()
        world.send(first, second, second, first)
        assert not is_home(ways, baht)
        world.send(last)
        assert is_home(ways, baht)
        world.chain.revert(snapshot)


@pytest.mark.parametrize("other", ["e-CNY", "e-HKD", "new"])
def test_no_other_consent_counts(ways: Ways, baht: FalseCurrency, other: str) -> None:
    """Two consent to the same, the third to something else, whose hash is above or below: no home currency."""
    world, named = ways.banks.world, (THAILAND, baht.address)
    by: dict[str, Callable[[int], Transaction]] = {
        "e-CNY": lambda number: ways.agree_home(CNY, number, baht.address),
        "e-HKD": lambda number: ways.agree_home(HKD, number, baht.address),
        "new": lambda number: own(ways, baht, number),
    }
    agreed = by.pop(other)
    sides = set()
    for number in range(THAILAND + 1, THAILAND + 6):
        world.send(agreed(number), *(step(THAILAND) for step in by.values()))
        assert not is_home(ways, baht)
        assert len(ways.homes.proposed()[named]) == 2
        consents = [
            ways.homes._read("homeConsent", it.address) for it in (ways.banks.token(CNY), ways.banks.token(HKD), baht)
        ]
        (odd,) = (it for it in consents if consents.count(it) == 1)
        sides.add(odd > min(consents))
    assert sides == {True, False}
    world.send(agreed(THAILAND))
    assert is_home(ways, baht)


def test_refusals(ways: Ways, baht: FalseCurrency) -> None:
    """No number of a jurisdiction, one that has a home currency, a currency that is one, no vote, no central bank."""
    world, homes = ways.banks.world, ways.homes
    cny, hkd = (ways.banks.token(it).address for it in (CNY, HKD))
    for jurisdiction in (0, 1_000):
        step = ways.agree_home(CNY, jurisdiction, baht.address)
        refused(world, step, errors.JurisdictionInvalid, jurisdiction=jurisdiction)
    for jurisdiction, home in ((156, cny), (344, hkd)):
        step = ways.agree_home(CNY, jurisdiction, baht.address)
        refused(world, step, errors.HomeCurrencyKept, jurisdiction=jurisdiction, home=home)
        step = ways.agree_home(CNY, THAILAND, home)
        refused(world, step, errors.CurrencyOfOtherJurisdiction, currency=home, jurisdiction=jurisdiction)
    other = FalseCurrency(world)
    step = homes.agree_home(world["relayer"], THAILAND, baht.address, other.address)
    refused(world, step, errors.CurrencyWithoutVote, currency=other.address)
    officers = {ways.banks.officer(role) for role in Role} - {ways.bank(CNY)}
    for name in sorted({*officers, HKD_OFFICER, BEIJING, "relayer", "stranger"} & set(world.actors)):
        step = homes.agree_home(world[name], THAILAND, baht.address, cny)
        refused(world, step, errors.CurrencyPowerMissing, currency=cny, caller=world.address(name))
    stranger = world.address("stranger")
    step = homes.agree_home(world["stranger"], THAILAND, baht.address, baht.address)
    refused(world, step, errors.CurrencyPowerMissing, currency=baht.address, caller=stranger)
    step = homes.agree_home(world["stranger"], THAILAND, stranger, stranger)
    refused(world, step, errors.CurrencyPowerMissing, currency=stranger, caller=stranger)


def test_founding_home_currencies_that_cannot_be(ways: Ways) -> None:
    """The deployer names a jurisdiction and a currency once, and no number that cannot be."""
    cny, hkd = (ways.banks.token(it).address for it in (CNY, HKD))
    kept = {"jurisdiction": 156, "home": cny}
    cases: list[tuple[list[tuple[int, Address]], type[ContractReverted], dict[str, object]]] = [
        ([(0, cny)], errors.JurisdictionInvalid, {"jurisdiction": 0}),
        ([(1_000, cny)], errors.JurisdictionInvalid, {"jurisdiction": 1_000}),
        ([(156, cny), (156, hkd)], errors.HomeCurrencyKept, kept),
        ([(156, cny), (344, cny)], errors.CurrencyOfOtherJurisdiction, {"currency": cny, "jurisdiction": 156}),
    ]
    for founding, error, figures in cases:
        with pytest.raises(error) as caught:
            registry_of(ways, founding)
        assert caught.value.args_by_name == figures
    assert registry_of(ways, [(999, cny), (1, hkd)]).homes() == {cny: 999, hkd: 1}


def registry_of(ways: Ways, founding: list[tuple[int, Address]]) -> HomeCurrencies:
    """Deploy a registry beside that of the layer."""
    world = ways.banks.world
    sender, liquidity = world.network.sender, ways.banks.liquidity.address
    place = create_contract(sender, world["stranger"], "ParticipantRegistry", liquidity, tuple(founding))
    return HomeCurrencies(sender, place, first_block=world.chain.block().number)


# --------------------------------------------------------------------------------------------- thieves


@pytest.mark.parametrize("thief", [CNY, HKD])
def test_a_central_bank_alone_opens_no_corridor_with_a_false_currency(ways: Ways, thief: Currency) -> None:
    """Neither in place of the other central bank, nor to a jurisdiction that has no home currency yet."""
    world, way, corridors = ways.banks.world, ways.way(thief), ways.corridors
    bank, false = world[ways.bank(thief)], FalseCurrency(world)
    pair = replace(way, counter_currency=false.address)
    back = replace(pair, debtor_jurisdiction=way.creditor_jurisdiction, creditor_jurisdiction=way.debtor_jurisdiction)
    for each in (pair, back):
        named = {"debtorJurisdiction": each.debtor_jurisdiction, "creditorJurisdiction": each.creditor_jurisdiction}
        currencies = {"currency": way.currency, "counterCurrency": false.address}
        for place in (way.currency, false.address):
            refused(world, corridors.agree(bank, each, TERMS, place), errors.CorridorInvalid, **named, **currencies)
        assert corridors.corridor(each.id).word == "without terms"
    world.send(ways.agree_home(thief, THAILAND, false.address), own(ways, false, by="stranger"))
    assert not is_home(ways, false)
    third = replace(pair, creditor_jurisdiction=THAILAND)
    refused(world, corridors.agree(bank, third, TERMS, way.currency), errors.HomeCurrencyMissing, jurisdiction=THAILAND)


def test_a_false_currency_outvotes_nobody(ways: Ways) -> None:
    """A central bank with many false currencies, which agree to each other, makes none of them a home currency."""
    world = ways.banks.world
    crowd = [FalseCurrency(world) for _ in range(3)]
    for new, jurisdiction in zip(crowd, (THAILAND, EMIRATES, 702), strict=True):
        world.send(own(ways, new, jurisdiction, by="stranger"), ways.agree_home(HKD, jurisdiction, new.address))
        for other in crowd:
            if other is not new:
                step = ways.homes.agree_home(world["stranger"], jurisdiction, new.address, other.address)
                refused(world, step, errors.CurrencyWithoutVote, currency=other.address)
    assert not any(is_home(ways, it) for it in crowd)
    # One of them takes no number of a jurisdiction either: the right currency becomes its home currency.
    assert ways.joined(THAILAND) in ways.homes.homes()


def test_a_later_consent_replaces_an_earlier_one(ways: Ways, baht: FalseCurrency) -> None:
    """A central bank that agreed to a false currency leaves it by agreeing to another, whatever others do after."""
    world, false = ways.banks.world, FalseCurrency(ways.banks.world)
    world.send(*(ways.agree_home(CNY, THAILAND, it.address) for it in (false, baht)))
    world.send(ways.agree_home(HKD, THAILAND, false.address), own(ways, false, by="stranger"))
    assert not is_home(ways, false)
    world.send(own(ways, baht), ways.agree_home(HKD, THAILAND, baht.address))
    assert is_home(ways, baht)


def test_the_central_bank_of_each_home_currency_is_asked(ways: Ways, baht: FalseCurrency) -> None:
    """A consent from before another home currency is void, that of the new currency too; nobody leaves one out."""
    world, dirham = ways.banks.world, FalseCurrency(ways.banks.world)
    named, steps = (EMIRATES, dirham.address), (own(ways, baht), ways.agree_home(HKD, THAILAND, baht.address))
    world.send(own(ways, dirham, EMIRATES, by="stranger"), ways.agree_home(CNY, *named))
    world.send(ways.agree_home(CNY, THAILAND, baht.address), *steps)
    assert is_home(ways, baht)
    world.send(*(ways.agree_home(by, *named) for by in (CNY, HKD)))
    assert not is_home(ways, dirham)
    world.send(ways.homes.agree_home(world["relayer"], *named, baht.address))
    assert not is_home(ways, dirham)
    (receipt,) = world.send(own(ways, dirham, EMIRATES, by="stranger"))
    assert world.events(receipt) == [HomeCurrencyAgreed(*named, dirham.address, 4)]


def test_an_authority_that_calls_back_or_lies(ways: Ways, baht: FalseCurrency) -> None:
    """It is asked by calls that change nothing, and its word counts for its own currency alone."""
    world, homes = ways.banks.world, ways.homes
    inner = homes.interface.encode("agreeHome", EMIRATES, baht.address, baht.address)
    world.send(baht.call("callBack", homes.address, inner), baht.call("callWhenAsked"))
    (receipt,) = world.send(own(ways, baht))
    assert world.events(receipt) == [HomeCurrencyProposed(THAILAND, baht.address, baht.address, 3)]
    assert homes.proposed() == {(THAILAND, baht.address): [baht.address]}
    # It allows everybody from now on: no vote of another currency comes of that.
    world.send(baht.call("have", bytes(20)))
    for currency in (CNY, HKD):
        place, stranger = ways.banks.token(currency).address, world.address("stranger")
        step = homes.agree_home(world["stranger"], THAILAND, baht.address, place)
        refused(world, step, errors.CurrencyPowerMissing, currency=place, caller=stranger)
    assert not is_home(ways, baht)


def test_nobody_makes_the_consent_of_a_central_bank_void(ways: Ways) -> None:
    """A false currency closes no corridor, whose number of revisions would rise."""
    world, way, false = ways.banks.world, ways.way(), FalseCurrency(ways.banks.world)
    world.send(ways.agree(CNY))
    pair = replace(way, counter_currency=false.address)
    named = {"debtorJurisdiction": 156, "creditorJurisdiction": 344, "currency": way.currency}
    step = ways.corridors.close(world["stranger"], pair, false.address)
    refused(world, step, errors.CorridorInvalid, **named, counterCurrency=false.address)
    world.send(ways.agree(HKD))
    assert ways.corridors.corridor(way.id).word == "open"


# ------------------------------------------------------------------------------------- specification


@pytest.mark.apart
@pytest.mark.random
def test_random_consents(ways: Ways) -> None:
    """Consents of five central banks to any pairs, against the specification: equal after every step."""
    for seed in range(rounds(1, campaign=20)):
        with restored(ways.banks.world):
            play(ways, seed)


def play(ways: Ways, seed: int) -> None:
    """Begin with one founding home currency; all five become one, and then nothing more is accepted."""
    world, random, names = ways.banks.world, chance(seed), ("buyer", "other buyer", "provider", "relayer", "halter")
    currencies = [FalseCurrency(world) for _ in names]
    world.send(*(it.call("have", world.address(name)) for it, name in zip(currencies, names, strict=True)))
    banks = {it.address: name for it, name in zip(currencies, names, strict=True)}
    homes = registry_of(ways, [(1, currencies[0].address)])
    keys = {place: world.address(name) for place, name in banks.items()}
    spec, refusals = HomesSpec(homes.address, keys, {1: currencies[0].address}), set[str]()
    for number in range(STEPS):
        jurisdiction, home, by = random.randrange(1, 7), random.choice([*banks]), random.choice([*banks])
        if spec.votes and random.random() < 0.8:
            jurisdiction, home = random.choice([*spec.votes.values()])
        if number % 30 == 29:
            jurisdiction = random.choice((0, 1_000))
        name = banks[by] if random.random() < 0.8 else "stranger"
        call, found, written = Call(world.address(name), world.now), None, []
        try:
            (receipt,) = world.send(homes.agree_home(world[name], jurisdiction, home, by))
            written = [it for it in logs.found(receipt.logs) if it]
        except ContractReverted as refusal:
            found = Refusal.of(refusal)
            refusals.add(found.error)
        outcome = spec.perform("agree_home", call, jurisdiction, home, by)
        assert (outcome.refusal, logs.expected(list(outcome.events))) == (found, written)
        if outcome.answer or number % 10 == 9:
            assert homes.homes() == {place: it for it, place in spec.homes.items()}
    assert len(spec.homes) == len(currencies)
    expected = {"HomeCurrencyKept", "CurrencyOfOtherJurisdiction", "CurrencyWithoutVote", "CurrencyPowerMissing"}
    assert refusals == expected | {"JurisdictionInvalid"}
