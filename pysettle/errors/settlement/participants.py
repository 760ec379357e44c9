"""Errors of the ParticipantRegistry, and of the powers of a currency's officers over the settlement layer."""

from __future__ import annotations

from pysettle.errors import ContractReverted
from pysettle.values import Address


class ParticipantReverted(ContractReverted):
    """The ParticipantRegistry refused."""


class CurrencyPowerMissing(ParticipantReverted):
    """The authority of the currency does not give the caller this power."""

    template = "{caller} lacks this power in the currency {currency}"
    remedy = "call from an account that has the role in this currency, without a delay"

    currency: Address
    caller: Address


class LeiInvalid(ParticipantReverted):
    """The LEI has another form, or false check digits."""

    template = "{lei} is no LEI"
    remedy = "write its 20 characters with the right check digits"

    lei: bytes


class BicInvalid(ParticipantReverted):
    """The BIC has another form."""

    template = "{bic} is no BIC"
    remedy = "write its 8 or 11 digits or capital letters"

    bic: bytes


class SettlementAgentMissing(ParticipantReverted):
    """A participant needs a settlement agent."""

    template = "{account} has no settlement agent"
    remedy = "name one; a bank of the currency's own country may be its own"

    account: Address


class ParticipantNotFound(ParticipantReverted):
    """The account is no participant of the currency."""

    template = "{account} was not admitted to the currency {currency}"
    remedy = "have the registrar of the currency admit it: `pysettle participant admit`"

    currency: Address
    account: Address


class ParticipantSuspended(ParticipantReverted):
    """The participant is suspended and begins nothing."""

    template = "{account} is suspended in the currency {currency}"
    remedy = "wait until the freezer of the currency lifts the suspension"

    currency: Address
    account: Address


class ParticipantStopped(ParticipantReverted):
    """The participant is stopped, and nothing of it goes on."""

    template = "{account} is stopped in the currency {currency}"
    remedy = "wait until the freezer of the currency lifts the stop"

    currency: Address
    account: Address


class StopWithoutGround(ParticipantReverted):
    """A stop, and its end, need a ground."""

    template = "the stops on {account} in the currency {currency} change without a ground"
    remedy = "give the document that states the ground"

    currency: Address
    account: Address
