// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice What holds for every account of a currency, in one storage word, so that a transfer reads one for all of it.
/// @dev Bits 0 to 239 are kept for limits: 16 of 15 bits each. Bit 240: paused. The bits above are free.
type Policy is uint256;

using PolicyFields for Policy global;

/// @title PolicyFields
/// @notice Reads and rewrites the fields of a `Policy` without touching its neighbours.
library PolicyFields {
    uint256 private constant PAUSED = 1 << 240;

    /// @notice Whether the currency is paused.
    function isPaused(Policy self) internal pure returns (bool) {
        return Policy.unwrap(self) & PAUSED != 0;
    }

    /// @notice The word with the pause begun or ended.
    function withPause(Policy self, bool enabled) internal pure returns (Policy) {
        uint256 word = Policy.unwrap(self);
        return Policy.wrap(enabled ? word | PAUSED : word & ~PAUSED);
    }
}
