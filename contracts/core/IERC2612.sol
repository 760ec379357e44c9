// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IERC2612
/// @notice Allowances by signature (EIP-2612), in the form with v, r, s and in the form with `bytes`, which ERC-1271
/// accounts can sign too.
/// @dev Anyone submits a permit. It sets the allowance like the owner's own `approve`, and moves nothing.
interface IERC2612 {
    /// @notice The permit was valid until `deadline`; chain time is `timestamp` (unix seconds).
    error PermitExpired(uint256 deadline, uint256 timestamp);
    /// @notice The signature is not the owner's over exactly these values, with its next nonce, on this chain and
    /// contract.
    error PermitSignatureInvalid(address owner);

    /// @notice Let `spender` transfer up to `value` smallest units of the owner's, by the owner's signature.
    /// @param owner Whose value it is, and who signed.
    /// @param spender Who may transfer it.
    /// @param value Smallest units, replacing the allowance before.
    /// @param deadline Last unix second of its validity.
    /// @param v Recovery id of the signature.
    /// @param r First half of the signature.
    /// @param s Second half of the signature, in the lower half of the curve's order.
    /// @custom:reverts PermitExpired when chain time is after `deadline`
    /// @custom:reverts PermitSignatureInvalid when the signature is not the owner's over its next nonce
    /// @custom:reverts ERC20InvalidSpender when `spender` is zero
    /// @custom:invariant INV-ONCE
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice The same with the signature as bytes; an ERC-1271 account may sign.
    /// @custom:invariant INV-ONCE
    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes memory signature) external;

    /// @notice The nonce that an owner's next permit has to be signed with.
    function nonces(address owner) external view returns (uint256);

    /// @notice Hash of the EIP-712 domain, for the chain id of now.
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32);
}
