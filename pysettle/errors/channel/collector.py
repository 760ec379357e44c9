"""Errors of the ERC3009DepositCollector."""

from __future__ import annotations

from pysettle.errors.channel import ChannelReverted
from pysettle.values import Address


class CollectorCallerNotHub(ChannelReverted):
    """Only the hub calls its deposit collector."""

    template = "only the hub {hub} may do this; {caller} called"
    remedy = "deposit through the hub"

    caller: Address
    hub: Address
