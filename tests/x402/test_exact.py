"""Unmodified x402 clients buy Tokens by the `exact` scheme, paying to the series: whoever submits it has to deliver."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from eth_account import Account
from x402 import x402Client
from x402.client_base import SpendControlAsset
from x402.mechanisms.evm.exact.client import ExactEvmScheme
from x402.schemas import PaymentRequired

from pysettle.domain.core.messages import Authorization
from pysettle.errors import contracts as errors
from pysettle.money import price_rounded_up
from tests.contracts.effects import effect, refused
from tests.contracts.world import UNIT_PRICE
from tests.x402.conftest import Site
from tests.x402.sdk import NETWORK, run_npm, unhexed

TOKENS = 2_000_000
PRICE = price_rounded_up(TOKENS, UNIT_PRICE)


def asked_by(site: Site) -> dict[str, Any]:
    """Return what a seller of Tokens answers with status 402, as the SDKs write it."""
    currency, series = site.world.network.currency, site.world.series
    requirements = {
        "scheme": "exact",
        "network": NETWORK,
        "asset": "0x" + currency.address.hex(),
        "amount": str(PRICE),
        "payTo": "0x" + series.address.hex(),
        "maxTimeoutSeconds": 3_600,
        "extra": {"name": currency.domain.name, "version": currency.domain.version},
    }
    resource = {"url": "https://tokens.example/TEST", "description": "Tokens", "mimeType": "application/json"}
    return {"x402Version": 2, "resource": resource, "accepts": [requirements]}


def paid_by_pypi(site: Site, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the payload of PyPI's client, with configuration only."""
    account = Account.from_key(site.world["buyer"].secret)
    client = x402Client().register(NETWORK, ExactEvmScheme(account))
    (requirements,) = asked["accepts"]
    cap = SpendControlAsset(network=NETWORK, asset=requirements["asset"], max_amount_per_payment=str(PRICE))
    client.set_spend_controls({"allowed_assets": [cap]})
    return asyncio.run(client.create_payment_payload(PaymentRequired.model_validate(asked))).payload


def paid_by_npm(site: Site, asked: dict[str, Any]) -> dict[str, Any]:
    """Return that of npm's client."""
    payload: dict[str, Any] = run_npm("exact.mjs", {"key": "0x" + site.world["buyer"].secret.hex(), "asked": asked})
    return payload


CLIENTS = {"PyPI": paid_by_pypi, "npm": paid_by_npm}


@pytest.mark.apart
@pytest.mark.parametrize("client", CLIENTS)
def test_exact(site: Site, client: str) -> None:
    """A relayer submits it to the series: e-CNY in, Tokens to the payer, once; nothing else can be done with it."""
    world, series, currency = site.world, site.world.series, site.world.network.currency
    world.fund("buyer", PRICE)
    payload = CLIENTS[client](site, asked_by(site))
    signed, signature = payload["authorization"], unhexed(payload["signature"])
    authorization = Authorization(
        payer=unhexed(signed["from"]),  # type: ignore[arg-type]  # an address is its bytes
        payee=unhexed(signed["to"]),  # type: ignore[arg-type]  # likewise
        value=int(signed["value"]),
        valid_after=int(signed["validAfter"]),
        valid_before=int(signed["validBefore"]),
        nonce=unhexed(signed["nonce"]),
    )
    assert (authorization.payer, authorization.payee) == (world.address("buyer"), series.address)
    bare = currency.transfer_with_authorization(world["relayer"], authorization, signature)
    refused(world, bare, errors.PayeeOnly, payee=series.address, caller=world.address("relayer"))
    purchase = series.purchase_with_transfer_authorization(world["relayer"], authorization, signature)
    with effect(world) as change:
        world.send(purchase)
    assert change == {
        "eCNY buyer": -PRICE,
        "eCNY series": PRICE,
        "Tokens buyer": TOKENS,
        "Tokens supply": TOKENS,
        "sold": TOKENS,
    }
    with pytest.raises(errors.AuthorizationAlreadyUsed):
        world.send(purchase)
