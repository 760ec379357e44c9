"""The signed message of issuance: the central bank's attestation of the reserve (EIP-712)."""

from __future__ import annotations

from dataclasses import dataclass

from pysettle.domain.core.typed_data import Domain, StructType
from pysettle.values import Address

_RESERVE = StructType("ReserveAttestation(uint256 amountFen,uint64 asOf,uint64 sequence,uint64 validBefore)")


ISSUANCE_DESK_NAME = "pysettle IssuanceDesk"
"""Name in a desk's EIP-712 domain."""


@dataclass(frozen=True, slots=True)
class ReserveAttestation:
    """The central bank's statement on the reserve behind a currency."""

    amount_fen: int
    """Reserve in fen."""
    as_of: int
    """Unix second the amount is of."""
    sequence: int
    """Number of the attestation, above that of the one before."""
    valid_before: int
    """Unix second from which it is too old to issue against."""

    def fields(self) -> tuple[int, ...]:
        """Return the attestation in the order of the contract's struct."""
        return (self.amount_fen, self.as_of, self.sequence, self.valid_before)

    def digest(self, desk: Domain) -> bytes:
        """Digest the central bank signs, in the domain of the desk."""
        return desk.digest(_RESERVE.hash(*self.fields()))


def desk_domain(chain_id: int, desk: Address) -> Domain:
    """Return the EIP-712 domain of an IssuanceDesk."""
    return Domain(ISSUANCE_DESK_NAME, "1", chain_id, desk)
