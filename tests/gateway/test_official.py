"""Our parts beside the official SDK's: its server on our facilitator, and our gateway on its facilitator."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_utils.address import to_checksum_address
from x402.http import HTTPFacilitatorClient
from x402.http.facilitator_client_base import AuthHeaders, FacilitatorConfig
from x402.mechanisms.evm.batch_settlement.authorizer_signer import LocalAuthorizerSigner
from x402.mechanisms.evm.batch_settlement.server import (
    BatchSettlementChannelManager,
    BatchSettlementEvmScheme,
    BatchSettlementEvmSchemeServerConfig,
    ChannelManagerConfig,
)

from pysettle.scenarios.gateway import MODEL
from tests.gateway.conftest import ASKED, Exact, Shop
from tests.gateway.test_ways import spend
from tests.x402.sdk import NETWORK
from tests.x402.server import CEILING, PaidService, facilitator_app, facilitator_of, serving

BOUGHT = 1_000_000


class Bearer:
    """The token of our facilitator, as the SDK's client asks for it."""

    def __init__(self, token: str) -> None:
        """Store it."""
        self._headers = {"Authorization": f"Bearer {token}"}

    def get_auth_headers(self) -> AuthHeaders:
        """Return the headers of each request."""
        return AuthHeaders(verify=self._headers, settle=self._headers, supported=self._headers)


def test_the_official_server_on_our_facilitator(shop: Shop) -> None:
    """The SDK's middleware and manager: deposit, voucher, exact payment, claim, settlement and refund, by HTTP."""
    town, signer = shop.town, shop.account()
    currency, receiver, authorizer = town.network.currency, town.key("attester"), town.key("bob")
    settings = BatchSettlementEvmSchemeServerConfig(
        receiver_authorizer_signer=LocalAuthorizerSigner("0x" + authorizer.secret.hex())
    )
    scheme = BatchSettlementEvmScheme(to_checksum_address(receiver.address), settings)

    def client() -> HTTPFacilitatorClient:
        # Connections are closed after each request: two event loops use them, and neither outlives the test.
        http = httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_keepalive_connections=0))
        bearer = Bearer(town.facilitator_token)
        return HTTPFacilitatorClient(FacilitatorConfig(town.facilitator_url, http_client=http, auth_provider=bearer))

    service, buyer = PaidService(scheme, currency, client()), shop.buyer(signer)
    terms = {"receiver": scheme.get_receiver_address(), "token": to_checksum_address(currency.address)}
    manager = BatchSettlementChannelManager(ChannelManagerConfig(scheme, client(), network=NETWORK, **terms))

    async def get(http: httpx.AsyncClient, url: str, times: int) -> list[str]:
        async with http:
            return [(await http.get(url)).text for _ in range(times)]

    async def claimed() -> None:
        await manager.claim()
        await manager.settle()

    held, earned = (currency.balance_of(it.address) for it in (signer, receiver))
    with serving(service.app) as server:
        assert shop.run(get(buyer.http(timeout=60), f"{server}/answer", 2)) == ["42"] * 2
        assert shop.run(get(Exact(shop, signer).http(timeout=60), f"{server}/fixed", 1)) == ["42"]
        shop.run(claimed())
        assert buyer.refund(f"{server}/answer").success
    cost = 2 * service.cost + CEILING
    assert held - currency.balance_of(signer.address) == cost
    assert currency.balance_of(receiver.address) - earned == cost


@pytest.mark.apart
def test_our_gateway_on_the_official_facilitator(shop: Shop, tmp_path: Path) -> None:
    """Deposits, vouchers and refunds of both kinds of channel, and exact payments; it says that it sells no Tokens."""
    town, signer = shop.town, shop.account(BOUGHT)
    currency = town.network.currency
    official = facilitator_app(facilitator_of(town.node_url, town.key("bob").secret))
    yuan = currency.balance_of(signer.address)

    async def exact(url: str) -> int:
        async with Exact(shop, signer).http(timeout=60) as http:
            answer: dict[str, Any] = (await http.post(url, json=ASKED)).json()
        return int(answer["x402"]["charged_micro_yuan"])

    with serving(official) as url:
        gateway = shop.gateway(shop.config_for(tmp_path, **{f'"{town.facilitator_url}"': f'"{url}"'}))
        try:
            chat, buyer, charged = f"{gateway.url}/v1/chat/completions", shop.buyer(signer), {True: 0, False: 0}
            for is_in_tokens, member in ((True, "charged_tokens"), (False, "charged_micro_yuan")):
                spend(shop, buyer, is_in_tokens=is_in_tokens)
                for seed in range(2):
                    answer = asyncio.run(buyer.post(chat, ASKED | {"seed": seed}))
                    charged[is_in_tokens] += int(answer.document["x402"][member])
            charged[False] += shop.run(exact(chat))
            assert shop.buyer(signer).refund(chat).success
            assert shop.buyer(signer).refund(f"{chat}?paid_in=CNY").success
            refused = httpx.post(f"{gateway.url}/v1/tokens", json={"model": MODEL, "tokens": 1_000})
        finally:
            gateway.stop()
    assert (refused.status_code, refused.json()["error"]["code"]) == (501, "tokens_not_sold")
    assert (shop.balance(signer), currency.balance_of(signer.address)) == (
        BOUGHT - charged[True],
        yuan - charged[False],
    )
