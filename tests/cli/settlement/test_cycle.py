"""`pysettle cycle solve`: files without a network, the document, and the cell that is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pysettle.cli import main

OBLIGATIONS = """\
debtor,creditor,currency,amount,priority,index,pair
anna,ben,CNY,100,0,,
ben,cora,CNY,90,0,,
cora,anna,CNY,80,0,,
anna,cora,CNY,30,1,,
anna,ben,CNY,5,1,,
anna,ben,CNY,45,2,,fx
ben,anna,HKD,50,0,,fx
"""
POSITIONS = "participant,currency,reserved\nanna,CNY,25\nben,HKD,50\n"


def solve(folder: Path, *options: str, obligations: str = OBLIGATIONS, positions: str = POSITIONS) -> Result:
    """Solve a cycle in a folder without a workspace."""
    files = {"obligations": obligations, "positions": positions}
    for name, text in files.items():
        (folder / name).write_text(text)
    words = [word for name in files for word in (f"--{name}", str(folder / name))]
    return CliRunner().invoke(main, ["cycle", "solve", *words, *options], env={"PYSETTLE_WORKSPACE": None})


def document(folder: Path, *options: str) -> Any:
    """Return the document of a solution."""
    return json.loads(solve(folder, "--json", *options).stdout)


def test_the_document_has_nets_savings_bound_and_reasons(tmp_path: Path) -> None:
    """Strict settles the ring by 20 yuan of Anna's; each of the four others has its reason."""
    found = document(tmp_path)
    assert found["currencies"][0] == {
        "currency": "CNY",
        "queued_units": "350000000",
        "settled_units": "270000000",
        "moved_units": "20000000",
        "saved_units": "250000000",
    }
    assert (found["settled_count"], found["waiting_count"]) == ("3", "4")
    nets = {(it["name"], it["currency"]): (it["reserved_units"], it["net_units"]) for it in found["positions"]}
    assert nets["anna", "CNY"] == ("25000000", "-20000000")
    assert nets["ben", "HKD"] == ("50000000", "0")
    assert found["total"] == {"currency": None, "settled_units": "270000000", "bound_units": "325000000"}
    reasons = [(it["obligation"], it["reason"], it["lack_units"]) for it in found["waiting"]]
    assert reasons == [
        ("4", "lack", "25000000"),
        ("5", "behind", "0"),
        ("6", "behind", "40000000"),
        ("7", "partner", "0"),
    ]


def test_best_passes_over_what_is_too_large(tmp_path: Path) -> None:
    """With the order free the 5 yuan settle, and no obligation is behind another one."""
    found = document(tmp_path, "--rule", "best")
    assert found["total"]["settled_units"] == "275000000"
    assert [(it["obligation"], it["reason"]) for it in found["waiting"]] == [
        ("4", "lack"),
        ("6", "lack"),
        ("7", "partner"),
    ]


HEADER, *ROWS = OBLIGATIONS.splitlines()


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("anna,anna,CNY,1,0,,", "creditor"),
        (",ben,CNY,1,0,,", "debtor"),
        ("anna,ben,EUR,1,0,,", "currency"),
        ("anna,ben,CNY,0,0,,", "amount"),
        ("anna,ben,CNY,-1,0,,", "amount"),
        ("anna,ben,CNY,1e3,0,,", "amount"),
        ("anna,ben,CNY,1,first,,", "priority"),
        ("anna,ben,CNY,1,4294967296,,", "priority"),
        ("anna,ben,CNY,1,0,2,", "index"),
        ("anna,ben,CNY,1,0,,alone", "pair"),
        ("anna,ben,CNY,1,0,,fx", "pair"),
        ("anna,ben,CNY,1,0,", "pair"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: Path, row: str, column: str) -> None:
    """Each wrong obligation is refused with row and column, exit code 2."""
    result = solve(tmp_path, obligations="\n".join((HEADER, *ROWS, row)))
    assert f"row {len(ROWS) + 2}, column {column}: " in result.stderr
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize(
    ("positions", "place"),
    [
        (POSITIONS + "anna,CNY,1\n", "row 4, column participant"),
        (POSITIONS + "anna,HKD,x\n", "row 4, column reserved"),
        ("participant,currency\n", "row 1, column reserved"),
    ],
)
def test_a_wrong_position_is_named(tmp_path: Path, positions: str, place: str) -> None:
    """Each wrong position is refused with row and column, exit code 2."""
    result = solve(tmp_path, positions=positions)
    assert f"{place}: " in result.stderr
    assert result.exit_code == 2


def test_a_value_beyond_64_bits_is_refused(tmp_path: Path) -> None:
    """A cycle of 2^62 units or more is refused whole, with its value."""
    result = solve(tmp_path, obligations=f"{HEADER}\nanna,ben,CNY,4611686018427.387904,0,,\n")
    assert "gross value of 4611686018427387904 units" in result.stderr
    assert result.exit_code == 2
