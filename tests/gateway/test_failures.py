"""A gateway is killed, a payer withdraws: one answer and one charge a key, and nothing is lost to a notice."""

from __future__ import annotations

import json
import os
import secrets
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from x402.http.clients.httpx import PaymentError
from x402.http.utils import decode_payment_response_header
from x402.mechanisms.evm.batch_settlement.client.refund import RefundOptions

from pysettle.evm.rpc import RpcChain
from pysettle.failpoints import VARIABLE
from pysettle.scenarios.gateway import MODEL, Process
from pysettle.serve.gateway.config import read_config
from pysettle.serve.gateway.ledger import Ledger
from pysettle.serve.gateway.shelf import Shelves
from pysettle.serve.gateway.watching import Watch
from pysettle.values import Hash32
from tests.cli.running import invoke
from tests.gateway.conftest import ASKED, Exact, Shop


class Mortal:
    """A gateway of its own, with a ledger of its own, that can be told where to die."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        """Configure it."""
        self.shop, self.points, self.ledger_file = shop, folder / "point", folder / "mortal.sqlite"
        self.config = shop.config_for(folder, **{'"gateway.sqlite"': '"mortal.sqlite"'})
        self.process: Process | None = None

    def start(self) -> str:
        """Start it, after it has ended if it runs; return its URL."""
        if self.process is not None and self.process.process.poll() is None:
            self.process.stop()
        self.process = self.shop.gateway(self.config)
        return self.process.url

    def ended(self) -> int:
        """Wait until it is dead; return its exit code."""
        assert self.process is not None
        self.process.process.communicate(timeout=60)
        return int(self.process.process.returncode)

    def charges(self, buyer: bytes) -> tuple[int, int]:
        """Return the charge of a payer's channel, and the sum of the charges of its calls."""
        ledger = Ledger(self.ledger_file)
        try:
            channels = [channel for channel in ledger.channels() if channel.config.payer == buyer]
            calls = [it for it in ledger.settled() if it.payer == buyer and it.channel is not None]
        finally:
            ledger.close()
        return sum(channel.charged for channel in channels), sum(it.charged or 0 for it in calls)


@pytest.fixture(scope="module")
def mortal(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mortal]:
    """Return a gateway that may be killed."""
    built = Mortal(shop, tmp_path_factory.mktemp("mortal"))
    os.environ[VARIABLE] = str(built.points)
    try:
        yield built
        if built.process is not None:
            built.process.stop()
    finally:
        del os.environ[VARIABLE]


CALLS = ("deposited", "stored", "answered", "charged")


@pytest.mark.apart
@pytest.mark.long
def test_killed_at_every_state(mortal: Mortal) -> None:
    """Killed with a call or a purchase at any state, and started again, a key has one answer and one charge."""
    shop, url = mortal.shop, mortal.start()
    for point in (*CALLS, "streaming", "paying", "paid", "settling", "settled"):
        is_purchase, is_exact = point in ("settling", "settled"), point in ("paying", "paid")
        signer = shop.account(0 if is_purchase else 1_000_000)
        yuan = shop.town.network.currency.balance_of(signer.address)
        key, path = secrets.token_hex(16), "/v1/tokens" if is_purchase else "/v1/chat/completions"
        body: dict[str, Any] = {"model": MODEL, "tokens": 1_000} if is_purchase else ASKED
        if point == "streaming":
            body = body | {"stream": True}
        forget = partial(Exact, shop) if is_exact else shop.buyer
        buyer = forget(signer)
        mortal.points.write_text(point)
        with pytest.raises((httpx.HTTPError, PaymentError)):
            shop.run(_asked(buyer, f"{url}{path}", body, key))
        assert mortal.ended() == -signal.SIGKILL, point
        url = mortal.start()
        # A client that has lost its answer asks again with its key; it may be one that has forgotten all else.
        first = shop.run(_asked(forget(signer), f"{url}{path}", body, key))
        second = shop.run(_asked(forget(signer), f"{url}{path}", body, key))
        assert (first.status_code, second.status_code) == (200, 200), (point, first.text)
        assert first.content == second.content
        assert ("x-idempotent-replay" in first.headers) == (point in ("charged", "settled", "paid")), point
        if is_purchase:
            assert shop.balance(signer) == int(first.json()["tokens"]), point
        elif is_exact:
            held = shop.town.network.currency.balance_of(signer.address)
            assert yuan - held == int(first.json()["x402"]["charged_micro_yuan"]), point
        else:
            channel, calls = mortal.charges(signer.address)
            assert 0 < channel == calls, point


@pytest.mark.apart
@pytest.mark.long
def test_killed_with_a_refund(mortal: Mortal) -> None:
    """Killed before or after a refund is sealed, and asked again, the gateway states its transaction: there is one."""
    shop, url = mortal.shop, mortal.start()
    for point in ("refunding", "refunded"):
        signer, sent = shop.account(1_000_000), dict[str, str]()
        buyer = shop.buyer(signer)
        charged = int(shop.run(buyer.post(f"{url}/v1/chat/completions", ASKED)).document["x402"]["charged_tokens"])

        def get(place: str, headers: dict[str, str], sent: dict[str, str] = sent) -> Any:
            sent.update(headers)
            answer = httpx.get(place, headers=headers, timeout=60)
            return SimpleNamespace(status=answer.status_code, header=answer.headers.get)

        mortal.points.write_text(point)
        with pytest.raises(httpx.HTTPError):
            buyer.channels.refund(f"{url}/v1/chat/completions", RefundOptions(fetch=get))
        assert mortal.ended() == -signal.SIGKILL, point
        url = mortal.start()
        first, second = (httpx.get(f"{url}/v1/chat/completions", headers=sent, timeout=60) for _ in range(2))
        assert (first.status_code, first.content) == (200, second.content), (point, first.text)
        assert ("x-idempotent-replay" in first.headers) == (point == "refunded")
        settled = decode_payment_response_header(first.headers["PAYMENT-RESPONSE"])
        (receipt,) = shop.town.network.chain.receipts_of([Hash32(bytes.fromhex(settled.transaction[2:]))])
        assert receipt is not None
        assert receipt.succeeded
        assert first.json()["charged_tokens"] == str(charged)
        assert shop.balance(signer) == 1_000_000 - charged


async def _asked(buyer: Any, url: str, body: dict[str, Any], key: str) -> httpx.Response:
    async with buyer.http(timeout=60) as client:
        response = await client.post(url, json=body, headers={"Idempotency-Key": key})
        await response.aread()
        return response


def test_a_notice_is_answered_by_a_claim(shop: Shop) -> None:
    """A payer gives notice: what was served is claimed at once, and nothing is served that the rest does not cover."""
    town, signer = shop.town, shop.town.key("bob")
    town.issue("bob", 10)
    buyer = shop.buyer(signer)
    shop.run(buyer.post(f"{town.gateway_url}/v1/tokens", {"model": MODEL, "tokens": 1_000_000}))
    shop.ask(buyer)
    channel = shop.channel(signer)
    rest = channel.state.balance
    network = town.workspace.network(RpcChain(town.node_url, confirmations=3))
    watch = Watch(network, Shelves({}), None, None, read_config(town.config_file))  # type: ignore[arg-type]  # it reads
    watch._read()
    town.network.send(town.network.hub.initiate_withdraw(signer, channel.config, rest))
    # Its block has one confirmation of three, and may be replaced: it is read again.
    assert [channel.id in watch._read() for _ in range(2)] == [True, True]
    deadline = time.monotonic() + 60
    while town.network.hub.channel(channel.id)[1] < channel.charged:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    with pytest.raises(httpx.HTTPStatusError) as refused:
        shop.ask(buyer)
    assert refused.value.response.json()["error"]["code"] == "payer_withdraws_from_channel"
    assert shop.channel(signer).charged == channel.charged


def test_claim_by_command(shop: Shop) -> None:
    """One command claims what every channel has used, and delivers it."""
    signer = shop.account(1_000_000)
    shop.ask(shop.buyer(signer))
    words = ["gateway", "claim", "--config", str(shop.town.config_file)]
    document = json.loads(invoke(*words, "--json", workspace=shop.town.workspace.directory).stdout)
    channel = shop.channel(signer)
    assert channel.state.claimed == channel.charged
    assert int(document["claimed_tokens"]) >= channel.charged
