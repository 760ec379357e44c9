// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice The way in which a leg moves value.
enum LegKind {
    /// Between positions in a currency.
    Position,
    /// Tokens of a series, or any ERC-20, by the debtor's allowance to the settlement contract.
    Token
}

/// @notice One transfer inside a linked settlement.
struct Leg {
    LegKind kind;
    /// Currency of the positions, or the series.
    address asset;
    /// Party that is debited, and signs.
    address debtor;
    /// Party that is credited.
    address creditor;
    /// Units of the currency, or Tokens.
    uint96 amount;
}

/// @notice Legs that settle all together or not at all, with the data of the payment message.
struct Instruction {
    /// From 1 to 16 legs. One is a payment, two are DvP or PvP.
    Leg[] legs;
    /// Unix second from which it settles; zero, or a time that has passed, is at once.
    uint64 valueTime;
    /// End-to-end id of the message, chosen by the party that wrote it.
    bytes32 endToEndId;
    /// Purpose code (ISO 20022), in ASCII from the first byte on.
    bytes32 purpose;
    /// Hash of the data of ultimate debtor and creditor; zero for a payment between institutions.
    bytes32 customers;
    /// Settlement that it returns in whole or in part (pacs.004); zero if it returns none.
    bytes32 original;
    /// Reason code of a return (ISO 20022), in ASCII; zero if it returns none.
    bytes32 reason;
}

/// @notice Agreement of one debited party.
struct Approval {
    /// Number of its own that the party uses once.
    uint256 id;
    /// Unix second before which the approval is submitted.
    uint64 validBefore;
    /// Its EIP-712 signature over instruction, party, id and time.
    bytes signature;
}

/// @notice The words of legs, five for each, so that a call hands them on by one copy.
/// @dev Its plain form is to pass `legs`. The compiler then reads, checks and writes each field anew: 500 gas a leg.
function wordsOf(Leg[] calldata legs) pure returns (uint256[] calldata words) {
    // solhint-disable-next-line no-inline-assembly
    assembly ("memory-safe") {
        words.offset := legs.offset
        words.length := mul(legs.length, 5)
    }
}

/// @notice The legs of such words. Each field is checked when it is read, as in every call with legs.
/// @dev Its plain form is a parameter of the type `Leg[] calldata`.
function legsOf(uint256[] calldata words) pure returns (Leg[] calldata legs) {
    // solhint-disable-next-line no-inline-assembly
    assembly ("memory-safe") {
        legs.offset := words.offset
        legs.length := div(words.length, 5)
    }
}

/// @notice Id of the corridor that units of a currency cross from one jurisdiction to another.
function corridorIdOf(uint16 from, uint16 to, address currency) pure returns (bytes32) {
    return keccak256(abi.encode(from, to, currency));
}
