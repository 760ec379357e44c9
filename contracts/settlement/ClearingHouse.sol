// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    BatchHeader,
    BatchHeaderFields,
    Item,
    PairLink,
    ProposedBatch,
    ProposedSet,
    QueueWord,
    SettledBatch,
    halfOf
} from "./Clearing.sol";
import {ClearingQueues} from "./ClearingQueues.sol";
import {IClearingHouse} from "./IClearingHouse.sol";
import {ICorridors} from "./ICorridors.sol";
import {ILiquidityAccounts} from "./ILiquidityAccounts.sol";
import {PositionWord} from "./PositionWord.sol";

/// @title ClearingHouse
/// @notice Holds nothing: nets move between the reserved units of positions in the liquidity accounts.
/// @dev It computes the nets of a set from the items themselves. One currency never touches the queues of another.
contract ClearingHouse is ClearingQueues {
    /// A set while it is checked.
    struct Work {
        address currency;
        uint256 dueCycle;
        /// Number -> account of a listed participant.
        address[] accounts;
        /// Number -> word of its position.
        PositionWord[] words;
        /// Number -> jurisdiction of a participant that can be credited; zero for any other.
        uint256[] receives;
        /// Number -> units that the participant receives.
        uint256[] received;
        /// Number -> units that it pays.
        uint256[] paid;
        /// The debtor whose batches come now, its queue, and the place in its order up to which nothing waits.
        uint256 debtor;
        QueueWord queue;
        uint256 priority;
        uint256 index;
        /// Whether an item of this debtor waits that may not be passed over.
        bool isCut;
        /// Whether an item of the set crosses a border.
        bool crosses;
    }

    /// The parties of a set, and its halves of pairs that settle and are not linked yet.
    struct Halves {
        /// Number -> account of a listed participant.
        address[] accounts;
        /// Place of a batch -> its pair; zero if it is none, or linked.
        bytes32[] pairs;
    }

    /// @inheritdoc IClearingHouse
    uint256 public setCount;

    /// @param liquidity_ The positions, which know the address of this contract.
    /// @param corridors_ Corridors, which admit the batches that cross a border.
    constructor(address liquidity_, address corridors_) ClearingQueues(liquidity_, corridors_) {}

    // ------------------------------------------- operator, and anyone after it

    /// @inheritdoc IClearingHouse
    function settleCycle(ProposedSet[] calldata sets, PairLink[] calldata links) external {
        Halves[] memory halves = new Halves[](sets.length);
        uint256 unlinked = 0;
        for (uint256 i = 0; i < sets.length; ++i) unlinked += _settleSet(sets[i], halves[i]);
        for (uint256 i = 0; i < links.length; ++i) {
            _link(sets, links[i], halves);
            unlinked -= 2;
        }
        if (unlinked != 0) _refuseUnlinked(halves);
    }

    // ---------------------------------------------------------------- internals

    /// @return count Halves of pairs that settle in the set.
    function _settleSet(ProposedSet calldata proposed, Halves memory halves) private returns (uint256 count) {
        address currency = proposed.currency;
        ProposedBatch[] calldata batches = proposed.batches;
        Work memory work;
        work.currency = currency;
        work.dueCycle = _startSet(currency);
        _list(work, proposed.participants);
        halves.accounts = work.accounts;
        halves.pairs = new bytes32[](batches.length);
        SettledBatch[] memory settled = new SettledBatch[](batches.length);
        for (uint256 i = 0; i < batches.length; ++i) {
            ProposedBatch calldata batch = batches[i];
            _settleBatch(work, batch);
            settled[i] = SettledBatch(batch.header, batch.settled);
            if (batch.pair == 0 || batch.settled == 0) continue;
            halves.pairs[i] = batch.pair;
            ++count;
        }
        if (work.crosses && !ICorridors(corridors).isOpenAt(currency, block.timestamp)) {
            revert ICorridors.CurrencyClosed(currency, block.timestamp);
        }

        // slither-disable-next-line costly-loop
        uint256 set = ++setCount;
        emit SetSettled(set, currency, work.dueCycle, msg.sender, settled);
        ILiquidityAccounts(liquidity).settleNets(currency, set, proposed.participants, work.received, work.paid);
    }

    /// @dev Checks that two halves settle the same pairs, to which both debtors agreed: the hash of both halves is in
    /// both, each debtor is the creditor of the other one, and the currencies differ.
    function _link(ProposedSet[] calldata sets, PairLink calldata link, Halves[] memory halves) private pure {
        bytes32 pair = _takeHalf(halves, link.firstSet, link.firstBatch);
        if (pair == 0 || _takeHalf(halves, link.secondSet, link.secondBatch) != pair) revert PairIncomplete(pair);
        ProposedSet calldata firstSet = sets[link.firstSet];
        ProposedSet calldata secondSet = sets[link.secondSet];
        ProposedBatch calldata first = firstSet.batches[link.firstBatch];
        ProposedBatch calldata second = secondSet.batches[link.secondBatch];
        if (
            first.settled != second.settled ||
            firstSet.currency == secondSet.currency ||
            !_isOwedTo(first, halves[link.firstSet], second, halves[link.secondSet]) ||
            !_isOwedTo(second, halves[link.secondSet], first, halves[link.firstSet]) ||
            keccak256(abi.encode(_halfOf(firstSet.currency, first), _halfOf(secondSet.currency, second))) != pair
        ) revert PairIncomplete(pair);
    }

    /// @dev Takes the mark of a half; zero if there is none at this place.
    function _takeHalf(Halves[] memory halves, uint256 set, uint256 batch) private pure returns (bytes32 pair) {
        if (set >= halves.length || batch >= halves[set].pairs.length) return 0;
        pair = halves[set].pairs[batch];
        halves[set].pairs[batch] = 0;
    }

    /// @dev Whether the creditor of one half, whose items have one creditor, is the debtor of the other.
    function _isOwedTo(
        ProposedBatch calldata half,
        Halves memory parties,
        ProposedBatch calldata other,
        Halves memory otherParties
    ) private pure returns (bool) {
        uint256 creditor = Item.wrap(half.items[0]).creditor();
        return parties.accounts[creditor] == otherParties.accounts[other.header.debtor()];
    }

    function _halfOf(address currency, ProposedBatch calldata half) private pure returns (bytes32) {
        return halfOf(currency, half.header.debtor(), half.items);
    }

    /// @dev Reverts with the first half that has no link.
    function _refuseUnlinked(Halves[] memory halves) private pure {
        for (uint256 i = 0; i < halves.length; ++i) {
            for (uint256 j = 0; j < halves[i].pairs.length; ++j) {
                if (halves[i].pairs[j] != 0) revert PairIncomplete(halves[i].pairs[j]);
            }
        }
    }

    /// @dev Makes the tables of the participants, by their numbers.
    function _list(Work memory work, address[] calldata participants) private view {
        PositionWord[] memory words = ILiquidityAccounts(liquidity).positionWords(work.currency, participants);
        uint256 size = words.length == 0 ? 0 : words[words.length - 1].number() + 1;
        work.accounts = new address[](size);
        work.words = new PositionWord[](size);
        work.receives = new uint256[](size);
        work.received = new uint256[](size);
        work.paid = new uint256[](size);
        uint256 last = 0;
        for (uint256 i = 0; i < words.length; ++i) {
            PositionWord word = words[i];
            uint256 number = word.number();
            if (number <= last || number >= size) revert ParticipantsInvalid(work.currency, participants[i]);
            last = number;
            work.accounts[number] = participants[i];
            work.words[number] = word;
            if (word.canBeCredited()) work.receives[number] = word.jurisdiction();
        }
    }

    /// @dev Checks one batch of a set, takes its items out of the queue, and adds them to the nets.
    function _settleBatch(Work memory work, ProposedBatch calldata batch) private {
        BatchHeader header = batch.header;
        _goTo(work, header);
        Batch storage stored = _checkedBatch(work.currency, batch);
        bool isPair = batch.pair != 0;
        uint256 queued = stored.queued;
        // Pairs may be passed over, and keep their place if they settle.
        uint256 waiting = isPair ? batch.settled : queued;
        if (batch.settled != waiting || work.isCut) _checkOrder(work, batch, waiting);
        if (batch.settled == 0) return;
        if (isPair) queued = _removeHeld(work.currency, batch, stored);
        _checkQueued(work.currency, header, batch.settled, queued);
        uint256 total = _addItems(work, batch.items, batch.settled, header.to());

        if (header.crosses()) work.crosses = true;
        unchecked {
            // 256 amounts of 96 bits each are below 2^104, and no block has 2^100 batches.
            work.paid[header.debtor()] += total;
        }
        // The debtor goes past an ended batch when it queues the next one.
        if (!isPair) stored.queued = queued & ~batch.settled;
    }

    /// @dev Checks that no item settles after one that waits and may not be passed over.
    function _checkOrder(Work memory work, ProposedBatch calldata batch, uint256 queued) private pure {
        uint256[] calldata items = batch.items;
        bool isCut = work.isCut;
        for (uint256 i = 0; i < items.length; ++i) {
            uint256 bit = 1 << i;
            if (queued & bit == 0) continue;
            if (batch.settled & bit == 0) isCut = isCut || !_mayBePassedOver(work, Item.wrap(items[i]).creditor());
            else if (isCut) _refuseItem(work, i);
        }
        work.isCut = isCut;
    }

    /// @return total Sum of the items that settle.
    function _addItems(
        Work memory work,
        uint256[] calldata items,
        uint256 settled,
        uint256 jurisdiction
    ) private pure returns (uint256 total) {
        uint256[] memory receives = work.receives;
        uint256[] memory received = work.received;
        for (uint256 i = 0; i < items.length; ++i) {
            if (settled & (1 << i) == 0) continue;
            Item item = Item.wrap(items[i]);
            uint256 creditor = item.creditor();
            if (creditor >= receives.length || receives[creditor] != jurisdiction) {
                _refuseCreditor(work, creditor, jurisdiction);
            }
            uint256 amount = item.amount();
            unchecked {
                // 256 amounts of 96 bits each are below 2^104, and no block has 2^100 batches.
                received[creditor] += amount;
                total += amount;
            }
        }
    }

    /// @dev Goes on in the order of the debtors to a batch. Nothing that is due waits between the last one and this.
    function _goTo(Work memory work, BatchHeader header) private view {
        uint256 debtor = header.debtor();
        uint256 priority = header.priority();
        uint256 index = header.index();
        if (debtor != work.debtor) {
            if (debtor < work.debtor) _refuseBatchOrder(work.currency, header);
            _checkDebtor(work, debtor);
            work.debtor = debtor;
            work.queue = _queues[work.currency][debtor];
            work.priority = 0;
            work.index = work.queue.first(0);
            work.isCut = false;
        }
        if (priority < work.priority || priority >= PRIORITIES) _refuseBatchOrder(work.currency, header);
        while (work.priority < priority) {
            _checkNoneWaits(work, debtor, work.queue.firstLate(work.priority, work.dueCycle));
            work.index = work.queue.first(++work.priority);
        }
        if (index < work.index) _refuseBatchOrder(work.currency, header);
        if (index >= work.queue.firstLate(priority, work.dueCycle)) {
            revert BatchNotDue(work.currency, debtor, priority, index, header.cycle());
        }
        _checkNoneWaits(work, debtor, index);
        work.index = index + 1;
    }

    /// @dev Checks that no item waits in the batches of a priority from the present place to `end`.
    function _checkNoneWaits(Work memory work, uint256 debtor, uint256 end) private view {
        for (uint256 i = work.index; i < end; ++i) {
            uint256 id = BatchHeaderFields.idOf(debtor, work.priority, i);
            if (_batches[work.currency][id].queued != 0) {
                revert BatchPassedOver(work.currency, debtor, work.priority, i);
            }
        }
    }

    function _checkDebtor(Work memory work, uint256 debtor) private pure {
        if (debtor >= work.words.length || work.words[debtor].number() == 0) {
            revert ParticipantNotListed(work.currency, debtor);
        }
        PositionWord word = work.words[debtor];
        _checkActive(work.currency, work.accounts[debtor], word);
        // A frozen amount may have to cover what would be paid.
        if (word.isHeldBack()) {
            revert ILiquidityAccounts.PositionFrozenOutgoing(work.currency, work.accounts[debtor]);
        }
    }

    /// @dev Whether an item waits through no fault of its debtor: its creditor is suspended, stopped or frozen.
    function _mayBePassedOver(Work memory work, uint256 creditor) private pure returns (bool) {
        if (creditor >= work.words.length) return false;
        return work.words[creditor].number() != 0 && work.receives[creditor] == 0;
    }

    /// @dev Reverts with the reason for which a creditor is not credited.
    function _refuseCreditor(Work memory work, uint256 creditor, uint256 jurisdiction) private pure {
        if (creditor >= work.words.length || work.words[creditor].number() == 0) {
            revert ParticipantNotListed(work.currency, creditor);
        }
        PositionWord word = work.words[creditor];
        address account = work.accounts[creditor];
        _checkActive(work.currency, account, word);
        if (word.isFrozenIncoming()) revert ILiquidityAccounts.PositionFrozenIncoming(work.currency, account);
        revert ItemOutsideCorridor(work.currency, account, word.jurisdiction(), jurisdiction);
    }

    function _refuseBatchOrder(address currency, BatchHeader header) private pure {
        revert BatchOutOfOrder(currency, header.debtor(), header.priority(), header.index());
    }

    function _refuseItem(Work memory work, uint256 item) private pure {
        revert ItemOutOfOrder(work.currency, work.debtor, work.priority, work.index - 1, item);
    }
}
