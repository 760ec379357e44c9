"""Have geth execute a chain; run as a script of its own, never imported.

    python geth_driver.py GETH genesis.json chain.rlp

GETH is the program. Prints one JSON document a line: of block 0, of the last block of each run of blocks that geth has
imported, whose hash commits to those before it, and of a block that geth refuses. RLP, tries, hashes and execution are
those of geth. This file reads geth's log, and the head from geth's database when all is done. It knows nothing of
pysettle.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from typing import Any

FIELDS = {
    "gas used": "gas_used",
    "bloom": "bloom",
    "receipt root hash": "receipt_root",
    "requests hash": "requests_hash",
    "merkle root": "state_root",
}
"""A field of a header in geth's words -> its name."""
HEAD = re.compile(r"\bheadBlock\.(Hash|Number) *\| *(\w+)")
BAD_BLOCK = re.compile(r"BAD BLOCK.*\nBlock: (\d+) .*\nError: (.+)")
OTHER_FIELD = re.compile(r"invalid ([a-z ]+) \(remote: (\S+) +local: (\S+)\)")
TRANSACTION = re.compile(r"could not apply tx (\d+) ")
REASON_MAX = 300
CACHE_MB = "512"
"""Megabytes of geth's caches; it would take four gigabytes."""


def main(geth: str, genesis: str, chain: str) -> None:
    """Execute every block, and tell of it."""
    with tempfile.TemporaryDirectory(prefix="geth-", dir=".") as data:
        begun = subprocess.run([geth, "init", "--datadir", data, genesis], capture_output=True, text=True, check=False)
        if begun.returncode:
            tell(
                {"block": 0, "refused": (begun.stderr.strip().splitlines() or ["no message"])[-1], "transaction": None}
            )
            return
        tell(head(geth, data))
        imported, problems = None, []
        options = ["--datadir", data, "--log.format", "json", "--nocompaction", "--cache", CACHE_MB]
        with subprocess.Popen(
            [geth, "import", *options, chain], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as importing:
            assert importing.stderr is not None
            for entry in map(read_entry, importing.stderr):
                if entry["msg"] == "Imported new chain segment":
                    if imported:
                        tell(imported)
                    imported = {"block": int(entry["number"]), "hash": entry["hash"].removeprefix("0x")}
                elif entry["lvl"] == "error":
                    problems.append((entry["msg"], entry.get("err", "")))
        reached = head(geth, data)
        if reached["block"]:
            tell(reached)
        if problems:
            tell(refused(problems, reached["block"] + 1))


def tell(document: dict[str, Any]) -> None:
    """Print one line."""
    print(json.dumps(document), flush=True)


def read_entry(line: bytes) -> dict[str, Any]:
    """Return an entry of geth's log; one without a level for a line that is none."""
    try:
        return dict(json.loads(line))
    except ValueError:
        return {"lvl": "", "msg": ""}


def head(geth: str, data: str) -> dict[str, Any]:
    """Return the line of the last block in geth's database."""
    answer = subprocess.run([geth, "db", "metadata", "--datadir", data], capture_output=True, text=True, check=True)
    found = dict(HEAD.findall(answer.stdout))
    return {"block": int(found["Number"]), "hash": found["Hash"].removeprefix("0x")}


def refused(problems: list[tuple[str, str]], number: int) -> dict[str, Any]:
    """Return the line of the block that geth refuses.

    Args:
        problems: Errors that geth logged, each as message and reason.
        number: Height of the block, where geth names none.
    """
    for message, _ in problems:
        if bad := BAD_BLOCK.search(message):
            return of_bad_block(int(bad[1]), bad[2])
    message, reason = problems[-1]
    return {"block": number, "refused": (reason or message).strip()[:REASON_MAX], "transaction": None}


def of_bad_block(number: int, problem: str) -> dict[str, Any]:
    """Return the line of a bad block by geth's words about it: a field of its header, or one of its transactions."""
    if (field := OTHER_FIELD.match(problem)) and field[1] in FIELDS:
        return {"block": number, "fields": {FIELDS[field[1]]: [shown(field[2]), shown(field[3])]}}
    transaction = TRANSACTION.match(problem)
    return {"block": number, "refused": problem[:REASON_MAX], "transaction": transaction and int(transaction[1])}


def shown(value: str) -> str:
    """Return a field as the other engines show it: a number, or hex digits with 0x."""
    return value if value.isdecimal() and len(value) < 64 else "0x" + value


if __name__ == "__main__":
    main(*sys.argv[1:])
