"""What ours is compared with: the naive sender in an environment of its own, and the node of Foundry."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from eth_account import Account

from pysettle.domain.core.signing import Signer
from pysettle.evm.artifacts import ROOT
from tests.benchmarks.plain_token import plain_token

ACCOUNTS = 20
"""Accounts that transfer among themselves, on either side."""
VALUE = 10**12
"""Smallest units each account begins with."""

_PYTHON = ROOT / "build" / "naive" / "bin" / "python"
_ANVIL = ROOT / "node_modules" / ".bin" / "anvil"
_START_S = 30
_MNEMONIC = "test test test test test test test test test test test junk"

Transfer = tuple[int, int, int]
"""Sender and recipient by their places among the accounts, and the smallest units."""


def transfers(number: int, count: int) -> list[Transfer]:
    """Return the transfers of a round: each account in turn, to one further on, of an amount of its own."""
    return [
        (place % ACCOUNTS, (place + 1 + (number + place) % (ACCOUNTS - 1)) % ACCOUNTS, 1_000 + place)
        for place in range(count)
    ]


def scratch() -> tempfile.TemporaryDirectory[str]:
    """Return a directory in `build/`, on the disk of the checkout: what is in memory is no storage."""
    (ROOT / "build").mkdir(exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / "build")


class NaiveSender:
    """web3.py as pip installs it, with one `transact()` and one receipt a transfer."""

    def __init__(self, stdin: IO[str], stdout: IO[str]) -> None:
        """Speak to a running `naive.py`."""
        self._stdin, self._stdout = stdin, stdout

    @classmethod
    @contextmanager
    def running(cls, url: str | None = None) -> Iterator[NaiveSender]:
        """Run the naive sender on eth-tester in its own process, or on the node of that URL."""
        token = plain_token()
        first = {"url": url, "abi": token.abi, "bytecode": "0x" + token.bytecode.hex(), "value": VALUE}
        command = [str(_PYTHON), "-I", str(Path(__file__).with_name("naive.py"))]
        # What pysettle sets for itself must not make the anchor any other than pip installs it.
        environment = {name: value for name, value in os.environ.items() if name != "ETH_HASH_BACKEND"}
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            sender = cls(process.stdin, process.stdout)
            sender._write(first)
            try:
                yield sender
            finally:
                process.stdin.close()

    def per_second(self, batch: Sequence[Transfer]) -> float:
        """Make transfers; return how many a second were made."""
        self._write(batch)
        answer = self._stdout.readline()
        if not answer:
            raise RuntimeError("the naive sender ended; what it said is above")
        return len(batch) / float(json.loads(answer))

    def _write(self, document: object) -> None:
        self._stdin.write(json.dumps(document) + "\n")
        self._stdin.flush()


def our_signers() -> list[Signer]:
    """Return the keys of the accounts on `anvil` that are ours."""
    return _signers(ACCOUNTS)


def node_signers() -> list[Signer]:
    """Return the keys of the accounts on `anvil` that are the anchor's."""
    return _signers(0)


def _signers(first: int) -> list[Signer]:
    Account.enable_unaudited_hdwallet_features()
    paths = (f"m/44'/60'/0'/0/{first + place}" for place in range(ACCOUNTS))
    return [Signer(bytes(Account.from_mnemonic(_MNEMONIC, account_path=path).key)) for path in paths]


@contextmanager
def anvil() -> Iterator[str]:
    """Run Foundry's node on a port of its own; yield its URL.

    It signs for the accounts of its usual mnemonic: the first 20 are the anchor's, the 20 after them ours.
    """
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    accounts = str(2 * ACCOUNTS)
    command = [str(_ANVIL), "--port", str(port), "--accounts", accounts, "--silent", "--prune-history"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
