// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ICorridors} from "./ICorridors.sol";
import {ILiquidityAccounts} from "./ILiquidityAccounts.sol";
import {Leg, LegKind, corridorIdOf, legsOf} from "./Instruction.sol";
import {PositionPowers} from "./PositionPowers.sol";
import {PositionWord} from "./PositionWord.sol";

/// @title PositionLegs
/// @notice The legs of instructions, which move, wait and go home for the settlement contract alone.
/// @dev The corridors are asked here, where both jurisdictions of a leg are known, and once for all legs.
abstract contract PositionLegs is PositionPowers {
    /// @inheritdoc ILiquidityAccounts
    address public immutable corridors;
    /// @inheritdoc ILiquidityAccounts
    address public immutable settlement;

    /// @param corridors_ Corridors, which admit the legs that cross a border.
    /// @param settlement_ The settlement contract.
    constructor(address corridors_, address settlement_) {
        corridors = corridors_;
        settlement = settlement_;
    }

    // ------------------------------------------------------ settlement contract

    /// @inheritdoc ILiquidityAccounts
    function moveLegs(uint256[] calldata words, bytes32 payload) external {
        _checkSettlement();
        Leg[] calldata legs = legsOf(words);
        bytes32[] memory crossed = new bytes32[](legs.length);
        bytes32 any = 0;
        for (uint256 i = 0; i < legs.length; ++i) {
            Leg calldata leg = legs[i];
            if (leg.kind != LegKind.Position) continue;
            bytes32 corridor = _move(leg.asset, leg.debtor, leg.creditor, leg.amount);
            crossed[i] = corridor;
            any |= corridor;
        }
        // slither-disable-next-line unused-return
        if (any != 0) ICorridors(corridors).admit(words, crossed, payload, 0);
    }

    /// @inheritdoc ILiquidityAccounts
    function earmarkLegs(
        uint256[] calldata words,
        bytes32 settlementId,
        bytes32 payload,
        uint64 due
    ) external returns (uint64 opensAt) {
        _checkSettlement();
        Leg[] calldata legs = legsOf(words);
        bytes32[] memory crossed = new bytes32[](legs.length);
        bytes32 any = 0;
        for (uint256 i = 0; i < legs.length; ++i) {
            Leg calldata leg = legs[i];
            PositionWord debited = _debit(_positions[leg.asset], leg.asset, leg.debtor, leg.amount);
            PositionWord credited = _positions[leg.asset][leg.creditor];
            _checkActive(leg.asset, leg.creditor, credited);
            _common[leg.asset].earmarked += leg.amount;
            emit PositionEarmarked(leg.asset, leg.debtor, settlementId, leg.amount, debited.available());
            crossed[i] = _corridorOf(leg.asset, debited, credited);
            any |= crossed[i];
        }
        return any == 0 ? due : ICorridors(corridors).admit(words, crossed, payload, due);
    }

    /// @inheritdoc ILiquidityAccounts
    function deliverLegs(uint256[] calldata words, bytes32 settlementId) external {
        _checkSettlement();
        Leg[] calldata legs = legsOf(words);
        bytes32[] memory crossed = new bytes32[](legs.length);
        bytes32 any = 0;
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
            crossed[i] = _corridorOf(leg.asset, debtor, creditor);
            any |= crossed[i];
        }
        if (any != 0) ICorridors(corridors).checkOpen(words, crossed);
    }

    /// @inheritdoc ILiquidityAccounts
    function sendLegsHome(uint256[] calldata words, bytes32 settlementId, bytes32 payload, uint64 admittedAt) external {
        _checkSettlement();
        Leg[] calldata legs = legsOf(words);
        bytes32[] memory crossed = new bytes32[](legs.length);
        bytes32 any = 0;
        for (uint256 i = 0; i < legs.length; ++i) {
            Leg calldata leg = legs[i];
            PositionWord held = _positions[leg.asset][leg.debtor].credit(leg.amount);
            _positions[leg.asset][leg.debtor] = held;
            _common[leg.asset].earmarked -= leg.amount;
            emit EarmarkReturned(leg.asset, leg.debtor, settlementId, leg.amount, held.available());
            crossed[i] = _corridorOf(leg.asset, held, _positions[leg.asset][leg.creditor]);
            any |= crossed[i];
        }
        if (any != 0) ICorridors(corridors).release(words, crossed, payload, admittedAt);
    }

    // -------------------------------------------------------------------- views

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
    ) internal returns (bytes32 corridor) {
        mapping(address account => PositionWord) storage positions = _positions[currency];
        PositionWord debited = _debit(positions, currency, debtor, amount);
        PositionWord credited = _credit(positions, currency, creditor, amount);
        emit PositionMoved(currency, debtor, creditor, amount, debited.available(), credited.available());
        corridor = _corridorOf(currency, debited, credited);
    }

    /// @dev A debit by a contract that moves positions.
    function _debit(
        mapping(address account => PositionWord) storage positions,
        address currency,
        address debtor,
        uint96 amount
    ) internal returns (PositionWord held) {
        if (_common[currency].isPaused) revert LiquidityPaused(currency);
        held = positions[debtor];
        _checkActive(currency, debtor, held);
        _checkAvailable(currency, debtor, held, amount);
        if (held.isHeldBack()) _checkFree(currency, debtor, held, amount);

        held = held.debit(amount);
        positions[debtor] = held;
    }

    /// @dev A credit of an active participant.
    function _credit(
        mapping(address account => PositionWord) storage positions,
        address currency,
        address creditor,
        uint96 amount
    ) internal returns (PositionWord held) {
        held = positions[creditor];
        _checkActive(currency, creditor, held);
        if (held.isFrozenIncoming()) revert PositionFrozenIncoming(currency, creditor);

        held = held.credit(amount);
        positions[creditor] = held;
    }

    function _checkAvailable(address currency, address account, PositionWord held, uint96 amount) internal pure {
        if (amount > held.available()) revert PositionExceeded(currency, account, amount, held.available());
    }

    /// @return Id of the corridor of a leg; zero if both parties are of one jurisdiction.
    function _corridorOf(address currency, PositionWord debtor, PositionWord creditor) private pure returns (bytes32) {
        (uint16 from, uint16 to) = (debtor.jurisdiction(), creditor.jurisdiction());
        return from == to ? bytes32(0) : corridorIdOf(from, to, currency);
    }

    function _checkSettlement() private view {
        if (msg.sender != settlement) revert CallerNotSettlement(msg.sender, settlement);
    }
}
