// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice Tokens consumed per metered unit: three meters in two price windows, packed as six `uint32`.
/// @dev Lane i holds bits 32*i to 32*i+31. Lanes 0 to 2: cached input, input, output, off-peak. Lanes 3 to 5: the same
/// in peak hours. A service class other than inference defines its own lanes. Bits 192 and above are zero.
type RateCard is uint256;

/// @notice Cumulative metered units of one channel: the same six lanes, packed as six `uint42`.
/// @dev Lane i holds bits 42*i to 42*i+41; bits 252 and above are zero.
type Usage is uint256;

using RateCardFields for RateCard global;
using UsageFields for Usage global;

/// @title RateCardFields
/// @notice The price of usage in Tokens.
library RateCardFields {
    /// @notice Whether the unused high bits are zero.
    function isWellFormed(RateCard self) internal pure returns (bool) {
        return RateCard.unwrap(self) >> 192 == 0;
    }

    /// @notice Price of cumulative usage in Tokens: the sum over the six lanes of rate times count.
    /// @dev Exact: both factors are integers, so there is no rounding. At most 6 * 2**32 * 2**42, below 2**77.
    /// @param usage Cumulative metered units.
    /// @return tokens Tokens, cumulative.
    function tokensFor(RateCard self, Usage usage) internal pure returns (uint256 tokens) {
        // Six products below 2**74 cannot overflow their sum.
        unchecked {
            return
                _lane(self, usage, 0) +
                _lane(self, usage, 1) +
                _lane(self, usage, 2) +
                _lane(self, usage, 3) +
                _lane(self, usage, 4) +
                _lane(self, usage, 5);
        }
    }

    function _lane(RateCard self, Usage usage, uint256 lane) private pure returns (uint256) {
        unchecked {
            return
                ((RateCard.unwrap(self) >> (32 * lane)) & type(uint32).max) *
                ((Usage.unwrap(usage) >> (42 * lane)) & ((1 << 42) - 1));
        }
    }
}

/// @title UsageFields
/// @notice Checks on packed usage.
library UsageFields {
    /// @notice Whether the unused high bits are zero.
    function isWellFormed(Usage self) internal pure returns (bool) {
        return Usage.unwrap(self) >> 252 == 0;
    }
}
