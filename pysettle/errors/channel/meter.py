"""What the UsageMeter refuses."""

from __future__ import annotations

from pysettle.errors.channel import ChannelReverted


class MeterCallerNotHub(ChannelReverted):
    """The meter answers its hub."""

    template = "{caller} called, only the hub {hub} may"
    remedy = "claim at the hub, by claimMetered"


class MeterReceiverNotSeries(ChannelReverted):
    """The meter meters Tokens."""

    template = "receiver {receiver} and token {token} are not one series"
    remedy = "claim channels of a series, which is their receiver and token"


class UsageSignatureInvalid(ChannelReverted):
    """The provider attested something else."""

    template = "not signed by the provider {provider} over exactly these channels and counters"
    remedy = "submit the usage as the provider attested it"
