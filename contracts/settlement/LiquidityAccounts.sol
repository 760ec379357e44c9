// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ICurrencyToken} from "../money/ICurrencyToken.sol";
import {IClearingHouse} from "./IClearingHouse.sol";
import {ILiquidityAccounts} from "./ILiquidityAccounts.sol";
import {Leg, LegKind, corridorIdOf} from "./Instruction.sol";
import {PositionPowers} from "./PositionPowers.sol";
import {PositionWord} from "./PositionWord.sol";

/// @title LiquidityAccounts
/// @notice Currency enters by `payIn` and leaves by `payOut` and `seize`.
/// @dev It knows the contracts that move its positions from the start, so that no other ever moves one. The deployer
/// creates them in its next transactions, whose addresses are known before.
/// One currency never touches the positions of another, so that a contract that only claims to be a currency can
/// harm its own positions alone.
contract LiquidityAccounts is PositionPowers, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc ILiquidityAccounts
    address public immutable registry;
    /// @inheritdoc ILiquidityAccounts
    address public immutable corridors;
    /// @inheritdoc ILiquidityAccounts
    address public immutable settlement;
    /// @inheritdoc ILiquidityAccounts
    address public immutable foreignExchange;
    /// @inheritdoc ILiquidityAccounts
    address public immutable clearingHouse;

    /// @param registry_ Registry of the participants.
    /// @param corridors_ Corridors.
    /// @param settlement_ The settlement contract.
    /// @param foreignExchange_ The foreign exchange.
    /// @param clearingHouse_ The clearing house.
    constructor(
        address registry_,
        address corridors_,
        address settlement_,
        address foreignExchange_,
        address clearingHouse_
    ) {
        registry = registry_;
        corridors = corridors_;
        settlement = settlement_;
        foreignExchange = foreignExchange_;
        clearingHouse = clearingHouse_;
    }

    // -------------------------------------------------------------- participant

    /// @inheritdoc ILiquidityAccounts
    function payIn(address currency, uint96 amount) external nonReentrant {
        if (!_isMarkedIn(currency)) revert LiquidityAccountUnmarked(currency);
        if (_common[currency].isPaused) revert LiquidityPaused(currency);

        emit PaidIn(currency, msg.sender, amount, _credit(currency, msg.sender, amount).available());
        uint256 before = IERC20(currency).balanceOf(address(this));
        IERC20(currency).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(currency).balanceOf(address(this)) - before;
        if (received != amount) revert LiquidityPaymentMismatch(amount, received);
    }

    /// @inheritdoc ILiquidityAccounts
    function payOut(address currency, uint96 amount) external nonReentrant {
        PositionWord held = _positions[currency][msg.sender];
        _checkAvailable(currency, msg.sender, held, amount);
        if (held.isHeldBack() && !_isFrozenThere(currency)) _checkFree(currency, msg.sender, held, amount);

        held = held.debit(amount);
        _positions[currency][msg.sender] = held;
        emit PaidOut(currency, msg.sender, amount, held.available());
        IERC20(currency).safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc ILiquidityAccounts
    function reserve(address currency, uint96 amount) external {
        PositionWord held = _debit(currency, msg.sender, amount);
        held = held.withReserved(held.reserved() + amount);

        _positions[currency][msg.sender] = held;
        emit PositionReserved(currency, msg.sender, amount, held.available(), held.reserved());
    }

    /// @inheritdoc ILiquidityAccounts
    function release(address currency, address account, uint96 amount) external {
        if (msg.sender != account && msg.sender != corridors) {
            _checkPower(currency, ICurrencyToken.seize.selector);
        }
        IClearingHouse(clearingHouse).checkReleasable(currency);
        PositionWord held = _positions[currency][account];
        if (amount > held.reserved()) revert ReservedExceeded(currency, account, amount, held.reserved());

        held = held.withReserved(held.reserved() - amount).credit(amount);
        _positions[currency][account] = held;
        emit PositionReleased(currency, account, amount, held.available(), held.reserved());
    }

    // ----------------------------------------------------------------- registry

    /// @inheritdoc ILiquidityAccounts
    function setStanding(
        address currency,
        address account,
        uint16 index,
        uint16 jurisdiction,
        bool suspended,
        bool stopped
    ) external {
        if (msg.sender != registry) revert CallerNotRegistry(msg.sender, registry);

        _positions[currency][account] = _positions[currency][account].withStanding(
            index,
            jurisdiction,
            suspended,
            stopped
        );
    }

    // -------------------------------------------- contracts that move positions

    /// @inheritdoc ILiquidityAccounts
    function move(address currency, address debtor, address creditor, uint96 amount) external {
        if (!isMover(msg.sender)) revert LiquidityMoverUnknown(msg.sender);

        _move(currency, debtor, creditor, amount);
    }

    // ------------------------------------------------------ settlement contract

    /// @inheritdoc ILiquidityAccounts
    function moveLegs(Leg[] calldata legs) external returns (bytes32[] memory crossed) {
        _checkSettlement();
        for (uint256 i = 0; i < legs.length; ++i) {
            Leg calldata leg = legs[i];
            if (leg.kind != LegKind.Position) continue;
            crossed = _with(crossed, legs, i, _move(leg.asset, leg.debtor, leg.creditor, leg.amount));
        }
    }

    /// @inheritdoc ILiquidityAccounts
    function earmarkLegs(Leg[] calldata legs, bytes32 settlementId) external returns (bytes32[] memory crossed) {
        _checkSettlement();
        for (uint256 i = 0; i < legs.length; ++i) {
            Leg calldata leg = legs[i];
            PositionWord debited = _debit(leg.asset, leg.debtor, leg.amount);
            PositionWord credited = _positions[leg.asset][leg.creditor];
            _checkActive(leg.asset, leg.creditor, credited);
            _common[leg.asset].earmarked += leg.amount;
            emit PositionEarmarked(leg.asset, leg.debtor, settlementId, leg.amount, debited.available());
            crossed = _with(crossed, legs, i, _corridorOf(leg.asset, debited, credited));
        }
    }

    /// @inheritdoc ILiquidityAccounts
    function deliverLegs(Leg[] calldata legs, bytes32 settlementId) external returns (bytes32[] memory crossed) {
        _checkSettlement();
        for (uint256 i = 0; i < legs.length; ++i) {
            Leg calldata leg = legs[i];
            Common memory common = _common[leg.asset];
            if (common.isPaused) revert LiquidityPaused(leg.asset);
            PositionWord debtor = _positions[leg.asset][leg.debtor];
            PositionWord creditor = _positions[leg.asset][leg.creditor];
            _checkNotStopped(leg.asset, leg.debtor, debtor);
            _checkNotStopped(leg.asset, leg.creditor, creditor);
            if (debtor.isHeldBack()) revert PositionFrozenOutgoing(leg.asset, leg.debtor);
            if (creditor.isFrozenIncoming()) revert PositionFrozenIncoming(leg.asset, leg.creditor);

            creditor = creditor.credit(leg.amount);
            _positions[leg.asset][leg.creditor] = creditor;
            _common[leg.asset].earmarked = common.earmarked - leg.amount;
            emit EarmarkDelivered(leg.asset, leg.creditor, settlementId, leg.amount, creditor.available());
            crossed = _with(crossed, legs, i, _corridorOf(leg.asset, debtor, creditor));
        }
    }

    /// @inheritdoc ILiquidityAccounts
    function sendLegsHome(Leg[] calldata legs, bytes32 settlementId) external returns (bytes32[] memory crossed) {
        _checkSettlement();
        for (uint256 i = 0; i < legs.length; ++i) {
            Leg calldata leg = legs[i];
            PositionWord held = _positions[leg.asset][leg.debtor].credit(leg.amount);
            _positions[leg.asset][leg.debtor] = held;
            _common[leg.asset].earmarked -= leg.amount;
            emit EarmarkReturned(leg.asset, leg.debtor, settlementId, leg.amount, held.available());
            crossed = _with(crossed, legs, i, _corridorOf(leg.asset, held, _positions[leg.asset][leg.creditor]));
        }
    }

    // --------------------------------------------------------- foreign exchange

    /// @inheritdoc ILiquidityAccounts
    function exchange(
        address provider,
        address paid,
        uint96 paidAmount,
        address sold,
        uint96 soldAmount
    ) external nonReentrant {
        if (msg.sender != foreignExchange) revert CallerNotExchange(msg.sender, foreignExchange);
        if (_common[paid].isPaused) revert LiquidityPaused(paid);

        uint256 left = _debit(sold, provider, soldAmount).available();
        uint256 held = _credit(paid, provider, paidAmount).available();
        emit PositionExchanged(provider, paid, sold, paidAmount, soldAmount, held, left);
        IERC20(sold).safeTransfer(msg.sender, soldAmount);
    }

    // ----------------------------------------------------------- clearing house

    /// @inheritdoc ILiquidityAccounts
    function settleNets(
        address currency,
        uint256 set,
        address[] calldata accounts,
        uint256[] calldata received,
        uint256[] calldata paid
    ) external {
        if (msg.sender != clearingHouse) revert CallerNotClearingHouse(msg.sender, clearingHouse);
        if (_common[currency].isPaused) revert LiquidityPaused(currency);

        mapping(address account => PositionWord) storage held = _positions[currency];
        NetPosition[] memory moved = new NetPosition[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            address account = accounts[i];
            uint256 number = held[account].number();
            moved[i] = _moveNet(held, currency, account, received[number], paid[number]);
        }
        emit PositionsNetted(currency, set, moved);
    }

    // ------------------------------------------------------------------- seizer

    /// @inheritdoc ILiquidityAccounts
    function seize(
        address currency,
        address account,
        address to,
        uint96 amount,
        bytes32 legalBasis
    ) external nonReentrant {
        _checkPower(currency, ICurrencyToken.seize.selector);
        if (legalBasis == 0) revert ICurrencyToken.SeizureWithoutLegalBasis(account);
        if (to == address(this)) revert IERC20Errors.ERC20InvalidReceiver(to);
        PositionWord held = _positions[currency][account];
        _checkAvailable(currency, account, held, amount);

        held = held.debit(amount);
        _positions[currency][account] = held;
        emit PositionSeized(currency, account, to, amount, held.available(), legalBasis);
        IERC20(currency).safeTransfer(to, amount);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc ILiquidityAccounts
    function isMover(address account) public view returns (bool) {
        return account == corridors || account == settlement || account == clearingHouse;
    }

    /// @inheritdoc ILiquidityAccounts
    function position(address currency, address account) external view returns (Position memory) {
        PositionWord held = _positions[currency][account];
        return
            Position(
                held.available(),
                held.reserved(),
                held.isFrozenOutgoing(),
                held.isFrozenIncoming(),
                held.hasFrozenAmount(),
                held.isSuspended(),
                held.isStopped(),
                held.jurisdiction()
            );
    }

    /// @inheritdoc ILiquidityAccounts
    function positionWords(
        address currency,
        address[] calldata accounts
    ) external view returns (PositionWord[] memory words) {
        words = new PositionWord[](accounts.length);
        mapping(address account => PositionWord) storage held = _positions[currency];
        for (uint256 i = 0; i < words.length; ++i) words[i] = held[accounts[i]];
    }

    /// @inheritdoc ILiquidityAccounts
    function earmarked(address currency) external view returns (uint256) {
        return _common[currency].earmarked;
    }

    /// @inheritdoc ILiquidityAccounts
    function isBlocked(Leg[] calldata legs) external view returns (bool) {
        for (uint256 i = 0; i < legs.length; ++i) {
            PositionWord debtor = _positions[legs[i].asset][legs[i].debtor];
            PositionWord creditor = _positions[legs[i].asset][legs[i].creditor];
            if (debtor.isStopped() || creditor.isStopped()) return true;
            // Any freeze of a debtor ends its waiting legs: a frozen amount may have to cover them.
            if (debtor.isHeldBack() || creditor.isFrozenIncoming()) return true;
        }
        return false;
    }

    // ---------------------------------------------------------------- internals

    /// @return corridor Id of the corridor that the units crossed; zero if they crossed no border.
    function _move(
        address currency,
        address debtor,
        address creditor,
        uint96 amount
    ) private returns (bytes32 corridor) {
        PositionWord debited = _debit(currency, debtor, amount);
        PositionWord credited = _credit(currency, creditor, amount);
        emit PositionMoved(currency, debtor, creditor, amount, debited.available(), credited.available());
        corridor = _corridorOf(currency, debited, credited);
    }

    /// @dev Moves the net of one party of a set.
    function _moveNet(
        mapping(address account => PositionWord) storage positions,
        address currency,
        address account,
        uint256 received,
        uint256 paid
    ) private returns (NetPosition memory) {
        PositionWord held = positions[account];
        uint256 before = held.reserved();
        if (before + received < paid) revert ReservedExceeded(currency, account, paid - received, before);
        uint256 units = before + received - paid;
        if (units != before) positions[account] = held.withReserved(SafeCast.toUint96(units));
        // A party has fewer than 2^32 items of 96 bits, so that each sum has 128 bits.
        return NetPosition(bytes32((uint256(uint160(account)) << 96) | units), bytes32((received << 128) | paid));
    }

    /// @dev A debit by a contract that moves positions.
    function _debit(address currency, address debtor, uint96 amount) private returns (PositionWord held) {
        if (_common[currency].isPaused) revert LiquidityPaused(currency);
        held = _positions[currency][debtor];
        _checkActive(currency, debtor, held);
        _checkAvailable(currency, debtor, held, amount);
        if (held.isHeldBack()) _checkFree(currency, debtor, held, amount);

        held = held.debit(amount);
        _positions[currency][debtor] = held;
    }

    /// @dev A credit of an active participant.
    function _credit(address currency, address creditor, uint96 amount) private returns (PositionWord held) {
        held = _positions[currency][creditor];
        _checkActive(currency, creditor, held);
        if (held.isFrozenIncoming()) revert PositionFrozenIncoming(currency, creditor);

        held = held.credit(amount);
        _positions[currency][creditor] = held;
    }

    function _checkAvailable(address currency, address account, PositionWord held, uint96 amount) private pure {
        if (amount > held.available()) revert PositionExceeded(currency, account, amount, held.available());
    }

    /// @dev A frozen position pays out to an account that is frozen outgoing in the currency too, since the units stay
    /// frozen there. A frozen amount of the account would not hold them: it may be covered by other units.
    function _isFrozenThere(address currency) private view returns (bool outgoing) {
        // slither-disable-next-line unused-return
        (outgoing, , ) = ICurrencyToken(currency).frozen(msg.sender);
    }

    /// @return Id of the corridor of a leg; zero if both parties are of one jurisdiction.
    function _corridorOf(address currency, PositionWord debtor, PositionWord creditor) private pure returns (bytes32) {
        (uint16 from, uint16 to) = (debtor.jurisdiction(), creditor.jurisdiction());
        return from == to ? bytes32(0) : corridorIdOf(from, to, currency);
    }

    /// @dev The ids of corridors with that of one more leg; they stay empty while no leg crosses a border.
    function _with(
        bytes32[] memory crossed,
        Leg[] calldata legs,
        uint256 place,
        bytes32 corridor
    ) private pure returns (bytes32[] memory) {
        if (corridor == 0) return crossed;
        if (crossed.length == 0) crossed = new bytes32[](legs.length);
        crossed[place] = corridor;
        return crossed;
    }

    function _checkSettlement() private view {
        if (msg.sender != settlement) revert CallerNotSettlement(msg.sender, settlement);
    }

    function _isMarkedIn(address currency) private view returns (bool) {
        if (currency.code.length == 0) return false;
        try ICurrencyToken(currency).isSettlementAccount(address(this)) returns (bool isMarked) {
            return isMarked;
        } catch {
            return false;
        }
    }
}
