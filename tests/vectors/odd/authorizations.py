"""Accounts that take code by a signature (EIP-7702)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eth_typing import Address

from pysettle.evm.genesis import GenesisAccount
from tests.evm.accounts import ALICE, BOB, CAROL, CHAIN_ID, ETHER
from tests.vectors.odd.making import (
    AFTER_CREATION,
    CURVE_ORDER,
    DAVE,
    ERIN,
    INIT,
    OTHER,
    TARGET,
    Odd,
    authorization,
    call,
    code,
    contract,
    creates,
    fee_market,
    keep,
    keep_gas,
    many,
    place_of,
    set_code,
    typed,
)

ANSWERS = contract(0x2A, 0, "MSTORE", 32, 0, "RETURN")
LOOKS_AT_BOB = contract(
    keep(0, place_of(BOB), "EXTCODESIZE"),
    keep(1, place_of(BOB), "EXTCODEHASH"),
    code(64, 0, 0, place_of(BOB), "EXTCODECOPY"),
    keep(2, 0, "MLOAD"),
    keep(3, call(BOB, out=32)),
    keep(4, 0x400, "MLOAD"),
    keep_gas(5, call(BOB), "POP"),
    keep_gas(6, place_of(OTHER), "BALANCE POP"),
)
BOB_ALREADY = {BOB: GenesisAccount(ETHER, 3, b"\xef\1\0" + OTHER)}


def _authorized(*authorizations: list[Any], alloc: dict[Address, GenesisAccount] | None = None, **fields: Any) -> Odd:
    accounts = {TARGET: LOOKS_AT_BOB, OTHER: ANSWERS, **(alloc or {})}
    return Odd(accounts, [[set_code(*authorizations, **fields)], [typed(ERIN)]])


_AUTHORIZATIONS: dict[str, Callable[[], list[list[Any]]]] = {
    "one": lambda: [authorization()],
    "for any chain": lambda: [authorization(chain_id=0)],
    "for another chain": lambda: [authorization(chain_id=CHAIN_ID + 1)],
    "for a chain beyond 64 bits": lambda: [authorization(chain_id=2**255)],
    "for a chain beyond 256 bits": lambda: [authorization(chain_id=2**256)],
    "of another nonce": lambda: [authorization(nonce=1)],
    "of the last nonce": lambda: [authorization(nonce=2**64 - 1)],
    "of a nonce beyond 64 bits": lambda: [authorization(nonce=2**64)],
    "with s in the upper half": lambda: [authorization(high_s=True)],
    "with a parity of 2": lambda: [authorization(parity=2)],
    "with a parity of 255": lambda: [authorization(parity=255)],
    "with a parity of 256": lambda: [authorization(parity=256)],
    "with r of 0": lambda: [authorization(r=0)],
    "with s of 0": lambda: [authorization(s=0)],
    "with r of the order": lambda: [authorization(r=CURVE_ORDER)],
    "with r beyond 256 bits": lambda: [authorization(r=2**256)],
    "with s beyond 256 bits": lambda: [authorization(s=2**256)],
    "with r that is on no curve": lambda: [authorization(r=5)],
    "none": list,
    "the same twice": lambda: [authorization(), authorization()],
    "two in a row": lambda: [authorization(), authorization(to=DAVE, nonce=1)],
    "and taken back": lambda: [authorization(), authorization(to=bytes(20), nonce=1)],
    "to nothing at all": lambda: [authorization(to=bytes(20))],
    "to itself": lambda: [authorization(to=BOB)],
    "to a precompile": lambda: [authorization(to=bytes(19) + b"\4")],
    "to a delegated account": lambda: [authorization(to=CAROL), authorization(CAROL)],
    "of a contract's place": lambda: [authorization(authority=DAVE)],
    "of the sender": lambda: [authorization(ALICE, nonce=1)],
    "of the sender, its old nonce": lambda: [authorization(ALICE, nonce=0)],
    "to an address of 19 bytes": lambda: [authorization(to=bytes(19))],
    "of five fields": lambda: [authorization()[:-1]],
    "of seven fields": lambda: [[*authorization(), 1]],
}
many(
    {name: lambda make=make: _authorized(*make(), alloc={DAVE: ANSWERS}) for name, make in _AUTHORIZATIONS.items()},  # type: ignore[misc]
    "authorization",
)
many(
    {
        "of one delegated already": lambda: _authorized(
            authorization(nonce=3, to=DAVE), alloc={**BOB_ALREADY, DAVE: ANSWERS}
        ),
        "taken back from one delegated already": lambda: _authorized(
            authorization(nonce=3, to=bytes(20)), alloc=BOB_ALREADY
        ),
        "of an account that is not there": lambda: _authorized(authorization(), alloc={BOB: GenesisAccount()}),
        "in a call of the authority": lambda: _authorized(authorization(), to=BOB, value=1),
        "in a call of the authority, to a precompile": lambda: _authorized(
            authorization(to=bytes(19) + b"\4"), to=BOB, data=b"\1\2\3"
        ),
        "kept by a call that reverts": lambda: _authorized(
            authorization(), to=OTHER, alloc={OTHER: contract(0, 0, "REVERT")}
        ),
        "kept by a call without gas": lambda: _authorized(authorization(), to=OTHER, alloc={OTHER: contract(b"\xfe")}),
        "for a creation": lambda: _authorized(authorization(), to=b""),
        "of the sender, in a call of itself": lambda: _authorized(authorization(ALICE, nonce=1), to=ALICE),
        "with an access list": lambda: _authorized(authorization(), access=[(BOB, [bytes(32)]), (OTHER, [])]),
        "of one that holds storage": lambda: _authorized(
            authorization(), alloc={BOB: GenesisAccount(ETHER, storage={1: 1})}
        ),
        "and the account creates and sends": lambda: Odd(
            {OTHER: contract(creates(INIT), AFTER_CREATION)},
            [[set_code(authorization()), typed(nonce=1, to=BOB)], [typed(BOB, nonce=2, to=CAROL, value=5)]],
        ),
        "and the account destroys itself": lambda: Odd(
            {OTHER: contract("CALLER SELFDESTRUCT")},
            [[set_code(authorization()), typed(nonce=1, to=BOB)], [typed(nonce=2, to=BOB)]],
        ),
    },
    "authorization",
)
many(
    {
        kind: lambda kind=kind: Odd(  # type: ignore[misc]
            {
                TARGET: contract(
                    keep(0, call(BOB, kind=kind, out=32, gas=50_000)), keep_gas(1, call(BOB, kind=kind), "POP")
                ),
                OTHER: contract(0x2A, 7, "SSTORE", keep(8, "ADDRESS"), keep(9, "CALLER"), keep(10, "CODESIZE")),
                BOB: GenesisAccount(ETHER, 3, b"\xef\1\0" + OTHER),
            },
            [[typed()], [fee_market(nonce=1, access=[(OTHER, [])])]],
        )
        for kind in ("CALL", "CALLCODE", "DELEGATECALL", "STATICCALL")
    },
    "delegated account called by",
)
