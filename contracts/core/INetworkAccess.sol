// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title INetworkAccess
/// @notice Roles of a currency, given and passed on in two steps: offered, then accepted by who is to hold them, so
/// that no power ever goes to an address that nobody controls.
/// @dev An offer ends with the tenure that it came from, and no later tenure of its maker brings it back: in a handover
/// the tenure of the role itself, else that of the role which administers it. While another role administers it than
/// when the offer was made, the offer does not stand.
/// Warning: what an account scheduled (`schedule`) outlasts its role. A `grantRole` that an administrator with a delay
/// scheduled and did not execute can be executed once that account is an administrator again, without a new delay,
/// until it expires (`expiration` after its time, a week). So whoever revokes an administrator cancels what it has
/// pending: `cancel(account, target, data)`, with what the event OperationScheduled tells. Any administrator may; for
/// `grantRole` and `revokeRole` also a holder of the role that administers the role; for a function of the currency
/// also the guardian (`setRoleGuardian`) of the role that the function asks for.
interface INetworkAccess is IAccessManager {
    /// @notice A role was offered to an account.
    /// @param predecessor Holder who passes it on; zero where it is given in addition.
    /// @param executionDelay Seconds between announcing and making a call by this role; more in a handover whose
    /// predecessor has a longer delay when it is accepted.
    event RoleOffered(
        uint64 indexed roleId,
        address indexed account,
        address indexed predecessor,
        uint32 executionDelay
    );
    /// @notice An offer was taken back.
    event RoleOfferWithdrawn(uint64 indexed roleId, address indexed account);

    /// @notice The role is not offered to the account, or no longer.
    error RoleOfferNotFound(uint64 roleId, address account);
    /// @notice The account does not hold the role that it would pass on.
    error RoleNotHeld(uint64 roleId, address account);
    /// @notice The administrator or another holder has offered the role to the account, and that offer stands.
    error RoleOfferPending(uint64 roleId, address account);

    /// @notice Offer a role that the caller holds to its successor. The caller keeps it until the successor accepts.
    /// @param roleId The role; zero is the administrator's.
    /// @param successor Account that shall hold it.
    /// @custom:reverts RoleNotHeld when the caller does not hold the role
    /// @custom:reverts RoleOfferPending when the administrator or another holder has offered it to the successor
    function handOverRole(uint64 roleId, address successor) external;

    /// @notice Accept a role that was offered to the caller. Who passed it on holds it no longer.
    /// @dev In a handover the execution delay is the longer of that when it was offered and the predecessor's now.
    /// @custom:reverts RoleOfferNotFound when none is offered, or whoever offered it has lost the role since,
    /// or another role administers the role now
    function acceptRole(uint64 roleId) external;

    /// @notice Take back an offer that the caller made of a role it holds.
    /// @dev The administrator takes back any by `revokeRole`.
    /// @custom:reverts RoleOfferNotFound when the caller offered none to the account
    function withdrawRoleOffer(uint64 roleId, address account) external;

    /// @notice Offer of a role to an account.
    /// @return offered Whether one stands.
    /// @return predecessor Holder who passes it on; zero where it is given in addition.
    function roleOffer(uint64 roleId, address account) external view returns (bool offered, address predecessor);
}
