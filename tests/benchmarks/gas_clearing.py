"""GAS-NET and GAS-QUEUE: a set of a clearing cycle with every check, and the queueing of its batches.

Half of 100 banks are of one country and half of another. Each queues one batch of obligations to banks of the other
country, so that corridors admit all of them and the hours of the currency count. Amounts are random to the unit. The
figures are those of the receipts, with call data and refunds.
"""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.client import SettlementNetwork, genesis
from pysettle.client.core.access import Roles
from pysettle.client.network import Plan
from pysettle.client.settlement.clearing import ClearingHouse, ProposedBatch
from pysettle.client.settlement.corridors import Corridors
from pysettle.client.settlement.liquidity import LiquidityAccounts
from pysettle.client.settlement.opening import open_settlement
from pysettle.client.settlement.registry import ParticipantRegistry
from pysettle.domain.core import events
from pysettle.domain.core.signing import Signer
from pysettle.domain.money.wallets import WalletClass
from pysettle.domain.settlement.calendars import Hours, Week
from pysettle.domain.settlement.clearing import BatchItem
from pysettle.domain.settlement.clearing_events import BatchQueued
from pysettle.domain.settlement.corridors import NEVER, Corridor, CorridorTerms
from pysettle.domain.settlement.identifiers import Identity, check_digits
from pysettle.evm.embedded import EmbeddedChain
from pysettle.money import Currency
from pysettle.values import Seconds, Units
from tests.benchmarks.gas import START
from tests.benchmarks.measure import Goal, Row
from tests.chance import fixed

_BANKS = 100
_COUNTRIES = 156, 344
_FUNDS = Units(10**10)
_MOST = 10**8
_ALWAYS = Week((Hours(0, 1_440),) * 7, Hours(0, 1_440), 8 * 60)


class Clearing:
    """100 banks in e-CNY with reserved units, and cycles of 10 minutes."""

    def __init__(self) -> None:
        """Open the layer and both corridors; admit and fund the banks."""
        self.admin = admin = Signer.derived("gas", "admin")
        self.banks = [Signer.derived("gas", f"bank {number}") for number in range(_BANKS)]
        bank = self.banks[0]
        chain = EmbeddedChain(genesis(START, [admin.address, *(it.address for it in self.banks)]))
        self.network = network = SettlementNetwork.deploy(chain, Plan(Roles.in_one_hand(admin, operators=(bank,))))
        hkd = network.open_currency(Currency.HKD, Roles.in_one_hand(admin, operators=(bank,)))
        open_settlement(network)
        self.house, self.currency = ClearingHouse.of(network), network.currency.address
        self.random = fixed(25)
        terms, corridors = (
            CorridorTerms(_FUNDS, Units(100 * _FUNDS), NEVER, Seconds(86_400), _FUNDS),
            Corridors.of(network),
        )
        ways = [Corridor(*ends, self.currency, hkd.address) for ends in (_COUNTRIES, _COUNTRIES[::-1])]
        network.send(
            *(corridors.agree(admin, way, terms, place) for way in ways for place in (self.currency, hkd.address)),
            corridors.set_week(admin, self.currency, _ALWAYS),
            self.house.set_operator(admin, self.currency, admin.address),
        )
        self._fund()

    def _fund(self) -> None:
        token, admin, operator = self.network.currency, self.admin, self.banks[0]
        positions, registry = LiquidityAccounts.of(self.network), ParticipantRegistry.of(self.network)
        reserve = token.desk.sign_reserve(admin, 3 * 10**12, 86_400)
        self.network.send(
            token.desk.attest_reserve(admin, admin.address, *reserve),
            token.desk.set_issuance_quota(admin, operator.address, 2 * _BANKS * _FUNDS),
        )
        for number, bank in enumerate(self.banks):
            stem = f"PYSETTLE{number:010d}"
            country = _COUNTRIES[number % 2]
            identity = Identity(stem + check_digits(stem), "BKCHCNBJ")
            self.network.send(
                token.register_wallet(admin, bank.address, WalletClass.CORPORATE, jurisdiction=country),
                token.desk.issue(operator, bank.address, Units(2 * _FUNDS)),
                registry.admit(admin, token.address, bank.address, identity, country, bank.address),
                token.approve(bank, positions.address, 2**256 - 1),
                positions.pay_in(bank, token.address, Units(2 * _FUNDS)),
                positions.reserve(bank, token.address, _FUNDS),
            )

    def cycle(self, obligations: int) -> tuple[int, int]:
        """Return the gas of the set of a cycle, and of the dearest queueing of a batch of it."""
        each, batches, dearest = obligations // _BANKS, [], 0
        for number, bank in enumerate(self.banks):
            others = [place + 1 for place in range(_BANKS) if place % 2 != number % 2]
            items = [BatchItem(self.random.choice(others), Units(self.random.randint(1, _MOST))) for _ in range(each)]
            step = self.house.queue(bank, self.currency, items, jurisdiction=_COUNTRIES[(number + 1) % 2])
            (receipt,) = self.network.send(step)
            decoded = [events.decode(log.topics, log.data) for log in receipt.logs]
            batches += [ProposedBatch.of(event) for event in decoded if isinstance(event, BatchQueued)]
            dearest = max(dearest, receipt.gas_used)
        self.network.chain.clock.advance(600)
        self.network.send(self.house.close_cycle(self.admin, self.currency))
        accounts = [bank.address for bank in self.banks]
        (receipt,) = self.network.send(self.house.settle_cycle(self.admin, self.currency, accounts, batches))
        self.network.send(self.house.end_cycle(self.admin, self.currency))
        return receipt.gas_used, dearest

    def gross(self) -> int:
        """Return the gas of a payment in e-CNY between two banks."""
        payer, payee = self.banks[:2]
        (receipt,) = self.network.send(self.network.currency.transfer(payer, payee.address, Units(0)))
        return receipt.gas_used


def gas_net() -> Iterator[Row]:
    """Measure sets of 1,000 and of 4,000 obligations, and the queueing of their batches.

    The first batch of a debtor writes the words of its queue and of its window, which the others only change.
    """
    clearing = Clearing()
    _, first = clearing.cycle(_BANKS)
    gross = clearing.gross()
    yield _queueing(1, first, gross, "first")
    for obligations, bound in ((1_000, 2_700_000), (4_000, 4_900_000)):
        figure, dearest = clearing.cycle(obligations)
        goal = Goal(bound, most=True, of_figure=True)
        yield Row("GAS-NET", goal, figure, f"gas, {obligations:,}", gross * obligations)
        yield _queueing(obligations // _BANKS, dearest, gross, "items")


def _queueing(items: int, figure: int, gross: int, words: str) -> Row:
    goal = Goal(125_000 + 800 * items, most=True, of_figure=True)
    return Row("GAS-QUEUE", goal, figure, f"gas, {items} {words}", gross * items)
