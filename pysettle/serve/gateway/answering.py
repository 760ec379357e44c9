"""Answers to paid calls: the provider is asked, the usage counted, charge and answer stored together."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from pysettle.domain.channel.receipts import ReceiptFile, SignedReceipt, UsageReceipt
from pysettle.domain.core.signing import Signer
from pysettle.domain.core.typed_data import Domain
from pysettle.failpoints import reach
from pysettle.hashing import keccak
from pysettle.serve.gateway import counting
from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.asked import Asked, Reply
from pysettle.serve.gateway.ledger import Channel, Ledger, Outcome, State
from pysettle.serve.gateway.pricing import Counts
from pysettle.serve.gateway.providers import ProviderFailed, usage_document
from pysettle.serve.gateway.replies import channel_document
from pysettle.serve.gateway.requests import Call
from pysettle.serve.gateway.sdk.wire import ChannelPayment, Offer, Settled
from pysettle.serve.gateway.shelf import Shelf
from pysettle.serve.gateway.streams import Stream
from pysettle.values import Hash32, Timestamp, Tokens

_log = logging.getLogger("pysettle.gateway")
_KEPT_EVERY_S = 0.25
"""Longest time for which the text of a stream is in memory alone."""


@dataclass(frozen=True, slots=True)
class Work:
    """A call that is paid for."""

    payment_id: str
    """Id of its payment."""
    call: Call
    """The call."""
    shelf: Shelf
    """Its model."""
    channel: Channel
    """Channel that pays, before it."""
    content: ChannelPayment
    """Payload that pays."""
    asked: Asked
    """Request that it came with."""
    offer: Offer
    """Offer that the payload accepts."""
    accepted_at: int
    """Chain time of its acceptance."""
    deposit: Hash32 | None
    """Transaction of the deposit that came with it."""


@dataclass(frozen=True, slots=True)
class Charge:
    """The charge of an answer."""

    cost: Tokens
    """Tokens for it alone."""
    counts: Counts
    """Its counts, as they are charged."""
    outcome: Outcome
    """Answer and charge, as the ledger stores them; the answer is filled in last."""
    channel: Channel
    """The channel after it."""
    receipt: dict[str, Any]
    """File with the provider's receipt."""

    def members(self, work: Work) -> dict[str, Any]:
        """Return the members that an answer gets."""
        usage = usage_document(self.counts) | ({"estimated": True} if self.counts.is_estimated else {})
        paid = {"payment_id": work.payment_id, "charged_tokens": str(self.cost), "receipt": self.receipt}
        return {"usage": usage, "x402": paid}


class Answering:
    """Asks providers for the answers to paid calls."""

    def __init__(self, ledger: Ledger, key: Signer, receipts: Domain) -> None:
        """Store in a ledger; sign receipts with the provider's key, under their domain."""
        self._ledger, self._key, self._receipts = ledger, key, receipts

    async def whole(self, work: Work) -> Reply:
        """Answer a call that is no stream.

        Raises:
            ApiError: the provider has given no answer; nothing was charged.
        """
        try:
            async with aclosing(work.shelf.provider.answer(work.call)) as pieces:
                (piece,) = [piece async for piece in pieces]
        except ProviderFailed as problem:
            raise await self._failed(work, problem) from problem
        reach("answered")
        charge = await self._charge(work, piece.counts, piece.text)
        body = json.dumps(piece.document | charge.members(work), ensure_ascii=False).encode()
        settlement = _settlement(work, charge.cost, charge.channel, charge.receipt).header()
        outcome = replace(charge.outcome, answer=body, answer_type="application/json", settlement=settlement)
        await self._ledger.run(self._ledger.settle, work.payment_id, outcome, charge.channel)
        reach("charged")
        return Reply(200, body, headers=_headers(work, settlement))

    async def streamed(self, work: Work, stream: Stream) -> None:
        """Answer a call as a stream; it begins with the first piece of the provider.

        Its header has to state a charge before there is one: the ceiling. The client makes its later vouchers higher
        than they need be; only usage is claimed.

        Raises:
            ApiError: the provider has given no piece; nothing was charged.
        """
        settlement = _settlement(work, Tokens(work.offer.amount), work.channel, None).header()
        counts, reason, kept_at, held = None, None, time.monotonic(), None
        try:
            async with aclosing(work.shelf.provider.answer(work.call)) as pieces:
                async for piece in pieces:
                    stream.begin(_headers(work, settlement))
                    counts = piece.counts or counts
                    held = stream.add(piece, held)
                    if time.monotonic() - kept_at >= _KEPT_EVERY_S:
                        kept_at = time.monotonic()
                        await self._ledger.run(self._ledger.keep, work.payment_id, stream.text)
                    reach("streaming")
                    if stream.is_left:
                        reason = "the client has left"
                        break
        except ProviderFailed as problem:
            if not stream.has_begun:
                raise await self._failed(work, problem) from problem
            reason = str(problem)
        # Of an answer that was cut, what was emitted is charged, by our own count of it.
        charge = await self._charge(work, None if reason else counts, stream.text)
        if reason:
            _log.warning("payment %s ends early: %s", work.payment_id, reason)
        last = stream.last(work.call, held, charge.members(work), is_cut=reason is not None)
        outcome = replace(
            charge.outcome,
            answer=stream.emitted + last,
            answer_type="text/event-stream",
            settlement=settlement,
        )
        await self._ledger.run(self._ledger.settle, work.payment_id, outcome, charge.channel)
        stream.end(last)

    async def _failed(self, work: Work, problem: ProviderFailed) -> ApiError:
        """Return the answer to a call that the provider has not answered; release its voucher."""
        _log.warning("payment %s: %s", work.payment_id, problem)
        await self._ledger.run(self._ledger.end, work.payment_id, State.CANCELLED, str(problem), work.deposit)
        return ApiError(
            502,
            "the provider has given no answer: nothing was charged, and the voucher may be used again",
            code="provider_failed",
            headers={"PAYMENT-RESPONSE": _settlement(work, Tokens(0), work.channel, None).header()},
        )

    async def _charge(self, work: Work, reported: Counts | None, text: str) -> Charge:
        counts = reported
        if counts is None:
            counted = await asyncio.to_thread(counting.count, text)
            counts = Counts(work.call.prompt_tokens, 0, counted, is_estimated=True)
        charged = counts.within(work.call)
        if charged != counts:
            _log.warning("payment %s: the provider counts %s, charged is %s", work.payment_id, counts, charged)
        usage = charged.usage(work.shelf.terms, work.accepted_at)
        cost = work.shelf.terms.rate_card.tokens(usage)
        channel = replace(work.channel, usage=work.channel.usage + usage, charged=Tokens(work.channel.charged + cost))
        outcome = Outcome(
            answer=b"",
            answer_type="",
            settlement="",
            charged=cost,
            usage=usage,
            is_estimated=charged.is_estimated,
            transaction=work.deposit,
        )
        return Charge(cost, charged, outcome, channel, self._receipt(work, channel, cost, text))

    def _receipt(self, work: Work, channel: Channel, cost: Tokens, text: str) -> dict[str, Any]:
        """Return a file with the provider's receipt, as `pysettle channel check --receipt` reads it."""
        receipt = UsageReceipt(
            channel_id=channel.id,
            usage=channel.usage,
            charged=channel.charged,
            request_charged=cost,
            request_hash=keccak(work.asked.body),
            response_hash=keccak(text.encode()),
            issued_at=Timestamp(work.accepted_at),
        )
        signed = SignedReceipt.signed(self._key, self._receipts, receipt)
        document: dict[str, Any] = json.loads(
            ReceiptFile(self._receipts.chain_id, self._receipts.contract, (signed,)).to_json()
        )
        return document


def _settlement(work: Work, cost: Tokens, channel: Channel, receipt: dict[str, Any] | None) -> Settled:
    """Return the header of an answer. The SDKs' clients add the charge to their own sum, and compare."""
    signed_before = work.content.voucher.ceiling - work.offer.amount
    state = channel_document(channel, Tokens(signed_before + cost))
    return Settled(
        success=True,
        network=work.offer.network,
        transaction=work.deposit,
        payer=work.content.config.payer,
        extra={"channelState": state, "chargedAmount": str(cost)},
        extensions=None if receipt is None else {"usage-receipt": {"info": receipt}},
    )


def _headers(work: Work, settlement: str) -> dict[str, str]:
    return {"PAYMENT-RESPONSE": settlement, "x-payment-id": work.payment_id}
