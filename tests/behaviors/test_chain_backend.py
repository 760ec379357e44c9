"""What every `ChainBackend` does, whatever runs beneath it."""

from __future__ import annotations

import pytest
from eth_account import Account
from eth_typing import Hash32

from pysettle.errors import ChainError, TransactionRefused
from pysettle.evm.backend import ChainBackend, ExecutionReverted
from pysettle.evm.rpc import RpcChain
from pysettle.evm.transactions import relay
from tests.evm.accounts import ACCOUNTS, ALICE, BOB, CAROL, CHAIN_ID, ETHER, KEYS, deploy, sign, sign_fields, word
from tests.evm.bytecode import INVALID, READER, RECORDER, REVERTER, TOKEN, creation

TRANSFER = bytes.fromhex("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")


def test_an_empty_sequence_seals_nothing(chain: ChainBackend) -> None:
    """Sending nothing returns nothing and leaves the head where it was."""
    head = chain.block()
    assert relay(chain, []) == ()
    assert chain.block() == head


def test_a_transfer_moves_value_and_pays_the_fee(chain: ChainBackend) -> None:
    """A plain transfer changes both balances, the nonce, and nothing of a third party."""
    receipt = relay(chain, [sign(chain, ALICE, BOB, value=ETHER)])[0]
    block = chain.block()
    assert receipt.succeeded
    assert receipt.gas_used == 21_000
    assert chain.balance(BOB) == 101 * ETHER
    assert chain.balance(ALICE) == 99 * ETHER - 21_000 * block.base_fee
    assert chain.balance(CAROL) == 100 * ETHER
    assert (chain.nonce(ALICE), chain.nonce(BOB)) == (1, 0)


@pytest.mark.parametrize("kind", ["legacy", "access list", "dynamic fee", "set code"])
def test_every_kind_of_transaction_is_sealed(chain: ChainBackend, kind: str) -> None:
    """Legacy, EIP-2930, EIP-1559 and EIP-7702 transactions are all accepted."""
    fields: dict[str, object] = {"nonce": 0, "gas": 100_000, "to": BOB, "value": 7, "data": b"", "chainId": CHAIN_ID}
    if kind in ("legacy", "access list"):
        fields["gasPrice"] = 10**9
    else:
        fields |= {"maxFeePerGas": 10**9, "maxPriorityFeePerGas": 0}
    if kind == "access list":
        fields |= {"type": 1, "accessList": [{"address": "0x" + "11" * 20, "storageKeys": ["0x" + "00" * 32]}]}
    if kind == "set code":
        permit = {"chainId": CHAIN_ID, "address": BOB, "nonce": 0}
        fields |= {"type": 4, "authorizationList": [Account.sign_authorization(permit, KEYS[2])]}
    receipt = relay(chain, [sign_fields(ALICE, fields)])[0]
    assert receipt.succeeded
    assert chain.balance(BOB) == 100 * ETHER + 7
    assert chain.code(CAROL) == (b"\xef\x01\x00" + BOB if kind == "set code" else b"")


def test_many_transactions_share_a_block(chain: ChainBackend) -> None:
    """A sequence that fits one block is sealed in one, in order, with indexes that say so."""
    token = deploy(chain, creation(TOKEN))
    before = chain.block().number
    raws = [
        sign(chain, ALICE, token, bytes(12) + BOB + word(amount), nonce=chain.nonce(ALICE) + amount)
        for amount in range(5)
    ]
    receipts = relay(chain, raws)
    block = chain.block()
    assert block.number == before + 1
    assert block.transaction_hashes == tuple(receipt.transaction_hash for receipt in receipts)
    assert [receipt.transaction_index for receipt in receipts] == [0, 1, 2, 3, 4]
    assert [receipt.logs[0].log_index for receipt in receipts] == [0, 1, 2, 3, 4]
    assert [int.from_bytes(receipt.logs[0].data, "big") for receipt in receipts] == [0, 1, 2, 3, 4]
    assert sum(receipt.gas_used for receipt in receipts) == block.gas_used


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
    assert chain.balance(BOB) == balance - receipt.gas_used * chain.block().base_fee
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


REFUSALS = {
    "a gap in the nonces": {"nonce": 5},
    "a nonce already used": {"nonce": 0},
    "a fee below the base fee": {"maxFeePerGas": 1},
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


@pytest.mark.parametrize("reason", sorted(REFUSALS))
def test_one_bad_transaction_refuses_the_whole_sequence(chain: ChainBackend, reason: str) -> None:
    """What can be in no block is named by its place, and nothing of the sequence is sealed."""
    relay(chain, [sign(chain, ALICE, BOB)])
    before = (chain.block(), chain.clock.now(), chain.balance(ALICE), chain.nonce(ALICE))
    good = sign(chain, ALICE, BOB, value=1)
    fields = {"nonce": chain.nonce(ALICE) + 1} | REFUSALS[reason]
    with pytest.raises(TransactionRefused, match="transaction 1 of 3"):
        relay(chain, [good, sign(chain, ALICE, **{"to": BOB} | fields), good])
    assert (chain.block(), chain.clock.now(), chain.balance(ALICE), chain.nonce(ALICE)) == before
    assert relay(chain, [good])[0].succeeded


def test_balances_are_checked_cumulatively(chain: ChainBackend) -> None:
    """Each of two transfers could be paid for, both cannot."""
    first = sign(chain, ALICE, BOB, value=60 * ETHER)
    second = sign(chain, ALICE, BOB, value=60 * ETHER, nonce=1)
    with pytest.raises(TransactionRefused, match="transaction 1 of 2"):
        relay(chain, [first, second])
    assert chain.balance(BOB) == 100 * ETHER


def test_a_payment_can_fund_the_next(chain: ChainBackend) -> None:
    """Value received earlier in the sequence may be spent later in it."""
    if isinstance(chain, RpcChain):
        pytest.skip("a node's pool asks for the funds when the transaction arrives")
    first = sign(chain, ALICE, BOB, value=60 * ETHER)
    second = sign(chain, BOB, CAROL, value=150 * ETHER)
    assert all(receipt.succeeded for receipt in relay(chain, [first, second]))
    assert chain.balance(CAROL) == 250 * ETHER


@pytest.mark.parametrize("raw", [b"", b"\x02", b"\xc0", b"\x05\x01", b"\x7f" * 40, b"\xff"])
def test_bytes_that_are_no_transaction_are_refused(chain: ChainBackend, raw: bytes) -> None:
    """Malformed bytes are refused like any other bad transaction, not with an error of a library."""
    with pytest.raises(TransactionRefused, match="transaction 0 of 1"):
        relay(chain, [raw])


def test_a_high_s_signature_is_refused(chain: ChainBackend) -> None:
    """The malleable twin of a signature (EIP-2) is not accepted."""
    import rlp

    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    fields = rlp.decode(sign(chain, ALICE, BOB)[1:])
    parity, s = int.from_bytes(fields[9], "big"), int.from_bytes(fields[11], "big")
    twin = [*fields[:9], 1 - parity, fields[10], order - s]
    with pytest.raises(TransactionRefused, match="S value"):
        relay(chain, [b"\x02" + rlp.encode(twin)])


def test_a_call_returns_what_the_contract_returns(chain: ChainBackend) -> None:
    """A call at the head sees the state, the clock and its sender, and changes nothing."""
    recorder, reader = deploy(chain, creation(RECORDER)), deploy(chain, creation(READER))
    head = chain.block()
    chain.clock.advance(500)
    nobody = type(ALICE)(b"\x99" * 20)
    answer = chain.call(reader, b"", sender=nobody)
    assert int.from_bytes(answer[64:96], "big") == chain.clock.now()
    assert answer[172:192] == nobody
    chain.call(recorder, word(7))
    assert chain.block() == head


def test_creation_code_can_be_called(chain: ChainBackend) -> None:
    """Without an account to call, creation code runs and what it returns is the answer; nothing is created."""
    recorder = deploy(chain, creation(RECORDER))
    head = chain.block()
    assert chain.call(None, creation(RECORDER)) == chain.code(recorder)
    with pytest.raises(ExecutionReverted) as raised:
        chain.call(None, bytes.fromhex("63deadbeef5f526004601cfd"))
    assert raised.value.data == b"\xde\xad\xbe\xef"
    assert chain.block() == head


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


def test_time_is_a_schedule_plus_advances(chain: ChainBackend) -> None:
    """Blocks are one interval apart, an advance is carried by the next block, and time never goes back."""
    start = chain.block().timestamp
    relay(chain, [sign(chain, ALICE, BOB)])
    assert chain.block().timestamp == start + 1
    promised = chain.clock.advance(3600)
    assert promised == chain.clock.now() == start + 2 + 3600
    relay(chain, [sign(chain, ALICE, BOB)])
    assert chain.block().timestamp == promised
    assert chain.clock.now() == promised + 1
    with pytest.raises(ValueError, match="cannot go back"):
        chain.clock.advance(-1)


def test_blocks_are_linked(chain: ChainBackend) -> None:
    """Every block names its parent, and its number leads to it."""
    for _ in range(3):
        relay(chain, [sign(chain, ALICE, BOB)])
    for number in range(1, 4):
        assert chain.block(number).number == number
        assert chain.block(number).parent_hash == chain.block(number - 1).hash
        assert chain.block(number).timestamp > chain.block(number - 1).timestamp


def test_what_is_not_there_is_an_error(chain: ChainBackend) -> None:
    """Unknown blocks and snapshots raise ChainError; an unknown transaction has no receipt."""
    assert chain.receipts_of([Hash32(bytes(32))]) == (None,)
    for ask in (
        lambda: chain.block(1),
        lambda: chain.block(-1),
        lambda: chain.revert(12345),
        lambda: chain.call(ALICE, b"", block_number=9),
    ):
        with pytest.raises(ChainError):
            ask()


def test_logs_are_filtered_by_block_address_and_topics(chain: ChainBackend) -> None:
    """Every filter narrows the logs, alone and together, and the order is the chain's."""
    tokens = [deploy(chain, creation(TOKEN)) for _ in range(2)]
    for amount, token in enumerate([*tokens, *tokens]):
        relay(chain, [sign(chain, ALICE, token, bytes(12) + BOB + word(amount))])

    def amounts(**filters: object) -> list[int]:
        return [int.from_bytes(log.data, "big") for log in chain.logs(**filters)]  # type: ignore[arg-type]

    assert amounts() == [0, 1, 2, 3]
    assert amounts(addresses=[tokens[1]]) == [1, 3]
    assert amounts(addresses=[ALICE]) == []
    assert amounts(addresses=tokens, topics=[TRANSFER]) == [0, 1, 2, 3]
    assert amounts(topics=[bytes(12) + BOB]) == [], "only the first topic is matched"
    assert amounts(ids=[bytes(12) + ALICE], addresses=[tokens[0]]) == [0, 2]
    assert amounts(ids=[bytes(12) + BOB]) == amounts(ids=[TRANSFER]) == [], "only the second topic is matched"
    assert amounts(ids=[bytes(12) + BOB, bytes(12) + ALICE], topics=[TRANSFER]) == [0, 1, 2, 3]
    assert amounts(from_block=4, to_block=5) == [1, 2]
    assert amounts(from_block=5, to_block=99) == [2, 3]
    log = next(chain.logs())
    (found,) = chain.receipts_of([log.transaction_hash])
    assert found is not None
    assert log.topics == (TRANSFER, bytes(12) + ALICE, bytes(12) + BOB)
    assert log == found.logs[0]


def test_a_snapshot_returns_everything(chain: ChainBackend) -> None:
    """Reverting restores blocks, state, logs and clock, and forgets the transactions sealed since."""
    token = deploy(chain, creation(TOKEN))
    chain.clock.advance(77)
    before = (chain.block(), chain.clock.now(), chain.nonce(ALICE), list(chain.logs()))
    snapshot = chain.snapshot()
    chain.clock.advance(1000)
    lost = relay(chain, [sign(chain, ALICE, token, bytes(12) + BOB + word(5))])[0]
    relay(chain, [sign(chain, ALICE, BOB, value=5)])
    chain.revert(snapshot)
    assert (chain.block(), chain.clock.now(), chain.nonce(ALICE), list(chain.logs())) == before
    assert chain.receipts_of([lost.transaction_hash]) == (None,)
    with pytest.raises(ChainError):
        chain.block(lost.block_number)


def test_another_history_can_follow_a_revert(chain: ChainBackend) -> None:
    """After a revert other blocks are sealed at the same heights, and only they are read."""
    snapshot = chain.snapshot()
    relay(chain, [sign(chain, ALICE, BOB, value=1)])
    relay(chain, [sign(chain, ALICE, BOB, value=2)])
    lost = chain.block(1).hash
    chain.revert(snapshot)
    receipt = relay(chain, [sign(chain, BOB, CAROL, value=3)])[0]
    assert chain.block(1).hash != lost
    assert chain.block(1).transaction_hashes == (receipt.transaction_hash,)
    assert chain.receipts_of([receipt.transaction_hash]) == (receipt,)
    relay(chain, [sign(chain, BOB, CAROL, value=4)])
    assert chain.block(2).parent_hash == chain.block(1).hash
    assert chain.balance(CAROL) == 100 * ETHER + 7


def test_a_revert_spends_its_snapshot_and_all_later_ones(chain: ChainBackend) -> None:
    """A handle works once; handles taken after it are gone with it, earlier ones stay."""
    first, second, third = (chain.snapshot() for _ in range(3))
    relay(chain, [sign(chain, ALICE, BOB)])
    chain.revert(second)
    for spent in (second, third):
        with pytest.raises(ChainError):
            chain.revert(spent)
    assert chain.snapshot() not in (second, third)
    chain.revert(first)
    assert chain.block().number == 0


def test_accounts_begin_alike(chain: ChainBackend) -> None:
    """The genesis gives every test account the same."""
    assert {chain.balance(account) for account in ACCOUNTS} == {100 * ETHER}
    assert (chain.chain_id, chain.block().number) == (CHAIN_ID, 0)
