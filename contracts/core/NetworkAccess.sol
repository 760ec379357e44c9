// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {INetworkAccess} from "./INetworkAccess.sol";

/// @title NetworkAccess
/// @notice The roles of a currency: OpenZeppelin's AccessManager with grants in two steps.
/// @dev An offer ends with the tenure of its maker. A tenure is a number, not a time: a revocation and a new grant may
/// share a second. No two tenures have the same number, even of different accounts and roles: the number in an offer
/// identifies both.
contract NetworkAccess is INetworkAccess, AccessManager {
    struct Offer {
        /// Maker of the offer; zero without an offer.
        address maker;
        /// Tenure of the maker in which the offer was made.
        uint48 tenure;
        /// Least execution delay in seconds: at the acceptance it is no shorter than the predecessor's.
        uint32 executionDelay;
        /// Whether the maker hands over its own role.
        bool handedOver;
    }

    mapping(uint64 roleId => mapping(address account => Offer)) private _offers;
    /// Number of an account's last tenure in a role; zero if it never held the role.
    mapping(uint64 roleId => mapping(address account => uint48)) private _tenures;
    /// Tenures so far, of all accounts and roles.
    uint48 private _tenureCount;
    /// Last account that called `execute`; an administrator with a delay acts by it.
    address private transient _executor;

    /// @param administrator First holder of the administrator role.
    constructor(address administrator) AccessManager(administrator) {}

    // ------------------------------------------------------------ administrator

    /// @inheritdoc IAccessManager
    /// @dev Offers the role; the account has to accept it.
    function grantRole(
        uint64 roleId,
        address account,
        uint32 executionDelay
    ) public override(AccessManager, IAccessManager) onlyAuthorized {
        if (roleId == PUBLIC_ROLE) revert AccessManagerLockedRole(roleId);

        address maker = msg.sender == address(this) ? _executor : msg.sender;
        _offers[roleId][account] = Offer(maker, _tenures[getRoleAdmin(roleId)][maker], executionDelay, false);
        emit RoleOffered(roleId, account, address(0), executionDelay);
    }

    /// @inheritdoc IAccessManager
    /// @dev Withdraws a standing offer too.
    function revokeRole(uint64 roleId, address account) public override(AccessManager, IAccessManager) onlyAuthorized {
        if (_standingOffer(roleId, account).maker != address(0)) _withdraw(roleId, account);
        _revokeRole(roleId, account);
    }

    /// @inheritdoc IAccessManager
    /// @dev Stores the executing account.
    function execute(
        address target,
        bytes calldata data
    ) public payable override(AccessManager, IAccessManager) returns (uint32 nonce) {
        // Never cleared: a grant by this contract itself is authorized only within the execution of that grant.
        _executor = msg.sender;
        return super.execute(target, data);
    }

    // ------------------------------------------------------------------- holder

    /// @inheritdoc INetworkAccess
    function handOverRole(uint64 roleId, address successor) external {
        // Every account has the public role, and none can hand it over.
        (bool held, uint32 executionDelay) = roleId == PUBLIC_ROLE ? (false, 0) : hasRole(roleId, msg.sender);
        if (!held) revert RoleNotHeld(roleId, msg.sender);
        Offer memory offer = _standingOffer(roleId, successor);
        bool isAnothers = offer.maker != address(0) && !(offer.handedOver && offer.maker == msg.sender);
        if (isAnothers) revert RoleOfferPending(roleId, successor);

        _offers[roleId][successor] = Offer(msg.sender, _tenures[roleId][msg.sender], executionDelay, true);
        emit RoleOffered(roleId, successor, msg.sender, executionDelay);
    }

    /// @inheritdoc INetworkAccess
    function withdrawRoleOffer(uint64 roleId, address account) external {
        Offer memory offer = _standingOffer(roleId, account);
        if (!offer.handedOver || offer.maker != msg.sender) revert RoleOfferNotFound(roleId, account);

        _withdraw(roleId, account);
    }

    // ---------------------------------------------------------------- successor

    /// @inheritdoc INetworkAccess
    function acceptRole(uint64 roleId) external {
        Offer memory offer = _standingOffer(roleId, msg.sender);
        if (offer.maker == address(0)) revert RoleOfferNotFound(roleId, msg.sender);

        delete _offers[roleId][msg.sender];
        uint32 executionDelay = offer.executionDelay;
        if (offer.handedOver) {
            // The maker may have a longer delay now than when it made the offer.
            (, uint32 makersDelay) = hasRole(roleId, offer.maker);
            if (makersDelay > executionDelay) executionDelay = makersDelay;
            _revokeRole(roleId, offer.maker);
        }
        _grantRole(roleId, msg.sender, getRoleGrantDelay(roleId), executionDelay);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc INetworkAccess
    function roleOffer(uint64 roleId, address account) external view returns (bool offered, address predecessor) {
        Offer memory offer = _standingOffer(roleId, account);
        return (offer.maker != address(0), offer.handedOver ? offer.maker : address(0));
    }

    // ---------------------------------------------------------------- internals

    /// @dev Numbers the tenures: an account that already holds the role keeps its tenure.
    function _grantRole(
        uint64 roleId,
        address account,
        uint32 grantDelay,
        uint32 executionDelay
    ) internal override returns (bool isNew) {
        isNew = super._grantRole(roleId, account, grantDelay, executionDelay);
        if (isNew) _tenures[roleId][account] = ++_tenureCount;
    }

    function _withdraw(uint64 roleId, address account) private {
        delete _offers[roleId][account];
        emit RoleOfferWithdrawn(roleId, account);
    }

    /// @dev Returns the offer, or none if the maker's tenure has ended: in a handover the tenure in the role itself,
    /// otherwise that in the role that administers it. If another role administers it now, no tenure there has the
    /// number.
    function _standingOffer(uint64 roleId, address account) private view returns (Offer memory offer) {
        offer = _offers[roleId][account];
        if (offer.maker == address(0)) return offer;
        uint64 heldRole = offer.handedOver ? roleId : getRoleAdmin(roleId);
        (bool held, ) = hasRole(heldRole, offer.maker);
        if (!held || _tenures[heldRole][offer.maker] != offer.tenure) return Offer(address(0), 0, 0, false);
    }
}
