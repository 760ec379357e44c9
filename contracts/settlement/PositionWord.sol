// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice One storage word a position: its units, and the standing of its participant, so that a move reads no other.
/// @dev From the lowest bit: available units (96 bits), units kept for clearing cycles (96), three flags of freezes,
/// two of stops, jurisdiction (10), number of the participant (16). Masks are spelled out, since the same struct packed
/// by the compiler costs more.
type PositionWord is uint256;

using PositionFields for PositionWord global;

/// @title PositionFields
/// @notice Reads and rewrites the fields of a `PositionWord` without touching its neighbours.
library PositionFields {
    uint256 private constant AVAILABLE_MASK = type(uint96).max;
    uint256 private constant RESERVED_AT = 96;
    uint256 private constant FROZEN_OUTGOING = 1 << 192;
    uint256 private constant FROZEN_INCOMING = 1 << 193;
    uint256 private constant FROZEN_AMOUNT = 1 << 194;
    uint256 private constant SUSPENDED = 1 << 195;
    uint256 private constant STOPPED = 1 << 196;
    uint256 private constant JURISDICTION_AT = 197;
    uint256 private constant JURISDICTION_MASK = 0x3ff;
    uint256 private constant NUMBER_AT = 207;
    uint256 private constant NUMBER_MASK = type(uint16).max;
    uint256 private constant STANDING_MASK =
        SUSPENDED | STOPPED | (JURISDICTION_MASK << JURISDICTION_AT) | (NUMBER_MASK << NUMBER_AT);

    /// @notice Units that the account may pay out or settle with.
    function available(PositionWord self) internal pure returns (uint96) {
        // The type keeps the 96 bits of the field alone.
        return uint96(PositionWord.unwrap(self) & AVAILABLE_MASK);
    }

    /// @notice Units kept for clearing cycles.
    function reserved(PositionWord self) internal pure returns (uint96) {
        // The mask keeps the 96 bits of the field alone.
        return uint96((PositionWord.unwrap(self) >> RESERVED_AT) & AVAILABLE_MASK);
    }

    /// @notice Whether nothing leaves the position.
    function isFrozenOutgoing(PositionWord self) internal pure returns (bool) {
        return PositionWord.unwrap(self) & FROZEN_OUTGOING != 0;
    }

    /// @notice Whether nothing comes into the position.
    function isFrozenIncoming(PositionWord self) internal pure returns (bool) {
        return PositionWord.unwrap(self) & FROZEN_INCOMING != 0;
    }

    /// @notice Whether a part of the available units is frozen.
    function hasFrozenAmount(PositionWord self) internal pure returns (bool) {
        return PositionWord.unwrap(self) & FROZEN_AMOUNT != 0;
    }

    /// @notice Whether the position is frozen outgoing, in whole or in part.
    function isHeldBack(PositionWord self) internal pure returns (bool) {
        return PositionWord.unwrap(self) & (FROZEN_OUTGOING | FROZEN_AMOUNT) != 0;
    }

    /// @notice Whether the participant begins nothing.
    function isSuspended(PositionWord self) internal pure returns (bool) {
        return PositionWord.unwrap(self) & SUSPENDED != 0;
    }

    /// @notice Whether nothing of the participant goes on.
    function isStopped(PositionWord self) internal pure returns (bool) {
        return PositionWord.unwrap(self) & STOPPED != 0;
    }

    /// @notice Jurisdiction of the participant, an ISO 3166-1 number; zero if it was not admitted to the currency.
    function jurisdiction(PositionWord self) internal pure returns (uint16) {
        // The mask keeps 10 bits.
        return uint16((PositionWord.unwrap(self) >> JURISDICTION_AT) & JURISDICTION_MASK);
    }

    /// @notice Number of the participant in the currency; zero if it was not admitted.
    function number(PositionWord self) internal pure returns (uint256) {
        return (PositionWord.unwrap(self) >> NUMBER_AT) & NUMBER_MASK;
    }

    /// @notice Whether a cycle may credit the position: its participant is active, and nothing is frozen incoming.
    function canBeCredited(PositionWord self) internal pure returns (bool) {
        return self.number() != 0 && PositionWord.unwrap(self) & (SUSPENDED | STOPPED | FROZEN_INCOMING) == 0;
    }

    /// @notice The word with `amount` available units more.
    /// @dev A currency's supply fits 96 bits. The addition is checked for a contract that only claims to be a currency.
    function credit(PositionWord self, uint96 amount) internal pure returns (PositionWord) {
        return _withAvailable(self, self.available() + amount);
    }

    /// @notice The word with `amount` available units less.
    function debit(PositionWord self, uint96 amount) internal pure returns (PositionWord) {
        return _withAvailable(self, self.available() - amount);
    }

    /// @notice The word with other units kept for clearing cycles.
    function withReserved(PositionWord self, uint96 units) internal pure returns (PositionWord) {
        uint256 others = PositionWord.unwrap(self) & ~(AVAILABLE_MASK << RESERVED_AT);
        return PositionWord.wrap(others | (uint256(units) << RESERVED_AT));
    }

    /// @notice The word with both directions frozen or not.
    function withFreeze(PositionWord self, bool outgoing, bool incoming) internal pure returns (PositionWord) {
        return _withFlag(_withFlag(self, FROZEN_OUTGOING, outgoing), FROZEN_INCOMING, incoming);
    }

    /// @notice The word with the flag for a frozen amount set or cleared.
    function withFrozenAmount(PositionWord self, bool enabled) internal pure returns (PositionWord) {
        return _withFlag(self, FROZEN_AMOUNT, enabled);
    }

    /// @notice The word with another standing of its participant.
    /// @param index Number of the participant in the currency.
    /// @param country ISO 3166-1 number, 10 bits.
    function withStanding(
        PositionWord self,
        uint16 index,
        uint16 country,
        bool suspended,
        bool stopped
    ) internal pure returns (PositionWord) {
        uint256 others = PositionWord.unwrap(self) & ~STANDING_MASK;
        uint256 field = ((country & JURISDICTION_MASK) << JURISDICTION_AT) | (uint256(index) << NUMBER_AT);
        return _withFlag(_withFlag(PositionWord.wrap(others | field), SUSPENDED, suspended), STOPPED, stopped);
    }

    function _withAvailable(PositionWord self, uint96 units) private pure returns (PositionWord) {
        return PositionWord.wrap((PositionWord.unwrap(self) & ~AVAILABLE_MASK) | units);
    }

    function _withFlag(PositionWord self, uint256 flag, bool enabled) private pure returns (PositionWord) {
        uint256 word = PositionWord.unwrap(self);
        return PositionWord.wrap(enabled ? word | flag : word & ~flag);
    }
}
