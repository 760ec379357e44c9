// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice The open hours of one day of a currency: one word.
/// @dev From the lowest bit: unix second from which it is open (40 bits), unix second at which it closes, not after the
/// first if it is closed all day (40), offset from UTC in minutes, plus 1,440 (16).
type OpenHours is uint256;

using OpeningHours for OpenHours global;

/// @title OpeningHours
/// @notice The opening hours of a currency in one word: a week, the hours of a worked weekend, the offset from UTC.
/// @dev The form is in `ICorridors.setWeek`. Zero is a currency that is always open.
library OpeningHours {
    uint256 private constant DAY_BITS = 24;
    uint256 private constant MINUTE_BITS = 12;
    uint256 private constant MINUTE_MASK = 2 ** MINUTE_BITS - 1;
    uint256 private constant OFFSET_AT = 8 * DAY_BITS;
    uint256 private constant FORM_BITS = OFFSET_AT + 16;
    uint256 private constant DAY_MINUTES = 1_440;
    uint256 private constant DAYS_OF_WEEK = 7;
    uint256 private constant TIME_MASK = type(uint40).max;
    uint256 private constant CLOSES_AT = 40;
    uint256 private constant OPEN_OFFSET_AT = 80;
    /// 1970-01-01 was a Thursday, the fourth day from Monday.
    uint256 private constant FIRST_WEEKDAY = 3;

    /// @notice Whether a word has the form of opening hours.
    function isValid(uint256 week) internal pure returns (bool) {
        if (week == 0) return true;
        if (week >> FORM_BITS != 0 || week >> OFFSET_AT > 2 * DAY_MINUTES) return false;
        bool isEverOpen = false;
        for (uint256 day = 0; day < DAYS_OF_WEEK + 1; ++day) {
            (uint256 opens, uint256 closes) = _hours(week, day);
            if (closes > DAY_MINUTES || opens > closes) return false;
            if (opens == closes && opens != 0) return false;
            if (day < DAYS_OF_WEEK && closes != 0) isEverOpen = true;
        }
        return isEverOpen;
    }

    /// @notice Seconds of the time of the currency: unix seconds with its offset. No offset if it is always open.
    function localTime(uint256 week, uint256 time) internal pure returns (uint256) {
        if (week == 0) return time;
        // An offset is below a day, and times are after the first day of 1970.
        return time + (week >> OFFSET_AT) * 1 minutes - DAY_MINUTES * 1 minutes;
    }

    /// @notice The hours of a currency that is always open.
    function always() internal pure returns (OpenHours) {
        return OpenHours.wrap((TIME_MASK << CLOSES_AT) | (DAY_MINUTES << OPEN_OFFSET_AT));
    }

    /// @notice The open hours of a day, whose seconds of opening and closing are given.
    function openHours(uint256 week, uint256 day, uint256 opens, uint256 closes) internal pure returns (OpenHours) {
        uint256 offset = week >> OFFSET_AT;
        uint256 begin = (day + 1) * 1 days - offset * 1 minutes;
        // A time of the chain fits 40 bits, and a valid offset 16.
        return OpenHours.wrap((begin + opens) | ((begin + closes) << CLOSES_AT) | (offset << OPEN_OFFSET_AT));
    }

    /// @notice Whether a time is in the open hours.
    function contain(OpenHours self, uint256 time) internal pure returns (bool) {
        uint256 word = OpenHours.unwrap(self);
        return word & TIME_MASK <= time && time < (word >> CLOSES_AT) & TIME_MASK;
    }

    /// @notice Seconds of the time of the currency, by the offset of its open hours.
    function localTime(OpenHours self, uint256 time) internal pure returns (uint256) {
        // An offset is below 2^16 minutes, and times are after the first day of 1970.
        unchecked {
            return time + (OpenHours.unwrap(self) >> OPEN_OFFSET_AT) * 1 minutes - DAY_MINUTES * 1 minutes;
        }
    }

    /// @notice The hours of a day.
    /// @param day Day in the time of the currency.
    /// @param isChanged Whether the day differs from its day of the week.
    /// @return opens Second of the day.
    /// @return closes Second of the day; zero if it is closed.
    function ofDay(uint256 week, uint256 day, bool isChanged) internal pure returns (uint256 opens, uint256 closes) {
        (opens, closes) = _hours(week, (day + FIRST_WEEKDAY) % DAYS_OF_WEEK);
        if (isChanged) (opens, closes) = closes == 0 ? _hours(week, DAYS_OF_WEEK) : (0, 0);
        return (opens * 1 minutes, closes * 1 minutes);
    }

    function _hours(uint256 week, uint256 place) private pure returns (uint256 opens, uint256 closes) {
        uint256 hoursOfDay = week >> (DAY_BITS * place);
        return (hoursOfDay & MINUTE_MASK, (hoursOfDay >> MINUTE_BITS) & MINUTE_MASK);
    }
}
