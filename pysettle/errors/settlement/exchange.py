"""Errors of the ForeignExchange."""

from __future__ import annotations

from pysettle.errors import ContractReverted
from pysettle.errors.states import WalletClass
from pysettle.values import Address, SeriesId, Timestamp, Units


class ExchangeReverted(ContractReverted):
    """The ForeignExchange refused."""


class QuotesMissing(ExchangeReverted):
    """The purchase names no quote."""

    template = "the purchase names no quote"
    remedy = "name at least one quote of a liquidity provider"


class BuyerNotCaller(ExchangeReverted):
    """Another account than the buyer would pay by the buyer's allowance."""

    template = "{caller} cannot pay by the allowance of {buyer}"
    remedy = "have the buyer submit the purchase, or sign its payment"

    buyer: Address
    caller: Address


class CallerNotExchange(ExchangeReverted):
    """Only the foreign exchange may call this entry."""

    template = "{caller} is not the foreign exchange {exchange}"
    remedy = "buy by `pysettle market buy --pay-in`"

    caller: Address
    exchange: Address


class QuoteCurrencyOther(ExchangeReverted):
    """The quote or the rate is for another currency than the market's."""

    template = "{currency} is sold, and the market sells for {expected}"
    remedy = "use a quote that sells the currency of the market"

    currency: Address
    expected: Address


class QuoteTakerOther(ExchangeReverted):
    """The quote is for another buyer."""

    template = "quote {id} of {provider} is for {taker}, not for {buyer}"
    remedy = "ask the provider for a quote of your own"

    provider: Address
    id: int
    taker: Address
    buyer: Address


class QuoteExpired(ExchangeReverted):
    """The quote has expired."""

    template = "quote {id} of {provider} expired at {valid_before}; chain time is {timestamp}"
    remedy = "ask the provider for a new quote"

    provider: Address
    id: int
    valid_before: Timestamp
    timestamp: Timestamp


class QuoteTooLong(ExchangeReverted):
    """The quote was signed for a longer time than a quote may have."""

    template = "quote {id} of {provider} expires at {valid_before}; a quote that is taken now expires by {latest}"
    remedy = "ask the provider for a quote of at most 60 seconds"

    provider: Address
    id: int
    valid_before: Timestamp
    latest: Timestamp


class QuoteUsed(ExchangeReverted):
    """The provider used or cancelled the id of the quote."""

    template = "{provider} has used or cancelled its quote {id}"
    remedy = "ask the provider for a new quote"

    provider: Address
    id: int


class QuoteSignatureInvalid(ExchangeReverted):
    """The provider did not sign exactly this quote."""

    template = "{provider} did not sign quote {id} as it stands"
    remedy = "use the quote as the provider signed it"

    provider: Address
    id: int


class QuoteOffRate(ExchangeReverted):
    """The quote differs from the reference rate by more than its tolerance."""

    template = (
        "quote {id} of {provider} sells {sold}, and {expected} by the reference rate; it may differ by "
        "{tolerance_bps} basis points"
    )
    remedy = "ask for a quote nearer to the rate: see `pysettle fx rate`"

    provider: Address
    id: int
    sold: Units
    expected: Units
    tolerance_bps: int


class ReferenceRateExpired(ExchangeReverted):
    """No reference rate that is recent enough was attested for the currency."""

    template = "the reference rate of {paid} was valid before {valid_before}; chain time is {timestamp}"
    remedy = "have the central bank attest a new rate: `pysettle fx attest`"

    paid: Address
    valid_before: Timestamp
    timestamp: Timestamp


class ReferenceRateTimeInvalid(ExchangeReverted):
    """The time of the rate is not after that of the last one, or it is to come."""

    template = "the rate of {paid} is of {observed_at}; the last one is of {last}, and chain time is {timestamp}"
    remedy = "submit a rate that is newer than the last one"

    paid: Address
    observed_at: Timestamp
    last: Timestamp
    timestamp: Timestamp


class RateSignatureInvalid(ExchangeReverted):
    """The central bank did not sign exactly this rate."""

    template = "{signer} did not sign this reference rate"
    remedy = "submit the rate as the central bank signed it"

    signer: Address


class BuyerFrozen(ExchangeReverted):
    """The buyer is frozen in a currency of the purchase, in whole or in part."""

    template = "{buyer} is frozen in the currency {currency}, in whole or in part"
    remedy = "have the freezer of that currency lift the freeze"

    currency: Address
    buyer: Address


class SeriesNotAdmitted(ExchangeReverted):
    """Nobody has had the market confirm the series."""

    template = "the foreign exchange does not pay the series {series} yet"
    remedy = "have the market confirm it: `pysettle fx admit`"

    series: SeriesId


class PurchaseLimitExceeded(ExchangeReverted):
    """The purchase is above the limit of the buyer's class, or of the corridor."""

    template = (
        "{buyer} of class {class_} requested {requested} in corridor {corridor}; one purchase has at most {limit}"
    )
    remedy = "buy less at once"

    corridor: bytes
    buyer: Address
    class_: WalletClass
    requested: Units
    limit: Units


class PurchaseWindowExceeded(ExchangeReverted):
    """The buyer has used up its limit of the corridor for this window."""

    template = (
        "{buyer} of class {class_} requested {requested} in corridor {corridor}; {available} are left in this window"
    )
    remedy = "buy less, or wait for the next window"

    corridor: bytes
    buyer: Address
    class_: WalletClass
    requested: Units
    available: Units


class BeneficiaryJurisdictionUnknown(ExchangeReverted):
    """No jurisdiction of the beneficiary is known in the currency of the market."""

    template = "no jurisdiction of {beneficiary} is known, and the series sells only to known ones"
    remedy = "have the registrar register its wallet with a jurisdiction"

    beneficiary: Address
