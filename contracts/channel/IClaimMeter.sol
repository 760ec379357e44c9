// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {RateCard, Usage} from "../compute/RateCard.sol";

/// @title IClaimMeter
/// @notice A receiver authorizer that vouches for usage: the hub calls it at each metered claim.
interface IClaimMeter {
    /// @notice Check the attestation of the usage of channels, and return the rate card. Only the hub calls this, for
    /// channels with this meter as receiver authorizer, and claims no more than each payer's ceiling.
    /// @param receiver Receiver of every channel.
    /// @param token Token of every channel.
    /// @param channelIds Ids of the channels.
    /// @param usages Cumulative usage of each.
    /// @param attestation Proof of the usage; the meter reverts without a valid one.
    /// @return rateCard Rates of the usage of all channels, in smallest units of the token.
    function attestUsage(
        address receiver,
        address token,
        bytes32[] calldata channelIds,
        Usage[] calldata usages,
        bytes calldata attestation
    ) external returns (RateCard rateCard);
}
