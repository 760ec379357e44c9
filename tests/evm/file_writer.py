"""A server that forks processes which write to a chain's file, for tests that kill them or make them compete.

Run as a program. Each line of stdin is a JSON list (mode, file). On stdout the process says its id, then what it has to
say, a line each; `ended` follows it. Forking spares the second that loading py-evm takes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pysettle.errors import PysettleError
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.sqlite import SqliteDatabase
from tests.evm.accounts import ALICE, genesis, sign
from tests.evm.bytecode import RECORDER, creation


def say(text: object) -> None:
    """Print a line that the test reads at once."""
    os.write(1, f"{text}\n".encode())


def seal_for_ever(file: Path) -> None:
    """Seal blocks of transfers, creations and advances until killed, and say the number of each."""
    with SqliteDatabase(file, create=True) as database:
        chain = EmbeddedChain(genesis(), database=database)
        while True:
            nonce, number = chain.nonce(ALICE), chain.block().number
            if number % 5 == 4:
                chain.clock.advance(3_600)
            raws = [sign(chain, ALICE, _payee(nonce + n), value=1, nonce=nonce + n) for n in range(number % 4)]
            chain.submit([*raws, sign(chain, ALICE, data=creation(RECORDER), nonce=nonce + len(raws))])
            say(chain.block().number)


def _payee(number: int) -> bytes:
    """Return an account that nobody has used."""
    return b"\x77" * 12 + number.to_bytes(8, "big")


def hold(file: Path) -> None:
    """Take the writer's lock, say so, and keep it until killed."""
    with SqliteDatabase(file):
        say("holding")
        time.sleep(600)


def wait_for_it(file: Path) -> None:
    """Wait for the lock, seal one block, and say its number."""
    with SqliteDatabase(file, wait_s=30) as database:
        chain = EmbeddedChain(genesis(), database=database)
        chain.seal()
        say(chain.block().number)


MODES: dict[str, Callable[[Path], None]] = {"seal": seal_for_ever, "hold": hold, "wait": wait_for_it}


def main() -> None:
    """Fork one process a line until stdin ends."""
    for line in sys.stdin:
        mode, file = json.loads(line)
        if (child := os.fork()) == 0:
            try:
                say(os.getpid())
                MODES[mode](Path(file))
            except PysettleError as problem:
                say(problem)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        say("ended")


if __name__ == "__main__":
    main()
