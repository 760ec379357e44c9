"""The methods by which a node accepts transactions: signed by the caller, or by an account of the node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eth_account import Account

from pysettle.errors import TransactionRefused
from pysettle.node import execution
from pysettle.node.chain import NodeChain
from pysettle.node.objects import transaction_object
from pysettle.node.pool import refusal
from pysettle.node.protocol import SERVER_ERROR, InvalidParams, Method, RpcError
from pysettle.node.values import data, hex_address, hex_data, quantity

TIP = 10**9
"""Priority fee suggested, in wei per gas; any is accepted, zero too."""
READ_ONLY = "refused: this node serves a finished history, which nothing can change; questions about it are answered"
"""Answer of a node that is read-only to everything that would change its chain."""


def sending_methods(node: NodeChain) -> Mapping[str, Method]:
    """Return the methods by name."""

    def send_raw(_: Any, raw_transaction: Any) -> str:
        return send(data(raw_transaction, "the transaction"))

    def send(raw: bytes) -> str:
        (outcome,) = node.send([raw])
        if isinstance(outcome, RpcError):
            raise outcome
        return hex_data(outcome)

    def send_transaction(_: Any, transaction: Any) -> str:
        return send(_signed(node, transaction))

    def sign_transaction(_: Any, transaction: Any) -> dict[str, Any]:
        raw = _signed(node, transaction)
        try:
            (decoded,) = node.embedded.decode([raw])
        except TransactionRefused as problem:
            raise refusal(problem) from problem
        return {"raw": hex_data(raw), "tx": transaction_object(decoded, None, 0)}

    return {
        "eth_sendRawTransaction": send_raw,
        "eth_sendTransaction": send_transaction,
        "eth_signTransaction": sign_transaction,
    }


def send_together(node: NodeChain, sent: Sequence[Sequence[Any]]) -> list[str | RpcError]:
    """Answer `eth_sendRawTransaction` requests that came together: sealed in one block if their gas allows."""
    if node.is_read_only:
        return [RpcError(SERVER_ERROR, READ_ONLY) for _ in sent]
    outcomes: dict[int, str | RpcError] = {}
    raws: dict[int, bytes] = {}
    for place, params in enumerate(sent):
        try:
            if len(params) != 1:
                raise InvalidParams(f"eth_sendRawTransaction does not take {len(params)} parameters")
            raws[place] = data(params[0], "the transaction")
        except RpcError as problem:
            outcomes[place] = problem
    for place, outcome in zip(raws, node.send(list(raws.values())), strict=True):
        outcomes[place] = outcome if isinstance(outcome, RpcError) else hex_data(outcome)
    return [outcomes[place] for place in range(len(sent))]


def _signed(node: NodeChain, transaction: Any) -> bytes:
    """Return a transaction signed by an account of the node, with missing fields filled in."""
    chain = node.embedded
    request = execution.CallRequest.read(transaction)
    signer = node.accounts.get(request.sender)
    if signer is None:
        raise RpcError(SERVER_ERROR, f"the node has no key of {hex_address(request.sender)}: sign it yourself")

    def given(name: str, otherwise: int) -> int:
        return quantity(transaction[name], name) if transaction.get(name) is not None else otherwise

    base_fee = chain.next_header().base_fee_per_gas or 0
    unsigned = {
        "chainId": given("chainId", chain.chain_id),
        "nonce": given("nonce", node.pool.next_nonce(request.sender)),
        "to": hex_address(request.to) if request.to else b"",
        "data": request.data,
        "value": request.value,
        "gas": request.gas or execution.estimate(chain, request, None),
    }
    if transaction.get("gasPrice") is not None:
        unsigned["gasPrice"] = given("gasPrice", 0)
    else:
        most = given("maxFeePerGas", 2 * base_fee + TIP)
        unsigned |= {"type": 2, "maxFeePerGas": most}
        unsigned["maxPriorityFeePerGas"] = given("maxPriorityFeePerGas", min(TIP, most))
    return bytes(Account.sign_transaction(unsigned, signer.secret).raw_transaction)
