// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CurrencyToken} from "../../contracts/money/CurrencyToken.sol";
import {ProposedBatch} from "../../contracts/settlement/Clearing.sol";
import {ClearingCycles} from "../../contracts/settlement/ClearingCycles.sol";
import {ClearingHouse} from "../../contracts/settlement/ClearingHouse.sol";
import {ClearingQueues} from "../../contracts/settlement/ClearingQueues.sol";
import {Corridors} from "../../contracts/settlement/Corridors.sol";
import {IClearingHouse} from "../../contracts/settlement/IClearingHouse.sol";
import {ICorridors} from "../../contracts/settlement/ICorridors.sol";
import {ILiquidityAccounts} from "../../contracts/settlement/ILiquidityAccounts.sol";
import {IParticipantRegistry} from "../../contracts/settlement/IParticipantRegistry.sol";
import {LiquidityAccounts} from "../../contracts/settlement/LiquidityAccounts.sol";
import {ParticipantRegistry} from "../../contracts/settlement/ParticipantRegistry.sol";
import {ClearingMoves} from "./ClearingMoves.sol";
import {ClearingSets} from "./ClearingSets.sol";
import {SettlementChecks} from "./SettlementChecks.sol";
import {VM} from "./Vm.sol";

/// @title ClearingInvariants
/// @notice What holds of queues, cycles and sets after any moves (`ClearingMoves`), by what the contracts say of
/// themselves: no model predicts which calls succeed.
contract ClearingInvariants is SettlementChecks {
    uint256 private constant MOVES = 6_000;
    uint256 private constant LEAST_SUCCESSES = 5;
    uint256 private constant BANKS = 5;

    ClearingMoves private _moves;
    LiquidityAccounts private _liquidity;

    function setUp() external {
        _moves = new ClearingMoves();
        _liquidity = _moves.liquidity();
    }

    /// Asked by Foundry: whom the campaign calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_moves);
    }

    /// One campaign for all of them: Foundry would make the same moves for each.
    function invariantCodes() public view {
        _checkSettlement(_moves);
        VM.assertEq(_moves.netsWrong(), 0, "INV-NET: reserved units did not change by the nets of a set alone");
        VM.assertEq(_moves.itemsTwice(), 0, "INV-ONCE: an item ended twice, or nobody queued it");
        VM.assertEq(_moves.halfPairs(), 0, "INV-LINK: half a pair settled");
        VM.assertEq(_moves.outOfOrder(), 0, "INV-ORDER: an item settled before one that waits");
        VM.assertEq(_moves.spoiled(), 0, "INV-FINAL: something due changed in a closed cycle, or a set came too late");
        VM.assertEq(_moves.frozenMoved(), 0, "INV-FROZEN: an item of a party settled that may not pay or receive");
        VM.assertEq(_moves.outsideCorridor(), 0, "INV-CORRIDOR: an item settled in another country than its batch's");
        VM.assertEq(_moves.stolen(), 0, "a participant moved units or items of another");
        for (uint256 i = 0; i < _moves.queuedCount(); ++i) {
            (, , , bool isKept) = _moves.left(i);
            VM.assertTrue(isKept, "INV-FINAL: an item came back, or vanished");
        }
    }

    /// Everybody leaves, whatever was closed, frozen, stopped or paused before: an hour is enough for a closed cycle.
    function afterInvariant() public {
        VM.warp(_moves.time() + 1 hours);
        _liftStops(_moves.token());
        _liftStops(_moves.other());
        for (uint256 i = 0; i < _moves.queuedCount(); ++i) _cancel(i);
        _leave(_moves.token());
        _leave(_moves.other());
    }

    /// Every entry of participants, officers and operators is reached with success, sets of each kind settle, and each
    /// rule refuses proposals that break it alone, so that a campaign means something.
    function testEveryEntrySucceeds() external {
        _makeMoves(address(_moves), "ClearingMoves", MOVES);
        bytes4[18] memory reached = _reached();
        for (uint256 i = 0; i < reached.length; ++i) _checkReached(_moves, reached[i], LEAST_SUCCESSES);
        VM.assertTrue(_moves.setsOfSeveral() >= LEAST_SUCCESSES, "no set has several debtors");
        VM.assertTrue(_moves.setsInClosed() >= LEAST_SUCCESSES, "no set settles in a closed cycle");
        VM.assertTrue(_moves.setsAcross() >= LEAST_SUCCESSES, "no set crosses a border");
        VM.assertTrue(_moves.halvesSettled() >= 2 * LEAST_SUCCESSES, "no pair settles");
        _checkRefusals();
        invariantCodes();
        afterInvariant();
    }

    function _reached() private pure returns (bytes4[18] memory) {
        return
            [
                LiquidityAccounts.reserve.selector,
                LiquidityAccounts.release.selector,
                LiquidityAccounts.payIn.selector,
                LiquidityAccounts.payOut.selector,
                LiquidityAccounts.seize.selector,
                ILiquidityAccounts.freeze.selector,
                ILiquidityAccounts.freezeAmount.selector,
                ILiquidityAccounts.pause.selector,
                ParticipantRegistry.setStops.selector,
                Corridors.clearOut.selector,
                ICorridors.signPayload.selector,
                ClearingQueues.queue.selector,
                ClearingQueues.setHeld.selector,
                ClearingQueues.cancel.selector,
                ClearingQueues.reject.selector,
                ClearingCycles.closeCycle.selector,
                ClearingCycles.endCycle.selector,
                ClearingHouse.settleCycle.selector
            ];
    }

    // ---------------------------------------------------------------- internals

    function _checkRefusals() private view {
        bytes4 stopped = IParticipantRegistry.ParticipantStopped.selector;
        bytes4 suspended = IParticipantRegistry.ParticipantSuspended.selector;
        bytes4 frozen = ILiquidityAccounts.PositionFrozenIncoming.selector;
        bytes4 halved = IClearingHouse.PairIncomplete.selector;
        _checkRefused(ClearingSets.Fault.Units, ILiquidityAccounts.ReservedExceeded.selector, 0, 0);
        _checkRefused(ClearingSets.Fault.Due, IClearingHouse.BatchNotDue.selector, 0, 0);
        _checkRefused(ClearingSets.Fault.DebtorFrozen, ILiquidityAccounts.PositionFrozenOutgoing.selector, 0, 0);
        _checkRefused(ClearingSets.Fault.DebtorStopped, stopped, suspended, 0);
        _checkRefused(ClearingSets.Fault.Creditor, stopped, suspended, frozen);
        _checkRefused(ClearingSets.Fault.Hours, ICorridors.CurrencyClosed.selector, 0, 0);
        _checkRefused(ClearingSets.Fault.Country, IClearingHouse.ItemOutsideCorridor.selector, 0, 0);
        _checkRefused(ClearingSets.Fault.Order, IClearingHouse.ItemOutOfOrder.selector, 0, 0);
        _checkRefused(ClearingSets.Fault.Passed, IClearingHouse.BatchPassedOver.selector, 0, 0);
        _checkRefused(ClearingSets.Fault.Agreement, halved, 0, 0);
        _checkRefused(ClearingSets.Fault.Masks, halved, 0, 0);
        _checkRefused(ClearingSets.Fault.Alone, halved, 0, 0);
    }

    function _checkRefused(ClearingSets.Fault fault, bytes4 first, bytes4 second, bytes4 third) private view {
        uint256 rule = uint256(fault);
        uint256 count = _moves.refusals(first, rule) + _moves.refusals(second, rule) + _moves.refusals(third, rule);
        VM.assertTrue(count >= LEAST_SUCCESSES, string.concat("no proposal breaks rule ", VM.toString(bytes32(rule))));
    }

    function _liftStops(CurrencyToken currency) private {
        address coin = address(currency);
        ParticipantRegistry registry = _moves.registry();
        if (_liquidity.isPaused(coin)) {
            VM.prank(_moves.pauser());
            _liquidity.unpause(coin);
        }
        address freezer = _moves.freezer();
        for (uint256 i = 0; i < BANKS; ++i) {
            address bank = _moves.bankOf(i);
            VM.prank(freezer);
            _liquidity.freeze(coin, bank, false, false);
            VM.prank(freezer);
            _liquidity.freezeAmount(coin, bank, 0);
            VM.prank(freezer);
            registry.setStops(coin, bank, false, false, "lifted");
        }
    }

    function _cancel(uint256 place) private {
        (address currency, address debtor, ProposedBatch memory batch, ) = _moves.left(place);
        if (batch.settled == 0) return;
        ClearingHouse clearing = _moves.clearing();
        VM.prank(debtor);
        clearing.cancel(currency, batch);
        (uint256 waits, uint256 held) = clearing.itemsOf(
            currency,
            batch.header.debtor(),
            batch.header.priority(),
            batch.header.index()
        );
        VM.assertEq(waits | held, 0, "a cancelled item waits");
    }

    function _leave(CurrencyToken currency) private {
        address coin = address(currency);
        for (uint256 i = 0; i < BANKS; ++i) {
            address bank = _moves.bankOf(i);
            ILiquidityAccounts.Position memory held = _liquidity.position(coin, bank);
            VM.prank(bank);
            _liquidity.release(coin, bank, held.reserved);
            VM.prank(bank);
            _liquidity.payOut(coin, held.available + held.reserved);
        }
        VM.assertEq(
            currency.balanceOf(address(_liquidity)),
            _liquidity.earmarked(coin) + _moves.donations(coin),
            "INV-LIQUIDITY: somebody could not leave with all its units"
        );
    }
}
