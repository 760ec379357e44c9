// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {CurrencyHours} from "./CurrencyHours.sol";
import {ICorridors} from "./ICorridors.sol";

/// @title CorridorLimits
/// @notice The terms in force of each corridor, and the use that each debtor makes of its windows.
abstract contract CorridorLimits is CurrencyHours {
    /// The terms in force. An admission reads the first word alone.
    struct Policy {
        uint72 settlementLimit;
        uint72 windowLimit;
        uint72 travelThreshold;
        uint32 windowS;
        bool isOpen;
        address counterCurrency;
        uint96 dayEndLimit;
        uint32 revision;
    }

    /// What an admission needs of the terms.
    struct Limits {
        uint256 settlementLimit;
        uint256 windowLimit;
        uint256 travelThreshold;
        uint256 windowS;
    }

    /// A debtor's use of a window: one word. The time of the first admission says which window it is.
    struct Use {
        uint40 since;
        uint96 units;
    }

    mapping(bytes32 id => Policy) internal _policies;
    mapping(bytes32 id => mapping(address debtor => Use)) private _used;

    // -------------------------------------------------------------------- views

    /// @inheritdoc ICorridors
    function corridorOf(
        bytes32 id
    ) external view returns (Terms memory terms, address counterCurrency, uint32 revision, bool isOpen) {
        Policy memory policy = _policies[id];
        terms = Terms(
            policy.settlementLimit,
            policy.windowLimit,
            policy.travelThreshold,
            policy.windowS,
            policy.dayEndLimit
        );
        return (terms, policy.counterCurrency, policy.revision, policy.isOpen);
    }

    /// @inheritdoc ICorridors
    function used(bytes32 id, address debtor) external view returns (uint256 units, uint256 since) {
        Use memory use = _used[id][debtor];
        return (use.units, use.since);
    }

    // ---------------------------------------------------------------- internals

    /// @dev The limits of an open corridor, read as one word.
    function _limitsOf(bytes32 id) internal view returns (Limits memory limits) {
        Policy storage policy = _policies[id];
        bool isOpen = policy.isOpen;
        limits = Limits(policy.settlementLimit, policy.windowLimit, policy.travelThreshold, policy.windowS);
        if (!isOpen) revert CorridorNotOpen(id);
    }

    /// @dev Counts units to a debtor. A window begins with the first admission in it, and ends with the span of time of
    /// the currency that this admission is in.
    function _count(
        bytes32 id,
        address debtor,
        uint256 amount,
        uint256 local,
        Limits memory limits
    ) internal returns (uint256 units) {
        Use storage use = _used[id][debtor];
        uint256 since = use.since;
        units = use.units;
        if (since + (local % limits.windowS) < block.timestamp) (since, units) = (block.timestamp, 0);
        uint256 limit = limits.windowLimit;
        uint256 left = limit > units ? limit - units : 0;
        if (amount > left) revert WindowLimitExceeded(id, debtor, amount, left);

        units += amount;
        // A time of the chain fits 40 bits, and at most the limit of a window has 72.
        (use.since, use.units) = (uint40(since), uint96(units));
    }

    /// @dev Admissions since the first one of the window are in its count, earlier ones are not.
    function _discount(
        bytes32 id,
        address debtor,
        uint256 amount,
        uint256 admittedAt
    ) internal returns (uint256 units) {
        Use storage use = _used[id][debtor];
        units = use.units;
        if (admittedAt < use.since) return units;
        units = units > amount ? units - amount : 0;
        // Not more than before.
        use.units = uint96(units);
    }
}
