"""`InterestPayments.declare`: who may, for which days, and that a day bears interest once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pysettle.client.core.contract import Contract
from pysettle.client.money.interest import DeclaredPeriod, InterestPayments
from pysettle.domain.money.events import InterestDeclared
from pysettle.domain.money.interest import InterestStatement
from pysettle.errors import contracts as errors
from pysettle.evm.artifacts import load
from tests.contracts.effects import at, effect, refused
from tests.contracts.savings import QUOTA, begin_day, declare, statement, today, unmarked
from tests.contracts.world import ACTORS, FEN, YUAN, World

OPERATORS = ("operator", "other operator")
MOST = 2**96 - 1


@pytest.fixture
def stated(world: World, contract: InterestPayments) -> InterestStatement:
    """State a yuan of interest for yesterday."""
    return statement(world, contract, [(world.address("buyer"), YUAN)])


def test_the_whole_effect(world: World, contract: InterestPayments, stated: InterestStatement) -> None:
    """The period is kept as declared, an event says so, and no money moves."""
    with effect(world, interest=contract.address) as change:
        (receipt,) = world.send(contract.declare(world["operator"], stated))
    assert change == {}
    operator, days = world.address("operator"), (stated.first_day, stated.end_day)
    assert world.events(receipt) == [InterestDeclared(1, operator, *days, 35, stated.root, YUAN)]
    assert [log.address for log in receipt.logs] == [contract.address]
    assert contract.last_period() == 1
    assert contract.period(1) == DeclaredPeriod(*days, 35, YUAN, 0, stated.root)
    assert not contract.is_paid(1, 0)


def test_periods_follow_each_other(world: World, contract: InterestPayments) -> None:
    """The next period begins where the last one ended, or later; each has the next number."""
    end, owed = today(world), [(world.address("buyer"), FEN)]
    for number, days in enumerate([(end - 30, end - 20), (end - 20, end - 10), (end - 9, end)], 1):
        stated = statement(world, contract, owed, first_day=days[0], end_day=days[1])
        assert declare(world, contract, stated) == number
        assert (contract.period(number).first_day, contract.period(number).end_day) == days


@pytest.mark.parametrize("first_day", [-10, -9, -5, -1])
def test_a_day_bears_interest_once(world: World, contract: InterestPayments, first_day: int) -> None:
    """No day before the end of the last period can be declared, whether it was declared or passed over."""
    end, owed = today(world), [(world.address("buyer"), FEN)]
    declare(world, contract, statement(world, contract, owed, first_day=end - 8, end_day=end))
    overlapping = statement(world, contract, owed, first_day=end + first_day, end_day=end)
    refused(
        world,
        contract.declare(world["operator"], overlapping),
        errors.InterestPeriodOverlaps,
        firstDay=end + first_day,
        earliest=end,
    )


def test_a_day_ends_at_midnight_in_china(world: World, contract: InterestPayments) -> None:
    """A second before 16:00 UTC the day is not over; at 16:00 it is (P-4)."""
    day = today(world)
    stated = statement(world, contract, [(world.address("buyer"), FEN)], first_day=day, end_day=day + 1)
    at(world, (day + 1) * 86_400 - 8 * 3_600 - 1)
    refused(
        world,
        contract.declare(world["operator"], stated),
        errors.InterestPeriodInvalid,
        firstDay=day,
        endDay=day + 1,
        today=day,
    )
    begin_day(world, day + 1)
    assert declare(world, contract, stated) == 1


@pytest.mark.parametrize(("first_day", "end_day"), [(0, 0), (0, -1), (0, 1), (-5, 1), (1, 2)])
def test_a_period_has_days_that_have_ended(
    world: World, contract: InterestPayments, first_day: int, end_day: int
) -> None:
    """An empty period, one turned round, and one that goes into today or beyond are refused."""
    day = today(world)
    days = {"first_day": day + first_day, "end_day": day + end_day}
    refused(
        world,
        contract.declare(world["operator"], statement(world, contract, [(world.address("buyer"), FEN)], **days)),
        errors.InterestPeriodInvalid,
        firstDay=day + first_day,
        endDay=day + end_day,
        today=day,
    )


@pytest.mark.parametrize("rate_bps", [0, 10_001, 2**16 - 1])
def test_a_rate_out_of_range(
    world: World, contract: InterestPayments, stated: InterestStatement, rate_bps: int
) -> None:
    """A rate is positive, and at most its base."""
    transaction = contract.declare(world["operator"], replace(stated, rate_bps=rate_bps))
    refused(world, transaction, errors.InterestRateInvalid, rateBps=rate_bps, most=10_000)


@pytest.mark.parametrize("rate_bps", [1, 10_000])
def test_the_last_rates_in_range(
    world: World, contract: InterestPayments, stated: InterestStatement, rate_bps: int
) -> None:
    """Both ends of the range can be declared."""
    declare(world, contract, replace(stated, rate_bps=rate_bps))
    assert contract.period(1).rate_bps == rate_bps


@pytest.mark.parametrize("total", [0, 1, FEN - 1, FEN + 1, 2**96 // FEN * FEN + FEN, 2**128 * FEN])
def test_a_total_that_cannot_be(world: World, contract: InterestPayments, total: int) -> None:
    """A total is a positive number of whole fen, and is not truncated to the bits that it is kept in (P-2)."""
    stated = statement(world, contract, [(world.address("buyer"), total)])
    transaction = contract.declare(world["operator"], stated)
    refused(world, transaction, errors.InterestTotalInvalid, total=total, minorUnit=FEN, most=MOST)


def test_the_greatest_total(world: World, contract: InterestPayments) -> None:
    """The last whole fen below 96 bits is kept whole; what can be paid of it is the quota's concern."""
    total = MOST // FEN * FEN
    declare(world, contract, statement(world, contract, [(world.address("buyer"), total)]))
    assert contract.period(1).total == total


def test_none_in_full_reserve(world: World, contract: InterestPayments, stated: InterestStatement) -> None:
    """In full reserve a currency bears no interest; one basis point below it does."""
    currency, bank = world.network.currency, world["central bank"]
    world.send(currency.desk.set_reserve_ratio(bank, 10_000))
    refused(world, contract.declare(world["operator"], stated), errors.InterestInFullReserve)
    world.send(currency.desk.set_reserve_ratio(bank, 9_999))
    assert declare(world, contract, stated) == 1


def test_none_by_an_unmarked_contract(world: World, contract: InterestPayments) -> None:
    """What is no settlement account could be held up by a full wallet, and declares nothing."""
    other = unmarked(world)
    manager = Contract(world.network.sender, world.network.access, "NetworkAccess")
    selectors = [other.interface.selector("declare")]
    role = manager._read("getTargetFunctionRole", contract.address, contract.interface.selector("declare"))
    arguments = ("setTargetFunctionRole", other.address, selectors, role)
    world.send(manager._transaction(world["administrator"], 300_000, *arguments))
    stated = statement(world, other, [(world.address("buyer"), YUAN)])
    refused(
        world,
        other.declare(world["operator"], stated),
        errors.InterestAccountUnmarked,
        account=other.address,
    )
    world.send(world.network.currency.mark_settlement_account(world["settlement registrar"], other.address))
    assert declare(world, other, stated) == 1


def test_no_such_period(contract: InterestPayments) -> None:
    """Numbers begin with 1."""
    assert contract.last_period() == 0
    for number in (0, 1):
        with pytest.raises(errors.InterestPeriodNotFound) as caught:
            contract.period(number)
        assert caught.value.args_by_name == {"id": number}


# ---------------------------------------------------------------------------------------- roles


def test_every_function_is_restricted_or_open() -> None:
    """No function that changes state is left out of these tests, so none is unguarded by oversight (P-9)."""
    changing = {
        item["name"]
        for item in load("InterestPayments").abi
        if item["type"] == "function" and item["stateMutability"] not in ("view", "pure")
    }
    assert changing == {"declare", "acceptRole", "pay"}
    assert not {item["type"] for item in load("InterestPayments").abi} & {"fallback", "receive"}


@pytest.mark.parametrize("name", [name for name in ACTORS if name not in OPERATORS])
def test_without_the_role(world: World, contract: InterestPayments, stated: InterestStatement, name: str) -> None:
    """Nobody but an operating institution declares, or has the contract accept a role."""
    for transaction in (contract.declare(world[name], stated), contract.accept_role(world[name], 2)):
        with pytest.raises(errors.AccessManagedUnauthorized) as caught:
            world.network.sender.simulate(transaction)
        assert caught.value.args_by_name == {"caller": world.address(name)}


@pytest.mark.parametrize("name", OPERATORS)
def test_with_the_role(world: World, contract: InterestPayments, stated: InterestStatement, name: str) -> None:
    """Each operating institution may declare."""
    (receipt,) = world.send(contract.declare(world[name], stated))
    (declared,) = world.events(receipt)
    assert isinstance(declared, InterestDeclared)
    assert declared.operator == world.address(name)


def test_a_role_that_was_not_offered(world: World, contract: InterestPayments) -> None:
    """The contract has no role but the one that it was offered."""
    transaction = contract.accept_role(world["operator"], 5)
    refused(world, transaction, errors.RoleOfferNotFound, roleId=5, account=contract.address)


def test_it_is_an_operating_institution_with_a_quota(world: World, contract: InterestPayments) -> None:
    """The opening gives the role, the mark and the quota, and nothing is issued by it."""
    manager = Contract(world.network.sender, world.network.access, "NetworkAccess")
    selector = world.network.currency.desk.interface.selector("issue")
    role = manager._read("getTargetFunctionRole", world.network.currency.desk.address, selector)
    assert manager._read("hasRole", role, contract.address) == (True, 0)
    assert world.network.currency.is_settlement_account(contract.address)
    assert world.network.currency.desk.issuance_quota(contract.address) == QUOTA
    assert world.network.currency.balance_of(contract.address) == 0


def test_the_authority_is_the_currencys_for_ever(world: World, contract: InterestPayments) -> None:
    """Not even the administrator gives the contract another access manager."""
    manager = Contract(world.network.sender, world.network.access, "NetworkAccess")
    assert contract._read("authority") == world.network.access
    arguments = ("updateAuthority", contract.address, world.network.currency.address)
    refused(world, manager._transaction(world["administrator"], 300_000, *arguments), errors.AuthorityFixed)
