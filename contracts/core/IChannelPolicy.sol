// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ChannelConfig} from "./ChannelConfig.sol";

/// @title IChannelPolicy
/// @notice A token's conditions on the channels that hold it. Optional: the hub calls it at each deposit, and a token
/// without this function allows every channel.
interface IChannelPolicy {
    /// @notice Returns to allow a deposit into a channel of these terms; reverts with a reason to refuse it.
    /// @dev A refusal must carry revert data: the hub reads an empty revert as "not implemented".
    /// @param collector Contract that brings the deposit to the hub.
    /// @param config Terms of the channel.
    function checkChannel(address collector, ChannelConfig calldata config) external view;
}
