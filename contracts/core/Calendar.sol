// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Calendar
/// @notice Days and years of the time in China, UTC+8; the limits of wallets follow them.
/// @dev A day is counted from 1970-01-01 in that time, and begins at 16:00 UTC of the day before. There is no daylight
/// saving. Days fit 16 bits until the year 2149.
library Calendar {
    uint256 private constant OFFSET = 8 hours;

    /// @notice The current day.
    function today() internal view returns (uint256) {
        unchecked {
            return (block.timestamp + OFFSET) / 1 days;
        }
    }

    /// @notice The Gregorian year of a day.
    /// @dev Counts years from 1 March 1600, so that a leap day is the last of its year, as the Gregorian
    /// rule repeats after 400 years, 146,097 days.
    /// @param day Day of this calendar, below 2**16, so that nothing here overflows.
    function yearOf(uint256 day) internal pure returns (uint256 year) {
        unchecked {
            uint256 sinceMarch = day + 135_080; // from 1600-03-01
            uint256 cycle = sinceMarch / 146_097;
            uint256 dayOfCycle = sinceMarch % 146_097;
            uint256 yearOfCycle = (dayOfCycle - dayOfCycle / 1_460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365;
            uint256 dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100);
            // January and February, from the 306th day on, belong to the next year.
            year = 1_600 + 400 * cycle + yearOfCycle + (dayOfYear >= 306 ? 1 : 0);
        }
    }
}
