// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {ChannelConfig} from "../core/ChannelConfig.sol";
import {Usage} from "../compute/RateCard.sol";
import {IClaimMeter} from "./IClaimMeter.sol";

/// @notice A provider's approval of a cooperative refund, in the form the hub passes to `isValidSignature`.
struct RefundApproval {
    /// Terms of the channel.
    ChannelConfig config;
    /// Refund nonce of the channel.
    uint256 nonce;
    /// Tokens to return.
    uint128 amount;
    /// Cumulative claims on the channel at the time of the approval, in Tokens.
    uint128 totalClaimed;
    /// The provider's signature of `RefundApproval`.
    bytes signature;
}

/// @title IUsageMeter
/// @notice Claims Tokens of a series from its channels: usage attested by the provider, re-priced on chain by the
/// series' rate card, never above the payer's signed ceiling (INV-USAGE).
/// @dev ERC-1271: the hub calls it for cooperative refunds. `signature` is an ABI-encoded `RefundApproval`. The answer
/// is yes only if the hash is the hub's digest of that refund, the channel belongs to a series that names this meter,
/// its provider signed the approval, and no claim was made since. Every other hash is refused.
/// The meter stores nothing. Its only right is to be the receiver authorizer of the channels of series that name it.
/// EIP-712 domain: name "pysettle UsageMeter", version "1". Signed by providers:
/// `UsageAttestation(address series,bytes32[] channelIds,uint256[] usages)` and
/// `RefundApproval(bytes32 channelId,uint256 nonce,uint128 amount,uint128 totalClaimed)`.
interface IUsageMeter is IERC1271, IClaimMeter {
    /// @notice A provider attested the cumulative usage of channels of its series. The hub emits the claimed amounts in
    /// its events `Claimed` of the same transaction.
    event UsageAttested(address indexed series, bytes32[] channelIds, Usage[] usages);

    /// @notice Only the hub calls the meter.
    error MeterCallerNotHub(address caller, address hub);
    /// @notice Only the channels of a series are metered: the series is both receiver and token.
    error MeterReceiverNotSeries(address receiver, address token);
    /// @notice The provider did not sign exactly these channels and counters.
    error UsageSignatureInvalid(address provider);

    /// @notice Hub of the channels.
    function hub() external view returns (address);

    /// @notice Digest a provider signs for the usage of many channels.
    function usageDigest(
        address series,
        bytes32[] calldata channelIds,
        Usage[] calldata usages
    ) external view returns (bytes32);

    /// @notice Digest a provider signs to approve a cooperative refund.
    function refundApprovalDigest(
        bytes32 channelId,
        uint256 nonce,
        uint128 amount,
        uint128 totalClaimed
    ) external view returns (bytes32);
}
