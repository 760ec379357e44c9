"""Typed access to the settlement network: deploy it, and drive each of its contracts.

A method that changes the chain returns an unsigned `Transaction`; `SettlementNetwork.send` seals any number of them,
many in one block. A method that reads answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pysettle.client.channel.deliveries import DeliveryFollower
    from pysettle.client.channel.hub import ChannelHub, UsageMeter, UsageRow
    from pysettle.client.compute.series import ComputeToken, SeriesTerms
    from pysettle.client.core.access import NetworkAccess, Power, Role, Roles
    from pysettle.client.follower import LedgerFollower
    from pysettle.client.money.currency import CurrencyToken, Freeze
    from pysettle.client.money.desk import IssuanceDesk, Redemption
    from pysettle.client.money.interest import InterestPayments
    from pysettle.client.money.system import CurrencySystem
    from pysettle.client.money.wallets import Wallet, WalletStanding
    from pysettle.client.network import Plan, SettlementNetwork, genesis
    from pysettle.client.signed import SignedMessage

__all__ = [
    "ChannelHub",
    "ComputeToken",
    "CurrencySystem",
    "CurrencyToken",
    "DeliveryFollower",
    "Freeze",
    "InterestPayments",
    "IssuanceDesk",
    "LedgerFollower",
    "NetworkAccess",
    "Plan",
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

_HOMES = {
    "ChannelHub": "pysettle.client.channel.hub",
    "ComputeToken": "pysettle.client.compute.series",
    "CurrencySystem": "pysettle.client.money.system",
    "CurrencyToken": "pysettle.client.money.currency",
    "DeliveryFollower": "pysettle.client.channel.deliveries",
    "Freeze": "pysettle.client.money.currency",
    "InterestPayments": "pysettle.client.money.interest",
    "IssuanceDesk": "pysettle.client.money.desk",
    "LedgerFollower": "pysettle.client.follower",
    "NetworkAccess": "pysettle.client.core.access",
    "Plan": "pysettle.client.network",
    "Power": "pysettle.client.core.access",
    "Redemption": "pysettle.client.money.desk",
    "Role": "pysettle.client.core.access",
    "Roles": "pysettle.client.core.access",
    "SeriesTerms": "pysettle.client.compute.series",
    "SettlementNetwork": "pysettle.client.network",
    "SignedMessage": "pysettle.client.signed",
    "UsageMeter": "pysettle.client.channel.hub",
    "UsageRow": "pysettle.client.channel.hub",
    "Wallet": "pysettle.client.money.wallets",
    "WalletStanding": "pysettle.client.money.wallets",
    "genesis": "pysettle.client.network",
}
"""Name -> its module; a name is resolved at its first use, so that no name loads the modules of others."""


def __getattr__(name: str) -> Any:
    """Load the module that has a name."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
