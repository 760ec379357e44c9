"""Opcodes at the edges of their arguments, and calls in each other until the gas ends."""

from __future__ import annotations

from collections.abc import Sequence

from tests.evm.accounts import ALICE
from tests.vectors.odd.making import (
    GAS_DEEP,
    HUGE,
    NOBODY,
    OTHER,
    TARGET,
    Odd,
    call,
    contract,
    in_memory,
    keep,
    keep_gas,
    many,
    place_of,
    runs,
    typed,
)

_EDGES: dict[str, Sequence[int | str | bytes]] = {
    "PUSH0": (keep(0, b"\x5f", 1, "ADD"),),
    "SELFBALANCE and the block": (
        *(keep(0, "SELFBALANCE"), keep(1, "BASEFEE"), keep(2, b"\x44")),
        *(keep(3, "COINBASE"), keep(4, "GASLIMIT"), keep(5, "CHAINID"), keep(6, "NUMBER"), keep(7, "TIMESTAMP")),
        *(keep(8, b"\x4a"), keep(9, "GASPRICE"), keep(10, "ORIGIN"), keep(11, 0, b"\x49"), keep(12, HUGE, b"\x49")),
    ),
    "BLOCKHASH": (
        keep(0, 0, "BLOCKHASH"),
        keep(1, 1, "BLOCKHASH"),
        keep(2, HUGE, "BLOCKHASH"),
        keep(3, 2, "BLOCKHASH"),
    ),
    "MCOPY forward over itself": (
        in_memory(bytes(range(64))),
        40,
        3,
        8,
        b"\x5e",
        keep(0, 0, "MLOAD"),
        keep(1, 32, "MLOAD"),
    ),
    "MCOPY backward over itself": (
        in_memory(bytes(range(64))),
        40,
        8,
        3,
        b"\x5e",
        keep(0, 0, "MLOAD"),
        keep(1, 32, "MLOAD"),
    ),
    "MCOPY of nothing, far away": (0, HUGE, HUGE, b"\x5e", keep(0, "MSIZE")),
    "MCOPY from beyond memory": (5, 1_000, 0, b"\x5e", keep(0, "MSIZE")),
    "MCOPY from too far": (5, HUGE, 0, b"\x5e"),
    "RETURNDATACOPY to the end": (
        in_memory(b"\7" * 32),
        call(4, size=32),
        "POP",
        32,
        0,
        64,
        "RETURNDATACOPY",
        keep(0, 64, "MLOAD"),
    ),
    "RETURNDATACOPY beyond the end": (in_memory(b"\7" * 32), call(4, size=32), "POP", 32, 1, 64, "RETURNDATACOPY"),
    "RETURNDATACOPY of nothing at the end": (call(4, size=32), "POP", 0, 32, 64, "RETURNDATACOPY", keep(0, 1)),
    "RETURNDATACOPY of nothing beyond the end": (call(4, size=32), "POP", 0, 33, 64, "RETURNDATACOPY", keep(0, 1)),
    "RETURNDATACOPY from too far": (1, HUGE, 0, "RETURNDATACOPY"),
    "copies from too far": (
        *(32, HUGE, 0, "CALLDATACOPY", 32, HUGE, 32, "CODECOPY", 32, HUGE, 64, "ADDRESS EXTCODECOPY"),
        *(keep(0, 0, "MLOAD"), keep(1, HUGE, "CALLDATALOAD"), keep(2, "MSIZE")),
    ),
    "a hash of nothing, far away": (keep(0, 0, HUGE, b"\x20"), keep(1, "MSIZE")),
    "memory too far": (1, HUGE, "MSTORE"),
    "memory that costs all": (1, 2**24, "MSTORE"),
    "returning from too far": (1, HUGE, "RETURN"),
    "a log of nothing, far away": (0, HUGE, "LOG0", 0, HUGE, "LOG0"),
    "logs of every kind": (
        *(in_memory(b"\7" * 32), 32, 0, "LOG0", 1, 32, 0, "LOG1", 1, 2, 32, 0, "LOG2", 1, 2, 3, 32, 0, "LOG3"),
        *(1, 2, 3, HUGE, 32, 0, "LOG4"),
    ),
    "a jump into the middle of a number": (4, "JUMP", b"\x61\x5b\x5b", "STOP"),
    "a jump beyond the code": (HUGE, "JUMP"),
    "a jump to no mark": (1, "JUMP"),
    "a jump that is not taken": (0, HUGE, "JUMPI", keep(0, 1)),
    "a number cut off by the end": (keep(0, 1), b"\x7f\x01\x02"),
    "1,024 on the stack": (*(["PC"] * 1024), "POP", keep(0, 1)),
    "1,025 on the stack": (*(["PC"] * 1025),),
    "nothing on the stack": ("ADD",),
    "DUP16 and SWAP16 with too little": (*(["PC"] * 15), "DUP16"),
    "an opcode that is none": (b"\x0c",),
    "division by zero and signs": (
        *(keep(0, 0, 5, "DIV"), keep(1, 0, 5, "SDIV"), keep(2, 0, 5, "MOD"), keep(3, 0, 5, "SMOD")),
        *(
            keep(4, HUGE, 2**255, "SDIV"),
            keep(5, 3, HUGE - 7, "SMOD"),
            keep(6, HUGE - 2, 7, "SMOD"),
            keep(7, 0, 5, 5, "ADDMOD"),
        ),
        *(
            keep(8, 7, HUGE, HUGE, "ADDMOD"),
            keep(9, 7, HUGE, HUGE, "MULMOD"),
            keep(10, 0, 0, "EXP"),
            keep(11, HUGE, 3, "EXP"),
        ),
    ),
    "bytes, shifts and widths": (
        *(
            keep(0, HUGE, 31, "BYTE"),
            keep(1, HUGE, 32, "BYTE"),
            keep(2, 0x80, 0, "SIGNEXTEND"),
            keep(3, 0x80, 31, "SIGNEXTEND"),
        ),
        *(
            keep(4, 0xFF80, 0, "SIGNEXTEND"),
            keep(5, HUGE, HUGE, "SIGNEXTEND"),
            keep(6, 1, 256, "SHL"),
            keep(7, HUGE, 256, "SHR"),
        ),
        *(
            keep(8, HUGE, 256, "SAR"),
            keep(9, 2**255, 255, "SAR"),
            keep(10, 2**255, HUGE, "SAR"),
            keep(11, 2**255, 0, "SLT"),
        ),
    ),
    "what a power costs": (
        keep_gas(0, 2**248, 3, "EXP POP"),
        keep_gas(1, 0, 3, "EXP POP"),
        keep_gas(2, 255, 3, "EXP POP"),
    ),
    "hashes of accounts": (
        *(
            keep(0, place_of(NOBODY), "EXTCODEHASH"),
            keep(1, place_of(ALICE), "EXTCODEHASH"),
            keep(2, "ADDRESS EXTCODEHASH"),
        ),
        *(keep(3, 4, "EXTCODEHASH"), keep(4, place_of(NOBODY), "EXTCODESIZE")),
    ),
    "warm and cold": (
        *(keep_gas(0, place_of(NOBODY), "BALANCE POP"), keep_gas(1, place_of(NOBODY), "BALANCE POP")),
        *(keep_gas(2, 9, "BALANCE POP"), keep_gas(3, "COINBASE BALANCE POP"), keep_gas(4, "ORIGIN BALANCE POP")),
        *(
            keep_gas(5, 77, "SLOAD POP"),
            keep_gas(6, 77, "SLOAD POP"),
            keep_gas(7, 0x11, "BALANCE POP"),
            keep_gas(8, 0x12, "BALANCE POP"),
        ),
    ),
    "calls with an address of 32 bytes": (keep(0, call(HUGE)), keep(1, HUGE, "BALANCE")),
    "a call with all the gas": (keep(0, call(NOBODY, gas=HUGE)), keep_gas(1, call(OTHER, gas=0), "POP")),
    "a call with data from too far": (0, 0, 1, HUGE, 0, place_of(NOBODY), "GAS CALL"),
    "a call of value in a static call": (call(TARGET, kind="STATICCALL", gas=50_000), 0, "SSTORE"),
}
many({name: lambda parts=parts: runs(*parts, balance=7) for name, parts in _EDGES.items()}, "opcode")  # type: ignore[misc]
many(
    {
        "calls until the gas ends": lambda: runs(call(TARGET), 1, "ADD", gas=GAS_DEEP),
        "delegate calls until the gas ends": lambda: runs(call(TARGET, kind="DELEGATECALL"), "POP", gas=GAS_DEEP),
        "creations in each other": lambda: runs(
            *("CODESIZE", 0, 0, "CODECOPY", "CODESIZE", 0, 0, "CREATE", 0, "SSTORE"), gas=GAS_DEEP
        ),
        "blocks with the hash of the first": lambda: Odd(
            {TARGET: contract(keep(0, 1, "BLOCKHASH"), keep(1, 1, "NUMBER SUB BLOCKHASH"))}, [[], [], [typed()]]
        ),
    },
    "depth",
)
