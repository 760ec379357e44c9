"""Redemption: a holder asks, the desk holds the units, the operator or the holder ends it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from pysettle.client import Redemption
from pysettle.client.core.access import Role
from pysettle.client.core.contract import Contract
from pysettle.client.money.desk import RedemptionStatus
from pysettle.domain.core.events import Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.events import (
    RedemptionCancelled,
    RedemptionCompleted,
    RedemptionRejected,
    RedemptionRequested,
    RedemptionTaken,
)
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import FORWARDER, at, contract_with_role, deploy, effect, refused, through
from tests.contracts.world import FEN, YUAN, World

AMOUNT = 7 * YUAN
FUNDS = 10 * YUAN
DAY_S = 86_400
NO_REDEMPTION = Redemption(ZERO_ADDRESS, ZERO_ADDRESS, 0, RedemptionStatus.NONE, 0)

End = Callable[[World], Transaction]
ENDS: dict[RedemptionStatus, End] = {
    RedemptionStatus.COMPLETED: lambda world: world.network.currency.desk.complete_redemption(world["operator"], 1),
    RedemptionStatus.REJECTED: lambda world: world.network.currency.desk.reject_redemption(world["operator"], 1),
    RedemptionStatus.CANCELLED: lambda world: world.network.currency.desk.cancel_redemption(world["buyer"], 1),
}


@pytest.fixture
def funded(world: World) -> World:
    """Give the buyer units."""
    world.fund("buyer", FUNDS)
    return world


@pytest.fixture
def requested(funded: World) -> World:
    """Have the buyer ask the operator for redemption number 1."""
    currency = funded.network.currency
    funded.send(currency.desk.request_redemption(funded["buyer"], funded.address("operator"), AMOUNT))
    return funded


def test_request(funded: World) -> None:
    """A request moves the units from the holder to the desk and gets the number 1."""
    currency, buyer, operator = funded.network.currency, funded["buyer"], funded.address("operator")
    with effect(funded) as change:
        (receipt,) = funded.send(currency.desk.request_redemption(buyer, operator, AMOUNT))
    assert change == {"eCNY buyer": -AMOUNT, "eCNY desk": AMOUNT}
    assert funded.events(receipt) == [
        RedemptionRequested(1, buyer.address, operator, AMOUNT),
        Transfer(buyer.address, currency.desk.address, AMOUNT),
    ]
    assert currency.desk.redemption_id(receipt) == 1
    assert currency.desk.redemption(1) == Redemption(buyer.address, operator, AMOUNT, RedemptionStatus.REQUESTED, 0)


def test_requests_are_numbered_from_one(funded: World) -> None:
    """Each request returns and gets the next number, whoever makes it, also in one block."""
    currency, operator = funded.network.currency, funded.address("operator")
    funded.fund("other buyer", YUAN)
    first = currency.desk.request_redemption(funded["buyer"], operator, FEN)
    assert int.from_bytes(funded.network.sender.simulate(first), "big") == 1
    receipts = funded.send(
        first,
        currency.desk.request_redemption(funded["other buyer"], operator, 2 * FEN),
        currency.desk.request_redemption(funded["buyer"], operator, 3 * FEN),
    )
    assert [currency.desk.redemption_id(receipt) for receipt in receipts] == [1, 2, 3]
    assert [currency.desk.redemption(number).amount for number in (1, 2, 3)] == [FEN, 2 * FEN, 3 * FEN]
    assert [currency.desk.redemption(number) for number in (0, 4)] == [NO_REDEMPTION] * 2


def test_complete(requested: World) -> None:
    """Completion destroys the held units and restores the quota; its event still carries the amount (P-3)."""
    currency, operator, buyer = requested.network.currency, requested["operator"], requested.address("buyer")
    with effect(requested) as change:
        (receipt,) = requested.send(currency.desk.complete_redemption(operator, 1))
    assert change == {
        "eCNY desk": -AMOUNT,
        "eCNY supply": -AMOUNT,
        "quota operator": AMOUNT,
        "position operator": -AMOUNT,
    }
    assert requested.events(receipt) == [
        RedemptionCompleted(1, buyer, operator.address, AMOUNT, AMOUNT),
        Transfer(currency.desk.address, ZERO_ADDRESS, AMOUNT),
    ]
    assert currency.desk.redemption(1) == Redemption(buyer, operator.address, AMOUNT, RedemptionStatus.COMPLETED, 0)


def test_the_operator_who_redeems_gets_the_quota(funded: World) -> None:
    """Redemption at another institution than issued restores its quota, and makes its position negative."""
    currency, other, buyer = funded.network.currency, funded["other operator"], funded["buyer"]
    funded.send(currency.desk.request_redemption(buyer, other.address, AMOUNT))
    with effect(funded) as change:
        funded.send(currency.desk.complete_redemption(other, 1))
    assert change == {
        "eCNY desk": -AMOUNT,
        "eCNY supply": -AMOUNT,
        "quota other operator": AMOUNT,
        "position other operator": -AMOUNT,
    }
    assert currency.desk.operator_position(other.address) == -AMOUNT
    with effect(funded) as change:
        funded.send(currency.desk.issue(other, buyer.address, AMOUNT))
    assert change == {
        "eCNY buyer": AMOUNT,
        "eCNY supply": AMOUNT,
        "quota other operator": -AMOUNT,
        "position other operator": AMOUNT,
    }
    assert currency.desk.operator_position(other.address) == 0
    assert currency.desk.operator_position(funded.address("operator")) == FUNDS


def test_reject(requested: World) -> None:
    """Rejection gives the units back to the holder and changes neither supply nor quota."""
    currency, operator, buyer = requested.network.currency, requested["operator"], requested.address("buyer")
    with effect(requested) as change:
        (receipt,) = requested.send(currency.desk.reject_redemption(operator, 1))
    assert change == {"eCNY desk": -AMOUNT, "eCNY buyer": AMOUNT}
    assert requested.events(receipt) == [
        RedemptionRejected(1, buyer, operator.address, AMOUNT),
        Transfer(currency.desk.address, buyer, AMOUNT),
    ]
    assert currency.desk.redemption(1).status is RedemptionStatus.REJECTED


def test_cancel(requested: World) -> None:
    """The holder takes a request back, and the units with it."""
    currency, operator, buyer = requested.network.currency, requested.address("operator"), requested["buyer"]
    with effect(requested) as change:
        (receipt,) = requested.send(currency.desk.cancel_redemption(buyer, 1))
    assert change == {"eCNY desk": -AMOUNT, "eCNY buyer": AMOUNT}
    assert requested.events(receipt) == [
        RedemptionCancelled(1, buyer.address, operator, AMOUNT),
        Transfer(currency.desk.address, buyer.address, AMOUNT),
    ]
    assert currency.desk.redemption(1).status is RedemptionStatus.CANCELLED


def test_the_units_are_out_of_reach_meanwhile(requested: World) -> None:
    """Units under redemption can be neither transferred nor redeemed a second time."""
    currency, buyer, left = requested.network.currency, requested["buyer"], FUNDS - AMOUNT
    lacks = {"sender": buyer.address, "balance": left, "needed": left + FEN}
    for again in (
        currency.transfer(buyer, requested.address("stranger"), left + FEN),
        currency.desk.request_redemption(buyer, requested.address("operator"), left + FEN),
    ):
        refused(requested, again, errors.ERC20InsufficientBalance, **lacks)


def test_nobody_takes_the_held_units(requested: World) -> None:
    """An operator who ends its own small request cannot reach what is held for another (P-24)."""
    currency, operator, other = requested.network.currency, requested["operator"], requested["other buyer"]
    requested.fund("other buyer", FEN)
    requested.send(currency.desk.request_redemption(other, operator.address, FEN))
    with effect(requested) as change:
        requested.send(currency.desk.reject_redemption(operator, 2))
    assert change == {"eCNY desk": -FEN, "eCNY other buyer": FEN}
    assert currency.desk.redemption(1).status is RedemptionStatus.REQUESTED
    assert currency.balance_of(currency.desk.address) == AMOUNT


def test_only_the_operator_that_was_asked_ends_it(requested: World) -> None:
    """Another operating institution can neither take, complete nor reject the request."""
    currency, other = requested.network.currency, requested["other operator"]
    for step in (currency.desk.take_redemption, currency.desk.complete_redemption, currency.desk.reject_redemption):
        refused(
            requested,
            step(other, 1),
            errors.RedemptionCallerInvalid,
            id=1,
            caller=other.address,
            expected=requested.address("operator"),
        )


@pytest.mark.parametrize("name", ["stranger", "operator", "other buyer", "administrator", "central bank"])
def test_only_the_holder_cancels(requested: World, name: str) -> None:
    """Nobody but who made a request takes it back, not even the operator that was asked (P-10)."""
    refused(
        requested,
        requested.network.currency.desk.cancel_redemption(requested[name], 1),
        errors.RedemptionCallerInvalid,
        id=1,
        caller=requested.address(name),
        expected=requested.address("buyer"),
    )


def test_a_contract_the_holder_calls_is_not_the_holder(requested: World) -> None:
    """A contract cannot cancel in the name of the holder who called it (P-12)."""
    forwarder = deploy(requested, FORWARDER)
    cancel = requested.network.currency.desk.cancel_redemption(requested["buyer"], 1)
    refused(
        requested,
        through(requested, forwarder, cancel),
        errors.RedemptionCallerInvalid,
        id=1,
        caller=forwarder,
        expected=requested.address("buyer"),
    )


def test_a_contract_that_asks_is_the_holder(funded: World) -> None:
    """What a contract asks for is its own redemption, and not of whoever called the contract (P-12)."""
    currency, buyer, operator = funded.network.currency, funded["buyer"], funded.address("operator")
    account = deploy(funded, FORWARDER)
    funded.send(currency.transfer(buyer, account, AMOUNT))
    (receipt,) = funded.send(through(funded, account, currency.desk.request_redemption(buyer, operator, AMOUNT)))
    assert funded.events(receipt) == [
        RedemptionRequested(1, account, operator, AMOUNT),
        Transfer(account, currency.desk.address, AMOUNT),
    ]
    assert currency.desk.redemption(1) == Redemption(account, operator, AMOUNT, RedemptionStatus.REQUESTED, 0)


@pytest.mark.parametrize("end", ["take", "complete", "reject"])
def test_a_contract_that_is_the_operator(funded: World, end: str) -> None:
    """An institution may be a contract: it ends a redemption, and not whoever called it (P-12)."""
    currency, buyer, caller = funded.network.currency, funded["buyer"], funded["stranger"]
    institution, quota = contract_with_role(funded, Role.OPERATOR), 3 * FEN
    funded.send(
        currency.desk.set_issuance_quota(funded["central bank"], institution, quota),
        currency.desk.request_redemption(buyer, institution, AMOUNT),
    )
    who = (1, buyer.address, institution, AMOUNT)
    calls = {
        "take": (currency.desk.take_redemption, RedemptionTaken(*who, 0), quota, 0),
        "complete": (
            currency.desk.complete_redemption,
            RedemptionCompleted(*who, quota + AMOUNT),
            quota + AMOUNT,
            -AMOUNT,
        ),
        "reject": (currency.desk.reject_redemption, RedemptionRejected(*who), quota, 0),
    }
    call, event, quota, position = calls[end]
    (receipt,) = funded.send(through(funded, institution, call(caller, 1)))
    told = funded.events(receipt)[0]
    assert (replace(told, cancellable_from=0) if isinstance(told, RedemptionTaken) else told) == event
    assert (currency.desk.issuance_quota(institution), currency.desk.operator_position(institution)) == (
        quota,
        position,
    )
    assert (currency.desk.issuance_quota(caller.address), currency.desk.operator_position(caller.address)) == (0, 0)


def test_a_contract_that_is_another_operator(funded: World) -> None:
    """It ends no redemption of others, and the refusal names it, and not whoever called it (P-12)."""
    currency, operator = funded.network.currency, funded.address("operator")
    institution = contract_with_role(funded, Role.OPERATOR)
    funded.send(currency.desk.request_redemption(funded["buyer"], operator, AMOUNT))
    for end in (currency.desk.take_redemption, currency.desk.complete_redemption, currency.desk.reject_redemption):
        call = through(funded, institution, end(funded["stranger"], 1))
        refused(funded, call, errors.RedemptionCallerInvalid, id=1, caller=institution, expected=operator)


def test_a_contract_that_is_the_holder(funded: World) -> None:
    """It cancels, and is paid, and not whoever called it (P-12)."""
    currency, buyer, caller = funded.network.currency, funded["buyer"], funded["stranger"]
    holder, operator = deploy(funded, FORWARDER), funded.address("operator")
    funded.send(
        currency.transfer(buyer, holder, AMOUNT),
        through(funded, holder, currency.desk.request_redemption(caller, operator, AMOUNT)),
    )
    with effect(funded, holder=holder) as change:
        (receipt,) = funded.send(through(funded, holder, currency.desk.cancel_redemption(caller, 1)))
    assert change == {"eCNY holder": AMOUNT, "eCNY desk": -AMOUNT}
    told = [RedemptionCancelled(1, holder, operator, AMOUNT), Transfer(currency.desk.address, holder, AMOUNT)]
    assert funded.events(receipt) == told


@pytest.fixture
def taken(requested: World) -> World:
    """Have the operator take it: its transaction is the latest block's."""
    requested.send(requested.network.currency.desk.take_redemption(requested["operator"], 1))
    return requested


def test_take(requested: World) -> None:
    """The operator takes a request: nothing moves, and an event says until when the holder has to wait."""
    currency, operator, buyer = requested.network.currency, requested["operator"], requested.address("buyer")
    with effect(requested) as change:
        (receipt,) = requested.send(currency.desk.take_redemption(operator, 1))
    assert change == {}
    cancellable_from = requested.chain.block().timestamp + DAY_S
    assert requested.events(receipt) == [RedemptionTaken(1, buyer, operator.address, AMOUNT, cancellable_from)]
    assert currency.desk.redemption(1) == Redemption(
        buyer, operator.address, AMOUNT, RedemptionStatus.TAKEN, cancellable_from
    )


def test_a_taken_request_is_not_cancelled_for_a_day(taken: World) -> None:
    """While the operator exchanges the reserve the holder waits, to the second, and no longer (P-8)."""
    currency, buyer = taken.network.currency, taken["buyer"]
    cancellable_from = currency.desk.redemption(1).cancellable_from
    at(taken, cancellable_from - 1)
    refused(
        taken,
        currency.desk.cancel_redemption(buyer, 1),
        errors.RedemptionNotCancellable,
        id=1,
        cancellableFrom=cancellable_from,
        timestamp=cancellable_from - 1,
    )
    at(taken, cancellable_from)
    with effect(taken) as change:
        taken.send(currency.desk.cancel_redemption(buyer, 1))
    assert change == {"eCNY desk": -AMOUNT, "eCNY buyer": AMOUNT}
    assert currency.desk.redemption(1).status is RedemptionStatus.CANCELLED


def test_it_is_taken_once(taken: World) -> None:
    """A second taking would put the holder off again and again (P-7)."""
    refused(
        taken,
        taken.network.currency.desk.take_redemption(taken["operator"], 1),
        errors.RedemptionTakenAlready,
        id=1,
    )


@pytest.mark.parametrize("end", [RedemptionStatus.COMPLETED, RedemptionStatus.REJECTED], ids=lambda status: status.name)
def test_a_taken_request_ends(taken: World, end: RedemptionStatus) -> None:
    """The operator completes or rejects what it took, and cannot take it again."""
    currency = taken.network.currency
    taken.send(ENDS[end](taken))
    assert currency.desk.redemption(1).status is end
    assert currency.balance_of(currency.desk.address) == 0
    refused(taken, currency.desk.take_redemption(taken["operator"], 1), errors.RedemptionEnded, id=1, status=int(end))


@pytest.mark.parametrize("first", ENDS, ids=lambda status: status.name)
@pytest.mark.parametrize("second", ENDS, ids=lambda status: status.name)
def test_it_ends_once(requested: World, first: RedemptionStatus, second: RedemptionStatus) -> None:
    """Whichever way it ended, it cannot end again, and its status stays."""
    requested.send(ENDS[first](requested))
    refused(requested, ENDS[second](requested), errors.RedemptionEnded, id=1, status=int(first))
    assert requested.network.currency.desk.redemption(1).status is first


@pytest.mark.parametrize("number", [0, 2, 2**256 - 1])
def test_no_such_redemption(requested: World, number: int) -> None:
    """A number that no request got can be ended by nobody."""
    currency, operator = requested.network.currency, requested["operator"]
    for end in (
        currency.desk.take_redemption(operator, number),
        currency.desk.complete_redemption(operator, number),
        currency.desk.reject_redemption(operator, number),
        currency.desk.cancel_redemption(requested["buyer"], number),
    ):
        refused(requested, end, errors.RedemptionNotFound, id=number)


@pytest.mark.parametrize("amount", [0, 1, FEN - 1, FEN + 1])
def test_part_of_a_fen(funded: World, amount: int) -> None:
    """Only whole fen above zero are redeemed."""
    refused(
        funded,
        funded.network.currency.desk.request_redemption(funded["buyer"], funded.address("operator"), amount),
        errors.AmountNotWholeMinorUnits,
        amount=amount,
        minorUnit=FEN,
    )


@pytest.mark.parametrize("amount", [FUNDS + FEN, 2**96 * FEN, 2**96 * FEN + FEN])
def test_more_than_is_held(funded: World, amount: int) -> None:
    """A request above the balance is refused, also one whose low 96 bits are affordable (P-2)."""
    buyer = funded["buyer"]
    refused(
        funded,
        funded.network.currency.desk.request_redemption(buyer, funded.address("operator"), amount),
        errors.ERC20InsufficientBalance,
        sender=buyer.address,
        balance=FUNDS,
        needed=amount,
    )


@pytest.mark.parametrize("name", ["stranger", "buyer", "administrator", "central bank", "registrar"])
def test_a_request_to_a_party_that_is_no_operator(funded: World, name: str) -> None:
    """A request that nobody could complete is refused, and the holder keeps everything."""
    currency, buyer, party = funded.network.currency, funded["buyer"], funded.address(name)
    refused(
        funded,
        currency.desk.request_redemption(buyer, party, AMOUNT),
        errors.RedemptionOperatorInvalid,
        operator=party,
    )
    assert currency.balance_of(buyer.address) == FUNDS


def test_an_operator_that_acts_with_a_delay(funded: World) -> None:
    """An institution whose role has a delay is an operating institution, and can be asked."""
    currency, admin, stranger = funded.network.currency, funded["administrator"], funded.address("stranger")
    manager = Contract(funded.network.sender, funded.network.access, "NetworkAccess")
    funded.send(
        manager._transaction(admin, 300_000, "grantRole", Role.OPERATOR, stranger, 3_600),
        manager._transaction(funded["stranger"], 300_000, "acceptRole", Role.OPERATOR),
    )
    with effect(funded) as change:
        funded.send(currency.desk.request_redemption(funded["buyer"], stranger, AMOUNT))
    assert change == {"eCNY buyer": -AMOUNT, "eCNY desk": AMOUNT}


def test_after_the_operator_lost_its_role(requested: World) -> None:
    """A request outlives the role of whom it was asked: the holder takes it back and nothing is lost."""
    currency, admin, operator = requested.network.currency, requested["administrator"], requested.address("operator")
    manager = Contract(requested.network.sender, requested.network.access, "NetworkAccess")
    requested.send(manager._transaction(admin, 300_000, "revokeRole", Role.OPERATOR, operator))
    refused(
        requested,
        currency.desk.complete_redemption(requested["operator"], 1),
        errors.AccessManagedUnauthorized,
        caller=operator,
    )
    requested.send(currency.desk.cancel_redemption(requested["buyer"], 1))
    assert currency.balance_of(requested.address("buyer")) == FUNDS


def test_the_highest_quota_can_be_restored(requested: World) -> None:
    """Completion cannot be blocked by a quota: the highest one that can be set still has room."""
    currency, operator = requested.network.currency, requested["operator"]
    requested.send(currency.desk.set_issuance_quota(requested["central bank"], operator.address, 2**96 - 1))
    requested.send(currency.desk.complete_redemption(operator, 1))
    assert currency.desk.issuance_quota(operator.address) == 2**96 - 1 + AMOUNT
