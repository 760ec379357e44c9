// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IDepositCollector
/// @notice Transfers a payer's value to the hub, by a right that the payer has signed.
interface IDepositCollector {
    /// @notice Only the hub may call for a collection: the value would be lost to any other caller.
    error CollectorCallerNotHub(address caller, address hub);

    /// @notice Transfer exactly `amount` of the payer's tokens to the calling hub.
    /// @param payer Account that deposits.
    /// @param token ERC-20 to be deposited.
    /// @param amount Smallest units of the token.
    /// @param channelId Channel the payer has signed for.
    /// @param data For EIP-3009: abi.encode(uint256 validAfter, uint256 validBefore, uint256 salt, bytes signature);
    /// the authorization's nonce is keccak256(abi.encode(channelId, salt)).
    /// @custom:reverts CollectorCallerNotHub when the caller is not the collector's hub
    function collect(address payer, address token, uint256 amount, bytes32 channelId, bytes calldata data) external;
}
