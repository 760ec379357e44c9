"""Parties and contracts of histories that are written by hand."""

from __future__ import annotations

from eth_typing import Address

from pysettle.domain.channel.contracts import CHANNEL_HUB, USAGE_METER
from pysettle.domain.compute.contracts import COMPUTE_MARKET, COMPUTE_TOKEN, SeriesPricing
from pysettle.domain.compute.usage import Meters, RateCard
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import Event
from pysettle.domain.core.messages import ZERO_ADDRESS, ChannelConfig, ChannelId
from pysettle.domain.money.contracts import CURRENCY_TOKEN, ISSUANCE_DESK, CurrencyTerms
from pysettle.domain.money.events import (
    IssuanceQuotaSet,
    Issued,
    RedemptionCancelled,
    RedemptionCompleted,
    RedemptionRejected,
    RedemptionRequested,
    RedemptionTaken,
    ReserveAttested,
    ReserveRatioSet,
)

CURRENCY, SERIES, HUB, METER, BANK, PROVIDER, OTHER_BANK, MARKET, DESK = (
    Address(bytes([n]) * 20) for n in range(1, 10)
)
BUYERS = [Address(bytes([n]) * 20) for n in (0x10, 0x11, 0x12)]
CHANNELS = {buyer: ChannelId(bytes(12) + buyer) for buyer in BUYERS}
CONFIGS = {buyer: ChannelConfig(buyer, ZERO_ADDRESS, SERIES, METER, SERIES, 900) for buyer in BUYERS}
CARD = RateCard(Meters(1, 30, 90), Meters(2, 60, 180))
UNIT_PRICE = 150_000
COMPENSATION_BPS = 700
CONTRACTS = Contracts(
    {
        CURRENCY_TOKEN: {CURRENCY: None},
        ISSUANCE_DESK: {DESK: CurrencyTerms(CURRENCY)},
        COMPUTE_TOKEN: {SERIES: SeriesPricing(CURRENCY, UNIT_PRICE, CARD, COMPENSATION_BPS)},
        CHANNEL_HUB: {HUB: None},
        USAGE_METER: {METER: None},
        COMPUTE_MARKET: {MARKET: CurrencyTerms(CURRENCY)},
    }
)


OF_DESK = (
    *(ReserveAttested, ReserveRatioSet, IssuanceQuotaSet, Issued),
    *(RedemptionRequested, RedemptionTaken, RedemptionCompleted, RedemptionRejected, RedemptionCancelled),
)
"""Events of the issuance desk; all other events of a currency are those of its token."""


def emitter_of(event: Event) -> Address:
    """Return who emits an event about the currency."""
    return DESK if isinstance(event, OF_DESK) else CURRENCY
