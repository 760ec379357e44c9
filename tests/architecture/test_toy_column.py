"""A column is new files and one line of the catalogue: one is added to a copy of the checkout, and used there.

Its files stand in `toy`, in the folders in which a developer would write them. So far its rules are there: its events
are booked, checked and listed in a manifest, and its contract is asked.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pysettle.evm.artifacts import ROOT
from tests.architecture.test_import_rules import lint_imports

TOY = ROOT / "tests/architecture/toy"
CATALOGUE = "pysettle/domain/catalogue.py"
LAST = '    "jobs",\n'
LOCKER = "0x" + "04" * 20


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder."""
    named = ["-c", "user.name=toy", "-c", "user.email=toy@localhost"]
    return subprocess.run(["git", *named, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the checkout, and add the column to the copy."""
    copy = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "pysettle", copy / "pysettle", ignore=shutil.ignore_patterns("artifacts", "__pycache__"))
    (copy / "tests/audit").mkdir(parents=True)
    for file in ("pyproject.toml", "tests/audit/logs.py"):
        shutil.copy(ROOT / file, copy / file)
    (copy / ".gitignore").write_text("__pycache__/\n.import_linter_cache/\n")
    git(copy, "init", "--quiet")
    git(copy, "add", "--all")
    git(copy, "commit", "--quiet", "--message", "The checkout")
    shutil.copytree(TOY / "pysettle", copy / "pysettle", dirs_exist_ok=True)
    catalogue = copy / CATALOGUE
    catalogue.write_text(catalogue.read_text().replace(LAST, LAST + '    "toy",\n'))
    return copy


def booked(checkout: Path) -> dict[str, Any]:
    """Return what the audit in a checkout makes of the events of a locker."""
    program = (TOY / "booked.py").read_text()
    done = subprocess.run([sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["package"] == str(checkout / "pysettle")
    return told


def test_it_is_new_files_and_one_line(checkout: Path) -> None:
    """Git shows one line of one file, and otherwise new files."""
    assert git(checkout, "diff", "--numstat").split() == ["1", "0", CATALOGUE]
    changed = git(checkout, "status", "--porcelain").splitlines()
    assert [line for line in changed if not line.startswith("?? ")] == [f" M {CATALOGUE}"]


def test_its_events_are_booked_checked_and_asked_for(checkout: Path) -> None:
    """True events have no finding; a false event and a false answer are each found by name; the manifest lists it."""
    told = booked(checkout)
    assert told["held"] == 4
    assert (told["true"], told["answered"]) == ([], [])
    wrong = f"5 units stated for 0x{'03' * 20}, 4 were stored"
    assert told["false"] == [f"INV-LOCKER block 1 transaction 4: locker {LOCKER}: {wrong}"]
    (finding,) = told["answered falsely"]
    assert finding.startswith(f"INV-REPLAY block 1 locker {LOCKER}: storedOf(0x{'03' * 20})")
    assert [entry for entry in told["manifest"] if entry["name"] == "Locker"] == [
        {"name": "Locker", "address": LOCKER, "currency": "0x" + "01" * 20}
    ]


def test_without_its_check_and_question_nothing_is_found(checkout: Path, tmp_path: Path) -> None:
    """The findings are those of its own check and question, and of nothing else."""
    copy = tmp_path / "checkout"
    shutil.copytree(checkout, copy)
    column = copy / "pysettle/domain/toy/column.py"
    lines = column.read_text().splitlines(keepends=True)
    column.write_text("".join(line for line in lines if not line.startswith(("    checks=", "    questions="))))
    told = booked(copy)
    assert (told["false"], told["answered falsely"]) == ([], [])


def test_it_keeps_the_import_rules(checkout: Path) -> None:
    """No import of the copy points the wrong way."""
    result = lint_imports(checkout)
    assert result.returncode == 0, result.stdout
