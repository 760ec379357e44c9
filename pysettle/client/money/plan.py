"""The plan of money: a token for each currency, and the payment of interest on e-CNY on request."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pysettle.client.core.access import Power, Role
from pysettle.client.core.planning import ColumnPlan, ContractPlan, Making, Marked
from pysettle.domain.money.messages import ISSUANCE_DESK_NAME
from pysettle.money import UNITS_PER_MINOR
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.domain.money.contracts import CurrencyTerms


def currency_terms(address: Callable[[str], Address]) -> CurrencyTerms:
    """Return the terms that the books need of a contract in e-CNY, given the addresses of contracts by name."""
    from pysettle.domain.money.contracts import CurrencyTerms

    return CurrencyTerms(address("CurrencyToken"))


def _names_and_places(making: Making) -> tuple[object, ...]:
    return making.currency.token_name, making.currency.symbol, *making.works_with


PLAN = ColumnPlan(
    contracts=(
        ContractPlan(
            name="CurrencyToken",
            each_currency=True,
            works_with=("NetworkAccess", "ERC3009DepositCollector"),
            arguments=_names_and_places,
            domain_name=lambda currency: currency.token_name,
        ),
        ContractPlan(
            name="IssuanceDesk",
            each_currency=True,
            made_by=("CurrencyToken", "issuanceDesk"),
            domain_name=lambda _: ISSUANCE_DESK_NAME,
            terms=currency_terms,
        ),
        ContractPlan(
            name="InterestPayments",
            on_request=True,
            works_with=("CurrencyToken",),
            values={"MINOR_UNIT": UNITS_PER_MINOR.to_bytes(32, "big")},
            role=Role.OPERATOR,
            marked=Marked.E_CNY,
        ),
    ),
    powers=(
        Power(Role.CENTRAL_BANK, "CurrencyToken", ("setClassLimits",)),
        Power(Role.CENTRAL_BANK, "IssuanceDesk", ("setIssuanceQuota", "setReserveRatio")),
        Power(Role.OPERATOR, "IssuanceDesk", ("issue", "takeRedemption", "completeRedemption", "rejectRedemption")),
        Power(Role.REGISTRAR, "CurrencyToken", ("registerWallet",)),
        Power(Role.FREEZER, "CurrencyToken", ("freeze", "freezeAmount")),
        Power(Role.SEIZER, "CurrencyToken", ("seize", "seizeCredit")),
        Power(Role.PAUSER, "CurrencyToken", ("pause", "unpause")),
        Power(Role.SETTLEMENT_REGISTRAR, "CurrencyToken", ("markSettlementAccount",)),
        Power(Role.OPERATOR, "InterestPayments", ("declare", "acceptRole")),
    ),
)
