"""Thieves at the clearing house: none gains a unit, and none holds anybody up.

Those that change a closed cycle, close without pause, or name a set twice are in `test_clearing`.
"""

from __future__ import annotations

import pytest

from pysettle.client.settlement.clearing import ProposedBatch
from pysettle.client.settlement.proposals import Obstacle, due, propose
from pysettle.domain import invariants
from pysettle.domain.money.wallets import LIMIT_STEP, ClassLimits, WalletClass
from pysettle.domain.settlement.clearing import BatchItem
from pysettle.domain.settlement.clearing_events import BatchQueued
from pysettle.errors import contracts as errors
from pysettle.values import Units
from tests.contracts.banks import AGENT, BEIJING, HONGKONG, Banks, identity_of
from tests.contracts.clearing import CENTRAL_BANK, STRANGER, House, open_house
from tests.contracts.effects import check_books
from tests.contracts.hostile import Hostile
from tests.contracts.world import YUAN


@pytest.fixture
def house(domestic: Banks) -> House:
    """Appoint an operator, and admit a third bank; all are of one country."""
    return open_house(domestic)


def test_an_operator_that_settles_less_than_the_rule(house: House) -> None:
    """It favours one debtor and ends the cycle: the audit names both sums, and anybody settles the rest at once."""
    first, second = house.queued(BEIJING, (AGENT, 10), (AGENT, 4)), house.queued(HONGKONG, (AGENT, 20))
    house.send(house.reserve(BEIJING, 14), house.reserve(HONGKONG, 20), house.close())
    house.send(house.settle(first.marking([0])), house.end())
    (found,) = (it for it in invariants.notices(check_books(house.banks.world)) if it.code == "INV-ORDER")
    words = f"settled {10 * YUAN} units in 1 obligations, where the rule of order settles {34 * YUAN} in 3"
    assert f"{words}; its operator ended it" in found.detail
    assert house.reserved() == [4, 20, 10]
    house.send(house.settle(first.marking([1]), second, by=STRANGER))
    assert house.reserved() == [0, 0, 34]
    # It cannot close the next cycle before everybody had five minutes for that.
    with pytest.raises(errors.CycleTooEarly):
        house.send(house.close(after=0))


def test_a_debtor_of_nobody(house: House) -> None:
    """It owes to a number that no participant has: proposals leave its queue as it is, and settle all others."""
    world = house.banks.world
    owed = [BatchItem(9, Units(YUAN)), BatchItem(2, Units(YUAN))]
    house.send(house.contract.queue(world[BEIJING], house.currency, owed, jurisdiction=156))
    second = house.queued(HONGKONG, (AGENT, 20))
    house.send(house.reserve(BEIJING, 9), house.reserve(HONGKONG, 20), house.close())
    known = due(world.network, house.currency)
    assert [obstacle for _, obstacle in known.obstacles] == [Obstacle.UNKNOWN, Obstacle.BEHIND]
    proposed = propose(world.network, house.currency)
    assert list(proposed.batches) == [second]
    house.send(house.settle(*proposed.batches))
    assert house.reserved() == [9, 0, 20]


def test_a_creditor_that_is_full_or_reverts(house: House) -> None:
    """A cycle asks nothing of a creditor: it is credited, and all that its account cannot take waits as its credit."""
    world, token, liquidity = house.banks.world, house.banks.token(), house.banks.liquidity
    wallet = Hostile(world, "Wallet", world.address("stranger"))
    names = identity_of(BEIJING)
    registry = house.banks.registry
    world.send(registry.admit(world["registrar"], token.address, wallet.address, names, 156, wallet.address))
    world.send(wallet.call("close"))
    limits = ClassLimits(balance=LIMIT_STEP)
    world.send(token.set_class_limits(world[CENTRAL_BANK], WalletClass.IV, limits))
    items = [BatchItem(4, Units(7 * YUAN)), BatchItem(2, Units(3 * YUAN))]
    (queued,) = house.send(house.contract.queue(world[BEIJING], house.currency, items, jurisdiction=156))
    assert isinstance(queued, BatchQueued)
    house.send(house.reserve(BEIJING, 10), house.close())
    parties = [world.address(BEIJING), world.address(HONGKONG), wallet.address]
    batch = ProposedBatch.of(queued)
    house.send(house.contract.settle_cycle(world["relayer"], house.currency, parties, [batch]))
    assert liquidity.position(house.currency, wallet.address).reserved == 7 * YUAN
    house.send(house.end(), house.release(HONGKONG, 3), house.banks.pay_out(HONGKONG, 3 * YUAN))
    assert token.credit_of(world.address(HONGKONG)) == 3 * YUAN
