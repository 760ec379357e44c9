"""What the roles of a currency refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pysettle.errors import ContractReverted
from pysettle.errors.states import Role, State


class AccessReverted(ContractReverted):
    """The caller lacks the role."""


class AccessManagedUnauthorized(AccessReverted):
    """The caller lacks the role."""

    template = "{caller} lacks the role"
    remedy = "have an administrator grant it, or call from an account that has it"


class AccessManagedRequiredDelay(AccessReverted):
    """The role acts with a delay."""

    template = "{caller} may do this only with a delay of {delay} seconds"
    remedy = "schedule the call with the AccessManager"


class AccessManagedInvalidAuthority(AccessReverted):
    """The new authority is no contract."""

    template = "{authority} is no AccessManager"
    remedy = "name a contract"


class AccessManagerUnauthorizedAccount(AccessReverted):
    """Roles are granted and revoked by their administrator."""

    template = "{msgsender} lacks the role {roleId}"
    states: ClassVar[Mapping[str, type[State]]] = {"roleId": Role}
    remedy = "call from the administrator"


class RoleOfferNotFound(AccessReverted):
    """The role is not offered to the account, or its maker has lost the power to."""

    template = "the role {roleId} is not offered to {account}"
    states: ClassVar[Mapping[str, type[State]]] = {"roleId": Role}
    remedy = "have the holder hand it over, or the administrator grant it"


class RoleNotHeld(AccessReverted):
    """A role is handed over by who holds it."""

    template = "{account} does not hold the role {roleId}"
    states: ClassVar[Mapping[str, type[State]]] = {"roleId": Role}
    remedy = "have its holder hand it over, or the administrator grant it"


class RoleOfferPending(AccessReverted):
    """A standing offer is not changed by another holder."""

    template = "the administrator or another holder has offered the role {roleId} to {account}"
    states: ClassVar[Mapping[str, type[State]]] = {"roleId": Role}
    remedy = "have the account accept it, or its maker or the administrator take it back"


class AccessManagerUnauthorizedCall(AccessReverted):
    """A call through the AccessManager that the caller has no role for."""

    template = "{caller} may not call {selector} of {target}"
    remedy = "have an administrator grant the role"


class AccessManagerUnauthorizedCancel(AccessReverted):
    """Only who scheduled a call, its guardian or an administrator cancels it."""

    template = "{msgsender} may not cancel the call of {selector} of {target} by {caller}"
    remedy = "have the guardian of the role cancel it"


class AccessManagerUnauthorizedConsume(AccessReverted):
    """A scheduled call is consumed by its target."""

    template = "{target} is not the caller"
    remedy = "call the target, which consumes it"


class AccessManagerBadConfirmation(AccessReverted):
    """A role is renounced by its holder."""

    template = "only the holder itself renounces a role"
    remedy = "call from the holder, naming it"


class AccessManagerLockedFunction(AccessReverted):
    """The AccessManager's own functions are not for roles to be given."""

    template = "the function {selector} cannot be given a role"
    remedy = "leave the AccessManager's own functions as they are"


class AccessManagerLockedRole(AccessReverted):
    """The public role has no administrator."""

    template = "the role {roleId} cannot be changed"
    states: ClassVar[Mapping[str, type[State]]] = {"roleId": Role}
    remedy = "use another role"


class AccessManagerInvalidInitialAdmin(AccessReverted):
    """The first administrator is nobody."""

    template = "{initialAdmin} cannot be the administrator"
    remedy = "name an account"


class AccessManagerAlreadyScheduled(AccessReverted):
    """The call is scheduled already."""

    template = "operation {operationId} is scheduled already"
    remedy = "wait for it, or cancel it first"


class AccessManagerNotScheduled(AccessReverted):
    """A call with a delay has to be scheduled first."""

    template = "operation {operationId} is not scheduled"
    remedy = "schedule it first"


class AccessManagerNotReady(AccessReverted):
    """The delay of a scheduled call still runs."""

    template = "operation {operationId} is not ready"
    remedy = "wait until its delay has passed"


class AccessManagerExpired(AccessReverted):
    """A scheduled call was not made in time."""

    template = "operation {operationId} has expired"
    remedy = "schedule it again"
