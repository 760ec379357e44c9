"""An index of a bundle, opened as questions open it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pysettle.audit.records.index import Index
from pysettle.audit.records.reading import Records


@contextmanager
def opened(file: Path) -> Iterator[Records]:
    """Yield the records of an index that is filled."""
    with Index.open(file) as index:
        position = index.position()
        assert position is not None
        yield Records(index, position)
