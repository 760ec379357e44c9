// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IERC2612
/// @notice Allowances by signature (EIP-2612), in the form with v, r, s and in the form with `bytes`, which ERC-1271
/// accounts can sign too.
/// @dev Any account may submit a permit. It sets the allowance like the owner's own `approve`, and moves no value.
interface IERC2612 {
    /// @notice The permit was valid until `deadline`; chain time is `timestamp` (unix seconds).
    error PermitExpired(uint256 deadline, uint256 timestamp);
    /// @notice The owner did not sign exactly these values, with its next nonce, for this chain and contract.
    error PermitSignatureInvalid(address owner);

    /// @notice Allow `spender` to transfer up to `value` smallest units of the owner, by the owner's signature.
    /// @param owner Holder of the value and signer.
    /// @param spender Account that may transfer.
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

    /// @notice Nonce of the owner's next permit.
    function nonces(address owner) external view returns (uint256);

    /// @notice Hash of the EIP-712 domain, for the current chain id.
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32);
}
