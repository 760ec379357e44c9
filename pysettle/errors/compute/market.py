"""Errors of the ComputeMarket."""

from __future__ import annotations

from pysettle.errors import UsageError
from pysettle.errors.compute import ComputeReverted
from pysettle.errors.words import Worded
from pysettle.values import Address, ComputeId, SeriesId, Timestamp, Tokens, Units


class ProviderWithoutCompute(Worded, UsageError):
    """The provider has registered no compute, so it cannot open a series."""

    template = "{provider} has registered no compute"
    remedy = "run `pysettle market register`"

    provider: Address


class ComputeAttesterInvalid(ComputeReverted):
    """The signer of the attestation does not hold the role of an attester."""

    template = "{attester} does not hold the role attester"
    remedy = "have an attester of the currency sign"

    attester: Address


class ComputeSignatureInvalid(ComputeReverted):
    """The attester signed other values."""

    template = "the attester {attester} did not sign exactly this compute"
    remedy = "submit the attestation as it was signed"

    attester: Address


class ComputeRegisteredAlready(ComputeReverted):
    """The same compute is registered already."""

    template = "compute {compute_id} is registered"
    remedy = "open series on it, or have other compute attested with another salt"

    compute_id: ComputeId


class ComputeTermsInvalid(ComputeReverted):
    """A term of the attested compute is not acceptable."""

    template = "the term {term} of the compute is not acceptable"
    remedy = "attest a provider, units that deliver, an end after the beginning, and at most 2^96 - 1 Tokens"

    term: str


class ComputeNotOfProvider(ComputeReverted):
    """The compute is not registered for this provider."""

    template = "compute {compute_id} is not registered for {provider}"
    remedy = "register the compute first, or name compute of the provider"

    compute_id: ComputeId
    provider: Address


class ComputeCapacityExceeded(ComputeReverted):
    """Earlier series have allocated too much of the compute."""

    template = "compute {compute_id}: {available} not allocated; {requested} requested"
    remedy = "open a smaller series, or open the series on other compute"

    compute_id: ComputeId
    requested: Tokens
    available: Tokens


class ComputeEndsBefore(ComputeReverted):
    """The series would expire after its compute ends."""

    template = "compute {compute_id} ends at {valid_before}; the series would expire at {expiry}"
    remedy = "choose an earlier expiry"

    compute_id: ComputeId
    expiry: Timestamp
    valid_before: Timestamp


class ProviderNotCaller(ComputeReverted):
    """A provider opens its series itself."""

    template = "only the provider {provider} may open a series of these terms; {caller} called"
    remedy = "call from the provider's account"

    provider: Address
    caller: Address


class ProviderFrozen(ComputeReverted):
    """The provider is frozen, so its stake cannot back a new series."""

    template = "the provider {provider} is frozen outgoing in the currency"
    remedy = "have the freeze lifted, then open the series"

    provider: Address


class StakeAmountZero(ComputeReverted):
    """The amount to stake, withdraw or release is zero."""

    template = "a stake of zero"
    remedy = "name at least one unit; a halted series, or one without compensation, has no stake to release"


class StakeInsufficient(ComputeReverted):
    """The provider's free stake is too small; locked stake backs open series."""

    template = "{provider} has {available} staked and not locked; {requested} requested"
    remedy = "stake more, or wait until a series releases its stake"

    provider: Address
    requested: Units
    available: Units


class StakeTooLarge(ComputeReverted):
    """The stake is larger than any supply of the currency."""

    template = "a stake is at most {most}; {requested} requested"
    remedy = "open a smaller series, or promise less compensation"

    requested: Units
    most: Units


class SeriesUnknown(ComputeReverted):
    """This market did not open the series."""

    template = "{series} was not opened by this market"
    remedy = "name a series of this market"

    series: SeriesId


class SeriesCallerNotHalter(ComputeReverted):
    """The terms of the series name another account as its halter."""

    template = "the terms of {series} let {halter} halt it; {caller} called"
    remedy = "call from the halter's account; no account can halt a series with the zero address as halter"

    series: SeriesId
    caller: Address
    halter: Address


class HaltWithoutEvidence(ComputeReverted):
    """The halt names no evidence."""

    template = "no evidence was given for the halt of {series}"
    remedy = "give the hash of the evidence for the ground of the halt"

    series: SeriesId


class StakeLocked(ComputeReverted):
    """The stake of a series is locked until the series expires."""

    template = "the stake of {series} is locked until {expiry}; the chain time is {timestamp}"
    remedy = "wait until the series has expired"

    series: SeriesId
    expiry: Timestamp
    timestamp: Timestamp


class ProviderJurisdictionRefused(ComputeReverted):
    """The market does not admit providers of this jurisdiction."""

    template = "{provider} is of jurisdiction {jurisdiction}, which the market does not admit"
    remedy = "register the wallet with its jurisdiction, or have the central bank admit it: `pysettle fx policy`"

    provider: Address
    jurisdiction: int


class PolicyWithoutCode(ComputeReverted):
    """There is no contract at the address of the policy."""

    template = "there is no contract at {policy}"
    remedy = "name the policy of the settlement layer"

    policy: Address
