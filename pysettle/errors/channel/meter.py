"""Errors of the UsageMeter."""

from __future__ import annotations

from pysettle.errors.channel import ChannelReverted
from pysettle.values import Address


class MeterCallerNotHub(ChannelReverted):
    """Only the hub calls its UsageMeter."""

    template = "only the hub {hub} may do this; {caller} called"
    remedy = "claim at the hub, by claimMetered"

    caller: Address
    hub: Address


class MeterReceiverNotSeries(ChannelReverted):
    """The receiver and the token of the channel are not one series."""

    template = "receiver {receiver} and token {token} are not one series"
    remedy = "claim channels of a series, which is their receiver and token"

    receiver: Address
    token: Address


class UsageSignatureInvalid(ChannelReverted):
    """The provider attested other usage."""

    template = "the provider {provider} did not sign exactly these channels and counters"
    remedy = "submit the usage as the provider attested it"

    provider: Address
