"""One whole settlement: money issued, Tokens bought, compute delivered, claims paid, the rest returned, and proved.

Twenty buyers in several jurisdictions pay e-CNY for Tokens of one series priced like `deepseek-v4-pro`, use them
through one channel each, and get back the rest. Everything is a function of the requests and the seed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from eth.db.backends.base import BaseDB

from pysettle.audit.extract import export_bundle
from pysettle.audit.verify import Report, verify
from pysettle.audit.writing import check_replaceable
from pysettle.client import ComputeToken, DeliveryFollower, SeriesTerms, SettlementNetwork, UsageRow, genesis
from pysettle.client.core.access import Roles
from pysettle.client.network import Plan
from pysettle.domain.channel.metering import Delivery, Payer
from pysettle.domain.compute.messages import ComputeAttestation, PurchaseTerms
from pysettle.domain.compute.serving import Request, ServiceTerms
from pysettle.domain.compute.usage import Usage
from pysettle.domain.core.messages import ChannelConfig
from pysettle.domain.core.signing import Signer
from pysettle.domain.money.wallets import E_CNY_CLASS_LIMITS, WalletClass
from pysettle.evm.embedded import EmbeddedChain
from pysettle.money import UNITS_PER_MINOR, UNITS_PER_WHOLE, price_rounded_up, tokens_for
from pysettle.scenarios.deepseek import (
    DEEPSEEK_V4_PRO_PEAK_HOURS,
    DEEPSEEK_V4_PRO_RATE_CARD,
    DEEPSEEK_V4_PRO_UNIT_PRICE,
)
from pysettle.values import DAY_S, HOUR_S, Tokens, Units

BUYERS = 20
JURISDICTIONS = {"HK": 344, "TH": 764, "AE": 784, "SG": 702, "MY": 458}
"""Jurisdictions of the buyers in turn, ISO 3166 code -> number; they matter for nothing but registration, until
corridors have a policy."""
PROVIDER_JURISDICTION = 156
"""Jurisdiction of the provider: China."""
SERVICE = ServiceTerms(DEEPSEEK_V4_PRO_RATE_CARD, DEEPSEEK_V4_PRO_PEAK_HOURS, output_limit=4_096)
"""Terms by which the provider serves."""
WITHDRAW_DELAY_S = DAY_S
SERIES_LIFE_S = 7 * DAY_S
ACCELERATOR = "Ascend 910C"
"""Kind of accelerator that is attested: one that delivers all that is sold within the life of the series."""
_RESERVE_VALID_S = DAY_S

Progress = Callable[[str, int, int], None]
"""Called with the name of a step, its progress and its total."""


@dataclass
class Buyer:
    """A buyer with its channel."""

    signer: Signer
    """Key of payer and voucher signer."""
    jurisdiction: str
    """Its jurisdiction, ISO 3166 code."""
    need: Tokens = Tokens(0)
    """Tokens it budgets for."""
    requests: list[Request] = field(default_factory=list)
    """Requests dealt to it."""
    config: ChannelConfig | None = None
    """Terms of its channel, once open."""


@dataclass(frozen=True)
class DemoResult:
    """The figures of a run. Money is in units (micro-yuan)."""

    seed: int
    requests: int
    usage: Usage
    """LLM tokens by meter and window."""
    tokens_delivered: int
    cny_issued: int
    cny_paid: int
    """Paid to the provider for delivered Tokens."""
    cny_redeemed: int
    """Exchanged for reserve at the end, in whole fen."""
    cny_remainder: int
    """Left in the series by rounding."""
    cny_held: int
    """Fractions of a fen that participants keep."""
    tokens_outstanding: int
    transactions: int
    blocks: int
    """Blocks sealed after the genesis."""
    gas_used: int
    vouchers_signed: int
    report: Report
    """Result of the verification of the bundle."""
    bundle: Path | None
    """Directory of the bundle, None if it was not kept."""


def run(
    requests: Sequence[Request],
    *,
    seed: int = 0,
    out: Path | None = None,
    on_progress: Progress = lambda step, done, total: None,
) -> DemoResult:
    """Run the demo.

    Args:
        requests: Requests to deliver, dealt to the buyers in turn.
        seed: Keys and block randomness are derived from it.
        out: Directory for the bundle; a temporary one, removed afterwards, if None.
        on_progress: Called with the progress of each step.

    Raises:
        UsageError: `out` holds files that are no bundle; nothing was run.
    """
    if out is not None:
        check_replaceable(out)
    demo = Demo(requests, seed=seed, on_progress=on_progress)
    demo.issue_and_sell()
    demo.open_channels()
    demo.deliver()
    demo.claim_and_redeem()
    demo.return_unused()
    demo.exchange_for_reserve()
    if out is not None:
        return demo.prove(out, keep=True)
    with tempfile.TemporaryDirectory(prefix="pysettle-") as directory:
        return demo.prove(Path(directory) / "bundle", keep=False)


class Demo:
    """The run, one method a step, to be called in their order."""

    def __init__(
        self,
        requests: Sequence[Request],
        *,
        seed: int = 0,
        on_progress: Progress = lambda step, done, total: None,
        database: BaseDB | None = None,
    ) -> None:
        """Deploy the network and open the series.

        Args:
            requests: Requests to deliver, dealt to the buyers in turn.
            seed: Keys and block randomness are derived from it.
            on_progress: Called with the progress of each step.
            database: Stores the chain; in memory if None.
        """
        self.requests, self.seed, self.on_progress = requests, seed, on_progress
        self.buyers = [
            Buyer(Signer.derived(seed, "buyer", place), tuple(JURISDICTIONS)[place % len(JURISDICTIONS)])
            for place in range(BUYERS)
        ]
        for place, request in enumerate(requests):
            self.buyers[place % BUYERS].requests.append(request)
        self.bank = Signer.derived(seed, "operator")
        self.provider = Signer.derived(seed, "provider")
        self.relayer = Signer.derived(seed, "relayer")
        self.central_bank = Signer.derived(seed, "central bank")
        roles = Roles(
            administrator=Signer.derived(seed, "administrator"),
            central_bank=self.central_bank,
            registrar=Signer.derived(seed, "registrar"),
            freezer=Signer.derived(seed, "freezer"),
            seizer=Signer.derived(seed, "seizer"),
            pauser=Signer.derived(seed, "pauser"),
            settlement_registrar=Signer.derived(seed, "settlement registrar"),
            attester=(attester := Signer.derived(seed, "attester")),
            operators=(self.bank,),
        )
        self.attester = attester
        powers = [holder for holders in roles.holders().values() for holder in holders]
        accounts = [signer.address for signer in (*powers, self.provider, self.relayer)] + [
            buyer.signer.address for buyer in self.buyers
        ]

        first = min(request.timestamp for request in requests)
        self.last = max(request.timestamp for request in requests)
        self.chain = EmbeddedChain(genesis(first - first % HOUR_S - HOUR_S, accounts), seed=seed, database=database)
        self.network = SettlementNetwork.deploy(self.chain, Plan(roles))
        self.deliveries: list[Delivery] = []
        self.vouchers_signed = 0
        self.cny_paid = 0
        self.cny_issued = 0

        for buyer in self.buyers:
            buyer.need = Tokens(
                sum(map(SERVICE.cost, buyer.requests)) + max(map(SERVICE.ceiling, buyer.requests), default=1)
            )
        self.series = self._open_series()

    def _open_series(self) -> ComputeToken:
        terms = SeriesTerms(
            name="deepseek-v4-pro Tokens",
            symbol="DSV4P",
            service_class="inference",
            unit_price=DEEPSEEK_V4_PRO_UNIT_PRICE,
            # Each payment is rounded up to a fen, which buys at most as many Tokens more.
            capacity=Tokens(sum(b.need + tokens_for(UNITS_PER_MINOR, DEEPSEEK_V4_PRO_UNIT_PRICE) for b in self.buyers)),
            expiry=self.last + SERIES_LIFE_S,
            rate_card=DEEPSEEK_V4_PRO_RATE_CARD,
            windows_hash=DEEPSEEK_V4_PRO_PEAK_HOURS.hash(),
        )
        first = self.chain.clock.now()
        seconds = terms.expiry - first
        compute = ComputeAttestation(
            self.provider.address, ACCELERATOR, 1, -(-terms.capacity // seconds), first, terms.expiry
        )
        compute_id = self.network.register_compute(self.provider, self.attester, compute)
        return self.network.open_series(self.provider, terms, compute_id)

    def issue_and_sell(self) -> None:
        """Issue whole yuan of the attested reserve to each buyer and sell it Tokens for them.

        The payment authorization commits to the terms.
        """
        network, currency = self.network, self.network.currency
        prices = [_round_up(price_rounded_up(b.need, self.series.unit_price), UNITS_PER_MINOR) for b in self.buyers]
        budgets = [_round_up(price, UNITS_PER_WHOLE) for price in prices]
        self.cny_issued = Units(sum(budgets))
        self._register_wallets(prices, budgets)
        central_bank = self.central_bank
        reserve, signature = currency.desk.sign_reserve(
            central_bank, self.cny_issued // UNITS_PER_MINOR, _RESERVE_VALID_S
        )
        network.send(
            currency.desk.attest_reserve(self.relayer, central_bank.address, reserve, signature),
            currency.desk.set_issuance_quota(central_bank, self.bank.address, self.cny_issued),
        )
        network.send(
            *(
                currency.desk.issue(self.bank, b.signer.address, sum_)
                for b, sum_ in zip(self.buyers, budgets, strict=True)
            )
        )
        deadline = self.chain.clock.now() + HOUR_S
        purchases = []
        for buyer, price in zip(self.buyers, prices, strict=True):
            terms = PurchaseTerms(self.series.address, buyer.signer.address, buyer.need, deadline)
            signed = self.series.sign_purchase(buyer.signer, currency.domain, price, terms)
            authorization, signature = signed
            purchases.append(self.series.purchase_with_authorization(self.relayer, authorization, terms, signature))
        network.send(*purchases)

    def _register_wallets(self, prices: Sequence[Units], budgets: Sequence[Units]) -> None:
        """Register a corporate wallet for each account above the limits of an unregistered one, and for no other.

        Args:
            prices: Payment of each buyer, in units.
            budgets: Issuance to each buyer, in units.
        """
        unregistered = E_CNY_CLASS_LIMITS[WalletClass.IV]
        once = min(unregistered.payment, unregistered.daily, unregistered.annual)
        large = [
            (buyer.signer.address, JURISDICTIONS[buyer.jurisdiction])
            for buyer, price, budget in zip(self.buyers, prices, budgets, strict=True)
            if price > once or budget > unregistered.balance
        ]
        # It can earn no more than all that is sold.
        if sum(prices) > unregistered.balance:
            large.append((self.provider.address, PROVIDER_JURISDICTION))
        registrar, currency = self.network.roles.registrar, self.network.currency
        self.network.send(
            *(
                currency.register_wallet(registrar, account, WalletClass.CORPORATE, jurisdiction=jurisdiction)
                for account, jurisdiction in large
            )
        )

    def open_channels(self) -> None:
        """Open a channel for each buyer with all its Tokens; the relayer submits the signed deposits."""
        hub, deadline = self.network.hub, self.chain.clock.now() + HOUR_S
        deposits = []
        for buyer in self.buyers:
            buyer.config = ChannelConfig(
                payer=buyer.signer.address,
                payer_authorizer=buyer.signer.address,
                receiver=self.series.address,
                receiver_authorizer=self.network.meter.address,
                token=self.series.address,
                withdraw_delay_s=WITHDRAW_DELAY_S,
            )
            tokens = self.series.balance_of(buyer.signer.address)
            data = hub.sign_deposit(buyer.signer, self.series, buyer.config, tokens, deadline)
            deposits.append(hub.deposit(self.relayer, buyer.config, tokens, data))
        self.network.send(*deposits)

    def deliver(self) -> None:
        """Serve every request against a voucher of its own; chain time passes with the requests."""
        hub, card = self.network.hub, self.series.rate_card
        payers, follower = [], DeliveryFollower(hub)
        for buyer in self.buyers:
            assert buyer.config is not None
            delivery = follower.open(buyer.config, card)
            self.deliveries.append(delivery)
            payers.append(Payer(buyer.signer, hub.domain, delivery.channel_id, card, delivery.deposited))
        for place, request in enumerate(self.requests):
            payer, delivery = payers[place % BUYERS], self.deliveries[place % BUYERS]
            ceiling, used = SERVICE.ceiling(request), SERVICE.usage(request)
            delivery.accept(payer.sign(ceiling), ceiling)
            payer.acknowledge(delivery.serve(used), used)
            self.vouchers_signed += 1
            self.on_progress("delivering", place + 1, len(self.requests))
        self.chain.clock.advance(max(0, self.last - self.chain.clock.now()))

    def claim_and_redeem(self) -> None:
        """Claim all metered usage in one transaction, bring the Tokens home, and pay the provider for them."""
        rows = [UsageRow(d.config, d.usage, d.voucher) for d in self.deliveries if d.voucher and d.charged]
        if not rows:
            return
        network, series = self.network, self.series
        attestation = network.meter.attest(self.provider, series.address, rows, network.hub)
        network.send(network.hub.claim_metered(self.relayer, network.meter, series.address, rows, attestation))
        network.send(network.hub.settle(self.relayer, series.address, series.address))
        before = network.currency.balance_of(self.provider.address)
        network.send(series.redeem(self.provider, series.delivered()))
        self.cny_paid = network.currency.balance_of(self.provider.address) - before

    def return_unused(self) -> None:
        """Return unused Tokens: one buyer by the timed exit, the others with the provider's approval; then refund."""
        network, hub = self.network, self.network.hub
        leaver = self.deliveries[0]
        network.send(
            hub.initiate_withdraw(self.buyers[0].signer, leaver.config, Tokens(leaver.deposited - leaver.charged))
        )
        refunds = []
        for delivery in self.deliveries[1:]:
            unused = Tokens(delivery.deposited - delivery.charged)
            approval = network.meter.approve_refund(self.provider, delivery.config, 0, unused, delivery.charged, hub)
            refunds.append(hub.refund_with_signature(self.relayer, delivery.config, unused, 0, approval))
        network.send(*refunds)
        self.chain.clock.advance(WITHDRAW_DELAY_S)
        network.send(hub.finalize_withdraw(self.buyers[0].signer, leaver.config))

        self.chain.clock.advance(self.series.expiry - self.chain.clock.now())
        network.send(*(self.series.refund(b.signer, self.series.balance_of(b.signer.address)) for b in self.buyers))

    def exchange_for_reserve(self) -> None:
        """Redeem the e-CNY of all accounts at the operating institution, in whole fen."""
        currency = self.network.currency
        holders = [self.provider, *(buyer.signer for buyer in self.buyers)]
        amounts = [_round_down(currency.balance_of(holder.address), UNITS_PER_MINOR) for holder in holders]
        requests = self.network.send(
            *(
                currency.desk.request_redemption(holder, self.bank.address, amount)
                for holder, amount in zip(holders, amounts, strict=True)
                if amount
            )
        )
        self.network.send(
            *(
                currency.desk.complete_redemption(self.bank, currency.desk.redemption_id(request))
                for request in requests
            )
        )

    def prove(self, directory: Path, *, keep: bool) -> DemoResult:
        """Export the bundle, verify it by re-execution, and state the figures."""
        export_bundle(self.chain, directory, self.network.contracts())
        report = verify(directory, on_progress=lambda done, total: self.on_progress("verifying", done, total))
        currency = self.network.currency
        remainder = currency.balance_of(self.series.address)
        blocks = [self.chain.block(number) for number in range(self.chain.block().number + 1)]
        return DemoResult(
            seed=self.seed,
            requests=len(self.requests),
            usage=sum((d.usage for d in self.deliveries), Usage()),
            tokens_delivered=sum(d.charged for d in self.deliveries),
            cny_issued=self.cny_issued,
            cny_paid=self.cny_paid,
            cny_redeemed=self.cny_issued - currency.total_supply(),
            cny_remainder=remainder,
            cny_held=currency.total_supply() - remainder,
            tokens_outstanding=self.series.total_supply(),
            transactions=sum(len(block.transaction_hashes) for block in blocks),
            blocks=len(blocks) - 1,
            gas_used=sum(block.gas_used for block in blocks),
            vouchers_signed=self.vouchers_signed,
            report=report,
            bundle=directory if keep else None,
        )


def _round_up(amount: Units, multiple: Units) -> Units:
    return Units(-(-amount // multiple) * multiple)


def _round_down(amount: Units, multiple: Units) -> Units:
    return Units(amount - amount % multiple)
