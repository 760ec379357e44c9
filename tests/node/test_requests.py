"""Transactions as callers describe them: each field has its effect, or is refused by its name."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account

from pysettle.domain.core.signing import Signer
from pysettle.node.protocol import RpcError
from tests.node.inside import BOB, FROM, TO, Client

ACCESSES = [{"address": TO, "storageKeys": ["0x" + "00" * 31 + "07", "0x" + "00" * 31 + "08"]}]


@pytest.fixture
def client() -> Client:
    """Return a client of a fresh node."""
    return Client()


def authorization(client: Client, signer: Signer, target: str) -> dict[str, str]:
    """Return an authorization as JSON-RPC writes it, signed by an account that has sent nothing."""
    chain_id = client.node.embedded.chain_id
    signed = Account.sign_authorization({"chainId": chain_id, "address": target, "nonce": 0}, signer.secret)
    return {
        "chainId": hex(signed.chain_id),
        "address": target,
        "nonce": hex(signed.nonce),
        "yParity": hex(signed.y_parity),
        "r": hex(signed.r),
        "s": hex(signed.s),
    }


def test_lists_are_paid_for_in_an_estimate(client: Client) -> None:
    """An access list costs 2,400 and 1,900 a slot, an authorization 25,000: all of it is in the estimate."""
    call = {"from": FROM, "to": TO}
    assert client.ask("eth_estimateGas", call) == hex(21_000)
    assert client.ask("eth_estimateGas", call | {"accessList": ACCESSES}) == hex(21_000 + 2_400 + 2 * 1_900)
    entry = authorization(client, Signer.derived("authority", 1), TO)
    assert int(client.ask("eth_estimateGas", call | {"authorizationList": [entry]}), 16) >= 46_000


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({}, 2),
        ({"accessList": ACCESSES}, 2),
        ({"gasPrice": hex(10**10)}, 0),
        ({"gasPrice": hex(10**10), "accessList": ACCESSES}, 1),
        ({"type": "0x1", "accessList": ACCESSES}, 1),
        ({"authorizationList": True}, 4),
    ],
)
def test_a_transaction_is_sealed_as_it_was_asked_for(client: Client, asked: dict[str, Any], kind: int) -> None:
    """The node signs the type, the access list and the authorizations that it is told."""
    authority = Signer.derived("authority", 1)
    if "authorizationList" in asked:
        asked = {"authorizationList": [authorization(client, authority, TO)]}
    found = client.ask("eth_getTransactionByHash", client.sent(**asked))
    assert found["type"] == hex(kind)
    assert found.get("accessList", []) == [it | {"address": found["to"]} for it in asked.get("accessList", [])]
    if kind == 4:
        assert client.node.embedded.code(authority.address) == b"\xef\x01\x00" + BOB.address


def test_named_fees_are_met(client: Client) -> None:
    """A call that names its fees sees its price, and its sender pays for it; one that names none is free."""
    reads_price = {"data": "0x3a5f5260205ff3"}  # GASPRICE PUSH0 MSTORE, RETURN one word
    rich = {"from": FROM, "gasPrice": hex(10**10)}
    assert int(client.ask("eth_call", reads_price | rich), 16) == 10**10
    assert int(client.ask("eth_call", reads_price), 16) == 0
    with pytest.raises(RpcError, match="intrinsic gas too low"):
        client.ask("eth_call", reads_price | {"gasPrice": hex(10**10)})


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ({"gasLimit": "0x5208"}, "no field gasLimit"),
        ({"type": "0x0", "accessList": ACCESSES}, "type 0x0 has no field accessList"),
        ({"type": "0x2", "gasPrice": "0x1"}, "type 0x2 has no field gasPrice"),
        ({"gasPrice": "0x1", "maxFeePerGas": "0x1"}, "type 0x0 has no field maxFeePerGas"),
        ({"type": "0x4"}, "at least one authorization"),
        ({"type": "0x3"}, "nowhere to publish blobs"),
        ({"blobVersionedHashes": ["0x01"]}, "nowhere to publish blobs"),
        ({"type": "0x9"}, "no transaction has the type 0x9"),
        ({"chainId": "0x5"}, "for chain id 5"),
        ({"accessList": [{"address": TO}]}, "an entry of accessList has the fields"),
        ({"accessList": [{"address": TO, "storageKeys": ["0x1"]}]}, "a storage key"),
        ({"authorizationList": [{"address": TO}]}, "an authorization has the fields"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(client: Client, field: dict[str, Any], words: str) -> None:
    """No method leaves out a field in silence, be it unknown, of another type, or malformed."""
    for method in ("eth_call", "eth_estimateGas", "eth_sendTransaction", "eth_signTransaction"):
        with pytest.raises(RpcError, match=words):
            client.ask(method, {"from": FROM, "to": TO} | field)


def test_what_cannot_be_signed_is_refused(client: Client) -> None:
    """An authorization that no signature has is refused by whoever would sign a transaction with it."""
    entry = authorization(client, Signer.derived("authority", 1), TO) | {"yParity": "0x9", "r": "0x0"}
    with pytest.raises(RpcError, match="cannot be signed"):
        client.sent(authorizationList=[entry])


def test_a_blob_transaction_with_its_blobs_has_its_sentence(client: Client) -> None:
    """With a sidecar beside it, a blob transaction is refused in the same words as without."""
    with pytest.raises(RpcError, match="nowhere to publish blobs"):
        client.ask("eth_sendRawTransaction", "0x03c0")
