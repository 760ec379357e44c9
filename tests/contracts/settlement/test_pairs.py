"""PvP pairs in the ClearingHouse: two halves in two currencies, whose items settle together or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pysettle.client.settlement.clearing import PairLink
from pysettle.client.settlement.pairs import links_of, propose_sets, sets_of
from pysettle.domain import invariants
from pysettle.domain.settlement.clearing import BatchItem
from pysettle.domain.settlement.clearing_events import ItemsCancelled, ItemsRejected, SetSettled
from pysettle.errors import contracts as errors
from pysettle.values import Units
from tests.contracts.banks import AGENT, BEIJING, HONGKONG, Banks
from tests.contracts.clearing import MINUTE, OPERATOR, REASON, place
from tests.contracts.effects import check_books, refused
from tests.contracts.pairing import LINK, Pairing, open_pairing
from tests.contracts.world import YUAN


@pytest.fixture
def pairing(banks: Banks) -> Pairing:
    """Open the cycles of both currencies."""
    return open_pairing(banks)


def test_pairs_settle_in_both_currencies(pairing: Pairing) -> None:
    """One transaction moves both payments of the marked pairs; the others stay, out of the way of everybody."""
    house, contract = pairing.house, pairing.house.contract
    first, second = pairing.pair((10, 11), (20, 22), (1, 1))
    later = house.queued(BEIJING, (AGENT, 5))
    house.send(pairing.reserve(BEIJING, 40), pairing.reserve(HONGKONG, 40, hkd=True))
    assert contract.items(house.currency, first.header) == (0, 0b111)
    pairing.close()
    marks = first.marking([0, 1]), second.marking([0, 1])
    settled = house.send(pairing.settle([marks[0], later], [marks[1]], LINK))
    shown = [[(it.header, it.settled) for it in event.batches] for event in settled if isinstance(event, SetSettled)]
    assert shown == [[(first.header.word, 0b11), (later.header.word, 1)], [(second.header.word, 0b11)]]
    assert pairing.reserved() == ([5, 30, 5], [33, 7, 0])
    house.refuse(pairing.settle([marks[0]], [marks[1]], LINK), errors.ItemsNotQueued, **place(first))
    # Beijing has to pay nothing before its pair, and its queue goes on behind it.
    assert contract.queue_of(house.currency, 1, 0) == (0, 2)
    house.send(pairing.settle([first.marking([2])], [second.marking([2])], LINK))
    house.send(house.end())
    house.queued(BEIJING, (AGENT, 1))
    assert contract.queue_of(house.currency, 1, 0) == (2, 3)


def test_half_a_pair_never_settles(pairing: Pairing) -> None:
    """Each proposal that would settle one payment without the other one is refused, and nothing moves."""
    house, world = pairing.house, pairing.house.banks.world
    first, second = pairing.pair((10, 11), (20, 22))
    pair = first.pair
    less = pairing.queue(HONGKONG, BEIJING, pair, 11, 21, hkd=True)
    strange = pairing.queue(AGENT, BEIJING, pair, 11, 22, hkd=True)
    # Hong Kong owes what the pair says, and agreed to another one, whose hash is below or above.
    others = [pairing.queue(HONGKONG, BEIJING, word, 11, 22, hkd=True) for word in (b"\0" * 31 + b"\1", b"\xff" * 32)]
    in_yuan = pairing.agreed((BEIJING, HONGKONG, 1, False), (HONGKONG, BEIJING, 2, False))
    elsewhere = pairing.agreed((BEIJING, HONGKONG, 1, False), (HONGKONG, AGENT, 2, True))
    to_another = pairing.agreed((BEIJING, AGENT, 1, False), (HONGKONG, BEIJING, 2, True))
    house.send(pairing.reserve(BEIJING, 40), pairing.reserve(HONGKONG, 80, hkd=True), pairing.reserve(HONGKONG, 40))
    pairing.close()
    for step in (
        pairing.settle([first], [second]),
        pairing.settle([first], []),
        pairing.settle([], [second]),
        pairing.settle([first.marking([0])], [second.marking([1])], LINK),
        pairing.settle([first], [second.marking([0])], LINK),
        pairing.settle([first], [second.marking([])]),
        pairing.settle([first], [second], PairLink(1, 0, 0, 0)),
        pairing.settle([first], [second], PairLink(0, 0, 0, 0)),
        pairing.settle([first], [second], PairLink(0, 0, 1, 1)),
        pairing.settle([first], [second], PairLink(0, 0, 2, 0)),
        pairing.settle([first], [less], LINK),
        pairing.settle([first], [second, less], LINK),
        *(pairing.settle([first], [other], LINK) for other in others),
    ):
        pairing.incomplete(step, pair)
    pairing.incomplete(pairing.settle(in_yuan, [], PairLink(0, 0, 0, 1)), in_yuan[0].pair)
    for halves in (elsewhere, to_another):
        pairing.incomplete(pairing.settle(halves[:1], halves[1:], LINK), halves[0].pair)
    pairing.incomplete(pairing.settle([first], [second], LINK, LINK), bytes(32))
    for nowhere in (PairLink(2, 0, 1, 0), PairLink(2, 0, 2, 0), PairLink(5, 0, 1, 0), PairLink(0, 5, 1, 0)):
        pairing.incomplete(pairing.settle([first], [second], nowhere), bytes(32))
    # The agent has no yuan of Beijing to come, and no half that Beijing agreed to.
    house.send(house.banks.liquidity.reserve(world[HONGKONG], pairing.hkd, Units(YUAN)))
    short = {"token": pairing.hkd, "account": world.address(AGENT), "requested": 33 * YUAN, "available": 0}
    refused(world, pairing.settle([first], [strange], LINK), errors.ReservedExceeded, **short)
    for changed in (replace(first, pair=bytes(32)), replace(first, pair=b"\1" * 32)):
        house.refuse(pairing.settle([changed], [second], LINK), errors.BatchNotFound, **place(first))
    assert pairing.reserved() == ([40, 40, 0], [0, 81, 0])
    house.send(pairing.settle([first], [second], LINK))
    assert pairing.reserved() == ([10, 70, 0], [33, 48, 0])
    # Nobody can link the halves that are left, and they stop no proposal.
    assert propose_sets(world.network, [house.currency, pairing.hkd]) == {}


def test_pairs_in_the_order_of_a_debtor(pairing: Pairing) -> None:
    """A set passes pairs over, and settles none behind an obligation that waits; nobody holds one."""
    house, world, contract = pairing.house, pairing.house.banks.world, pairing.house.contract
    single = house.queued(BEIJING, (AGENT, 5))
    first, second = pairing.pair((10, 11))
    last = house.queued(BEIJING, (AGENT, 6))
    for held in (True, False):
        step = contract.set_held(world[BEIJING], house.currency, first, held=held)
        house.refuse(step, errors.ItemsNotQueued, **place(first))
    for creditors in ((2, 3), (3, 2)):
        items = [BatchItem(it, Units(1)) for it in creditors]
        step = contract.queue(world[BEIJING], house.currency, items, jurisdiction=156, pair=b"\1" * 32)
        refused(world, step, errors.BatchInvalid, term="pair")
    house.send(pairing.reserve(BEIJING, 40), pairing.reserve(HONGKONG, 40, hkd=True))
    pairing.close()
    house.refuse(pairing.settle([first], [second], LINK), errors.BatchPassedOver, **place(single))
    step = pairing.settle([single.marking([]), first], [second], PairLink(0, 1, 1, 0))
    house.refuse(step, errors.ItemOutOfOrder, **place(first), place=0)
    latest = contract.cycle(house.currency).since + 60 * MINUTE
    cancelling = contract.cancel(world[BEIJING], house.currency, first)
    house.refuse(cancelling, errors.CycleStillClosed, cycle=1, latest=latest)
    house.send(pairing.settle([single, last], []))
    assert pairing.reserved() == ([29, 0, 11], [0, 40, 0])
    house.send(house.end())
    (cancelled,) = house.send(contract.cancel(world[BEIJING], house.currency, first))
    assert cancelled == ItemsCancelled(house.currency, first.header.word, 1)
    house.send(contract.end_cycle(world[OPERATOR], pairing.hkd))
    (rejected,) = house.send(contract.reject(world[BEIJING], pairing.hkd, second, REASON))
    assert isinstance(rejected, ItemsRejected)
    assert contract.items(pairing.hkd, second.header) == (0, 0)


def test_a_debtor_of_pairs_without_money_holds_up_nobody(pairing: Pairing) -> None:
    """Beijing agrees to pairs with both others and reserves no yuan: what stays in the queues are its own pairs."""
    house, network = pairing.house, pairing.house.banks.world.network
    pairing.pair((300, 10))
    pairing.pair((300, 10), partner=AGENT)
    funded = pairing.pair((7, 10))
    # Its own sum is more than 64 bits hold.
    house.queued(BEIJING, (AGENT, 2**70))
    house.queued(HONGKONG, (AGENT, 40))
    house.queued(AGENT, (HONGKONG, 35))
    house.send(pairing.reserve(BEIJING, 7), pairing.reserve(HONGKONG, 50), pairing.reserve(HONGKONG, 90, hkd=True))
    pairing.close()
    proposals = propose_sets(network, [house.currency, pairing.hkd])
    sets = sets_of(proposals)
    links = links_of(sets)
    assert [it.count for it in proposals.values()] == [2]
    house.send(house.contract.settle_sets(house.banks.world[OPERATOR], sets, links))
    assert pairing.reserved() == ([7, 45, 5], [0, 90, 0])
    world = house.banks.world
    first = house.contract.items(house.currency, funded[0].header)
    assert first == (0, 1)
    house.send(house.end(), house.contract.end_cycle(world[OPERATOR], pairing.hkd))
    assert pairing.apart_from_the_rule() == {}


@pytest.mark.parametrize("hkd_first", [False, True])
def test_cycles_that_settled_by_the_rule_are_silent(pairing: Pairing, hkd_first: bool) -> None:
    """The rule leaves a payment behind a pair that lacks money; it is no fault of the cycle that ends last."""
    house, banks = pairing.house, pairing.house.banks
    pairing.pair((10, 11), (90, 99))
    house.queued(BEIJING, (AGENT, 20))
    house.send(pairing.reserve(BEIJING, 100), pairing.reserve(HONGKONG, 20, hkd=True))
    pairing.close()
    # A payment settles gross beside the cycle, and moves no reserved unit.
    banks.submitted(banks.pvp(legs=(banks.leg(BEIJING, AGENT, 3 * YUAN),)))
    house.send(pairing.joint())
    assert pairing.reserved() == ([90, 10, 0], [11, 9, 0])
    house.send(pairing.end(hkd=hkd_first))
    house.send(pairing.end(hkd=not hkd_first))
    assert pairing.apart_from_the_rule() == {}


def test_an_operator_that_leaves_pairs_out(pairing: Pairing) -> None:
    """It settles a payment behind the pair with the money of the pair, or nothing: both cycles are named."""
    house = pairing.house
    first, second = pairing.pair((10, 11))
    single = house.queued(BEIJING, (AGENT, 10))
    house.send(pairing.reserve(BEIJING, 10), pairing.reserve(HONGKONG, 20, hkd=True))
    pairing.close()
    house.send(house.settle(single), pairing.end(), pairing.end(hkd=True))
    assert pairing.apart_from_the_rule() == {
        "CNY": "settled 10 in 1 obligations, where the rule of order settles 10 in 1; "
        "1 that settled are not among these",
        "HKD": "settled 0 units in 0 obligations, where the rule of order settles 11 in 1",
    }
    house.send(pairing.reserve(BEIJING, 10))
    pairing.close()
    house.send(pairing.end(hkd=True), pairing.end())
    found = [it for it in invariants.notices(check_books(house.banks.world)) if "cycle 2" in it.subject]
    assert len(found) == 2
    house.send(pairing.settle([first], [second], LINK))


def test_pairs_with_a_currency_that_is_not_closed(pairing: Pairing) -> None:
    """They cannot settle in the cycle, so that the rule settles what is behind them, and asks for no more."""
    house = pairing.house
    pairing.pair((10, 11))
    single = house.queued(BEIJING, (AGENT, 10))
    house.send(pairing.reserve(BEIJING, 10), pairing.reserve(HONGKONG, 20, hkd=True), house.close())
    house.send(house.settle(single), pairing.end())
    assert pairing.apart_from_the_rule() == {}
    house.send(pairing.reserve(BEIJING, 30))
    later = house.queued(BEIJING, (AGENT, 7))
    house.send(house.close(), pairing.end())
    (words,) = pairing.apart_from_the_rule().values()
    assert words == "settled 0 units in 0 obligations, where the rule of order settles 7 in 1"
    assert later.settled == 1


def test_pairs_that_no_set_settles_hold_up_nobody(pairing: Pairing) -> None:
    """Banks agree to pairs in one currency, or to pay a third one: proposals leave these out, and settle the rest."""
    house, network = pairing.house, pairing.house.banks.world.network
    pairing.agreed((BEIJING, HONGKONG, 1, False), (HONGKONG, BEIJING, 2, False))
    pairing.agreed((BEIJING, HONGKONG, 1, False), (HONGKONG, AGENT, 2, True))
    good = pairing.pair((10, 11))
    house.send(pairing.reserve(BEIJING, 40), pairing.reserve(HONGKONG, 40), pairing.reserve(HONGKONG, 40, hkd=True))
    pairing.close()
    sets = sets_of(propose_sets(network, [house.currency, pairing.hkd]))
    assert [[it.pair for it in one.batches] for one in sets] == [[good[0].pair]] * 2
    house.send(house.contract.settle_sets(house.banks.world[OPERATOR], sets, links_of(sets)))
    assert pairing.reserved() == ([30, 50, 0], [11, 29, 0])
