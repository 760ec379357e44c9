"""The listed contracts of settlement, and the purposes for which they hold value of others."""

from __future__ import annotations

from pysettle.domain.core.accounts import Purpose
from pysettle.domain.core.books import Books
from pysettle.domain.core.contracts import Kind
from pysettle.values import Address

POSITION = Purpose("position", short="INV-LIQUIDITY")
"""Held by the liquidity accounts for a participant. Owner: its account."""

EARMARK = Purpose("earmark", short="INV-LIQUIDITY")
"""Held by the liquidity accounts for a waiting settlement. Owner: the settlement's id."""

RESERVED = Purpose("reserved", short="INV-LIQUIDITY")
"""Held by the liquidity accounts for a participant, for clearing cycles alone. Owner: its account."""


def _held_for_positions(books: Books, asset: Address, _accounts: Address) -> int:
    return books.total(asset, POSITION, EARMARK, RESERVED)


PARTICIPANT_REGISTRY: Kind[None] = Kind("ParticipantRegistry", uses={"liquidity": "LiquidityAccounts"})
LIQUIDITY_ACCOUNTS: Kind[None] = Kind(
    "LiquidityAccounts",
    held=_held_for_positions,
    code="INV-LIQUIDITY",
    uses={
        "registry": "ParticipantRegistry",
        "corridors": "Corridors",
        "settlement": "AtomicSettlement",
        "foreignExchange": "ForeignExchange",
        "clearingHouse": "ClearingHouse",
    },
)
FOREIGN_EXCHANGE: Kind[None] = Kind(
    "ForeignExchange",
    uses={
        "liquidity": "LiquidityAccounts",
        "corridors": "Corridors",
        "market": "ComputeMarket",
        "currency": "CurrencyToken",
    },
)
PURCHASE_POLICY: Kind[None] = Kind(
    "PurchasePolicy",
    has_books=False,
    uses={"exchange": "ForeignExchange", "corridors": "Corridors", "currency": "CurrencyToken"},
)
CORRIDORS: Kind[None] = Kind(
    "Corridors",
    uses={"registry": "ParticipantRegistry", "liquidity": "LiquidityAccounts"},
)
ATOMIC_SETTLEMENT: Kind[None] = Kind(
    "AtomicSettlement",
    uses={"liquidity": "LiquidityAccounts"},
)
CLEARING_HOUSE: Kind[None] = Kind(
    "ClearingHouse",
    uses={"liquidity": "LiquidityAccounts", "corridors": "Corridors"},
)
