"""An export that is killed, or meets another one: nothing that looks whole is left, and the next one finishes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pysettle.audit.bundle import Bundle
from pysettle.audit.extract import export_bundle
from pysettle.audit.writing import writing
from pysettle.errors import UsageError
from pysettle.evm.artifacts import ROOT
from pysettle.evm.embedded import EmbeddedChain
from tests.evm.accounts import genesis

KILLED = """
import os, sys
from pathlib import Path
from pysettle.audit.extract import export_bundle
from pysettle.evm.embedded import EmbeddedChain
from tests.evm.accounts import genesis

chain = EmbeddedChain(genesis())
for _ in range(3):
    chain.seal()
export_bundle(chain, Path(sys.argv[1]), on_progress=lambda did, total: did == 2 and os.kill(os.getpid(), 9))
"""


@pytest.mark.parametrize("over_an_older_one", [False, True])
def test_a_killed_export_leaves_nothing_that_looks_whole(
    small_chain: EmbeddedChain, tmp_path: Path, over_an_older_one: bool
) -> None:
    """After kill -9 an older bundle is whole, or there is none; the next export clears away and finishes."""
    target = tmp_path / "bundle"
    if over_an_older_one:
        export_bundle(EmbeddedChain(genesis()), target)
    command = [sys.executable, "-c", KILLED, str(target)]
    killed = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert target.exists() == over_an_older_one
    assert [path.parent.name for path in tmp_path.rglob("manifest.json")] == ["bundle"] * over_an_older_one
    if over_an_older_one:
        assert len(Bundle.read(target).manifest.hashes) == 1
    assert len(export_bundle(small_chain, target).manifest.hashes) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_two_exports_to_one_place_exclude_each_other(small_chain: EmbeddedChain, tmp_path: Path) -> None:
    """While one export fills a bundle another one to the same place is refused, and the first is not disturbed."""
    target = tmp_path / "bundle"
    with writing(target), pytest.raises(UsageError, match="another export"):
        export_bundle(small_chain, target)
    assert len(export_bundle(small_chain, target).manifest.hashes) == 5
