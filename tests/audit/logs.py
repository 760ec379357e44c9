"""Logs as contracts emit them, for books that no chain stands behind."""

from __future__ import annotations

from dataclasses import fields

from eth_typing import Address

from pysettle.audit.engines import ExecutedLog
from pysettle.domain.core import events
from pysettle.domain.core.events import Event


def log(emitter: Address, event: Event) -> ExecutedLog:
    """Encode an event as its contract would emit it."""
    topic = next(topic for topic, signature in events.signatures().items() if signature == event.SIGNATURE)
    parameters = event.SIGNATURE.partition("(")[2].split(",")
    topics, data = [topic], b""
    for parameter, field in zip(parameters, fields(event), strict=True):
        value = getattr(event, field.name)
        word = value.to_bytes(32, "big") if isinstance(value, int) else value.rjust(32, b"\0")
        if "indexed" in parameter:
            topics.append(word)
        else:
            data += word
    return ExecutedLog(emitter, tuple(topics), data)
