"""A contract's refusal in the words of a workspace: names of accounts, currencies, and holders of a missing role."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pysettle.errors import ChainError, ContractReverted
from pysettle.errors.compute.market import ComputeAttesterInvalid
from pysettle.errors.core.access import AccessReverted
from pysettle.errors.money.issuance import RedemptionOperatorInvalid, ReserveAttesterInvalid
from pysettle.errors.states import Role
from pysettle.errors.words import Worded, hexed
from pysettle.money import Currency
from pysettle.values import SOME_CURRENCY

if TYPE_CHECKING:
    from pysettle.evm.backend import ChainBackend
    from pysettle.workspace.directory import Workspace

_ROLE_MISSING: dict[type[ContractReverted], Role] = {
    ReserveAttesterInvalid: Role.CENTRAL_BANK,
    ComputeAttesterInvalid: Role.ATTESTER,
    RedemptionOperatorInvalid: Role.OPERATOR,
}
"""Refusal for a missing role -> the role, for refusals other than those of the roles' own contract."""
_REFUSALS: tuple[type[ContractReverted], ...] = (AccessReverted, *_ROLE_MISSING)


def put_into_words(workspace: Workspace, chain: ChainBackend, refusal: Worded) -> None:
    """Give a refusal the names of accounts and contracts, and its currency."""
    from pysettle.evm.reverts import name_currency

    names: dict[bytes, str] = {}
    if workspace.is_deployed:
        deployment = workspace.deployment()
        names |= {deployment.address(label): label for label in deployment.document["contracts"]}
        names |= {deployment.token(currency): currency.value for currency in deployment.currencies()}
        if isinstance(refusal, ContractReverted):
            name_currency(refusal, deployment.of_one_currency())
            if refusal.money is SOME_CURRENCY:
                _read_currency(workspace, chain, refusal)
    names |= {address: name for name, address in workspace.accounts.addresses().items()}
    refusal.name = lambda address: names.get(address) or hexed(address)
    if isinstance(refusal, _REFUSALS):
        _name_holders(workspace, chain, refusal)


def _read_currency(workspace: Workspace, chain: ChainBackend, refusal: ContractReverted) -> None:
    """Give a refusal of a call without a currency the currency that the chain returns."""
    from pysettle.client.columns import currency_of

    assert refusal.call is not None, "only a call may have one of several currencies"
    tokens = {workspace.deployment().token(currency): currency for currency in workspace.deployment().currencies()}
    # The refusal is reported whether or not its currency can be read.
    with suppress(ChainError, ContractReverted, ValueError):
        token = currency_of(workspace.network(chain), refusal.contract, refusal.call[1])
        if token in tokens:
            refusal.money = refusal.asset = tokens[token]


def _name_holders(workspace: Workspace, chain: ChainBackend, refusal: ContractReverted) -> None:
    """Add the missing role and its present holders to a refusal; the role may have moved since deployment."""
    from pysettle.values import Address

    if refusal.call is None or not workspace.is_deployed:
        return
    target, sent = refusal.call
    # Contracts that are not of one currency are under the powers over e-CNY.
    currency = workspace.deployment().of_one_currency().get(Address(target), Currency.CNY)
    access = workspace.network(chain).system(currency).access
    number, role = refusal.args_by_name.get("roleId"), _ROLE_MISSING.get(type(refusal))
    # The refusal is reported whether or not the holders can be read.
    with suppress(ChainError, ContractReverted, ValueError):
        if role is None:
            role = Role(number) if isinstance(number, int) else access.required_role(Address(target), sent[:4])
        names = ", ".join(map(workspace.accounts.name, access.holders(role))) or "nobody"
        refusal.notes.append(f"the role {role.label} of {currency.value} is held by {names}")
