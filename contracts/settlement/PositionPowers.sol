// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ICurrencyToken} from "../money/ICurrencyToken.sol";
import {CurrencyPowers} from "./CurrencyPowers.sol";
import {ILiquidityAccounts} from "./ILiquidityAccounts.sol";
import {IParticipantRegistry} from "./IParticipantRegistry.sol";
import {PositionWord} from "./PositionWord.sol";

/// @title PositionPowers
/// @notice The positions, and the powers of the officers of each currency over them: freezes and pauses.
abstract contract PositionPowers is ILiquidityAccounts, CurrencyPowers {
    /// What holds for a currency as a whole: one word.
    struct Common {
        uint96 earmarked;
        bool isPaused;
    }

    mapping(address currency => mapping(address account => PositionWord)) internal _positions;
    mapping(address currency => Common) internal _common;
    /// @inheritdoc ILiquidityAccounts
    mapping(address currency => mapping(address account => uint256 units)) public frozenAmount;

    // ------------------------------------------------------- freezer and pauser

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
        PositionWord held = _positions[currency][account];
        bool isTighter = (outgoing && !held.isFrozenOutgoing()) || (incoming && !held.isFrozenIncoming());
        bool isMore = amount > frozenAmount[currency][account];
        if (!isTighter && !isMore) revert NothingToCopy(currency, account);

        if (isTighter) {
            _setFreeze(currency, account, outgoing || held.isFrozenOutgoing(), incoming || held.isFrozenIncoming());
        }
        if (isMore) _setFrozenAmount(currency, account, amount);
    }

    /// @inheritdoc ILiquidityAccounts
    function copyPause(address currency) external {
        if (isPaused(currency) || !ICurrencyToken(currency).isPaused()) revert NothingToCopy(currency, address(0));

        _setPause(currency, true);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc ILiquidityAccounts
    function isPaused(address currency) public view returns (bool) {
        return _common[currency].isPaused;
    }

    // ---------------------------------------------------------------- internals

    function _setFreeze(address currency, address account, bool outgoing, bool incoming) private {
        _positions[currency][account] = _positions[currency][account].withFreeze(outgoing, incoming);
        emit PositionFreezeSet(currency, account, outgoing, incoming);
    }

    function _setFrozenAmount(address currency, address account, uint256 amount) private {
        _positions[currency][account] = _positions[currency][account].withFrozenAmount(amount != 0);
        frozenAmount[currency][account] = amount;
        emit PositionFrozenAmountSet(currency, account, amount);
    }

    function _setPause(address currency, bool paused) private {
        _common[currency].isPaused = paused;
        emit LiquidityPauseSet(currency, paused);
    }

    function _checkActive(address currency, address account, PositionWord held) internal pure {
        if (held.jurisdiction() == 0) revert IParticipantRegistry.ParticipantNotFound(currency, account);
        _checkNotStopped(currency, account, held);
        if (held.isSuspended()) revert IParticipantRegistry.ParticipantSuspended(currency, account);
    }

    function _checkNotStopped(address currency, address account, PositionWord held) internal pure {
        if (held.isStopped()) revert IParticipantRegistry.ParticipantStopped(currency, account);
    }

    function _checkFree(address currency, address account, PositionWord held, uint96 amount) internal view {
        if (held.isFrozenOutgoing()) revert PositionFrozenOutgoing(currency, account);
        uint256 frozen = frozenAmount[currency][account];
        uint256 free = held.available() > frozen ? held.available() - frozen : 0;
        if (amount > free) revert PositionAmountFrozen(currency, account, amount, free, frozen);
    }
}
