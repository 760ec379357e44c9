"""Methods beyond reading and sending: signatures, unsigned and raw transactions, the configuration."""

from __future__ import annotations

import json
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_utils.crypto import keccak

from pysettle.node.methods import method_table
from pysettle.node.protocol import Dispatcher, RpcError
from tests.node.inside import ALICE, FROM, TO, Client

TYPED = {
    "types": {"EIP712Domain": [{"name": "name", "type": "string"}], "Pay": [{"name": "amount", "type": "uint256"}]},
    "primaryType": "Pay",
    "domain": {"name": "Town"},
    "message": {"amount": "5"},
}


@pytest.fixture
def client() -> Client:
    """Return a client of a fresh node."""
    return Client()


def test_messages_are_signed_by_accounts_of_the_node(client: Client) -> None:
    """A message and typed data have the signatures that eth-account makes; an unknown account has none."""
    plain = Account.sign_message(encode_defunct(b"hello"), ALICE.secret).signature.to_0x_hex()
    assert client.ask("eth_sign", FROM, "0x" + b"hello".hex()) == plain
    assert client.ask("personal_sign", "0x" + b"hello".hex(), FROM, "") == plain
    typed = Account.sign_message(encode_typed_data(full_message=TYPED), ALICE.secret).signature.to_0x_hex()
    assert client.ask("eth_signTypedData_v4", FROM, json.dumps(TYPED)) == typed
    assert client.ask("eth_signTypedData_v4", FROM, TYPED) == typed
    with pytest.raises(RpcError, match="no key of"):
        client.ask("eth_sign", TO, "0x")
    with pytest.raises(RpcError, match="typed data cannot be read"):
        client.ask("eth_signTypedData_v4", FROM, TYPED | {"primaryType": "Take"})


@pytest.mark.parametrize("kind", ["0x0", "0x1", "0x2"])
def test_an_unsigned_transaction_is_filled(client: Client, kind: str) -> None:
    """What the node fills in is what it would sign: the bytes differ in the signature alone."""
    asked = {"from": FROM, "to": TO, "value": "0x5", "type": kind}
    filled, signed = client.ask("eth_fillTransaction", asked), client.ask("eth_signTransaction", asked)
    signature = {"hash", "r", "s", "v", "yParity", "chainId" if kind == "0x0" else ""}
    assert {name: value for name, value in filled["tx"].items() if name not in signature} == {
        name: value for name, value in signed["tx"].items() if name not in signature
    }
    assert "0x" + keccak(bytes.fromhex(filled["raw"][2:])).hex() == filled["tx"]["hash"]


def test_a_raw_transaction_answers_with_its_receipt(client: Client) -> None:
    """A block that comes at once gives the receipt; one sealed by hand gives the hash, in an error."""
    raw = client.ask("eth_signTransaction", {"from": FROM, "to": TO})["raw"]
    assert client.ask("eth_sendRawTransactionSync", raw, 1_000)["blockNumber"] == "0x1"
    client.ask("evm_setAutomine", False)
    raw = client.ask("eth_signTransaction", {"from": FROM, "to": TO})["raw"]
    with pytest.raises(RpcError, match="mine one") as raised:
        client.ask("eth_sendRawTransactionSync", raw)
    assert (raised.value.code, raised.value.data) == (4, "0x" + keccak(bytes.fromhex(raw[2:])).hex())


def test_a_transaction_is_given_as_it_was_signed(client: Client) -> None:
    """By hash and by place, sealed or waiting, the bytes are those that were sent; an unknown one is null."""
    raw = client.ask("eth_signTransaction", {"from": FROM, "to": TO})["raw"]
    sent = client.ask("eth_sendRawTransaction", raw)
    block = client.ask("eth_getBlockByNumber", "latest")
    assert client.ask("eth_getRawTransactionByHash", sent) == raw
    assert client.ask("eth_getRawTransactionByBlockHashAndIndex", block["hash"], "0x0") == raw
    assert client.ask("eth_getRawTransactionByBlockNumberAndIndex", "latest", "0x0") == raw
    assert client.ask("eth_getRawTransactionByBlockNumberAndIndex", "latest", "0x1") is None
    assert client.ask("eth_getRawTransactionByHash", block["hash"]) is None


def test_the_configuration_names_rules_and_range(client: Client) -> None:
    """Clients are told the fork's contracts and blobs, the base fee, and that the history is whole."""
    current = client.ask("eth_config")["current"]
    assert current["blobSchedule"] == {"target": 6, "max": 9, "baseFeeUpdateFraction": 5007716}
    assert len(current["precompiles"]) == 17
    assert int(current["precompiles"]["BLS12_MAP_FP2_TO_G2"], 16) == 0x11
    assert current["systemContracts"]["HISTORY_STORAGE_ADDRESS"] == "0x0000F90827F1C53a10cb7A02335B175320002935"
    capabilities = client.ask("eth_capabilities")
    assert capabilities["head"]["number"] == "0x0"
    assert capabilities["state"] == {"disabled": False, "oldestBlock": "0x0"}
    assert client.number("eth_baseFee") == client.node.embedded.next_header().base_fee_per_gas


@pytest.mark.parametrize("method", ["engine_newPayloadV4", "engine_anything"])
def test_the_engine_api_is_refused_by_name(client: Client, method: str) -> None:
    """A beacon chain is told that this chain has no use for one, whatever it sends."""
    request: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": method, "params": [{}, [], "0x", []]}
    answer = json.loads(Dispatcher(method_table(client.node)).handle(json.dumps(request)) or "")
    assert (answer["error"]["code"], "no beacon chain" in answer["error"]["message"]) == (-32601, True)
