"""Small contracts for the tests, assembled by hand, and the words to call them with."""

from __future__ import annotations


def creation(runtime: bytes) -> bytes:
    """Return init code that deploys the runtime code as it is.

    PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN: 10 bytes, then the runtime code.
    """
    return bytes.fromhex(f"61{len(runtime):04x}80600a5f395ff3") + runtime


RECORDER = bytes.fromhex(
    "5f35"  # PUSH0 CALLDATALOAD: the word given
    "805f55"  # DUP1 PUSH0 SSTORE: keep it in slot 0
    "5f52"  # PUSH0 MSTORE
    "44602052"  # PREVRANDAO PUSH1 32 MSTORE
    "42604052"  # TIMESTAMP PUSH1 64 MSTORE
    "3360605fa100"  # CALLER PUSH1 96 PUSH0 LOG1 STOP: log (word, prevrandao, timestamp), topic the caller
)
"""Keeps the word it is called with in slot 0, and logs it with the block's randomness and time."""

READER = bytes.fromhex(
    "5f545f52"  # PUSH0 SLOAD PUSH0 MSTORE: slot 0
    "43602052"  # NUMBER PUSH1 32 MSTORE
    "42604052"  # TIMESTAMP PUSH1 64 MSTORE
    "44606052"  # PREVRANDAO PUSH1 96 MSTORE
    "48608052"  # BASEFEE PUSH1 128 MSTORE
    "3360a052"  # CALLER PUSH1 160 MSTORE
    "60c05ff3"  # PUSH1 192 PUSH0 RETURN
)
"""Returns slot 0, the block's number, time, randomness and base fee, and the caller: six words."""

TOKEN = bytes.fromhex(
    "3354602035900333"  # CALLER SLOAD, PUSH1 32 CALLDATALOAD, SWAP1 SUB CALLER
    "55"  # SSTORE: the caller's balance, less the amount
    "5f3554602035015f3555"  # PUSH0 CALLDATALOAD SLOAD, PUSH1 32 CALLDATALOAD ADD, PUSH0 CALLDATALOAD SSTORE
    "6020355f52"  # PUSH1 32 CALLDATALOAD PUSH0 MSTORE: the amount is the data of the log
    "5f3533"  # PUSH0 CALLDATALOAD CALLER: to, from
    "7fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"  # PUSH32 Transfer(address,address,uint256)
    "60205fa300"  # PUSH1 32 PUSH0 LOG3 STOP
)
"""Moves an amount (second word) to an account (first word) and logs it as ERC-20's `Transfer`; checks nothing."""

REVERTER = bytes.fromhex(
    "36"  # CALLDATASIZE
    "5f5f37"  # PUSH0 PUSH0 CALLDATACOPY
    "365ffd"  # CALLDATASIZE PUSH0 REVERT
)
"""Reverts with the data it is called with."""

INVALID = bytes.fromhex("fe")
"""The designated invalid instruction: uses all gas, returns nothing."""

COUNTER = bytes.fromhex(
    "5f54600101805f555f52"  # PUSH0 SLOAD PUSH1 1 ADD DUP1 PUSH0 SSTORE PUSH0 MSTORE: slot 0, one more
    "5f5c600101805f5d602052"  # the same with TLOAD and TSTORE, to 32
    "5f5f5ff0604052"  # PUSH0 PUSH0 PUSH0 CREATE PUSH1 64 MSTORE: an empty account, at an address by the nonce
    "5a606052"  # GAS PUSH1 96 MSTORE
    "60805ff3"  # PUSH1 128 PUSH0 RETURN
)
"""Adds one to slot 0 and to transient slot 0, creates an account; returns both, its address and the gas left."""

FLOOD = bytes.fromhex(
    "5f35"  # PUSH0 CALLDATALOAD: how many
    "5b8015601c57"  # JUMPDEST DUP1 ISZERO PUSH1 28 JUMPI: until none is left
    "60019003805f52"  # PUSH1 1 SWAP1 SUB DUP1 PUSH0 MSTORE: one less, the data of the log
    "604035602035"  # PUSH1 64 CALLDATALOAD, PUSH1 32 CALLDATALOAD: second and first topic
    "60205fa2600256"  # PUSH1 32 PUSH0 LOG2, PUSH1 2 JUMP
    "5b00"  # JUMPDEST STOP
)
"""Emits so many logs (first word) with two topics (second and third word); their data counts down to zero."""
