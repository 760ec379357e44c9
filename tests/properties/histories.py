"""Histories of a network without a chain: what the specification emits, for the ledger to keep books of.

A history begins with money, three series, Tokens, channels, claims and orders, so that each step finds something to do.
A step is a kind of operation and the seed that it is drawn from, as in the stateful tests; one that is refused leaves
nothing in the history.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain

from eth_hash.auto import keccak
from eth_typing import Address
from hypothesis import strategies as st

from pysettle.domain.channel.contracts import CHANNEL_HUB, USAGE_METER
from pysettle.domain.channel.messages import deposit_nonce, hub_domain
from pysettle.domain.compute.contracts import COMPUTE_MARKET, COMPUTE_TOKEN, SeriesPricing
from pysettle.domain.compute.messages import market_domain
from pysettle.domain.compute.usage import RateCard
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import Emitted, Event, Position
from pysettle.domain.jobs.contracts import JOB_ESCROW
from pysettle.domain.jobs.terms import OrderTerms
from pysettle.domain.money.contracts import CURRENCY_TOKEN, ISSUANCE_DESK, CurrencyTerms
from pysettle.domain.money.messages import ReserveAttestation
from pysettle.domain.money.wallets import IDENTIFICATION_WITHOUT_END, MOST_LIMIT, ClassLimits, WalletClass
from tests.spec.channel.records import DepositData
from tests.spec.core.calls import Signature
from tests.spec.core.records import Places
from tests.spec.money.currency import CurrencySpec
from tests.spec.network import NetworkSpec
from tests.stateful.network.comparison import opening
from tests.stateful.network.generator import NetworkGenerator
from tests.stateful.operations import CONTRACTS, NETWORK_KEYS, Operation, perform, roles_of

CHAIN_ID = 1
LAST_DAY = 1_798_700_400
"""2026-12-31T07:00:00Z: a year of UTC+8 ends nine hours later."""
BLOCK_S = 12
"""Seconds from one operation to the next."""
BEGUN, SEED = 220, 103
"""Operations before the first step, and a seed of them that gives nearly every kind of event."""
MANY = 30
"""Steps of a long history."""

Step = tuple[int, int]
"""Number of a kind of operation, and a seed."""


def address(name: str) -> Address:
    """Return the address of a name."""
    return Address(keccak(name.encode())[:20])


PLACES = Places(
    *map(address, ("currency", "market", "factory", "hub", "collector", "meter", "jobs")),
    hub_domain(CHAIN_ID, address("hub")),
    market_domain(CHAIN_ID, address("market")),
)
KEEPERS = ("currency", "desk", "market", "hub", "collector", "jobs")
ADDRESSES = {name: address(name) for name in (*NETWORK_KEYS, *CONTRACTS, *KEEPERS, "meter")}


class History:
    """A network by its specification, and every event that it emitted."""

    def __init__(self) -> None:
        """Begin with contracts that nobody has used."""
        marked = {PLACES.hub, PLACES.collector, PLACES.market, PLACES.jobs}
        contracts = {*map(address, CONTRACTS), *marked, PLACES.currency, address("desk")}
        currency = CurrencySpec(PLACES.currency, address("desk"), roles_of(ADDRESSES), contracts, PLACES.collector, [])
        self.spec = NetworkSpec(currency, PLACES)
        self.now = LAST_DAY
        self.transactions: list[list[Emitted]] = []
        """Events of each operation that was not refused; first those of deployment."""
        self._emit(currency.events)
        for account in sorted(marked):
            by = ADDRESSES["settlement registrar"]
            self.do(Operation("markSettlementAccount", by, self.now, (account,)))

    def do(self, operation: Operation) -> object:
        """Do an operation; return its refusal, None if there is none."""
        outcome = perform(self.spec.at(operation.contract), operation)
        if outcome.refusal is None:
            self._emit(outcome.events, operation.now)
        self.now = operation.now + BLOCK_S
        return outcome.refusal

    def _emit(self, events: Iterable[tuple[Address, Event]], timestamp: int = LAST_DAY) -> None:
        number = len(self.transactions)
        self.transactions.append(
            [
                Emitted(emitter, Position(number, 0, place), event, timestamp)
                for place, (emitter, event) in enumerate(events)
            ]
        )

    def begin(self) -> None:
        """Open three series, and let everybody do something."""
        generator = NetworkGenerator(SEED, self.spec, ADDRESSES)
        bank, limited = ADDRESSES["central bank"], ClassLimits(annual=MOST_LIMIT)
        attested = ReserveAttestation(10**9, self.now, 1, self.now + 10**7)
        by = Signature(bank, ("ReserveAttestation", *attested.fields()))
        # Every payment is counted from the start, so that it is on both sides of the year's end.
        self.do(Operation("setClassLimits", bank, self.now, (WalletClass.IV, limited)))
        self.do(Operation("attestReserve", bank, self.now, (bank, attested), by))
        for operation in chain(opening(ADDRESSES, lambda: self.now), generator.opening(lambda: self.now)):
            self.do(operation)
        for _ in range(BEGUN):
            self.do(generator.draw(self.now))
        self._lift_limits()
        self._seize_credit()
        self._withdraw()
        self._concede()

    # Of too few units, or too seldom, in what is drawn.

    def _lift_limits(self) -> None:
        """Let the parties of what follows pay and hold as corporate wallets do, without limits and freezes."""
        registered = WalletClass.CORPORATE, IDENTIFICATION_WITHOUT_END, 156, True
        for name in ("buyer", "other buyer", "provider"):
            self._must("registerWallet", ADDRESSES["registrar"], ADDRESSES[name], *registered)
            self._must("freeze", ADDRESSES["freezer"], ADDRESSES[name], False, False)
            self._must("freezeAmount", ADDRESSES["freezer"], ADDRESSES[name], 0)

    def _seize_credit(self) -> None:
        """Seize a part of a credit for somebody else."""
        freezer, seizer, ground = ADDRESSES["freezer"], ADDRESSES["seizer"], b"\1" * 32
        holder, creditor, payee = (ADDRESSES[name] for name in ("operator", "buyer", "other buyer"))
        units = self.spec.currency.accounts[holder].balance // 2
        self._must("freeze", freezer, creditor, False, True)
        self._must("seize", seizer, holder, creditor, units, ground)
        self._must("seizeCredit", seizer, creditor, payee, units // 2, ground)
        self._must("freeze", freezer, creditor, False, False)

    def _withdraw(self) -> None:
        """Pay into a channel, and take it out again."""
        config = next(it.config for it in self.spec.hub.channels.values() if it.config.token == PLACES.currency)
        nonce = deposit_nonce(self.spec.hub.id_of(config), 5)
        message = "ReceiveWithAuthorization", config.payer, PLACES.collector, 9, 0, 2**40, nonce
        data = DepositData(0, 2**40, 5, Signature(config.payer, message))
        self._must("deposit", config.payer, config, 9, PLACES.collector, data, contract="hub")
        self._must("initiateWithdraw", config.payer, config, 9, contract="hub")
        self.now += config.withdraw_delay_s
        self._must("finalizeWithdraw", config.payer, config, contract="hub")

    def _concede(self) -> None:
        """Dispute, with a bond, a milestone that somebody else has paid for, and concede it."""
        payer, buyer, provider, agent = (ADDRESSES[name] for name in ("buyer", "other buyer", "provider", "agent"))
        end, day = self.now + 86_400, 86_400
        stages = ((90, end + day),)
        terms = OrderTerms(PLACES.currency, buyer, provider, agent, b"\3" * 32, end, day, day, stages, 0, 7, b"\4" * 32)
        order_id = self.spec.jobs.id_of(payer, terms)
        for account in (payer, buyer):
            self._must("approve", account, PLACES.jobs, 1_000)
        self._must("place", payer, terms, contract="jobs")
        self._must("accept", provider, order_id, contract="jobs")
        self._must("deliver", provider, order_id, 0, b"\5" * 32, contract="jobs")
        self._must("dispute", buyer, order_id, 0, b"\6" * 32, contract="jobs")
        self._must("concede", provider, order_id, 0, contract="jobs")

    def _must(self, entry: str, sender: Address, *arguments: object, contract: str = "currency") -> None:
        """Do an operation that may not be refused."""
        refusal = self.do(Operation(entry, sender, self.now, arguments, contract=contract))
        assert refusal is None, f"{entry}: {refusal}"

    def contracts(self) -> Contracts:
        """Return the contracts, and the series that were opened."""
        terms = {it.address: it.terms for it in self.spec.market.series.values()}
        currency = CurrencyTerms(PLACES.currency)
        return Contracts(
            {
                CURRENCY_TOKEN: {PLACES.currency: None},
                ISSUANCE_DESK: {address("desk"): currency},
                COMPUTE_MARKET: {PLACES.market: currency},
                COMPUTE_TOKEN: {
                    at: SeriesPricing(PLACES.currency, it.unit_price, RateCard.unpack(it.rate_card), it.compensation)
                    for at, it in terms.items()
                },
                CHANNEL_HUB: {PLACES.hub: None},
                USAGE_METER: {PLACES.meter: None},
                JOB_ESCROW: {PLACES.jobs: None},
            }
        )

    @property
    def events(self) -> list[Emitted]:
        """Every event, in order."""
        return [emitted for transaction in self.transactions for emitted in transaction]


@cache
def _begun() -> bytes:
    history = History()
    history.begin()
    return pickle.dumps(history)


def begun() -> History:
    """Return a history that has begun."""
    history: History = pickle.loads(_begun())  # noqa: S301 - pickled above
    return history


def play(steps: Iterable[Step]) -> History:
    """Return a history that goes on with some steps."""
    history = begun()
    generator = NetworkGenerator(0, history.spec, ADDRESSES)
    for number, seed in steps:
        operation = generator.draw_kind(number, seed, history.now)
        if operation is not None:
            history.do(operation)
    return history


def steps_of(kinds: Sequence[int], least: int = 0) -> st.SearchStrategy[list[Step]]:
    """Return lists of steps of some kinds."""
    return st.lists(st.tuples(st.sampled_from(kinds), st.integers(0, 2**32 - 1)), min_size=least, max_size=MANY)


_GENERATOR = NetworkGenerator(0, History().spec, ADDRESSES)
STEPS = steps_of(_GENERATOR.kinds, least=20)
STEPS_OF_JOBS = steps_of(_GENERATOR.of_jobs, least=10)
