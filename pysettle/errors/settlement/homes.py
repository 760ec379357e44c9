"""Errors of the HomeCurrencies."""

from __future__ import annotations

from pysettle.errors import ContractReverted
from pysettle.values import Address


class HomeCurrencyReverted(ContractReverted):
    """The home currencies refused."""


class HomeCurrencyKept(HomeCurrencyReverted):
    """The jurisdiction has a home currency, and keeps it."""

    template = "the home currency of jurisdiction {jurisdiction} is {home}"
    remedy = "name another jurisdiction"

    jurisdiction: int
    home: Address


class CurrencyOfOtherJurisdiction(HomeCurrencyReverted):
    """The currency is the home currency of a jurisdiction, and stays it."""

    template = "{currency} is the home currency of jurisdiction {jurisdiction}"
    remedy = "name another currency"

    currency: Address
    jurisdiction: int


class CurrencyWithoutVote(HomeCurrencyReverted):
    """The currency is neither a home currency nor the one that may become it."""

    template = "{currency} is no home currency, so its central bank has no vote"
    remedy = "act for the central bank of a home currency, or of the new one: `pysettle corridor homes`"

    currency: Address


class HomeCurrencyMissing(HomeCurrencyReverted):
    """The jurisdiction has no home currency yet."""

    template = "jurisdiction {jurisdiction} has no home currency"
    remedy = "have all central banks agree to one: `pysettle corridor agree-home`"

    jurisdiction: int
