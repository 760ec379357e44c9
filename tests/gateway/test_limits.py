"""Limits of callers, metrics, and requests that are cut short before anything is served."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from pysettle.domain.core.messages import ChannelId
from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.config import ApiKey, Limits
from pysettle.serve.gateway.limits import Callers
from pysettle.serve.gateway.sdk.paying import Budget, PayingChannel
from pysettle.serve.gateway.sdk.wire import MISMATCH
from tests.gateway.conftest import ASKED, Shop

KEY = ApiKey("office", "a-secret-of-the-office", 2)


def test_callers() -> None:
    """Each caller has buckets of its own, which fill with time; a payment gives the stated price back."""
    now = [0.0]
    limits = Limits(requests_per_minute=100, unpaid_per_minute=2, refused_per_minute=1)
    callers = Callers(limits, [KEY], lambda: now[0])
    with_key = callers.caller({"authorization": f"Bearer {KEY.secret}"}, "10.0.0.1")
    assert (with_key.name, with_key.headers()["x-ratelimit-limit-requests"]) == ("office", "2")
    for _ in range(2):
        callers.admit(with_key, is_paid=True)
    with pytest.raises(ApiError) as refused:
        callers.admit(with_key, is_paid=True)
    assert (refused.value.status, refused.value.headers["Retry-After"]) == (429, "31")
    now[0] += 30
    callers.admit(with_key, is_paid=True)
    stranger = callers.caller({"authorization": "Bearer none"}, "10.0.0.1")
    assert (stranger.name, callers.caller({}, "10.0.0.1")) == ("", stranger)
    assert callers.caller({}, "10.0.0.2") is not stranger
    for _ in range(5):
        callers.admit(stranger, is_paid=False)
        callers.answered(stranger, 402, "payment_required", is_paid=False)
        callers.admit(stranger, is_paid=True)
        callers.answered(stranger, 402, MISMATCH, is_paid=True)
        callers.answered(stranger, 200, None, is_paid=True)
    for _ in range(2):
        callers.answered(stranger, 402, "payment_required", is_paid=False)
    with pytest.raises(ApiError):
        callers.admit(stranger, is_paid=False)
    callers.admit(stranger, is_paid=True)
    callers.answered(stranger, 402, "insufficient_funds", is_paid=True)
    with pytest.raises(ApiError):
        callers.admit(stranger, is_paid=True)


@pytest.mark.apart
def test_limits_keys_and_metrics(shop: Shop, tmp_path: Path) -> None:
    """A gateway of its own: headers of the limits, an API key of its own limit, metrics beside the public address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "office.key").write_text(KEY.secret)
    keys = f'[[key]]\nname = "{KEY.name}"\nkey_file = "office.key"\nrequests_per_minute = 2\n'
    config = shop.config_for(tmp_path, **{"[limits]": "[limits]\npayer_exposure_tokens = 1\nreceive_s = 2"})
    config.write_text(f'metrics = "127.0.0.1:{port}"\n{config.read_text()}\n{keys}')
    gateway = shop.gateway(config)
    try:
        chat, mine = f"{gateway.url}/v1/chat/completions", {"Authorization": f"Bearer {KEY.secret}"}
        first = httpx.post(chat, json=ASKED)
        assert (first.status_code, first.headers["x-ratelimit-limit-requests"]) == (402, "3000")
        assert [httpx.post(chat, json=ASKED, headers=mine).status_code for _ in range(3)] == [402, 402, 429]
        assert httpx.get(f"{gateway.url}/metrics").status_code == 404
        _bad_transports(gateway.url)
        found = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        path = 'path="/v1/chat/completions"'
        assert f'pysettle_gateway_requests_total{{key="office",{path},status="429"}} 1.0' in found
        assert f'pysettle_gateway_requests_total{{key="",{path},status="402"}} 1.0' in found
        assert KEY.secret not in found
        _claimed_from_another_channel(shop, chat)
    finally:
        gateway.stop()


def _bad_transports(url: str) -> None:
    """Check that oversized, slow and broken requests are refused in OpenAI's form, and their connections closed."""
    large = httpx.post(f"{url}/v1/chat/completions", content=b"x" * (2 << 20))
    assert (large.status_code, large.json()["error"]["code"]) == (413, "body_too_large")
    head = "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    sent = {
        f"{head}X: {'y' * (17 << 10)}\r\n\r\n": (431, "headers_too_large"),
        f"{head}X: {'y' * (1 << 17)}\r\n\r\n": (431, "headers_too_large"),
        "no HTTP\r\n\r\n": (400, "invalid_http"),
        "": (408, "headers_too_slow"),
        head: (408, "headers_too_slow"),
        f"{head}Content-Length: 5\r\n\r\n{{": (408, "body_too_slow"),
    }
    place = urlsplit(url)
    with ExitStack() as stack:
        connections = {
            text: stack.enter_context(socket.create_connection((str(place.hostname), place.port or 80), timeout=30))
            for text in sent
        }
        for text, connection in connections.items():
            connection.sendall(text.encode())
        for text, (status, code) in sent.items():
            said = b""
            with suppress(ConnectionResetError):  # it has not read all that was sent
                while code.encode() not in said and (content := connections[text].recv(1 << 16)):
                    said += content
            assert said.startswith(f"HTTP/1.1 {status} ".encode()), (text[:80], said)
            assert code.encode() in said


def _claimed_from_another_channel(shop: Shop, chat: str) -> None:
    """Check that a payer beyond its cap is served from a second channel after the first one is claimed from."""
    signer, network = shop.account(1_000_000), shop.town.network
    chain, assets = f"eip155:{network.chain.chain_id}", [shop.town.series.address]

    async def ask(salt: bytes) -> dict[str, Any]:
        channel = PayingChannel(signer.secret, chain, shop.town.node_url, assets, Budget(200_000), salt)
        answer = await channel.send(httpx.Request("POST", chat, json=ASKED))
        content = json.loads(await answer.aread())
        await channel.close()
        (receipt,) = content["x402"]["receipt"]["receipts"]
        return dict(receipt)

    first, second = (shop.run(ask(bytes([number]) * 32)) for number in (1, 2))
    claimed = [network.hub.channel(ChannelId(bytes.fromhex(it["channel"][2:])))[1] for it in (first, second)]
    assert claimed == [int(first["charged"]), 0]
