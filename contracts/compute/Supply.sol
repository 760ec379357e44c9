// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice One word a series: all of its state that a purchase or a transfer reads.
/// @dev From the lowest bit: Tokens outstanding (96 bits), Tokens sold so far (96), unix second of the halt, zero
/// without a halt (40), and whether purchases have a policy (1). One word by hand, so that a purchase writes once.
type Supply is uint256;

using SupplyFields for Supply global;

/// @title SupplyFields
/// @notice Reads and rewrites the fields of a `Supply`.
library SupplyFields {
    uint256 private constant TOKENS_MASK = type(uint96).max;
    uint256 private constant SOLD_AT = 96;
    uint256 private constant HALTED_AT = 192;
    uint256 private constant HALTED_MASK = type(uint40).max;
    uint256 private constant POLICY = 1 << 232;

    /// @notice Tokens outstanding: sold, less redeemed and refunded.
    function outstanding(Supply self) internal pure returns (uint256) {
        return Supply.unwrap(self) & TOKENS_MASK;
    }

    /// @notice Tokens sold so far.
    function sold(Supply self) internal pure returns (uint256) {
        return (Supply.unwrap(self) >> SOLD_AT) & TOKENS_MASK;
    }

    /// @notice Unix second of the halt; zero without a halt.
    function haltedAt(Supply self) internal pure returns (uint256) {
        return (Supply.unwrap(self) >> HALTED_AT) & HALTED_MASK;
    }

    /// @notice Whether a purchase needs a further look: the series was halted, or purchases have a policy.
    function needsLook(Supply self) internal pure returns (bool) {
        return Supply.unwrap(self) >> HALTED_AT != 0;
    }

    /// @notice The word of a new series whose purchases have a policy.
    function withPolicy() internal pure returns (Supply) {
        return Supply.wrap(POLICY);
    }

    /// @notice The word after a sale.
    /// @dev The caller keeps the sold Tokens within a capacity of 96 bits; they include the outstanding ones.
    function sell(Supply self, uint256 tokens) internal pure returns (Supply) {
        unchecked {
            return Supply.wrap(Supply.unwrap(self) + tokens + (tokens << SOLD_AT));
        }
    }

    /// @notice The word after outstanding Tokens were destroyed.
    /// @dev The caller has taken them from a balance, so that they were outstanding.
    function destroy(Supply self, uint256 tokens) internal pure returns (Supply) {
        unchecked {
            return Supply.wrap(Supply.unwrap(self) - tokens);
        }
    }

    /// @notice The word of a series that was halted at a unix second.
    /// @dev The caller has checked that the series was not halted before. Seconds fit 40 bits for 34,000 years.
    function halt(Supply self, uint256 timestamp) internal pure returns (Supply) {
        return Supply.wrap(Supply.unwrap(self) | (timestamp << HALTED_AT));
    }
}
