"""State and block as a caller wants them for one execution, in place of what they are.

Source:
    geth's state and block override sets; Ethereum execution API specification, schemas "BlockOverrides" and
    "StateOverrides".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eth.abc import StateAPI

from pysettle.node.protocol import InvalidParams
from pysettle.node.values import address, data, fields, quantity, storage_slot

_ACCOUNT_FIELDS = {"balance", "nonce", "code", "state", "stateDiff"}
_BLOCK_FIELDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    # Field -> that of py-evm's header, and how it is read.
    "number": ("block_number", lambda value: quantity(value, "number", 63)),
    "time": ("timestamp", lambda value: quantity(value, "time", 63)),
    "gasLimit": ("gas_limit", lambda value: quantity(value, "gasLimit", 63)),
    "feeRecipient": ("coinbase", lambda value: address(value, "feeRecipient")),
    "prevRandao": ("mix_hash", lambda value: quantity(value, "prevRandao").to_bytes(32, "big")),
    "baseFeePerGas": ("base_fee_per_gas", lambda value: quantity(value, "baseFeePerGas")),
}


def override_state(state: StateAPI, overrides: Any) -> None:
    """Change accounts of a state.

    Raises:
        InvalidParams: a field is unknown or malformed.
    """
    for account, entry in fields(overrides, "the state overrides").items():
        holder = address(account, "an overridden account")
        changes = {name: value for name, value in fields(entry, "an override").items() if value is not None}
        if unknown := changes.keys() - _ACCOUNT_FIELDS:
            raise InvalidParams(f"an override has no field {min(unknown)[:40]}")
        if {"state", "stateDiff"} <= changes.keys():
            raise InvalidParams("an override has state or stateDiff, not both")
        if "balance" in changes:
            state.set_balance(holder, quantity(changes["balance"], "balance"))
        if "nonce" in changes:
            state.set_nonce(holder, quantity(changes["nonce"], "nonce", 64))
        if "code" in changes:
            state.set_code(holder, data(changes["code"], "code"))
        if "state" in changes:
            state.delete_storage(holder)
        for name in ("state", "stateDiff"):
            for slot, word in fields(changes.get(name, {}), name).items():
                state.set_storage(holder, storage_slot(slot), quantity(word, "a word"))
    state.lock_changes()  # what a transaction finds, not what it did


def read_block_overrides(value: Any) -> dict[str, Any]:
    """Return the changed fields of a block, as py-evm's header names them.

    Raises:
        InvalidParams: a field is unknown or malformed.
    """
    named = {name: entry for name, entry in fields(value, "the block overrides").items() if entry not in (None, [])}
    if unknown := named.keys() - _BLOCK_FIELDS.keys():
        raise InvalidParams(f"{min(unknown)[:40]} of a block cannot be overridden here")
    changes = {}
    for name, entry in named.items():
        field, read = _BLOCK_FIELDS[name]
        changes[field] = read(entry)
    return changes
