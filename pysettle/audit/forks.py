"""The rules that a `genesis.json` of any Ethereum chain asks for, block by block, from Frontier to Prague.

geth chooses a fork by the height of a block, by the difficulty of all blocks before it (the merge), or by its time. A
setting that would change rules in another way is refused by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth.vm.forks.prague.constants import DEPOSIT_CONTRACT_ADDRESS

from pysettle.documents import parse_json

BY_BLOCK = {
    "homesteadBlock": "Homestead",
    "eip150Block": "Tangerine Whistle",
    "eip158Block": "Spurious Dragon",
    "byzantiumBlock": "Byzantium",
    "constantinopleBlock": "Constantinople",
    "petersburgBlock": "Petersburg",
    "istanbulBlock": "Istanbul",
    "muirGlacierBlock": "Muir Glacier",
    "berlinBlock": "Berlin",
    "londonBlock": "London",
    "arrowGlacierBlock": "Arrow Glacier",
    "grayGlacierBlock": "Gray Glacier",
}
BY_TIME = {"shanghaiTime": "Shanghai", "cancunTime": "Cancun", "pragueTime": "Prague"}
"""Setting of genesis.json -> fork, in their order."""
LAST = "Prague"
"""The last fork with rules here."""

_BLOBS = {
    "cancun": {"target": 3, "max": 6, "baseFeeUpdateFraction": 3338477},
    "prague": {"target": 6, "max": 9, "baseFeeUpdateFraction": 5007716},
}
_REFUSED = {
    "clique": "a chain sealed by authority: its seals decide who is paid",
    "daoForkBlock": "the change of the state by the DAO fork",
    "verkleTime": "another tree of the state",
}
_NO_FORK = {"mergeNetsplitBlock", "eip155Block"}
_ADDRESS_BYTES = 20


@dataclass(frozen=True)
class Account:
    """An account of the genesis."""

    balance: int
    """Wei."""
    nonce: int
    """Its nonce."""
    code: bytes
    """Its code."""
    storage: Mapping[int, int]
    """Mapping slot -> word."""


class Rules:
    """A genesis with the forks that it schedules."""

    def __init__(self, content: bytes) -> None:
        """Read a `genesis.json`.

        Raises:
            ValueError: it is malformed, or asks for rules that are not those of Ethereum up to Prague or later forks.
        """
        document = parse_json(content)
        if not isinstance(document, dict) or not isinstance(document.get("config"), dict):
            raise ValueError("it has no config")
        self._document, self._config = document, document["config"]
        for setting, meaning in _REFUSED.items():
            if self._config.get(setting) is not None:
                raise ValueError(f"config.{setting}: {meaning} is not supported")
        for fork, blobs in _BLOBS.items():
            if self._config.get("blobSchedule", {}).get(fork, blobs) != blobs:
                raise ValueError(f"config.blobSchedule.{fork} is not that of Ethereum")
        if as_number(self._config.get("depositContractAddress") or 0):
            raise ValueError("config.depositContractAddress: deposits are not supported")
        self.chain_id = as_number(self._config.get("chainId"))
        self.accounts = {_address(key): _account(account) for key, account in document["alloc"].items()}
        if DEPOSIT_CONTRACT_ADDRESS in self.accounts:
            raise ValueError("alloc: the deposit contract is there, and deposits are not supported")
        known = {*BY_BLOCK, *BY_TIME, *_NO_FORK}
        self._later = {
            setting: as_number(at)
            for setting, at in self._config.items()
            if setting.endswith(("Block", "Time")) and setting not in known and at is not None
        }

    def fork(self, number: int, time: int, difficulty_before: int) -> str:
        """Return the fork of a block; of a fork after Prague the name of its setting in genesis.json.

        Args:
            number: Height of the block.
            time: Its time, unix seconds.
            difficulty_before: Sum of the difficulties of all blocks before it.
        """
        fork = "Frontier"
        for setting, name in BY_BLOCK.items():
            if self._begun(setting, number):
                fork = name
        later = [name for name, at in self._later.items() if at <= (time if name.endswith("Time") else number)]
        if number:
            terminal = self._config.get("terminalTotalDifficulty")
            if terminal is None or difficulty_before < as_number(terminal):
                return fork
            fork = "Paris"
        for setting, name in BY_TIME.items():
            if self._begun(setting, time):
                fork = name
        return later[0].removesuffix("Time").capitalize() if later else fork

    def _begun(self, setting: str, at: int) -> bool:
        return self._config.get(setting) is not None and as_number(self._config[setting]) <= at

    def header(self) -> dict[str, Any]:
        """Return the fields of block 0 that genesis.json states, by py-evm's names."""
        document = self._document
        return {
            "difficulty": as_number(document["difficulty"]),
            "nonce": as_number(document.get("nonce") or 0).to_bytes(8, "big"),
            "timestamp": as_number(document.get("timestamp") or 0),
            "extra_data": as_hex(document.get("extraData") or ""),
            "gas_limit": as_number(document["gasLimit"]),
            "mix_hash": as_hex(document.get("mixHash") or "").rjust(32, b"\0"),
            "coinbase": as_hex(document.get("coinbase") or "").rjust(_ADDRESS_BYTES, b"\0"),
        }

    @property
    def base_fee(self) -> int:
        """Base fee of block 0, if it has one."""
        return as_number(self._document.get("baseFeePerGas") or 10**9)


def as_number(value: Any) -> int:
    """Read a number as genesis files have it: a JSON number, decimal digits, or 0x and hex digits.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, str):
        return int(value, 16 if value.startswith("0x") else 10)
    if type(value) is int and value >= 0:
        return value
    raise ValueError(f"{str(value)[:80]!r} is not a number")


def as_hex(text: Any) -> bytes:
    """Read hex digits, with 0x or without.

    Raises:
        ValueError: they are none.
    """
    if not isinstance(text, str):
        raise ValueError(f"{str(text)[:80]!r} is not hex digits")
    digits = text.removeprefix("0x")
    return bytes.fromhex(digits.rjust(len(digits) + len(digits) % 2, "0"))


def _address(key: str) -> bytes:
    address = as_hex(key)
    if len(address) != _ADDRESS_BYTES:
        raise ValueError(f"alloc: {key[:80]!r} is not an address")
    return address


def _account(account: Any) -> Account:
    if not isinstance(account, dict):
        raise ValueError("alloc: an account is not an object")
    words = {
        int.from_bytes(as_hex(slot), "big"): int.from_bytes(as_hex(word), "big")
        for slot, word in (account.get("storage") or {}).items()
    }
    code = as_hex(account.get("code") or "")
    return Account(as_number(account.get("balance") or 0), as_number(account.get("nonce") or 0), code, words)
