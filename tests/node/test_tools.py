"""What development tools expect of a node beyond Ethereum's methods: a deployer by salt, a name, verbs for headers."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak

from pysettle.audit.genuine import GenuineCheck
from pysettle.domain.core.contracts import Contracts
from pysettle.evm.genesis import CREATE2_DEPLOYER
from pysettle.node.protocol import RpcError
from pysettle.pins import published
from pysettle.workspace.serving import fresh_chain
from tests.evm.bytecode import creation
from tests.node.inside import FROM, TO, Client


@pytest.fixture
def client() -> Client:
    """Return a client of a fresh node."""
    return Client()


def test_a_contract_is_created_at_the_address_of_a_salt() -> None:
    """`new C{salt: s}` of a forge script sends salt and creation code to the deployer of the genesis."""
    node = fresh_chain(seed=0, chain_id=31_337, timestamp=1_767_225_600, accounts=1)
    client, (account,) = Client(node), node.accounts
    salt, code = b"\x07" * 32, creation(b"\x5f")
    sent = client.sent(
        **{"from": "0x" + account.hex()}, to="0x" + CREATE2_DEPLOYER.hex(), data="0x" + (salt + code).hex()
    )
    assert client.ask("eth_getTransactionReceipt", sent)["status"] == "0x1"
    made = keccak(b"\xff" + CREATE2_DEPLOYER + salt + keccak(code))[12:]
    assert client.ask("eth_getCode", "0x" + made.hex()) == "0x5f"


def test_the_audit_takes_the_deployer_for_nothing_planted() -> None:
    """Check G finds nothing wrong with the genesis of a development node."""
    alloc = fresh_chain(seed=0, chain_id=1, timestamp=1, accounts=1).embedded.genesis.alloc
    check = GenuineCheck(Contracts({}), published(), (), {})
    check.see_genesis(
        {
            address: {"balance": it.balance, "nonce": it.nonce, "code": it.code, "storage": it.storage}
            for address, it in alloc.items()
        }
    )
    assert check.divergences == []
    assert [it.subject for it in check.notices if CREATE2_DEPLOYER.hex() in it.subject] == []


def test_hardhats_helpers_know_the_node_by_name(client: Client) -> None:
    """They refuse a node whose name does not begin like one that they know."""
    assert client.ask("web3_clientVersion").startswith("anvil")


def test_what_a_sealer_is_free_to_choose_can_be_chosen(client: Client) -> None:
    """The receiver of fees and the seconds between blocks are set; the blocks re-execute all the same."""
    client.ask("hardhat_setCoinbase", TO)
    client.ask("anvil_setBlockTimestampInterval", 60)
    blocks = [
        client.ask("eth_getBlockByHash", client.ask("eth_getTransactionByHash", client.sent())["blockHash"])
        for _ in range(2)
    ]
    assert {it["miner"].lower() for it in blocks} == {TO}
    assert int(blocks[1]["timestamp"], 16) - int(blocks[0]["timestamp"], 16) == 60
    client.ask("anvil_removeBlockTimestampInterval")
    again = Client()
    for raw in client.node.embedded.blocks_rlp():
        again.node.embedded.adopt(raw)


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("anvil_setCode", "put it into the genesis"),
        ("hardhat_impersonateAccount", "signed transactions alone"),
        ("anvil_setNextBlockBaseFeePerGas", "follows from the block before"),
        ("hardhat_setPrevRandao", "function of the seed"),
        ("evm_setBlockGasLimit", "as block 0 says"),
        ("eth_sendUnsignedTransaction", "signed transactions alone"),
    ],
)
def test_what_would_not_re_execute_is_refused_in_a_sentence(client: Client, verb: str, words: str) -> None:
    """Each verb that no block can show says why, whatever its parameters."""
    with pytest.raises(RpcError, match=words):
        client.ask(verb, FROM, "0x1")
