"""Corridors, their terms, and the statement on a payload of the Travel Rule that both institutions sign (EIP-712)."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from pysettle.domain.core.typed_data import Domain, StructType
from pysettle.hashing import keccak
from pysettle.values import Address, Seconds, Units

CORRIDORS_NAME = "pysettle Corridors"
"""Name in the EIP-712 domain of the corridors."""
DOMESTIC = 156
"""Jurisdiction of the market of e-CNY: China."""
_PAYLOAD = StructType("TravelPayload(address debtor,address creditor,address currency,uint256 amount,bytes32 payload)")


@dataclass(frozen=True, slots=True)
class Corridor:
    """A way from one jurisdiction to another for one currency, under the central banks of a pair."""

    debtor_jurisdiction: int
    """ISO 3166-1 number of the jurisdiction of debtors."""
    creditor_jurisdiction: int
    """ISO 3166-1 number of the jurisdiction of creditors."""
    currency: Address
    """Currency that crosses the border."""
    counter_currency: Address
    """Other currency of the pair."""

    @property
    def id(self) -> bytes:
        """Id of the corridor: the hash of jurisdictions and currency."""
        return corridor_id(self.debtor_jurisdiction, self.creditor_jurisdiction, self.currency)

    def fields(self) -> tuple[int, int, Address, Address]:
        """Return the corridor in the order of the contract's struct."""
        return self.debtor_jurisdiction, self.creditor_jurisdiction, self.currency, self.counter_currency


@dataclass(frozen=True, slots=True)
class CorridorTerms:
    """The rules of a corridor; amounts are units of the currency that crosses."""

    settlement_limit: Units
    """Units that one leg has at most."""
    window_limit: Units
    """Units that one debtor is admitted with in a window at most."""
    travel_threshold: Units
    """Units from which both institutions sign the payload of the Travel Rule first."""
    window_s: Seconds
    """Length of a window."""
    day_end_limit: Units
    """Units that a participant of the creditor's jurisdiction keeps at the end of a day at most."""

    def fields(self) -> tuple[int, ...]:
        """Return the terms in the order of the contract's struct."""
        return tuple(map(int, astuple(self)))


NEVER = Units(2**72 - 1)
"""A threshold that no leg reaches: the largest number of its field."""
NO_TERMS = CorridorTerms(Units(0), Units(0), Units(0), Seconds(0), Units(0))
"""The terms of a corridor to which nobody agreed yet."""


@dataclass(frozen=True, slots=True)
class TravelPayload:
    """The statement of both institutions that a payload of the Travel Rule belongs to a payment."""

    debtor: Address
    """Institution that pays."""
    creditor: Address
    """Institution that is paid."""
    currency: Address
    """Currency of the payment."""
    amount: Units
    """Units of the payment."""
    payload: bytes
    """Hash of the payload, which stays off chain."""

    def fields(self) -> tuple[Address, Address, Address, int, bytes]:
        """Return the statement in the order of the contract's struct."""
        return self.debtor, self.creditor, self.currency, self.amount, self.payload

    def digest(self, corridors: Domain) -> bytes:
        """Digest that both institutions sign, in the domain of the corridors."""
        return corridors.digest(_PAYLOAD.hash(*self.fields()))


def corridor_id(debtor_jurisdiction: int, creditor_jurisdiction: int, currency: Address) -> bytes:
    """Return the id of a corridor."""
    words = debtor_jurisdiction.to_bytes(32, "big") + creditor_jurisdiction.to_bytes(32, "big")
    return keccak(words + currency.rjust(32, b"\0"))


def corridors_domain(chain_id: int, corridors: Address) -> Domain:
    """Return the EIP-712 domain of the corridors."""
    return Domain(CORRIDORS_NAME, "1", chain_id, corridors)
