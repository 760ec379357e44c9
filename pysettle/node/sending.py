"""The methods by which a node accepts transactions: signed by the caller, or by an account of the node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pysettle.errors import TransactionRefused
from pysettle.node import execution
from pysettle.node.chain import NodeChain
from pysettle.node.objects import ACCESS_LIST, LEGACY, transaction_object
from pysettle.node.pool import refusal
from pysettle.node.protocol import SERVER_ERROR, InvalidParams, Method, RpcError
from pysettle.node.requests import TransactionRequest
from pysettle.node.values import data, hash32, hex_data, integer
from pysettle.node.wallet import key_of

TIP = 10**9
"""Priority fee suggested, in wei per gas; any is accepted, zero too."""
_NOT_SEALED = 4
"""Code of EIP-7966 for a transaction that is accepted and in no block yet; the data are its hash."""
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

    def send_raw_at_once(_: Any, raw_transaction: Any, timeout: Any = None) -> Any:
        """Return the receipt. Nothing is waited for, whatever the timeout: a block comes at once or by hand."""
        if timeout is not None:
            integer(timeout, "the timeout")
        sent = send_raw(_, raw_transaction)
        place = node.place(hash32(sent))
        if place is None:
            raise RpcError(_NOT_SEALED, "the transaction waits for a block: mine one, then ask for its receipt", sent)
        return node.receipt_documents(node.header(place[0]).hash)[place[1]]

    def fill_transaction(_: Any, transaction: Any) -> dict[str, Any]:
        request = TransactionRequest.read(transaction, node.embedded.chain_id)
        unsigned = request.unsigned(filled(node, request))
        return {
            "raw": hex_data(unsigned.encode()),
            "tx": transaction_object(unsigned, None, 0, sender=request.sender),
        }

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
        "eth_sendRawTransactionSync": send_raw_at_once,
        "eth_fillTransaction": fill_transaction,
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
    request = TransactionRequest.read(transaction, node.embedded.chain_id)
    signer = key_of(node, request.sender)
    from eth_account import Account

    try:
        return bytes(Account.sign_transaction(filled(node, request), signer.secret).raw_transaction)
    except (TypeError, ValueError) as problem:
        raise InvalidParams(f"the transaction cannot be signed: {problem}"[:300]) from problem


def filled(node: NodeChain, request: TransactionRequest) -> dict[str, Any]:
    """Return a transaction as eth-account signs it, with the fields that the caller left open."""
    chain = node.embedded
    base_fee = chain.next_header().base_fee_per_gas or 0
    unsigned = request.to_dict() | {
        "chainId": chain.chain_id,
        "nonce": node.pool.next_nonce(request.sender) if request.nonce is None else request.nonce,
        "gas": request.gas or execution.estimate(execution.Ground(chain, node.after("pending")), request),
    }
    if request.kind in (LEGACY, ACCESS_LIST):
        return unsigned | {"gasPrice": request.fees.get("gasPrice", 2 * base_fee + TIP)}
    tip = request.fees.get("maxPriorityFeePerGas")
    most = request.fees.get("maxFeePerGas", 2 * base_fee + (TIP if tip is None else tip))
    return unsigned | {"maxFeePerGas": most, "maxPriorityFeePerGas": min(TIP, most) if tip is None else tip}
