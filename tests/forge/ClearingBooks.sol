// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BatchHeader, Item, ProposedBatch, ProposedSet} from "../../contracts/settlement/Clearing.sol";
import {IClearingHouse} from "../../contracts/settlement/IClearingHouse.sol";
import {PositionWord} from "../../contracts/settlement/PositionWord.sol";
import {SettlementMoves} from "./SettlementMoves.sol";

/// @title ClearingBooks
/// @notice Remembers the batches that were queued, and what became of each item, and looks at each call that succeeded.
/// @dev No model: it reads from the contracts whether a party is frozen or a cycle closed. It never predicts a refusal.
abstract contract ClearingBooks is SettlementMoves {
    /// A batch that was queued.
    struct Queued {
        uint256 currency;
        BatchHeader header;
        bytes32 payload;
        bytes32 pair;
        uint256[] items;
        /// Items that settled, and items that were cancelled or rejected: one bit each.
        uint256 settled;
        uint256 removed;
        /// Place of the batch that its debtor takes for the other half, and one; zero if there is none.
        uint256 partner;
        /// Whether that batch is the other half, to which both debtors agreed.
        bool isPaired;
    }

    /// The positions and the cycle of a currency before a call.
    struct Seen {
        IClearingHouse.Cycle cycle;
        uint256 dueCycle;
        bool isPaused;
        bool isOpen;
        /// Words of the positions, by bank.
        PositionWord[] words;
    }

    /// The items that a call settled in one currency.
    struct Moved {
        /// Units by number of the participant.
        uint256[] received;
        uint256[] paid;
        /// The last item that settled of a debtor, by its number: id and place, and one; zero for none.
        uint256[] last;
    }

    uint256 internal constant LONGEST_CLOSED = 1 hours;
    uint256 internal constant OPERATOR_ALONE = 15 minutes;
    uint256 private constant NUMBERS = BANKS + 1;
    uint256 private constant ITEMS = 256;

    Queued[] internal _queued;
    mapping(address currency => mapping(uint256 id => uint256 place)) internal _placeOf;

    /// Sets whose nets are not what their items say, or which changed more than reserved units.
    uint256 public netsWrong;
    /// Items that settled, were cancelled or were rejected after they had ended, and items that nobody queued.
    uint256 public itemsTwice;
    /// Halves of pairs that settled without the same items of the other half.
    uint256 public halfPairs;
    /// Due items, or reserved units, that anything but a set changed in a closed cycle before its hour, and sets at a
    /// wrong time.
    uint256 public spoiled;
    /// Items that settled behind one that waited through a fault of their debtor.
    uint256 public outOfOrder;
    /// Items that settled of or for a party that is frozen or stopped, while paused, or across a border after hours.
    uint256 public frozenMoved;
    /// Items that settled for a creditor of another country than their batch says.
    uint256 public outsideCorridor;
    /// Sets that settled with several debtors, in a closed cycle, across a border; and halves of pairs that settled.
    uint256 public setsOfSeveral;
    uint256 public setsInClosed;
    uint256 public setsAcross;
    uint256 public halvesSettled;

    // ------------------------------------------------------------- what is seen

    function queuedCount() external view returns (uint256) {
        return _queued.length;
    }

    /// A batch with all its items that have not ended, for a cancellation.
    function left(
        uint256 place
    ) external view returns (address currency, address debtor, ProposedBatch memory batch, bool isKept) {
        Queued storage it = _queued[place];
        currency = address(_currency(it.currency));
        debtor = registry.accountOf(currency, it.header.debtor());
        uint256 rest = _all(it) & ~(it.settled | it.removed);
        (uint256 waits, uint256 held) = _itemsOf(it);
        // What has not ended waits or is held, and nothing else does.
        isKept = waits & held == 0 && waits | held == rest && it.settled & it.removed == 0;
        batch = _proposed(it, rest);
    }

    function time() external view returns (uint256) {
        return _time;
    }

    function bankOf(uint256 number) external view returns (address) {
        return _bank(number);
    }

    function _proposed(Queued storage it, uint256 marks) internal view returns (ProposedBatch memory) {
        return ProposedBatch(it.header, it.payload, it.pair, marks, it.items);
    }

    function _itemsOf(Queued storage it) internal view returns (uint256 waits, uint256 held) {
        BatchHeader header = it.header;
        address currency = address(_currency(it.currency));
        return clearing.itemsOf(currency, header.debtor(), header.priority(), header.index());
    }

    function _all(Queued storage it) internal view returns (uint256) {
        return type(uint256).max >> (ITEMS - it.items.length);
    }

    function _banks() internal view returns (address[] memory banks) {
        banks = new address[](BANKS);
        for (uint256 i = 0; i < BANKS; ++i) banks[i] = _bank(i);
    }

    function _seen(uint256 currency) internal view returns (Seen memory seen) {
        address coin = address(_currency(currency));
        seen.cycle = clearing.cycleOf(coin);
        bool isClosed = seen.cycle.state == IClearingHouse.CycleState.Closed;
        if (seen.cycle.number != 0) seen.dueCycle = isClosed ? seen.cycle.number : seen.cycle.number - 1;
        seen.isPaused = liquidity.isPaused(coin);
        seen.isOpen = corridors.isOpenAt(coin, _time);
        seen.words = liquidity.positionWords(coin, _banks());
    }

    /// Whether what is due in the cycle waits for it.
    function _isClosed(Seen memory seen) internal view returns (bool) {
        return seen.cycle.state == IClearingHouse.CycleState.Closed && _time < seen.cycle.since + LONGEST_CLOSED;
    }

    function _wordOf(Seen memory seen, uint256 number) internal pure returns (PositionWord) {
        for (uint256 i = 0; i < BANKS; ++i) if (seen.words[i].number() == number) return seen.words[i];
        return PositionWord.wrap(0);
    }

    function _mayPay(Seen memory seen, uint256 number) internal pure returns (bool) {
        PositionWord word = _wordOf(seen, number);
        return word.number() != 0 && !word.isSuspended() && !word.isStopped() && !word.isHeldBack();
    }

    function _mayReceive(Seen memory seen, uint256 number) internal pure returns (bool) {
        return _wordOf(seen, number).canBeCredited();
    }

    // ---------------------------------------------------------- calls, looked at

    /// No call but that of a set takes reserved units in a closed cycle.
    function _ask(
        address caller,
        address target,
        bytes memory data
    ) internal override returns (bool succeeded, bytes memory answer) {
        if (bytes4(data) == clearing.settleCycle.selector) return super._ask(caller, target, data);
        Seen[2] memory before = [_seen(0), _seen(1)];
        (succeeded, answer) = super._ask(caller, target, data);
        for (uint256 i = 0; i < 2; ++i) {
            if (!_isClosed(before[i])) continue;
            PositionWord[] memory words = liquidity.positionWords(address(_currency(i)), _banks());
            for (uint256 j = 0; j < BANKS; ++j) {
                if (words[j].reserved() < before[i].words[j].reserved()) ++spoiled;
            }
        }
    }

    /// A change of items by their debtor or a creditor, which may not be due in a closed cycle.
    function _change(address caller, uint256 place, uint256 marks, bytes memory data) internal returns (bool changed) {
        Queued storage it = _queued[place];
        Seen memory before = _seen(it.currency);
        changed = _act(caller, address(clearing), data);
        if (!changed) return false;
        if (_isClosed(before) && it.header.cycle() <= before.cycle.number) ++spoiled;
        if ((it.settled | it.removed) & marks != 0) ++itemsTwice;
    }

    /// Everything that a proposal did is in what its items say.
    /// @return answer The reason of the refusal, if it was refused.
    function _settleSets(
        address caller,
        ProposedSet[] memory sets,
        bytes memory data
    ) internal returns (bytes memory answer) {
        Seen[2] memory before = [_seen(0), _seen(1)];
        bool settled = false;
        (settled, answer) = _ask(caller, address(clearing), data);
        if (!settled) return answer;
        Moved[2] memory moved;
        for (uint256 i = 0; i < 2; ++i) {
            moved[i] = Moved(new uint256[](NUMBERS), new uint256[](NUMBERS), new uint256[](NUMBERS));
        }
        for (uint256 i = 0; i < sets.length; ++i) {
            uint256 currency = sets[i].currency == address(token) ? 0 : 1;
            _checkTime(caller, before[currency]);
            _countSet(before[currency], sets[i], moved[currency]);
        }
        for (uint256 i = 0; i < 2; ++i) {
            _checkNets(i, before[i], moved[i]);
            _checkOrder(i, before[i], moved[i]);
        }
        for (uint256 i = 0; i < sets.length; ++i) _checkPairs(sets[i]);
    }

    function _checkTime(address caller, Seen memory before) private {
        if (before.isPaused) ++frozenMoved;
        if (before.cycle.state != IClearingHouse.CycleState.Closed) return;
        ++setsInClosed;
        if (_time >= before.cycle.since + LONGEST_CLOSED) ++spoiled;
        if (caller != before.cycle.operator && _time < before.cycle.since + OPERATOR_ALONE) ++spoiled;
    }

    function _countSet(Seen memory before, ProposedSet memory set, Moved memory moved) private {
        uint256 debtors = 0;
        uint256 lastDebtor = 0;
        bool isAcross = false;
        for (uint256 i = 0; i < set.batches.length; ++i) {
            uint256 marks = set.batches[i].settled;
            uint256 place = _placeOf[set.currency][set.batches[i].header.id()];
            if (marks == 0) continue;
            if (place == 0) {
                ++itemsTwice;
                continue;
            }
            Queued storage it = _queued[place - 1];
            if ((it.settled | it.removed) & marks != 0 || marks & ~_all(it) != 0) ++itemsTwice;
            it.settled |= marks;
            if (it.header.cycle() > before.dueCycle) ++spoiled;
            if (it.header.crosses()) isAcross = true;
            if (it.header.debtor() != lastDebtor) ++debtors;
            lastDebtor = it.header.debtor();
            if (!_mayPay(before, lastDebtor)) ++frozenMoved;
            _countItems(before, it, marks, moved);
        }
        if (isAcross && !before.isOpen) ++frozenMoved;
        if (isAcross) ++setsAcross;
        if (debtors > 1) ++setsOfSeveral;
    }

    function _countItems(Seen memory before, Queued storage it, uint256 marks, Moved memory moved) private {
        uint256 debtor = it.header.debtor();
        for (uint256 i = 0; i < it.items.length; ++i) {
            if (marks & (1 << i) == 0) continue;
            Item item = Item.wrap(it.items[i]);
            if (!_mayReceive(before, item.creditor())) ++frozenMoved;
            if (_wordOf(before, item.creditor()).jurisdiction() != it.header.to()) ++outsideCorridor;
            moved.received[item.creditor()] += item.amount();
            moved.paid[debtor] += item.amount();
            uint256 spot = it.header.id() * ITEMS + i + 1;
            if (spot > moved.last[debtor]) moved.last[debtor] = spot;
        }
    }

    /// INV-NET: each party's reserved units change by its net, and nothing else does; the nets sum to zero.
    function _checkNets(uint256 currency, Seen memory before, Moved memory moved) private {
        PositionWord[] memory words = liquidity.positionWords(address(_currency(currency)), _banks());
        uint256 sum = 0;
        uint256 sumBefore = 0;
        for (uint256 i = 0; i < BANKS; ++i) {
            uint256 number = words[i].number();
            uint256 units = words[i].reserved();
            uint256 unitsBefore = before.words[i].reserved();
            if (units + moved.paid[number] != unitsBefore + moved.received[number]) ++netsWrong;
            if (words[i].available() != before.words[i].available()) ++netsWrong;
            (sum, sumBefore) = (sum + units, sumBefore + unitsBefore);
        }
        if (sum != sumBefore) ++netsWrong;
    }

    /// INV-ORDER: nothing that is due waits before the last settled item of its debtor, if its creditor can be paid.
    function _checkOrder(uint256 currency, Seen memory before, Moved memory moved) private {
        for (uint256 i = 0; i < _queued.length; ++i) {
            Queued storage it = _queued[i];
            if (it.currency != currency || it.header.cycle() > before.dueCycle) continue;
            uint256 end = moved.last[it.header.debtor()];
            if (it.header.id() * ITEMS + 1 >= end || it.settled | it.removed == _all(it)) continue;
            (uint256 waits, ) = _itemsOf(it);
            for (uint256 j = 0; j < it.items.length && it.header.id() * ITEMS + j + 1 < end; ++j) {
                bool doesWait = waits & (1 << j) != 0;
                if (doesWait && _mayReceive(before, Item.wrap(it.items[j]).creditor())) ++outOfOrder;
            }
        }
    }

    /// INV-LINK: both halves of a pair settle the same items.
    function _checkPairs(ProposedSet memory set) private {
        for (uint256 i = 0; i < set.batches.length; ++i) {
            uint256 place = _placeOf[set.currency][set.batches[i].header.id()];
            if (place == 0 || set.batches[i].settled == 0 || _queued[place - 1].pair == 0) continue;
            Queued storage it = _queued[place - 1];
            ++halvesSettled;
            if (!it.isPaired || it.settled != _queued[it.partner - 1].settled) ++halfPairs;
        }
    }
}
