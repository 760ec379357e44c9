// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {INetworkAccess} from "../interfaces/INetworkAccess.sol";

/// @title NetworkAccess
/// @notice Who may do what with a currency: OpenZeppelin's AccessManager, whose roles are given in two steps.
contract NetworkAccess is INetworkAccess, AccessManager {
    struct Offer {
        bool offered;
        uint32 executionDelay;
        address predecessor;
    }

    mapping(uint64 roleId => mapping(address account => Offer)) private _offers;

    /// @param administrator First holder of the administrator role.
    constructor(address administrator) AccessManager(administrator) {}

    // ------------------------------------------------------------ administrator

    /// @inheritdoc IAccessManager
    /// @dev Offers the role; the account accepts it.
    function grantRole(
        uint64 roleId,
        address account,
        uint32 executionDelay
    ) public override(AccessManager, IAccessManager) onlyAuthorized {
        if (roleId == PUBLIC_ROLE) revert AccessManagerLockedRole(roleId);
        _offer(roleId, account, executionDelay, address(0));
    }

    /// @inheritdoc IAccessManager
    /// @dev Takes back what is offered too.
    function revokeRole(uint64 roleId, address account) public override(AccessManager, IAccessManager) onlyAuthorized {
        if (_offers[roleId][account].offered) _withdraw(roleId, account);
        _revokeRole(roleId, account);
    }

    // ------------------------------------------------------------------- holder

    /// @inheritdoc INetworkAccess
    function handOverRole(uint64 roleId, address successor) external {
        (bool held, uint32 executionDelay) = _holds(roleId, msg.sender);
        if (!held) revert RoleNotHeld(roleId, msg.sender);
        Offer memory offer = _offers[roleId][successor];
        if (offer.offered && offer.predecessor == address(0)) revert RoleOfferPending(roleId, successor);
        _offer(roleId, successor, executionDelay, msg.sender);
    }

    /// @inheritdoc INetworkAccess
    function withdrawRoleOffer(uint64 roleId, address account) external {
        Offer memory offer = _offers[roleId][account];
        if (!offer.offered || offer.predecessor != msg.sender) revert RoleOfferNotFound(roleId, account);
        _withdraw(roleId, account);
    }

    // ---------------------------------------------------------------- successor

    /// @inheritdoc INetworkAccess
    function acceptRole(uint64 roleId) external {
        Offer memory offer = _offers[roleId][msg.sender];
        if (!offer.offered) revert RoleOfferNotFound(roleId, msg.sender);

        delete _offers[roleId][msg.sender];
        if (offer.predecessor != address(0)) {
            (bool held, ) = _holds(roleId, offer.predecessor);
            if (!held) revert RoleNotHeld(roleId, offer.predecessor);
            _revokeRole(roleId, offer.predecessor);
        }
        _grantRole(roleId, msg.sender, getRoleGrantDelay(roleId), offer.executionDelay);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc INetworkAccess
    function roleOffer(uint64 roleId, address account) external view returns (bool offered, address predecessor) {
        Offer memory offer = _offers[roleId][account];
        return (offer.offered, offer.predecessor);
    }

    // ---------------------------------------------------------------- internals

    function _offer(uint64 roleId, address account, uint32 executionDelay, address predecessor) private {
        _offers[roleId][account] = Offer(true, executionDelay, predecessor);
        emit RoleOffered(roleId, account, predecessor, executionDelay);
    }

    function _withdraw(uint64 roleId, address account) private {
        delete _offers[roleId][account];
        emit RoleOfferWithdrawn(roleId, account);
    }

    /// @dev The public role is everybody's, and nobody's to pass on.
    function _holds(uint64 roleId, address account) private view returns (bool held, uint32 executionDelay) {
        if (roleId == PUBLIC_ROLE) return (false, 0);
        return hasRole(roleId, account);
    }
}
