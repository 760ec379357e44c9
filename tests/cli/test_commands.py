"""The command line as a person meets it: output, exit codes, refusals in one line."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from pysettle.cli import main
from pysettle.cli.main import children
from tests.cli.documents import problems

INTEGER = re.compile(r"^\d+$")


def invoke(*arguments: str) -> Result:
    """Run a command as the shell would."""
    return CliRunner().invoke(main, arguments)


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a small trace."""
    file = tmp_path_factory.mktemp("trace") / "trace.csv"
    rows = [f"2023-11-16 18:17:{second:02},{100 + second},{second + 1}" for second in range(40)]
    file.write_text("\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *rows]) + "\n")
    return file


@pytest.fixture(scope="module")
def exported(trace: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """Run a demo that exports its bundle; return the bundle and what was printed."""
    directory = tmp_path_factory.mktemp("out") / "bundle"
    result = invoke("demo", "--trace", str(trace), "--json", "--out", str(directory))
    assert result.exit_code == 0, result.output
    return directory, result


@pytest.fixture(scope="module")
def bundle(exported: tuple[Path, Result]) -> Path:
    """Return the bundle of a demo."""
    return exported[0]


def test_demo_prints_one_document(exported: tuple[Path, Result]) -> None:
    """`--json` prints exactly the documented fields, integers as decimal strings."""
    directory, result = exported
    document = json.loads(result.stdout)
    assert list(document) == [
        "schema",
        "request_count",
        "usage_llm_tokens",
        "delivered_tokens",
        "currency",
        "paid_units",
        "transaction_count",
        "block_count",
        "gas_used",
        "voucher_count",
        "audit",
        "elapsed_s",
    ]
    assert document["schema"] == "pysettle.demo/1"
    assert problems(document) == []
    assert document["currency"] == "CNY"
    assert document["request_count"] == document["voucher_count"] == "40"
    meters = {"cached_input": "0", "input": str(sum(range(100, 140))), "output": str(sum(range(1, 41)))}
    nothing = dict.fromkeys(meters, "0")
    assert document["usage_llm_tokens"] == {**meters, "peak": nothing, "off_peak": meters}
    tokens = 30 * int(meters["input"]) + 90 * int(meters["output"])
    assert document["delivered_tokens"] == str(tokens)
    assert document["paid_units"] == str(tokens * 150_000 // 1_000_000)
    for name in ("transaction_count", "block_count", "gas_used"):
        assert INTEGER.match(document[name])
    assert document["audit"]["level"] == "S"
    assert document["audit"]["findings"] == []
    assert re.match("^0x[0-9a-f]{64}$", document["audit"]["head_state_root"])
    assert document["audit"]["bundle"] == str(directory)
    assert float(document["elapsed_s"]) > 0


def test_demo_prints_a_summary(trace: Path) -> None:
    """A person reads the figures, and that this is a simulation; `test_readme.py` has those of the whole demo."""
    result = invoke("demo", "--trace", str(trace))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Settlement of 40 API requests (simulation, seed 0)\n")
    assert "paid to the provider" in result.stdout
    assert "level S, verified by re-execution" in result.stdout


def test_a_verified_bundle_exits_0(bundle: Path) -> None:
    """`audit verify` ends with 0 when everything holds, in text and as JSON."""
    text = invoke("audit", "verify", str(bundle))
    assert text.exit_code == 0, text.output
    assert "simulation" in text.stdout
    document = json.loads(invoke("audit", "verify", str(bundle), "--json").stdout)
    assert document["schema"] == "pysettle.audit-verify/1"
    assert document["level"] == "S"


def test_a_changed_byte_exits_7_and_names_the_block(bundle: Path, tmp_path: Path) -> None:
    """One changed byte of chain.rlp ends with 7, and the line on stderr names the block."""
    changed = tmp_path / "bundle"
    shutil.copytree(bundle, changed)
    content = bytearray((changed / "chain.rlp").read_bytes())
    content[len(content) // 2] ^= 1
    (changed / "chain.rlp").write_bytes(content)
    result = invoke("audit", "verify", str(changed))
    assert result.exit_code == 7
    assert re.search(r"block \d+", result.stderr)


@pytest.mark.parametrize("manifest", [None, "", "{", "[]", '{"schema": "pysettle.bundle/999"}'])
def test_an_unreadable_manifest_exits_6(bundle: Path, tmp_path: Path, manifest: str | None) -> None:
    """Without a readable manifest there is nothing to verify: 6, in one line."""
    changed = tmp_path / "bundle"
    shutil.copytree(bundle, changed)
    if manifest is None:
        (changed / "manifest.json").unlink()
    else:
        (changed / "manifest.json").write_text(manifest)
    result = invoke("audit", "verify", str(changed))
    assert result.exit_code == 6
    assert result.stderr.count("\n") == 1
    assert invoke("audit", "verify", str(tmp_path / "nothing")).exit_code == 6


def test_a_malformed_trace_exits_2_and_leaves_nothing(tmp_path: Path) -> None:
    """A bad row ends with 2 and one line naming file, row and column; no bundle is left half-made."""
    file, out = tmp_path / "trace.csv", tmp_path / "bundle"
    file.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,4808,ten\n")
    result = invoke("demo", "--trace", str(file), "--out", str(out))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    for part in (str(file), "row 2", "GeneratedTokens"):
        assert part in result.stderr
    assert list(tmp_path.iterdir()) == [file]


def test_a_directory_that_is_no_bundle_is_not_overwritten(trace: Path, tmp_path: Path) -> None:
    """`--out` refuses a directory with other people's files, before anything is run, and leaves them alone."""
    (tmp_path / "thesis.txt").write_text("years of work")
    result = invoke("demo", "--trace", str(trace), "--out", str(tmp_path))
    assert result.exit_code == 2, result.output
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def _commands(command: click.Command, *names: str) -> list[tuple[str, ...]]:
    nested = children(command) if isinstance(command, click.Group) else ()
    return [names, *(path for name, child in nested for path in _commands(child, *names, name))]


@pytest.mark.parametrize("names", _commands(main), ids=" ".join)
def test_every_command_has_help(names: tuple[str, ...]) -> None:
    """Each command says what it does, and each option what it is for."""
    result = invoke(*names, "--help")
    assert result.exit_code == 0
    command: click.Command = main
    for name in names:
        assert isinstance(command, click.Group)
        command = dict(children(command))[name]
    assert command.help
    assert all(option.help for option in command.params if isinstance(option, click.Option) and option.name != "help")


def test_unknown_options_exit_2() -> None:
    """A misspelled option is a usage error."""
    assert invoke("demo", "--sead", "1").exit_code == 2
