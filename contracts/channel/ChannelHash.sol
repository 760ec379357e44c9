// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {ChannelConfig} from "../core/ChannelConfig.sol";
import {MeteredClaim} from "./Channel.sol";
import {Usage} from "../compute/RateCard.sol";

/// @title ChannelHash
/// @notice The EIP-712 digests of the x402 `batch-settlement` scheme, for the hub and for contracts that check its
/// messages.
/// @dev Every use computes the domain from the hub's address and the chain id. A hub has no constructor state, so that
/// its code may be placed at a canonical address, and a change of the chain id never leaves a stale domain.
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

    /// @notice Channels and usages of many rows that share receiver, receiver authorizer and token.
    /// @dev A row begins with its own terms: payer and payer authorizer, then withdraw delay and salt, in the order and
    /// encoding of the hashed struct. The plain form, `channelId` of a `ChannelConfig` a row, costs 1,500 gas a row
    /// more.
    function read(
        bytes32 domain,
        address receiver,
        address receiverAuthorizer,
        address token,
        MeteredClaim[] calldata rows
    ) internal pure returns (bytes32[] memory ids, Usage[] memory usages) {
        ids = new bytes32[](rows.length);
        usages = new Usage[](rows.length);
        bytes32 typeHash = CONFIG_TYPEHASH;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let config := mload(0x40)
            mstore(config, typeHash)
            mstore(add(config, 96), receiver)
            mstore(add(config, 128), receiverAuthorizer)
            mstore(add(config, 160), token)
            let typed := add(config, 256)
            mstore(typed, shl(240, 0x1901))
            mstore(add(typed, 2), domain)
            let row := rows.offset
            let end := add(row, mul(rows.length, 192))
            let place := 32
            for {} lt(row, end) {} {
                calldatacopy(add(config, 32), row, 64)
                calldatacopy(add(config, 192), add(row, 64), 64)
                mstore(add(typed, 34), keccak256(config, 256))
                mstore(add(ids, place), keccak256(typed, 66))
                mstore(add(usages, place), calldataload(add(row, 128)))
                row := add(row, 192)
                place := add(place, 32)
            }
        }
    }

    /// @notice Digest a payer signs for a voucher.
    /// @dev The plain form is `toTypedDataHash(domain, keccak256(abi.encode(VOUCHER_TYPEHASH, id, ...)))`, which costs
    /// 120 gas more.
    function voucher(bytes32 domain, bytes32 id, uint256 maxClaimableAmount) internal pure returns (bytes32 digest) {
        bytes32 typeHash = VOUCHER_TYPEHASH;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, typeHash)
            mstore(add(free, 32), id)
            mstore(add(free, 64), maxClaimableAmount)
            mstore(add(free, 34), keccak256(free, 96))
            mstore(free, shl(240, 0x1901))
            mstore(add(free, 2), domain)
            digest := keccak256(free, 66)
        }
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
