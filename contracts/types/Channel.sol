// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice The immutable terms of a channel, as published by the x402 `batch-settlement` scheme.
/// @dev Field order and types are part of the EIP-712 channel id: never change them.
struct ChannelConfig {
    /// Account whose value is deposited and to whom what is left returns.
    address payer;
    /// Account that signs vouchers; zero when the payer itself signs (an ERC-1271 account may).
    address payerAuthorizer;
    /// Account that claimed value is settled to; for Tokens always their own series.
    address receiver;
    /// Account that authorises claims and refunds; for Tokens always the series' UsageMeter.
    address receiverAuthorizer;
    /// ERC-20 with EIP-3009 that the channel holds.
    address token;
    /// Seconds between the notice of a withdrawal and its completion, 15 minutes to 30 days.
    uint40 withdrawDelay;
    /// Tells channels of otherwise equal terms apart.
    bytes32 salt;
}

/// @notice A payer's signed cumulative ceiling on one channel (x402 `Voucher`).
struct Voucher {
    /// Terms of the channel; their hash is what the payer signs.
    ChannelConfig channel;
    /// Most that may ever be claimed on the channel, in smallest units of its token, cumulative.
    uint128 maxClaimableAmount;
}

/// @notice One row of a claim: a voucher, its signature, and the cumulative amount claimed under it.
struct VoucherClaim {
    Voucher voucher;
    /// The payer's EIP-712 signature of (channelId, maxClaimableAmount).
    bytes signature;
    /// Cumulative amount claimed on the channel after this row, in smallest units of its token.
    uint128 totalClaimed;
}

/// @notice What a channel holds and what of it has been claimed.
struct ChannelBalance {
    /// Deposited, less withdrawn and refunded, in smallest units of the token.
    uint128 balance;
    /// Claimed so far, cumulative; never above `balance`.
    uint128 totalClaimed;
}

/// @notice What has been claimed for a receiver in one token over all channels, and what of it was paid out.
struct ReceiverTotals {
    /// Claimed for the receiver, cumulative, in smallest units of the token.
    uint128 totalClaimed;
    /// Transferred to the receiver, cumulative; never above `totalClaimed`.
    uint128 totalSettled;
}

/// @notice A withdrawal the payer has given notice of.
struct PendingWithdrawal {
    /// Amount noticed, in smallest units of the token; zero when there is none.
    uint128 amount;
    /// Chain time of the notice, unix seconds.
    uint40 initiatedAt;
}
