"""Customers without x402 buy through the proxy: OpenAI's synchronous client, and curl with a stream."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest

from pysettle.scenarios.gateway import MODEL, Process
from pysettle.serve.gateway.ledger import Ledger
from pysettle.serve.gateway.proxy import Proxy
from tests.gateway.conftest import ASKED, Shop

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionUserMessageParam


@pytest.mark.apart
def test_proxy(anywhere: Shop) -> None:
    """Both are served and charged by the ledger, the budget ends, and at the end the rest is back."""
    # It takes a second to load, which each process of the tests would spend before its first test.
    from openai import APIStatusError, OpenAI

    shop, town = anywhere, anywhere.town
    town.issue("alice", 10)
    alice, network = town.key("alice"), town.network
    shop.run(shop.buyer(alice).post(f"{town.gateway_url}/v1/tokens", {"model": MODEL, "tokens": 1_000_000}))
    held = shop.balance(alice)
    words = (
        "--workspace",
        str(town.workspace.directory),
        "--to",
        town.gateway_url,
        "--account",
        "alice",
        "--port",
        "0",
    )
    proxy = Process("gateway", "proxy", *words, "--workers", "2", "--budget", "300000")
    try:
        question: ChatCompletionUserMessageParam = {"role": "user", "content": "How is a Token backed?"}
        with OpenAI(api_key="none", base_url=proxy.url, max_retries=0) as openai:
            whole = openai.chat.completions.create(model=MODEL, messages=[question], max_tokens=32)
            pieces = list(
                openai.chat.completions.create(model=MODEL, messages=[question], max_tokens=32, seed=1, stream=True)
            )
            assert whole.choices[0].message.content
            assert pieces[-1].usage is not None
            charged = int((whole.model_extra or {})["x402"]["charged_tokens"])
            charged += int((pieces[-1].model_extra or {})["x402"]["charged_tokens"])
            with pytest.raises(APIStatusError) as refused:
                openai.chat.completions.create(model=MODEL, messages=[question], max_tokens=8_000)
            assert refused.value.status_code == 402
        curl = shutil.which("curl")
        if curl is not None:
            body = json.dumps(ASKED | {"stream": True, "seed": 2})
            command = [curl, "-sN", f"{proxy.url}/chat/completions", "-H", "Content-Type: application/json", "-d", body]
            said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
            charged += int(json.loads(said.split("\n\n")[-3].removeprefix("data: "))["x402"]["charged_tokens"])
            assert said.endswith("data: [DONE]\n\n")
            _check_receipts(shop, said.encode(), body.encode())
    finally:
        proxy.stop()
    ledger = Ledger(town.config_file.parent / "gateway.sqlite")
    try:
        channels = [it for it in ledger.channels() if it.config.payer == alice.address]
    finally:
        ledger.close()
    salts = {it.config.salt for it in channels}
    assert len(salts) == len(channels) >= 1
    mine = [it for it in channels if network.hub.channel(it.id)[0] == network.hub.channel(it.id)[1]]
    assert sum(it.charged for it in mine) >= charged
    assert shop.balance(alice) == held - charged


@pytest.mark.apart
def test_proxy_in_yuan(shop: Shop) -> None:
    """The same from a channel of e-CNY; a repeated key costs nothing more, and its receipt is trusted."""
    town = shop.town
    town.issue("bob", 10)
    held = town.network.currency.balance_of(town.key("bob").address)
    words = "--workspace", str(town.workspace.directory), "--to", town.gateway_url, "--account", "bob", "--port", "0"
    proxy = Process("gateway", "proxy", *words, "--workers", "1", "--pay-in", "CNY")
    try:
        key = {"Idempotency-Key": secrets.token_hex(16)}
        answers = [
            httpx.post(f"{proxy.url}/chat/completions", json=ASKED | {"seed": seed}, headers=headers, timeout=60)
            for seed, headers in ((0, key), (0, key), (1, {}))
        ]
    finally:
        proxy.stop()
    assert [answer.status_code for answer in answers] == [200] * 3, [answer.text for answer in answers]
    assert answers[0].content == answers[1].content
    charged = sum(int(answer.json()["x402"]["charged_micro_yuan"]) for answer in answers[1:])
    assert held - town.network.currency.balance_of(town.key("bob").address) == charged


def _check_receipts(shop: Shop, answer: bytes, body: bytes) -> None:
    """Check that a proxy trusts a receipt for its own request and answer, and for no other."""
    network, key = shop.town.network, shop.town.key("alice")
    word = next(it for it in (b"compute", b"Tokens", b"yuan", b"escrow", b"call") if it in answer)
    for content, request, problem in (
        (answer, body, None),
        (answer, body + b" ", "another request"),
        (answer.replace(word, b"gold", 1), body, "another answer"),
        (answer.replace(b'"request_charged": "', b'"request_charged": "1'), body, "not signed"),
        (answer.replace(b'"receipt"', b'"other"'), body, "has none"),
    ):
        proxy = Proxy(network, key, shop.town.node_url, shop.town.gateway_url, 1, 1)
        proxy._check(content, request)
        assert (proxy._distrust is None) == (problem is None), proxy._distrust
        assert problem is None or problem in str(proxy._distrust)
