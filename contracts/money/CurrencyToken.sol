// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {AuthorityUtils} from "@openzeppelin/contracts/access/manager/AuthorityUtils.sol";

import {ICurrencyToken} from "../interfaces/ICurrencyToken.sol";
import {IChannelPolicy} from "../interfaces/IChannelPolicy.sol";
import {ERC20WithAuthorization} from "../libraries/ERC20WithAuthorization.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {Account} from "../types/Account.sol";
import {ChannelConfig} from "../types/Channel.sol";
import {Policy} from "../types/Policy.sol";

/// @title CurrencyToken
/// @notice The stablecoin of one currency. Balances change in `_debit` and `_credit` and nowhere else.
/// @dev Roles (AccessManager) are asked in issuance and administration only; a transfer asks none. What a holder
/// sets in motion is checked in `_pay`; `_move` moves what nobody may hold up, such as the end of a redemption.
contract CurrencyToken is ICurrencyToken, ERC20WithAuthorization, AccessManaged {
    uint256 private constant MINOR_UNIT = 10_000;
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

    mapping(address holder => Account) private _accounts;
    mapping(address holder => uint256 units) private _frozenAmounts;
    mapping(address operator => uint256 units) private _quotas;
    mapping(uint256 id => Redemption) private _redemptions;
    uint256 private _supply;
    uint256 private _lastRedemption;
    Policy private _policy;
    Reserve private _reserve;

    /// @param name_ Name of the token, and of its EIP-712 domain.
    /// @param symbol_ Symbol.
    /// @param authority AccessManager that says who is central bank, operator, registrar, freezer, seizer and pauser.
    constructor(
        string memory name_,
        string memory symbol_,
        address authority
    ) ERC20WithAuthorization(name_, symbol_) AccessManaged(authority) {
        _markSettlementAccount(address(this));
    }

    // ------------------------------------------------------------ central bank

    /// @inheritdoc ICurrencyToken
    function setIssuanceQuota(address operator, uint256 quota) external restricted {
        if (quota > type(uint128).max) revert SupplyCapExceeded(quota, type(uint128).max);

        _quotas[operator] = quota;
        emit IssuanceQuotaSet(operator, quota);
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
        if (!Signatures.isValid(centralBank, _hashTypedDataV4(structHash), signature)) {
            revert ReserveSignatureInvalid(centralBank);
        }

        (uint256 amountFen, uint64 asOf) = (attestation.amountFen, attestation.asOf);
        (uint64 sequence, uint64 validBefore) = (attestation.sequence, attestation.validBefore);
        // `_checkAttestation` compared the amount with the 128 bits of a supply.
        _reserve = Reserve(uint128(amountFen), asOf, validBefore, sequence);
        emit ReserveAttested(sequence, centralBank, amountFen, asOf, validBefore);
    }

    // --------------------------------------------------- operating institution

    /// @inheritdoc ICurrencyToken
    function issue(address to, uint256 amount) external restricted {
        _checkWholeMinorUnits(amount);
        _checkReceiver(to);
        _checkNotPaused();
        _checkPayee(to, _accounts[to]);
        uint256 quota = _quotas[msg.sender];
        if (amount > quota) revert QuotaExceeded(msg.sender, amount, quota);
        _checkReserve(amount);

        // Just compared: amount <= quota.
        unchecked {
            quota -= amount;
        }
        _quotas[msg.sender] = quota;
        emit Issued(msg.sender, to, amount, quota);
        _move(address(0), to, amount);
    }

    /// @inheritdoc ICurrencyToken
    function completeRedemption(uint256 id) external restricted {
        Redemption storage request = _pendingRedemption(id);
        if (msg.sender != request.operator) revert RedemptionCallerInvalid(id, msg.sender, request.operator);

        uint256 amount = request.amount;
        uint256 quota = _quotas[msg.sender] + amount;
        request.status = RedemptionStatus.Completed;
        _quotas[msg.sender] = quota;
        emit RedemptionCompleted(id, request.holder, msg.sender, amount, quota);
        _move(address(this), address(0), amount);
    }

    /// @inheritdoc ICurrencyToken
    function rejectRedemption(uint256 id) external restricted {
        Redemption storage request = _pendingRedemption(id);
        if (msg.sender != request.operator) revert RedemptionCallerInvalid(id, msg.sender, request.operator);

        request.status = RedemptionStatus.Rejected;
        emit RedemptionRejected(id, request.holder, msg.sender, request.amount);
        _move(address(this), request.holder, request.amount);
    }

    // ---------------------------------------------------------------- registrar

    /// @inheritdoc ICurrencyToken
    function markSettlementAccount(address account) external restricted {
        // The code of a delegation (EIP-7702) is that of a key.
        bool isContract = account.code.length != 0 && bytes3(account.code) != DELEGATION;
        if (!isContract) revert SettlementAccountWithoutCode(account);
        if (_accounts[account].isFrozen()) revert SettlementAccountFrozen(account);

        _markSettlementAccount(account);
    }

    // ------------------------------------------------ freezer, seizer and pauser

    /// @inheritdoc ICurrencyToken
    function freeze(address account, bool outgoing, bool incoming) external restricted {
        _accounts[account] = _ownAccount(account).withFreeze(outgoing, incoming);
        emit FreezeSet(account, outgoing, incoming);
    }

    /// @inheritdoc ICurrencyToken
    function freezeAmount(address account, uint256 amount) external restricted {
        _accounts[account] = _ownAccount(account).withFrozenAmount(amount != 0);
        _frozenAmounts[account] = amount;
        emit FrozenAmountSet(account, amount);
    }

    /// @inheritdoc ICurrencyToken
    function seize(address from, address to, uint256 amount, bytes32 legalBasis) external restricted {
        if (legalBasis == 0) revert SeizureWithoutLegalBasis(from);
        if (from == address(0)) revert ERC20InvalidSender(address(0));
        _checkReceiver(to);
        _ownAccount(from);

        emit Seized(from, to, amount, legalBasis);
        _move(from, to, amount);
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
        if (amount == 0) revert AmountNotWholeMinorUnits(0, MINOR_UNIT);
        _checkWholeMinorUnits(amount);

        id = ++_lastRedemption;
        // A balance, and so any amount that the payment below lets pass, fits 128 bits.
        _redemptions[id] = Redemption(msg.sender, operator, uint128(amount), RedemptionStatus.Requested);
        emit RedemptionRequested(id, msg.sender, operator, amount);
        _pay(msg.sender, address(this), amount);
    }

    /// @inheritdoc ICurrencyToken
    function cancelRedemption(uint256 id) external {
        Redemption storage request = _pendingRedemption(id);
        if (msg.sender != request.holder) revert RedemptionCallerInvalid(id, msg.sender, request.holder);

        request.status = RedemptionStatus.Cancelled;
        emit RedemptionCancelled(id, msg.sender, request.operator, request.amount);
        _move(address(this), msg.sender, request.amount);
    }

    /// @inheritdoc ICurrencyToken
    function setPayeeOnly(bool enabled) external {
        _accounts[msg.sender] = _accounts[msg.sender].withPayeeOnly(enabled);
        emit PayeeOnlySet(msg.sender, enabled);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc IChannelPolicy
    function checkChannel(ChannelConfig calldata config) external view {
        if (_accounts[config.receiver].isPayeeOnly()) revert ChannelReceiverPayeeOnly(config.receiver);
    }

    /// @notice Units in circulation.
    function totalSupply() external view returns (uint256) {
        return _supply;
    }

    /// @notice Units held by an account.
    function balanceOf(address account) external view returns (uint256) {
        return _accounts[account].balance();
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
        return _quotas[operator];
    }

    /// @inheritdoc ICurrencyToken
    function redemption(uint256 id) external view returns (Redemption memory) {
        return _redemptions[id];
    }

    /// @inheritdoc ICurrencyToken
    function isPayeeOnly(address account) external view returns (bool) {
        return _accounts[account].isPayeeOnly();
    }

    /// @inheritdoc ICurrencyToken
    function isSettlementAccount(address account) external view returns (bool) {
        return _accounts[account].isSettlement();
    }

    /// @inheritdoc ICurrencyToken
    function frozen(address account) external view returns (bool outgoing, bool incoming, uint256 amount) {
        Account word = _accounts[account];
        return (word.isFrozenOutgoing(), word.isFrozenIncoming(), _frozenAmounts[account]);
    }

    /// @inheritdoc ICurrencyToken
    function isPaused() external view returns (bool) {
        return _policy.isPaused();
    }

    // ---------------------------------------------------------------- internals

    function _transfer(address from, address to, uint256 value) internal override {
        if (from == address(0)) revert ERC20InvalidSender(address(0));
        _checkReceiver(to);
        _pay(from, to, value);
    }

    /// @dev What leaves a settlement account is a payout of what belongs to others: it is not refused for its sake.
    function _checkPayer(address from, Account account, uint256 amount) private view {
        if (account.isSettlement()) return;
        _checkNotPaused();
        if (account.isFrozen()) _checkFreeze(from, account, amount);
    }

    /// @dev A frozen amount may be above the balance: then nothing is free.
    function _checkFreeze(address from, Account account, uint256 amount) private view {
        if (account.isFrozenOutgoing()) revert AccountFrozenOutgoing(from);
        if (!account.hasFrozenAmount()) return;
        (uint256 held, uint256 frozenAmount) = (account.balance(), _frozenAmounts[from]);
        uint256 free = held > frozenAmount ? held - frozenAmount : 0;
        if (amount > free) revert FrozenAmountExceeded(from, amount, free, frozenAmount);
    }

    function _checkPayee(address to, Account account) private pure {
        if (account.isFrozenIncoming()) revert AccountFrozenIncoming(to);
    }

    function _checkNotPaused() private view {
        if (_policy.isPaused()) revert CurrencyPaused();
    }

    /// @dev An account whose value is its holder's own, and which can be frozen and seized.
    function _ownAccount(address account) private view returns (Account word) {
        word = _accounts[account];
        if (word.isSettlement()) revert SettlementAccountProtected(account);
    }

    /// @dev This contract holds what is being redeemed and nothing else: what came in otherwise could never leave.
    function _checkReceiver(address to) private view {
        if (to == address(0) || to == address(this)) revert ERC20InvalidReceiver(to);
    }

    function _checkSubmitter(address to) internal view override {
        if (msg.sender != to && _accounts[to].isPayeeOnly()) revert PayeeOnly(to, msg.sender);
    }

    /// @dev A payment that a holder sets in motion, by its own hand, an allowance or a signature.
    function _pay(address from, address to, uint256 amount) private {
        Account payer = _accounts[from];
        _checkPayer(from, payer, amount);
        _debit(from, payer, amount);
        // Read after the debit: `from` and `to` may be the same account.
        Account payee = _accounts[to];
        _checkPayee(to, payee);
        _credit(to, payee, amount);
        emit Transfer(from, to, amount);
    }

    /// @dev A movement that is checked by who calls this alone. `from` zero creates units, `to` zero destroys them.
    function _move(address from, address to, uint256 amount) private {
        if (from == address(0)) _supply += amount;
        else _debit(from, _accounts[from], amount);
        if (to == address(0)) _supply -= amount;
        else _credit(to, _accounts[to], amount);
        emit Transfer(from, to, amount);
    }

    function _debit(address from, Account account, uint256 amount) private {
        uint256 held = account.balance();
        if (held < amount) revert ERC20InsufficientBalance(from, held, amount);
        _accounts[from] = account.debit(amount);
    }

    function _credit(address to, Account account, uint256 amount) private {
        _accounts[to] = account.credit(amount);
    }

    function _markSettlementAccount(address account) private {
        _accounts[account] = _accounts[account].asSettlement();
        emit SettlementAccountMarked(account);
    }

    function _checkAttestation(ReserveAttestation calldata attestation) private view {
        Reserve memory last = _reserve;
        (uint64 asOf, uint256 mostFen) = (attestation.asOf, type(uint128).max / MINOR_UNIT);
        if (attestation.sequence <= last.sequence) revert ReserveSequenceInvalid(attestation.sequence, last.sequence);
        if (asOf < last.asOf || asOf > block.timestamp) revert ReserveTimeInvalid(asOf, last.asOf, block.timestamp);
        if (attestation.validBefore <= block.timestamp) {
            revert ReserveAttestationExpired(attestation.validBefore, block.timestamp);
        }
        if (attestation.amountFen > mostFen) revert SupplyCapExceeded(attestation.amountFen, mostFen);
    }

    /// @dev The reserve fits 128 bits of units, and so does a supply within it.
    function _checkReserve(uint256 amount) private view {
        (uint256 amountFen, uint64 validBefore) = (_reserve.amountFen, _reserve.validBefore);
        if (block.timestamp >= validBefore) revert ReserveAttestationExpired(validBefore, block.timestamp);
        (uint256 attested, uint256 issued) = (amountFen * MINOR_UNIT, _supply);
        uint256 available = attested > issued ? attested - issued : 0;
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
        if (request.status == RedemptionStatus.None) revert RedemptionNotFound(id);
        if (request.status != RedemptionStatus.Requested) revert RedemptionEnded(id, request.status);
    }

    function _checkWholeMinorUnits(uint256 amount) private pure {
        if (amount % MINOR_UNIT != 0) revert AmountNotWholeMinorUnits(amount, MINOR_UNIT);
    }
}
