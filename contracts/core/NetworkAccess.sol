// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {INetworkAccess} from "./INetworkAccess.sol";

/// @title NetworkAccess
/// @notice Who may do what with a currency: OpenZeppelin's AccessManager, whose roles are given in two steps.
/// @dev An offer ends with the tenure that it came from. A tenure is a number, not a time: a revocation and a new grant
/// may share a second. No two tenures have the same number, of whatever account and role: an offer tells by it whose
/// and of which role its tenure is.
contract NetworkAccess is INetworkAccess, AccessManager {
    struct Offer {
        /// Who made it; zero where there is none.
        address maker;
        /// Which tenure of the maker's it came from.
        uint48 tenure;
        /// Seconds, at least: a successor's is no shorter than its predecessor's when it accepts.
        uint32 executionDelay;
        /// Whether the maker passes on the role that it holds itself.
        bool handedOver;
    }

    mapping(uint64 roleId => mapping(address account => Offer)) private _offers;
    /// Number of the tenure that an account began last in a role; zero where it never held it.
    mapping(uint64 roleId => mapping(address account => uint48)) private _tenures;
    /// Tenures that began, of all accounts and roles.
    uint48 private _tenureCount;
    /// Who had this contract make a call last; an administrator with a delay acts so.
    address private transient _executor;

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

        address maker = msg.sender == address(this) ? _executor : msg.sender;
        _offers[roleId][account] = Offer(maker, _tenures[getRoleAdmin(roleId)][maker], executionDelay, false);
        emit RoleOffered(roleId, account, address(0), executionDelay);
    }

    /// @inheritdoc IAccessManager
    /// @dev Takes back what is offered too.
    function revokeRole(uint64 roleId, address account) public override(AccessManager, IAccessManager) onlyAuthorized {
        if (_standingOffer(roleId, account).maker != address(0)) _withdraw(roleId, account);
        _revokeRole(roleId, account);
    }

    /// @inheritdoc IAccessManager
    /// @dev Remembers who executes.
    function execute(
        address target,
        bytes calldata data
    ) public payable override(AccessManager, IAccessManager) returns (uint32 nonce) {
        // Not taken back: a grant by this contract itself is authorized within the execution of that grant alone.
        _executor = msg.sender;
        return super.execute(target, data);
    }

    // ------------------------------------------------------------------- holder

    /// @inheritdoc INetworkAccess
    function handOverRole(uint64 roleId, address successor) external {
        // The public role is everybody's, and nobody's to pass on.
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
            // The maker may have got a longer delay since it made the offer.
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

    /// @dev Numbers the tenures: whoever holds the role already goes on in the same one.
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

    /// @dev The offer, or none where the tenure that it came from has ended: that of the role itself in a hand-over,
    /// else that of the role which administers it. Once another role administers it, the number is of no tenure there.
    function _standingOffer(uint64 roleId, address account) private view returns (Offer memory offer) {
        offer = _offers[roleId][account];
        if (offer.maker == address(0)) return offer;
        uint64 heldRole = offer.handedOver ? roleId : getRoleAdmin(roleId);
        (bool held, ) = hasRole(heldRole, offer.maker);
        if (!held || _tenures[heldRole][offer.maker] != offer.tenure) return Offer(address(0), 0, 0, false);
    }
}
