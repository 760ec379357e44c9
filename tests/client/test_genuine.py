"""Genuine code: each contract of a network is that of the build, with the values its immutables have there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_typing import Address
from eth_utils.crypto import keccak

from pysettle.client import SettlementNetwork, genesis
from pysettle.client.channel.plan import CHANNEL_HUB_ADDRESS
from pysettle.client.core.access import Role, Roles
from pysettle.client.core.plan import MULTICALL3_ADDRESS
from pysettle.client.deployment import Deployment
from pysettle.client.genuine import CANONICAL, Standing, check_genesis
from pysettle.client.network import Plan
from pysettle.domain.core.signing import Signer
from pysettle.errors import ForeignCode, PlantedStorage
from pysettle.evm import artifacts
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import Genesis, GenesisAccount
from pysettle.money import Currency
from pysettle.pins import PUBLISHED_BY_OTHERS

START = 1_767_225_600
KEYS = {role: Signer.derived("genuine", role.label) for role in Role}
ROLES = Roles.of(KEYS)
OURS = genesis(START, [key.address for key in KEYS.values()])
NOWHERE = Address(b"\x55" * 20)


def changed(address: Address, **changes: object) -> Genesis:
    """Return our genesis with the account at an address changed, or added."""
    account = OURS.alloc.get(address, GenesisAccount())
    return replace(OURS, alloc={**OURS.alloc, address: replace(account, **changes)})  # type: ignore[arg-type]  # by name


@pytest.fixture(scope="module")
def network() -> SettlementNetwork:
    """Deploy a network of two currencies that pays interest."""
    network = SettlementNetwork.deploy(EmbeddedChain(OURS), Plan(ROLES))
    network.open_currency(Currency.HKD, ROLES)
    network.open_interest(1)
    return network


def standings(network: SettlementNetwork) -> dict[str, Standing]:
    """Return every contract of a network, by its label."""
    others = {it.label: it.address for it in network.deployed()} | CANONICAL
    found = {it.label: Standing(it.name, it.address, others, it.currency) for it in network.deployed()}
    return found | {"Multicall3": Standing("Multicall3", MULTICALL3_ADDRESS, others)}


def test_the_build_says_each_code(network: SettlementNetwork) -> None:
    """To the byte, for every contract, those of another currency and of interest too; and the record has the hashes."""
    for label, standing in standings(network).items():
        assert standing.code(network.chain.chain_id) == network.chain.code(standing.address), label
    record = Deployment.of(network)
    assert record.differing(network.chain) == record.not_as_built(network.chain) == ()


def test_an_authority_of_others(network: SettlementNetwork) -> None:
    """A contract that takes its roles from an access manager of others is named, though its code is genuine."""
    record = Deployment.of(network)
    assert record.of_other_authority(network.chain) == ()
    contracts = record.document["contracts"]
    of_others = {"NetworkAccess": contracts["NetworkAccess-HKD"], "NetworkAccess-HKD": contracts["NetworkAccess"]}
    swapped = Deployment({**record.document, "contracts": contracts | of_others})
    with_roles = {"CurrencyToken", "IssuanceDesk", "ComputeMarket", "InterestPayments"}
    assert swapped.not_as_built(network.chain) == ()
    assert set(swapped.of_other_authority(network.chain)) == with_roles | {"CurrencyToken-HKD", "IssuanceDesk-HKD"}
    mute = {"CurrencyToken": contracts["CurrencyToken"] | {"address": "0x" + NOWHERE.hex()}}
    without = Deployment({**record.document, "contracts": contracts | mute})
    assert without.of_other_authority(network.chain) == ("CurrencyToken",)


def test_every_immutable_counts(network: SettlementNetwork) -> None:
    """A contract with another value in any place of any immutable is another contract."""
    compared = 0
    for label, standing in standings(network).items():
        code = standing.code(network.chain.chain_id)
        for immutable, places in artifacts.load(standing.name).immutable_references.items():
            for start, _ in places:
                block_0 = changed(
                    standing.address, code=code[:start] + bytes([code[start] ^ 1]) + code[start + 1 :], nonce=1
                )
                assert not standing.is_genuine(EmbeddedChain(block_0)), (label, immutable)
                compared += 1
    assert compared > 40


@pytest.mark.parametrize("name", CANONICAL)
@pytest.mark.parametrize("place", ["first", "last", "none"])
def test_foreign_code_at_a_canonical_address(name: str, place: str) -> None:
    """A network is not deployed on it: the refusal names the address and both hashes, and nothing was sent."""
    code, address = bytearray(OURS.alloc[CANONICAL[name]].code), CANONICAL[name]
    if place == "none":
        code = bytearray(b"\0")
    else:
        code[{"first": 0, "last": -1}[place]] ^= 1
    chain = EmbeddedChain(changed(address, code=bytes(code)))
    with pytest.raises(ForeignCode) as caught:
        SettlementNetwork.deploy(chain, Plan(ROLES))
    assert (caught.value.contract, caught.value.address) == (name, address)
    expected = Standing(name, address, CANONICAL)
    for words in (address, caught.value.actual, caught.value.expected):
        assert f"0x{words.hex()}" in str(caught.value)
    assert caught.value.actual != caught.value.expected
    assert not expected.is_genuine(chain)
    assert chain.block().number == 0


def test_the_published_multicall(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain that has the published code at the canonical address gets a network; no package here ships that code."""
    code, address = b"\0", CANONICAL["Multicall3"]
    monkeypatch.setitem(PUBLISHED_BY_OTHERS, "Multicall3", keccak(code))
    network = SettlementNetwork.deploy(EmbeddedChain(changed(address, code=code)), Plan(ROLES))
    assert Deployment.of(network).not_as_built(network.chain) == ()
    monkeypatch.undo()
    with pytest.raises(ForeignCode):
        SettlementNetwork.deploy(EmbeddedChain(changed(address, code=code)), Plan(ROLES))


def test_a_collector_of_another_hub() -> None:
    """Its code is the build's but for its one immutable, and it is refused all the same."""
    elsewhere = Standing("ERC3009DepositCollector", NOWHERE, {"ChannelHub": NOWHERE}).code(31_337)
    chain = EmbeddedChain(changed(CANONICAL["ERC3009DepositCollector"], code=elsewhere))
    assert artifacts.load("ERC3009DepositCollector").is_code_of(elsewhere)
    with pytest.raises(ForeignCode):
        SettlementNetwork.deploy(chain, Plan(ROLES))


def test_a_chain_without_canonical_contracts() -> None:
    """It gets a hub and a collector of its own, which are compared like every other."""
    bare = Genesis(31_337, START, {key.address: GenesisAccount(balance=10**24) for key in KEYS.values()})
    network = SettlementNetwork.deploy(EmbeddedChain(bare), Plan(ROLES))
    assert network.hub.address != CHANNEL_HUB_ADDRESS
    assert Deployment.of(network).not_as_built(network.chain) == ()


@pytest.mark.parametrize("address", [*CANONICAL.values(), NOWHERE, KEYS[Role.ADMINISTRATOR].address])
def test_planted_storage(address: Address) -> None:
    """A block 0 with storage in a contract of ours, or under no code, is refused; the address is named."""
    check_genesis(OURS, CANONICAL)
    with pytest.raises(PlantedStorage) as caught:
        check_genesis(changed(address, storage={7: 1}), CANONICAL)
    assert f"0x{address.hex()}" in str(caught.value)
    assert caught.value.words == 1


def test_storage_of_other_contracts() -> None:
    """A network may have contracts of its own in block 0, with storage: nothing is ever created over code."""
    check_genesis(changed(NOWHERE, code=b"\0", nonce=1, storage={7: 1}), CANONICAL)
