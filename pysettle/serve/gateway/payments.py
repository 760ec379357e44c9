"""Payments and channels as the ledger of a gateway has them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pysettle.domain.channel.metering import ChannelState, Voucher
from pysettle.domain.compute.usage import Usage
from pysettle.domain.core.messages import ChannelConfig, ChannelId
from pysettle.values import Address, Hash32, Tokens


class State(StrEnum):
    """State of a payment."""

    EXECUTING = "executing"
    """Voucher and request are stored; the provider is asked."""
    SETTLING = "settling"
    """A transaction for it may be sent."""
    SETTLED = "settled"
    """Charged and answered."""
    CANCELLED = "cancelled"
    """Nothing was charged; its key may be used again."""
    UNKNOWN = "unknown"
    """The outcome of its transaction is not known yet."""


class Kind(StrEnum):
    """Object of a payment."""

    CALL = "call"
    """A call, paid from a channel of Tokens: its charge is in Tokens."""
    CURRENCY = "currency"
    """A call, paid from a channel of e-CNY: its charge is in units, as those below."""
    EXACT = "exact"
    """A call, paid by one exact payment."""
    TOKENS = "tokens"
    """A purchase of Tokens."""
    REFUND = "refund"
    """The rest of a channel, of either token."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel, as the ledger has it; amounts are in the smallest units of its token."""

    id: ChannelId
    """Its id."""
    config: ChannelConfig
    """Its terms."""
    usage: Usage
    """Cumulative counts."""
    charged: Tokens
    """Their cost."""
    voucher: Voucher | None
    """The newest voucher."""
    state: ChannelState
    """Its state on the chain, when it was read last."""

    @property
    def is_in_tokens(self) -> bool:
        """Whether it is a channel of Tokens: their series is its receiver."""
        return self.config.receiver == self.config.token

    @property
    def free(self) -> Tokens:
        """Tokens that a further voucher may cover: not charged, and staying after a running notice."""
        return Tokens(max(0, self.state.balance - self.state.noticed - self.charged))


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A payment that begins."""

    key: bytes
    """Hash of the key of its request."""
    payload: bytes | None
    """Hash of the payload that pays."""
    kind: Kind
    """Its object."""
    request: bytes
    """Hash of method, path and body."""
    body: bytes
    """Body of the request."""
    payer: Address
    """Account that pays."""
    channel: ChannelId | None
    """Channel that pays."""
    model: str
    """Model, or series for a purchase."""
    accepted_at: int
    """Chain time of its acceptance."""
    offered: int
    """Most that it may cost: Tokens, or units for a purchase."""
    nonce: bytes | None = None
    """Nonce of the authorization of an exact payment, or of a refund, by which the chain knows it."""
    signed: str | None = None
    """Header of an exact payment for a call."""


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment, as the ledger has it."""

    id: str
    """Its id."""
    kind: Kind
    """Its object."""
    state: State
    """Its state."""
    request: bytes
    """Hash of its request."""
    payer: Address
    """Account that pays."""
    channel: ChannelId | None
    """Channel that pays."""
    model: str
    """Model, or series for a purchase."""
    accepted_at: int
    """Chain time of its acceptance."""
    offered: int
    """Most that it may cost."""
    nonce: bytes | None
    """Nonce of the authorization of an exact payment, or of a refund."""
    signed: str | None
    """Header of an exact payment for a call."""
    charged: int | None
    """Cost, once it is settled."""
    usage: Usage | None
    """Usage of this call alone."""
    is_estimated: bool
    """Whether the provider reported no counts."""
    transaction: Hash32 | None
    """Transaction on the chain, if there is one."""
    answer: bytes | None
    """Body of its answer."""
    answer_type: str | None
    """Media type of the answer."""
    settlement: str | None
    """Header PAYMENT-RESPONSE of the answer."""
    reason: str | None
    """Reason of a failure."""

    @property
    def is_open(self) -> bool:
        """Whether the chain may tell its outcome yet: a facilitator may send an approved refund at any time later."""
        return self.state is State.UNKNOWN or (self.kind is Kind.REFUND and self.state is State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer with its charge."""

    answer: bytes
    """Body."""
    answer_type: str
    """Media type."""
    settlement: str
    """Header PAYMENT-RESPONSE."""
    charged: int
    """Cost of it alone."""
    usage: Usage | None = None
    """Usage of it alone."""
    is_estimated: bool = False
    """Whether the provider reported no counts."""
    transaction: Hash32 | None = None
    """Transaction on the chain."""
