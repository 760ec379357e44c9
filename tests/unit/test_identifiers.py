"""LEI and BIC as text: the right ones pass, and every other is told with the reason."""

from __future__ import annotations

import pytest

from pysettle.domain.settlement.identifiers import Identity, check_digits, text_of
from pysettle.errors import UsageError
from tests.chance import chance

LEI, BIC = "MLU0ZO3ML4LN2LL2TL39", "HSBCHKHHHKH"
"""The LEI of HSBC Holdings plc, as GLEIF publishes it: its check digits are not ours."""
DIGITS, LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_a_published_lei_is_right() -> None:
    """Its digits are those that we compute; its word has 20 characters and zeros."""
    Identity(LEI, BIC).check()
    assert check_digits(LEI[:-2]) == LEI[-2:]
    words = Identity(LEI, BIC).words()
    assert [len(word) for word in words] == [32, 32]
    assert [text_of(word) for word in words] == [LEI, BIC]


@pytest.mark.random
def test_one_changed_character_is_noticed() -> None:
    """Whichever of the twenty, a digit by any other digit and a letter by any other letter (ISO 7064)."""
    random = chance(7)
    for _ in range(1_000):
        place = random.randrange(20)
        alike = DIGITS if LEI[place] in DIGITS else LETTERS
        other = random.choice(alike.replace(LEI[place], ""))
        with pytest.raises(UsageError, match="check digits of the LEI"):
            Identity(LEI[:place] + other + LEI[place + 1 :], BIC).check()


@pytest.mark.parametrize("bic", ["", "HSBCHKH", "HSBCHKHHH", "HSBC1KHH", "hsbchkhh", "HSBCHKHH\n", "HSBCHKH\uff11"])
def test_a_wrong_bic_is_named(bic: str) -> None:
    """In the message, with a right one beside it."""
    with pytest.raises(UsageError, match="is no BIC"):
        Identity(LEI, bic).check()
