"""Unmodified clients against a real node: web3.py, ethers.js, viem and cast."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import rlp
from eth_account.hdaccount import key_from_seed, seed_from_mnemonic
from eth_typing import Address
from eth_utils.crypto import keccak
from trie import HexaryTrie
from web3 import AsyncWeb3, Web3, WebSocketProvider
from web3.exceptions import ContractCustomError

from pysettle.domain.core.signing import Signer
from pysettle.evm import compiler
from pysettle.evm.artifacts import ROOT
from pysettle.evm.genesis import CREATE2_DEPLOYER
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.node.accounts import MNEMONIC, development_accounts
from tests.evm.bytecode import REVERTER, TOKEN, creation

SIGNER, OTHER = development_accounts()[:2]
KEY = "0x" + SIGNER.secret.hex()
BOB = Web3.to_checksum_address(OTHER.address)
TRANSFER = Web3.keccak(text="Transfer(address,address,uint256)")
REFUSED = Web3.keccak(text="Refused(uint256)")[:4] + (7).to_bytes(32, "big")
CAST = ROOT / "node_modules/@foundry-rs/cast-linux-amd64/bin/cast"


def test_wallets_derive_the_same_accounts() -> None:
    """eth_account derives the keys of the development accounts from their mnemonic."""
    seed = seed_from_mnemonic(MNEMONIC, "")
    keys = [key_from_seed(seed, f"m/44'/60'/0'/0/{number}") for number in range(12)]
    assert [it.secret for it in development_accounts(12)] == keys


@pytest.fixture(scope="module")
def w3(url: str) -> Web3:
    """Return web3.py over HTTP."""
    return Web3(Web3.HTTPProvider(url))


def send(w3: Web3, to: Any = None, data: bytes = b"", **fields: Any) -> Any:
    """Sign an EIP-1559 transaction with the fees and gas the node suggests, send it, wait for the receipt."""
    sender = Web3.to_checksum_address(SIGNER.address)
    draft = {"from": sender, "data": data, "chainId": w3.eth.chain_id} | ({"to": to} if to else {}) | fields
    base_fee = w3.eth.fee_history(1, "latest")["baseFeePerGas"][-1]
    tip = w3.eth.max_priority_fee
    gas = w3.eth.estimate_gas(draft)
    full = draft | {
        "type": 2,
        "nonce": w3.eth.get_transaction_count(sender),
        "gas": gas,
        "maxFeePerGas": 2 * base_fee + tip,
        "maxPriorityFeePerGas": tip,
    }
    raw = w3.eth.account.sign_transaction(full, KEY).raw_transaction
    return w3.eth.wait_for_transaction_receipt(w3.eth.send_raw_transaction(raw))


@pytest.fixture(scope="module")
def token(w3: Web3) -> str:
    """Deploy a contract that logs transfers."""
    return str(send(w3, data=creation(TOKEN))["contractAddress"])


@pytest.fixture(scope="module")
def reverter(w3: Web3) -> str:
    """Deploy a contract that reverts with what it is called with."""
    return str(send(w3, data=creation(REVERTER))["contractAddress"])


def moved(amount: int) -> bytes:
    """Return the call data of a transfer to Bob."""
    return bytes(12) + OTHER.address + amount.to_bytes(32, "big")


def test_web3_over_http(w3: Web3, token: str, reverter: str) -> None:
    """Balance, EIP-1559 transaction, receipt, logs by filter and by query, and the data of a revert."""
    before = w3.eth.get_balance(BOB)
    receipt = send(w3, BOB, value=5)
    assert (receipt["status"], receipt["type"]) == (1, 2)
    assert w3.eth.get_balance(BOB) == before + 5
    assert w3.eth.get_balance(BOB, receipt["blockNumber"] - 1) == before
    watch = w3.eth.filter({"address": token, "topics": [TRANSFER]})
    block = send(w3, token, moved(42))["blockNumber"]
    assert [int(it["data"].hex(), 16) for it in watch.get_new_entries()] == [42]
    assert watch.get_new_entries() == []
    assert len(w3.eth.get_logs({"fromBlock": block, "address": token})) == 1
    with pytest.raises(ContractCustomError) as raised:
        w3.eth.call({"to": reverter, "data": REFUSED})
    assert raised.value.data == "0x" + REFUSED.hex()


def test_web3_over_websocket(url: str, w3: Web3, token: str) -> None:
    """New heads, logs and transaction hashes arrive by subscription, after the answer to it."""

    async def follow() -> dict[str, Any]:
        async with AsyncWeb3(WebSocketProvider(url.replace("http", "ws"))) as ws:
            kinds: dict[str, Any] = {"heads": ("newHeads",), "logs": ("logs", {"address": token})}
            kinds["transactions"] = ("newPendingTransactions",)
            names = {await ws.eth.subscribe(*arguments): name for name, arguments in kinds.items()}
            receipt = await asyncio.to_thread(send, w3, token, moved(9))
            seen: dict[str, Any] = {"receipt": receipt}
            async for message in ws.socket.process_subscriptions():
                seen[names[message["subscription"]]] = message["result"]
                if len(seen) == 4:
                    return seen
        raise AssertionError("the socket was closed")

    seen = asyncio.run(asyncio.wait_for(follow(), 20))
    assert seen["heads"]["hash"] == seen["receipt"]["blockHash"]
    assert seen["logs"]["transactionHash"] == seen["transactions"] == seen["receipt"]["transactionHash"]


METHODS = {
    "ethers": {
        **dict.fromkeys(("message", "legacy", "typed", "byHash", "raw"), True),
        "lists": [4, 1, 1],
        "code": "0x",
    },
    "viem": {
        **dict.fromkeys(("message", "typed", "filled", "timed"), True),
        "lists": ["eip7702", 1, 1],
        "code": "0xef0100" + OTHER.address.hex(),
        "sync": "success",
        "overridden": 42,
        "simulated": ["success", 1],
        "mined": 2,
    },
}
"""Client -> the methods that its script tries, with what comes of them."""


@pytest.mark.apart
@pytest.mark.parametrize("client", ["viem", "ethers"])
def test_javascript_clients(client: str, url: str, w3: Web3, token: str, reverter: str) -> None:
    """The same by ethers.js and viem, whose scripts are in `clients`."""
    if not shutil.which("node") or not (ROOT / "node_modules" / client).exists():
        pytest.skip(f"{client.upper()} IS NOT INSTALLED: npm ci")
    head = w3.eth.block_number
    balance = w3.eth.get_balance(Web3.to_checksum_address(SIGNER.address))
    command = ["node", str(ROOT / f"tests/node/clients/{client}.mjs"), url, KEY, token, reverter]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout)
    assert answer.pop("methods") == METHODS[client]
    assert answer.pop("head") in (head + 1, head + 2)
    assert answer == {"balance": str(balance), "type": 2, "status": 1, "logs": [42], "refused": 7}


def cast(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run cast."""
    if not CAST.exists():
        pytest.skip("CAST IS NOT INSTALLED: npm ci")
    command = [str(CAST), *arguments, "--rpc-url", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_cast(url: str, w3: Web3, token: str, reverter: str) -> None:
    """The same by cast, and `cast run`, which executes the transaction again with what the node tells it."""
    assert int(cast(url, "balance", BOB).stdout) == w3.eth.get_balance(BOB)
    sent = cast(url, "send", BOB, "--value", "5", "--private-key", KEY, "--json")
    receipt = json.loads(sent.stdout)
    assert (receipt["status"], receipt["type"]) == ("0x1", "0x2")
    block = send(w3, token, moved(3))["blockNumber"]
    logs = cast(url, "logs", "--address", token, "--from-block", str(block), "--json").stdout
    assert [int(it["data"], 16) for it in json.loads(logs)] == [3]
    refused = cast(url, "call", reverter, "--data", "0x" + REFUSED.hex())
    assert refused.returncode != 0
    assert REFUSED.hex() in refused.stderr
    again = cast(url, "run", receipt["transactionHash"])
    assert "Gas used: 21000" in again.stdout, again.stderr


def test_cast_sends_lists(url: str, w3: Web3, token: str) -> None:
    """An authorization and an access list that cast makes by the node's word are in the sealed transaction."""
    data = "0x" + moved(3).hex()
    # Its account delegates to the token from then on: no other test uses it.
    own = Signer.derived("an account that delegates")
    JsonRpc(url).ask("anvil_setBalance", "0x" + own.address.hex(), hex(10**18))
    listed = cast(url, "access-list", token, data, "--from", BOB)
    assert token.lower() in listed.stdout.lower(), listed.stderr
    for option, kind in ((("--access-list",), 2), (("--auth", token), 4)):
        sent = cast(url, "send", token, data, *option, "--private-key", "0x" + own.secret.hex(), "--json")
        assert sent.returncode == 0, sent.stderr
        sealed = w3.eth.get_transaction(json.loads(sent.stdout)["transactionHash"])
        assert (sealed["type"], len(sealed.get("authorizationList", []))) == (kind, kind // 4)
        assert len(sealed["accessList"]) == (kind == 2)


FORGE = ROOT / "node_modules/@foundry-rs/forge-linux-amd64/bin/forge"
SCRIPT = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;
interface Vm { function broadcast() external; }
contract C { uint256 public x = 7; }
contract S {
    function run() external {
        Vm(address(uint160(uint256(keccak256("hevm cheat code"))))).broadcast();
        new C{salt: bytes32(uint256(1))}();
    }
}
"""


@pytest.mark.apart
def test_a_forge_script_creates_by_salt(url: str, w3: Web3, tmp_path: Path) -> None:
    """`new C{salt: s}` is sent to the CREATE2 deployer of the genesis, which creates the contract."""
    if not FORGE.exists():
        pytest.skip("FORGE IS NOT INSTALLED: scripts/bootstrap --with-anvil")
    compiler.install(ROOT, tmp_path / "solc")
    (tmp_path / "foundry.toml").write_text(
        '[profile.default]\nsrc = "."\nscript = "."\nsolc = "./solc"\noffline = true\n'
    )
    (tmp_path / "S.s.sol").write_text(SCRIPT)
    command = [str(FORGE), "script", "S.s.sol", "--tc", "S", "--rpc-url", url, "--broadcast", "--private-key", KEY]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert "EXECUTION COMPLETE" in run.stdout, run.stderr
    sent = json.loads((tmp_path / "broadcast/S.s.sol/31337/run-latest.json").read_text())["transactions"][0]
    assert (sent["transactionType"], bytes.fromhex(sent["transaction"]["to"][2:])) == ("CREATE2", CREATE2_DEPLOYER)
    assert w3.eth.call({"to": Web3.to_checksum_address(sent["contractAddress"]), "data": "0x0c55699c"}) == (7).to_bytes(
        32, "big"
    )


def rpc(w3: Web3, method: str, *params: Any) -> Any:
    """Return the result of a method that has no function in web3.py."""
    answer = w3.provider.make_request(method, list(params))  # type: ignore[arg-type]
    assert "error" not in answer, answer
    return answer["result"]


def test_proofs_hold_against_the_state_root(w3: Web3, token: str) -> None:
    """An account, a slot that is set, one that is not, and an account that does not exist are all proved."""
    send(w3, token, moved(1))
    root = w3.eth.get_block("latest")["stateRoot"]
    slot = int(BOB, 16)
    proof = w3.eth.get_proof(Web3.to_checksum_address(token), [slot, 12345], "latest")
    nodes = [rlp.decode(bytes(it)) for it in proof["accountProof"]]
    account = rlp.decode(HexaryTrie.get_from_proof(bytes(root), keccak(bytes.fromhex(token[2:])), nodes))
    assert account[2:] == [bytes(proof["storageHash"]), bytes(proof["codeHash"])]
    for entry, key in zip(proof["storageProof"], (slot, 12345), strict=True):
        nodes = [rlp.decode(bytes(it)) for it in entry["proof"]]
        stored = HexaryTrie.get_from_proof(account[2], keccak(key.to_bytes(32, "big")), nodes)
        value = int.from_bytes(rlp.decode(stored), "big") if stored else 0
        assert value == int(entry["value"].hex() or "0", 16) == int(rpc(w3, "eth_getStorageAt", token, hex(key)), 16)
    absent = Address(b"\x99" * 20)
    proof = w3.eth.get_proof(Web3.to_checksum_address(absent), [], "latest")
    nodes = [rlp.decode(bytes(it)) for it in proof["accountProof"]]
    assert HexaryTrie.get_from_proof(bytes(root), keccak(absent), nodes) == b""


def test_raw_records_hash_to_what_is_stated(w3: Web3, token: str) -> None:
    """Header, block, receipts and transaction, as bytes, hash to the hashes and roots of the block."""
    receipt = send(w3, token, moved(1))
    block, number = w3.eth.get_block(receipt["blockNumber"]), hex(receipt["blockNumber"])
    header = bytes.fromhex(rpc(w3, "debug_getRawHeader", number)[2:])
    assert keccak(header) == bytes(block["hash"])
    whole = rlp.decode(bytes.fromhex(rpc(w3, "debug_getRawBlock", number)[2:]))
    assert rlp.encode(whole[0]) == header
    raw = bytes.fromhex(rpc(w3, "debug_getRawTransaction", "0x" + bytes(receipt["transactionHash"]).hex())[2:])
    assert keccak(raw) == bytes(receipt["transactionHash"])
    for root, items in (
        ("transactionsRoot", [raw]),
        ("receiptsRoot", [bytes.fromhex(it[2:]) for it in rpc(w3, "debug_getRawReceipts", number)]),
    ):
        trie = HexaryTrie({})
        for index, item in enumerate(items):
            trie[rlp.encode(index)] = item
        assert trie.root_hash == bytes(block[root])


def test_the_call_tracer_sees_what_happened(w3: Web3, reverter: str) -> None:
    """A reverted transaction's trace has its data, gas and failure."""
    sender = Web3.to_checksum_address(SIGNER.address)
    fields = {"to": reverter, "data": REFUSED, "gas": 100_000, "nonce": w3.eth.get_transaction_count(sender)}
    fields |= {"maxFeePerGas": 10**10, "maxPriorityFeePerGas": 0, "chainId": w3.eth.chain_id, "type": 2}
    sent = w3.eth.send_raw_transaction(w3.eth.account.sign_transaction(fields, KEY).raw_transaction)
    receipt = w3.eth.wait_for_transaction_receipt(sent)
    assert receipt["status"] == 0
    trace = rpc(w3, "debug_traceTransaction", "0x" + bytes(sent).hex(), {"tracer": "callTracer"})
    assert (trace["type"], trace["to"], trace["error"]) == ("CALL", reverter, "execution reverted")
    assert trace["output"] == trace["input"] == "0x" + REFUSED.hex()
    assert int(trace["gasUsed"], 16) == receipt["gasUsed"]


def test_development_verbs(w3: Web3) -> None:
    """Time, blocks, snapshots and a raised balance; what cannot be re-executed is refused with the reason."""
    snapshot, head = rpc(w3, "evm_snapshot"), w3.eth.get_block("latest")
    rpc(w3, "evm_increaseTime", 100)
    rpc(w3, "evm_mine")
    assert w3.eth.get_block("latest")["timestamp"] == head["timestamp"] + 101
    rpc(w3, "evm_setNextBlockTimestamp", head["timestamp"] + 500)
    rpc(w3, "anvil_mine", "0x3")
    assert w3.eth.get_block(head["number"] + 2)["timestamp"] == head["timestamp"] + 500
    poor = "0x" + "42" * 20
    rpc(w3, "anvil_setBalance", poor, "0x64")
    assert w3.eth.get_balance(Web3.to_checksum_address(poor)) == 100
    assert rpc(w3, "evm_revert", snapshot) is True
    assert rpc(w3, "evm_revert", snapshot) is False
    assert w3.eth.get_block("latest")["hash"] == head["hash"]
    answer = w3.provider.make_request("anvil_setCode", [poor, "0x00"])  # type: ignore[arg-type]
    assert "re-executed" in answer["error"]["message"]


def test_a_batch_is_sealed_together(w3: Web3) -> None:
    """Transactions of one batch share a block; a refused one among them is named and does not stop the others."""
    sender = Web3.to_checksum_address(SIGNER.address)
    nonce = w3.eth.get_transaction_count(sender)
    fields = {"to": BOB, "value": 1, "gas": 21_000, "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 0, "type": 2}
    raws = [
        w3.eth.account.sign_transaction(fields | {"chainId": w3.eth.chain_id, "nonce": it}, KEY).raw_transaction
        for it in (nonce, nonce - 1, nonce + 1, nonce + 2)
    ]
    answers = w3.provider.make_batch_request([("eth_sendRawTransaction", ["0x" + raw.hex()]) for raw in raws])  # type: ignore[misc]
    assert [("error" in it) for it in answers] == [False, True, False, False]
    assert re.search("nonce", answers[1]["error"]["message"], re.IGNORECASE)
    blocks = {w3.eth.get_transaction_receipt(it["result"])["blockNumber"] for it in answers if "result" in it}
    assert len(blocks) == 1
