"""The plan of channels: the hub with its deposit collector, and the meter of usage."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pysettle.client.core.planning import ColumnPlan, ContractPlan, Marked
from pysettle.domain.channel.messages import USAGE_METER_NAME
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.client.store import ReadModel

CHANNEL_HUB_ADDRESS = Address(bytes.fromhex("4020074e9df2ce1dee5a9c1b5c3f541d02a10003"))
"""Canonical address of the x402 `batch-settlement` hub, the same on every chain."""

DEPOSIT_COLLECTOR_ADDRESS = Address(bytes.fromhex("4020806089470a89826cb9fb1f4059150b550004"))
"""Canonical address of its EIP-3009 deposit collector."""


def _models(address: Callable[[str], Address]) -> tuple[ReadModel, ...]:
    """Return the read models; the events that they fold are loaded for lists alone."""
    from pysettle.client.channel.lists import models

    return models(address)


PLAN = ColumnPlan(
    contracts=(
        ContractPlan(name="ChannelHub", canonical=CHANNEL_HUB_ADDRESS, marked=Marked.EVERYWHERE),
        # A deposit passes through the collector on its way from the payer to the hub.
        ContractPlan(
            name="ERC3009DepositCollector",
            works_with=("ChannelHub",),
            canonical=DEPOSIT_COLLECTOR_ADDRESS,
            marked=Marked.EVERYWHERE,
        ),
        ContractPlan(
            name="UsageMeter",
            works_with=("ChannelHub",),
            domain_name=lambda _: USAGE_METER_NAME,
        ),
    ),
    models=_models,
)
