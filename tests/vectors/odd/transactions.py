"""Transactions at their edges: senders, nonces, fees, signatures, forms, and gas before execution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rlp
from eth_hash.auto import keccak
from eth_keys import keys

from pysettle.evm.genesis import GenesisAccount
from tests.evm.accounts import ALICE, BOB, CHAIN_ID, ETHER, KEYS
from tests.vectors.odd.making import (
    AFTER_CREATION,
    BLOB,
    CURVE_ORDER,
    GAS_LIMIT,
    GWEI,
    INIT,
    NOBODY,
    OTHER,
    TARGET,
    Odd,
    authorization,
    call,
    code,
    contract,
    fee_market,
    legacy,
    many,
    raw_typed,
    runs,
    set_code,
    typed,
)


def _sender(account: GenesisAccount, **fields: Any) -> Odd:
    return Odd({ALICE: account}, [[typed(to=BOB, gas=21_000, **fields)]])


COST = 21_000 * 2 * GWEI
many(
    {
        "the last nonce": lambda: _sender(GenesisAccount(ETHER, 2**64 - 2), nonce=2**64 - 2),
        "a nonce beyond the last": lambda: _sender(GenesisAccount(ETHER, 2**64 - 1), nonce=2**64 - 1),
        "a nonce too high": lambda: _sender(GenesisAccount(ETHER), nonce=1),
        "a nonce too low": lambda: _sender(GenesisAccount(ETHER, 5), nonce=4),
        "a contract": lambda: _sender(GenesisAccount(ETHER, code=b"\0")),
        "a delegated account": lambda: _sender(GenesisAccount(ETHER, code=b"\xef\1\0" + OTHER)),
        "a code that only begins as a delegation": lambda: _sender(GenesisAccount(ETHER, code=b"\xef\1\0" + bytes(21))),
        "a balance that just suffices": lambda: _sender(GenesisAccount(COST)),
        "a balance one too low": lambda: _sender(GenesisAccount(COST - 1)),
        "a balance for the value too": lambda: _sender(GenesisAccount(COST + 5), value=5),
        "a balance one too low for the value": lambda: _sender(GenesisAccount(COST + 4), value=5),
        "the fee that is asked": lambda: _sender(GenesisAccount(ETHER), maxFeePerGas=875_000_000),
        "a fee one too low": lambda: _sender(GenesisAccount(ETHER), maxFeePerGas=874_999_999),
        "a tip above the fee": lambda: Odd({}, [[fee_market(tip=2 * GWEI + 1)]]),
        "a tip that is cut": lambda: Odd({}, [[fee_market(tip=2 * GWEI)]], coinbase=NOBODY),
        "a tip of nothing for nobody": lambda: Odd({}, [[fee_market()]], coinbase=NOBODY),
        "a tip for itself": lambda: Odd({}, [[fee_market(tip=GWEI)]], coinbase=ALICE),
        "a payment to itself": lambda: Odd({}, [[typed(to=ALICE, value=ETHER, gas=21_000)]]),
        "a base fee of nothing": lambda: Odd({}, [[fee_market(fee=0, to=NOBODY)]], base_fee=0),
        "another chain": lambda: Odd({}, [[legacy(chainId=CHAIN_ID + 1)]]),
        "gas of a whole block": lambda: Odd({}, [[legacy(gas=GAS_LIMIT)]]),
        "gas of more than a block": lambda: Odd({}, [[legacy(gas=GAS_LIMIT + 1)]]),
        "two in a block of one": lambda: Odd(
            {TARGET: contract(b"\xfe")}, [[typed(gas=GAS_LIMIT - 20_000), legacy(nonce=1, gas=21_000)]], divided=True
        ),
    },
    "sender with",
)


# Signatures and forms

_LEGACY = [0, 2 * GWEI, 21_000, BOB, 0, b""]


def _legacy_raw(v: Any = None, *, chain_id: int | None = CHAIN_ID, high_s: bool = False, **parts: int) -> bytes:
    """Return a legacy transaction with parts of its signature replaced."""
    message = _LEGACY if chain_id is None else [*_LEGACY, chain_id, 0, 0]
    signed = keys.PrivateKey(KEYS[0]).sign_msg_hash(keccak(rlp.encode(message)))
    y, s = (1 - signed.v, CURVE_ORDER - signed.s) if high_s else (signed.v, signed.s)
    usual = y + (27 if chain_id is None else 35 + 2 * chain_id)
    return rlp.encode([*_LEGACY, usual if v is None else v, parts.get("r", signed.r), parts.get("s", s)])


def _signed_anew(change: Callable[[int, int, int], tuple[int, int, int]], kind: int = 2) -> bytes:
    fields: tuple[Any, ...] = (0, 0, 2 * GWEI, 100_000, BOB, 0, b"", ())
    if kind == 1:
        fields = (0, 2 * GWEI, 100_000, BOB, 0, b"", ())
    elif kind == 3:
        fields = (*fields, 1, [BLOB])
    elif kind == 4:
        fields = (*fields, [authorization()])
    signed = keys.PrivateKey(KEYS[0]).sign_msg_hash(keccak(bytes([kind]) + rlp.encode([CHAIN_ID, *fields])))
    return raw_typed(kind, *fields, signature=change(signed.v, signed.r, signed.s))


_FORMS: dict[str, Callable[[], bytes]] = {
    "no chain id": lambda: _legacy_raw(chain_id=None),
    "a legacy v of 26": lambda: _legacy_raw(26, chain_id=None),
    "a legacy v of 29": lambda: _legacy_raw(29, chain_id=None),
    "a legacy v of 0": lambda: _legacy_raw(0, chain_id=None),
    "a legacy v above the chain's": lambda: _legacy_raw(37 + 2 * CHAIN_ID),
    "a legacy s in the upper half": lambda: _legacy_raw(high_s=True),
    "a legacy s in the upper half, no chain id": lambda: _legacy_raw(high_s=True, chain_id=None),
    "a legacy r of 0": lambda: _legacy_raw(r=0),
    "a legacy s of 0": lambda: _legacy_raw(s=0),
    "a legacy r of the order": lambda: _legacy_raw(r=CURVE_ORDER),
    **{
        f"type {kind}, s in the upper half": lambda kind=kind: _signed_anew(  # type: ignore[misc]
            lambda v, r, s: (1 - v, r, CURVE_ORDER - s), kind
        )
        for kind in (1, 2, 3, 4)
    },
    **{
        f"type {kind}, a parity of 2": lambda kind=kind: _signed_anew(lambda v, r, s: (2, r, s), kind)  # type: ignore[misc]
        for kind in (1, 2, 3, 4)
    },
    "type 2, a parity of 27": lambda: _signed_anew(lambda v, r, s: (v + 27, r, s)),
    "type 2, r of 0": lambda: _signed_anew(lambda v, r, s: (v, 0, s)),
    "type 2, s of 0": lambda: _signed_anew(lambda v, r, s: (v, r, 0)),
    "type 2, r beyond 256 bits": lambda: _signed_anew(lambda v, r, s: (v, r + 2**256, s)),
    "type 0": lambda: b"\0" + typed()[1:],
    "type 5": lambda: b"\5" + typed()[1:],
    "type 127": lambda: b"\x7f" + typed()[1:],
    "a byte behind it": lambda: typed() + b"\0",
    "a nonce with a zero before it": lambda: fee_market(nonce=b"\0"),
    "a fee with a zero before it": lambda: fee_market(fee=b"\0\1"),
    "a value beyond 256 bits": lambda: fee_market(value=2**256),
    "a fee beyond 256 bits": lambda: fee_market(fee=2**256),
    "gas beyond 64 bits": lambda: fee_market(gas=2**64),
    "a nonce beyond 64 bits": lambda: fee_market(nonce=2**64),
    "a receiver of 19 bytes": lambda: fee_market(to=bytes(19)),
    "a receiver of 21 bytes": lambda: fee_market(to=bytes(21)),
    "one field too few": lambda: raw_typed(2, 0, 0, 2 * GWEI, 100_000, BOB, 0, b""),
    "one field too many": lambda: raw_typed(2, 0, 0, 2 * GWEI, 100_000, BOB, 0, b"", (), 1),
    "data that is a list": lambda: fee_market(data=[b"\1"]),
    "an access list": lambda: fee_market(access=[(OTHER, [bytes(32), bytes(31) + b"\1"]), (ALICE, [])]),
    "an access list of the same twice": lambda: fee_market(access=[(OTHER, [bytes(32)] * 2)] * 2),
    "an access list of type 1": lambda: raw_typed(1, 0, 2 * GWEI, 100_000, TARGET, 0, b"", [(TARGET, [bytes(32)])]),
    "an access list with a key of 31 bytes": lambda: fee_market(access=[(OTHER, [bytes(31)])]),
    "an access list with a key of 33 bytes": lambda: fee_market(access=[(OTHER, [bytes(33)])]),
    "an access list with a place of 19 bytes": lambda: fee_market(access=[(bytes(19), [])]),
    "an access list entry of three": lambda: fee_market(access=[(OTHER, [], b"")]),
    "an access list that is no list": lambda: fee_market(access=b""),
}
many({name: lambda make=make: Odd({}, [[make()]]) for name, make in _FORMS.items()}, "form")  # type: ignore[misc]


# Gas before execution (EIP-7623, 3860, 2930, 7702)

DATA = b"\0" * 100 + b"\1" * 100
FLOOR, INTRINSIC = 21_000 + 10 * 500, 21_000 + 4 * 500
INIT_GAS = 53_000 + 4 * (4 * len(INIT) - 3 * INIT.count(0)) + 2 * ((len(INIT) + 31) // 32)
_GAS: dict[str, Callable[[], bytes]] = {
    "a payment": lambda: legacy(gas=21_000),
    "a payment, one less": lambda: legacy(gas=20_999),
    "data at its floor": lambda: typed(data=DATA, gas=FLOOR),
    "data one below its floor": lambda: typed(data=DATA, gas=FLOOR - 1),
    "data at what it costs": lambda: typed(data=DATA, gas=INTRINSIC),
    "init code at what it costs": lambda: typed(to=b"", data=INIT, gas=INIT_GAS),
    "init code one below": lambda: typed(to=b"", data=INIT, gas=INIT_GAS - 1),
    "an access list at what it costs": lambda: fee_market(access=[(OTHER, [bytes(32)])], gas=21_000 + 2_400 + 1_900),
    "an access list one below": lambda: fee_market(access=[(OTHER, [bytes(32)])], gas=21_000 + 2_400 + 1_899),
    "an authorization at what it costs": lambda: set_code(authorization(), gas=46_000),
    "an authorization one below": lambda: set_code(authorization(), gas=45_999),
}
many({name: lambda make=make: Odd({}, [[make()]]) for name, make in _GAS.items()}, "gas of")  # type: ignore[misc]
_FREES = code(*(part for slot in range(10) for part in (0, slot, "SSTORE")))
many(
    {
        "a refund above its cap": lambda: Odd(
            {TARGET: contract(_FREES, storage=dict.fromkeys(range(10), 1))}, [[typed(gas=200_000)]]
        ),
        "a refund and the floor": lambda: Odd(
            {TARGET: contract(_FREES, storage=dict.fromkeys(range(10), 1))},
            [[typed(gas=400_000, data=b"\1" * 4_000)]],
        ),
        "a refund that was reverted": lambda: Odd(
            {TARGET: contract(_FREES, 0, 0, "REVERT", storage=dict.fromkeys(range(10), 1))}, [[typed(gas=200_000)]]
        ),
        "slots set and set back": lambda: runs(
            *(1, 0, "SSTORE", 0, 0, "SSTORE", 0, 1, "SSTORE", 5, 1, "SSTORE", 7, 1, "SSTORE"),
            alloc={TARGET: contract(1, 0, "SSTORE", 0, 0, "SSTORE", 0, 1, "SSTORE", 5, 1, "SSTORE", storage={1: 5})},
        ),
        "a slot with the stipend left": lambda: runs(
            *(call(OTHER, gas=2_300), AFTER_CREATION), alloc={OTHER: contract(1, 0, "SSTORE")}
        ),
    },
    "gas of",
)
