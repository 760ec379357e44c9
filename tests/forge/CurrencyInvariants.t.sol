// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {ICurrencyToken} from "../../contracts/money/ICurrencyToken.sol";
import {IIssuanceDesk} from "../../contracts/money/IIssuanceDesk.sol";
import {CurrencyToken} from "../../contracts/money/CurrencyToken.sol";
import {IssuanceDesk} from "../../contracts/money/IssuanceDesk.sol";
import {CurrencyModel} from "./CurrencyModel.sol";
import {CurrencyMoves} from "./CurrencyMoves.sol";
import {Entries} from "./Entries.sol";
import {VM} from "./Vm.sol";

/// @title CurrencyInvariants
/// @notice What holds of a currency after any moves (`CurrencyMoves`), by the codes of docs/architecture.md.
contract CurrencyInvariants is Entries {
    uint256 private constant MOVES = 8_000;
    uint256 private constant LEAST_SUCCESSES = 5;

    CurrencyMoves private _moves;
    CurrencyToken private _token;
    IssuanceDesk private _desk;

    function setUp() external {
        _moves = new CurrencyMoves();
        (_token, _desk) = (_moves.token(), _moves.desk());
    }

    /// Asked by Foundry: whom the campaign calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_moves);
    }

    /// One campaign for all of them: Foundry would make the same moves for each.
    function invariantCodes() public view {
        _checkSupply();
        _checkReserve();
        _checkLimits();
        _checkOnce();
        _checkFinal();
        _checkFrozen();
        _checkRules();
    }

    /// Every entry that changes the currency or its desk is reached with success by the moves, and every rule that
    /// depends on what happened before refuses some of them, so that a campaign means something.
    function testEveryEntrySucceeds() external {
        _makeMoves(address(_moves), "CurrencyMoves", MOVES);
        _checkReached("CurrencyToken");
        _checkReached("IssuanceDesk");
        bytes4[22] memory refusals = _refusals();
        for (uint256 i = 0; i < refusals.length; ++i) {
            VM.assertTrue(_moves.refusals(refusals[i]) != 0, string.concat("no move meets refusal ", _decimal(i)));
        }
        invariantCodes();
    }

    function _checkReached(string memory name) private view {
        string[] memory entries = _entries(name);
        for (uint256 i = 0; i < entries.length; ++i) {
            uint256 successes = _moves.successes(_reachedBy(_selector(entries[i])));
            VM.assertTrue(successes >= LEAST_SUCCESSES, string.concat("no move reaches ", entries[i]));
        }
    }

    /// The call by which an entry is reached: of those that are the desk's alone, a call of the desk.
    function _reachedBy(bytes4 entry) private view returns (bytes4) {
        if (entry == _token.createTo.selector) return _desk.issue.selector;
        if (entry == _token.holdFrom.selector) return _desk.requestRedemption.selector;
        return entry == _token.destroyHeld.selector ? _desk.completeRedemption.selector : entry;
    }

    /// Errors of the rules that depend on the state of the currency, and of who calls.
    function _refusals() private pure returns (bytes4[22] memory) {
        return
            [
                ICurrencyToken.CurrencyPaused.selector,
                IIssuanceDesk.QuotaExceeded.selector,
                IIssuanceDesk.ReserveAttestationExpired.selector,
                IIssuanceDesk.ReserveExceeded.selector,
                ICurrencyToken.AccountFrozenOutgoing.selector,
                ICurrencyToken.AccountFrozenIncoming.selector,
                ICurrencyToken.FrozenAmountExceeded.selector,
                IERC20Errors.ERC20InsufficientBalance.selector,
                IERC20Errors.ERC20InsufficientAllowance.selector,
                ICurrencyToken.PaymentLimitExceeded.selector,
                ICurrencyToken.DailyLimitExceeded.selector,
                ICurrencyToken.AnnualLimitExceeded.selector,
                ICurrencyToken.BalanceLimitExceeded.selector,
                ICurrencyToken.CreditExceeded.selector,
                ICurrencyToken.PayeeOnly.selector,
                IIssuanceDesk.RedemptionNotFound.selector,
                IIssuanceDesk.RedemptionEnded.selector,
                IIssuanceDesk.RedemptionCallerInvalid.selector,
                IIssuanceDesk.RedemptionTakenAlready.selector,
                IIssuanceDesk.RedemptionNotCancellable.selector,
                ICurrencyToken.SettlementAccountProtected.selector,
                ICurrencyToken.CallerNotDesk.selector
            ];
    }

    function _decimal(uint256 number) private pure returns (string memory) {
        return string(bytes.concat(bytes1(uint8(48 + number / 10)), bytes1(uint8(48 + (number % 10)))));
    }

    /// INV-SUPPLY
    function _checkSupply() private view {
        address[] memory accounts = _moves.accounts();
        (uint256 sum, uint256 credits) = (0, 0);
        for (uint256 i = 0; i < accounts.length; ++i) {
            CurrencyModel.Model memory model = _moves.model(accounts[i]);
            VM.assertEq(_token.balanceOf(accounts[i]), model.held, "INV-SUPPLY: a balance is not what was paid");
            VM.assertEq(_token.creditOf(accounts[i]), model.credit, "INV-SUPPLY: a credit is not what was owed");
            sum += _token.balanceOf(accounts[i]);
            credits += _token.creditOf(accounts[i]);
        }
        VM.assertEq(_token.totalSupply(), sum, "INV-SUPPLY: the supply is not the sum of balances");
        VM.assertEq(sum, _moves.issued() - _moves.redeemed(), "INV-SUPPLY: supply changed outside issuance");
        VM.assertEq(_token.balanceOf(address(_token)), credits, "INV-SUPPLY: the currency holds other than credits");
        VM.assertEq(_token.balanceOf(address(_desk)), _pending(), "INV-SUPPLY: the desk holds other than redemptions");
    }

    /// Units under redemption.
    function _pending() private view returns (uint256 sum) {
        uint256 count = _moves.requests().length;
        for (uint256 id = 1; id <= count; ++id) {
            IIssuanceDesk.Redemption memory request = _desk.redemption(id);
            bool taken = request.status == IIssuanceDesk.RedemptionStatus.Taken;
            if (taken || request.status == IIssuanceDesk.RedemptionStatus.Requested) sum += request.amount;
        }
    }

    /// INV-RESERVE
    function _checkReserve() private view {
        VM.assertEq(_moves.issuancesBeyond(), 0, "INV-RESERVE: issued beyond quota or reserve");
        (address operator, address other) = _moves.operators();
        VM.assertEq(_desk.issuanceQuota(operator), _moves.quotas(operator), "INV-RESERVE: quota");
        VM.assertEq(_desk.issuanceQuota(other), _moves.quotas(other), "INV-RESERVE: other quota");
        (int256 position, int256 ofOther) = (_desk.operatorPosition(operator), _desk.operatorPosition(other));
        VM.assertTrue(position == _moves.positions(operator), "INV-RESERVE: position");
        VM.assertTrue(ofOther == _moves.positions(other), "INV-RESERVE: other position");
        VM.assertTrue(
            position + ofOther == int256(_token.totalSupply()),
            "INV-RESERVE: the positions do not sum to the supply"
        );
        VM.assertEq(_desk.reserveRatio(), _moves.ratio(), "INV-RESERVE: ratio");
        VM.assertTrue(
            keccak256(abi.encode(_desk.reserve())) == keccak256(abi.encode(_moves.reserve())),
            "INV-RESERVE: attestation"
        );
    }

    /// INV-LIMIT
    function _checkLimits() private view {
        VM.assertEq(_moves.beyondLimits(), 0, "INV-LIMIT: paid or held beyond the limits of a class");
        for (uint256 class = 0; class <= uint256(ICurrencyToken.WalletClass.Corporate); ++class) {
            bytes memory limits = abi.encode(_token.classLimits(ICurrencyToken.WalletClass(class)));
            VM.assertTrue(
                keccak256(limits) == keccak256(abi.encode(_moves.limits(class))),
                "INV-LIMIT: limits of a class"
            );
        }
        address[] memory accounts = _moves.accounts();
        for (uint256 i = 0; i < accounts.length; ++i) {
            ICurrencyToken.Wallet memory wallet = _token.wallet(accounts[i]);
            ICurrencyToken.Wallet memory kept = _moves.model(accounts[i]).wallet;
            VM.assertEq(wallet.spentOnDay, kept.spentOnDay, "INV-LIMIT: counted of the day");
            VM.assertEq(wallet.spentInYear, kept.spentInYear, "INV-LIMIT: counted of the year");
            VM.assertTrue(
                keccak256(abi.encode(wallet)) == keccak256(abi.encode(kept)),
                "INV-LIMIT: registration, or the day of the last payment"
            );
        }
    }

    /// INV-ONCE
    function _checkOnce() private view {
        VM.assertEq(_moves.usedTwice(), 0, "INV-ONCE: a message or a nonce served twice");
        address[] memory accounts = _moves.accounts();
        for (uint256 i = 0; i < accounts.length; ++i) {
            VM.assertEq(_token.nonces(accounts[i]), _moves.model(accounts[i]).permits, "INV-ONCE: permits counted");
        }
    }

    /// INV-FINAL
    function _checkFinal() private view {
        VM.assertEq(_moves.endedTwice(), 0, "INV-FINAL: a redemption ended or was taken twice");
        IIssuanceDesk.Redemption[] memory requests = _moves.requests();
        for (uint256 i = 0; i < requests.length; ++i) {
            IIssuanceDesk.Redemption memory kept = _desk.redemption(i + 1);
            VM.assertEq(uint256(kept.status), uint256(requests[i].status), "INV-FINAL: status of a redemption");
            VM.assertTrue(
                keccak256(abi.encode(kept)) == keccak256(abi.encode(requests[i])),
                "INV-FINAL: parties, amount or time of a redemption"
            );
        }
    }

    /// INV-FROZEN
    function _checkFrozen() private view {
        VM.assertTrue(_token.isPaused() == _moves.paused(), "INV-FROZEN: pause");
        VM.assertEq(_moves.leaks(), 0, "INV-FROZEN: frozen value moved without a seizure, or was not its holder's");
        address[] memory accounts = _moves.accounts();
        for (uint256 i = 0; i < accounts.length; ++i) {
            CurrencyModel.Model memory model = _moves.model(accounts[i]);
            (bool outgoing, bool incoming, uint256 amount) = _token.frozen(accounts[i]);
            VM.assertTrue(outgoing == model.frozenOutgoing, "INV-FROZEN: outgoing");
            VM.assertTrue(incoming == model.frozenIncoming, "INV-FROZEN: incoming");
            VM.assertEq(amount, model.frozenAmount, "INV-FROZEN: amount");
            VM.assertTrue(_token.isSettlementAccount(accounts[i]) == model.settlement, "INV-FROZEN: settlement");
            VM.assertTrue(_token.isPayeeOnly(accounts[i]) == model.payeeOnly, "a payee-only account");
        }
    }

    /// Every call was let through or refused as the rules say, for the first reason that the manual names: what is
    /// owed cannot be held up either.
    function _checkRules() private view {
        VM.assertEq(_moves.surprises(), 0, "a call was let through against the rules, or refused without a reason");
    }
}
