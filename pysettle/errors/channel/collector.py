"""What the ERC3009DepositCollector refuses."""

from __future__ import annotations

from pysettle.errors.channel import ChannelReverted
from pysettle.values import Address


class CollectorCallerNotHub(ChannelReverted):
    """The collector serves its hub."""

    template = "only the hub {hub} may do this; {caller} called"
    remedy = "deposit through the hub"

    caller: Address
    hub: Address
