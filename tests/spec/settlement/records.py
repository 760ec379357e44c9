"""Records of participants and positions. How each may change is in `registry` and `liquidity`."""

from __future__ import annotations

from dataclasses import dataclass

from eth_typing import Address


@dataclass(slots=True)
class Member:
    """An institution in a currency."""

    index: int
    jurisdiction: int
    settlement_agent: Address
    suspended: bool = False
    stopped: bool = False


@dataclass(slots=True)
class Holding:
    """A position in a currency."""

    available: int = 0
    frozen_outgoing: bool = False
    frozen_incoming: bool = False
    frozen_amount: int = 0

    @property
    def free(self) -> int:
        """Available units that no frozen amount keeps."""
        return max(0, self.available - self.frozen_amount)
