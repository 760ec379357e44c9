"""Records that all columns share: the addresses of a network's contracts, and the domains of its signatures."""

from __future__ import annotations

from dataclasses import dataclass

from eth_typing import Address

from pysettle.domain.core.typed_data import Domain

BPS = 10_000
"""Basis points in the whole."""
NOTHING = bytes(32)
"""A hash of nothing."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the contracts of the network stand, and by which domains they are signed for."""

    currency: Address
    market: Address
    factory: Address
    hub: Address
    collector: Address
    meter: Address
    jobs: Address
    hub_domain: Domain
    market_domain: Domain
