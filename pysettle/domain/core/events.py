"""What the contracts say happened: one class for each event, and one decoder for all of them.

An event class is a frozen dataclass whose `SIGNATURE` is the Solidity declaration, field for field; decoding is
slicing 32-byte words, since every argument is of words, an array of them, or the terms of an order. A word that its
type cannot hold is refused, as Solidity refuses it. A test compares the signatures with the compiled ABIs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

from eth_hash.auto import keccak
from eth_typing import Address

from pysettle.domain.core.messages import ChannelConfig, ChannelId
from pysettle.domain.jobs.terms import OrderTerms

_CONFIG_TYPE = "(address,address,address,address,address,uint40,bytes32)"
_CONFIG_WORDS = 7
_TERMS_TYPE = "(address,address,address,address,bytes32,uint40,uint32,uint32,uint16,uint96,(uint96,uint40)[],bytes32)"
_TERMS_WORDS = 12
_MILESTONE_WORDS = 2


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where something stands in the history: the order of everything."""

    block_number: int
    """Height of its block."""
    transaction_index: int
    """Place of its transaction in the block."""
    log_index: int
    """Place of its log in the block."""


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    SIGNATURE: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event, who emitted it, where, and when."""

    emitter: Address
    """Contract that emitted it."""
    position: Position
    """Where it stands in the history."""
    event: Event
    """What it says."""
    timestamp: int
    """Chain time of its block, unix seconds."""


_E = TypeVar("_E", bound=type[Event])
_DECODERS: dict[bytes, tuple[type[Event], Callable[[Sequence[bytes], bytes], Event | None]]] = {}


class _OtherFormError(ValueError):
    """A word holds more than its type can."""


def _kinds_of(struct: str) -> list[str]:
    """Return the types of a struct's members of one word each, in their order."""
    return re.sub(r"\([^()]*\)\[\],", "", struct[1:-1]).split(",")


def _bits_of(kind: str) -> int:
    """Return how many low bits of a word a type uses."""
    return {"address": 160, "bool": 1, "bytes32": 256}.get(kind) or int(kind.removeprefix("uint"))


_BITS = {kind: _bits_of(kind) for kind in ("address", "bool", "bytes32", *(f"uint{8 * n}" for n in range(1, 33)))}
_CONFIG_KINDS = _kinds_of(_CONFIG_TYPE)
_TERMS_KINDS = _kinds_of(_TERMS_TYPE)
_MILESTONE_KINDS = ["uint96", "uint40"]


def _read_word(kind: str, word: bytes) -> Any:
    number = int.from_bytes(word, "big")
    if number >> _BITS[kind]:
        raise _OtherFormError(f"{word.hex()} is no {kind}")
    if kind == "address":
        return Address(word[12:])
    if kind == "bytes32":
        return word
    return number == 1 if kind == "bool" else number


def _read(kind: str, words: bytes) -> Any:
    if kind in _BITS:
        return _read_word(kind, words)
    split = [words[place : place + 32] for place in range(0, len(words), 32)]
    if kind.endswith("[]"):
        return tuple(_read_word(kind[:-2], word) for word in split)
    return ChannelConfig(*map(_read_word, _CONFIG_KINDS, split)) if kind == _CONFIG_TYPE else _read_terms(split)


def _read_terms(words: Sequence[bytes]) -> OrderTerms:
    """Read the terms of an order, whose milestones stand behind the other terms and their own number."""
    # The place of the milestones among the other terms is a word too, which says where they stand.
    own = [*words[: _TERMS_WORDS - 2], words[_TERMS_WORDS - 1]]
    *before, default_bps, bond, salt = map(_read_word, _TERMS_KINDS, own)
    stages = words[_TERMS_WORDS + 1 :]
    numbers = [_read_word(_MILESTONE_KINDS[place % _MILESTONE_WORDS], word) for place, word in enumerate(stages)]
    milestones = tuple(zip(numbers[::_MILESTONE_WORDS], numbers[1::_MILESTONE_WORDS], strict=True))
    values: list[Any] = [*before, milestones, default_bps, bond, salt]
    return OrderTerms(*values)


def _end_of(kind: str, data: bytes, start: int) -> int:
    """Return where a value of changing length ends that starts here, as its own words say."""
    if not kind.endswith("[]"):
        start, place = start + 32 * _TERMS_WORDS, start + 32 * (_TERMS_WORDS - 2)
        if int.from_bytes(data[place : place + 32], "big") != 32 * _TERMS_WORDS:
            return -1
    size = 32 if kind.endswith("[]") else 32 * _MILESTONE_WORDS
    return start + 32 + size * int.from_bytes(data[start : start + 32], "big")


def _event(cls: _E) -> _E:
    """Register an event class under the hash of its canonical signature."""
    name, parameters = re.match(r"^(\w+)\((.*)\)$", cls.SIGNATURE).groups()  # type: ignore[union-attr]
    declared = [p.split() for p in re.findall(r"(?:\((?:[^()]|\([^()]*\))*\)|[^,(])+", parameters)]
    kinds = [words[0] for words in declared]
    indexed = ["indexed" in words for words in declared]
    sizes = [32 * (_CONFIG_WORDS if kind == _CONFIG_TYPE else 1) for kind in kinds]
    head = sum(size for size, is_topic in zip(sizes, indexed, strict=True) if not is_topic)
    assert len(declared) == len(fields(cls)), cls

    def decode(topics: Sequence[bytes], data: bytes) -> Event | None:
        if len(topics) != 1 + sum(indexed) or len(data) < head:
            return None
        # What has no fixed length stands behind the head, one after the other; an array behind its length.
        values, offset, place, end = [], 0, 0, head
        for kind, size, is_topic in zip(kinds, sizes, indexed, strict=True):
            if is_topic:
                place += 1
                values.append(_read(kind, topics[place]))
                continue
            if kind.endswith("[]") or kind == _TERMS_TYPE:
                if int.from_bytes(data[offset : offset + 32], "big") != end:
                    return None
                start, end = end + 32 * kind.endswith("[]"), _end_of(kind, data, end)
                if not start <= end <= len(data):
                    return None
                values.append(_read(kind, data[start:end]))
            else:
                values.append(_read(kind, data[offset : offset + size]))
            offset += size
        return cls(*values) if len(data) == end else None

    _DECODERS[keccak(f"{name}({','.join(kinds)})".encode())] = (cls, decode)
    return cls


def decode(topics: Sequence[bytes], data: bytes) -> Event | None:
    """Decode one log; None for an event that moves no value and changes no right (such as `Approval`).

    A log of a known name but another shape, such as the `Transfer` of an ERC-721, is not of a contract of ours: None.
    So is one with a word that its type cannot hold, such as an address of more than 160 bits.

    Args:
        topics: Words of 32 bytes, the event's signature hash first.
        data: ABI encoding of what is not indexed.
    """
    known = _DECODERS.get(topics[0]) if topics else None
    try:
        return known[1](topics, data) if known else None
    except _OtherFormError:
        return None


def signatures() -> dict[bytes, str]:
    """Return the signature hash of every known event, with its Solidity declaration."""
    return {topic: cls.SIGNATURE for topic, (cls, _) in _DECODERS.items()}


def topics(*kinds: type[Event]) -> tuple[bytes, ...]:
    """Return the signature hashes of kinds of events, as logs are asked for by them."""
    by_kind = {cls: topic for topic, (cls, _) in _DECODERS.items()}
    return tuple(by_kind[kind] for kind in kinds)


# ------------------------------------------------------------------------ ERC-20 and EIP-3009


@_event
@dataclass(frozen=True, slots=True)
class Transfer(Event):
    """Value moved; from or to the zero address when it was created or destroyed (ERC-20)."""

    SIGNATURE = "Transfer(address indexed from,address indexed to,uint256 value)"
    sender: Address
    receiver: Address
    value: int


@_event
@dataclass(frozen=True, slots=True)
class AuthorizationUsed(Event):
    """An authorization was used (EIP-3009)."""

    SIGNATURE = "AuthorizationUsed(address indexed authorizer,bytes32 indexed nonce)"
    authorizer: Address
    nonce: bytes


@_event
@dataclass(frozen=True, slots=True)
class AuthorizationCanceled(Event):
    """An authorization was cancelled (EIP-3009)."""

    SIGNATURE = "AuthorizationCanceled(address indexed authorizer,bytes32 indexed nonce)"
    authorizer: Address
    nonce: bytes


# ------------------------------------------------------------------------------ CurrencyToken


@_event
@dataclass(frozen=True, slots=True)
class ReserveAttested(Event):
    """The central bank attested the reserve, in fen."""

    SIGNATURE = (
        "ReserveAttested(uint64 indexed sequence,address indexed centralBank,"
        "uint256 amountFen,uint64 asOf,uint64 validBefore)"
    )
    sequence: int
    central_bank: Address
    amount_fen: int
    as_of: int
    valid_before: int


@_event
@dataclass(frozen=True, slots=True)
class IssuanceQuotaSet(Event):
    """The central bank set what an operating institution may issue from now on, in units."""

    SIGNATURE = "IssuanceQuotaSet(address indexed operator,uint256 quota)"
    operator: Address
    quota: int


@_event
@dataclass(frozen=True, slots=True)
class ReserveRatioSet(Event):
    """The central bank set which part of the supply the reserve has to cover, in basis points."""

    SIGNATURE = "ReserveRatioSet(uint256 ratioBps)"
    ratio_bps: int


@_event
@dataclass(frozen=True, slots=True)
class ClassLimitsSet(Event):
    """The central bank set the limits of a wallet class, in units; 2**256 - 1 is no limit."""

    SIGNATURE = "ClassLimitsSet(uint8 indexed class,uint256 balance,uint256 payment,uint256 daily,uint256 annual)"
    wallet_class: int
    balance: int
    payment: int
    daily: int
    annual: int


@_event
@dataclass(frozen=True, slots=True)
class Issued(Event):
    """Units were created against reserve."""

    SIGNATURE = "Issued(address indexed operator,address indexed to,uint256 amount,uint256 quotaLeft)"
    operator: Address
    receiver: Address
    amount: int
    quota_left: int


@_event
@dataclass(frozen=True, slots=True)
class RedemptionRequested(Event):
    """A holder asked for redemption; the currency contract holds the units from here on."""

    SIGNATURE = "RedemptionRequested(uint256 indexed id,address indexed holder,address indexed operator,uint256 amount)"
    redemption_id: int
    holder: Address
    operator: Address
    amount: int


@_event
@dataclass(frozen=True, slots=True)
class RedemptionTaken(Event):
    """The operator is exchanging the reserve; the holder may cancel again from a unix second on."""

    SIGNATURE = (
        "RedemptionTaken(uint256 indexed id,address indexed holder,address indexed operator,"
        "uint256 amount,uint256 cancellableFrom)"
    )
    redemption_id: int
    holder: Address
    operator: Address
    amount: int
    cancellable_from: int


@_event
@dataclass(frozen=True, slots=True)
class RedemptionCompleted(Event):
    """The units were destroyed against reserve, and the operator's quota restored."""

    SIGNATURE = (
        "RedemptionCompleted(uint256 indexed id,address indexed holder,address indexed operator,"
        "uint256 amount,uint256 quotaLeft)"
    )
    redemption_id: int
    holder: Address
    operator: Address
    amount: int
    quota_left: int


@_event
@dataclass(frozen=True, slots=True)
class RedemptionRejected(Event):
    """The operator refused; the units went back to the holder."""

    SIGNATURE = "RedemptionRejected(uint256 indexed id,address indexed holder,address indexed operator,uint256 amount)"
    redemption_id: int
    holder: Address
    operator: Address
    amount: int


@_event
@dataclass(frozen=True, slots=True)
class RedemptionCancelled(Event):
    """The holder took the request back."""

    SIGNATURE = "RedemptionCancelled(uint256 indexed id,address indexed holder,address indexed operator,uint256 amount)"
    redemption_id: int
    holder: Address
    operator: Address
    amount: int


@_event
@dataclass(frozen=True, slots=True)
class WalletRegistered(Event):
    """An account was registered as a wallet of a class, until a day of UTC+8 (days since 1970-01-01)."""

    SIGNATURE = (
        "WalletRegistered(address indexed account,uint8 indexed class,uint16 identificationExpiry,"
        "uint16 jurisdiction,bool realName)"
    )
    account: Address
    wallet_class: int
    identification_expiry: int
    jurisdiction: int
    real_name: bool


@_event
@dataclass(frozen=True, slots=True)
class Credited(Event):
    """Units owed to an account could not come into it; the currency holds them for it."""

    SIGNATURE = "Credited(address indexed account,address indexed payer,uint256 amount,uint256 credit)"
    account: Address
    payer: Address
    amount: int
    credit: int


@_event
@dataclass(frozen=True, slots=True)
class CreditClaimed(Event):
    """Units held for an account came into it."""

    SIGNATURE = "CreditClaimed(address indexed account,uint256 amount,uint256 credit)"
    account: Address
    amount: int
    credit: int


@_event
@dataclass(frozen=True, slots=True)
class CreditSeized(Event):
    """Units held for an account were taken by authority of law."""

    SIGNATURE = (
        "CreditSeized(address indexed account,address indexed to,uint256 amount,uint256 credit,"
        "bytes32 indexed legalBasis)"
    )
    account: Address
    receiver: Address
    amount: int
    credit: int
    legal_basis: bytes


@_event
@dataclass(frozen=True, slots=True)
class SettlementAccountMarked(Event):
    """An account became a settlement account, whose value belongs to others."""

    SIGNATURE = "SettlementAccountMarked(address indexed account)"
    account: Address


@_event
@dataclass(frozen=True, slots=True)
class FreezeSet(Event):
    """What of an account is frozen was set: whether nothing leaves it, and whether nothing comes in."""

    SIGNATURE = "FreezeSet(address indexed account,bool outgoing,bool incoming)"
    account: Address
    outgoing: bool
    incoming: bool


@_event
@dataclass(frozen=True, slots=True)
class FrozenAmountSet(Event):
    """How much of an account's balance may not leave was set, in units."""

    SIGNATURE = "FrozenAmountSet(address indexed account,uint256 amount)"
    account: Address
    frozen: int


@_event
@dataclass(frozen=True, slots=True)
class Seized(Event):
    """Units were taken from an account by authority of law; their transfer follows."""

    SIGNATURE = "Seized(address indexed from,address indexed to,uint256 amount,bytes32 indexed legalBasis)"
    holder: Address
    receiver: Address
    amount: int
    legal_basis: bytes


# ------------------------------------------------------------------------------- ComputeToken


@_event
@dataclass(frozen=True, slots=True)
class Purchased(Event):
    """Currency came in and Tokens were created (DvP)."""

    SIGNATURE = "Purchased(address indexed payer,address indexed beneficiary,uint256 tokens,uint256 paid)"
    payer: Address
    beneficiary: Address
    tokens: int
    paid: int


@_event
@dataclass(frozen=True, slots=True)
class Consumed(Event):
    """A holder gave Tokens back against service outside a channel."""

    SIGNATURE = "Consumed(address indexed holder,uint256 tokens)"
    holder: Address
    tokens: int


@_event
@dataclass(frozen=True, slots=True)
class Redeemed(Event):
    """Delivered Tokens were destroyed and their backing paid to the provider."""

    SIGNATURE = "Redeemed(address indexed provider,uint256 tokens,uint256 paid)"
    provider: Address
    tokens: int
    paid: int


@_event
@dataclass(frozen=True, slots=True)
class Refunded(Event):
    """A holder's Tokens were destroyed after expiry or halt; their backing was paid back, and compensation with it."""

    SIGNATURE = "Refunded(address indexed holder,uint256 tokens,uint256 paid,uint256 compensation)"
    holder: Address
    tokens: int
    paid: int
    compensation: int


@_event
@dataclass(frozen=True, slots=True)
class Halted(Event):
    """The series was halted: what is undelivered is refunded, and compensated."""

    SIGNATURE = "Halted(uint256 undelivered,uint256 compensation)"
    undelivered: int
    compensation: int


@_event
@dataclass(frozen=True, slots=True)
class Swept(Event):
    """The provider took what was there beyond what outstanding Tokens may ask for."""

    SIGNATURE = "Swept(address indexed provider,uint256 amount)"
    provider: Address
    amount: int


# -------------------------------------------------------------------- ChannelHub and UsageMeter


@_event
@dataclass(frozen=True, slots=True)
class ChannelCreated(Event):
    """First deposit into a channel; carries its terms."""

    SIGNATURE = f"ChannelCreated(bytes32 indexed channelId,{_CONFIG_TYPE} config)"
    channel_id: ChannelId
    config: ChannelConfig


@_event
@dataclass(frozen=True, slots=True)
class Deposited(Event):
    """Value was deposited into a channel."""

    SIGNATURE = (
        "Deposited(bytes32 indexed channelId,address indexed payer,address indexed token,"
        "uint128 amount,uint128 balance)"
    )
    channel_id: ChannelId
    payer: Address
    token: Address
    amount: int
    balance: int


@_event
@dataclass(frozen=True, slots=True)
class Claimed(Event):
    """A cumulative claim was recorded."""

    SIGNATURE = (
        "Claimed(bytes32 indexed channelId,address indexed receiver,address indexed token,"
        "uint128 amount,uint128 totalClaimed)"
    )
    channel_id: ChannelId
    receiver: Address
    token: Address
    amount: int
    total_claimed: int


@_event
@dataclass(frozen=True, slots=True)
class Settled(Event):
    """Everything claimed and unsettled was transferred to the receiver."""

    SIGNATURE = "Settled(address indexed receiver,address indexed token,address indexed sender,uint128 amount)"
    receiver: Address
    token: Address
    sender: Address
    amount: int


@_event
@dataclass(frozen=True, slots=True)
class ChannelRefunded(Event):
    """The receiving side returned unclaimed value to the payer (the hub's `Refunded`)."""

    SIGNATURE = (
        "Refunded(bytes32 indexed channelId,address indexed payer,address indexed token,uint128 amount,uint256 nonce)"
    )
    channel_id: ChannelId
    payer: Address
    token: Address
    amount: int
    nonce: int


@_event
@dataclass(frozen=True, slots=True)
class WithdrawInitiated(Event):
    """The payer gave notice of a withdrawal."""

    SIGNATURE = (
        "WithdrawInitiated(bytes32 indexed channelId,address indexed payer,uint128 amount,uint256 finalizableAt)"
    )
    channel_id: ChannelId
    payer: Address
    amount: int
    finalizable_at: int


@_event
@dataclass(frozen=True, slots=True)
class WithdrawFinalized(Event):
    """A noticed withdrawal was completed."""

    SIGNATURE = (
        "WithdrawFinalized(bytes32 indexed channelId,address indexed payer,address indexed token,uint128 amount)"
    )
    channel_id: ChannelId
    payer: Address
    token: Address
    amount: int


@_event
@dataclass(frozen=True, slots=True)
class ClaimRefused(Event):
    """A row of a claim was left out; `result` is a `ClaimResult` of the hub."""

    SIGNATURE = "ClaimRefused(bytes32 indexed channelId,uint8 result)"
    channel_id: ChannelId
    result: int


@_event
@dataclass(frozen=True, slots=True)
class PayoutCredited(Event):
    """The token refused a payout of the hub, which holds it for the payee."""

    SIGNATURE = "PayoutCredited(address indexed account,address indexed token,uint128 amount,uint256 credit)"
    account: Address
    token: Address
    amount: int
    credit: int


@_event
@dataclass(frozen=True, slots=True)
class CreditWithdrawn(Event):
    """What the hub held for an account was paid to it."""

    SIGNATURE = "CreditWithdrawn(address indexed account,address indexed token,uint256 amount)"
    account: Address
    token: Address
    amount: int


@_event
@dataclass(frozen=True, slots=True)
class UsageAttested(Event):
    """A provider attested the cumulative usage of channels of its series."""

    SIGNATURE = "UsageAttested(address indexed series,bytes32[] channelIds,uint256[] usages)"
    series: Address
    channel_ids: tuple[ChannelId, ...]
    usages: tuple[int, ...]


# ------------------------------------------------------------------------------- ComputeMarket


@_event
@dataclass(frozen=True, slots=True)
class ComputeRegistered(Event):
    """Compute was registered that an attester signed for."""

    SIGNATURE = (
        "ComputeRegistered(bytes32 indexed computeId,address indexed provider,address indexed attester,"
        "bytes32 accelerator,uint64 units,uint64 tokensPerUnitSecond,uint64 validFrom,uint64 validBefore,"
        "uint256 capacity)"
    )
    compute_id: bytes
    provider: Address
    attester: Address
    accelerator: bytes
    units: int
    tokens_per_unit_second: int
    valid_from: int
    valid_before: int
    capacity: int


@_event
@dataclass(frozen=True, slots=True)
class Staked(Event):
    """A provider staked; `free` is what of its stake is not locked then."""

    SIGNATURE = "Staked(address indexed provider,uint256 amount,uint256 free)"
    provider: Address
    amount: int
    free: int


@_event
@dataclass(frozen=True, slots=True)
class StakeWithdrawn(Event):
    """A provider took stake back that was not locked."""

    SIGNATURE = "StakeWithdrawn(address indexed provider,uint256 amount,uint256 free)"
    provider: Address
    amount: int
    free: int


@_event
@dataclass(frozen=True, slots=True)
class SeriesOpened(Event):
    """A series was opened, which took capacity from compute and locked stake."""

    SIGNATURE = (
        "SeriesOpened(address indexed series,address indexed provider,bytes32 indexed computeId,"
        "bytes32 serviceClass,uint256 capacity,uint256 expiry,uint256 stake)"
    )
    series: Address
    provider: Address
    compute_id: bytes
    service_class: bytes
    capacity: int
    expiry: int
    stake: int


@_event
@dataclass(frozen=True, slots=True)
class SeriesHalted(Event):
    """A series was halted by whom its terms name, on the ground they name."""

    SIGNATURE = (
        "SeriesHalted(address indexed series,address indexed halter,bytes32 indexed ground,"
        "bytes32 evidence,address provider,uint256 compensation,uint256 released)"
    )
    series: Address
    halter: Address
    ground: bytes
    evidence: bytes
    provider: Address
    compensation: int
    released: int


@_event
@dataclass(frozen=True, slots=True)
class StakeReleased(Event):
    """A series expired without a halt, and its stake is no longer locked."""

    SIGNATURE = "StakeReleased(address indexed series,address indexed provider,uint256 amount)"
    series: Address
    provider: Address
    amount: int


# ----------------------------------------------------------------------------------- JobEscrow


@_event
@dataclass(frozen=True, slots=True)
class OrderPlaced(Event):
    """An order was placed and paid for."""

    SIGNATURE = (
        "OrderPlaced(bytes32 indexed orderId,address indexed payer,address indexed provider,uint256 total,"
        f"{_TERMS_TYPE} terms)"
    )
    order_id: bytes
    payer: Address
    provider: Address
    total: int
    terms: OrderTerms


@_event
@dataclass(frozen=True, slots=True)
class OrderAccepted(Event):
    """The provider accepted an order."""

    SIGNATURE = "OrderAccepted(bytes32 indexed orderId,address indexed provider)"
    order_id: bytes
    provider: Address


@_event
@dataclass(frozen=True, slots=True)
class OrderCancelled(Event):
    """An order ended before the provider accepted; all of it is due to the payer."""

    SIGNATURE = "OrderCancelled(bytes32 indexed orderId,address indexed payer,uint256 amount)"
    order_id: bytes
    payer: Address
    amount: int


@_event
@dataclass(frozen=True, slots=True)
class MilestoneDelivered(Event):
    """The provider delivered a milestone."""

    SIGNATURE = "MilestoneDelivered(bytes32 indexed orderId,uint256 indexed milestone,bytes32 content)"
    order_id: bytes
    milestone: int
    content: bytes


@_event
@dataclass(frozen=True, slots=True)
class MilestoneDisputed(Event):
    """The buyer disputed a delivery, and put up the bond."""

    SIGNATURE = "MilestoneDisputed(bytes32 indexed orderId,uint256 indexed milestone,uint256 bond,bytes32 evidence)"
    order_id: bytes
    milestone: int
    bond: int
    evidence: bytes


@_event
@dataclass(frozen=True, slots=True)
class MilestoneReleased(Event):
    """A milestone's amount is due to the provider."""

    SIGNATURE = "MilestoneReleased(bytes32 indexed orderId,uint256 indexed milestone,uint256 amount)"
    order_id: bytes
    milestone: int
    amount: int


@_event
@dataclass(frozen=True, slots=True)
class MilestoneRefunded(Event):
    """A milestone's amount is due to the payer, and the bond of a dispute to the buyer."""

    SIGNATURE = "MilestoneRefunded(bytes32 indexed orderId,uint256 indexed milestone,uint256 amount,uint256 bond)"
    order_id: bytes
    milestone: int
    amount: int
    bond: int


@_event
@dataclass(frozen=True, slots=True)
class MilestoneRuled(Event):
    """A disputed amount was split, by the arbiter or, without grounds, by the order's default."""

    SIGNATURE = (
        "MilestoneRuled(bytes32 indexed orderId,uint256 indexed milestone,uint256 toProvider,uint256 toPayer,"
        "uint256 bond,bool bondToProvider,bytes32 grounds)"
    )
    order_id: bytes
    milestone: int
    to_provider: int
    to_payer: int
    bond: int
    bond_to_provider: bool
    grounds: bytes


@_event
@dataclass(frozen=True, slots=True)
class DuePaid(Event):
    """What was due to an account was paid."""

    SIGNATURE = "DuePaid(address indexed account,address indexed currency,uint256 amount)"
    account: Address
    currency: Address
    amount: int


# --------------------------------------------------------------------------- InterestPayments


@_event
@dataclass(frozen=True, slots=True)
class InterestDeclared(Event):
    """Interest of a period of days of UTC+8 was declared, as one Merkle root."""

    SIGNATURE = (
        "InterestDeclared(uint256 indexed id,address indexed operator,uint16 firstDay,uint16 endDay,"
        "uint16 rateBps,bytes32 root,uint256 total)"
    )
    period_id: int
    operator: Address
    first_day: int
    end_day: int
    rate_bps: int
    root: bytes
    total: int


@_event
@dataclass(frozen=True, slots=True)
class InterestPaid(Event):
    """One row of a declared period was paid; `paid` is what the period paid so far."""

    SIGNATURE = (
        "InterestPaid(uint256 indexed id,address indexed account,uint256 indexed index,uint256 amount,uint256 paid)"
    )
    period_id: int
    account: Address
    index: int
    amount: int
    paid: int
