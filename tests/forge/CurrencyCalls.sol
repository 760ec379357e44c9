// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICurrencyToken} from "../../contracts/money/ICurrencyToken.sol";
import {CurrencyModel} from "./CurrencyModel.sol";
import {VM} from "./Vm.sol";

/// @title Purse
/// @notice A contract that can hold units.
contract Purse {}

/// @title CurrencyCalls
/// @notice Makes the calls of the moves, counts what should not be, and chooses parties and amounts.
/// @dev Nothing fails here: what is counted, the invariants look at.
abstract contract CurrencyCalls is CurrencyModel {
    /// A call that was let through once, by a signature.
    struct Submission {
        address target;
        address caller;
        bytes data;
    }

    /// Accounts that are nobody's.
    uint256 internal constant OTHERS = 3;
    uint256 internal constant HOLDERS = 4;
    uint256 internal constant PURSES = 3;
    /// Refused, for whatever reason.
    bytes4 internal constant ANY_REFUSAL = 0xffffffff;

    /// The token itself, the zero address and the desk; holders with the keys 1, 2, 3 and 4, and contracts.
    address[] internal _accounts;
    mapping(bytes4 selector => uint256) public successes;
    mapping(bytes4 errorSelector => uint256) public refusals;
    Submission[] internal _submissions;

    /// Calls let through against the rules, or refused without a reason, or for another than the first.
    uint256 public surprises;
    /// Issuances beyond the quota or a valid attestation of the reserve.
    uint256 public issuancesBeyond;
    /// Payments and balances beyond the limits of a wallet class.
    uint256 public beyondLimits;
    /// Messages and nonces that served twice.
    uint256 public usedTwice;
    /// Redemptions that ended twice, or were taken twice.
    uint256 public endedTwice;
    /// Movements of frozen value, or of any while paused, that were no seizure; seizures of what belongs to others; and
    /// whatever came into an account that nothing may come into.
    uint256 public leaks;

    constructor() {
        _accounts.push(address(token));
        _accounts.push(address(0));
        _accounts.push(address(desk));
        for (uint256 key = 1; key <= HOLDERS; ++key) _accounts.push(VM.addr(key));
        for (uint256 i = 0; i < PURSES; ++i) _accounts.push(address(new Purse()));
    }

    function accounts() external view returns (address[] memory) {
        return _accounts;
    }

    // ---------------------------------------------------------------- the calls

    function _act(address target, address caller, bytes memory data, bytes4 refusal) internal returns (bool succeeded) {
        VM.warp(time);
        uint256[] memory before = _balances();
        VM.prank(caller);
        bytes memory result;
        // solhint-disable-next-line avoid-low-level-calls
        (succeeded, result) = target.call(data);
        bool expected = succeeded ? refusal == NO_REFUSAL : refusal == ANY_REFUSAL || refusal == bytes4(result);
        if (!expected) ++surprises;
        if (!succeeded) {
            ++refusals[bytes4(result)];
            return false;
        }
        ++successes[bytes4(data)];
        _watch(bytes4(data), before, _balances());
    }

    function _submit(
        address target,
        address caller,
        bytes memory data,
        bytes4 refusal
    ) internal returns (bool succeeded) {
        succeeded = _act(target, caller, data, refusal);
        if (succeeded) _submissions.push(Submission(target, caller, data));
    }

    /// One time of eight another key.
    function _signer(uint256 key, uint256 form) internal pure returns (uint256) {
        return _isForged(form) ? key + 1 : key;
    }

    function _isForged(uint256 form) internal pure returns (bool) {
        return form % 8 == 0;
    }

    // ------------------------------------------------------------- what is seen

    /// Look at every balance that a call changed, before the model follows.
    function _watch(bytes4 selector, uint256[] memory before, uint256[] memory afterwards) private {
        bool seizure = selector == token.seize.selector;
        for (uint256 i = 0; i < before.length; ++i) {
            Model storage account = _models[_accounts[i]];
            if (afterwards[i] < before[i]) {
                bool held = paused || account.frozenOutgoing;
                held = held || afterwards[i] < _least(before[i], account.frozenAmount);
                if (seizure ? account.settlement : held && !account.settlement) ++leaks;
            }
            if (afterwards[i] > before[i] && !account.settlement) {
                if (account.frozenIncoming) ++leaks;
                if (afterwards[i] > _limitsOf(account).balance) ++beyondLimits;
            }
        }
    }

    /// Compare a payment, and what the token counted of it, with the limits of the payer's class.
    function _watchLimits(address payer, uint256 amount) internal {
        if (_models[payer].settlement) return;
        ICurrencyToken.ClassLimits memory most = _limitsOf(_models[payer]);
        ICurrencyToken.Wallet memory counted = token.wallet(payer);
        bool within = amount <= most.payment;
        if (_isCounted(most)) within = within && counted.spentOnDay <= most.daily && counted.spentInYear <= most.annual;
        if (!within) ++beyondLimits;
    }

    function _balances() private view returns (uint256[] memory balances) {
        balances = new uint256[](_accounts.length);
        for (uint256 i = 0; i < balances.length; ++i) balances[i] = token.balanceOf(_accounts[i]);
    }

    // --------------------------------------------------------------- the choices

    /// An account of somebody: a holder or a contract.
    function _account(uint256 seed) internal view returns (address) {
        return _accounts[_bound(seed, OTHERS, _accounts.length - 1)];
    }

    function _holder(uint256 seed) internal view returns (address) {
        return _accounts[_bound(seed, OTHERS, OTHERS + HOLDERS - 1)];
    }

    /// Mostly an account of somebody, and now and then the zero address, the token or the desk.
    function _anybody(uint256 seed) internal view returns (address) {
        if (seed % 32 < OTHERS) return _accounts[seed % 32];
        return _account(seed / 32);
    }

    function _operator(uint256 seed) internal view returns (address) {
        return seed % 3 == 0 ? otherOperator : operator;
    }

    /// An account, three times of four the next that has a credit.
    function _creditor(uint256 seed) internal view returns (address account) {
        uint256 count = _accounts.length;
        for (uint256 i = 0; i < count && seed % 4 != 0; ++i) {
            account = _accounts[(seed / 4 + i) % count];
            if (_models[account].credit != 0) return account;
        }
        return _anybody(seed / 4);
    }

    /// A request, three times of four the next that is pending; or the number after the last.
    function _request(uint256 seed) internal view returns (uint256 id) {
        uint256 count = _requests.length;
        id = _bound(seed, 1, count + 1);
        for (uint256 i = 0; i < count && seed % 4 != 0 && !_isPending(id); ++i) id = (id % count) + 1;
    }

    /// Who was asked to redeem, three times of four.
    function _operatorOf(uint256 id, uint256 seed) internal view returns (address) {
        return id > _requests.length || seed % 4 == 0 ? _operator(seed / 4) : _requests[id - 1].operator;
    }

    /// An amount up to one that is a little too much.
    function _upTo(uint256 most, uint256 seed) internal pure returns (uint256) {
        return _bound(seed, 0, most + most / 8 + 1);
    }

    /// An amount below an edge, or at it, or one unit beyond; or any up to a little more than is held.
    function _near(uint256 edge, uint256 held, uint256 seed) internal pure returns (uint256) {
        if (seed % 4 == 0) return _least(edge, held) + ((seed / 4) % 2);
        return seed % 4 == 1 ? _upTo(held, seed / 8) : _bound(seed / 8, 0, _least(edge, held));
    }

    /// An amount near the most that may be paid from one account to another, or from where on it becomes a credit.
    function _payable(address from, address to, uint256 seed) internal view returns (uint256) {
        Model storage payer = _models[from];
        uint256 edge = _least(payer.held, _room(to));
        if (!payer.settlement) {
            ICurrencyToken.ClassLimits memory most = _limitsOf(payer);
            edge = _least(edge, _left(payer.held, payer.frozenAmount));
            edge = _least(edge, most.payment);
            if (_isCounted(most)) {
                (uint256 onDay, uint256 inYear) = _spentNow(payer);
                edge = _least(edge, _least(_left(most.daily, onDay), _left(most.annual, inYear)));
            }
        }
        return _near(edge, payer.held, seed);
    }
}
