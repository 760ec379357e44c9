"""Errors of the LiquidityAccounts."""

from __future__ import annotations

from pysettle.errors import ContractReverted
from pysettle.values import Address, Units


class LiquidityReverted(ContractReverted):
    """The LiquidityAccounts refused."""


class LiquidityAccountUnmarked(LiquidityReverted):
    """The liquidity accounts are no settlement account of the currency."""

    template = "the liquidity accounts are no settlement account of the currency {currency}"
    remedy = "have the settlement registrar of the currency mark them"

    currency: Address


class LiquidityPaymentMismatch(LiquidityReverted):
    """The currency transferred another amount than the announced one."""

    template = "{amount} announced; {received} arrived"
    remedy = "use a currency that transfers exact amounts"

    amount: Units
    received: Units


class LiquidityMoverUnknown(LiquidityReverted):
    """The caller is no contract that moves positions."""

    template = "{caller} is no contract that moves positions"
    remedy = "submit an instruction"

    caller: Address


class LiquidityPaused(LiquidityReverted):
    """The positions in the currency are paused."""

    template = "the positions in the currency {currency} are paused"
    remedy = "wait until the pauser of the currency ends the pause"

    currency: Address


class PositionExceeded(LiquidityReverted):
    """The position has fewer available units."""

    template = "the position of {account} in the currency {token} has {available} available; {requested} requested"
    remedy = "request less, or pay in first"

    token: Address
    account: Address
    requested: Units
    available: Units


class ReservedExceeded(LiquidityReverted):
    """The position has fewer reserved units."""

    template = "the position of {account} in the currency {token} has {available} reserved; {requested} requested"
    remedy = "request less, or reserve more first"

    token: Address
    account: Address
    requested: Units
    available: Units


class CallerNotClearingHouse(LiquidityReverted):
    """Only the clearing house settles nets."""

    template = "{caller} is not the clearing house {clearing_house}"
    remedy = "propose a set to the clearing house"

    caller: Address
    clearing_house: Address


class PositionFrozenOutgoing(LiquidityReverted):
    """Nothing leaves the position."""

    template = "the position of {account} in the currency {currency} is frozen outgoing"
    remedy = "wait until the freezer of the currency lifts the freeze"

    currency: Address
    account: Address


class PositionFrozenIncoming(LiquidityReverted):
    """Nothing comes into the position."""

    template = "the position of {account} in the currency {currency} is frozen incoming"
    remedy = "wait until the freezer of the currency lifts the freeze"

    currency: Address
    account: Address


class PositionAmountFrozen(LiquidityReverted):
    """A part of the position is frozen."""

    template = (
        "{frozen} of the position of {account} in the currency {token} are frozen; {available} can leave it, "
        "{requested} requested"
    )
    remedy = "request less, or wait until the freezer of the currency lifts the freeze"

    token: Address
    account: Address
    requested: Units
    available: Units
    frozen: Units


class CallerNotSettlement(LiquidityReverted):
    """Only the settlement contract settles, earmarks, delivers and returns legs."""

    template = "{caller} is not the settlement contract {settlement}"
    remedy = "submit an instruction: `pysettle settle submit`"

    caller: Address
    settlement: Address


class CallerNotRegistry(LiquidityReverted):
    """Only the registry of the participants sets their standing."""

    template = "{caller} is not the registry of the participants {registry}"
    remedy = "have the officer admit or stop the participant: `pysettle participant`"

    caller: Address
    registry: Address


class NothingToCopy(LiquidityReverted):
    """The position is frozen, or its currency paused, as far already."""

    template = "the currency {currency} has no freeze or pause of {account} that its positions lack"
    remedy = "leave it: a copy only tightens"

    currency: Address
    account: Address
