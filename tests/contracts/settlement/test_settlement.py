"""Instructions of the AtomicSettlement: all legs or none, at once or at the value time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pysettle.domain.core.events import Transfer
from pysettle.domain.settlement.events import (
    ApprovalWithdrawn,
    EarmarkDelivered,
    EarmarkReturned,
    InstructionEarmarked,
    InstructionSettled,
    InstructionUnwound,
    PositionEarmarked,
    PositionMoved,
)
from pysettle.domain.settlement.messages import Instruction, Leg, LegKind, code_word
from pysettle.errors import contracts as errors
from pysettle.errors.states import WaitingState
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency
from pysettle.values import DAY_S
from tests.contracts.banks import AGENT, BEIJING, FUNDS, GROUND, HKD_OFFICER, HONGKONG, Banks, effect_on
from tests.contracts.effects import at, check_books, refused
from tests.contracts.ways import leg_words
from tests.contracts.world import YUAN

HALF = FUNDS // 2
EXCHANGED = {
    "position CNY buyer": -10 * YUAN,
    "position CNY other buyer": 10 * YUAN,
    "position HKD buyer": 11 * YUAN,
    "position HKD other buyer": -11 * YUAN,
}
"""Effect of `Banks.pvp`."""


@pytest.fixture
def banks(domestic: Banks) -> Banks:
    """Return two banks of one country; `test_borders` has those of two."""
    return domestic


def test_the_whole_effect_of_an_exchange(banks: Banks) -> None:
    """Both legs move between positions, no currency does; events name the ids, the instruction and each leg."""
    world, instruction = banks.world, banks.pvp()
    approvals = banks.approvals(instruction)
    ids = [it.id for it in approvals]
    with effect_on(banks) as change:
        (receipt,) = world.send(banks.settlement.submit(world["relayer"], instruction, approvals))
    assert change == EXCHANGED
    cny, hkd = (banks.token(it).address for it in (Currency.CNY, Currency.HKD))
    beijing, hongkong = world.address(BEIJING), world.address(HONGKONG)
    settlement_id = instruction.settlement_id(ids)
    assert banks.settlement._read("settlementIdOf", instruction.fields(), ids) == settlement_id
    assert world.events(receipt) == [
        InstructionSettled(settlement_id, instruction.end_to_end_id, instruction, tuple(ids)),
        PositionMoved(cny, beijing, hongkong, 10 * YUAN, HALF - 10 * YUAN, HALF + 10 * YUAN),
        PositionMoved(hkd, hongkong, beijing, 11 * YUAN, HALF - 11 * YUAN, HALF + 11 * YUAN),
    ]
    assert [banks.settlement.is_used(*it) for it in zip(instruction.debtors, ids, strict=True)] == [True, True]
    assert banks.settlement.waiting(settlement_id) is WaitingState.NONE


def test_one_leg_is_a_payment(banks: Banks) -> None:
    """Only the debited party signs; the same party debited twice signs once."""
    leg = banks.leg(BEIJING, HONGKONG, 5)
    with effect_on(banks) as change:
        banks.submitted(banks.pvp(legs=(leg,)))
    assert change == {"position CNY buyer": -5, "position CNY other buyer": 5}
    with effect_on(banks) as change:
        banks.submitted(banks.pvp(legs=(leg, leg, banks.leg(BEIJING, HONGKONG, 1, Currency.HKD))))
    assert change["position CNY buyer"] == -10


def test_tokens_are_delivered_against_payment(banks: Banks) -> None:
    """Tokens by allowance against a position; without the allowance nothing moves, and they never wait."""
    world, series = banks.world, banks.world.series
    world.buy(HONGKONG, 100)
    legs = (
        Leg(LegKind.TOKEN, series.address, world.address(HONGKONG), world.address(BEIJING), 100),
        banks.leg(BEIJING, HONGKONG, 30),
    )
    instruction = banks.pvp(legs=legs)
    step = banks.settlement.submit(world["relayer"], instruction, banks.approvals(instruction))
    with effect_on(banks) as change, pytest.raises(errors.ERC20InsufficientAllowance):
        world.send(step)
    assert change == {}
    world.send(series.approve(world[HONGKONG], banks.settlement.address, 100))
    (receipt,) = world.send(step)
    assert Transfer(world.address(HONGKONG), world.address(BEIJING), 100) in world.events(receipt)
    assert series.balance_of(world.address(BEIJING)) == 100
    assert banks.available(BEIJING) == HALF - 30
    later = replace(instruction, value_time=world.now + 60)
    step = banks.settlement.submit(world["relayer"], later, banks.approvals(later))
    refused(world, step, errors.InstructionInvalid, term="kind")


def test_all_legs_or_none(banks: Banks) -> None:
    """Each obstacle in the last leg leaves the first one where it was."""
    world, cny = banks.world, banks.token().address
    hkd, beijing = banks.token(Currency.HKD).address, world.address(BEIJING)
    officer, hongkong = world[HKD_OFFICER], world.address(HONGKONG)
    instruction = banks.pvp()
    step = banks.settlement.submit(world["relayer"], instruction, banks.approvals(instruction))
    it = banks.liquidity
    of_hongkong = {"currency": hkd, "account": hongkong}
    obstacles = [
        (it.pause(officer, hkd), it.unpause(officer, hkd), errors.LiquidityPaused, {"currency": hkd}),
        (
            it.freeze(officer, hkd, hongkong, outgoing=True, incoming=False),
            it.freeze(officer, hkd, hongkong, outgoing=False, incoming=False),
            errors.PositionFrozenOutgoing,
            of_hongkong,
        ),
        (
            it.freeze(officer, hkd, beijing, outgoing=False, incoming=True),
            it.freeze(officer, hkd, beijing, outgoing=False, incoming=False),
            errors.PositionFrozenIncoming,
            {"currency": hkd, "account": beijing},
        ),
        (
            it.freeze_amount(officer, hkd, hongkong, HALF - 11 * YUAN + 1),
            it.freeze_amount(officer, hkd, hongkong, 0),
            errors.PositionAmountFrozen,
            {
                "token": hkd,
                "account": hongkong,
                "requested": 11 * YUAN,
                "available": 11 * YUAN - 1,
                "frozen": HALF - 11 * YUAN + 1,
            },
        ),
        (
            banks.registry.set_stops(officer, hkd, beijing, suspended=False, stopped=True, ground=GROUND),
            banks.registry.set_stops(officer, hkd, beijing, suspended=False, stopped=False, ground=GROUND),
            errors.ParticipantStopped,
            {"currency": hkd, "account": beijing},
        ),
        (
            banks.registry.set_stops(officer, hkd, hongkong, suspended=True, stopped=False, ground=GROUND),
            banks.registry.set_stops(officer, hkd, hongkong, suspended=False, stopped=False, ground=GROUND),
            errors.ParticipantSuspended,
            of_hongkong,
        ),
    ]
    with effect_on(banks) as change:
        for obstacle, end, error, figures in obstacles:
            world.send(obstacle)
            refused(world, step, error, **figures)
            world.send(end)
    assert change == {}
    short = banks.pvp(legs=(banks.leg(BEIJING, HONGKONG, 1), banks.leg(HONGKONG, BEIJING, HALF + 1, Currency.HKD)))
    too_much = banks.settlement.submit(world["relayer"], short, banks.approvals(short))
    figures = {"requested": HALF + 1, "available": HALF}
    refused(world, too_much, errors.PositionExceeded, token=hkd, account=hongkong, **figures)
    foreign = banks.pvp(legs=(banks.leg(BEIJING, AGENT, 1),))
    step_ = banks.settlement.submit(world["relayer"], foreign, banks.approvals(foreign))
    refused(world, step_, errors.ParticipantNotFound, currency=cny, account=world.address(AGENT))
    world.send(step)


def test_terms_that_cannot_be(banks: Banks) -> None:
    """Each is named, before any approval is looked at."""
    world, leg = banks.world, banks.leg(BEIJING, HONGKONG, 1)
    wrong = {
        "legs": ({"legs": ()}, {"legs": (leg,) * 17}),
        "amount": ({"legs": (leg, replace(leg, amount=0))},),
        "creditor": ({"legs": (replace(leg, creditor=leg.debtor),)},),
        "endToEndId": ({"end_to_end_id": bytes(32)},),
        "purpose": ({"purpose": bytes(32)},),
        "original": ({"original": b"\1" * 32},),
        "reason": ({"reason": code_word("AC03")},),
    }
    for term, changes in wrong.items():
        for changed in changes:
            step = banks.settlement.submit(world["relayer"], banks.pvp(**changed), [])
            refused(world, step, errors.InstructionInvalid, term=term)
    banks.submitted(banks.pvp(legs=(leg,) * 16))
    step = banks.settlement.submit(world["relayer"], banks.pvp(value_time=world.now + 30 * DAY_S + 1), [])
    refused(world, step, errors.InstructionInvalid, term="valueTime")
    banks.submitted(banks.pvp(value_time=world.now + 30 * DAY_S))


def test_each_debited_party_approves_the_whole(banks: Banks) -> None:
    """A relayer that leaves out, exchanges, adds or changes anything is refused by name (the last thief)."""
    world, instruction = banks.world, banks.pvp()
    approvals, relayer = banks.approvals(instruction), world["relayer"]
    beijing, hongkong = instruction.debtors
    for given in ([], approvals[:1], [*approvals, approvals[0]]):
        step = banks.settlement.submit(relayer, instruction, given)
        refused(world, step, errors.ApprovalsInvalid, approvals=len(given), parties=2)
    step = banks.settlement.submit(relayer, instruction, approvals[::-1])
    refused(world, step, errors.ApprovalSignatureInvalid, party=beijing)
    first, second = instruction.legs
    changed = (
        {"legs": (replace(first, amount=first.amount + 1), second)},
        {"legs": (replace(first, creditor=world.address("stranger")), second)},
        {"legs": (replace(first, asset=second.asset), second)},
        {"legs": (replace(first, kind=LegKind.TOKEN), second)},
        {"value_time": 1},
        {"end_to_end_id": b"\7" * 32},
        {"purpose": code_word("SALA")},
        {"customers": b"\7" * 32},
    )
    with effect_on(banks) as change:
        for it in changed:
            step = banks.settlement.submit(relayer, replace(instruction, **it), approvals)
            refused(world, step, errors.ApprovalSignatureInvalid, party=beijing)
        other_id = [replace(approvals[0], id=99), approvals[1]]
        refused(
            world,
            banks.settlement.submit(relayer, instruction, other_id),
            errors.ApprovalSignatureInvalid,
            party=beijing,
        )
        other_time = [approvals[0], replace(approvals[1], valid_before=2**64 - 1)]
        refused(
            world,
            banks.settlement.submit(relayer, instruction, other_time),
            errors.ApprovalSignatureInvalid,
            party=hongkong,
        )
    assert change == {}
    world.send(banks.settlement.submit(relayer, instruction, approvals))
    again = banks.settlement.submit(relayer, instruction, approvals)
    refused(world, again, errors.ApprovalIdUsed, party=beijing, id=approvals[0].id)


def test_an_approval_expires(banks: Banks) -> None:
    """One second before its end it is submitted, from then on it is refused; each party has an expiry of its own."""
    world, instruction = banks.world, banks.pvp()
    early, late = banks.approvals(instruction), banks.approvals(instruction, valid_s=7_200)
    end = early[1].valid_before
    at(world, end)
    step = banks.settlement.submit(world["relayer"], instruction, [late[0], early[1]])
    error = refused(world, step, errors.ApprovalExpired, party=instruction.debtors[1], validBefore=end, timestamp=end)
    assert error.exit_code == 5
    world.send(banks.settlement.submit(world["relayer"], instruction, late))


def test_a_party_withdraws_until_the_submission(banks: Banks) -> None:
    """By an id of its own; nobody withdraws the id of another party, and after the submission it is too late."""
    world, instruction = banks.world, banks.pvp()
    approvals = banks.approvals(instruction)
    beijing, _ = instruction.debtors
    number = approvals[0].id
    for thief in (HONGKONG, "relayer"):
        (receipt,) = world.send(banks.settlement.withdraw(world[thief], number))
        assert world.events(receipt) == [ApprovalWithdrawn(world.address(thief), number)]
    assert not banks.settlement.is_used(beijing, number)
    with effect_on(banks) as change:
        world.send(banks.settlement.withdraw(world[BEIJING], number))
        step = banks.settlement.submit(world["relayer"], instruction, approvals)
        refused(world, step, errors.ApprovalIdUsed, party=beijing, id=number)
        again = banks.settlement.withdraw(world[BEIJING], number)
        refused(world, again, errors.ApprovalIdUsed, party=beijing, id=number)
    assert change == {}
    waiting = banks.pvp(value_time=world.now + 600)
    ids = banks.submitted(waiting)
    late = banks.settlement.withdraw(world[BEIJING], ids[0])
    refused(world, late, errors.ApprovalIdUsed, party=beijing, id=ids[0])
    at(world, waiting.value_time)
    world.send(banks.settlement.settle(world["stranger"], waiting, ids))


def test_an_instruction_waits_for_its_value_time(banks: Banks) -> None:
    """Every leg is earmarked and out of reach of its debtor; anybody settles it then, once."""
    world = banks.world
    instruction = banks.pvp(value_time=world.now + 600)
    approvals = banks.approvals(instruction)
    ids = [it.id for it in approvals]
    with effect_on(banks) as change:
        (receipt,) = world.send(banks.settlement.submit(world["relayer"], instruction, approvals))
    assert change == {"position CNY buyer": -10 * YUAN, "position HKD other buyer": -11 * YUAN}
    settlement_id = instruction.settlement_id(ids)
    cny, hkd = (leg.asset for leg in instruction.legs)
    beijing, hongkong = instruction.debtors
    assert world.events(receipt) == [
        InstructionEarmarked(settlement_id, instruction.end_to_end_id, instruction, tuple(ids)),
        PositionEarmarked(cny, beijing, settlement_id, 10 * YUAN, HALF - 10 * YUAN),
        PositionEarmarked(hkd, hongkong, settlement_id, 11 * YUAN, HALF - 11 * YUAN),
    ]
    assert banks.settlement.waiting(settlement_id) is WaitingState.WAITING
    assert banks.liquidity._read("earmarked", cny) == 10 * YUAN
    all_of_it = {"requested": HALF, "available": HALF - 10 * YUAN}
    refused(world, banks.pay_out(BEIJING, HALF), errors.PositionExceeded, token=cny, account=beijing, **all_of_it)
    at(world, instruction.value_time - 1)
    early = banks.settlement.settle(world["stranger"], instruction, ids)
    times = {"valueTime": instruction.value_time, "timestamp": instruction.value_time - 1}
    refused(world, early, errors.ValueTimeNotReached, settlementId=settlement_id, **times)
    with effect_on(banks) as change:
        (receipt,) = world.send(banks.settlement.settle(world["stranger"], instruction, ids))
    assert change == {"position CNY other buyer": 10 * YUAN, "position HKD buyer": 11 * YUAN}
    assert world.events(receipt) == [
        InstructionSettled(settlement_id, instruction.end_to_end_id, instruction, tuple(ids)),
        EarmarkDelivered(cny, hongkong, settlement_id, 10 * YUAN, HALF + 10 * YUAN),
        EarmarkDelivered(hkd, beijing, settlement_id, 11 * YUAN, HALF + 11 * YUAN),
    ]
    for function in (banks.settlement.settle, banks.settlement.unwind):
        step = function(world["stranger"], instruction, ids)
        refused(world, step, errors.InstructionNotWaiting, settlementId=settlement_id, state=WaitingState.SETTLED)
    never = banks.pvp()
    step = banks.settlement.settle(world["stranger"], never, [1, 2])
    named = {"settlementId": never.settlement_id([1, 2]), "state": WaitingState.NONE}
    refused(world, step, errors.InstructionNotWaiting, **named)


def test_what_waits_is_earmarked_together(banks: Banks) -> None:
    """Three instructions earmark the sum of their legs; each that settles or goes home takes its own part away."""
    world = banks.world
    instructions = [banks.pvp(value_time=world.now + 600) for _ in range(3)]
    ids = [banks.submitted(it) for it in instructions]
    at(world, max(it.value_time for it in instructions))
    first, second, third = zip(instructions, ids, strict=True)
    steps = (
        banks.settlement.settle(world["stranger"], *first),
        banks.settlement.unwind(world["seizer"], *second),
        banks.settlement.settle(world["stranger"], *third),
    )
    for left, step in zip((2, 1, 0), steps, strict=True):
        world.send(step)
        earmarked = [banks.liquidity._read("earmarked", leg.asset) for leg in instructions[0].legs]
        assert earmarked == [left * 10 * YUAN, left * 11 * YUAN]


@pytest.mark.parametrize("measure", ["stop", "freeze", "frozen amount", "creditor frozen", "seizer"])
def test_a_measure_sends_every_leg_home(banks: Banks, measure: str) -> None:
    """Of either party: then anybody unwinds, and no leg stays; before it nobody can (only the seizer)."""
    world = banks.world
    instruction = banks.pvp(value_time=world.now + 600)
    ids = banks.submitted(instruction)
    settlement_id, (cny, hkd) = instruction.settlement_id(ids), (leg.asset for leg in instruction.legs)
    beijing, hongkong = instruction.debtors
    unwind = banks.settlement.unwind(world["stranger"], instruction, ids)
    refused(world, unwind, errors.InstructionNotBlocked, settlementId=settlement_id)
    it, officer, freezer = banks.liquidity, world[HKD_OFFICER], world["freezer"]
    steps: dict[str, tuple[Transaction | None, type[Exception], dict[str, object]]] = {
        "stop": (
            banks.registry.set_stops(officer, hkd, beijing, suspended=False, stopped=True, ground=GROUND),
            errors.ParticipantStopped,
            {"currency": hkd, "account": beijing},
        ),
        "freeze": (
            it.freeze(freezer, cny, beijing, outgoing=True, incoming=False),
            errors.PositionFrozenOutgoing,
            {"currency": cny, "account": beijing},
        ),
        "frozen amount": (
            it.freeze_amount(officer, hkd, hongkong, 1),
            errors.PositionFrozenOutgoing,
            {"currency": hkd, "account": hongkong},
        ),
        "creditor frozen": (
            it.freeze(freezer, cny, hongkong, outgoing=False, incoming=True),
            errors.PositionFrozenIncoming,
            {"currency": cny, "account": hongkong},
        ),
        "seizer": (None, errors.InstructionNotBlocked, {}),
    }
    step, error, figures = steps[measure]
    at(world, instruction.value_time)
    if step is None:
        unwind = banks.settlement.unwind(world["seizer"], instruction, ids)
    else:
        world.send(step)
        refused(world, banks.settlement.settle(world["stranger"], instruction, ids), error, **figures)
    with effect_on(banks) as change:
        (receipt,) = world.send(unwind)
    assert change == {"position CNY buyer": 10 * YUAN, "position HKD other buyer": 11 * YUAN}
    caller = world.address("seizer" if step is None else "stranger")
    assert world.events(receipt) == [
        InstructionUnwound(settlement_id, instruction.end_to_end_id, caller),
        EarmarkReturned(cny, beijing, settlement_id, 10 * YUAN, HALF),
        EarmarkReturned(hkd, hongkong, settlement_id, 11 * YUAN, HALF),
    ]
    assert banks.settlement.waiting(settlement_id) is WaitingState.UNWOUND
    refused(
        world,
        banks.settlement.settle(world["stranger"], instruction, ids),
        errors.InstructionNotWaiting,
        settlementId=settlement_id,
        state=WaitingState.UNWOUND,
    )


def test_a_suspension_and_a_pause_do_not_end_what_waits(banks: Banks) -> None:
    """A suspended party settles what it began; a pause lets it wait, and units go home in it too."""
    world = banks.world
    instruction, other = (banks.pvp(value_time=world.now + 600) for _ in range(2))
    ids, other_ids = banks.submitted(instruction), banks.submitted(other)
    cny = banks.token().address
    world.send(banks.stops(BEIJING, suspended=True), banks.liquidity.pause(world["pauser"], cny))
    at(world, instruction.value_time)
    step = banks.settlement.settle(world["stranger"], instruction, ids)
    refused(world, step, errors.LiquidityPaused, currency=cny)
    settlement_id = instruction.settlement_id(ids)
    unwind = banks.settlement.unwind(world["stranger"], instruction, ids)
    refused(world, unwind, errors.InstructionNotBlocked, settlementId=settlement_id)
    world.send(banks.settlement.unwind(world["seizer"], other, other_ids))
    world.send(banks.liquidity.unpause(world["pauser"], cny), step)


def test_returns_never_exceed_the_original(banks: Banks) -> None:
    """In parts, by the creditor of the leg, with a reason; what was returned is counted by leg."""
    world, original = banks.world, banks.pvp()
    ids = banks.submitted(original)
    original_id = original.settlement_id(ids)

    def returning(amount: int, place: int = 0, **changed: object) -> tuple[Instruction, list[int]]:
        legs = (original.legs[place].reversed(amount),)
        terms: dict[str, object] = {"legs": legs, "original": original_id, "reason": code_word("AC03")}
        return banks.pvp(**(terms | changed)), [place]

    def step(instruction: Instruction, places: list[int], of: list[int] = ids) -> Transaction:
        approvals = banks.approvals(instruction)
        return banks.settlement.submit_return(world["relayer"], instruction, approvals, original, of, places)

    with effect_on(banks) as change:
        world.send(step(*returning(4 * YUAN)), step(*returning(11 * YUAN, 1)))
    assert change == {
        "position CNY buyer": 4 * YUAN,
        "position CNY other buyer": -4 * YUAN,
        "position HKD buyer": -11 * YUAN,
        "position HKD other buyer": 11 * YUAN,
    }
    assert [banks.settlement.returned(original_id, place) for place in (0, 1)] == [4 * YUAN, 11 * YUAN]
    figures = {"original": original_id, "leg": 0, "requested": 6 * YUAN + 1, "available": 6 * YUAN}
    refused(world, step(*returning(6 * YUAN + 1)), errors.ReturnExceeded, **figures)
    for instruction, places, error, figures in (
        (*returning(1, original=b"\1" * 32), errors.InstructionInvalid, {"term": "original"}),
        (*returning(1, reason=bytes(32)), errors.InstructionInvalid, {"term": "reason"}),
        (*returning(1, value_time=world.now + 900), errors.InstructionInvalid, {"term": "valueTime"}),
        (returning(1)[0], [], errors.InstructionInvalid, {"term": "legs"}),
        (returning(1)[0], [2], errors.ReturnLegInvalid, {"original": original_id, "leg": 0}),
        (returning(1)[0], [1], errors.ReturnLegInvalid, {"original": original_id, "leg": 0}),
        (*returning(1, legs=(original.legs[0],)), errors.ReturnLegInvalid, {"original": original_id, "leg": 0}),
    ):
        refused(world, step(instruction, places), error, **figures)
    refused(world, step(*returning(1), [1, 2]), errors.InstructionInvalid, term="original")
    back = original.legs[0].reversed(1)
    for wrong in (
        replace(back, creditor=world.address(AGENT)),
        replace(back, debtor=world.address(AGENT)),
        replace(back, asset=original.legs[1].asset),
        replace(back, kind=LegKind.TOKEN),
    ):
        instruction, places = returning(1, legs=(back, wrong))
        refused(world, step(instruction, places * 2), errors.ReturnLegInvalid, original=original_id, leg=1)
    # Two legs of one return count together.
    twice, places = returning(1, legs=tuple(original.legs[0].reversed(it) for it in (4 * YUAN, 2 * YUAN + 1)))
    figures = {"original": original_id, "leg": 0, "requested": 2 * YUAN + 1, "available": 2 * YUAN}
    refused(world, step(twice, places * 2), errors.ReturnExceeded, **figures)
    world.send(step(*returning(6 * YUAN, value_time=world.now)))
    assert banks.settlement.returned(original_id, 0) == 10 * YUAN
    assert [it for it in check_books(world).violations if it[0] == "INV-LINK"] == []


def test_nobody_else_moves_positions(banks: Banks) -> None:
    """The entries for contracts that settle refuse every other account, officers included."""
    world, cny = banks.world, banks.token().address
    beijing, thief, it = world.address(BEIJING), world.address("stranger"), banks.liquidity
    legs = leg_words((LegKind.POSITION, cny, beijing, thief, 1))
    calls = {
        "moveLegs": (legs, GROUND),
        "earmarkLegs": (legs, GROUND, GROUND, 0),
        "deliverLegs": (legs, GROUND),
        "sendLegsHome": (legs, GROUND, GROUND, 0),
    }
    settlement = banks.settlement.address
    for by in ("stranger", "administrator", "seizer", BEIJING):
        caller = world.address(by)
        step = it._transaction(world[by], 300_000, "move", cny, beijing, thief, 1)
        refused(world, step, errors.LiquidityMoverUnknown, caller=caller)
        for function, arguments in calls.items():
            step = it._transaction(world[by], 300_000, function, *arguments)
            refused(world, step, errors.CallerNotSettlement, caller=caller, settlement=settlement)
        step = it._transaction(world[by], 300_000, "setStanding", cny, thief, 1, 156, False, False)
        refused(world, step, errors.CallerNotRegistry, caller=caller, registry=banks.registry.address)


def test_words_of_a_leg_that_are_no_fields(banks: Banks) -> None:
    """The contracts hand on words of legs unread; each field is checked where it is read, up to its highest bit."""
    world, it, settlement = banks.world, banks.liquidity, banks.settlement.address
    cny, beijing, hongkong = banks.token().address, world.address(BEIJING), world.address(HONGKONG)
    words = leg_words((LegKind.POSITION, cny, beijing, hongkong, 1))

    def moved(*changed: int) -> bytes:
        data = it.interface.encode("moveLegs", [*changed], GROUND)
        return it._sender.call(it.address, it.interface, data, sender=settlement)

    moved(*words)
    for place, bits in enumerate((1, 160, 160, 160, 96)):
        for bit in (bits, 255):
            with pytest.raises(errors.ContractReverted) as refusal:
                moved(*words[:place], words[place] | 1 << bit, *words[place + 1 :])
            assert refusal.value.data == b"", (place, bit)
