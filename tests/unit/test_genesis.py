"""The genesis as data: its file, its rules, and the system contracts against the transactions that deployed them."""

from __future__ import annotations

import json

import pytest
import rlp
from eth_account import Account
from eth_typing import Address
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from pysettle.errors import UsageError
from pysettle.evm.genesis import (
    BEACON_ROOTS,
    CONSOLIDATION_REQUESTS,
    CREATE2_DEPLOYER,
    CREATE2_DEPLOYER_ACCOUNT,
    HISTORY_STORAGE,
    SYSTEM_CONTRACTS,
    WITHDRAWAL_REQUESTS,
    Genesis,
    GenesisAccount,
)

ALICE = Address(b"\xaa" * 20)

DEPLOYMENTS = {
    BEACON_ROOTS: ("60618060095f395ff3", 0x1B9B6EB1F0),
    HISTORY_STORAGE: ("60538060095f395ff3", 0xAA12693182426612186309F02CFE8A80A0000),
    WITHDRAWAL_REQUESTS: ("7f" + "ff" * 32 + "5f556101f880602d5f395ff3", 0x5FEEB084551E4E03A3581E269BC2EA2F8D0008),
    CONSOLIDATION_REQUESTS: ("7f" + "ff" * 32 + "5f5561019e80602d5f395ff3", 0xC0730F92DC275B663D377A7CBB141B6600052),
}
"""Mapping address -> (how the EIP's deployment transaction begins, before the code; the s of its signature)."""


@pytest.mark.parametrize("address", sorted(DEPLOYMENTS))
def test_the_code_of_a_system_contract_is_what_its_address_was_derived_from(address: Address) -> None:
    """Each EIP's deployment transaction has a made-up signature, so the contract's address commits to its code."""
    prefix, s = DEPLOYMENTS[address]
    fields = [0, 10**12, 250_000, b"", 0, bytes.fromhex(prefix) + SYSTEM_CONTRACTS[address].code, 27, 0x539, s]
    sender = Account.recover_transaction(rlp.encode(fields))
    assert keccak(rlp.encode([bytes.fromhex(sender[2:]), 0]))[12:] == address


def test_the_code_of_the_create2_deployer_is_what_its_address_was_derived_from() -> None:
    """Its deployment transaction has a made-up signature too, and no chain id: it is the same on every chain."""
    creation = bytes.fromhex("604580600e600039806000f350fe") + CREATE2_DEPLOYER_ACCOUNT.code
    made_up = int.from_bytes(b"\x22" * 32, "big")
    sender = Account.recover_transaction(rlp.encode([0, 10**11, 100_000, b"", 0, creation, 27, made_up, made_up]))
    assert keccak(rlp.encode([bytes.fromhex(sender[2:]), 0]))[12:] == CREATE2_DEPLOYER


def test_the_system_contracts_are_always_there() -> None:
    """A genesis without accounts still has the four contracts, with nonce 1 and code."""
    alloc = Genesis(chain_id=1, timestamp=1).alloc
    assert list(alloc) == sorted(SYSTEM_CONTRACTS)
    assert all(account.nonce == 1 and account.code for account in alloc.values())


def test_a_system_contract_cannot_be_replaced() -> None:
    """An account at the address of a system contract is refused."""
    with pytest.raises(UsageError, match="system contract"):
        Genesis(chain_id=1, timestamp=1, alloc={BEACON_ROOTS: GenesisAccount(balance=1)})


def test_a_zero_word_is_refused() -> None:
    """A storage slot with value zero is an absent slot, and must be left out."""
    with pytest.raises(UsageError, match="leave the slot out"):
        GenesisAccount(storage={1: 0})


def test_the_file_is_geth_shaped() -> None:
    """The fields engines read are written as geth writes them, what nobody may choose included."""
    account = GenesisAccount(balance=255, nonce=2, code=b"\x5f", storage={16: 1, 2: 3})
    document = Genesis(chain_id=1337, timestamp=1_700_000_000, alloc={ALICE: account}).to_dict()
    assert document["config"]["chainId"] == 1337
    assert document["config"]["pragueTime"] == 0
    assert document["config"]["terminalTotalDifficulty"] == 0
    assert document["config"]["blobSchedule"]["prague"] == {"target": 6, "max": 9, "baseFeeUpdateFraction": 5007716}
    assert "osakaTime" not in document["config"]
    assert (document["difficulty"], document["nonce"], document["extraData"]) == ("0x0", "0x0", "0x")
    assert (document["timestamp"], document["gasLimit"]) == ("0x6553f100", "0x3938700")
    assert document["baseFeePerGas"] == "0x3b9aca00"
    assert document["alloc"]["0x" + "aa" * 20] == {
        "code": "0x5f",
        "storage": {f"0x{2:064x}": f"0x{3:064x}", f"0x{16:064x}": f"0x{1:064x}"},
        "balance": "0xff",
        "nonce": "0x2",
    }


accounts = st.builds(
    GenesisAccount,
    balance=st.integers(0, 2**256 - 1),
    nonce=st.integers(0, 2**64 - 2),
    code=st.binary(max_size=40),
    storage=st.dictionaries(st.integers(0, 2**256 - 1), st.integers(1, 2**256 - 1), max_size=3),
)
geneses = st.builds(
    Genesis,
    chain_id=st.integers(1, 2**53),
    timestamp=st.integers(0, 2**63),
    alloc=st.dictionaries(st.binary(min_size=20, max_size=20), accounts, max_size=4),
    gas_limit=st.integers(5000, 2**63),
    base_fee=st.integers(1, 2**128),
)


@given(geneses)
def test_the_file_round_trips(genesis: Genesis) -> None:
    """What is read back equals what was written, and writes the same bytes."""
    again = Genesis.from_bytes(genesis.to_bytes())
    assert again == genesis
    assert again.to_bytes() == genesis.to_bytes()


def test_the_order_accounts_were_given_in_does_not_show() -> None:
    """Equal genesis, equal bytes."""
    one, other = (ALICE, GenesisAccount(balance=1)), (Address(b"\xbb" * 20), GenesisAccount(balance=2))
    assert (
        Genesis(chain_id=1, timestamp=1, alloc=dict([one, other])).to_bytes()
        == Genesis(chain_id=1, timestamp=1, alloc=dict([other, one])).to_bytes()
    )


def test_other_spellings_are_read() -> None:
    """Addresses without 0x and decimal strings are what other writers of the format use."""
    genesis = Genesis(chain_id=1, timestamp=99, alloc={ALICE: GenesisAccount(balance=10)})
    document = genesis.to_dict()
    document["timestamp"] = "99"
    document["alloc"] = {address[2:].upper(): entry for address, entry in document["alloc"].items()}
    document["alloc"]["AA" * 20]["balance"] = "10"
    assert Genesis.from_dict(document) == genesis


def test_null_and_the_further_fields_of_geth_are_read() -> None:
    """A field that is null counts as left out; geth's own further fields may say what is so in every block 0."""
    genesis = Genesis(chain_id=1, timestamp=99, alloc={ALICE: GenesisAccount(balance=10)})
    document = genesis.to_dict()
    document |= dict.fromkeys(("nonce", "mixHash", "coinbase", "extraData", "difficulty", "baseFeePerGas"))
    document |= dict.fromkeys(("number", "gasUsed", "blobGasUsed"), "0x0") | {"excessBlobGas": None}
    document["parentHash"] = "0x" + "00" * 32
    document["config"] |= {"osakaTime": None, "daoForkSupport": True, "terminalTotalDifficultyPassed": True}
    document["config"] |= {"ethash": {}, "blobSchedule": document["config"]["blobSchedule"] | {"osaka": None}}
    document["alloc"]["0x" + "aa" * 20] |= dict.fromkeys(("nonce", "code", "storage"))
    assert Genesis.from_dict(document) == genesis


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("difficulty", "0x1"),
        ("number", "0x1"),
        ("gasUsed", "0x1"),
        ("excessBlobGas", "0x1"),
        ("parentHash", "0x" + "01" * 32),
        ("nonce", "0x42"),
        ("extraData", "0x00"),
        ("mixHash", "0x" + "01" * 32),
        ("coinbase", "0x" + "01" * 20),
        ("config", {"chainId": 1}),
        ("alloc", {}),
        ("timestamp", "soon"),
        ("gasLimit", None),
        ("baseFeePerGas", "-1"),
    ],
)
def test_another_kind_of_genesis_is_refused(field: str, value: object) -> None:
    """A document that asks for other rules, or is malformed, is a usage error and never half read."""
    document = Genesis(chain_id=1, timestamp=1).to_dict() | {field: value}
    with pytest.raises(UsageError):
        Genesis.from_bytes(json.dumps(document).encode())


def test_a_file_that_is_not_json_is_refused() -> None:
    """Garbage is a usage error."""
    with pytest.raises(UsageError, match="not JSON"):
        Genesis.from_bytes(b"{")
