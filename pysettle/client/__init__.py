"""Typed access to the settlement network: deploy it, and drive each of its contracts.

A method that changes the chain returns an unsigned `Transaction`; `SettlementNetwork.send` seals any number of them,
many in one block. A method that reads answers at once.
"""

from pysettle.client.channel.deliveries import DeliveryFollower
from pysettle.client.channel.hub import ChannelHub, UsageMeter, UsageRow
from pysettle.client.compute.series import ComputeToken, SeriesTerms
from pysettle.client.core.access import NetworkAccess, Power, Role, Roles
from pysettle.client.follower import LedgerFollower
from pysettle.client.money.currency import CurrencyToken, Freeze, Redemption
from pysettle.client.money.interest import InterestPayments
from pysettle.client.money.wallets import Wallet, WalletStanding
from pysettle.client.network import CurrencySystem, SettlementNetwork, genesis
from pysettle.client.signed import SignedMessage

__all__ = [
    "ChannelHub",
    "ComputeToken",
    "CurrencySystem",
    "CurrencyToken",
    "DeliveryFollower",
    "Freeze",
    "InterestPayments",
    "LedgerFollower",
    "NetworkAccess",
    "Power",
    "Redemption",
    "Role",
    "Roles",
    "SeriesTerms",
    "SettlementNetwork",
    "SignedMessage",
    "UsageMeter",
    "UsageRow",
    "Wallet",
    "WalletStanding",
    "genesis",
]
