"""GAS-PURCHASE, GAS-PURCHASE-AUTH, GAS-PURCHASE-SEQ and GAS-CLAIM: what Tokens and their delivery cost.

Beside them, on the same chain, OpenZeppelin's ERC20 transfer. The buyer is a wallet of class II that has paid today and
holds Tokens of the series, and the series has been paid: every slot that is written holds something before and after.
"""

from __future__ import annotations

from collections.abc import Iterator

from eth_utils.crypto import keccak

from pysettle.client import ComputeToken, SeriesTerms, UsageRow
from pysettle.domain.channel.messages import voucher_digest
from pysettle.domain.channel.metering import Voucher
from pysettle.domain.compute.messages import ComputeAttestation, PurchaseTerms
from pysettle.domain.compute.usage import Meters, Usage
from pysettle.domain.core.messages import Authorization, ChannelConfig
from pysettle.domain.core.signing import Signer
from pysettle.scenarios.deepseek import DEEPSEEK_V4_PRO_RATE_CARD, DEEPSEEK_V4_PRO_UNIT_PRICE
from tests.benchmarks.gas import START, Payments
from tests.benchmarks.measure import Goal, Row

ROWS = 100
"""Channels claimed in one transaction."""
_LIFE_S = 30 * 86_400
_TOKENS = 4_000_000
"""Tokens of each purchase: 0.60 yuan."""
_USAGE = Usage(Meters(1_204, 4_808, 512), Meters(301, 1_202, 128))
_CEILING = 300_000


class Purchases(Payments):
    """A series that the payer bought of, and will again."""

    def __init__(self) -> None:
        """Open it, have the payer buy once, and let it take whatever the payer buys."""
        super().__init__()
        self.provider = self.payee
        self.series = self._open()
        self.purchases = 0
        self.network.send(self.currency.approve(self.payer, self.series.address, 2**256 - 1))
        self.by_allowance()

    def _open(self) -> ComputeToken:
        network, until = self.network, START + _LIFE_S
        terms = SeriesTerms(
            "Tokens", "TOK", "inference", DEEPSEEK_V4_PRO_UNIT_PRICE, 10**12, until, DEEPSEEK_V4_PRO_RATE_CARD
        )
        rate = -(-terms.capacity // _LIFE_S)
        compute = ComputeAttestation(self.provider.address, "Ascend 910C", 1, 2 * rate, START, until)
        attester = Signer.derived("gas", "admin")
        return network.open_series(self.provider, terms, network.register_compute(self.provider, attester, compute))

    def by_allowance(self) -> int:
        """Return the gas of a purchase by an allowance without end."""
        deadline = self.network.chain.clock.now() + 3_600
        return self._gas(self.series.purchase(self.payer, self.payer.address, _TOKENS, deadline))

    def by_terms(self, *, random: bool) -> int:
        """Return the gas of a purchase by a signature whose nonce commits to the terms.

        Args:
            random: Whether the payer's own part of the nonce is random, or follows the one before.
        """
        self.purchases += 1
        deadline = self.network.chain.clock.now() + 3_600
        terms = PurchaseTerms(self.series.address, self.payer.address, _TOKENS, deadline)
        number = int.from_bytes(keccak(bytes([self.purchases]))[:8], "big") if random else 2**20 + self.purchases
        price = self.series.price_rounded_up(_TOKENS)
        signed, signature = self.series.sign_purchase(self.payer, self.currency.domain, price, terms, number)
        return self._gas(self.series.purchase_with_authorization(self.relayer, signed, terms, signature))

    def by_exact_payment(self) -> int:
        """Return the gas of a purchase by a stock x402 `exact` payment, whose nonce is random."""
        self.purchases += 1
        price, valid_before = self.series.price_rounded_up(_TOKENS), self.network.chain.clock.now() + 3_600
        nonce = keccak(bytes([0, self.purchases]))
        signed = Authorization(self.payer.address, self.series.address, price, 0, valid_before, nonce)
        signature = self.payer.sign(signed.transfer_digest(self.currency.domain))
        return self._gas(self.series.purchase_with_transfer_authorization(self.relayer, signed, signature))

    def claim(self) -> float:
        """Return the gas a row of a claim of many channels, each claimed from before, by one attestation."""
        configs = [self._channel(place) for place in range(ROWS)]
        self._claim(configs, 1)
        return self._claim(configs, 2) / ROWS

    def _channel(self, place: int) -> ChannelConfig:
        hub, series, meter = self.network.hub, self.series, self.network.meter
        config = ChannelConfig(
            self.payer.address,
            self.payer.address,
            series.address,
            meter.address,
            series.address,
            3_600,
            bytes(31) + bytes([place]),
        )
        self.by_allowance()
        deadline = self.network.chain.clock.now() + 3_600
        data = hub.sign_deposit(self.payer, series, config, 4 * _CEILING, deadline)
        self.network.send(hub.deposit(self.relayer, config, 4 * _CEILING, data))
        return config

    def _claim(self, configs: list[ChannelConfig], times: int) -> int:
        hub, meter = self.network.hub, self.network.meter
        usage = sum((_USAGE for _ in range(times)), Usage())
        rows = [UsageRow(config, usage, self._voucher(config, times * _CEILING)) for config in configs]
        attestation = meter.attest(self.provider, self.series.address, rows, hub)
        gas = self._gas(hub.claim_metered(self.relayer, meter, self.series.address, rows, attestation))
        cost = DEEPSEEK_V4_PRO_RATE_CARD.tokens(usage)
        assert all(hub.channel(config.channel_id(hub.domain))[1] == cost for config in configs)
        return gas

    def _voucher(self, config: ChannelConfig, ceiling: int) -> Voucher:
        domain = self.network.hub.domain
        channel_id = config.channel_id(domain)
        return Voucher(channel_id, ceiling, self.payer.sign(voucher_digest(domain, channel_id, ceiling)))


def gas_purchase() -> Iterator[Row]:
    """Measure a purchase by allowance."""
    purchases = Purchases()
    yield _row("GAS-PURCHASE", 60_000, purchases.by_allowance(), "gas, allowance without end", purchases)


def gas_purchase_auth() -> Iterator[Row]:
    """Measure purchases by signature whose nonces are random."""
    purchases = Purchases()
    yield _row("GAS-PURCHASE-AUTH", 88_000, purchases.by_terms(random=True), "gas, terms in the nonce", purchases)
    yield _row("GAS-PURCHASE-AUTH", 88_000, purchases.by_exact_payment(), "gas, x402 exact", purchases)


def gas_purchase_seq() -> Iterator[Row]:
    """Measure purchases by signature whose nonces share a word."""
    purchases = Purchases()
    purchases.by_terms(random=False)
    yield _row("GAS-PURCHASE-SEQ", 73_000, purchases.by_terms(random=False), "gas, terms in the nonce", purchases)


def gas_claim() -> Iterator[Row]:
    """Measure a claim of a hundred channels."""
    purchases = Purchases()
    yield _row("GAS-CLAIM", 17_000, purchases.claim(), f"gas a row of {ROWS}", purchases)


def _row(code: str, bound: int, figure: float, unit: str, purchases: Purchases) -> Row:
    return Row(code, Goal(bound, most=True, of_figure=True), figure, unit, purchases.plain_transfer())
