"""One exact payment for one call: its price is the ceiling, whatever the call uses.

A payer can cancel a signed transfer, or spend the money elsewhere, until it is settled. The answer of the provider is
therefore withheld until then: an unpaid run is lost, and no answer is. A payer to whom that has happened pays before
the provider is asked.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pysettle.failpoints import reach
from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.asked import Asked
from pysettle.serve.gateway.authorizations import paid_by
from pysettle.serve.gateway.ledger import UNSETTLED, Ledger
from pysettle.serve.gateway.payments import Outcome, State
from pysettle.serve.gateway.replies import unsettled
from pysettle.serve.gateway.sdk import wire
from pysettle.serve.gateway.sdk.facilitators import Facilitator
from pysettle.serve.gateway.sdk.wire import ExactPayment, Offer, Settled
from pysettle.values import Hash32

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork


class ExactSettlement:
    """The settlement of an exact payment, made when its answer is there."""

    def __init__(
        self,
        network: SettlementNetwork,
        ledger: Ledger,
        facilitator: Facilitator,
        payment_id: str,
        asked: Asked,
        offer: Offer,
    ) -> None:
        """Settle a payment of a request when the time comes.

        Args:
            network: Network that it is settled on.
            ledger: Ledger that has the payment.
            facilitator: Settles it.
            payment_id: Id of the payment.
            asked: Request that it came with.
            offer: Offer that it accepts.
        """
        payment = asked.payment
        assert payment is not None
        assert isinstance(payment.content, ExactPayment)
        self._network, self._ledger, self._facilitator = network, ledger, facilitator
        self._payment_id, self._asked, self._offer = payment_id, asked, offer
        self._payload, self._signed = payment.payload, payment.content.authorization
        self._settled: Settled | None = None

    async def settle(self, outcome: Outcome | None, *, is_repeated: bool = False) -> Settled:
        """Settle the payment, once, and return the settlement.

        Args:
            outcome: The answer, which is stored before anything is sent; None if there is none yet.
            is_repeated: Whether the payment may have been sent before.

        Raises:
            ApiError: it is not settled, or its outcome is not known yet: the answer is withheld.
        """
        if self._settled is not None:
            return self._settled
        await self._ledger.run(self._ledger.withhold, self._payment_id, outcome)
        reach("paying")
        transaction = await self._paid() if is_repeated else None
        if transaction is None:
            settled = await self._facilitator.settle(self._payload, self._offer.requirements())
            reach("paid")
            # By the events of the currency, whatever the facilitator says.
            transaction = await self._paid() if settled.success or is_repeated else None
            if transaction is None:
                raise await self._unsettled(settled)
        self._settled = Settled(
            True, self._offer.network, transaction=transaction, payer=self._signed.payer, amount=str(self._offer.amount)
        )
        return self._settled

    async def unanswered(self, reason: str) -> ApiError:
        """Store that the provider has given no answer; return what the client is told."""
        if self._settled is None:
            await self._ledger.run(self._ledger.end, self._payment_id, State.CANCELLED, reason)
            message = "the provider has given no answer: nothing was charged"
            return ApiError(502, message, code="provider_failed")
        transaction = self._settled.transaction
        await self._ledger.run(self._ledger.end, self._payment_id, State.UNKNOWN, reason, transaction)
        message = "the provider has given no answer: repeat the same request with the same payment, which is settled"
        return ApiError(503, message, code="provider_failed", headers={"Retry-After": "5"})

    async def _unsettled(self, settled: Settled) -> ApiError:
        is_open = settled.success or settled.reason == wire.PENDING
        state = State.UNKNOWN if is_open else State.CANCELLED
        reason = wire.PENDING if is_open else UNSETTLED + (settled.reason or "unexpected_settle_error")
        await self._ledger.run(self._ledger.end, self._payment_id, state, reason, settled.transaction)
        if is_open:
            settled = Settled(False, settled.network, reason=wire.PENDING)
        return unsettled(self._asked, [self._offer], settled)

    async def _paid(self) -> Hash32 | None:
        return await asyncio.to_thread(
            paid_by,
            self._network,
            self._signed.payer,
            self._signed.nonce,
            self._offer.pay_to,
            self._offer.amount,
        )
