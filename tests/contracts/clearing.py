"""The clearing house in the world of a contract test: an operator of e-CNY, and three banks of one country."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pysettle.client.settlement.clearing import ClearingHouse, ProposedBatch
from pysettle.domain.settlement.clearing import BatchItem
from pysettle.domain.settlement.clearing_events import BatchQueued
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from pysettle.values import Address, Units
from tests.contracts.banks import AGENT, BEIJING, HONGKONG, Banks
from tests.contracts.effects import refused
from tests.contracts.ways import NOTHING
from tests.contracts.world import YUAN

OPERATOR, CENTRAL_BANK, STRANGER = "relayer", "central bank", "stranger"
NUMBERS = {BEIJING: 1, HONGKONG: 2, AGENT: 3}
MINUTE = 60
REASON = b"AM05".ljust(32, b"\0")
Owed = tuple[str, int]
"""Creditor and yuan of an obligation."""


@dataclass
class House:
    """The clearing house with an operator of e-CNY, and three banks."""

    banks: Banks
    contract: ClearingHouse

    @property
    def currency(self) -> Address:
        """Address of e-CNY."""
        return self.banks.token().address

    def send(self, *steps: Transaction) -> list[object]:
        """Send steps; return the events of all of them."""
        world = self.banks.world
        return [event for receipt in world.send(*steps) for event in world.events(receipt)]

    def queue(
        self, debtor: str, *owed: Owed, to: int = 156, priority: int = 0, payload: bytes = NOTHING
    ) -> Transaction:
        """Return the queueing of a batch."""
        items = [BatchItem(NUMBERS[creditor], Units(yuan * YUAN)) for creditor, yuan in owed]
        key = self.banks.world[debtor]
        return self.contract.queue(key, self.currency, items, jurisdiction=to, priority=priority, payload=payload)

    def queued(self, debtor: str, *owed: Owed, to: int = 156, priority: int = 0) -> ProposedBatch:
        """Queue a batch; return it with all its items marked."""
        (event, *_) = self.send(self.queue(debtor, *owed, to=to, priority=priority))
        assert isinstance(event, BatchQueued)
        return ProposedBatch.of(event)

    def reserve(self, name: str, yuan: int) -> Transaction:
        """Return a reservation of a bank."""
        return self.banks.liquidity.reserve(self.banks.world[name], self.currency, Units(yuan * YUAN))

    def release(self, name: str, yuan: int, by: str | None = None) -> Transaction:
        """Return the release of reserved units of a bank, by itself or another account."""
        world = self.banks.world
        return self.banks.liquidity.release(world[by or name], self.currency, world.address(name), Units(yuan * YUAN))

    def close(self, by: str = OPERATOR, after: int = 5 * MINUTE) -> Transaction:
        """Return the closing of the cycle, after some seconds."""
        self.wait(after)
        return self.contract.close_cycle(self.banks.world[by], self.currency)

    def end(self, by: str = OPERATOR) -> Transaction:
        """Return the end of the cycle."""
        return self.contract.end_cycle(self.banks.world[by], self.currency)

    def settle(
        self,
        *batches: ProposedBatch,
        by: str = OPERATOR,
        names: Sequence[str] = (BEIJING, HONGKONG, AGENT),
    ) -> Transaction:
        """Return a proposal."""
        world = self.banks.world
        return self.contract.settle_cycle(world[by], self.currency, [world.address(it) for it in names], batches)

    def wait(self, seconds: int) -> None:
        """Have the next block carry a later time."""
        self.banks.world.chain.clock.advance(seconds)

    def reserved(self) -> list[int]:
        """Return the reserved units of all banks, in yuan."""
        world, liquidity = self.banks.world, self.banks.liquidity
        return [liquidity.position(self.currency, world.address(it)).reserved // YUAN for it in NUMBERS]

    def refuse(self, step: Transaction, error: type[errors.ContractReverted], **values: object) -> None:
        """Check that a step is refused with the currency and these values."""
        refused(self.banks.world, step, error, currency=self.currency, **values)


def open_house(banks: Banks) -> House:
    """Appoint an operator of e-CNY, and admit a third bank."""
    world, contract = banks.world, ClearingHouse.of(banks.world.network)
    currency, operator = banks.token().address, world.address(OPERATOR)
    world.send(banks.admit(AGENT), contract.set_operator(world[CENTRAL_BANK], currency, operator))
    return House(banks, contract)


def place(batch: ProposedBatch) -> dict[str, int]:
    """Return the values by which errors name a batch."""
    header = batch.header
    return {"debtorNumber": header.debtor, "priority": header.priority, "index": header.index}
