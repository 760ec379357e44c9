// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {BatchHeader, BatchHeaderFields, Item, ProposedBatch, QueueWord} from "./Clearing.sol";
import {ClearingCycles} from "./ClearingCycles.sol";
import {IClearingHouse} from "./IClearingHouse.sol";
import {ICorridors} from "./ICorridors.sol";
import {ILiquidityAccounts} from "./ILiquidityAccounts.sol";
import {IParticipantRegistry} from "./IParticipantRegistry.sol";
import {PositionWord} from "./PositionWord.sol";

/// @title ClearingQueues
/// @notice The queues of obligations: what their debtors and creditors do with them.
/// @dev Two words hold a batch: the hash of its header and items, and the items that wait. One holds the queue of a
/// debtor in a currency. Held items do not wait, so that a set passes them over without another word. So it is with the
/// items of PvP pairs, which settle with their other half alone.
abstract contract ClearingQueues is ClearingCycles {
    /// Most obligations of one batch: one bit each.
    uint256 private constant MOST_ITEMS = 256;
    /// Most batches of one debtor, currency and priority that have not ended, or are first due in one cycle.
    uint256 private constant MOST_BATCHES = 64;
    uint256 internal constant PRIORITIES = 4;
    uint256 private constant MOST_JURISDICTION = 999;
    uint256 private constant MOST_NUMBER = type(uint16).max;
    /// The lowest bit of the first word of a batch says that items are held; the others are those of the hash.
    uint256 internal constant HAS_HELD = 1;

    /// A batch: two words.
    struct Batch {
        uint256 commitment;
        uint256 queued;
    }

    /// @inheritdoc IClearingHouse
    address public immutable liquidity;
    /// @inheritdoc IClearingHouse
    address public immutable corridors;

    mapping(address currency => mapping(uint256 id => Batch)) internal _batches;
    mapping(address currency => mapping(uint256 id => uint256 items)) private _held;
    mapping(address currency => mapping(uint256 debtor => QueueWord)) internal _queues;

    /// @param liquidity_ The positions, which know the address of this contract.
    /// @param corridors_ Corridors, which admit the batches that cross a border.
    constructor(address liquidity_, address corridors_) {
        liquidity = liquidity_;
        corridors = corridors_;
    }

    // -------------------------------------------------------------- participant

    /// @inheritdoc IClearingHouse
    function queue(
        address currency,
        uint256 priority,
        uint16 to,
        bytes32 payload,
        uint256[] calldata items,
        bytes32 pair
    ) external returns (BatchHeader header) {
        uint256 cycle = _dueCycle(currency) + 1;
        PositionWord word = _wordOf(currency, msg.sender);
        _checkActive(currency, msg.sender, word);
        if (priority >= PRIORITIES) revert BatchInvalid("priority");
        if (to == 0 || to > MOST_JURISDICTION) revert BatchInvalid("jurisdiction");
        if (items.length == 0 || items.length > MOST_ITEMS) revert BatchInvalid("items");

        uint256 place = _append(currency, word.number(), priority, cycle);
        header = BatchHeaderFields.make(
            word.number(),
            priority,
            place,
            word.jurisdiction(),
            to,
            cycle,
            block.timestamp
        );
        _store(currency, header, payload, pair, items);
        emit BatchQueued(currency, msg.sender, header, payload, items, pair);
        _admit(currency, header, payload, items, pair != 0);
    }

    /// @inheritdoc IClearingHouse
    function setHeld(address currency, ProposedBatch calldata batch, bool held) external {
        if (_callerNumber(currency) != batch.header.debtor()) revert CallerNotParty(currency, msg.sender);
        Batch storage stored = _changeable(currency, batch);
        uint256 heldItems = _held[currency][batch.header.id()];
        // The items of pairs are among the held ones, and wait for their other half alone.
        uint256 among = held ? stored.queued : heldItems;
        _checkQueued(currency, batch.header, batch.settled, batch.pair == 0 ? among : 0);

        heldItems ^= batch.settled;
        stored.queued ^= batch.settled;
        _held[currency][batch.header.id()] = heldItems;
        stored.commitment = (stored.commitment & ~HAS_HELD) | (heldItems == 0 ? 0 : HAS_HELD);
        emit ItemsHeldSet(currency, batch.header, batch.settled, held);
    }

    /// @inheritdoc IClearingHouse
    function cancel(address currency, ProposedBatch calldata batch) external {
        if (_callerNumber(currency) != batch.header.debtor()) revert CallerNotParty(currency, msg.sender);

        _remove(currency, batch);
        emit ItemsCancelled(currency, batch.header, batch.settled);
        _giveBack(currency, batch, msg.sender);
    }

    /// @inheritdoc IClearingHouse
    function reject(address currency, ProposedBatch calldata batch, bytes32 reason) external {
        if (reason == 0) revert RejectionWithoutReason(msg.sender);
        uint256 number = _callerNumber(currency);
        for (uint256 i = 0; i < batch.items.length; ++i) {
            if (batch.settled & (1 << i) != 0 && Item.wrap(batch.items[i]).creditor() != number) {
                revert CallerNotParty(currency, msg.sender);
            }
        }

        _remove(currency, batch);
        emit ItemsRejected(currency, batch.header, msg.sender, batch.settled, reason);
        address registry = ICorridors(corridors).registry();
        _giveBack(currency, batch, IParticipantRegistry(registry).accountOf(currency, batch.header.debtor()));
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc IClearingHouse
    function itemsOf(
        address currency,
        uint256 debtorNumber,
        uint256 priority,
        uint256 index
    ) external view returns (uint256 queued, uint256 held) {
        uint256 id = BatchHeaderFields.idOf(debtorNumber, priority, index);
        return (_batches[currency][id].queued, _held[currency][id]);
    }

    /// @inheritdoc IClearingHouse
    function queueOf(
        address currency,
        uint256 debtorNumber,
        uint256 priority
    ) external view returns (uint256 first, uint256 next) {
        QueueWord word = _queues[currency][debtorNumber];
        return (word.first(priority), word.next(priority));
    }

    // ---------------------------------------------------------------- internals

    /// @dev Goes past batches that have ended, and takes the place of a new one.
    function _append(
        address currency,
        uint256 debtor,
        uint256 priority,
        uint256 cycle
    ) private returns (uint256 place) {
        QueueWord word = _queues[currency][debtor];
        place = word.next(priority);
        uint256 first = word.first(priority);
        while (first < place && _hasEnded(currency, debtor, priority, first)) ++first;
        if (place - first >= MOST_BATCHES || place - word.firstLate(priority, cycle - 1) >= MOST_BATCHES) {
            revert ClearingQueueFull(currency, msg.sender, priority);
        }
        _queues[currency][debtor] = word.withFirst(priority, first).append(priority, cycle);
    }

    function _hasEnded(address currency, uint256 debtor, uint256 priority, uint256 index) private view returns (bool) {
        Batch storage batch = _batches[currency][BatchHeaderFields.idOf(debtor, priority, index)];
        return batch.queued == 0 && batch.commitment & HAS_HELD == 0;
    }

    /// @dev Takes items out of a batch, held or not.
    function _remove(address currency, ProposedBatch calldata batch) private {
        Batch storage stored = _changeable(currency, batch);
        uint256 queued = stored.queued;
        uint256 held = stored.commitment & HAS_HELD == 0 ? 0 : _removeHeld(currency, batch, stored);
        _checkQueued(currency, batch.header, batch.settled, queued | held);
        stored.queued = queued & ~batch.settled;
    }

    /// @dev Takes items out of the held ones of a batch.
    /// @return held The items that were held before.
    function _removeHeld(
        address currency,
        ProposedBatch calldata batch,
        Batch storage stored
    ) internal returns (uint256 held) {
        uint256 id = batch.header.id();
        held = _held[currency][id];
        uint256 left = held & ~batch.settled;
        _held[currency][id] = left;
        if (left == 0) stored.commitment &= ~HAS_HELD;
    }

    /// @dev Stores a batch. The items of pairs do not wait in the order of their debtor, so that it passes them over.
    function _store(
        address currency,
        BatchHeader header,
        bytes32 payload,
        bytes32 pair,
        uint256[] calldata items
    ) private {
        uint256 id = header.id();
        uint256 all = type(uint256).max >> (MOST_ITEMS - items.length);
        uint256 commitment = _commitmentOf(header, payload, pair, items);
        if (pair == 0) {
            _batches[currency][id] = Batch(commitment, all);
        } else {
            _batches[currency][id].commitment = commitment | HAS_HELD;
            _held[currency][id] = all;
        }
    }

    /// @dev Gives removed items that crossed a border back to the window of their debtor.
    function _giveBack(address currency, ProposedBatch calldata batch, address debtor) private {
        if (!batch.header.crosses()) return;
        ICorridors(corridors).releaseBatch(batch.header, currency, debtor, batch.payload, batch.items, batch.settled);
    }

    function _changeable(address currency, ProposedBatch calldata batch) private view returns (Batch storage stored) {
        stored = _checkedBatch(currency, batch);
        _checkChangeable(currency, batch.header.cycle());
    }

    /// @dev The stored batch that a caller describes.
    function _checkedBatch(
        address currency,
        ProposedBatch calldata batch
    ) internal view returns (Batch storage stored) {
        BatchHeader header = batch.header;
        stored = _batches[currency][header.id()];
        if (stored.commitment | HAS_HELD != _commitmentOf(header, batch.payload, batch.pair, batch.items) | HAS_HELD) {
            revert BatchNotFound(currency, header.debtor(), header.priority(), header.index());
        }
    }

    function _wordOf(address currency, address account) private view returns (PositionWord) {
        address[] memory accounts = new address[](1);
        accounts[0] = account;
        return ILiquidityAccounts(liquidity).positionWords(currency, accounts)[0];
    }

    /// @dev Number of the caller in a currency.
    function _callerNumber(address currency) private view returns (uint256) {
        return _wordOf(currency, msg.sender).number();
    }

    /// @dev Checks that all items are among `among`, and that there are some.
    function _checkQueued(address currency, BatchHeader header, uint256 items, uint256 among) internal pure {
        if (items & ~among != 0 || items == 0) {
            revert ItemsNotQueued(currency, header.debtor(), header.priority(), header.index());
        }
    }

    /// @dev Checks the form of all items, and has their corridor admit them if they cross a border.
    function _admit(
        address currency,
        BatchHeader header,
        bytes32 payload,
        uint256[] calldata items,
        bool isPair
    ) private {
        uint256 debtor = header.debtor();
        uint256 total = 0;
        uint256 greatest = 0;
        for (uint256 i = 0; i < items.length; ++i) {
            Item item = Item.wrap(items[i]);
            uint256 creditor = item.creditor();
            // slither-disable-next-line incorrect-equality
            if (creditor == 0 || creditor > MOST_NUMBER || creditor == debtor) revert BatchInvalid("creditor");
            if (isPair && creditor != Item.wrap(items[0]).creditor()) revert BatchInvalid("pair");
            uint256 amount = item.amount();
            if (amount == 0) revert BatchInvalid("amount");
            if (amount > greatest) greatest = amount;
            unchecked {
                // 256 amounts of 96 bits each are below 2^104.
                total += amount;
            }
        }
        if (!header.crosses()) return;
        ICorridors(corridors).admitBatch(header, currency, msg.sender, payload, items, total, greatest);
    }

    function _checkActive(address currency, address account, PositionWord word) internal pure {
        if (word.number() == 0) revert IParticipantRegistry.ParticipantNotFound(currency, account);
        if (word.isStopped()) revert IParticipantRegistry.ParticipantStopped(currency, account);
        if (word.isSuspended()) revert IParticipantRegistry.ParticipantSuspended(currency, account);
    }

    /// @dev The first word of a batch without held items.
    function _commitmentOf(
        BatchHeader header,
        bytes32 payload,
        bytes32 pair,
        uint256[] calldata items
    ) private pure returns (uint256) {
        return uint256(keccak256(abi.encodePacked(header, payload, pair, items))) & ~HAS_HELD;
    }
}
