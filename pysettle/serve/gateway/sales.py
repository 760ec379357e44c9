"""Sales and returns of a gateway: Tokens for e-CNY in one transaction, and the rest of a channel back to its payer."""

from __future__ import annotations

import asyncio
from typing import Any

from pysettle.failpoints import reach
from pysettle.reading import read_whole
from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.asked import Asked, Reply
from pysettle.serve.gateway.channels import Correction
from pysettle.serve.gateway.payments import Kind, NewPayment, State
from pysettle.serve.gateway.reconciling import delivered, returned
from pysettle.serve.gateway.replies import corrected, unpaid, unsettled
from pysettle.serve.gateway.requests import named_model, parse_body
from pysettle.serve.gateway.sdk import wire
from pysettle.serve.gateway.sdk.wire import ChannelPayment, ExactPayment, Offer, Settled
from pysettle.serve.gateway.service import Gateway
from pysettle.serve.gateway.shelf import Shelf
from pysettle.values import Address, Tokens

_TOKENS_MOST = 10**15


async def sell(gateway: Gateway, asked: Asked) -> Reply:
    """Answer `POST /v1/tokens`: Tokens of the series of a model, to whoever pays.

    Raises:
        ApiError: it is refused; nothing was paid, or the outcome is not known yet.
    """
    body = parse_body(asked.body)
    model = named_model(body, gateway.shelves.models)
    if (known := await gateway.known(asked)) is not None:
        return known
    shelf = gateway.shelves.on_sale(await asyncio.to_thread(gateway.network.chain.clock.now))[model.name]
    gateway.watch.check_open(shelf)
    if not await gateway.facilitator.delivers():
        raise ApiError(
            501,
            f"this gateway's facilitator delivers no Tokens: buy {shelf.series.symbol} on the market "
            "(`pysettle market buy`), or pay in e-CNY",
            code="tokens_not_sold",
        )
    offer = shelf.tokens_offer(_tokens(body.get("tokens")))
    if asked.payment is None:
        raise unpaid(asked, [offer])
    content = asked.payment.content
    if not isinstance(content, ExactPayment):
        raise unpaid(asked, [offer], "unsupported_scheme")
    if not asked.payment.accepts(offer) or asked.payment.amount != str(offer.amount):
        raise unpaid(asked, [offer], "the payment accepts no offer of this request")
    assert asked.key is not None, "a payment has a key"
    return await gateway.once(asked.key, asked, _sold(gateway, shelf, asked, offer, content))


async def _sold(gateway: Gateway, shelf: Shelf, asked: Asked, offer: Offer, content: ExactPayment) -> Reply:
    payment, signed, purchase = asked.payment, content.authorization, gateway.reconciling.purchase
    assert payment is not None
    made = await asyncio.to_thread(purchase, signed.payer, signed.nonce)
    if made is None:
        refusal = await gateway.facilitator.verify(payment.payload, offer.requirements())
        if refusal is not None:
            raise unpaid(asked, [offer], refusal)
    payment_id = await _begin(gateway, asked, Kind.TOKENS, signed.payer, shelf, offer.amount, signed.nonce)
    reach("settling")
    if made is None:
        settled = await gateway.facilitator.settle(payment.payload, offer.requirements())
        if not settled.success:
            await _ended(gateway, payment_id, settled)
            raise unsettled(asked, [offer], settled)
        reach("settled")
        # By the events of currency and series, whatever the facilitator says.
        made = await asyncio.to_thread(purchase, signed.payer, signed.nonce)
        if made is None:
            reason = "its transaction has delivered no Tokens"
            await gateway.ledger.run(gateway.ledger.end, payment_id, State.UNKNOWN, reason, settled.transaction)
            raise ApiError(503, f"{reason}: ask again with the same key", code=wire.PENDING)
    outcome = delivered(payment_id, *made, offer.network)
    await gateway.ledger.run(gateway.ledger.settle, payment_id, outcome)
    headers = {"PAYMENT-RESPONSE": outcome.settlement, "x-payment-id": payment_id}
    return Reply(200, outcome.answer, headers=headers)


async def give_back(gateway: Gateway, asked: Asked, content: ChannelPayment) -> Reply:
    """Answer a refund: what a channel has used is claimed, the rest goes back to its payer.

    Raises:
        ApiError: it is refused.
    """
    shelf, offer = gateway.shelves.offer_of(content.config)
    if (known := await gateway.known(asked)) is not None:
        return known
    await gateway.channels.check(content, asked, offer)
    assert asked.key is not None, "a payment has a key"
    return await gateway.once(asked.key, asked, _returned(gateway, shelf, asked, offer, content))


async def _returned(gateway: Gateway, shelf: Shelf, asked: Asked, offer: Offer, content: ChannelPayment) -> Reply:
    channel_id, payment = content.voucher.channel_id, asked.payment
    assert payment is not None
    async with gateway.turns.turn(channel_id, asked.hash, is_next=True) as turn:
        channel = await gateway.channels.refreshed(content.config, channel_id)
        if content.voucher.ceiling < channel.charged:
            turn.hold()
            raise corrected(asked, offer, channel) from Correction(channel)
        rest = channel.state.balance - channel.charged
        if rest <= 0 or (content.amount or 0) > rest:
            raise unpaid(asked, [offer], wire.NO_BALANCE)
        if content.amount == 0:
            raise unpaid(asked, [offer], wire.REFUND_AMOUNT)
        amount = Tokens(content.amount or rest)
        if channel.charged > channel.state.claimed:
            await asyncio.to_thread(gateway.claims.claim, [channel])
            channel = await gateway.channels.refreshed(content.config, channel_id)
        nonce = await asyncio.to_thread(gateway.network.hub.refund_nonce, channel_id)
        approval = gateway.claims.approve_refund(channel.config, nonce, amount, channel.state.claimed)
        approved = payment.payload.payload | {
            "amount": str(amount),
            "refundNonce": str(nonce),
            "claims": [],
            "refundAuthorizerSignature": "0x" + approval.hex(),
        }
        used = nonce.to_bytes(32, "big")
        payment_id = await _begin(gateway, asked, Kind.REFUND, content.config.payer, shelf, amount, used)
        reach("refunding")
        settled = await gateway.facilitator.settle(
            payment.payload.model_copy(update={"payload": approved}), offer.requirements()
        )
        if not settled.success:
            await _ended(gateway, payment_id, settled)
            raise unsettled(asked, [offer], settled)
        reach("refunded")
        channel = await gateway.channels.refreshed(content.config, channel_id)
        outcome = returned(payment_id, channel, amount, settled.transaction, offer.network)
        await gateway.ledger.run(gateway.ledger.settle, payment_id, outcome)
        headers = {"PAYMENT-RESPONSE": outcome.settlement, "x-payment-id": payment_id}
        return Reply(200, outcome.answer, headers=headers)


async def _begin(
    gateway: Gateway, asked: Asked, kind: Kind, payer: Address, shelf: Shelf, amount: int, nonce: bytes
) -> str:
    assert asked.payment is not None
    assert asked.key is not None
    content = asked.payment.content
    new = NewPayment(
        key=asked.key,
        payload=asked.paid_by,
        kind=kind,
        request=asked.hash,
        body=asked.body,
        payer=payer,
        channel=content.voucher.channel_id if isinstance(content, ChannelPayment) else None,
        model=shelf.model.name,
        accepted_at=await asyncio.to_thread(gateway.network.chain.clock.now),
        offered=amount,
        nonce=nonce,
    )
    return await gateway.ledger.run(gateway.ledger.begin, new, State.SETTLING)


async def _ended(gateway: Gateway, payment_id: str, settled: Settled) -> None:
    state = State.UNKNOWN if settled.reason == wire.PENDING else State.CANCELLED
    reason = settled.reason or "unexpected_settle_error"
    await gateway.ledger.run(gateway.ledger.end, payment_id, state, reason, settled.transaction)


def _tokens(value: Any) -> Tokens:
    """Return the number of Tokens of a request: a number, or decimal text."""
    try:
        number = read_whole(value) if isinstance(value, str) else value
    except ValueError:
        number = None
    if type(number) is not int or not 1 <= number <= _TOKENS_MOST:
        raise ApiError(
            400, f"tokens: give a whole number from 1 to {_TOKENS_MOST}", code="invalid_value", parameter="tokens"
        )
    return Tokens(number)
