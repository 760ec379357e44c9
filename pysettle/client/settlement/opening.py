"""The opening of settlement across borders: its contracts are deployed on request, once for all currencies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pysettle.errors import UsageError
from pysettle.money import Currency
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.client.deploying import Holders
    from pysettle.client.network import SettlementNetwork

CONTRACTS = (
    "ParticipantRegistry",
    "LiquidityAccounts",
    "Corridors",
    "AtomicSettlement",
    "ForeignExchange",
    "ClearingHouse",
    "PurchasePolicy",
)
"""Its contracts, each after those that it works with."""


def is_open(network: SettlementNetwork) -> bool:
    """Whether the settlement layer was opened."""
    return network.has(CONTRACTS[0])


def open_settlement(network: SettlementNetwork, holders: Mapping[Currency, Holders] | None = None) -> None:
    """Deploy the settlement layer; each currency marks the contracts that hold its units. Later ones do so too.

    The currencies of the network become the founding home currencies of their jurisdictions. A later one needs the
    consent of all central banks (`HomeCurrencies.agree_home`).

    Args:
        network: The network.
        holders: As for `SettlementNetwork.add_contracts`.
    """
    network.add_contracts(CONTRACTS, holders)


def address_of(network: SettlementNetwork, contract: str) -> Address:
    """Return the address of a contract of the settlement layer.

    Raises:
        UsageError: the layer was not opened.
    """
    if not is_open(network):
        raise UsageError("this network has no settlement layer yet: run `pysettle liquidity open`")
    return network.address(contract)
