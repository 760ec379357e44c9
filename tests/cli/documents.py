"""The rules of every document that `--json` prints, checked on the document alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_NUMERIC = re.compile(r"-?\d+(\.\d+)?")
_UNITS = re.compile(r"(^|_)(units|tokens|fen|bps|s|unit_days|day|micro_yuan|wei|count)$")
"""Ends of names that say what a number counts; `_unix_s` is a time, and `_s` a duration."""
NUMBERS = {
    "block": "number of a block",
    "last_block": "number of a block",
    "cycle": "number of a clearing cycle of a currency",
    "item": "place of an obligation in its batch",
    "items": "places of obligations in their batch",
    "priority": "class of a debtor's order",
    "set": "number of a set that a clearing cycle settled",
    "chain_id": "number of a chain, by EIP-155",
    "log_index": "place of an event in its block",
    "side": "place of a posting in its entry",
    "until_block": "number of a block",
    "tx_index": "place of a transaction in its block",
    "exit_code": "number by which a shell tells failures apart",
    "gas_used": "gas, which its name says first",
    "id": "number of a redemption",
    "index": "number of a row of interest",
    "from_jurisdiction": "number of a country, by ISO 3166-1",
    "to_jurisdiction": "number of a country, by ISO 3166-1",
    "quote_id": "number of a quote of its provider",
    "rate_e12": "units of one currency for a unit of another, times 10^12",
    "admitted": "number of a country, by ISO 3166-1",
    "refused": "number of a country, by ISO 3166-1",
    "revision": "number of a revision of a corridor",
    "jurisdiction": "number of a country, by ISO 3166-1",
    "nonce": "number of a permit",
    "obligation": "number of a row of obligations, without the header",
    "participant": "number of an institution in a currency",
    "period": "number of a declared period",
    "seed": "number that keys and blocks are derived from",
    "sequence": "number of an attestation",
    "text": "a text that was refused, as somebody wrote it",
}
"""Key of a number without a unit -> the reason."""
MAPS = frozenset({"accounts", "classes", "contracts", "not_checked", "roles", "scenarios"})
"""Keys of objects whose own keys are names of things: accounts, contracts, roles, wallet classes, cases, checks."""
MAPS_OF_AMOUNTS = frozenset({"balance_units", "credit_units", "balance_tokens"})
"""Keys of objects whose own keys are names of accounts, unless they are before and now."""
FOREIGN = {
    "fields": "what an event declares, under its own names",
    "genesis": "what geth and Besu read, as they read it",
    "pins": "what `audit verify --pins` reads",
}
"""Key of a part in the form of others -> the form."""
_CHANGE = {"before", "now"}


def problems(document: Any) -> list[str]:
    """Return where a document breaks the rules: numbers, units in names, currencies, empty texts."""
    return list(_problems(document, "", "", has_currency=False))


def _problems(value: Any, path: str, unit: str, *, has_currency: bool) -> Iterator[str]:
    if isinstance(value, dict):
        has_currency = has_currency or "currency" in value
        is_map = path.rpartition(".")[2] in MAPS | MAPS_OF_AMOUNTS or set(value) == _CHANGE
        for name, part in value.items():
            if name not in FOREIGN:
                told = unit if is_map or (_UNITS.search(unit) and not _UNITS.search(name)) else name
                yield from _problems(part, f"{path}.{name}", told, has_currency=has_currency)
    elif isinstance(value, list):
        for part in value:
            yield from _problems(part, f"{path}[]", unit, has_currency=has_currency)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield f"{path} is a number, which some readers round: {value}"
    elif value in ("", "-"):
        yield f"{path} is {value!r}: what is absent is null"
    elif isinstance(value, str) and _NUMERIC.fullmatch(value):
        if unit not in NUMBERS and not _UNITS.search(unit):
            yield f"{path} is a number without a unit: {value}"
        if unit.endswith(("units", "fen")) and not has_currency:
            yield f"{path} is an amount without a currency: {value}"


def keys(document: dict[str, Any]) -> Iterator[tuple[tuple[str, str], frozenset[str]]]:
    """Yield (schema, path) and the keys of each object, but of those whose keys are names of things."""
    yield from _keys(document, str(document.get("schema")), "")


def _keys(value: Any, schema: str, path: str) -> Iterator[tuple[tuple[str, str], frozenset[str]]]:
    if isinstance(value, list):
        for part in value:
            yield from _keys(part, schema, f"{path}[]")
    if not isinstance(value, dict):
        return
    schema, path = (str(value["schema"]), "") if "schema" in value else (schema, path)
    last = path.rpartition(".")[2]
    is_map = last in MAPS or (last in MAPS_OF_AMOUNTS and set(value) != _CHANGE)
    if not is_map:
        yield (schema, path), frozenset(value)
    for name, part in value.items():
        if name not in FOREIGN:
            yield from _keys(part, schema, f"{path}.*" if is_map else f"{path}.{name}")
