// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Instruction, wordsOf} from "./Instruction.sol";

/// @title InstructionHash
/// @notice EIP-712 hashes of instructions and approvals.
library InstructionHash {
    bytes32 private constant LEG_TYPEHASH = keccak256(
        "Leg(uint8 kind,address asset,address debtor,address creditor,uint96 amount)"
    );
    bytes32 private constant INSTRUCTION_TYPEHASH = keccak256(
        "Instruction(Leg[] legs,uint64 valueTime,bytes32 endToEndId,bytes32 purpose,bytes32 customers,"
        "bytes32 original,bytes32 reason)Leg(uint8 kind,address asset,address debtor,address creditor,uint96 amount)"
    );
    bytes32 private constant APPROVAL_TYPEHASH = keccak256(
        "Approval(address party,uint256 id,uint64 validBefore,Instruction instruction)"
        "Instruction(Leg[] legs,uint64 valueTime,bytes32 endToEndId,bytes32 purpose,bytes32 customers,"
        "bytes32 original,bytes32 reason)Leg(uint8 kind,address asset,address debtor,address creditor,uint96 amount)"
    );

    uint256 private constant LEG_WORDS = 5;

    /// @notice Struct hash of an instruction, which every approval contains.
    function hash(Instruction calldata instruction) internal pure returns (bytes32) {
        uint256[] calldata words = wordsOf(instruction.legs);
        bytes32[] memory hashes = new bytes32[](words.length / LEG_WORDS);
        for (uint256 i = 0; i < hashes.length; ++i) {
            uint256 first = i * LEG_WORDS;
            hashes[i] = keccak256(abi.encodePacked(LEG_TYPEHASH, words[first:first + LEG_WORDS]));
        }
        return
            keccak256(
                abi.encode(
                    INSTRUCTION_TYPEHASH,
                    keccak256(abi.encodePacked(hashes)),
                    instruction.valueTime,
                    instruction.endToEndId,
                    instruction.purpose,
                    instruction.customers,
                    instruction.original,
                    instruction.reason
                )
            );
    }

    /// @notice Struct hash of the approval of a party.
    function approvalHash(
        bytes32 instructionHash,
        address party,
        uint256 id,
        uint64 validBefore
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(APPROVAL_TYPEHASH, party, id, validBefore, instructionHash));
    }
}
