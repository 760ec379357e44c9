"""Answers to paid calls: the provider is asked, the usage counted, charge and answer stored together."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Sequence
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
from pysettle.serve.gateway.exact import ExactSettlement
from pysettle.serve.gateway.ledger import Ledger
from pysettle.serve.gateway.payments import Channel, Outcome, State
from pysettle.serve.gateway.pricing import Counts
from pysettle.serve.gateway.providers import ProviderFailed, usage_document
from pysettle.serve.gateway.replies import channel_document
from pysettle.serve.gateway.requests import Call
from pysettle.serve.gateway.sdk.wire import ChannelPayment, Offer, Settled
from pysettle.serve.gateway.shelf import Shelf
from pysettle.serve.gateway.streams import Stream
from pysettle.values import Amount, Hash32, Timestamp, Tokens, Units

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
    asked: Asked
    """Request that it came with."""
    offer: Offer
    """Offer that the payment accepts."""
    accepted_at: int
    """Chain time of its acceptance."""
    paid: FromChannel | ExactSettlement
    """Channel or exact payment that pays."""


@dataclass(frozen=True, slots=True)
class FromChannel:
    """A payment from a channel."""

    channel: Channel
    """The channel, before it."""
    content: ChannelPayment
    """Payload that pays."""
    deposit: Hash32 | None
    """Transaction of the deposit that came with it."""


@dataclass(frozen=True, slots=True)
class Charge:
    """The charge of an answer."""

    cost: Amount
    """Cost of it alone, in Tokens or units."""
    is_in_tokens: bool
    """Whether it is in Tokens."""
    counts: Counts
    """Its counts, as they are charged."""
    outcome: Outcome
    """Answer and charge, as the ledger stores them; the answer is filled in last."""
    channel: Channel | None
    """The channel after it."""
    receipt: dict[str, Any] | None
    """File with the receipt, for a channel."""

    def members(self, work: Work) -> dict[str, Any]:
        """Return the members that an answer gets; a charge in e-CNY says that no contract computes it again."""
        usage = usage_document(self.counts) | ({"estimated": True} if self.counts.is_estimated else {})
        charged: dict[str, Any] = {"charged_tokens": str(self.cost)}
        if not self.is_in_tokens:
            charged = {"charged_micro_yuan": str(self.cost), "repriced_on_chain": False}
        receipt = {} if self.receipt is None else {"receipt": self.receipt}
        return {"usage": usage, "x402": {"payment_id": work.payment_id, **charged, **receipt}}


class Answering:
    """Asks providers for the answers to paid calls."""

    def __init__(self, ledger: Ledger, keys: Sequence[Signer], receipts: Domain) -> None:
        """Store in a ledger; sign receipts with the key that authorizes claims of a channel, under their domain.

        Args:
            ledger: The ledger.
            keys: The provider's key, for channels of Tokens, and the one that authorizes claims of e-CNY.
            receipts: Domain of receipts.
        """
        self._ledger, self._receipts = ledger, receipts
        self._provider, self._keys = keys[0], {key.address: key for key in keys}

    async def whole(self, work: Work) -> Reply:
        """Answer a call that is no stream.

        Raises:
            ApiError: the provider has given no answer, and nothing was charged; or an exact payment was not settled.
        """
        try:
            async with aclosing(work.shelf.provider.answer(work.call)) as pieces:
                (piece,) = [piece async for piece in pieces]
        except ProviderFailed as problem:
            raise await self._failed(work, problem) from problem
        reach("answered")
        charge = await self._charge(work, piece.counts, piece.text)
        body = json.dumps(piece.document | charge.members(work), ensure_ascii=False).encode()
        outcome = replace(charge.outcome, answer=body, answer_type="application/json")
        if isinstance(work.paid, ExactSettlement):
            settled = await work.paid.settle(outcome)
            outcome = replace(outcome, settlement=settled.header(), transaction=settled.transaction)
        else:
            settlement = _settlement(work, work.paid, charge.cost, charge.channel, charge.receipt)
            outcome = replace(outcome, settlement=settlement.header())
        await self._ledger.run(self._ledger.settle, work.payment_id, outcome, charge.channel)
        reach("charged")
        return Reply(200, body, headers=_headers(work, outcome.settlement))

    async def streamed(self, work: Work, stream: Stream) -> None:
        """Answer a call as a stream; it begins with the first piece of the provider.

        The header of a channel has to state a charge before there is one: the ceiling. The client makes its later
        vouchers higher than they need be; only usage is claimed. An exact payment is settled before the first piece.

        Raises:
            ApiError: the provider has given no piece, and nothing was charged; or an exact payment was not settled.
        """
        settlement = counts = reason = held = None
        kept_at = time.monotonic()
        try:
            async with aclosing(work.shelf.provider.answer(work.call)) as pieces:
                async for piece in pieces:
                    settlement = settlement or await self._begun(work)
                    stream.begin(_headers(work, settlement.header()))
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
        if settlement is None:
            raise await self._failed(work, ProviderFailed("the provider answers with nothing"))
        # Of an answer that was cut, what was emitted is charged, by our own count of it.
        charge = await self._charge(work, None if reason else counts, stream.text)
        if reason:
            _log.warning("payment %s ends early: %s", work.payment_id, reason)
        last = stream.last(work.call, held, charge.members(work), is_cut=reason is not None)
        outcome = replace(
            charge.outcome,
            answer=stream.emitted + last,
            answer_type="text/event-stream",
            settlement=settlement.header(),
            transaction=settlement.transaction,
        )
        await self._ledger.run(self._ledger.settle, work.payment_id, outcome, charge.channel)
        stream.end(last)

    async def _begun(self, work: Work) -> Settled:
        """Return the settlement that the header of a stream states."""
        if isinstance(work.paid, ExactSettlement):
            return await work.paid.settle(None)
        return _settlement(work, work.paid, work.offer.amount, work.paid.channel, None)

    async def _failed(self, work: Work, problem: ProviderFailed) -> ApiError:
        """Return the answer to a call that the provider has not answered; release its voucher."""
        _log.warning("payment %s: %s", work.payment_id, problem)
        if isinstance(work.paid, ExactSettlement):
            return await work.paid.unanswered(str(problem))
        paid = work.paid
        await self._ledger.run(self._ledger.end, work.payment_id, State.CANCELLED, str(problem), paid.deposit)
        return ApiError(
            502,
            "the provider has given no answer: nothing was charged, and the voucher may be used again",
            code="provider_failed",
            headers={"PAYMENT-RESPONSE": _settlement(work, paid, 0, paid.channel, None).header()},
        )

    async def _charge(self, work: Work, reported: Counts | None, text: str) -> Charge:
        counts = reported
        if counts is None:
            counted = await asyncio.to_thread(counting.count, text) if work.call.output_limit else 0
            counts = Counts(work.call.prompt_tokens, 0, counted, is_estimated=True)
        charged = counts.within(work.call)
        if charged != counts:
            _log.warning("payment %s: the provider counts %s, charged is %s", work.payment_id, counts, charged)
        usage = charged.usage(work.shelf.terms, work.accepted_at)
        cost: Amount = work.shelf.terms.rate_card.tokens(usage)
        is_in_tokens = work.offer.asset == work.shelf.series.address
        if not is_in_tokens:
            cost = work.shelf.price(Tokens(cost))
        channel = receipt = deposit = None
        if isinstance(work.paid, ExactSettlement):
            cost = Units(work.offer.amount)
        else:
            before, deposit = work.paid.channel, work.paid.deposit
            channel = replace(before, usage=before.usage + usage, charged=Tokens(before.charged + cost))
            receipt = self._receipt(work, channel, cost, text)
        outcome = Outcome(
            answer=b"",
            answer_type="",
            settlement="",
            charged=cost,
            usage=usage,
            is_estimated=charged.is_estimated,
            transaction=deposit,
        )
        return Charge(cost, is_in_tokens, charged, outcome, channel, receipt)

    def _receipt(self, work: Work, channel: Channel, cost: Amount, text: str) -> dict[str, Any]:
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
        key = self._keys.get(channel.config.receiver_authorizer, self._provider)
        signed = SignedReceipt.signed(key, self._receipts, receipt)
        document: dict[str, Any] = json.loads(
            ReceiptFile(self._receipts.chain_id, self._receipts.contract, (signed,)).to_json()
        )
        return document


def _settlement(
    work: Work, paid: FromChannel, cost: int, channel: Channel | None, receipt: dict[str, Any] | None
) -> Settled:
    """Return the header of an answer. The SDKs' clients add the charge to their own sum, and compare."""
    assert channel is not None, "a channel pays"
    signed_before = paid.content.voucher.ceiling - work.offer.amount
    state = channel_document(channel, signed_before + cost)
    return Settled(
        success=True,
        network=work.offer.network,
        transaction=paid.deposit,
        payer=paid.content.config.payer,
        extra={"channelState": state, "chargedAmount": str(cost)},
        extensions=None if receipt is None else {"usage-receipt": {"info": receipt}},
    )


def _headers(work: Work, settlement: str) -> dict[str, str]:
    return {"PAYMENT-RESPONSE": settlement, "x-payment-id": work.payment_id}
