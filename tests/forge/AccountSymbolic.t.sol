// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Account} from "../../contracts/money/Account.sol";
import {LimitsFields} from "../../contracts/money/Policy.sol";
import {VM} from "./Vm.sol";

/// @title AccountSymbolic
/// @notice Of any packed word and any new value of a field: the field has the value, and its neighbours are untouched.
/// @dev Where each field is, is said here a second time.
contract AccountSymbolic {
    uint256 private constant BALANCE = type(uint96).max;
    uint256 private constant PAYEE_ONLY = 1 << 96;
    uint256 private constant SETTLEMENT = 1 << 97;
    uint256 private constant OUTGOING = 1 << 98;
    uint256 private constant INCOMING = 1 << 99;
    uint256 private constant FROZEN_AMOUNT = 1 << 100;
    uint256 private constant CLASS = 0x7 << 101;
    uint256 private constant JURISDICTION = 0x3ff << 104;
    uint256 private constant REAL_NAME = 1 << 114;
    uint256 private constant DAY = uint256(type(uint16).max) << 115;
    uint256 private constant SPENT_ON_DAY = uint256(type(uint48).max) << 131;
    uint256 private constant SPENT_IN_YEAR = uint256(type(uint56).max) << 179;
    uint256 private constant FREE = 0x1f << 235;
    uint256 private constant EXPIRY = uint256(type(uint16).max) << 240;

    /// The fields are neighbours, and fill the word.
    function checkFieldsFillTheWord() external pure {
        uint256 flags = PAYEE_ONLY + SETTLEMENT + OUTGOING + INCOMING + FROZEN_AMOUNT + REAL_NAME;
        uint256 fields = CLASS + JURISDICTION + DAY + SPENT_ON_DAY + SPENT_IN_YEAR + FREE + EXPIRY;
        assert(BALANCE + flags + fields == type(uint256).max);
    }

    function checkReads(uint256 word) external pure {
        Account account = Account.wrap(word);
        assert(account.balance() == word & BALANCE);
        assert(account.isPayeeOnly() == _has(word, PAYEE_ONLY));
        assert(account.isSettlement() == _has(word, SETTLEMENT));
        assert(account.isFrozenOutgoing() == _has(word, OUTGOING));
        assert(account.isFrozenIncoming() == _has(word, INCOMING));
        assert(account.isFrozen() == _has(word, OUTGOING | INCOMING | FROZEN_AMOUNT));
        assert(account.isPlainPayer() == !_has(word, SETTLEMENT | OUTGOING | FROZEN_AMOUNT));
        assert(account.isPlainPayee() == !_has(word, SETTLEMENT | INCOMING | PAYEE_ONLY));
    }

    function checkReadsOfWallet(uint256 word) external pure {
        Account account = Account.wrap(word);
        assert(account.walletClass() << 101 == word & CLASS);
        assert(account.jurisdiction() << 104 == word & JURISDICTION);
        assert(account.isRealName() == _has(word, REAL_NAME));
        assert(account.day() << 115 == word & DAY);
        assert(account.spentOnDay() << 131 == word & SPENT_ON_DAY);
        assert(account.spentInYear() << 179 == word & SPENT_IN_YEAR);
        assert(account.identificationExpiry() << 240 == word & EXPIRY);
    }

    /// The class counts until the day from which the identification is no longer valid, and class IV from then on.
    function checkClassOn(uint256 word, uint256 today) external pure {
        Account account = Account.wrap(word);
        bool valid = today < account.identificationExpiry();
        assert(account.classOn(today) == (valid ? account.walletClass() : 0));
    }

    function checkCredit(uint256 word, uint256 amount) external pure {
        // INV-SUPPLY: every balance is within the supply, and that within 96 bits.
        VM.assume(amount <= BALANCE - Account.wrap(word).balance());
        Account credited = Account.wrap(word).credit(amount);
        _onlyChanges(word, credited, BALANCE);
        assert(credited.balance() == Account.wrap(word).balance() + amount);
    }

    function checkDebit(uint256 word, uint256 amount) external pure {
        VM.assume(amount <= Account.wrap(word).balance());
        Account debited = Account.wrap(word).debit(amount);
        _onlyChanges(word, debited, BALANCE);
        assert(debited.balance() == Account.wrap(word).balance() - amount);
    }

    /// Under a daily limit, and so with at most 366 days of it in the year.
    function checkSpendWithinDay(uint256 word, uint256 amount) external pure {
        uint256 most = LimitsFields.MOST_STEPS * LimitsFields.STEP;
        VM.assume(amount <= most && Account.wrap(word).spentOnDay() + amount <= most);
        VM.assume(Account.wrap(word).spentInYear() + amount <= 366 * most);
        _checkSpend(word, amount);
    }

    /// Under an annual limit; on the day not more was paid than in the year.
    function checkSpendWithinYear(uint256 word, uint256 amount) external pure {
        uint256 most = LimitsFields.MOST_STEPS * LimitsFields.STEP;
        VM.assume(amount <= most && Account.wrap(word).spentInYear() + amount <= most);
        VM.assume(Account.wrap(word).spentOnDay() <= Account.wrap(word).spentInYear());
        _checkSpend(word, amount);
    }

    function checkOnDay(uint256 word, uint16 today, bool sameYear) external pure {
        Account changed = Account.wrap(word).onDay(today, sameYear);
        _onlyChanges(word, changed, DAY | SPENT_ON_DAY | (sameYear ? 0 : SPENT_IN_YEAR));
        assert(changed.day() == today);
        assert(changed.spentOnDay() == 0);
        assert(changed.spentInYear() == (sameYear ? Account.wrap(word).spentInYear() : 0));
    }

    function checkWithRegistration(
        uint256 word,
        uint8 class,
        uint16 expiry,
        uint16 country,
        bool realName
    ) external pure {
        VM.assume(class <= 4 && country <= 999);
        Account changed = Account.wrap(word).withRegistration(class, expiry, country, realName);
        _onlyChanges(word, changed, CLASS | JURISDICTION | REAL_NAME | EXPIRY);
        assert(changed.walletClass() == class);
        assert(changed.identificationExpiry() == expiry);
        assert(changed.jurisdiction() == country);
        assert(changed.isRealName() == realName);
    }

    /// Values too large for their fields are no others' concern either.
    function checkRegistrationStaysInItsFields(uint256 word, uint8 class, uint16 country) external pure {
        Account changed = Account.wrap(word).withRegistration(class, 0, country, false);
        _onlyChanges(word, changed, CLASS | JURISDICTION | REAL_NAME | EXPIRY);
        assert(!changed.isRealName() && changed.identificationExpiry() == 0);
    }

    function checkWithPayeeOnly(uint256 word, bool enabled) external pure {
        Account changed = Account.wrap(word).withPayeeOnly(enabled);
        _onlyChanges(word, changed, PAYEE_ONLY);
        assert(changed.isPayeeOnly() == enabled);
    }

    function checkAsSettlement(uint256 word) external pure {
        Account changed = Account.wrap(word).asSettlement();
        _onlyChanges(word, changed, SETTLEMENT);
        assert(changed.isSettlement());
    }

    function checkWithFreeze(uint256 word, bool outgoing, bool incoming) external pure {
        Account changed = Account.wrap(word).withFreeze(outgoing, incoming);
        _onlyChanges(word, changed, OUTGOING | INCOMING);
        assert(changed.isFrozenOutgoing() == outgoing);
        assert(changed.isFrozenIncoming() == incoming);
    }

    function checkWithFrozenAmount(uint256 word, bool enabled) external pure {
        Account changed = Account.wrap(word).withFrozenAmount(enabled);
        _onlyChanges(word, changed, FROZEN_AMOUNT);
        assert(_has(Account.unwrap(changed), FROZEN_AMOUNT) == enabled);
    }

    function _checkSpend(uint256 word, uint256 amount) private pure {
        Account spent = Account.wrap(word).spend(amount);
        _onlyChanges(word, spent, SPENT_ON_DAY | SPENT_IN_YEAR);
        assert(spent.spentOnDay() == Account.wrap(word).spentOnDay() + amount);
        assert(spent.spentInYear() == Account.wrap(word).spentInYear() + amount);
    }

    function _onlyChanges(uint256 word, Account changed, uint256 field) private pure {
        assert((Account.unwrap(changed) ^ word) & ~field == 0);
    }

    function _has(uint256 word, uint256 bits) private pure returns (bool) {
        return word & bits != 0;
    }
}
