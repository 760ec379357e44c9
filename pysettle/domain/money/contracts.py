"""The listed contracts of money, and the purposes for which they hold value of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pysettle.documents import as_bytes
from pysettle.domain.core.accounts import Purpose
from pysettle.domain.core.books import Books
from pysettle.domain.core.contracts import Form, Kind
from pysettle.domain.core.events import Emitted
from pysettle.values import Address

REDEMPTION = Purpose("redemption")
"""Held by an issuance desk until a redemption ends. Owner: the redemption's number as 32 bytes."""
CREDIT = Purpose("credit")
"""Credit that a currency holds for an account, which could not receive it. Owner: the account."""


@dataclass(frozen=True, slots=True)
class CurrencyTerms:
    """Terms of a contract that holds one currency."""

    currency: Address
    """The currency."""


def read_currency(fields: Mapping[str, Any]) -> CurrencyTerms:
    """Read the currency that a contract holds from the fields of a document."""
    return CurrencyTerms(Address(as_bytes(fields["currency"], 20)))


def write_currency(terms: CurrencyTerms) -> dict[str, Any]:
    """Return the fields of a document that name the currency a contract holds."""
    return {"currency": "0x" + terms.currency.hex()}


CURRENCY_FORM = Form(frozenset({"currency"}), write_currency, read_currency)
"""A contract of which the books need its currency alone."""


def _held_by_currency(books: Books, asset: Address, currency: Address) -> int:
    return books.total(asset, CREDIT) if asset == currency else 0


def _held_by_desk(books: Books, asset: Address, desk: Address) -> int:
    return books.total(asset, REDEMPTION) if is_desk_of(books, desk, asset) else 0


def _refused_by_desk(books: Books, asset: Address, desk: Address) -> bool:
    return is_desk_of(books, desk, asset)


def is_desk_of(books: Books, account: Address, currency: Address) -> bool:
    """Whether an account is the issuance desk of a currency."""
    terms = books.contracts[ISSUANCE_DESK].get(account)
    return terms is not None and terms.currency == currency


def currency_of(books: Books, emitted: Emitted) -> Address:
    """Return the currency of an event: that of an issuance desk, or else the emitting contract."""
    terms = books.contracts[ISSUANCE_DESK].get(emitted.emitter)
    return terms.currency if terms else emitted.emitter


CURRENCY_TOKEN: Kind[None] = Kind(
    "CurrencyToken",
    is_asset=True,
    held=_held_by_currency,
    restricted=(
        "setClassLimits(uint8,(uint256,uint256,uint256,uint256))",
        "registerWallet(address,uint8,uint16,uint16,bool)",
        "freeze(address,bool,bool)",
        "freezeAmount(address,uint256)",
        "seize(address,address,uint256,bytes32)",
        "seizeCredit(address,address,uint256,bytes32)",
        "pause()",
        "unpause()",
        "markSettlementAccount(address)",
    ),
    uses={"authority": "NetworkAccess", "_collector": "ERC3009DepositCollector", "issuanceDesk": "IssuanceDesk"},
)
ISSUANCE_DESK: Kind[CurrencyTerms] = Kind(
    "IssuanceDesk",
    form=CURRENCY_FORM,
    held=_held_by_desk,
    refuses=_refused_by_desk,
    restricted=(
        "setIssuanceQuota(address,uint256)",
        "setReserveRatio(uint256)",
        "issue(address,uint256)",
        "takeRedemption(uint256)",
        "completeRedemption(uint256)",
        "rejectRedemption(uint256)",
    ),
    uses={"currency": "CurrencyToken"},
    made_by="CurrencyToken",
)
INTEREST_PAYMENTS: Kind[None] = Kind(
    "InterestPayments",
    restricted=("declare(uint16,uint16,uint16,bytes32,uint256)", "acceptRole(uint64)"),
    uses={"currency": "CurrencyToken", "DESK": "IssuanceDesk"},
)
NETWORK_ACCESS: Kind[None] = Kind("NetworkAccess", has_books=False)
"""The powers over one currency."""
