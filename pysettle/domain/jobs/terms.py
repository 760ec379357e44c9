"""Orders of batch compute: their terms, their ids, and their states with those of their milestones.

The counterpart of `IJobEscrow`. Amounts are units of an order's currency, times unix seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from pysettle.domain.core.typed_data import word
from pysettle.errors import UsageError
from pysettle.errors.states import MilestoneState as MilestoneState
from pysettle.errors.states import OrderState as OrderState
from pysettle.hashing import keccak
from pysettle.money import BPS
from pysettle.values import Address, OrderId, Units


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """The terms of an order. They never change."""

    currency: Address
    """Currency of all amounts."""
    buyer: Address
    """Account that accepts and disputes deliveries."""
    provider: Address
    """Account that delivers."""
    arbiter: Address
    """Account that rules on disputes; none of the parties."""
    description: bytes
    """Hash of the description of the work."""
    accept_before: int
    """When the provider can accept no more."""
    review_s: int
    """Seconds that the buyer has to dispute a delivery."""
    arbitration_s: int
    """Seconds that the arbiter has to rule."""
    milestones: tuple[tuple[Units, int], ...]
    """(amount, unix second before which it is delivered) of each."""
    default_bps: int = 5_000
    """Share of a disputed amount that the provider gets where the arbiter is silent."""
    bond: Units = Units(0)
    """Bond that the buyer deposits with a dispute."""
    salt: bytes = b"\0" * 32
    """Distinguishes orders of otherwise equal terms."""

    @property
    def total(self) -> Units:
        """Amount that the payer pays."""
        return Units(sum(amount for amount, _ in self.milestones))

    def check_bounds(self) -> None:
        """Check that the contract has room for every number of the terms.

        Raises:
            UsageError: one has more bits.
        """
        numbers = [
            ("accept_before", self.accept_before, 40),
            ("review_s", self.review_s, 32),
            ("arbitration_s", self.arbitration_s, 32),
            ("default_bps", self.default_bps, 16),
            ("bond_units", self.bond, 96),
            *(("milestones: units", amount, 96) for amount, _ in self.milestones),
            *(("milestones: deliver_before", before, 40) for _, before in self.milestones),
        ]
        for name, value, bits in numbers:
            if value >> bits:
                raise UsageError(
                    f"{name} of the order is {value}, and has to be below 2^{bits}: give a smaller one",
                    field=name,
                    value=value,
                    bits_count=bits,
                )

    def fields(self) -> tuple[object, ...]:
        """Return the terms in the order of the contract's struct."""
        return (
            self.currency,
            self.buyer,
            self.provider,
            self.arbiter,
            self.description,
            self.accept_before,
            self.review_s,
            self.arbitration_s,
            self.default_bps,
            self.bond,
            list(self.milestones),
            self.salt,
        )

    def order_id(self, chain_id: int, escrow: Address, payer: Address) -> OrderId:
        """Return the id of a payer's order of these terms, which is the nonce of its authorization too."""
        parties = (self.currency, self.buyer, self.provider, self.arbiter)
        numbers = (self.accept_before, self.review_s, self.arbitration_s, self.default_bps, self.bond)
        # The ABI encoding of (chain id, escrow, payer, terms): where terms begin, and in them where milestones do.
        encoded = [word(chain_id), escrow.rjust(32, b"\0"), payer.rjust(32, b"\0"), word(4 * 32)]
        encoded += [party.rjust(32, b"\0") for party in parties]
        encoded += [self.description, *map(word, numbers), word(12 * 32), self.salt]
        encoded += [word(len(self.milestones)), *(word(value) for stage in self.milestones for value in stage)]
        return OrderId(keccak(b"".join(encoded)))


def share_rounded_down(amount: Units, bps: int) -> Units:
    """Return the provider's part of a disputed amount, in units; the rest belongs to the payer.

    Rounding:
        Down, at the provider's expense.
    """
    return Units(amount * bps // BPS)
