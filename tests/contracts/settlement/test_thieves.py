"""Thieves at the settlement of instructions: none gains a unit, and none holds anybody up."""

from __future__ import annotations

import pytest

from pysettle.domain.money.wallets import LIMIT_STEP, ClassLimits, WalletClass
from pysettle.domain.settlement.messages import Approval, Instruction, Leg, LegKind, code_word
from pysettle.errors import contracts as errors
from pysettle.errors.states import WaitingState
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency
from tests.contracts.banks import BEIJING, FUNDS, GROUND, HONGKONG, Banks, effect_on, identity_of
from tests.contracts.effects import at, refused
from tests.contracts.hostile import Hostile
from tests.contracts.settlement.false_currency import FalseCurrency
from tests.contracts.world import YUAN


@pytest.fixture
def banks(domestic: Banks) -> Banks:
    """Return two banks of one country; `test_borders` has those of two."""
    return domestic


def with_wallet(banks: Banks) -> tuple[Hostile, Instruction]:
    """Have a contract (ERC-1271) of the stranger be a bank with a position; return it and a payment of it."""
    world, token = banks.world, banks.token()
    wallet = Hostile(world, "Wallet", world.address("stranger"))
    names = identity_of(BEIJING)
    world.send(banks.registry.admit(world["registrar"], token.address, wallet.address, names, 156, wallet.address))
    world.send(token.transfer(world[BEIJING], wallet.address, 9 * YUAN))
    approval = token.approve(world["stranger"], banks.liquidity.address, 9 * YUAN)
    pay_in = banks.liquidity.pay_in(world["stranger"], token.address, 9 * YUAN)
    world.send(wallet.act(approval), wallet.act(pay_in))
    leg = Leg(LegKind.POSITION, token.address, wallet.address, world.address(HONGKONG), 9 * YUAN)
    terms = Instruction((leg,), next(banks.numbers).to_bytes(32, "big"), code_word("INTC"), world.now + 600)
    return wallet, terms


def signed_by_owner(banks: Banks, wallet: Hostile, instruction: Instruction) -> Approval:
    """Have the owner of the contract sign for it."""
    until, settlement = banks.world.now + 3_600, banks.settlement
    digest = instruction.approval_digest(settlement.domain, wallet.address, 1, until)
    return Approval(1, until, banks.world["stranger"].sign(digest))


def test_a_contract_that_changes_its_mind(banks: Banks) -> None:
    """Before the submission it withdraws so; after it, its answer is asked no more and it pays."""
    world = banks.world
    wallet, instruction = with_wallet(banks)
    approval = signed_by_owner(banks, wallet, instruction)
    world.send(banks.settlement.submit(world["relayer"], instruction, [approval]), wallet.call("close"))
    at(world, instruction.value_time)
    with effect_on(banks) as change:
        world.send(banks.settlement.settle(world["relayer"], instruction, [1]))
    assert change == {"position CNY other buyer": 9 * YUAN}
    other = with_wallet(banks)[1]
    step = banks.settlement.submit(world["relayer"], other, [signed_by_owner(banks, wallet, other)])
    refused(world, step, errors.ApprovalSignatureInvalid, party=other.debtors[0])


def test_a_signature_is_of_one_party(banks: Banks) -> None:
    """The owner's own approval does not pay for its contract, nor the contract's for its owner."""
    world = banks.world
    wallet, instruction = with_wallet(banks)
    until = world.now + 3_600
    digest = instruction.approval_digest(banks.settlement.domain, world.address("stranger"), 1, until)
    stolen = Approval(1, until, world["stranger"].sign(digest))
    step = banks.settlement.submit(world["relayer"], instruction, [stolen])
    refused(world, step, errors.ApprovalSignatureInvalid, party=wallet.address)


def test_a_party_that_signs_last_and_waits(banks: Banks) -> None:
    """It holds nobody up: the approvals of the others expire or are withdrawn, and no unit of theirs is locked."""
    world, instruction = banks.world, banks.pvp(value_time=0)
    approvals = banks.approvals(instruction, valid_s=60)
    with effect_on(banks) as change:
        world.send(banks.pay_out(BEIJING, FUNDS // 2))
        world.send(banks.pay_in(BEIJING, FUNDS // 2))
        late = banks.settlement.submit(world[HONGKONG], instruction, approvals)
        at(world, approvals[0].valid_before)
        times = {"validBefore": approvals[0].valid_before, "timestamp": approvals[0].valid_before}
        refused(world, late, errors.ApprovalExpired, party=instruction.debtors[0], **times)
    assert change == {}


def test_a_leg_that_calls_back(banks: Banks) -> None:
    """A Token that re-enters while its leg moves is refused; the position leg before it stays where it was."""
    world, false = banks.world, FalseCurrency(banks.world)
    waiting = banks.pvp(value_time=world.now + 600)
    ids = banks.submitted(waiting)
    hongkong, beijing = world.address(HONGKONG), world.address(BEIJING)
    token_leg = Leg(LegKind.TOKEN, false.address, hongkong, beijing, 5)
    instruction = banks.pvp(legs=(banks.leg(BEIJING, HONGKONG, YUAN), token_leg))
    approvals = banks.approvals(instruction)
    other = banks.pvp(legs=(banks.leg(BEIJING, HONGKONG, 1),))
    inner = (
        banks.settlement.submit(world["relayer"], other, banks.approvals(other)),
        banks.settlement.settle(world["relayer"], waiting, ids),
        banks.settlement.unwind(world["seizer"], waiting, ids),
    )
    step = banks.settlement.submit(world["relayer"], instruction, approvals)
    with effect_on(banks) as change:
        for callback in inner:
            world.send(false.call("callBack", banks.settlement.address, callback.data))
            refused(world, step, errors.ReentrancyGuardReentrantCall)
        pay_out = banks.pay_out(BEIJING, 1)
        world.send(false.call("callBack", banks.liquidity.address, pay_out.data))
        token = banks.token().address
        figures = {"requested": 1, "available": 0}
        refused(world, step, errors.PositionExceeded, token=token, account=false.address, **figures)
    assert change == {}
    world.send(false.call("callBack", bytes(20), b""), step)
    assert banks.settlement.waiting(waiting.settlement_id(ids)) is WaitingState.WAITING


def test_a_false_currency_as_a_leg(banks: Banks) -> None:
    """Its own positions alone move, whatever its authority says of parties, freezes and seizures."""
    world, false = banks.world, FalseCurrency(banks.world)
    for name in (BEIJING, HONGKONG):
        names, account = identity_of(name), world.address(name)
        world.send(banks.registry.admit(world["stranger"], false.address, account, names, 156, account))
    world.send(false.call("bring", 50), banks.liquidity.pay_in(world[BEIJING], false.address, 50))
    leg = Leg(LegKind.POSITION, false.address, world.address(BEIJING), world.address(HONGKONG), 50)
    instruction = banks.pvp(legs=(leg,), value_time=world.now + 600)
    with effect_on(banks) as change:
        ids = banks.submitted(instruction)
        # Its officer, who is everybody, sends its own instruction home.
        world.send(banks.settlement.unwind(world["stranger"], instruction, ids))
    assert change == {}
    exchange = banks.pvp(value_time=world.now + 600)
    ids = banks.submitted(exchange)
    step = banks.settlement.unwind(world["stranger"], exchange, ids)
    refused(world, step, errors.InstructionNotBlocked, settlementId=exchange.settlement_id(ids))
    mixed = banks.pvp(legs=(leg, banks.leg(HONGKONG, BEIJING, 1, Currency.HKD)), value_time=world.now + 900)
    ids = banks.submitted(mixed)
    world.send(banks.settlement.unwind(world["stranger"], mixed, ids))
    assert banks.settlement.waiting(mixed.settlement_id(ids)) is WaitingState.UNWOUND


def test_paying_in_escapes_nothing(banks: Banks) -> None:
    """A frozen account, a frozen amount, a paused currency and a limit refuse the payment; later measures reach it."""
    world, token, it = banks.world, banks.token(), banks.liquidity
    thief, freezer = world.address(BEIJING), world["freezer"]
    step = banks.pay_in(BEIJING, 100 * YUAN)
    held = FUNDS // 2 - 50 * YUAN

    def meets(error: type[Exception], *, by: Transaction, end: Transaction | None = None) -> None:
        world.send(by)
        with pytest.raises(error):
            world.send(step)
        world.send(*[end] if end else [])

    with effect_on(banks) as change:
        frozen, free = (token.freeze(freezer, thief, outgoing=out, incoming=False) for out in (True, False))
        meets(errors.AccountFrozenOutgoing, by=frozen, end=free)
        amount, none = (token.freeze_amount(freezer, thief, it) for it in (held, 0))
        meets(errors.FrozenAmountExceeded, by=amount, end=none)
        meets(errors.CurrencyPaused, by=token.pause(world["pauser"]), end=token.unpause(world["pauser"]))
        limits = ClassLimits(payment=0)
        meets(errors.PaymentLimitExceeded, by=token.set_class_limits(world["central bank"], WalletClass.IV, limits))
    assert change == {}
    # The measures reach the half that it had paid in before.
    payment = banks.pvp(legs=(banks.leg(BEIJING, HONGKONG, 1),))
    world.send(frozen, it.copy_freeze(world["stranger"], token.address, thief))
    step = banks.settlement.submit(world["relayer"], payment, banks.approvals(payment))
    refused(world, step, errors.PositionFrozenOutgoing, currency=token.address, account=thief)
    world.send(it.seize(world["seizer"], token.address, thief, world.address("stranger"), FUNDS // 2, GROUND))
    assert banks.available(BEIJING) == 0


def test_a_creditor_that_is_full_or_reverts_holds_nobody_up(banks: Banks) -> None:
    """A credit asks nothing of its creditor: what its account cannot take in the currency waits there as its credit."""
    world, token = banks.world, banks.token()
    wallet = Hostile(world, "Wallet", world.address("stranger"))
    names = identity_of(BEIJING)
    world.send(banks.registry.admit(world["registrar"], token.address, wallet.address, names, 156, wallet.address))
    world.send(wallet.call("close"))
    leg = Leg(LegKind.POSITION, token.address, world.address(BEIJING), wallet.address, 5)
    banks.submitted(banks.pvp(legs=(leg,)))
    assert banks.liquidity.position(token.address, wallet.address).available == 5
    limits = ClassLimits(balance=LIMIT_STEP)
    world.send(token.set_class_limits(world["central bank"], WalletClass.IV, limits))
    banks.submitted(banks.pvp(legs=(banks.leg(BEIJING, HONGKONG, 2 * YUAN),)))
    world.send(banks.pay_out(HONGKONG, 2 * YUAN))
    assert token.credit_of(world.address(HONGKONG)) == 2 * YUAN


def test_nobody_stands_between_the_signatures_and_the_submission(banks: Banks) -> None:
    """A party that spent what it signed for stops its own instruction alone, and its counterparty keeps every unit."""
    world, instruction = banks.world, banks.pvp()
    approvals = banks.approvals(instruction)
    other = banks.pvp(legs=(banks.leg(HONGKONG, BEIJING, 1, Currency.HKD),))
    world.send(banks.pay_out(BEIJING, FUNDS // 2))
    step = banks.settlement.submit(world["relayer"], instruction, approvals)
    figures = {"requested": 10 * YUAN, "available": 0}
    token, account = banks.token().address, world.address(BEIJING)
    with effect_on(banks) as change:
        refused(world, step, errors.PositionExceeded, token=token, account=account, **figures)
    assert change == {}
    banks.submitted(other)
