"""The powers over the currencies: who held which one when, each use of it, and the notices of the audit about them.

A use is told by its event. The account is the one that the event names, or else the signer of the transaction: if a
contract holds a power, the signer is another account.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from pysettle.audit.powers import PowerRecord
from pysettle.audit.records.period import Period
from pysettle.audit.records.reading import Records
from pysettle.errors.states import Role

USES = {
    "ClassLimitsSet": ("setClassLimits", ""),
    "WalletRegistered": ("registerWallet", ""),
    "FreezeSet": ("freeze", ""),
    "FrozenAmountSet": ("freezeAmount", ""),
    "Seized": ("seize", ""),
    "CreditSeized": ("seizeCredit", ""),
    "SettlementAccountMarked": ("markSettlementAccount", ""),
    "IssuanceQuotaSet": ("setIssuanceQuota", ""),
    "ReserveRatioSet": ("setReserveRatio", ""),
    "Issued": ("issue", "operator"),
    "RedemptionTaken": ("takeRedemption", "operator"),
    "RedemptionCompleted": ("completeRedemption", "operator"),
    "RedemptionRejected": ("rejectRedemption", "operator"),
    "InterestDeclared": ("declare", "operator"),
    "ComputeRegistered": ("registerCompute", "attester"),
    "PurchasePolicySet": ("setPurchasePolicy", ""),
    "ProviderJurisdictionSet": ("setProviderJurisdiction", ""),
    "ParticipantAdmitted": ("registerWallet", ""),
    "StopsSet": ("freeze", ""),
    "PositionFreezeSet": ("freeze", ""),
    "PositionFrozenAmountSet": ("freezeAmount", ""),
    "PositionSeized": ("seize", ""),
    "LiquidityPauseSet": ("pause", ""),
    "HomeCurrencyProposed": ("setClassLimits", ""),
    "HomeCurrencyAgreed": ("setClassLimits", ""),
    "CorridorProposed": ("setClassLimits", ""),
    "CorridorRevised": ("setClassLimits", ""),
    "CorridorClosed": ("setClassLimits", ""),
    "WeekSet": ("setClassLimits", ""),
    "DaysSet": ("setClassLimits", ""),
    "ReferenceRateAttested": ("setClassLimits", "signer"),
    "PurchaseLimitSet": ("setClassLimits", ""),
    "ClearingOperatorSet": ("setClassLimits", ""),
}
"""Event of a power -> the restricted function that allows it, of the currency, its desk, market or interest, and the
field that names the caller, if one does. An event with a `currency` is of a contract that asks the authority of that
currency."""
_COPIES = "copy%"
"""Functions that repeat a freeze or a pause of the currency elsewhere: anybody may call them."""
PAUSES = {"Paused": "pause", "Unpaused": "unpause"}
"""The same of pauses, which the books do not need."""


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a power."""

    contract: bytes
    """Contract that was used."""
    function: str
    """Restricted function."""
    role: int
    """Role that the function was assigned to at that block."""
    account: bytes | None
    """Account that used it; None if it is not known."""
    block: int
    """Block of the use."""
    timestamp: int
    """Time of the block, unix seconds."""
    tx_hash: bytes | None
    """Hash of the transaction; None for a pause."""


@dataclass(frozen=True)
class PowersAnswer:
    """The powers in a period."""

    tenures: list[PowerRecord]
    """Roles that were held at some time of the period."""
    authorities: list[PowerRecord]
    """Authorities that a currency or a desk named in it; the first one is that of its creation."""
    functions: list[PowerRecord]
    """Functions that an authority assigned to a role in it."""
    uses: list[Use]
    """Uses in it, in the order of the chain."""
    notices: list[tuple[int, str, str]]
    """(block, subject, detail) of each notice about a power: several in one hand, a function for everybody, another
    authority, a seizure, an institution that issued to itself."""


def powers(records: Records, period: Period) -> PowersAnswer:
    """Return the powers in a period."""
    facts = list(_facts(records))
    within = [it for it in facts if period.first <= it.block <= period.last]
    notices = records.index.rows(
        "SELECT block, subject, detail FROM notices WHERE block BETWEEN ? AND ? ORDER BY rowid",
        (period.first, period.last),
    )
    return PowersAnswer(
        tenures=[
            it
            for it in facts
            if it.kind == "tenure"
            and it.block <= period.last
            and (it.until_block is None or it.until_block >= period.first)
        ],
        authorities=[it for it in within if it.kind == "authority"],
        functions=[it for it in within if it.kind == "function"],
        uses=sorted(_uses(records, facts, period), key=lambda it: it.block),
        notices=[(block, subject, detail) for block, subject, detail in notices],
    )


def _facts(records: Records) -> Iterator[PowerRecord]:
    rows = records.index.rows(
        "SELECT kind, contract, account, block, time, sender, role, function, until_block, until_time FROM powers "
        "ORDER BY block, rowid"
    )
    for kind, contract, account, block, time, sender, role, *rest in rows:
        yield PowerRecord(kind, contract, account, block, time, sender, None if role is None else int(role), *rest)


def _uses(records: Records, facts: list[PowerRecord], period: Period) -> Iterator[Use]:
    roles = _Roles(facts)
    listed = ", ".join("?" * len(USES))
    for event in records.events(period, f"AND e.name IN ({listed})", tuple(USES)):
        (function, field), fields = USES[event.event], event.fields
        signed = records.index.rows(
            "SELECT sender FROM transactions WHERE block = ? AND place = ? AND coalesce(function, '') NOT LIKE ?",
            (event.block, event.tx_index, _COPIES),
        )
        for (signer,) in signed:
            account = bytes.fromhex(fields[field][2:]) if field else signer
            named = fields.get("currency", fields.get("sold"))
            over = bytes.fromhex(named[2:]) if named else event.contract
            if fields.get("paused") is False:
                function = "unpause"
            role = roles.at(over, function, event.block)
            yield Use(event.contract, function, role, account, event.block, event.time_unix_s, event.tx_hash)
    for it in facts:
        if it.kind == "pause" and period.first <= it.block <= period.last:
            role = roles.at(it.contract, PAUSES[it.function], it.block)
            yield Use(it.contract, PAUSES[it.function], role, it.account, it.block, it.timestamp, None)


class _Roles:
    """The role of each restricted function at each block; a function that nobody assigned is the administrator's."""

    def __init__(self, facts: list[PowerRecord]) -> None:
        self._facts = facts
        self._timelines: dict[tuple[bytes, str], list[tuple[int, int]]] = {}
        """(contract, function) -> (block, role from then on), in order."""

    def at(self, contract: bytes, function: str, block: int) -> int:
        """Return the role of a function of a contract at the end of a block."""
        key = contract, function
        if key not in self._timelines:
            self._timelines[key] = [*self._timeline(*key)]
        timeline = self._timelines[key]
        place = bisect_right(timeline, block, key=itemgetter(0))
        return timeline[place - 1][1] if place else Role.ADMINISTRATOR

    def _timeline(self, contract: bytes, function: str) -> Iterator[tuple[int, int]]:
        authority, assigned = b"", dict[bytes, int]()
        for it in self._facts:
            if it.contract == contract and it.kind == "authority":
                authority = it.account
            elif it.contract == contract and it.kind == "function" and it.function == function:
                assigned[it.account] = it.role or 0
            else:
                continue
            yield it.block, assigned.get(authority, Role.ADMINISTRATOR)
