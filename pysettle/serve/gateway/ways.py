"""Ways to pay for a call, in the order in which they are offered.

First a channel of Tokens, whose charges the UsageMeter computes on the chain again. Then a channel of e-CNY, which the
gateway charges and nobody computes again. Then one exact payment at the ceiling. Channels of a series that is no longer
sold come last: whoever holds its Tokens may spend them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pysettle.serve.gateway.pricing import quote
from pysettle.serve.gateway.requests import Call
from pysettle.serve.gateway.sdk.wire import ChannelPayment, ExactPayment, Offer, Received
from pysettle.serve.gateway.shelf import Shelf
from pysettle.values import Tokens


@dataclass(frozen=True, slots=True)
class Way:
    """A way to pay for a call."""

    shelf: Shelf
    """Model and series, whose prices apply."""
    offer: Offer
    """Offer of it."""
    accepted: frozenset[int]
    """Amounts that a payment may have been offered shortly before; each covers the call now."""

    def is_paid_by(self, payment: Received) -> bool:
        """Whether a payment accepts the offer."""
        return payment.accepts(self.offer) and payment.amount in map(str, self.accepted)


def ways_of(shelves: Sequence[Shelf], call: Call, now: int) -> list[Way]:
    """Return the ways to pay for a call.

    Args:
        shelves: Shelves that serve the model, the one on sale first.
        call: The call.
        now: Chain time, unix seconds.
    """
    on_sale, *former = shelves
    return [
        _way(on_sale, on_sale.channel_offer, call, now),
        _way(on_sale, on_sale.currency_offer, call, now),
        _way(on_sale, on_sale.exact_offer, call, now),
        *(_way(shelf, shelf.channel_offer, call, now) for shelf in former),
    ]


def chosen(ways: Sequence[Way], payment: Received) -> Way | None:
    """Return the way that a payment has chosen, with the amount that it was offered; None if it has chosen none."""
    content = payment.content
    if not isinstance(content, ExactPayment) and (not isinstance(content, ChannelPayment) or content.kind == "refund"):
        return None
    for way in ways:
        if way.is_paid_by(payment):
            return replace(way, offer=replace(way.offer, amount=int(payment.amount)))
    return None


def _way(shelf: Shelf, offer: Callable[[Tokens], Offer], call: Call, now: int) -> Way:
    price = quote(shelf.terms, call, now)
    return Way(shelf, offer(price.offered), frozenset(offer(ceiling).amount for ceiling in price.accepted))
