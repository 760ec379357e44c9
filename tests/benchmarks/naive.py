"""The anchor of the ratios: one `transact()` and one receipt for each transfer, as web3.py's documentation does it.

Runs by itself in an environment of what `pip install "web3[tester]"` gives and nothing else, so it imports nothing of
pysettle. It takes rounds on command, so that they alternate with those they are compared with: a JSON document a line
on stdin, one on stdout for each.

The first names the chain and the token: `{"url": null for eth-tester, "abi": ..., "bytecode": "0x...", "value": ...}`.
Each one after it is a round: a list of `[sender, recipient, value]`, accounts by their places; it is answered by its
seconds.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from eth_tester import EthereumTester, PyEVMBackend
from web3 import EthereumTesterProvider, HTTPProvider, Web3

ACCOUNTS = 20
_MNEMONIC = "test test test test test test test test test test test junk"


class NaiveToken:
    """A token on a chain that signs for its own accounts."""

    def __init__(self, url: str | None, abi: list[Any], bytecode: str, value: int) -> None:
        """Deploy the token; every account begins with `value` of it."""
        if url is None:
            # As the provider makes it itself, with 20 accounts in place of 10.
            tester = EthereumTester(PyEVMBackend.from_mnemonic(_MNEMONIC, num_accounts=ACCOUNTS))
            self._w3 = Web3(EthereumTesterProvider(tester))
        else:
            self._w3 = Web3(HTTPProvider(url))
        self._accounts = self._w3.eth.accounts[:ACCOUNTS]
        factory = self._w3.eth.contract(abi=abi, bytecode=bytecode)
        deployment = factory.constructor(self._accounts, value).transact({"from": self._accounts[0]})
        receipt = self._w3.eth.wait_for_transaction_receipt(deployment)
        self._token = self._w3.eth.contract(address=receipt["contractAddress"], abi=abi)

    def transfer(self, transfers: list[tuple[int, int, int]]) -> float:
        """Make transfers one by one, each with its receipt; return the seconds they took."""
        began = time.perf_counter()
        for sender, recipient, value in transfers:
            transfer = self._token.functions.transfer(self._accounts[recipient], value)
            receipt = self._w3.eth.wait_for_transaction_receipt(transfer.transact({"from": self._accounts[sender]}))
            assert receipt["status"] == 1, receipt
        return time.perf_counter() - began


def main() -> None:
    """Serve rounds until stdin ends."""
    token = NaiveToken(**json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        print(json.dumps(token.transfer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
