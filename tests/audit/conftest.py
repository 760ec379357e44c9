"""Bundles to audit: a small chain for the ladder, a settlement on real contracts for the books."""

from __future__ import annotations

from pathlib import Path

import pytest

from pysettle.audit.bundle import Bundle
from pysettle.audit.extract import export_bundle
from pysettle.audit.verify import verify
from pysettle.client.core.access import Role
from pysettle.errors import ContractReverted
from pysettle.evm.embedded import EmbeddedChain
from pysettle.money import UNITS_PER_MINOR, UNITS_PER_WHOLE, Currency
from pysettle.scenarios import demo, workload
from pysettle.scenarios.demo import Demo
from pysettle.scenarios.workload import generate
from tests.audit.records import Troubled
from tests.evm.accounts import ALICE, BOB, CHAIN_ID, deploy, genesis, sign, sign_fields, word
from tests.evm.bytecode import TOKEN, creation
from tests.once import once


@pytest.fixture(scope="session")
def small_chain() -> EmbeddedChain:
    """Return four blocks: a creation, typed transactions with logs, none, and a transaction of the legacy form."""
    chain = EmbeddedChain(genesis(), seed=7)
    token = deploy(chain, creation(TOKEN))
    to_bob, to_alice = BOB.rjust(32, b"\0") + word(5), ALICE.rjust(32, b"\0") + word(5)
    chain.submit([sign(chain, ALICE, token, to_bob), sign(chain, BOB, token, to_alice)])
    chain.seal()
    chain.clock.advance(100)
    legacy = {
        "nonce": chain.nonce(ALICE),
        "gasPrice": 3 * 10**9,
        "gas": 100_000,
        "to": BOB,
        "value": 7,
        "data": b"\1" * 40,
        "chainId": CHAIN_ID,
    }
    chain.submit([sign_fields(ALICE, legacy)])
    return chain


@pytest.fixture(scope="session")
def golden_bundle(small_chain: EmbeddedChain, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Return the small chain's bundle; never written to."""
    return export_bundle(small_chain, tmp_path_factory.mktemp("golden") / "bundle")


@pytest.fixture(scope="session")
def settlement_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Return the bundle of a whole settlement on the real contracts; never written to."""
    directory = once(
        tmp_path_factory, "settlement", lambda folder: demo.run(workload.generate(3, 40), seed=3, out=folder / "bundle")
    )
    return Bundle.read(directory / "bundle")


@pytest.fixture(scope="session")
def settlement_index(settlement_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the index of that bundle, filled by its verification at S; never written to."""

    def fill(folder: Path) -> None:
        assert verify(settlement_bundle.directory, index=folder / "settlement.sqlite").passed

    return once(tmp_path_factory, "settlement-index", fill) / "settlement.sqlite"


@pytest.fixture(scope="session")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Troubled:
    """Return that history, as a bundle and as its index; never written to."""
    demo = Demo(generate(4, 20), seed=4)
    demo.issue_and_sell()
    network, currency, admin = demo.network, demo.network.currency, demo.network.roles.administrator
    access, buyer = network.currencies[Currency.CNY].access, demo.buyers[0].signer
    network.send(access.offer(admin, Role.SEIZER, admin.address), access.accept(admin, Role.SEIZER))
    network.send(currency.seize(admin, buyer.address, admin.address, UNITS_PER_MINOR, b"\5" * 32))
    seized_in = demo.chain.block().number
    network.send(access.revoke(admin, Role.SEIZER, admin.address))
    refused = []
    for attempt in (
        currency.transfer(buyer, admin.address, 5_000 * UNITS_PER_WHOLE),
        currency.seize(admin, buyer.address, admin.address, UNITS_PER_MINOR, b"\5" * 32),
        currency.desk.issue(demo.bank, buyer.address, UNITS_PER_WHOLE),
    ):
        with pytest.raises(ContractReverted) as found:
            network.send(attempt)
        refused.append(found.value)
    pauser = network.roles.pauser
    network.send(currency.pause(pauser), currency.unpause(pauser))
    folder = tmp_path_factory.mktemp("troubled")
    bundle = export_bundle(demo.chain, folder / "bundle", network.contracts(), labels={buyer.address: "buyer"})
    assert verify(bundle.directory, index=folder / "index.sqlite").passed
    return Troubled(demo, bundle.directory, folder / "index.sqlite", refused, seized_in, seized_in + 1)
