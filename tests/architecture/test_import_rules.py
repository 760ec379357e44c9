"""The import rules of `pyproject.toml`, and those of contracts: kept here, and able to catch what breaks them."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pysettle.domain.catalogue import COLUMNS
from pysettle.evm.artifacts import ROOT

VIOLATIONS = {
    "domain/planted.py": ("from pysettle.evm import compiler", "Imports point downwards"),
    "domain/core/planted.py": ("from pysettle.domain.money import events", "Columns stand on those beneath them"),
    "domain/channel/planted.py": (
        "from pysettle.domain.settlement import events",
        "Columns stand on those beneath them",
    ),
    "domain/jobs/planted.py": ("from pysettle.domain.compute import events", "Jobs stand on money alone"),
    "money.py": ("import web3", "The rules know no chain and no compiler"),
    "audit/planted.py": ("from pysettle import client", "The audit does not know who made what it audits"),
    "audit/reader.py": ("from pysettle.evm import backend", "In the audit only extract reads a chain"),
    "errors/money/planted.py": ("from pysettle.errors import compute", "Columns of errors import downwards"),
    "errors/jobs/planted.py": ("from pysettle.errors import channel", "Errors of channels and of jobs are independent"),
    "cli/planted.py": ("from pysettle.evm import backend", "Commands see a network through client and workspace"),
    "cli/money/planted.py": ("from pysettle.domain.money import events", "Commands decode no log"),
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


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Plant every violation in one copy of the package; return what is said of each rule, by its name.

    The one door of the audit to the chain is used once more than it is here.
    """
    copy = tmp_path_factory.mktemp("planted")
    shutil.copytree(ROOT / "pysettle", copy / "pysettle", ignore=shutil.ignore_patterns("artifacts", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    allowed = {"audit/extract.py": ("from pysettle.evm import abi", "")}
    for file, (line, _) in (VIOLATIONS | allowed).items():
        planted = copy / "pysettle" / file
        planted.write_text((planted.read_text() if planted.exists() else "") + f"\n{line}\n")
    result = lint_imports(copy)
    assert result.returncode == 1
    _, _, told = result.stdout.partition("Broken contracts")
    # Each rule is a line, underlined; then come the chains of imports that break it.
    parts = re.split(r"^(.+)\n-+\n", told, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("file", VIOLATIONS)
def test_a_planted_violation_is_caught(file: str, broken: dict[str, str]) -> None:
    """Each rule names itself and the import when it is broken."""
    line, rule = VIOLATIONS[file]
    importer = "pysettle." + file.removesuffix(".py").replace("/", ".")
    imported = re.sub(r"from (\S+) import (\S+)|import (\S+)", r"\1.\2\3", line).strip(".")
    assert f"{importer} -> {imported} " in broken[rule]


def test_extract_may_read_a_chain(broken: dict[str, str]) -> None:
    """The one door of the audit to the chain stays open."""
    assert not [rule for rule, told in broken.items() if "pysettle.audit.extract ->" in told]


def may_import(column: str) -> set[str]:
    """Return the columns whose files those of a column may import, by the catalogue; the core imports none."""
    if column == "core":
        return {"core"}
    beneath = (may_import(name) for name in COLUMNS[column].stands_on)
    return {"core", column}.union(*beneath)


def upward_imports(contracts: Path) -> list[str]:
    """Return each import of a contract, of ours and not of a package, that points to no column beneath its own."""
    found = []
    for source in sorted(contracts.rglob("*.sol")):
        for target in re.findall(r'^\s*import .*?from "(\..*?)";', source.read_text(), re.MULTILINE | re.DOTALL):
            column = (source.parent / target).resolve().parent.name
            if column not in may_import(source.parent.name):
                found.append(f"{source.parent.name}/{source.name} imports {target}")
    return found


def upward_imports_of_modules(package: Path) -> list[str]:
    """Return each import of a module, on its own floor or another, that points to no column beneath its own."""
    found = []
    for module in sorted(package.glob("*/*/**/*.py")):
        column = module.relative_to(package).parts[1]
        if column not in {"core", *COLUMNS}:
            continue
        for target in imported(ast.parse(module.read_text())):
            where = target.split(".")[2:3]
            if where and where[0] in COLUMNS and where[0] not in may_import(column):
                found.append(f"{module.relative_to(package)} imports {target}")
    return found


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield what a module imports of the package, wherever it says so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{it.name}" for it in node.names]
        else:
            names = [it.name for it in node.names] if isinstance(node, ast.Import) else []
        yield from (name for name in names if name.startswith("pysettle."))


def test_modules_import_no_column_above_theirs() -> None:
    """The arrows of the catalogue hold on every floor: for rules, errors, wrappers and commands."""
    assert upward_imports_of_modules(ROOT / "pysettle") == []


@pytest.mark.parametrize(
    ("file", "line", "target"),
    [
        ("client/money/planted.py", "from pysettle.client.compute import plan", "pysettle.client.compute.plan"),
        ("cli/jobs/planted.py", "def f():\n    import pysettle.cli.channel", "pysettle.cli.channel"),
        (
            "domain/core/planted.py",
            "from pysettle.domain.money.events import Issued",
            "pysettle.domain.money.events.Issued",
        ),
        ("errors/compute/planted.py", "from pysettle.errors import channel", "pysettle.errors.channel"),
    ],
)
def test_a_planted_import_of_a_module_is_caught(file: str, line: str, target: str, tmp_path: Path) -> None:
    """An import that points upwards or sideways is named, within a function too."""
    planted = tmp_path / file
    planted.parent.mkdir(parents=True)
    planted.write_text(line)
    assert upward_imports_of_modules(tmp_path) == [f"{file} imports {target}"]


def test_contracts_import_no_column_above_theirs() -> None:
    """Core <- money <- compute <- channel, and money <- jobs: as the rules in Python."""
    assert {folder.name for folder in (ROOT / "contracts").iterdir()} == {"core", *COLUMNS}
    assert upward_imports(ROOT / "contracts") == []


@pytest.mark.parametrize(
    ("file", "target"),
    [
        ("core/Planted.sol", "../money/ICurrencyToken.sol"),
        ("money/Planted.sol", "../compute/Series.sol"),
        ("jobs/Planted.sol", "../channel/IChannelHub.sol"),
        ("jobs/Planted.sol", "../compute/Series.sol"),
    ],
)
def test_a_planted_import_of_a_contract_is_caught(file: str, target: str, tmp_path: Path) -> None:
    """An import that points upwards or sideways is named, over several lines too."""
    shutil.copytree(ROOT / "contracts", tmp_path / "contracts")
    (tmp_path / "contracts" / file).write_text(f'import {{\n    Anything\n}} from "{target}";\n')
    assert upward_imports(tmp_path / "contracts") == [f"{file} imports {target}"]
