"""Halt: what the halter may stop and how; what is refused from then on, and what still moves, for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pysettle.client import ComputeToken
from pysettle.domain.compute.checks import halts
from pysettle.domain.compute.contracts import ESCROW
from pysettle.domain.compute.events import Halted, Refunded, SeriesHalted, Swept
from pysettle.domain.compute.messages import PurchaseTerms
from pysettle.domain.core.events import Transfer
from pysettle.domain.core.findings import Severity
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from pysettle.money import backing_rounded_down, compensation_rounded_down, stake_rounded_up
from tests.contracts.books import metered_claim, open_token_channel, row, used
from tests.contracts.compute.series.test_terms import create
from tests.contracts.effects import FORWARDER, at, check_books, deploy, effect, refused, through
from tests.contracts.world import ACTORS, COMPENSATION_BPS, EVIDENCE, FEN, GROUND, UNIT_PRICE, YUAN, World

HELD = 1_000_003
DELIVERED = 400_000


def compensation_of(tokens: int) -> int:
    """Return what a halt takes from the stake for Tokens."""
    return stake_rounded_up(tokens, UNIT_PRICE, COMPENSATION_BPS)


@pytest.fixture
def selling(world: World) -> World:
    """Open a series that the halter may halt, in which the buyer holds Tokens and some were delivered."""
    selling = replace(world, series=world.open(world.halting_terms()))
    selling.buy("buyer", HELD + DELIVERED)
    selling.send(selling.series.consume(selling["buyer"], DELIVERED))
    return selling


@pytest.fixture
def halted(selling: World) -> World:
    """Have it halted."""
    selling.send(selling.halt(selling.series))
    return selling


def test_halt(selling: World) -> None:
    """Compensation for what is undelivered goes to the series, the rest of the stake is free, and both say so."""
    series, market, currency = selling.series, selling.network.market, selling.network.currency
    locked, compensation = market.locked_stake(series.address), compensation_of(HELD)
    moment = selling.now
    with effect(selling) as change:
        (receipt,) = selling.send(selling.halt(series))
    assert change == {
        "eCNY market": -compensation,
        "eCNY series": compensation,
        "stake provider": locked - compensation,
    }
    halter, provider = selling.address("halter"), selling.address("provider")
    assert selling.events(receipt) == [
        SeriesHalted(series.address, halter, GROUND, EVIDENCE, provider, compensation, locked - compensation),
        Transfer(market.address, series.address, compensation),
        Halted(HELD, compensation),
    ]
    assert [log.address for log in receipt.logs] == [market.address, currency.address, series.address]
    assert (series.halted_at(), market.locked_stake(series.address)) == (moment, 0)
    books = check_books(selling)
    backing = currency.balance_of(series.address)
    assert books.balance(currency.address, ESCROW, series.address) == backing


def test_what_was_left_of_the_stake_is_the_providers(halted: World) -> None:
    """It takes it back at once, to the last unit, and no unit of what went to the series."""
    market, provider = halted.network.market, halted["provider"]
    free = market.free_stake(provider.address)
    nothing = {"provider": provider.address, "requested": free + 1, "available": free}
    refused(halted, market.withdraw_stake(provider, free + 1), errors.StakeInsufficient, **nothing)
    with effect(halted) as change:
        halted.send(market.withdraw_stake(provider, free))
    assert change == {"eCNY provider": free, "eCNY market": -free, "stake provider": -free}
    assert halted.network.currency.balance_of(market.address) == 0


@pytest.mark.parametrize(
    ("held", "delivered", "in_hub"), [(0, 0, 0), (0, 7, 0), (1, 0, 0), (7, 3, 0), (0, 0, 10), (5, 4, 10), (10**6, 1, 1)]
)
def test_compensation_is_for_the_undelivered_only(world: World, held: int, delivered: int, in_hub: int) -> None:
    """Tokens held, and Tokens in the hub, claimed ones not yet settled among them; not those that came home."""
    series = world.open(world.halting_terms())
    selling = replace(world, series=series)
    if held + delivered:
        selling.buy("buyer", held + delivered)
    if delivered:
        selling.send(series.consume(selling["buyer"], delivered))
    if in_hub:
        config = open_token_channel(selling, "other buyer", in_hub)
        selling.send(metered_claim(selling, [row(selling, "other buyer", config, used(1), 1)]))
    compensation = compensation_of(held + in_hub)
    assert series._read("compensationRoundedUp") == compensation
    (receipt,) = selling.send(selling.halt(series))
    assert selling.events(receipt)[1].value == compensation  # type: ignore[attr-defined]  # a Transfer
    assert selling.events(receipt)[2] == Halted(held + in_hub, compensation)


def test_everything_sold_and_undelivered(world: World) -> None:
    """The stake that was locked covers a series sold out to the last Token, and nothing of it is left."""
    series = world.open(world.halting_terms(capacity=123_457, unit_price=1_000_003))
    selling, market = replace(world, series=series), world.network.market
    selling.buy("buyer", 123_457)
    locked = market.locked_stake(series.address)
    selling.send(selling.halt(series))
    assert market.free_stake(selling.address("provider")) == 0
    with effect(selling) as change:
        selling.send(series.refund(selling["buyer"], 123_457))
    backing = backing_rounded_down(123_457, 1_000_003)
    compensation = compensation_rounded_down(123_457, 1_000_003, COMPENSATION_BPS)
    assert locked - compensation in (0, 1)
    assert change["eCNY buyer"] == backing + compensation


def test_an_attempt_by_others(selling: World) -> None:
    """Nobody else halts it, neither provider nor administrator, nor a contract that the halter calls (P-9, P-10)."""
    series, halter = selling.series, selling.address("halter")
    for name in (name for name in ACTORS if name != "halter"):
        with pytest.raises(errors.SeriesCallerNotHalter) as caught:
            selling.network.sender.simulate(selling.halt(series, by=name))
        assert caught.value.args_by_name == {
            "series": series.address,
            "caller": selling.address(name),
            "halter": halter,
        }
    forwarder = deploy(selling, FORWARDER)
    called = through(selling, forwarder, selling.halt(series))
    refused(selling, called, errors.SeriesCallerNotHalter, series=series.address, caller=forwarder, halter=halter)


@pytest.mark.parametrize("name", [*ACTORS, "series"])
def test_past_the_market(selling: World, name: str) -> None:
    """A series takes the word of its market alone, not even that of its halter (P-9)."""
    series = selling.series
    caller = series.address if name == "series" else selling.address(name)
    with pytest.raises(errors.SeriesCallerNotMarket) as caught:
        selling.network.sender.call(series.address, series.interface, series.interface.encode("halt"), sender=caller)
    assert caught.value.args_by_name == {"caller": caller, "market": selling.network.market.address}


def test_past_the_market_by_a_contract(selling: World) -> None:
    """A contract that the halter calls is named as who asked."""
    series, forwarder = selling.series, deploy(selling, FORWARDER)
    asked = series._transaction(selling["halter"], 300_000, "halt")
    refused(
        selling,
        through(selling, forwarder, asked),
        errors.SeriesCallerNotMarket,
        caller=forwarder,
        market=selling.network.market.address,
    )


def of_its_own_market(world: World) -> World:
    """Have the provider create a series whose market it is itself, past any factory, and sell of it to two buyers."""
    terms = {"market": world.address("provider"), "compensation_bps": COMPENSATION_BPS}
    own = replace(world, series=ComputeToken(world.network.sender, create(world, **terms)))
    own.buy("provider", HELD)
    own.buy("buyer", HELD)
    return own


def test_a_market_that_pays_nothing_in(world: World) -> None:
    """Who is provider and market at once halts nothing at its buyers' expense: the series counts what it holds.

    It would refund its own half with a compensation that nobody paid in, and leave the other buyers less than theirs.
    """
    own = of_its_own_market(world)
    series, provider, currency = own.series, own["provider"], own.network.currency
    halt = series._transaction(provider, 300_000, "halt")
    missing = compensation_of(2 * HELD)
    held = currency.balance_of(series.address)
    owed = -(-2 * HELD * UNIT_PRICE * (10_000 + COMPENSATION_BPS) // (10_000 * 1_000_000))
    assert held < owed <= held + missing
    with effect(own) as change:
        refused(own, halt, errors.SeriesUnderfunded, held=held, owed=owed)
    assert change == {}
    own.fund("provider", YUAN)
    own.send(currency.transfer(provider, series.address, owed - held - 1))
    refused(own, halt, errors.SeriesUnderfunded, held=owed - 1, owed=owed)
    own.send(currency.transfer(provider, series.address, 1), halt)
    for name in ("provider", "buyer"):
        own.send(series.refund(own[name], HELD))
    assert series.total_supply() == 0


def test_nothing_sold_needs_nothing_paid_in(world: World) -> None:
    """A series without Tokens owes nobody, and whoever is its market halts it."""
    terms = {"market": world.address("provider"), "compensation_bps": COMPENSATION_BPS}
    series = ComputeToken(world.network.sender, create(world, **terms))
    (receipt,) = world.send(series._transaction(world["provider"], 300_000, "halt"))
    assert world.events(receipt) == [Halted(0, 0)]


@pytest.mark.parametrize("way", ["expired", "halted"])
def test_compensation_is_of_open_series(selling: World, way: str) -> None:
    """What a halt would owe is nothing that a series answers which cannot be halted any more."""
    series = selling.series
    if way == "expired":
        at(selling, series.expiry)
        selling.send(selling.network.currency.approve(selling["buyer"], series.address, 0))
    else:
        selling.send(selling.halt(series))
    with pytest.raises(errors.SeriesExpired if way == "expired" else errors.SeriesHalted):
        series._read("compensationRoundedUp")


def test_where_nobody_may(world: World) -> None:
    """A series whose terms name no halter is never halted."""
    refused(
        world,
        world.halt(world.series),
        errors.SeriesCallerNotHalter,
        series=world.series.address,
        caller=world.address("halter"),
        halter=ZERO_ADDRESS,
    )


def test_without_evidence(selling: World) -> None:
    """A halt says what shows that its ground is given."""
    blank = selling.halt(selling.series, evidence=bytes(32))
    refused(selling, blank, errors.HaltWithoutEvidence, series=selling.series.address)


def test_twice(halted: World) -> None:
    """A series is halted once, and pays once (INV-FINAL, INV-ONCE)."""
    refused(halted, halted.halt(halted.series), errors.SeriesHalted, haltedAt=halted.series.halted_at())


def test_at_expiry(selling: World) -> None:
    """It is halted one second before expiry and not in that second: half-open (P-8)."""
    expiry, snapshot = selling.series.expiry, selling.chain.snapshot()
    at(selling, expiry)
    refused(selling, selling.halt(selling.series), errors.SeriesExpired, expiry=expiry, timestamp=expiry)
    selling.chain.revert(snapshot)
    at(selling, expiry - 1)
    selling.send(selling.halt(selling.series))
    assert selling.series.halted_at() == expiry - 1


# ------------------------------------------------------------------------- what is refused after it


def purchase_by_permit(world: World) -> Transaction:
    """Buy a Token by a permit."""
    currency, buyer = world.network.currency, world["buyer"]
    permit, signature = currency.sign_permit(buyer, world.series.address, FEN, world.now + 60)
    return world.series.purchase_with_permit(buyer, buyer.address, 10, world.now + 60, permit, signature)


def purchase_by_authorization(world: World) -> Transaction:
    """Buy Tokens by a payment that commits to terms."""
    currency, buyer, series = world.network.currency, world["buyer"], world.series
    terms = PurchaseTerms(series.address, buyer.address, 1, world.now + 60)
    payment, signature = series.sign_purchase(buyer, currency.domain, 150, terms)
    return series.purchase_with_authorization(world["relayer"], payment, terms, signature)


def purchase_by_transfer_authorization(world: World) -> Transaction:
    """Buy Tokens by a stock payment."""
    payment = world.authorization("buyer", world.series.address, 150)
    signature = world["buyer"].sign(payment.transfer_digest(world.network.currency.domain))
    return world.series.purchase_with_transfer_authorization(world["relayer"], payment, signature)


def deposit(world: World) -> Transaction:
    """Deposit a Token in a new channel."""
    hub, config = world.network.hub, world.config("buyer", salt=b"\5" * 32)
    data = hub.sign_deposit(world["buyer"], world.series, config, 1, world.now + 60)
    return hub.deposit(world["relayer"], config, 1, data)


def transfer_by_authorization(world: World) -> Transaction:
    """Pass a Token on by signature."""
    payment = world.authorization("buyer", world.address("stranger"), 1)
    signature = world["buyer"].sign(payment.transfer_digest(world.series.domain))
    return world.series.transfer_with_authorization(world["relayer"], payment, signature)


REFUSED: dict[str, Callable[[World], Transaction]] = {
    "purchase": lambda world: world.series.purchase(world["buyer"], world.address("buyer"), 1, world.now + 60),
    "purchase by permit": purchase_by_permit,
    "purchase by authorization": purchase_by_authorization,
    "purchase by transfer authorization": purchase_by_transfer_authorization,
    "deposit": deposit,
    "transfer": lambda world: world.series.transfer(world["buyer"], world.address("stranger"), 1),
    "transfer of nothing": lambda world: world.series.transfer(world["buyer"], world.address("stranger"), 0),
    "transfer by allowance": lambda world: world.series.transfer_from(
        world["relayer"], world.address("buyer"), world.address("stranger"), 1
    ),
    "transfer by authorization": transfer_by_authorization,
    "consume": lambda world: world.series.consume(world["buyer"], 1),
}


@pytest.mark.parametrize("way", REFUSED)
def test_refused_after_it(selling: World, way: str) -> None:
    """Nothing is sold, deposited, passed on or consumed any more, by whatever way; just before all of it was."""
    currency, series, buyer = selling.network.currency, selling.series, selling["buyer"]
    selling.fund("buyer", YUAN)
    selling.send(
        currency.approve(buyer, series.address, 2**256 - 1),
        series.approve(buyer, selling.address("relayer"), 2**256 - 1),
    )
    transaction, snapshot = REFUSED[way](selling), selling.chain.snapshot()
    selling.send(transaction)
    selling.chain.revert(snapshot)
    selling.send(selling.halt(series))
    refused(selling, REFUSED[way](selling), errors.SeriesHalted, haltedAt=series.halted_at())


# ------------------------------------------------------------------------- what still moves


@pytest.mark.parametrize("tokens", [1, 6, 7, 92, 93, HELD])
def test_refund_with_compensation(halted: World, tokens: int) -> None:
    """A holder gets its backing, and the compensation on top, each rounded down to a unit (P-20)."""
    series, buyer = halted.series, halted["buyer"]
    compensation = compensation_rounded_down(tokens, UNIT_PRICE, COMPENSATION_BPS)
    paid = backing_rounded_down(tokens, UNIT_PRICE) + compensation
    with effect(halted) as change:
        (receipt,) = halted.send(series.refund(buyer, tokens))
    money = {"eCNY series": -paid, "eCNY buyer": paid} if paid else {}
    assert change == {"Tokens buyer": -tokens, "Tokens supply": -tokens, **money}
    assert halted.events(receipt) == [
        Refunded(buyer.address, tokens, paid, compensation),
        Transfer(buyer.address, ZERO_ADDRESS, tokens),
        Transfer(series.address, buyer.address, paid),
    ]


def test_refunds_one_by_one_never_outrun_the_compensation(world: World) -> None:
    """However a holding is divided, what is paid is at most what it was bought with and what the halt brought."""
    series = world.open(world.halting_terms(unit_price=1_000_003, capacity=1_000))
    selling = replace(world, series=series)
    paid_in = selling.buy("buyer", 25)
    selling.send(selling.halt(series))
    with effect(selling) as change:
        selling.send(*(series.refund(selling["buyer"], part) for part in (1, 1, 1, 2, 3, 17)))
    compensation = stake_rounded_up(25, 1_000_003, COMPENSATION_BPS)
    assert paid_in <= -change["eCNY series"] <= paid_in + compensation
    with effect(selling) as change:
        selling.send(series.sweep(selling["provider"]))
    assert selling.network.currency.balance_of(series.address) == 0


def test_at_the_second_of_the_halt(selling: World) -> None:
    """A Token sold in the second of the halt, before it, is refunded in the same second, after it (P-8, P-21)."""
    currency, series, buyer = selling.network.currency, selling.series, selling["buyer"]
    selling.fund("buyer", YUAN)
    selling.send(currency.approve(buyer, series.address, YUAN))
    _, _, receipt = selling.send(
        series.purchase(buyer, buyer.address, 1_000, selling.now + 60),
        selling.halt(series),
        series.refund(buyer, HELD + 1_000),
    )
    assert isinstance(selling.events(receipt)[0], Refunded)


def test_vouchers_signed_before_it(world: World) -> None:
    """What was used is claimed after the halt, by vouchers of before it; it settles and is redeemed, uncompensated."""
    selling = replace(world, series=world.open(world.halting_terms()))
    series, hub, provider = selling.series, selling.network.hub, selling["provider"]
    config = open_token_channel(selling, "buyer", 1_000_000)
    claim = metered_claim(selling, [row(selling, "buyer", config, used(600_000), 600_000)])
    selling.send(selling.halt(series))
    at(selling, series.expiry + 10 * 365 * 86_400)
    selling.send(claim)
    with effect(selling) as change:
        selling.send(hub.settle(selling["stranger"], series.address, series.address), series.redeem(provider, 600_000))
    assert change == {
        "Tokens hub": -600_000,
        "Tokens supply": -600_000,
        "eCNY series": -90_000,
        "eCNY provider": 90_000,
    }
    # The payer withdraws what is left, and is refunded with compensation.
    selling.send(hub.initiate_withdraw(selling["buyer"], config, 400_000))
    at(selling, selling.now + config.withdraw_delay_s)
    with effect(selling) as change:
        selling.send(hub.finalize_withdraw(selling["buyer"], config), series.refund(selling["buyer"], 400_000))
    paid = 60_000 + compensation_rounded_down(400_000, UNIT_PRICE, COMPENSATION_BPS)
    assert change == {
        "Tokens hub": -400_000,
        "Tokens supply": -400_000,
        "eCNY series": -paid,
        "eCNY buyer": paid,
    }
    # What was set aside for Tokens that were delivered after all goes back to the provider.
    left = compensation_of(1_000_000) - compensation_rounded_down(400_000, UNIT_PRICE, COMPENSATION_BPS)
    with effect(selling) as change:
        (receipt,) = selling.send(series.sweep(provider))
    assert selling.events(receipt)[0] == Swept(provider.address, left)
    assert change == {"eCNY series": -left, "eCNY provider": left}
    assert selling.network.currency.balance_of(series.address) == 0


def test_claimed_before_and_settled_after_it(world: World) -> None:
    """Tokens on their way home at the halt count as undelivered then, and are redeemed without compensation."""
    selling = replace(world, series=world.open(world.halting_terms()))
    series, hub, provider = selling.series, selling.network.hub, selling["provider"]
    config = open_token_channel(selling, "buyer", 1_000_000)
    selling.send(metered_claim(selling, [row(selling, "buyer", config, used(1_000_000), 1_000_000)]))
    (receipt,) = selling.send(selling.halt(series))
    assert selling.events(receipt)[2] == Halted(1_000_000, compensation_of(1_000_000))
    with effect(selling) as change:
        selling.send(
            hub.settle(selling["stranger"], series.address, series.address),
            series.redeem(provider, 1_000_000),
            series.sweep(provider),
        )
    paid = 150_000 + compensation_of(1_000_000)
    assert change == {
        "Tokens hub": -1_000_000,
        "Tokens supply": -1_000_000,
        "eCNY series": -paid,
        "eCNY provider": paid,
    }


def test_a_cooperative_refund_after_it(world: World) -> None:
    """Provider and payer may still agree that what is in a channel goes back."""
    selling = replace(world, series=world.open(world.halting_terms()))
    hub, meter = selling.network.hub, selling.network.meter
    config = open_token_channel(selling, "buyer", 1_000)
    selling.send(selling.halt(selling.series))
    approval = meter.approve_refund(selling["provider"], config, 0, 1_000, 0, hub)
    with effect(selling) as change:
        selling.send(hub.refund_with_signature(selling["stranger"], config, 1_000, 0, approval))
    assert change == {"Tokens hub": -1_000, "Tokens buyer": 1_000}


def test_redemption_after_it(halted: World) -> None:
    """What was delivered before is redeemed for its backing, and no compensation."""
    with effect(halted) as change:
        halted.send(halted.series.redeem(halted["provider"], DELIVERED))
    assert change == {
        "Tokens series": -DELIVERED,
        "Tokens supply": -DELIVERED,
        "eCNY series": -60_000,
        "eCNY provider": 60_000,
    }


def test_sweep_after_it(halted: World) -> None:
    """Before expiry already, the provider takes what rounding left; backing and compensation stay (P-24)."""
    series, provider, buyer = halted.series, halted["provider"], halted["buyer"]
    shares = (HELD + DELIVERED) * 10_000 + HELD * COMPENSATION_BPS
    owed = -(-shares * UNIT_PRICE // (10_000 * 1_000_000))
    left = halted.network.currency.balance_of(series.address) - owed
    halted.fund("stranger", FEN)
    halted.send(halted.network.currency.transfer(halted["stranger"], series.address, FEN))
    with effect(halted) as change:
        halted.send(series.sweep(provider))
    assert change == {"eCNY series": -left - FEN, "eCNY provider": left + FEN}
    halted.send(series.redeem(provider, DELIVERED), series.refund(buyer, HELD - 1), series.refund(buyer, 1))
    left = halted.network.currency.balance_of(series.address)
    assert 0 < left <= 4
    with effect(halted) as change:
        halted.send(series.sweep(provider))
    assert change == {"eCNY series": -left, "eCNY provider": left}


def test_a_holder_that_never_asks_holds_up_nobody(world: World) -> None:
    """Its Token keeps what is owed to it; compensation set aside for what was delivered after all goes back at once."""
    selling = replace(world, series=world.open(world.halting_terms()))
    series, hub, provider = selling.series, selling.network.hub, selling["provider"]
    selling.buy("other buyer", 1)
    config = open_token_channel(selling, "buyer", 1_000_000)
    selling.send(
        metered_claim(selling, [row(selling, "buyer", config, used(1_000_000), 1_000_000)]),
        selling.halt(series),
        hub.settle(selling["stranger"], series.address, series.address),
        series.redeem(provider, 1_000_000),
    )
    left = selling.network.currency.balance_of(series.address)
    assert left > compensation_of(1_000_000)
    with effect(selling) as change:
        selling.send(series.sweep(provider))
    # One Token is owed a fraction of a unit.
    assert change == {"eCNY series": 1 - left, "eCNY provider": left - 1}
    at(selling, series.expiry + 10 * 365 * 86_400)
    selling.send(series.refund(selling["other buyer"], 1), series.sweep(provider))
    assert selling.network.currency.balance_of(series.address) == 0
    check_books(selling)


def test_a_frozen_holder_is_refunded(halted: World) -> None:
    """What it is owed leaves the series, into its account or, where that is closed, as a credit (P-7)."""
    currency, buyer = halted.network.currency, halted["buyer"]
    compensation = compensation_rounded_down(HELD, UNIT_PRICE, COMPENSATION_BPS)
    paid = backing_rounded_down(HELD, UNIT_PRICE) + compensation
    halted.send(currency.freeze(halted["freezer"], buyer.address, outgoing=True, incoming=True))
    with effect(halted) as change:
        halted.send(halted.series.refund(buyer, HELD))
    assert change == {
        "Tokens buyer": -HELD,
        "Tokens supply": -HELD,
        "eCNY series": -paid,
        "eCNY currency": paid,
        "credit buyer": paid,
    }


def test_in_a_paused_currency(selling: World) -> None:
    """A pause of the currency keeps nobody from halting, nor holders from being refunded (P-7)."""
    selling.send(selling.network.currency.pause(selling["pauser"]), selling.halt(selling.series))
    with effect(selling) as change:
        selling.send(selling.series.refund(selling["buyer"], HELD))
    assert change["Tokens buyer"] == -HELD
    assert change["eCNY buyer"] > 0


def test_a_series_of_the_same_provider_goes_on(selling: World) -> None:
    """Series share neither purse nor fate: another one of the provider's sells, delivers and keeps its stake."""
    market, other = selling.network.market, selling.open(selling.halting_terms())
    locked = market.locked_stake(other.address)
    selling.send(selling.halt(selling.series))
    beside = replace(selling, series=other)
    beside.buy("other buyer", 1_000)
    with effect(beside) as change:
        beside.send(other.consume(beside["other buyer"], 1_000), other.redeem(beside["provider"], 1_000))
    assert change == {
        "Tokens other buyer": -1_000,
        "Tokens supply": -1_000,
        "eCNY series": -150,
        "eCNY provider": 150,
    }
    assert market.locked_stake(other.address) == locked


def test_an_auditor_is_told(selling: World) -> None:
    """Who halted, on what ground and evidence, and what it had bought itself: a halter may have had its own reasons."""
    series, halter = selling.series, selling.address("halter")
    selling.buy("halter", 5_000)
    selling.send(series.transfer(selling["halter"], selling.address("stranger"), 5_000), selling.halt(series))
    (finding,) = halts(check_books(selling))
    assert (finding.code, finding.subject) == ("INV-BACKING", f"series 0x{series.address.hex()}")
    assert finding.severity is Severity.NOTICE
    for stated in (halter.hex(), GROUND.hex(), EVIDENCE.hex(), f"{compensation_of(HELD + 5_000)} units", "5000 Tokens"):
        assert stated in finding.detail


def test_an_auditor_is_told_who_bought_before_it(selling: World) -> None:
    """Who sees a halt coming can buy for the compensation: purchases of the hour before are named, older ones not."""
    series, early, late = selling.series, selling.address("other buyer"), selling.address("stranger")
    selling.buy("other buyer", 7_000)
    selling.chain.clock.advance(3_600)
    selling.buy("buyer", 11)
    selling.buy("stranger", 5_000)
    selling.send(selling.halt(series))
    (finding,) = halts(check_books(selling))
    assert f"5011 Tokens were bought in the hour before, most by 0x{late.hex()} (5000)" in finding.detail
    assert early.hex() not in finding.detail


def test_where_nobody_bought_before_it(selling: World) -> None:
    """Nothing is said of the hour then."""
    selling.chain.clock.advance(3_600)
    selling.send(selling.halt(selling.series))
    (finding,) = halts(check_books(selling))
    assert "in the hour before" not in finding.detail
