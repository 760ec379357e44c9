"""What the Locker refuses."""

from __future__ import annotations

from pysettle.errors import ContractReverted
from pysettle.values import Address, Units


class LockerShort(ContractReverted):
    """An account takes back what it has stored, and no more."""

    template = "{account} has {stored} in the locker; {amount} asked for"
    remedy = "take back less"

    account: Address
    amount: Units
    stored: Units
