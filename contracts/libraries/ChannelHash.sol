// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {ChannelConfig} from "../types/Channel.sol";

/// @title ChannelHash
/// @notice The EIP-712 digests of the x402 `batch-settlement` scheme, for the hub and for whoever checks its messages.
/// @dev The domain is computed afresh from the hub's address and the chain id at every use: a hub has no constructor
/// state, so that its code may be placed at a canonical address, and a changed chain id can never leave a stale domain.
library ChannelHash {
    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant NAME_HASH = keccak256("x402 Batch Settlement");
    bytes32 private constant VERSION_HASH = keccak256("1");
    bytes32 private constant CONFIG_TYPEHASH = keccak256(
        "ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,"
        "address token,uint40 withdrawDelay,bytes32 salt)"
    );
    bytes32 private constant VOUCHER_TYPEHASH = keccak256("Voucher(bytes32 channelId,uint128 maxClaimableAmount)");
    bytes32 private constant REFUND_TYPEHASH = keccak256("Refund(bytes32 channelId,uint256 nonce,uint128 amount)");
    bytes32 private constant CLAIM_BATCH_TYPEHASH = keccak256(
        "ClaimBatch(ClaimEntry[] claims)ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"
    );
    bytes32 private constant CLAIM_ENTRY_TYPEHASH = keccak256(
        "ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"
    );

    /// @notice EIP-712 domain separator of the hub at `hub` on this chain.
    function domainSeparator(address hub) internal view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, hub));
    }

    /// @notice Id of a channel: the typed-data digest of its terms.
    function channelId(bytes32 domain, ChannelConfig memory config) internal pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domain, keccak256(abi.encode(CONFIG_TYPEHASH, config)));
    }

    /// @notice Digest a payer signs for a voucher.
    function voucher(bytes32 domain, bytes32 id, uint128 maxClaimableAmount) internal pure returns (bytes32) {
        return
            MessageHashUtils.toTypedDataHash(domain, keccak256(abi.encode(VOUCHER_TYPEHASH, id, maxClaimableAmount)));
    }

    /// @notice Digest a receiver authorizer signs for a cooperative refund.
    function refund(bytes32 domain, bytes32 id, uint256 nonce, uint128 amount) internal pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domain, keccak256(abi.encode(REFUND_TYPEHASH, id, nonce, amount)));
    }

    /// @notice Hash of one row of a claim batch.
    function claimEntry(bytes32 id, uint128 maxClaimableAmount, uint128 totalClaimed) internal pure returns (bytes32) {
        return keccak256(abi.encode(CLAIM_ENTRY_TYPEHASH, id, maxClaimableAmount, totalClaimed));
    }

    /// @notice Digest a receiver authorizer signs for a batch of claims.
    /// @param entries `claimEntry` hashes in order.
    function claimBatch(bytes32 domain, bytes32[] memory entries) internal pure returns (bytes32) {
        bytes32 array = keccak256(abi.encodePacked(entries));
        return MessageHashUtils.toTypedDataHash(domain, keccak256(abi.encode(CLAIM_BATCH_TYPEHASH, array)));
    }
}
