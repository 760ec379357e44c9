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
    /// What had been claimed on the channel when the provider approved, in Tokens.
    uint128 totalClaimed;
    /// The provider's signature of `RefundApproval`.
    bytes signature;
}

/// @title IUsageMeter
/// @notice Claims Tokens of a series from its channels: usage attested by the provider, re-priced on chain by the
/// series' rate card, never above the ceiling the payer signed (INV-USAGE).
/// @dev ERC-1271: to the hub it answers for cooperative refunds. `signature` is an ABI-encoded `RefundApproval`; the
/// answer is yes only when the hash is the hub's digest of that refund, the channel belongs to a series that names this
/// meter, its provider signed the approval, and nothing was claimed since. Every other hash is refused.
/// It stores nothing. Its only right is to be the receiver authorizer of the channels of series that name it.
/// EIP-712 domain: name "pysettle UsageMeter", version "1". Signed by providers:
/// `UsageAttestation(address series,bytes32[] channelIds,uint256[] usages)` and
/// `RefundApproval(bytes32 channelId,uint256 nonce,uint128 amount,uint128 totalClaimed)`.
interface IUsageMeter is IERC1271, IClaimMeter {
    /// @notice A provider attested the cumulative usage of channels of its series. What of it was claimed, the hub's
    /// `Claimed` tells in the same transaction.
    event UsageAttested(address indexed series, bytes32[] channelIds, Usage[] usages);

    /// @notice Only the hub asks what usage costs.
    error MeterCallerNotHub(address caller, address hub);
    /// @notice Only the channels of a series are metered: the series is both receiver and token.
    error MeterReceiverNotSeries(address receiver, address token);
    /// @notice The attestation is not the provider's over exactly these channels and counters.
    error UsageSignatureInvalid(address provider);

    /// @notice Hub whose channels it claims from.
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
