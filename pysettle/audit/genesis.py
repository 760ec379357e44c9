"""`genesis.json` as the audit reads it: geth's form, Prague from the first block, and the start of an engine.

Strict, since a genesis is untrusted: this module refuses everything that py-evm would not execute by the rules.
"""

from __future__ import annotations

import json
import re
from typing import Any

from eth.vm.forks.prague.constants import DEPOSIT_CONTRACT_ADDRESS

from pysettle.audit.encoding import EncodingError
from pysettle.documents import as_bytes, parse_json
from pysettle.hashing import keccak
from pysettle.values import Address

_FORKS = (
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
    "shanghaiTime",
    "cancunTime",
    "pragueTime",
)
_BLOBS = {
    "cancun": {"target": 3, "max": 6, "baseFeeUpdateFraction": 3338477},
    "prague": {"target": 6, "max": 9, "baseFeeUpdateFraction": 5007716},
}
_GENESIS_FIELDS = dict.fromkeys(
    (
        "config",
        "nonce",
        "timestamp",
        "extraData",
        "gasLimit",
        "difficulty",
        "mixHash",
        "coinbase",
        "alloc",
        "baseFeePerGas",
    )
)
"""The fields, in geth's order."""
_ACCOUNT_FIELDS = {"balance", "nonce", "code", "storage"}
SYSTEM_CODE = {
    "000f3df6d732807ef1319fb7b8bb8522d0beac02": "f57acd40259872606d76197ef052f3d35588dadf919ee1f0e3cb9b62d3f4b02c",
    "0000f90827f1c53a10cb7a02335b175320002935": "6e49e66782037c0555897870e29fa5e552daf4719552131a0abce779daec0a5d",
    "00000961ef480eb55e80d19ad83579a64c007002": "0345a365d2f4c5975b9f1599abe0a2ee76b7a3a731bc68781bd04c84e4858f50",
    "0000bbddc7ce488642fb579f8b00f3a590007251": "78c6cb5202685228bbcbfb992b1c4e116c7ec5ef11e25b8e92716cfc628ddd60",
}
"""Address of each contract that blocks call by themselves (EIP-4788, 2935, 7002, 7251) -> hash of its code."""


def read_genesis(content: bytes) -> tuple[int, dict[str, Any], dict[Address, Any]]:
    """Read the file `genesis.json`; return the chain id, and block 0's parameters and state as py-evm takes them.

    Raises:
        ValueError: it is malformed, or asks for other rules than Prague from the start.
    """
    document = parse_json(content)
    chain_id = _check_rules(document)
    state = _genesis_state(document["alloc"])
    _check_system(state)
    return chain_id, _genesis_parameters(document), state


def canonical_genesis(content: bytes) -> bytes:
    """Return a `genesis.json` in the one form that an export writes: the order and spelling of geth's.

    Raises:
        ValueError: it is malformed. This does not check that its rules are those of Prague.
    """
    document = parse_json(content)
    if (
        not isinstance(document, dict)
        or document.keys() != _GENESIS_FIELDS.keys()
        or not isinstance(document["config"], dict)
    ):
        raise EncodingError(f"the fields must be exactly {', '.join(sorted(_GENESIS_FIELDS))}")
    order = {name: place for place, name in enumerate(("chainId", *_FORKS, "terminalTotalDifficulty", "blobSchedule"))}
    config = {
        name: document["config"][name] for name in sorted(document["config"], key=lambda field: order.get(field, 99))
    }
    if config.get("blobSchedule") == _BLOBS:
        config["blobSchedule"] = _BLOBS
    numbers = {"nonce": 64, "timestamp": 64, "gasLimit": 63, "difficulty": 256, "baseFeePerGas": 256}
    written = {
        **{name: hex(_quantity(document[name], bits)) for name, bits in numbers.items()},
        **{name: _hex(as_bytes(document[name])) for name in ("extraData", "mixHash", "coinbase")},
        "config": config,
        "alloc": {
            _hex(address): _account_form(account)
            for address, account in sorted(_genesis_state(document["alloc"]).items())
        },
    }
    return (json.dumps({name: written[name] for name in _GENESIS_FIELDS}, indent=2) + "\n").encode()


def _account_form(account: dict[str, Any]) -> dict[str, Any]:
    """Return an entry of the alloc; empty fields are left out, except the balance."""
    storage = {f"0x{slot:064x}": f"0x{word:064x}" for slot, word in sorted(account["storage"].items()) if word}
    entry: dict[str, Any] = {"code": _hex(account["code"])} if account["code"] else {}
    if storage:
        entry["storage"] = storage
    entry["balance"] = hex(account["balance"])
    if account["nonce"]:
        entry["nonce"] = hex(account["nonce"])
    return entry


def _hex(content: bytes) -> str:
    return "0x" + content.hex()


def _check_system(state: dict[Address, Any]) -> None:
    """Check the contracts that blocks call by themselves, which py-evm does not execute, or does not miss.

    Raises:
        EncodingError: one has another code, where the rules ask for a call of it; or the deposit contract is there,
            with logs that py-evm takes as requests (EIP-6110) in any layout.
    """
    for place, code_hash in SYSTEM_CODE.items():
        address = Address(bytes.fromhex(place))
        if keccak(state.get(address, {}).get("code", b"")).hex() != code_hash:
            raise EncodingError(f"alloc: 0x{place} must have the code of the system contract that Prague puts there")
    if state.get(Address(DEPOSIT_CONTRACT_ADDRESS), {}).get("code"):
        place = DEPOSIT_CONTRACT_ADDRESS.hex()
        raise EncodingError(f"alloc: 0x{place} is the deposit contract, and this chain has no beacon chain behind it")


def _check_rules(document: Any) -> int:
    """Check that the document asks for Prague from the first block and for nothing else; return its chain id."""
    if not isinstance(document, dict) or document.keys() != _GENESIS_FIELDS.keys():
        raise EncodingError(f"the fields must be exactly {', '.join(sorted(_GENESIS_FIELDS))}")
    config = document["config"]
    chain_id = config.get("chainId") if isinstance(config, dict) else None
    expected = {
        "chainId": chain_id,
        **dict.fromkeys(_FORKS, 0),
        "terminalTotalDifficulty": 0,
        "blobSchedule": _BLOBS,
    }
    if type(chain_id) is not int or not 0 < chain_id < 2**256 or config != expected:
        raise EncodingError("config must have a chain id, every fork up to Prague from the start, and none after it")
    if _quantity(document["difficulty"]) != 0:
        raise EncodingError("difficulty must be zero")
    return chain_id


def _genesis_parameters(document: dict[str, Any]) -> dict[str, Any]:
    return {
        "difficulty": 0,
        "nonce": _quantity(document["nonce"], 64).to_bytes(8, "big"),
        "timestamp": _quantity(document["timestamp"], 64),
        "extra_data": as_bytes(document["extraData"]),
        "gas_limit": _quantity(document["gasLimit"], 63),
        "mix_hash": as_bytes(document["mixHash"], 32),
        "coinbase": as_bytes(document["coinbase"], 20),
        "base_fee_per_gas": _quantity(document["baseFeePerGas"]),
        # geth has no such field in its genesis.json and takes zero; py-evm would take another value.
        "parent_beacon_block_root": bytes(32),
    }


def _genesis_state(alloc: Any) -> dict[Address, Any]:
    if not isinstance(alloc, dict):
        raise EncodingError("alloc is not an object")
    state = {}
    for key, account in alloc.items():
        if not isinstance(account, dict) or not {"balance"} <= account.keys() <= _ACCOUNT_FIELDS:
            raise EncodingError(f"alloc of {key[:80]}: an account has a balance, and may have nonce, code and storage")
        storage = account.get("storage", {})
        if not isinstance(storage, dict):
            raise EncodingError(f"alloc of {key[:80]}: storage is not an object")
        state[Address(as_bytes(key, 20))] = {
            "balance": _quantity(account["balance"]),
            "nonce": _quantity(account.get("nonce", "0x0"), 64),
            "code": as_bytes(account.get("code", "0x")),
            "storage": {
                int.from_bytes(as_bytes(slot, 32), "big"): int.from_bytes(as_bytes(word, 32), "big")
                for slot, word in storage.items()
            },
        }
    return state


def _quantity(text: Any, bits: int = 256) -> int:
    """Read a quantity as Ethereum's JSON writes them: 0x and hex digits."""
    if isinstance(text, str) and re.fullmatch(r"0x[0-9a-f]{1,64}", text):
        number = int(text, 16)
        if number < 1 << bits:
            return number
    raise EncodingError(f"{str(text)[:80]!r} is not a quantity of at most {bits} bits, written as 0x and hex digits")
