"""Errors of a series and of the market of series."""

from __future__ import annotations

from pysettle.errors import ContractReverted


class ComputeReverted(ContractReverted):
    """A series or the ComputeMarket refused."""
