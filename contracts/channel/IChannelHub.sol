// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ChannelConfig} from "../core/ChannelConfig.sol";
import {ClaimResult, MeteredClaim, VoucherClaim} from "./Channel.sol";

/// @title IChannelHub
/// @notice Unidirectional payment channels with cumulative signed vouchers: the x402 `batch-settlement` scheme with its
/// published functions, types and timing.
/// @dev Per token the hub holds at least what channels have unclaimed and receivers have unsettled (INV-CHANNEL). It
/// has no administrator, and no state from a constructor, so that its code may be placed at a canonical address.
interface IChannelHub {
    /// @notice First deposit into a channel, or the first after it was emptied with nothing claimed.
    event ChannelCreated(bytes32 indexed channelId, ChannelConfig config);
    /// @notice Value was deposited.
    /// @param amount Units deposited.
    /// @param balance Units in the channel after it, claimed ones included.
    event Deposited(
        bytes32 indexed channelId,
        address indexed payer,
        address indexed token,
        uint128 amount,
        uint128 balance
    );
    /// @notice A cumulative claim was recorded; nothing was transferred yet.
    /// @param amount Units claimed by this row alone.
    /// @param totalClaimed Units claimed on the channel after it, cumulative.
    event Claimed(
        bytes32 indexed channelId,
        address indexed receiver,
        address indexed token,
        uint128 amount,
        uint128 totalClaimed
    );
    /// @notice A row of a claim was left out, for any other reason than that nothing was left to claim.
    event ClaimRefused(bytes32 indexed channelId, ClaimResult result);
    /// @notice Everything claimed and unsettled was transferred to the receiver.
    event Settled(address indexed receiver, address indexed token, address indexed sender, uint128 amount);
    /// @notice The receiving side returned unclaimed value to the payer.
    /// @param nonce Refund nonce that was spent.
    event Refunded(
        bytes32 indexed channelId,
        address indexed payer,
        address indexed token,
        uint128 amount,
        uint256 nonce
    );
    /// @notice The payer gave notice of a withdrawal.
    /// @param finalizableAt Unix second from which it can be completed.
    event WithdrawInitiated(bytes32 indexed channelId, address indexed payer, uint128 amount, uint256 finalizableAt);
    /// @notice A noticed withdrawal was completed.
    /// @param amount Units transferred to the payer; less than noticed where claims or refunds came between.
    event WithdrawFinalized(bytes32 indexed channelId, address indexed payer, address indexed token, uint128 amount);
    /// @notice Nothing is left in a channel on which nothing was claimed.
    event ChannelClosed(bytes32 indexed channelId, ChannelConfig config);
    /// @notice The token refused a payout; the hub holds it for the payee.
    /// @param amount Units that could not be paid.
    /// @param credit Units held for the account in this token after it.
    event PayoutCredited(address indexed account, address indexed token, uint128 amount, uint256 credit);
    /// @notice A credit was paid to its account.
    event CreditWithdrawn(address indexed account, address indexed token, uint256 amount);

    /// @notice The terms of the channel cannot be accepted: `term` names the field.
    error ChannelConfigInvalid(string term);
    /// @notice The withdraw delay must be from 15 minutes to 30 days, in seconds.
    error WithdrawDelayOutOfRange(uint256 withdrawDelay);
    /// @notice A deposit of nothing.
    error DepositAmountZero();
    /// @notice The collector brought `received` units, not `amount`.
    error DepositAmountMismatch(uint256 amount, uint256 received);
    /// @notice A batch of no claims.
    error ClaimsEmpty();
    /// @notice The `signatures` bytes cannot be parted evenly among the `rows`.
    error ClaimSignaturesUneven(uint256 rows, uint256 signatures);
    /// @notice Only the receiver or the receiver authorizer may claim or refund directly.
    error ChannelCallerNotReceiver(bytes32 channelId, address caller);
    /// @notice Rows of one signed batch must share one receiver authorizer.
    error ClaimAuthorizerMismatch(address expected, address actual);
    /// @notice The claim is above the ceiling the payer signed.
    error ClaimAboveCeiling(bytes32 channelId, uint128 totalClaimed, uint128 maxClaimableAmount);
    /// @notice The claim is above what the channel holds.
    error ClaimAboveBalance(bytes32 channelId, uint128 totalClaimed, uint128 balance);
    /// @notice The payer is frozen outgoing in the token of the channel: what was not claimed
    /// before is held back, from both sides.
    error ChannelPayerFrozen(bytes32 channelId, address payer);
    /// @notice The voucher's signature is not the payer's.
    error VoucherSignatureInvalid(bytes32 channelId);
    /// @notice The signature is not the receiver authorizer's over exactly these values.
    error ReceiverAuthorizerSignatureInvalid(address receiverAuthorizer);
    /// @notice The refund nonce of the channel is `expected`, not `actual`.
    error RefundNonceInvalid(bytes32 channelId, uint256 expected, uint256 actual);
    /// @notice A refund or withdrawal of zero.
    error RefundAmountZero(bytes32 channelId);
    /// @notice Nothing is claimed and unsettled for the receiver in this token.
    error NothingToSettle(address receiver, address token);
    /// @notice The hub holds no credit for the account in this token.
    error CreditNone(address account, address token);
    /// @notice Only the payer or the payer authorizer may withdraw.
    error ChannelCallerNotPayer(bytes32 channelId, address caller);
    /// @notice A withdrawal is pending already: a second notice would overwrite the first.
    error WithdrawPending(bytes32 channelId, uint256 finalizableAt);
    /// @notice No withdrawal is pending.
    error WithdrawNotPending(bytes32 channelId);
    /// @notice The withdrawal can be completed from `finalizableAt`; chain time is `timestamp` (unix seconds).
    error WithdrawNotFinalizable(bytes32 channelId, uint256 finalizableAt, uint256 timestamp);
    /// @notice The channel has `available` units unclaimed, not `amount`.
    error WithdrawAboveAvailable(bytes32 channelId, uint256 amount, uint256 available);

    // -------------------------------------------------------------------- payer

    /// @notice Deposit into a channel, creating it with the first deposit. Anyone may submit what the payer signed.
    /// @param config Terms of the channel.
    /// @param amount Smallest units of the token, above zero.
    /// @param collector Contract that brings the value in; trusted for nothing, since the hub counts what arrives.
    /// @param collectorData What the collector needs, such as the payer's authorization.
    /// @custom:reverts ChannelConfigInvalid when payer, receiver, receiver authorizer or token is zero
    /// @custom:reverts WithdrawDelayOutOfRange when the delay is not from 15 minutes to 30 days
    /// @custom:reverts DepositAmountZero when `amount` is zero
    /// @custom:reverts DepositAmountMismatch when the collector brought another amount
    /// @custom:invariant INV-CHANNEL
    function deposit(
        ChannelConfig calldata config,
        uint128 amount,
        address collector,
        bytes calldata collectorData
    ) external;

    /// @notice Give notice of a withdrawal; within the delay the receiver can claim what it is owed.
    /// @param amount Units, at most what is unclaimed.
    /// @custom:reverts ChannelCallerNotPayer when the caller is neither payer nor payer authorizer
    /// @custom:reverts ChannelPayerFrozen when the payer is frozen outgoing in the token
    /// @custom:reverts RefundAmountZero when `amount` is zero
    /// @custom:reverts WithdrawPending when a notice is pending
    /// @custom:reverts WithdrawAboveAvailable when less is unclaimed
    function initiateWithdraw(ChannelConfig calldata config, uint128 amount) external;

    /// @notice Complete a noticed withdrawal after its delay: what was noticed, or what is still unclaimed if less.
    /// @custom:reverts ChannelCallerNotPayer when the caller is neither payer nor payer authorizer
    /// @custom:reverts ChannelPayerFrozen when the payer is frozen outgoing in the token
    /// @custom:reverts WithdrawNotPending when no notice is pending
    /// @custom:reverts WithdrawNotFinalizable when the delay has not passed
    function finalizeWithdraw(ChannelConfig calldata config) external;

    // ----------------------------------------------------------------- receiver

    /// @notice Record cumulative claims, as receiver or receiver authorizer of every row. Nothing is transferred.
    /// @dev A row that claims no more than was claimed before changes nothing: a newer claim has superseded it.
    /// @custom:reverts ClaimsEmpty when there is no row
    /// @custom:reverts ChannelCallerNotReceiver when the caller is neither of a row
    /// @custom:reverts ClaimAboveCeiling when a row claims more than the payer signed
    /// @custom:reverts ClaimAboveBalance when a row claims more than its channel holds
    /// @custom:reverts ChannelPayerFrozen when the payer of a row is frozen outgoing in the token
    /// @custom:reverts VoucherSignatureInvalid when a row's voucher is not signed by its payer
    /// @custom:invariant INV-CHANNEL
    /// @custom:invariant INV-USAGE
    function claim(VoucherClaim[] calldata voucherClaims) external;

    /// @notice The same, submitted by anyone with the receiver authorizer's signature over all rows (`ClaimBatch`).
    /// @custom:reverts ClaimAuthorizerMismatch when rows have different receiver authorizers
    /// @custom:reverts ReceiverAuthorizerSignatureInvalid when the signature is not theirs
    function claimWithSignature(VoucherClaim[] calldata voucherClaims, bytes calldata authorizerSignature) external;

    /// @notice Record cumulative claims row by row, as receiver or receiver authorizer: a row that cannot be claimed
    /// costs only itself. Not part of the published scheme.
    /// @dev A channel that its payer has drained is claimed as far as it goes. A payer that is a contract (ERC-1271)
    /// gets 200,000 gas to look at its voucher.
    /// @return results What became of each row.
    /// @custom:invariant INV-CHANNEL
    /// @custom:invariant INV-USAGE
    function tryClaim(VoucherClaim[] calldata claims) external returns (ClaimResult[] memory results);

    /// @notice Record metered claims row by row, on channels whose receiver authorizer is a meter: it says whether the
    /// usage is attested and what it costs. Anyone may submit them. Not part of the published scheme.
    /// @dev Each row claims rate card times usage or the payer's ceiling, whichever is less, as far as its channel
    /// holds it. A row that cannot be claimed costs only itself.
    /// @param receiver Receiver of every channel.
    /// @param token Token of every channel.
    /// @param meter Receiver authorizer of every channel, an `IClaimMeter`.
    /// @param rows Channels with their cumulative usage and ceiling.
    /// @param signatures The payers' signatures of their vouchers in the order of the rows, all of one length, which is
    /// 65 for those of keys.
    /// @param attestation What makes the meter believe the usage.
    /// @return results What became of each row.
    /// @custom:reverts ClaimsEmpty when there is no row
    /// @custom:reverts ClaimSignaturesUneven when the signatures are not of one length
    /// @custom:reverts UsageSignatureInvalid when the meter is a UsageMeter and the usage is not attested
    /// @custom:invariant INV-CHANNEL
    /// @custom:invariant INV-USAGE
    function claimMetered(
        address receiver,
        address token,
        address meter,
        MeteredClaim[] calldata rows,
        bytes calldata signatures,
        bytes calldata attestation
    ) external returns (ClaimResult[] memory results);

    /// @notice Transfer everything claimed and unsettled to a receiver. Anyone may call.
    /// @dev Like every payout of the hub it does not revert where the token refuses: the amount becomes a credit.
    /// @custom:reverts NothingToSettle when there is nothing
    function settle(address receiver, address token) external;

    /// @notice Pay the whole credit of an account to it. Anyone may call.
    /// @custom:reverts CreditNone when there is none
    function withdrawCredit(address account, address token) external;

    /// @notice Return unclaimed value to the payer, as receiver or receiver authorizer.
    /// @dev Spends the refund nonce even where nothing is unclaimed, so that a refund signed before is void.
    /// @param amount Most to return; what is unclaimed if less.
    /// @custom:reverts ChannelCallerNotReceiver when the caller is neither
    /// @custom:reverts RefundAmountZero when `amount` is zero
    function refund(ChannelConfig calldata config, uint128 amount) external;

    /// @notice The same, submitted by anyone with the receiver authorizer's signature (`Refund`).
    /// @param nonce The channel's current refund nonce.
    /// @custom:reverts RefundNonceInvalid when the nonce is not the current one
    /// @custom:reverts ReceiverAuthorizerSignatureInvalid when the signature is not the receiver authorizer's
    function refundWithSignature(
        ChannelConfig calldata config,
        uint128 amount,
        uint256 nonce,
        bytes calldata receiverAuthorizerSignature
    ) external;

    // -------------------------------------------------------------------- views

    /// @notice Id of a channel: the EIP-712 digest of its terms under this hub and chain.
    function getChannelId(ChannelConfig calldata config) external view returns (bytes32);

    /// @notice What a channel holds, claimed units included, and what of it is claimed.
    function channels(bytes32 channelId) external view returns (uint128 balance, uint128 totalClaimed);

    /// @notice A noticed withdrawal; zeros when there is none.
    function pendingWithdrawals(bytes32 channelId) external view returns (uint128 amount, uint40 initiatedAt);

    /// @notice What was claimed for a receiver in a token, and what of it was transferred.
    function receivers(
        address receiver,
        address token
    ) external view returns (uint128 totalClaimed, uint128 totalSettled);

    /// @notice Units held for an account since the token refused to pay them.
    function credits(address account, address token) external view returns (uint256);

    /// @notice Nonce that the next signed refund must carry.
    function refundNonce(bytes32 channelId) external view returns (uint256);

    /// @notice Digest a payer signs for a voucher.
    function getVoucherDigest(bytes32 channelId, uint128 maxClaimableAmount) external view returns (bytes32);

    /// @notice Digest a receiver authorizer signs for a refund.
    function getRefundDigest(bytes32 channelId, uint256 nonce, uint128 amount) external view returns (bytes32);

    /// @notice Digest a receiver authorizer signs for a batch of claims.
    function getClaimBatchDigest(VoucherClaim[] calldata voucherClaims) external view returns (bytes32);
}
