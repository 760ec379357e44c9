"""The paper's worked case (3.2): a chip maker sells compute abroad, priced in Tokens and paid in e-CNY.

A maker of accelerators has its compute attested and opens a series in which one accelerator second is a fixed number of
Tokens. A buyer overseas pays e-CNY and receives the Tokens in one transaction, which a relayer submits without being
able to change it. The buyer transfers some Tokens to a buyer in another country. Both use accelerator time through a
channel each, and the maker redeems the delivered Tokens. Everything is a function of the seed.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pysettle.audit.extract import export_bundle
from pysettle.audit.verify import Report, verify
from pysettle.audit.writing import check_replaceable
from pysettle.client import ComputeToken, SeriesTerms, SettlementNetwork, UsageRow, genesis
from pysettle.client.core.access import Roles
from pysettle.client.network import Plan
from pysettle.domain.channel.metering import Voucher
from pysettle.domain.compute.messages import ComputeAttestation, PurchaseTerms
from pysettle.domain.compute.usage import Meters, RateCard, Usage
from pysettle.domain.core.messages import ChannelConfig
from pysettle.domain.core.signing import Signer
from pysettle.domain.money.wallets import WalletClass
from pysettle.errors import ContractReverted
from pysettle.evm.backend import Receipt
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.transactions import Transaction
from pysettle.money import PRICE_BASIS, UNITS_PER_MINOR, UNITS_PER_WHOLE, Currency
from pysettle.scenarios.case import CaseResult, Expectation, Figure, Origin, Refusal, Step
from pysettle.values import DAY_S, HOUR_S, Tokens, Units

START = 1_767_225_600
"""2026-01-01T00:00:00Z."""
JURISDICTIONS = {"maker": 156, "buyer": 702, "second buyer": 764}
"""Jurisdiction of each party, ISO 3166: China, Singapore, Thailand."""
ACCELERATOR = "Ascend 910C"
ACCELERATORS = 64
TOKENS_PER_SECOND = 1_000
"""Tokens that one accelerator second costs, around the clock."""
UNIT_PRICE = 2_500_000
"""Micro-yuan per 1,000,000 Tokens: nine yuan an accelerator hour."""
HOURS_BOUGHT, HOURS_PASSED_ON = 1_000, 200
HOURS_USED = {"buyer": 620, "second buyer": 150}
"""Accelerator hours that each of them has delivered."""
LIFE_S = 30 * DAY_S
_FUNDS = Units(10_000 * UNITS_PER_WHOLE)
_PARTIES = ("maker", "buyer", "second buyer", "relayer")


@dataclass(frozen=True)
class ExportResult:
    """The figures of a run. Money is in units (micro-yuan)."""

    seed: int
    steps: tuple[Step, ...]
    """The steps, in order."""
    tokens_bought: int
    tokens_delivered: int
    cny_paid: int
    """By the buyer, for all that was bought."""
    cny_earned: int
    """By the maker, for delivered Tokens."""
    cny_refunded: int
    """To holders, for undelivered Tokens."""
    tampering: Refusal
    """Refusal of the relayer that named itself as beneficiary."""
    report: Report
    """Result of the verification of the bundle."""
    bundle: Path | None
    """Directory of the bundle, None if it was not kept."""

    def case(self) -> CaseResult:
        """Return the figures in the form of every case."""
        computed, yuan = Origin.COMPUTED, Currency.CNY.value
        hours = sum(HOURS_USED.values())
        price = Units(HOURS_BOUGHT * HOUR_S * TOKENS_PER_SECOND * UNIT_PRICE // PRICE_BASIS)
        earned = Units(hours * HOUR_S * TOKENS_PER_SECOND * UNIT_PRICE // PRICE_BASIS)
        return CaseResult(
            title="Compute sold abroad for e-CNY",
            seed=self.seed,
            steps=self.steps,
            figures=(
                Figure.of_tokens("bought", computed, self.tokens_bought),
                Figure.of_tokens("delivered", computed, self.tokens_delivered),
                Figure.of_money("paid by the buyer", computed, self.cny_paid, yuan),
                Figure.of_money("earned by the maker", computed, self.cny_earned, yuan),
                Figure.of_money("refunded to the buyers", computed, self.cny_refunded, yuan),
            ),
            settled=(),
            refusals=(self.tampering,),
            expectations=(
                Expectation.equal("paid", Currency.CNY.text(price), Currency.CNY.text(self.cny_paid)),
                Expectation.equal("earned", Currency.CNY.text(earned), Currency.CNY.text(self.cny_earned)),
                Expectation.equal("refunded", Currency.CNY.text(price - earned), Currency.CNY.text(self.cny_refunded)),
                Expectation.equal("tampering", "PurchaseNonceInvalid", self.tampering.error),
                Expectation.of_audit(self.report),
            ),
            report=self.report,
            bundle=self.bundle,
        )


def run(*, seed: int = 0, out: Path | None = None) -> ExportResult:
    """Run the case.

    Args:
        seed: Keys and block randomness are derived from it.
        out: Directory for the bundle; a temporary one, removed afterwards, if None.

    Raises:
        UsageError: `out` holds something that is no bundle; nothing was run.
    """
    if out is not None:
        check_replaceable(out)
    case = ComputeExport(seed)
    case.sell()
    case.pass_on()
    case.deliver()
    case.settle_up()
    if out is not None:
        return case.prove(out, keep=True)
    with tempfile.TemporaryDirectory(prefix="pysettle-") as directory:
        return case.prove(Path(directory) / "bundle", keep=False)


class ComputeExport:
    """The run, one method a part of the story, to be called in their order."""

    HOME: ClassVar[str] = "Singapore"
    """Home of the buyer."""

    def __init__(self, seed: int) -> None:
        """Deploy the network, register the wallets, give both buyers e-CNY, and open the series."""
        self.seed, self.steps = seed, list[Step]()
        self.parties = {name: Signer.derived(seed, "export", name) for name in _PARTIES}
        roles = self._roles()
        holders = [holder for each in roles.holders().values() for holder in each]
        accounts = [signer.address for signer in (*holders, *self.parties.values())]
        self.chain = EmbeddedChain(genesis(START, accounts), seed=seed)
        self.network = SettlementNetwork.deploy(self.chain, Plan(roles))
        self._fund(roles)
        self.series = self._open()
        self.configs = {name: self._config(name) for name in HOURS_USED}
        self.paid = self.earned = self.refunded = 0

    def _roles(self) -> Roles:
        names = "administrator", "central bank", "registrar", "freezer", "seizer", "pauser", "settlement registrar"
        one_each = {name.replace(" ", "_"): Signer.derived(self.seed, "export", name) for name in names}
        self.bank, self.attester = (Signer.derived(self.seed, "export", name) for name in ("bank", "attester"))
        return Roles(**one_each, attester=self.attester, operators=(self.bank,))

    def _fund(self, roles: Roles) -> None:
        currency, central_bank = self.network.currency, Signer.derived(self.seed, "export", "central bank")
        reserve = currency.desk.sign_reserve(central_bank, _FUNDS // UNITS_PER_MINOR, LIFE_S)
        registrations = (
            currency.register_wallet(
                roles.registrar, self.parties[name].address, WalletClass.CORPORATE, jurisdiction=jurisdiction
            )
            for name, jurisdiction in JURISDICTIONS.items()
        )
        self.network.send(
            *registrations,
            currency.desk.attest_reserve(central_bank, central_bank.address, *reserve),
            currency.desk.set_issuance_quota(central_bank, self.bank.address, _FUNDS),
            currency.desk.issue(self.bank, self.parties["buyer"].address, _FUNDS),
        )

    def _open(self) -> ComputeToken:
        now, maker, market = self.chain.clock.now(), self.parties["maker"], self.network.market
        compute = ComputeAttestation(maker.address, ACCELERATOR, ACCELERATORS, TOKENS_PER_SECOND, now, now + LIFE_S)
        rate = Meters(input=TOKENS_PER_SECOND)
        terms = SeriesTerms(
            name="accelerator seconds",
            symbol="ACCS",
            service_class="gpu-time",
            unit_price=UNIT_PRICE,
            capacity=compute.capacity,
            expiry=now + LIFE_S,
            rate_card=RateCard(rate, rate),
        )
        signature = market.attest(self.attester, compute)
        self._do(
            f"compute attested: {ACCELERATORS} x {ACCELERATOR}",
            market.register_compute(maker, compute, self.attester.address, signature),
        )
        receipt = self._do("series opened", market.open_series(maker, terms, compute.digest(market.domain)))
        series = market.opened(receipt)
        self.network.series.append(series)
        return series

    def sell(self) -> None:
        """Sell for e-CNY: both legs in one transaction, which the relayer submits and cannot redirect."""
        currency, buyer, relayer = self.network.currency, self.parties["buyer"], self.parties["relayer"]
        tokens, deadline = Tokens(HOURS_BOUGHT * HOUR_S * TOKENS_PER_SECOND), self.chain.clock.now() + HOUR_S
        terms = PurchaseTerms(self.series.address, buyer.address, tokens, deadline)
        price = self.series.price_rounded_up(tokens)
        authorization, signature = self.series.sign_purchase(buyer, currency.domain, price, terms, number=1)
        stolen = PurchaseTerms(self.series.address, relayer.address, tokens, deadline)
        try:
            self.network.send(self.series.purchase_with_authorization(relayer, authorization, stolen, signature))
        except ContractReverted as refusal:
            at = self.chain.block().timestamp
            self.refused = Refusal(at, "relayer names itself", type(refusal).__name__, str(refusal))
        self._do(
            f"{HOURS_BOUGHT:,} accelerator hours sold: e-CNY and Tokens in one transaction",
            self.series.purchase_with_authorization(relayer, authorization, terms, signature),
        )
        self.paid = price

    def pass_on(self) -> None:
        """Have the buyer pass Tokens on to one in another country, without anybody between them."""
        tokens, payee = Tokens(HOURS_PASSED_ON * HOUR_S * TOKENS_PER_SECOND), self.parties["second buyer"].address
        self._do(
            f"{HOURS_PASSED_ON:,} hours passed on from {self.HOME} to Thailand",
            self.series.transfer(self.parties["buyer"], payee, tokens),
        )

    def deliver(self) -> None:
        """Open a channel for each buyer, and claim the accelerator seconds that the maker delivered."""
        hub, relayer = self.network.hub, self.parties["relayer"]
        deadline = self.chain.clock.now() + HOUR_S
        for name, config in self.configs.items():
            tokens = self.series.balance_of(self.parties[name].address)
            data = hub.sign_deposit(self.parties[name], self.series, config, tokens, deadline)
            self._do(f"channel of the {name} opened", hub.deposit(relayer, config, tokens, data))
        self.chain.clock.advance(LIFE_S // 2)
        rows = [self._row(name, config) for name, config in self.configs.items()]
        attestation = self.network.meter.attest(self.parties["maker"], self.series.address, rows, hub)
        self._do(
            "usage attested, re-priced on chain and claimed",
            hub.claim_metered(relayer, self.network.meter, self.series.address, rows, attestation),
        )
        self._do("delivered Tokens brought home", hub.settle(relayer, self.series.address, self.series.address))

    def settle_up(self) -> None:
        """Pay the maker for delivered Tokens, and refund the others after the series has expired."""
        currency, maker, hub = self.network.currency, self.parties["maker"], self.network.hub
        before = currency.balance_of(maker.address)
        self._do("maker paid in e-CNY", self.series.redeem(maker, self.series.delivered()))
        self.earned = currency.balance_of(maker.address) - before
        for name, config in self.configs.items():
            balance, claimed = hub.channel(config.channel_id(hub.domain))
            self._do(
                f"notice of the {name}", hub.initiate_withdraw(self.parties[name], config, Tokens(balance - claimed))
            )
        self.chain.clock.advance(LIFE_S)
        for name, config in self.configs.items():
            payer = self.parties[name]
            self._do(f"rest of the {name} withdrawn", hub.finalize_withdraw(payer, config))
            before = currency.balance_of(payer.address)
            self._do(f"{name} refunded", self.series.refund(payer, self.series.balance_of(payer.address)))
            self.refunded += currency.balance_of(payer.address) - before

    def prove(self, directory: Path, *, keep: bool) -> ExportResult:
        """Export the bundle, verify it by re-execution, and state the figures."""
        export_bundle(self.chain, directory, self.network.contracts())
        report = verify(directory)
        return ExportResult(
            seed=self.seed,
            steps=tuple(self.steps),
            tokens_bought=self.series.sold(),
            tokens_delivered=sum(HOURS_USED.values()) * HOUR_S * TOKENS_PER_SECOND,
            cny_paid=self.paid,
            cny_earned=self.earned,
            cny_refunded=self.refunded,
            tampering=self.refused,
            report=report,
            bundle=directory if keep else None,
        )

    def _config(self, name: str) -> ChannelConfig:
        payer, series = self.parties[name].address, self.series.address
        return ChannelConfig(payer, payer, series, self.network.meter.address, series, DAY_S)

    def _row(self, name: str, config: ChannelConfig) -> UsageRow:
        hub = self.network.hub.domain
        seconds = HOURS_USED[name] * HOUR_S
        channel_id, ceiling = config.channel_id(hub), Tokens(seconds * TOKENS_PER_SECOND)
        voucher = Voucher.signed(self.parties[name], hub, channel_id, ceiling)
        return UsageRow(config, Usage(off_peak=Meters(input=seconds)), voucher)

    def _do(self, text: str, transaction: Transaction) -> Receipt:
        (receipt,) = self.network.send(transaction)
        timestamp = self.chain.block(receipt.block_number).timestamp
        self.steps.append(Step(text, receipt.transaction_hash, receipt.block_number, timestamp, receipt.gas_used))
        return receipt
