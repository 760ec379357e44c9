"""Blobs (EIP-4844, 7516, 7691), contracts that blocks call (EIP-4788, 2935, 7002, 7251), and withdrawals (EIP-4895)."""

from __future__ import annotations

from eth_typing import Address

from pysettle.evm.genesis import (
    BEACON_ROOTS,
    CONSOLIDATION_REQUESTS,
    HISTORY_STORAGE,
    WITHDRAWAL_REQUESTS,
    GenesisAccount,
)
from tests.evm.accounts import ALICE, BOB, ETHER, START
from tests.vectors.odd.making import (
    BLOB,
    GWEI,
    NOBODY,
    TARGET,
    Odd,
    blobs,
    call,
    code,
    contract,
    in_memory,
    keep,
    many,
    typed,
)

_BLOB_GAS = 131_072
_SEES_BLOBS = contract(keep(0, 0, b"\x49"), keep(1, 1, b"\x49"), keep(2, b"\x4a"))


def _blob_chain(*blocks: list[bytes], alloc: dict[Address, GenesisAccount] | None = None) -> Odd:
    return Odd({TARGET: _SEES_BLOBS, **(alloc or {})}, list(blocks))


_BLOB_COST = 1_000_000 * 2 * GWEI + _BLOB_GAS * 10
many(
    {
        "one": lambda: _blob_chain([blobs([BLOB])]),
        "none": lambda: _blob_chain([blobs([])]),
        "nine": lambda: _blob_chain([blobs([BLOB] * 9)]),
        "ten": lambda: _blob_chain([blobs([BLOB] * 10)]),
        "five and five": lambda: _blob_chain([blobs([BLOB] * 5), blobs([BLOB] * 5, nonce=1)]),
        "of another version": lambda: _blob_chain([blobs([b"\2" + BLOB[1:]])]),
        "of 31 bytes": lambda: _blob_chain([blobs([BLOB[:31]])]),
        "of 33 bytes": lambda: _blob_chain([blobs([BLOB + b"\7"])]),
        "for a creation": lambda: _blob_chain([blobs([BLOB], to=b"")]),
        "for a fee of nothing": lambda: _blob_chain([blobs([BLOB], fee_per_blob_gas=0)]),
        "for a fee beyond 256 bits": lambda: _blob_chain([blobs([BLOB], fee_per_blob_gas=2**256)]),
        "for more than there is": lambda: _blob_chain([blobs([BLOB], fee_per_blob_gas=2**128)]),
        "for just what there is": lambda: _blob_chain(
            [blobs([BLOB], fee_per_blob_gas=10)], alloc={ALICE: GenesisAccount(_BLOB_COST)}
        ),
        "for one more than there is": lambda: _blob_chain(
            [blobs([BLOB], fee_per_blob_gas=10)], alloc={ALICE: GenesisAccount(_BLOB_COST - 1)}
        ),
        "for more than there is, with a value": lambda: _blob_chain(
            [blobs([BLOB], fee_per_blob_gas=10, value=1_000_000)], alloc={ALICE: GenesisAccount(_BLOB_COST)}
        ),
        "whose fee rises": lambda: _blob_chain(
            *([blobs([BLOB] * 9, nonce=nonce, fee_per_blob_gas=GWEI)] for nonce in range(4))
        ),
    },
    "blobs",
)


_ASKS = contract(
    *(1, 0, "MSTORE", keep(0, call(HISTORY_STORAGE, size=32, out=32)), keep(1, 0x400, "MLOAD")),
    *(7, 0, "MSTORE", keep(2, call(HISTORY_STORAGE, size=32, out=32)), keep(3, call(HISTORY_STORAGE, size=31))),
    *(START + 1, 0, "MSTORE", keep(4, call(BEACON_ROOTS, size=32, out=32)), keep(5, 0x400, "MLOAD")),
    *(START + 9, 0, "MSTORE", keep(6, call(BEACON_ROOTS, size=32, out=32)), keep(7, "RETURNDATASIZE")),
)


def _requests(to: Address, size: int, count: int, *, value: int = 1, blocks: int = 1) -> Odd:
    """Return a chain in which a contract asks for something of the beacon chain so often, and blocks go by."""
    once = code(call(to, size=size, value=value), "POP")
    data = in_memory(bytes(range(1, 1 + size)))
    accounts = {TARGET: contract(data, *([once] * count), keep(0, "RETURNDATASIZE"), balance=ETHER)}
    return Odd(accounts, [[typed(gas=20_000_000)], *([] for _ in range(blocks - 1))])


many(
    {
        "asked what they keep": lambda: Odd({TARGET: _ASKS}, [[typed()], [typed(nonce=1)]]),
        "asked for a withdrawal": lambda: _requests(WITHDRAWAL_REQUESTS, 56, 1),
        "asked for too many withdrawals": lambda: _requests(WITHDRAWAL_REQUESTS, 56, 20, value=1_000, blocks=3),
        "asked for a withdrawal without a fee": lambda: _requests(WITHDRAWAL_REQUESTS, 56, 1, value=0),
        "asked for a withdrawal in 55 bytes": lambda: _requests(WITHDRAWAL_REQUESTS, 55, 1),
        "asked for a fee": lambda: _requests(WITHDRAWAL_REQUESTS, 0, 1, value=0),
        "asked for a consolidation": lambda: _requests(CONSOLIDATION_REQUESTS, 96, 1),
        "asked for too many consolidations": lambda: _requests(CONSOLIDATION_REQUESTS, 96, 5, value=1_000, blocks=4),
    },
    "system",
)
many(
    {
        "to somebody": lambda: Odd({}, [[]], withdrawals=[(0, 1, BOB, 5)]),
        "of nothing to nobody": lambda: Odd({}, [[]], withdrawals=[(0, 1, NOBODY, 0)]),
        "to a contract, and two": lambda: Odd(
            {TARGET: contract(b"\xfe")}, [[]], withdrawals=[(0, 1, TARGET, 5), (1, 1, NOBODY, 7)]
        ),
    },
    "withdrawal",
)
