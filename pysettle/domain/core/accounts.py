"""What the ledger is made of: accounts, entries, and the contracts whose books it keeps."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from eth_typing import Address

from pysettle.domain.compute.usage import RateCard
from pysettle.domain.core import events
from pysettle.domain.core.events import Event, Position


class Purpose(Enum):
    """What a balance is held for."""

    OWN = "own"
    """A holder's own, or a contract's unallocated balance. Owner: an account."""
    ISSUANCE = "issuance"
    """Counter account of everything created and destroyed: minus the supply. Owner: the asset."""
    REDEMPTION = "redemption"
    """Held by a currency until a redemption ends. Owner: the redemption's number as 32 bytes."""
    CREDIT = "credit"
    """Held by a currency for an account since it could not come in. Owner: the account."""
    ESCROW = "escrow"
    """Currency that a series holds behind its Tokens, remainders of rounding included. Owner: the series."""
    CHANNEL = "channel"
    """Deposited and not claimed. Owner: the channel id."""
    CLAIM = "claim"
    """Claimed and not settled. Owner: the receiver."""
    PAYOUT = "payout"
    """Held by a hub for an account since the token refused to pay it. Owner: the account."""
    JOB = "job"
    """Held by a job escrow until milestones end. Owner: the order's id."""
    DUE = "due"
    """Held by a job escrow until it is paid out. Owner: the account."""
    STAKE = "stake"
    """Staked at a market and not locked. Owner: the provider."""
    LOCKED_STAKE = "locked stake"
    """Stake behind what a series promises. Owner: the series."""


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """One account of the ledger: an asset held for a purpose."""

    asset: Address
    """Currency or series whose units are counted."""
    purpose: Purpose
    """What they are held for."""
    owner: bytes
    """Whose they are, as the purpose says."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry."""

    account: LedgerAccount
    """Account that changes."""
    amount: int
    """Smallest units of the account's asset, positive when it gains."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One balanced entry: in every asset its postings sum to zero."""

    position: Position
    """Where its event stands in the history."""
    kind: str
    """Name of the event it was made from."""
    postings: tuple[Posting, ...]
    """Its sides."""


@dataclass(frozen=True, slots=True)
class SeriesTerms:
    """The terms of a series that the ledger prices with."""

    currency: Address
    """Currency it is sold for."""
    unit_price: int
    """Micro-yuan per 1,000,000 Tokens."""
    rate_card: RateCard
    """Tokens for each metered unit."""
    compensation_bps: int = 0
    """Basis points of its price that compensate the holder of a Token after a halt."""


@dataclass(frozen=True)
class Contracts:
    """The contracts whose books are kept. Events of any other contract are passed over."""

    currencies: frozenset[Address] = frozenset()
    """CurrencyTokens."""
    series: Mapping[Address, SeriesTerms] = field(default_factory=dict)
    """ComputeTokens with their terms."""
    hubs: frozenset[Address] = frozenset()
    """ChannelHubs."""
    meters: frozenset[Address] = frozenset()
    """UsageMeters."""
    interest: frozenset[Address] = frozenset()
    """InterestPayments."""
    jobs: frozenset[Address] = frozenset()
    """JobEscrows."""
    markets: Mapping[Address, Address] = field(default_factory=dict)
    """ComputeMarkets with the currency that stake is held in."""

    def counts(self, asset: Address) -> bool:
        """Whether an asset is counted: the hub takes any token, and answers for none but these."""
        return asset in self.currencies or asset in self.series

    def keeps(self, address: Address) -> bool:
        """Whether the contract's books are kept."""
        return address in self._addresses

    def addresses(self) -> frozenset[Address]:
        """Return every contract whose books are kept."""
        return self._addresses

    def name_of(self, address: Address) -> str | None:
        """Return what a contract is called whose books are kept; None for any other."""
        named: tuple[tuple[str, Container[Address]], ...] = (
            ("CurrencyToken", self.currencies),
            ("ComputeToken", self.series),
            ("ChannelHub", self.hubs),
            ("UsageMeter", self.meters),
            ("InterestPayments", self.interest),
            ("JobEscrow", self.jobs),
            ("ComputeMarket", self.markets),
        )
        return next((name for name, addresses in named if address in addresses), None)

    def event_of(self, emitter: Address, topics: Sequence[bytes], data: bytes) -> Event | None:
        """Return the event that a log states; None for a log of any other contract, which is not even decoded.

        Anybody may log anything under the topics of these events. Every reader of logs that keeps books passes through
        here, so that a contract whose books are not kept can neither change them nor stop the reader.

        Args:
            emitter: Contract that emitted the log.
            topics: Topics of the log.
            data: Data of the log.

        Returns:
            The event, or None where it is of no known form.
        """
        return events.decode(topics, data) if self.keeps(emitter) else None

    @cached_property
    def _addresses(self) -> frozenset[Address]:
        sold = (self.currencies, self.series, self.markets)
        return frozenset().union(*sold, self.hubs, self.meters, self.interest, self.jobs)
