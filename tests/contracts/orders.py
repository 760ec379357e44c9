"""Orders of batch compute, as the tests of the job escrow place them: the buyer uses what the sponsor pays for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from eth_utils.crypto import keccak

from pysettle.client.jobs.escrow import JobEscrow
from pysettle.domain.jobs.terms import MilestoneState, OrderTerms
from tests.contracts.effects import effect
from tests.contracts.world import YUAN, World

PAYER, BUYER, PROVIDER, ARBITER = "other buyer", "buyer", "provider", "relayer"
"""Who plays which part: four keys apart."""
BOND = 3 * YUAN
AMOUNTS = (10 * YUAN + 1, 20 * YUAN)
HOUR_S = 3_600
CONTENT, EVIDENCE, GROUNDS = (keccak(word) for word in (b"content", b"evidence", b"grounds"))


@dataclass
class Job:
    """A placed order, and the world it is in."""

    world: World
    terms: OrderTerms
    id: bytes

    @property
    def escrow(self) -> JobEscrow:
        """The escrow."""
        return self.world.network.jobs

    def state(self, milestone: int = 0) -> MilestoneState:
        """Return where a milestone stands."""
        return self.escrow.order(self.id).milestones[milestone].state

    def due(self, name: str) -> int:
        """Return what is due to an actor."""
        return self.escrow.due(self.world.address(name), self.terms.currency)

    def accepted(self) -> Job:
        """Have the provider accept."""
        self.world.send(self.escrow.accept(self.world[PROVIDER], self.id))
        return self

    def delivered(self, milestone: int = 0) -> Job:
        """Have the provider accept and deliver."""
        self.accepted()
        self.world.send(self.escrow.deliver(self.world[PROVIDER], self.id, milestone, CONTENT))
        return self

    def disputed(self, milestone: int = 0) -> Job:
        """Have the provider deliver, and the buyer dispute it."""
        self.delivered(milestone)
        world, currency = self.world, self.world.network.currency
        world.fund(BUYER, BOND)
        world.send(
            currency.approve(world[BUYER], self.escrow.address, BOND),
            self.escrow.dispute(world[BUYER], self.id, milestone, EVIDENCE),
        )
        return self

    def paid_out(self) -> dict[str, int]:
        """Have everybody paid what is due, and return who got how much; the escrow keeps what is held."""
        currency, paid = self.world.network.currency, {}
        for name in (PAYER, BUYER, PROVIDER, ARBITER):
            if self.due(name):
                with effect(self.world, jobs=self.escrow.address) as change:
                    self.world.send(
                        self.escrow.pay_due(self.world["stranger"], self.world.address(name), currency.address)
                    )
                paid[name] = change.pop(f"eCNY {name}")
                assert change == {"eCNY jobs": -paid[name]}
        return paid


def terms_of(world: World, **changed: object) -> OrderTerms:
    """Return terms of two milestones, a day and two days from now; or changed ones."""
    now = world.now
    terms = OrderTerms(
        currency=world.network.currency.address,
        buyer=world.address(BUYER),
        provider=world.address(PROVIDER),
        arbiter=world.address(ARBITER),
        description=keccak(b"train a model"),
        accept_before=now + HOUR_S,
        review_s=2 * HOUR_S,
        arbitration_s=3 * HOUR_S,
        milestones=((AMOUNTS[0], now + 24 * HOUR_S), (AMOUNTS[1], now + 48 * HOUR_S)),
        default_bps=2_500,
        bond=BOND,
    )
    return replace(terms, **changed)  # type: ignore[arg-type]  # fields by name


def funded(world: World, terms: OrderTerms) -> None:
    """Give the payer what an order costs, in whole fen, and let the escrow take it."""
    world.fund(PAYER, -(-terms.total // 10_000) * 10_000)
    world.send(world.network.currency.approve(world[PAYER], world.network.jobs.address, terms.total))


def placed(world: World, **changed: object) -> Job:
    """Place an order."""
    terms = terms_of(world, **changed)
    funded(world, terms)
    world.send(world.network.jobs.place(world[PAYER], terms))
    return Job(world, terms, world.network.jobs.order_id(world.address(PAYER), terms))
