"""Behaviour of every `ChainBackend`: embedded, a development node, or a network whose blocks come by themselves.

A network is shared by these tests and never taken back, so they compare with the state that they begin with.
"""

from __future__ import annotations

import pytest
import rlp
from eth_account import Account
from eth_typing import Hash32

from pysettle.errors import ChainError, TransactionRefused
from pysettle.evm.backend import ChainBackend, ExecutionReverted
from pysettle.evm.transactions import relay
from tests.behaviors.conftest import DEVELOPMENT, NETWORKS
from tests.evm.accounts import (
    ACCOUNTS,
    ALICE,
    BOB,
    CAROL,
    CHAIN_ID,
    ETHER,
    KEYS,
    deploy,
    fee_of,
    sign,
    sign_fields,
    tip_of,
    word,
)
from tests.evm.bytecode import INVALID, READER, RECORDER, REVERTER, TOKEN, creation

BACKENDS = (*DEVELOPMENT, *NETWORKS)
"""Chains of the fixture `chain`."""
TRANSFER = bytes.fromhex("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")
DAVE = ACCOUNTS[3]
"""Account that takes the code of another."""
REFUSALS = {
    "a nonce already used": {"nonce": 0},
    "a priority fee above the fee": {"maxPriorityFeePerGas": 4 * 10**9},
    "another chain": {"chainId": CHAIN_ID + 1},
    "less gas than it costs": {"gas": 20_999},
    "more gas than a block": {"gas": 60_000_001},
    "more value than the balance": {"value": 101 * ETHER},
    "no funds for the highest fee": {"value": 99 * ETHER, "gas": 10**6, "maxFeePerGas": 2 * 10**12},
    "less gas than the floor of its data": {"data": b"\xff" * 1000, "gas": 21_000 + 16 * 1000},
    "less gas than its init code costs": {"to": b"", "data": b"\0" * 320, "gas": 21_000 + 32_000 + 4 * 320},
    "too much init code": {"to": b"", "data": b"\0" * 49_153, "gas": 2 * 10**6},
}
"""Reason -> fields of a transaction that no block can contain."""


def test_a_transfer_moves_value_and_pays_the_fee(chain: ChainBackend) -> None:
    """A plain transfer changes both balances, the nonce, and nothing of a third party."""
    balances = [chain.balance(account) for account in (ALICE, BOB, CAROL)]
    nonces = chain.nonces_of([ALICE, BOB])
    receipt = relay(chain, [sign(chain, ALICE, BOB, value=ETHER)])[0]
    assert receipt.succeeded
    assert receipt.gas_used == 21_000
    assert [chain.balance(account) - before for account, before in zip((ALICE, BOB, CAROL), balances, strict=True)] == [
        -ETHER - fee_of(chain, receipt),
        ETHER,
        0,
    ]
    assert chain.nonces_of([ALICE, BOB]) == (nonces[0] + 1, nonces[1])


@pytest.mark.parametrize("kind", ["legacy", "access list", "dynamic fee", "set code"])
def test_every_kind_of_transaction_is_sealed(chain: ChainBackend, kind: str) -> None:
    """Legacy, EIP-2930, EIP-1559 and EIP-7702 transactions are all accepted."""
    fields: dict[str, object] = {
        "nonce": chain.nonce(ALICE),
        "gas": 100_000,
        "to": BOB,
        "value": 7,
        "data": b"",
        "chainId": CHAIN_ID,
    }
    if kind in ("legacy", "access list"):
        fields["gasPrice"] = 10**9
    else:
        fields |= {"maxFeePerGas": 10**9, "maxPriorityFeePerGas": tip_of(chain)}
    if kind == "access list":
        fields |= {"type": 1, "accessList": [{"address": "0x" + "11" * 20, "storageKeys": ["0x" + "00" * 32]}]}
    if kind == "set code":
        permit = {"chainId": CHAIN_ID, "address": BOB, "nonce": chain.nonce(DAVE)}
        fields |= {"type": 4, "authorizationList": [Account.sign_authorization(permit, KEYS[3])]}
    before = chain.balance(BOB)
    receipt = relay(chain, [sign_fields(ALICE, fields)])[0]
    assert receipt.succeeded
    assert chain.balance(BOB) == before + 7
    assert kind != "set code" or chain.code(DAVE) == b"\xef\x01\x00" + BOB


def test_a_sequence_is_sealed_in_its_order(chain: ChainBackend) -> None:
    """Transactions that are handed over together keep their order, in one block or several."""
    token, nonce = deploy(chain, creation(TOKEN)), chain.nonce(ALICE)
    data = [bytes(12) + BOB + word(amount) for amount in range(5)]
    receipts = relay(chain, [sign(chain, ALICE, token, it, nonce=nonce + place) for place, it in enumerate(data)])
    places = [(it.block_number, it.transaction_index, it.logs[0].log_index) for it in receipts]
    assert places == sorted(set(places))
    assert [int.from_bytes(it.logs[0].data, "big") for it in receipts] == [0, 1, 2, 3, 4]
    for receipt in receipts:
        block = chain.block(receipt.block_number)
        assert block.transaction_hashes[receipt.transaction_index] == receipt.transaction_hash


def test_a_deployment_returns_the_address_and_leaves_the_code(chain: ChainBackend) -> None:
    """The receipt of a creation names the contract, whose code can be read."""
    contract = deploy(chain, creation(READER))
    assert chain.code(contract) == READER
    assert chain.code(BOB) == b""


def test_a_reverted_transaction_is_sealed_with_its_data(chain: ChainBackend) -> None:
    """A revert is in the block, pays its fee, emits nothing, and its receipt keeps what it returned."""
    contract = deploy(chain, creation(REVERTER))
    balance = chain.balance(BOB)
    receipt = relay(chain, [sign(chain, BOB, contract, b"because")])[0]
    assert not receipt.succeeded
    assert receipt.revert_data == b"because"
    assert receipt.logs == ()
    assert receipt.contract_address is None
    assert chain.balance(BOB) == balance - fee_of(chain, receipt)
    assert chain.receipts_of([receipt.transaction_hash]) == (receipt,)


def test_a_failed_creation_names_no_contract(chain: ChainBackend) -> None:
    """A creation whose init code reverts has no contract address."""
    receipt = relay(chain, [sign(chain, ALICE, data=bytes.fromhex("5f5ffd"))])[0]
    assert (receipt.succeeded, receipt.contract_address) == (False, None)


def test_running_out_of_gas_leaves_no_data(chain: ChainBackend) -> None:
    """An invalid instruction uses all gas and returns nothing."""
    contract = deploy(chain, creation(INVALID))
    receipt = relay(chain, [sign(chain, BOB, contract)])[0]
    assert (receipt.succeeded, receipt.revert_data, receipt.gas_used) == (False, b"", 200_000)


@pytest.mark.parametrize("reason", sorted(REFUSALS))
def test_a_bad_transaction_is_refused(chain: ChainBackend, reason: str) -> None:
    """A transaction that no block can contain is refused when it is handed over, and its sender loses nothing."""
    if not chain.nonce(ALICE):
        relay(chain, [sign(chain, ALICE, CAROL)])
    before = chain.balance(ALICE), chain.nonce(ALICE)
    with pytest.raises(TransactionRefused, match="transaction 0 of 1"):
        chain.submit([sign(chain, ALICE, **{"to": BOB} | REFUSALS[reason])])
    assert (chain.balance(ALICE), chain.nonce(ALICE)) == before


@pytest.mark.parametrize("raw", [b"", b"\x02", b"\xc0", b"\x05\x01", b"\x7f" * 40, b"\xff"])
def test_bytes_that_are_no_transaction_are_refused(chain: ChainBackend, raw: bytes) -> None:
    """Malformed bytes are refused like any other bad transaction, not with an error of a library."""
    with pytest.raises(TransactionRefused, match="transaction 0 of 1"):
        relay(chain, [raw])


def test_a_high_s_signature_is_refused(chain: ChainBackend) -> None:
    """The malleable twin of a signature (EIP-2) is not accepted."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    fields = rlp.decode(sign(chain, ALICE, BOB)[1:])
    parity, s = int.from_bytes(fields[9], "big"), int.from_bytes(fields[11], "big")
    twin = [*fields[:9], 1 - parity, fields[10], order - s]
    with pytest.raises(TransactionRefused, match=r"S value|invalid"):
        relay(chain, [b"\x02" + rlp.encode(twin)])


def test_a_call_knows_its_sender(chain: ChainBackend) -> None:
    """A call comes from the account that is named, which need not exist, and sends nothing."""
    reader, nobody = deploy(chain, creation(READER)), type(ALICE)(b"\x99" * 20)
    nonce = chain.nonce(ALICE)
    assert chain.call(reader, b"", sender=nobody)[172:192] == nobody
    assert (chain.nonce(ALICE), chain.nonce(nobody)) == (nonce, 0)


def test_creation_code_can_be_called(chain: ChainBackend) -> None:
    """Without an account to call, creation code runs and what it returns is the answer; nothing is created."""
    recorder = deploy(chain, creation(RECORDER))
    nonce = chain.nonce(ALICE)
    assert chain.call(None, creation(RECORDER)) == chain.code(recorder)
    with pytest.raises(ExecutionReverted) as raised:
        chain.call(None, bytes.fromhex("63deadbeef5f526004601cfd"))
    assert raised.value.data == b"\xde\xad\xbe\xef"
    assert chain.nonce(ALICE) == nonce


def test_a_call_sees_the_past(chain: ChainBackend) -> None:
    """A call on an earlier block sees that block's state and time."""
    recorder = deploy(chain, creation(RECORDER))
    first = relay(chain, [sign(chain, ALICE, recorder, word(1))])[0].block_number
    reader = deploy(chain, creation(READER))
    sealed = chain.block()
    relay(chain, [sign(chain, ALICE, recorder, word(2))])
    answer = chain.call(reader, b"", block_number=sealed.number)
    assert int.from_bytes(answer[32:64], "big") == sealed.number
    assert int.from_bytes(answer[64:96], "big") == sealed.timestamp
    assert chain.call(reader, b"", block_number=first) == b"", "the contract was not there yet"


@pytest.mark.parametrize(("code", "data"), [(REVERTER, b"\x12\x34\x56\x78"), (REVERTER, b""), (INVALID, b"")])
def test_a_failing_call_raises_with_its_data(chain: ChainBackend, code: bytes, data: bytes) -> None:
    """The data of a revert reaches the caller; running into a bad instruction has none."""
    contract = deploy(chain, creation(code))
    with pytest.raises(ExecutionReverted) as raised:
        chain.call(contract, data)
    assert raised.value.data == data


def test_blocks_are_linked(chain: ChainBackend) -> None:
    """Every block names its parent, its number leads to it, and time rises."""
    first = relay(chain, [sign(chain, ALICE, BOB)])[0].block_number
    last = relay(chain, [sign(chain, ALICE, BOB)])[0].block_number
    assert first < last
    for number in range(first, last + 1):
        assert chain.block(number).number == number
        assert chain.block(number).parent_hash == chain.block(number - 1).hash
        assert chain.block(number).timestamp > chain.block(number - 1).timestamp


def test_what_is_not_there_is_an_error(chain: ChainBackend) -> None:
    """Unknown blocks and snapshots raise ChainError; an unknown transaction has no receipt."""
    assert chain.receipts_of([Hash32(bytes(32))]) == (None,)
    for ask in (
        lambda: chain.block(10**9),
        lambda: chain.block(-1),
        lambda: chain.revert(12345),
        lambda: chain.call(ALICE, b"", block_number=10**9),
    ):
        with pytest.raises(ChainError):
            ask()


def test_logs_are_filtered_by_block_address_and_topics(chain: ChainBackend) -> None:
    """Every filter narrows the logs, alone and together, and the order is the chain's."""
    tokens = [deploy(chain, creation(TOKEN)) for _ in range(2)]
    start = chain.block().number + 1
    places = [
        relay(chain, [sign(chain, ALICE, token, bytes(12) + BOB + word(amount))])[0].block_number
        for amount, token in enumerate([*tokens, *tokens])
    ]

    def amounts(from_block: int = start, **filters: object) -> list[int]:
        logs = chain.logs(from_block=from_block, **filters)  # type: ignore[arg-type]
        return [int.from_bytes(log.data, "big") for log in logs]

    assert amounts() == [0, 1, 2, 3]
    assert amounts(addresses=[tokens[1]]) == [1, 3]
    assert amounts(addresses=[ALICE]) == []
    assert amounts(addresses=tokens, topics=[TRANSFER]) == [0, 1, 2, 3]
    assert amounts(topics=[bytes(12) + BOB]) == [], "only the first topic is matched"
    assert amounts(ids=[bytes(12) + ALICE], addresses=[tokens[0]]) == [0, 2]
    assert amounts(ids=[bytes(12) + BOB]) == amounts(ids=[TRANSFER]) == [], "only the second topic is matched"
    assert amounts(ids=[bytes(12) + BOB, bytes(12) + ALICE], topics=[TRANSFER]) == [0, 1, 2, 3]
    assert amounts(places[1], to_block=places[2]) == [1, 2]
    assert amounts(places[2], to_block=10**6) == [2, 3]
    log = next(chain.logs(from_block=start))
    (found,) = chain.receipts_of([log.transaction_hash])
    assert found is not None
    assert log.topics == (TRANSFER, bytes(12) + ALICE, bytes(12) + BOB)
    assert log == found.logs[0]
