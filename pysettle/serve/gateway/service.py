"""What a gateway decides: which payment is taken, what is served for it, and what it costs.

A request goes this way: read it, count it, offer its price; check the payment and its voucher; wait for the turn of its
channel; compare with the channel on the chain; store request and voucher; ask the provider; store answer and charge.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pysettle.domain.channel.receipts import receipt_domain
from pysettle.domain.core.messages import ChannelId
from pysettle.domain.core.signing import Signer
from pysettle.failpoints import reach
from pysettle.serve.gateway.answering import Answering, FromChannel, Work
from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.asked import Asked, Reply
from pysettle.serve.gateway.channels import Channels, Correction
from pysettle.serve.gateway.claims import Claims
from pysettle.serve.gateway.config import Config
from pysettle.serve.gateway.exact import ExactSettlement
from pysettle.serve.gateway.ledger import Ledger
from pysettle.serve.gateway.payments import Channel, Kind, NewPayment, Payment, State
from pysettle.serve.gateway.queue import Turns, TurnsTaken
from pysettle.serve.gateway.reconciling import Reconciling
from pysettle.serve.gateway.replies import corrected, in_progress, replayed, unpaid, unsettled
from pysettle.serve.gateway.requests import Call, named_model, parse_body, parse_call
from pysettle.serve.gateway.sdk import wire
from pysettle.serve.gateway.sdk.facilitators import Facilitator
from pysettle.serve.gateway.sdk.wire import ChannelPayment, ExactPayment, Offer, read_payment
from pysettle.serve.gateway.shelf import Shelf, Shelves
from pysettle.serve.gateway.streams import Stream
from pysettle.serve.gateway.watching import Watch
from pysettle.serve.gateway.ways import Way, chosen, ways_of
from pysettle.values import Address, Hash32, Tokens

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork

_log = logging.getLogger("pysettle.gateway")


class Gateway:
    """A gateway without its HTTP."""

    def __init__(
        self,
        config: Config,
        network: SettlementNetwork,
        shelves: Shelves,
        ledger: Ledger,
        facilitator: Facilitator,
        claims: Claims,
        provider: Signer,
        relayer: Signer,
    ) -> None:
        """Put the parts together.

        Args:
            config: The configuration.
            network: Network that it is paid on.
            shelves: Models on sale.
            ledger: Its ledger.
            facilitator: Settles deposits, purchases and refunds.
            claims: Its claims.
            provider: Key that signs receipts for channels of Tokens.
            relayer: Key that signs them for channels of e-CNY, whose claims it authorizes.
        """
        self.config, self.network, self.shelves, self.ledger = config, network, shelves, ledger
        self.facilitator, self.claims = facilitator, claims
        self.channels = Channels(network, ledger, claims)
        self.turns = Turns(config.limits.wait_s, config.limits.held_s)
        self._running: dict[bytes, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[Reply]] = set()
        receipts = receipt_domain(network.chain.chain_id, network.hub.address)
        self.watch = Watch(network, shelves, ledger, claims, config)
        """Its watch on the chain."""
        self.reconciling = Reconciling(network, ledger, shelves)
        """Finds the outcomes of payments that were begun."""
        self._answering = Answering(ledger, [provider, relayer], receipts)

    async def infer(self, path: str, asked: Asked) -> Reply:
        """Answer a request for inference.

        Raises:
            ApiError: it is refused; nothing was charged.
        """
        body = parse_body(asked.body)
        model = named_model(body, self.shelves.models)
        if (known := await self.known(asked)) is not None:
            return known
        now = await asyncio.to_thread(self.network.chain.clock.now)
        shelves = self.watch.open(self.shelves.serving(model.name, now))
        call = await asyncio.to_thread(parse_call, path, body, model)
        ways = ways_of(shelves, call, now)
        stream = Stream() if call.is_stream else None
        if (begun := await self._begun(asked)) is not None and begun.signed is not None:
            asked = replace(asked, payment=read_payment(begun.signed))
            offer = replace(shelves[0].exact_offer(Tokens(0)), amount=begun.offered)
            assert asked.key is not None, "it was found by it"
            work = self._served_for_exact(call, Way(shelves[0], offer, frozenset()), asked, now, stream, begun)
            return await self.once(asked.key, asked, work, stream)
        offers = [way.offer for way in ways]
        if asked.payment is None:
            raise unpaid(asked, offers)
        way = chosen(ways, asked.payment)
        if way is None:
            raise unpaid(asked, offers, "the payment accepts no offer of this request")
        if isinstance(asked.payment.content, ExactPayment):
            work = self._served_for_exact(call, way, asked, now, stream, None)
        else:
            await self.channels.check(asked.payment.content, asked, way.offer)
            await self.channels.check_payer(asked.payment.content.config.payer)
            work = self._served(call, way, asked, asked.payment.content, now, stream)
        assert asked.key is not None, "a payment has a key"
        return await self.once(asked.key, asked, work, stream)

    async def _served(
        self, call: Call, way: Way, asked: Asked, content: ChannelPayment, now: int, stream: Stream | None
    ) -> Reply:
        """Serve a call in the turn of its channel, which a stream keeps until its end."""
        shelf, offer = way.shelf, way.offer
        channel_id = content.voucher.channel_id
        known = await self.ledger.run(self.ledger.channel, channel_id)
        is_next = known is not None and content.voucher.ceiling >= known.charged + offer.amount
        try:
            async with self.turns.turn(channel_id, asked.hash, is_next=is_next) as turn:
                try:
                    channel, deposit = await self._covered(shelf, content, asked, offer)
                except Correction as correction:
                    turn.hold()
                    raise corrected(asked, offer, correction.channel) from correction
                # Another request of the same key may have had the turn before.
                found = await self.ledger.run(self.ledger.find, asked.key, asked.paid_by)
                if found is not None and found.state is not State.CANCELLED:
                    return replayed(found, asked)
                kind = Kind.CALL if offer.asset == shelf.series.address else Kind.CURRENCY
                new = _new(kind, call, asked, offer, content.config.payer, now, channel=channel_id)
                payment_id = await self.ledger.run(self.ledger.begin, new, State.EXECUTING, content.voucher)
                reach("stored")
                paid = FromChannel(channel, content, deposit)
                return await self._answered(Work(payment_id, call, shelf, asked, offer, now, paid), stream)
        except TurnsTaken as problem:
            raise ApiError(
                409,
                "other requests of this channel are served first: repeat this one, or use one salt for each worker",
                code=wire.BUSY,
                headers={"Retry-After": "1"},
            ) from problem

    async def _begun(self, asked: Asked) -> Payment | None:
        """Return the exact payment of a key that was begun, and may have been sent, but has no answer yet."""
        if asked.key is None:
            return None
        found = await self.ledger.run(self.ledger.find, asked.key, asked.paid_by if asked.payment else None)
        is_open = found is not None and found.kind is Kind.EXACT and found.state is State.UNKNOWN
        return found if found is not None and is_open and found.request == asked.hash else None

    async def _served_for_exact(
        self, call: Call, way: Way, asked: Asked, now: int, stream: Stream | None, begun: Payment | None
    ) -> Reply:
        """Serve a call for one exact payment, whose answer is withheld until it is settled.

        A payment that was begun before is settled first: it may have paid, but has no answer yet.
        """
        offer, payment = way.offer, asked.payment
        assert payment is not None
        assert isinstance(payment.content, ExactPayment)
        payer, nonce = payment.content.authorization.payer, payment.content.authorization.nonce
        if begun is not None:
            payment_id = begun.id
        else:
            refusal = await self.facilitator.verify(payment.payload, offer.requirements())
            if refusal is not None:
                raise unpaid(asked, [offer], refusal)
            new = _new(Kind.EXACT, call, asked, offer, payer, now, nonce=nonce, signed=payment.header)
            payment_id = await self.ledger.run(self.ledger.begin, new, State.EXECUTING)
        reach("stored")
        paid = ExactSettlement(self.network, self.ledger, self.facilitator, payment_id, asked, offer)
        if begun is not None or await self.ledger.run(self.ledger.has_failed, payer):
            await paid.settle(None, is_repeated=begun is not None)
        return await self._answered(Work(payment_id, call, way.shelf, asked, offer, now, paid), stream)

    async def _answered(self, work: Work, stream: Stream | None) -> Reply:
        if stream is None:
            return await self._answering.whole(work)
        await self._answering.streamed(work, stream)
        return await stream.started

    async def _covered(
        self, shelf: Shelf, content: ChannelPayment, asked: Asked, offer: Offer
    ) -> tuple[Channel, Hash32 | None]:
        """Return the channel, whose balance on the chain covers the call, and the transaction of a deposit.

        Raises:
            Correction: the voucher does not follow the last one.
            ApiError: the payment is refused.
        """
        channel = await self.channels.refreshed(content.config, content.voucher.channel_id)
        owing = await self.ledger.run(self.ledger.owing, channel.config.payer, channel.config.token)
        owed = sum(it.charged - it.state.claimed for it in owing) + offer.amount
        most, most_of_payer = (
            exposure(is_in_tokens=channel.is_in_tokens) for exposure in (shelf.exposure, shelf.payer_exposure)
        )
        if channel.charged - channel.state.claimed + offer.amount > most or owed > most_of_payer:
            await asyncio.to_thread(self.claims.claim, owing if owed > most_of_payer else [channel])
            channel = await self.channels.refreshed(content.config, content.voucher.channel_id)
        needed, ceiling = channel.charged + offer.amount, content.voucher.ceiling
        has_room = offer.amount <= channel.free
        if ceiling < needed or (has_room and (content.kind == "deposit" or ceiling > channel.state.balance)):
            raise Correction(channel)
        transaction = None
        if content.kind == "deposit":
            transaction = await self._deposit(asked, offer)
            reach("deposited")
            channel = await self.channels.refreshed(content.config, content.voucher.channel_id)
        if ceiling > channel.state.balance:
            raise unpaid(asked, [offer], wire.EXCEEDS_BALANCE if channel.state.balance else wire.NO_CHANNEL)
        if offer.amount > channel.free:
            raise unpaid(asked, [offer], wire.WITHDRAWING)
        return channel, transaction

    async def _deposit(self, asked: Asked, offer: Offer) -> Hash32:
        """Have a deposit settled: nothing is served against one that is not in a block."""
        payment, requirements = asked.payment, offer.requirements()
        assert payment is not None
        refusal = await self.facilitator.verify(payment.payload, requirements)
        if refusal is not None:
            raise unpaid(asked, [offer], refusal)
        settled = await self.facilitator.settle(payment.payload, requirements)
        if not settled.success:
            raise unsettled(asked, [offer], settled)
        assert settled.transaction is not None, "a settled deposit has a transaction"
        return settled.transaction

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
                raise in_progress() from None
        payload = asked.paid_by if asked.payment else None
        found = await self.ledger.run(self.ledger.find, key, payload)
        if found is not None and found.request == asked.hash and found.is_open:
            await self.reconciling.reconcile(found)
            found = await self.ledger.run(self.ledger.find, key, payload)
            if found is not None and found.kind is Kind.EXACT and found.state is State.UNKNOWN:
                return None  # it is settled, if it is not yet, and answered
        if found is None or (found.state is State.CANCELLED and found.request == asked.hash):
            return None
        if found.state is State.EXECUTING and not asked.is_unique:
            return None  # it waits for its own turn
        return replayed(found, asked)

    async def once(
        self, key: bytes, asked: Asked, work: Coroutine[Any, Any, Reply], stream: Stream | None = None
    ) -> Reply:
        """Do the work of a key, once at a time; whoever asks with the same key meanwhile gets its answer.

        A stream is returned as soon as it begins, while the work goes on.
        """
        if key in self._running:
            work.close()
            known = await self.known(asked)
            if known is None:
                raise in_progress()
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
        if stream is None:
            return await asyncio.shield(task)
        task.add_done_callback(lambda ended: _close(stream, ended))
        await asyncio.wait({task, stream.started}, return_when=asyncio.FIRST_COMPLETED)
        return stream.started.result() if stream.started.done() else task.result()

    async def close(self) -> None:
        """Close connections and the ledger, after the requests that are being served."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for shelf in self.shelves:
            await shelf.provider.close()
        await self.facilitator.close()
        self.ledger.close()


def _new(
    kind: Kind,
    call: Call,
    asked: Asked,
    offer: Offer,
    payer: Address,
    now: int,
    *,
    channel: ChannelId | None = None,
    nonce: bytes | None = None,
    signed: str | None = None,
) -> NewPayment:
    assert asked.key is not None, "a payment has a key"
    return NewPayment(
        key=asked.key,
        payload=asked.paid_by,
        kind=kind,
        request=asked.hash,
        body=asked.body,
        payer=payer,
        channel=channel,
        model=call.model.name,
        accepted_at=now,
        offered=offer.amount,
        nonce=nonce,
        signed=signed,
    )


def _close(stream: Stream, ended: asyncio.Task[Reply]) -> None:
    """End a stream, whatever has happened to its work."""
    stream.close()
    if stream.has_begun and not ended.cancelled() and (problem := ended.exception()) is not None:
        _log.error("a stream has ended early", exc_info=problem)
