"""What a series and the market of series refuse."""

from __future__ import annotations

from pysettle.errors import ContractReverted


class ComputeReverted(ContractReverted):
    """A series or the ComputeMarket refused."""
