// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {RateCard, Usage} from "../compute/RateCard.sol";

/// @title IClaimMeter
/// @notice A receiver authorizer by whose word usage is claimed: the hub asks it at each metered claim.
interface IClaimMeter {
    /// @notice Vouch for the usage of channels, and say what it costs. The hub alone calls it, for channels whose
    /// receiver authorizer this meter is, and claims no more than each payer's ceiling.
    /// @param receiver Receiver of every channel.
    /// @param token Token of every channel.
    /// @param channelIds Ids of the channels.
    /// @param usages Cumulative usage of each.
    /// @param attestation What makes this meter believe the usage; it reverts where that does not.
    /// @return rateCard What the usage of all of them costs, in smallest units of the token.
    function attestUsage(
        address receiver,
        address token,
        bytes32[] calldata channelIds,
        Usage[] calldata usages,
        bytes calldata attestation
    ) external returns (RateCard rateCard);
}
