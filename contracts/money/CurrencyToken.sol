// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {AuthorityUtils} from "@openzeppelin/contracts/access/manager/AuthorityUtils.sol";

import {ICurrencyToken} from "./ICurrencyToken.sol";
import {IChannelPolicy} from "../core/IChannelPolicy.sol";
import {ERC20WithAuthorization} from "../core/ERC20WithAuthorization.sol";
import {Calendar} from "../core/Calendar.sol";
import {Signatures} from "../core/Signatures.sol";
import {Account} from "./Account.sol";
import {ChannelConfig} from "../core/ChannelConfig.sol";
import {Limits, LimitsFields, Policy} from "./Policy.sol";

/// @title CurrencyToken
/// @notice The stablecoin of one currency. Balances change in `_pay` and `_move` and nowhere else.
/// @dev Roles (AccessManager) are asked in issuance and administration only; a transfer asks none. What a holder sets
/// in motion is checked in `_pay`. What is owed, and nobody may hold up, leaves by `_payOut`: to the account it is owed
/// to, or, where that is frozen or full, to this contract as the account's credit.
contract CurrencyToken is ICurrencyToken, ERC20WithAuthorization, AccessManaged {
    uint256 private constant MINOR_UNIT = 10_000;
    uint256 private constant FULL_RESERVE = 10_000;
    uint256 private constant MOST_UNITS = type(uint96).max;
    /// Most numbers that an attestation may skip after the last one's: enough to number by unix seconds from the first
    /// one on, and so few that 2**32 attestations would have to be signed before no number is left.
    uint256 private constant MOST_SKIPPED = 2 ** 32 - 1;
    /// How long a holder has to wait for the operator that took its redemption.
    uint256 private constant TAKEN_TIME = 1 days;
    /// The two forms of `transferWithAuthorization` (EIP-3009).
    bytes4 private constant TRANSFER_BY_PARTS = 0xe3ee160e;
    bytes4 private constant TRANSFER_BY_BYTES = 0xcf092995;
    /// What the code of a delegating key begins with (EIP-7702).
    bytes3 private constant DELEGATION = 0xef0100;
    bytes32 private constant RESERVE_TYPEHASH = keccak256(
        "ReserveAttestation(uint256 amountFen,uint64 asOf,uint64 sequence,uint64 validBefore)"
    );

    /// The last attestation. Its first word is all that issuance reads.
    struct Reserve {
        uint128 amountFen;
        uint64 asOf;
        uint64 validBefore;
        uint64 sequence;
    }

    /// What an operating institution may still issue, and what it issued less what was redeemed at it; units.
    struct Operator {
        uint128 quota;
        int128 position;
    }

    /// Named, so that the place of an account is worked out once for reading and writing.
    struct Slot {
        Account account;
    }

    /// Brings into channels what their payers paid in by their own signature; nobody else brings anything.
    address private immutable _collector;

    mapping(address holder => Slot) private _accounts;
    mapping(address holder => uint256 units) private _frozenAmounts;
    mapping(address holder => uint256 units) private _credits;
    mapping(address operator => Operator) private _operators;
    mapping(uint256 id => Redemption) private _redemptions;
    uint256 private _supply;
    uint256 private _lastRedemption;
    Policy private _policy;
    Reserve private _reserve;

    /// @param name_ Name of the token, and of its EIP-712 domain.
    /// @param symbol_ Symbol.
    /// @param authority AccessManager that says who is central bank, operator, registrar, freezer, seizer and pauser.
    /// @param collector Deposit collector of the hub: the only one that channels are paid in through.
    constructor(
        string memory name_,
        string memory symbol_,
        address authority,
        address collector
    ) ERC20WithAuthorization(name_, symbol_) AccessManaged(authority) {
        _collector = collector;
        _markSettlementAccount(address(0));
        _markSettlementAccount(address(this));
    }

    // ------------------------------------------------------------ central bank

    /// @inheritdoc ICurrencyToken
    function setIssuanceQuota(address operator, uint256 quota) external restricted {
        _checkSupplyCap(quota, MOST_UNITS);

        // Just compared: 96 bits.
        _operators[operator].quota = uint128(quota);
        emit IssuanceQuotaSet(operator, quota);
    }

    /// @inheritdoc ICurrencyToken
    function setReserveRatio(uint256 ratioBps) external restricted {
        if (ratioBps == 0 || ratioBps > FULL_RESERVE) revert ReserveRatioInvalid(ratioBps);

        _policy = _policy.withReserveShortfall(FULL_RESERVE - ratioBps);
        emit ReserveRatioSet(ratioBps);
    }

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

    /// @inheritdoc ICurrencyToken
    function attestReserve(
        address centralBank,
        ReserveAttestation calldata attestation,
        bytes calldata signature
    ) external {
        _checkAttestation(attestation);
        (bool mayCall, ) = _mayCall(centralBank, ICurrencyToken.setIssuanceQuota.selector);
        if (!mayCall) revert ReserveAttesterInvalid(centralBank);
        bytes32 structHash = keccak256(abi.encode(RESERVE_TYPEHASH, attestation));
        if (!Signatures.isValidCalldata(centralBank, _hashTypedDataV4(structHash), signature)) {
            revert ReserveSignatureInvalid(centralBank);
        }

        (uint256 amountFen, uint64 asOf) = (attestation.amountFen, attestation.asOf);
        (uint64 sequence, uint64 validBefore) = (attestation.sequence, attestation.validBefore);
        // `_checkAttestation` compared the amount with the 96 bits of a supply.
        _reserve = Reserve(uint128(amountFen), asOf, validBefore, sequence);
        emit ReserveAttested(sequence, centralBank, amountFen, asOf, validBefore);
    }

    // --------------------------------------------------- operating institution

    /// @inheritdoc ICurrencyToken
    function issue(address to, uint256 amount) external restricted {
        _checkWholeMinorUnits(amount);
        Policy policy = _policy;
        _checkNotPaused(policy);
        Operator memory operator = _operators[msg.sender];
        if (amount > operator.quota) revert QuotaExceeded(msg.sender, amount, operator.quota);
        _checkReserve(amount, policy);
        _checkPayee(to, _accounts[to].account, amount, policy, Calendar.today());

        // Within the quota, just compared, and within the 96 bits of a supply, which the reserve is.
        operator.quota -= uint128(amount);
        operator.position += int128(uint128(amount));
        _operators[msg.sender] = operator;
        emit Issued(msg.sender, to, amount, operator.quota);
        _move(address(0), to, amount);
    }

    /// @inheritdoc ICurrencyToken
    function takeRedemption(uint256 id) external restricted {
        Redemption storage request = _ownRedemption(id);
        if (request.status == RedemptionStatus.Taken) revert RedemptionTakenAlready(id);

        uint256 cancellableFrom = block.timestamp + TAKEN_TIME;
        request.status = RedemptionStatus.Taken;
        // Unix seconds fit 40 bits for 34,000 years.
        request.cancellableFrom = uint40(cancellableFrom);
        emit RedemptionTaken(id, request.holder, msg.sender, request.amount, cancellableFrom);
    }

    /// @inheritdoc ICurrencyToken
    function completeRedemption(uint256 id) external restricted {
        Redemption storage request = _ownRedemption(id);

        uint96 amount = request.amount;
        Operator memory operator = _operators[msg.sender];
        operator.quota += amount;
        operator.position -= int128(uint128(amount));
        request.status = RedemptionStatus.Completed;
        _operators[msg.sender] = operator;
        emit RedemptionCompleted(id, request.holder, msg.sender, amount, operator.quota);
        _move(address(this), address(0), amount);
    }

    /// @inheritdoc ICurrencyToken
    function rejectRedemption(uint256 id) external restricted {
        Redemption storage request = _ownRedemption(id);

        request.status = RedemptionStatus.Rejected;
        emit RedemptionRejected(id, request.holder, msg.sender, request.amount);
        _payOut(address(this), request.holder, request.amount);
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
        // The code of a delegation (EIP-7702) is that of a key.
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
    function requestRedemption(address operator, uint256 amount) external returns (uint256 id) {
        _checkOperator(operator);
        _checkWholeMinorUnits(amount);

        id = ++_lastRedemption;
        // A balance, and so any amount that `_move` below lets pass, fits 96 bits.
        _redemptions[id] = Redemption(msg.sender, uint96(amount), operator, RedemptionStatus.Requested, 0);
        emit RedemptionRequested(id, msg.sender, operator, amount);
        Account holder = _accounts[msg.sender].account;
        Policy policy = _policy;
        if (!holder.isSettlement()) _checkNotPaused(policy);
        if (!holder.isPlainPayer() && !holder.isSettlement()) _checkFreeze(msg.sender, holder, amount, policy);
        _move(msg.sender, address(this), amount);
    }

    /// @inheritdoc ICurrencyToken
    function cancelRedemption(uint256 id) external {
        Redemption storage request = _pendingRedemption(id);
        _checkRedemptionCaller(id, request.holder);
        uint256 from = request.cancellableFrom;
        if (block.timestamp < from) revert RedemptionNotCancellable(id, from, block.timestamp);

        request.status = RedemptionStatus.Cancelled;
        emit RedemptionCancelled(id, msg.sender, request.operator, request.amount);
        _payOut(address(this), msg.sender, request.amount);
    }

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

    // ------------------------------------------------------------ administrator

    /// @notice Refused for ever, to whoever asks.
    /// @custom:reverts AuthorityFixed always
    function setAuthority(address) public pure override {
        revert AuthorityFixed();
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
    function minorUnit() external pure returns (uint256) {
        return MINOR_UNIT;
    }

    /// @inheritdoc ICurrencyToken
    function reserve() external view returns (ReserveAttestation memory) {
        Reserve memory last = _reserve;
        return ReserveAttestation(last.amountFen, last.asOf, last.sequence, last.validBefore);
    }

    /// @inheritdoc ICurrencyToken
    function issuanceQuota(address operator) external view returns (uint256) {
        return _operators[operator].quota;
    }

    /// @inheritdoc ICurrencyToken
    function operatorPosition(address operator) external view returns (int256) {
        return _operators[operator].position;
    }

    /// @inheritdoc ICurrencyToken
    function reserveRatio() external view returns (uint256) {
        return FULL_RESERVE - _policy.reserveShortfall();
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
    function redemption(uint256 id) external view returns (Redemption memory) {
        return _redemptions[id];
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

    /// @dev A payment that a holder sets in motion, by its own hand, an allowance or a signature; or, out of a
    /// settlement account, a payout. Written out in one piece, since every step into a function costs 25 gas.
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

    /// @dev What is owed: nothing that stops the payee holds up the payer.
    function _payOut(address from, address to, uint256 amount) private {
        if (!_isStopped(to, amount)) return _move(from, to, amount);

        uint256 credit;
        // What is not held is refused below, and what is held is of a supply of 96 bits.
        unchecked {
            credit = _credits[to] + amount;
        }
        _credits[to] = credit;
        emit Credited(to, from, amount, credit);
        if (from != address(this)) _move(from, address(this), amount);
    }

    /// @dev A movement that is checked by who calls this alone. `from` zero creates units, `to` zero destroys them.
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

    /// @dev A pause is told before a freeze. A frozen amount may be above the balance: then nothing is free.
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

    /// @dev The payer's word with the payment counted against its class's limits of a day and a year. `amount` is at
    /// most a balance, so that no sum here is near 2**256.
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

    /// @dev A limit may have been lowered below what is used of it: then nothing is left.
    function _left(uint256 limit, uint256 used) private pure returns (uint256) {
        return limit > used ? limit - used : 0;
    }

    function _checkPayee(address to, Account account, uint256 amount, Policy policy, uint256 today) private view {
        if (!account.isPlainPayee()) _checkOtherPayee(to, account, amount, policy, today);
        else if (!_hasRoom(account, amount, policy, today)) _refuseForRoom(to, account, amount, policy, today);
    }

    /// @dev A payee that is not like any other: frozen, payee-only, or a settlement account, which has no class. The
    /// zero address and this contract bear the mark of one too, so that no other payee needs to be compared with them.
    function _checkOtherPayee(address to, Account account, uint256 amount, Policy policy, uint256 today) private view {
        _checkReceiver(to);
        if (account.isFrozenIncoming()) revert AccountFrozenIncoming(to);
        _checkSubmitter(to, account);
        if (account.isSettlement() || _hasRoom(account, amount, policy, today)) return;
        _refuseForRoom(to, account, amount, policy, today);
    }

    /// @dev A payee-only account is not paid by an authorization that somebody else submits.
    function _checkSubmitter(address to, Account account) private view {
        if (account.isPayeeOnly() && msg.sender != to && _isAuthorization()) revert PayeeOnly(to, msg.sender);
    }

    /// @dev Whether the call is a `transferWithAuthorization`, in either form.
    function _isAuthorization() private pure returns (bool) {
        return msg.sig == TRANSFER_BY_PARTS || msg.sig == TRANSFER_BY_BYTES;
    }

    /// @dev Whether the class of an account lets so much come in; a transfer of nothing always may.
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

    /// @dev An account whose value is its holder's own, and which can be frozen, seized and registered.
    function _ownAccount(address account) private view returns (Account word) {
        word = _accounts[account].account;
        if (word.isSettlement()) revert SettlementAccountProtected(account);
    }

    /// @dev This contract holds what is being redeemed and what is credited: what came in otherwise could never leave.
    function _checkReceiver(address to) private view {
        if (to == address(0) || to == address(this)) revert ERC20InvalidReceiver(to);
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

    function _checkAttestation(ReserveAttestation calldata attestation) private view {
        Reserve memory last = _reserve;
        (uint64 asOf, uint256 mostFen) = (attestation.asOf, MOST_UNITS / MINOR_UNIT);
        (uint64 sequence, uint256 least) = (attestation.sequence, uint256(last.sequence) + 1);
        uint256 most = least + MOST_SKIPPED;
        if (sequence < least || sequence > most) revert ReserveSequenceInvalid(sequence, least, most);
        if (asOf < last.asOf || asOf > block.timestamp) revert ReserveTimeInvalid(asOf, last.asOf, block.timestamp);
        _checkNotExpired(attestation.validBefore);
        _checkSupplyCap(attestation.amountFen, mostFen);
    }

    function _checkNotExpired(uint64 validBefore) private view {
        if (block.timestamp >= validBefore) revert ReserveAttestationExpired(validBefore, block.timestamp);
    }

    function _checkSupplyCap(uint256 requested, uint256 most) private pure {
        if (requested > most) revert SupplyCapExceeded(requested, most);
    }

    /// @dev The payments of `_transfer` and `_checkFreeze` say the same without the 25 gas of a step in here.
    function _checkNotPaused(Policy policy) private pure {
        if (policy.isPaused()) revert CurrencyPaused();
    }

    /// @dev Also where the reserve covers but a part of it, a supply fits 96 bits.
    function _checkReserve(uint256 amount, Policy policy) private view {
        (uint256 amountFen, uint64 validBefore) = (_reserve.amountFen, _reserve.validBefore);
        _checkNotExpired(validBefore);
        uint256 most = (amountFen * MINOR_UNIT * FULL_RESERVE) / (FULL_RESERVE - policy.reserveShortfall());
        uint256 available = _left(most < MOST_UNITS ? most : MOST_UNITS, _supply);
        if (amount > available) revert ReserveExceeded(amount, available);
    }

    /// @dev An operating institution is who may complete a redemption, at once or with a delay.
    function _checkOperator(address operator) private view {
        (bool immediate, uint32 delay) = _mayCall(operator, ICurrencyToken.completeRedemption.selector);
        if (!immediate && delay == 0) revert RedemptionOperatorInvalid(operator);
    }

    function _mayCall(address account, bytes4 selector) private view returns (bool immediate, uint32 delay) {
        return AuthorityUtils.canCallWithDelay(authority(), account, address(this), selector);
    }

    function _pendingRedemption(uint256 id) private view returns (Redemption storage request) {
        request = _redemptions[id];
        RedemptionStatus status = request.status;
        if (status == RedemptionStatus.None) revert RedemptionNotFound(id);
        if (status > RedemptionStatus.Taken) revert RedemptionEnded(id, status);
    }

    /// @dev A pending redemption that the caller was asked for.
    function _ownRedemption(uint256 id) private view returns (Redemption storage request) {
        request = _pendingRedemption(id);
        _checkRedemptionCaller(id, request.operator);
    }

    function _checkRedemptionCaller(uint256 id, address expected) private view {
        if (msg.sender != expected) revert RedemptionCallerInvalid(id, msg.sender, expected);
    }

    /// @dev A limit in steps; no limit is more steps than there are.
    function _steps(uint256 limit) private pure returns (uint256 steps) {
        if (limit == type(uint256).max) return limit;
        steps = limit / LimitsFields.STEP;
        uint256 most = LimitsFields.MOST_STEPS * LimitsFields.STEP;
        if (limit % LimitsFields.STEP != 0 || limit > most) revert ClassLimitInvalid(limit, LimitsFields.STEP, most);
    }

    /// @dev A limit as it was set: whatever no balance reaches is none.
    function _stated(uint256 limit) private pure returns (uint256) {
        return limit > MOST_UNITS ? type(uint256).max : limit;
    }

    function _checkWholeMinorUnits(uint256 amount) private pure {
        if (amount == 0 || amount % MINOR_UNIT != 0) revert AmountNotWholeMinorUnits(amount, MINOR_UNIT);
    }
}
