"""Run pytest as often as asked, each time in a fork of one process that has imported what the tests need.

Imports are half of what a mutant's tests take. A line of JSON on standard input is the arguments of a run; one on
standard output is what came of it: `{"code": exit code, "out": what pytest printed}`; the code is negative where a
signal ended it.
"""

from __future__ import annotations

import json
import os
import signal
import sys

import pytest

import tests.contracts.effects
import tests.contracts.world
import tests.evm.anvil
import tests.evm.eth_tester
import tests.node.process  # noqa: F401

TIMEOUT_S = 600


def run(arguments: list[str]) -> dict[str, object]:
    """Run pytest once; what takes too long is ended."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        signal.alarm(TIMEOUT_S)
        code = pytest.main(arguments)
        sys.stdout.flush()
        os._exit(code)
    os.close(writer)
    with os.fdopen(reader, errors="replace") as printed:
        out = printed.read()
    _, status = os.waitpid(child, 0)
    return {"code": os.waitstatus_to_exitcode(status), "out": out}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
