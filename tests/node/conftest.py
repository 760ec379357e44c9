"""One node for all tests of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.node.process import node


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """Start a fresh node; return where it listens."""
    with node() as listening:
        yield listening
