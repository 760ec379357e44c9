"""The events of currencies: issuance, redemption, wallets, freezes, credits and interest."""

from __future__ import annotations

from dataclasses import dataclass

from pysettle.domain.core.events import Event, event
from pysettle.values import Address

# ------------------------------------------------------------------------------------- CurrencyToken


@event
@dataclass(frozen=True, slots=True)
class ReserveAttested(Event):
    """The central bank attested the reserve, in fen."""

    SIGNATURE = (
        "ReserveAttested(uint64 indexed sequence,address indexed centralBank,"
        "uint256 amountFen,uint64 asOf,uint64 validBefore)"
    )
    sequence: int
    central_bank: Address
    amount_fen: int
    as_of: int
    valid_before: int


@event
@dataclass(frozen=True, slots=True)
class IssuanceQuotaSet(Event):
    """The central bank set the issuance quota of an operating institution, in units."""

    SIGNATURE = "IssuanceQuotaSet(address indexed operator,uint256 quota)"
    operator: Address
    quota: int


@event
@dataclass(frozen=True, slots=True)
class ReserveRatioSet(Event):
    """The central bank set which part of the supply the reserve has to cover, in basis points."""

    SIGNATURE = "ReserveRatioSet(uint256 ratioBps)"
    ratio_bps: int


@event
@dataclass(frozen=True, slots=True)
class ClassLimitsSet(Event):
    """The central bank set the limits of a wallet class, in units; 2**256 - 1 is no limit."""

    SIGNATURE = "ClassLimitsSet(uint8 indexed class,uint256 balance,uint256 payment,uint256 daily,uint256 annual)"
    wallet_class: int
    balance: int
    payment: int
    daily: int
    annual: int


@event
@dataclass(frozen=True, slots=True)
class Issued(Event):
    """Units were created against reserve."""

    SIGNATURE = "Issued(address indexed operator,address indexed to,uint256 amount,uint256 quotaLeft)"
    operator: Address
    receiver: Address
    amount: int
    quota_left: int


@event
@dataclass(frozen=True, slots=True)
class RedemptionRequested(Event):
    """A holder requested a redemption; the desk holds the units from now on."""

    SIGNATURE = "RedemptionRequested(uint256 indexed id,address indexed holder,address indexed operator,uint256 amount)"
    redemption_id: int
    holder: Address
    operator: Address
    amount: int


@event
@dataclass(frozen=True, slots=True)
class RedemptionTaken(Event):
    """The operator is exchanging the reserve; the holder may cancel again from a unix second on."""

    SIGNATURE = (
        "RedemptionTaken(uint256 indexed id,address indexed holder,address indexed operator,"
        "uint256 amount,uint256 cancellableFrom)"
    )
    redemption_id: int
    holder: Address
    operator: Address
    amount: int
    cancellable_from: int


@event
@dataclass(frozen=True, slots=True)
class RedemptionCompleted(Event):
    """The units were destroyed against reserve, and the operator's quota restored."""

    SIGNATURE = (
        "RedemptionCompleted(uint256 indexed id,address indexed holder,address indexed operator,"
        "uint256 amount,uint256 quotaLeft)"
    )
    redemption_id: int
    holder: Address
    operator: Address
    amount: int
    quota_left: int


@event
@dataclass(frozen=True, slots=True)
class RedemptionRejected(Event):
    """The operator refused; the units went back to the holder."""

    SIGNATURE = "RedemptionRejected(uint256 indexed id,address indexed holder,address indexed operator,uint256 amount)"
    redemption_id: int
    holder: Address
    operator: Address
    amount: int


@event
@dataclass(frozen=True, slots=True)
class RedemptionCancelled(Event):
    """The holder took the request back."""

    SIGNATURE = "RedemptionCancelled(uint256 indexed id,address indexed holder,address indexed operator,uint256 amount)"
    redemption_id: int
    holder: Address
    operator: Address
    amount: int


@event
@dataclass(frozen=True, slots=True)
class WalletRegistered(Event):
    """An account was registered as a wallet of a class, until a day of UTC+8 (days since 1970-01-01)."""

    SIGNATURE = (
        "WalletRegistered(address indexed account,uint8 indexed class,uint16 identificationExpiry,"
        "uint16 jurisdiction,bool realName)"
    )
    account: Address
    wallet_class: int
    identification_expiry: int
    jurisdiction: int
    real_name: bool


@event
@dataclass(frozen=True, slots=True)
class Credited(Event):
    """Units owed to an account could not come into it; the currency holds them for it."""

    SIGNATURE = "Credited(address indexed account,address indexed payer,uint256 amount,uint256 credit)"
    account: Address
    payer: Address
    amount: int
    credit: int


@event
@dataclass(frozen=True, slots=True)
class CreditClaimed(Event):
    """Units held for an account came into it."""

    SIGNATURE = "CreditClaimed(address indexed account,uint256 amount,uint256 credit)"
    account: Address
    amount: int
    credit: int


@event
@dataclass(frozen=True, slots=True)
class CreditSeized(Event):
    """Units held for an account were taken by authority of law."""

    SIGNATURE = (
        "CreditSeized(address indexed account,address indexed to,uint256 amount,uint256 credit,"
        "bytes32 indexed legalBasis)"
    )
    account: Address
    receiver: Address
    amount: int
    credit: int
    legal_basis: bytes


@event
@dataclass(frozen=True, slots=True)
class SettlementAccountMarked(Event):
    """An account became a settlement account, which holds value of others."""

    SIGNATURE = "SettlementAccountMarked(address indexed account)"
    account: Address


@event
@dataclass(frozen=True, slots=True)
class FreezeSet(Event):
    """The freezes of an account were set: whether it cannot pay, and whether it cannot receive."""

    SIGNATURE = "FreezeSet(address indexed account,bool outgoing,bool incoming)"
    account: Address
    outgoing: bool
    incoming: bool


@event
@dataclass(frozen=True, slots=True)
class FrozenAmountSet(Event):
    """How much of an account's balance may not leave was set, in units."""

    SIGNATURE = "FrozenAmountSet(address indexed account,uint256 amount)"
    account: Address
    frozen: int


@event
@dataclass(frozen=True, slots=True)
class Seized(Event):
    """Units were taken from an account by authority of law; their transfer follows."""

    SIGNATURE = "Seized(address indexed from,address indexed to,uint256 amount,bytes32 indexed legalBasis)"
    holder: Address
    receiver: Address
    amount: int
    legal_basis: bytes


# ---------------------------------------------------------------------------------- InterestPayments


@event
@dataclass(frozen=True, slots=True)
class InterestDeclared(Event):
    """Interest of a period of days of UTC+8 was declared, as one Merkle root."""

    SIGNATURE = (
        "InterestDeclared(uint256 indexed id,address indexed operator,uint16 firstDay,uint16 endDay,"
        "uint16 rateBps,bytes32 root,uint256 total)"
    )
    period_id: int
    operator: Address
    first_day: int
    end_day: int
    rate_bps: int
    root: bytes
    total: int


@event
@dataclass(frozen=True, slots=True)
class InterestPaid(Event):
    """One row of a declared period was paid; `paid` is the sum of the period so far."""

    SIGNATURE = (
        "InterestPaid(uint256 indexed id,address indexed account,uint256 indexed index,uint256 amount,uint256 paid)"
    )
    period_id: int
    account: Address
    index: int
    amount: int
    paid: int
