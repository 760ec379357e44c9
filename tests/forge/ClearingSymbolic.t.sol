// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BatchHeader, BatchHeaderFields, Item, QueueWord} from "../../contracts/settlement/Clearing.sol";
import {VM} from "./Vm.sol";

/// @title ClearingSymbolic
/// @notice Of the words of an obligation, a batch and a queue: a field has the value it was given, and its neighbours
/// are untouched, of all four priorities.
contract ClearingSymbolic {
    uint256 private constant PRIORITIES = 4;
    uint256 private constant INDEX = type(uint24).max;
    uint256 private constant COUNT = type(uint8).max;
    uint256 private constant CYCLE = type(uint32).max;
    uint256 private constant JURISDICTION = 999;

    // --------------------------------------------------------- item and header

    /// All bits above the amount are the creditor's, so that no other word names the same one.
    function checkItemReads(uint256 word) external pure {
        Item item = Item.wrap(word);
        assert((item.creditor() << 96) | item.amount() == word && item.amount() < 1 << 96);
    }

    /// Every bit of a header is of one field, and each field is read from its own bits.
    function checkHeaderReads(uint256 word) external pure {
        BatchHeader header = BatchHeader.wrap(word);
        uint256 id = header.index() | (header.priority() << 24) | (header.debtor() << 32);
        assert(header.index() <= INDEX && header.priority() <= COUNT && header.debtor() <= type(uint16).max);
        assert(header.id() == id && id == word & type(uint48).max);
        assert(header.from() == (word >> 48) & 0x3ff && header.to() == (word >> 58) & 0x3ff);
        assert(header.cycle() == (word >> 68) & CYCLE && header.queuedAt() == word >> 100);
        assert(header.crosses() == (header.from() != header.to()));
    }

    function checkMake(
        uint16 debtor,
        uint8 priority,
        uint24 index,
        uint16 from,
        uint16 to,
        uint32 cycle,
        uint40 time
    ) external pure {
        VM.assume(from <= JURISDICTION && to <= JURISDICTION);
        BatchHeader header = BatchHeaderFields.make(debtor, priority, index, from, to, cycle, time);
        assert(header.debtor() == debtor && header.priority() == priority && header.index() == index);
        assert(header.from() == from && header.to() == to);
        assert(header.cycle() == cycle && header.queuedAt() == time);
        assert(header.id() == BatchHeaderFields.idOf(debtor, priority, index));
    }

    // -------------------------------------------------------------------- queue

    function checkQueueReads(uint256 word, uint256 priority, uint256 dueCycle) external pure {
        QueueWord queue = QueueWord.wrap(word);
        VM.assume(priority < PRIORITIES && _late(word, priority) <= queue.next(priority));
        assert(queue.first(priority) == (word >> (56 * priority)) & INDEX);
        assert(queue.next(priority) == (word >> (56 * priority + 24)) & INDEX);
        uint256 late = word >> 224 > dueCycle ? _late(word, priority) : 0;
        assert(queue.firstLate(priority, dueCycle) == queue.next(priority) - late);
    }

    function checkWithFirst(uint256 word, uint256 priority, uint24 index) external pure {
        VM.assume(priority < PRIORITIES);
        QueueWord changed = QueueWord.wrap(word).withFirst(priority, index);
        assert(changed.first(priority) == index);
        assert((QueueWord.unwrap(changed) ^ word) & ~(INDEX << (56 * priority)) == 0);
    }

    /// One batch more of a priority. In the first batch of a cycle the late counts of all priorities begin anew.
    function checkAppend(uint256 word, uint256 priority, uint32 cycle, uint256 other) external pure {
        QueueWord queue = QueueWord.wrap(word);
        VM.assume(priority < PRIORITIES && other < PRIORITIES);
        VM.assume(queue.next(priority) < INDEX && _late(word, priority) < COUNT);
        uint256 changed = QueueWord.unwrap(queue.append(priority, cycle));
        uint256 added = priority == other ? 1 : 0;
        assert(changed >> 224 == cycle);
        assert(QueueWord.wrap(changed).first(other) == queue.first(other));
        assert(QueueWord.wrap(changed).next(other) == queue.next(other) + added);
        assert(_late(changed, other) == (word >> 224 == cycle ? _late(word, other) : 0) + added);
    }

    /// Number of the batches of a priority that are due in the last cycle alone.
    function _late(uint256 word, uint256 priority) private pure returns (uint256) {
        return (word >> (56 * priority + 48)) & COUNT;
    }
}
