"""web3 and eth-tester on the embedded chain: what their users do every day, and what breaks on the stock backend."""

from __future__ import annotations

import time

import pytest
from eth_tester import EthereumTester
from eth_tester.exceptions import SnapshotNotFound, TransactionFailed, ValidationError
from web3 import EthereumTesterProvider, Web3
from web3.exceptions import TransactionNotFound

from pysettle.evm import tester
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.transactions import relay
from tests.evm.accounts import ALICE, BOB, CHAIN_ID, ETHER, KEYS, START, genesis, sign, word
from tests.evm.bytecode import READER, RECORDER, REVERTER, TOKEN, creation

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
TOKEN_ABI = [
    {
        "type": "event",
        "name": "Transfer",
        "anonymous": False,
        "inputs": [
            {"name": "from", "type": "address", "indexed": True},
            {"name": "to", "type": "address", "indexed": True},
            {"name": "value", "type": "uint256", "indexed": False},
        ],
    }
]


@pytest.fixture
def chain() -> EmbeddedChain:
    """Return a fresh embedded chain."""
    return EmbeddedChain(genesis())


@pytest.fixture
def w3(chain: EmbeddedChain) -> Web3:
    """Return web3 on the chain, with the test accounts' keys."""
    return Web3(tester.tester_provider(chain, KEYS))


def beneath(w3: Web3) -> EthereumTester:
    """Return the eth-tester beneath a web3."""
    return w3.provider.ethereum_tester


def deploy(w3: Web3, runtime: bytes) -> str:
    """Deploy with `eth_sendTransaction` and return the address."""
    sent = w3.eth.send_transaction({"from": w3.eth.accounts[0], "data": creation(runtime), "gas": 300_000})
    return w3.eth.get_transaction_receipt(sent)["contractAddress"]


def test_the_chain_answers_with_its_own_id(w3: Web3) -> None:
    """Chain id, network id and accounts are the chain's, not eth-tester's."""
    assert (w3.eth.chain_id, w3.net.version) == (CHAIN_ID, str(CHAIN_ID))
    assert [bytes.fromhex(account[2:]) for account in w3.eth.accounts][:2] == [ALICE, BOB]
    assert w3.eth.gas_price >= w3.eth.get_block("latest")["baseFeePerGas"]


def test_a_sent_transaction_is_mined_at_once(w3: Web3, chain: EmbeddedChain) -> None:
    """Without any fee or nonce given, web3 fills them in, and one block holds the transaction."""
    sent = w3.eth.send_transaction({"from": w3.eth.accounts[0], "to": w3.eth.accounts[1], "value": ETHER})
    receipt = w3.eth.wait_for_transaction_receipt(sent)
    assert (receipt["status"], receipt["blockNumber"], w3.eth.block_number) == (1, 1, 1)
    assert w3.eth.get_balance(w3.eth.accounts[1]) == 101 * ETHER == chain.balance(BOB)
    assert w3.eth.get_transaction(sent)["blockHash"] == chain.block(1).hash
    assert w3.eth.get_transaction_count(w3.eth.accounts[0]) == 1


def test_a_raw_transaction_is_mined_at_once(w3: Web3, chain: EmbeddedChain) -> None:
    """A transaction signed elsewhere is sealed as it is."""
    sent = w3.eth.send_raw_transaction(sign(chain, ALICE, BOB, value=1))
    assert chain.receipt(sent).succeeded
    assert w3.eth.get_block(1)["transactions"] == [sent]


def test_a_bad_transaction_is_a_validation_error(w3: Web3, chain: EmbeddedChain) -> None:
    """What the chain refuses eth-tester refuses, and later transactions are not held up."""
    with pytest.raises(ValidationError, match="nonce"):
        w3.eth.send_raw_transaction(sign(chain, ALICE, BOB, nonce=9))
    w3.eth.send_raw_transaction(sign(chain, ALICE, BOB))
    assert w3.eth.block_number == 1


def test_the_contract_sees_the_headers_randomness(w3: Web3) -> None:
    """`block.prevrandao` in the log is the mixHash of the header: the stock backend sets it after executing."""
    recorder = deploy(w3, RECORDER)
    sent = w3.eth.send_transaction({"from": w3.eth.accounts[0], "to": recorder, "data": word(3)})
    log = w3.eth.get_transaction_receipt(sent)["logs"][0]
    block = w3.eth.get_block("latest")
    assert bytes(log["data"]) == word(3) + bytes(block["mixHash"]) + word(block["timestamp"])
    assert any(block["mixHash"])


def test_time_is_the_chains(w3: Web3, chain: EmbeddedChain) -> None:
    """Blocks carry the schedule's time, and time travel advances the chain's own clock."""
    assert w3.eth.get_block("latest")["timestamp"] == START
    assert w3.eth.get_block("pending")["timestamp"] == START + 1
    beneath(w3).time_travel(START + 1000)
    assert chain.clock.now() == START + 1000 == w3.eth.get_block("pending")["timestamp"]
    beneath(w3).mine_blocks(2)
    assert w3.eth.get_block("latest")["timestamp"] == START + 1001 < time.time()
    with pytest.raises(ValidationError, match="Traveling backwards"):
        beneath(w3).time_travel(START)


def test_a_call_sees_the_clock_and_needs_no_funds(chain: EmbeddedChain) -> None:
    """A provider without accounts can call; the call is free and runs at the clock's time."""
    w3 = Web3(tester.tester_provider(chain))
    contract = relay(chain, [sign(chain, ALICE, data=creation(READER))])[0].contract_address
    chain.clock.advance(500)
    answer = w3.eth.call({"to": contract})
    assert int.from_bytes(answer[64:96], "big") == chain.clock.now()
    assert w3.eth.estimate_gas({"to": contract}) >= 21_000
    poor = "0x" + "99" * 20
    assert w3.eth.call({"to": contract, "from": Web3.to_checksum_address(poor)})[172:192].hex() == poor[2:]


def test_the_past_can_be_read(w3: Web3) -> None:
    """Storage, balances, nonces and calls at earlier blocks are those of then."""
    recorder = deploy(w3, RECORDER)
    for value in (11, 22):
        w3.eth.send_transaction({"from": w3.eth.accounts[0], "to": recorder, "data": word(value)})
    assert [int(beneath(w3).get_storage_at(recorder, "0x0", n), 16) for n in (1, 2, 3)] == [0, 11, 22]
    assert w3.eth.get_transaction_count(w3.eth.accounts[0], 2) == 2
    assert w3.eth.get_balance(w3.eth.accounts[0], 0) == 100 * ETHER
    reader = deploy(w3, READER)
    w3.eth.send_transaction({"from": w3.eth.accounts[0], "to": reader})
    assert int.from_bytes(w3.eth.call({"to": reader}, 4)[32:64], "big") == 4


def test_a_revert_reason_reaches_the_caller(w3: Web3) -> None:
    """`Error(string)` arrives as its text, a custom error as the representation of its bytes."""
    reverter = deploy(w3, REVERTER)
    text = bytes.fromhex("08c379a0") + word(32) + word(5) + b"sorry".ljust(32, b"\0")
    with pytest.raises(TransactionFailed, match="sorry"):
        w3.eth.call({"to": reverter, "data": text})
    custom = bytes.fromhex("12345678") + word(1)
    with pytest.raises(TransactionFailed) as raised:
        w3.eth.call({"to": reverter, "data": custom})
    assert repr(custom) in str(raised.value)
    with pytest.raises(TransactionFailed):
        w3.eth.estimate_gas({"to": reverter, "data": custom})


def test_an_estimate_is_enough(w3: Web3) -> None:
    """A transaction with the estimated gas succeeds."""
    token = deploy(w3, TOKEN)
    transaction = {"from": w3.eth.accounts[0], "to": token, "data": bytes(12) + BOB + word(5)}
    gas = w3.eth.estimate_gas(transaction)
    sent = w3.eth.send_transaction(transaction | {"gas": gas})
    receipt = w3.eth.get_transaction_receipt(sent)
    assert (receipt["status"], receipt["gasUsed"] <= gas) == (1, True)


def test_logs_and_filters(w3: Web3) -> None:
    """`get_logs`, contract events, log filters and block filters all see each log and block once."""
    token = deploy(w3, TOKEN)
    block_filter, log_filter = w3.eth.filter("latest"), w3.eth.filter({"address": token})
    for value in (5, 6):
        w3.eth.send_transaction({"from": w3.eth.accounts[0], "to": token, "data": bytes(12) + BOB + word(value)})
    assert len(block_filter.get_new_entries()) == 2
    assert [int.from_bytes(log["data"], "big") for log in log_filter.get_new_entries()] == [5, 6]
    logs = w3.eth.get_logs({"address": token, "fromBlock": 0, "topics": [TRANSFER]})
    assert [log["blockNumber"] for log in logs] == [2, 3]
    events = w3.eth.contract(address=token, abi=TOKEN_ABI).events.Transfer().get_logs(from_block=0)
    assert [event["args"]["value"] for event in events] == [5, 6]


def test_snapshots_can_be_returned_to_again(w3: Web3, chain: EmbeddedChain) -> None:
    """eth-tester lets one snapshot be used many times; a snapshot after it is gone."""
    shallow = beneath(w3).take_snapshot()
    for _ in range(2):
        w3.eth.send_transaction({"from": w3.eth.accounts[0], "to": w3.eth.accounts[1], "value": 1})
        deep = beneath(w3).take_snapshot()
        sent = w3.eth.send_transaction({"from": w3.eth.accounts[0], "to": w3.eth.accounts[1], "value": 1})
        beneath(w3).time_travel(START + 99)
        beneath(w3).revert_to_snapshot(shallow)
        assert (w3.eth.block_number, chain.clock.now(), w3.eth.get_balance(w3.eth.accounts[1])) == (
            0,
            START + 1,
            100 * ETHER,
        )
        with pytest.raises(TransactionNotFound):
            w3.eth.get_transaction(sent)
        with pytest.raises(SnapshotNotFound):
            beneath(w3).revert_to_snapshot(deep)


def test_queued_transactions_share_a_block(w3: Web3, chain: EmbeddedChain) -> None:
    """With automine off, several transactions of one sender wait, see one another, and are sealed together."""
    token = deploy(w3, TOKEN)
    beneath(w3).disable_auto_mine_transactions()
    sent = [
        w3.eth.send_raw_transaction(sign(chain, ALICE, token, bytes(12) + BOB + word(n), nonce=1 + n)) for n in range(3)
    ]
    assert w3.eth.block_number == 1
    assert w3.eth.get_transaction(sent[2])["blockNumber"] is None
    beneath(w3).mine_block()
    assert w3.eth.get_block("latest")["transactions"] == sent
    assert [w3.eth.get_transaction_receipt(h)["logs"][0]["logIndex"] for h in sent] == [0, 1, 2]


def test_a_reset_returns_to_the_beginning(w3: Web3) -> None:
    """`reset_to_genesis` takes the chain back to where the backend found it."""
    w3.eth.send_transaction({"from": w3.eth.accounts[0], "to": w3.eth.accounts[1], "value": 1})
    beneath(w3).reset_to_genesis()
    assert w3.eth.block_number == 0


def test_the_plain_wiring_works(chain: EmbeddedChain) -> None:
    """The backend also serves an EthereumTester and a provider made by hand."""
    w3 = Web3(EthereumTesterProvider(EthereumTester(backend=tester.EmbeddedTesterBackend(chain, KEYS))))
    w3.eth.send_transaction({"from": w3.eth.accounts[0], "to": w3.eth.accounts[1], "value": 1, "gasPrice": 10**9})
    assert w3.eth.get_balance(w3.eth.accounts[1]) == 100 * ETHER + 1
    account = beneath(w3).add_account("0x" + "07" * 32)
    assert account in w3.eth.accounts
    assert beneath(w3).get_fee_history()["base_fee_per_gas"]


def test_a_waiting_transaction_gives_way_to_another_of_its_nonce(w3: Web3, chain: EmbeddedChain) -> None:
    """With auto-mine off it can be replaced, has no receipt, and auto-mine returns the hashes of what waited."""
    beneath(w3).disable_auto_mine_transactions()
    fields = {"from": w3.eth.accounts[0], "to": w3.eth.accounts[1], "gas": 21_000, "nonce": 0}
    first = w3.eth.send_transaction({**fields, "value": 1})
    other = w3.eth.send_transaction({**fields, "from": w3.eth.accounts[2]})
    second = w3.eth.send_transaction({**fields, "value": 2})
    with pytest.raises(TransactionNotFound):
        w3.eth.get_transaction(first)
    with pytest.raises(TransactionNotFound):
        w3.eth.get_transaction_receipt(second)
    assert beneath(w3).enable_auto_mine_transactions() == [second.to_0x_hex(), other.to_0x_hex()]
    assert w3.eth.get_transaction_receipt(second)["blockNumber"] == 1
    assert chain.balance(BOB) == 100 * ETHER + 2
