// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ICurrencyToken} from "../money/ICurrencyToken.sol";
import {Corridors} from "./Corridors.sol";
import {AtomicSettlement} from "./AtomicSettlement.sol";
import {CurrencyPowers} from "./CurrencyPowers.sol";
import {ILiquidityAccounts} from "./ILiquidityAccounts.sol";
import {IParticipantRegistry} from "./IParticipantRegistry.sol";

/// @title LiquidityAccounts
/// @notice Currency enters by `payIn` and leaves by `payOut` and `seize`; the units of a position change in `_change`.
/// @dev It creates the contracts that move its positions, so that no other ever moves one.
/// One currency never touches the positions of another, so that a contract that only claims to be a currency can
/// harm its own positions alone.
contract LiquidityAccounts is ILiquidityAccounts, CurrencyPowers, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc ILiquidityAccounts
    address public immutable registry;
    /// @inheritdoc ILiquidityAccounts
    address public immutable corridors;
    address public immutable settlement;

    mapping(address currency => mapping(address account => Position)) private _positions;
    /// @inheritdoc ILiquidityAccounts
    mapping(address currency => mapping(address account => uint256 units)) public frozenAmount;
    /// @inheritdoc ILiquidityAccounts
    mapping(address currency => bool) public isPaused;
    /// @inheritdoc ILiquidityAccounts
    mapping(address currency => uint256 units) public earmarked;

    /// @param registry_ Registry of the participants.
    constructor(address registry_) {
        registry = registry_;
        corridors = address(new Corridors(registry_, address(this)));
        settlement = address(new AtomicSettlement(registry_, corridors));
    }

    // -------------------------------------------------------------- participant

    /// @inheritdoc ILiquidityAccounts
    function payIn(address currency, uint96 amount) external nonReentrant {
        if (!_isMarkedIn(currency)) revert LiquidityAccountUnmarked(currency);
        IParticipantRegistry(registry).checkActive(currency, msg.sender);
        if (isPaused[currency]) revert LiquidityPaused(currency);
        Position memory held = _positions[currency][msg.sender];
        if (held.frozenIncoming) revert PositionFrozenIncoming(currency, msg.sender);

        emit PaidIn(currency, msg.sender, amount, _change(currency, msg.sender, held, 0, amount));
        uint256 before = IERC20(currency).balanceOf(address(this));
        IERC20(currency).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(currency).balanceOf(address(this)) - before;
        if (received != amount) revert LiquidityPaymentMismatch(amount, received);
    }

    /// @inheritdoc ILiquidityAccounts
    function payOut(address currency, uint96 amount) external nonReentrant {
        Position memory held = _positions[currency][msg.sender];
        _checkAvailable(currency, msg.sender, held, amount);
        if (held.frozenOutgoing || held.hasFrozenAmount) _checkPayout(currency, msg.sender, held, amount);

        emit PaidOut(currency, msg.sender, amount, _change(currency, msg.sender, held, amount, 0));
        IERC20(currency).safeTransfer(msg.sender, amount);
    }

    // ------------------------------------------------------ settlement contract

    /// @inheritdoc ILiquidityAccounts
    function move(address currency, address debtor, address creditor, uint96 amount) external {
        if (!isMover(msg.sender)) revert LiquidityMoverUnknown(msg.sender);
        uint96 debtorAvailable = _debit(currency, debtor, amount);
        uint96 creditorAvailable = _credit(currency, creditor, amount);
        emit PositionMoved(currency, debtor, creditor, amount, debtorAvailable, creditorAvailable);
    }

    /// @inheritdoc ILiquidityAccounts
    function earmark(address currency, address debtor, uint96 amount, bytes32 settlementId) external {
        _checkSettlement();
        earmarked[currency] += amount;
        emit PositionEarmarked(currency, debtor, settlementId, amount, _debit(currency, debtor, amount));
    }

    /// @inheritdoc ILiquidityAccounts
    function deliver(address currency, address debtor, address creditor, uint96 amount, bytes32 settlementId) external {
        _checkSettlement();
        if (isPaused[currency]) revert LiquidityPaused(currency);
        if (_isHeldBack(currency, debtor)) revert PositionFrozenOutgoing(currency, debtor);

        earmarked[currency] -= amount;
        emit EarmarkDelivered(currency, creditor, settlementId, amount, _credit(currency, creditor, amount));
    }

    /// @inheritdoc ILiquidityAccounts
    function sendHome(address currency, address debtor, uint96 amount, bytes32 settlementId) external {
        _checkSettlement();
        earmarked[currency] -= amount;
        uint96 available = _change(currency, debtor, _positions[currency][debtor], 0, amount);
        emit EarmarkReturned(currency, debtor, settlementId, amount, available);
    }

    // ------------------------------------------------ freezer, seizer and pauser

    /// @inheritdoc ILiquidityAccounts
    function freeze(address currency, address account, bool outgoing, bool incoming) external {
        _checkPower(currency, ICurrencyToken.freeze.selector);

        _setFreeze(currency, account, outgoing, incoming);
    }

    /// @inheritdoc ILiquidityAccounts
    function freezeAmount(address currency, address account, uint256 amount) external {
        _checkPower(currency, ICurrencyToken.freezeAmount.selector);

        _setFrozenAmount(currency, account, amount);
    }

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
        Position memory held = _positions[currency][account];
        _checkAvailable(currency, account, held, amount);

        uint256 available = _change(currency, account, held, amount, 0);
        emit PositionSeized(currency, account, to, amount, available, legalBasis);
        IERC20(currency).safeTransfer(to, amount);
    }

    /// @inheritdoc ILiquidityAccounts
    function pause(address currency) external {
        _checkPower(currency, ICurrencyToken.pause.selector);

        _setPause(currency, true);
    }

    /// @inheritdoc ILiquidityAccounts
    function unpause(address currency) external {
        _checkPower(currency, ICurrencyToken.unpause.selector);

        _setPause(currency, false);
    }

    // ------------------------------------------------------------------- anyone

    /// @inheritdoc ILiquidityAccounts
    function copyFreeze(address currency, address account) external {
        (bool outgoing, bool incoming, uint256 amount) = ICurrencyToken(currency).frozen(account);
        Position memory held = _positions[currency][account];
        bool isTighter = (outgoing && !held.frozenOutgoing) || (incoming && !held.frozenIncoming);
        bool isMore = amount > frozenAmount[currency][account];
        if (!isTighter && !isMore) revert NothingToCopy(currency, account);

        if (isTighter) {
            _setFreeze(currency, account, outgoing || held.frozenOutgoing, incoming || held.frozenIncoming);
        }
        if (isMore) _setFrozenAmount(currency, account, amount);
    }

    /// @inheritdoc ILiquidityAccounts
    function copyPause(address currency) external {
        if (isPaused[currency] || !ICurrencyToken(currency).isPaused()) revert NothingToCopy(currency, address(0));

        _setPause(currency, true);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc ILiquidityAccounts
    function isMover(address account) public view returns (bool) {
        return account == corridors || account == settlement;
    }

    /// @inheritdoc ILiquidityAccounts
    function position(address currency, address account) external view returns (Position memory) {
        return _positions[currency][account];
    }

    /// @inheritdoc ILiquidityAccounts
    function isBlocked(address currency, address debtor, address creditor) external view returns (bool) {
        return _isHeldBack(currency, debtor) || _positions[currency][creditor].frozenIncoming;
    }

    // ---------------------------------------------------------------- internals

    /// @dev A debit by a settlement.
    function _debit(address currency, address debtor, uint96 amount) private returns (uint96 available) {
        if (isPaused[currency]) revert LiquidityPaused(currency);
        Position memory held = _positions[currency][debtor];
        _checkAvailable(currency, debtor, held, amount);
        if (held.frozenOutgoing) revert PositionFrozenOutgoing(currency, debtor);
        if (held.hasFrozenAmount) _checkFree(currency, debtor, held, amount);
        available = _change(currency, debtor, held, amount, 0);
    }

    /// @dev A credit by a settlement.
    function _credit(address currency, address creditor, uint96 amount) private returns (uint96 available) {
        Position memory held = _positions[currency][creditor];
        if (held.frozenIncoming) revert PositionFrozenIncoming(currency, creditor);
        available = _change(currency, creditor, held, 0, amount);
    }

    /// @dev The one change of the units of a position, whose word the caller has read and checked. A currency's supply
    /// fits 96 bits, so that no sum of its positions overflows.
    /// @return available Available units afterwards.
    function _change(
        address currency,
        address account,
        Position memory held,
        uint96 debit,
        uint96 credit
    ) private returns (uint96 available) {
        available = held.available - debit + credit;
        held.available = available;
        _positions[currency][account] = held;
    }

    function _setFreeze(address currency, address account, bool outgoing, bool incoming) private {
        Position memory held = _positions[currency][account];
        (held.frozenOutgoing, held.frozenIncoming) = (outgoing, incoming);
        _positions[currency][account] = held;
        emit PositionFreezeSet(currency, account, outgoing, incoming);
    }

    function _setFrozenAmount(address currency, address account, uint256 amount) private {
        _positions[currency][account].hasFrozenAmount = amount != 0;
        frozenAmount[currency][account] = amount;
        emit PositionFrozenAmountSet(currency, account, amount);
    }

    function _setPause(address currency, bool paused) private {
        isPaused[currency] = paused;
        emit LiquidityPauseSet(currency, paused);
    }

    function _checkAvailable(address currency, address account, Position memory held, uint96 amount) private pure {
        if (amount > held.available) revert PositionExceeded(currency, account, amount, held.available);
    }

    /// @dev A frozen position pays out to an account that is frozen outgoing in the currency too, since the units stay
    /// frozen there. A frozen amount of the account would not hold them: it may be covered by other units.
    function _checkPayout(address currency, address account, Position memory held, uint96 amount) private view {
        // slither-disable-next-line unused-return
        (bool isHeldThere, , ) = ICurrencyToken(currency).frozen(account);
        if (isHeldThere) return;
        if (held.frozenOutgoing) revert PositionFrozenOutgoing(currency, account);
        _checkFree(currency, account, held, amount);
    }

    function _checkFree(address currency, address account, Position memory held, uint96 amount) private view {
        uint256 frozen = frozenAmount[currency][account];
        uint256 free = held.available > frozen ? held.available - frozen : 0;
        if (amount > free) revert PositionAmountFrozen(currency, account, amount, free, frozen);
    }

    /// @dev Whether any freeze of a debtor ends its waiting legs: a frozen amount may have to cover them.
    function _isHeldBack(address currency, address debtor) private view returns (bool) {
        Position memory held = _positions[currency][debtor];
        return held.frozenOutgoing || held.hasFrozenAmount;
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
