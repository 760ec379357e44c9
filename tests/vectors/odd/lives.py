"""Contracts that end (EIP-6780), accounts that stay empty (EIP-161), and storage of one transaction (EIP-1153)."""

from __future__ import annotations

from tests.evm.bytecode import creation
from tests.vectors.odd.creations import BY_TARGET
from tests.vectors.odd.making import (
    NOBODY,
    OTHER,
    TARGET,
    Odd,
    call,
    code,
    contract,
    creates,
    keep,
    keep_gas,
    legacy,
    many,
    place_of,
    runs,
    typed,
)

_GONE_TO_NOBODY = code(place_of(NOBODY), "SELFDESTRUCT")
many(
    {
        "of an old contract": lambda: runs(_GONE_TO_NOBODY, balance=5),
        "of an old contract, to itself": lambda: runs("ADDRESS SELFDESTRUCT", balance=5),
        "of an old contract without value": lambda: runs(_GONE_TO_NOBODY),
        "in the transaction that made it": lambda: runs(
            *(creates(creation(_GONE_TO_NOBODY), value=3, salt=5), "DUP1", 0, "SSTORE"),
            *(code(0, 0, 0, 0, 4, "DUP6 GAS CALL"), keep(1, "DUP2 EXTCODESIZE"), keep(2, "DUP2 BALANCE")),
            *(code(0, 0, 0, 0, 2, "DUP7 GAS CALL"), keep(3, "DUP3 BALANCE")),
            balance=20,
        ),
        "in the transaction that made it, to itself": lambda: runs(
            *(creates(creation(code("ADDRESS SELFDESTRUCT")), value=3, salt=5), code(0, 0, 0, 0, 4, "DUP6 GAS CALL")),
            balance=20,
        ),
        "in the transaction that made it, reverted": lambda: runs(
            *(creates(creation(_GONE_TO_NOBODY), value=3), 0, "SSTORE", call(OTHER, size=0), 1, "SSTORE"),
            balance=20,
            alloc={OTHER: contract(0, 0, 0, 0, 0, place_of(BY_TARGET), "GAS CALL", 0, 0, "REVERT")},
        ),
        "by a delegate": lambda: runs(
            call(OTHER, kind="DELEGATECALL"), 0, "SSTORE", balance=5, alloc={OTHER: contract(_GONE_TO_NOBODY)}
        ),
        "in a static call": lambda: runs(
            call(OTHER, kind="STATICCALL", gas=90_000), 0, "SSTORE", alloc={OTHER: contract(_GONE_TO_NOBODY)}
        ),
        "to a precompile": lambda: runs(2, "SELFDESTRUCT", balance=5),
        "that pays for a new account": lambda: runs(
            keep_gas(0, call(OTHER), "POP"), alloc={OTHER: contract(_GONE_TO_NOBODY, balance=1)}
        ),
    },
    "destruction",
)
many(
    {
        "by a payment of nothing": lambda: Odd({}, [[legacy(to=NOBODY)]]),
        "by a call of nothing": lambda: runs(
            keep_gas(0, call(NOBODY), "POP"), keep(1, place_of(NOBODY), "EXTCODEHASH")
        ),
        "by a call of value": lambda: runs(keep_gas(0, call(NOBODY, value=1), "POP"), balance=5),
        "by a call of value without gas for it": lambda: runs(
            call(NOBODY, value=1), 0, "SSTORE", balance=5, gas=50_000
        ),
        "by a call of more than there is": lambda: runs(
            keep(0, call(NOBODY, value=9)), keep(1, "RETURNDATASIZE"), balance=5
        ),
        "by CALLCODE with value": lambda: runs(keep_gas(0, call(NOBODY, value=1, kind="CALLCODE"), "POP"), balance=5),
        "a precompile that fails": lambda: runs(keep(0, call(3, gas=1)), keep(1, call(8, gas=1_000, size=5))),
        "a precompile by a transaction that fails": lambda: Odd(
            {}, [[typed(to=bytes(19) + b"\x08", data=b"\1", value=1)]]
        ),
        "the fee's receiver": lambda: runs(0, 0, "SSTORE", coinbase=NOBODY),
    },
    "nobody touched",
)
many(
    {
        "kept in a transaction": lambda: Odd(
            {TARGET: contract(keep(0, 7, "TLOAD"), 5, 7, "TSTORE", keep(1, 7, "TLOAD"))}, [[typed(), typed(nonce=1)]]
        ),
        "reverted with a call": lambda: runs(
            *(5, 7, "TSTORE", call(OTHER, kind="DELEGATECALL"), "POP", keep(0, 7, "TLOAD")),
            alloc={OTHER: contract(9, 7, "TSTORE", 0, 0, "REVERT")},
        ),
        "in a static call": lambda: runs(
            *(call(OTHER, kind="STATICCALL", gas=50_000), 0, "SSTORE"), alloc={OTHER: contract(9, 7, "TSTORE")}
        ),
        "read in a static call": lambda: runs(
            *(call(OTHER, kind="STATICCALL", gas=50_000, out=32), 0, "SSTORE", keep(1, 0x400, "MLOAD")),
            alloc={OTHER: contract(7, "TLOAD", 0, "MSTORE", 32, 0, "RETURN")},
        ),
        "with the stipend left": lambda: runs(
            *(call(OTHER, gas=2_300), 0, "SSTORE"), alloc={OTHER: contract(9, 7, "TSTORE")}
        ),
    },
    "transient storage",
)
