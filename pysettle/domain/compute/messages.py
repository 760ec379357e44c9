"""The signed messages of series and markets: purchases and attested compute (EIP-712)."""

from __future__ import annotations

from dataclasses import dataclass

from pysettle.domain.core.typed_data import Domain, StructType
from pysettle.values import Address, ComputeId, Tokens

COMPUTE_MARKET_NAME = "pysettle ComputeMarket"
"""Name in the market's EIP-712 domain."""

_PURCHASE = StructType("Purchase(address series,address beneficiary,uint256 leastTokens,uint256 deadline)")
_COMPUTE = StructType(
    "ComputeAttestation(address provider,bytes32 accelerator,uint64 units,uint64 tokensPerUnitSecond,"
    "uint64 validFrom,uint64 validBefore,bytes32 salt)"
)


@dataclass(frozen=True, slots=True)
class PurchaseTerms:
    """Terms to which a buyer's payment authorization commits through its nonce."""

    series: Address
    """Series that sells."""
    beneficiary: Address
    """Account that receives the Tokens."""
    least_tokens: Tokens
    """Fewest Tokens accepted."""
    deadline: int
    """Unix second from which the purchase is refused."""

    def hash(self) -> bytes:
        """Return the hash of the terms."""
        return _PURCHASE.hash(self.series, self.beneficiary, self.least_tokens, self.deadline)

    def nonce(self, number: int | None = None) -> bytes:
        """Return an EIP-3009 nonce that commits to the terms: the high 192 bits of their hash, above a number.

        Args:
            number: Number of the buyer, 64 bits. The token distinguishes nonces by it alone, so that no number can be
                used twice in any authorizations. Numbers in sequence share storage words, and cost less. Without a
                number the nonce is the whole hash, for one purchase of these terms.
        """
        whole = self.hash()
        return whole if number is None else whole[:24] + number.to_bytes(8, "big")


@dataclass(frozen=True, slots=True)
class ComputeAttestation:
    """An attester's signed statement on a provider's compute."""

    provider: Address
    """Provider that runs the compute."""
    accelerator: str
    """Kind of accelerator, for example "Ascend 910C", at most 32 bytes."""
    units: int
    """Accelerators of that kind."""
    tokens_per_unit_second: int
    """Tokens that one of them delivers a second."""
    valid_from: int
    """Unix second from which they deliver."""
    valid_before: int
    """Unix second from which they no longer do."""
    salt: bytes = b"\0" * 32
    """Distinguishes attestations of otherwise equal compute."""

    @property
    def capacity(self) -> Tokens:
        """Tokens that the compute can deliver in all."""
        return Tokens(self.units * self.tokens_per_unit_second * (self.valid_before - self.valid_from))

    def fields(self) -> tuple[object, ...]:
        """Return the attestation in the order of the contract's struct."""
        accelerator = self.accelerator.encode().ljust(32, b"\0")
        times = (self.valid_from, self.valid_before)
        return (self.provider, accelerator, self.units, self.tokens_per_unit_second, *times, self.salt)

    def digest(self, market: Domain) -> ComputeId:
        """Digest the attester signs; it is also the id of the compute."""
        return ComputeId(market.digest(_COMPUTE.hash(*self.fields())))


def market_domain(chain_id: int, market: Address) -> Domain:
    """Return the EIP-712 domain of a ComputeMarket."""
    return Domain(COMPUTE_MARKET_NAME, "1", chain_id, market)
