"""Positions of the LiquidityAccounts: paid in and out by their banks, and reached by the officers of the currency."""

from __future__ import annotations

import pytest

from pysettle.client import deploying
from pysettle.client.core.access import Role
from pysettle.client.money.currency import Freeze
from pysettle.client.settlement.liquidity import LiquidityAccounts
from pysettle.domain import invariants
from pysettle.domain.core.events import Transfer
from pysettle.domain.money.events import Credited
from pysettle.domain.settlement.events import (
    LiquidityPauseSet,
    PaidIn,
    PaidOut,
    PositionFreezeSet,
    PositionFrozenAmountSet,
    PositionSeized,
)
from pysettle.errors import UnknownRevert
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency
from tests.contracts.banks import BEIJING, FUNDS, GROUND, HKD_OFFICER, HONGKONG, Banks, effect_on
from tests.contracts.effects import check_books, refused
from tests.contracts.settlement.false_currency import FalseCurrency
from tests.contracts.world import YUAN

HALF = FUNDS // 2


def test_the_whole_effect_of_paying_in_and_out(banks: Banks) -> None:
    """Units go into the own position and come back; the layer holds as many as all positions have."""
    world, token, account = banks.world, banks.token().address, banks.world.address(BEIJING)
    with effect_on(banks) as change:
        (receipt,) = world.send(banks.pay_in(BEIJING, 7 * YUAN))
    moved = {"CNY buyer": -7 * YUAN, "CNY layer": 7 * YUAN, "position CNY buyer": 7 * YUAN}
    assert change == moved
    now = HALF + 7 * YUAN
    assert world.events(receipt) == [
        PaidIn(token, account, 7 * YUAN, now),
        Transfer(account, banks.liquidity.address, 7 * YUAN),
    ]
    with effect_on(banks) as change:
        (receipt,) = world.send(banks.pay_out(BEIJING, 7 * YUAN))
    assert change == {name: -amount for name, amount in moved.items()}
    assert world.events(receipt) == [
        PaidOut(token, account, 7 * YUAN, HALF),
        Transfer(banks.liquidity.address, account, 7 * YUAN),
    ]
    for amount in (0, HALF):
        world.send(banks.pay_out(BEIJING, amount))
    excess = banks.pay_out(BEIJING, 1)
    refused(world, excess, errors.PositionExceeded, token=token, account=account, requested=1, available=0)
    assert banks.available(BEIJING, Currency.HKD) == HALF


def test_the_word_of_a_position_says_what_the_single_reads_say(banks: Banks) -> None:
    """Number, jurisdiction, reserved units, each stop and each freeze; an account that was not admitted has none."""
    world, token, account = banks.world, banks.token().address, banks.world.address(BEIJING)
    it, freezer = banks.liquidity, world["freezer"]
    parties = [account, world.address("stranger")]
    seen = set()
    for step in (
        it.reserve(world[BEIJING], token, 7 * YUAN),
        banks.stops(BEIJING, suspended=True),
        banks.stops(BEIJING, stopped=True),
        banks.stops(BEIJING),
        it.freeze(freezer, token, account, outgoing=True, incoming=False),
        it.freeze(freezer, token, account, outgoing=False, incoming=True),
        it.freeze(freezer, token, account, outgoing=False, incoming=False),
        it.freeze_amount(freezer, token, account, 1),
    ):
        world.send(step)
        word, nobody = it.words(token, parties)
        position, standing = it.position(token, account), banks.registry.participant(token, account)
        assert word.reserved == position.reserved == 7 * YUAN
        assert (word.number, word.jurisdiction) == (standing.index, standing.jurisdiction) == (1, 156)
        assert word.is_active == (standing.word == "active")
        assert word.is_held_back == (position.frozen.outgoing or position.frozen.amount > 0)
        assert word.is_frozen_incoming == position.frozen.incoming
        assert (nobody, nobody.is_active) == (0, False)
        seen.add((word.is_active, word.is_held_back, word.is_frozen_incoming))
    assert seen == {(True, False, False), (False, False, False), (True, True, False), (True, False, True)}


def test_a_position_never_has_more_units_than_the_word(banks: Banks) -> None:
    """An amount of more than 96 bits is no amount: it is refused before the contract looks at it."""
    data = banks.liquidity.interface.encode("payIn", banks.token().address, 1)
    step = Transaction(
        banks.world[BEIJING],
        banks.liquidity.address,
        data[:-32] + (2**96).to_bytes(32, "big"),
        300_000,
        banks.liquidity.interface,
    )
    with pytest.raises(UnknownRevert):
        banks.world.send(step)


def test_who_may_pay_in(banks: Banks) -> None:
    """Only a participant that is neither suspended nor stopped, while neither pause nor freeze is in the way."""
    world, token, account = banks.world, banks.token().address, banks.world.address(BEIJING)
    stranger = world.address("stranger")
    refused(world, banks.pay_in("stranger", 1), errors.ParticipantNotFound, currency=token, account=stranger)
    for stops, error in (
        ({"suspended": True}, errors.ParticipantSuspended),
        ({"stopped": True}, errors.ParticipantStopped),
        ({"suspended": True, "stopped": True}, errors.ParticipantStopped),
    ):
        world.send(banks.stops(BEIJING, **stops))
        refused(world, banks.pay_in(BEIJING, 1), error, currency=token, account=account)
        world.send(banks.pay_out(BEIJING, 1))
    world.send(banks.stops(BEIJING), banks.liquidity.pause(world["pauser"], token))
    refused(world, banks.pay_in(BEIJING, 1), errors.LiquidityPaused, currency=token)
    world.send(
        banks.liquidity.unpause(world["pauser"], token),
        banks.liquidity.freeze(world["freezer"], token, account, outgoing=False, incoming=True),
    )
    refused(world, banks.pay_in(BEIJING, 1), errors.PositionFrozenIncoming, currency=token, account=account)
    world.send(banks.liquidity.freeze(world["freezer"], token, account, outgoing=True, incoming=False))
    world.send(banks.pay_in(BEIJING, 1))


def test_a_currency_that_did_not_mark_the_layer(banks: Banks) -> None:
    """Nobody pays in where payouts could be stopped: neither of a currency without the mark, nor of an account."""
    world, token, registry = banks.world, banks.token().address, banks.registry.address
    others = registry, registry, registry, registry, registry
    place = deploying.create_contract(world.network.sender, world["stranger"], "LiquidityAccounts", *others)
    unmarked = LiquidityAccounts(world.network.sender, place)
    assert unmarked._read("registry") == registry
    for currency in (token, world.address("stranger"), registry):
        step = unmarked.pay_in(world[BEIJING], currency, 1)
        refused(world, step, errors.LiquidityAccountUnmarked, currency=currency)


def test_a_false_currency_harms_its_own_positions_alone(banks: Banks) -> None:
    """It brings less than it says, calls back, or claims that it paid: no other currency moves a unit."""
    world = banks.world
    false = FalseCurrency(world)
    account = world.address(BEIJING)
    world.send(
        banks.registry.admit(
            world["stranger"],
            false.address,
            account,
            banks.registry.admitted(banks.token().address)[account],
            156,
            account,
        )
    )
    with effect_on(banks) as change:
        world.send(false.call("bring", 5))
        step = banks.liquidity.pay_in(world[BEIJING], false.address, 6)
        refused(world, step, errors.LiquidityPaymentMismatch, amount=6, received=5)
        again = banks.liquidity.pay_out(world[BEIJING], banks.token().address, 1)
        world.send(false.call("callBack", banks.liquidity.address, again.data))
        step = banks.liquidity.pay_in(world[BEIJING], false.address, 5)
        refused(world, step, errors.ReentrancyGuardReentrantCall)
    assert change == {}


def test_a_freeze_reaches_a_position(banks: Banks) -> None:
    """Frozen here alone nothing leaves; frozen in the currency too the payout goes on, and is frozen there."""
    world, currency, account = banks.world, banks.token(), banks.world.address(BEIJING)
    token, freezer = currency.address, world["freezer"]
    (receipt,) = world.send(banks.liquidity.freeze(freezer, token, account, outgoing=True, incoming=False))
    assert world.events(receipt) == [PositionFreezeSet(token, account, True, False)]
    refused(world, banks.pay_out(BEIJING, 1), errors.PositionFrozenOutgoing, currency=token, account=account)
    world.send(banks.pay_out(HONGKONG, 1))
    world.send(currency.freeze(freezer, account, outgoing=True, incoming=True))
    with effect_on(banks) as change:
        (receipt,) = world.send(banks.pay_out(BEIJING, 5))
    assert change == {"CNY layer": -5, "position CNY buyer": -5}
    assert Credited(account, banks.liquidity.address, 5, 5) in world.events(receipt)
    world.send(
        currency.freeze(freezer, account, outgoing=False, incoming=False),
        banks.liquidity.freeze(freezer, token, account, outgoing=False, incoming=False),
        banks.pay_out(BEIJING, 5),
    )


def test_a_frozen_amount_reaches_a_position(banks: Banks) -> None:
    """The rest can leave; an amount above the position leaves nothing free, and no figure goes below zero."""
    world, token, account = banks.world, banks.token().address, banks.world.address(BEIJING)
    freezer = world["freezer"]
    (receipt,) = world.send(banks.liquidity.freeze_amount(freezer, token, account, HALF - 10))
    assert world.events(receipt) == [PositionFrozenAmountSet(token, account, HALF - 10)]
    named = {"token": token, "account": account}
    figures = {"requested": 11, "available": 10, "frozen": HALF - 10}
    refused(world, banks.pay_out(BEIJING, 11), errors.PositionAmountFrozen, **named, **figures)
    world.send(banks.pay_out(BEIJING, 10))
    world.send(banks.liquidity.freeze_amount(freezer, token, account, FUNDS))
    figures = {"requested": 1, "available": 0, "frozen": FUNDS}
    refused(world, banks.pay_out(BEIJING, 1), errors.PositionAmountFrozen, **named, **figures)
    world.send(banks.token().freeze_amount(freezer, account, FUNDS))
    refused(world, banks.pay_out(BEIJING, 1), errors.PositionAmountFrozen, **named, **figures)
    world.send(banks.liquidity.freeze_amount(freezer, token, account, 0), banks.pay_out(BEIJING, 1))
    assert banks.liquidity.position(token, account).frozen == Freeze()


def test_anybody_copies_a_freeze_and_a_pause_and_nobody_lifts_one_so(banks: Banks) -> None:
    """No position is a hiding place, even if the officers forget it; a copy never loosens."""
    world, currency, account = banks.world, banks.token(), banks.world.address(BEIJING)
    token, freezer, stranger = currency.address, world["freezer"], world["stranger"]
    copy = banks.liquidity.copy_freeze(stranger, token, account)
    refused(world, copy, errors.NothingToCopy, currency=token, account=account)
    world.send(
        currency.freeze(freezer, account, outgoing=True, incoming=False), currency.freeze_amount(freezer, account, 9)
    )
    (receipt,) = world.send(copy)
    assert world.events(receipt) == [
        PositionFreezeSet(token, account, True, False),
        PositionFrozenAmountSet(token, account, 9),
    ]
    refused(world, copy, errors.NothingToCopy, currency=token, account=account)
    world.send(
        currency.freeze(freezer, account, outgoing=False, incoming=True),
        currency.freeze_amount(freezer, account, 4),
        copy,
    )
    assert banks.liquidity.position(token, account).frozen == Freeze(True, True, 9)
    pause = banks.liquidity.copy_pause(stranger, token)
    refused(world, pause, errors.NothingToCopy, currency=token, account=bytes(20))
    world.send(currency.pause(world["pauser"]))
    (receipt,) = world.send(pause)
    assert world.events(receipt) == [LiquidityPauseSet(token, True)]
    refused(world, pause, errors.NothingToCopy, currency=token, account=bytes(20))
    world.send(currency.unpause(world["pauser"]))
    refused(world, pause, errors.NothingToCopy, currency=token, account=bytes(20))
    assert banks.liquidity.is_paused(token)
    assert not banks.liquidity.is_paused(banks.token(Currency.HKD).address)


def test_a_pause_stops_everything_but_payouts(banks: Banks) -> None:
    """Of this currency alone; its pauser ends it."""
    world, currency = banks.world, banks.token()
    world.send(currency.pause(world["pauser"]), banks.liquidity.pause(world["pauser"], currency.address))
    refused(world, banks.pay_in(BEIJING, 1), errors.LiquidityPaused, currency=currency.address)
    world.send(banks.pay_in(BEIJING, 1, Currency.HKD), banks.pay_out(BEIJING, 1))
    world.send(currency.unpause(world["pauser"]), banks.liquidity.unpause(world["pauser"], currency.address))
    world.send(banks.pay_in(BEIJING, 1))


def test_the_whole_effect_of_a_seizure(banks: Banks) -> None:
    """Frozen or not, on a legal basis, out of the position and into an account of the currency."""
    world, token, account = banks.world, banks.token().address, banks.world.address(BEIJING)
    seizer, to = world["seizer"], world.address("stranger")
    world.send(
        banks.liquidity.freeze(world["freezer"], token, account, outgoing=True, incoming=True),
        banks.liquidity.pause(world["pauser"], token),
        banks.stops(BEIJING, stopped=True),
    )
    with effect_on(banks) as change:
        (receipt,) = world.send(banks.liquidity.seize(seizer, token, account, to, 30, GROUND))
    assert change == {"position CNY buyer": -30, "CNY layer": -30, "CNY stranger": 30}
    assert world.events(receipt) == [
        PositionSeized(token, account, to, 30, HALF - 30, GROUND),
        Transfer(banks.liquidity.address, to, 30),
    ]
    step = banks.liquidity.seize(seizer, token, account, to, HALF, GROUND)
    figures = {"requested": HALF, "available": HALF - 30}
    refused(world, step, errors.PositionExceeded, token=token, account=account, **figures)
    step = banks.liquidity.seize(seizer, token, account, to, 1, bytes(32))
    refused(world, step, errors.SeizureWithoutLegalBasis, account=account)
    step = banks.liquidity.seize(seizer, token, account, banks.liquidity.address, 1, GROUND)
    refused(world, step, errors.ERC20InvalidReceiver, receiver=banks.liquidity.address)


def test_each_measure_is_of_its_officer_in_its_currency(banks: Banks) -> None:
    """Nobody else freezes, seizes or pauses a position; not the officers of another currency either."""
    world, token, account = banks.world, banks.token().address, banks.world.address(BEIJING)
    it, to = banks.liquidity, world.address("stranger")
    measures = {
        Role.FREEZER: [
            lambda by: it.freeze(by, token, account, outgoing=True, incoming=True),
            lambda by: it.freeze_amount(by, token, account, 1),
        ],
        Role.SEIZER: [lambda by: it.seize(by, token, account, to, 1, GROUND)],
        Role.PAUSER: [lambda by: it.pause(by, token), lambda by: it.unpause(by, token)],
    }
    for role, steps in measures.items():
        right = banks.officer(role)
        others = {"freezer", "seizer", "pauser", "administrator", "central bank", HKD_OFFICER, BEIJING} - {right}
        for step in steps:
            for by in sorted(others):
                refused(world, step(world[by]), errors.CurrencyPowerMissing, currency=token, caller=world.address(by))
            world.send(step(world[right]))


def test_a_donation_is_named(banks: Banks) -> None:
    """Units that somebody transfers to the layer belong to no position, and nobody can pay them out."""
    world, currency = banks.world, banks.token()
    world.send(currency.transfer(world[BEIJING], banks.liquidity.address, 5))
    ledger = check_books(world)
    (notice,) = (it for it in invariants.notices(ledger) if "LiquidityAccounts" in it.detail)
    assert (notice.code, notice.subject) == ("INV-LIQUIDITY", f"contract 0x{banks.liquidity.address.hex()}")
    assert "holds 5 units" in notice.detail


@pytest.mark.parametrize("currency", [Currency.CNY, Currency.HKD])
def test_the_layer_holds_every_position(banks: Banks, currency: Currency) -> None:
    """In each currency, to the unit."""
    held = banks.token(currency).balance_of(banks.liquidity.address)
    assert held == banks.available(BEIJING, currency) + banks.available(HONGKONG, currency) == FUNDS
