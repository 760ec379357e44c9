"""The two names of an institution: its LEI (ISO 17442) and its BIC (ISO 9362).

The counterpart of `Identifiers` in the contracts, which hold each name in one word of 32 bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pysettle.errors import UsageError

_LEI = re.compile(r"[0-9A-Z]{18}[0-9]{2}", re.ASCII)
_BIC = re.compile(r"[0-9A-Z]{4}[A-Z]{2}[0-9A-Z]{2}(?:[0-9A-Z]{3})?", re.ASCII)
_WORD_BYTES = 32


@dataclass(frozen=True, slots=True)
class Identity:
    """The names of an institution."""

    lei: str
    """Legal entity identifier: 18 digits or capital letters and two check digits."""
    bic: str
    """Business identifier code: 8 or 11 digits or capital letters."""

    def check(self) -> None:
        """Check both names.

        Raises:
            UsageError: one has another form, or the check digits are false.
        """
        if not _LEI.fullmatch(self.lei):
            raise UsageError(
                f"{self.lei!r} is no LEI: write 18 digits or capital letters, then two check digits", lei=self.lei
            )
        if (remainder := _remainder(self.lei)) != 1:
            right = check_digits(self.lei[:-2])
            raise UsageError(
                f"the check digits of the LEI {self.lei} are false, it is {remainder} modulo 97 and not 1: "
                f"after {self.lei[:-2]} they would be {right}",
                lei=self.lei,
            )
        if not _BIC.fullmatch(self.bic):
            raise UsageError(
                f"{self.bic!r} is no BIC: write 8 or 11 digits or capital letters, such as HSBCHKHH", bic=self.bic
            )

    def words(self) -> tuple[bytes, bytes]:
        """Return LEI and BIC as the contract holds them."""
        return self.lei.encode().ljust(_WORD_BYTES, b"\0"), self.bic.encode().ljust(_WORD_BYTES, b"\0")


def check_digits(stem: str) -> str:
    """Return the two check digits after the first 18 characters of an LEI (ISO 7064, MOD 97-10).

    Example:
        >>> check_digits("MLU0ZO3ML4LN2LL2TL")
        '39'
    """
    return f"{98 - _remainder(stem + '00'):02}"


def text_of(word: bytes) -> str:
    """Return a name as text, from its word in an event."""
    return word.rstrip(b"\0").decode("ascii", "replace")


def _remainder(text: str) -> int:
    """Return digits and letters as one number modulo 97, a letter from 10 for A to 35 for Z."""
    return int("".join(str(int(character, 36)) for character in text)) % 97
