// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice Settings for all accounts of a currency, in one storage word, so that a transfer reads them at once.
/// @dev Bit 0: paused. From bit 16 on 60 bits for each of the wallet classes IV, III, II and I: their `Limits`.
/// Corporate wallets have the next number: the bits there are zero, which is no limit.
type Policy is uint256;

/// @notice The limits of one wallet class, 15 bits each: balance, payment, day, year. A field of zero is no limit;
/// otherwise the field is one more than the limit in hundreds of yuan, so that a limit of zero has the field one.
type Limits is uint256;

using PolicyFields for Policy global;
using LimitsFields for Limits global;

/// @title PolicyFields
/// @notice Reads and rewrites the fields of a `Policy` without touching its neighbours.
library PolicyFields {
    uint256 private constant PAUSED = 1;
    uint256 private constant LIMITS_AT = 16;
    uint256 private constant LIMITS_BITS = 60;
    uint256 private constant LIMITS_MASK = (1 << LIMITS_BITS) - 1;

    /// @notice Whether the currency is paused.
    function isPaused(Policy self) internal pure returns (bool) {
        return Policy.unwrap(self) & PAUSED != 0;
    }

    /// @notice The limits of a wallet class.
    function limits(Policy self, uint256 class) internal pure returns (Limits) {
        unchecked {
            return Limits.wrap((Policy.unwrap(self) >> (LIMITS_AT + LIMITS_BITS * class)) & LIMITS_MASK);
        }
    }

    /// @notice The word with the pause begun or ended.
    function withPause(Policy self, bool enabled) internal pure returns (Policy) {
        uint256 word = Policy.unwrap(self);
        return Policy.wrap(enabled ? word | PAUSED : word & ~PAUSED);
    }

    /// @notice The word with the limits of one of the classes IV to I.
    function withLimits(Policy self, uint256 class, Limits those) internal pure returns (Policy) {
        uint256 shift = LIMITS_AT + LIMITS_BITS * class;
        uint256 others = Policy.unwrap(self) & ~(LIMITS_MASK << shift);
        return Policy.wrap(others | ((Limits.unwrap(those) & LIMITS_MASK) << shift));
    }
}

/// @title LimitsFields
/// @notice Reads limits as units. Without a limit the subtraction wraps, to more units than any balance.
library LimitsFields {
    /// @notice Units in one step of a limit: 100 yuan.
    uint256 internal constant STEP = 100_000_000;
    /// @notice Most steps of a limit: 3,276,600 yuan.
    uint256 internal constant MOST_STEPS = 0x7ffe;

    uint256 private constant FIELD_MASK = 0x7fff;
    uint256 private constant PAYMENT_AT = 15;
    uint256 private constant DAY_AT = 30;
    uint256 private constant YEAR_AT = 45;

    /// @notice Whether payments count: the class has a daily or annual limit.
    function countPayments(Limits self) internal pure returns (bool) {
        return Limits.unwrap(self) >> DAY_AT != 0;
    }

    /// @notice Highest balance in units.
    function balance(Limits self) internal pure returns (uint256) {
        unchecked {
            return ((Limits.unwrap(self) & FIELD_MASK) - 1) * STEP;
        }
    }

    /// @notice Highest single payment in units.
    function payment(Limits self) internal pure returns (uint256) {
        unchecked {
            return (((Limits.unwrap(self) >> PAYMENT_AT) & FIELD_MASK) - 1) * STEP;
        }
    }

    /// @notice Highest sum of payments on one day in units.
    function daily(Limits self) internal pure returns (uint256) {
        unchecked {
            return (((Limits.unwrap(self) >> DAY_AT) & FIELD_MASK) - 1) * STEP;
        }
    }

    /// @notice Highest sum of payments in one year in units.
    function annual(Limits self) internal pure returns (uint256) {
        unchecked {
            return ((Limits.unwrap(self) >> YEAR_AT) - 1) * STEP;
        }
    }

    /// @notice Limits in steps; more than `MOST_STEPS` is no limit.
    function pack(
        uint256 balanceSteps,
        uint256 paymentSteps,
        uint256 daySteps,
        uint256 yearSteps
    ) internal pure returns (Limits) {
        return
            Limits.wrap(
                _field(balanceSteps) |
                    (_field(paymentSteps) << PAYMENT_AT) |
                    (_field(daySteps) << DAY_AT) |
                    (_field(yearSteps) << YEAR_AT)
            );
    }

    function _field(uint256 steps) private pure returns (uint256) {
        return steps > MOST_STEPS ? 0 : steps + 1;
    }
}
