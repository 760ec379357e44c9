"""What a gateway decides: which payment is taken, what is served for it, and what it costs.

A request goes this way: read it, count it, offer its price; check the payment and its voucher; wait for the turn of its
channel; compare with the channel on the chain; store request and voucher; ask the provider; store answer and charge.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from eth_utils.address import to_checksum_address

from pysettle.domain.channel.receipts import ReceiptFile, SignedReceipt, UsageReceipt, receipt_domain
from pysettle.domain.core.signing import Signer
from pysettle.hashing import keccak
from pysettle.serve.gateway import counting
from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.asked import Asked, Reply
from pysettle.serve.gateway.channels import Channels, Correction
from pysettle.serve.gateway.claims import Claims
from pysettle.serve.gateway.config import Config
from pysettle.serve.gateway.ledger import Channel, Kind, Ledger, NewPayment, Outcome, Payment, State
from pysettle.serve.gateway.pricing import Counts, Quote, quote
from pysettle.serve.gateway.providers import Piece, ProviderFailed, usage_document
from pysettle.serve.gateway.queue import Turns, TurnsTaken
from pysettle.serve.gateway.requests import Call, named_model, parse_body, parse_call
from pysettle.serve.gateway.sdk import wire
from pysettle.serve.gateway.sdk.facilitators import Facilitator
from pysettle.serve.gateway.sdk.wire import ChannelPayment, Offer, Received, Settled
from pysettle.serve.gateway.shelf import Shelf
from pysettle.values import Hash32, Timestamp, Tokens

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork

_log = logging.getLogger("pysettle.gateway")
REPLAY_HEADER = {"x-idempotent-replay": "1"}


class Gateway:
    """A gateway without its HTTP."""

    def __init__(
        self,
        config: Config,
        network: SettlementNetwork,
        shelves: Mapping[str, Shelf],
        ledger: Ledger,
        facilitator: Facilitator,
        claims: Claims,
        provider: Signer,
    ) -> None:
        """Put the parts together.

        Args:
            config: The configuration.
            network: Network that it is paid on.
            shelves: Model -> what is on sale.
            ledger: Its ledger.
            facilitator: Settles deposits, purchases and refunds.
            claims: Its claims.
            provider: Key that signs receipts.
        """
        self.config, self.network, self.shelves, self.ledger = config, network, shelves, ledger
        self.facilitator, self.claims, self._provider = facilitator, claims, provider
        self.channels = Channels(network, ledger, claims)
        self.turns = Turns(config.limits.wait_s, config.limits.held_s)
        self.models = {model.name: model for model in config.models}
        self._running: dict[bytes, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[Reply]] = set()
        self._receipts = receipt_domain(network.chain.chain_id, network.hub.address)

    async def infer(self, path: str, asked: Asked) -> Reply:
        """Answer a request for inference.

        Raises:
            ApiError: it is refused; nothing was charged.
        """
        body = parse_body(asked.body)
        shelf = self.shelves[named_model(body, self.models).name]
        if (known := await self.known(asked)) is not None:
            return known
        call = await asyncio.to_thread(parse_call, path, body, shelf.model)
        now = await asyncio.to_thread(self.network.chain.clock.now)
        price = quote(shelf.terms, call, now)
        offer = shelf.channel_offer(price.offered)
        if asked.payment is None:
            raise unpaid(asked, [offer])
        content = asked.payment.content
        if not isinstance(content, ChannelPayment) or content.kind == "refund":
            raise unpaid(asked, [offer], "unsupported_scheme")
        if not asked.payment.accepts(offer) or int(asked.payment.amount) not in price.accepted:
            raise unpaid(asked, [offer], "the payment accepts no offer of this request")
        await self.channels.check(shelf, content, asked, offer)
        accepted = replace(offer, amount=int(asked.payment.amount))
        assert asked.key is not None, "a payment has a key"
        return await self.once(asked.key, asked, self._served(call, shelf, asked, accepted, price, now))

    async def _served(self, call: Call, shelf: Shelf, asked: Asked, offer: Offer, price: Quote, now: int) -> Reply:
        """Serve a call in the turn of its channel."""
        payment = asked.payment
        assert payment is not None
        content = payment.content
        assert isinstance(content, ChannelPayment)
        channel_id = content.voucher.channel_id
        known = await self.ledger.run(self.ledger.channel, channel_id)
        is_next = known is not None and content.voucher.ceiling >= known.charged + offer.amount
        try:
            async with self.turns.turn(channel_id, asked.hash, is_next=is_next) as turn:
                try:
                    channel, deposit = await self._covered(shelf, content, payment, asked, offer)
                except Correction as correction:
                    turn.hold()
                    raise corrected(asked, offer, correction.channel) from correction
                # Another request of the same key may have had the turn before.
                found = await self.ledger.run(self.ledger.find, asked.key, asked.paid_by)
                if found is not None and found.state is not State.CANCELLED:
                    return replayed(found, asked)
                new = NewPayment(
                    key=asked.key or b"",
                    payload=asked.paid_by,
                    kind=Kind.CALL,
                    request=asked.hash,
                    body=asked.body,
                    payer=content.config.payer,
                    channel=channel_id,
                    model=call.model.name,
                    accepted_at=now,
                    offered=offer.amount,
                )
                payment_id = await self.ledger.run(self.ledger.begin, new, State.EXECUTING, content.voucher)
                work = Work(payment_id, call, shelf, channel, content, asked, offer, now, deposit)
                return await self._answered(work)
        except TurnsTaken as problem:
            raise ApiError(
                409,
                "other requests of this channel are served first: repeat this one, or use one salt for each worker",
                code=wire.BUSY,
                headers={"Retry-After": "1"},
            ) from problem

    async def _covered(
        self, shelf: Shelf, content: ChannelPayment, payment: Received, asked: Asked, offer: Offer
    ) -> tuple[Channel, Hash32 | None]:
        """Return the channel, whose balance on the chain covers the call, and the transaction of a deposit.

        Raises:
            Correction: the voucher does not follow the last one.
            ApiError: the payment is refused.
        """
        channel = await self.channels.refreshed(content.config, content.voucher.channel_id)
        needed, ceiling = channel.charged + offer.amount, content.voucher.ceiling
        has_room = offer.amount <= channel.free
        if ceiling < needed or (has_room and (content.kind == "deposit" or ceiling > channel.state.balance)):
            raise Correction(channel)
        transaction = None
        if content.kind == "deposit":
            transaction = await self._deposit(payment, asked, offer)
            channel = await self.channels.refreshed(content.config, content.voucher.channel_id)
        if ceiling > channel.state.balance:
            raise unpaid(asked, [offer], wire.EXCEEDS_BALANCE if channel.state.balance else wire.NO_CHANNEL)
        if offer.amount > channel.free:
            raise unpaid(asked, [offer], wire.WITHDRAWING)
        return channel, transaction

    async def _deposit(self, payment: Received, asked: Asked, offer: Offer) -> Hash32:
        """Have a deposit settled: nothing is served against one that is not in a block."""
        requirements = offer.requirements()
        refusal = await self.facilitator.verify(payment.payload, requirements)
        if refusal is not None:
            raise unpaid(asked, [offer], refusal)
        settled = await self.facilitator.settle(payment.payload, requirements)
        if not settled.success:
            raise unsettled(asked, [offer], settled)
        assert settled.transaction is not None, "a settled deposit has a transaction"
        return settled.transaction

    async def _answered(self, work: Work) -> Reply:
        """Ask the provider; store its answer with the charge."""
        try:
            pieces = [piece async for piece in work.shelf.provider.answer(work.call)]
        except ProviderFailed as problem:
            _log.warning("payment %s: %s", work.payment_id, problem)
            await self.ledger.run(self.ledger.end, work.payment_id, State.CANCELLED, str(problem), work.deposit)
            raise ApiError(
                502,
                "the provider has given no answer: nothing was charged, and the voucher may be used again",
                code="provider_failed",
                headers={"PAYMENT-RESPONSE": self._settlement(work, Tokens(0), work.channel, None).header()},
            ) from problem
        (piece,) = pieces
        return await self._charged(work, piece)

    async def _charged(self, work: Work, piece: Piece) -> Reply:
        counts = piece.counts
        if counts is None:
            counts = await asyncio.to_thread(_estimated, work.call, piece.text)
        charged = counts.within(work.call)
        if charged != counts:
            _log.warning("payment %s: the provider counts %s, charged is %s", work.payment_id, counts, charged)
        usage = charged.usage(work.shelf.terms, work.accepted_at)
        total = work.channel.usage + usage
        cost = work.shelf.terms.rate_card.tokens(usage)
        channel = replace(work.channel, usage=total, charged=Tokens(work.channel.charged + cost))
        receipt = self._receipt(work, channel, cost, piece.text)
        document = piece.document | {
            "usage": usage_document(charged) | ({"estimated": True} if charged.is_estimated else {}),
            "x402": {"payment_id": work.payment_id, "charged_tokens": str(cost), "receipt": receipt},
        }
        body = json.dumps(document, ensure_ascii=False).encode()
        settlement = self._settlement(work, cost, channel, receipt).header()
        outcome = Outcome(
            answer=body,
            answer_type="application/json",
            settlement=settlement,
            charged=cost,
            usage=usage,
            is_estimated=charged.is_estimated,
            transaction=work.deposit,
        )
        await self.ledger.run(self.ledger.settle, work.payment_id, outcome, channel)
        return Reply(200, body, headers={"PAYMENT-RESPONSE": settlement, "x-payment-id": work.payment_id})

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
        signed = SignedReceipt.signed(self._provider, self._receipts, receipt)
        document: dict[str, Any] = json.loads(
            ReceiptFile(self._receipts.chain_id, self._receipts.contract, (signed,)).to_json()
        )
        return document

    def _settlement(self, work: Work, cost: Tokens, channel: Channel, receipt: dict[str, Any] | None) -> Settled:
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

    # Keys

    async def known(self, asked: Asked) -> Reply | None:
        """Return the answer that a key or a payload has already; wait for it while it is being made.

        Raises:
            ApiError: the key belongs to another request, or its answer takes longer than a request may wait.
        """
        key = asked.key
        if key is None:
            return None
        running = self._running.get(key)
        if running is not None:
            try:
                async with asyncio.timeout(self.config.limits.wait_s):
                    await running.wait()
            except TimeoutError:
                raise _in_progress() from None
        payload = asked.paid_by if asked.payment else None
        found = await self.ledger.run(self.ledger.find, key, payload)
        if found is None or (found.state is State.CANCELLED and found.request == asked.hash):
            return None
        if found.state is State.EXECUTING and not asked.is_unique:
            return None  # it waits for its own turn
        return replayed(found, asked)

    async def once(self, key: bytes, asked: Asked, work: Coroutine[Any, Any, Reply]) -> Reply:
        """Do the work of a key, once at a time; whoever asks with the same key meanwhile gets its answer."""
        if key in self._running:
            work.close()
            known = await self.known(asked)
            if known is None:
                raise _in_progress()
            return known
        # Begun, a paid request is carried through: the client may have left, its answer is kept for its key.
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if asked.is_unique:
            ended = self._running[key] = asyncio.Event()

            def end(_: object) -> None:
                del self._running[key]
                ended.set()

            task.add_done_callback(end)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Close connections and the ledger, after the requests that are being served."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for shelf in self.shelves.values():
            await shelf.provider.close()
        await self.facilitator.close()
        self.ledger.close()


class Work:
    """A call that is paid for."""

    def __init__(
        self,
        payment_id: str,
        call: Call,
        shelf: Shelf,
        channel: Channel,
        content: ChannelPayment,
        asked: Asked,
        offer: Offer,
        accepted_at: int,
        deposit: Hash32 | None,
    ) -> None:
        """Store what is known of it.

        Args:
            payment_id: Id of its payment.
            call: The call.
            shelf: Its model.
            channel: Channel that pays, before it.
            content: Payload that pays.
            asked: Request that it came with.
            offer: Offer that the payload accepts.
            accepted_at: Chain time of its acceptance.
            deposit: Transaction of the deposit that came with it.
        """
        self.payment_id, self.call, self.shelf, self.channel = payment_id, call, shelf, channel
        self.content, self.asked, self.offer = content, asked, offer
        self.accepted_at, self.deposit = accepted_at, deposit


def unpaid(asked: Asked, offers: Sequence[Offer], error: str | None = None) -> ApiError:
    """Return the answer that offers ways to pay, and names the problem of a payment that was refused."""
    header = wire.required_header([offer.requirements() for offer in offers], asked.url, error)
    message = "this request has to be paid: see the header PAYMENT-REQUIRED" if error is None else error
    return ApiError(402, message, code=error or "payment_required", headers={"PAYMENT-REQUIRED": header})


def corrected(asked: Asked, offer: Offer, channel: Channel) -> ApiError:
    """Return the answer that tells a client its last voucher and the charges so far.

    It has the offer of that channel alone: the SDKs' clients correct the first one that they find.
    """
    extra: dict[str, Any] = {}
    if channel.voucher is not None:
        extra = {
            "channelState": channel_document(channel, channel.charged),
            "voucherState": {
                "signedMaxClaimable": str(channel.voucher.ceiling),
                "signature": "0x" + channel.voucher.signature.hex(),
            },
        }
    header = wire.required_header([offer.requirements(extra)], asked.url, wire.MISMATCH)
    return ApiError(
        402,
        "the voucher does not follow the last one: the header PAYMENT-REQUIRED has it",
        code=wire.MISMATCH,
        headers={"PAYMENT-REQUIRED": header},
    )


def unsettled(asked: Asked, offers: Sequence[Offer], settled: Settled) -> ApiError:
    """Return the answer to a payment that was not settled; a client must not pay again for an unknown outcome."""
    if settled.reason == wire.PENDING:
        return ApiError(
            503,
            "the transaction is sent and in no block yet: repeat the same request with the same payment",
            code=wire.PENDING,
            headers={"Retry-After": "5"},
        )
    return unpaid(asked, offers, settled.reason or "unexpected_settle_error")


def channel_document(channel: Channel, charged: Tokens) -> dict[str, Any]:
    """Return a channel as the SDKs' clients read it."""
    state = channel.state
    return {
        "channelId": "0x" + channel.id.hex(),
        "balance": str(state.balance),
        "totalClaimed": str(state.claimed),
        "withdrawRequestedAt": state.withdrawable_at and state.withdrawable_at - channel.config.withdraw_delay_s,
        "chargedCumulativeAmount": str(charged),
        "payer": to_checksum_address(channel.config.payer),
    }


def replayed(found: Payment, asked: Asked) -> Reply:
    """Return the stored answer of a key.

    Raises:
        ApiError: the key belongs to another request, or has no answer yet.
    """
    if found.request != asked.hash:
        raise ApiError(409, "this key belongs to another request", code="idempotency_key_reused")
    if found.state is State.SETTLED and found.answer is not None and found.settlement is not None:
        headers = {"PAYMENT-RESPONSE": found.settlement, "x-payment-id": found.id, **REPLAY_HEADER}
        return Reply(200, found.answer, found.answer_type or "application/json", headers)
    if found.state is State.UNKNOWN:
        raise ApiError(
            503,
            f"the outcome of payment {found.id} is not known yet: ask again with the same key",
            code=wire.PENDING,
            headers={"Retry-After": "5"},
        )
    raise _in_progress()


def _in_progress() -> ApiError:
    return ApiError(
        409, "the request of this key is being served", code="idempotency_in_progress", headers={"Retry-After": "1"}
    )


def _estimated(call: Call, text: str) -> Counts:
    return Counts(call.prompt_tokens, 0, counting.count(text), is_estimated=True)
