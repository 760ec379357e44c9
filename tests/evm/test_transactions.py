"""Sending: the bytes that are signed, and what happens on a network that seals in its own time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_account import Account
from eth_typing import Address
from hypothesis import given
from hypothesis import strategies as st

from pysettle.domain.core.signing import Signer
from pysettle.errors import TransactionRefused, UsageError, WrongChain
from pysettle.evm.backend import Fees, Receipt
from pysettle.evm.encoding import SignedTransaction, UnsignedTransaction
from pysettle.evm.interface import Interface
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.evm.prague import minimum_gas
from pysettle.evm.reverts import RevertDecoder
from pysettle.evm.rpc import RpcChain
from pysettle.evm.transactions import Transaction, TransactionSender
from tests.evm.accounts import ALICE, BOB, CHAIN_ID, KEYS, genesis
from tests.evm.anvil import anvil

NO_CONTRACT = Interface("none", [])
NUMBERS = st.integers(0, 2**64 - 1)


@given(
    nonce=NUMBERS,
    gas=NUMBERS,
    max_fee=NUMBERS,
    priority_fee=st.none() | NUMBERS,
    data=st.binary(max_size=300),
    to=st.none() | st.binary(min_size=20, max_size=20),
    chain_id=st.integers(1, 2**53),
    value=NUMBERS,
)
def test_a_signed_transaction_is_what_eth_account_signs(
    nonce: int,
    gas: int,
    max_fee: int,
    priority_fee: int | None,
    data: bytes,
    to: bytes | None,
    chain_id: int,
    value: int,
) -> None:
    """Both forms are byte for byte those of eth-account, and so is the hash."""
    receiver = Address(to) if to is not None else None
    ours = UnsignedTransaction(chain_id, nonce, Fees(max_fee, priority_fee), gas, receiver, data, value)
    fields = {"chainId": chain_id, "nonce": nonce, "gas": gas, "to": to or b"", "data": data, "value": value}
    if priority_fee is None:
        fields["gasPrice"] = max_fee
    else:
        fields |= {"type": 2, "maxFeePerGas": max_fee, "maxPriorityFeePerGas": priority_fee}
    signed = Account.sign_transaction(fields, KEYS[0])
    raw = ours.sign(Signer(KEYS[0]))
    assert (raw, raw.hash) == (bytes(signed.raw_transaction), bytes(signed.hash))


@given(
    fees=st.builds(Fees, NUMBERS, st.none() | NUMBERS),
    data=st.binary(max_size=300),
    to=st.none() | st.binary(min_size=20, max_size=20),
)
def test_what_is_signed_here_says_what_is_decoded_of_it(fees: Fees, data: bytes, to: bytes | None) -> None:
    """The terms by which a transaction is checked before it is handed over are those of its bytes, as py-evm reads."""
    unsigned = UnsignedTransaction(31_337, 7, fees, 90_000, None if to is None else Address(to), data, 5)
    signed, signer = unsigned.sign(Signer(KEYS[0])), Signer(KEYS[0])
    decoded = PragueTransactionBuilder.decode(signed)
    names = (
        "chain_id",
        "nonce",
        "max_fee_per_gas",
        "max_priority_fee_per_gas",
        "gas",
        "intrinsic_gas",
        "value",
        "data",
    )
    assert [getattr(unsigned, it) for it in names] == [getattr(decoded, it) for it in names]
    assert (unsigned.to or b"", signed.sender, signed.hash) == (decoded.to, decoded.sender, decoded.hash)
    assert minimum_gas(unsigned) == minimum_gas(decoded)
    assert signed.sender == signer.address
    assert UnsignedTransaction.of(signed) == unsigned


@dataclass
class Network:
    """An anvil that is treated as a network of others: it seals a block whenever somebody waits for one."""

    chain: RpcChain
    rpc: JsonRpc
    base_fees: list[int]
    """Base fees of the next blocks; those after it are left to the node."""

    def wait(self) -> None:
        """Let the network seal a block."""
        if self.base_fees:
            self.rpc.ask("anvil_setNextBlockBaseFeePerGas", hex(self.base_fees.pop(0)))
        self.rpc.ask("evm_mine")


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """Yield a network with a block."""
    with anvil(genesis(), tmp_path) as url:
        chain = RpcChain(url, chain_id=CHAIN_ID)
        chain.is_development_node = False
        network = Network(chain, JsonRpc(url), [])
        network.rpc.ask("evm_setAutomine", False)
        network.rpc.ask("evm_mine")
        monkeypatch.setattr(chain, "wait", network.wait)
        yield network


def payment(gas: int = 21_000) -> Transaction:
    """Return a call of an account without code by the first test account."""
    return Transaction(Signer(KEYS[0]), BOB, b"", gas, NO_CONTRACT)


def sender(network: Network) -> TransactionSender:
    """Return a sender over the network."""
    return TransactionSender(network.chain, RevertDecoder([]))


def test_what_blocks_leave_out_is_sent_again_for_more(network: Network) -> None:
    """While the base fee is above the offer a transaction waits; its replacement is sealed, once, in its place."""
    first = network.chain.fees()
    network.base_fees += [first.max_fee * 2] * 4
    receipts = sender(network).send(payment(), payment())
    assert all(receipt.succeeded for receipt in receipts)
    assert network.chain.nonce(ALICE) == 2
    assert network.chain.block(receipts[0].block_number).base_fee > first.max_fee
    assert not network.base_fees


def test_a_resumed_transaction_is_sealed_for_more(network: Network) -> None:
    """A transaction that a killed process has signed is resent for more, at once or after blocks without it."""
    for is_at_once in (False, True):
        offered, nonce = network.chain.fees(), network.chain.nonce(ALICE)
        signed = UnsignedTransaction(CHAIN_ID, nonce, offered, 21_000, BOB, b"").sign(Signer(KEYS[0]))
        if is_at_once:
            network.rpc.ask("anvil_setNextBlockBaseFeePerGas", hex(offered.max_fee * 2))
            network.rpc.ask("evm_mine")
        network.base_fees += [] if is_at_once else [offered.max_fee * 2] * 4
        resuming = sender(network)
        resuming.journal = written = Written(network)
        head = network.chain.block().number
        receipt = resuming.resume(Signer(KEYS[0]), [signed])
        assert receipt.succeeded
        assert (receipt.block_number == head + 1) == is_at_once
        assert [version.hash for version in written] == [receipt.transaction_hash] != [signed.hash]
        assert network.chain.nonce(ALICE) == nonce + 1
        assert not written.open


def test_a_refusal_leaves_no_gap(network: Network) -> None:
    """The nonce of what the network refused is filled, so that what it took after it can be sealed."""
    with pytest.raises(TransactionRefused, match="transaction 1 of 3") as refused:
        sender(network).send(payment(), payment(gas=20_000), payment())
    assert refused.value.accepted == (0, 2)
    network.wait()
    assert int(network.rpc.ask("eth_getTransactionCount", "0x" + ALICE.hex(), "latest"), 16) == 3
    assert sender(network).send(payment())[0].succeeded


def test_each_transaction_has_its_answer(network: Network) -> None:
    """A refusal is the answer of its transaction alone: the others have their receipts, and no nonce stays taken."""
    sending = sender(network)
    first, second, third = sending.send_each(payment(), payment(gas=20_000), payment())
    assert isinstance(second, TransactionRefused)
    assert (second.index, second.accepted) == (1, (0, 2))
    assert isinstance(first, Receipt)
    assert isinstance(third, Receipt)
    assert [place for place in (first, third) if place.succeeded] == [first, third]
    assert sending.send(payment())[0].succeeded


class Written(list[SignedTransaction]):
    """A journal in memory, which knows what the network has at the moment of writing."""

    def __init__(self, network: Network) -> None:
        """Ask a network."""
        super().__init__()
        self.network, self.open = network, set[bytes]()

    def store(self, versions: Sequence[SignedTransaction]) -> None:
        """Store versions that the network does not know."""
        for version in versions:
            assert self.network.rpc.ask("eth_getTransactionByHash", "0x" + version.hash.hex()) is None
        self.extend(versions)
        self.open |= {version.hash for version in versions}

    def ended(self, versions: Sequence[SignedTransaction]) -> None:
        """Note which outcomes are known."""
        self.open -= {version.hash for version in versions}


def test_versions_are_written_before_they_leave(network: Network) -> None:
    """Each version, a dearer replacement and the filler of a gap included, is in the journal first."""
    sending = sender(network)
    sending.journal = written = Written(network)
    network.base_fees += [network.chain.fees().max_fee * 2] * 4
    (receipt,) = sending.send(payment())
    assert receipt.transaction_hash in [version.hash for version in written[1:]]
    assert {version.unsigned.nonce for version in written} == {0}
    assert not written.open
    sending.send_each(payment(), payment(gas=20_000), payment())
    assert [version.unsigned.nonce for version in written[-4:]] == [1, 2, 3, 2]


def test_what_is_on_its_way_keeps_its_nonce(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node may count sealed transactions only: what is sent before the last is sealed gets the next one still."""

    def sealed(account: Address) -> int:
        return int(network.rpc.ask("eth_getTransactionCount", "0x" + account.hex(), "latest"), 16)

    shared, later = sender(network), []

    def wait() -> None:
        if not later:
            later.append(None)
            later[:] = shared.send(payment(gas=22_000))
        network.wait()

    monkeypatch.setattr(network.chain, "nonce", sealed)
    monkeypatch.setattr(network.chain, "wait", wait)
    (first,) = shared.send(payment())
    assert first.transaction_hash != later[0].transaction_hash
    assert first.succeeded
    assert later[0].succeeded
    assert sealed(ALICE) == 2


def test_threads_share_a_sender(tmp_path: Path) -> None:
    """Four threads send for one account: every transaction has a nonce of its own, and none is left out."""
    with anvil(genesis(), tmp_path) as url, ThreadPoolExecutor(4) as pool:
        shared = TransactionSender(RpcChain(url), RevertDecoder([]))
        receipts = list(pool.map(lambda _: shared.send(payment(), payment()), range(20)))
        assert all(receipt.succeeded for pair in receipts for receipt in pair)
        assert len({receipt.transaction_hash for pair in receipts for receipt in pair}) == 40
        assert shared.chain.nonce(ALICE) == 40


def test_receipts_wait_for_their_confirmations(network: Network) -> None:
    """With three confirmations two blocks follow before a receipt is handed out."""
    network.chain._confirmations = 3
    (receipt,) = sender(network).send(payment())
    assert network.chain.block().number == receipt.block_number + 2


def test_a_block_that_is_replaced_confirms_nothing(network: Network) -> None:
    """A reorganisation takes a transaction out of its block; the receipt is that of the block it is in at the end."""
    network.chain._confirmations = 3
    seal, reorganised = network.wait, []

    def wait() -> None:
        seal()
        if network.chain.nonce(ALICE) and not reorganised:
            reorganised.append(network.chain.block())
            network.rpc.ask("anvil_reorg", 1, [])

    network.chain.wait = wait  # type: ignore[method-assign]
    (receipt,) = sender(network).send(payment())
    assert reorganised[0].hash != network.chain.block(reorganised[0].number).hash
    assert receipt.transaction_hash in network.chain.block(receipt.block_number).transaction_hashes
    assert int(network.rpc.ask("eth_getTransactionCount", "0x" + ALICE.hex(), "latest"), 16) == 1


def test_another_chain_is_refused(network: Network) -> None:
    """A node of another chain id is named, and so is a URL that is none."""
    with pytest.raises(WrongChain, match=f"serves chain {CHAIN_ID}, expected was 5"):
        RpcChain(network.chain._rpc.name, chain_id=5)
    with pytest.raises(UsageError, match="not the URL"):
        RpcChain("ftp://127.0.0.1")
