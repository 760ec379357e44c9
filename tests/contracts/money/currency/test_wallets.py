"""Wallet classes: who is registered as what, the limits of each class, and the calendar they are counted by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import pytest
from eth_typing import Address

from pysettle.client.money.wallets import Wallet
from pysettle.domain.core.events import Transfer
from pysettle.domain.money.events import ClassLimitsSet, WalletRegistered
from pysettle.domain.money.wallets import (
    E_CNY_CLASS_LIMITS,
    IDENTIFICATION_WITHOUT_END,
    LIMIT_STEP,
    MOST_LIMIT,
    NO_LIMIT,
    ClassLimits,
    WalletClass,
)
from pysettle.errors import ContractReverted
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.books import open_currency_channel
from tests.contracts.effects import accounts, at, effect, raw_logs, refused
from tests.contracts.world import FEN, YUAN, World

FUNDS = 400_000 * YUAN
CHINA = dt.timezone(dt.timedelta(hours=8))
UNREGISTERED = Wallet(WalletClass.IV, 0, 0, False, 0, 0, 0)
LIMITED = [WalletClass.IV, WalletClass.III, WalletClass.II]


def day_number(date: dt.date) -> int:
    """Return the number of a day, counted from 1970-01-01."""
    return (date - dt.date(1970, 1, 1)).days


def noon(date: dt.date) -> int:
    """Return the unix second of noon in China."""
    return int(dt.datetime.combine(date, dt.time(12), CHINA).timestamp())


def register(world: World, name: str, wallet_class: WalletClass, **fields: int) -> None:
    """Have the registrar register an actor; with a real name where its class needs one."""
    registrar, real_name = world["registrar"], wallet_class is not WalletClass.IV
    currency = world.network.currency
    world.send(currency.register_wallet(registrar, world.address(name), wallet_class, real_name=real_name, **fields))


def set_limits(world: World, wallet_class: WalletClass, limits: ClassLimits) -> None:
    """Have the central bank set the limits of a class."""
    world.send(world.network.currency.set_class_limits(world["central bank"], wallet_class, limits))


def pay(world: World, amount: int, payer: str = "buyer", payee: str = "stranger") -> Transaction:
    """Return a payment from one actor to another."""
    return world.network.currency.transfer(world[payer], world.address(payee), amount)


@pytest.fixture
def limited(world: World) -> Iterator[World]:
    """Fund the buyer as a corporate wallet, then set the limits of the e-CNY; the day is 14 January 2026."""
    register(world, "buyer", WalletClass.CORPORATE)
    at(world, noon(dt.date(2026, 1, 14)))
    world.fund("buyer", FUNDS)
    register(world, "stranger", WalletClass.CORPORATE)
    for wallet_class, limits in E_CNY_CLASS_LIMITS.items():
        set_limits(world, wallet_class, limits)
    return world


# ------------------------------------------------------------------------------- registration


@pytest.mark.parametrize("wallet_class", list(WalletClass), ids=lambda it: it.name)
@pytest.mark.parametrize(("expiry", "jurisdiction"), [(0, 0), (20_500, 156), (IDENTIFICATION_WITHOUT_END, 999)])
def test_register(world: World, wallet_class: WalletClass, expiry: int, jurisdiction: int) -> None:
    """Registration writes its fields and no other: balance, flags and freeze stay, and an event says so (P-22)."""
    currency, buyer = world.network.currency, world.address("buyer")
    world.fund("buyer", FUNDS)
    world.send(
        currency.set_payee_only(world["buyer"]),
        currency.freeze(world["freezer"], buyer, outgoing=True, incoming=False),
        currency.freeze_amount(world["freezer"], buyer, YUAN),
    )
    for real_name in (True, wallet_class is not WalletClass.IV):
        with effect(world) as change:
            (receipt,) = world.send(
                currency.register_wallet(
                    world["registrar"],
                    buyer,
                    wallet_class,
                    identification_expiry=expiry,
                    jurisdiction=jurisdiction,
                    real_name=real_name,
                )
            )
        assert change == {}
        assert world.events(receipt) == [WalletRegistered(buyer, wallet_class, expiry, jurisdiction, real_name)]
        assert currency.wallet(buyer) == Wallet(wallet_class, expiry, jurisdiction, real_name, 0, 0, 0)
    assert currency.is_payee_only(buyer)
    assert currency.frozen(buyer).outgoing
    assert currency.frozen(buyer).amount == YUAN
    assert not currency.is_settlement_account(buyer)
    assert currency.balance_of(buyer) == FUNDS


@pytest.mark.parametrize("wallet_class", list(WalletClass), ids=lambda it: it.name)
def test_register_anew(world: World, wallet_class: WalletClass) -> None:
    """Each field is what was registered last, whatever bits were set before (P-2)."""
    register(world, "buyer", WalletClass.CORPORATE, jurisdiction=999)
    register(world, "buyer", wallet_class, identification_expiry=20_500, jurisdiction=156)
    real_name = wallet_class is not WalletClass.IV
    found = world.network.currency.wallet(world.address("buyer"))
    assert found == Wallet(wallet_class, 20_500, 156, real_name, 0, 0, 0)


def test_an_account_never_registered(world: World) -> None:
    """It is of class IV, of nobody known, and of no jurisdiction."""
    assert world.network.currency.wallet(world.address("stranger")) == UNREGISTERED


@pytest.mark.parametrize("wallet_class", [it for it in WalletClass if it is not WalletClass.IV], ids=lambda it: it.name)
def test_a_class_above_iv_needs_a_real_name(world: World, wallet_class: WalletClass) -> None:
    """Anonymity is for class IV."""
    buyer = world.address("buyer")
    register_ = world.network.currency.register_wallet(world["registrar"], buyer, wallet_class, real_name=False)
    refused(world, register_, errors.WalletWithoutRealName, account=buyer, **{"class": int(wallet_class)})


@pytest.mark.parametrize("jurisdiction", [1_000, 1_023, 1_024, 65_535])
def test_a_jurisdiction_has_three_digits(world: World, jurisdiction: int) -> None:
    """A number that is no ISO 3166-1 number is refused, not cut to ten bits (P-2)."""
    currency, buyer = world.network.currency, world.address("buyer")
    refused(
        world,
        currency.register_wallet(world["registrar"], buyer, WalletClass.II, jurisdiction=jurisdiction),
        errors.JurisdictionInvalid,
        jurisdiction=jurisdiction,
    )


@pytest.mark.parametrize("name", ["series", "hub", "collector", "currency", "nobody"])
def test_a_settlement_account_is_no_wallet(world: World, name: str) -> None:
    """What holds the value of others has no class, and so no limit ever stops it."""
    account = accounts(world)[name]
    register_ = world.network.currency.register_wallet(world["registrar"], account, WalletClass.II)
    refused(world, register_, errors.SettlementAccountProtected, account=account)


# ------------------------------------------------------------------------ limits of a class


@pytest.mark.parametrize("wallet_class", [it for it in WalletClass if it is not WalletClass.CORPORATE])
@pytest.mark.parametrize(
    "limits",
    [
        ClassLimits(),
        ClassLimits(0, 0, 0, 0),
        ClassLimits(LIMIT_STEP, 2 * LIMIT_STEP, 3 * LIMIT_STEP, 4 * LIMIT_STEP),
        ClassLimits(MOST_LIMIT, MOST_LIMIT, MOST_LIMIT, MOST_LIMIT),
        ClassLimits(NO_LIMIT, 0, MOST_LIMIT, NO_LIMIT),
    ],
    ids=["none", "zero", "steps", "most", "mixed"],
)
def test_set_limits(world: World, wallet_class: WalletClass, limits: ClassLimits) -> None:
    """Limits are read as they were set; those of other classes, the pause and the reserve ratio stay."""
    currency, bank = world.network.currency, world["central bank"]
    others = [it for it in WalletClass if it not in (wallet_class, WalletClass.CORPORATE)]
    marker = ClassLimits(7 * LIMIT_STEP, 8 * LIMIT_STEP, 9 * LIMIT_STEP, 10 * LIMIT_STEP)
    world.send(currency.desk.set_reserve_ratio(bank, 1), currency.pause(world["pauser"]))
    for other in others:
        set_limits(world, other, marker)
    set_limits(world, wallet_class, marker)
    with effect(world) as change:
        (receipt,) = world.send(currency.set_class_limits(bank, wallet_class, limits))
    assert change == {}
    values = (limits.balance, limits.payment, limits.daily, limits.annual)
    assert world.events(receipt) == [ClassLimitsSet(wallet_class, *values)]
    assert len(raw_logs(receipt)) == 1
    assert currency.class_limits(wallet_class) == limits
    assert [currency.class_limits(other) for other in others] == [marker] * 3
    assert currency.class_limits(WalletClass.CORPORATE) == ClassLimits()
    assert currency.is_paused
    assert currency.desk.reserve_ratio() == 1


def test_there_are_none_from_the_start(world: World) -> None:
    """A currency without wallet classes sets none."""
    assert [world.network.currency.class_limits(it) for it in WalletClass] == [ClassLimits()] * len(WalletClass)


def test_corporate_wallets_have_none(world: World) -> None:
    """Nothing can be set for them."""
    refused(
        world,
        world.network.currency.set_class_limits(world["central bank"], WalletClass.CORPORATE, ClassLimits(0)),
        errors.ClassWithoutLimits,
        **{"class": int(WalletClass.CORPORATE)},
    )


@pytest.mark.parametrize("field", ["balance", "payment", "daily", "annual"])
@pytest.mark.parametrize("limit", [1, LIMIT_STEP - 1, LIMIT_STEP + 1, MOST_LIMIT + LIMIT_STEP, NO_LIMIT - 1, 2**255])
def test_a_limit_that_cannot_be_kept(world: World, field: str, limit: int) -> None:
    """A limit between two steps, or above the most, is refused and not rounded (P-2)."""
    limits = replace(ClassLimits(), **{field: limit})
    refused(
        world,
        world.network.currency.set_class_limits(world["central bank"], WalletClass.II, limits),
        errors.ClassLimitInvalid,
        limit=limit,
        step=LIMIT_STEP,
        most=MOST_LIMIT,
    )


# --------------------------------------------------------------------------- paying within them


@pytest.mark.parametrize("wallet_class", LIMITED, ids=lambda it: it.name)
def test_one_payment(limited: World, wallet_class: WalletClass) -> None:
    """A payment of the limit passes, one unit more is refused and nothing of it is cut (P-2, P-28)."""
    register(limited, "buyer", wallet_class)
    buyer, most = limited.address("buyer"), E_CNY_CLASS_LIMITS[wallet_class].payment
    over = pay(limited, most + 1)
    refused(limited, over, errors.PaymentLimitExceeded, account=buyer, requested=most + 1, limit=most)
    with effect(limited) as change:
        (receipt,) = limited.send(pay(limited, most))
    assert change == {"eCNY buyer": -most, "eCNY stranger": most}
    assert limited.events(receipt) == [Transfer(buyer, limited.address("stranger"), most)]


@pytest.mark.parametrize("wallet_class", LIMITED, ids=lambda it: it.name)
def test_one_day(limited: World, wallet_class: WalletClass) -> None:
    """What is paid on one day of UTC+8 is counted to the unit; the next day begins at 16:00 UTC (P-4, P-28)."""
    currency, limits = limited.network.currency, E_CNY_CLASS_LIMITS[wallet_class]
    register(limited, "buyer", wallet_class)
    buyer, today = limited.address("buyer"), day_number(dt.date(2026, 1, 14))
    payments = limits.daily // limits.payment
    limited.send(*(pay(limited, limits.payment) for _ in range(payments)))
    spent = payments * limits.payment
    assert currency.wallet(buyer).day == today
    assert currency.wallet(buyer).spent_on_day == currency.wallet(buyer).spent_in_year == spent
    left = limits.daily - spent
    over = pay(limited, left + 1)
    refused(limited, over, errors.DailyLimitExceeded, account=buyer, requested=left + 1, available=left)
    limited.send(pay(limited, left))
    at(limited, noon(dt.date(2026, 1, 14)) + 12 * 3_600 - 1)
    refused(limited, pay(limited, 1), errors.DailyLimitExceeded, account=buyer, requested=1, available=0)
    at(limited, noon(dt.date(2026, 1, 14)) + 12 * 3_600)
    limited.send(pay(limited, 1))
    wallet = currency.wallet(buyer)
    assert (wallet.day, wallet.spent_on_day, wallet.spent_in_year) == (today + 1, 1, limits.daily + 1)


@pytest.mark.parametrize(
    ("last", "first"),
    [((2026, 12, 31), (2027, 1, 1)), ((2028, 12, 31), (2029, 1, 1)), ((2103, 12, 31), (2104, 1, 1))],
)
def test_one_year(limited: World, last: tuple[int, int, int], first: tuple[int, int, int]) -> None:
    """What is paid in one year of UTC+8 is counted; the next begins at 16:00 UTC on 31 December (P-4, P-28)."""
    limits = replace(E_CNY_CLASS_LIMITS[WalletClass.IV], daily=NO_LIMIT, payment=NO_LIMIT)
    set_limits(limited, WalletClass.IV, limits)
    register(limited, "buyer", WalletClass.IV)
    buyer, currency = limited.address("buyer"), limited.network.currency
    year, month, day = last
    at(limited, noon(dt.date(year, 3, 4)))
    limited.send(pay(limited, limits.annual - YUAN))
    at(limited, noon(dt.date(year, month, day)) + 12 * 3_600 - 1)
    over = pay(limited, YUAN + 1)
    refused(limited, over, errors.AnnualLimitExceeded, account=buyer, requested=YUAN + 1, available=YUAN)
    at(limited, noon(dt.date(*first)) - 12 * 3_600)
    limited.send(pay(limited, YUAN + 1))
    wallet = currency.wallet(buyer)
    assert (wallet.day, wallet.spent_on_day, wallet.spent_in_year) == (
        day_number(dt.date(*first)),
        YUAN + 1,
        YUAN + 1,
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((2026, 3, 4), (2026, 12, 31)),
        ((2028, 2, 28), (2028, 2, 29)),
        ((2028, 2, 29), (2028, 12, 31)),
        ((2100, 1, 1), (2100, 12, 31)),
        ((2096, 2, 29), (2096, 12, 31)),
    ],
)
def test_the_rest_of_a_year(limited: World, before: tuple[int, int, int], after: tuple[int, int, int]) -> None:
    """A year ends on 31 December alone, leap years included, and 2100, which is none."""
    register(limited, "buyer", WalletClass.II)
    for number, date in enumerate((before, after), 1):
        at(limited, noon(dt.date(*date)))
        limited.send(pay(limited, YUAN))
        wallet = limited.network.currency.wallet(limited.address("buyer"))
        assert (wallet.spent_on_day, wallet.spent_in_year) == (YUAN, number * YUAN)


@pytest.mark.parametrize("way", ["allowance", "authorization", "receive", "purchase", "deposit"])
def test_every_way_of_paying_counts(limited: World, way: str) -> None:
    """No path around the limits: allowances, signatures, purchases and deposits count as transfers do (P-28)."""
    currency, buyer, relayer = limited.network.currency, limited["buyer"], limited["relayer"]
    register(limited, "buyer", WalletClass.IV)
    limited.send(
        currency.approve(buyer, relayer.address, 3_000 * YUAN),
        currency.approve(buyer, limited.series.address, NO_LIMIT),
    )
    most = E_CNY_CLASS_LIMITS[WalletClass.IV].payment

    def payment(amount: int) -> Transaction:
        stranger = limited.address("stranger")
        if way == "allowance":
            return currency.transfer_from(relayer, buyer.address, stranger, amount)
        if way == "authorization":
            signed = limited.authorization("buyer", stranger, amount)
            return currency.transfer_with_authorization(
                relayer, signed, buyer.sign(signed.transfer_digest(currency.domain))
            )
        if way == "receive":
            signed = limited.authorization("buyer", stranger, amount)
            return currency.receive_with_authorization(
                limited["stranger"], signed, buyer.sign(signed.receive_digest(currency.domain))
            )
        if way == "purchase":
            # At 0.15 micro-yuan a Token the price is `amount`, rounded up.
            return limited.series.purchase(buyer, buyer.address, amount * 20 // 3, limited.now + 60)
        config = limited.config(
            "buyer",
            receiver=limited.address("provider"),
            receiver_authorizer=limited.address("relayer"),
            token=currency.address,
        )
        data = limited.network.hub.sign_deposit(
            buyer, currency, config, amount, limited.now + 3_600, next(limited.salts)
        )
        return limited.network.hub.deposit(relayer, config, amount, data)

    if way != "purchase":
        over = most + 1
        refused(
            limited,
            payment(over),
            errors.PaymentLimitExceeded,
            account=buyer.address,
            requested=over,
            limit=most,
        )
    before = currency.balance_of(buyer.address)
    limited.send(payment(100 * YUAN))
    paid = before - currency.balance_of(buyer.address)
    assert paid == 100 * YUAN
    assert currency.wallet(buyer.address).spent_on_day == paid


def test_what_is_no_payment(limited: World) -> None:
    """Issuance, redemption, payouts and seizure are not spending: with limits of zero they go on (P-28)."""
    currency, buyer, operator = limited.network.currency, limited["buyer"], limited["operator"]
    channel = open_currency_channel(limited, "other buyer", YUAN)
    zero = ClassLimits(NO_LIMIT, 0, 0, 0)
    set_limits(limited, WalletClass.IV, zero)
    register(limited, "buyer", WalletClass.IV)
    limited.fund("buyer", FEN)
    limited.send(
        currency.desk.request_redemption(buyer, operator.address, 2 * FEN),
        currency.desk.complete_redemption(operator, 1),
        currency.desk.request_redemption(buyer, operator.address, FEN),
        currency.desk.cancel_redemption(buyer, 2),
        currency.seize(limited["seizer"], buyer.address, limited.address("relayer"), YUAN, b"\x5a" * 32),
        limited.network.hub.refund(limited["provider"], channel, YUAN),
        pay(limited, 0),
    )
    assert currency.balance_of(limited.address("other buyer")) == YUAN
    assert currency.wallet(buyer.address).spent_in_year == 0
    refused(limited, pay(limited, 1), errors.PaymentLimitExceeded, account=buyer.address, requested=1, limit=0)


def test_counted_only_while_there_is_something_to_compare_with(limited: World) -> None:
    """A class without daily and annual limit is not counted; what was counted before stays."""
    currency, buyer = limited.network.currency, limited.address("buyer")
    for wallet_class, counted in (
        (WalletClass.II, 1),
        (WalletClass.I, 1),
        (WalletClass.CORPORATE, 1),
        (WalletClass.III, 2),
    ):
        register(limited, "buyer", wallet_class)
        limited.send(pay(limited, YUAN))
        assert currency.wallet(buyer).spent_on_day == counted * YUAN
    set_limits(limited, WalletClass.III, ClassLimits(payment=LIMIT_STEP))
    limited.send(pay(limited, YUAN))
    assert currency.wallet(buyer).spent_on_day == 2 * YUAN


def test_a_limit_lowered_below_what_was_paid(limited: World) -> None:
    """Then nothing is left for the day, and nothing underflows."""
    register(limited, "buyer", WalletClass.II)
    limited.send(pay(limited, 50_000 * YUAN))
    set_limits(limited, WalletClass.II, ClassLimits(daily=LIMIT_STEP, annual=0))
    buyer = limited.address("buyer")
    refused(limited, pay(limited, 1), errors.DailyLimitExceeded, account=buyer, requested=1, available=0)
    set_limits(limited, WalletClass.II, ClassLimits(annual=LIMIT_STEP))
    refused(limited, pay(limited, 1), errors.AnnualLimitExceeded, account=buyer, requested=1, available=0)


def test_the_greatest_counts_stay_apart(limited: World) -> None:
    """The most a class can allow on a day, paid out in full, spills into no neighbouring field (P-2)."""
    currency, buyer = limited.network.currency, limited.address("buyer")
    set_limits(limited, WalletClass.I, ClassLimits(daily=MOST_LIMIT))
    limited.fund("buyer", 2 * MOST_LIMIT)
    register(limited, "buyer", WalletClass.I, jurisdiction=999)
    for day in (1, 2):
        at(limited, noon(dt.date(2026, 6, day)))
        limited.send(pay(limited, MOST_LIMIT))
        assert currency.wallet(buyer) == Wallet(
            WalletClass.I,
            IDENTIFICATION_WITHOUT_END,
            999,
            True,
            day_number(dt.date(2026, 6, day)),
            MOST_LIMIT,
            day * MOST_LIMIT,
        )
    assert currency.balance_of(buyer) == FUNDS


# ------------------------------------------------------------------------------ receiving within them


@pytest.mark.parametrize("wallet_class", LIMITED, ids=lambda it: it.name)
@pytest.mark.parametrize("way", ["transfer", "issue"])
@pytest.mark.parametrize("payee_only", [False, True])
def test_a_full_wallet(limited: World, wallet_class: WalletClass, way: str, payee_only: bool) -> None:
    """Up to the limit comes in, by payment or issuance, and not a unit more (P-28); who submits is another question."""
    currency, operator, other = limited.network.currency, limited["operator"], limited.address("other buyer")
    most = E_CNY_CLASS_LIMITS[wallet_class].balance
    register(limited, "other buyer", wallet_class)
    limited.fund("buyer", most)
    limited.fund("other buyer", most - 10 * FEN)
    limited.send(
        currency.desk.set_issuance_quota(limited["central bank"], operator.address, FUNDS),
        currency.set_payee_only(limited["other buyer"], payee_only),
    )

    def give(amount: int) -> Transaction:
        if way == "issue":
            return currency.desk.issue(operator, other, amount)
        return pay(limited, amount, payee="other buyer")

    refused(
        limited,
        give(11 * FEN),
        errors.BalanceLimitExceeded,
        account=other,
        requested=11 * FEN,
        available=10 * FEN,
    )
    limited.send(give(10 * FEN))
    assert currency.balance_of(other) == most
    refused(limited, give(FEN), errors.BalanceLimitExceeded, account=other, requested=FEN, available=0)
    if way == "transfer":  # nothing is never issued
        limited.send(give(0))


def test_above_a_lowered_limit(limited: World) -> None:
    """A balance above its class's limit stays the holder's, who may pay with it; nothing more comes in."""
    currency, buyer = limited.network.currency, limited["buyer"]
    register(limited, "buyer", WalletClass.IV)
    assert currency.balance_of(buyer.address) == FUNDS
    limited.send(pay(limited, YUAN))
    limited.send(pay(limited, 0, payer="stranger", payee="buyer"))
    back = pay(limited, 1, payer="stranger", payee="buyer")
    refused(limited, back, errors.BalanceLimitExceeded, account=buyer.address, requested=1, available=0)
    to_oneself = pay(limited, YUAN, payee="buyer")
    refused(limited, to_oneself, errors.BalanceLimitExceeded, account=buyer.address, requested=YUAN, available=0)


def test_to_oneself(limited: World) -> None:
    """A payment to oneself is a payment: it counts, and leaves the balance as it was."""
    currency, buyer = limited.network.currency, limited["buyer"]
    register(limited, "buyer", WalletClass.II)
    with effect(limited) as change:
        limited.send(pay(limited, YUAN, payee="buyer"))
    assert change == {}
    assert currency.wallet(buyer.address).spent_on_day == YUAN


# --------------------------------------------------------------------------- identification


def test_an_expired_identification(limited: World) -> None:
    """From its expiry, a day of UTC+8, a wallet is held to class IV, paying and receiving; renewed, no longer (P-4)."""
    currency, buyer, most = limited.network.currency, limited.address("buyer"), 2_000 * YUAN
    expiry = dt.date(2026, 1, 15)
    register(limited, "buyer", WalletClass.II, identification_expiry=day_number(expiry))
    at(limited, noon(expiry) - 12 * 3_600 - 1)
    limited.send(pay(limited, most + 1))
    at(limited, noon(expiry) - 12 * 3_600)
    over = pay(limited, most + 1)
    refused(limited, over, errors.PaymentLimitExceeded, account=buyer, requested=most + 1, limit=most)
    back = pay(limited, 1, payer="stranger", payee="buyer")
    refused(limited, back, errors.BalanceLimitExceeded, account=buyer, requested=1, available=0)
    at(limited, noon(expiry) + 10 * 86_400)
    refused(limited, over, errors.PaymentLimitExceeded, account=buyer, requested=most + 1, limit=most)
    assert currency.wallet(buyer).wallet_class is WalletClass.II
    register(limited, "buyer", WalletClass.II)
    limited.send(over, back)


def test_a_corporate_identification_expires_too(limited: World) -> None:
    """A corporate wallet without valid identification is held to class IV."""
    buyer, most = limited.address("buyer"), 2_000 * YUAN
    register(limited, "buyer", WalletClass.CORPORATE, identification_expiry=day_number(dt.date(2026, 1, 14)))
    over = pay(limited, most + 1)
    refused(limited, over, errors.PaymentLimitExceeded, account=buyer, requested=most + 1, limit=most)


# -------------------------------------------------------------------------------- precedence


def test_precedence(limited: World) -> None:
    """Of several reasons: pause, the payer's freeze, balance, payment, day, year, the payee's freeze, its balance."""
    currency, freezer, pauser = limited.network.currency, limited["freezer"], limited["pauser"]
    buyer, other = limited.address("buyer"), limited.address("other buyer")
    set_limits(limited, WalletClass.IV, ClassLimits(balance=0))
    set_limits(limited, WalletClass.III, ClassLimits(payment=LIMIT_STEP, daily=0, annual=0))
    register(limited, "buyer", WalletClass.III)
    limited.send(
        currency.freeze(freezer, buyer, outgoing=True, incoming=False),
        currency.freeze(freezer, other, outgoing=False, incoming=True),
        currency.pause(pauser),
    )
    steps: list[tuple[int, type[ContractReverted], dict[str, Address | int]]] = [
        (FUNDS + 1, errors.CurrencyPaused, {}),
        (FUNDS + 1, errors.AccountFrozenOutgoing, {"account": buyer}),
        (FUNDS + 1, errors.ERC20InsufficientBalance, {"sender": buyer, "balance": FUNDS, "needed": FUNDS + 1}),
        (FUNDS, errors.PaymentLimitExceeded, {"account": buyer, "requested": FUNDS, "limit": LIMIT_STEP}),
        (1, errors.DailyLimitExceeded, {"account": buyer, "requested": 1, "available": 0}),
        (1, errors.AnnualLimitExceeded, {"account": buyer, "requested": 1, "available": 0}),
        (1, errors.AccountFrozenIncoming, {"account": other}),
        (1, errors.BalanceLimitExceeded, {"account": other, "requested": 1, "available": 0}),
    ]
    remedies = {
        errors.CurrencyPaused: currency.unpause(pauser),
        errors.AccountFrozenOutgoing: currency.freeze(freezer, buyer, outgoing=False, incoming=False),
        errors.DailyLimitExceeded: currency.set_class_limits(
            limited["central bank"], WalletClass.III, ClassLimits(payment=LIMIT_STEP, annual=0)
        ),
        errors.AnnualLimitExceeded: currency.set_class_limits(limited["central bank"], WalletClass.III, ClassLimits()),
        errors.AccountFrozenIncoming: currency.freeze(freezer, other, outgoing=False, incoming=False),
    }
    for amount, error, arguments in steps:
        refused(limited, pay(limited, amount, payee="other buyer"), error, **arguments)
        if error in remedies:
            limited.send(remedies[error])
