"""Integer money: currencies, amounts in units, and the only places where something is rounded.

An amount is an `int` of the currency's smallest unit on chain. `Decimal` appears at the edge, when a person's text
becomes units or units become text, and no float appears at all.
"""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation
from enum import Enum

from pysettle.errors import InvalidAmount

UNITS_PER_WHOLE = 1_000_000
"""Units in one whole of a currency: every currency token has 6 decimals, so one unit is a micro-yuan for e-CNY."""

UNITS_PER_MINOR = 10_000
"""Units in one minor unit (fen); issuance and redemption are in whole minor units."""

BPS = 10_000
PRICE_BASIS = 1_000_000
"""Tokens that a unit price is stated for."""

MAX_BALANCE = 2**96 - 1
"""Largest balance, and largest supply, of a currency token."""


class Currency(Enum):
    """A currency of the network, by its ISO 4217 code; every token of it is simulated."""

    CNY = "CNY"
    HKD = "HKD"
    THB = "THB"
    AED = "AED"

    @property
    def symbol(self) -> str:
        """Symbol of its token, for example `eCNY`."""
        return f"e{self.value}"

    @property
    def token_name(self) -> str:
        """Name of its token, and of its EIP-712 domain."""
        return f"e-{self.value} token (simulated)"

    @property
    def word(self) -> str:
        """What stands behind an amount of it: "yuan", and of every other currency its code."""
        return "yuan" if self is Currency.CNY else self.value

    def text(self, units: int) -> str:
        """Write units as a person reads them, with the currency.

        Example:
            >>> Currency.CNY.text(12_500_000), Currency.HKD.text(12_500_000)
            ('12.50 yuan', '12.50 HKD')
        """
        return f"{to_text(units)} {self.word}"


def to_units(text: str) -> int:
    """Read a person's amount, such as `84.589479`, as units.

    Raises:
        InvalidAmount: not a number, negative, finer than one unit, or above 96 bits.

    Example:
        >>> to_units("84.589479")
        84589479
    """
    try:
        # The default context would round an amount of more than 28 digits in silence.
        scaled = Decimal(text).scaleb(6, Context(prec=100))
    except InvalidOperation:
        raise InvalidAmount(f"{text!r} is not an amount of money; write it like 12.50") from None
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise InvalidAmount(f"{text!r} is finer than one unit (0.000001); round it first")
    units = int(scaled)
    if not 0 <= units <= MAX_BALANCE:
        raise InvalidAmount(f"{text!r} is outside what a balance can hold; use an amount from 0 to 2^96-1 units")
    return units


def to_minor(text: str) -> int:
    """Read a person's amount of reserve, such as `84.58`, as minor units (fen).

    Raises:
        InvalidAmount: no amount of money, or not in whole minor units.

    Example:
        >>> to_minor("84.58")
        8458
    """
    minor, rest = divmod(to_units(text), UNITS_PER_MINOR)
    if rest:
        raise InvalidAmount(f"{text!r} is finer than 0.01, the smallest amount a reserve can hold; round it first")
    return minor


def to_text(units: int) -> str:
    """Write units as a person reads them: thousands apart, at least two decimals, no unit lost.

    Example:
        >>> to_text(1_234_500_000), to_text(84_589_479), to_text(-1)
        ('1,234.50', '84.589479', '-0.000001')
    """
    sign = "-" if units < 0 else ""
    whole, fraction = divmod(abs(units), UNITS_PER_WHOLE)
    digits = f"{fraction:06}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole:,}.{digits}"


def price_rounded_up(tokens: int, unit_price: int) -> int:
    """Price of Tokens in units, rounded up to one unit.

    Args:
        tokens: Tokens bought.
        unit_price: Micro-yuan per 1,000,000 Tokens.

    Rounding: up, at the buyer's expense; what it adds stays in the series and backs.

    Example:
        >>> price_rounded_up(7, 150_000)
        2
    """
    return -(-tokens * unit_price // PRICE_BASIS)


def backing_rounded_down(tokens: int, unit_price: int) -> int:
    """Backing that leaves with Tokens when they are redeemed or refunded, in units, rounded down to one unit.

    Args:
        tokens: Tokens given back.
        unit_price: Micro-yuan per 1,000,000 Tokens.

    Rounding: down, at the expense of who gives them back; what it leaves stays in the series.

    Example:
        >>> backing_rounded_down(7, 150_000)
        1
    """
    return tokens * unit_price // PRICE_BASIS


def compensation_rounded_down(tokens: int, unit_price: int, compensation_bps: int) -> int:
    """Compensation that Tokens refunded after a halt get on top of their backing, rounded down to one unit.

    Args:
        tokens: Tokens refunded.
        unit_price: Micro-yuan per 1,000,000 Tokens.
        compensation_bps: Basis points of the price.

    Rounding: down, at the expense of who gives them back; what it leaves stays in the series.

    Example:
        >>> compensation_rounded_down(1_000_000, 150_000, 500)
        7500
    """
    return tokens * unit_price * compensation_bps // (PRICE_BASIS * BPS)


def stake_rounded_up(tokens: int, unit_price: int, compensation_bps: int) -> int:
    """Stake that covers the compensation of Tokens, however they are refunded, in units, rounded up to one unit.

    Args:
        tokens: Tokens to be compensated.
        unit_price: Micro-yuan per 1,000,000 Tokens.
        compensation_bps: Basis points of the price.

    Rounding: up, at the provider's expense, which takes back what is not needed.

    Example:
        >>> stake_rounded_up(1, 150_000, 500)
        1
    """
    return -(-tokens * unit_price * compensation_bps // (PRICE_BASIS * BPS))


def tokens_for(payment: int, unit_price: int) -> int:
    """Tokens that a payment buys at the most, rounded down to whole Tokens.

    Args:
        payment: Units paid.
        unit_price: Micro-yuan per 1,000,000 Tokens.

    Example:
        >>> tokens_for(6_000_000, 150_000)
        40000000
    """
    return payment * PRICE_BASIS // unit_price
