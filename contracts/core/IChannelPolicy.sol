// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ChannelConfig} from "./ChannelConfig.sol";

/// @title IChannelPolicy
/// @notice What a token may ask of the channels that hold it. Optional: the hub asks at each deposit, and a token
/// without this function allows every channel.
interface IChannelPolicy {
    /// @notice Return quietly to allow a deposit into a channel of these terms; revert with a reason to refuse it.
    /// @dev A refusal must carry revert data: the hub reads an empty revert as "not implemented".
    /// @param collector Contract that brings the deposit to the hub.
    /// @param config Terms of the channel.
    function checkChannel(address collector, ChannelConfig calldata config) external view;
}
