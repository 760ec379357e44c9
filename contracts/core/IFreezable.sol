// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IFreezable
/// @notice What the hub may ask of a token about an account. Optional: a token without this function freezes nobody.
interface IFreezable {
    /// @notice What of an account is frozen.
    /// @return outgoing Whether nothing may leave it.
    /// @return incoming Whether nothing may come in.
    /// @return amount Units of its balance that may not leave it.
    function frozen(address account) external view returns (bool outgoing, bool incoming, uint256 amount);
}
