"""Tables within 80 columns, and whole with `--wide`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
from hypothesis import given
from hypothesis import strategies as st

from pysettle.cli import main
from pysettle.cli.output import table, widen
from tests.cli.running import ComputeTown, invoke

ROOT = Path(__file__).parents[2]
CUT = "… is cut to fit 80 columns: --wide shows it whole"
ID = "0x" + 16 * "70a41e5e"


def _whole(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    with click.Context(main):
        widen()
        return table(header, rows)


def _cut(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    with click.Context(main):
        return table(header, rows)


def test_what_fits_is_printed_whole() -> None:
    """The first column stands to the left, the others to the right."""
    assert _cut(("a", "amount"), [("xyz", "1")]) == "a    amount\n───  ──────\nxyz       1"
    assert _cut(("a", "b"), []) == "a  b\n─  ─"


def test_the_widest_ids_are_cut() -> None:
    """An id keeps how it begins, by which a channel is named; amounts and dates stay as they are."""
    rows = [(ID, "1,000,000.000001 yuan", "2026-01-01 00:00:00 UTC (1767225600)", "open")]
    *lines, cut = _cut(("order", "amount", "until", "stands"), rows).split("\n")
    assert cut == CUT
    assert max(map(len, lines)) == 80
    assert lines[-1].startswith("0x70a41e5")
    assert all(cell in lines[-1] for cell in rows[0][1:])
    assert ID in _whole(("order", "amount", "until", "stands"), rows)


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="ascii", categories=("L", "N", "P")), max_size=90),
            st.integers(-(10**30), 10**30).map(str),
            st.binary(max_size=40).map(lambda it: "0x" + it.hex()),
        ),
        max_size=4,
    )
)
def test_no_line_is_longer_and_no_number_is_cut(rows: list[tuple[str, str, str]]) -> None:
    """Whatever the cells are: lines have 80 columns at most unless numbers alone need more, which stay whole."""
    header = ("text", "number", "id")
    lines = _cut(header, rows).split("\n")
    starts_with_digit = any(text.lstrip("-")[:1].isdigit() and not text.startswith("0x") for text, _, _ in rows)
    assert starts_with_digit or max(map(len, lines)) <= 80
    for (_, number, _), line in zip(rows, lines[2:], strict=False):
        assert number in line
    assert "…" not in _whole(header, rows)


def _that_print_tables() -> Iterator[tuple[str, str]]:
    """Yield module and function of each command whose code makes a table, itself or by a function beside it."""
    for file in sorted((ROOT / "pysettle" / "cli").rglob("*.py")):
        functions = {it.name: it for it in ast.parse(file.read_text()).body if isinstance(it, ast.FunctionDef)}
        named = {
            name: {it.id for it in ast.walk(function) if isinstance(it, ast.Name)}
            for name, function in functions.items()
        }
        making = {"table"}
        while more := {name for name, used in named.items() if used & making} - making:
            making |= more
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        yield from ((module, name) for name in sorted(making & functions.keys()) if name != "table")


def test_every_command_that_prints_a_table_has_the_option() -> None:
    """Whoever reads that something is cut can see it whole."""
    found = 0
    for module, name in _that_print_tables():
        command = getattr(import_module(module), name)
        if isinstance(command, click.Command):
            assert "--wide" in {it for parameter in command.params for it in parameter.opts}, (module, name)
            found += 1
    assert found > 20


def test_lists_of_a_market_fit(compute_town: ComputeTown) -> None:
    """Ids are cut in lists and in terms; with the option they are whole."""
    compute_town.say("market buy --series DSV4 --tokens 1000000")
    compute_town.say("channel open --series DSV4 --tokens 1000000")
    for line in ("market list", "market compute", "market show --series DSV4", "channel list", "market index"):
        printed = compute_town.say(line)
        assert max(map(len, printed.splitlines())) <= 80, printed
    compute = compute_town.read("market compute")["compute"][0]["compute"]
    assert compute not in compute_town.say("market compute")
    assert compute in compute_town.say("market compute --wide")


def test_names_to_be_typed_are_whole() -> None:
    """The list of cases fits: its names are the arguments of `scenario run`."""
    listed = invoke("scenario", "list")
    assert listed.exit_code == 0
    assert "…" not in listed.stdout
    assert "mbridge-2022-netted" in listed.stdout
