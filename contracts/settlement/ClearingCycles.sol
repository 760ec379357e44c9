// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ICurrencyToken} from "../money/ICurrencyToken.sol";
import {CurrencyPowers} from "./CurrencyPowers.sol";
import {IClearingHouse} from "./IClearingHouse.sol";

/// @title ClearingCycles
/// @notice The cycles of each currency: one word for the last one.
abstract contract ClearingCycles is IClearingHouse, CurrencyPowers {
    /// Time for which units are released before each closing.
    uint256 private constant LEAST_OPEN = 5 minutes;
    /// Time for which the operator is alone.
    uint256 private constant OPERATOR_ALONE = 15 minutes;
    /// Longest time for which a closed cycle holds anybody up.
    uint256 private constant LONGEST_CLOSED = 1 hours;

    mapping(address currency => Cycle) private _cycles;

    // ------------------------------------------------------------- central bank

    /// @inheritdoc IClearingHouse
    function setOperator(address currency, address operator) external {
        _checkPower(currency, ICurrencyToken.setClassLimits.selector);

        Cycle storage cycle = _cycles[currency];
        if (cycle.state == CycleState.None) _open(cycle, 1);
        cycle.operator = operator;
        emit ClearingOperatorSet(currency, operator);
    }

    // ------------------------------------------- operator, and anyone after it

    /// @inheritdoc IClearingHouse
    function closeCycle(address currency) external {
        Cycle storage cycle = _running(currency);
        if (cycle.state != CycleState.Open) revert CycleStateInvalid(currency, cycle.number, cycle.state);
        _checkTime(currency, cycle, msg.sender == cycle.operator ? LEAST_OPEN : OPERATOR_ALONE);

        cycle.state = CycleState.Closed;
        cycle.since = uint40(block.timestamp);
        emit CycleClosed(currency, cycle.number, msg.sender);
    }

    /// @inheritdoc IClearingHouse
    function endCycle(address currency) external {
        Cycle storage cycle = _running(currency);
        if (cycle.state != CycleState.Closed) revert CycleStateInvalid(currency, cycle.number, cycle.state);
        if (msg.sender != cycle.operator) _checkTime(currency, cycle, LONGEST_CLOSED);

        uint256 number = cycle.number;
        CycleState state = cycle.sets == 0 ? CycleState.Unwound : CycleState.Settled;
        _open(cycle, cycle.number + 1);
        emit CycleEnded(currency, number, state, msg.sender);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc IClearingHouse
    function cycleOf(address currency) external view returns (Cycle memory) {
        return _cycles[currency];
    }

    /// @inheritdoc IClearingHouse
    function checkReleasable(address currency) external view {
        _checkChangeable(currency, 0);
    }

    // ---------------------------------------------------------------- internals

    /// @dev Checks that the caller may settle a set now, and counts it.
    function _startSet(address currency) internal returns (uint256 dueCycle) {
        Cycle storage cycle = _running(currency);
        if (cycle.state == CycleState.Open) return cycle.number - 1;
        if (block.timestamp >= cycle.since + LONGEST_CLOSED) {
            revert CycleExpired(currency, cycle.number, cycle.since + LONGEST_CLOSED, block.timestamp);
        }
        if (msg.sender != cycle.operator) _checkTime(currency, cycle, OPERATOR_ALONE);
        ++cycle.sets;
        return cycle.number;
    }

    /// @dev Checks that what is due by a cycle may be changed: that cycle is not closed, or was closed an hour ago.
    function _checkChangeable(address currency, uint256 dueCycle) internal view {
        Cycle storage cycle = _cycles[currency];
        if (cycle.state != CycleState.Closed || dueCycle > cycle.number) return;
        uint256 latest = cycle.since + LONGEST_CLOSED;
        if (block.timestamp < latest) revert CycleStillClosed(currency, cycle.number, latest);
    }

    /// @dev The last cycle whose batches are due: the closed one, or the one before an open one.
    function _dueCycle(address currency) internal view returns (uint256) {
        Cycle storage cycle = _running(currency);
        return cycle.state == CycleState.Closed ? cycle.number : cycle.number - 1;
    }

    function _running(address currency) private view returns (Cycle storage cycle) {
        cycle = _cycles[currency];
        if (cycle.state == CycleState.None) revert CyclesMissing(currency);
    }

    function _checkTime(address currency, Cycle storage cycle, uint256 waitingTime) private view {
        uint256 earliest = cycle.since + waitingTime;
        if (block.timestamp < earliest) revert CycleTooEarly(currency, cycle.number, earliest, block.timestamp);
    }

    function _open(Cycle storage cycle, uint32 number) private {
        cycle.number = number;
        cycle.since = uint40(block.timestamp);
        cycle.state = CycleState.Open;
        cycle.sets = 0;
    }
}
