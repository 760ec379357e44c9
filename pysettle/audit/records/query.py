"""The events that name a party, an order, a channel or a series."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pysettle.audit.records.period import Period
from pysettle.audit.records.reading import Records
from pysettle.audit.records.rows import EventRow

_NAMES = "AND EXISTS (SELECT * FROM mentions m WHERE m.value = ? AND m.block = e.block AND m.log = e.log)"


def events_of(
    records: Records, wanted: Mapping[str, str], period: Period
) -> tuple[dict[str, bytes], Iterator[EventRow]]:
    """Return the ids of the things that are looked for, and the events of a period that name all of them.

    Args:
        records: The rows.
        wanted: `party`, `order`, `channel` or `series` -> its name, address, symbol, or how its id begins.
        period: Blocks of the events.

    Raises:
        UsageError: nothing in the index is called so, or several things are.
    """
    read: dict[str, Callable[[str], bytes]] = {
        "party": records.owner,
        "order": lambda text: records.identified(text, 32),
        "channel": lambda text: records.identified(text, 32),
        "series": lambda text: _series(records, text),
    }
    ids = {kind: read[kind](text) for kind, text in wanted.items()}
    return ids, records.events(period, " ".join([_NAMES] * len(ids)), tuple(ids.values()))


def _series(records: Records, text: str) -> bytes:
    named = [it.address for it in records.assets.values() if not it.is_currency and it.symbol == text]
    return named[0] if len(named) == 1 else records.identified(text, 20)
