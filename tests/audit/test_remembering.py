"""The engine that audits in tests share answers as one that executes everything anew."""

from __future__ import annotations

import pytest

from pysettle.audit.bundle import GENESIS_FILE, Bundle
from pysettle.audit.engines import BlockRefused, PyEvmEngine
from tests.audit import forge
from tests.audit.remembering import RememberingEngine


def test_what_is_remembered_is_what_is_executed(golden_bundle: Bundle) -> None:
    """Outcomes, heads and storage are equal block by block, the second time too; a changed block is still refused."""
    genesis, blocks = golden_bundle.read_file(GENESIS_FILE), forge.raw_blocks(golden_bundle)
    anew, first, second = PyEvmEngine(genesis), RememberingEngine(genesis), RememberingEngine(genesis)
    token = None
    for block in blocks:
        for engine in (first, second):
            with pytest.raises(BlockRefused):
                engine.execute(block[:-1] + bytes([block[-1] ^ 1]))
        outcomes = anew.execute(block)
        assert outcomes == first.execute(block) == second.execute(block)
        token = next((log.address for it in outcomes for log in it.logs), token)
        read = [
            (
                it.head_hash,
                it.head_state_root,
                it.head_timestamp,
                token and it.storage(token, 0),
                token and it.code(token),
            )
            for it in (anew, first, second)
        ]
        assert read[0] == read[1] == read[2]
