// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {BatchHeader, PairLink, ProposedBatch, ProposedSet, SettledBatch} from "./Clearing.sol";

/// @title IClearingHouse
/// @notice Participants queue obligations in batches. A cycle settles many of them by moving net amounts alone, out of
/// the units that participants reserved. Gross settlement goes on beside it at any time.
/// @dev Cycles of a currency are numbered from 1: Open, then Closed, then Settled or Unwound, while the next one opens.
/// A proposal is a set of items. The contract computes the nets itself, and settles the set whole or not at all.
/// Each debtor has one order in a currency: priority, then index, across corridors and batches. An item settles only if
/// all due items before it settle too, have ended or are held, or go to a creditor that is suspended, stopped or frozen
/// incoming.
/// PvP pairs are two batches, the halves: two debtors owe each other as many items, in two currencies. Each queues its
/// own half with the hash of both, and so agrees to both. The items of one place settle in both halves or in none. Sets
/// may pass pairs over. If they settle, they keep their places in both orders.
/// The central bank of a currency is each account that may call `setClassLimits` of that currency, by its authority.
/// Amounts are units of the currency, times unix seconds. A party is known by its number in the currency.
interface IClearingHouse {
    /// @notice State of a cycle. The last two are final.
    enum CycleState {
        /// The currency has no cycles yet.
        None,
        /// Obligations are queued, and reserved units are released.
        Open,
        /// Sets settle. Nothing that is due is released, held, cancelled or rejected.
        Closed,
        /// It has ended, and settled at least one set.
        Settled,
        /// It has ended, and settled nothing.
        Unwound
    }

    /// @notice The last cycle of a currency.
    struct Cycle {
        /// Account that the central bank appointed; zero for none.
        address operator;
        /// Number of the cycle; zero if the currency has no cycles.
        uint32 number;
        /// Time of its opening, or of its closing.
        uint40 since;
        CycleState state;
        /// Number of sets that it settled.
        uint16 sets;
    }

    /// @notice The central bank of a currency appointed the operator of its cycles. The first time, cycle 1 opens.
    /// @param operator The account; zero for none.
    event ClearingOperatorSet(address indexed currency, address indexed operator);
    /// @notice A debtor queued a batch of obligations.
    /// @param header Debtor, priority, index, jurisdictions, first cycle and time.
    /// @param payload Hash of the payload of the Travel Rule; zero if there is none.
    /// @param items Creditor and amount of each obligation, the words of `Item`.
    /// @param pair Hash of both halves if the batch is one half of PvP pairs; zero if it is none.
    event BatchQueued(
        address indexed currency,
        address indexed debtor,
        BatchHeader indexed header,
        bytes32 payload,
        uint256[] items,
        bytes32 pair
    );
    /// @notice A debtor held items of a batch, or let them go on.
    /// @param items One bit for each of these items.
    /// @param held Whether they are held from now on.
    event ItemsHeldSet(address indexed currency, BatchHeader indexed header, uint256 items, bool held);
    /// @notice A debtor cancelled items of a batch, held or not.
    /// @param items One bit for each of these items.
    event ItemsCancelled(address indexed currency, BatchHeader indexed header, uint256 items);
    /// @notice A creditor rejected items of a batch that were owed to it, held or not.
    /// @param items One bit for each of these items.
    /// @param reason Reason code (ISO 20022), in ASCII from the first byte on.
    event ItemsRejected(
        address indexed currency,
        BatchHeader indexed header,
        address indexed creditor,
        uint256 items,
        bytes32 reason
    );
    /// @notice A cycle was closed: what is queued from now on is due in the next one.
    event CycleClosed(address indexed currency, uint256 indexed cycle, address indexed caller);
    /// @notice A set of items settled, all together. The liquidity accounts emit `PositionsNetted` with every net.
    /// @param set Number of the set, from 1, of all currencies together.
    /// @param cycle Last cycle whose batches were due: the closed one, or the one before an open one.
    /// @param caller Account that proposed the set.
    /// @param batches All batches that the proposal named, ascending, with the items that settled; none may be zero.
    event SetSettled(
        uint256 indexed set,
        address indexed currency,
        uint256 indexed cycle,
        address caller,
        SettledBatch[] batches
    );
    /// @notice A cycle ended, and the next one opened. The items that it left stay queued.
    /// @param state Settled or Unwound.
    event CycleEnded(address indexed currency, uint256 indexed cycle, CycleState state, address caller);

    /// @notice The currency has no cycles: its central bank has not appointed an operator yet.
    error CyclesMissing(address currency);
    /// @notice The cycle is in another state than the call needs.
    error CycleStateInvalid(address currency, uint256 cycle, CycleState state);
    /// @notice The caller may do so from `earliest` on; chain time is `timestamp` (unix seconds).
    error CycleTooEarly(address currency, uint256 cycle, uint256 earliest, uint256 timestamp);
    /// @notice Sets of the closed cycle settled before `expired`; chain time is `timestamp` (unix seconds).
    error CycleExpired(address currency, uint256 cycle, uint256 expired, uint256 timestamp);
    /// @notice The cycle is closed: this waits until it ends, or until `latest` (unix seconds).
    error CycleStillClosed(address currency, uint256 cycle, uint256 latest);
    /// @notice A term of the batch is not acceptable: `term` names it.
    error BatchInvalid(string term);
    /// @notice The debtor has as many batches of this priority as it may.
    error ClearingQueueFull(address currency, address debtor, uint256 priority);
    /// @notice No batch with this place, these items and this header is queued.
    error BatchNotFound(address currency, uint256 debtorNumber, uint256 priority, uint256 index);
    /// @notice The batches of a proposal ascend by debtor, priority and index; this one does not.
    error BatchOutOfOrder(address currency, uint256 debtorNumber, uint256 priority, uint256 index);
    /// @notice The batch is first due in cycle `cycle`, which is not closed yet.
    error BatchNotDue(address currency, uint256 debtorNumber, uint256 priority, uint256 index, uint256 cycle);
    /// @notice The proposal leaves out a batch of a debtor that comes before others of it, and has items that wait.
    error BatchPassedOver(address currency, uint256 debtorNumber, uint256 priority, uint256 index);
    /// @notice The item comes after another one of its debtor that waits and may not be passed over.
    error ItemOutOfOrder(address currency, uint256 debtorNumber, uint256 priority, uint256 index, uint256 place);
    /// @notice One of these items does not wait: it has ended, is held, or never was.
    error ItemsNotQueued(address currency, uint256 debtorNumber, uint256 priority, uint256 index);
    /// @notice The creditor of the item is of another jurisdiction than the batch was admitted for.
    error ItemOutsideCorridor(address currency, address creditor, uint256 jurisdiction, uint256 expected);
    /// @notice The proposal does not list the participant with this number.
    error ParticipantNotListed(address currency, uint256 participantNumber);
    /// @notice The participants of a proposal ascend by number; this account does not, or was not admitted.
    error ParticipantsInvalid(address currency, address account);
    /// @notice The caller is not the debtor of the batch, or not the creditor of each of these items.
    error CallerNotParty(address currency, address caller);
    /// @notice A half of these pairs settles without the same items of the other one; zero for a link to no half.
    error PairIncomplete(bytes32 pair);
    /// @notice A rejection needs a reason.
    error RejectionWithoutReason(address creditor);

    // ------------------------------------------------------------- central bank

    /// @notice Appoint the operator of the cycles of a currency. The first time, cycle 1 opens.
    /// @param operator The account; zero for none, so that anybody acts after the waiting times.
    /// @custom:reverts CurrencyPowerMissing when the caller is not the central bank of the currency
    function setOperator(address currency, address operator) external;

    // -------------------------------------------------------------- participant

    /// @notice Queue a batch of obligations that the caller owes. It is due in the open cycle, or in the next one.
    /// @param priority Class of the caller's order, from 0 to 3; a lower number comes first.
    /// @param to Jurisdiction of all creditors, an ISO 3166-1 number.
    /// @param payload Hash of the payload of the Travel Rule; zero if there is none.
    /// @param items From 1 to 256 obligations to other participants, the words of `Item`.
    /// @param pair Zero; or, for one half of PvP pairs, whose items have one creditor, the hash of the hashes of the
    /// first and the second half, in the order that both debtors agreed on. The hash of a half covers its currency, the
    /// number of its debtor, and the hash of its items.
    /// @return header The header, which later calls contain.
    /// @custom:reverts CyclesMissing when the currency has no cycles
    /// @custom:reverts ParticipantNotFound when the caller was not admitted to the currency
    /// @custom:reverts ParticipantStopped when the caller is stopped
    /// @custom:reverts ParticipantSuspended when the caller is suspended
    /// @custom:reverts BatchInvalid when priority, jurisdiction, a creditor, an amount or the number of items cannot
    /// be, or a half of pairs has several creditors
    /// @custom:reverts ClearingQueueFull when too many batches of this priority have not ended
    /// @custom:reverts CorridorNotOpen when the items cross a border without an open corridor
    /// @custom:reverts SettlementLimitExceeded when an item is above the limit of its corridor
    /// @custom:reverts WindowLimitExceeded when the caller has fewer units left in the window of the corridor
    /// @custom:reverts TravelPayloadUnsigned when both institutions of an item have to sign `payload` first
    /// @custom:invariant INV-CORRIDOR
    /// @custom:invariant INV-TRAVEL
    function queue(
        address currency,
        uint256 priority,
        uint16 to,
        bytes32 payload,
        uint256[] calldata items,
        bytes32 pair
    ) external returns (BatchHeader header);

    /// @notice Hold items of an own batch, so that cycles pass them over, or let them go on in their place.
    /// @param batch The batch; its `settled` has one bit for each item to hold or let go on.
    /// @custom:reverts CallerNotParty when the caller is not the debtor
    /// @custom:reverts BatchNotFound when no such batch is queued
    /// @custom:reverts CycleStillClosed when the batch is due in a closed cycle
    /// @custom:reverts ItemsNotQueued when an item does not wait, or is not held, or the batch is a half of pairs
    function setHeld(address currency, ProposedBatch calldata batch, bool held) external;

    /// @notice Cancel items of an own batch, held or not.
    /// @param batch The batch; its `settled` has one bit for each item to cancel.
    /// @custom:reverts CallerNotParty when the caller is not the debtor
    /// @custom:reverts BatchNotFound when no such batch is queued
    /// @custom:reverts CycleStillClosed when the batch is due in a closed cycle
    /// @custom:reverts ItemsNotQueued when an item has ended, or never was
    /// @custom:invariant INV-ONCE
    function cancel(address currency, ProposedBatch calldata batch) external;

    /// @notice Reject items that are owed to the caller, held or not.
    /// @param batch The batch; its `settled` has one bit for each item to reject.
    /// @param reason Reason code (ISO 20022), in ASCII from the first byte on.
    /// @custom:reverts RejectionWithoutReason when `reason` is zero
    /// @custom:reverts CallerNotParty when one of the items is owed to another participant
    /// @custom:reverts BatchNotFound when no such batch is queued
    /// @custom:reverts CycleStillClosed when the batch is due in a closed cycle
    /// @custom:reverts ItemsNotQueued when an item has ended, or never was
    /// @custom:invariant INV-ONCE
    function reject(address currency, ProposedBatch calldata batch, bytes32 reason) external;

    // ------------------------------------------- operator, and anyone after it

    /// @notice Close the open cycle: the operator from 5 minutes after its opening on, anybody from 15 minutes on.
    /// @custom:reverts CyclesMissing when the currency has no cycles
    /// @custom:reverts CycleStateInvalid when the cycle is closed already
    /// @custom:reverts CycleTooEarly when the caller may do so later
    function closeCycle(address currency) external;

    /// @notice Settle sets of items by moving the nets between reserved units: all or nothing, and final.
    /// @dev In a closed cycle the operator alone settles until 15 minutes after the closing, then anybody, for an hour
    /// in all. What an ended cycle left anybody settles before the next closing.
    /// @param sets The sets, each of one currency and with a number of its own. Nets move set by set.
    /// @param links Both halves of all pairs that settle.
    /// @custom:reverts CyclesMissing when the currency has no cycles
    /// @custom:reverts CycleTooEarly when the caller is not the operator, which is alone until later
    /// @custom:reverts CycleExpired when the cycle was closed an hour ago
    /// @custom:reverts ParticipantsInvalid when the participants do not ascend, or one was not admitted
    /// @custom:reverts ParticipantNotListed when a party is not listed
    /// @custom:reverts BatchOutOfOrder when the batches do not ascend
    /// @custom:reverts BatchNotFound when no such batch is queued
    /// @custom:reverts BatchNotDue when a batch is due in a later cycle
    /// @custom:reverts BatchPassedOver when a batch of a debtor is left out that comes before others of it
    /// @custom:reverts ItemOutOfOrder when an item comes after one that waits and may not be passed over
    /// @custom:reverts ItemsNotQueued when an item has ended or is held
    /// @custom:reverts PairIncomplete when a half of pairs settles without the same items of the other half
    /// @custom:reverts ItemOutsideCorridor when a creditor is of another jurisdiction than its batch was admitted for
    /// @custom:reverts ParticipantStopped when a party of an item is stopped
    /// @custom:reverts ParticipantSuspended when a party of an item is suspended
    /// @custom:reverts PositionFrozenOutgoing when the position of a debtor is frozen outgoing or in part
    /// @custom:reverts PositionFrozenIncoming when the position of a creditor is frozen incoming
    /// @custom:reverts CurrencyClosed when an item crosses a border and the currency is closed
    /// @custom:reverts LiquidityPaused when the positions in the currency are paused
    /// @custom:reverts ReservedExceeded when a participant has reserved fewer units than its net
    /// @custom:invariant INV-NET
    /// @custom:invariant INV-ORDER
    /// @custom:invariant INV-ONCE
    /// @custom:invariant INV-LINK
    function settleCycle(ProposedSet[] calldata sets, PairLink[] calldata links) external;

    /// @notice End the closed cycle, as Settled or Unwound, and open the next one: the operator at any time, anybody
    /// from an hour after the closing on.
    /// @custom:reverts CyclesMissing when the currency has no cycles
    /// @custom:reverts CycleStateInvalid when the cycle is open
    /// @custom:reverts CycleTooEarly when the caller may do so later
    /// @custom:invariant INV-FINAL
    function endCycle(address currency) external;

    // -------------------------------------------------------------------- views

    /// @notice The positions, whose reserved units the nets move.
    function liquidity() external view returns (address);

    /// @notice Corridors, which admit the batches that cross a border.
    function corridors() external view returns (address);

    /// @notice Number of sets that settled, in all currencies together.
    function setCount() external view returns (uint256);

    /// @notice The last cycle of a currency.
    function cycleOf(address currency) external view returns (Cycle memory);

    /// @notice Check that reserved units may be released: the cycle is not closed, or was closed an hour ago.
    /// @custom:reverts CycleStillClosed when they may not
    function checkReleasable(address currency) external view;

    /// @notice The items of a batch that wait and those that are held, one bit each. The items of pairs are held.
    /// @param debtorNumber Number of the debtor in the currency.
    function itemsOf(
        address currency,
        uint256 debtorNumber,
        uint256 priority,
        uint256 index
    ) external view returns (uint256 queued, uint256 held);

    /// @notice Index of the first batch of a debtor that has not ended, and of its next one.
    function queueOf(
        address currency,
        uint256 debtorNumber,
        uint256 priority
    ) external view returns (uint256 first, uint256 next);
}
