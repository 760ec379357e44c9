"""Errors of channels: their hub, its meter and its collector."""

from __future__ import annotations

from pysettle.errors import ContractReverted


class ChannelReverted(ContractReverted):
    """The ChannelHub, its UsageMeter or its deposit collector refused."""
