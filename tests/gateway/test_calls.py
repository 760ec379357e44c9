"""Unmodified clients buy Tokens, open a channel, are served and refunded; ledger and chain agree at each step."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any

import httpx
import pytest
from x402.http.utils import decode_payment_required_header

from pysettle.client.channel.receipts import receipt_terms
from pysettle.domain.channel.receipts import ReceiptFile, SignedReceipt, refuted
from pysettle.hashing import keccak
from pysettle.money import price_rounded_up
from pysettle.scenarios.gateway import MODEL
from pysettle.serve.gateway import counting
from pysettle.values import Tokens
from tests.gateway.conftest import ASKED, Shop

DEPOSIT_CALLS = 5


def test_charges_and_receipts(shop: Shop) -> None:
    """Each charge is rate card times usage, the receipt proves it, and a refund claims all of it from the deposit."""
    signer = shop.account(1_000_000)
    buyer, network = shop.buyer(signer), shop.town.network
    receipts: list[SignedReceipt] = []
    for number in range(3):
        answer = shop.ask(buyer, seed=number)
        document = answer.document["x402"]["receipt"]
        (signed,) = ReceiptFile.from_json(json.dumps(document), "the answer").receipts
        text = answer.document["choices"][0]["message"]["content"]
        assert signed.receipt.response_hash == keccak(text.encode())
        assert answer.receipt.extensions == {"usage-receipt": {"info": document}}
        assert str(signed.receipt.request_charged) == (answer.receipt.extra or {})["chargedAmount"]
        prompt = counting.count(counting.chat_prompt(ASKED["messages"]))  # type: ignore[arg-type]  # it has one
        assert answer.document["usage"]["prompt_tokens"] == prompt
        receipts.append(signed)
    file = ReceiptFile(network.chain.chain_id, network.hub.address, tuple(receipts))
    assert list(refuted(file, receipt_terms(network, file))) == []
    before = receipts[-1].receipt
    channel = shop.channel(signer)
    assert (channel.charged, channel.usage) == (before.charged, before.usage)
    assert channel.state.balance == 1_000_000 - shop.balance(signer), "there was one deposit"
    assert buyer.refund(shop.chat).success
    assert network.hub.channel(channel.id) == (channel.charged, channel.charged)
    assert shop.balance(signer) == 1_000_000 - channel.charged
    # The same channel goes on: a client that has forgotten it finds it on the chain.
    answer = shop.ask(shop.buyer(signer))
    assert shop.channel(signer).charged == channel.charged + int(answer.document["x402"]["charged_tokens"])


def test_six_at_once(shop: Shop) -> None:
    """Six calls at once of one client, on a fresh and on an open channel: six answers, six charges, one deposit."""
    signer = shop.account(1_000_000)
    buyer = shop.buyer(signer)

    async def ask_together(first: int) -> list[int]:
        calls = (buyer.post(shop.chat, ASKED | {"seed": first + number}) for number in range(6))
        answers = await asyncio.gather(*calls)
        return [int(answer.document["x402"]["charged_tokens"]) for answer in answers]

    charged = asyncio.run(ask_together(0))
    balance = shop.balance(signer)
    charged += asyncio.run(ask_together(100))
    channel = shop.channel(signer)
    assert channel.charged == sum(charged)
    assert channel.state.balance + shop.balance(signer) == 1_000_000
    assert balance == shop.balance(signer), "there was one deposit"


def test_a_key_has_one_answer(shop: Shop) -> None:
    """A repeated key gets the stored answer without payment or charge; with another body it is refused."""
    signer, key = shop.account(1_000_000), secrets.token_hex(16)
    buyer = shop.buyer(signer)
    answer = shop.run(buyer.post(shop.chat, ASKED, **{"Idempotency-Key": key}))
    charged = shop.channel(signer).charged
    again = shop.post("/v1/chat/completions", ASKED, **{"Idempotency-Key": key})
    assert again.status_code == 409, "httpx writes JSON in another form than json.dumps: the body differs"
    body = httpx.Request("POST", shop.chat, json=ASKED).content
    replayed = shop.post("/v1/chat/completions", body, **{"Idempotency-Key": key})
    assert (replayed.status_code, replayed.headers["x-idempotent-replay"]) == (200, "1")
    assert replayed.json() == answer.document
    other = shop.post("/v1/chat/completions", ASKED | {"seed": 1}, **{"Idempotency-Key": key})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_reused")
    payment_id = answer.document["x402"]["payment_id"]
    url = f"{shop.town.gateway_url}/v1/payments/{payment_id}"
    assert httpx.get(url).status_code == 404
    assert httpx.get(url, headers={"Idempotency-Key": key}).json()["state"] == "settled"
    assert shop.channel(signer).charged == charged


def test_provider_fails(mended: Shop) -> None:
    """A provider without an answer costs nothing, and the same client goes on with the deposit that it made."""
    signer = mended.account(1_000_000)
    buyer = mended.buyer(signer)
    mended.break_provider(fail=10**6)
    with pytest.raises(httpx.HTTPStatusError, match="502"):
        mended.ask(buyer)
    mended.break_provider()
    channel = mended.channel(signer)
    assert (channel.charged, channel.state.balance) == (0, 1_000_000 - mended.balance(signer))
    mended.ask(buyer)
    assert mended.channel(signer).state.balance == channel.state.balance


def test_uncounted_usage(mended: Shop) -> None:
    """A provider that reports no counts is charged by this gateway's own, which says so."""
    mended.break_provider(omit_usage=1)
    answer = mended.ask(mended.buyer(mended.account(1_000_000)))
    text = answer.document["choices"][0]["message"]["content"]
    assert answer.document["usage"]["estimated"] is True
    assert answer.document["usage"]["completion_tokens"] == counting.count(text)


REFUSED: dict[str, tuple[bytes | dict[str, Any], int, str]] = {
    "no JSON": (b"{", 400, "invalid_json"),
    "half a surrogate pair": (b'{"model": "\\ud800"}', 400, "invalid_json"),
    "unknown model": ({**ASKED, "model": "other"}, 404, "model_not_found"),
    "unknown member": ({**ASKED, "modalities": ["audio"]}, 400, "invalid_value"),
    "an image": (
        {**ASKED, "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
        400,
        "invalid_value",
    ),
    "too many answers": ({**ASKED, "n": 9}, 400, "invalid_value"),
    "max_tokens beyond the limit": ({**ASKED, "max_tokens": 8_193}, 400, "invalid_value"),
    "too long": ({**ASKED, "messages": [{"role": "user", "content": "a b " * 70_000}]}, 400, "context_length_exceeded"),
    "too large": (b" " * (8 * 131_072 + 1), 413, "body_too_large"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_bodies(shop: Shop, name: str) -> None:
    """A body that cannot be served is refused in OpenAI's form, before any price is stated."""
    content, status, code = REFUSED[name]
    answer = shop.post("/v1/chat/completions", content)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_offers(shop: Shop) -> None:
    """An offer covers the request at the dearest, and depends on its body; foreign hosts and pages are not served."""
    series, card = shop.town.series, shop.town.series.rate_card
    answer = shop.post("/v1/chat/completions", ASKED)
    offer, paid_in_yuan, exact = decode_payment_required_header(answer.headers["PAYMENT-REQUIRED"]).accepts
    prompt = counting.count(counting.chat_prompt(ASKED["messages"]))  # type: ignore[arg-type]  # it has one
    ceilings = {rates.input * prompt + rates.output * 32 for rates in (card.off_peak, card.peak)}
    assert int(offer.amount) in ceilings
    assert (offer.scheme, offer.pay_to.lower()) == ("batch-settlement", "0x" + series.address.hex())
    price = str(price_rounded_up(Tokens(int(offer.amount)), series.unit_price))
    currency, provider = shop.town.network.currency.address, series.provider
    for other, scheme in ((paid_in_yuan, "batch-settlement"), (exact, "exact")):
        assert (other.scheme, other.amount) == (scheme, price)
        assert (other.asset.lower(), other.pay_to.lower()) == ("0x" + currency.hex(), "0x" + provider.hex())
    assert offer.extra["minDeposit"] == str(DEPOSIT_CALLS * int(offer.amount))
    (model,) = httpx.get(f"{shop.town.gateway_url}/v1/models").json()["data"]
    assert (model["id"], model["series"]["unit_price_micro_yuan"]) == (MODEL, str(series.unit_price))
    for header in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        assert shop.post("/v1/chat/completions", ASKED, **header).status_code == 403
    for header in ({"PAYMENT-SIGNATURE": "!"}, {"Idempotency-Key": "short"}):
        assert shop.post("/v1/chat/completions", ASKED, **header).status_code == 400


def test_facilitator_needs_its_token(shop: Shop) -> None:
    """A facilitator spends gas for whoever holds its token, and for nobody else."""
    url, token = f"{shop.town.facilitator_url}/supported", shop.town.facilitator_token
    assert httpx.get(url).status_code == 401
    kinds = httpx.get(url, headers={"Authorization": f"Bearer {token}"}).json()["kinds"]
    network = f"eip155:{shop.town.network.chain.chain_id}"
    assert {(kind["scheme"], kind["network"]) for kind in kinds} == {("batch-settlement", network), ("exact", network)}
    answer = httpx.post(
        url.replace("supported", "settle"), content=json.dumps({}), headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 400
