"""What the ComputeMarket refuses."""

from __future__ import annotations

from pysettle.errors.compute import ComputeReverted


class ComputeAttesterInvalid(ComputeReverted):
    """Attesters hold a role."""

    template = "{attester} does not hold the attester role"
    remedy = "have an attester of the currency sign"


class ComputeSignatureInvalid(ComputeReverted):
    """The attester signed something else."""

    template = "not signed by the attester {attester} over exactly this compute"
    remedy = "submit the attestation as it was signed"


class ComputeRegisteredAlready(ComputeReverted):
    """Compute counts once."""

    template = "compute {computeId} is registered"
    remedy = "open series on it, or have other compute attested with another salt"


class ComputeTermsInvalid(ComputeReverted):
    """No compute is like this."""

    template = "the term {term} of the compute is not acceptable"
    remedy = "attest a provider, units that deliver, an end after the beginning, and at most 2^96 - 1 Tokens"


class ComputeNotOfProvider(ComputeReverted):
    """Series are opened on compute of one's own."""

    template = "compute {computeId} is not registered for {provider}"
    remedy = "register the compute first, or name one of the provider's"


class ComputeCapacityExceeded(ComputeReverted):
    """Compute is allocated once."""

    template = "compute {computeId}: {requested} Tokens wanted, {available} not allocated"
    remedy = "open a smaller series, or on other compute"


class ComputeEndsBefore(ComputeReverted):
    """A series ends no later than its compute."""

    template = "compute {computeId} ends at {validBefore}, the series at {expiry}"
    remedy = "choose an earlier expiry"


class ProviderNotCaller(ComputeReverted):
    """Providers open their own series."""

    template = "the terms name {provider}, {caller} called"
    remedy = "call from the provider's account"


class ProviderFrozen(ComputeReverted):
    """The stake of a frozen provider answers for nothing new."""

    template = "the provider {provider} is frozen outgoing in the currency"
    remedy = "have the freeze lifted, then open the series"


class StakeAmountZero(ComputeReverted):
    """Nothing to stake, to withdraw or to release."""

    template = "a stake of zero"
    remedy = "name at least one unit; a halted series, or one without compensation, has none to release"


class StakeInsufficient(ComputeReverted):
    """Stake stands behind one promise."""

    template = "{provider}: {requested} units wanted, {available} staked and not locked"
    remedy = "stake more, or wait until a series releases some"


class StakeTooLarge(ComputeReverted):
    """No currency has that many units."""

    template = "a stake of {requested} units, at most {most}"
    remedy = "open a smaller series, or promise less compensation"


class SeriesUnknown(ComputeReverted):
    """The market knows its own series."""

    template = "{series} was not opened by this market"
    remedy = "name a series of this market"


class SeriesCallerNotHalter(ComputeReverted):
    """Halting is for whom the terms name."""

    template = "{caller} called, the terms of {series} name {halter}"
    remedy = "call from the halter's account; the zero address means that nobody may"


class HaltWithoutEvidence(ComputeReverted):
    """A halt states its evidence."""

    template = "no evidence for a halt of {series}"
    remedy = "give the hash of what shows that the ground is given"


class StakeLocked(ComputeReverted):
    """Stake stays behind a series until it expires."""

    template = "stake of {series} is locked until {expiry}, chain time is {timestamp}"
    remedy = "wait until then"
