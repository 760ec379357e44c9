// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title ILocker
/// @notice Holds units of one currency for accounts, until they take them back.
interface ILocker {
    /// @notice An account stored units.
    /// @param amount Units that it stored.
    /// @param stored Units that it has in the locker then.
    event Stored(address indexed account, uint256 amount, uint256 stored);
    /// @notice Units were returned to an account.
    /// @param amount Units that it took back.
    /// @param stored Units that it has in the locker then.
    event Returned(address indexed account, uint256 amount, uint256 stored);

    /// @notice `account` has `stored` units in the locker, and asked for `amount`.
    error LockerShort(address account, uint256 amount, uint256 stored);

    /// @notice Store units that the caller has allowed the locker to take.
    /// @param amount Units.
    function store(uint256 amount) external;

    /// @notice Take units back.
    /// @param amount Units.
    /// @custom:reverts LockerShort when the caller has stored less
    /// @custom:invariant INV-LOCKER
    function takeBack(uint256 amount) external;

    /// @notice The currency that it holds.
    function currency() external view returns (address);

    /// @notice The units that it holds for an account.
    function storedOf(address account) external view returns (uint256);
}
