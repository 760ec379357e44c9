"""Streamed answers: the header states the ceiling, only usage is charged, and whoever leaves pays for what was sent."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import Any

import httpx

from pysettle.scenarios.stock_client import Buyer
from pysettle.serve.gateway import counting
from tests.gateway.conftest import ASKED, Shop

STREAMED = ASKED | {"stream": True}


async def stream(
    shop: Shop, buyer: Buyer, body: dict[str, Any], leave_after: int | None = None, **headers: str
) -> tuple[list[dict[str, Any]], bool]:
    """Return the chunks of a streamed answer, and whether it came to its end."""
    chunks: list[dict[str, Any]] = []
    async with (
        buyer.http(timeout=120) as client,
        client.stream("POST", shop.chat, json=body, headers=headers) as response,
    ):
        if response.is_error:
            await response.aread()  # a failed test shows the body
        response.raise_for_status()
        async for line in response.aiter_lines():
            if line == "data: [DONE]":
                return chunks, True
            if line:
                chunks.append(json.loads(line.removeprefix("data: ")))
            if len(chunks) == leave_after:
                break
    return chunks, False


def text_of(chunks: list[dict[str, Any]]) -> str:
    """Return the generated text."""
    return "".join(choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"])


def test_streams_cost_their_usage(shop: Shop) -> None:
    """Streams and other calls follow each other on one deposit: vouchers run ahead, and the charge is the usage."""
    signer = shop.account(1_000_000)
    buyer, charged = shop.buyer(signer), []
    # The ceiling is far above the usage: after five of them the client would deposit again.
    asked, deposited = STREAMED | {"max_tokens": 256}, 0
    for number in range(7):
        chunks, is_whole = shop.run(stream(shop, buyer, asked | {"seed": number}))
        deposited = deposited or 1_000_000 - shop.balance(signer)
        assert is_whole
        assert chunks[-1]["usage"]["completion_tokens"] == counting.count(text_of(chunks))
        assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
        charged.append(int(chunks[-1]["x402"]["charged_tokens"]))
    charged.append(int(shop.ask(buyer, max_tokens=256).document["x402"]["charged_tokens"]))
    channel = shop.channel(signer)
    assert channel.charged == sum(charged)
    assert channel.state.balance == deposited, "no deposit was made that the usage does not need"
    assert shop.buyer(signer).refund(shop.chat).success
    assert shop.balance(signer) == 1_000_000 - channel.charged


def test_six_streams_at_once(shop: Shop) -> None:
    """Six streams at once of one client are served one after the other, on one deposit."""
    signer = shop.account(1_000_000)
    buyer = shop.buyer(signer)

    async def ask_together() -> list[int]:
        answers = await asyncio.gather(*(stream(shop, buyer, STREAMED | {"seed": number}) for number in range(6)))
        assert all(is_whole for _, is_whole in answers)
        return [int(chunks[-1]["x402"]["charged_tokens"]) for chunks, _ in answers]

    charged = asyncio.run(ask_together())
    assert shop.channel(signer).charged == sum(charged)


def test_a_provider_stops_in_the_middle(mended: Shop) -> None:
    """What was sent is charged, and the answer says that it is cut."""
    signer = mended.account(1_000_000)
    mended.break_provider(cut_after=3)
    chunks, is_whole = mended.run(stream(mended, mended.buyer(signer), STREAMED))
    assert is_whole
    assert chunks[-1]["choices"][0]["finish_reason"] == "error"
    usage = chunks[-1]["usage"]
    assert (usage["completion_tokens"], usage["estimated"]) == (counting.count(text_of(chunks)), True)
    assert mended.channel(signer).charged == int(chunks[-1]["x402"]["charged_tokens"])


def test_a_client_leaves(mended: Shop) -> None:
    """The provider is stopped, what was sent is charged, and the answer is there for its key."""
    signer, key = mended.account(1_000_000), secrets.token_hex(16)
    buyer = mended.buyer(signer)
    mended.break_provider(delay_ms=150)
    chunks, is_whole = mended.run(stream(mended, buyer, STREAMED, 2, **{"Idempotency-Key": key}))
    assert not is_whole
    body, deadline = httpx.Request("POST", mended.chat, json=STREAMED).content, time.monotonic() + 30
    while (kept := mended.post("/v1/chat/completions", body, **{"Idempotency-Key": key})).status_code != 200:
        assert time.monotonic() < deadline, kept.text
        time.sleep(0.2)
    last = json.loads(kept.text.split("\n\n")[-3].removeprefix("data: "))
    assert kept.headers["x-idempotent-replay"] == "1"
    assert 0 < last["usage"]["completion_tokens"] < 32
    assert mended.channel(signer).charged == int(last["x402"]["charged_tokens"])
    assert kept.text.startswith("data: " + json.dumps(chunks[0], ensure_ascii=False))
