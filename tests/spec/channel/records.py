"""Records of channels, and the arguments of their calls. How each may change is in `hub`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from pysettle.domain.core.messages import ChannelConfig
from tests.spec.core.calls import Signature

USAGE_BITS = 42
"""Bits of one counter of usage."""


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
    """Claims for a receiver in one token, and payments of them."""

    claimed: int = 0
    settled: int = 0


class Row(IntEnum):
    """The result of a row of a claim, in the words of the hub's manual."""

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
    """Data of a deposit for the collector: the fields of the payer's authorization that the deposit leaves open."""

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
