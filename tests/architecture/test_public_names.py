"""The public names: those of the README's program and their like, sorted, each loaded when it is first used."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module

import pytest

import pysettle
from pysettle.evm.artifacts import ROOT


@pytest.mark.parametrize("package", ["pysettle", "pysettle.client"])
def test_names_are_sorted_and_there(package: str) -> None:
    """Every name is listed once, in order, and is what the module that has it calls so."""
    module = import_module(package)
    assert list(module.__all__) == sorted(set(module.__all__)) == sorted(module._HOMES)
    for name, home in module._HOMES.items():
        assert getattr(module, name) is getattr(import_module(home), name)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = module.nothing


def test_the_readme_needs_no_other_import() -> None:
    """The program in the README imports from the package alone."""
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    imported = re.findall(r"^(?:from|import) (\S+)", program, flags=re.MULTILINE)
    assert set(imported) == {"pysettle"}


def test_a_name_loads_no_more_than_it_needs() -> None:
    """To import the package loads nothing else of it; a name of the rules loads no chain."""
    program = (
        "import sys, pysettle; assert not [it for it in sys.modules if it.startswith('pysettle.')]; "
        "from pysettle import Currency; assert 'eth' not in sys.modules and 'pysettle.evm' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert "Currency" in pysettle.__all__
