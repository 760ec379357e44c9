// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ChannelConfig} from "../core/ChannelConfig.sol";
import {Usage} from "../compute/RateCard.sol";

/// @notice A payer's signed cumulative ceiling on one channel (x402 `Voucher`).
struct Voucher {
    /// Terms of the channel; the payer signs their hash.
    ChannelConfig channel;
    /// Highest cumulative claim on the channel, in smallest units of its token.
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

/// @notice Result of one row of a claim that fails row by row.
enum ClaimResult {
    /// Claimed as stated.
    Claimed,
    /// Claimed up to the rest of the channel: its payer has withdrawn the remainder.
    ClaimedInPart,
    /// Nothing is left to claim: a newer claim has superseded the row, or the channel holds no more.
    NothingNew,
    /// The caller is neither receiver nor receiver authorizer of the channel.
    CallerNotReceiver,
    /// The row claims more than the payer signed.
    AboveCeiling,
    /// The voucher is not signed by the payer.
    VoucherSignatureInvalid,
    /// The payer is frozen outgoing in the token.
    PayerFrozen,
    /// The usage has bits above its six counters.
    UsageMalformed
}

/// @notice One row of a metered claim: the terms in which channels of one receiver, token and meter differ, the usage,
/// and the payer's ceiling. Its signature is separate, so that all rows have one size.
struct MeteredClaim {
    /// Payer of the channel.
    address payer;
    /// Payer authorizer of the channel; zero if the payer itself signs.
    address payerAuthorizer;
    /// Withdraw delay of the channel, seconds.
    uint40 withdrawDelay;
    /// Salt of the channel.
    bytes32 salt;
    /// Cumulative usage of the channel.
    Usage usage;
    /// Cumulative ceiling the payer signed, in smallest units of the token.
    uint256 maxClaimableAmount;
}

/// @notice Balance of a channel, claimed units included (low 128 bits), and its cumulative claims, never above the
/// balance (high 128 bits); in smallest units of the token.
/// @dev One word by hand: the same struct packed by the compiler costs 200 gas more a claim.
type ChannelBalance is uint256;

using ChannelFields for ChannelBalance global;

/// @notice Sums of a receiver in one token over all channels: claimed and paid out.
struct ReceiverTotals {
    /// Claimed for the receiver, cumulative, in smallest units of the token.
    uint128 totalClaimed;
    /// Transferred to the receiver, cumulative; never above `totalClaimed`.
    uint128 totalSettled;
}

/// @notice A payer's notice of withdrawal.
struct PendingWithdrawal {
    /// Amount of the notice, in smallest units of the token; zero when there is none.
    uint128 amount;
    /// Chain time of the notice, unix seconds.
    uint40 initiatedAt;
}

/// @title ChannelFields
/// @notice Reads and makes a `ChannelBalance`.
library ChannelFields {
    /// @notice The word of a balance and its claims.
    function pack(uint128 balance_, uint128 totalClaimed_) internal pure returns (ChannelBalance) {
        return ChannelBalance.wrap((uint256(totalClaimed_) << 128) | balance_);
    }

    /// @notice Units that the channel holds, claimed ones included.
    function balance(ChannelBalance self) internal pure returns (uint128) {
        return uint128(ChannelBalance.unwrap(self));
    }

    /// @notice Units claimed, cumulative.
    function totalClaimed(ChannelBalance self) internal pure returns (uint128) {
        return uint128(ChannelBalance.unwrap(self) >> 128);
    }

    /// @notice The word with another total of claims, at most its balance.
    function withTotalClaimed(ChannelBalance self, uint256 totalClaimed_) internal pure returns (ChannelBalance) {
        return ChannelBalance.wrap((totalClaimed_ << 128) | self.balance());
    }

    /// @notice Units that are not claimed.
    function unclaimed(ChannelBalance self) internal pure returns (uint128) {
        return self.balance() - self.totalClaimed();
    }
}
