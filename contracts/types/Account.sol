// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice One storage word a currency account: its balance, and the flags a transfer has to look at.
/// @dev Bits 0 to 127: balance in units. Bit 128: payee only. Bit 129: settlement account. Bits 130 and 131: nothing
/// leaves, nothing comes in. Bit 132: part of the balance is frozen, an amount kept elsewhere. The bits above are kept
/// for wallet class and spent amounts, so that a transfer with all of them checked still reads one word.
/// Masks are spelled out, since the same struct packed by the compiler costs several thousand gas more a transfer.
type Account is uint256;

using AccountFields for Account global;

/// @title AccountFields
/// @notice Reads and rewrites the fields of an `Account` without touching its neighbours.
library AccountFields {
    uint256 private constant BALANCE_MASK = type(uint128).max;
    uint256 private constant PAYEE_ONLY = 1 << 128;
    uint256 private constant SETTLEMENT = 1 << 129;
    uint256 private constant FROZEN_OUTGOING = 1 << 130;
    uint256 private constant FROZEN_INCOMING = 1 << 131;
    uint256 private constant FROZEN_AMOUNT = 1 << 132;

    /// @notice Balance in units.
    function balance(Account self) internal pure returns (uint256) {
        return Account.unwrap(self) & BALANCE_MASK;
    }

    /// @notice Whether authorizations to this account may be submitted by itself only.
    function isPayeeOnly(Account self) internal pure returns (bool) {
        return Account.unwrap(self) & PAYEE_ONLY != 0;
    }

    /// @notice Whether this is a settlement account, whose value belongs to others.
    function isSettlement(Account self) internal pure returns (bool) {
        return Account.unwrap(self) & SETTLEMENT != 0;
    }

    /// @notice Whether nothing may leave the account.
    function isFrozenOutgoing(Account self) internal pure returns (bool) {
        return Account.unwrap(self) & FROZEN_OUTGOING != 0;
    }

    /// @notice Whether nothing may come in.
    function isFrozenIncoming(Account self) internal pure returns (bool) {
        return Account.unwrap(self) & FROZEN_INCOMING != 0;
    }

    /// @notice Whether part of the balance may not leave; how much, the word does not say.
    function hasFrozenAmount(Account self) internal pure returns (bool) {
        return Account.unwrap(self) & FROZEN_AMOUNT != 0;
    }

    /// @notice Whether anything of the account is frozen.
    function isFrozen(Account self) internal pure returns (bool) {
        return Account.unwrap(self) & (FROZEN_OUTGOING | FROZEN_INCOMING | FROZEN_AMOUNT) != 0;
    }

    /// @notice The word with `amount` units more.
    /// @dev The caller keeps every balance at or below a total supply of at most 2**128 - 1, so no carry leaves the
    /// balance field.
    function credit(Account self, uint256 amount) internal pure returns (Account) {
        return Account.wrap(Account.unwrap(self) + amount);
    }

    /// @notice The word with `amount` units less.
    /// @dev The caller has checked that `amount` is at most the balance, so no borrow leaves the balance field.
    function debit(Account self, uint256 amount) internal pure returns (Account) {
        return Account.wrap(Account.unwrap(self) - amount);
    }

    /// @notice The word with the payee-only flag set or cleared.
    function withPayeeOnly(Account self, bool enabled) internal pure returns (Account) {
        return _withFlag(self, PAYEE_ONLY, enabled);
    }

    /// @notice The word with the settlement flag set, for ever.
    function asSettlement(Account self) internal pure returns (Account) {
        return _withFlag(self, SETTLEMENT, true);
    }

    /// @notice The word with both directions frozen or not.
    function withFreeze(Account self, bool outgoing, bool incoming) internal pure returns (Account) {
        return _withFlag(_withFlag(self, FROZEN_OUTGOING, outgoing), FROZEN_INCOMING, incoming);
    }

    /// @notice The word saying whether part of the balance is frozen.
    function withFrozenAmount(Account self, bool enabled) internal pure returns (Account) {
        return _withFlag(self, FROZEN_AMOUNT, enabled);
    }

    function _withFlag(Account self, uint256 flag, bool enabled) private pure returns (Account) {
        uint256 word = Account.unwrap(self);
        return Account.wrap(enabled ? word | flag : word & ~flag);
    }
}
