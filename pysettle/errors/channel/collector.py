"""What the ERC3009DepositCollector refuses."""

from __future__ import annotations

from pysettle.errors.channel import ChannelReverted


class CollectorCallerNotHub(ChannelReverted):
    """The collector serves its hub."""

    template = "{caller} called, only the hub {hub} may"
    remedy = "deposit through the hub"
