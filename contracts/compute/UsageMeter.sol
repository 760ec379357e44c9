// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IChannelHub} from "../interfaces/IChannelHub.sol";
import {IComputeToken} from "../interfaces/IComputeToken.sol";
import {IUsageMeter, RefundApproval, UsageRow} from "../interfaces/IUsageMeter.sol";
import {ChannelHash} from "../libraries/ChannelHash.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {ChannelConfig, Voucher, VoucherClaim} from "../types/Channel.sol";
import {RateCard, Usage} from "../types/RateCard.sol";

/// @title UsageMeter
/// @notice The only way Tokens are claimed: usage times rate card, within the payer's ceiling.
contract UsageMeter is IUsageMeter, EIP712 {
    bytes32 private constant CHANNEL_USAGE_TYPEHASH = keccak256("ChannelUsage(bytes32 channelId,uint256 usage)");
    bytes32 private constant ATTESTATION_TYPEHASH = keccak256(
        "UsageAttestation(address series,ChannelUsage[] rows)ChannelUsage(bytes32 channelId,uint256 usage)"
    );
    bytes32 private constant REFUND_APPROVAL_TYPEHASH = keccak256(
        "RefundApproval(bytes32 channelId,uint256 nonce,uint128 amount,uint128 totalClaimed)"
    );

    /// @inheritdoc IUsageMeter
    address public immutable hub;

    /// @param hub_ Hub whose channels it claims from.
    constructor(address hub_) EIP712("pysettle UsageMeter", "1") {
        hub = hub_;
    }

    /// @inheritdoc IUsageMeter
    function claim(address series, UsageRow[] calldata rows, bytes calldata signature) external {
        if (rows.length == 0) revert UsageRowsEmpty();

        bytes32 domain = ChannelHash.domainSeparator(hub);
        RateCard rateCard = IComputeToken(series).rateCard();
        VoucherClaim[] memory claims = new VoucherClaim[](rows.length);
        bytes32[] memory usageHashes = new bytes32[](rows.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            UsageRow calldata row = rows[i];
            if (!row.usage.isWellFormed()) revert UsageMalformed(row.usage);
            ChannelConfig memory config = _config(series, row);
            bytes32 id = ChannelHash.channelId(domain, config);
            uint128 claimed = _claimable(id, series, row, rateCard.tokensFor(row.usage));
            claims[i] = VoucherClaim(Voucher(config, row.ceiling), row.voucherSignature, claimed);
            usageHashes[i] = _usageHash(id, row.usage);
        }

        address provider = IComputeToken(series).provider();
        if (!Signatures.isValidCalldata(provider, _attestationDigest(series, usageHashes), signature)) {
            revert UsageSignatureInvalid(provider);
        }
        IChannelHub(hub).claim(claims);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        RefundApproval memory approval = abi.decode(signature, (RefundApproval));
        ChannelConfig memory config = approval.config;
        bytes32 domain = ChannelHash.domainSeparator(hub);
        bytes32 id = ChannelHash.channelId(domain, config);
        // slither-disable-next-line unused-return
        (, uint128 totalClaimed) = IChannelHub(hub).channels(id);

        bool approved =
            config.receiverAuthorizer == address(this) &&
                config.receiver == config.token &&
                hash == ChannelHash.refund(domain, id, approval.nonce, approval.amount) &&
                approval.totalClaimed == totalClaimed &&
                Signatures.isValid(
                    IComputeToken(config.token).provider(),
                    refundApprovalDigest(id, approval.nonce, approval.amount, approval.totalClaimed),
                    approval.signature
                );
        return approved ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    /// @inheritdoc IUsageMeter
    function usageDigest(
        address series,
        bytes32[] calldata channelIds,
        Usage[] calldata usages
    ) external view returns (bytes32) {
        bytes32[] memory usageHashes = new bytes32[](channelIds.length);
        for (uint256 i = 0; i < channelIds.length; ++i) usageHashes[i] = _usageHash(channelIds[i], usages[i]);
        return _attestationDigest(series, usageHashes);
    }

    /// @inheritdoc IUsageMeter
    function refundApprovalDigest(
        bytes32 channelId,
        uint256 nonce,
        uint128 amount,
        uint128 totalClaimed
    ) public view returns (bytes32) {
        return
            _hashTypedDataV4(keccak256(abi.encode(REFUND_APPROVAL_TYPEHASH, channelId, nonce, amount, totalClaimed)));
    }

    // ---------------------------------------------------------------- internals

    /// @dev What a row claims: what its usage costs, or the payer's ceiling, or what the channel still holds, whichever
    /// is least, so that a channel drained by its payer costs the provider what is missing and not the whole claim.
    /// Announced only where it is news: a row that a newer claim has superseded changes nothing, and says nothing.
    function _claimable(
        bytes32 id,
        address series,
        UsageRow calldata row,
        uint256 metered
    ) private returns (uint128 claimed) {
        // One call a row, of a view of the hub, which refuses none.
        // slither-disable-next-line calls-loop
        (uint128 balance, uint128 claimedBefore) = IChannelHub(hub).channels(id);
        uint128 most = row.ceiling < balance ? row.ceiling : balance;
        // `metered` is below 2**77 by the widths of rate card and usage.
        claimed = metered < most ? uint128(metered) : most;
        if (claimed > claimedBefore) emit UsageClaimed(id, series, row.payer, row.usage, metered, claimed);
    }

    /// @dev Token and receiver are the series and the authorizer is this meter, so that no other channel can be named.
    function _config(address series, UsageRow calldata row) private view returns (ChannelConfig memory) {
        return
            ChannelConfig({
                payer: row.payer,
                payerAuthorizer: row.payerAuthorizer,
                receiver: series,
                receiverAuthorizer: address(this),
                token: series,
                withdrawDelay: row.withdrawDelay,
                salt: row.salt
            });
    }

    function _usageHash(bytes32 channelId, Usage usage) private pure returns (bytes32) {
        return keccak256(abi.encode(CHANNEL_USAGE_TYPEHASH, channelId, usage));
    }

    function _attestationDigest(address series, bytes32[] memory usageHashes) private view returns (bytes32) {
        bytes32 rows = keccak256(abi.encodePacked(usageHashes));
        return _hashTypedDataV4(keccak256(abi.encode(ATTESTATION_TYPEHASH, series, rows)));
    }
}
