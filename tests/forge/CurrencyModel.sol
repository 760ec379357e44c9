// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {ICurrencyToken} from "../../contracts/money/ICurrencyToken.sol";
import {IIssuanceDesk} from "../../contracts/money/IIssuanceDesk.sol";
import {COLLECTOR, CurrencyWorld} from "./CurrencyWorld.sol";

/// @title CurrencyModel
/// @notice What a currency must have become, and which calls it must refuse, by the rules of docs/reference/domain.
/// @dev Written for reading, not for gas, and without the contract's words, calendar or arithmetic. A refusal is told
/// by the selector of its error, the first that docs/reference/domain names; zero is none.
abstract contract CurrencyModel is CurrencyWorld(COLLECTOR) {
    /// What the model knows of an account.
    struct Model {
        uint256 held;
        uint256 credit;
        uint256 frozenAmount;
        uint256 permits;
        bool frozenOutgoing;
        bool frozenIncoming;
        bool settlement;
        bool payeeOnly;
        ICurrencyToken.Wallet wallet;
    }

    uint256 internal constant NONE = type(uint256).max;
    uint256 internal constant MOST = type(uint96).max;
    uint256 internal constant MOST_FEN = MOST / FEN;
    uint256 internal constant FULL = 10_000;
    uint256 internal constant CLASSES = 5;
    bytes4 internal constant NO_REFUSAL = 0;

    mapping(address account => Model) internal _models;
    mapping(uint256 class => ICurrencyToken.ClassLimits) internal _limits;
    mapping(address operator => uint256) public quotas;
    mapping(address operator => int256) public positions;
    IIssuanceDesk.Redemption[] internal _requests;
    IIssuanceDesk.ReserveAttestation internal _reserve;
    uint256 public ratio = FULL;
    uint256 public issued;
    uint256 public redeemed;
    uint256 public time = START;
    bool public paused;

    constructor() {
        _models[address(0)].settlement = true;
        _models[address(token)].settlement = true;
        _models[address(desk)].settlement = true;
        for (uint256 class = 0; class < CLASSES; ++class) {
            _limits[class] = ICurrencyToken.ClassLimits(NONE, NONE, NONE, NONE);
        }
    }

    // -------------------------------------------------------------------- views

    function model(address account) external view returns (Model memory) {
        return _models[account];
    }

    function limits(uint256 class) external view returns (ICurrencyToken.ClassLimits memory) {
        return _limits[class];
    }

    function requests() external view returns (IIssuanceDesk.Redemption[] memory) {
        return _requests;
    }

    function reserve() external view returns (IIssuanceDesk.ReserveAttestation memory) {
        return _reserve;
    }

    function operators() external view returns (address, address) {
        return (operator, otherOperator);
    }

    // ----------------------------------------------------------------- refusals

    function _refusalOfIssue(address caller, address to, uint256 amount) internal view returns (bytes4) {
        if (amount == 0 || amount % FEN != 0) return IIssuanceDesk.AmountNotWholeMinorUnits.selector;
        if (amount > quotas[caller]) return IIssuanceDesk.QuotaExceeded.selector;
        if (time >= _reserve.validBefore) return IIssuanceDesk.ReserveAttestationExpired.selector;
        if (!_isCovered(amount)) return IIssuanceDesk.ReserveExceeded.selector;
        if (paused) return ICurrencyToken.CurrencyPaused.selector;
        return _refusalOfPayee(to, amount, _models[to].held, false);
    }

    /// Of a payment that a holder sets in motion; `byOther` where it is an authorization that somebody else submits.
    function _refusalOfPayment(
        address from,
        address to,
        uint256 amount,
        bool byOther
    ) internal view returns (bytes4 refusal) {
        Model storage payer = _models[from];
        if (payer.settlement) {
            if (_isNobodys(to)) return IERC20Errors.ERC20InvalidReceiver.selector;
            if (byOther && _models[to].payeeOnly) return ICurrencyToken.PayeeOnly.selector;
            return amount > payer.held ? IERC20Errors.ERC20InsufficientBalance.selector : NO_REFUSAL;
        }
        refusal = _refusalOfPayer(payer, amount);
        if (refusal == NO_REFUSAL) refusal = _refusalByLimits(payer, amount);
        uint256 heldByPayee = _left(_models[to].held, from == to ? amount : 0);
        if (refusal == NO_REFUSAL) refusal = _refusalOfPayee(to, amount, heldByPayee, byOther);
    }

    /// Of what leaves an account of its holder's own: pause, freezes, balance.
    function _refusalOfPayer(Model storage payer, uint256 amount) internal view returns (bytes4) {
        if (!payer.settlement) {
            if (paused) return ICurrencyToken.CurrencyPaused.selector;
            if (payer.frozenOutgoing) return ICurrencyToken.AccountFrozenOutgoing.selector;
            bool isFrozen = payer.frozenAmount != 0 && amount > payer.held - _least(payer.frozenAmount, payer.held);
            if (isFrozen) return ICurrencyToken.FrozenAmountExceeded.selector;
        }
        return amount > payer.held ? IERC20Errors.ERC20InsufficientBalance.selector : NO_REFUSAL;
    }

    function _refusalByLimits(Model storage payer, uint256 amount) private view returns (bytes4) {
        ICurrencyToken.ClassLimits memory most = _limitsOf(payer);
        if (amount > most.payment) return ICurrencyToken.PaymentLimitExceeded.selector;
        if (!_isCounted(most)) return NO_REFUSAL;
        (uint256 spentOnDay, uint256 spentInYear) = _spentNow(payer);
        if (spentOnDay + amount > most.daily) return ICurrencyToken.DailyLimitExceeded.selector;
        return spentInYear + amount > most.annual ? ICurrencyToken.AnnualLimitExceeded.selector : NO_REFUSAL;
    }

    function _refusalOfPayee(address to, uint256 amount, uint256 held, bool byOther) internal view returns (bytes4) {
        Model storage payee = _models[to];
        if (_isNobodys(to)) return IERC20Errors.ERC20InvalidReceiver.selector;
        if (payee.frozenIncoming) return ICurrencyToken.AccountFrozenIncoming.selector;
        if (byOther && payee.payeeOnly) return ICurrencyToken.PayeeOnly.selector;
        return _fits(payee, amount, held) ? NO_REFUSAL : ICurrencyToken.BalanceLimitExceeded.selector;
    }

    function _refusalOfSeizure(address to, uint256 basis) internal view returns (bytes4) {
        if (basis == 0) return ICurrencyToken.SeizureWithoutLegalBasis.selector;
        return _isNobodys(to) ? IERC20Errors.ERC20InvalidReceiver.selector : NO_REFUSAL;
    }

    /// Of a redemption that is to be taken or ended; `asked` where the operator does it, and else the holder.
    function _refusalOfRequest(uint256 id, address caller, bool asked) internal view returns (bytes4) {
        if (id > _requests.length) return IIssuanceDesk.RedemptionNotFound.selector;
        IIssuanceDesk.Redemption storage request = _requests[id - 1];
        if (!_isPending(id)) return IIssuanceDesk.RedemptionEnded.selector;
        bool isParty = caller == (asked ? request.operator : request.holder);
        return isParty ? NO_REFUSAL : IIssuanceDesk.RedemptionCallerInvalid.selector;
    }

    // -------------------------------------------------------------------- rules

    /// What nobody pays: nothing would ever leave the zero address, nor, but for credits, the currency, nor, but for
    /// redemptions, its desk.
    function _isNobodys(address account) internal view returns (bool) {
        return account == address(0) || account == address(token) || account == address(desk);
    }

    /// Supply times ratio does not pass the reserve times 10,000, nor the supply 96 bits.
    function _isCovered(uint256 amount) internal view returns (bool) {
        uint256 supply = issued - redeemed + amount;
        return amount == 0 || (supply * ratio <= _reserve.amountFen * FEN * FULL && supply <= MOST);
    }

    /// Limits that hold for an account today.
    function _limitsOf(Model storage account) internal view returns (ICurrencyToken.ClassLimits memory) {
        bool isIdentified = _today() < account.wallet.identificationExpiry;
        return _limits[isIdentified ? uint256(account.wallet.class) : 0];
    }

    function _isCounted(ICurrencyToken.ClassLimits memory most) internal pure returns (bool) {
        return most.daily != NONE || most.annual != NONE;
    }

    /// What an account paid today and this year.
    function _spentNow(Model storage account) internal view returns (uint256 onDay, uint256 inYear) {
        (uint256 last, uint256 today) = (account.wallet.day, _today());
        if (last == today) onDay = account.wallet.spentOnDay;
        if (_yearStart(last) == _yearStart(today)) inYear = account.wallet.spentInYear;
    }

    /// Whether so much may come into an account that holds `held`.
    function _fits(Model storage payee, uint256 amount, uint256 held) internal view returns (bool) {
        if (payee.settlement || amount == 0) return true;
        return held + amount <= _limitsOf(payee).balance;
    }

    /// How much may come in; what an account without limits may hold is more than there is.
    function _room(address to) internal view returns (uint256) {
        Model storage payee = _models[to];
        return payee.settlement ? NONE : _left(_limitsOf(payee).balance, payee.held);
    }

    /// Day of UTC+8.
    function _today() internal view returns (uint256) {
        return (time + 8 hours) / 1 days;
    }

    /// First day of the Gregorian year of a day, counted year by year from 1970.
    function _yearStart(uint256 day) internal pure returns (uint256 start) {
        for (uint256 year = 1970; ; ++year) {
            uint256 next = start + (_isLeap(year) ? 366 : 365);
            if (day < next) return start;
            start = next;
        }
    }

    function _isLeap(uint256 year) private pure returns (bool) {
        return year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
    }

    function _isPending(uint256 id) internal view returns (bool) {
        if (id > _requests.length) return false;
        IIssuanceDesk.RedemptionStatus status = _requests[id - 1].status;
        return status == IIssuanceDesk.RedemptionStatus.Requested || status == IIssuanceDesk.RedemptionStatus.Taken;
    }

    // ------------------------------------------------------------------ effects

    /// A payment that was let through: counted where it is spending, a payout where it leaves a settlement account.
    function _paid(address from, address to, uint256 amount) internal {
        if (_models[from].settlement) return _paidOut(from, to, amount);
        if (_isCounted(_limitsOf(_models[from]))) {
            ICurrencyToken.Wallet storage wallet = _models[from].wallet;
            (uint256 onDay, uint256 inYear) = _spentNow(_models[from]);
            (wallet.day, wallet.spentOnDay) = (uint16(_today()), onDay + amount);
            wallet.spentInYear = inYear + amount;
        }
        _moved(from, to, amount);
    }

    /// What is owed reaches the payee, or becomes its credit, which the currency holds.
    function _paidOut(address from, address to, uint256 amount) internal {
        Model storage payee = _models[to];
        bool comesIn = payee.settlement || (!payee.frozenIncoming && _fits(payee, amount, payee.held));
        if (!comesIn) payee.credit += amount;
        _moved(from, comesIn ? to : address(token), amount);
    }

    function _moved(address from, address to, uint256 amount) internal {
        _models[from].held -= amount;
        _models[to].held += amount;
    }

    function _left(uint256 limit, uint256 used) internal pure returns (uint256) {
        return limit > used ? limit - used : 0;
    }

    function _least(uint256 one, uint256 other) internal pure returns (uint256) {
        return one < other ? one : other;
    }
}
