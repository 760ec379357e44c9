"""Chains of odd transactions: what a genesis, blocks and signed bytes can ask of Prague's rules at their edges.

Each is data that any engine can execute. Blocks follow pysettle's producer in time and randomness, so that it can seal
the same ones. The answers of the Ethereum specification to them are in `prague.json`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import rlp
from eth.vm import opcode_values
from eth_account import Account
from eth_hash.auto import keccak
from eth_keys import keys
from eth_typing import Address

from pysettle.evm.clock import prevrandao
from pysettle.evm.genesis import (
    Genesis,
    GenesisAccount,
)
from tests.evm.accounts import ACCOUNTS, ALICE, BOB, CHAIN_ID, ETHER, KEYS, START
from tests.evm.bytecode import creation

GWEI = 10**9
TARGET = Address(bytes.fromhex("c0de" + "00" * 18))
OTHER = Address(bytes.fromhex("dead" + "00" * 17 + "01"))
NOBODY = Address(bytes.fromhex("f00d" + "00" * 18))
DAVE, ERIN = ACCOUNTS[3:]
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
GAS_LIMIT = 60_000_000
GAS_DEEP = 1_500_000
"""Gas of calls that call themselves: it ends some hundred calls deep."""


@dataclass
class Odd:
    """One chain: accounts beside the funded ones, and its blocks."""

    alloc: dict[Address, GenesisAccount] = field(default_factory=dict)
    """Accounts that the genesis has beside the funded ones and the system contracts, or in their place."""
    blocks: list[list[bytes]] = field(default_factory=list)
    """Signed transactions of each block."""
    withdrawals: list[tuple[int, int, Address, int]] = field(default_factory=list)
    """Withdrawals of the last block: index, validator, address, gwei."""
    coinbase: Address = Address(bytes(20))  # noqa: RUF009 - an immutable value
    """Account that priority fees go to."""
    base_fee: int = GWEI
    """Base fee of the genesis, in wei."""
    divided: bool = False
    """Whether the producer divides into two blocks what stands in one here."""

    @property
    def is_for_the_producer(self) -> bool:
        """Whether pysettle's producer is to answer as the specification does: it takes no withdrawals and no blobs."""
        blobs = any(raw[:1] == b"\3" for block in self.blocks for raw in block)
        return not (self.withdrawals or blobs or self.divided)

    def genesis(self) -> Genesis:
        """Return block 0."""
        funded = {account: GenesisAccount(balance=100 * ETHER) for account in (ALICE, BOB, ERIN)}
        return Genesis(CHAIN_ID, START, {**funded, **self.alloc}, GAS_LIMIT, self.base_fee)

    def to_dict(self) -> dict[str, Any]:
        """Return it as data for an engine elsewhere."""
        return {
            "genesis": self.genesis().to_dict(),
            "blocks": [
                {
                    "timestamp": START + number,
                    "coinbase": "0x" + self.coinbase.hex(),
                    "prev_randao": "0x" + prevrandao(0, number).hex(),
                    "transactions": ["0x" + raw.hex() for raw in transactions],
                    "withdrawals": [
                        [index, validator, "0x" + address.hex(), amount]
                        for index, validator, address, amount in self.withdrawals
                        if number == len(self.blocks)
                    ],
                }
                for number, transactions in enumerate(self.blocks, start=1)
            ],
        }


CHAINS: dict[str, Callable[[], Odd]] = {}


def many(cases: dict[str, Callable[[], Odd]], about: str) -> None:
    """Keep chains that differ in one thing."""
    for name, make in cases.items():
        CHAINS[f"{about}: {name}"] = make


# Making code and transactions


def code(*parts: int | str | bytes) -> bytes:
    """Assemble: a number is pushed in as few bytes as it takes, text is opcodes by name, bytes are themselves."""
    assembled = b""
    for part in parts:
        if isinstance(part, int):
            width = (part.bit_length() + 7) // 8
            assembled += bytes([opcode_values.PUSH0 + width]) + part.to_bytes(width, "big")
        elif isinstance(part, str):
            assembled += bytes(getattr(opcode_values, name) for name in part.split())
        else:
            assembled += part
    return assembled


def keep(slot: int, *value: int | str | bytes) -> bytes:
    """Return code that keeps a value in a slot; it leaves the stack as it was."""
    return code(*value, slot, "SSTORE")


def keep_gas(slot: int, *steps: int | str | bytes) -> bytes:
    """Return code that keeps the gas that steps took, which leave the stack as it was."""
    return code("GAS", *steps, "GAS SWAP1 SUB", slot, "SSTORE")


def in_memory(data: bytes, at: int = 0) -> bytes:
    """Return code that writes bytes to memory, word by word, zeros behind them."""
    padded = data.ljust(-(-len(data) // 32) * 32, b"\0")
    return b"".join(
        code(int.from_bytes(padded[place : place + 32], "big"), at + place, "MSTORE")
        for place in range(0, len(padded), 32)
    )


def call(
    to: bytes | int, *, value: int = 0, gas: int | str = "GAS", kind: str = "CALL", size: int = 0, out: int = 0
) -> bytes:
    """Return code that calls with the memory from 0 as data, and leaves on the stack whether it succeeded."""
    address = int.from_bytes(to, "big") if isinstance(to, bytes) else to
    values = (value,) if kind in ("CALL", "CALLCODE") else ()
    return code(out, 0x400, size, 0, *values, address, gas, kind)


def creates(init_code: bytes, *, value: int = 0, salt: int | None = None) -> bytes:
    """Return code that creates a contract and leaves its address on the stack."""
    salted = () if salt is None else (salt,)
    return in_memory(init_code) + code(*salted, len(init_code), 0, value, "CREATE" if salt is None else "CREATE2")


def legacy(sender: Address = ALICE, **fields: Any) -> bytes:
    """Return a signed legacy transaction with a chain id."""
    base = {"nonce": 0, "gasPrice": 2 * GWEI, "gas": 21_000, "to": BOB, "value": 0, "data": b"", "chainId": CHAIN_ID}
    return _signed(sender, base | fields)


def typed(sender: Address = ALICE, **fields: Any) -> bytes:
    """Return a signed EIP-1559 transaction."""
    base = {"type": 2, "chainId": CHAIN_ID, "nonce": 0, "gas": 1_000_000, "to": TARGET, "value": 0, "data": b""}
    return _signed(sender, base | {"maxFeePerGas": 2 * GWEI, "maxPriorityFeePerGas": 0} | fields)


def _signed(sender: Address, fields: dict[str, Any]) -> bytes:
    return bytes(Account.sign_transaction(fields, KEYS[ACCOUNTS.index(sender)]).raw_transaction)


def raw_typed(kind: int, *fields: Any, sender: Address = ALICE, signature: tuple[int, int, int] | None = None) -> bytes:
    """Return a transaction of the fields as they are, which a library might refuse to sign."""
    body = [CHAIN_ID, *fields]
    signed = keys.PrivateKey(KEYS[ACCOUNTS.index(sender)]).sign_msg_hash(keccak(bytes([kind]) + rlp.encode(body)))
    return bytes([kind]) + rlp.encode([*body, *(signature or (signed.v, signed.r, signed.s))])


def fee_market(
    nonce: Any = 0,
    tip: Any = 0,
    fee: Any = 2 * GWEI,
    gas: Any = 1_000_000,
    to: Any = TARGET,
    value: Any = 0,
    data: Any = b"",
    access: Any = (),
    **more: Any,
) -> bytes:
    """Return a type 2 transaction of the fields as they are."""
    return raw_typed(2, nonce, tip, fee, gas, to, value, data, access, **more)


def blobs(
    hashes: Sequence[bytes],
    fee_per_blob_gas: int = 1,
    to: Any = TARGET,
    nonce: int = 0,
    value: int = 0,
    gas: int = 1_000_000,
    **more: Any,
) -> bytes:
    """Return a type 3 transaction."""
    fields = (nonce, 0, 2 * GWEI, gas, to, value, b"", (), fee_per_blob_gas, list(hashes))
    return raw_typed(3, *fields, **more)


BLOB = b"\1" + b"\7" * 31


def authorization(
    authority: Address = BOB,
    to: bytes = OTHER,
    nonce: int = 0,
    chain_id: int = CHAIN_ID,
    *,
    high_s: bool = False,
    parity: int | None = None,
    r: int | None = None,
    s: int | None = None,
) -> list[Any]:
    """Return an EIP-7702 authorization; what is given replaces a part of its signature."""
    digest = keccak(b"\5" + rlp.encode([chain_id, to, nonce]))
    signed = keys.PrivateKey(KEYS[ACCOUNTS.index(authority)]).sign_msg_hash(digest)
    y, signed_s = (1 - signed.v, CURVE_ORDER - signed.s) if high_s else (signed.v, signed.s)
    parts = (y if parity is None else parity, signed.r if r is None else r, signed_s if s is None else s)
    return [chain_id, to, nonce, *parts]


def set_code(
    *authorizations: list[Any],
    to: Any = TARGET,
    sender: Address = ALICE,
    nonce: int = 0,
    value: int = 0,
    data: bytes = b"",
    gas: int = 1_000_000,
    access: Any = (),
) -> bytes:
    """Return a type 4 transaction."""
    return raw_typed(4, nonce, 0, 2 * GWEI, gas, to, value, data, access, list(authorizations), sender=sender)


def runs(*parts: int | str | bytes, balance: int = 0, gas: int = 1_000_000, **fields: Any) -> Odd:
    """Return a chain in which Alice calls a contract of this code."""
    alloc = {TARGET: GenesisAccount(nonce=1, code=code(*parts), balance=balance), **fields.pop("alloc", {})}
    coinbase = fields.pop("coinbase", Address(bytes(20)))
    return Odd(alloc, [[typed(gas=gas, **fields)]], coinbase=coinbase)


def contract(*parts: int | str | bytes, balance: int = 0, storage: dict[int, int] | None = None) -> GenesisAccount:
    """Return a contract for a genesis."""
    return GenesisAccount(nonce=1, code=code(*parts), balance=balance, storage=storage or {})


def place_of(address: bytes) -> int:
    """Return an address as a number to push."""
    return int.from_bytes(address, "big")


HUGE = 2**256 - 1
INIT = creation(code(1, 0, "SSTORE"))
"""Init code of a contract that keeps 1 in slot 0."""
AFTER_CREATION = code(0, "SSTORE") + keep(1, "RETURNDATASIZE")
"""Keeps what a creation left on the stack, and how much it returned."""
