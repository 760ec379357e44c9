// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CurrencyToken} from "../../contracts/money/CurrencyToken.sol";
import {Entries} from "./Entries.sol";
import {SettlementMoves} from "./SettlementMoves.sol";
import {VM} from "./Vm.sol";

/// @title SettlementChecks
/// @notice What holds of positions and instructions after any moves.
abstract contract SettlementChecks is Entries {
    function _checkSettlement(SettlementMoves moves) internal view {
        _checkLiquidity(moves, moves.token());
        _checkLiquidity(moves, moves.other());
        VM.assertEq(moves.created(), 0, "INV-LINK: a settlement created units, or left some behind");
        VM.assertEq(moves.usedTwice(), 0, "INV-ONCE: an id of an approval was used twice");
        VM.assertEq(moves.endedTwice(), 0, "INV-FINAL: a settlement ended twice");
    }

    /// INV-LIQUIDITY
    function _checkLiquidity(SettlementMoves moves, CurrencyToken currency) private view {
        address coin = address(currency);
        address liquidity = address(moves.liquidity());
        uint256 positions = moves.positions(coin);
        uint256 earmarked = moves.liquidity().earmarked(coin);
        VM.assertEq(earmarked, moves.waitingUnits(coin), "INV-LIQUIDITY: earmarked is not what waits");
        VM.assertEq(
            currency.balanceOf(liquidity),
            positions + earmarked + moves.donations(coin),
            "INV-LIQUIDITY: held is not positions, earmarks and donations"
        );
        VM.assertTrue(positions + earmarked <= moves.issued(), "INV-LIQUIDITY: a position is below zero");
        VM.assertEq(currency.totalSupply(), moves.issued(), "INV-SUPPLY: settlement changed the supply");
        VM.assertEq(moves.held(currency), moves.issued(), "INV-SUPPLY: units left everybody");
    }

    function _checkReached(SettlementMoves moves, bytes4 selector, uint256 least) internal view {
        string memory problem = string.concat("no move reaches ", VM.toString(bytes32(selector)));
        VM.assertTrue(moves.successes(selector) >= least, problem);
    }
}
