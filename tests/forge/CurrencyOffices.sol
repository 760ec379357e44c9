// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {ICurrencyToken} from "../../contracts/money/ICurrencyToken.sol";
import {IIssuanceDesk} from "../../contracts/money/IIssuanceDesk.sol";
import {FixedAuthority} from "../../contracts/core/FixedAuthority.sol";
import {CurrencyCalls} from "./CurrencyCalls.sol";

/// @title CurrencyOffices
/// @notice Whatever an office can do to a currency and its desk, one function a move.
abstract contract CurrencyOffices is CurrencyCalls {
    uint256 private constant STEP = 100_000_000;
    uint256 private constant MOST_STEPS = 32_766;

    // ------------------------------------------------------------ central bank

    function setIssuanceQuota(uint256 whose, uint256 quota) external {
        quota = quota % 16 == 0 ? MOST + ((quota / 16) % 2) : _bound(quota / 16, 0, 10_000_000 * FEN);
        bytes4 refusal = quota > MOST ? IIssuanceDesk.SupplyCapExceeded.selector : NO_REFUSAL;
        bytes memory data = abi.encodeCall(desk.setIssuanceQuota, (_operator(whose), quota));
        if (_act(address(desk), centralBank, data, refusal)) quotas[_operator(whose)] = quota;
    }

    function setReserveRatio(uint256 bps) external {
        if (bps % 16 == 0) bps = (bps / 16) % 2 == 0 ? 0 : FULL + 1;
        else bps = bps % 2 == 0 ? FULL : _bound(bps / 16, 1, FULL);
        bytes4 refusal = bps == 0 || bps > FULL ? IIssuanceDesk.ReserveRatioInvalid.selector : NO_REFUSAL;
        if (_act(address(desk), centralBank, abi.encodeCall(desk.setReserveRatio, (bps)), refusal)) ratio = bps;
    }

    function setClassLimits(uint256 which, uint256 balance, uint256 payment, uint256 daily, uint256 annual) external {
        uint256 class = which % (2 * CLASSES) < CLASSES ? which % CLASSES : 0;
        ICurrencyToken.ClassLimits memory next = ICurrencyToken.ClassLimits(
            _limit(balance, 500),
            _limit(payment, 200),
            _limit(daily, 100),
            _limit(annual, 200)
        );
        bool valid = _isLimit(next.balance) && _isLimit(next.payment) && _isLimit(next.daily) && _isLimit(next.annual);
        bytes4 refusal = valid ? NO_REFUSAL : ICurrencyToken.ClassLimitInvalid.selector;
        if (class == uint256(ICurrencyToken.WalletClass.Corporate)) {
            refusal = ICurrencyToken.ClassWithoutLimits.selector;
        }
        bytes memory data = abi.encodeCall(token.setClassLimits, (ICurrencyToken.WalletClass(class), next));
        if (_act(address(token), centralBank, data, refusal)) _limits[class] = next;
    }

    function attestReserve(uint256 amount, uint256 age, uint256 sequence, uint256 validity, uint256 signer) external {
        IIssuanceDesk.ReserveAttestation memory next = IIssuanceDesk.ReserveAttestation({
            amountFen: amount % 16 == 0
                ? MOST_FEN + ((amount / 16) % 2)
                : _bound(amount / 16, 0, (2 * (issued - redeemed)) / FEN + 1_000_000),
            asOf: uint64(_bound(age, _reserve.asOf == 0 ? 0 : _reserve.asOf - 1, time + 1)),
            sequence: uint64(_reserve.sequence + _bound(sequence, 0, 5)),
            validBefore: uint64(time + _bound(validity, 0, 3 days))
        });
        bytes memory signature = _signReserve(_signer(CENTRAL_BANK_KEY, signer), next);
        bytes memory data = abi.encodeCall(desk.attestReserve, (centralBank, next, signature));
        if (_submit(address(desk), _holder(signer), data, _refusalOfAttestation(next, _isForged(signer))))
            _reserve = next;
    }

    // --------------------------------------------------- operating institution

    function issue(uint256 whose, uint256 to, uint256 amount) external {
        (address caller, address payee) = (_operator(whose), _anybody(to));
        uint256 most = _least(quotas[caller], _available());
        amount = _near(_room(payee) / FEN, _least(most / FEN, amount % 8 == 1 ? MOST : 4_000_000), amount) * FEN;
        if (whose % 16 == 0) ++amount;
        if (whose % 16 == 1) amount = (most / FEN) * FEN + (whose % 32 == 1 ? FEN : 0);
        bytes4 refusal = _refusalOfIssue(caller, payee, amount);
        if (_act(address(desk), caller, abi.encodeCall(desk.issue, (payee, amount)), refusal)) {
            if (amount > quotas[caller] || time >= _reserve.validBefore || !_isCovered(amount)) ++issuancesBeyond;
            quotas[caller] -= amount;
            positions[caller] += int256(amount);
            issued += amount;
            _models[payee].held += amount;
        }
    }

    function takeRedemption(uint256 which, uint256 whose) external {
        uint256 id = _request(which);
        address caller = _operatorOf(id, whose);
        bytes4 refusal = _refusalOfRequest(id, caller, true);
        bool taken = refusal == NO_REFUSAL && _requests[id - 1].status == IIssuanceDesk.RedemptionStatus.Taken;
        if (taken) refusal = IIssuanceDesk.RedemptionTakenAlready.selector;
        if (_act(address(desk), caller, abi.encodeCall(desk.takeRedemption, (id)), refusal)) {
            if (taken) ++endedTwice;
            _requests[id - 1].status = IIssuanceDesk.RedemptionStatus.Taken;
            _requests[id - 1].cancellableFrom = uint40(time + 1 days);
        }
    }

    function completeRedemption(uint256 which, uint256 whose) external {
        uint256 id = _request(which);
        address caller = _operatorOf(id, whose);
        bytes memory data = abi.encodeCall(desk.completeRedemption, (id));
        if (_act(address(desk), caller, data, _refusalOfRequest(id, caller, true))) {
            uint256 amount = _end(id, IIssuanceDesk.RedemptionStatus.Completed);
            _models[address(desk)].held -= amount;
            redeemed += amount;
            quotas[caller] += amount;
            positions[caller] -= int256(amount);
        }
    }

    function rejectRedemption(uint256 which, uint256 whose) external {
        uint256 id = _request(which);
        address caller = _operatorOf(id, whose);
        if (
            _act(
                address(desk),
                caller,
                abi.encodeCall(desk.rejectRedemption, (id)),
                _refusalOfRequest(id, caller, true)
            )
        ) {
            uint256 amount = _end(id, IIssuanceDesk.RedemptionStatus.Rejected);
            _paidOut(address(desk), _requests[id - 1].holder, amount);
        }
    }

    /// Create, hold or destroy units without the desk, whatever the caller's office: it is refused.
    function evadeDesk(uint256 whose, uint256 how, uint256 of_, uint256 amount) external {
        address account = _anybody(of_);
        amount = _upTo(_models[account].held, amount);
        bytes memory data = abi.encodeCall(token.createTo, (account, amount));
        if (how % 3 == 1) data = abi.encodeCall(token.holdFrom, (account, amount));
        if (how % 3 == 2) data = abi.encodeCall(token.destroyHeld, (uint96(amount)));
        _act(address(token), _officer(whose), data, ICurrencyToken.CallerNotDesk.selector);
    }

    // ---------------------------------------------------------------- registrar

    function registerWallet(
        uint256 whose,
        uint256 class,
        uint256 expiry,
        uint256 jurisdiction,
        uint256 realName
    ) external {
        address account = _anybody(whose);
        ICurrencyToken.Wallet memory next = _models[account].wallet;
        next.class = ICurrencyToken.WalletClass(class % CLASSES);
        next.identificationExpiry = expiry % 4 == 0 ? uint16(_today() + ((expiry / 4) % 3)) : type(uint16).max;
        next.jurisdiction = uint16(
            jurisdiction % 16 == 0 ? 999 + ((jurisdiction / 16) % 2) : (jurisdiction / 16) % 999
        );
        next.realName = realName % 4 != 0;
        bytes memory data = abi.encodeCall(
            token.registerWallet,
            (account, next.class, next.identificationExpiry, next.jurisdiction, next.realName)
        );
        if (_act(address(token), registrar, data, _refusalOfRegistration(account, next)))
            _models[account].wallet = next;
    }

    function markSettlementAccount(uint256 whose) external {
        address account = _anybody(whose);
        Model storage model = _models[account];
        bytes4 refusal = NO_REFUSAL;
        if (model.frozenOutgoing || model.frozenIncoming || model.frozenAmount != 0) {
            refusal = ICurrencyToken.SettlementAccountFrozen.selector;
        }
        if (account.code.length == 0) refusal = ICurrencyToken.SettlementAccountWithoutCode.selector;
        if (_act(address(token), registrar, abi.encodeCall(token.markSettlementAccount, (account)), refusal))
            model.settlement = true;
    }

    // ------------------------------------------------ freezer, seizer and pauser

    function freeze(uint256 whose, uint256 directions) external {
        address account = _anybody(whose);
        (bool outgoing, bool incoming) = (directions % 4 == 0, (directions / 4) % 4 == 0);
        bytes memory data = abi.encodeCall(token.freeze, (account, outgoing, incoming));
        if (_act(address(token), freezer, data, _refusalOfProtected(account))) {
            (_models[account].frozenOutgoing, _models[account].frozenIncoming) = (outgoing, incoming);
        }
    }

    function freezeAmount(uint256 whose, uint256 amount) external {
        address account = _anybody(whose);
        amount = amount % 2 == 0 ? 0 : _bound(amount / 2, 0, (_models[account].held * 3) / 2);
        bytes memory data = abi.encodeCall(token.freezeAmount, (account, amount));
        if (_act(address(token), freezer, data, _refusalOfProtected(account))) _models[account].frozenAmount = amount;
    }

    function seize(uint256 whose, uint256 to, uint256 amount, uint256 basis) external {
        (address from, address payee) = (_anybody(whose), _anybody(to));
        amount = _near(_room(payee), _models[from].held, amount);
        bytes4 refusal = _refusalOfSeizure(payee, basis % 8);
        if (refusal == NO_REFUSAL) refusal = _refusalOfProtected(from);
        if (refusal == NO_REFUSAL && amount > _models[from].held) {
            refusal = IERC20Errors.ERC20InsufficientBalance.selector;
        }
        bytes memory data = abi.encodeCall(token.seize, (from, payee, amount, bytes32(basis % 8)));
        if (_act(address(token), seizer, data, refusal)) _paidOut(from, payee, amount);
    }

    function seizeCredit(uint256 whose, uint256 to, uint256 amount, uint256 basis) external {
        (address account, address payee) = (_creditor(whose), _anybody(to));
        uint256 credit = _models[account].credit;
        amount = _near(_room(payee), credit, amount);
        bytes4 refusal = _refusalOfSeizure(payee, basis % 8);
        if (refusal == NO_REFUSAL) refusal = _refusalOfProtected(account);
        if (refusal == NO_REFUSAL && amount > credit) refusal = ICurrencyToken.CreditExceeded.selector;
        bytes memory data = abi.encodeCall(token.seizeCredit, (account, payee, amount, bytes32(basis % 8)));
        if (_act(address(token), seizer, data, refusal)) {
            _models[account].credit -= amount;
            _paidOut(address(token), payee, amount);
        }
    }

    function pause(uint256 seed) external {
        if (seed % 4 == 0 && _act(address(token), pauser, abi.encodeCall(token.pause, ()), NO_REFUSAL)) paused = true;
    }

    function unpause() external {
        if (_act(address(token), pauser, abi.encodeCall(token.unpause, ()), NO_REFUSAL)) paused = false;
    }

    // ------------------------------------------------------------ administrator

    /// Whoever asks, and the access manager itself on the administrator's behalf: it is refused.
    function setAuthority(uint256 whose) external {
        address caller = whose % 2 == 0 ? address(access) : _account(whose / 4);
        bytes memory data = abi.encodeCall(token.setAuthority, (caller));
        _act(whose % 4 < 2 ? address(token) : address(desk), caller, data, FixedAuthority.AuthorityFixed.selector);
    }

    // ---------------------------------------------------------------- the rules

    function _refusalOfAttestation(
        IIssuanceDesk.ReserveAttestation memory next,
        bool forged
    ) private view returns (bytes4) {
        bool inTurn = next.sequence > _reserve.sequence && next.sequence - _reserve.sequence <= 2 ** 32;
        if (!inTurn) return IIssuanceDesk.ReserveSequenceInvalid.selector;
        if (next.asOf < _reserve.asOf || next.asOf > time) return IIssuanceDesk.ReserveTimeInvalid.selector;
        if (next.validBefore <= time) return IIssuanceDesk.ReserveAttestationExpired.selector;
        if (next.amountFen > MOST_FEN) return IIssuanceDesk.SupplyCapExceeded.selector;
        return forged ? IIssuanceDesk.ReserveSignatureInvalid.selector : NO_REFUSAL;
    }

    function _refusalOfProtected(address account) private view returns (bytes4) {
        return _models[account].settlement ? ICurrencyToken.SettlementAccountProtected.selector : NO_REFUSAL;
    }

    function _refusalOfRegistration(
        address account,
        ICurrencyToken.Wallet memory next
    ) private view returns (bytes4 refusal) {
        if (next.jurisdiction > 999) refusal = ICurrencyToken.JurisdictionInvalid.selector;
        if (next.class != ICurrencyToken.WalletClass.IV && !next.realName) {
            refusal = ICurrencyToken.WalletWithoutRealName.selector;
        }
        if (_models[account].settlement) refusal = ICurrencyToken.SettlementAccountProtected.selector;
    }

    /// Units that the reserve covers more.
    function _available() private view returns (uint256) {
        uint256 most = _least((_reserve.amountFen * FEN * FULL) / ratio, MOST);
        return time < _reserve.validBefore ? _left(most, issued - redeemed) : 0;
    }

    /// Whoever has power over a currency, but its desk; or anybody else.
    function _officer(uint256 seed) private view returns (address) {
        address[8] memory officers = [
            address(access),
            address(token),
            centralBank,
            operator,
            registrar,
            freezer,
            seizer,
            pauser
        ];
        return seed % 2 == 0 ? officers[(seed / 2) % officers.length] : _account(seed / 2);
    }

    /// A limit of some steps, or none, or at the edge of what one may be.
    function _limit(uint256 seed, uint256 steps) private pure returns (uint256) {
        if (seed % 4 == 0) return NONE;
        if (seed % 64 == 1) return (MOST_STEPS + ((seed / 64) % 2)) * STEP;
        return _bound(seed / 64, 0, steps) * STEP + (seed % 64 == 2 ? 1 : 0);
    }

    function _isLimit(uint256 limit) private pure returns (bool) {
        return limit == NONE || (limit % STEP == 0 && limit <= MOST_STEPS * STEP);
    }

    /// What a request that ends was for.
    function _end(uint256 id, IIssuanceDesk.RedemptionStatus status) internal returns (uint256 amount) {
        if (!_isPending(id)) ++endedTwice;
        _requests[id - 1].status = status;
        amount = _requests[id - 1].amount;
    }
}
