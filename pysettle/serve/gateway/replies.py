"""The answers with status 402, and those to repeated requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_utils.address import to_checksum_address

from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.asked import Asked, Reply
from pysettle.serve.gateway.payments import Channel, Payment, State
from pysettle.serve.gateway.sdk import wire
from pysettle.serve.gateway.sdk.wire import Offer, Settled

REPLAY_HEADER = {"x-idempotent-replay": "1"}


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


def channel_document(channel: Channel, charged: int) -> dict[str, Any]:
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
    raise in_progress()


def in_progress() -> ApiError:
    """Return the answer to a request that is being served already."""
    return ApiError(
        409, "the request of this key is being served", code="idempotency_in_progress", headers={"Retry-After": "1"}
    )
