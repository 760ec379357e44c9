"""What issuance and redemption of a currency refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pysettle.errors import ContractReverted
from pysettle.errors.states import RedemptionStatus, State


class IssuanceReverted(ContractReverted):
    """The issuance or the redemption of a currency was refused."""


class AmountNotWholeMinorUnits(IssuanceReverted):
    """Issuance and redemption are in whole fen."""

    template = "{amount} is not a positive multiple of {minorUnit} units"
    remedy = "use whole fen"


class QuotaExceeded(IssuanceReverted):
    """The operating institution's quota does not cover the issuance."""

    template = "operator {operator} asked to issue {requested}, its quota has {available} left"
    remedy = "issue less, or have the central bank raise the quota"


class SupplyCapExceeded(IssuanceReverted):
    """A quota, or a reserve, is more than a supply of 96 bits."""

    template = "{requested}, at most {available} can be"
    remedy = "name less"


class ReserveAttesterInvalid(IssuanceReverted):
    """The reserve is attested by the central bank."""

    template = "{centralBank} does not hold the central bank's role"
    remedy = "have the central bank sign"


class ReserveSignatureInvalid(IssuanceReverted):
    """The signature does not cover this attestation."""

    template = "not signed by the central bank {centralBank} over exactly these values"
    remedy = "submit the attestation as it was signed"


class ReserveSequenceInvalid(IssuanceReverted):
    """Attestations are submitted in rising sequence, which rises by at most 2^32."""

    template = "attestation {sequence}, which is not from {least} to {most}"
    remedy = "have the central bank attest anew, with the next number"


class ReserveTimeInvalid(IssuanceReverted):
    """A reserve is attested as of now, or of a time since the last attestation."""

    template = "attested as of {asOf}, which is not from {earliest} to {latest}"
    remedy = "have the central bank attest anew"


class ReserveAttestationExpired(IssuanceReverted):
    """No attestation of the reserve is valid."""

    template = "the attestation was valid before {validBefore}, chain time is {timestamp}"
    remedy = "have the central bank attest the reserve anew"


class ReserveExceeded(IssuanceReverted):
    """Supply would be above the attested reserve."""

    template = "{requested} units to be issued, the attested reserve covers {available} more"
    remedy = "issue less, or have the central bank attest a greater reserve"


class ReserveRatioInvalid(IssuanceReverted):
    """A reserve covers a part of the supply, or all of it."""

    template = "{ratioBps} basis points"
    remedy = "name 1 to 10000 basis points"


class RedemptionOperatorInvalid(IssuanceReverted):
    """Redemption is asked of an operating institution."""

    template = "{operator} is no operating institution"
    remedy = "name an institution that holds the operator role"


class RedemptionNotFound(IssuanceReverted):
    """No such redemption."""

    template = "no redemption has the number {id}"
    remedy = "use the number that the request returned"


class RedemptionEnded(IssuanceReverted):
    """A redemption ends once."""

    template = "redemption {id} is {status} already"
    states: ClassVar[Mapping[str, type[State]]] = {"status": RedemptionStatus}
    remedy = "make a new request"


class RedemptionNotCancellable(IssuanceReverted):
    """The operator took the redemption, and is exchanging the reserve."""

    template = "redemption {id} can be cancelled from {cancellableFrom}, chain time is {timestamp}"
    remedy = "wait for the operator, or cancel then"


class RedemptionTakenAlready(IssuanceReverted):
    """A redemption is taken once."""

    template = "redemption {id} was taken before"
    remedy = "complete or reject it"


class RedemptionCallerInvalid(IssuanceReverted):
    """Another party may do this to the redemption."""

    template = "redemption {id}: {caller} called, only {expected} may"
    remedy = "call from that account"
