"""Outcomes of payments that were begun: they are found on the chain, and nothing is signed or sent anew."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from pysettle.domain.channel.events import ChannelRefunded
from pysettle.domain.compute.events import Purchased
from pysettle.domain.core import events
from pysettle.serve.gateway.authorizations import paid_by, spending
from pysettle.serve.gateway.ledger import Ledger
from pysettle.serve.gateway.payments import Channel, Kind, Outcome, Payment, State
from pysettle.serve.gateway.replies import channel_document
from pysettle.serve.gateway.sdk.wire import ExactPayment, Settled, read_payment
from pysettle.serve.gateway.shelf import Shelves
from pysettle.values import Address, Hash32

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork


class Reconciling:
    """Finds the outcomes of the payments of a ledger."""

    def __init__(self, network: SettlementNetwork, ledger: Ledger, shelves: Shelves) -> None:
        """Look at a network for the payments of a ledger."""
        self._network, self._ledger, self._shelves = network, ledger, shelves

    async def reconcile(self, found: Payment) -> None:
        """Find the outcome of a payment.

        A call that was with its provider is released: its voucher and key may be used again, and the lost run is the
        seller's. A purchase has been paid if the series says so; else its authorization is still good, and can deliver
        once at most. An exact payment for a call has been paid if the currency says so, and its answer may be stored;
        else its client repeats it. The rest of a channel was returned if the hub says so; else its payer asks again.
        """
        if found.kind is Kind.EXACT and found.state is not State.EXECUTING:
            await self._reconcile_exact(found)
            return
        outcome = None
        if found.kind is Kind.TOKENS and found.nonce is not None:
            made = await asyncio.to_thread(self.purchase, found.payer, found.nonce)
            outcome = made and delivered(found.id, *made, self._chain_name)
        elif found.kind is Kind.REFUND and found.nonce is not None:
            outcome = await asyncio.to_thread(self._returned, found, int.from_bytes(found.nonce, "big"))
        if outcome is not None:
            await self._ledger.run(self._ledger.settle, found.id, outcome)
            return
        reason = "the gateway has ended before the answer"
        await self._ledger.run(self._ledger.end, found.id, State.CANCELLED, reason, found.transaction)

    async def _reconcile_exact(self, found: Payment) -> None:
        assert found.nonce is not None, "an exact payment has a nonce"
        transaction = await asyncio.to_thread(
            paid_by, self._network, found.payer, found.nonce, self._shelves.provider, found.offered
        )
        # A whole answer was stored with a settlement, empty as yet; the text of a stream without one.
        if transaction is None or found.answer is None or found.settlement is None:
            is_over = transaction is None and await asyncio.to_thread(self._is_over, found)
            state = State.CANCELLED if is_over else State.UNKNOWN
            reason = "not paid" if transaction is None else "paid, and not answered"
            await self._ledger.run(self._ledger.end, found.id, state, reason, transaction)
            return
        settled = Settled(True, self._chain_name, transaction=transaction, payer=found.payer, amount=str(found.offered))
        outcome = Outcome(
            answer=found.answer,
            answer_type=found.answer_type or "application/json",
            settlement=settled.header(),
            charged=found.offered,
            usage=found.usage,
            is_estimated=found.is_estimated,
            transaction=transaction,
        )
        await self._ledger.run(self._ledger.settle, found.id, outcome)

    def purchase(self, payer: Address, nonce: bytes) -> tuple[Purchased, Address, Hash32] | None:
        """Return the purchase that an authorization has paid, its series and transaction; None if it has paid none."""
        series = {shelf.series.address for shelf in self._shelves}
        receipt = spending(self._network, payer, nonce)
        for log in receipt.logs if receipt else ():
            bought = events.decode(log.topics, log.data) if log.address in series else None
            if isinstance(bought, Purchased) and bought.payer == payer:
                return bought, log.address, log.transaction_hash
        return None

    def _returned(self, found: Payment, nonce: int) -> Outcome | None:
        """Return the outcome of a refund if its nonce is used: this provider alone approves refunds, one a nonce."""
        network, ledger = self._network, self._ledger
        channel = None if found.channel is None else ledger.channel(found.channel)
        if channel is None or network.hub.refund_nonce(channel.id) <= nonce:
            return None
        logs = network.chain.logs(
            from_block=network.first_block,
            addresses=[network.hub.address],
            topics=events.topics(ChannelRefunded),
            ids=[channel.id],
        )
        for log in logs:
            event = events.decode(log.topics, log.data)
            if isinstance(event, ChannelRefunded) and event.nonce == nonce:
                now = replace(channel, state=network.hub.state(channel.config))
                return returned(found.id, now, event.amount, log.transaction_hash, self._chain_name)
        return None

    def _is_over(self, found: Payment) -> bool:
        """Whether an exact payment can no longer be settled."""
        content = read_payment(found.signed).content if found.signed else None
        return (
            isinstance(content, ExactPayment) and content.authorization.valid_before <= self._network.chain.clock.now()
        )

    @property
    def _chain_name(self) -> str:
        return f"eip155:{self._network.chain.chain_id}"


def delivered(payment_id: str, bought: Purchased, series: Address, transaction: Hash32, network: str) -> Outcome:
    """Return the answer to a purchase.

    Args:
        payment_id: Its payment.
        bought: Event of it.
        series: Its series.
        transaction: Its transaction.
        network: Chain, as x402 names it.
    """
    document = {
        "object": "tokens",
        "payment_id": payment_id,
        "series": "0x" + series.hex(),
        "tokens": str(bought.tokens),
        "paid_micro_yuan": str(bought.paid),
        "beneficiary": "0x" + bought.beneficiary.hex(),
        "transaction": "0x" + transaction.hex(),
    }
    settled = Settled(True, network, transaction=transaction, payer=bought.payer, amount=str(bought.paid))
    return Outcome(
        answer=json.dumps(document).encode(),
        answer_type="application/json",
        settlement=settled.header(),
        charged=bought.paid,
        transaction=transaction,
    )


def returned(payment_id: str, channel: Channel, amount: int, transaction: Hash32 | None, network: str) -> Outcome:
    """Return the answer to a refund.

    Args:
        payment_id: Its payment.
        channel: The channel after it.
        amount: Amount that went back.
        transaction: Its transaction.
        network: Chain, as x402 names it.
    """
    unit = "tokens" if channel.is_in_tokens else "micro_yuan"
    document = {
        "object": "refund",
        "payment_id": payment_id,
        "channel": "0x" + channel.id.hex(),
        f"returned_{unit}": str(amount),
        f"charged_{unit}": str(channel.charged),
    }
    settled = Settled(
        True,
        network,
        transaction=transaction,
        payer=channel.config.payer,
        amount=str(amount),
        extra={"channelState": channel_document(channel, channel.charged)},
    )
    return Outcome(
        answer=json.dumps(document).encode(),
        answer_type="application/json",
        settlement=settled.header(),
        charged=0,
        transaction=transaction,
    )
