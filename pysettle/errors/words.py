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
_UNIT_NAMES: dict[object, str] = {Timestamp: "unix_s", Day: "day", Seconds: "s"}
"""Kind of a number -> the unit at the end of its name."""


class Worded(Exception):  # a mixin of errors, never raised alone
    """An error that stores its values as attributes and puts them into words.

    A subclass declares the attributes with their types, in the order of the arguments. Its `template` states the cause
    with their values; its `remedy` states the next step.
    """

    template: ClassVar[str]
    remedy: ClassVar[str]

    def __init__(self, *values: Any) -> None:
        """Store the values; a number without a state in its enum stays a number."""
        self.money: Asset = Currency.CNY
        """Currency in which the message writes units."""
        self.asset: Asset | None = None
        """Asset in which the message writes amounts of a currency or of Tokens; None if it is not known."""
        self.name: Callable[[bytes], str] = hexed
        """Writes an account; a workspace replaces it by one that writes names."""
        for (attribute, kind), value in zip(self.arguments().items(), values, strict=True):
            setattr(self, attribute, _typed(kind, value))
        super().__init__()

    @classmethod
    @cache
    def arguments(cls) -> Mapping[str, Any]:
        """Return attribute -> type of each value, in order."""
        of_class: Any = ClassVar
        declared = inspect.get_annotations(cls, eval_str=True).items()
        return {attribute: kind for attribute, kind in declared if get_origin(kind) is not of_class}

    @property
    def values(self) -> Mapping[str, object]:
        """The values by their names, each number with its unit in its name; amounts of a currency name it."""
        found: dict[str, object] = {}
        for attribute, kind in self.arguments().items():
            asset, name = self._asset(kind), attribute.rstrip("_")
            unit = _UNIT_NAMES.get(kind, "") if asset is None else "tokens" if asset is TOKENS else "units"
            found[f"{name}_{unit}" if unit else name] = getattr(self, attribute)
            if unit == "units":
                found["currency"] = asset if isinstance(asset, Currency) else None
        return found

    def __str__(self) -> str:
        """Return cause and remedy."""
        return f"{self.sentence()}; {self.remedy}"

    def sentence(self) -> str:
        """Return the cause; the word for an asset follows its first amount only."""
        parts, named = [], set[Asset]()
        for part in _PARTS.split(self.template):
            if not part.startswith("{") or not (kind := self.arguments().get(part[1:-1])):
                parts.append(part)
            elif asset := self._asset(kind):
                parts.append(asset.figure(getattr(self, part[1:-1])))
                parts.append(f" {asset.word}" if asset.word and asset not in named else "")
                named.add(asset)
            else:
                parts.append(self._written(kind, getattr(self, part[1:-1])))
        return "".join(parts)

    def _asset(self, kind: object) -> Asset | None:
        """Return the asset of a kind of values; None if the kind is not an amount."""
        counted: dict[object, Asset] = {Units: self.money, Tokens: TOKENS, Amount: self.asset or self.money}
        return counted.get(kind)

    def _written(self, kind: object, value: object) -> str:
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
    """Write bytes in hex digits, for an account without a known name."""
    return f"0x{value.hex()}"


def _typed(kind: Any, value: Any) -> Any:
    is_state = isinstance(kind, type) and issubclass(kind, State) and value in [*kind]
    return kind(value) if is_state else value
