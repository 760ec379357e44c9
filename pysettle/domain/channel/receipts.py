"""Usage receipts: a provider's signed statement of each request that it served on a channel, and the checks of them.

A receipt binds the provider to counts and charges, cumulative and of one request. The terms of a series never change,
so that a receipt needs no version of a price. A file of receipts proves contradictions to a third party: each finding
here follows from signatures of the provider and from the chain, except a ceiling, which the payer adds itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pysettle.documents import as_bytes, as_decimal, as_list, as_object, parse_json
from pysettle.domain.channel.messages import CEILING_BITS
from pysettle.domain.compute.usage import USAGE_BITS, Meters, RateCard, Usage
from pysettle.domain.core.messages import ChannelId
from pysettle.domain.core.signing import Signer, recover_all
from pysettle.domain.core.typed_data import Domain, StructType
from pysettle.errors import InvalidNumber, UsageError
from pysettle.values import Address, Amount, Timestamp, Tokens

USAGE_RECEIPT_NAME = "pysettle usage"
"""Name in the EIP-712 domain of receipts; its contract is the hub of the channel."""
FILE_SCHEMA = "pysettle.usage-receipts/1"
"""Schema of a file of receipts."""
CLOCK_TOLERANCE_S = 60
"""Most seconds by which a provider's clock may be ahead of the chain's while it serves."""

_RECEIPT = StructType(
    "UsageReceipt(bytes32 channelId,uint256 usage,uint128 charged,uint128 requestCharged,"
    "bytes32 requestHash,bytes32 responseHash,uint64 issuedAt)"
)
_TIME_BITS = 64
_FIELDS = frozenset(
    {
        *("channel", "usage", "charged", "request_charged", "request_hash", "response_hash"),
        *("issued_at_unix_s", "signature", "ceiling"),
    }
)


def receipt_domain(chain_id: int, hub: Address) -> Domain:
    """Return the domain of receipts for the channels of a hub."""
    return Domain(USAGE_RECEIPT_NAME, "1", chain_id, hub)


@dataclass(frozen=True, slots=True)
class UsageReceipt:
    """A provider's statement of one served request, with the totals of the channel after it."""

    channel_id: ChannelId
    """The channel."""
    usage: Usage
    """Cumulative counts."""
    charged: Amount
    """Charges so far, cumulative: in Tokens, or in units of the channel's currency."""
    request_charged: Amount
    """Charge of this request, of the same kind."""
    request_hash: bytes
    """Keccak-256 of the request's canonical body, 32 bytes."""
    response_hash: bytes
    """Keccak-256 of the text that was delivered, 32 bytes."""
    issued_at: Timestamp
    """Unix second at which the provider signed."""

    def digest(self, domain: Domain) -> bytes:
        """Return the 32 bytes that the provider signs.

        Args:
            domain: `receipt_domain` of the channel's hub.

        Raises:
            OverflowError: a charge or the time does not fit its type.
            ValueError: an id or a hash has not 32 bytes.
        """
        return domain.digest(
            _RECEIPT.hash(
                self.channel_id,
                self.usage.pack(),
                self.charged,
                self.request_charged,
                self.request_hash,
                self.response_hash,
                self.issued_at,
            )
        )


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """A receipt as a payer keeps it."""

    receipt: UsageReceipt
    """The statement."""
    signature: bytes
    """The provider's, 65 bytes."""
    ceiling: Amount | None = None
    """Highest ceiling that the payer had signed for the channel by then; None if it keeps none. It is not signed."""

    @classmethod
    def signed(
        cls, signer: Signer, domain: Domain, receipt: UsageReceipt, ceiling: Amount | None = None
    ) -> SignedReceipt:
        """Sign a receipt as the provider."""
        return cls(receipt, signer.sign(receipt.digest(domain)), ceiling)


@dataclass(frozen=True, slots=True)
class ReceiptFile:
    """Receipts of the channels of one hub, in any order.

    Amounts are of the kind that each channel counts in: Tokens, or units of its currency.
    """

    chain_id: int
    """Chain id (EIP-155)."""
    hub: Address
    """Hub of the channels."""
    receipts: tuple[SignedReceipt, ...]
    """The receipts."""

    @classmethod
    def from_json(cls, content: bytes | str, name: str) -> ReceiptFile:
        """Read a file as `to_json` writes it.

        Args:
            content: Its content.
            name: Its name, for errors.

        Raises:
            UsageError: it has another form; with the number of the receipt, from 1.
        """
        place = 0
        try:
            fields = as_object(parse_json(content), {"schema", "chain_id", "hub", "receipts"}, "the file")
            if fields["schema"] != FILE_SCHEMA:
                raise ValueError(f"its schema is {str(fields['schema'])[:80]!r}, not {FILE_SCHEMA!r}")
            chain_id, hub = as_decimal(fields["chain_id"], 256, "chain_id"), Address(as_bytes(fields["hub"], 20))
            receipts = []
            for place, entry in enumerate(as_list(fields["receipts"], "receipts"), start=1):  # noqa: B007
                receipts.append(_read(entry))
            return cls(chain_id, hub, tuple(receipts))
        except (ValueError, InvalidNumber) as problem:
            where = f"receipt {place} of {name}" if place else name
            raise UsageError(
                f"{where} cannot be read: {problem}; see docs/reference/receipts.md", path=name, place=place or None
            ) from None

    def to_json(self) -> str:
        """Write the file: integers as decimal text, bytes as hex digits."""
        document = {
            "schema": FILE_SCHEMA,
            "chain_id": str(self.chain_id),
            "hub": "0x" + self.hub.hex(),
            "receipts": [_write(it) for it in self.receipts],
        }
        return json.dumps(document, indent=2) + "\n"


@dataclass(frozen=True, slots=True)
class ReceiptTerms:
    """The terms of a channel that its receipts are checked by."""

    signer: Address
    """Account that signs them: the provider of a series, or the receiver of a channel in a currency."""
    rate_card: RateCard | None
    """Rate card of the series; None in a currency, where the charge is agreed beside the counts."""


@dataclass(frozen=True, slots=True)
class Refutation:
    """A statement in a receipt that is false."""

    place: int
    """Number of the receipt in its file, from 1."""
    channel_id: ChannelId
    """Its channel."""
    detail: str
    """The statement, and the value that contradicts it."""
    is_signed: bool = True
    """Whether the provider signed the statement."""


def refuted(file: ReceiptFile, terms: Mapping[ChannelId, ReceiptTerms]) -> Iterator[Refutation]:
    """Yield the statements of receipts that are false by the terms of their channels, and by each other.

    A receipt without the provider's signature states nothing, and is compared with no other. Missing receipts between
    two are no contradiction: charges are cumulative.

    Args:
        file: The receipts.
        terms: Channel -> its terms; a receipt of another channel is refuted.
    """
    by_channel, unsigned = signed_receipts(file, terms)
    yield from unsigned
    for channel_id, receipts in by_channel.items():
        yield from _contradictions(receipts, terms[channel_id].rate_card)


def signed_receipts(
    file: ReceiptFile, terms: Mapping[ChannelId, ReceiptTerms]
) -> tuple[dict[ChannelId, list[tuple[int, SignedReceipt]]], list[Refutation]]:
    """Return the receipts that their provider signed, with their numbers, and the refutations of the others.

    Those of a channel are in the order of the time that the provider signed: a payer cannot reorder them.
    """
    domain = receipt_domain(file.chain_id, file.hub)
    signers = recover_all((it.receipt.digest(domain), it.signature) for it in file.receipts)
    by_channel: dict[ChannelId, list[tuple[int, SignedReceipt]]] = {}
    others = []
    for place, (it, signer) in enumerate(zip(file.receipts, signers, strict=True), start=1):
        channel_id = it.receipt.channel_id
        known = terms.get(channel_id)
        if known is None:
            others.append(Refutation(place, channel_id, "there is no such channel", is_signed=False))
        elif signer != known.signer:
            detail = f"it is not signed by 0x{known.signer.hex()}, which serves the channel"
            others.append(Refutation(place, channel_id, detail, is_signed=False))
        else:
            by_channel.setdefault(channel_id, []).append((place, it))
    for receipts in by_channel.values():
        receipts.sort(key=lambda placed: (placed[1].receipt.issued_at, placed[1].receipt.charged))
    return by_channel, others


def _contradictions(receipts: Sequence[tuple[int, SignedReceipt]], card: RateCard | None) -> Iterator[Refutation]:
    """Yield what is false in the receipts of one channel, in the order in which they were issued."""
    before: UsageReceipt | None = None
    for place, signed in receipts:
        it = signed.receipt
        if card is not None and card.tokens(it.usage) != it.charged:
            detail = f"it charges {it.charged} Tokens, the counts cost {card.tokens(it.usage)} by the rate card"
            yield Refutation(place, it.channel_id, detail)
        earlier, charged = (before.usage, before.charged) if before else (Usage(), Tokens(0))
        if falls(earlier, it.usage):
            detail = f"its counts are {it.usage.counters()}, an earlier receipt states {earlier.counters()}"
            yield Refutation(place, it.channel_id, detail)
        if it.request_charged > it.charged - charged:
            detail = (
                f"it charges {it.request_charged} for the request and {it.charged} in all, "
                f"before it {charged} were charged"
            )
            yield Refutation(place, it.channel_id, detail)
        if signed.ceiling is not None and it.charged > signed.ceiling:
            detail = f"it charges {it.charged} in all, above the ceiling of {signed.ceiling} that the payer had signed"
            yield Refutation(place, it.channel_id, detail, is_signed=False)
        before = it


def falls(earlier: Usage, later: Usage) -> bool:
    """Return whether a cumulative counter is lower than it was before."""
    return any(now < was for was, now in zip(earlier.counters(), later.counters(), strict=True))


def _read(entry: Any) -> SignedReceipt:
    fields = as_object(entry, _FIELDS, "a receipt")
    counters = as_list(fields["usage"], "usage")
    if len(counters) != 6:
        raise ValueError(f"usage has {len(counters)} counters, not six")
    counts = [as_decimal(counter, USAGE_BITS, "a counter") for counter in counters]
    charged, request_charged = (
        Tokens(as_decimal(fields[name], CEILING_BITS, name)) for name in ("charged", "request_charged")
    )
    receipt = UsageReceipt(
        ChannelId(as_bytes(fields["channel"], 32)),
        Usage(Meters(*counts[:3]), Meters(*counts[3:])),
        charged,
        request_charged,
        as_bytes(fields["request_hash"], 32),
        as_bytes(fields["response_hash"], 32),
        Timestamp(as_decimal(fields["issued_at_unix_s"], _TIME_BITS, "issued_at_unix_s")),
    )
    ceiling = fields["ceiling"]
    signature = as_bytes(fields["signature"], 65)
    return SignedReceipt(
        receipt, signature, None if ceiling is None else Tokens(as_decimal(ceiling, CEILING_BITS, "ceiling"))
    )


def _write(it: SignedReceipt) -> dict[str, Any]:
    receipt = it.receipt
    return {
        "channel": "0x" + receipt.channel_id.hex(),
        "usage": [str(counter) for counter in receipt.usage.counters()],
        "charged": str(receipt.charged),
        "request_charged": str(receipt.request_charged),
        "request_hash": "0x" + receipt.request_hash.hex(),
        "response_hash": "0x" + receipt.response_hash.hex(),
        "issued_at_unix_s": str(receipt.issued_at),
        "signature": "0x" + it.signature.hex(),
        "ceiling": None if it.ceiling is None else str(it.ceiling),
    }
