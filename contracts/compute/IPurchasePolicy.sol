// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IPurchasePolicy
/// @notice The rule that decides to which holders a series sells. A market hands it to each series at its opening.
interface IPurchasePolicy {
    /// @notice Check that a series may sell Tokens of a payer to a beneficiary; it reverts otherwise.
    /// @param payer Account that pays the series.
    /// @param beneficiary Account that receives the Tokens.
    function checkPurchase(address payer, address beneficiary) external view;
}
