"""Legs of an instruction from the words of `pysettle settle`, and in words again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pysettle.errors import UsageError
from pysettle.money import Currency, to_text, to_units
from pysettle.reading import read_whole

if TYPE_CHECKING:
    from pysettle.cli.command import Command
    from pysettle.client.network import SettlementNetwork
    from pysettle.domain.settlement.messages import Leg

_MOST_REFERENCE = 35
"""Most characters of an end-to-end id (ISO 20022, Max35Text)."""


def leg_of(text: str, network: SettlementNetwork, command: Command) -> Leg:
    """Return the leg that a person wrote as ASSET:DEBTOR:CREDITOR:AMOUNT.

    Raises:
        UsageError: it has another form, or names an unknown currency, series or account.
    """
    from pysettle.domain.settlement.messages import Leg, LegKind

    parts = text.split(":")
    if len(parts) != 4 or not all(parts):
        raise UsageError(f"the leg {text!r} is not like HKD:alice:bob:12.50", text=text)
    asset, debtor, creditor, amount = parts
    parties = command.address(debtor), command.address(creditor)
    if asset in Currency.__members__:
        place = network.system(Currency[asset]).token.address
        return Leg(LegKind.POSITION, place, *parties, to_units(amount))
    return Leg(LegKind.TOKEN, network.compute_lists.find(asset).address, *parties, read_whole(amount))


def reversed_leg(leg: Leg, amount: str | None) -> Leg:
    """Return the leg that returns an amount of another one, all of it by default."""
    from pysettle.domain.settlement.messages import LegKind

    if amount is None:
        return leg.reversed(leg.amount)
    returned = to_units(amount) if leg.kind is LegKind.POSITION else read_whole(amount)
    return replace(leg.reversed(returned))


def leg_words(leg: Leg, network: SettlementNetwork, command: Command) -> tuple[str, str, str, str]:
    """Return asset, debtor, creditor and amount of a leg in words."""
    from pysettle.domain.settlement.messages import LegKind

    codes = {system.token.address: currency.value for currency, system in network.currencies.items()}
    asset = codes.get(leg.asset, "0x" + leg.asset.hex())
    amount = to_text(leg.amount) if leg.kind is LegKind.POSITION else f"{leg.amount:,} Tokens"
    return asset, command.name(leg.debtor), command.name(leg.creditor), amount


def leg_document(leg: Leg, network: SettlementNetwork, command: Command) -> dict[str, object]:
    """Return a leg for a document: units of a currency, or Tokens of a series."""
    from pysettle.domain.settlement.messages import LegKind

    codes = {system.token.address: currency.value for currency, system in network.currencies.items()}
    is_position = leg.kind is LegKind.POSITION
    return {
        "asset": "0x" + leg.asset.hex(),
        "currency": codes.get(leg.asset),
        "debtor": command.name(leg.debtor),
        "creditor": command.name(leg.creditor),
        "amount_units": str(leg.amount) if is_position else None,
        "amount_tokens": None if is_position else str(leg.amount),
    }


def word_of(reference: str) -> bytes:
    """Return an end-to-end id as the contract holds it: the hash of a text of up to 35 characters.

    Raises:
        UsageError: it is empty or longer.
    """
    from pysettle.hashing import keccak

    if not 0 < len(reference) <= _MOST_REFERENCE:
        raise UsageError(
            f"an end-to-end id has 1 to {_MOST_REFERENCE} characters, and {reference!r} {len(reference)}",
            text=reference,
            most_characters_count=_MOST_REFERENCE,
        )
    return keccak(reference.encode())
