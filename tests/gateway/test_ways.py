"""Other ways to pay than a channel of Tokens: a channel of e-CNY, and one exact payment for one call."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import Any

import httpx
from x402.client_base import SpendControlAsset
from x402.http.utils import decode_payment_required_header, encode_payment_signature_header

from pysettle.client.channel.receipts import receipt_terms
from pysettle.domain.channel.receipts import ReceiptFile, refuted
from pysettle.domain.compute.usage import Meters
from pysettle.domain.core.signing import Signer
from pysettle.money import UNITS_PER_WHOLE, price_rounded_up
from pysettle.scenarios.stock_client import Answer, Buyer
from pysettle.serve.gateway.ledger import Ledger
from pysettle.serve.gateway.payments import State
from pysettle.values import Tokens
from tests.gateway.conftest import ASKED, Exact, Shop


def spend(shop: Shop, buyer: Buyer, *, is_in_tokens: bool) -> None:
    """Have a client spend one of the two tokens alone, as its user configures it."""
    town = shop.town
    token = town.series if is_in_tokens else town.network.currency
    most = 1_000_000 if is_in_tokens else UNITS_PER_WHOLE
    asset = SpendControlAsset(network=shop.network, asset="0x" + token.address.hex(), max_amount_per_payment=str(most))
    buyer.client.set_spend_controls({"allowed_assets": [asset]})


def yuan_price(shop: Shop, document: dict[str, Any]) -> int:
    """Return the price of the usage that an answer states, at night or at the peak, whichever it charges."""
    usage, card = document["usage"], shop.town.series.rate_card
    meters = Meters(0, usage["prompt_tokens"], usage["completion_tokens"])
    charged = int(document["x402"]["charged_micro_yuan"])
    tokens = (
        sum(a * b for a, b in zip(meters.lanes(), rates.lanes(), strict=True)) for rates in (card.off_peak, card.peak)
    )
    prices = {int(price_rounded_up(Tokens(number), shop.town.series.unit_price)) for number in tokens}
    assert charged in prices
    return charged


def test_channels_in_both(shop: Shop) -> None:
    """A client with a channel of Tokens and one of e-CNY is corrected on either, and gets the rest of both back."""
    town, signer = shop.town, shop.account(1_000_000)
    network, currency = town.network, town.network.currency
    yuan = currency.balance_of(signer.address)
    buyer, other = shop.buyer(signer), shop.buyer(signer)

    async def together(client: Buyer, first: int) -> list[Answer]:
        return list(await asyncio.gather(*(client.post(shop.chat, ASKED | {"seed": first + it}) for it in range(3))))

    answers: dict[bool, list[Answer]] = {True: [], False: []}
    # The second client does not know the first one's vouchers: each of its channels has to be corrected.
    for client, first in ((buyer, 0), (other, 10)):
        for is_in_tokens in (True, False):
            spend(shop, client, is_in_tokens=is_in_tokens)
            answers[is_in_tokens] += shop.run(together(client, first))
    tokens = sum(int(answer.document["x402"]["charged_tokens"]) for answer in answers[True])
    units = sum(yuan_price(shop, answer.document) for answer in answers[False])
    assert {answer.document["x402"]["repriced_on_chain"] for answer in answers[False]} == {False}
    receipts = [answer.document["x402"]["receipt"] for answer in (*answers[True], *answers[False])]
    signed = [ReceiptFile.from_json(json.dumps(document), "the answer").receipts[0] for document in receipts]
    file = ReceiptFile(network.chain.chain_id, network.hub.address, tuple(signed))
    assert list(refuted(file, receipt_terms(network, file))) == []
    assert shop.buyer(signer).refund(shop.chat).success
    assert shop.buyer(signer).refund(f"{shop.chat}?paid_in=CNY").success
    assert shop.balance(signer) == 1_000_000 - tokens
    assert currency.balance_of(signer.address) == yuan - units
    claimed, settled = network.hub.receiver_totals(town.series.provider, currency.address)
    assert claimed - settled >= units


def test_exact(mended: Shop) -> None:
    """One exact payment costs the ceiling, streamed or not; a provider that fails has cost nothing."""
    town, signer = mended.town, mended.account()
    currency, provider = town.network.currency, town.series.provider
    client = Exact(mended, signer)

    async def post(body: dict[str, Any], **headers: str) -> httpx.Response:
        async with client.http(timeout=120) as http:
            response = await http.post(mended.chat, json=body, headers=headers)
            await response.aread()
            return response

    before, held = currency.balance_of(provider), currency.balance_of(signer.address)
    key = secrets.token_hex(16)
    mended.break_provider(fail=10**6)
    assert mended.run(post(ASKED, **{"Idempotency-Key": key})).status_code == 502
    mended.break_provider()
    assert currency.balance_of(signer.address) == held
    answers = [mended.run(post(ASKED, **{"Idempotency-Key": key})) for _ in range(2)]
    assert (answers[0].status_code, answers[0].json()) == (200, answers[1].json())
    streamed = mended.run(post(ASKED | {"stream": True}))
    last = json.loads(streamed.text.split("\n\n")[-3].removeprefix("data: "))
    paid = [int(document["x402"]["charged_micro_yuan"]) for document in (answers[0].json(), last)]
    assert currency.balance_of(provider) - before == held - currency.balance_of(signer.address) == sum(paid)


def test_an_answer_that_is_not_paid_is_withheld(mended: Shop) -> None:
    """A payer without its money gets no answer, and pays in advance from then on; what it paid for it gets later."""
    town, signer = mended.town, mended.town.key("alice")
    currency, client = town.network.currency, Exact(mended, signer).client
    town.issue("alice", 1)
    asked = mended.post("/v1/chat/completions", ASKED)
    required = decode_payment_required_header(asked.headers["PAYMENT-REQUIRED"])

    def ask(payment: str) -> httpx.Response:
        return mended.post("/v1/chat/completions", ASKED, **{"PAYMENT-SIGNATURE": payment})

    def sign() -> str:
        return encode_payment_signature_header(asyncio.run(client.create_payment_payload(required)))

    async def emptied() -> httpx.Response:
        asking = asyncio.create_task(asyncio.to_thread(lambda: ask(sign())))
        await asyncio.to_thread(_wait_for_run, mended, signer)
        held = currency.balance_of(signer.address)
        await asyncio.to_thread(town.network.send, currency.transfer(signer, town.key("bank").address, held))
        return await asking

    mended.break_provider(delay_ms=300)
    refused = mended.run(emptied())
    assert (refused.status_code, "choices" in refused.json()) == (402, False), refused.text
    town.issue("alice", 1)
    mended.break_provider(fail=10**6)
    payment = sign()
    failed = ask(payment)
    assert (failed.status_code, failed.json()["error"]["code"]) == (503, "provider_failed")
    rest = currency.balance_of(signer.address)
    assert rest < UNITS_PER_WHOLE, "it has paid before the provider was asked"
    mended.break_provider()
    assert ask(payment).status_code == 200
    assert currency.balance_of(signer.address) == rest


def _wait_for_run(shop: Shop, signer: Signer) -> None:
    """Wait until the provider is asked for a payer."""
    ledger, deadline = Ledger(shop.town.config_file.parent / "gateway.sqlite"), time.monotonic() + 30
    try:
        while not any(it.payer == signer.address and it.state is State.EXECUTING for it in ledger.unfinished()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        ledger.close()
