"""A column is new files and one line of the catalogue: one is added to a copy of the checkout, and used there.

Its files stand in `toy`, in the folders in which a developer would write them: a contract that holds e-CNY for others,
and its rules, errors, wrapper and commands. It is built, deployed, used, booked, exported and audited in the copy.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pysettle.evm.artifacts import FOLDER, ROOT
from tests.architecture.test_import_rules import lint_imports

TOY = ROOT / "tests/architecture/toy"
CATALOGUE = "pysettle/domain/catalogue.py"
LAST = '    "jobs",\n'
LIES = {
    "contract Locker": "contract FalseLocker",
    "emit Returned(msg.sender, amount, stored)": "emit Returned(msg.sender, amount, stored + 1)",
    "return _stored[account]": "return _stored[account] + 2",
}
"""Line of the locker -> the same in a locker whose event and whose answer are false."""
OUTCOMES = (0, 0, 0, 0, 5, 0, 0)
"""Exit code of each command of `used.py`: more is taken back than was stored, which the locker refuses."""


def run(*command: str | Path, folder: Path) -> str:
    """Run a program in a folder; return what it said, which is an error where it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder."""
    return run("git", "-c", "user.name=toy", "-c", "user.email=toy@localhost", *arguments, folder=folder)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the checkout with what it has built, and add the column to the copy."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("pysettle", "contracts"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", ".gitignore"):
        shutil.copy(ROOT / name, copy)
    (copy / "node_modules").symlink_to(ROOT / "node_modules")
    git(copy, "init", "--quiet")
    git(copy, "add", "--all")
    git(copy, "commit", "--quiet", "--message", "The checkout")
    for name in ("pysettle", "contracts"):
        shutil.copytree(TOY / name, copy / name, dirs_exist_ok=True)
    catalogue = copy / CATALOGUE
    catalogue.write_text(catalogue.read_text().replace(LAST, LAST + '    "toy",\n'))
    return copy


@pytest.fixture(scope="module")
def built(checkout: Path) -> Path:
    """Build the contracts of the column in the copy, and beside its locker one that lies."""
    locker = (checkout / "contracts/toy/Locker.sol").read_text()
    for true, false in LIES.items():
        assert locker.count(true) == 1, true
        locker = locker.replace(true, false)
    (checkout / "contracts/toy/FalseLocker.sol").write_text(locker)
    run(sys.executable, "-m", "pysettle.evm.artifacts", "toy", folder=checkout)
    assert {"Locker.json", "ILocker.json"} <= {path.name for path in (checkout / FOLDER).iterdir()}
    return checkout


@pytest.fixture(scope="module")
def used(built: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Use the locker in the copy; return what each step said."""
    folder = tmp_path_factory.mktemp("used")
    told: dict[str, Any] = json.loads(run(sys.executable, "-c", (TOY / "used.py").read_text(), folder, folder=built))
    assert told["package"] == str(built / "pysettle")
    return told


def audited(bundle: str, checkout: Path) -> dict[str, Any]:
    """Return what the audit in a checkout says of a bundle."""
    command = [sys.executable, "-m", "pysettle", "audit", "verify", bundle, "--json"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 7), done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def findings(report: dict[str, Any]) -> list[str]:
    """Return the findings of a report in words."""
    return [f"{it['code']} {it['subject']}: {it['detail']}" for it in report["findings"]]


def lies(used: dict[str, Any]) -> tuple[str, str]:
    """Return the findings on the false locker: that of its event, and that of its answer."""
    locker, alice, block = used["false locker"], used["alice"], f"block {used['head']}"
    return (
        f"INV-LOCKER {block} transaction 2: locker {locker}: 4000001 units stated for {alice}, 4000000 were stored",
        f"INV-REPLAY {block} locker {locker}: storedOf({alice}): expected 4000000, got 4000002",
    )


@pytest.mark.apart
def test_it_is_deployed_and_has_commands(used: dict[str, Any]) -> None:
    """The network has its contract with the code of the build, and commands use it; a refusal is in words."""
    assert "Lockers:\n  locker  Keep e-CNY in the locker, and take it back.\n" in used["help"]
    codes, words = zip(*used["commands"], strict=True)
    assert codes == OUTCOMES, words
    deployed, verified, _, stored, refused, returned, shown = words
    assert "\nLocker " in deployed
    assert re.search(r"^Locker +as built$", verified, re.MULTILINE)
    assert stored.startswith("stored for alice: 0.00 -> 7.00 yuan\n")
    why = "Locker: LockerShort: alice has 7.00 yuan in the locker; 8.00 asked for; take back less"
    assert refused == f"pysettle: {why}\n"
    assert returned.startswith("stored for alice: 7.00 -> 4.00 yuan\n")
    assert shown == "stored for alice: 4.00 yuan\n"


@pytest.mark.apart
def test_it_is_booked_and_checked(used: dict[str, Any]) -> None:
    """Books that follow the chain have what is stored, and nothing to object."""
    assert used["books"] == {"stored": 4_000_000, "findings": []}


@pytest.mark.apart
def test_it_is_exported_and_verified(used: dict[str, Any], checkout: Path) -> None:
    """The manifest lists it with its currency; the audit passes at S and L, without a notice."""
    (listed,) = (
        it
        for it in json.loads((Path(used["true"]) / "manifest.json").read_bytes())["contracts"]
        if it["name"] == "Locker"
    )
    assert listed["currency"] == used["currency"]
    report = audited(used["true"], checkout)
    assert [report["checks"][it] for it in "SGL"] == ["passed"] * 3
    assert report["passed"]
    assert report["notices"] == []


@pytest.mark.apart
def test_a_false_event_and_a_false_answer_are_found(used: dict[str, Any], checkout: Path) -> None:
    """The history stands; in the books the event and the answer are each named, and nothing else; so is the code."""
    report = audited(used["false"], checkout)
    assert [report["checks"][it] for it in "SGL"] == ["passed", "failed", "failed"]
    code, *others = findings(report)
    assert f"Locker {used['false locker']}: it was created by " in code
    assert tuple(others) == lies(used)


@pytest.mark.apart
@pytest.mark.parametrize(("without", "left"), [("checks", 1), ("questions", 0)])
def test_what_its_column_does_not_look_at_is_not_found(
    without: str, left: int, used: dict[str, Any], checkout: Path, tmp_path: Path
) -> None:
    """Without its check the false event is not found, and without its question the false answer."""
    shutil.copytree(checkout / "pysettle", tmp_path / "pysettle", ignore=shutil.ignore_patterns("artifacts"))
    column = tmp_path / "pysettle/domain/toy/column.py"
    lines = column.read_text().splitlines(keepends=True)
    column.write_text("".join(line for line in lines if not line.startswith(f"    {without}=")))
    (tmp_path / FOLDER).symlink_to(checkout / FOLDER)
    assert findings(audited(used["false"], tmp_path))[1:] == [lies(used)[left]]


@pytest.mark.apart
def test_it_is_new_files_and_one_line(used: dict[str, Any], checkout: Path) -> None:
    """After all of this git shows one line of one file, and otherwise new files."""
    assert git(checkout, "diff", "--numstat").split() == ["1", "0", CATALOGUE]
    changed = git(checkout, "status", "--porcelain").splitlines()
    assert [line for line in changed if not line.startswith("?? ")] == [f" M {CATALOGUE}"]


def test_it_keeps_the_import_rules(checkout: Path) -> None:
    """No import of the copy points the wrong way."""
    result = lint_imports(checkout)
    assert result.returncode == 0, result.stdout
