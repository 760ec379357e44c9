// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {ChannelConfig} from "../types/Channel.sol";
import {Usage} from "../types/RateCard.sol";

/// @notice One channel's row in a claim: the fields that differ between channels of a series, and what was used.
struct UsageRow {
    /// Payer of the channel.
    address payer;
    /// Payer authorizer of the channel, zero when the payer signs itself.
    address payerAuthorizer;
    /// Withdraw delay of the channel, seconds.
    uint40 withdrawDelay;
    /// Salt of the channel.
    bytes32 salt;
    /// Cumulative usage of the channel, attested by the provider.
    Usage usage;
    /// Cumulative ceiling the payer signed, in Tokens.
    uint128 ceiling;
    /// The payer's signature of the voucher.
    bytes voucherSignature;
}

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
/// `UsageAttestation(address series,ChannelUsage[] rows)ChannelUsage(bytes32 channelId,uint256 usage)` and
/// `RefundApproval(bytes32 channelId,uint256 nonce,uint128 amount,uint128 totalClaimed)`.
interface IUsageMeter is IERC1271 {
    /// @notice A channel's usage was priced and claimed.
    /// @param usage Cumulative usage that the provider attested.
    /// @param metered Tokens that the usage costs by the rate card, cumulative.
    /// @param claimed Tokens claimed from the hub, cumulative: `metered`, or the payer's ceiling, or what the channel
    /// holds, whichever is least.
    event UsageClaimed(
        bytes32 indexed channelId,
        address indexed series,
        address indexed payer,
        Usage usage,
        uint256 metered,
        uint256 claimed
    );

    /// @notice A batch of no rows.
    error UsageRowsEmpty();
    /// @notice The usage word has bits above its six counters.
    error UsageMalformed(Usage usage);
    /// @notice The attestation is not the provider's over exactly these channels and counters.
    error UsageSignatureInvalid(address provider);

    /// @notice Claim the attested usage of many channels of one series. Anyone may submit it.
    /// @dev A row that claims no more than was claimed before changes nothing and emits nothing.
    /// @param series The series: token and receiver of every channel claimed from.
    /// @param rows Channels with their cumulative usage and the payer's voucher.
    /// @param signature The provider's signature of the `UsageAttestation`.
    /// @custom:reverts UsageRowsEmpty when there is no row
    /// @custom:reverts UsageMalformed when a usage word has stray bits
    /// @custom:reverts UsageSignatureInvalid when the attestation is not the provider's
    /// @custom:reverts VoucherSignatureInvalid when a voucher is not its payer's
    /// @custom:invariant INV-USAGE
    function claim(address series, UsageRow[] calldata rows, bytes calldata signature) external;

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
