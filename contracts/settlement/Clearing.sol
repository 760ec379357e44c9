// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice One obligation of a batch in one word: the amount in the lower 96 bits, then 16 bits with the number of the
/// creditor in the registry of the participants.
type Item is uint256;

/// @notice Everything that the items of a batch have in common, in one word.
/// @dev From the lowest bit: index (24 bits), priority (8), number of the debtor (16), so that these 48 bits, the id
/// of the batch in its currency, ascend as the queues do. Then jurisdictions of debtor (10) and creditors (10), number
/// of the first cycle in which it is due (32), unix second of its admission (40).
type BatchHeader is uint256;

/// @notice Index and count of the batches of one debtor in one currency: one word.
/// @dev For each of four priorities, from the lowest bit: index of the first batch that has not ended (24 bits), index
/// of the next batch (24), number of its batches that are due in the last cycle alone (8). Then the number of that
/// cycle (32).
type QueueWord is uint256;

using ItemFields for Item global;
using BatchHeaderFields for BatchHeader global;
using QueueFields for QueueWord global;

/// @notice One batch of a proposal.
struct ProposedBatch {
    BatchHeader header;
    /// Hash of the payload of the Travel Rule; zero if there is none.
    bytes32 payload;
    /// Hash of both halves if the batch is one half of PvP pairs; zero if it is none.
    bytes32 pair;
    /// The items that settle: one bit each, the lowest for the first.
    uint256 settled;
    /// All items of the batch, each the word of an `Item`.
    uint256[] items;
}

/// @notice One batch of a settled set, as the event states it.
struct SettledBatch {
    BatchHeader header;
    /// The items that settled: one bit each, the lowest for the first.
    uint256 settled;
}

/// @notice The part of a proposal in one currency.
struct ProposedSet {
    address currency;
    /// All parties of the items, ascending by number.
    address[] participants;
    /// Batches with the items that settle, ascending by debtor, priority and index.
    ProposedBatch[] batches;
}

/// @notice Two batches of a proposal that are the halves of PvP pairs, by the places of their sets and in these.
struct PairLink {
    uint256 firstSet;
    uint256 firstBatch;
    uint256 secondSet;
    uint256 secondBatch;
}

/// @notice The hash of one half of PvP pairs: who owes which items.
function halfOf(address currency, uint256 debtorNumber, uint256[] calldata items) pure returns (bytes32) {
    return keccak256(abi.encode(currency, debtorNumber, keccak256(abi.encodePacked(items))));
}

/// @title ItemFields
/// @notice Reads the fields of an `Item`.
library ItemFields {
    uint256 private constant AMOUNT_MASK = type(uint96).max;
    uint256 private constant CREDITOR_AT = 96;

    /// @notice Units of the currency.
    function amount(Item self) internal pure returns (uint256) {
        return Item.unwrap(self) & AMOUNT_MASK;
    }

    /// @notice Number of the creditor, with all bits above it, so that a word of another form has no creditor.
    function creditor(Item self) internal pure returns (uint256) {
        return Item.unwrap(self) >> CREDITOR_AT;
    }
}

/// @title BatchHeaderFields
/// @notice Makes a `BatchHeader`, and reads its fields.
library BatchHeaderFields {
    uint256 private constant INDEX_MASK = type(uint24).max;
    uint256 private constant PRIORITY_AT = 24;
    uint256 private constant PRIORITY_MASK = type(uint8).max;
    uint256 private constant DEBTOR_AT = 32;
    uint256 private constant DEBTOR_MASK = type(uint16).max;
    uint256 private constant ID_MASK = type(uint48).max;
    uint256 private constant FROM_AT = 48;
    uint256 private constant TO_AT = 58;
    uint256 private constant JURISDICTION_MASK = 0x3ff;
    uint256 private constant CYCLE_AT = 68;
    uint256 private constant CYCLE_MASK = type(uint32).max;
    uint256 private constant QUEUED_AT_AT = 100;

    /// @notice The header of a batch.
    function make(
        uint256 debtorNumber,
        uint256 class,
        uint256 place,
        uint256 jurisdiction,
        uint256 creditorJurisdiction,
        uint256 firstCycle,
        uint256 time
    ) internal pure returns (BatchHeader) {
        return
            BatchHeader.wrap(
                idOf(debtorNumber, class, place) |
                    (jurisdiction << FROM_AT) |
                    (creditorJurisdiction << TO_AT) |
                    (firstCycle << CYCLE_AT) |
                    (time << QUEUED_AT_AT)
            );
    }

    /// @notice The id of a batch by its parts.
    function idOf(uint256 debtorNumber, uint256 class, uint256 place) internal pure returns (uint256) {
        return place | (class << PRIORITY_AT) | (debtorNumber << DEBTOR_AT);
    }

    /// @notice The id of the batch in its currency: debtor, priority, index.
    function id(BatchHeader self) internal pure returns (uint256) {
        return BatchHeader.unwrap(self) & ID_MASK;
    }

    /// @notice Place of the batch among those of its debtor, currency and priority.
    function index(BatchHeader self) internal pure returns (uint256) {
        return BatchHeader.unwrap(self) & INDEX_MASK;
    }

    /// @notice Class of the debtor's order: a lower number comes first.
    function priority(BatchHeader self) internal pure returns (uint256) {
        return (BatchHeader.unwrap(self) >> PRIORITY_AT) & PRIORITY_MASK;
    }

    /// @notice Number of the debtor in the registry of the participants.
    function debtor(BatchHeader self) internal pure returns (uint256) {
        return (BatchHeader.unwrap(self) >> DEBTOR_AT) & DEBTOR_MASK;
    }

    /// @notice Jurisdiction of the debtor at the admission.
    function from(BatchHeader self) internal pure returns (uint16) {
        // The mask keeps 10 bits.
        return uint16((BatchHeader.unwrap(self) >> FROM_AT) & JURISDICTION_MASK);
    }

    /// @notice Jurisdiction of all creditors.
    function to(BatchHeader self) internal pure returns (uint16) {
        // The mask keeps 10 bits.
        return uint16((BatchHeader.unwrap(self) >> TO_AT) & JURISDICTION_MASK);
    }

    /// @notice Whether its items cross a border.
    function crosses(BatchHeader self) internal pure returns (bool) {
        return self.from() != self.to();
    }

    /// @notice Number of the first cycle in which the batch is due.
    function cycle(BatchHeader self) internal pure returns (uint256) {
        return (BatchHeader.unwrap(self) >> CYCLE_AT) & CYCLE_MASK;
    }

    /// @notice Unix second of the admission.
    function queuedAt(BatchHeader self) internal pure returns (uint256) {
        return BatchHeader.unwrap(self) >> QUEUED_AT_AT;
    }
}

/// @title QueueFields
/// @notice Reads and rewrites the fields of a `QueueWord`.
library QueueFields {
    uint256 private constant PRIORITY_BITS = 56;
    uint256 private constant INDEX_MASK = type(uint24).max;
    uint256 private constant NEXT_AT = 24;
    uint256 private constant LATE_AT = 48;
    uint256 private constant LATE_MASK = type(uint8).max;
    uint256 private constant CYCLE_AT = 224;
    /// The late counts of all four priorities.
    uint256 private constant ALL_LATE =
        (LATE_MASK << LATE_AT) * (1 + (1 << PRIORITY_BITS) + (1 << (2 * PRIORITY_BITS)) + (1 << (3 * PRIORITY_BITS)));

    /// @notice Index of the first batch of a priority that has not ended.
    function first(QueueWord self, uint256 priority) internal pure returns (uint256) {
        return (QueueWord.unwrap(self) >> (PRIORITY_BITS * priority)) & INDEX_MASK;
    }

    /// @notice Index of the next batch of a priority.
    function next(QueueWord self, uint256 priority) internal pure returns (uint256) {
        return (QueueWord.unwrap(self) >> (PRIORITY_BITS * priority + NEXT_AT)) & INDEX_MASK;
    }

    /// @notice Index of the first batch of a priority that is not due in a cycle: the last one, or the one before it.
    function firstLate(QueueWord self, uint256 priority, uint256 dueCycle) internal pure returns (uint256) {
        uint256 end = self.next(priority);
        if (QueueWord.unwrap(self) >> CYCLE_AT <= dueCycle) return end;
        return end - ((QueueWord.unwrap(self) >> (PRIORITY_BITS * priority + LATE_AT)) & LATE_MASK);
    }

    /// @notice The word with another index of the first batch that has not ended.
    function withFirst(QueueWord self, uint256 priority, uint256 index) internal pure returns (QueueWord) {
        uint256 place = PRIORITY_BITS * priority;
        return QueueWord.wrap((QueueWord.unwrap(self) & ~(INDEX_MASK << place)) | (index << place));
    }

    /// @notice The word with one batch more, which is first due in a cycle.
    /// @dev Neither count overflows into its neighbour: the house bounds both.
    function append(QueueWord self, uint256 priority, uint256 cycle) internal pure returns (QueueWord) {
        uint256 word = QueueWord.unwrap(self);
        if (word >> CYCLE_AT != cycle) word = (word & ~ALL_LATE & ((1 << CYCLE_AT) - 1)) | (cycle << CYCLE_AT);
        return QueueWord.wrap(word + (((1 << NEXT_AT) | (1 << LATE_AT)) << (PRIORITY_BITS * priority)));
    }
}
