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
import {PositionLegs} from "./PositionLegs.sol";
import {PositionWord} from "./PositionWord.sol";

/// @title LiquidityAccounts
/// @notice Currency enters by `payIn` and leaves by `payOut` and `seize`.
/// @dev It knows the contracts that move its positions from the start, so that no other ever moves one. The deployer
/// creates them in its next transactions, whose addresses are known before.
/// One currency never touches the positions of another, so that a contract that only claims to be a currency can
/// harm its own positions alone.
contract LiquidityAccounts is PositionLegs, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc ILiquidityAccounts
    address public immutable registry;
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
    ) PositionLegs(corridors_, settlement_) {
        registry = registry_;
        foreignExchange = foreignExchange_;
        clearingHouse = clearingHouse_;
    }

    // -------------------------------------------------------------- participant

    /// @inheritdoc ILiquidityAccounts
    function payIn(address currency, uint96 amount) external nonReentrant {
        if (!_isMarkedIn(currency)) revert LiquidityAccountUnmarked(currency);
        if (_common[currency].isPaused) revert LiquidityPaused(currency);

        PositionWord held = _credit(_positions[currency], currency, msg.sender, amount);
        emit PaidIn(currency, msg.sender, amount, held.available());
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
        mapping(address account => PositionWord) storage positions = _positions[currency];
        PositionWord held = _debit(positions, currency, msg.sender, amount);
        held = held.withReserved(held.reserved() + amount);

        positions[msg.sender] = held;
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

        uint256 left = _debit(_positions[sold], sold, provider, soldAmount).available();
        uint256 held = _credit(_positions[paid], paid, provider, paidAmount).available();
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

    // ---------------------------------------------------------------- internals

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

    /// @dev A frozen position pays out to an account that is frozen outgoing in the currency too, since the units stay
    /// frozen there. A frozen amount of the account would not hold them: it may be covered by other units.
    function _isFrozenThere(address currency) private view returns (bool outgoing) {
        // slither-disable-next-line unused-return
        (outgoing, , ) = ICurrencyToken(currency).frozen(msg.sender);
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
