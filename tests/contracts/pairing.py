"""PvP pairs in the world of a contract test: cycles of e-CNY and of e-HKD, and three banks of one country."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pysettle.client.settlement.clearing import ClearingSet, PairLink, ProposedBatch
from pysettle.client.settlement.pairs import links_of, propose_sets, sets_of
from pysettle.domain import invariants
from pysettle.domain.settlement.clearing import BatchItem, half_id, pair_id
from pysettle.domain.settlement.clearing_events import BatchQueued
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency
from pysettle.values import Address, Units
from tests.contracts.banks import AGENT, BEIJING, HKD_OFFICER, HONGKONG, Banks
from tests.contracts.clearing import NUMBERS, OPERATOR, House, open_house
from tests.contracts.effects import check_books, refused
from tests.contracts.world import YUAN

Batches = Sequence[ProposedBatch]
LINK = PairLink(0, 0, 1, 0)
"""The link of the first batches of two sets."""


@dataclass
class Pairing:
    """Cycles of e-CNY and of e-HKD, in which three banks of one country take part."""

    house: House
    hkd: Address

    def queue(self, debtor: str, creditor: str, pair: bytes, *units: int, hkd: bool = False) -> ProposedBatch:
        """Queue a half of pairs; return it."""
        house, items = self.house, [BatchItem(NUMBERS[creditor], Units(it * YUAN)) for it in units]
        place = self.hkd if hkd else house.currency
        step = house.contract.queue(house.banks.world[debtor], place, items, jurisdiction=156, pair=pair)
        (event, *_) = house.send(step)
        assert isinstance(event, BatchQueued)
        return ProposedBatch.of(event)

    def pair(self, *amounts: tuple[int, int], partner: str = HONGKONG) -> tuple[ProposedBatch, ProposedBatch]:
        """Queue pairs of Beijing, which pays yuan, and of a partner, which pays e-HKD."""
        first = [BatchItem(NUMBERS[partner], Units(it * YUAN)) for it, _ in amounts]
        second = [BatchItem(NUMBERS[BEIJING], Units(it * YUAN)) for _, it in amounts]
        halves = half_id(self.house.currency, 1, first), half_id(self.hkd, NUMBERS[partner], second)
        pair = pair_id(*halves)
        paid = self.queue(BEIJING, partner, pair, *(it for it, _ in amounts))
        return paid, self.queue(partner, BEIJING, pair, *(it for _, it in amounts), hkd=True)

    def agreed(self, *halves: tuple[str, str, int, bool]) -> list[ProposedBatch]:
        """Queue two halves, each of debtor, creditor, yuan or e-HKD, whose hash both debtors name."""
        hashes = [
            half_id(self.hkd if hkd else self.house.currency, NUMBERS[debtor], [BatchItem(NUMBERS[creditor], units)])
            for debtor, creditor, yuan, hkd in halves
            for units in [Units(yuan * YUAN)]
        ]
        return [self.queue(*half[:2], pair_id(*hashes), half[2], hkd=half[3]) for half in halves]

    def close(self) -> None:
        """Close the cycles of both currencies."""
        contract, operator = self.house.contract, self.house.banks.world[OPERATOR]
        self.house.send(self.house.close(), contract.close_cycle(operator, self.hkd))

    def settle(self, cny: Batches, hkd: Batches, *links: PairLink) -> Transaction:
        """Return a proposal of two sets."""
        world = self.house.banks.world
        accounts = [world.address(it) for it in NUMBERS]
        sets = [ClearingSet(self.house.currency, accounts, cny), ClearingSet(self.hkd, accounts, hkd)]
        return self.house.contract.settle_sets(world[OPERATOR], sets, links)

    def joint(self) -> Transaction:
        """Return the proposal of both currencies by the rule of order, as the chain stands."""
        world = self.house.banks.world
        sets = sets_of(propose_sets(world.network, [self.house.currency, self.hkd]))
        return self.house.contract.settle_sets(world[OPERATOR], sets, links_of(sets))

    def end(self, *, hkd: bool = False) -> Transaction:
        """Return the end of a cycle by its operator."""
        place = self.hkd if hkd else self.house.currency
        return self.house.contract.end_cycle(self.house.banks.world[OPERATOR], place)

    def apart_from_the_rule(self) -> dict[str, str]:
        """Return currency -> what the audit says of its cycle beside the rule, with amounts in yuan."""
        names = {f"0x{self.house.currency.hex()}": "CNY", f"0x{self.hkd.hex()}": "HKD"}
        found = (it for it in invariants.notices(check_books(self.house.banks.world)) if it.code == "INV-ORDER")
        said = {names[it.subject.rpartition(" ")[2]]: it.detail.rpartition("; ")[0] for it in found}
        return {name: words.replace("000000 units", "").replace("000000 in", " in") for name, words in said.items()}

    def reserve(self, name: str, yuan: int, *, hkd: bool = False) -> Transaction:
        """Return a reservation."""
        banks = self.house.banks
        return banks.liquidity.reserve(banks.world[name], self.hkd if hkd else self.house.currency, Units(yuan * YUAN))

    def reserved(self) -> tuple[list[int], list[int]]:
        """Return the reserved units of all banks in yuan, and those in e-HKD."""
        banks = self.house.banks
        in_hkd = [banks.liquidity.position(self.hkd, banks.world.address(it)).reserved // YUAN for it in NUMBERS]
        return self.house.reserved(), in_hkd

    def incomplete(self, step: Transaction, pair: bytes) -> None:
        """Check that a proposal is refused for half a pair."""
        refused(self.house.banks.world, step, errors.PairIncomplete, pair=pair)


def open_pairing(banks: Banks) -> Pairing:
    """Open the cycles of both currencies."""
    house, world, hkd = open_house(banks), banks.world, banks.token(Currency.HKD).address
    house.send(
        banks.admit(HONGKONG, jurisdiction=156),
        banks.admit(HONGKONG, Currency.HKD, jurisdiction=156),
        banks.admit(AGENT, Currency.HKD),
        house.contract.set_operator(world[HKD_OFFICER], hkd, world.address(OPERATOR)),
    )
    return Pairing(house, hkd)
