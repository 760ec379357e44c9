"""Issuance: units created against reserve, within the operating institution's quota."""

from __future__ import annotations

import pytest

from pysettle.client.core.access import Role
from pysettle.domain.core.events import Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.events import IssuanceQuotaSet, Issued
from pysettle.errors import contracts as errors
from tests.contracts.effects import contract_with_role, effect, refused, through
from tests.contracts.world import FEN, YUAN, World

MOST = 2**96 - 1
WHOLE_MOST = MOST // FEN * FEN


@pytest.fixture
def quota(world: World) -> int:
    """Give the operator a quota."""
    quota = 100 * YUAN
    currency = world.network.currency
    world.send(currency.desk.set_issuance_quota(world["central bank"], world.address("operator"), quota))
    return quota


def test_creates_units_and_takes_them_from_the_quota(world: World, quota: int) -> None:
    """Issuance credits the recipient, raises the supply and lowers the caller's quota, each by the amount (P-6)."""
    currency, operator, buyer = world.network.currency, world["operator"], world.address("buyer")
    with effect(world) as change:
        (receipt,) = world.send(currency.desk.issue(operator, buyer, 30 * YUAN))
    assert change == {
        "eCNY buyer": 30 * YUAN,
        "eCNY supply": 30 * YUAN,
        "quota operator": -30 * YUAN,
        "position operator": 30 * YUAN,
    }
    assert {log.address for log in receipt.logs} == {currency.address, currency.desk.address}
    assert world.events(receipt) == [
        Issued(operator.address, buyer, 30 * YUAN, quota - 30 * YUAN),
        Transfer(ZERO_ADDRESS, buyer, 30 * YUAN),
    ]


def test_a_contract_that_is_the_operator(world: World) -> None:
    """An institution may be a contract: it issues within its own quota, and not of whoever called it (P-12)."""
    currency, caller, buyer = world.network.currency, world["stranger"], world.address("buyer")
    institution = contract_with_role(world, Role.OPERATOR)
    world.send(currency.desk.set_issuance_quota(world["central bank"], institution, 5 * FEN))
    (receipt,) = world.send(through(world, institution, currency.desk.issue(caller, buyer, 2 * FEN)))
    assert world.events(receipt) == [
        Issued(institution, buyer, 2 * FEN, 3 * FEN),
        Transfer(ZERO_ADDRESS, buyer, 2 * FEN),
    ]
    assert (currency.desk.issuance_quota(institution), currency.desk.operator_position(institution)) == (
        3 * FEN,
        2 * FEN,
    )
    assert (currency.desk.issuance_quota(caller.address), currency.desk.operator_position(caller.address)) == (0, 0)
    refused(
        world,
        through(world, institution, currency.desk.issue(caller, buyer, 4 * FEN)),
        errors.QuotaExceeded,
        operator=institution,
        requested=4 * FEN,
        available=3 * FEN,
    )


def test_more_than_64_bits(world: World) -> None:
    """Quota and position are whole for amounts beyond 64 bits, issued and redeemed (P-2)."""
    currency, operator, buyer, amount = world.network.currency, world["operator"], world["buyer"], 2**70 * FEN
    world.send(
        currency.desk.set_issuance_quota(world["central bank"], operator.address, amount),
        currency.desk.issue(operator, buyer.address, amount),
    )
    assert (currency.desk.issuance_quota(operator.address), currency.desk.operator_position(operator.address)) == (
        0,
        amount,
    )
    world.send(currency.desk.request_redemption(buyer, operator.address, amount))
    world.send(currency.desk.complete_redemption(operator, 1))
    assert (currency.desk.issuance_quota(operator.address), currency.desk.operator_position(operator.address)) == (
        amount,
        0,
    )


def test_the_quota_is_spent_to_the_last_fen(world: World, quota: int) -> None:
    """The whole quota can be issued, in parts, and then not one fen more (P-28)."""
    currency, operator, buyer = world.network.currency, world["operator"], world.address("buyer")
    world.send(currency.desk.issue(operator, buyer, quota - FEN), currency.desk.issue(operator, buyer, FEN))
    assert currency.desk.issuance_quota(operator.address) == 0
    refused(
        world,
        currency.desk.issue(operator, buyer, FEN),
        errors.QuotaExceeded,
        operator=operator.address,
        requested=FEN,
        available=0,
    )


def test_one_fen_over_the_quota(world: World, quota: int) -> None:
    """An issuance above the quota is refused whole, not cut to the quota (P-2)."""
    operator = world["operator"]
    refused(
        world,
        world.network.currency.desk.issue(operator, world.address("buyer"), quota + FEN),
        errors.QuotaExceeded,
        operator=operator.address,
        requested=quota + FEN,
        available=quota,
    )


@pytest.mark.usefixtures("quota")
def test_a_quota_is_its_operators_own(world: World) -> None:
    """Another operating institution cannot draw on the quota."""
    other = world["other operator"]
    refused(
        world,
        world.network.currency.desk.issue(other, world.address("buyer"), FEN),
        errors.QuotaExceeded,
        operator=other.address,
        requested=FEN,
        available=0,
    )


@pytest.mark.usefixtures("quota")
@pytest.mark.parametrize("amount", [0, 1, FEN - 1, FEN + 1, YUAN + 5_000])
def test_part_of_a_fen(world: World, amount: int) -> None:
    """Only whole fen above zero are issued, so that supply meets the reserve."""
    refused(
        world,
        world.network.currency.desk.issue(world["operator"], world.address("buyer"), amount),
        errors.AmountNotWholeMinorUnits,
        amount=amount,
        minorUnit=FEN,
    )


@pytest.mark.usefixtures("quota")
def test_to_nobody(world: World) -> None:
    """Nothing is issued to the zero address."""
    refused(
        world,
        world.network.currency.desk.issue(world["operator"], ZERO_ADDRESS, FEN),
        errors.ERC20InvalidReceiver,
        receiver=ZERO_ADDRESS,
    )


def test_supply_stays_within_96_bits(world: World) -> None:
    """Supply reaches the last whole fen of the greatest reserve, and no balance spills into its flags (P-2)."""
    currency, operator, buyer = world.network.currency, world["operator"], world.address("buyer")
    world.send(
        currency.set_payee_only(world["buyer"]),
        currency.desk.set_issuance_quota(world["central bank"], operator.address, MOST),
        # All of the reserve that the world attests: the most there can be.
        currency.desk.issue(operator, buyer, WHOLE_MOST),
        currency.desk.set_issuance_quota(world["central bank"], operator.address, MOST),
    )
    assert currency.balance_of(buyer) == currency.total_supply() == WHOLE_MOST
    assert currency.is_payee_only(buyer)
    assert not currency.is_settlement_account(buyer)
    refused(
        world,
        currency.desk.issue(operator, buyer, FEN),
        errors.ReserveExceeded,
        requested=FEN,
        available=0,
    )


@pytest.mark.parametrize("amount", [2**96 * FEN, 2**96 * FEN + FEN, 2**128 * FEN, (2**256 - 1) // FEN * FEN])
def test_an_amount_above_96_bits_is_not_truncated(world: World, amount: int) -> None:
    """An amount whose low 96 bits are small is refused as the large amount it is (P-2)."""
    currency, operator = world.network.currency, world["operator"]
    world.send(currency.desk.set_issuance_quota(world["central bank"], operator.address, MOST))
    refused(
        world,
        currency.desk.issue(operator, world.address("buyer"), amount),
        errors.QuotaExceeded,
        operator=operator.address,
        requested=amount,
        available=MOST,
    )


@pytest.mark.parametrize("quota", [MOST + 1, 2**256 - 1])
def test_a_quota_above_what_supply_can_be_is_refused(world: World, quota: int) -> None:
    """A quota has room to be restored by every redemption, so that none can be blocked by it."""
    currency = world.network.currency
    refused(
        world,
        currency.desk.set_issuance_quota(world["central bank"], world.address("operator"), quota),
        errors.SupplyCapExceeded,
        requested=quota,
        available=MOST,
    )


def test_the_currency_itself_receives_nothing(world: World) -> None:
    """Issued or transferred to the contract, units would belong to nobody and could never leave."""
    currency, operator = world.network.currency, world["operator"]
    world.fund("buyer", FEN)
    world.send(currency.desk.set_issuance_quota(world["central bank"], operator.address, FEN))
    for transaction in (
        currency.desk.issue(operator, currency.address, FEN),
        currency.transfer(world["buyer"], currency.address, 1),
    ):
        refused(world, transaction, errors.ERC20InvalidReceiver, receiver=currency.address)


def test_setting_a_quota_replaces_the_one_before(world: World, quota: int) -> None:
    """A new quota is what may be issued from now on, whatever was left, and an event says so (P-22)."""
    currency, operator = world.network.currency, world["operator"]
    world.send(currency.desk.issue(operator, world.address("buyer"), YUAN))
    with effect(world) as change:
        (receipt,) = world.send(currency.desk.set_issuance_quota(world["central bank"], operator.address, 5 * YUAN))
    assert change == {"quota operator": 5 * YUAN - (quota - YUAN)}
    assert world.events(receipt) == [IssuanceQuotaSet(operator.address, 5 * YUAN)]
    assert len(receipt.logs) == 1
