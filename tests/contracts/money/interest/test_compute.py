"""From the chain to the root and back: what everybody is owed, declared, recomputed by anyone, and paid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pysettle.client.money.interest import InterestPayments
from pysettle.domain.money.interest import interest_rounded_down
from pysettle.domain.money.wallets import WalletClass
from tests.contracts.effects import effect
from tests.contracts.savings import begin_day, declare, opened, today
from tests.contracts.world import YUAN, World

RATE_BPS = 3_600
"""36 % a year: a thousandth of the daily balances, so that figures can be read."""


def register(world: World, name: str, wallet_class: WalletClass, **fields: object) -> None:
    """Register an actor's wallet."""
    currency = world.network.currency
    fields = {"real_name": wallet_class is not WalletClass.IV, **fields}
    world.send(currency.register_wallet(world["registrar"], world.address(name), wallet_class, **fields))  # type: ignore[arg-type]  # fields by name


def owed(world: World, contract: InterestPayments, days: int) -> dict[str, int]:
    """Return what each actor is owed for the days before today, name -> units; nobody else is owed anything."""
    statement = contract.compute(today(world) - days, today(world), RATE_BPS)
    names = {world.address(name): name for name in world.actors}
    return {names[row.account]: row.amount for row in statement.rows}


def test_each_class_as_it_should(world: World, contract: InterestPayments) -> None:
    """Classes III, II, I and corporate wallets are paid alike; class IV, nobody registered and contracts are not."""
    classes = {
        "buyer": WalletClass.III,
        "other buyer": WalletClass.II,
        "provider": WalletClass.I,
        "relayer": WalletClass.CORPORATE,
        "operator": WalletClass.IV,
    }
    begin_day(world, today(world) + 1)
    for name, wallet_class in classes.items():
        register(world, name, wallet_class)
    for name in (*classes, "stranger"):
        world.fund(name, 100 * YUAN)
    begin_day(world, today(world) + 10)
    interest = 100 * YUAN * 10 * RATE_BPS // (10_000 * 360)
    assert interest == YUAN
    assert owed(world, contract, 10) == dict.fromkeys(("buyer", "other buyer", "provider", "relayer"), YUAN)


def test_the_balance_at_the_end_of_a_day(world: World, contract: InterestPayments) -> None:
    """What comes in and leaves on one day bears nothing; what is there at midnight in China does."""
    register(world, "buyer", WalletClass.I)
    register(world, "provider", WalletClass.I)
    begin_day(world, today(world) + 1)
    world.fund("buyer", 100 * YUAN)
    currency = world.network.currency
    world.send(currency.transfer(world["buyer"], world.address("provider"), 100 * YUAN))
    world.send(currency.transfer(world["provider"], world.address("buyer"), 40 * YUAN))
    begin_day(world, today(world) + 1)
    world.send(currency.transfer(world["provider"], world.address("buyer"), 60 * YUAN))
    begin_day(world, today(world) + 1)
    assert owed(world, contract, 2) == {"buyer": (40 + 100) * YUAN // 1_000, "provider": 60 * YUAN // 1_000}


def test_registration_and_expiry_within_the_period(world: World, contract: InterestPayments) -> None:
    """A wallet bears interest from the day it is registered on, until the day its identification expires."""
    begin_day(world, today(world) + 1)
    for name in ("buyer", "provider"):
        world.fund(name, 100 * YUAN)
    register(world, "provider", WalletClass.II, identification_expiry=today(world) + 3)
    begin_day(world, today(world) + 6)
    register(world, "buyer", WalletClass.II)
    begin_day(world, today(world) + 4)
    assert owed(world, contract, 10) == {"buyer": 4 * YUAN // 10, "provider": 3 * YUAN // 10}


def test_days_in_full_reserve_bear_nothing(world: World) -> None:
    """Only days that end with a reserve ratio below full count."""
    register(world, "buyer", WalletClass.I)
    begin_day(world, today(world) + 1)
    world.fund("buyer", 100 * YUAN)
    begin_day(world, today(world) + 3)
    contract = opened(world)
    begin_day(world, today(world) + 5)
    world.send(world.network.currency.desk.set_reserve_ratio(world["central bank"], 10_000))
    begin_day(world, today(world) + 2)
    assert owed(world, contract, 10) == {"buyer": 5 * YUAN // 10}


def test_credits_and_frozen_money_bear_interest(world: World, contract: InterestPayments) -> None:
    """What is frozen, and what is held as a credit, is its holder's; what is under redemption has left."""
    currency = world.network.currency
    register(world, "buyer", WalletClass.I)
    begin_day(world, today(world) + 1)
    world.fund("buyer", 100 * YUAN)
    world.send(
        currency.desk.request_redemption(world["buyer"], world.address("operator"), 30 * YUAN),
        currency.freeze(world["freezer"], world.address("buyer"), outgoing=True, incoming=True),
    )
    begin_day(world, today(world) + 1)
    world.send(currency.desk.reject_redemption(world["operator"], 1))
    assert (currency.balance_of(world.address("buyer")), currency.credit_of(world.address("buyer"))) == (
        70 * YUAN,
        30 * YUAN,
    )
    begin_day(world, today(world) + 1)
    assert owed(world, contract, 2) == {"buyer": (70 + 100) * YUAN // 1_000}
    world.send(
        currency.seize_credit(
            world["seizer"], world.address("buyer"), world.address("stranger"), 10 * YUAN, b"\1" * 32
        ),
        currency.freeze(world["freezer"], world.address("buyer"), outgoing=False, incoming=False),
        currency.claim_credit(world["stranger"], world.address("buyer"), 15 * YUAN),
    )
    begin_day(world, today(world) + 1)
    assert owed(world, contract, 1) == {"buyer": 90 * YUAN // 1_000}


def test_interest_bears_interest_once_it_is_paid(world: World, contract: InterestPayments) -> None:
    """A quarter is declared and paid in whole fen, and is part of the balance from the day of payment on."""
    register(world, "buyer", WalletClass.I)
    begin_day(world, today(world) + 1)
    world.fund("buyer", 123_450_000)
    start = today(world)
    begin_day(world, start + 90)
    statement = contract.compute(start, start + 90, 35)
    # 123.45 yuan x 90 days x 0.35 % / 360 is 10.801875 fen.
    assert [(row.account, row.accumulation, row.amount) for row in statement.rows] == [
        (world.address("buyer"), 123_450_000 * 90, 100_000)
    ]
    period = declare(world, contract, statement)
    with effect(world) as change:
        world.send(contract.pay(world["buyer"], period, statement, statement.rows))
    assert change == {"eCNY supply": 100_000, "eCNY buyer": 100_000}
    begin_day(world, start + 180)
    following = contract.compute(start + 90, start + 180, 35)
    assert following.rows[0].accumulation == (123_450_000 + 100_000) * 90


def test_anyone_recomputes_the_root(world: World, contract: InterestPayments) -> None:
    """Long after the period, and after it was paid, the chain gives the same root; of a false one it does not."""
    for name in ("buyer", "provider", "relayer"):
        register(world, name, WalletClass.I)
        world.fund(name, 100 * YUAN)
    begin_day(world, today(world) + 5)
    end = today(world)
    statement = contract.compute(end - 4, end, RATE_BPS)
    assert declare(world, contract, statement) == 1
    world.send(contract.pay(world["relayer"], 1, statement, statement.rows))
    world.send(world.network.currency.transfer(world["buyer"], world.address("provider"), YUAN))
    begin_day(world, end + 3)
    assert contract.recompute(1) == statement
    assert contract.recompute(1).root == contract.period(1).root
    assert contract.unpaid(1, statement) == ()

    first, *others = contract.compute(end, end + 3, RATE_BPS).rows
    favoured = replace(contract.compute(end, end + 3, RATE_BPS), rows=(replace(first, amount=9 * YUAN), *others))
    assert declare(world, contract, favoured) == 2
    assert contract.recompute(2).root != contract.period(2).root
    assert contract.unpaid(2, favoured) == favoured.rows


@pytest.mark.parametrize(("holding", "accumulation"), [(999_999, 0), (1_000_000, 10_000)])
def test_below_a_fen_nothing_is_owed(world: World, contract: InterestPayments, holding: int, accumulation: int) -> None:
    """Whoever earned less than a fen has no row, and no index is left free for it."""
    for name in ("buyer", "provider"):
        register(world, name, WalletClass.I)
    begin_day(world, today(world) + 1)
    world.fund("relayer", 2 * YUAN)
    world.fund("provider", 10 * YUAN)
    world.send(world.network.currency.transfer(world["relayer"], world.address("buyer"), holding))
    begin_day(world, today(world) + 10)
    statement = contract.compute(today(world) - 10, today(world), RATE_BPS)
    assert [row.index for row in statement.rows] == list(range(len(statement.rows)))
    assert {row.account: row.amount for row in statement.rows}.get(world.address("buyer"), 0) == accumulation
    assert interest_rounded_down(holding * 10, RATE_BPS) == accumulation


def test_a_wallet_that_turns_settlement_account(world: World, contract: InterestPayments) -> None:
    """What is a settlement account by the end of the period has no row, whatever it held before."""
    currency, account = world.network.currency, world.network.meter.address
    world.send(
        currency.register_wallet(world["registrar"], account, WalletClass.CORPORATE),
        currency.desk.set_issuance_quota(world["central bank"], world.address("operator"), 100 * YUAN),
        currency.desk.issue(world["operator"], account, 100 * YUAN),
    )
    begin_day(world, today(world) + 5)
    day = today(world)
    assert [row.account for row in contract.compute(day - 3, day, RATE_BPS).rows] == [account]
    world.send(currency.mark_settlement_account(world["settlement registrar"], account))
    begin_day(world, day + 1)
    assert contract.compute(day, day + 1, RATE_BPS).rows == ()
    assert [row.account for row in contract.compute(day - 3, day, RATE_BPS).rows] == [account]
