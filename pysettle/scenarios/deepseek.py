"""The price list of a provider that scenarios deliver by, as it was recorded."""

from __future__ import annotations

from pysettle.domain.compute.usage import Meters, PeakHours, RateCard

DEEPSEEK_V4_PRO_PEAK_HOURS = PeakHours(hours=((1, 4), (6, 10)))
"""Peak hours of `deepseek-v4-pro`: 01:00-04:00 and 06:00-10:00 UTC, Monday to Friday.

Source: the provider's price table as recorded in October 2026. Chinese public holidays are off-peak too; a series
gives those of its years as `holidays`.
"""

DEEPSEEK_V4_PRO_UNIT_PRICE = 150_000
"""Micro-yuan per 1,000,000 Tokens of the demo's series: the price of cached input off-peak, so that rates are whole."""

DEEPSEEK_V4_PRO_RATE_CARD = RateCard(off_peak=Meters(1, 30, 90), peak=Meters(2, 60, 180))
"""Rate card of `deepseek-v4-pro`: 0.15 / 4.50 / 13.50 yuan per million off-peak, twice that in peak hours.

Source: the provider's price table as recorded in October 2026.
"""
