"""The questions of `pysettle audit` in a shell: the first one fills the index, every answer names bundle and level."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pysettle.audit.bundle import Bundle
from pysettle.audit.records.filling import manifest_hash
from tests.cli.running import Town, invoke


@pytest.fixture(scope="module")
def exported(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the bundle of a workspace with two currencies, in which alice paid bob; its index is filled."""
    folder = tmp_path_factory.mktemp("asked")
    town = Town(Path(shutil.copytree(founded, folder / "town")))
    town.say("token transfer --from alice --to bob --amount 12.5")
    town.say(f"audit export --out {folder / 'bundle'}")
    assert invoke("audit", "roll-forward", "--bundle", str(folder / "bundle")).exit_code == 0
    return folder / "bundle"


def asked(bundle: Path, *words: str) -> list[str]:
    """Return the lines of an answer."""
    result = invoke("audit", *words, "--bundle", str(bundle))
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_every_answer_names_bundle_and_level(exported: Path) -> None:
    """In text as its first lines, in the document as its first fields; the index lies beside the bundle."""
    identity = manifest_hash(Bundle.read(exported).manifest)
    assert exported.with_name("bundle.index.sqlite").is_file()
    for words in (
        ["statement", "alice"],
        ["trial-balance"],
        ["roll-forward"],
        ["powers"],
        ["refusals"],
        ["query", "--party", "bob"],
    ):
        head, manifest, *lines = asked(exported, *words)
        assert head == "Audit of a simulation: PASSED, level S"
        assert manifest == f"  manifest    0x{identity}"
        assert max((len(it) for it in lines if "  " in it), default=0) <= 80, words
        document = json.loads("\n".join(asked(exported, *words, "--json")))
        assert (document["manifest_hash"], document["level"]) == (f"0x{identity}", "S")
        assert document["verdict"] == "PASSED, level S"


def test_a_statement_reads_like_one(exported: Path) -> None:
    """Opening, movements with names, and closing, in yuan; on another day there is nothing."""
    lines = [" ".join(line.split()) for line in asked(exported, "statement", "bob", "--wide")]
    assert "opening 0.00 yuan" in lines
    (movement,) = (line for line in lines if line.endswith("alice 12.50 12.50"))
    assert movement.split()[1] == "2026-01-01"
    assert lines[-1] == "closing 12.50 yuan"
    assert "Nothing moved" not in "\n".join(asked(exported, "statement", "bob", "--to", "2026-01-01+08:00"))
    assert asked(exported, "statement", "carol")[-1].startswith("Nothing moved on 0x")


def test_rows_are_files(exported: Path, tmp_path: Path) -> None:
    """Each kind in either form; a file that is there stays as it is."""
    for kind in ("transactions", "events", "postings"):
        for end in ("csv", "jsonl"):
            file = tmp_path / f"{kind}.{end}"
            said = asked(exported, "rows", kind, str(file))[-1]
            count = len(file.read_text().splitlines()) - (end == "csv")
            assert said == f"Wrote {count} {kind} to {file}."
    again = invoke("audit", "rows", "events", str(tmp_path / "events.csv"), "--bundle", str(exported))
    assert (again.exit_code, "is not replaced" in again.stderr) == (2, True)
    asked(exported, "statement", "alice", "--out", str(tmp_path / "alice.jsonl"))
    movements = [json.loads(line) for line in (tmp_path / "alice.jsonl").read_text().splitlines()]
    assert {it["currency"] for it in movements} == {"CNY", "HKD"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["statement", "nobody"], "no name of this index"),
        (["query"], "name what to look for"),
        (["trial-balance", "--to", "2026-01-01", "--block", "3"], "give one of them"),
        (["trial-balance", "--from", "today"], "no day and no moment"),
        (["trial-balance", "--index", "{bundle}/index.sqlite"], "outside it"),
    ],
)
def test_a_wrong_question_is_refused(exported: Path, words: list[str], said: str) -> None:
    """In one line that names the mistake."""
    filled = [word.format(bundle=exported) for word in words]
    result = invoke("audit", *filled, "--bundle", str(exported))
    assert (result.exit_code, said in result.stderr) == (2, True), result.output


def test_a_changed_index_and_a_failed_audit_end_with_7(exported: Path, tmp_path: Path) -> None:
    """A wrong row is no answer; an answer on a history with findings is printed, and says so."""
    index = Path(shutil.copy(exported.with_name("bundle.index.sqlite"), tmp_path))
    words = ("audit", "trial-balance", "--bundle", str(exported), "--index", str(index))
    with closing(sqlite3.connect(index)) as database, database:
        database.execute("UPDATE meta SET value = 'FAILED, level S' WHERE name = 'verdict'")
    failed = invoke(*words)
    assert (failed.exit_code, "issuance" in failed.stdout) == (7, True)
    assert "FAILED, level S" in failed.stderr
    with closing(sqlite3.connect(index)) as database, database:
        database.execute("UPDATE postings SET amount = '1' WHERE side = 0")
    changed = invoke(*words)
    assert (changed.exit_code, changed.stdout) == (7, "")
    assert "delete the index" in changed.stderr


def test_a_question_to_a_damaged_bundle_names_the_check(exported: Path, tmp_path: Path) -> None:
    """The books do not come to the head, so that there is no answer and no index."""
    damaged = Path(shutil.copytree(exported, tmp_path / "bundle"))
    (damaged / "chain.rlp").write_bytes(b"")
    result = invoke("audit", "trial-balance", "--bundle", str(damaged))
    assert (result.exit_code, result.stdout) == (7, "")
    assert "chain.rlp" in result.stderr
    assert [it.name for it in tmp_path.iterdir()] == ["bundle"]
