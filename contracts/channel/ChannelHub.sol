// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IChannelHub} from "../interfaces/IChannelHub.sol";
import {IChannelPolicy} from "../interfaces/IChannelPolicy.sol";
import {IDepositCollector} from "../interfaces/IDepositCollector.sol";
import {ChannelHash} from "../libraries/ChannelHash.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {ChannelBalance, ChannelConfig, PendingWithdrawal, ReceiverTotals, VoucherClaim} from "../types/Channel.sol";

/// @title ChannelHub
/// @notice Channels for any ERC-20 with EIP-3009. Value comes in by `deposit` and leaves by `_payOut`.
/// @dev One transient lock over every entry: collectors and tokens are called, and none is trusted. `multicall` takes
/// no lock of its own; each call inside it does.
contract ChannelHub is IChannelHub, ReentrancyGuardTransient, Multicall {
    using SafeERC20 for IERC20;

    uint256 private constant MIN_WITHDRAW_DELAY = 15 minutes;
    uint256 private constant MAX_WITHDRAW_DELAY = 30 days;

    /// @inheritdoc IChannelHub
    mapping(bytes32 channelId => ChannelBalance) public channels;
    /// @inheritdoc IChannelHub
    mapping(bytes32 channelId => PendingWithdrawal) public pendingWithdrawals;
    /// @inheritdoc IChannelHub
    mapping(address receiver => mapping(address token => ReceiverTotals)) public receivers;
    /// @inheritdoc IChannelHub
    mapping(bytes32 channelId => uint256) public refundNonce;

    // -------------------------------------------------------------------- payer

    /// @inheritdoc IChannelHub
    function deposit(
        ChannelConfig calldata config,
        uint128 amount,
        address collector,
        bytes calldata collectorData
    ) external nonReentrant {
        _checkConfig(config);
        if (amount == 0) revert DepositAmountZero();
        _askToken(config);

        bytes32 id = getChannelId(config);
        ChannelBalance storage channel = channels[id];
        if (channel.balance == 0 && channel.totalClaimed == 0) emit ChannelCreated(id, config);
        channel.balance += amount;
        emit Deposited(id, config.payer, config.token, amount, channel.balance);

        IERC20 token = IERC20(config.token);
        uint256 before = token.balanceOf(address(this));
        // Every entry is locked meanwhile: the balance from before is what it was.
        // slither-disable-next-line reentrancy-balance
        IDepositCollector(collector).collect(config.payer, config.token, amount, id, collectorData);
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != amount) revert DepositAmountMismatch(amount, received);
    }

    /// @inheritdoc IChannelHub
    function initiateWithdraw(ChannelConfig calldata config, uint128 amount) external nonReentrant {
        bytes32 id = getChannelId(config);
        _checkPayer(id, config);
        if (amount == 0) revert RefundAmountZero(id);
        PendingWithdrawal storage pending = pendingWithdrawals[id];
        if (pending.amount != 0) revert WithdrawPending(id, pending.initiatedAt + uint256(config.withdrawDelay));
        uint128 available = _unclaimed(channels[id]);
        if (amount > available) revert WithdrawAboveAvailable(id, amount, available);

        pending.amount = amount;
        // Unix seconds fit 40 bits for 34,000 years.
        pending.initiatedAt = uint40(block.timestamp);
        emit WithdrawInitiated(id, config.payer, amount, block.timestamp + config.withdrawDelay);
    }

    /// @inheritdoc IChannelHub
    function finalizeWithdraw(ChannelConfig calldata config) external nonReentrant {
        bytes32 id = getChannelId(config);
        _checkPayer(id, config);
        PendingWithdrawal memory pending = pendingWithdrawals[id];
        if (pending.amount == 0) revert WithdrawNotPending(id);
        uint256 finalizableAt = pending.initiatedAt + uint256(config.withdrawDelay);
        if (block.timestamp < finalizableAt) revert WithdrawNotFinalizable(id, finalizableAt, block.timestamp);

        delete pendingWithdrawals[id];
        uint128 amount = _min(pending.amount, _unclaimed(channels[id]));
        emit WithdrawFinalized(id, config.payer, config.token, amount);
        if (amount != 0) _payBack(id, config, amount);
    }

    // ----------------------------------------------------------------- receiver

    /// @inheritdoc IChannelHub
    function claim(VoucherClaim[] calldata voucherClaims) external nonReentrant {
        if (voucherClaims.length == 0) revert ClaimsEmpty();
        bytes32 domain = ChannelHash.domainSeparator(address(this));
        for (uint256 i = 0; i < voucherClaims.length; ++i) {
            ChannelConfig calldata config = voucherClaims[i].voucher.channel;
            bytes32 id = ChannelHash.channelId(domain, config);
            _checkReceiver(id, config);
            _claim(domain, id, voucherClaims[i]);
        }
    }

    /// @inheritdoc IChannelHub
    function claimWithSignature(
        VoucherClaim[] calldata voucherClaims,
        bytes calldata authorizerSignature
    ) external nonReentrant {
        if (voucherClaims.length == 0) revert ClaimsEmpty();
        address authorizer = voucherClaims[0].voucher.channel.receiverAuthorizer;
        if (!Signatures.isValidCalldata(authorizer, getClaimBatchDigest(voucherClaims), authorizerSignature)) {
            revert ReceiverAuthorizerSignatureInvalid(authorizer);
        }

        bytes32 domain = ChannelHash.domainSeparator(address(this));
        for (uint256 i = 0; i < voucherClaims.length; ++i) {
            ChannelConfig calldata config = voucherClaims[i].voucher.channel;
            if (config.receiverAuthorizer != authorizer) {
                revert ClaimAuthorizerMismatch(authorizer, config.receiverAuthorizer);
            }
            _claim(domain, ChannelHash.channelId(domain, config), voucherClaims[i]);
        }
    }

    /// @inheritdoc IChannelHub
    function settle(address receiver, address token) external nonReentrant {
        ReceiverTotals storage totals = receivers[receiver][token];
        uint128 amount = totals.totalClaimed - totals.totalSettled;
        if (amount == 0) revert NothingToSettle(receiver, token);

        totals.totalSettled = totals.totalClaimed;
        emit Settled(receiver, token, msg.sender, amount);
        _payOut(token, receiver, amount);
    }

    /// @inheritdoc IChannelHub
    function refund(ChannelConfig calldata config, uint128 amount) external nonReentrant {
        bytes32 id = getChannelId(config);
        _checkReceiver(id, config);
        _refund(id, config, amount);
    }

    /// @inheritdoc IChannelHub
    function refundWithSignature(
        ChannelConfig calldata config,
        uint128 amount,
        uint256 nonce,
        bytes calldata receiverAuthorizerSignature
    ) external nonReentrant {
        bytes32 id = getChannelId(config);
        if (nonce != refundNonce[id]) revert RefundNonceInvalid(id, refundNonce[id], nonce);
        bytes32 digest = getRefundDigest(id, nonce, amount);
        if (!Signatures.isValidCalldata(config.receiverAuthorizer, digest, receiverAuthorizerSignature)) {
            revert ReceiverAuthorizerSignatureInvalid(config.receiverAuthorizer);
        }
        _refund(id, config, amount);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc IChannelHub
    function getChannelId(ChannelConfig calldata config) public view returns (bytes32) {
        return ChannelHash.channelId(ChannelHash.domainSeparator(address(this)), config);
    }

    /// @inheritdoc IChannelHub
    function getVoucherDigest(bytes32 channelId, uint128 maxClaimableAmount) external view returns (bytes32) {
        return ChannelHash.voucher(ChannelHash.domainSeparator(address(this)), channelId, maxClaimableAmount);
    }

    /// @inheritdoc IChannelHub
    function getRefundDigest(bytes32 channelId, uint256 nonce, uint128 amount) public view returns (bytes32) {
        return ChannelHash.refund(ChannelHash.domainSeparator(address(this)), channelId, nonce, amount);
    }

    /// @inheritdoc IChannelHub
    function getClaimBatchDigest(VoucherClaim[] calldata voucherClaims) public view returns (bytes32) {
        bytes32 domain = ChannelHash.domainSeparator(address(this));
        bytes32[] memory entries = new bytes32[](voucherClaims.length);
        for (uint256 i = 0; i < voucherClaims.length; ++i) {
            VoucherClaim calldata row = voucherClaims[i];
            entries[i] = ChannelHash.claimEntry(
                ChannelHash.channelId(domain, row.voucher.channel),
                row.voucher.maxClaimableAmount,
                row.totalClaimed
            );
        }
        return ChannelHash.claimBatch(domain, entries);
    }

    // ---------------------------------------------------------------- internals

    function _claim(bytes32 domain, bytes32 id, VoucherClaim calldata row) private {
        ChannelConfig calldata config = row.voucher.channel;
        ChannelBalance storage channel = channels[id];
        uint128 claimedBefore = channel.totalClaimed;
        if (row.totalClaimed <= claimedBefore) return;
        if (row.totalClaimed > row.voucher.maxClaimableAmount) {
            revert ClaimAboveCeiling(id, row.totalClaimed, row.voucher.maxClaimableAmount);
        }
        if (row.totalClaimed > channel.balance) revert ClaimAboveBalance(id, row.totalClaimed, channel.balance);
        address signer = config.payerAuthorizer == address(0) ? config.payer : config.payerAuthorizer;
        bytes32 digest = ChannelHash.voucher(domain, id, row.voucher.maxClaimableAmount);
        if (!Signatures.isValidCalldata(signer, digest, row.signature)) revert VoucherSignatureInvalid(id);

        uint128 amount = row.totalClaimed - claimedBefore;
        channel.totalClaimed = row.totalClaimed;
        receivers[config.receiver][config.token].totalClaimed += amount;
        emit Claimed(id, config.receiver, config.token, amount, row.totalClaimed);
    }

    function _refund(bytes32 id, ChannelConfig calldata config, uint128 requested) private {
        if (requested == 0) revert RefundAmountZero(id);
        uint256 nonce = refundNonce[id]++;
        uint128 amount = _min(requested, _unclaimed(channels[id]));
        if (amount == 0) return;

        PendingWithdrawal storage pending = pendingWithdrawals[id];
        if (amount >= pending.amount) delete pendingWithdrawals[id];
        else pending.amount -= amount;
        emit Refunded(id, config.payer, config.token, amount, nonce);
        _payBack(id, config, amount);
    }

    /// @dev Takes unclaimed value out of a channel and returns it to the payer; `amount` is at most what is unclaimed.
    function _payBack(bytes32 id, ChannelConfig calldata config, uint128 amount) private {
        ChannelBalance storage channel = channels[id];
        channel.balance -= amount;
        if (channel.balance == 0) emit ChannelClosed(id, config);
        _payOut(config.token, config.payer, amount);
    }

    /// @dev The one place where value leaves the hub.
    function _payOut(address token, address to, uint128 amount) private {
        IERC20(token).safeTransfer(to, amount);
    }

    /// @dev A refusal is passed on. An empty revert is a token that asks nothing of its channels; it cannot be forced
    /// by starving the call of gas, since the 64th part that is left then does not suffice for the rest of a deposit.
    function _askToken(ChannelConfig calldata config) private view {
        (bool allowed, bytes memory refusal) = config.token.staticcall(
            abi.encodeCall(IChannelPolicy.checkChannel, (config))
        );
        if (!allowed && refusal.length != 0) LowLevelCall.bubbleRevert(refusal);
    }

    function _checkConfig(ChannelConfig calldata config) private pure {
        if (config.payer == address(0)) revert ChannelConfigInvalid("payer");
        if (config.receiver == address(0)) revert ChannelConfigInvalid("receiver");
        if (config.receiverAuthorizer == address(0)) revert ChannelConfigInvalid("receiverAuthorizer");
        if (config.token == address(0)) revert ChannelConfigInvalid("token");
        if (config.withdrawDelay < MIN_WITHDRAW_DELAY || config.withdrawDelay > MAX_WITHDRAW_DELAY) {
            revert WithdrawDelayOutOfRange(config.withdrawDelay);
        }
    }

    function _checkPayer(bytes32 id, ChannelConfig calldata config) private view {
        if (msg.sender != config.payer && msg.sender != config.payerAuthorizer) {
            revert ChannelCallerNotPayer(id, msg.sender);
        }
    }

    function _checkReceiver(bytes32 id, ChannelConfig calldata config) private view {
        if (msg.sender != config.receiver && msg.sender != config.receiverAuthorizer) {
            revert ChannelCallerNotReceiver(id, msg.sender);
        }
    }

    function _unclaimed(ChannelBalance storage channel) private view returns (uint128) {
        return channel.balance - channel.totalClaimed;
    }

    function _min(uint128 a, uint128 b) private pure returns (uint128) {
        return a < b ? a : b;
    }
}
