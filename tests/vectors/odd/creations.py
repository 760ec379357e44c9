"""Creations where something is, of too much code, or that fail (EIP-684, 7610, 170, 3860, 3541)."""

from __future__ import annotations

from eth._utils.address import generate_contract_address, generate_safe_contract_address
from eth_typing import Address

from pysettle.evm.genesis import GenesisAccount
from tests.evm.accounts import ALICE
from tests.vectors.odd.making import (
    AFTER_CREATION,
    INIT,
    OTHER,
    TARGET,
    Odd,
    call,
    code,
    contract,
    creates,
    keep,
    keep_gas,
    many,
    place_of,
    runs,
    typed,
)

BY_ALICE = Address(generate_contract_address(ALICE, 0))
BY_TARGET = Address(generate_contract_address(TARGET, 1))
BY_TARGET_2 = Address(generate_safe_contract_address(TARGET, 5, INIT))
OCCUPANTS = {
    "storage": GenesisAccount(balance=1, storage={7: 5}),
    "nonce": GenesisAccount(nonce=1),
    "code": GenesisAccount(code=b"\0"),
    "balance": GenesisAccount(balance=7),
    "delegation": GenesisAccount(code=b"\xef\1\0" + OTHER),
}


def _occupied(by: str, occupant: GenesisAccount) -> Odd:
    if by == "transaction":
        return Odd({BY_ALICE: occupant}, [[typed(to=b"", data=INIT), typed(nonce=1, to=BY_ALICE)]])
    place, salt = (BY_TARGET_2, 5) if by == "CREATE2" else (BY_TARGET, None)
    made = code(creates(INIT, salt=salt), AFTER_CREATION, keep_gas(2, place_of(place), "BALANCE POP"))
    return runs(made, gas=3_000_000, alloc={place: occupant})


many(
    {
        f"{by} where {name} is": lambda by=by, occupant=occupant: _occupied(by, occupant)  # type: ignore[misc]
        for by in ("transaction", "CREATE", "CREATE2")
        for name, occupant in OCCUPANTS.items()
    },
    "creation",
)
RETURNS = {
    "nothing": b"",
    "the largest code": code(24_576, 0, "RETURN"),
    "too much code": code(24_577, 0, "RETURN"),
    "a code that begins with EF": code(0xEF, 0, "MSTORE8", 1, 0, "RETURN"),
    "a reason": code(0xABCD, 0, "MSTORE", 2, 30, "REVERT"),
    "an invalid opcode": code(b"\xfe"),
    "itself, gone": code("CALLER SELFDESTRUCT"),
    "itself, gone to itself": code("ADDRESS SELFDESTRUCT"),
    "a call into itself": code(call(BY_TARGET), "POP", keep(0, "ADDRESS EXTCODESIZE"), 1, 0, "RETURN"),
}
many(
    {
        f"{by}, {name}": lambda by=by, init=init: (  # type: ignore[misc]
            Odd({}, [[typed(to=b"", data=init, gas=8_000_000, value=3), typed(nonce=1, to=BY_ALICE)]])
            if by == "transaction"
            else runs(
                creates(init, value=3, salt=5 if by == "CREATE2" else None), AFTER_CREATION, balance=9, gas=8_000_000
            )
        )
        for by in ("transaction", "CREATE", "CREATE2")
        for name, init in RETURNS.items()
    },
    "init code returns",
)
many(
    {
        "the largest init code": lambda: Odd({}, [[typed(to=b"", data=bytes(49_152), gas=2_000_000)]]),
        "init code that is too large": lambda: Odd({}, [[typed(to=b"", data=bytes(49_153), gas=2_000_000)]]),
        "CREATE with the largest": lambda: runs(49_152, 0, 0, "CREATE", AFTER_CREATION, gas=2_000_000),
        "CREATE with one that is too large": lambda: runs(49_153, 0, 0, "CREATE", AFTER_CREATION, gas=2_000_000),
        "CREATE2 with one that is too large": lambda: runs(1, 49_153, 0, 0, "CREATE2", AFTER_CREATION, gas=2_000_000),
        "no gas for the code": lambda: Odd({}, [[typed(to=b"", data=code(1_000, 0, "RETURN"), gas=60_000)]]),
        "more value than there is": lambda: runs(creates(INIT, value=1), AFTER_CREATION, gas=500_000),
        "the same twice": lambda: runs(
            *(creates(INIT, salt=5), "POP", creates(INIT, salt=5), AFTER_CREATION), gas=5_000_000
        ),
        "again after it was destroyed": lambda: Odd(
            {TARGET: contract(creates(RETURNS["itself, gone"], salt=5), AFTER_CREATION)},
            [[typed(), typed(nonce=1)], [typed(nonce=2)]],
        ),
        "in a static call": lambda: runs(
            *(call(OTHER, kind="STATICCALL", gas=100_000), AFTER_CREATION), alloc={OTHER: contract(0, 0, 0, "CREATE")}
        ),
        "by the last nonce but one": lambda: runs(
            creates(INIT),
            AFTER_CREATION,
            alloc={TARGET: GenesisAccount(nonce=2**64 - 2, code=code(creates(INIT), 0, "SSTORE"))},
        ),
        "by the last nonce": lambda: runs(
            creates(INIT), alloc={TARGET: GenesisAccount(nonce=2**64 - 1, code=code(creates(INIT), 0, "SSTORE"))}
        ),
        "a refusal, then what is warm": lambda: runs(
            creates(RETURNS["a reason"]), AFTER_CREATION, keep_gas(2, place_of(BY_TARGET), "EXTCODESIZE POP")
        ),
    },
    "creation",
)
