// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Limits, LimitsFields, Policy} from "../../contracts/money/Policy.sol";
import {VM} from "./Vm.sol";

/// @title PolicySymbolic
/// @notice Of the policy's word and the limits in it: a field has the value it was given, its neighbours are untouched,
/// and what is packed is read as it was meant.
contract PolicySymbolic {
    uint256 private constant PAUSED = 1;
    uint256 private constant LIMITS = (1 << 60) - 1;
    uint256 private constant FIELD = (1 << 15) - 1;
    uint256 private constant NONE = type(uint256).max;
    uint256 private constant LIMITED_CLASSES = 4;
    uint256 private constant STEP = 100_000_000;
    uint256 private constant MOST_STEPS = 32_766;
    uint256 private constant MOST_UNITS = type(uint96).max;

    function checkReads(uint256 word, uint256 class) external pure {
        Policy policy = Policy.wrap(word);
        assert(policy.isPaused() == (word & PAUSED != 0));
        VM.assume(class < LIMITED_CLASSES);
        assert(Limits.unwrap(policy.limits(class)) << _at(class) == word & (LIMITS << _at(class)));
    }

    /// Corporate wallets have no limits, whatever the word.
    function checkCorporateIsUnlimited(uint256 word) external pure {
        assert(Limits.unwrap(Policy.wrap(word).limits(LIMITED_CLASSES)) == 0);
    }

    function checkWithPause(uint256 word, bool enabled) external pure {
        Policy changed = Policy.wrap(word).withPause(enabled);
        _onlyChanges(word, changed, PAUSED);
        assert(changed.isPaused() == enabled);
    }

    function checkWithLimits(uint256 word, uint256 class, uint256 those) external pure {
        VM.assume(class < LIMITED_CLASSES && those <= LIMITS);
        Policy changed = Policy.wrap(word).withLimits(class, Limits.wrap(those));
        _onlyChanges(word, changed, LIMITS << _at(class));
        assert(Limits.unwrap(changed.limits(class)) == those);
    }

    /// A limit is read as it was given, zero too; no limit, as more than any balance.
    function checkBalanceLimit(uint256 steps) external pure {
        _checkLimit(LimitsFields.pack(steps, NONE, NONE, NONE).balance(), steps);
    }

    function checkPaymentLimit(uint256 steps) external pure {
        _checkLimit(LimitsFields.pack(NONE, steps, NONE, NONE).payment(), steps);
    }

    function checkDailyLimit(uint256 steps) external pure {
        _checkLimit(LimitsFields.pack(NONE, NONE, steps, NONE).daily(), steps);
    }

    function checkAnnualLimit(uint256 steps) external pure {
        _checkLimit(LimitsFields.pack(NONE, NONE, NONE, steps).annual(), steps);
    }

    /// Each limit is packed into a field of its own, whatever the others are.
    function checkLimitsArePackedApart(uint256 balance, uint256 payment, uint256 daily, uint256 annual) external pure {
        uint256 word = Limits.unwrap(LimitsFields.pack(balance, payment, daily, annual));
        assert(word <= LIMITS);
        assert(word & FIELD == Limits.unwrap(LimitsFields.pack(balance, NONE, NONE, NONE)));
        assert(word & (FIELD << 15) == Limits.unwrap(LimitsFields.pack(NONE, payment, NONE, NONE)));
        assert(word & (FIELD << 30) == Limits.unwrap(LimitsFields.pack(NONE, NONE, daily, NONE)));
        assert(word & (FIELD << 45) == Limits.unwrap(LimitsFields.pack(NONE, NONE, NONE, annual)));
    }

    /// And read from it alone.
    function checkLimitsAreReadApart(uint256 word) external pure {
        VM.assume(word <= LIMITS);
        Limits limits = Limits.wrap(word);
        assert(limits.balance() == Limits.wrap(word & FIELD).balance());
        assert(limits.payment() == Limits.wrap(word & (FIELD << 15)).payment());
        assert(limits.daily() == Limits.wrap(word & (FIELD << 30)).daily());
        assert(limits.annual() == Limits.wrap(word & (FIELD << 45)).annual());
    }

    /// Nothing is counted without a limit of a day or a year, and there is no limit where none was given.
    function checkWhatIsLimited(uint256 balance, uint256 payment, uint256 daily, uint256 annual) external pure {
        Limits limits = LimitsFields.pack(balance, payment, daily, annual);
        bool counted = daily <= MOST_STEPS || annual <= MOST_STEPS;
        assert(limits.countPayments() == counted);
        assert((Limits.unwrap(limits) == 0) == (!counted && balance > MOST_STEPS && payment > MOST_STEPS));
    }

    function _checkLimit(uint256 units, uint256 steps) private pure {
        // Compared with few steps only, which no product of overflows.
        unchecked {
            assert(steps > MOST_STEPS || units == steps * STEP);
        }
        // What a balance and a movement together can be at most.
        assert(steps <= MOST_STEPS || units > 2 * MOST_UNITS);
    }

    function _at(uint256 class) private pure returns (uint256) {
        return 16 + 60 * class;
    }

    function _onlyChanges(uint256 word, Policy changed, uint256 field) private pure {
        assert((Policy.unwrap(changed) ^ word) & ~field == 0);
    }
}
