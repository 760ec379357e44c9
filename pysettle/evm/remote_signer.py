"""An account with a remote key: a signer behind JSON-RPC signs its transactions, and never returns the key.

Its answer is not trusted: it must be the requested transaction, signed by the account.
Source: `eth_signTransaction` of the Ethereum execution API, as geth, Besu's and Consensys' signers and anvil serve it.
"""

from __future__ import annotations

from typing import Any

import rlp
from rlp.exceptions import RLPException

from pysettle.domain.core.signing import recover
from pysettle.errors import SignatureRefused
from pysettle.evm.encoding import UnsignedTransaction
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.values import Address


class RemoteSigner:
    """A `TransactionSigner` behind a URL."""

    def __init__(self, url: str, address: Address, *, timeout_s: float = 30) -> None:
        """Use a signer for an account; nothing is asked yet.

        Args:
            url: Where it listens, http or https; user and password in it are sent as basic authentication.
            address: The account of its key.
            timeout_s: Longest wait for a signature, in seconds; the workspace stays locked meanwhile.

        Raises:
            UsageError: it is no such URL.
        """
        self._rpc, self.address = JsonRpc(url, timeout_s=timeout_s), address

    def sign_transaction(self, transaction: UnsignedTransaction) -> bytes:
        """Return the account's signature: r, s, v as 65 bytes.

        Raises:
            SignatureRefused: the signed transaction is another one, or the signature not the account's.
            ChainUnreachable, NodeError: the signer does not answer, or refuses.
        """
        answer = self._rpc.ask("eth_signTransaction", self._request(transaction))
        text = answer.get("raw") if isinstance(answer, dict) else answer  # geth wraps the plain answer of others
        try:
            raw = bytes.fromhex(str(text).removeprefix("0x"))
            signature = _signature(raw, transaction)
        except (ValueError, RLPException) as problem:
            raise self._refused("something that is no signed transaction") from problem
        if transaction.signed(signature) != raw:
            raise self._refused("another transaction than it was asked to sign")
        if recover(transaction.digest(), signature) != self.address:
            raise self._refused("a signature that is not the account's")
        return signature

    def _request(self, transaction: UnsignedTransaction) -> dict[str, Any]:
        fees = transaction.fees
        request = {
            "from": "0x" + self.address.hex(),
            "chainId": hex(transaction.chain_id),
            "nonce": hex(transaction.nonce),
            "gas": hex(transaction.gas),
            "value": hex(transaction.value),
            "data": "0x" + transaction.data.hex(),
        }
        if transaction.to is not None:
            request["to"] = "0x" + transaction.to.hex()
        if fees.priority_fee is None:
            return request | {"gasPrice": hex(fees.max_fee)}
        return request | {"maxFeePerGas": hex(fees.max_fee), "maxPriorityFeePerGas": hex(fees.priority_fee)}

    def _refused(self, answer: str) -> SignatureRefused:
        return SignatureRefused(
            f"the signer at {self._rpc.name} returned {answer} for 0x{self.address.hex()}: nothing was sent"
        )

    def __repr__(self) -> str:
        """Show the address alone."""
        return f"RemoteSigner(0x{self.address.hex()})"


def _signature(raw: bytes, transaction: UnsignedTransaction) -> bytes:
    """Return the signature in a signed transaction, as r, s, v.

    Raises:
        ValueError, RLPException: there is none.
    """
    legacy = transaction.fees.priority_fee is None
    v, r, s = rlp.decode(raw if legacy else raw[1:])[-3:]
    parity = int.from_bytes(v, "big") - (2 * transaction.chain_id + 35 if legacy else 0)
    if parity not in (0, 1) or len(r) > 32 or len(s) > 32:
        raise ValueError("no signature of this chain")
    return bytes(r.rjust(32, b"\0") + s.rjust(32, b"\0") + bytes([27 + parity]))
