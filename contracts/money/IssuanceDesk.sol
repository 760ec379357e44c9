// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AuthorityUtils} from "@openzeppelin/contracts/access/manager/AuthorityUtils.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {ICurrencyToken} from "./ICurrencyToken.sol";
import {IIssuanceDesk} from "./IIssuanceDesk.sol";
import {FixedAuthority} from "../core/FixedAuthority.sol";
import {Signatures} from "../core/Signatures.sol";

/// @title IssuanceDesk
/// @notice Desk at which operating institutions issue one currency against reserve, and holders redeem it.
/// @dev The currency creates its desk and allows it alone to create, hold and destroy units. The desk holds only units
/// under redemption. It returns them by a transfer that is never refused: if the holder cannot receive them, they
/// become its credit in the currency.
contract IssuanceDesk is IIssuanceDesk, FixedAuthority, EIP712 {
    using SafeERC20 for IERC20;

    uint256 private constant MINOR_UNIT = 10_000;
    uint256 private constant FULL_RESERVE = 10_000;
    uint256 private constant MOST_UNITS = type(uint96).max;
    /// Most numbers that an attestation may skip after the last one: enough to begin with unix seconds as numbers, and
    /// so few that the numbers suffice for at least 2**32 attestations.
    uint256 private constant MOST_SKIPPED = 2 ** 32 - 1;
    /// Time in which a holder cannot cancel after the operator took its redemption.
    uint256 private constant TAKEN_TIME = 1 days;
    bytes32 private constant RESERVE_TYPEHASH = keccak256(
        "ReserveAttestation(uint256 amountFen,uint64 asOf,uint64 sequence,uint64 validBefore)"
    );

    /// The last attestation, and the part of the supply that it has to cover. Issuance reads the first word alone.
    struct Reserve {
        uint96 amountFen;
        uint64 asOf;
        uint64 validBefore;
        /// Basis points of the supply that the reserve need not cover: zero from the start.
        uint16 shortfallBps;
        uint64 sequence;
    }

    /// Rest of the quota of an operating institution, and its position: issued less redeemed; units.
    struct Operator {
        uint128 quota;
        int128 position;
    }

    /// @inheritdoc IIssuanceDesk
    address public immutable currency;

    mapping(address operator => Operator) private _operators;
    mapping(uint256 id => Redemption) private _redemptions;
    uint256 private _lastRedemption;
    Reserve private _reserve;

    /// @notice The creator is the currency of the desk.
    /// @param authority AccessManager with the roles central bank and operator.
    constructor(address authority) FixedAuthority(authority) EIP712("pysettle IssuanceDesk", "1") {
        currency = msg.sender;
    }

    // ------------------------------------------------------------ central bank

    /// @inheritdoc IIssuanceDesk
    function setIssuanceQuota(address operator, uint256 quota) external restricted {
        _checkSupplyCap(quota, MOST_UNITS);

        // Just compared: 96 bits.
        _operators[operator].quota = uint128(quota);
        emit IssuanceQuotaSet(operator, quota);
    }

    /// @inheritdoc IIssuanceDesk
    function setReserveRatio(uint256 ratioBps) external restricted {
        if (ratioBps == 0 || ratioBps > FULL_RESERVE) revert ReserveRatioInvalid(ratioBps);

        // Less than 10,000: 14 bits.
        _reserve.shortfallBps = uint16(FULL_RESERVE - ratioBps);
        emit ReserveRatioSet(ratioBps);
    }

    /// @inheritdoc IIssuanceDesk
    function attestReserve(
        address centralBank,
        ReserveAttestation calldata attestation,
        bytes calldata signature
    ) external {
        Reserve memory last = _reserve;
        _checkAttestation(attestation, last);
        (bool mayCall, ) = _mayCall(centralBank, IIssuanceDesk.setIssuanceQuota.selector);
        if (!mayCall) revert ReserveAttesterInvalid(centralBank);
        bytes32 structHash = keccak256(abi.encode(RESERVE_TYPEHASH, attestation));
        if (!Signatures.isValidCalldata(centralBank, _hashTypedDataV4(structHash), signature)) {
            revert ReserveSignatureInvalid(centralBank);
        }

        (uint256 amountFen, uint64 asOf) = (attestation.amountFen, attestation.asOf);
        (uint64 sequence, uint64 validBefore) = (attestation.sequence, attestation.validBefore);
        // `_checkAttestation` compared the amount with the 96 bits of a supply.
        _reserve = Reserve(uint96(amountFen), asOf, validBefore, last.shortfallBps, sequence);
        emit ReserveAttested(sequence, centralBank, amountFen, asOf, validBefore);
    }

    // --------------------------------------------------- operating institution

    /// @inheritdoc IIssuanceDesk
    function issue(address to, uint256 amount) external restricted {
        _checkWholeMinorUnits(amount);
        Operator memory operator = _operators[msg.sender];
        if (amount > operator.quota) revert QuotaExceeded(msg.sender, amount, operator.quota);
        _checkReserve(amount);

        // Within the quota, just compared, and within the reserve, at most the 96 bits of a supply.
        operator.quota -= uint128(amount);
        operator.position += int128(uint128(amount));
        _operators[msg.sender] = operator;
        emit Issued(msg.sender, to, amount, operator.quota);
        ICurrencyToken(currency).createTo(to, amount);
    }

    /// @inheritdoc IIssuanceDesk
    function takeRedemption(uint256 id) external restricted {
        Redemption storage request = _ownRedemption(id);
        if (request.status == RedemptionStatus.Taken) revert RedemptionTakenAlready(id);

        uint256 cancellableFrom = block.timestamp + TAKEN_TIME;
        request.status = RedemptionStatus.Taken;
        // Unix seconds fit 40 bits for 34,000 years.
        request.cancellableFrom = uint40(cancellableFrom);
        emit RedemptionTaken(id, request.holder, msg.sender, request.amount, cancellableFrom);
    }

    /// @inheritdoc IIssuanceDesk
    function completeRedemption(uint256 id) external restricted {
        Redemption storage request = _ownRedemption(id);

        uint96 amount = request.amount;
        Operator memory operator = _operators[msg.sender];
        operator.quota += amount;
        operator.position -= int128(uint128(amount));
        request.status = RedemptionStatus.Completed;
        _operators[msg.sender] = operator;
        emit RedemptionCompleted(id, request.holder, msg.sender, amount, operator.quota);
        ICurrencyToken(currency).destroyHeld(amount);
    }

    /// @inheritdoc IIssuanceDesk
    function rejectRedemption(uint256 id) external restricted {
        Redemption storage request = _ownRedemption(id);

        request.status = RedemptionStatus.Rejected;
        emit RedemptionRejected(id, request.holder, msg.sender, request.amount);
        IERC20(currency).safeTransfer(request.holder, request.amount);
    }

    // ------------------------------------------------------------------- holder

    /// @inheritdoc IIssuanceDesk
    function requestRedemption(address operator, uint256 amount) external returns (uint256 id) {
        _checkOperator(operator);
        _checkWholeMinorUnits(amount);

        id = ++_lastRedemption;
        // A balance fits 96 bits, and the currency refuses a larger amount below.
        _redemptions[id] = Redemption(msg.sender, uint96(amount), operator, RedemptionStatus.Requested, 0);
        emit RedemptionRequested(id, msg.sender, operator, amount);
        ICurrencyToken(currency).holdFrom(msg.sender, amount);
    }

    /// @inheritdoc IIssuanceDesk
    function cancelRedemption(uint256 id) external {
        Redemption storage request = _pendingRedemption(id);
        _checkRedemptionCaller(id, request.holder);
        uint256 from = request.cancellableFrom;
        if (block.timestamp < from) revert RedemptionNotCancellable(id, from, block.timestamp);

        request.status = RedemptionStatus.Cancelled;
        emit RedemptionCancelled(id, msg.sender, request.operator, request.amount);
        IERC20(currency).safeTransfer(msg.sender, request.amount);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc IIssuanceDesk
    function minorUnit() external pure returns (uint256) {
        return MINOR_UNIT;
    }

    /// @inheritdoc IIssuanceDesk
    function reserve() external view returns (ReserveAttestation memory) {
        Reserve memory last = _reserve;
        return ReserveAttestation(last.amountFen, last.asOf, last.sequence, last.validBefore);
    }

    /// @inheritdoc IIssuanceDesk
    function issuanceQuota(address operator) external view returns (uint256) {
        return _operators[operator].quota;
    }

    /// @inheritdoc IIssuanceDesk
    function operatorPosition(address operator) external view returns (int256) {
        return _operators[operator].position;
    }

    /// @inheritdoc IIssuanceDesk
    function reserveRatio() external view returns (uint256) {
        return FULL_RESERVE - _reserve.shortfallBps;
    }

    /// @inheritdoc IIssuanceDesk
    function redemption(uint256 id) external view returns (Redemption memory) {
        return _redemptions[id];
    }

    // ---------------------------------------------------------------- internals

    function _checkAttestation(ReserveAttestation calldata attestation, Reserve memory last) private view {
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

    /// @dev With a partial reserve too, a supply fits 96 bits.
    function _checkReserve(uint256 amount) private view {
        (uint256 amountFen, uint64 validBefore) = (_reserve.amountFen, _reserve.validBefore);
        _checkNotExpired(validBefore);
        uint256 most = (amountFen * MINOR_UNIT * FULL_RESERVE) / (FULL_RESERVE - _reserve.shortfallBps);
        if (most > MOST_UNITS) most = MOST_UNITS;
        uint256 supply = IERC20(currency).totalSupply();
        uint256 available = most > supply ? most - supply : 0;
        if (amount > available) revert ReserveExceeded(amount, available);
    }

    /// @dev An operating institution is an account that may complete a redemption, at once or with a delay.
    function _checkOperator(address operator) private view {
        (bool immediate, uint32 delay) = _mayCall(operator, IIssuanceDesk.completeRedemption.selector);
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

    /// @dev Returns a pending redemption of the caller as operator.
    function _ownRedemption(uint256 id) private view returns (Redemption storage request) {
        request = _pendingRedemption(id);
        _checkRedemptionCaller(id, request.operator);
    }

    function _checkRedemptionCaller(uint256 id, address expected) private view {
        if (msg.sender != expected) revert RedemptionCallerInvalid(id, msg.sender, expected);
    }

    function _checkWholeMinorUnits(uint256 amount) private pure {
        if (amount == 0 || amount % MINOR_UNIT != 0) revert AmountNotWholeMinorUnits(amount, MINOR_UNIT);
    }
}
