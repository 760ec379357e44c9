// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {CurrencyToken} from "../../contracts/money/CurrencyToken.sol";
import {AtomicSettlement} from "../../contracts/settlement/AtomicSettlement.sol";
import {ILiquidityAccounts} from "../../contracts/settlement/ILiquidityAccounts.sol";
import {LiquidityAccounts} from "../../contracts/settlement/LiquidityAccounts.sol";
import {ParticipantRegistry} from "../../contracts/settlement/ParticipantRegistry.sol";
import {Entries} from "./Entries.sol";
import {SettlementMoves} from "./SettlementMoves.sol";
import {VM} from "./Vm.sol";

/// @title SettlementInvariants
/// @notice What holds of positions and instructions after any moves (`SettlementMoves`), by what the contracts say of
/// themselves: no model predicts which calls succeed.
contract SettlementInvariants is Entries {
    uint256 private constant MOVES = 6_000;
    uint256 private constant LEAST_SUCCESSES = 5;

    SettlementMoves private _moves;
    LiquidityAccounts private _liquidity;

    function setUp() external {
        _moves = new SettlementMoves();
        _liquidity = _moves.liquidity();
    }

    /// Asked by Foundry: whom the campaign calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_moves);
    }

    /// One campaign for all of them: Foundry would make the same moves for each.
    function invariantCodes() public view {
        _checkLiquidity(_moves.token());
        _checkLiquidity(_moves.other());
        VM.assertEq(_moves.created(), 0, "INV-LINK: a settlement created units, or left some behind");
        VM.assertEq(_moves.usedTwice(), 0, "INV-ONCE: an id of an approval was used twice");
        VM.assertEq(_moves.endedTwice(), 0, "INV-FINAL: a settlement ended twice");
    }

    /// Every entry that banks, officers and anybody have is reached with success, so that a campaign means something.
    function testEveryEntrySucceeds() external {
        _makeMoves(address(_moves), "SettlementMoves", MOVES);
        bytes4[14] memory reached = _reached();
        for (uint256 i = 0; i < reached.length; ++i) {
            string memory problem = string.concat("no move reaches ", VM.toString(bytes32(reached[i])));
            VM.assertTrue(_moves.successes(reached[i]) >= LEAST_SUCCESSES, problem);
        }
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

    /// INV-LIQUIDITY
    function _checkLiquidity(CurrencyToken currency) private view {
        address coin = address(currency);
        uint256 positions = _moves.positions(coin);
        uint256 earmarked = _liquidity.earmarked(coin);
        VM.assertEq(earmarked, _moves.waitingUnits(coin), "INV-LIQUIDITY: earmarked is not what waits");
        VM.assertEq(
            currency.balanceOf(address(_liquidity)),
            positions + earmarked + _moves.donations(coin),
            "INV-LIQUIDITY: held is not positions, earmarks and donations"
        );
        VM.assertTrue(positions + earmarked <= _moves.issued(), "INV-LIQUIDITY: a position is below zero");
        VM.assertEq(currency.totalSupply(), _moves.issued(), "INV-SUPPLY: settlement changed the supply");
        VM.assertEq(_moves.held(currency), _moves.issued(), "INV-SUPPLY: units left everybody");
    }
}
