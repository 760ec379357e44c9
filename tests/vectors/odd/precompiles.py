"""What precompiles answer, and cost, for data of every kind."""

from __future__ import annotations

from hashlib import sha256

from eth_hash.auto import keccak
from eth_keys import keys
from eth_typing import Address

from pysettle.evm.genesis import GenesisAccount
from tests.evm.accounts import KEYS
from tests.vectors.odd.making import CURVE_ORDER, HUGE, Odd, call, in_memory, keep, keep_gas, many, runs


def _precompile(number: int, data: bytes, *, gas: int | str = "GAS", out: int = 64, before: int = 0) -> Odd:
    """Return a chain in which a contract calls a precompile and keeps what it answers and what it took."""
    return runs(
        *(in_memory(data), keep_gas(0, call(number, size=len(data), out=out, gas=gas), 1, "SSTORE")),
        *(keep(2, "RETURNDATASIZE"), keep(3, 0x400, "MLOAD"), keep(4, 0x420, "MLOAD")),
        gas=29_000_000,
    )


def _words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(32, "big") for number in numbers)


_DIGEST = keccak(b"pysettle")
_SIGNED = keys.PrivateKey(KEYS[0]).sign_msg_hash(_DIGEST)
_RECOVER = _DIGEST + _words(_SIGNED.v + 27, _SIGNED.r, _SIGNED.s)
_BN_ORDER = 21888242871839275222246405745257275088696311157297823662689037894645226208583
_BLS_G1 = bytes.fromhex(
    "0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
    "0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1"
)
_BLAKE = bytes.fromhex(
    "0000000c48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e13"
    "19cde05b61626300000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000300000000000000000000000000000001"
)
_INFINITY = b"\xc0" + bytes(47)
_POINT = b"\1" + sha256(_INFINITY).digest()[1:] + _words(5, 0) + _INFINITY * 2
_PRECOMPILES: dict[str, tuple[int, bytes]] = {
    "recovery": (1, _RECOVER),
    "recovery of v 29": (1, _RECOVER[:63] + b"\x1d" + _RECOVER[64:]),
    "recovery of v beyond a byte": (1, _RECOVER[:32] + b"\1" + _RECOVER[33:]),
    "recovery of nothing": (1, b""),
    "recovery with s in the upper half": (1, _RECOVER[:96] + _words(CURVE_ORDER - _SIGNED.s)),
    "sha256": (2, b"\1" * 33),
    "ripemd": (3, b"\1" * 33),
    "identity": (4, b"\1" * 33),
    "power": (5, _words(1, 1, 1) + b"\3\5\7"),
    "power of lengths of nothing": (5, _words(0, 0, 0)),
    "power without a modulus": (5, _words(1, 1, 0) + b"\3\5"),
    "power of nothing at all": (5, b""),
    "power with a modulus of one": (5, _words(1, 1, 1) + b"\3\5\1"),
    "power with a modulus of zero": (5, _words(1, 1, 2) + b"\3\5\0\0"),
    "power with data cut off": (5, _words(32, 32, 32) + b"\3"),
    "power of a huge base": (5, _words(2**32, 1, 1)),
    "power of a huge base without exponent and modulus": (5, _words(2**64, 0, 0)),
    "power of a long exponent": (5, _words(1, 64, 32) + b"\3" + b"\1" * 64 + b"\7" * 32),
    "addition": (6, _words(1, 2, 1, 2)),
    "addition of nothing": (6, b""),
    "addition off the curve": (6, _words(1, 3)),
    "addition beyond the field": (6, _words(_BN_ORDER, 0)),
    "addition with more behind it": (6, _words(1, 2, 1, 2, 5)),
    "multiplication": (7, _words(1, 2, HUGE)),
    "multiplication by nothing": (7, _words(1, 2)),
    "pairing of nothing": (8, b""),
    "pairing of one byte": (8, b"\1"),
    "pairing with nothing": (8, _words(0, 0, 0, 0, 0, 0)),
    "pairing off the curve": (8, _words(1, 3, 0, 0, 0, 0)),
    "blake": (9, _BLAKE),
    "blake with another flag": (9, _BLAKE[:-1] + b"\2"),
    "blake too short": (9, _BLAKE[:-1]),
    "blake with too many rounds": (9, b"\xff" * 4 + _BLAKE[4:]),
    "point of another hash": (10, b"\2" + _POINT[1:]),
    "point too short": (10, _POINT[:-1]),
    "G1 addition": (11, _BLS_G1 * 2),
    "G1 addition of nothing": (11, bytes(256)),
    "G1 addition too short": (11, bytes(255)),
    "G1 addition off the curve": (11, _words(0, 1, 0, 1) + bytes(128)),
    "G1 addition with a dirty top": (11, b"\1" + bytes(255)),
    "G1 sums of nothing": (12, b""),
    "G1 sum of two": (12, bytes(320)),
    "G1 sum too short": (12, bytes(159)),
    "G2 addition of nothing": (13, bytes(512)),
    "G2 addition too short": (13, bytes(511)),
    "G2 sum of two": (14, bytes(576)),
    "G2 sum of nothing": (14, b""),
    "BLS pairing of nothing": (15, b""),
    "BLS pairing with nothing": (15, bytes(384)),
    "BLS pairing too short": (15, bytes(383)),
    "G1 of a number": (16, bytes(63) + b"\5"),
    "G1 of a number beyond the field": (16, bytes(16) + b"\xff" * 48),
    "G1 of too little": (16, bytes(63)),
    "G2 of too little": (17, bytes(127)),
    "none at 18": (18, b"\1"),
    "none at 256": (256, b"\1"),
}
many(
    {name: lambda number=number, data=data: _precompile(number, data) for name, (number, data) in _PRECOMPILES.items()},  # type: ignore[misc]
    "precompile",
)
# Sums of 128 and 129 points take seconds; that they cost what is given here, and no less, shows in a moment.
_SUMS = {(12, 128, 160): 797_184, (12, 129, 160): 803_412, (14, 128, 288): 1_509_120, (14, 129, 288): 1_520_910}
many(
    {
        f"sum of {count} by {number}, one gas short": lambda number=number, count=count, size=size, gas=gas: runs(
            keep(0, call(number, size=count * size, gas=gas - 1)), keep(1, "RETURNDATASIZE"), gas=29_000_000
        )
        for (number, count, size), gas in _SUMS.items()
    },
    "precompile",
)
many(
    {
        f"{number}": lambda number=number: runs(  # type: ignore[misc]
            *(
                keep(0, call(number, gas=50)),
                keep(1, call(number, kind="DELEGATECALL", out=32)),
                keep(2, "RETURNDATASIZE"),
            ),
            *(keep(3, call(number, kind="STATICCALL")), keep(4, call(number, value=1)), keep(5, number, "EXTCODESIZE")),
            balance=5,
            gas=10_000_000,
            alloc={Address(number.to_bytes(20, "big")): GenesisAccount(balance=1, code=b"\xfe")},
        )
        for number in (1, 2, 3, 4, 5, 9, 10, 11, 15, 17)
    },
    "code where a precompile is",
)
