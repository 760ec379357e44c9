"""Unmodified x402 clients pay through our channels: deposit, vouchers, claim, settlement, cooperative refund.

The clients are PyPI's and npm's, with configuration only: which asset they may spend, and how much. Facilitator,
middleware and channel manager are PyPI's too; `server` says what is ours.
"""

from __future__ import annotations

import asyncio

import httpx
import pytest
from eth_account import Account
from x402 import x402Client
from x402.client_base import SpendControlAsset
from x402.http.clients.httpx import x402HttpxClient
from x402.http.utils import (
    decode_payment_required_header,
    decode_payment_response_header,
    encode_payment_signature_header,
)
from x402.mechanisms.evm.batch_settlement.client import BatchSettlementEvmScheme
from x402.mechanisms.evm.signers import EthAccountSignerWithRPC

from pysettle.client.core.token import Token
from pysettle.domain.core.messages import ChannelId
from tests.contracts.effects import effect
from tests.x402.conftest import Site
from tests.x402.sdk import NETWORK, run_npm, unhexed
from tests.x402.server import CEILING, MeteredScheme, PaidService, as_config, currency_scheme, facilitator_of, serving

DEPOSIT = 10 * CEILING
"""What the SDK's server asks a client to deposit, which the client's cap of five payments allows."""


class Payer:
    """The official client, as its users configure it."""

    def __init__(self, site: Site, name: str, token: Token) -> None:
        """Let an actor pay in a token, and in no other."""
        signer = EthAccountSignerWithRPC(Account.from_key(site.world[name].secret), site.url)
        self.scheme = BatchSettlementEvmScheme(signer)
        # The one thing that a client must be told: which asset it may spend, and how much of it.
        cap = SpendControlAsset(
            network=NETWORK, asset="0x" + token.address.hex(), max_amount_per_payment=str(DEPOSIT // 5)
        )
        self.client = x402Client().register(NETWORK, self.scheme)
        self.client.set_spend_controls({"allowed_assets": [cap]})

    def get(self, url: str) -> dict[str, str]:
        """Get what is sold; return the receipt's `extra`."""

        async def ask() -> dict[str, str]:
            async with x402HttpxClient(self.client) as http:
                response = await http.get(url)
            assert (response.status_code, response.text) == (200, "42"), response.headers
            receipt = decode_payment_response_header(response.headers["PAYMENT-RESPONSE"])
            assert receipt.success
            return receipt.extra or {}

        return asyncio.run(ask())


def test_currency_channel(site: Site) -> None:
    """A provider paid in e-CNY, by a channel that it authorizes with a key of its own."""
    world, hub, token = site.world, site.world.network.hub, site.world.network.currency
    service = PaidService(currency_scheme(world), token, facilitator_of(site.url, world["facilitator"].secret))
    payer = Payer(site, "buyer", token)
    world.fund("buyer", 2 * DEPOSIT)
    with serving(service.app) as server:
        url = f"{server}/answer"
        with effect(world) as change:
            payer.get(url)
        assert change == {"eCNY buyer": -DEPOSIT, "eCNY hub": DEPOSIT}
        channel_id = ChannelId(unhexed(service.channel.channel_id))
        assert hub.channel(channel_id) == (DEPOSIT, 0)

        service.cost = 5_000
        with effect(world) as change:
            assert payer.get(url)["chargedAmount"] == "5000"
        assert change == {}
        assert service.channel.charged_cumulative_amount == "8700"
        assert service.channel.signed_max_claimable == str(3_700 + CEILING)

        with effect(world) as change:
            asyncio.run(service.manager.claim())
        assert change == {}
        assert hub.channel(channel_id) == (DEPOSIT, 8_700)
        with effect(world) as change:
            asyncio.run(service.manager.settle())
        assert change == {"eCNY hub": -8_700, "eCNY provider": 8_700}

        with effect(world) as change:
            assert payer.scheme.refund(url).success
        assert change == {"eCNY hub": 8_700 - DEPOSIT, "eCNY buyer": DEPOSIT - 8_700}
        assert hub.channel(channel_id) == (8_700, 8_700)


def test_token_channel(site: Site) -> None:
    """A series paid in its own Tokens, by a channel that a contract, the UsageMeter, authorizes (ERC-1271)."""
    world, hub, series = site.world, site.world.network.hub, site.world.series
    scheme = MeteredScheme(world)
    service = PaidService(scheme, series, facilitator_of(site.url, world["facilitator"].secret))
    payer = Payer(site, "buyer", series)
    world.buy("buyer", 2 * DEPOSIT)
    with serving(service.app) as server:
        url = f"{server}/answer"
        with effect(world) as change:
            payer.get(url)
        assert change == {"Tokens buyer": -DEPOSIT, "Tokens hub": DEPOSIT}
        channel_id = ChannelId(unhexed(service.channel.channel_id))
        config = as_config(service.channel.channel_config)
        assert config == world.config("buyer")

        service.cost = 5_000
        with effect(world) as change:
            payer.get(url)
            scheme.claim([service.channel])
        assert change == {}
        assert hub.channel(channel_id) == (DEPOSIT, 8_700)
        with effect(world) as change:
            asyncio.run(service.manager.settle())
        assert change == {"Tokens hub": -8_700, "Tokens series": 8_700}

        # What was charged since is claimed by the meter before the rest goes back.
        service.cost = 1_300
        payer.get(url)
        with effect(world) as change:
            assert payer.scheme.refund(url).success
        assert change == {"Tokens hub": 10_000 - DEPOSIT, "Tokens buyer": DEPOSIT - 10_000}
        assert hub.channel(channel_id) == (10_000, 10_000)


@pytest.mark.parametrize("kind", ["currency", "Tokens"])
def test_npm_client(site: Site, kind: str) -> None:
    """The same server is paid by npm's client, in either kind of channel; a refund claims what was charged."""
    world, in_tokens = site.world, kind == "Tokens"
    token = world.series if in_tokens else world.network.currency
    scheme = MeteredScheme(world) if in_tokens else currency_scheme(world)
    service = PaidService(scheme, token, facilitator_of(site.url, world["facilitator"].secret))
    if in_tokens:
        world.buy("buyer", DEPOSIT)
    else:
        world.fund("buyer", DEPOSIT)
    unit, payee = ("Tokens", "series") if in_tokens else ("eCNY", "provider")
    with serving(service.app) as server, effect(world) as change:
        answer = run_npm(
            "pay.mjs",
            {
                "network": NETWORK,
                "chain": site.url,
                "url": f"{server}/answer",
                "key": "0x" + world["buyer"].secret.hex(),
                "asset": "0x" + token.address.hex(),
                "maxAmountPerPayment": str(DEPOSIT // 5),
            },
        )
    assert answer == {"answers": [[200, "42", True, "3700"]] * 2, "refunded": [True, str(DEPOSIT - 7_400)]}
    assert change == {f"{unit} buyer": -7_400, f"{unit} hub": 7_400}
    with effect(world) as change:
        asyncio.run(service.manager.settle())
    assert change == {f"{unit} hub": -7_400, f"{unit} {payee}": 7_400}


def test_a_client_that_forgot(site: Site) -> None:
    """A client begun anew finds its channel on chain, learns from the server what was charged, and deposits nothing."""
    world, token = site.world, site.world.network.currency
    service = PaidService(currency_scheme(world), token, facilitator_of(site.url, world["facilitator"].secret))
    world.fund("buyer", DEPOSIT)
    with serving(service.app) as server:
        Payer(site, "buyer", token).get(f"{server}/answer")
        with effect(world) as change:
            Payer(site, "buyer", token).get(f"{server}/answer")
    assert change == {}
    assert service.channel.charged_cumulative_amount == "7400"


def test_ceilings_cannot_be_claimed(site: Site) -> None:
    """The SDK's own claim, of what a server says it charged, is refused by the meter: only usage is claimed."""
    world, series = site.world, site.world.series
    service = PaidService(MeteredScheme(world), series, facilitator_of(site.url, world["facilitator"].secret))
    payer = Payer(site, "buyer", series)
    world.buy("buyer", DEPOSIT)
    with serving(service.app) as server:
        payer.get(f"{server}/answer")
    with effect(world) as change, pytest.raises(RuntimeError, match="claim_simulation_failed"):
        asyncio.run(service.manager.claim())
    assert change == {}
    assert world.network.hub.channel(ChannelId(unhexed(service.channel.channel_id))) == (DEPOSIT, 0)


def test_forged_voucher(site: Site) -> None:
    """A voucher that the payer did not sign buys nothing, and no deposit is taken with it."""
    world, token = site.world, site.world.network.currency
    service = PaidService(currency_scheme(world), token, facilitator_of(site.url, world["facilitator"].secret))
    payer = Payer(site, "buyer", token)
    world.fund("buyer", DEPOSIT)
    with serving(service.app) as server, effect(world) as change:
        url = f"{server}/answer"
        asked = decode_payment_required_header(httpx.get(url).headers["PAYMENT-REQUIRED"])
        payment = asyncio.run(payer.client.create_payment_payload(asked))
        deposit = payment.payload["deposit"]["authorization"]["erc3009Authorization"]
        payment.payload["voucher"]["signature"] = deposit["signature"]
        answer = httpx.get(url, headers={"PAYMENT-SIGNATURE": encode_payment_signature_header(payment)})
        told = decode_payment_required_header(answer.headers["PAYMENT-REQUIRED"])
    assert (answer.status_code, told.error) == (402, "invalid_batch_settlement_evm_voucher_signature")
    assert change == {}
