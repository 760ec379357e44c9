// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChannelBalance, ChannelFields} from "../../contracts/channel/Channel.sol";
import {RateCard, Usage} from "../../contracts/compute/RateCard.sol";
import {Supply} from "../../contracts/compute/Supply.sol";
import {VM} from "./Vm.sol";

/// @title ComputeSymbolic
/// @notice Of the words of a series and of a channel: a field has the value it was given, and its neighbours are
/// untouched. Of a rate card: what usage costs is the sum of its lanes, and no word is too large for it.
contract ComputeSymbolic {
    uint256 private constant TOKENS = type(uint96).max;
    uint256 private constant SOLD = TOKENS << 96;
    uint256 private constant HALTED_AT = uint256(type(uint40).max) << 192;
    uint256 private constant AMOUNT = type(uint128).max;
    uint256 private constant RATE = type(uint32).max;
    uint256 private constant COUNT = (1 << 42) - 1;
    /// Of six products of 32 and 42 bits.
    uint256 private constant MOST_COST = 6 * RATE * COUNT;

    // ------------------------------------------------------------------- supply

    function checkSupplyReads(uint256 word) external pure {
        Supply supply = Supply.wrap(word);
        assert(supply.outstanding() == word & TOKENS);
        assert(supply.sold() << 96 == word & SOLD);
        assert(supply.haltedAt() << 192 == word & HALTED_AT);
    }

    /// A sale adds to what is outstanding and to what was sold, as long as the capacity, of 96 bits, is not exceeded.
    /// @custom:invariant INV-SUPPLY
    function checkSell(uint256 word, uint256 tokens) external pure {
        Supply supply = Supply.wrap(word);
        VM.assume(tokens <= TOKENS - supply.sold() && supply.outstanding() <= supply.sold());
        Supply changed = supply.sell(tokens);
        assert(changed.outstanding() == supply.outstanding() + tokens);
        assert(changed.sold() == supply.sold() + tokens);
        _onlyChanges(word, changed, TOKENS | SOLD);
    }

    /// @custom:invariant INV-SUPPLY
    function checkBurn(uint256 word, uint256 tokens) external pure {
        Supply supply = Supply.wrap(word);
        VM.assume(tokens <= supply.outstanding());
        Supply changed = supply.destroy(tokens);
        assert(changed.outstanding() == supply.outstanding() - tokens);
        _onlyChanges(word, changed, TOKENS);
    }

    /// @custom:invariant INV-FINAL
    function checkHalt(uint256 word, uint40 timestamp) external pure {
        Supply supply = Supply.wrap(word);
        VM.assume(supply.haltedAt() == 0);
        Supply changed = supply.halt(timestamp);
        assert(changed.haltedAt() == timestamp);
        _onlyChanges(word, changed, HALTED_AT);
    }

    // ----------------------------------------------------------------- channels

    function checkPack(uint128 balance, uint128 totalClaimed) external pure {
        ChannelBalance channel = ChannelFields.pack(balance, totalClaimed);
        assert(channel.balance() == balance && channel.totalClaimed() == totalClaimed);
        assert(ChannelBalance.unwrap(channel) == (uint256(totalClaimed) << 128) + balance);
    }

    /// @custom:invariant INV-CHANNEL
    function checkWithTotalClaimed(uint256 word, uint256 totalClaimed) external pure {
        ChannelBalance channel = ChannelBalance.wrap(word);
        VM.assume(totalClaimed <= channel.balance());
        ChannelBalance changed = channel.withTotalClaimed(totalClaimed);
        assert(changed.totalClaimed() == totalClaimed);
        assert((ChannelBalance.unwrap(changed) ^ word) & AMOUNT == 0);
    }

    /// @custom:invariant INV-CHANNEL
    function checkUnclaimed(uint256 word) external pure {
        ChannelBalance channel = ChannelBalance.wrap(word);
        VM.assume(channel.totalClaimed() <= channel.balance());
        assert(uint256(channel.unclaimed()) + channel.totalClaimed() == channel.balance());
    }

    // ---------------------------------------------------------------- rate card

    /// What is written without a check of overflow is the sum of rate times count, whatever the words.
    /// @custom:invariant INV-USAGE
    function checkTokensFor(uint256 card, uint256 usage) external pure {
        uint256 sum = 0;
        unchecked {
            for (uint256 lane = 0; lane < 6; ++lane) {
                sum += ((card >> (32 * lane)) & RATE) * ((usage >> (42 * lane)) & COUNT);
            }
        }
        assert(_cost(card, usage) == sum);
    }

    /// The dearest card and the most usage are far from 256 bits. A product grows with both of its factors, which are
    /// read within their lanes: nothing costs more.
    /// @custom:invariant INV-USAGE
    function checkCostDoesNotOverflow(uint256 card, uint256 usage) external pure {
        assert(_cost(type(uint256).max, type(uint256).max) == MOST_COST && MOST_COST < 1 << 77);
        assert(_cost(type(uint256).max, usage) <= MOST_COST);
        assert(_cost(card, type(uint256).max) <= MOST_COST);
    }

    /// What is above the lanes is not read.
    function checkWellFormed(uint256 card, uint256 usage) external pure {
        assert(RateCard.wrap(card).isWellFormed() == (card < 1 << 192));
        assert(Usage.wrap(usage).isWellFormed() == (usage < 1 << 252));
    }

    function _cost(uint256 card, uint256 usage) private pure returns (uint256) {
        return RateCard.wrap(card).tokensFor(Usage.wrap(usage));
    }

    function _onlyChanges(uint256 word, Supply changed, uint256 field) private pure {
        assert((Supply.unwrap(changed) ^ word) & ~field == 0);
    }
}
