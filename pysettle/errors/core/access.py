"""What the roles of a currency refuse."""

from __future__ import annotations

from pysettle.errors import ContractReverted
from pysettle.errors.states import Role
from pysettle.values import Address, Seconds


class AccessReverted(ContractReverted):
    """The caller lacks the role."""


class AccessManagedUnauthorized(AccessReverted):
    """The caller lacks the role."""

    template = "{caller} lacks the role for this call"
    remedy = "have an administrator grant it, or call from an account that has it"

    caller: Address


class AccessManagedRequiredDelay(AccessReverted):
    """The role acts with a delay."""

    template = "{caller} may do this only with a delay of {delay}"
    remedy = "schedule the call with the AccessManager"

    caller: Address
    delay: Seconds


class AccessManagedInvalidAuthority(AccessReverted):
    """The new authority is no contract."""

    template = "{authority} is no AccessManager"
    remedy = "name a contract"

    authority: Address


class AccessManagerUnauthorizedAccount(AccessReverted):
    """Roles are granted and revoked by their administrator."""

    template = "{msgsender} lacks the role {role_id}"
    remedy = "call from the administrator"

    msgsender: Address
    role_id: Role


class RoleOfferNotFound(AccessReverted):
    """The role is not offered to the account, or its maker has lost the power to."""

    template = "the role {role_id} is not offered to {account}"
    remedy = "have the holder hand it over, or the administrator grant it"

    role_id: Role
    account: Address


class RoleNotHeld(AccessReverted):
    """A role is handed over by who holds it."""

    template = "{account} does not hold the role {role_id}"
    remedy = "have its holder hand it over, or the administrator grant it"

    role_id: Role
    account: Address


class RoleOfferPending(AccessReverted):
    """A standing offer is not changed by another holder."""

    template = "the administrator or another holder has offered the role {role_id} to {account}"
    remedy = "have the account accept it, or its maker or the administrator take it back"

    role_id: Role
    account: Address


class AccessManagerUnauthorizedCall(AccessReverted):
    """A call through the AccessManager that the caller has no role for."""

    template = "{caller} may not call {selector_} of {target}"
    remedy = "have an administrator grant the role"

    caller: Address
    target: Address
    selector_: bytes


class AccessManagerUnauthorizedCancel(AccessReverted):
    """The account that scheduled a call, its guardian or an administrator cancels it."""

    template = "{msgsender} may not cancel the call of {selector_} of {target} by {caller}"
    remedy = "have the guardian of the role cancel it"

    msgsender: Address
    caller: Address
    target: Address
    selector_: bytes


class AccessManagerUnauthorizedConsume(AccessReverted):
    """A scheduled call is consumed by its target."""

    template = "{target} is not the caller"
    remedy = "call the target, which consumes it"

    target: Address


class AccessManagerBadConfirmation(AccessReverted):
    """A role is renounced by its holder."""

    template = "only the holder itself renounces a role"
    remedy = "call from the holder, naming it"


class AccessManagerLockedFunction(AccessReverted):
    """The AccessManager's own functions are not for roles to be given."""

    template = "the function {selector_} cannot be given a role"
    remedy = "leave the AccessManager's own functions as they are"

    selector_: bytes


class AccessManagerLockedRole(AccessReverted):
    """The public role has no administrator."""

    template = "the role {role_id} cannot be changed"
    remedy = "use another role"

    role_id: Role


class AccessManagerInvalidInitialAdmin(AccessReverted):
    """The first administrator is nobody."""

    template = "{initial_admin} cannot be the administrator"
    remedy = "name an account"

    initial_admin: Address


class AccessManagerAlreadyScheduled(AccessReverted):
    """The call is scheduled already."""

    template = "operation {operation_id} is scheduled already"
    remedy = "wait for it, or cancel it first"

    operation_id: bytes


class AccessManagerNotScheduled(AccessReverted):
    """A call with a delay has to be scheduled first."""

    template = "operation {operation_id} is not scheduled"
    remedy = "schedule it first"

    operation_id: bytes


class AccessManagerNotReady(AccessReverted):
    """The delay of a scheduled call still runs."""

    template = "operation {operation_id} is not ready"
    remedy = "wait until its delay has passed"

    operation_id: bytes


class AccessManagerExpired(AccessReverted):
    """A scheduled call was not made in time."""

    template = "operation {operation_id} has expired"
    remedy = "schedule it again"

    operation_id: bytes
