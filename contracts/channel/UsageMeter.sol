// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IChannelHub} from "./IChannelHub.sol";
import {IComputeToken} from "../compute/IComputeToken.sol";
import {IClaimMeter} from "./IClaimMeter.sol";
import {IUsageMeter, RefundApproval} from "./IUsageMeter.sol";
import {ChannelHash} from "./ChannelHash.sol";
import {Signatures} from "../core/Signatures.sol";
import {ChannelConfig} from "../core/ChannelConfig.sol";
import {RateCard, Usage} from "../compute/RateCard.sol";

/// @title UsageMeter
/// @notice The only meter for claims of Tokens: usage times rate card, within the payer's ceiling.
contract UsageMeter is IUsageMeter, EIP712 {
    bytes32 private constant ATTESTATION_TYPEHASH = keccak256(
        "UsageAttestation(address series,bytes32[] channelIds,uint256[] usages)"
    );
    bytes32 private constant REFUND_APPROVAL_TYPEHASH = keccak256(
        "RefundApproval(bytes32 channelId,uint256 nonce,uint128 amount,uint128 totalClaimed)"
    );

    /// @inheritdoc IUsageMeter
    address public immutable hub;

    /// @param hub_ Hub of the channels.
    constructor(address hub_) EIP712("pysettle UsageMeter", "1") {
        hub = hub_;
    }

    /// @inheritdoc IClaimMeter
    function attestUsage(
        address receiver,
        address token,
        bytes32[] calldata channelIds,
        Usage[] calldata usages,
        bytes calldata attestation
    ) external returns (RateCard) {
        if (msg.sender != hub) revert MeterCallerNotHub(msg.sender, hub);
        if (receiver != token) revert MeterReceiverNotSeries(receiver, token);
        address provider = IComputeToken(token).provider();
        if (!Signatures.isValidCalldata(provider, usageDigest(token, channelIds, usages), attestation)) {
            revert UsageSignatureInvalid(provider);
        }

        emit UsageAttested(token, channelIds, usages);
        return IComputeToken(token).rateCard();
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
    ) public view returns (bytes32) {
        bytes32 ids = keccak256(abi.encodePacked(channelIds));
        bytes32 words = keccak256(abi.encodePacked(usages));
        return _hashTypedDataV4(keccak256(abi.encode(ATTESTATION_TYPEHASH, series, ids, words)));
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
}
