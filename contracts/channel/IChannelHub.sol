// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ChannelConfig} from "../core/ChannelConfig.sol";
import {ClaimResult, MeteredClaim, VoucherClaim} from "./Channel.sol";

/// @title IChannelHub
/// @notice Unidirectional payment channels with cumulative signed vouchers: the x402 `batch-settlement` scheme with its
/// published functions, types and timing.
/// @dev Per token the hub holds at least the unclaimed amounts of channels and the unsettled amounts of receivers
/// (INV-CHANNEL). It has no administrator, and no state from a constructor, so that its code may be placed at a
/// canonical address.
interface IChannelHub {
    /// @notice First deposit into a channel, or the first after it was emptied without a claim.
    event ChannelCreated(bytes32 indexed channelId, ChannelConfig config);
    /// @notice Value was deposited.
    /// @param amount Units deposited.
    /// @param balance Units in the channel afterwards, claimed ones included.
    event Deposited(
        bytes32 indexed channelId,
        address indexed payer,
        address indexed token,
        uint128 amount,
        uint128 balance
    );
    /// @notice A cumulative claim was recorded; nothing was transferred yet.
    /// @param amount Units claimed by this row alone.
    /// @param totalClaimed Units claimed on the channel afterwards, cumulative.
    event Claimed(
        bytes32 indexed channelId,
        address indexed receiver,
        address indexed token,
        uint128 amount,
        uint128 totalClaimed
    );
    /// @notice A row of a claim was skipped. A row with nothing left to claim emits no event.
    event ClaimRefused(bytes32 indexed channelId, ClaimResult result);
    /// @notice Everything claimed and unsettled was transferred to the receiver.
    event Settled(address indexed receiver, address indexed token, address indexed sender, uint128 amount);
    /// @notice The receiving side returned unclaimed value to the payer.
    /// @param nonce Used refund nonce.
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
    /// @notice A withdrawal was completed.
    /// @param amount Units transferred to the payer; fewer than in the notice if claims or refunds came between.
    event WithdrawFinalized(bytes32 indexed channelId, address indexed payer, address indexed token, uint128 amount);
    /// @notice A channel without claims became empty.
    event ChannelClosed(bytes32 indexed channelId, ChannelConfig config);
    /// @notice The token refused a payout; the hub holds the units for the payee.
    /// @param amount Units that could not be paid.
    /// @param credit Units held for the account in this token afterwards.
    event PayoutCredited(address indexed account, address indexed token, uint128 amount, uint256 credit);
    /// @notice A credit was paid to its account.
    event CreditWithdrawn(address indexed account, address indexed token, uint256 amount);

    /// @notice A term of the channel is not acceptable: `term` names the field.
    error ChannelConfigInvalid(string term);
    /// @notice The withdraw delay must be from 15 minutes to 30 days, in seconds.
    error WithdrawDelayOutOfRange(uint256 withdrawDelay);
    /// @notice The deposit is zero.
    error DepositAmountZero();
    /// @notice The collector brought `received` units, not `amount`.
    error DepositAmountMismatch(uint256 amount, uint256 received);
    /// @notice The claim has no rows.
    error ClaimsEmpty();
    /// @notice The `signatures` bytes are not a multiple of the `rows`.
    error ClaimSignaturesUneven(uint256 rows, uint256 signatures);
    /// @notice Only the receiver or the receiver authorizer may claim or refund directly.
    error ChannelCallerNotReceiver(bytes32 channelId, address caller);
    /// @notice Rows of one signed batch must share one receiver authorizer.
    error ClaimAuthorizerMismatch(address expected, address actual);
    /// @notice The claim is above the payer's signed ceiling.
    error ClaimAboveCeiling(bytes32 channelId, uint128 totalClaimed, uint128 maxClaimableAmount);
    /// @notice The claim is above the balance of the channel.
    error ClaimAboveBalance(bytes32 channelId, uint128 totalClaimed, uint128 balance);
    /// @notice The payer is frozen outgoing in the token of the channel: the unclaimed amount goes neither to the
    /// receiver nor to the payer.
    error ChannelPayerFrozen(bytes32 channelId, address payer);
    /// @notice The payer did not sign the voucher.
    error VoucherSignatureInvalid(bytes32 channelId);
    /// @notice The receiver authorizer did not sign exactly these values.
    error ReceiverAuthorizerSignatureInvalid(address receiverAuthorizer);
    /// @notice The refund nonce of the channel is `expected`, not `actual`.
    error RefundNonceInvalid(bytes32 channelId, uint256 expected, uint256 actual);
    /// @notice The refund or the withdrawal is zero.
    error RefundAmountZero(bytes32 channelId);
    /// @notice The receiver has no claimed and unsettled amount in this token.
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

    /// @notice Deposit into a channel; the first deposit creates it. Any account may submit the payer's signed deposit.
    /// @param config Terms of the channel.
    /// @param amount Smallest units of the token, above zero.
    /// @param collector Contract that transfers the value. The hub does not trust it and counts the received units.
    /// @param collectorData Data for the collector, such as the payer's authorization.
    /// @custom:reverts ChannelConfigInvalid when payer, receiver, receiver authorizer or token is zero
    /// @custom:reverts WithdrawDelayOutOfRange when the delay is not from 15 minutes to 30 days
    /// @custom:reverts DepositAmountZero when `amount` is zero
    /// @custom:reverts DepositAmountMismatch when the collector transferred another amount
    /// @custom:invariant INV-CHANNEL
    function deposit(
        ChannelConfig calldata config,
        uint128 amount,
        address collector,
        bytes calldata collectorData
    ) external;

    /// @notice Give notice of a withdrawal; the receiver can still claim during the delay.
    /// @param amount Units, at most the unclaimed ones.
    /// @custom:reverts ChannelCallerNotPayer when the caller is neither payer nor payer authorizer
    /// @custom:reverts ChannelPayerFrozen when the payer is frozen outgoing in the token
    /// @custom:reverts RefundAmountZero when `amount` is zero
    /// @custom:reverts WithdrawPending when a notice is pending
    /// @custom:reverts WithdrawAboveAvailable when the unclaimed amount is smaller
    function initiateWithdraw(ChannelConfig calldata config, uint128 amount) external;

    /// @notice Complete a withdrawal after its delay: the amount of the notice, or the unclaimed amount if that is
    /// less.
    /// @custom:reverts ChannelCallerNotPayer when the caller is neither payer nor payer authorizer
    /// @custom:reverts ChannelPayerFrozen when the payer is frozen outgoing in the token
    /// @custom:reverts WithdrawNotPending when no notice is pending
    /// @custom:reverts WithdrawNotFinalizable when the delay has not passed
    function finalizeWithdraw(ChannelConfig calldata config) external;

    // ----------------------------------------------------------------- receiver

    /// @notice Record cumulative claims, as receiver or receiver authorizer of every row. This transfers nothing.
    /// @dev A row with no more than the earlier claims changes nothing: a newer claim has superseded it.
    /// @custom:reverts ClaimsEmpty when there is no row
    /// @custom:reverts ChannelCallerNotReceiver when the caller is neither of these for a row
    /// @custom:reverts ClaimAboveCeiling when a row claims more than the payer signed
    /// @custom:reverts ClaimAboveBalance when a row claims more than the balance of its channel
    /// @custom:reverts ChannelPayerFrozen when the payer of a row is frozen outgoing in the token
    /// @custom:reverts VoucherSignatureInvalid when the payer of a row did not sign its voucher
    /// @custom:invariant INV-CHANNEL
    /// @custom:invariant INV-USAGE
    function claim(VoucherClaim[] calldata voucherClaims) external;

    /// @notice The same by any account, with the receiver authorizer's signature over all rows (`ClaimBatch`).
    /// @custom:reverts ClaimAuthorizerMismatch when rows have different receiver authorizers
    /// @custom:reverts ReceiverAuthorizerSignatureInvalid when the receiver authorizer did not sign
    function claimWithSignature(VoucherClaim[] calldata voucherClaims, bytes calldata authorizerSignature) external;

    /// @notice Record cumulative claims row by row, as receiver or receiver authorizer: a row that cannot be claimed
    /// does not stop the others. Not part of the published scheme.
    /// @dev If the payer has withdrawn from a channel, the row claims the rest. A payer that is a contract (ERC-1271)
    /// gets 200,000 gas to check its voucher.
    /// @return results Result of each row.
    /// @custom:invariant INV-CHANNEL
    /// @custom:invariant INV-USAGE
    function tryClaim(VoucherClaim[] calldata claims) external returns (ClaimResult[] memory results);

    /// @notice Record metered claims row by row, on channels with a meter as receiver authorizer: the meter checks the
    /// attestation and returns the rate card. Any account may submit them. Not part of the published scheme.
    /// @dev Each row claims the least of rate card times usage, the payer's ceiling and the balance of its channel. A
    /// row that cannot be claimed does not stop the others.
    /// @param receiver Receiver of every channel.
    /// @param token Token of every channel.
    /// @param meter Receiver authorizer of every channel, an `IClaimMeter`.
    /// @param rows Channels with their cumulative usage and ceiling.
    /// @param signatures The payers' signatures of their vouchers in the order of the rows, all of one length; that of
    /// a key has 65 bytes.
    /// @param attestation Proof of the usage for the meter.
    /// @return results Result of each row.
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

    /// @notice Transfer all claimed and unsettled units to a receiver. Any account may call this.
    /// @dev Like every payout of the hub it does not revert if the token refuses: the amount becomes a credit.
    /// @custom:reverts NothingToSettle when there are none
    function settle(address receiver, address token) external;

    /// @notice Pay an account its whole credit. Any account may call this.
    /// @custom:reverts CreditNone when there is none
    function withdrawCredit(address account, address token) external;

    /// @notice Return unclaimed value to the payer, as receiver or receiver authorizer.
    /// @dev Uses the refund nonce even if no amount is unclaimed, so that earlier signed refunds are void.
    /// @param amount Highest amount to return; the unclaimed amount if that is less.
    /// @custom:reverts ChannelCallerNotReceiver when the caller is neither
    /// @custom:reverts RefundAmountZero when `amount` is zero
    function refund(ChannelConfig calldata config, uint128 amount) external;

    /// @notice The same by any account, with the receiver authorizer's signature (`Refund`).
    /// @param nonce The channel's current refund nonce.
    /// @custom:reverts RefundNonceInvalid when the nonce is not the current one
    /// @custom:reverts ReceiverAuthorizerSignatureInvalid when the receiver authorizer did not sign
    function refundWithSignature(
        ChannelConfig calldata config,
        uint128 amount,
        uint256 nonce,
        bytes calldata receiverAuthorizerSignature
    ) external;

    // -------------------------------------------------------------------- views

    /// @notice Id of a channel: the EIP-712 digest of its terms under this hub and chain.
    function getChannelId(ChannelConfig calldata config) external view returns (bytes32);

    /// @notice Balance of a channel, claimed units included, and its cumulative claims.
    function channels(bytes32 channelId) external view returns (uint128 balance, uint128 totalClaimed);

    /// @notice Pending withdrawal of a channel; zeros when there is none.
    function pendingWithdrawals(bytes32 channelId) external view returns (uint128 amount, uint40 initiatedAt);

    /// @notice Units claimed for a receiver in a token, and units transferred to it.
    function receivers(
        address receiver,
        address token
    ) external view returns (uint128 totalClaimed, uint128 totalSettled);

    /// @notice Credit of an account: units that the token refused to pay.
    function credits(address account, address token) external view returns (uint256);

    /// @notice Nonce of the next signed refund.
    function refundNonce(bytes32 channelId) external view returns (uint256);

    /// @notice Digest a payer signs for a voucher.
    function getVoucherDigest(bytes32 channelId, uint128 maxClaimableAmount) external view returns (bytes32);

    /// @notice Digest a receiver authorizer signs for a refund.
    function getRefundDigest(bytes32 channelId, uint256 nonce, uint128 amount) external view returns (bytes32);

    /// @notice Digest a receiver authorizer signs for a batch of claims.
    function getClaimBatchDigest(VoucherClaim[] calldata voucherClaims) external view returns (bytes32);
}
