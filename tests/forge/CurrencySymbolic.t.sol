// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICurrencyToken} from "../../contracts/money/ICurrencyToken.sol";
import {IIssuanceDesk} from "../../contracts/money/IIssuanceDesk.sol";
import {COLLECTOR, CurrencyWorld} from "./CurrencyWorld.sol";
import {VM} from "./Vm.sol";

/// @title CurrencySymbolic
/// @notice Of any two accounts and any amount: what moves is neither created nor lost, and nothing else is touched.
/// @dev Addresses and the published limits are given; the words of the accounts are any that calls lead to: together
/// they hold no more than 96 bits (INV-SUPPLY), and count no more in a year than limits allow (INV-LIMIT). That
/// counting leaves the fields beside the counters alone is AccountSymbolic's. A refused call changes nothing by the
/// rules of the EVM, so that these checks look at calls that are let through.
contract CurrencySymbolic is CurrencyWorld(COLLECTOR) {
    /// What the word of an account holds: one number would leave it to the solver to find the fields. The
    /// payer's day is chosen by it, since the solver is slow at dividing days into years.
    struct Fields {
        uint96 held;
        uint24 flagsAndWallet;
        uint16 day;
        uint48 spentOnDay;
        uint56 spentInYear;
        uint16 expiry;
    }

    uint256 private constant ACCOUNTS = 7;
    uint256 private constant FROZEN_AMOUNTS = 8;
    uint256 private constant CREDITS = 9;
    uint256 private constant SUPPLY = 10;
    /// Of the desk: amount and end of the attestation.
    uint256 private constant RESERVE_AT = 6;
    uint256 private constant VALID_BEFORE = START + 1;
    uint256 private constant BALANCE = type(uint96).max;
    uint256 private constant SETTLEMENT = 1 << 97;
    uint256 private constant FROZEN_AMOUNT = 1 << 100;
    /// 366 days of the highest limit of a day, in units.
    uint256 private constant MOST_IN_YEAR = 366 * 32_766 * 100_000_000;
    /// The first of a year: yesterday was of another.
    uint256 private constant TODAY = (START + 8 hours) / 1 days;
    uint256 private constant SOME = 0x5eed;

    address private constant PAYER = address(0xA1);
    address private constant PAYEE = address(0xB2);
    address private constant THIRD = address(0xC3);

    function setUp() external {
        uint256 none = type(uint256).max;
        _limit(ICurrencyToken.WalletClass.IV, ICurrencyToken.ClassLimits(10_000e6, 2_000e6, 5_000e6, 50_000e6));
        _limit(ICurrencyToken.WalletClass.III, ICurrencyToken.ClassLimits(20_000e6, 5_000e6, 10_000e6, none));
        _limit(ICurrencyToken.WalletClass.II, ICurrencyToken.ClassLimits(500_000e6, 50_000e6, 100_000e6, none));
        VM.prank(centralBank);
        desk.setIssuanceQuota(operator, BALANCE);
        VM.store(address(desk), bytes32(RESERVE_AT), bytes32((BALANCE / FEN) | (VALID_BEFORE << 160)));
        _store(THIRD, ACCOUNTS, SOME);
        _store(THIRD, CREDITS, SOME);
        _store(THIRD, FROZEN_AMOUNTS, SOME);
        _storeSupply(BALANCE);
    }

    /// The places above are those of the contracts; a frozen amount is looked for where the account says there is one.
    function testPlaces() external {
        _store(THIRD, ACCOUNTS, SOME | FROZEN_AMOUNT);
        VM.assertEq(token.balanceOf(THIRD), SOME, "accounts");
        VM.assertEq(token.creditOf(THIRD), SOME, "credits");
        (, , uint256 frozenAmount) = token.frozen(THIRD);
        VM.assertEq(frozenAmount, SOME, "frozen amounts");
        VM.assertEq(token.totalSupply(), BALANCE, "supply");
        IIssuanceDesk.ReserveAttestation memory reserve = desk.reserve();
        VM.assertEq(reserve.amountFen, BALANCE / FEN, "reserve");
        VM.assertEq(reserve.validBefore, VALID_BEFORE, "end of the attestation");
    }

    /// @custom:invariant INV-SUPPLY
    function checkTransfer(Fields calldata payer, Fields calldata payee, uint256 frozenAmount, uint96 amount) external {
        (uint256 from, uint256 to) = _begin(payer, payee, frozenAmount);
        VM.assume(from & SETTLEMENT == 0);
        VM.prank(PAYER);
        token.transfer(PAYEE, amount);
        _checkMoved(from, to, amount);
    }

    /// @custom:invariant INV-SUPPLY
    function checkTransferFrom(
        Fields calldata payer,
        Fields calldata payee,
        uint256 frozenAmount,
        uint96 amount
    ) external {
        (uint256 from, uint256 to) = _begin(payer, payee, frozenAmount);
        VM.assume(from & SETTLEMENT == 0);
        VM.prank(PAYER);
        token.approve(THIRD, amount);
        VM.prank(THIRD);
        token.transferFrom(PAYER, PAYEE, amount);
        _checkMoved(from, to, amount);
        assert(token.allowance(PAYER, THIRD) == 0);
    }

    /// Who pays itself holds what it held.
    /// @custom:invariant INV-SUPPLY
    function checkTransferToItself(Fields calldata payer, uint256 frozenAmount, uint96 amount) external {
        uint256 from = _beginAlone(payer, frozenAmount);
        VM.assume(from & SETTLEMENT == 0);
        VM.prank(PAYER);
        token.transfer(PAYER, amount);
        assert(token.balanceOf(PAYER) == payer.held && _isTheRestUntouched());
    }

    /// What leaves a settlement account reaches the payee, or is held for it.
    /// @custom:invariant INV-SUPPLY
    function checkPayout(Fields calldata payer, Fields calldata payee, uint96 credit, uint96 amount) external {
        (uint256 from, uint256 to) = _begin(payer, payee, 0);
        VM.assume(from & SETTLEMENT != 0);
        _store(PAYEE, CREDITS, credit);
        VM.prank(PAYER);
        token.transfer(PAYEE, amount);
        bool isMoved = _word(PAYEE, ACCOUNTS) == to + amount && _word(PAYEE, CREDITS) == credit;
        bool isHeld =
            _word(PAYEE, ACCOUNTS) == to &&
                _word(PAYEE, CREDITS) == uint256(credit) + amount &&
                token.balanceOf(address(token)) == amount;
        assert(_word(PAYER, ACCOUNTS) == from - amount && amount <= payer.held);
        assert((isMoved || isHeld) && _isTheRestUntouched());
    }

    /// What an operator issues is created for the payee, and no more than the 96 bits of a supply.
    /// @custom:invariant INV-SUPPLY
    function checkIssue(Fields calldata payee, uint96 supply, uint96 amount) external {
        VM.assume(payee.held <= supply);
        uint256 to = _packed(payee, payee.day);
        _store(PAYEE, ACCOUNTS, to);
        _storeSupply(supply);
        VM.prank(operator);
        desk.issue(PAYEE, amount);
        uint256 next = uint256(supply) + amount;
        assert(_word(PAYEE, ACCOUNTS) == to + amount && token.totalSupply() == next && next <= BALANCE);
        assert(_isNothingHeld() && _isTheThirdUntouched());
    }

    /// What a holder asks to be redeemed is held by the desk.
    /// @custom:invariant INV-SUPPLY
    function checkRequestRedemption(Fields calldata payer, uint256 frozenAmount, uint96 amount) external {
        uint256 from = _request(payer, frozenAmount, amount);
        assert(_word(PAYER, ACCOUNTS) == from - amount && amount <= payer.held);
        assert(token.balanceOf(address(desk)) == amount && token.balanceOf(address(token)) == 0);
        assert(_isTheRestUntouched());
    }

    /// What is redeemed is destroyed, and nothing else.
    /// @custom:invariant INV-SUPPLY
    function checkCompleteRedemption(Fields calldata payer, uint96 amount) external {
        uint256 from = _request(payer, 0, amount);
        VM.prank(operator);
        desk.completeRedemption(1);
        assert(_word(PAYER, ACCOUNTS) == from - amount && token.totalSupply() == BALANCE - amount);
        assert(_isNothingHeld() && _isTheThirdUntouched());
    }

    /// What is not redeemed after all is the holder's again, or is held for it, whatever became of its account: this
    /// cannot be refused.
    /// @custom:invariant INV-SUPPLY
    function checkRejectRedemption(Fields calldata payer, Fields calldata since, uint96 amount) external {
        _request(payer, 0, amount);
        VM.assume(uint256(since.held) + amount <= BALANCE);
        uint256 word = _packed(since, since.day);
        _store(PAYER, ACCOUNTS, word);
        VM.prank(operator);
        // solhint-disable-next-line avoid-low-level-calls
        (bool succeeded, ) = address(desk).call(abi.encodeCall(desk.rejectRedemption, (1)));
        bool isMoved = _word(PAYER, ACCOUNTS) == word + amount && _word(PAYER, CREDITS) == 0 && _isNothingHeld();
        bool isHeld =
            _word(PAYER, ACCOUNTS) == word &&
                _word(PAYER, CREDITS) == amount &&
                token.balanceOf(address(token)) == amount &&
                token.balanceOf(address(desk)) == 0;
        assert(succeeded && (isMoved || isHeld) && _isTheRestUntouched());
    }

    /// Nobody but the desk creates, holds or destroys units.
    /// @custom:invariant INV-SUPPLY
    function checkDeskAlone(address caller, Fields calldata payer, uint256 amount) external {
        VM.assume(caller != address(desk));
        _beginAlone(payer, 0);
        _refuse(caller, abi.encodeCall(token.createTo, (PAYER, amount)));
        _refuse(caller, abi.encodeCall(token.holdFrom, (PAYER, amount)));
        _refuse(caller, abi.encodeCall(token.destroyHeld, (uint96(amount))));
    }

    /// No account pays the desk, the currency or the zero address, be it a settlement account or not.
    /// @custom:invariant INV-SUPPLY
    function checkNobodyPaysCurrencyOrDesk(Fields calldata payer, uint256 frozenAmount, uint256 amount) external {
        _beginAlone(payer, frozenAmount);
        _refuse(PAYER, abi.encodeCall(token.transfer, (address(desk), amount)));
        _refuse(PAYER, abi.encodeCall(token.transfer, (address(token), amount)));
        _refuse(PAYER, abi.encodeCall(token.transfer, (address(0), amount)));
    }

    /// More than is held does not move, also beyond the 96 bits of the amounts above.
    function checkMoreThanIsHeld(Fields calldata payer, uint256 amount) external {
        _beginAlone(payer, 0);
        VM.assume(amount > payer.held);
        VM.prank(PAYER);
        try token.transfer(PAYEE, amount) returns (bool) {
            assert(false);
        } catch {
            assert(token.balanceOf(PAYER) == payer.held);
        }
    }

    function _limit(ICurrencyToken.WalletClass class, ICurrencyToken.ClassLimits memory limits) private {
        VM.prank(centralBank);
        token.setClassLimits(class, limits);
    }

    /// A request for redemption that was let through.
    function _request(Fields calldata payer, uint256 frozenAmount, uint96 amount) private returns (uint256 from) {
        from = _beginAlone(payer, frozenAmount);
        VM.prank(PAYER);
        desk.requestRedemption(operator, amount);
    }

    function _refuse(address caller, bytes memory data) private {
        VM.prank(caller);
        // solhint-disable-next-line avoid-low-level-calls
        (bool succeeded, ) = address(token).call(data);
        assert(!succeeded);
    }

    function _begin(
        Fields calldata payer,
        Fields calldata payee,
        uint256 frozenAmount
    ) private returns (uint256 from, uint256 to) {
        VM.assume(uint256(payer.held) + payee.held <= BALANCE);
        (from, to) = (_beginAlone(payer, frozenAmount), _packed(payee, payee.day));
        _store(PAYEE, ACCOUNTS, to);
    }

    function _beginAlone(Fields calldata payer, uint256 frozenAmount) private returns (uint256 from) {
        VM.assume(payer.spentInYear <= MOST_IN_YEAR);
        from = _packed(payer, _dayOfPayment(payer.day));
        _store(PAYER, ACCOUNTS, from);
        _store(PAYER, FROZEN_AMOUNTS, frozenAmount);
    }

    /// The word of an account, as AccountSymbolic proves it to be read.
    function _packed(Fields calldata fields, uint256 day) private pure returns (uint256) {
        uint256 counters = day | (uint256(fields.spentOnDay) << 16) | (uint256(fields.spentInYear) << 64);
        uint256 others = (uint256(fields.flagsAndWallet % 2 ** 19) << 96) | (uint256(fields.expiry) << 240);
        return uint256(fields.held) | others | (counters << 115);
    }

    /// Today, another day of the year, or one of the year before.
    function _dayOfPayment(uint16 choice) private pure returns (uint256) {
        if (choice == 0) return TODAY;
        return choice == 1 ? TODAY + 1 : TODAY - 1;
    }

    /// The amount went from payer to payee, and nothing else but the payer's counters changed.
    function _checkMoved(uint256 from, uint256 to, uint96 amount) private view {
        assert(token.balanceOf(PAYER) == (from & BALANCE) - amount && amount <= from & BALANCE);
        assert(_word(PAYEE, ACCOUNTS) == to + amount && _isNothingHeld() && _isTheRestUntouched());
    }

    function _isTheRestUntouched() private view returns (bool) {
        return _isTheThirdUntouched() && token.totalSupply() == BALANCE;
    }

    function _isTheThirdUntouched() private view returns (bool) {
        uint256 wrong = (_word(THIRD, ACCOUNTS) ^ SOME) | (_word(THIRD, CREDITS) ^ SOME);
        return wrong | (_word(THIRD, FROZEN_AMOUNTS) ^ SOME) == 0;
    }

    /// Neither by the desk, for redemptions, nor by the currency, for credits.
    function _isNothingHeld() private view returns (bool) {
        return token.balanceOf(address(desk)) | token.balanceOf(address(token)) == 0;
    }

    /// A word of one of the mappings by accounts.
    function _word(address account, uint256 place) private view returns (uint256) {
        return uint256(VM.load(address(token), keccak256(abi.encode(account, place))));
    }

    function _storeSupply(uint256 units) private {
        VM.store(address(token), bytes32(SUPPLY), bytes32(units));
    }

    function _store(address account, uint256 place, uint256 word) private {
        VM.store(address(token), keccak256(abi.encode(account, place)), bytes32(word));
    }
}
