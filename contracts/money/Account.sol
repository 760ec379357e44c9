// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice One storage word a currency account: its balance, and all other fields that a transfer reads.
/// @dev From the lowest bit: balance in units (96 bits), five flags, wallet class (3), jurisdiction (10), real name
/// (1), day of the last counted payment (16), units paid on that day (48) and in its year (56); 5 free bits; day from
/// which the identification is no longer valid (16). Days are those of `Calendar`. Masks are spelled out, since the
/// same struct packed by the compiler costs several thousand gas more a transfer.
type Account is uint256;

using AccountFields for Account global;

/// @title AccountFields
/// @notice Reads and rewrites the fields of an `Account` without touching its neighbours.
library AccountFields {
    uint256 private constant BALANCE_MASK = type(uint96).max;
    uint256 private constant PAYEE_ONLY = 1 << 96;
    uint256 private constant SETTLEMENT = 1 << 97;
    uint256 private constant FROZEN_OUTGOING = 1 << 98;
    uint256 private constant FROZEN_INCOMING = 1 << 99;
    uint256 private constant FROZEN_AMOUNT = 1 << 100;
    uint256 private constant CLASS_AT = 101;
    uint256 private constant CLASS_MASK = 0x7;
    uint256 private constant JURISDICTION_AT = 104;
    uint256 private constant JURISDICTION_MASK = 0x3ff;
    uint256 private constant REAL_NAME = 1 << 114;
    uint256 private constant DAY_AT = 115;
    uint256 private constant DAY_MASK = type(uint16).max;
    uint256 private constant SPENT_ON_DAY_AT = 131;
    uint256 private constant SPENT_ON_DAY_MASK = type(uint48).max;
    uint256 private constant SPENT_IN_YEAR_AT = 179;
    uint256 private constant SPENT_IN_YEAR_MASK = type(uint56).max;
    uint256 private constant EXPIRY_AT = 240;
    uint256 private constant EXPIRY_MASK = type(uint16).max;

    /// Fields that registration writes: class, identification, jurisdiction and real name.
    uint256 private constant REGISTRATION_MASK =
        (CLASS_MASK << CLASS_AT) | (EXPIRY_MASK << EXPIRY_AT) | (JURISDICTION_MASK << JURISDICTION_AT) | REAL_NAME;

    /// @notice Balance in units.
    function balance(Account self) internal pure returns (uint256) {
        return Account.unwrap(self) & BALANCE_MASK;
    }

    /// @notice Whether the account alone may submit authorizations that pay it.
    function isPayeeOnly(Account self) internal pure returns (bool) {
        return Account.unwrap(self) & PAYEE_ONLY != 0;
    }

    /// @notice Whether this is a settlement account, which holds value of others.
    function isSettlement(Account self) internal pure returns (bool) {
        return Account.unwrap(self) & SETTLEMENT != 0;
    }

    /// @notice Whether the account is frozen outgoing and cannot pay.
    function isFrozenOutgoing(Account self) internal pure returns (bool) {
        return Account.unwrap(self) & FROZEN_OUTGOING != 0;
    }

    /// @notice Whether the account is frozen incoming and cannot receive.
    function isFrozenIncoming(Account self) internal pure returns (bool) {
        return Account.unwrap(self) & FROZEN_INCOMING != 0;
    }

    /// @notice Whether the account pays like most: it is not a settlement account, and no part of it is frozen.
    function isPlainPayer(Account self) internal pure returns (bool) {
        return Account.unwrap(self) & (SETTLEMENT | FROZEN_OUTGOING | FROZEN_AMOUNT) == 0;
    }

    /// @notice Whether the account receives like most: it is neither a settlement account nor payee-only nor frozen
    /// incoming.
    function isPlainPayee(Account self) internal pure returns (bool) {
        return Account.unwrap(self) & (SETTLEMENT | FROZEN_INCOMING | PAYEE_ONLY) == 0;
    }

    /// @notice Whether the account is frozen, in whole or in part.
    function isFrozen(Account self) internal pure returns (bool) {
        return Account.unwrap(self) & (FROZEN_OUTGOING | FROZEN_INCOMING | FROZEN_AMOUNT) != 0;
    }

    /// @notice Registered wallet class of the account; zero, class IV, without a registration.
    function walletClass(Account self) internal pure returns (uint256) {
        return (Account.unwrap(self) >> CLASS_AT) & CLASS_MASK;
    }

    /// @notice Wallet class that sets the limits on a day: class IV, zero, once the identification has expired.
    function classOn(Account self, uint256 today) internal pure returns (uint256) {
        uint256 word = Account.unwrap(self);
        return today < word >> EXPIRY_AT ? (word >> CLASS_AT) & CLASS_MASK : 0;
    }

    /// @notice Day from which the identification is no longer valid.
    function identificationExpiry(Account self) internal pure returns (uint256) {
        return Account.unwrap(self) >> EXPIRY_AT;
    }

    /// @notice Jurisdiction of the holder, an ISO 3166-1 number; zero if none is known.
    function jurisdiction(Account self) internal pure returns (uint256) {
        return (Account.unwrap(self) >> JURISDICTION_AT) & JURISDICTION_MASK;
    }

    /// @notice Whether the holder's real name is known to the operating institution.
    function isRealName(Account self) internal pure returns (bool) {
        return Account.unwrap(self) & REAL_NAME != 0;
    }

    /// @notice Day of the last payment that counted for a limit.
    function day(Account self) internal pure returns (uint256) {
        return (Account.unwrap(self) >> DAY_AT) & DAY_MASK;
    }

    /// @notice Units of counted payments on that day.
    function spentOnDay(Account self) internal pure returns (uint256) {
        return (Account.unwrap(self) >> SPENT_ON_DAY_AT) & SPENT_ON_DAY_MASK;
    }

    /// @notice Units of counted payments in the year of that day.
    function spentInYear(Account self) internal pure returns (uint256) {
        return (Account.unwrap(self) >> SPENT_IN_YEAR_AT) & SPENT_IN_YEAR_MASK;
    }

    /// @notice The word with `amount` units more.
    /// @dev The caller keeps every balance at or below a total supply of at most 2**96 - 1, so no carry leaves the
    /// balance field.
    function credit(Account self, uint256 amount) internal pure returns (Account) {
        unchecked {
            return Account.wrap(Account.unwrap(self) + amount);
        }
    }

    /// @notice The word with `amount` units less.
    /// @dev The caller has checked that `amount` is at most the balance, so no borrow leaves the balance field.
    function debit(Account self, uint256 amount) internal pure returns (Account) {
        unchecked {
            return Account.wrap(Account.unwrap(self) - amount);
        }
    }

    /// @notice The word with `amount` units more paid on its day, and in the year of that day.
    /// @dev The caller has compared with a daily or an annual limit of at most 3,276,600 yuan. By a daily limit a year
    /// stays below 366 such days, 1.2e15 units, by an annual one a day stays below it: no carry leaves either field.
    function spend(Account self, uint256 amount) internal pure returns (Account) {
        unchecked {
            return Account.wrap(Account.unwrap(self) + amount * ((1 << SPENT_ON_DAY_AT) | (1 << SPENT_IN_YEAR_AT)));
        }
    }

    /// @notice The word of another day, without payments so far.
    /// @param sameYear Whether that day is in the year of the one before.
    function onDay(Account self, uint256 today, bool sameYear) internal pure returns (Account) {
        uint256 word = Account.unwrap(self) & ~((DAY_MASK << DAY_AT) | (SPENT_ON_DAY_MASK << SPENT_ON_DAY_AT));
        if (!sameYear) word &= ~(SPENT_IN_YEAR_MASK << SPENT_IN_YEAR_AT);
        return Account.wrap(word | ((today & DAY_MASK) << DAY_AT));
    }

    /// @notice The word with the payee-only flag set or cleared.
    function withPayeeOnly(Account self, bool enabled) internal pure returns (Account) {
        return _withFlag(self, PAYEE_ONLY, enabled);
    }

    /// @notice The word with the settlement flag set, permanently.
    function asSettlement(Account self) internal pure returns (Account) {
        return _withFlag(self, SETTLEMENT, true);
    }

    /// @notice The word with both directions frozen or not.
    function withFreeze(Account self, bool outgoing, bool incoming) internal pure returns (Account) {
        return _withFlag(_withFlag(self, FROZEN_OUTGOING, outgoing), FROZEN_INCOMING, incoming);
    }

    /// @notice The word with the flag for a frozen amount set or cleared.
    function withFrozenAmount(Account self, bool enabled) internal pure returns (Account) {
        return _withFlag(self, FROZEN_AMOUNT, enabled);
    }

    /// @notice The word with another registration. Payments on the day and in the year stay counted.
    /// @param class Wallet class, 3 bits.
    /// @param expiry Day from which the identification is no longer valid.
    /// @param country ISO 3166-1 number, 10 bits.
    /// @param realName Whether the real name is known.
    function withRegistration(
        Account self,
        uint8 class,
        uint16 expiry,
        uint16 country,
        bool realName
    ) internal pure returns (Account) {
        uint256 fields =
            ((class & CLASS_MASK) << CLASS_AT) |
                (uint256(expiry) << EXPIRY_AT) |
                ((country & JURISDICTION_MASK) << JURISDICTION_AT);
        return _withFlag(Account.wrap((Account.unwrap(self) & ~REGISTRATION_MASK) | fields), REAL_NAME, realName);
    }

    function _withFlag(Account self, uint256 flag, bool enabled) private pure returns (Account) {
        uint256 word = Account.unwrap(self);
        return Account.wrap(enabled ? word | flag : word & ~flag);
    }
}
