"""The limits that no client passes: a node given transactions that are signed already, and libsecp256k1 alone."""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from coincurve import PrivateKey, PublicKey
from eth_account import Account

from pysettle.domain.core.signing import Signer
from pysettle.evm.interface import Interface
from tests.benchmarks.anchors import VALUE, Transfer
from tests.benchmarks.plain_token import plain_token

_FEE = 10**10


class PresignedSender:
    """A node that takes transactions signed beforehand: bare JSON-RPC in batches over one connection.

    Blocks are sealed by hand, one a batch; receipts are parsed as JSON, and no more.
    """

    def __init__(self, url: str, signers: Sequence[Signer]) -> None:
        """Deploy the token; every signer begins with `VALUE` of it."""
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(place.hostname or "", place.port)
        self._signers, token = signers, plain_token()
        self._interface = Interface("PlainERC20", token.abi)
        arguments = self._interface.encode_constructor([signer.address for signer in signers], VALUE)
        (self._chain_id,) = (int(it, 16) for it in self._ask(("eth_chainId", [])))
        self._nonces = [
            int(it, 16)
            for it in self._ask(*(("eth_getTransactionCount", ["0x" + it.address.hex(), "latest"]) for it in signers))
        ]
        (receipt,) = self._send([self._signed(0, None, token.bytecode + arguments, 6_000_000)])
        self._token = bytes.fromhex(receipt["contractAddress"][2:])

    def per_second(self, batches: Sequence[Sequence[Transfer]]) -> float:
        """Sign transfers, then have the node take them a batch at a time; return how many a second it took."""
        signed = [[self._transfer(transfer) for transfer in batch] for batch in batches]
        began = time.perf_counter()
        for batch in signed:
            assert all(receipt["status"] == "0x1" for receipt in self._send(batch))
        return sum(map(len, signed)) / (time.perf_counter() - began)

    def _transfer(self, transfer: Transfer) -> str:
        sender, recipient, value = transfer
        data = self._interface.encode("transfer", self._signers[recipient].address, value)
        return self._signed(sender, self._token, data, 100_000)

    def _signed(self, sender: int, to: bytes | None, data: bytes, gas: int) -> str:
        fields: dict[str, Any] = {
            "type": 2,
            "chainId": self._chain_id,
            "nonce": self._nonces[sender],
            "gas": gas,
            "value": 0,
            "maxFeePerGas": _FEE,
            "maxPriorityFeePerGas": 0,
            "data": data,
        }
        self._nonces[sender] += 1
        if to is not None:
            fields["to"] = to
        return "0x" + Account.sign_transaction(fields, self._signers[sender].secret).raw_transaction.hex()

    def _send(self, batch: Sequence[str]) -> list[Any]:
        # Each in a request of its own: the node works on the calls of one batch in any order.
        self._ask(("evm_setAutomine", [False]))
        sent = self._ask(*(("eth_sendRawTransaction", [raw]) for raw in batch))
        self._ask(("evm_mine", []))
        self._ask(("evm_setAutomine", [True]))
        return self._ask(*(("eth_getTransactionReceipt", [it]) for it in sent))

    def _ask(self, *calls: tuple[str, list[Any]]) -> list[Any]:
        """Ask in one batch; return the results in the order of the calls."""
        batch = [
            {"jsonrpc": "2.0", "id": place, "method": method, "params": params}
            for place, (method, params) in enumerate(calls)
        ]
        self._connection.request("POST", "/", json.dumps(batch), {"Content-Type": "application/json"})
        answers = json.loads(self._connection.getresponse().read())
        return [it["result"] for it in sorted(answers, key=lambda it: int(it["id"]))]


class Curve:
    """coincurve alone, one process a core: keys, digests and signatures are ready before the clock starts."""

    def __init__(self, secret: bytes, count: int) -> None:
        """Start the processes, for `count` signatures a round in all."""
        self._cores = os.cpu_count() or 1
        self._pool = ProcessPoolExecutor(self._cores)
        self._secret, self._share = secret, count // self._cores

    def signed_per_second(self, _: int) -> float:
        """Return how many digests a second all cores sign."""
        return self._rate(_sign)

    def recovered_per_second(self, _: int) -> float:
        """Return the signers of how many signatures a second all cores recover."""
        return self._rate(_recover)

    def close(self) -> None:
        """Stop the processes."""
        self._pool.shutdown()

    def _rate(self, act: Any) -> float:
        took = list(self._pool.map(act, [self._secret] * self._cores, [self._share] * self._cores))
        return self._share * self._cores / max(took)


def _sign(secret: bytes, count: int) -> float:
    key, digests = PrivateKey(secret), [number.to_bytes(32, "big") for number in range(1, count + 1)]
    began = time.perf_counter()
    for digest in digests:
        key.sign_recoverable(digest, hasher=None)
    return time.perf_counter() - began


def _recover(secret: bytes, count: int) -> float:
    key, digests = PrivateKey(secret), [number.to_bytes(32, "big") for number in range(1, count + 1)]
    signatures = [key.sign_recoverable(digest, hasher=None) for digest in digests]
    began = time.perf_counter()
    for digest, signature in zip(digests, signatures, strict=True):
        PublicKey.from_signature_and_message(signature, digest, hasher=None)
    return time.perf_counter() - began
