// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ICurrencyToken} from "../money/ICurrencyToken.sol";
import {CurrencyPowers} from "./CurrencyPowers.sol";
import {ICorridors} from "./ICorridors.sol";
import {OpenHours, OpeningHours} from "./OpeningHours.sol";

/// @title CurrencyHours
/// @notice The opening hours of each currency, which its central bank sets: a week, and the days that differ from it.
/// @dev One currency never touches the hours of another.
abstract contract CurrencyHours is ICorridors, CurrencyPowers {
    using OpeningHours for uint256;

    uint256 private constant BITS = 256;
    uint256 private constant MOST_DAYS_AHEAD = 64;

    /// The open hours of a currency in which an admission was last: one word instead of those of week and days. It is
    /// zero, which is never open, when either has changed.
    mapping(address currency => OpenHours) private _lastHours;
    /// @inheritdoc ICorridors
    mapping(address currency => uint256) public week;
    /// @inheritdoc ICorridors
    mapping(address currency => mapping(uint256 place => uint256 bitmap)) public changedDays;

    // ------------------------------------------------------------- central bank

    /// @inheritdoc ICorridors
    function setWeek(address currency, uint256 week_) external {
        _checkPower(currency, ICurrencyToken.setClassLimits.selector);
        if (!week_.isValid()) revert WeekInvalid(currency);

        week[currency] = week_;
        _lastHours[currency] = OpenHours.wrap(0);
        emit WeekSet(currency, week_);
    }

    /// @inheritdoc ICorridors
    function setDays(address currency, uint256 place, uint256 bitmap) external {
        _checkPower(currency, ICurrencyToken.setClassLimits.selector);

        changedDays[currency][place] = bitmap;
        _lastHours[currency] = OpenHours.wrap(0);
        emit DaysSet(currency, place, bitmap);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc ICorridors
    function isOpenAt(address currency, uint256 time) public view returns (bool) {
        return _hoursAt(currency, time).contain(time);
    }

    /// @inheritdoc ICorridors
    function nextOpening(address[] calldata currencies, uint256 time) external view returns (uint256) {
        return _nextOpening(currencies, currencies.length, time);
    }

    // ---------------------------------------------------------------- internals

    /// @dev Each round moves the time to the next opening of a currency that is closed then.
    function _nextOpening(
        address[] memory currencies,
        uint256 count,
        uint256 time
    ) internal view returns (uint256 opensAt) {
        opensAt = time;
        uint256 last = time + MOST_DAYS_AHEAD * 1 days;
        uint256 agreeing = 0;
        for (uint256 i = 0; agreeing < count; i = (i + 1) % count) {
            uint256 next = _nextOpeningOf(currencies[i], opensAt, last);
            if (next > last) revert NoCommonOpening(time);
            // slither-disable-next-line incorrect-equality
            agreeing = next == opensAt ? agreeing + 1 : 1;
            opensAt = next;
        }
    }

    function _nextOpeningOf(address currency, uint256 time, uint256 last) private view returns (uint256) {
        uint256 hoursOf = week[currency];
        if (hoursOf == 0) return time;
        uint256 local = hoursOf.localTime(time);
        uint256 second = local % 1 days;
        for (uint256 day = local / 1 days; time <= last; ++day) {
            (uint256 opens, uint256 closes) = _hoursOfDay(currency, hoursOf, day);
            if (second < closes) return second > opens ? time : time + opens - second;
            time += 1 days - second;
            second = 0;
        }
        return time;
    }

    function _hoursOfDay(address currency, uint256 hoursOf, uint256 day) private view returns (uint256, uint256) {
        bool isChanged = changedDays[currency][day / BITS] & (1 << (day % BITS)) != 0;
        return hoursOf.ofDay(day, isChanged);
    }

    /// @dev The open hours of the day, which the next admission in them reads at once.
    function _hoursNow(address currency) internal returns (OpenHours found) {
        found = _lastHours[currency];
        if (found.contain(block.timestamp)) return found;
        found = _hoursAt(currency, block.timestamp);
        if (found.contain(block.timestamp)) _lastHours[currency] = found;
    }

    function _hoursAt(address currency, uint256 time) private view returns (OpenHours) {
        uint256 hoursOf = week[currency];
        if (hoursOf == 0) return OpeningHours.always();
        uint256 day = hoursOf.localTime(time) / 1 days;
        (uint256 opens, uint256 closes) = _hoursOfDay(currency, hoursOf, day);
        return hoursOf.openHours(day, opens, closes);
    }
}
