// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PositionWord} from "../../contracts/settlement/PositionWord.sol";
import {VM} from "./Vm.sol";

/// @title PositionSymbolic
/// @notice Of the word of a position: a field has the value it was given, and its neighbours are untouched.
contract PositionSymbolic {
    uint256 private constant UNITS = type(uint96).max;
    uint256 private constant OUTGOING = 1 << 192;
    uint256 private constant INCOMING = 1 << 193;
    uint256 private constant AMOUNT = 1 << 194;
    uint256 private constant SUSPENDED = 1 << 195;
    uint256 private constant STOPPED = 1 << 196;
    uint256 private constant STANDING = ((1 << 28) - 1) << 195;
    uint16 private constant JURISDICTION = 999;

    function checkReads(uint256 word) external pure {
        PositionWord position = PositionWord.wrap(word);
        assert(position.available() == word & UNITS && position.reserved() == (word >> 96) & UNITS);
        assert(position.isFrozenOutgoing() == (word & OUTGOING != 0));
        assert(position.isFrozenIncoming() == (word & INCOMING != 0));
        assert(position.hasFrozenAmount() == (word & AMOUNT != 0));
        assert(position.isSuspended() == (word & SUSPENDED != 0));
        assert(position.isStopped() == (word & STOPPED != 0));
        assert(position.jurisdiction() == (word >> 197) & 0x3ff && position.number() == (word >> 207) & 0xffff);
    }

    /// @custom:invariant INV-FROZEN
    function checkWhoPaysAndReceives(uint256 word) external pure {
        PositionWord position = PositionWord.wrap(word);
        assert(position.isHeldBack() == (position.isFrozenOutgoing() || position.hasFrozenAmount()));
        bool isActive = position.number() != 0 && !position.isSuspended() && !position.isStopped();
        assert(position.canBeCredited() == (isActive && !position.isFrozenIncoming()));
    }

    /// @custom:invariant INV-LIQUIDITY
    function checkCreditAndDebit(uint256 word, uint96 amount) external pure {
        PositionWord position = PositionWord.wrap(word);
        if (amount <= UNITS - position.available()) {
            PositionWord more = position.credit(amount);
            assert(more.available() == position.available() + amount);
            _onlyChanges(word, more, UNITS);
        }
        if (amount <= position.available()) {
            PositionWord less = position.debit(amount);
            assert(less.available() == position.available() - amount);
            _onlyChanges(word, less, UNITS);
        }
    }

    /// @custom:invariant INV-LIQUIDITY
    function checkWithReserved(uint256 word, uint96 units) external pure {
        PositionWord changed = PositionWord.wrap(word).withReserved(units);
        assert(changed.reserved() == units);
        _onlyChanges(word, changed, UNITS << 96);
    }

    /// @custom:invariant INV-FROZEN
    function checkFreezes(uint256 word, bool outgoing, bool incoming, bool part) external pure {
        PositionWord changed = PositionWord.wrap(word).withFreeze(outgoing, incoming);
        assert(changed.isFrozenOutgoing() == outgoing && changed.isFrozenIncoming() == incoming);
        _onlyChanges(word, changed, OUTGOING | INCOMING);
        changed = PositionWord.wrap(word).withFrozenAmount(part);
        assert(changed.hasFrozenAmount() == part);
        _onlyChanges(word, changed, AMOUNT);
    }

    function checkWithStanding(
        uint256 word,
        uint16 number,
        uint16 country,
        bool suspended,
        bool stopped
    ) external pure {
        VM.assume(country <= JURISDICTION);
        PositionWord changed = PositionWord.wrap(word).withStanding(number, country, suspended, stopped);
        assert(changed.number() == number && changed.jurisdiction() == country);
        assert(changed.isSuspended() == suspended && changed.isStopped() == stopped);
        _onlyChanges(word, changed, STANDING);
    }

    function _onlyChanges(uint256 word, PositionWord changed, uint256 field) private pure {
        assert((PositionWord.unwrap(changed) ^ word) & ~field == 0);
    }
}
