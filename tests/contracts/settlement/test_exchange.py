"""The ForeignExchange: Tokens for e-HKD by the quote of a liquidity provider, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from pysettle.client.core.contract import Contract
from pysettle.domain.compute.events import Purchased
from pysettle.domain.core.events import Transfer
from pysettle.domain.money.wallets import WalletClass
from pysettle.domain.settlement import exchange_events as events
from pysettle.domain.settlement.calendars import CLOSED, Hours, Week
from pysettle.domain.settlement.quotes import LONGEST_QUOTE_S, Order, Quote
from pysettle.errors import ContractReverted
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency
from pysettle.values import Timestamp, Tokens, Units
from tests.chance import chance, rounds
from tests.contracts.abroad import (
    BUYER,
    CHINA,
    HONG_KONG,
    LIMIT,
    PAID,
    PROVIDER,
    RATE,
    SOLD,
    TOLERANCE_BPS,
    WINDOW,
    Abroad,
    open_abroad,
)
from tests.contracts.banks import FUNDS, HKD_OFFICER, HONGKONG, Banks, identity_of
from tests.contracts.effects import at, refused, restored
from tests.contracts.hostile import Hostile
from tests.contracts.ways import TERMS
from tests.contracts.world import UNIT_PRICE, YUAN

TOKENS = SOLD * 1_000_000 // UNIT_PRICE
EFFECT = {
    f"HKD {BUYER}": -PAID,
    f"position HKD {PROVIDER}": PAID,
    f"position CNY {PROVIDER}": -SOLD,
    "HKD layer": PAID,
    "CNY layer": -SOLD,
    "eCNY layer": -SOLD,
    "eCNY series": SOLD,
    "Tokens supply": TOKENS,
    "sold": TOKENS,
    f"Tokens {BUYER}": TOKENS,
}
"""The whole effect of a purchase: the exchange itself holds nothing."""


@pytest.fixture(scope="module")
def opened(funded: Banks) -> Iterator[Abroad]:
    """Open the foreign exchange once."""
    with restored(funded.world):
        yield open_abroad(funded)


@pytest.fixture
def abroad(opened: Abroad) -> Iterator[Abroad]:
    """Return the foreign exchange as it was after its opening; afterwards its books must agree with the contracts."""
    with restored(opened.world):
        yield opened


@contextmanager
def effect(abroad: Abroad) -> Iterator[dict[str, int]]:
    """Yield what will hold, after the block, each figure that changed and by how much."""
    change: dict[str, int] = {}
    before = abroad.figures()
    yield change
    after = abroad.figures()
    change.update({name: after[name] - before[name] for name in before if after[name] != before[name]})


def test_the_whole_effect_of_a_purchase(abroad: Abroad) -> None:
    """e-HKD come to the provider's position, its e-CNY to the series, Tokens to the buyer; it is announced first."""
    world, signed = abroad.world, abroad.signed()
    step = abroad.buy(signed)
    abroad.exchange.check(step)
    with effect(abroad) as change:
        (receipt,) = world.send(step)
    assert change == EFFECT
    said = world.events(receipt)
    buyer, provider, series = (*map(world.address, (BUYER, PROVIDER)), world.series.address)
    assert said[0] == events.PurchasedAbroad(buyer, provider, series, signed.quote, abroad.way.id, Units(SOLD))
    assert [type(event) for event in said[1:]] == [
        Transfer,
        events.PositionExchanged,
        Transfer,
        Purchased,
        Transfer,
        Transfer,
    ]
    assert said[4] == Purchased(abroad.exchange.address, buyer, Tokens(TOKENS), Units(SOLD))
    assert abroad.exchange.is_used(provider, signed.quote.id)
    assert abroad.exchange.used(abroad.way.id, buyer)[0] == SOLD


def test_a_purchase_by_signature(abroad: Abroad) -> None:
    """Another account submits it, for the beneficiary of the order."""
    world = abroad.world
    order = abroad.order(beneficiary=world.address("other buyer"), least_tokens=Tokens(TOKENS))
    with effect(abroad) as change:
        world.send(abroad.relayed(order=order))
    tokens = {f"Tokens {BUYER}": change.get(f"Tokens {BUYER}", 0)}
    assert tokens == {f"Tokens {BUYER}": 0}
    assert change == {**{it: EFFECT[it] for it in EFFECT if it != f"Tokens {BUYER}"}, "Tokens other buyer": TOKENS}


def refused_purchase(abroad: Abroad, step: Transaction, error: type, **figures: object) -> None:
    """Send a purchase that is refused with these figures and changes nothing."""
    with effect(abroad) as change:
        refused(abroad.world, step, error, **figures)
    assert change == {}


# ----------------------------------------------------------------------------------------------- quotes


def test_the_first_quote_that_works_is_taken(abroad: Abroad) -> None:
    """Earlier ones leave nothing behind; if none works, the reason of the last one is reported."""
    world = abroad.world
    spent, good, better = abroad.signed(), abroad.signed(), abroad.signed()
    world.send(abroad.exchange.cancel(world[PROVIDER], spent.quote.id))
    off = abroad.signed(sold_amount=Units(SOLD // 2))
    with effect(abroad) as change:
        (receipt,) = world.send(abroad.buy(spent, off, good, better))
    assert change == EFFECT
    bought = next(it for it in world.events(receipt) if isinstance(it, events.PurchasedAbroad))
    assert bought.quote == good.quote
    assert not abroad.exchange.is_used(world.address(PROVIDER), off.quote.id)
    assert abroad.exchange.next_id(world.address(PROVIDER)) not in (spent.quote.id, good.quote.id)
    figures = {"provider": world.address(PROVIDER), "id": spent.quote.id}
    refused_purchase(abroad, abroad.buy(off, spent), errors.QuoteUsed, **figures)
    refused_purchase(abroad, abroad.exchange.purchase(world[BUYER], [], abroad.order()), errors.QuotesMissing)


def test_a_quote_is_taken_once(abroad: Abroad) -> None:
    """A replayed quote, a cancelled one, and the second cancellation of an id."""
    world, signed = abroad.world, abroad.signed()
    provider = world.address(PROVIDER)
    world.send(abroad.buy(signed))
    refused_purchase(abroad, abroad.buy(signed), errors.QuoteUsed, provider=provider, id=signed.quote.id)
    cancelled = abroad.signed()
    (receipt,) = world.send(abroad.exchange.cancel(world[PROVIDER], cancelled.quote.id))
    assert world.events(receipt) == [events.QuoteCancelled(provider, cancelled.quote.id)]
    refused_purchase(abroad, abroad.buy(cancelled), errors.QuoteUsed, provider=provider, id=cancelled.quote.id)
    again = abroad.exchange.cancel(world[PROVIDER], cancelled.quote.id)
    refused_purchase(abroad, again, errors.QuoteUsed, provider=provider, id=cancelled.quote.id)
    # Another account uses up ids of its own alone.
    other = abroad.signed()
    world.send(abroad.exchange.cancel(world["relayer"], other.quote.id), abroad.buy(other))


def test_a_quote_lives_a_minute(abroad: Abroad) -> None:
    """It is refused from its expiry on, and while it is signed for longer than a minute."""
    world = abroad.world
    quote = abroad.quote(valid_before=Timestamp(world.now + LONGEST_QUOTE_S + 50))
    at(world, world.now + 10)
    now = world.now
    long = {"validBefore": quote.valid_before, "latest": now + LONGEST_QUOTE_S}
    names = {"provider": quote.provider, "id": quote.id}
    refused_purchase(abroad, abroad.buy(abroad.signed(quote)), errors.QuoteTooLong, **names, **long)
    at(world, quote.valid_before)
    late = {"validBefore": quote.valid_before, "timestamp": quote.valid_before}
    refused_purchase(abroad, abroad.buy(abroad.signed(quote)), errors.QuoteExpired, **names, **late)


def test_the_rate_of_a_quote(abroad: Abroad) -> None:
    """Exactly at the tolerance it is taken, and one unit beyond it is refused, on both sides."""
    world = abroad.world
    for edge, step in ((SOLD * 101 // 100, 1), (SOLD * 99 // 100, -1)):
        quote = abroad.quote(sold_amount=Units(edge + step))
        figures = {"sold": edge + step, "expected": SOLD, "toleranceBps": TOLERANCE_BPS}
        names = {"provider": quote.provider, "id": quote.id}
        refused_purchase(abroad, abroad.buy(abroad.signed(quote)), errors.QuoteOffRate, **names, **figures)
        abroad.exchange.check(abroad.buy(abroad.signed(sold_amount=Units(edge))))
    paid = abroad.way.counter_currency
    world.send(abroad.rate(valid_s=20))
    rate = abroad.exchange.reference_rate(paid)
    assert (rate.rate, rate.tolerance_bps, rate.sold) == (RATE, TOLERANCE_BPS, abroad.way.currency)
    at(world, rate.valid_before)
    stale = {"paid": paid, "validBefore": rate.valid_before, "timestamp": rate.valid_before}
    refused_purchase(abroad, abroad.buy(), errors.ReferenceRateExpired, **stale)


def test_a_rate_is_of_the_central_bank(abroad: Abroad) -> None:
    """Not of another account, nor changed, nor older than the last one, nor of a time to come, nor for e-HKD."""
    world, token = abroad.world, abroad.way.currency
    bank = {"currency": token, "caller": world.address("stranger")}
    refused(world, abroad.rate(by="stranger"), errors.CurrencyPowerMissing, **bank)
    last = abroad.exchange.reference_rate(abroad.way.counter_currency).observed_at
    for observed in (last, world.now + 1_000):
        step = abroad.rate(observed_at=observed)
        times = {"paid": abroad.way.counter_currency, "observedAt": observed, "last": last, "timestamp": world.now}
        refused(world, step, errors.ReferenceRateTimeInvalid, **times)
    hkd = {"currency": abroad.way.counter_currency, "expected": token}
    refused(world, abroad.rate(sold=abroad.way.counter_currency), errors.QuoteCurrencyOther, **hkd)
    stated = replace(abroad.exchange.reference_rate(abroad.way.counter_currency), observed_at=Timestamp(world.now))
    bank_address = world.address("central bank")
    signature = world["central bank"].sign(replace(stated, rate=RATE + 1).digest(abroad.exchange.domain))
    step = abroad.exchange.attest_rate(world["relayer"], stated, bank_address, signature)
    refused(world, step, errors.RateSignatureInvalid, signer=bank_address)


def test_a_price_is_exact(abroad: Abroad) -> None:
    """Sold units buy whole Tokens, so that none stays with the exchange; a signed value is that of the quote."""
    world = abroad.world
    series = world.open(world.halting_terms(unit_price=3_000_000, compensation_bps=0))
    world.send(abroad.exchange.admit_series(world["relayer"], series.address))
    inexact = abroad.buy(abroad.signed(sold_amount=Units(SOLD - 1)), series=series.address)
    figures = {"paid": SOLD - 1, "price": SOLD - 3}
    refused_purchase(abroad, inexact, errors.PurchasePaymentInexact, **figures)
    few = abroad.buy(least_tokens=Tokens(TOKENS + 1))
    counts = {"tokens": TOKENS, "leastTokens": TOKENS + 1}
    refused_purchase(abroad, few, errors.PurchaseBelowLeastTokens, **counts)
    other = abroad.signed(paid_amount=Units(PAID + 1))
    figures = {"paid": PAID, "price": PAID + 1}
    refused_purchase(abroad, abroad.relayed(other), errors.PurchasePaymentInexact, **figures)


# ---------------------------------------------------------------------------------------------- thieves


def test_a_relayer_changes_nothing(abroad: Abroad) -> None:
    """Neither beneficiary, least Tokens nor deadline of a signed order; nor may it use an allowance."""
    world, order = abroad.world, abroad.order()
    relayer = world.address("relayer")
    for changed in ({"beneficiary": relayer}, {"least_tokens": Tokens(2)}, {"deadline": order.deadline + 1}):
        step = abroad.relayed(order=replace(order, **changed), signed=order)  # type: ignore[arg-type]
        nonces = {
            "nonce": order.nonce(abroad.exchange.address),
            "termsHash": replace(order, **changed).nonce(abroad.exchange.address),  # type: ignore[arg-type]
        }
        refused_purchase(abroad, step, errors.PurchaseNonceInvalid, **nonces)
    theft = abroad.buy(by="relayer", beneficiary=relayer)
    refused_purchase(abroad, theft, errors.BuyerNotCaller, buyer=order.buyer, caller=relayer)


def test_a_quote_for_one_taker(abroad: Abroad) -> None:
    """Another buyer cannot take it, nor with the name of the taker removed."""
    world = abroad.world
    for_buyer = abroad.signed(taker=world.address(BUYER))
    other = world.address(HONGKONG)
    step = abroad.buy(for_buyer, by=HONGKONG, buyer=other)
    names = {"provider": world.address(PROVIDER), "id": for_buyer.quote.id}
    taken = {"taker": world.address(BUYER), "buyer": other}
    refused_purchase(abroad, step, errors.QuoteTakerOther, **names, **taken)
    opened = replace(for_buyer, quote=replace(for_buyer.quote, taker=abroad.quote().taker))
    refused_purchase(abroad, abroad.buy(opened), errors.QuoteSignatureInvalid, **names)
    world.send(abroad.buy(for_buyer))


def test_a_seized_buyer(abroad: Abroad) -> None:
    """Units that were seized buy nothing."""
    world, hkd, buyer = abroad.world, abroad.banks.token(Currency.HKD), abroad.world.address(BUYER)
    held = hkd.balance_of(buyer)
    world.send(hkd.seize(world[HKD_OFFICER], buyer, world.address(HKD_OFFICER), Units(held), b"\5" * 32))
    figures = {"sender": buyer, "balance": 0, "needed": PAID}
    refused_purchase(abroad, abroad.buy(), errors.ERC20InsufficientBalance, **figures)


def test_a_provider_that_changes_its_mind(abroad: Abroad) -> None:
    """The quote of a contract (ERC-1271) is taken while it answers for it; afterwards it holds up its own alone."""
    world, banks, token = abroad.world, abroad.banks, abroad.banks.token()
    owner = world["relayer"]
    wallet = Hostile(world, "Wallet", owner.address)
    for currency, officer in ((Currency.CNY, "registrar"), (Currency.HKD, HKD_OFFICER)):
        place, names = banks.token(currency).address, identity_of(PROVIDER)
        world.send(banks.registry.admit(world[officer], place, wallet.address, names, CHINA, wallet.address))
    approval = token.approve(owner, banks.liquidity.address, SOLD)
    pay_in = banks.liquidity.pay_in(owner, token.address, Units(SOLD))
    world.send(token.transfer(world[PROVIDER], wallet.address, SOLD), wallet.act(approval), wallet.act(pay_in))
    signed = abroad.signed(abroad.quote(provider=wallet.address), by="relayer")
    abroad.exchange.check(abroad.buy(signed))
    world.send(wallet.call("close"))
    names_of = {"provider": wallet.address, "id": signed.quote.id}
    refused_purchase(abroad, abroad.buy(signed), errors.QuoteSignatureInvalid, **names_of)
    world.send(abroad.buy(signed, abroad.signed()))


FLIPPED = {"taker": 160, "paid": 160, "sold": 160, "paid_amount": 96, "sold_amount": 96, "id": 256, "valid_before": 64}
ORDERED = {"buyer": 160, "series": 160, "beneficiary": 160, "least_tokens": 256, "deadline": 256}
"""Field -> bits of it that a thief may flip."""
REFUSALS = {
    "PurchaseNonceInvalid",
    "QuoteCurrencyOther",
    "QuoteExpired",
    "QuoteOffRate",
    "QuoteSignatureInvalid",
    "QuoteTakerOther",
    "QuoteTooLong",
    "ReferenceRateExpired",
}
"""Errors that such a change meets."""


@pytest.mark.random
def test_mutated_quotes(abroad: Abroad) -> None:
    """One bit of a quote, its signature or the order: refused by name, with provider and id or nonce; nothing moves."""
    world, random, order, signed = abroad.world, chance("quotes"), abroad.order(), abroad.signed()
    paid = abroad.banks.token(Currency.HKD).domain
    payment = abroad.exchange.sign_payment(world[BUYER], paid, Units(PAID), order)
    found = set[str]()
    with effect(abroad) as change:
        for number in range(rounds(100, campaign=1_000)):
            quote, terms = signed, order
            kind = random.choice(("quote", "quote", "signature", "order"))
            if kind == "signature":
                bit = random.randrange(520)
                quote = replace(signed, signature=flipped(signed.signature, bit, 520))
            elif kind == "order":
                terms = replace(order, **changed(order, ORDERED, random))
            else:
                quote = replace(signed, quote=replace(signed.quote, **changed(signed.quote, FLIPPED, random)))
            step = abroad.exchange.purchase_with_authorization(world["relayer"], [quote], terms, *payment)
            with pytest.raises(ContractReverted) as refusal:
                abroad.exchange.check(step)
            values = refusal.value.values
            found.add(type(refusal.value).__name__)
            if "id" in values:
                assert (values["provider"], values["id"]) == (quote.quote.provider, quote.quote.id), number
    assert change == {}
    assert found <= REFUSALS
    assert found >= {"QuoteSignatureInvalid", "QuoteOffRate", "QuoteTakerOther", "PurchaseNonceInvalid"}


def changed(value: Quote | Order, bits: Mapping[str, int], random: Random) -> dict[str, Any]:
    """Return a field of a value with one bit flipped."""
    name = random.choice([*bits])
    return {name: flipped(getattr(value, name), random.randrange(bits[name]), bits[name])}


def flipped(value: bytes | int, bit: int, bits: int) -> bytes | int:
    """Return a value with one bit flipped."""
    if isinstance(value, int):
        return value ^ 1 << bit
    return (int.from_bytes(value, "big") ^ 1 << bit).to_bytes(bits // 8, "big")


def test_a_series_that_the_market_never_opened(abroad: Abroad) -> None:
    """It gets no allowance, and no purchase names it; a series of the market gets its allowance from anybody, once."""
    world = abroad.world
    false, relayer = world.network.currency.address, world["relayer"]
    refused(world, abroad.exchange.admit_series(relayer, false), errors.SeriesUnknown, series=false)
    new = world.open(world.halting_terms())
    step = abroad.buy(series=new.address)
    refused_purchase(abroad, step, errors.SeriesNotAdmitted, series=new.address)
    (receipt,) = world.send(abroad.exchange.admit_series(relayer, new.address))
    assert events.SeriesAdmitted(new.address) in world.events(receipt)
    world.send(abroad.buy(series=new.address))


def test_only_the_exchange_exchanges_positions(abroad: Abroad) -> None:
    """Nobody else calls its entries: neither that of the liquidity accounts, nor the one for a single quote."""
    world, signed = abroad.world, abroad.signed()
    stranger, exchange, way = world["stranger"], abroad.exchange, abroad.way
    quote = signed.quote
    taken = (quote.provider, quote.paid, quote.paid_amount, quote.sold, quote.sold_amount)
    names = {"caller": stranger.address, "exchange": exchange.address}
    liquidity: Contract = abroad.banks.liquidity
    refused_purchase(
        abroad, liquidity._transaction(stranger, 300_000, "exchange", *taken), errors.CallerNotExchange, **names
    )
    order = abroad.order()
    arguments = (signed.fields(), (order.buyer, order.series, order.beneficiary, 1, order.deadline))
    step = exchange._transaction(stranger, 400_000, "take", *arguments, (0, 0, 0, bytes(32), b""))
    refused_purchase(abroad, step, errors.CallerNotExchange, **names)
    other = abroad.signed(sold=way.counter_currency)
    currencies = {"currency": way.counter_currency, "expected": way.currency}
    refused_purchase(abroad, abroad.buy(other), errors.QuoteCurrencyOther, **currencies)


@pytest.mark.parametrize("currency", [Currency.CNY, Currency.HKD])
@pytest.mark.parametrize("freeze", ["outgoing", "incoming", "amount"])
def test_a_frozen_buyer(abroad: Abroad, currency: Currency, freeze: str) -> None:
    """A freeze in either currency, in any direction or of an amount, refuses the purchase."""
    world, token = abroad.world, abroad.banks.token(currency)
    freezer = world["freezer" if currency is Currency.CNY else HKD_OFFICER]
    buyer = world.address(BUYER)
    if freeze == "amount":
        world.send(token.freeze_amount(freezer, buyer, Units(1)))
    else:
        world.send(token.freeze(freezer, buyer, outgoing=freeze == "outgoing", incoming=freeze == "incoming"))
    refused_purchase(abroad, abroad.buy(), errors.BuyerFrozen, currency=token.address, buyer=buyer)
    refused_purchase(abroad, abroad.relayed(), errors.BuyerFrozen, currency=token.address, buyer=buyer)


def test_a_pause(abroad: Abroad) -> None:
    """A pause of either currency, or of the positions in either, refuses the purchase."""
    world, banks = abroad.world, abroad.banks
    for currency in (Currency.CNY, Currency.HKD):
        token, pauser = banks.token(currency), world["pauser" if currency is Currency.CNY else HKD_OFFICER]
        world.send(token.pause(pauser))
        refused_purchase(abroad, abroad.buy(), errors.CurrencyPaused)
        world.send(token.unpause(pauser), banks.liquidity.pause(pauser, token.address))
        refused_purchase(abroad, abroad.buy(), errors.LiquidityPaused, currency=token.address)
        world.send(banks.liquidity.unpause(pauser, token.address))


def test_a_provider_that_must_not_settle(abroad: Abroad) -> None:
    """A stop, a suspension, a frozen position, or too few units refuse its quotes."""
    world, banks, token = abroad.world, abroad.banks, abroad.way.currency
    provider = {"currency": token, "account": world.address(PROVIDER)}
    for stops, error in (
        ({"stopped": True}, errors.ParticipantStopped),
        ({"suspended": True}, errors.ParticipantSuspended),
    ):
        world.send(banks.stops(PROVIDER, **stops))
        refused_purchase(abroad, abroad.buy(), error, **provider)
        world.send(banks.stops(PROVIDER))
    freezer = world["freezer"]
    frozen = banks.liquidity.freeze(freezer, token, world.address(PROVIDER), outgoing=True, incoming=False)
    world.send(frozen)
    refused_purchase(abroad, abroad.buy(), errors.PositionFrozenOutgoing, **provider)
    world.send(banks.liquidity.freeze(freezer, token, world.address(PROVIDER), outgoing=False, incoming=False))
    world.send(banks.pay_out(PROVIDER, FUNDS // 2 - SOLD + 1))
    figures = {"token": token, "account": world.address(PROVIDER), "requested": SOLD, "available": SOLD - 1}
    refused_purchase(abroad, abroad.buy(), errors.PositionExceeded, **figures)
    stranger = abroad.signed(abroad.quote(provider=world.address("relayer")), by="relayer")
    missing = {"currency": token, "account": world.address("relayer")}
    refused_purchase(abroad, abroad.buy(stranger), errors.ParticipantNotFound, **missing)


# ---------------------------------------------------------------------------------- corridor and limits


def test_the_limits_of_a_class(abroad: Abroad) -> None:
    """One purchase, a window, and class IV once the identification has expired; the corridor's own limits hold too."""
    world, way, buyer = abroad.world, abroad.way, abroad.world.address(BUYER)
    who = {"corridor": way.id, "buyer": buyer, "class": WalletClass.II}
    world.send(abroad.limit(WalletClass.II, SOLD - 1))
    one = {"requested": SOLD, "limit": SOLD - 1}
    refused_purchase(abroad, abroad.buy(), errors.PurchaseLimitExceeded, **who, **one)
    world.send(abroad.limit(WalletClass.II, LIMIT, 2 * SOLD - 1), abroad.buy())
    window = {"requested": SOLD, "available": SOLD - 1}
    refused_purchase(abroad, abroad.buy(), errors.PurchaseWindowExceeded, **who, **window)
    at(world, world.now + 86_400)
    world.send(abroad.buy())
    today = (world.now + 8 * 3_600) // 86_400
    world.send(abroad.register(until=today))
    four = {**who, "class": WalletClass.IV, "requested": SOLD, "limit": 0}
    refused_purchase(abroad, abroad.buy(), errors.PurchaseLimitExceeded, **four)
    world.send(abroad.register(until=today + 1))
    refused_purchase(abroad, abroad.buy(), errors.PurchaseWindowExceeded, **who, **window)
    world.send(abroad.limit(WalletClass.II, 10**9, 10**9))
    assert abroad.exchange.class_limit(way.id, WalletClass.II) == (10**9, 10**9)
    terms = replace(TERMS, settlement_limit=Units(SOLD - 1))
    world.send(*(abroad.ways.agree(by, way, terms) for by in (Currency.CNY, Currency.HKD)))
    refused_purchase(abroad, abroad.buy(), errors.PurchaseLimitExceeded, **who, **one)
    stranger = abroad.exchange.set_class_limit(world["stranger"], HONG_KONG, CHINA, WalletClass.II, Units(1), Units(1))
    refused(world, stranger, errors.CurrencyPowerMissing, currency=way.currency, caller=world.address("stranger"))
    assert WINDOW > LIMIT


def test_the_corridor_of_a_purchase(abroad: Abroad) -> None:
    """It is open, for this pair, below the threshold of the Travel Rule, and both currencies are open."""
    world, way, ways = abroad.world, abroad.way, abroad.ways
    above = abroad.buy(abroad.signed(paid_amount=Units(100 * YUAN // 3), sold_amount=Units(30 * YUAN)))
    travel = {"debtor": world.address(BUYER), "amount": 30 * YUAN, "threshold": TERMS.travel_threshold}
    refused_purchase(abroad, above, errors.TravelPayloadUnsigned, id=way.id, **travel)
    shut = Week((CLOSED,) * 6 + (Hours(0, 1),), CLOSED, 0)
    for currency in (Currency.CNY, Currency.HKD):
        world.send(ways.week(currency, shut))
        place = abroad.banks.token(currency).address
        refused_purchase(abroad, abroad.buy(), errors.CurrencyClosed, currency=place, time=world.now)
        world.send(ways.week(currency, None))
    world.send(ways.corridors.close(world[ways.bank(Currency.CNY)], way, way.currency))
    refused_purchase(abroad, abroad.buy(), errors.CorridorNotOpen, id=way.id)


def test_the_pair_of_a_purchase(abroad: Abroad) -> None:
    """A buyer of a third jurisdiction pays with the currency of that one alone, which its corridor is for."""
    world, ways = abroad.world, abroad.ways
    baht = ways.joined(764)
    way = replace(abroad.way, debtor_jurisdiction=764, counter_currency=baht)
    hkd, officer = abroad.banks.token(Currency.HKD), world[HKD_OFFICER]
    world.send(
        ways.agree(Currency.CNY, way),
        ways.corridors.agree(world["relayer"], way, TERMS, baht),
        hkd.register_wallet(officer, world.address(BUYER), WalletClass.II, jurisdiction=764),
    )
    other = {"id": way.id, "counterCurrency": baht}
    refused_purchase(abroad, abroad.buy(), errors.CorridorOfOtherPair, **other)
