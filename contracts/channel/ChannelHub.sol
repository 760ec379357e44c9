// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IChannelHub} from "./IChannelHub.sol";
import {IChannelPolicy} from "../core/IChannelPolicy.sol";
import {IClaimMeter} from "./IClaimMeter.sol";
import {IDepositCollector} from "./IDepositCollector.sol";
import {IFreezable} from "../core/IFreezable.sol";
import {ChannelHash} from "./ChannelHash.sol";
import {Signatures} from "../core/Signatures.sol";
import {ChannelConfig} from "../core/ChannelConfig.sol";
import {
    ChannelBalance,
    ChannelFields,
    ClaimResult,
    MeteredClaim,
    PendingWithdrawal,
    ReceiverTotals,
    VoucherClaim
} from "./Channel.sol";
import {RateCard, Usage} from "../compute/RateCard.sol";

/// @title ChannelHub
/// @notice Channels for any ERC-20 with EIP-3009. Value enters by `deposit` and leaves by `_payOut`; if the token
/// refuses a payout, the amount becomes a credit of the payee.
/// @dev One transient lock over every entry: collectors and tokens are called, and none is trusted. `multicall` takes
/// no lock of its own; each call inside it does.
contract ChannelHub is IChannelHub, ReentrancyGuardTransient, Multicall {
    using SafeERC20 for IERC20;

    uint256 private constant MIN_WITHDRAW_DELAY = 15 minutes;
    uint256 private constant MAX_WITHDRAW_DELAY = 30 days;
    /// Gas of a payer's contract to check its voucher (ERC-1271) in a call with rows of other payers.
    uint256 private constant VOUCHER_GAS = 200_000;
    /// Gas of a token to report whether a payer is frozen, for the same reason.
    uint256 private constant FREEZE_GAS = 100_000;

    /// Common values of the rows of a claim.
    struct Batch {
        bytes32 domain;
        address receiver;
        address token;
        /// Whether the token may freeze the unclaimed amount of a payer. A token that is the receiver of its own
        /// channels cannot: that value is no longer the payer's money.
        bool freezable;
    }

    mapping(bytes32 channelId => ChannelBalance) private _channels;
    /// @inheritdoc IChannelHub
    mapping(bytes32 channelId => PendingWithdrawal) public pendingWithdrawals;
    /// @inheritdoc IChannelHub
    mapping(address receiver => mapping(address token => ReceiverTotals)) public receivers;
    /// @inheritdoc IChannelHub
    mapping(bytes32 channelId => uint256) public refundNonce;
    /// @inheritdoc IChannelHub
    mapping(address account => mapping(address token => uint256)) public credits;

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
        _askToken(collector, config);

        bytes32 id = getChannelId(config);
        ChannelBalance channel = _channels[id];
        uint128 balance = channel.balance() + amount;
        if (balance == amount && channel.totalClaimed() == 0) emit ChannelCreated(id, config);
        _channels[id] = ChannelFields.pack(balance, channel.totalClaimed());
        emit Deposited(id, config.payer, config.token, amount, balance);

        IERC20 token = IERC20(config.token);
        uint256 before = token.balanceOf(address(this));
        // Every entry is locked meanwhile, so the balance read before is still correct.
        // slither-disable-next-line reentrancy-balance
        IDepositCollector(collector).collect(config.payer, config.token, amount, id, collectorData);
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != amount) revert DepositAmountMismatch(amount, received);
    }

    /// @inheritdoc IChannelHub
    function initiateWithdraw(ChannelConfig calldata config, uint128 amount) external nonReentrant {
        bytes32 id = getChannelId(config);
        _checkPayer(id, config);
        _checkNotFrozen(id, config);
        if (amount == 0) revert RefundAmountZero(id);
        PendingWithdrawal storage pending = pendingWithdrawals[id];
        if (pending.amount != 0) revert WithdrawPending(id, pending.initiatedAt + uint256(config.withdrawDelay));
        uint128 available = _channels[id].unclaimed();
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
        _checkNotFrozen(id, config);
        PendingWithdrawal memory pending = pendingWithdrawals[id];
        if (pending.amount == 0) revert WithdrawNotPending(id);
        uint256 finalizableAt = pending.initiatedAt + uint256(config.withdrawDelay);
        if (block.timestamp < finalizableAt) revert WithdrawNotFinalizable(id, finalizableAt, block.timestamp);

        delete pendingWithdrawals[id];
        uint128 amount = _min(pending.amount, _channels[id].unclaimed());
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
    function tryClaim(VoucherClaim[] calldata claims) external nonReentrant returns (ClaimResult[] memory results) {
        bytes32 domain = ChannelHash.domainSeparator(address(this));
        results = new ClaimResult[](claims.length);
        for (uint256 i = 0; i < claims.length; ++i) results[i] = _tryClaim(domain, claims[i]);
    }

    /// @inheritdoc IChannelHub
    function claimMetered(
        address receiver,
        address token,
        address meter,
        MeteredClaim[] calldata rows,
        bytes calldata signatures,
        bytes calldata attestation
    ) external nonReentrant returns (ClaimResult[] memory) {
        if (rows.length == 0) revert ClaimsEmpty();
        if (signatures.length % rows.length != 0) revert ClaimSignaturesUneven(rows.length, signatures.length);
        Batch memory batch = Batch(ChannelHash.domainSeparator(address(this)), receiver, token, receiver != token);
        (bytes32[] memory ids, Usage[] memory usages) = ChannelHash.read(batch.domain, receiver, meter, token, rows);
        // Every entry is locked meanwhile.
        // slither-disable-next-line reentrancy-benign
        RateCard rateCard = IClaimMeter(meter).attestUsage(receiver, token, ids, usages, attestation);
        return _claimRows(batch, rows, ids, rateCard, signatures);
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
    function withdrawCredit(address account, address token) external nonReentrant {
        uint256 amount = credits[account][token];
        if (amount == 0) revert CreditNone(account, token);

        delete credits[account][token];
        emit CreditWithdrawn(account, token, amount);
        IERC20(token).safeTransfer(account, amount);
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
    function channels(bytes32 channelId) external view returns (uint128 balance, uint128 totalClaimed) {
        ChannelBalance channel = _channels[channelId];
        return (channel.balance(), channel.totalClaimed());
    }

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
        ChannelBalance channel = _channels[id];
        uint128 claimedBefore = channel.totalClaimed();
        if (row.totalClaimed <= claimedBefore) return;
        if (row.totalClaimed > row.voucher.maxClaimableAmount) {
            revert ClaimAboveCeiling(id, row.totalClaimed, row.voucher.maxClaimableAmount);
        }
        if (row.totalClaimed > channel.balance()) revert ClaimAboveBalance(id, row.totalClaimed, channel.balance());
        ChannelConfig calldata config = row.voucher.channel;
        _checkNotFrozen(id, config);
        if (!_isSigned(domain, id, row)) revert VoucherSignatureInvalid(id);

        uint128 amount = row.totalClaimed - claimedBefore;
        _channels[id] = channel.withTotalClaimed(row.totalClaimed);
        receivers[config.receiver][config.token].totalClaimed += amount;
        emit Claimed(id, config.receiver, config.token, amount, row.totalClaimed);
    }

    /// @dev The same checks, with a result in place of a revert.
    function _tryClaim(bytes32 domain, VoucherClaim calldata row) private returns (ClaimResult result) {
        ChannelConfig calldata config = row.voucher.channel;
        bytes32 id = ChannelHash.channelId(domain, config);
        if (msg.sender != config.receiverAuthorizer && msg.sender != config.receiver) {
            return _refuse(id, ClaimResult.CallerNotReceiver);
        }
        Batch memory batch = Batch(domain, config.receiver, config.token, config.receiver != config.token);
        if (batch.freezable && _isFrozen(batch.token, config.payer)) return _refuse(id, ClaimResult.PayerFrozen);
        if (row.totalClaimed > row.voucher.maxClaimableAmount) return _refuse(id, ClaimResult.AboveCeiling);
        uint256 amount;
        (result, amount) = _tryBook(
            batch,
            id,
            _signerOf(config.payer, config.payerAuthorizer),
            row.voucher.maxClaimableAmount,
            row.totalClaimed,
            row.signature
        );
        if (amount != 0) receivers[batch.receiver][batch.token].totalClaimed += uint128(amount);
    }

    function _claimRows(
        Batch memory batch,
        MeteredClaim[] calldata rows,
        bytes32[] memory ids,
        RateCard rateCard,
        bytes calldata signatures
    ) private returns (ClaimResult[] memory results) {
        results = new ClaimResult[](rows.length);
        (uint256 length, uint256 end, uint256 sum) = (signatures.length / rows.length, 0, 0);
        for (uint256 i = 0; i < rows.length; ++i) {
            // Sums of lengths and of amounts that the hub holds: neither overflows.
            unchecked {
                end += length;
                (ClaimResult result, uint256 amount) = _claimRow(
                    batch,
                    ids[i],
                    rows[i],
                    rateCard,
                    signatures[end - length:end]
                );
                if (result != ClaimResult.Claimed) results[i] = result;
                sum += amount;
            }
        }
        if (sum != 0) receivers[batch.receiver][batch.token].totalClaimed += uint128(sum);
    }

    function _claimRow(
        Batch memory batch,
        bytes32 id,
        MeteredClaim calldata row,
        RateCard rateCard,
        bytes calldata signature
    ) private returns (ClaimResult, uint256 amount) {
        if (!row.usage.isWellFormed()) return (_refuse(id, ClaimResult.UsageMalformed), 0);
        if (batch.freezable && _isFrozen(batch.token, row.payer)) return (_refuse(id, ClaimResult.PayerFrozen), 0);
        address signer = row.payerAuthorizer;
        if (signer == address(0)) signer = row.payer;
        (uint256 wanted, uint256 ceiling) = (rateCard.tokensFor(row.usage), row.maxClaimableAmount);
        if (wanted > ceiling) wanted = ceiling;
        return _tryBook(batch, id, signer, ceiling, wanted, signature);
    }

    /// @dev Claims as much of an amount as the channel still holds; the caller adds it to the receiver's total.
    function _tryBook(
        Batch memory batch,
        bytes32 id,
        address signer,
        uint256 ceiling,
        uint256 wanted,
        bytes calldata signature
    ) private returns (ClaimResult result, uint256 amount) {
        ChannelBalance channel = _channels[id];
        uint256 balance = channel.balance();
        amount = channel.totalClaimed();
        if (wanted > balance) (wanted, result) = (balance, ClaimResult.ClaimedInPart);
        if (wanted <= amount) return (ClaimResult.NothingNew, 0);
        bytes32 digest = ChannelHash.voucher(batch.domain, id, ceiling);
        if (!Signatures.isValidWithin(signer, digest, signature, VOUCHER_GAS)) {
            return (_refuse(id, ClaimResult.VoucherSignatureInvalid), 0);
        }

        // At least the earlier claims and at most the balance: 128 bits.
        unchecked {
            amount = wanted - amount;
        }
        _channels[id] = channel.withTotalClaimed(wanted);
        emit Claimed(id, batch.receiver, batch.token, uint128(amount), uint128(wanted));
    }

    function _refuse(bytes32 id, ClaimResult result) private returns (ClaimResult) {
        emit ClaimRefused(id, result);
        return result;
    }

    function _isSigned(bytes32 domain, bytes32 id, VoucherClaim calldata row) private view returns (bool) {
        ChannelConfig calldata config = row.voucher.channel;
        address signer = _signerOf(config.payer, config.payerAuthorizer);
        bytes32 digest = ChannelHash.voucher(domain, id, row.voucher.maxClaimableAmount);
        return Signatures.isValidCalldata(signer, digest, row.signature);
    }

    function _signerOf(address payer, address payerAuthorizer) private pure returns (address) {
        return payerAuthorizer == address(0) ? payer : payerAuthorizer;
    }

    function _refund(bytes32 id, ChannelConfig calldata config, uint128 requested) private {
        if (requested == 0) revert RefundAmountZero(id);
        uint256 nonce = refundNonce[id]++;
        uint128 amount = _min(requested, _channels[id].unclaimed());
        if (amount == 0) return;

        PendingWithdrawal storage pending = pendingWithdrawals[id];
        if (amount >= pending.amount) delete pendingWithdrawals[id];
        else pending.amount -= amount;
        emit Refunded(id, config.payer, config.token, amount, nonce);
        _payBack(id, config, amount);
    }

    /// @dev Returns unclaimed value of a channel to the payer; `amount` is at most the unclaimed value.
    function _payBack(bytes32 id, ChannelConfig calldata config, uint128 amount) private {
        ChannelBalance channel = _channels[id];
        uint128 balance = channel.balance() - amount;
        _channels[id] = ChannelFields.pack(balance, channel.totalClaimed());
        if (balance == 0) emit ChannelClosed(id, config);
        _payOut(config.token, config.payer, amount);
    }

    /// @dev The one place where value leaves the hub. If the token refuses to pay, the amount stays as the payee's
    /// credit.
    function _payOut(address token, address to, uint128 amount) private {
        if (IERC20(token).trySafeTransfer(to, amount)) return;

        uint256 credit = credits[to][token] + amount;
        credits[to][token] = credit;
        emit PayoutCredited(to, token, amount, credit);
    }

    /// @dev Reverts with the token's refusal. An empty revert means a token without conditions on its channels. A
    /// caller cannot force it by too little gas, since the 64th part that then remains does not suffice for the rest of
    /// a deposit.
    function _askToken(address collector, ChannelConfig calldata config) private view {
        (bool allowed, bytes memory refusal) = config.token.staticcall(
            abi.encodeCall(IChannelPolicy.checkChannel, (collector, config))
        );
        if (!allowed && refusal.length != 0) LowLevelCall.bubbleRevert(refusal);
    }

    /// @dev Reads the first of three words alone: whether the account is frozen outgoing. The plain form,
    /// `token.staticcall{gas: FREEZE_GAS}(question)`, copies the whole answer at the claim's expense. A caller cannot
    /// force a failure by too little gas: the remaining gas then does not suffice for the rest of the claim.
    function _isFrozen(address token, address payer) private view returns (bool frozen) {
        bytes memory question = abi.encodeCall(IFreezable.frozen, (payer));
        uint256 outgoing;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            frozen := staticcall(FREEZE_GAS, token, add(question, 32), mload(question), 0, 32)
            frozen := and(frozen, eq(returndatasize(), 96))
            outgoing := mload(0)
        }
        return frozen && outgoing == 1;
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

    /// @dev Tokens are no longer the payer's money.
    function _checkNotFrozen(bytes32 id, ChannelConfig calldata config) private view {
        if (config.token != config.receiver && _isFrozen(config.token, config.payer)) {
            revert ChannelPayerFrozen(id, config.payer);
        }
    }

    function _checkReceiver(bytes32 id, ChannelConfig calldata config) private view {
        if (msg.sender != config.receiver && msg.sender != config.receiverAuthorizer) {
            revert ChannelCallerNotReceiver(id, msg.sender);
        }
    }

    function _min(uint128 a, uint128 b) private pure returns (uint128) {
        return a < b ? a : b;
    }
}
