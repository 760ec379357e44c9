"""The asset of a channel, and how its amounts are read and written."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from pysettle.domain.channel.messages import CEILING_BITS
from pysettle.errors import UsageError
from pysettle.money import Currency, to_plain, to_text, to_units
from pysettle.reading import read_whole
from pysettle.values import Address, Amount, Tokens


@dataclass(frozen=True, slots=True)
class Asset:
    """The asset of a channel: Tokens of a series, a currency, or another token."""

    token: Address
    """The token."""
    series: str | None = None
    """Name of the series in commands; None without a series."""
    currency: Currency | None = None
    """The currency, if it is one."""

    @property
    def option(self) -> str:
        """Option that names the asset in a command."""
        return (
            f"--currency {self.currency.value}"
            if self.currency
            else f"--series {quote(self.series or '0x' + self.token.hex())}"
        )

    @property
    def counted_in(self) -> str:
        """Unit of its amounts in the names of document fields: `tokens`, or else `units`."""
        return "tokens" if self.series else "units"

    def read(self, text: str) -> Amount:
        """Read an amount as a person writes it: of a currency with its decimals, else in Tokens or smallest units.

        Raises:
            InvalidAmount, InvalidNumber: it is written otherwise, or too large.
            UsageError: it is nothing.
        """
        amount: Amount = to_units(text) if self.currency else Tokens(read_whole(text))
        if not 0 < amount < 1 << CEILING_BITS:
            raise UsageError(
                f"{text[:40]!r} is no amount in a channel; use more than nothing, and less than 2^128", text=text
            )
        return amount

    def plain(self, amount: int) -> str:
        """Write an amount of smallest units as `read` takes it."""
        return to_plain(amount) if self.currency else str(amount)

    def text(self, amount: int) -> str:
        """Write an amount of smallest units."""
        if self.currency:
            return self.currency.text(amount)
        return f"{amount:,} Tokens" if self.series else f"{amount:,} of 0x{self.token.hex()}"

    def change(self, before: int, now: int) -> str:
        """Write how an amount changed."""
        return f"{to_text(before) if self.currency else f'{before:,}'} -> {self.text(now)}"
