// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {ICurrencyToken} from "../../contracts/money/ICurrencyToken.sol";
import {IIssuanceDesk} from "../../contracts/money/IIssuanceDesk.sol";
import {IERC2612} from "../../contracts/core/IERC2612.sol";
import {IERC3009} from "../../contracts/core/IERC3009.sol";
import {CurrencyOffices} from "./CurrencyOffices.sol";
import {VM} from "./Vm.sol";

/// @title CurrencyMoves
/// @notice Whatever anybody can do to a currency and its desk, one function a move, beside a model of what must have
/// come of it.
/// @dev A move takes any numbers and makes of them a call that is near the edge of what is allowed, on either side. The
/// model is kept from the calls alone, and says of each beforehand whether it is let through, and if not, why.
contract CurrencyMoves is CurrencyOffices {
    /// An allowance that was given.
    struct Grant {
        address owner;
        address spender;
    }

    /// A payment that is authorized by a signature.
    struct Payment {
        uint256 key;
        address from;
        address to;
        uint256 amount;
        uint256 validAfter;
        uint256 validBefore;
        uint256 nonce;
    }

    uint256 internal constant NONCES = 600;
    uint256 internal constant LAST_YEAR_DAY = 62_000;
    string internal constant TERMS = "(address,address,uint256,uint256,uint256,bytes32";

    mapping(address owner => mapping(address spender => uint256)) private _allowances;
    mapping(address authorizer => mapping(uint256 nonce => bool)) private _spent;
    Grant[] private _grants;

    // ------------------------------------------------------------------- holder

    function transfer(uint256 whose, uint256 to, uint256 amount) external {
        (address from, address payee) = (_account(whose), _anybody(to));
        amount = _payable(from, payee, amount);
        bytes memory data = abi.encodeCall(token.transfer, (payee, amount));
        if (_act(address(token), from, data, _refusalOfPayment(from, payee, amount, false)))
            _follow(from, payee, amount);
    }

    function approve(uint256 whose, uint256 spender, uint256 amount) external {
        (address owner, address to) = (_account(whose), spender % 16 == 0 ? address(0) : _account(spender / 16));
        amount = amount % 4 == 0 ? NONE : _upTo(_models[owner].held, amount / 4);
        bytes4 refusal = to == address(0) ? IERC20Errors.ERC20InvalidSpender.selector : NO_REFUSAL;
        if (_act(address(token), owner, abi.encodeCall(token.approve, (to, amount)), refusal))
            _allow(owner, to, amount);
    }

    function transferFrom(uint256 which, uint256 to, uint256 amount) external {
        if (_grants.length == 0) return;
        Grant memory grant = _grants[which % _grants.length];
        if (which % 32 < OTHERS) grant.owner = _accounts[which % 32];
        address payee = _anybody(to);
        uint256 allowed = _allowances[grant.owner][grant.spender];
        amount =
            amount % 2 == 0
                ? _near(allowed, _models[grant.owner].held, amount / 2)
                : _payable(grant.owner, payee, amount / 2);
        bytes4 refusal = _refusalOfPayment(grant.owner, payee, amount, false);
        if (amount > allowed) refusal = IERC20Errors.ERC20InsufficientAllowance.selector;
        if (grant.owner == address(0)) refusal = IERC20Errors.ERC20InvalidSender.selector;
        bytes memory data = abi.encodeCall(token.transferFrom, (grant.owner, payee, amount));
        if (_act(address(token), grant.spender, data, refusal)) {
            if (allowed != NONE) _allowances[grant.owner][grant.spender] -= amount;
            _follow(grant.owner, payee, amount);
        }
    }

    function permit(uint256 key, uint256 to, uint256 amount, uint256 until, uint256 form) external {
        key = _bound(key, 1, HOLDERS);
        (address owner, address spender) = (VM.addr(key), _account(to));
        amount = _upTo(_models[owner].held, amount);
        uint256 deadline = time - 1 + (until % 4);
        uint256 nonce = _models[owner].permits;
        bytes memory signature = _sign(
            _signer(key, form),
            keccak256(abi.encode(PERMIT, owner, spender, amount, nonce, deadline))
        );
        bytes memory words = abi.encode(owner, spender, amount, deadline);
        bytes memory data = _withSignature("permit(address,address,uint256,uint256", words, signature, form);
        bytes4 refusal = _isForged(form) ? IERC2612.PermitSignatureInvalid.selector : NO_REFUSAL;
        if (_submit(address(token), _holder(form), data, deadline < time ? IERC2612.PermitExpired.selector : refusal)) {
            ++_models[owner].permits;
            _allow(owner, spender, amount);
        }
    }

    function transferWithAuthorization(
        uint256 key,
        uint256 to,
        uint256 amount,
        uint256 window,
        uint256 nonce,
        uint256 form
    ) external {
        Payment memory payment = _payment(key, to, amount, window, nonce);
        address caller = form % 3 == 0 ? payment.to : _holder(form);
        bytes4 refusal = _refusalOfAuthorization(payment, form, caller != payment.to);
        _authorized("transferWithAuthorization", TRANSFER, caller, refusal, payment, form);
    }

    function receiveWithAuthorization(
        uint256 key,
        uint256 to,
        uint256 amount,
        uint256 window,
        uint256 nonce,
        uint256 form
    ) external {
        Payment memory payment = _payment(key, to, amount, window, nonce);
        address caller = form % 4 == 0 ? _holder(form) : payment.to;
        bytes4 refusal = _refusalOfAuthorization(payment, form, false);
        if (caller != payment.to) refusal = IERC3009.AuthorizationCallerNotPayee.selector;
        _authorized("receiveWithAuthorization", RECEIVE, caller, refusal, payment, form);
    }

    function cancelAuthorization(uint256 key, uint256 nonce, uint256 form) external {
        (key, nonce) = (_bound(key, 1, HOLDERS), nonce % NONCES);
        address authorizer = VM.addr(key);
        bytes memory words = abi.encode(authorizer, nonce);
        bytes memory signature = _sign(_signer(key, form), keccak256(bytes.concat(CANCEL, words)));
        bytes memory data = _withSignature("cancelAuthorization(address,bytes32", words, signature, form);
        bytes4 refusal = _spent[authorizer][nonce] ? IERC3009.AuthorizationAlreadyUsed.selector : NO_REFUSAL;
        if (_isForged(form)) refusal = IERC3009.AuthorizationSignatureInvalid.selector;
        if (_submit(address(token), _holder(form), data, refusal)) _spend(authorizer, nonce);
    }

    /// Submit again what was let through once.
    function replay(uint256 which, uint256 submitter) external {
        if (_submissions.length == 0) return;
        Submission memory submission = _submissions[which % _submissions.length];
        address caller = submitter % 2 == 0 ? submission.caller : _holder(submitter / 2);
        if (_act(submission.target, caller, submission.data, ANY_REFUSAL)) ++usedTwice;
    }

    function requestRedemption(uint256 whose, uint256 from, uint256 amount) external {
        (address holder, address asked) = (_account(from), whose % 16 == 0 ? _holder(whose) : _operator(whose));
        uint256 free = _left(_models[holder].held, _models[holder].frozenAmount);
        amount = _near(free / FEN, _models[holder].held / FEN, amount) * FEN + (whose % 16 == 1 ? 1 : 0);
        bytes4 refusal = _refusalOfPayer(_models[holder], amount);
        if (amount == 0 || amount % FEN != 0) refusal = IIssuanceDesk.AmountNotWholeMinorUnits.selector;
        if (asked != operator && asked != otherOperator) refusal = IIssuanceDesk.RedemptionOperatorInvalid.selector;
        if (_act(address(desk), holder, abi.encodeCall(desk.requestRedemption, (asked, amount)), refusal)) {
            IIssuanceDesk.RedemptionStatus status = IIssuanceDesk.RedemptionStatus.Requested;
            _requests.push(IIssuanceDesk.Redemption(holder, uint96(amount), asked, status, 0));
            _moved(holder, address(desk), amount);
        }
    }

    function cancelRedemption(uint256 which, uint256 whose) external {
        uint256 id = _request(which);
        address caller = id > _requests.length || whose % 4 == 0 ? _account(whose / 4) : _requests[id - 1].holder;
        bytes4 refusal = _refusalOfRequest(id, caller, false);
        if (refusal == NO_REFUSAL && time < _requests[id - 1].cancellableFrom) {
            refusal = IIssuanceDesk.RedemptionNotCancellable.selector;
        }
        if (_act(address(desk), caller, abi.encodeCall(desk.cancelRedemption, (id)), refusal)) {
            uint256 amount = _end(id, IIssuanceDesk.RedemptionStatus.Cancelled);
            _paidOut(address(desk), caller, amount);
        }
    }

    function claimCredit(uint256 whose, uint256 amount, uint256 by) external {
        address account = _creditor(whose);
        uint256 credit = _models[account].credit;
        amount = _near(_room(account), credit, amount);
        bytes4 refusal = _refusalOfPayee(account, amount, _models[account].held, false);
        if (amount > credit) refusal = ICurrencyToken.CreditExceeded.selector;
        if (_act(address(token), _account(by), abi.encodeCall(token.claimCredit, (account, amount)), refusal)) {
            _models[account].credit -= amount;
            _moved(address(token), account, amount);
        }
    }

    function setPayeeOnly(uint256 whose, uint256 enabled) external {
        address account = _account(whose);
        if (_act(address(token), account, abi.encodeCall(token.setPayeeOnly, (enabled % 4 == 0)), NO_REFUSAL)) {
            _models[account].payeeOnly = enabled % 4 == 0;
        }
    }

    /// Some hours; or to where a day or a year of UTC+8 begins, or a second before; or to where a request that was
    /// taken can be cancelled, or a second before.
    function wait(uint256 period, uint256 which, uint256 how) external {
        if (how % 4 == 0) return _waitUntil((_today() + 1) * 1 days - 8 hours - (period % 2));
        if (how % 16 == 1 && _today() < LAST_YEAR_DAY) {
            uint256 nextYear = _yearStart(_yearStart(_today()) + 366);
            return _waitUntil(nextYear * 1 days - 8 hours - (period % 2));
        }
        uint256 id = _request(which);
        if (how % 4 == 2 && _isPending(id)) return _waitUntil(_left(_requests[id - 1].cancellableFrom, period % 2));
        time += _bound(period, 0, 6 hours);
    }

    // ---------------------------------------------------------------- internals

    /// Time never runs backwards.
    function _waitUntil(uint256 moment) private {
        if (moment > time) time = moment;
    }

    function _payment(
        uint256 key,
        uint256 to,
        uint256 amount,
        uint256 window,
        uint256 nonce
    ) private view returns (Payment memory payment) {
        payment.key = _bound(key, 1, HOLDERS);
        payment.from = VM.addr(payment.key);
        payment.to = _anybody(to);
        payment.amount = _payable(payment.from, payment.to, amount);
        (payment.validAfter, payment.validBefore) = (time - 7 + (window % 8), time + ((window / 8) % 8));
        payment.nonce = nonce % NONCES;
    }

    function _refusalOfAuthorization(Payment memory payment, uint256 form, bool byOther) private view returns (bytes4) {
        if (time <= payment.validAfter) return IERC3009.AuthorizationNotYetValid.selector;
        if (time >= payment.validBefore) return IERC3009.AuthorizationExpired.selector;
        if (_isForged(form)) return IERC3009.AuthorizationSignatureInvalid.selector;
        if (_spent[payment.from][payment.nonce]) return IERC3009.AuthorizationAlreadyUsed.selector;
        return _refusalOfPayment(payment.from, payment.to, payment.amount, byOther);
    }

    function _authorized(
        string memory name,
        bytes32 typeHash,
        address caller,
        bytes4 refusal,
        Payment memory payment,
        uint256 form
    ) private {
        bytes memory words = abi.encode(
            payment.from,
            payment.to,
            payment.amount,
            payment.validAfter,
            payment.validBefore,
            bytes32(payment.nonce)
        );
        bytes memory signature = _sign(_signer(payment.key, form), keccak256(bytes.concat(typeHash, words)));
        if (
            _submit(address(token), caller, _withSignature(string.concat(name, TERMS), words, signature, form), refusal)
        ) {
            _spend(payment.from, payment.nonce);
            _follow(payment.from, payment.to, payment.amount);
        }
    }

    function _follow(address from, address to, uint256 amount) private {
        _watchLimits(from, amount);
        _paid(from, to, amount);
    }

    function _allow(address owner, address spender, uint256 amount) private {
        _allowances[owner][spender] = amount;
        _grants.push(Grant(owner, spender));
    }

    function _spend(address authorizer, uint256 nonce) private {
        if (_spent[authorizer][nonce]) ++usedTwice;
        _spent[authorizer][nonce] = true;
    }
}
