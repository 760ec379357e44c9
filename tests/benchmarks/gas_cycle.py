"""GAS-CYCLE: a cycle of four currencies in one transaction, a fifth of its value in PvP pairs, and its audit.

Banks of one country owe each other in each currency. Each bank queues one batch of obligations a currency, and a half
of pairs with the next bank. Anybody computes the sets of all currencies from the chain, with the links of the pairs.
The figure is that of the receipt, with call data and refunds; the bundle has to pass at level S without a finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pysettle.audit.extract import export_bundle
from pysettle.audit.report import Report
from pysettle.audit.verify import verify
from pysettle.client import SettlementNetwork, genesis
from pysettle.client.core.access import Roles
from pysettle.client.money.currency import CurrencyToken
from pysettle.client.network import Plan
from pysettle.client.settlement.clearing import ClearingHouse
from pysettle.client.settlement.liquidity import LiquidityAccounts
from pysettle.client.settlement.opening import open_settlement
from pysettle.client.settlement.pairs import links_of, propose_sets, sets_of
from pysettle.client.settlement.registry import ParticipantRegistry
from pysettle.domain.core.signing import Signer
from pysettle.domain.money.wallets import WalletClass
from pysettle.domain.settlement.clearing import BatchItem, half_id, pair_id
from pysettle.domain.settlement.identifiers import Identity, check_digits
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency
from pysettle.values import Units
from tests.benchmarks.anchors import scratch
from tests.benchmarks.gas import START
from tests.benchmarks.measure import Goal, Row, say
from tests.chance import fixed

_COUNTRY = 156
_FUNDS = Units(10**10)
_MOST = 10**8
_GAS = 18_000_000


class JointCycle:
    """Banks in four currencies, each with reserved units, and a cycle of each currency."""

    def __init__(self, banks: int) -> None:
        """Open four currencies and the layer; admit and fund the banks."""
        self.admin = admin = Signer.derived("cycle", "admin")
        self.banks = [Signer.derived("cycle", f"bank {number}") for number in range(banks)]
        self.random, bank = fixed(25), self.banks[0]
        self.chain = EmbeddedChain(genesis(START, [admin.address, *(it.address for it in self.banks)]))
        roles = Roles.in_one_hand(admin, operators=(bank,))
        self.network = network = SettlementNetwork.deploy(self.chain, Plan(roles))
        others = [network.open_currency(it, roles) for it in (Currency.HKD, Currency.THB, Currency.AED)]
        open_settlement(network)
        self.tokens, self.house = [network.currency, *others], ClearingHouse.of(network)
        self.currencies = [token.address for token in self.tokens]
        for token in self.tokens:
            reserve = token.desk.sign_reserve(admin, 10**12, 86_400)
            network.send(
                token.desk.attest_reserve(admin, admin.address, *reserve),
                token.desk.set_issuance_quota(admin, bank.address, 2 * banks * _FUNDS),
                self.house.set_operator(admin, token.address, admin.address),
            )
        for number, it in enumerate(self.banks):
            network.send(*(step for token in self.tokens for step in self._entry(token, number, it)))

    def _entry(self, token: CurrencyToken, number: int, bank: Signer) -> Iterator[Transaction]:
        positions, registry = LiquidityAccounts.of(self.network), ParticipantRegistry.of(self.network)
        stem = f"PYSETTLE{number:010d}"
        identity = Identity(stem + check_digits(stem), "BKCHCNBJ")
        yield token.register_wallet(self.admin, bank.address, WalletClass.CORPORATE, jurisdiction=_COUNTRY)
        yield token.desk.issue(self.banks[0], bank.address, _FUNDS)
        yield registry.admit(self.admin, token.address, bank.address, identity, _COUNTRY, bank.address)
        yield token.approve(bank, positions.address, 2**256 - 1)
        yield positions.pay_in(bank, token.address, _FUNDS)
        yield positions.reserve(bank, token.address, _FUNDS)

    def _items(self, count: int, creditors: list[int]) -> list[BatchItem]:
        random = self.random
        return [BatchItem(random.choice(creditors), Units(random.randint(1, _MOST))) for _ in range(count)]

    def queue(self, singles: int, pairs: int) -> None:
        """Queue a batch for each bank and currency, and pairs of each bank with the next one in two currencies."""
        count = len(self.banks)
        for number, bank in enumerate(self.banks, 1):
            others = [place for place in range(1, count + 1) if place != number]
            steps = [
                self.house.queue(bank, currency, self._items(singles, others), jurisdiction=_COUNTRY)
                for currency in self.currencies
            ]
            after = number % count + 1
            ways = (self.currencies[number % 4], number, after), (self.currencies[(number + 1) % 4], after, number)
            halves = [(currency, debtor, self._items(pairs, [creditor])) for currency, debtor, creditor in ways]
            pair = pair_id(*(half_id(*half) for half in halves))
            steps += [
                self.house.queue(self.banks[debtor - 1], currency, items, jurisdiction=_COUNTRY, pair=pair)
                for currency, debtor, items in halves
            ]
            self.network.send(*steps)

    def settle(self) -> tuple[int, int]:
        """Close the cycles and settle what the rule of order settles; return the gas and the obligations."""
        self.chain.clock.advance(600)
        self.network.send(*(self.house.close_cycle(self.admin, currency) for currency in self.currencies))
        proposals = propose_sets(self.network, self.currencies)
        sets = sets_of(proposals)
        step = replace(self.house.settle_sets(self.admin, sets, links_of(sets)), gas=2 * _GAS)
        (receipt,) = self.network.send(step)
        self.network.send(*(self.house.end_cycle(self.admin, currency) for currency in self.currencies))
        return receipt.gas_used, sum(it.count for it in proposals.values())

    def audit(self, directory: Path, index: Path | None = None) -> Report:
        """Return the report of level S on the whole history; fill an index if there is a file for one."""
        bundle = export_bundle(self.chain, directory, self.network.contracts())
        return verify(bundle.directory, strict_cycles=True, index=index)


def gas_cycle() -> Iterator[Row]:
    """Settle 10,000 obligations of 50 banks in four currencies, and audit the history."""
    cycle = JointCycle(50)
    say("GAS-CYCLE: 50 banks have positions in four currencies")
    cycle.queue(40, 20)
    figure, settled = cycle.settle()
    assert settled == 10_000, settled
    payer, payee = cycle.banks[:2]
    (receipt,) = cycle.network.send(cycle.tokens[0].transfer(payer, payee.address, Units(0)))
    say("GAS-CYCLE: the cycle has settled")
    with scratch() as directory:
        report = cycle.audit(Path(directory) / "bundle")
    assert report.passed, report.to_text()
    goal = Goal(_GAS, most=True, of_figure=True)
    yield Row("GAS-CYCLE", goal, figure, f"gas, {settled:,}", receipt.gas_used * settled)
