// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IFreezable
/// @notice Lets the hub ask a token for the freezes of an account. Optional: a token without this function has no
/// freezes.
interface IFreezable {
    /// @notice Freezes of an account.
    /// @return outgoing Whether the account cannot pay.
    /// @return incoming Whether the account cannot receive.
    /// @return amount Frozen units of its balance.
    function frozen(address account) external view returns (bool outgoing, bool incoming, uint256 amount);
}
