"""Random mutations of bundles: each is found and named, or is one of the few that no audit of files can find."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from pysettle.audit.bundle import GENESIS_FILE, MANIFEST_FILE, Bundle
from pysettle.audit.report import Report
from pysettle.audit.verify import verify
from pysettle.domain.jobs.contracts import JOB_ESCROW
from pysettle.errors import BundleError
from tests.audit.mutations import Mutated, Mutator
from tests.audit.test_genuine import Stage
from tests.chance import chance, rounds


@pytest.fixture(scope="module")
def mutator(tmp_path_factory: pytest.TempPathFactory) -> Mutator:
    """Return the mutations of the bundle of a currency and an escrow, with a chain of another currency beside it."""
    bundles = []
    for name in ("own", "other"):
        stage = Stage()
        stage.create_currency()
        if name == "own":
            stage.create(JOB_ESCROW)
        bundles.append(stage.bundle(tmp_path_factory.mktemp(name)))
    return Mutator(*bundles)


def judged(mutated: Mutated, bundle: Bundle) -> str:
    """Return how the audit of a mutated bundle ended, in the kinds of the page; fail if it passed without a reason."""
    try:
        report = verify(mutated.directory)
    except BundleError as problem:
        return "the manifest cannot be read" if MANIFEST_FILE in str(problem) else pytest.fail(mutated.story)
    if not report.passed:
        named = [it.finding.subject for it in report.divergences] or [" ".join(report.missing)]
        assert all(re.search(r"file |block |0x|\.json|\.rlp", it) for it in named), (mutated.story, named)
        return "found"
    return allowed(mutated, report, bundle)


def changed(mutated: Mutated, bundle: Bundle) -> tuple[str | int, ...]:
    """Return file and place of a mutation; of a change of bytes in a JSON file, the one field of it that differs."""
    if len(mutated.place) != 1 or not str(name := mutated.place[0]).endswith(".json"):
        return mutated.place
    before, after = (json.loads((it / str(name)).read_bytes()) for it in (bundle.directory, mutated.directory))
    fields = [it for it in before.keys() | after.keys() if before.get(it) != after.get(it)]
    return (name, *fields) if len(fields) == 1 else mutated.place


def allowed(mutated: Mutated, report: Report, bundle: Bundle) -> str:
    """Return why a mutation may pass; fail if it may not."""
    if report.head_hash != bundle.manifest.hashes[-1]:
        assert "no other history" in report.to_text()
        return "another history"
    match changed(mutated, bundle):
        case (name, "config", *_) if name == GENESIS_FILE:
            return "a setting that no block met"
        case (name, "labels" | "source", *_) if name == MANIFEST_FILE:
            return "a label"
        case (name, "contracts", *_) if name == MANIFEST_FILE:
            assert any("is not listed in the manifest" in it.detail for it in report.notices), mutated.story
            return "a notice"
        case _:
            pytest.fail(f"{mutated.story}: it passed\n{report.to_text()}")


@pytest.mark.random
def test_no_mutation_passes_unseen(mutator: Mutator, tmp_path: Path) -> None:
    """Each of the drawn mutations is found, named in a notice, or of a kind that the page lists."""
    ends = Counter[str]()
    for number in range(rounds(200, campaign=5_000)):
        directory = tmp_path / str(number)
        mutated = mutator.draw(chance(f"mutation {number}"), directory)
        if not mutator.is_equal(directory):
            ends[judged(mutated, mutator.bundle)] += 1
        shutil.rmtree(directory)
    print("mutations:", dict(ends))
    assert ends["found"] > ends.total() / 2
    assert Bundle.read(mutator.bundle.directory).manifest == mutator.bundle.manifest
