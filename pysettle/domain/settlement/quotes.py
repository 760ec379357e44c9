"""The signed messages of foreign exchange: quotes, reference rates, and orders that a payment commits to (EIP-712).

The counterpart of `Quote.sol`. Amounts are units of the currency beside which they stand.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.core.typed_data import Domain, StructType
from pysettle.values import Address, Timestamp, Tokens, Units

FOREIGN_EXCHANGE_NAME = "pysettle ForeignExchange"
"""Name in the EIP-712 domain of the foreign exchange."""
LONGEST_QUOTE_S = 60
"""Longest time for which a quote may be signed ahead."""
RATE_BASIS = 10**12
"""Units of the paid currency that a rate is stated for."""
BPS = 10_000
_QUOTE = StructType(
    "Quote(address provider,address taker,address paid,address sold,uint96 paidAmount,uint96 soldAmount,"
    "uint256 id,uint64 validBefore)"
)
_RATE = StructType(
    "ReferenceRate(address paid,address sold,uint128 rate,uint16 toleranceBps,uint40 observedAt,uint40 validBefore)"
)
_ORDER = StructType(
    "Order(address exchange,address buyer,address series,address beneficiary,uint256 leastTokens,uint256 deadline)"
)


@dataclass(frozen=True, slots=True)
class Quote:
    """The offer of a liquidity provider to exchange two exact amounts, once."""

    provider: Address
    """Participant that sells, and signs."""
    taker: Address
    """Account that may take it; the zero address for any."""
    paid: Address
    """Currency that the provider receives."""
    sold: Address
    """Currency of the market, which leaves the position of the provider."""
    paid_amount: Units
    """Units that the buyer pays."""
    sold_amount: Units
    """Units that the series receives."""
    id: int
    """Number of its own that the provider uses once."""
    valid_before: Timestamp
    """Unix second before which it is taken."""

    @property
    def is_open(self) -> bool:
        """Whether any account may take it."""
        return self.taker == ZERO_ADDRESS

    def digest(self, exchange: Domain) -> bytes:
        """Digest that the provider signs, in the domain of the foreign exchange."""
        return exchange.digest(_QUOTE.hash(*astuple(self)))


@dataclass(frozen=True, slots=True)
class SignedQuote:
    """A quote with the signature of its provider."""

    quote: Quote
    """The quote."""
    signature: bytes
    """Signature over its digest."""

    def fields(self) -> tuple[object, ...]:
        """Return it in the order of the contract's struct."""
        return astuple(self.quote), self.signature


@dataclass(frozen=True, slots=True)
class ReferenceRate:
    """The rate that a central bank attests for a pair."""

    paid: Address
    """Currency that buyers pay with."""
    sold: Address
    """Currency of the market."""
    rate: int
    """Units of `sold` for 10**12 units of `paid`."""
    tolerance_bps: int
    """Basis points by which a quote may differ from the rate."""
    observed_at: Timestamp
    """Unix second of the rate; a later one replaces it."""
    valid_before: Timestamp
    """Unix second from which the rate is too old."""

    def digest(self, exchange: Domain) -> bytes:
        """Digest that the central bank signs, in the domain of the foreign exchange."""
        return exchange.digest(_RATE.hash(*astuple(self)))

    def expected(self, paid_amount: int) -> Units:
        """Return the units that an amount buys by the rate, rounded down."""
        return Units(paid_amount * self.rate // RATE_BASIS)

    def admits(self, paid_amount: int, sold_amount: int) -> bool:
        """Whether two amounts differ from the rate by its tolerance at most."""
        expected, stated = paid_amount * self.rate, sold_amount * RATE_BASIS
        return abs(stated - expected) * BPS <= expected * self.tolerance_bps


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a buyer: Tokens of a series for the units of a quote."""

    buyer: Address
    """Account that pays and counts as the buyer."""
    series: Address
    """Series whose Tokens are bought."""
    beneficiary: Address
    """Account that receives the Tokens."""
    least_tokens: Tokens
    """Fewest Tokens that the buyer accepts."""
    deadline: int
    """Unix second before which the purchase is made."""

    def nonce(self, exchange: Address, number: int | None = None) -> bytes:
        """Return the nonce of the authorization that pays it: its hash, or the high 192 bits above a number."""
        whole = _ORDER.hash(exchange, *astuple(self))
        return whole if number is None else whole[:24] + number.to_bytes(8, "big")


def exchange_domain(chain_id: int, exchange: Address) -> Domain:
    """Return the EIP-712 domain of the foreign exchange."""
    return Domain(FOREIGN_EXCHANGE_NAME, "1", chain_id, exchange)
