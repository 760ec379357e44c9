"""Errors of the Corridors."""

from __future__ import annotations

from pysettle.errors import ContractReverted
from pysettle.values import Address, Seconds, Timestamp, Units


class CorridorReverted(ContractReverted):
    """The Corridors refused."""


class CorridorInvalid(CorridorReverted):
    """A corridor needs two jurisdictions, and the pair of their home currencies."""

    template = (
        "no corridor can lead from jurisdiction {debtor_jurisdiction} to {creditor_jurisdiction} for {currency} with "
        "the other currency {counter_currency}"
    )
    remedy = "name two different jurisdictions, and the home currencies of both: `pysettle corridor homes`"

    debtor_jurisdiction: int
    creditor_jurisdiction: int
    currency: Address
    counter_currency: Address


class CorridorTermsInvalid(CorridorReverted):
    """The terms of the corridor contradict themselves."""

    template = "a limit of {settlement_limit} for one settlement, {window_limit} for a window of {window}"
    remedy = "give the window a length, and a limit that is at least that of one settlement"

    settlement_limit: Units
    window_limit: Units
    window: Seconds


class CurrencyNotOfCorridor(CorridorReverted):
    """The currency is none of the pair of the corridor."""

    template = "the currency {currency} is none of the pair of corridor {id}"
    remedy = "act for the central bank of one of its two currencies"

    id: bytes
    currency: Address


class CorridorOfOtherPair(CorridorReverted):
    """The corridor is open for another pair of currencies."""

    template = "corridor {id} is open for the pair with {counter_currency}"
    remedy = "pay with this currency, or hold a wallet with its own jurisdiction"

    id: bytes
    counter_currency: Address


class CorridorNotOpen(CorridorReverted):
    """The corridor is not open."""

    template = "corridor {id} is not open"
    remedy = "have both central banks agree to its terms: `pysettle corridor agree`"

    id: bytes


class SettlementLimitExceeded(CorridorReverted):
    """The leg is above the limit of the corridor for one settlement."""

    template = "{debtor} requested {requested} in corridor {id}; one settlement has at most {limit}"
    remedy = "settle less at once"

    id: bytes
    debtor: Address
    requested: Units
    limit: Units


class WindowLimitExceeded(CorridorReverted):
    """The debtor has used up its limit of the corridor for this window."""

    template = "{debtor} requested {requested} in corridor {id}; {available} are left in this window"
    remedy = "request less, or wait for the next window"

    id: bytes
    debtor: Address
    requested: Units
    available: Units


class TravelPayloadUnsigned(CorridorReverted):
    """Both institutions have not signed the payload of the Travel Rule for this payment, or it is used."""

    template = "{debtor} pays {amount} in corridor {id}; from {threshold} on both institutions sign the payload first"
    remedy = "have both sign the hash of the payload: `pysettle corridor sign-payload`"

    id: bytes
    debtor: Address
    amount: Units
    threshold: Units


class TravelSignatureInvalid(CorridorReverted):
    """The institution did not sign this statement on a payload."""

    template = "{signer} did not sign the statement {digest}"
    remedy = "submit the statement as both institutions signed it"

    signer: Address
    digest: bytes


class TravelPayloadKnown(CorridorReverted):
    """Both institutions signed this statement before."""

    template = "the statement {digest} is signed already"
    remedy = "settle the payment"

    digest: bytes


class CurrencyClosed(CorridorReverted):
    """The currency is closed at this time."""

    template = "the currency {currency} is closed at {time}"
    remedy = "settle in its opening hours: `pysettle corridor calendar`"

    currency: Address
    time: Timestamp


class CurrencyStillOpen(CorridorReverted):
    """The day of the currency has not ended."""

    template = "the currency {currency} is open at {time}"
    remedy = "wait until it closes; a currency that is always open has no end of a day"

    currency: Address
    time: Timestamp


class WeekInvalid(CorridorReverted):
    """The word is no opening hours of a week."""

    template = "these are no opening hours of the currency {currency}"
    remedy = "open each day before it closes, and on one day at least"

    currency: Address


class NoCommonOpening(CorridorReverted):
    """The currencies have no common opening hours."""

    template = "the currencies are not open together within 64 days from {time} on"
    remedy = "choose another time"

    time: Timestamp


class ParticipantOfOtherJurisdiction(CorridorReverted):
    """The participant is of another jurisdiction than the corridor leads to."""

    template = "{account} is of jurisdiction {jurisdiction}, and not {expected}"
    remedy = "name the corridor that leads to the jurisdiction of the participant"

    account: Address
    jurisdiction: int
    expected: int


class NothingToClear(CorridorReverted):
    """The position is not above the limit at the end of a day, or the participant is its own agent."""

    template = "the position of {account} has {units}; it keeps {limit} at the end of a day"
    remedy = "leave it"

    account: Address
    units: Units
    limit: Units
