"""What issuance and redemption of a currency refuse."""

from __future__ import annotations

from pysettle.errors import ContractReverted
from pysettle.errors.states import RedemptionStatus
from pysettle.values import Address, Timestamp, Units


class IssuanceReverted(ContractReverted):
    """The issuance or the redemption of a currency was refused."""


class AmountNotWholeMinorUnits(IssuanceReverted):
    """Issuance and redemption are in whole fen."""

    template = "{amount} is not a positive multiple of {minor_unit}"
    remedy = "use whole fen"

    amount: Units
    minor_unit: Units


class QuotaExceeded(IssuanceReverted):
    """The operating institution's quota does not cover the issuance."""

    template = "{operator} may issue {available} more within its quota; {requested} requested"
    remedy = "issue less, or have the central bank raise the quota"

    operator: Address
    requested: Units
    available: Units


class SupplyCapExceeded(IssuanceReverted):
    """A quota, or a reserve, is more than a supply of 96 bits."""

    template = "{requested} requested; at most {available} is possible, in units for a quota and in fen for a reserve"
    remedy = "name less"

    requested: int
    available: int


class ReserveAttesterInvalid(IssuanceReverted):
    """The reserve is attested by the central bank."""

    template = "{central_bank} does not hold the role central-bank"
    remedy = "have the central bank sign"

    central_bank: Address


class ReserveSignatureInvalid(IssuanceReverted):
    """The signature does not cover this attestation."""

    template = "the central bank {central_bank} did not sign exactly these values"
    remedy = "submit the attestation as it was signed"

    central_bank: Address


class ReserveSequenceInvalid(IssuanceReverted):
    """Attestations are submitted in rising sequence, which rises by at most 2^32."""

    template = "attestation {sequence} is outside the range {least} to {most}"
    remedy = "have the central bank attest anew, with the next number"

    sequence: int
    least: int
    most: int


class ReserveTimeInvalid(IssuanceReverted):
    """A reserve is attested as of now, or of a time since the last attestation."""

    template = "the reserve is attested as of {as_of}; a time from {earliest} to {latest} is possible"
    remedy = "have the central bank attest anew"

    as_of: Timestamp
    earliest: Timestamp
    latest: Timestamp


class ReserveAttestationExpired(IssuanceReverted):
    """No attestation of the reserve is valid."""

    template = "the attestation was valid before {valid_before}; the chain time is {timestamp}"
    remedy = "have the central bank attest the reserve anew"

    valid_before: Timestamp
    timestamp: Timestamp


class ReserveExceeded(IssuanceReverted):
    """The supply would exceed the attested reserve."""

    template = "the attested reserve covers {available} more; {requested} requested"
    remedy = "issue less, or have the central bank attest a greater reserve"

    requested: Units
    available: Units


class ReserveRatioInvalid(IssuanceReverted):
    """A reserve covers a part of the supply, or all of it."""

    template = "{ratio_bps} basis points is no reserve ratio"
    remedy = "name 1 to 10000 basis points"

    ratio_bps: int


class RedemptionOperatorInvalid(IssuanceReverted):
    """Redemption is asked of an operating institution."""

    template = "{operator} is no operating institution"
    remedy = "name an institution that holds the operator role"

    operator: Address


class RedemptionNotFound(IssuanceReverted):
    """No such redemption."""

    template = "no redemption has the number {id}"
    remedy = "use the number that the request returned"

    id: int


class RedemptionEnded(IssuanceReverted):
    """A redemption ends once."""

    template = "redemption {id} is already {status}"
    remedy = "make a new request"

    id: int
    status: RedemptionStatus


class RedemptionNotCancellable(IssuanceReverted):
    """The operator took the redemption, and is exchanging the reserve."""

    template = "redemption {id} can be cancelled from {cancellable_from}; the chain time is {timestamp}"
    remedy = "wait for the operator, or cancel then"

    id: int
    cancellable_from: Timestamp
    timestamp: Timestamp


class RedemptionTakenAlready(IssuanceReverted):
    """A redemption is taken once."""

    template = "redemption {id} was taken before"
    remedy = "complete or reject it"

    id: int


class RedemptionCallerInvalid(IssuanceReverted):
    """Another party may do this to the redemption."""

    template = "redemption {id}: only {expected} may do this; {caller} called"
    remedy = "call from that account"

    id: int
    caller: Address
    expected: Address
