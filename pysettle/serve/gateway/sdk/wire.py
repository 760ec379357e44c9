"""Headers and messages of x402, version 2, in our words."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_utils.address import to_canonical_address, to_checksum_address
from x402.http.utils import (
    decode_payment_signature_header,
    encode_payment_required_header,
    encode_payment_response_header,
)
from x402.mechanisms.evm.batch_settlement import errors as batch_errors
from x402.mechanisms.evm.batch_settlement.types import (
    is_deposit_payload,
    is_refund_payload,
    is_voucher_payload,
)
from x402.schemas import (
    PaymentPayload,
    PaymentRequired,
    PaymentRequirements,
    ResourceInfo,
    SettleResponse,
)

from pysettle.domain.channel.messages import CEILING_BITS
from pysettle.domain.channel.metering import Voucher
from pysettle.domain.core.messages import Authorization, ChannelConfig, ChannelId
from pysettle.values import Address, Hash32, Tokens

CHANNEL_SCHEME, EXACT_SCHEME = "batch-settlement", "exact"
MISMATCH = batch_errors.ERR_CUMULATIVE_AMOUNT_MISMATCH
"""Error of a voucher that does not follow the last one: the answer corrects the client."""
BUSY = batch_errors.ERR_CHANNEL_BUSY
BAD_SIGNATURE = batch_errors.ERR_INVALID_VOUCHER_SIGNATURE
EXCEEDS_BALANCE = batch_errors.ERR_CUMULATIVE_EXCEEDS_BALANCE
NO_CHANNEL = batch_errors.ERR_CHANNEL_NOT_FOUND
ID_MISMATCH = batch_errors.ERR_CHANNEL_ID_MISMATCH
RECEIVER_MISMATCH = batch_errors.ERR_RECEIVER_MISMATCH
NO_BALANCE = batch_errors.ERR_REFUND_NO_BALANCE
REFUND_AMOUNT = batch_errors.ERR_REFUND_AMOUNT_INVALID
WITHDRAWING = "payer_withdraws_from_channel"
PENDING = "settlement_pending"
_IDENTIFIER = re.compile(r"[a-zA-Z0-9_-]{16,128}")


class Malformed(ValueError):
    """A payment cannot be read."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A way to pay, as an answer with status 402 offers it."""

    scheme: str
    """Scheme."""
    network: str
    """Chain, as x402 names it (CAIP-2)."""
    asset: Address
    """Token."""
    amount: int
    """Price, or ceiling of the price."""
    pay_to: Address
    """Account that is paid."""
    extra: Mapping[str, Any]
    """Domain of the token, and terms of the channel."""
    timeout_s: int = 3_600
    """Time that a payment stays valid, in seconds."""

    def requirements(self, extra: Mapping[str, Any] | None = None) -> PaymentRequirements:
        """Return the offer as the SDK has it, with further members of `extra`."""
        return PaymentRequirements(
            scheme=self.scheme,
            network=self.network,
            asset=to_checksum_address(self.asset),
            amount=str(self.amount),
            pay_to=to_checksum_address(self.pay_to),
            max_timeout_seconds=self.timeout_s,
            extra={**self.extra, **(extra or {})},
        )


@dataclass(frozen=True, slots=True)
class ChannelPayment:
    """A payload that pays from a channel."""

    kind: str
    """`voucher`, `deposit` or `refund`."""
    config: ChannelConfig
    """Terms of the channel, not checked yet."""
    voucher: Voucher
    """The voucher, not checked yet."""
    amount: int | None = None
    """Amount of the deposit, or of the refund if it names one."""


@dataclass(frozen=True, slots=True)
class ExactPayment:
    """A payload that pays an exact amount."""

    authorization: Authorization
    """The signed transfer, not checked yet."""


@dataclass(frozen=True, slots=True)
class Received:
    """A payment that came with a request."""

    payload: PaymentPayload
    """As the SDK has it."""
    header: str
    """Header that it came in."""
    content: ChannelPayment | ExactPayment
    """Its content."""

    @property
    def hash(self) -> bytes:
        """Hash of its content, by which a repeated payment is known."""
        text = json.dumps(self.payload.payload, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).digest()

    @property
    def amount(self) -> str:
        """Amount of the offer that it accepts."""
        return self.payload.accepted.amount

    @property
    def identifier(self) -> str | None:
        """Identifier that the client chose (extension `payment-identifier`)."""
        # Read here: the SDK's package of extensions cannot be imported without its extra, which needs an older
        # eth-account than this package.
        try:
            found = (self.payload.extensions or {})["payment-identifier"]["info"]["id"]
        except (KeyError, TypeError):
            return None
        return found if isinstance(found, str) and _IDENTIFIER.fullmatch(found) else None

    def accepts(self, offer: Offer) -> bool:
        """Whether it accepts an offer, its amount apart: what the client has copied must be what was offered."""
        accepted, asked = self.payload.accepted, offer.requirements()
        same = ("scheme", "network", "asset", "pay_to")
        return all(str(getattr(accepted, it)).lower() == str(getattr(asked, it)).lower() for it in same)


def read_payment(header: str) -> Received:
    """Read the header PAYMENT-SIGNATURE.

    Raises:
        Malformed: it is none of a scheme that is offered here.
    """
    try:
        payload = decode_payment_signature_header(header)
        if not isinstance(payload, PaymentPayload):
            raise Malformed("payments of version 1 of x402 are not accepted")
        raw = payload.payload
        if payload.accepted.scheme == EXACT_SCHEME:
            return Received(payload, header, ExactPayment(_authorization(raw["authorization"])))
        kinds = {"deposit": is_deposit_payload, "voucher": is_voucher_payload, "refund": is_refund_payload}
        kind = next(name for name, is_of in kinds.items() if is_of(raw))
        config, amount = _config(raw["channelConfig"]), None
        if kind == "deposit":
            amount = _whole(raw["deposit"]["amount"])
        elif raw.get("amount") is not None:
            amount = _whole(raw["amount"])
        signed = raw["voucher"]
        voucher = Voucher(
            ChannelId(bytes_in(signed["channelId"], 32)),
            Tokens(_whole(signed["maxClaimableAmount"])),
            bytes_in(signed["signature"]),
        )
        return Received(payload, header, ChannelPayment(kind, config, voucher, amount))
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration, RecursionError) as problem:
        if isinstance(problem, Malformed):
            raise
        raise Malformed("the header PAYMENT-SIGNATURE is no payment of x402, version 2") from problem


def _authorization(signed: Mapping[str, Any]) -> Authorization:
    return Authorization(
        payer=address_in(signed["from"]),
        payee=address_in(signed["to"]),
        value=_whole(signed["value"]),
        valid_after=_whole(signed["validAfter"]),
        valid_before=_whole(signed["validBefore"]),
        nonce=bytes_in(signed["nonce"], 32),
    )


def _config(terms: Mapping[str, Any]) -> ChannelConfig:
    names = ("payer", "payerAuthorizer", "receiver", "receiverAuthorizer", "token")
    payer, authorizer, receiver, receiver_authorizer, token = (address_in(terms[name]) for name in names)
    delay, salt = _whole(terms["withdrawDelay"]), bytes_in(terms["salt"], 32)
    if delay >> 40:
        raise Malformed("the delay of withdrawals does not fit 40 bits")
    return ChannelConfig(payer, authorizer, receiver, receiver_authorizer, token, delay, salt)


def address_in(text: str) -> Address:
    """Return the address in a text."""
    return Address(to_canonical_address(text))


def _whole(text: Any) -> int:
    if not str(text).isascii() or not str(text).isdigit() or len(str(text)) > CEILING_BITS:
        raise Malformed(f"{str(text)[:80]!r} is no whole number")
    number = int(text)
    if number >> CEILING_BITS:
        raise Malformed(f"{number} does not fit {CEILING_BITS} bits")
    return number


def bytes_in(text: str, size: int | None = None) -> bytes:
    """Return the bytes in a text of hex digits.

    Raises:
        Malformed: there are not so many.
    """
    content = bytes.fromhex(text.removeprefix("0x"))
    if size not in (None, len(content)):
        raise Malformed(f"{text[:80]} has not {size} bytes")
    return content


def required_header(requirements: Sequence[PaymentRequirements], url: str, error: str | None) -> str:
    """Return the header PAYMENT-REQUIRED of an answer with status 402."""
    resource = ResourceInfo(url=url, mime_type="application/json")
    return encode_payment_required_header(
        PaymentRequired(error=error, resource=resource, accepts=list(requirements), extensions=None)
    )


@dataclass(frozen=True, slots=True)
class Settled:
    """Outcome of a settlement."""

    success: bool
    """Whether it is done."""
    network: str
    """Its chain."""
    reason: str | None = None
    """The SDK's word for a failure."""
    transaction: Hash32 | None = None
    """Its transaction."""
    payer: Address | None = None
    """Account that paid."""
    amount: str = ""
    """Settled amount."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """State of the channel, and the charge."""
    extensions: Mapping[str, Any] | None = None
    """Extensions, such as a receipt."""

    def header(self) -> str:
        """Return the header PAYMENT-RESPONSE."""
        return encode_payment_response_header(
            SettleResponse(
                success=self.success,
                error_reason=self.reason,
                payer=to_checksum_address(self.payer) if self.payer else None,
                transaction="0x" + self.transaction.hex() if self.transaction else "",
                network=self.network,
                amount=self.amount,
                extra=dict(self.extra) or None,
                extensions=dict(self.extensions) if self.extensions else None,
            )
        )
