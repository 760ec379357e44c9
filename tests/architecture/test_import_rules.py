"""The import rules of `pyproject.toml`: kept here, and able to catch what breaks them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pysettle.evm.artifacts import ROOT

VIOLATIONS = {
    "domain/planted.py": ("from pysettle.evm import compiler", "Imports point downwards"),
    "money.py": ("import web3", "The rules know no chain and no compiler"),
    "audit/planted.py": ("from pysettle import client", "The audit does not know who made what it audits"),
    "audit/reader.py": ("from pysettle.evm import backend", "In the audit only extract reads a chain"),
    "errors/money/planted.py": ("from pysettle.errors import compute", "Columns of errors import downwards"),
    "errors/jobs/planted.py": ("from pysettle.errors import channel", "Errors of channels and of jobs are independent"),
    "client/planted.py": ("from pysettle import audit", "What is audited does not know the audit"),
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the package in a folder."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_rules_are_kept() -> None:
    """No import points the wrong way."""
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("file", VIOLATIONS)
def test_a_planted_violation_is_caught(file: str, tmp_path: Path) -> None:
    """Each rule names itself when it is broken."""
    shutil.copytree(ROOT / "pysettle", tmp_path / "pysettle", ignore=shutil.ignore_patterns("artifacts", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    line, rule = VIOLATIONS[file]
    planted = tmp_path / "pysettle" / file
    planted.write_text((planted.read_text() if planted.exists() else "") + f"\n{line}\n")
    result = lint_imports(tmp_path)
    assert result.returncode == 1
    assert f"{rule} BROKEN" in result.stdout


def test_extract_may_read_a_chain(tmp_path: Path) -> None:
    """The one door of the audit to the chain stays open."""
    shutil.copytree(ROOT / "pysettle", tmp_path / "pysettle", ignore=shutil.ignore_patterns("artifacts", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    extract = tmp_path / "pysettle/audit/extract.py"
    extract.write_text((extract.read_text() if extract.exists() else "") + "\nfrom pysettle.evm import backend\n")
    result = lint_imports(tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
