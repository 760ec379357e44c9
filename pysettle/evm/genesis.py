"""The genesis of a pysettle chain, as data: the input of every engine for the same block 0.

Knows the Prague system contracts and geth's `genesis.json`. Knows no EVM: `pysettle.evm.embedded` builds block 0
from it, and any other engine reads the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pysettle.documents import parse_json
from pysettle.errors import UsageError
from pysettle.values import Address

SIMULATION_CHAIN_ID = 31_337
"""Chain id of local development chains."""
BLOCK_INTERVAL_S = 1
"""Seconds of chain time from one block to the next, advances apart, unless a chain has another interval."""
BEACON_ROOTS = Address(bytes.fromhex("000f3df6d732807ef1319fb7b8bb8522d0beac02"))
_BEACON_ROOTS_CODE = bytes.fromhex(
    "3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f35801560495762001fff8106"
    "90815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff42064281555f359062001fff015500"
)
HISTORY_STORAGE = Address(bytes.fromhex("0000f90827f1c53a10cb7a02335b175320002935"))
_HISTORY_STORAGE_CODE = bytes.fromhex(
    "3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff814303"
    "11604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500"
)
WITHDRAWAL_REQUESTS = Address(bytes.fromhex("00000961ef480eb55e80d19ad83579a64c007002"))
_WITHDRAWAL_REQUESTS_CODE = bytes.fromhex(
    "3373fffffffffffffffffffffffffffffffffffffffe1460cb5760115f54807fffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffff146101f457600182026001905f5b5f821115606857810190830284830290049160010191"
    "90604d565b909390049250505036603814608857366101f457346101f4575f5260205ff35b34106101f45760015460010160"
    "0155600354806003026004013381556001015f35815560010160203590553360601b5f5260385f601437604c5fa060010160"
    "0355005b6003546002548082038060101160df575060105b5f5b8181146101835782810160030260040181604c0281546060"
    "1b8152601401816001015481526020019060020154807fffffffffffffffffffffffffffffffff0000000000000000000000"
    "0000000000168252906010019060401c908160381c81600701538160301c81600601538160281c81600501538160201c8160"
    "0401538160181c81600301538160101c81600201538160081c81600101535360010160e1565b910180921461019557906002"
    "556101a0565b90505f6002555f6003555b5f54807fffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffff14156101cd57505f5b6001546002828201116101e25750505f6101e8565b01600290035b5f555f600155604c025ff3"
    "5b5f5ffd"
)
CONSOLIDATION_REQUESTS = Address(bytes.fromhex("0000bbddc7ce488642fb579f8b00f3a590007251"))
_CONSOLIDATION_REQUESTS_CODE = bytes.fromhex(
    "3373fffffffffffffffffffffffffffffffffffffffe1460d35760115f54807fffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffff1461019a57600182026001905f5b5f821115606857810190830284830290049160010191"
    "90604d565b9093900492505050366060146088573661019a573461019a575f5260205ff35b341061019a5760015460010160"
    "0155600354806004026004013381556001015f358155600101602035815560010160403590553360601b5f5260605f601437"
    "60745fa0600101600355005b6003546002548082038060021160e7575060025b5f5b81811461012957828101600402600401"
    "81607402815460601b815260140181600101548152602001816002015481526020019060030154905260010160e9565b9101"
    "80921461013b5790600255610146565b90505f6002555f6003555b5f54807fffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffff141561017357505f5b6001546001828201116101885750505f61018e565b01600190035b5f"
    "555f6001556074025ff35b5f5ffd"
)

_DEPOSIT_CONTRACT = Address(bytes.fromhex("00000000219ab540356cbb839cbe05303d7705fa"))
"""Contract with logs that become requests to a beacon chain (EIP-6110), which this chain does not have."""

_FORKS_BY_BLOCK = (
    "homesteadBlock",
    "eip150Block",
    "eip155Block",
    "eip158Block",
    "byzantiumBlock",
    "constantinopleBlock",
    "petersburgBlock",
    "istanbulBlock",
    "muirGlacierBlock",
    "berlinBlock",
    "londonBlock",
    "arrowGlacierBlock",
    "grayGlacierBlock",
    "mergeNetsplitBlock",
)
_FORKS_BY_TIME = ("shanghaiTime", "cancunTime", "pragueTime")
BLOB_SCHEDULE = {
    "cancun": {"target": 3, "max": 6, "baseFeeUpdateFraction": 3338477},
    "prague": {"target": 6, "max": 9, "baseFeeUpdateFraction": 5007716},
}
"""Blobs a block may have (EIP-7840); no transaction here carries any."""
_BASE_FEE = "0x3b9aca00"
"""Base fee of a block 0 that states none (EIP-1559)."""
_ZERO_NUMBERS = ("nonce", "difficulty", "number", "gasUsed", "excessBlobGas", "blobGasUsed")
_ZERO_BYTES = ("mixHash", "coinbase", "parentHash", "parentBeaconBlockRoot")
_NO_EFFECT: Mapping[str, object] = {
    # What geth writes into a config besides, and its value where it changes no rule of this chain.
    "daoForkSupport": True,
    "eip150Hash": "0x" + "00" * 32,
    "terminalTotalDifficultyPassed": True,
    "depositContractAddress": "0x" + _DEPOSIT_CONTRACT.hex(),
    "ethash": {},
}


@dataclass(frozen=True, slots=True)
class GenesisAccount:
    """One account as it stands in block 0."""

    balance: int = 0
    """Native balance, in wei."""
    nonce: int = 0
    """Transactions sent, or contracts created; a contract starts at 1 (EIP-161)."""
    code: bytes = b""
    """Runtime code; empty for an account that signs."""
    storage: Mapping[int, int] = field(default_factory=dict)
    """Mapping slot -> word, no zero words (a zero word is an absent slot)."""

    def __post_init__(self) -> None:
        """Refuse zero words: engines disagree whether they are in the storage trie."""
        if not all(self.storage.values()):
            raise UsageError("a genesis account lists a storage slot with value zero: leave the slot out")


SYSTEM_CONTRACTS: Mapping[Address, GenesisAccount] = {
    BEACON_ROOTS: GenesisAccount(nonce=1, code=_BEACON_ROOTS_CODE),
    HISTORY_STORAGE: GenesisAccount(nonce=1, code=_HISTORY_STORAGE_CODE),
    WITHDRAWAL_REQUESTS: GenesisAccount(nonce=1, code=_WITHDRAWAL_REQUESTS_CODE),
    CONSOLIDATION_REQUESTS: GenesisAccount(nonce=1, code=_CONSOLIDATION_REQUESTS_CODE),
}
"""The contracts the Prague rules call in every block.

Without them some engines run on in silence and others refuse the chain.

Source:
    EIP-4788, EIP-2935, EIP-7002, EIP-7251.
"""

CREATE2_DEPLOYER = Address(bytes.fromhex("4e59b44847b379578588920ca78fbf26c0b4956c"))
CREATE2_DEPLOYER_ACCOUNT = GenesisAccount(
    nonce=1,
    code=bytes.fromhex(
        "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182"
        "fd5b8082525050506014600cf3"
    ),
)
"""The contract that tools expect at that address of every chain: it creates what it is sent, at an address of a salt.

Source:
    Arachnid/deterministic-deployment-proxy; its code follows from the address (see the tests).
"""


@dataclass(frozen=True, slots=True)
class Genesis:
    """Block 0: its accounts and the first limits of the chain.

    The fields that every engine must agree on and nobody may choose (difficulty 0, nonce 0, no extra data, Prague
    from the first second) are not fields here; they are written by `to_dict` and checked by `from_dict`.
    """

    chain_id: int
    """Chain id (EIP-155)."""
    timestamp: int
    """Chain time of block 0, in unix seconds."""
    alloc: Mapping[Address, GenesisAccount] = field(default_factory=dict)
    """Mapping address -> account, ordered by address; the system contracts are always in it."""
    gas_limit: int = 60_000_000
    """Gas each block may use."""
    base_fee: int = 10**9
    """Base fee of block 0, in wei per gas; later ones follow EIP-1559."""

    def __post_init__(self) -> None:
        """Add the system contracts and order the accounts.

        Raises:
            UsageError: an account stands at the address of a system contract, or a contract at that of the deposit
                contract.
        """
        for address, contract in SYSTEM_CONTRACTS.items():
            if self.alloc.get(address, contract) != contract:
                raise UsageError(
                    f"0x{address.hex()} is a system contract and cannot be given another account", address=address
                )
        if self.alloc.get(_DEPOSIT_CONTRACT, GenesisAccount()).code:
            raise UsageError(
                f"0x{_DEPOSIT_CONTRACT.hex()} is the deposit contract, and this chain has no beacon chain behind it: "
                "leave the account out",
                address=_DEPOSIT_CONTRACT,
            )
        accounts = {**self.alloc, **SYSTEM_CONTRACTS}
        object.__setattr__(self, "alloc", {address: accounts[address] for address in sorted(accounts)})

    def to_dict(self) -> dict[str, Any]:
        """Return geth's `genesis.json`: quantities as hex, keys in one fixed order."""
        return {
            "config": _config(self.chain_id),
            "nonce": "0x0",
            "timestamp": hex(self.timestamp),
            "extraData": "0x",
            "gasLimit": hex(self.gas_limit),
            "difficulty": "0x0",
            "mixHash": "0x" + "00" * 32,
            "coinbase": "0x" + "00" * 20,
            "alloc": {"0x" + address.hex(): _account_to_dict(account) for address, account in self.alloc.items()},
            "baseFeePerGas": hex(self.base_fee),
        }

    def to_bytes(self) -> bytes:
        """Return the file `genesis.json`; the same genesis gives the same bytes."""
        return (json.dumps(self.to_dict(), indent=2) + "\n").encode()

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Genesis:
        """Read the output of `to_dict`, or an equal genesis in another spelling.

        Args:
            document: A parsed `genesis.json`. Addresses may lack their 0x, numbers may be decimal strings. A field that
                is null counts as left out, and geth's further fields may be there with the values of a block 0.

        Raises:
            UsageError: a field is missing or malformed, a system contract is not in the alloc, or the document asks
                for something that is not this chain's rules (another fork schedule, a difficulty).
        """
        try:
            named = {name: value for name, value in document.items() if value is not None}
            config = _without_fields_of_no_effect(named["config"])
            genesis = cls(
                chain_id=int(config["chainId"]),
                timestamp=_number(named["timestamp"]),
                alloc={
                    Address(_bytes(address, 20)): _account_from_dict(account)
                    for address, account in named["alloc"].items()
                },
                gas_limit=_number(named["gasLimit"]),
                base_fee=_number(named.get("baseFeePerGas", _BASE_FEE)),
            )
            missing = SYSTEM_CONTRACTS.keys() - {_bytes(address, 20) for address in named["alloc"]}
            fixed = {
                "config": config == _config(genesis.chain_id),
                "extraData": named.get("extraData", "0x") == "0x",
                "alloc": not missing,
                **{name: _number(named.get(name, "0x0")) == 0 for name in _ZERO_NUMBERS},
                **{name: not any(_bytes(named.get(name, "0x"))) for name in _ZERO_BYTES},
            }
        except UsageError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise UsageError(f"not a genesis.json: {type(problem).__name__}: {problem}") from problem
        different = [name for name, holds in fixed.items() if not holds]
        if different:
            raise UsageError(
                f"genesis.json is not of a Prague chain of this kind: {', '.join(different)} differ",
                fields=tuple(different),
            )
        return genesis

    @classmethod
    def from_bytes(cls, content: bytes) -> Genesis:
        """Read the file `genesis.json`.

        Raises:
            UsageError: not JSON, or as `from_dict`.
        """
        try:
            document = parse_json(content)
        except ValueError as problem:
            raise UsageError(f"genesis.json is not JSON: {problem}") from problem
        return cls.from_dict(document)


def _config(chain_id: int) -> dict[str, Any]:
    """Return geth's chain config: every fork up to Prague from the start, none after it."""
    return {
        "chainId": chain_id,
        **dict.fromkeys(_FORKS_BY_BLOCK, 0),
        **dict.fromkeys(_FORKS_BY_TIME, 0),
        "terminalTotalDifficulty": 0,
        "blobSchedule": BLOB_SCHEDULE,
    }


def _without_fields_of_no_effect(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a chain config without what is null, here or in the blob schedule, or changes no rule."""
    kept = {
        name: {entry: value for entry, value in value.items() if value is not None} if name == "blobSchedule" else value
        for name, value in config.items()
        if value is not None
    }
    return {name: value for name, value in kept.items() if name not in _NO_EFFECT or value != _NO_EFFECT[name]}


def _account_to_dict(account: GenesisAccount) -> dict[str, Any]:
    """Return one entry of `alloc`; like geth, leave out empty fields, except the balance."""
    entry: dict[str, Any] = {}
    if account.code:
        entry["code"] = "0x" + account.code.hex()
    if account.storage:
        entry["storage"] = {f"0x{slot:064x}": f"0x{account.storage[slot]:064x}" for slot in sorted(account.storage)}
    entry["balance"] = hex(account.balance)
    if account.nonce:
        entry["nonce"] = hex(account.nonce)
    return entry


def _account_from_dict(entry: Mapping[str, Any]) -> GenesisAccount:
    return GenesisAccount(
        balance=_number(entry["balance"]),
        nonce=_number(entry.get("nonce") or "0x0"),
        code=_bytes(entry.get("code") or "0x"),
        storage={_number(slot): _number(word) for slot, word in (entry.get("storage") or {}).items()},
    )


def _number(text: str) -> int:
    """Read a quantity as geth does: hex after 0x, else decimal."""
    number = int(text, 0) if text.startswith("0x") else int(text)
    if number < 0:
        raise ValueError(f"{text} is negative")
    return number


def _bytes(text: str, length: int | None = None) -> bytes:
    """Read hex with or without 0x; of the given length in bytes, if given."""
    content = bytes.fromhex(text.removeprefix("0x"))
    if length not in (None, len(content)):
        raise ValueError(f"{text} is not {length} bytes")
    return content
