"""Typed access to the settlement network: deploy it, and drive each of its contracts.

A method that changes the chain returns an unsigned `Transaction`; `SettlementNetwork.send` seals any number of them,
many in one block. A method that reads answers at once.
"""

from pysettle.client.access import NetworkAccess, Role
from pysettle.client.channels import ChannelHub, UsageMeter, UsageRow
from pysettle.client.currency import CurrencyToken, Freeze, Redemption
from pysettle.client.deliveries import DeliveryFollower
from pysettle.client.follower import LedgerFollower
from pysettle.client.interest import InterestPayments
from pysettle.client.network import CurrencySystem, Roles, SettlementNetwork, genesis
from pysettle.client.series import ComputeToken, SeriesTerms
from pysettle.client.signed import SignedMessage
from pysettle.client.wallets import Wallet, WalletStanding
from pysettle.client.workspace import Workspace

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
    "Workspace",
    "genesis",
]
