"""A series that is halted, or has expired: each way to pay for its model is refused, nothing is served or charged."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from x402.http.utils import decode_payment_required_header, encode_payment_signature_header

from pysettle.client import SeriesTerms
from pysettle.client.compute.series import ComputeToken
from pysettle.domain.compute.messages import ComputeAttestation
from pysettle.domain.core.signing import Signer
from pysettle.hashing import keccak
from pysettle.money import UNITS_PER_WHOLE
from pysettle.scenarios.deepseek import (
    DEEPSEEK_V4_PRO_PEAK_HOURS,
    DEEPSEEK_V4_PRO_RATE_CARD,
    DEEPSEEK_V4_PRO_UNIT_PRICE,
)
from pysettle.scenarios.gateway import town
from pysettle.scenarios.stock_client import Buyer
from pysettle.serve.gateway.ledger import Ledger
from pysettle.values import DAY_S, SeriesId, Tokens
from tests.gateway.conftest import ASKED, Exact, Shop

CAPACITY = Tokens(10_000_000)
BOUGHT = 1_000_000


@dataclass
class Sale:
    """A model on sale in a series of its own, and a customer of it."""

    shop: Shop
    """The town."""
    name: str
    """Name of the model, and symbol of the series."""
    series: ComputeToken
    """The series."""
    signer: Signer
    """The customer."""
    url: str = ""
    """Gateway that sells it."""

    @property
    def body(self) -> dict[str, Any]:
        """A question to the model."""
        return ASKED | {"model": self.name}

    def buyer(self, *, in_tokens: bool) -> Buyer:
        """Return the official client, which spends Tokens alone or e-CNY alone."""
        network = self.shop.town.network
        token, most = (self.series, BOUGHT) if in_tokens else (network.currency, 10 * UNITS_PER_WHOLE)
        spends = {"0x" + token.address.hex(): int(most)}
        return Buyer(self.signer.secret, network.chain.chain_id, self.shop.town.node_url, spends)

    def payments(self) -> list[tuple[str, dict[str, Any], str]]:
        """Buy Tokens and open both channels; return path, body and header of a further payment of each kind."""
        purchase = {"model": self.name, "tokens": BOUGHT}
        exact, found = Exact(self.shop, self.signer), []
        asyncio.run(self.shop.buyer(self.signer).post(f"{self.url}/v1/tokens", purchase))
        for client, path, body in (
            (self.buyer(in_tokens=True), "chat/completions", self.body),
            (self.buyer(in_tokens=False), "chat/completions", self.body),
            (exact, "chat/completions", self.body),
            (exact, "tokens", purchase),
        ):
            if isinstance(client, Buyer):
                asyncio.run(client.post(f"{self.url}/v1/{path}", body))
            asked = httpx.post(f"{self.url}/v1/{path}", json=body).headers["PAYMENT-REQUIRED"]
            payment = asyncio.run(client.client.create_payment_payload(decode_payment_required_header(asked)))
            found.append((path, body, encode_payment_signature_header(payment)))
        return found

    def holdings(self) -> tuple[int, int, int]:
        """Return e-CNY and Tokens of the customer, and the number of its settled payments."""
        ledger = Ledger(Path(self.shop.town.config_file.parent / "closing" / "gateway.sqlite"))
        try:
            settled = sum(it.payer == self.signer.address for it in ledger.settled())
        finally:
            ledger.close()
        currency = self.shop.town.network.currency
        return currency.balance_of(self.signer.address), self.series.balance_of(self.signer.address), settled


def sale(shop: Shop, name: str, life_s: int, halter: Signer) -> Sale:
    """Put a model on sale in a series that a halter may halt."""
    network, key = shop.town.network, shop.town.key
    now = network.chain.clock.now()
    terms = SeriesTerms(
        name,
        name,
        "inference",
        DEEPSEEK_V4_PRO_UNIT_PRICE,
        CAPACITY,
        now + life_s,
        DEEPSEEK_V4_PRO_RATE_CARD,
        DEEPSEEK_V4_PRO_PEAK_HOURS.hash(),
        halter.address,
        keccak(b"its accelerators are gone"),
    )
    rate = -(-CAPACITY // (life_s - 1)) + 1
    compute = ComputeAttestation(key("provider").address, name, 1, rate, now, now + life_s)
    compute_id = network.register_compute(key("provider"), key("attester"), compute)
    return Sale(shop, name, network.open_series(key("provider"), terms, compute_id), shop.account())


@pytest.mark.apart
def test_a_closed_series(tmp_path: Path) -> None:
    """410 with the reason for either channel, an exact payment and a purchase; the rest of the channels goes back."""
    folder = tmp_path / "closing"
    folder.mkdir()
    with town(tmp_path) as built:
        shop, network, halter = Shop(built), built.network, built.key("bob")
        sales = [sale(shop, name, life_s, halter) for name, life_s in (("HALTED", 2 * DAY_S), ("EXPIRED", DAY_S))]
        config = shop.config_for(folder, **{'clock = "machine"': 'clock = "chain"'})
        text = config.read_text()
        model = text[text.index("[[model]]") :]
        more = (model.replace('name = "deepseek-v4-pro"', f'name = "{it.name}"') for it in sales)
        symbols = (
            part.replace('series = "DSV4P"', f'series = "{it.name}"') for part, it in zip(more, sales, strict=True)
        )
        config.write_text("\n".join([text, *symbols]))
        gateway = shop.gateway(config)
        try:
            for it in sales:
                it.url = gateway.url
            payments = {it.name: it.payments() for it in sales}
            before = [it.holdings() for it in sales]
            network.send(network.market.halt(halter, SeriesId(sales[0].series.address), keccak(b"evidence")))
            _refused(sales[0], payments["HALTED"], "series_halted")
            assert httpx.post(f"{gateway.url}/v1/chat/completions", json=sales[1].body).status_code == 402
            network.chain.clock.advance(DAY_S)
            _refused(sales[1], payments["EXPIRED"], "series_expired")
            assert [it.holdings() for it in sales] == before
            assert sales[0].buyer(in_tokens=True).refund(f"{gateway.url}/v1/chat/completions?model=HALTED").success
        finally:
            gateway.stop()


def _refused(closed: Sale, payments: list[tuple[str, dict[str, Any], str]], code: str) -> None:
    """Check that each payment is refused, as soon as the watch has seen the end of the series."""
    deadline = time.monotonic() + 60
    while httpx.post(f"{closed.url}/v1/chat/completions", json=closed.body).status_code != 410:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    for path, body, header in payments:
        # As httpx wrote it for the client that paid.
        answer = httpx.post(f"{closed.url}/v1/{path}", json=body, headers={"PAYMENT-SIGNATURE": header})
        assert (answer.status_code, answer.json()["error"]["code"]) == (410, code), (path, answer.text)
