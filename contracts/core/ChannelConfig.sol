// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice The immutable terms of a channel, as published by the x402 `batch-settlement` scheme.
/// @dev Field order and types are part of the EIP-712 channel id: never change them.
struct ChannelConfig {
    /// Account that deposits value and receives the rest.
    address payer;
    /// Account that signs vouchers; zero when the payer itself signs (an ERC-1271 account may).
    address payerAuthorizer;
    /// Account that receives claimed value; for Tokens always their own series.
    address receiver;
    /// Account that authorises claims and refunds; for Tokens always the series' UsageMeter.
    address receiverAuthorizer;
    /// ERC-20 with EIP-3009 that the channel holds.
    address token;
    /// Seconds between the notice of a withdrawal and its completion, 15 minutes to 30 days.
    uint40 withdrawDelay;
    /// Distinguishes channels of otherwise equal terms.
    bytes32 salt;
}
