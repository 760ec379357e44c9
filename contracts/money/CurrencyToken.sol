// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICurrencyToken} from "./ICurrencyToken.sol";
import {IChannelPolicy} from "../core/IChannelPolicy.sol";
import {ERC20WithAuthorization} from "../core/ERC20WithAuthorization.sol";
import {Calendar} from "../core/Calendar.sol";
import {ChannelConfig} from "../core/ChannelConfig.sol";
import {FixedAuthority} from "../core/FixedAuthority.sol";
import {Account} from "./Account.sol";
import {IssuanceDesk} from "./IssuanceDesk.sol";
import {Limits, LimitsFields, Policy} from "./Policy.sol";

/// @title CurrencyToken
/// @notice The stablecoin of one currency. Balances change in `_transfer` and `_move` and nowhere else.
/// @dev Only administration checks roles (AccessManager); a transfer checks none. Only the IssuanceDesk creates and
/// destroys units. This contract creates the desk, so that no role can be granted for that. `_transfer` checks payments
/// that a holder starts. `_payOut` pays amounts that settlement accounts owe and that no payee may stop: to the payee,
/// or, if the payee is frozen or at its limit, to this contract as the payee's credit.
contract CurrencyToken is ICurrencyToken, ERC20WithAuthorization, FixedAuthority {
    uint256 private constant MOST_UNITS = type(uint96).max;
    /// The two forms of `transferWithAuthorization` (EIP-3009).
    bytes4 private constant TRANSFER_BY_PARTS = 0xe3ee160e;
    bytes4 private constant TRANSFER_BY_BYTES = 0xcf092995;
    /// First bytes of the code of a delegating key (EIP-7702).
    bytes3 private constant DELEGATION = 0xef0100;
    /// A struct, so that the place of the word is computed once for reading and writing.
    struct Slot {
        Account account;
    }

    /// Collector that brings deposits into channels, each by its payer's own signature; no other contract may.
    address private immutable _collector;

    /// @inheritdoc ICurrencyToken
    address public immutable issuanceDesk;

    mapping(address holder => Slot) private _accounts;
    mapping(address holder => uint256 units) private _frozenAmounts;
    mapping(address holder => uint256 units) private _credits;
    uint256 private _supply;
    Policy private _policy;

    /// @param name_ Name of the token, and of its EIP-712 domain.
    /// @param symbol_ Symbol.
    /// @param authority AccessManager with the roles central bank, operator, registrar, freezer, seizer and pauser.
    /// @param collector Deposit collector of the hub: the only one that brings deposits into channels.
    constructor(
        string memory name_,
        string memory symbol_,
        address authority,
        address collector
    ) ERC20WithAuthorization(name_, symbol_) FixedAuthority(authority) {
        _collector = collector;
        issuanceDesk = address(new IssuanceDesk(authority));
        _markSettlementAccount(address(0));
        _markSettlementAccount(address(this));
        _markSettlementAccount(issuanceDesk);
    }

    // ------------------------------------------------------------ central bank

    /// @inheritdoc ICurrencyToken
    function setClassLimits(WalletClass class, ClassLimits calldata limits) external restricted {
        if (class == WalletClass.Corporate) revert ClassWithoutLimits(class);

        Limits packed = LimitsFields.pack(
            _steps(limits.balance),
            _steps(limits.payment),
            _steps(limits.daily),
            _steps(limits.annual)
        );
        _policy = _policy.withLimits(uint256(class), packed);
        emit ClassLimitsSet(class, limits.balance, limits.payment, limits.daily, limits.annual);
    }

    // ------------------------------------------------------------ issuance desk

    /// @inheritdoc ICurrencyToken
    function createTo(address to, uint256 amount) external {
        _checkDesk();
        Policy policy = _policy;
        if (policy.isPaused()) revert CurrencyPaused();
        _checkPayee(to, _accounts[to].account, amount, policy, Calendar.today());

        _move(address(0), to, amount);
    }

    /// @inheritdoc ICurrencyToken
    function holdFrom(address holder, uint256 amount) external {
        _checkDesk();
        Account account = _accounts[holder].account;
        if (!account.isSettlement()) {
            Policy policy = _policy;
            if (policy.isPaused()) revert CurrencyPaused();
            if (!account.isPlainPayer()) _checkFreeze(holder, account, amount, policy);
        }

        _move(holder, msg.sender, amount);
    }

    /// @inheritdoc ICurrencyToken
    function destroyHeld(uint96 amount) external {
        _checkDesk();

        _move(msg.sender, address(0), amount);
    }

    // ---------------------------------------------------------------- registrar

    /// @inheritdoc ICurrencyToken
    function registerWallet(
        address account,
        WalletClass class,
        uint16 identificationExpiry,
        uint16 jurisdiction,
        bool realName
    ) external restricted {
        Account word = _ownAccount(account);
        if (class != WalletClass.IV && !realName) revert WalletWithoutRealName(account, class);
        if (jurisdiction > 999) revert JurisdictionInvalid(jurisdiction);

        _accounts[account].account = word.withRegistration(uint8(class), identificationExpiry, jurisdiction, realName);
        emit WalletRegistered(account, class, identificationExpiry, jurisdiction, realName);
    }

    /// @inheritdoc ICurrencyToken
    function markSettlementAccount(address account) external restricted {
        // An account with the code of a delegation (EIP-7702) is a key.
        bool isContract = account.code.length != 0 && bytes3(account.code) != DELEGATION;
        if (!isContract) revert SettlementAccountWithoutCode(account);
        if (_accounts[account].account.isFrozen()) revert SettlementAccountFrozen(account);

        _markSettlementAccount(account);
    }

    // ------------------------------------------------ freezer, seizer and pauser

    /// @inheritdoc ICurrencyToken
    function freeze(address account, bool outgoing, bool incoming) external restricted {
        _accounts[account].account = _ownAccount(account).withFreeze(outgoing, incoming);
        emit FreezeSet(account, outgoing, incoming);
    }

    /// @inheritdoc ICurrencyToken
    function freezeAmount(address account, uint256 amount) external restricted {
        _accounts[account].account = _ownAccount(account).withFrozenAmount(amount != 0);
        _frozenAmounts[account] = amount;
        emit FrozenAmountSet(account, amount);
    }

    /// @inheritdoc ICurrencyToken
    function seize(address from, address to, uint256 amount, bytes32 legalBasis) external restricted {
        _checkSeizure(from, to, legalBasis);

        emit Seized(from, to, amount, legalBasis);
        _payOut(from, to, amount);
    }

    /// @inheritdoc ICurrencyToken
    function seizeCredit(address account, address to, uint256 amount, bytes32 legalBasis) external restricted {
        _checkSeizure(account, to, legalBasis);

        uint256 credit = _reduceCredit(account, amount);
        emit CreditSeized(account, to, amount, credit, legalBasis);
        _payOut(address(this), to, amount);
    }

    /// @inheritdoc ICurrencyToken
    function pause() external restricted {
        _policy = _policy.withPause(true);
        emit Paused(msg.sender);
    }

    /// @inheritdoc ICurrencyToken
    function unpause() external restricted {
        _policy = _policy.withPause(false);
        emit Unpaused(msg.sender);
    }

    // ------------------------------------------------------------------- holder

    /// @inheritdoc ICurrencyToken
    function claimCredit(address account, uint256 amount) external {
        uint256 credit = _reduceCredit(account, amount);
        _checkPayee(account, _accounts[account].account, amount, _policy, Calendar.today());
        emit CreditClaimed(account, amount, credit);
        _move(address(this), account, amount);
    }

    /// @inheritdoc ICurrencyToken
    function setPayeeOnly(bool enabled) external {
        _accounts[msg.sender].account = _accounts[msg.sender].account.withPayeeOnly(enabled);
        emit PayeeOnlySet(msg.sender, enabled);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc IChannelPolicy
    function checkChannel(address collector, ChannelConfig calldata config) external view {
        if (collector != _collector) revert ChannelCollectorRefused(collector, _collector);
        _checkReceiver(config.receiver);
        if (_accounts[config.receiver].account.isPayeeOnly()) revert ChannelReceiverPayeeOnly(config.receiver);
    }

    /// @notice Units in circulation.
    function totalSupply() external view returns (uint256) {
        return _supply;
    }

    /// @notice Units held by an account.
    function balanceOf(address account) external view returns (uint256) {
        return _accounts[account].account.balance();
    }

    /// @notice Decimal places of a displayed amount: one unit is a millionth.
    function decimals() external pure returns (uint8) {
        return 6;
    }

    /// @inheritdoc ICurrencyToken
    function classLimits(WalletClass class) external view returns (ClassLimits memory) {
        Limits limits = _policy.limits(uint256(class));
        return
            ClassLimits(
                _stated(limits.balance()),
                _stated(limits.payment()),
                _stated(limits.daily()),
                _stated(limits.annual())
            );
    }

    /// @inheritdoc ICurrencyToken
    function wallet(address account) external view returns (Wallet memory) {
        Account word = _accounts[account].account;
        return
            Wallet({
                class: WalletClass(word.walletClass()),
                identificationExpiry: uint16(word.identificationExpiry()),
                jurisdiction: uint16(word.jurisdiction()),
                realName: word.isRealName(),
                day: uint16(word.day()),
                spentOnDay: word.spentOnDay(),
                spentInYear: word.spentInYear()
            });
    }

    /// @inheritdoc ICurrencyToken
    function creditOf(address account) external view returns (uint256) {
        return _credits[account];
    }

    /// @inheritdoc ICurrencyToken
    function isPayeeOnly(address account) external view returns (bool) {
        return _accounts[account].account.isPayeeOnly();
    }

    /// @inheritdoc ICurrencyToken
    function isSettlementAccount(address account) external view returns (bool) {
        return _accounts[account].account.isSettlement();
    }

    /// @inheritdoc ICurrencyToken
    function frozen(address account) external view returns (bool outgoing, bool incoming, uint256 amount) {
        Account word = _accounts[account].account;
        if (!word.isFrozen()) return (false, false, 0);
        return (word.isFrozenOutgoing(), word.isFrozenIncoming(), _frozenAmounts[account]);
    }

    /// @inheritdoc ICurrencyToken
    function isPaused() external view returns (bool) {
        return _policy.isPaused();
    }

    // ---------------------------------------------------------------- internals

    /// @dev A payment that a holder starts, by a call, an allowance or a signature; or a payout of a settlement
    /// account. One long function, since every internal call costs 25 gas.
    function _transfer(address from, address to, uint256 value) internal override {
        Slot storage slot = _accounts[from];
        Account account = slot.account;
        Policy policy = _policy;
        if (!account.isPlainPayer()) {
            if (account.isSettlement()) return _payOutByHolder(from, to, value);
            _checkFreeze(from, account, value, policy);
        }
        if (policy.isPaused()) revert CurrencyPaused();
        if (value > account.balance()) revert ERC20InsufficientBalance(from, account.balance(), value);
        uint256 today = Calendar.today();
        Limits limits = policy.limits(account.classOn(today));
        if (value > limits.payment()) revert PaymentLimitExceeded(from, value, limits.payment());
        if (limits.countPayments()) account = _spend(from, account, value, limits, today);
        slot.account = account.debit(value);

        slot = _accounts[to];
        // Read after the debit: both may be the same account.
        account = slot.account;
        if (!account.isPlainPayee()) _checkOtherPayee(to, account, value, policy, today);
        else if (!_hasRoom(account, value, policy, today)) _refuseForRoom(to, account, value, policy, today);
        slot.account = account.credit(value);
        emit Transfer(from, to, value);
    }

    function _payOutByHolder(address from, address to, uint256 value) private {
        _checkReceiver(to);
        _checkSubmitter(to, _accounts[to].account);
        _payOut(from, to, value);
    }

    /// @dev Pays an owed amount: a freeze or a limit of the payee never stops the payer.
    function _payOut(address from, address to, uint256 amount) private {
        if (!_isStopped(to, amount)) return _move(from, to, amount);

        uint256 credit;
        // `_move` refuses an amount above the balance, and a balance is at most a supply of 96 bits.
        unchecked {
            credit = _credits[to] + amount;
        }
        _credits[to] = credit;
        emit Credited(to, from, amount, credit);
        if (from != address(this)) _move(from, address(this), amount);
    }

    /// @dev A movement that only the calling function has checked. `from` zero creates units, `to` zero destroys them.
    function _move(address from, address to, uint256 amount) private {
        if (from == address(0)) {
            _supply += amount;
        } else {
            Slot storage payer = _accounts[from];
            _checkBalance(from, payer.account, amount);
            payer.account = payer.account.debit(amount);
        }
        if (to == address(0)) {
            _supply -= amount;
        } else {
            Slot storage payee = _accounts[to];
            payee.account = payee.account.credit(amount);
        }
        emit Transfer(from, to, amount);
    }

    /// @dev A pause is reported before a freeze. A frozen amount may be above the balance: then no unit is free.
    function _checkFreeze(address from, Account account, uint256 amount, Policy policy) private view {
        if (policy.isPaused()) revert CurrencyPaused();
        if (account.isFrozenOutgoing()) revert AccountFrozenOutgoing(from);
        (uint256 held, uint256 frozenAmount) = (account.balance(), _frozenAmounts[from]);
        uint256 free = _left(held, frozenAmount);
        if (amount > free) revert FrozenAmountExceeded(from, amount, free, frozenAmount);
    }

    function _checkBalance(address from, Account account, uint256 amount) private pure {
        uint256 held = account.balance();
        if (amount > held) revert ERC20InsufficientBalance(from, held, amount);
    }

    /// @dev Returns the payer's word after counting the payment for the daily and annual limits of its class. `amount`
    /// is at most a balance, so that no sum here is near 2**256.
    function _spend(
        address from,
        Account account,
        uint256 amount,
        Limits limits,
        uint256 today
    ) private pure returns (Account) {
        unchecked {
            uint256 last = account.day();
            if (last != today) account = account.onDay(today, Calendar.yearOf(last) == Calendar.yearOf(today));
            (uint256 spent, uint256 most) = (account.spentOnDay(), limits.daily());
            if (spent + amount > most) revert DailyLimitExceeded(from, amount, _left(most, spent));
            (spent, most) = (account.spentInYear(), limits.annual());
            if (spent + amount > most) revert AnnualLimitExceeded(from, amount, _left(most, spent));
            return account.spend(amount);
        }
    }

    /// @dev A limit may have been lowered below the counted payments: then no unit is left.
    function _left(uint256 limit, uint256 used) private pure returns (uint256) {
        return limit > used ? limit - used : 0;
    }

    function _checkPayee(address to, Account account, uint256 amount, Policy policy, uint256 today) private view {
        if (!account.isPlainPayee()) _checkOtherPayee(to, account, amount, policy, today);
        else if (!_hasRoom(account, amount, policy, today)) _refuseForRoom(to, account, amount, policy, today);
    }

    /// @dev Checks a special payee: frozen, payee-only, or a settlement account, which has no class. The zero address,
    /// this contract and the desk are marked as settlement accounts too, so that only here they need a comparison.
    function _checkOtherPayee(address to, Account account, uint256 amount, Policy policy, uint256 today) private view {
        _checkReceiver(to);
        if (account.isFrozenIncoming()) revert AccountFrozenIncoming(to);
        _checkSubmitter(to, account);
        if (account.isSettlement() || _hasRoom(account, amount, policy, today)) return;
        _refuseForRoom(to, account, amount, policy, today);
    }

    /// @dev An authorization that another account submits cannot pay a payee-only account.
    function _checkSubmitter(address to, Account account) private view {
        if (account.isPayeeOnly() && msg.sender != to && _isAuthorization()) revert PayeeOnly(to, msg.sender);
    }

    /// @dev Whether the call is a `transferWithAuthorization`, in either form.
    function _isAuthorization() private pure returns (bool) {
        return msg.sig == TRANSFER_BY_PARTS || msg.sig == TRANSFER_BY_BYTES;
    }

    /// @dev Whether the class of an account allows it to receive so much; a transfer of zero is always allowed.
    function _hasRoom(Account account, uint256 amount, Policy policy, uint256 today) private pure returns (bool) {
        unchecked {
            uint256 most = policy.limits(account.classOn(today)).balance();
            return account.balance() + amount <= most || amount == 0;
        }
    }

    function _refuseForRoom(address to, Account account, uint256 amount, Policy policy, uint256 today) private pure {
        uint256 most = policy.limits(account.classOn(today)).balance();
        revert BalanceLimitExceeded(to, amount, _left(most, account.balance()));
    }

    function _isStopped(address to, uint256 amount) private view returns (bool) {
        Account account = _accounts[to].account;
        if (account.isSettlement()) return false;
        return account.isFrozenIncoming() || !_hasRoom(account, amount, _policy, Calendar.today());
    }

    function _reduceCredit(address account, uint256 amount) private returns (uint256 credit) {
        credit = _credits[account];
        if (amount > credit) revert CreditExceeded(account, amount, credit);
        credit -= amount;
        _credits[account] = credit;
    }

    /// @dev Checks that an account is not a settlement account, so that it can be frozen, seized and registered.
    function _ownAccount(address account) private view returns (Account word) {
        word = _accounts[account].account;
        if (word.isSettlement()) revert SettlementAccountProtected(account);
    }

    function _checkDesk() private view {
        if (msg.sender != issuanceDesk) revert CallerNotDesk(msg.sender, issuanceDesk);
    }

    /// @dev This contract holds credits alone, and the desk units under redemption: any other units could never leave
    /// them.
    function _checkReceiver(address to) private view {
        if (to == address(0) || to == address(this) || to == issuanceDesk) revert ERC20InvalidReceiver(to);
    }

    function _checkSeizure(address from, address to, bytes32 legalBasis) private view {
        if (legalBasis == 0) revert SeizureWithoutLegalBasis(from);
        _checkReceiver(to);
        _ownAccount(from);
    }

    function _markSettlementAccount(address account) private {
        _accounts[account].account = _accounts[account].account.asSettlement();
        emit SettlementAccountMarked(account);
    }

    /// @dev A limit in steps; no limit is more than the most steps.
    function _steps(uint256 limit) private pure returns (uint256 steps) {
        if (limit == type(uint256).max) return limit;
        steps = limit / LimitsFields.STEP;
        uint256 most = LimitsFields.MOST_STEPS * LimitsFields.STEP;
        if (limit % LimitsFields.STEP != 0 || limit > most) revert ClassLimitInvalid(limit, LimitsFields.STEP, most);
    }

    /// @dev A limit as it was set: one above every balance is no limit.
    function _stated(uint256 limit) private pure returns (uint256) {
        return limit > MOST_UNITS ? type(uint256).max : limit;
    }
}
