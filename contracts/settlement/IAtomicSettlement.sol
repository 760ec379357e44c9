// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Approval, Instruction} from "./Instruction.sol";

/// @title IAtomicSettlement
/// @notice Settles instructions of up to 16 legs in any currencies and series: all legs or none.
/// @dev Each debited party signs the whole instruction with an id of its own. The approvals are submitted all together,
/// by any account. Then the instruction settles at once or, before its value time, earmarks every leg: from then on no
/// party can leave, and only a stop, a freeze or a seizure sends all legs home. A settlement is known by its id, which
/// commits to the instruction and to the ids of the parties, so that no two settlements have the same.
interface IAtomicSettlement {
    /// @notice State of a submitted instruction that waited. The last two are final.
    enum WaitingState {
        /// It did not wait.
        None,
        /// Every leg is earmarked.
        Waiting,
        /// Every leg was delivered.
        Settled,
        /// Every leg went home.
        Unwound
    }

    /// @notice All legs of an instruction were settled.
    /// @param instruction The instruction, with every leg.
    /// @param ids Id that each debited party used, in the order in which the legs first name them.
    event InstructionSettled(
        bytes32 indexed settlementId,
        bytes32 indexed endToEndId,
        Instruction instruction,
        uint256[] ids
    );
    /// @notice All legs of an instruction were earmarked until its value time.
    /// @param instruction The instruction, with every leg.
    /// @param ids Id that each debited party used, in the order in which the legs first name them.
    event InstructionEarmarked(
        bytes32 indexed settlementId,
        bytes32 indexed endToEndId,
        Instruction instruction,
        uint256[] ids
    );
    /// @notice All legs of a waiting instruction went home.
    event InstructionUnwound(bytes32 indexed settlementId, bytes32 indexed endToEndId, address indexed caller);
    /// @notice A party withdrew its approvals with an id.
    event ApprovalWithdrawn(address indexed party, uint256 indexed id);

    /// @notice A term of the instruction is not acceptable: `term` names the field.
    error InstructionInvalid(string term);
    /// @notice `approvals` approvals for `parties` debited parties: each approves once, in the order of the legs.
    error ApprovalsInvalid(uint256 approvals, uint256 parties);
    /// @notice The approval was to be submitted before `validBefore`; chain time is `timestamp` (unix seconds).
    error ApprovalExpired(address party, uint256 validBefore, uint256 timestamp);
    /// @notice The party has used or withdrawn this id.
    error ApprovalIdUsed(address party, uint256 id);
    /// @notice The signature is not the party's over this instruction, id and time.
    error ApprovalSignatureInvalid(address party);
    /// @notice The instruction does not wait.
    error InstructionNotWaiting(bytes32 settlementId, WaitingState state);
    /// @notice The instruction settles from `valueTime` on, in closed hours the next opening; chain time is `timestamp`
    /// (unix seconds).
    error ValueTimeNotReached(bytes32 settlementId, uint256 valueTime, uint256 timestamp);
    /// @notice Nothing stops the instruction: no party of it is stopped or frozen, and the caller may not seize.
    error InstructionNotBlocked(bytes32 settlementId);
    /// @notice Leg `leg` of the return is not the reverse of the named leg of the original.
    error ReturnLegInvalid(bytes32 original, uint256 leg);
    /// @notice Of the leg of the original `available` are not returned yet, not `requested`; units or Tokens.
    error ReturnExceeded(bytes32 original, uint256 leg, uint256 requested, uint256 available);

    // -------------------------------------------------------------- participant

    /// @notice Use up an id of the caller, so that no approval with it can be submitted any more.
    /// @custom:reverts ApprovalIdUsed when the id was used or withdrawn before
    /// @custom:invariant INV-ONCE
    function withdraw(uint256 id) external;

    // ------------------------------------------------------------------- anyone

    /// @notice Submit an instruction with the approvals of all debited parties; it settles at once or waits.
    /// @param instruction The instruction; it returns no other.
    /// @param approvals One for each debited party, in the order in which the legs first name them.
    /// @return settlementId Id of the settlement.
    /// @custom:reverts InstructionInvalid when a term is not acceptable
    /// @custom:reverts ApprovalsInvalid when there are more or fewer approvals than debited parties
    /// @custom:reverts ApprovalExpired when an approval has expired
    /// @custom:reverts ApprovalIdUsed when a party has used or withdrawn its id
    /// @custom:reverts ApprovalSignatureInvalid when a signature is not the party's
    /// @custom:reverts ParticipantNotFound when a party was not admitted to the currency of its leg
    /// @custom:reverts ParticipantStopped when a party is stopped
    /// @custom:reverts ParticipantSuspended when a party is suspended
    /// @custom:reverts LiquidityPaused when the positions in a currency are paused
    /// @custom:reverts PositionExceeded when a debtor has fewer available units
    /// @custom:reverts PositionFrozenOutgoing when the position of a debtor is frozen outgoing
    /// @custom:reverts PositionAmountFrozen when too many units of a debtor are frozen
    /// @custom:reverts PositionFrozenIncoming when the position of a creditor is frozen incoming
    /// @custom:reverts CorridorNotOpen when a leg crosses a border without an open corridor
    /// @custom:reverts SettlementLimitExceeded when a leg is above the limit of its corridor
    /// @custom:reverts WindowLimitExceeded when a debtor has fewer units left in the window of a corridor
    /// @custom:reverts TravelPayloadUnsigned when both institutions have to sign `customers` first
    /// @custom:reverts CurrencyClosed when it settles at once and a currency of a crossing leg is closed
    /// @custom:reverts NoCommonOpening when it waits and the currencies have no common opening soon
    /// @custom:invariant INV-ONCE
    /// @custom:invariant INV-LINK
    /// @custom:invariant INV-CORRIDOR
    /// @custom:invariant INV-TRAVEL
    function submit(
        Instruction calldata instruction,
        Approval[] calldata approvals
    ) external returns (bytes32 settlementId);

    /// @notice The same for a return (pacs.004): each leg reverses a leg of a settlement, in whole or in part.
    /// @dev The contract counts the returned amounts of the stated original and refuses more than it. It does not store
    /// every settlement: the audit reports a return of an original that never settled.
    /// @param instruction The return; it names the original and a reason.
    /// @param approvals As for `submit`.
    /// @param original The original instruction.
    /// @param ids Ids of its parties, in the order of its approvals.
    /// @param places Number of the leg of the original that each leg reverses.
    /// @return settlementId Id of the settlement of the return.
    /// @custom:reverts InstructionInvalid when the return does not name this original, has no reason, waits, or
    /// has another number of legs than `places`
    /// @custom:reverts ReturnLegInvalid when a leg does not reverse the leg of the original
    /// @custom:reverts ReturnExceeded when all returns of a leg together would exceed it
    /// @custom:invariant INV-LINK
    function submitReturn(
        Instruction calldata instruction,
        Approval[] calldata approvals,
        Instruction calldata original,
        uint256[] calldata ids,
        uint256[] calldata places
    ) external returns (bytes32 settlementId);

    /// @notice Settle a waiting instruction from its value time on; in closed hours, from the next opening on.
    /// @param ids Ids of the parties, in the order of their approvals.
    /// @custom:reverts InstructionNotWaiting when it does not wait
    /// @custom:reverts ValueTimeNotReached when its value time has not come
    /// @custom:reverts CurrencyClosed when a currency of a crossing leg is closed
    /// @custom:reverts ParticipantStopped when a party is stopped
    /// @custom:reverts LiquidityPaused when the positions in a currency are paused
    /// @custom:reverts PositionFrozenOutgoing when the position of a debtor is frozen outgoing or in part
    /// @custom:reverts PositionFrozenIncoming when the position of a creditor is frozen incoming
    /// @custom:invariant INV-FINAL
    /// @custom:invariant INV-LINK
    function settle(Instruction calldata instruction, uint256[] calldata ids) external;

    /// @notice Send all legs of a waiting instruction home: by any account once a party of it is stopped or frozen, and
    /// by an account that may seize in the currency of a leg.
    /// @param ids Ids of the parties, in the order of their approvals.
    /// @custom:reverts InstructionNotWaiting when it does not wait
    /// @custom:reverts InstructionNotBlocked when no party is stopped or frozen, and the caller may not seize
    /// @custom:invariant INV-FINAL
    function unwind(Instruction calldata instruction, uint256[] calldata ids) external;

    // -------------------------------------------------------------------- views

    /// @notice Liquidity accounts, in which the legs of currencies move.
    function liquidity() external view returns (address);

    /// @notice Unix second from which an instruction that waited or waits settles.
    function dueAt(bytes32 settlementId) external view returns (uint64);

    /// @notice Id of the settlement of an instruction by the parties' ids.
    function settlementIdOf(Instruction calldata instruction, uint256[] calldata ids) external view returns (bytes32);

    /// @notice State of an instruction that waited or waits.
    function waiting(bytes32 settlementId) external view returns (WaitingState);

    /// @notice Whether a party has used or withdrawn an id.
    function isUsed(address party, uint256 id) external view returns (bool);

    /// @notice Units or Tokens of a leg of a settlement that were returned.
    function returned(bytes32 original, uint256 leg) external view returns (uint256);
}
