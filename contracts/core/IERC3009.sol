// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IERC3009
/// @notice Transfers by signed authorization (EIP-3009), in the form with v, r, s and in the form with `bytes`, which
/// ERC-1271 accounts can sign too.
/// @dev Validity is the open interval (validAfter, validBefore) of the standard. An authorization is used at most once
/// (INV-ONCE). The contract stores used nonces as bits of words, which it finds by the nonce's low 64 bits alone:
/// neighbouring nonces share a word, and the high bits are free for a commitment. Two nonces with equal low 64 bits
/// therefore exclude each other: the second one is refused.
interface IERC3009 {
    /// @notice An authorization was used.
    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
    /// @notice An authorization was cancelled before use.
    event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce);

    /// @notice The authorization is valid only after `validAfter`; chain time is `timestamp` (unix seconds).
    error AuthorizationNotYetValid(uint256 validAfter, uint256 timestamp);
    /// @notice The authorization was valid before `validBefore`; chain time is `timestamp` (unix seconds).
    error AuthorizationExpired(uint256 validBefore, uint256 timestamp);
    /// @notice The nonce, or one with the same low 64 bits, was used or cancelled.
    error AuthorizationAlreadyUsed(address authorizer, bytes32 nonce);
    /// @notice The authorizer did not sign exactly these values for this chain and contract.
    error AuthorizationSignatureInvalid(address authorizer);
    /// @notice Only the payee may submit this authorization.
    error AuthorizationCallerNotPayee(address caller, address payee);

    /// @notice Whether an authorization nonce is spent, by use or cancellation.
    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);

    /// @notice Transfer by the payer's authorization. Any account may submit it, unless the payee is payee-only.
    /// @param from Payer and signer.
    /// @param to Payee.
    /// @param value Amount in smallest units.
    /// @param validAfter Unix second after which it is valid.
    /// @param validBefore Unix second before which it is valid.
    /// @param nonce 32 bytes of the payer's choice.
    /// @param v Recovery id of the signature.
    /// @param r First half of the signature.
    /// @param s Second half of the signature, in the lower half of the curve's order.
    /// @custom:reverts AuthorizationNotYetValid when chain time is at or before `validAfter`
    /// @custom:reverts AuthorizationExpired when chain time is at or after `validBefore`
    /// @custom:reverts AuthorizationAlreadyUsed when the nonce is spent
    /// @custom:reverts AuthorizationSignatureInvalid when the signature is not the payer's
    /// @custom:invariant INV-ONCE
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice The same with the signature as bytes; an ERC-1271 account may sign.
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes memory signature
    ) external;

    /// @notice Transfer by the payer's authorization, submitted by the payee alone.
    /// @dev The signed type differs from that of `transferWithAuthorization`: neither entry accepts the other's
    /// signature.
    /// @custom:reverts AuthorizationCallerNotPayee when the caller is not `to`
    /// @custom:invariant INV-ONCE
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice The same with the signature as bytes; an ERC-1271 account may sign.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes memory signature
    ) external;

    /// @notice Spend a nonce without a transfer, so that its authorization can no longer be used.
    /// @custom:reverts AuthorizationAlreadyUsed when the nonce is spent
    /// @custom:reverts AuthorizationSignatureInvalid when the signature is not the authorizer's
    function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice The same with the signature as bytes; an ERC-1271 account may sign.
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes memory signature) external;
}
