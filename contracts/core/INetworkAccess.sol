// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title INetworkAccess
/// @notice Roles of a currency, granted and handed over in two steps: an offer, then its acceptance by the new holder,
/// so that no role ever goes to an address that nobody controls.
/// @dev An offer ends with a tenure of its maker: in a handover the tenure in the role itself, otherwise the tenure in
/// the role that administers it. A later tenure of the maker does not restore the offer. An offer does not stand while
/// another role administers the role than when the offer was made.
/// Warning: a call that an account scheduled (`schedule`) outlasts its role. Suppose that an administrator with a delay
/// scheduled a `grantRole`, did not execute it, and lost the role. It can execute the call as soon as it is an
/// administrator again, without a new delay, until the call expires (`expiration` after its time, a week). An account
/// that revokes an administrator should therefore cancel the pending calls: `cancel(account, target, data)`, with the
/// values of the event OperationScheduled. Any administrator may do so; for `grantRole` and `revokeRole` also a holder
/// of the role that administers the role; for a function of the currency also the guardian (`setRoleGuardian`) of the
/// function's role.
interface INetworkAccess is IAccessManager {
    /// @notice A role was offered to an account.
    /// @param predecessor Holder that hands the role over; zero for a grant by the administrator.
    /// @param executionDelay Seconds between announcing and making a call by this role. In a handover it is longer if
    /// the predecessor has a longer delay at the acceptance.
    event RoleOffered(
        uint64 indexed roleId,
        address indexed account,
        address indexed predecessor,
        uint32 executionDelay
    );
    /// @notice An offer was withdrawn.
    event RoleOfferWithdrawn(uint64 indexed roleId, address indexed account);

    /// @notice No offer of the role to the account stands.
    error RoleOfferNotFound(uint64 roleId, address account);
    /// @notice The account does not hold the role that it would hand over.
    error RoleNotHeld(uint64 roleId, address account);
    /// @notice The administrator or another holder has offered the role to the account, and that offer stands.
    error RoleOfferPending(uint64 roleId, address account);

    /// @notice Offer a role that the caller holds to its successor. The caller keeps it until the successor accepts.
    /// @param roleId The role; zero is that of the administrator.
    /// @param successor Account to hold the role.
    /// @custom:reverts RoleNotHeld when the caller does not hold the role
    /// @custom:reverts RoleOfferPending when the administrator or another holder has offered the role to the successor
    function handOverRole(uint64 roleId, address successor) external;

    /// @notice Accept a role that was offered to the caller. In a handover the predecessor then loses the role.
    /// @dev In a handover the execution delay is the longer of the offered delay and the predecessor's present delay.
    /// @custom:reverts RoleOfferNotFound when no offer stands: none was made, its maker has lost the power to make it,
    /// or another role administers the role now
    function acceptRole(uint64 roleId) external;

    /// @notice Withdraw a handover that the caller offered.
    /// @dev The administrator withdraws any offer by `revokeRole`.
    /// @custom:reverts RoleOfferNotFound when the caller offered no handover to the account
    function withdrawRoleOffer(uint64 roleId, address account) external;

    /// @notice Offer of a role to an account.
    /// @return offered Whether an offer stands.
    /// @return predecessor Holder that hands the role over; zero for a grant by the administrator.
    function roleOffer(uint64 roleId, address account) external view returns (bool offered, address predecessor);
}
