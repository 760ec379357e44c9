"""What the model of the compute layer keeps: compute, series, channels, orders, and what is stated with a call.

Plain records, one field for one fact. Which of them may change how is in `market`, `series`, `hub` and `jobs`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar

import rlp
from eth_hash.auto import keccak
from eth_typing import Address

from pysettle.domain.core.messages import ZERO_ADDRESS, ChannelConfig, ChannelId
from pysettle.domain.core.typed_data import Domain
from pysettle.domain.jobs.terms import MilestoneState, OrderState, OrderTerms
from tests.spec.money.records import Signature

PRICE_BASIS = 1_000_000
"""Tokens that a unit price is stated for."""
BPS = 10_000
"""Basis points in the whole."""
MOST = 2**96 - 1
"""Most units of a currency, and most Tokens of compute, that there can be."""
NOTHING = bytes(32)
"""A hash of nothing."""
RATE_BITS, USAGE_BITS, LANES = 32, 42, 6
"""Bits of one rate and of one counter, and how many there are of each."""


def created_by(creator: Address, number: int) -> Address:
    """Return the address of the contract that another creates as its number-th, counted from 1 (EIP-161)."""
    return Address(keccak(rlp.encode([creator, number]))[12:])


def lanes(word: int, bits: int) -> list[int]:
    """Return the six numbers packed into a word, lowest first."""
    return [word >> (bits * place) & ((1 << bits) - 1) for place in range(LANES)]


@dataclass(frozen=True, slots=True)
class Places:
    """Where the contracts of the network stand, and by which domains they are signed for."""

    currency: Address
    market: Address
    factory: Address
    hub: Address
    collector: Address
    meter: Address
    jobs: Address
    hub_domain: Domain
    market_domain: Domain


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of a series, as they are given to the market; none of them is known to be sensible."""

    NAME: ClassVar = "Tokens"
    """Name of every series, and of its EIP-712 domain."""
    provider: Address
    unit_price: int
    """Units of currency for 1,000,000 Tokens."""
    capacity: int
    """Tokens ever to be sold."""
    expiry: int
    """Unix second from which it is over."""
    rate_card: int
    """Six rates in a word."""
    halter: Address = ZERO_ADDRESS
    ground: bytes = NOTHING
    compensation: int = 0
    """Basis points of its price that a Token is compensated with after a halt."""

    def fields(self) -> tuple[object, ...]:
        """Return the terms in the order of the contract's struct, all under one name."""
        first = (self.NAME, "TOK", self.provider, b"inference".ljust(32, b"\0"))
        prices = (self.unit_price, self.capacity, self.expiry, self.rate_card)
        return (*first, *prices, NOTHING, self.halter, self.ground, self.compensation)


@dataclass(slots=True)
class Compute:
    """Compute that series are opened on."""

    provider: Address
    capacity: int
    """Tokens it can deliver in all."""
    valid_before: int
    """Unix second from which it delivers no more."""
    allocated: int = 0
    """Tokens that series were opened for."""


@dataclass(slots=True)
class Stake:
    """What stands behind a series."""

    provider: Address
    locked: int
    """Units of currency; zero once released or halted."""


@dataclass(slots=True)
class Channel:
    """One channel of the hub. Amounts are in smallest units of its token."""

    config: ChannelConfig
    balance: int = 0
    """Held, what is claimed included."""
    claimed: int = 0
    """Claimed, cumulative."""
    noticed: int = 0
    """Withdrawal that was noticed; zero when there is none."""
    noticed_at: int = 0
    """Unix second of that notice."""
    refund_nonce: int = 0
    """Nonce of the next refund."""

    @property
    def unclaimed(self) -> int:
        """Held and not claimed."""
        return self.balance - self.claimed


@dataclass(slots=True)
class Totals:
    """What was claimed for a receiver in one token, and what of it was paid."""

    claimed: int = 0
    settled: int = 0


@dataclass(slots=True)
class Milestone:
    """A milestone of an order."""

    amount: int
    deliver_before: int
    """Unix second before which it is delivered."""
    state: MilestoneState = MilestoneState.DUE
    since: int = 0
    """Unix second of its delivery, or of the dispute."""


@dataclass(slots=True)
class Order:
    """An order at the job escrow."""

    payer: Address
    terms: OrderTerms
    milestones: list[Milestone]
    state: OrderState = OrderState.PLACED

    def end(self, milestone: Milestone) -> int:
        """Return when the time ends that a milestone has as it stands, unix seconds."""
        periods = {MilestoneState.DELIVERED: self.terms.review_s, MilestoneState.DISPUTED: self.terms.arbitration_s}
        period = periods.get(milestone.state)
        return milestone.deliver_before if period is None else milestone.since + period

    @property
    def held(self) -> int:
        """Units that the escrow holds for it: unfinished milestones, and bonds of what is disputed."""
        disputed = sum(it.state is MilestoneState.DISPUTED for it in self.milestones)
        return sum(it.amount for it in self.milestones if not it.state.is_final) + disputed * self.terms.bond


class Row(IntEnum):
    """What became of a row of a claim, in the words of the hub's manual."""

    CLAIMED = 0
    CLAIMED_IN_PART = 1
    NOTHING_NEW = 2
    CALLER_NOT_RECEIVER = 3
    ABOVE_CEILING = 4
    VOUCHER_SIGNATURE_INVALID = 5
    PAYER_FROZEN = 6
    USAGE_MALFORMED = 7

    @property
    def is_refusal(self) -> bool:
        """Whether the hub says in an event that it left the row out."""
        return self > Row.NOTHING_NEW


@dataclass(frozen=True, slots=True)
class DepositData:
    """What the collector is given with a deposit: the payer's authorization, but for what the deposit says itself."""

    after: int
    before: int
    salt: int
    signature: Signature


@dataclass(frozen=True, slots=True)
class Claim:
    """One row of a claim."""

    config: ChannelConfig
    ceiling: int
    """Most that the payer signed for."""
    total: int
    """Claimed after it, cumulative."""
    signature: Signature


@dataclass(frozen=True, slots=True)
class MeteredRow:
    """One row of a metered claim."""

    config: ChannelConfig
    """Its receiver, authorizer and token are those of the whole claim, and are not given by row."""
    usage: int
    """Six cumulative counters in a word."""
    ceiling: int
    signature: Signature


@dataclass(frozen=True, slots=True)
class Approval:
    """A provider's approval of a cooperative refund, as the meter reads it."""

    config: ChannelConfig
    nonce: int
    amount: int
    claimed: int
    """Claimed on the channel when the provider approved."""
    signature: Signature


@dataclass(slots=True)
class Answer:
    """What a call answers, and what its rows came to."""

    values: tuple[object, ...] = ()
    """Returned values, as the ABI states them."""
    refused_rows: list[tuple[ChannelId, Row]] = field(default_factory=list)
    """Rows that were left out, in order."""
