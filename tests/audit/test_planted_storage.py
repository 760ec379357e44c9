"""A genesis that plants storage where a contract is created later: the creation fails, for producer and audit alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from eth._utils.address import generate_contract_address, generate_safe_contract_address
from eth.vm.forks.prague.state import PragueState
from eth_hash.auto import keccak
from eth_typing import Address

from pysettle.audit.extract import export_bundle
from pysettle.audit.report import Check
from pysettle.audit.verify import verify
from pysettle.client import SettlementNetwork, network
from pysettle.client.core.access import Role, Roles
from pysettle.client.network import Plan
from pysettle.domain.core.signing import Signer
from pysettle.errors import ContractReverted
from pysettle.evm import artifacts
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import Genesis, GenesisAccount
from pysettle.evm.state import SealingState
from pysettle.evm.transactions import relay
from pysettle.money import UNITS_PER_WHOLE
from tests.evm.accounts import ALICE, BOB, CHAIN_ID, START, deploy, sign
from tests.evm.accounts import genesis as small_genesis
from tests.evm.bytecode import READER, creation

STOLEN = 1_000_000 * UNITS_PER_WHOLE
KEYS = {role: Signer.derived("planted", role.word) for role in Role}


def planted(genesis: Genesis, address: Address, storage: dict[int, int], balance: int = 0) -> Genesis:
    """Return the genesis with storage, and wei, at one more address."""
    return replace(genesis, alloc={**genesis.alloc, address: GenesisAccount(balance=balance, storage=storage)})


def roles() -> Roles:
    """Return roles, each with a key of its own."""
    return Roles.of(KEYS)


# The second transaction of the administrator creates it, where the genesis holds the hub.
CURRENCY = Address(generate_contract_address(KEYS[Role.ADMINISTRATOR].address, 1))


def with_a_thief(thief: Address, balance: int) -> Genesis:
    """Return the network's genesis with one word more: a balance of the thief in the currency to come."""
    (slot,) = (
        int(it["slot"])
        for it in artifacts.load("CurrencyToken").storage_layout["storage"]
        if it["label"] == "_accounts"
    )
    place = int.from_bytes(keccak(thief.rjust(32, b"\0") + slot.to_bytes(32, "big")), "big")
    accounts: Iterable[Address] = [signer.address for signer in KEYS.values()]
    return planted(network.genesis(START, accounts, chain_id=CHAIN_ID), CURRENCY, {place: STOLEN}, balance)


@pytest.mark.parametrize("balance", [0, 1])
def test_money_that_a_genesis_plants_fails_the_audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, balance: int
) -> None:
    """A producer without the rule gives a thief a million yuan of a genuine currency: its chain fails S, at the block.

    G names the storage before, from genesis.json alone.

    Also where the planted account has wei, as others than the thief could send to it.
    """
    monkeypatch.setattr(SealingState, "has_code_or_nonce", PragueState.has_code_or_nonce)
    chain = EmbeddedChain(with_a_thief(BOB, balance))
    settlement = SettlementNetwork.deploy(chain, Plan(roles()))
    assert settlement.currency.address == CURRENCY
    assert settlement.currency.balance_of(BOB) == STOLEN
    creation_block = next(
        number for number in range(1, chain.block().number + 1) if chain.state(number).get_code(CURRENCY)
    )
    report = verify(export_bundle(chain, tmp_path / "bundle", settlement.contracts()).directory)
    assert (report.passed, report.level) == (False, "R")
    first = report.first_divergence
    assert first is not None
    assert (first.check, first.block) == (Check.CODE, 0)
    assert (
        f"CurrencyToken 0x{CURRENCY.hex()}: genesis.json plants 1 words of storage there"
        in first.finding.subject + ": " + first.finding.detail
    )
    (executed,) = (it for it in report.divergences if it.check is Check.EXECUTION)
    assert executed.block == creation_block
    assert f"block {creation_block}" in report.to_text()


def test_a_currency_is_not_created_where_storage_is(tmp_path: Path) -> None:
    """The producer fails the creation: the deployment ends, no code stands at the address, and the audit passes."""
    chain = EmbeddedChain(with_a_thief(BOB, 1))
    with pytest.raises(ContractReverted):
        SettlementNetwork.deploy(chain, Plan(roles()))
    assert chain.code(CURRENCY) == b""
    report = verify(export_bundle(chain, tmp_path / "bundle").directory)
    assert (report.passed, report.transactions) == (True, 2)


# CALLDATA to memory, then CREATE or CREATE2 with it; the address made is kept in slot 0.
CREATES = bytes.fromhex("365f5f37" + "365f5ff0" + "5f5500")
CREATES_2 = bytes.fromhex("365f5f37" + "5f365f5ff5" + "5f5500")
INIT_CODE = creation(READER)


@pytest.mark.parametrize("balance", [0, 1])
@pytest.mark.parametrize("factory", [b"", CREATES, CREATES_2], ids=["transaction", "CREATE", "CREATE2"])
def test_no_creation_succeeds_where_storage_is(tmp_path: Path, factory: bytes, balance: int) -> None:
    """By a transaction, CREATE or CREATE2: the creation fails, the storage stays, and the audit agrees."""
    maker = Address(generate_contract_address(ALICE, 0)) if factory else ALICE
    first_nonce = 1 if factory else 0
    target = Address(
        generate_safe_contract_address(maker, 0, INIT_CODE)
        if factory == CREATES_2
        else generate_contract_address(maker, first_nonce)
    )
    chain = EmbeddedChain(planted(small_genesis(), target, {7: 5}, balance))
    if factory:
        assert deploy(chain, creation(factory)) == maker
        (receipt,) = relay(chain, [sign(chain, ALICE, maker, INIT_CODE, gas=2_000_000)])
        assert receipt.succeeded
        assert chain.state().get_storage(maker, 0) == 0
        assert chain.nonce(maker) == 2
    else:
        (receipt,) = relay(chain, [sign(chain, ALICE, data=INIT_CODE, gas=200_000)])
        assert (receipt.succeeded, receipt.gas_used) == (False, 200_000)
    assert (chain.code(target), chain.nonce(target), chain.state().get_storage(target, 7)) == (b"", 0, 5)
    assert verify(export_bundle(chain, tmp_path / "bundle").directory).passed
