"""Failures of a server that has the SDK alone; the gateway has none of them, and docs/assurance.md names its tests."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi.responses import StreamingResponse
from x402 import x402Facilitator
from x402.http.clients.httpx import x402HttpxClient
from x402.http.utils import decode_payment_required_header, encode_payment_signature_header
from x402.mechanisms.evm.batch_settlement.facilitator import utils as checks
from x402.mechanisms.evm.batch_settlement.server import BatchSettlementEvmScheme

from pysettle.domain.core.messages import ChannelId
from pysettle.serve.gateway.sdk.clocks import go_by
from pysettle.values import DAY_S, HOUR_S
from tests.x402.conftest import Site
from tests.x402.sdk import NETWORK, unhexed
from tests.x402.server import PaidService, as_config, currency_scheme, facilitator_of, serving
from tests.x402.test_payments import DEPOSIT, Payer


@pytest.mark.parametrize("deployed", ["node"], indirect=True)
def test_a_server_of_the_sdk_alone(site: Site) -> None:
    """It loses a lost answer, serves a channel whose payer withdraws, and refuses most of six calls at once."""
    world, token, hub = site.world, site.world.network.currency, site.world.network.hub
    service = PaidService(currency_scheme(world), token, facilitator_of(site.url, world["facilitator"].secret))
    payer = Payer(site, "buyer", token)
    world.fund("buyer", 4 * DEPOSIT)
    with serving(service.app) as server:
        url = f"{server}/answer"
        payer.get(url)

        # The client repeats the same payment because it has lost the answer: it is charged, and gets nothing.
        required = decode_payment_required_header(httpx.get(url).headers["PAYMENT-REQUIRED"])
        payment = asyncio.run(payer.client.create_payment_payload(required))
        header = {"PAYMENT-SIGNATURE": encode_payment_signature_header(payment)}
        assert [httpx.get(url, headers=header).status_code for _ in range(2)] == [200, 402]

        config = as_config(service.channel.channel_config)
        balance, _ = hub.channel(ChannelId(unhexed(service.channel.channel_id)))
        world.network.send(hub.initiate_withdraw(world["buyer"], config, balance))
        other = Payer(site, "buyer", token)
        other.get(url)  # by then the payer may take back all that this costs

        async def together() -> list[int]:
            async with x402HttpxClient(other.client) as http:
                answers = await asyncio.gather(*(http.get(url) for _ in range(6)))
            return [answer.status_code for answer in answers]

        statuses = asyncio.run(together())
    assert 1 <= statuses.count(200) < 6, statuses
    assert 402 in statuses


@pytest.mark.parametrize("deployed", ["node"], indirect=True)
def test_a_stream_of_the_sdk_alone(site: Site) -> None:
    """A client reads the first of two pieces before the second is made, but not of an answer that the SDK has paid."""
    world, token = site.world, site.world.network.currency
    service = PaidService(currency_scheme(world), token, facilitator_of(site.url, world["facilitator"].secret))
    payer, is_read, came_in_time = Payer(site, "buyer", token), threading.Event(), list[bool]()
    world.fund("buyer", DEPOSIT)

    async def pieces() -> AsyncIterator[bytes]:
        yield b"4"
        came_in_time.append(await asyncio.to_thread(is_read.wait, 0.5))
        yield b"2"

    async def read(url: str) -> None:
        content = b""
        async with x402HttpxClient(payer.client, timeout=30) as http, http.stream("GET", url) as answer:
            async for piece in answer.aiter_raw():
                is_read.set()
                content += piece
        assert (answer.status_code, content) == (200, b"42")
        is_read.clear()

    for path in ("/free", "/stream"):
        service.app.get(path)(lambda: StreamingResponse(pieces()))
    with serving(service.app) as server:
        asyncio.run(read(f"{server}/free"))
        asyncio.run(read(f"{server}/stream"))
    assert came_in_time == [True, False]


def test_a_manager_of_the_sdk_alone() -> None:
    """The SDK's manager of claims cannot be made for a token that the SDK does not list."""
    scheme = BatchSettlementEvmScheme("0x" + "11" * 20)
    with pytest.raises(ValueError, match="asset"):
        scheme.create_channel_manager(x402Facilitator(), NETWORK)


def test_a_clock_of_the_sdk_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK refuses a good payment on a chain that is a day behind the machine; the gateway asks the chain."""
    now = int(time.time()) - DAY_S
    monkeypatch.setattr(checks, "time", time)  # as it is now again afterwards
    assert checks.erc3009_authorization_time_invalid_reason(0, now + HOUR_S) is not None
    go_by(lambda: now, checks)
    assert checks.erc3009_authorization_time_invalid_reason(0, now + HOUR_S) is None
    assert checks.erc3009_authorization_time_invalid_reason(0, now) is not None
