"""Files that are no bundle, of a size or depth to fill a memory: each gets one clear error, within bounds."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pysettle.audit.bundle import CHAIN_FILE, GENESIS_FILE, MANIFEST_FILE, RECEIPTS_FILE, Bundle
from pysettle.audit.encoding import ITEM_MAX, encode_list
from pysettle.evm.artifacts import ROOT
from pysettle.pins.files import INTERFACES_FILE, SOURCES_FILE

GIGABYTE = 10**9
MOST_KB = 512 * 1024
JUDGE = """
import json, sys
from tests.cli.running import invoke

for arguments in json.load(sys.stdin):
    result = invoke("audit", "verify", *arguments)
    print(json.dumps([result.exit_code, result.stdout + result.stderr]))
(peak,) = (line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak)
"""


def judged(*commands: list[str]) -> list[tuple[int, str]]:
    """Return exit code and text of each `audit verify`, run in a process of its own that stays within the memory."""
    done = subprocess.run(
        [sys.executable, "-c", JUDGE], input=json.dumps(commands), capture_output=True, text=True, check=True, cwd=ROOT
    )
    *lines, peak = done.stdout.splitlines()
    assert int(peak) <= MOST_KB
    return [(code, text) for code, text in map(json.loads, lines)]


def planted(bundle: Bundle, name: str, content: bytes | None, directory: Path) -> list[str]:
    """Return how to verify a copy of a bundle with another file in it; without content, a gigabyte of zeros."""
    copied = shutil.copytree(bundle.directory, directory / f"{len([*directory.iterdir()])}")
    _write(copied / name, content)
    return [str(copied)]


def _write(file: Path, content: bytes | None) -> str:
    with file.open("wb") as stream:
        if content is None:
            stream.truncate(GIGABYTE)  # sparse
        else:
            stream.write(content)
    return str(file)


def nested(depth: int) -> bytes:
    """Return RLP lists, each in another."""
    item = b"\xc0"
    for _ in range(depth):
        item = encode_list([item])
    return item


RLP_BOMBS = {
    "zeros": None,
    "nested": nested(3_000),
    "of many items": encode_list([b"\xc0" * (ITEM_MAX - 8)]),
    "claimed length": b"\xfb\xff\xff\xff\xff" + bytes(64),
    "longest length": b"\xff" * 9 + bytes(64),
}
JSON_BOMBS = {
    "zeros": None,
    "nested": b"[" * 2**20,
    "nested objects": b'{"a":' * 2**18,
    "long number": b'{"chain_id": ' + b"9" * 2**22 + b"}",
    "long text": b'{"a": "' + b"\\u0041" * 2**20,
    "many values": b"[" + b"0," * (2**20 + 1) + b"0]",
    "one name twice": b'{"a": 1, "a": 2}',
}


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_no_file_fills_the_memory(golden_bundle: Bundle, settlement_bundle: Bundle, tmp_path: Path) -> None:
    """Each file of a bundle, of a chain file and of pins may be anything: it is named, and little of it is held."""
    expected, commands = list[str](), list[list[str]]()
    for name, bombs in (
        (CHAIN_FILE, RLP_BOMBS),
        (RECEIPTS_FILE, RLP_BOMBS),
        (GENESIS_FILE, JSON_BOMBS),
        (MANIFEST_FILE, JSON_BOMBS),
    ):
        for bomb in bombs.values():
            commands.append([*planted(golden_bundle, name, bomb, tmp_path), "--level", "R"])
            expected.append(name)
    for name in (SOURCES_FILE, INTERFACES_FILE):
        commands.append([*planted(settlement_bundle, name, None, tmp_path), "--level", "H"])
        expected.append(name)
    genesis, zeros = str(golden_bundle.directory / GENESIS_FILE), _write(tmp_path / "zeros", None)
    commands += [
        ["--genesis", genesis, "--blocks", zeros],
        ["--genesis", zeros, "--blocks", str(golden_bundle.directory / CHAIN_FILE)],
        [str(golden_bundle.directory), "--pins", zeros],
        *(
            ["--genesis", genesis, "--blocks", _write(tmp_path / f"{place}.rlp", bomb)]
            for place, bomb in enumerate(RLP_BOMBS.values())
        ),
    ]
    expected += ["block 1:", "zeros", "zeros", *["block 1:"] * len(RLP_BOMBS)]
    for command, said, (code, text) in zip(commands, expected, judged(*commands), strict=True):
        assert code in (2, 6, 7), (command, text)
        assert said in text, (command, text)
        assert "Traceback" not in text
