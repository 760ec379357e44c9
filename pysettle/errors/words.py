"""The values of an error in words: yuan, dates and names in place of numbers and addresses."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar, get_origin

from pysettle.errors.states import State
from pysettle.values import (
    TOKENS,
    Address,
    Amount,
    Asset,
    Currency,
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

_PARTS = re.compile(r"(\{\w+\})")
"""An attribute in a template, such as `{account}`."""
_TEXTS: dict[object, Callable[[int], str]] = {Timestamp: time_text, Day: day_text, Seconds: duration_text}
"""Kind of a number -> how it is written."""


class Worded(Exception):  # a part of errors, and none itself
    """An error that keeps its values as attributes, and says them.

    A subclass declares the attributes with their types, in the order in which they are given; its `template` says with
    them what is wrong, and `remedy` what to do next.
    """

    template: ClassVar[str]
    remedy: ClassVar[str]

    def __init__(self, *values: Any) -> None:
        """Store the values; the number of a state that there is not stays a number."""
        self.money: Asset = Currency.CNY
        """What units of a currency are said in."""
        self.asset: Asset | None = None
        """What amounts are said in that may be of a currency or of Tokens; None where it is not known."""
        self.name: Callable[[bytes], str] = hexed
        """How an account is said: who knows the names of a workspace sets it."""
        for (attribute, kind), value in zip(self.arguments().items(), values, strict=True):
            setattr(self, attribute, _typed(kind, value))
        super().__init__()

    @classmethod
    @cache
    def arguments(cls) -> Mapping[str, Any]:
        """Return attribute -> type of each value, in their order."""
        of_class: Any = ClassVar
        declared = inspect.get_annotations(cls, eval_str=True).items()
        return {attribute: kind for attribute, kind in declared if get_origin(kind) is not of_class}

    def __str__(self) -> str:
        """Say what is wrong and what to do next."""
        return f"{self.sentence()}; {self.remedy}"

    def sentence(self) -> str:
        """Say what is wrong; an asset is named behind the first amount of it, and only there."""
        parts, named = [], set[Asset]()
        for part in _PARTS.split(self.template):
            if not (kind := self.arguments().get(part[1:-1])):
                parts.append(part)
            elif asset := self._asset(kind):
                parts.append(asset.figure(getattr(self, part[1:-1])))
                parts.append(f" {asset.word}" if asset.word and asset not in named else "")
                named.add(asset)
            else:
                parts.append(self._said(kind, getattr(self, part[1:-1])))
        return "".join(parts)

    def _asset(self, kind: object) -> Asset | None:
        """Return what a kind of values is counted in; None where it is no amount."""
        counted: dict[object, Asset] = {Units: self.money, Tokens: TOKENS, Amount: self.asset or self.money}
        return counted.get(kind)

    def _said(self, kind: object, value: object) -> str:
        if kind in (Address, SeriesId) and isinstance(value, bytes):
            return self.name(value)
        if isinstance(value, State):
            return value.word
        if isinstance(value, bytes):
            return hexed(value)
        if isinstance(value, int) and (text := _TEXTS.get(kind)):
            return text(value)
        return str(value)


def hexed(value: bytes) -> str:
    """Write bytes in hex digits: how an account is said where nobody knows its name."""
    return f"0x{value.hex()}"


def _typed(kind: Any, value: Any) -> Any:
    is_state = isinstance(kind, type) and issubclass(kind, State) and value in [*kind]
    return kind(value) if is_state else value
