// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ICurrencyToken} from "../money/ICurrencyToken.sol";
import {Signatures} from "../core/Signatures.sol";
import {CurrencyPowers} from "./CurrencyPowers.sol";
import {IAtomicSettlement} from "./IAtomicSettlement.sol";
import {ILiquidityAccounts} from "./ILiquidityAccounts.sol";
import {Approval, Instruction, Leg, LegKind, wordsOf} from "./Instruction.sol";
import {InstructionHash} from "./InstructionHash.sol";

/// @title AtomicSettlement
/// @notice Holds nothing: the units of waiting legs are earmarked in the liquidity accounts, which obey this contract
/// alone.
/// @dev One word holds 256 ids of a party, one word the state of an instruction that waits.
contract AtomicSettlement is IAtomicSettlement, CurrencyPowers, EIP712, ReentrancyGuardTransient {
    using InstructionHash for Instruction;
    using SafeERC20 for IERC20;

    /// Most legs of one instruction: all of them settle within one transaction.
    uint256 private constant MOST_LEGS = 16;
    /// Longest time that an instruction may wait: no leg is earmarked longer.
    uint256 private constant LONGEST_WAIT = 30 days;
    uint256 private constant BITS = 256;

    /// @inheritdoc IAtomicSettlement
    address public immutable liquidity;

    /// An instruction that waited or waits: one word.
    struct Wait {
        WaitingState state;
        /// Time of its admission by the corridors.
        uint64 admittedAt;
        /// Time from which it settles.
        uint64 dueAt;
    }

    // slither-disable-next-line uninitialized-state
    mapping(address party => mapping(uint256 place => uint256 bitmap)) private _used;
    mapping(bytes32 settlementId => Wait) private _waits;
    /// @inheritdoc IAtomicSettlement
    mapping(bytes32 original => mapping(uint256 leg => uint256 amount)) public returned;

    /// @param liquidity_ The positions, which know the address of this contract.
    constructor(address liquidity_) EIP712("pysettle AtomicSettlement", "1") {
        liquidity = liquidity_;
    }

    // -------------------------------------------------------------- participant

    /// @inheritdoc IAtomicSettlement
    function withdraw(uint256 id) external {
        _use(msg.sender, id);

        emit ApprovalWithdrawn(msg.sender, id);
    }

    // ------------------------------------------------------------------- anyone

    /// @inheritdoc IAtomicSettlement
    function submit(
        Instruction calldata instruction,
        Approval[] calldata approvals
    ) external nonReentrant returns (bytes32 settlementId) {
        if (instruction.original != 0) revert InstructionInvalid("original");
        if (instruction.reason != 0) revert InstructionInvalid("reason");

        settlementId = _accept(instruction, approvals);
    }

    /// @inheritdoc IAtomicSettlement
    function submitReturn(
        Instruction calldata instruction,
        Approval[] calldata approvals,
        Instruction calldata original,
        uint256[] calldata ids,
        uint256[] calldata places
    ) external nonReentrant returns (bytes32 settlementId) {
        if (instruction.original != _idOf(original.hash(), ids)) revert InstructionInvalid("original");
        if (instruction.reason == 0) revert InstructionInvalid("reason");
        // A return that waited and went home would have used up a part of the original.
        if (instruction.valueTime > block.timestamp) revert InstructionInvalid("valueTime");
        if (instruction.legs.length != places.length) revert InstructionInvalid("legs");

        _countReturn(instruction, original, places);
        settlementId = _accept(instruction, approvals);
    }

    /// @inheritdoc IAtomicSettlement
    function settle(Instruction calldata instruction, uint256[] calldata ids) external nonReentrant {
        bytes32 settlementId = _waitingIdOf(instruction, ids);
        uint64 due = _waits[settlementId].dueAt;
        if (block.timestamp < due) revert ValueTimeNotReached(settlementId, due, block.timestamp);

        _waits[settlementId].state = WaitingState.Settled;
        emit InstructionSettled(settlementId, instruction.endToEndId, instruction, ids);
        ILiquidityAccounts(liquidity).deliverLegs(wordsOf(instruction.legs), settlementId);
    }

    /// @inheritdoc IAtomicSettlement
    function unwind(Instruction calldata instruction, uint256[] calldata ids) external nonReentrant {
        bytes32 settlementId = _waitingIdOf(instruction, ids);
        if (!_isBlocked(instruction)) revert InstructionNotBlocked(settlementId);

        _waits[settlementId].state = WaitingState.Unwound;
        emit InstructionUnwound(settlementId, instruction.endToEndId, msg.sender);
        ILiquidityAccounts(liquidity).sendLegsHome(
            wordsOf(instruction.legs),
            settlementId,
            instruction.customers,
            _waits[settlementId].admittedAt
        );
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc IAtomicSettlement
    function settlementIdOf(Instruction calldata instruction, uint256[] calldata ids) external pure returns (bytes32) {
        return _idOf(instruction.hash(), ids);
    }

    /// @inheritdoc IAtomicSettlement
    function waiting(bytes32 settlementId) external view returns (WaitingState) {
        return _waits[settlementId].state;
    }

    /// @inheritdoc IAtomicSettlement
    function dueAt(bytes32 settlementId) external view returns (uint64) {
        return _waits[settlementId].dueAt;
    }

    /// @inheritdoc IAtomicSettlement
    function isUsed(address party, uint256 id) external view returns (bool) {
        return _used[party][id / BITS] & (1 << (id % BITS)) != 0;
    }

    // ---------------------------------------------------------------- internals

    /// @dev Checks terms and approvals, uses up the ids, and settles or earmarks every leg. Tokens move last, since
    /// their contract may be any; no other entry can be called meanwhile.
    function _accept(
        Instruction calldata instruction,
        Approval[] calldata approvals
    ) private returns (bytes32 settlementId) {
        bool waits = instruction.valueTime > block.timestamp;
        Leg[] calldata legs = instruction.legs;
        _checkTerms(instruction, legs.length, waits);
        (address[] memory parties, uint256 count, bool hasTokens) = _checkLegs(legs, waits);
        if (count != approvals.length) revert ApprovalsInvalid(approvals.length, count);
        bytes32 instructionHash = instruction.hash();
        uint256[] memory ids = _useApprovals(instructionHash, parties, approvals);
        settlementId = keccak256(abi.encodePacked(instructionHash, ids));

        bytes32 customers = instruction.customers;
        if (waits) {
            emit InstructionEarmarked(settlementId, instruction.endToEndId, instruction, ids);
            uint64 valueTime = instruction.valueTime;
            uint64 due = ILiquidityAccounts(liquidity).earmarkLegs(wordsOf(legs), settlementId, customers, valueTime);
            // slither-disable-next-line reentrancy-benign
            _waits[settlementId] = Wait(WaitingState.Waiting, uint64(block.timestamp), due);
        } else {
            emit InstructionSettled(settlementId, instruction.endToEndId, instruction, ids);
            ILiquidityAccounts(liquidity).moveLegs(wordsOf(legs), customers);
            if (hasTokens) _moveTokens(legs);
        }
    }

    function _moveTokens(Leg[] calldata legs) private {
        for (uint256 i = 0; i < legs.length; ++i) {
            Leg calldata leg = legs[i];
            // slither-disable-next-line arbitrary-send-erc20
            if (leg.kind == LegKind.Token) IERC20(leg.asset).safeTransferFrom(leg.debtor, leg.creditor, leg.amount);
        }
    }

    /// @dev Each debited party has one approval, in the order in which the legs first name them.
    function _useApprovals(
        bytes32 instructionHash,
        address[] memory parties,
        Approval[] calldata approvals
    ) private returns (uint256[] memory ids) {
        ids = new uint256[](approvals.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            Approval calldata approval = approvals[i];
            address party = parties[i];
            uint256 id = approval.id;
            _checkApproval(instructionHash, party, id, approval);
            _use(party, id);
            ids[i] = id;
        }
    }

    function _checkApproval(
        bytes32 instructionHash,
        address party,
        uint256 id,
        Approval calldata approval
    ) private view {
        uint64 validBefore = approval.validBefore;
        if (block.timestamp >= validBefore) revert ApprovalExpired(party, validBefore, block.timestamp);
        bytes32 digest = _hashTypedDataV4(InstructionHash.approvalHash(instructionHash, party, id, validBefore));
        if (!Signatures.isValidCalldata(party, digest, approval.signature)) revert ApprovalSignatureInvalid(party);
    }

    function _use(address party, uint256 id) private {
        mapping(uint256 place => uint256 bitmap) storage used = _used[party];
        uint256 bitmap = used[id / BITS];
        uint256 bit = 1 << (id % BITS);
        if (bitmap & bit != 0) revert ApprovalIdUsed(party, id);
        used[id / BITS] = bitmap | bit;
    }

    /// @dev Counts what each leg returns of the original, before anything moves.
    function _countReturn(
        Instruction calldata instruction,
        Instruction calldata original,
        uint256[] calldata places
    ) private {
        bytes32 originalId = instruction.original;
        for (uint256 i = 0; i < places.length; ++i) {
            if (places[i] >= original.legs.length) revert ReturnLegInvalid(originalId, i);
            Leg calldata leg = instruction.legs[i];
            Leg calldata first = original.legs[places[i]];
            bool isReverse = leg.debtor == first.creditor && leg.creditor == first.debtor;
            if (!isReverse || leg.asset != first.asset || leg.kind != first.kind)
                revert ReturnLegInvalid(originalId, i);
            uint256 available = first.amount - returned[originalId][places[i]];
            if (leg.amount > available) revert ReturnExceeded(originalId, places[i], leg.amount, available);
            returned[originalId][places[i]] += leg.amount;
        }
    }

    function _checkTerms(Instruction calldata instruction, uint256 count, bool waits) private view {
        if (count == 0 || count > MOST_LEGS) revert InstructionInvalid("legs");
        if (waits && instruction.valueTime > block.timestamp + LONGEST_WAIT) revert InstructionInvalid("valueTime");
        if (instruction.endToEndId == 0) revert InstructionInvalid("endToEndId");
        if (instruction.purpose == 0) revert InstructionInvalid("purpose");
    }

    /// @return parties The distinct debtors in the order in which the legs first name them, and zeros after them.
    /// @return count Number of these debtors.
    /// @return hasTokens Whether a leg moves Tokens.
    function _checkLegs(
        Leg[] calldata legs,
        bool waits
    ) private pure returns (address[] memory parties, uint256 count, bool hasTokens) {
        parties = new address[](legs.length);
        for (uint256 i = 0; i < legs.length; ++i) {
            Leg calldata leg = legs[i];
            address debtor = leg.debtor;
            if (leg.amount == 0) revert InstructionInvalid("amount");
            if (leg.creditor == debtor) revert InstructionInvalid("creditor");
            if (leg.kind == LegKind.Token) {
                // Tokens stop when their series ends, so that no Token leg may wait.
                if (waits) revert InstructionInvalid("kind");
                hasTokens = true;
            }
            uint256 place = 0;
            while (place < count && parties[place] != debtor) ++place;
            if (place == count) parties[count++] = debtor;
        }
    }

    /// @dev Whether a party is stopped or frozen, or the caller may seize in the currency of a leg.
    function _isBlocked(Instruction calldata instruction) private view returns (bool) {
        if (ILiquidityAccounts(liquidity).isBlocked(instruction.legs)) return true;
        for (uint256 i = 0; i < instruction.legs.length; ++i) {
            if (_hasPower(instruction.legs[i].asset, ICurrencyToken.seize.selector)) return true;
        }
        return false;
    }

    function _waitingIdOf(
        Instruction calldata instruction,
        uint256[] calldata ids
    ) private view returns (bytes32 settlementId) {
        settlementId = _idOf(instruction.hash(), ids);
        WaitingState state = _waits[settlementId].state;
        if (state != WaitingState.Waiting) revert InstructionNotWaiting(settlementId, state);
    }

    function _idOf(bytes32 instructionHash, uint256[] calldata ids) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(instructionHash, ids));
    }
}
