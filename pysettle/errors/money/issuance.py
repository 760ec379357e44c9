"""Errors of the IssuanceDesk."""

from __future__ import annotations

from pysettle.errors import ContractReverted
from pysettle.errors.states import RedemptionStatus
from pysettle.values import Address, Timestamp, Units


class IssuanceReverted(ContractReverted):
    """The issuance or the redemption of a currency was refused."""


class AmountNotWholeMinorUnits(IssuanceReverted):
    """The amount is not a whole number of fen."""

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
    """The quota or the reserve is more than the largest supply, of 96 bits."""

    template = "{requested} requested; at most {available} is possible, in units for a quota and in fen for a reserve"
    remedy = "name a smaller amount"

    requested: int
    available: int


class ReserveAttesterInvalid(IssuanceReverted):
    """The signer of the attestation is not the central bank."""

    template = "{central_bank} does not hold the role central-bank"
    remedy = "have the central bank sign"

    central_bank: Address


class ReserveSignatureInvalid(IssuanceReverted):
    """The signature does not cover this attestation."""

    template = "the central bank {central_bank} did not sign exactly these values"
    remedy = "submit the attestation as it was signed"

    central_bank: Address


class ReserveSequenceInvalid(IssuanceReverted):
    """The sequence number of the attestation does not follow the last one, or is more than 2^32 above it."""

    template = "attestation {sequence} is outside the range {least} to {most}"
    remedy = "have the central bank attest again, with the next number"

    sequence: int
    least: int
    most: int


class ReserveTimeInvalid(IssuanceReverted):
    """The reserve is attested as of a time in the future, or before the last attestation."""

    template = "the reserve is attested as of {as_of}; a time from {earliest} to {latest} is possible"
    remedy = "have the central bank attest again"

    as_of: Timestamp
    earliest: Timestamp
    latest: Timestamp


class ReserveAttestationExpired(IssuanceReverted):
    """No attestation of the reserve is valid."""

    template = "the attestation was valid before {valid_before}; the chain time is {timestamp}"
    remedy = "have the central bank attest the reserve again"

    valid_before: Timestamp
    timestamp: Timestamp


class ReserveExceeded(IssuanceReverted):
    """The issuance would raise the supply above the attested reserve."""

    template = "the attested reserve covers {available} more; {requested} requested"
    remedy = "issue less, or have the central bank attest a larger reserve"

    requested: Units
    available: Units


class ReserveRatioInvalid(IssuanceReverted):
    """The reserve ratio is outside 1 to 10000 basis points."""

    template = "{ratio_bps} basis points is no reserve ratio"
    remedy = "name 1 to 10000 basis points"

    ratio_bps: int


class RedemptionOperatorInvalid(IssuanceReverted):
    """The account that should exchange the reserve is not an operating institution."""

    template = "{operator} is no operating institution"
    remedy = "name an institution that holds the operator role"

    operator: Address


class RedemptionNotFound(IssuanceReverted):
    """No redemption has this number."""

    template = "no redemption has the number {id}"
    remedy = "use the number that the request returned"

    id: int


class RedemptionEnded(IssuanceReverted):
    """The redemption has ended already."""

    template = "redemption {id} is already {status}"
    remedy = "make a new request"

    id: int
    status: RedemptionStatus


class RedemptionNotCancellable(IssuanceReverted):
    """The operator took the redemption and is exchanging the reserve; the payer cannot cancel it yet."""

    template = "redemption {id} can be cancelled from {cancellable_from}; the chain time is {timestamp}"
    remedy = "wait for the operator, or cancel then"

    id: int
    cancellable_from: Timestamp
    timestamp: Timestamp


class RedemptionTakenAlready(IssuanceReverted):
    """The operator took the redemption before."""

    template = "redemption {id} was taken before"
    remedy = "complete or reject it"

    id: int


class RedemptionCallerInvalid(IssuanceReverted):
    """Another party of the redemption takes this step."""

    template = "redemption {id}: only {expected} may do this; {caller} called"
    remedy = "call from that account"

    id: int
    caller: Address
    expected: Address
