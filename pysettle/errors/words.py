"""What a contract refused, in words: yuan, dates and names in place of the numbers that the contract gives."""

from __future__ import annotations

from collections.abc import Callable
from string import Formatter
from typing import TYPE_CHECKING

from pysettle.errors.states import State
from pysettle.values import (
    TOKENS,
    Address,
    Amount,
    Asset,
    Day,
    Seconds,
    SeriesId,
    Timestamp,
    Tokens,
    Units,
    day_text,
    duration_text,
    time_text,
)

if TYPE_CHECKING:
    from pysettle.errors import ContractReverted

_TEXTS: dict[object, Callable[[int], str]] = {Timestamp: time_text, Day: day_text, Seconds: duration_text}
"""Kind of a number -> how it is written."""


def sentence(refusal: ContractReverted) -> str:
    """Return what was refused, with its values; an asset is named behind the first amount of it, and only there."""
    parts, named = [], set[Asset]()
    for text, attribute, _, _ in Formatter().parse(refusal.template):
        parts.append(text)
        if attribute:
            kind, value = refusal.arguments()[attribute], getattr(refusal, attribute)
            asset = _asset(refusal, kind)
            parts.append(asset.figure(value) if asset else _said(refusal, kind, value))
            if asset and asset.word and asset not in named:
                parts.append(f" {asset.word}")
                named.add(asset)
    return "".join(parts)


def hexed(value: bytes) -> str:
    """Write bytes in hex digits: how an account is said where nobody knows its name."""
    return f"0x{value.hex()}"


def _asset(refusal: ContractReverted, kind: object) -> Asset | None:
    """Return what a kind of values is counted in; None where it is no amount."""
    if kind is Amount:
        return refusal.asset or (TOKENS if _is_of_tokens(refusal) else refusal.money)
    counted: dict[object, Asset] = {Units: refusal.money, Tokens: TOKENS}
    return counted.get(kind)


def _is_of_tokens(refusal: ContractReverted) -> bool:
    """Whether a call that named no currency moves Tokens: a series is paid in its currency, and moves Tokens else."""
    is_payment = refusal.contract == "ComputeToken" and refusal.function.startswith("purchase")
    return refusal.contract in ("ComputeToken", "ChannelHub") and not is_payment


def _said(refusal: ContractReverted, kind: object, value: object) -> str:
    if kind in (Address, SeriesId) and isinstance(value, bytes):
        return refusal.name(value)
    if isinstance(value, State):
        return value.word
    if isinstance(value, bytes):
        return hexed(value)
    if isinstance(value, int) and (text := _TEXTS.get(kind)):
        return text(value)
    return str(value)
