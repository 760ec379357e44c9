// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {AtomicSettlement} from "../../contracts/settlement/AtomicSettlement.sol";
import {ILiquidityAccounts} from "../../contracts/settlement/ILiquidityAccounts.sol";
import {LiquidityAccounts} from "../../contracts/settlement/LiquidityAccounts.sol";
import {ParticipantRegistry} from "../../contracts/settlement/ParticipantRegistry.sol";
import {SettlementChecks} from "./SettlementChecks.sol";
import {SettlementMoves} from "./SettlementMoves.sol";

/// @title SettlementInvariants
/// @notice What holds of positions and instructions after any moves (`SettlementMoves`), by what the contracts say of
/// themselves: no model predicts which calls succeed.
contract SettlementInvariants is SettlementChecks {
    uint256 private constant MOVES = 6_000;
    uint256 private constant LEAST_SUCCESSES = 5;

    SettlementMoves private _moves;

    function setUp() external {
        _moves = new SettlementMoves();
    }

    /// Asked by Foundry: whom the campaign calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_moves);
    }

    /// One campaign for all of them: Foundry would make the same moves for each.
    function invariantCodes() public view {
        _checkSettlement(_moves);
    }

    /// Every entry that banks, officers and anybody have is reached with success, so that a campaign means something.
    function testEveryEntrySucceeds() external {
        _makeMoves(address(_moves), "SettlementMoves", MOVES);
        bytes4[14] memory reached = _reached();
        for (uint256 i = 0; i < reached.length; ++i) _checkReached(_moves, reached[i], LEAST_SUCCESSES);
        invariantCodes();
    }

    function _reached() private pure returns (bytes4[14] memory) {
        return
            [
                AtomicSettlement.submit.selector,
                AtomicSettlement.submitReturn.selector,
                AtomicSettlement.settle.selector,
                AtomicSettlement.unwind.selector,
                AtomicSettlement.withdraw.selector,
                LiquidityAccounts.payIn.selector,
                LiquidityAccounts.payOut.selector,
                LiquidityAccounts.exchange.selector,
                ILiquidityAccounts.freeze.selector,
                ILiquidityAccounts.freezeAmount.selector,
                ILiquidityAccounts.seize.selector,
                ILiquidityAccounts.pause.selector,
                ParticipantRegistry.setStops.selector,
                IERC20.transfer.selector
            ];
    }
}
