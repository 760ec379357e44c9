"""What the ComputeMarket refuses."""

from __future__ import annotations

from pysettle.errors import UsageError
from pysettle.errors.compute import ComputeReverted
from pysettle.errors.words import Worded
from pysettle.values import Address, ComputeId, SeriesId, Timestamp, Tokens, Units


class ProviderWithoutCompute(Worded, UsageError):
    """A provider has no compute that a series could be opened on."""

    template = "{provider} has registered no compute"
    remedy = "run `pysettle market register`"

    provider: Address


class ComputeAttesterInvalid(ComputeReverted):
    """Attesters hold a role."""

    template = "{attester} does not hold the role attester"
    remedy = "have an attester of the currency sign"

    attester: Address


class ComputeSignatureInvalid(ComputeReverted):
    """The attester signed something else."""

    template = "the attester {attester} did not sign exactly this compute"
    remedy = "submit the attestation as it was signed"

    attester: Address


class ComputeRegisteredAlready(ComputeReverted):
    """Compute counts once."""

    template = "compute {compute_id} is registered"
    remedy = "open series on it, or have other compute attested with another salt"

    compute_id: ComputeId


class ComputeTermsInvalid(ComputeReverted):
    """No compute is like this."""

    template = "the term {term} of the compute is not acceptable"
    remedy = "attest a provider, units that deliver, an end after the beginning, and at most 2^96 - 1 Tokens"

    term: str


class ComputeNotOfProvider(ComputeReverted):
    """Series are opened on compute of one's own."""

    template = "compute {compute_id} is not registered for {provider}"
    remedy = "register the compute first, or name one of the provider's"

    compute_id: ComputeId
    provider: Address


class ComputeCapacityExceeded(ComputeReverted):
    """Compute is allocated once."""

    template = "compute {compute_id}: {available} not allocated; {requested} requested"
    remedy = "open a smaller series, or on other compute"

    compute_id: ComputeId
    requested: Tokens
    available: Tokens


class ComputeEndsBefore(ComputeReverted):
    """A series ends no later than its compute."""

    template = "compute {compute_id} ends at {valid_before}; the series would expire at {expiry}"
    remedy = "choose an earlier expiry"

    compute_id: ComputeId
    expiry: Timestamp
    valid_before: Timestamp


class ProviderNotCaller(ComputeReverted):
    """Providers open their own series."""

    template = "only the provider {provider} may open a series of these terms; {caller} called"
    remedy = "call from the provider's account"

    provider: Address
    caller: Address


class ProviderFrozen(ComputeReverted):
    """The stake of a frozen provider answers for nothing new."""

    template = "the provider {provider} is frozen outgoing in the currency"
    remedy = "have the freeze lifted, then open the series"

    provider: Address


class StakeAmountZero(ComputeReverted):
    """Nothing to stake, to withdraw or to release."""

    template = "a stake of zero"
    remedy = "name at least one unit; a halted series, or one without compensation, has none to release"


class StakeInsufficient(ComputeReverted):
    """Stake stands behind one promise."""

    template = "{provider} has {available} staked and not locked; {requested} requested"
    remedy = "stake more, or wait until a series releases some"

    provider: Address
    requested: Units
    available: Units


class StakeTooLarge(ComputeReverted):
    """No currency has that many units."""

    template = "a stake is at most {most}; {requested} requested"
    remedy = "open a smaller series, or promise less compensation"

    requested: Units
    most: Units


class SeriesUnknown(ComputeReverted):
    """The market knows its own series."""

    template = "{series} was not opened by this market"
    remedy = "name a series of this market"

    series: SeriesId


class SeriesCallerNotHalter(ComputeReverted):
    """Only the account that the terms name halts a series."""

    template = "the terms of {series} let {halter} halt it; {caller} called"
    remedy = "call from the halter's account; no account can halt a series whose halter is the zero address"

    series: SeriesId
    caller: Address
    halter: Address


class HaltWithoutEvidence(ComputeReverted):
    """A halt names its evidence."""

    template = "no evidence was given for the halt of {series}"
    remedy = "give the hash of the evidence for the ground of the halt"

    series: SeriesId


class StakeLocked(ComputeReverted):
    """Stake stays behind a series until it expires."""

    template = "the stake of {series} is locked until {expiry}; the chain time is {timestamp}"
    remedy = "wait until the series has expired"

    series: SeriesId
    expiry: Timestamp
    timestamp: Timestamp
