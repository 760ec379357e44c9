"""The end of a gateway, and its figures: nothing new is served, everything is claimed, settled and refundable."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pysettle.errors import ChainError, TransactionRefused
from pysettle.serve.gateway.claims import Claims
from pysettle.serve.gateway.ledger import Ledger
from pysettle.serve.gateway.payments import Channel
from pysettle.values import SeriesId

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork
    from pysettle.values import Address

_POLL_S = 0.2
_TRIES = 5
"""Times that a claim is sent again that met another transaction of the relayer."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The channels of a gateway in one token: sums, in its smallest units."""

    token: Address
    """The token: a series, or the currency."""
    is_in_tokens: bool
    """Whether it is a series."""
    channel_count: int
    """Channels."""
    charged: int
    """Charges of everything served."""
    claimed: int
    """Part of them that is claimed on the chain."""
    settled: int
    """Amount that the hub has passed to their receiver, of all its channels."""
    refundable: int
    """Amount that goes back to the payers when they ask."""


def standings(network: SettlementNetwork, ledger: Ledger) -> list[Standing]:
    """Return the sums of each token, by the ledger and by the chain as it is now."""
    found: list[Standing] = []
    for token, channels in _by_token(refreshed(network, ledger)).items():
        receivers = {channel.config.receiver for channel in channels}
        found.append(
            Standing(
                token=token,
                is_in_tokens=channels[0].config.receiver == token,
                channel_count=len(channels),
                charged=sum(channel.charged for channel in channels),
                claimed=sum(channel.state.claimed for channel in channels),
                settled=sum(network.hub.receiver_totals(receiver, token)[1] for receiver in receivers),
                refundable=sum(max(0, channel.state.balance - channel.charged) for channel in channels),
            )
        )
    return found


def refreshed(network: SettlementNetwork, ledger: Ledger) -> list[Channel]:
    """Return every channel of a ledger, with its state on the chain as it is now."""
    for channel in ledger.channels():
        ledger.update(channel.id, network.hub.state(channel.config))
    return ledger.channels()


def drain(network: SettlementNetwork, ledger: Ledger, claims: Claims, patience_s: float) -> list[Standing]:
    """Let nothing new begin, wait for what has begun, claim and settle everything; return the sums afterwards.

    Args:
        network: Network that the gateway is paid on.
        ledger: Its ledger, which a running gateway may have open.
        claims: Its claims.
        patience_s: Longest wait for what is being served, in seconds.

    Raises:
        ChainError: something is not finished in time, or not claimed; the gateway stays drained.
    """
    ledger.drain()
    deadline = time.monotonic() + patience_s
    while unfinished := ledger.unfinished():
        if time.monotonic() >= deadline:
            raise ChainError(
                f"{len(unfinished)} payments have no outcome yet, the first is {unfinished[0].id}: start the gateway, "
                "which finds their outcomes, and drain it again",
                payment_count=len(unfinished),
            )
        time.sleep(_POLL_S)
    for token, channels in _by_token(refreshed(network, ledger)).items():
        _repeated(partial(claims.claim, channels))
        _repeated(partial(claims.settle, SeriesId(token)))
    found = standings(network, ledger)
    missing = sum(standing.charged - standing.claimed for standing in found)
    if missing:
        raise ChainError(
            f"{missing:,} units are charged and not claimed: look at the channels with `pysettle gateway status`",
            missing=missing,
        )
    return found


def _by_token(channels: Sequence[Channel]) -> Mapping[Address, list[Channel]]:
    tokens = sorted({channel.config.token for channel in channels})
    return {token: [channel for channel in channels if channel.config.token == token] for token in tokens}


def _repeated(act: Callable[[], object]) -> None:
    """Act again while another program takes the relayer's next nonce: a refund may be on its way."""
    for tries_left in reversed(range(_TRIES)):
        try:
            act()
            return
        except TransactionRefused:
            if not tries_left:
                raise
            time.sleep(_POLL_S)
