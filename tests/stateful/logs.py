"""Events of the specification as the logs that a contract has to write, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import astuple, fields
from functools import cache
from typing import Any

from eth_hash.auto import keccak
from eth_typing import Address

from pysettle.domain.core.events import Event
from pysettle.domain.core.messages import ChannelConfig
from pysettle.domain.jobs.terms import OrderTerms
from pysettle.domain.settlement.clearing_events import NetPosition
from pysettle.domain.settlement.corridors import Corridor, CorridorTerms
from pysettle.domain.settlement.messages import Instruction
from pysettle.domain.settlement.quotes import Quote
from pysettle.evm import abi
from pysettle.evm.backend import Log

Written = tuple[Address, tuple[bytes, ...], bytes]
"""Emitter, topics and data."""

_PARAMETER = re.compile(r"((?:\((?:[^()]|\([^()]*\))*\)|[^,(])+)(?:,|$)")


@cache
def _form(kind: type[Event]) -> tuple[bytes, tuple[tuple[str, str, bool], ...]]:
    """Return the first topic of a kind of events, and of each field (attribute, Solidity type, whether a topic)."""
    name, _, declared = kind.SIGNATURE.removesuffix(")").partition("(")
    words = [parameter.split() for parameter in _PARAMETER.findall(declared)]
    topic = keccak(f"{name}({','.join(it[0] for it in words)})".encode())
    attributes = [it.name for it in fields(kind)]
    return topic, tuple((at, it[0], "indexed" in it) for at, it in zip(attributes, words, strict=True))


def expected(events: Iterable[tuple[Address, Event]]) -> list[Written]:
    """Return the logs of events."""
    return [(emitter, *_encoded(event)) for emitter, event in events]


def found(logs: Iterable[Log]) -> list[Written]:
    """Return logs without their places."""
    return [(log.address, log.topics, log.data) for log in logs]


def _encoded(event: Event) -> tuple[tuple[bytes, ...], bytes]:
    topic, parameters = _form(type(event))
    topics, kinds, values = [topic], [], []
    for attribute, kind, is_topic in parameters:
        value = _given(getattr(event, attribute))
        if is_topic:
            topics.append(abi.encode((kind,), (value,)))
        else:
            kinds.append(kind)
            values.append(value)
    return tuple(topics), abi.encode(kinds, values)


def _given(value: Any) -> Any:
    """Return a value as the ABI takes it."""
    if isinstance(value, NetPosition):
        turnover = value.received << 128 | value.paid
        return value.account + value.reserved.to_bytes(12, "big"), turnover.to_bytes(32, "big")
    if isinstance(value, tuple):
        return tuple(map(_given, value))
    structs = ChannelConfig, Corridor, CorridorTerms, Instruction, OrderTerms
    if isinstance(value, Quote):
        return astuple(value)
    return value.fields() if isinstance(value, structs) else value
