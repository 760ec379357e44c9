"""Errors of the roles of a currency."""

from __future__ import annotations

from pysettle.errors import ContractReverted
from pysettle.errors.states import Role
from pysettle.values import Address, Seconds


class AccessReverted(ContractReverted):
    """The caller lacks the role."""


class AccessManagedUnauthorized(AccessReverted):
    """The caller lacks the role for this call."""

    template = "{caller} lacks the role for this call"
    remedy = "have an administrator grant the role, or call from an account that has it"

    caller: Address


class AccessManagedRequiredDelay(AccessReverted):
    """The role acts with a delay."""

    template = "{caller} may do this only with a delay of {delay}"
    remedy = "schedule the call with the AccessManager"

    caller: Address
    delay: Seconds


class AccessManagedInvalidAuthority(AccessReverted):
    """The new authority is not a contract."""

    template = "{authority} is no AccessManager"
    remedy = "name a contract"

    authority: Address


class AccessManagerUnauthorizedAccount(AccessReverted):
    """Only the administrator of a role grants and revokes it."""

    template = "{msgsender} lacks the role {role_id}"
    remedy = "call from the administrator"

    msgsender: Address
    role_id: Role


class RoleOfferNotFound(AccessReverted):
    """The role is not offered to the account, or the maker of the offer can no longer grant it."""

    template = "the role {role_id} is not offered to {account}"
    remedy = "have the holder hand the role over, or the administrator grant it"

    role_id: Role
    account: Address


class RoleNotHeld(AccessReverted):
    """Only the holder of a role hands it over."""

    template = "{account} does not hold the role {role_id}"
    remedy = "have its holder hand it over, or the administrator grant it"

    role_id: Role
    account: Address


class RoleOfferPending(AccessReverted):
    """Another holder, or the administrator, made the pending offer."""

    template = "the administrator or another holder has offered the role {role_id} to {account}"
    remedy = "have the account accept the offer, or its maker or the administrator withdraw it"

    role_id: Role
    account: Address


class AccessManagerUnauthorizedCall(AccessReverted):
    """The caller lacks the role for this call through the AccessManager."""

    template = "{caller} may not call {selector_} of {target}"
    remedy = "have an administrator grant the role"

    caller: Address
    target: Address
    selector_: bytes


class AccessManagerUnauthorizedCancel(AccessReverted):
    """Only the account that scheduled a call, the guardian or an administrator cancels it."""

    template = "{msgsender} may not cancel the call of {selector_} of {target} by {caller}"
    remedy = "have the guardian of the role cancel it"

    msgsender: Address
    caller: Address
    target: Address
    selector_: bytes


class AccessManagerUnauthorizedConsume(AccessReverted):
    """Only the target of a scheduled call consumes it."""

    template = "{target} is not the caller"
    remedy = "call the target, which consumes the call"

    target: Address


class AccessManagerBadConfirmation(AccessReverted):
    """Only the holder of a role renounces it."""

    template = "only the holder itself renounces a role"
    remedy = "call from the holder, and name the holder"


class AccessManagerLockedFunction(AccessReverted):
    """The functions of the AccessManager itself cannot be assigned to a role."""

    template = "the function {selector_} cannot be given a role"
    remedy = "leave the AccessManager's own functions as they are"

    selector_: bytes


class AccessManagerLockedRole(AccessReverted):
    """The library does not allow changes of this role."""

    template = "the role {role_id} cannot be changed"
    remedy = "use another role"

    role_id: Role


class AccessManagerInvalidInitialAdmin(AccessReverted):
    """The first administrator is the zero address."""

    template = "{initial_admin} cannot be the administrator"
    remedy = "name an account"

    initial_admin: Address


class AccessManagerAlreadyScheduled(AccessReverted):
    """The call is scheduled already."""

    template = "operation {operation_id} is scheduled already"
    remedy = "wait until the call is due, or cancel it first"

    operation_id: bytes


class AccessManagerNotScheduled(AccessReverted):
    """A call with a delay has to be scheduled first."""

    template = "operation {operation_id} is not scheduled"
    remedy = "schedule the call first"

    operation_id: bytes


class AccessManagerNotReady(AccessReverted):
    """The delay of a scheduled call still runs."""

    template = "operation {operation_id} is not ready"
    remedy = "wait until its delay has passed"

    operation_id: bytes


class AccessManagerExpired(AccessReverted):
    """The scheduled call was not made in time."""

    template = "operation {operation_id} has expired"
    remedy = "schedule the call again"

    operation_id: bytes
