"""The README, run as written: its commands, their output, its Python."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import invoke

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CONSOLE = re.findall(r"```console\n(.*?)```(?:\n\n```text\n(.*?)```)?", README, flags=re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", README, flags=re.DOTALL)
NOT_HERE = ("git clone", "cd pysettle")
"""What the reader has done when this file is there."""
IN_PROCESS = {".venv/bin/pysettle": (), "scripts/demo": ("demo",)}
"""Program -> the words of its command; `.ci/run` runs the script itself."""


def settled(output: str) -> str:
    """Return output without the one figure that differs from run to run."""
    return re.sub(r"Done in [\d.]+ s\.", "Done in a moment.", output).strip()


def _commands() -> list[tuple[str, str]]:
    steps = []
    for block, output in CONSOLE:
        commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
        commands = [command for command in commands if not command.startswith(NOT_HERE)]
        steps += [(command, "") for command in commands[:-1]]
        # An output block follows the last command above it; that of the first demo is after a paragraph.
        steps.append((commands[-1], output))
    outputs = re.findall(r"```text\n(.*?)```", README, flags=re.DOTALL)
    assert steps[0][0].startswith("scripts/demo")
    steps[0] = (steps[0][0], outputs[0])
    return steps


def run(line: str) -> tuple[int, str, str]:
    """Run a line; return its exit code, stdout and stderr.

    A line that is one command of pysettle runs in this process, without the second that each start takes.
    """
    program, *words = shlex.split(line)
    if program in IN_PROCESS and "&&" not in words:
        result = invoke(*IN_PROCESS[program], *words)
        return result.exit_code, result.stdout, result.stderr
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def _parts() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the commands on the demo, and those on a workspace, which need nothing of the demo."""
    steps = _commands()
    (begun,) = (place for place, (command, _) in enumerate(steps) if command.startswith("rm -rf build/town"))
    return steps[:begun], steps[begun:]


@pytest.mark.long
@pytest.mark.parametrize("part", [pytest.param(0, marks=pytest.mark.apart, id="demo"), pytest.param(1, id="workspace")])
def test_the_commands_print_what_the_readme_shows(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command of the README succeeds, in order, and prints what is shown below it; or is refused as shown."""
    monkeypatch.chdir(ROOT)
    for command, output in _parts()[part]:
        code, stdout, stderr = run(command)
        refused = output.startswith("pysettle: ")
        assert (code != 0) == refused, stderr
        if output:
            assert settled(stderr if refused else stdout) == settled(output), command


@pytest.mark.parametrize(("code", "output"), PYTHON)
def test_the_python_prints_what_the_readme_shows(code: str, output: str) -> None:
    """The example in Python runs as it stands."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert run.stdout == output, run.stderr
