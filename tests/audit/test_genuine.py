"""Check G on real chains: published code passes, and each dishonest contract fails it by name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pysettle.audit.bundle import CHAIN_FILE, GENESIS_FILE, Bundle, json_bytes
from pysettle.audit.encoding import created_address
from pysettle.audit.engines import PyEvmEngine
from pysettle.audit.extract import export_bundle
from pysettle.audit.genesis import read_genesis
from pysettle.audit.genuine import GenuineCheck
from pysettle.audit.report import Check, Outcome, Report
from pysettle.audit.verify import CodeRules, verify
from pysettle.client import network as networks
from pysettle.client.channel.plan import CHANNEL_HUB_ADDRESS, DEPOSIT_COLLECTOR_ADDRESS
from pysettle.client.compute.series import SeriesTerms
from pysettle.client.core.contract import interface
from pysettle.client.deploying import create_contract
from pysettle.client.genuine import Standing
from pysettle.domain.channel.contracts import CHANNEL_HUB, DEPOSIT_COLLECTOR, USAGE_METER
from pysettle.domain.compute.contracts import COMPUTE_MARKET, COMPUTE_TOKEN, SERIES_FACTORY, SeriesPricing
from pysettle.domain.compute.usage import Meters, RateCard
from pysettle.domain.core.contracts import Contracts, Kind
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.core.signing import Signer
from pysettle.domain.jobs.contracts import JOB_ESCROW
from pysettle.domain.money.contracts import CURRENCY_TOKEN, ISSUANCE_DESK, NETWORK_ACCESS, CurrencyTerms
from pysettle.evm import artifacts
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import GenesisAccount
from pysettle.evm.transactions import Transaction
from pysettle.hashing import keccak
from pysettle.pins import MULTICALL3_ADDRESS, of_build, published
from pysettle.pins.files import INTERFACES_FILE, SOURCES_FILE
from pysettle.pins.selectors import selector, selectors_in
from pysettle.values import Address, Tokens
from tests.audit import forge
from tests.audit.forged_contracts import compiled
from tests.evm.accounts import CHAIN_ID, START

ADMIN = Signer.derived("genuine", "administrator")
CREATED = ("hidden mint", "skimmed fee", "issuance open to all", "access open to all")
GAS = 15_000_000
# CALLDATA to memory, then CREATE with it: a factory that creates whatever it is given.
CREATES = bytes.fromhex("365f5f37365f5ff000")


@pytest.fixture(scope="module")
def forged() -> dict[str, tuple[bytes, bytes]]:
    """Compile every forgery: name -> creation code and runtime code."""
    return compiled()


class Stage:
    """A chain on which anything may be created, and what is listed of it."""

    def __init__(self, alloc: Mapping[Address, GenesisAccount] | None = None) -> None:
        """Begin a chain of our genesis, with other accounts in it."""
        ours = networks.genesis(START, [ADMIN.address], chain_id=CHAIN_ID)
        self.chain = EmbeddedChain(replace(ours, alloc={**ours.alloc, **(alloc or {})}))
        self.sender = networks.transaction_sender(self.chain)
        self.listed: dict[Kind[Any], dict[Address, Any]] = {
            CHANNEL_HUB: {CHANNEL_HUB_ADDRESS: None},
            DEPOSIT_COLLECTOR: {DEPOSIT_COLLECTOR_ADDRESS: None},
        }

    def create(self, kind: Kind[Any], *arguments: object, code: bytes = b"", terms: object = None) -> Address:
        """Create a contract and list it; with the code of the build unless another is given."""
        if code:
            address = self.deploy(code + interface(kind.name).encode_constructor(*arguments), kind.name)
        else:
            address = create_contract(self.sender, ADMIN, kind.name, *arguments)
        self.listed.setdefault(kind, {})[address] = terms
        return address

    def deploy(self, code: bytes, name: str = "CurrencyToken", to: Address | None = None) -> Address:
        """Send code, and return the created contract; `to` a factory, whose first contract it becomes."""
        (receipt,) = self.sender.send(Transaction(ADMIN, to, code, GAS, interface(name)))
        return created_address(to, 1) if to else receipt.contract_address or ZERO_ADDRESS

    def create_currency(self, access: Address | None = None, code: bytes = b"") -> Address:
        """Create a currency with its desk, and its access unless there is one; list them."""
        access = access or self.create(NETWORK_ACCESS, ADMIN.address)
        token = self.create(CURRENCY_TOKEN, "e-CNY", "eCNY", access, DEPOSIT_COLLECTOR_ADDRESS, code=code)
        self.listed.setdefault(ISSUANCE_DESK, {})[created_address(token, 1)] = CurrencyTerms(token)
        return token

    def create_market(self, currency: Address, hub: Address = CHANNEL_HUB_ADDRESS) -> Address:
        """Create a meter and a market with its factory; list them."""
        meter = self.create(USAGE_METER, CHANNEL_HUB_ADDRESS)
        places = (ZERO_ADDRESS, currency, hub, DEPOSIT_COLLECTOR_ADDRESS, meter, ZERO_ADDRESS)
        market = self.create(COMPUTE_MARKET, places, terms=CurrencyTerms(currency))
        self.listed[SERIES_FACTORY] = {created_address(market, 1): None}
        return market

    def bundle(self, directory: Path) -> Bundle:
        """Export the chain."""
        return export_bundle(self.chain, directory / "bundle", Contracts(self.listed))

    def audited(self, directory: Path, rules: CodeRules | None = None) -> Report:
        """Export and verify the chain; its history is right, whatever its contracts are."""
        report = verify(self.bundle(directory).directory, code=rules)
        assert report.level == "S", report.to_text()
        return report


def findings(report: Report) -> list[str]:
    """Return the findings of G, each as the contract and what is wrong with it."""
    failed = report.checks[Check.CODE] is Outcome.FAILED
    found = [it.finding for it in report.divergences if it.check is Check.CODE]
    assert failed == bool(found)
    return [f"{re.sub('^block [0-9]+ ', '', it.subject)}: {it.detail}" for it in found]


def hashes(code: bytes) -> str:
    """Return code as findings name it."""
    return f"{len(code)} bytes with the hash 0x{keccak(code).hex()}"


def test_published_code_is_genuine(tmp_path: Path) -> None:
    """A network of every kind passes, and so does a hub that a transaction created."""
    stage = Stage()
    currency = stage.create_currency()
    stage.create_market(currency)
    stage.create(JOB_ESCROW)
    stage.create(CHANNEL_HUB)
    report = stage.audited(tmp_path)
    assert (findings(report), [it for it in report.notices if it.code == "AUDIT-G"]) == ([], [])
    assert (report.checks[Check.CODE], report.pins) == (Outcome.PASSED, of_build().versions)
    assert not any("believed" in it for it in report.not_checked[Check.LEDGER])


def test_a_settlement_is_genuine(settlement_bundle: Bundle) -> None:
    """The contracts of a settlement pass, its series too, without a notice; a series that no event names does not."""
    contracts, content = settlement_bundle.manifest.contracts, settlement_bundle.read_file(GENESIS_FILE)
    whole, without_logs = (GenuineCheck(contracts, published(), (), {}) for _ in range(2))
    for check in (whole, without_logs):
        check.see_genesis(read_genesis(content)[2])
    engine = PyEvmEngine(content)
    for height, block in enumerate(forge.raw_blocks(settlement_bundle), start=1):
        executed = engine.execute(block)
        whole.see(height, executed)
        without_logs.see(height, [it._replace(logs=()) for it in executed])
    for check in (whole, without_logs):
        check.close(height, engine)
    assert (whole.divergences, whole.notices) == ([], [])
    assert [it.finding.detail for it in without_logs.divergences] == [
        "no SeriesOpened of a listed contract names it"
    ] * len(contracts[COMPUTE_TOKEN])


@pytest.mark.parametrize("forgery", CREATED)
def test_a_forged_contract_is_named(forged: dict[str, tuple[bytes, bytes]], tmp_path: Path, forgery: str) -> None:
    """A hidden mint, a skimmed fee, an issuance open to all: the finding has both hashes and lengths."""
    stage, (code, _) = Stage(), forged[forgery]
    if forgery == "access open to all":
        kind, address, arguments = NETWORK_ACCESS, stage.create(NETWORK_ACCESS, ADMIN.address, code=code), 32
        stage.create_currency(address)
    else:
        kind, address, arguments = CURRENCY_TOKEN, stage.create_currency(code=code), 8 * 32
    (pin,) = of_build().of(kind.name)
    found = findings(stage.audited(tmp_path))
    assert found[0].startswith(f"{kind.name} 0x{address.hex()}: it was created by {len(code) + arguments} bytes with ")
    assert f"the published creation code is {pin.creation}, and arguments follow it" in found[0]
    gift = f"; functions more: 0x{selector('gift(address,uint256)').hex()}"
    assert found[0].endswith(gift) == (forgery == "hidden mint")
    desk = created_address(address, 1)
    maker = f"IssuanceDesk 0x{desk.hex()}: 0x{address.hex()} created it, which is no genuine CurrencyToken"
    assert found[1:] == ([] if kind is NETWORK_ACCESS else [maker])


def test_a_forged_contract_may_be_accepted(forged: dict[str, tuple[bytes, bytes]], tmp_path: Path) -> None:
    """By the hashes that findings name, its desk's too; verdict and document state them. Others change nothing."""
    stage = Stage()
    stage.create_currency(code=forged["hidden mint"][0])
    found = findings(stage.audited(tmp_path))
    named = bytes.fromhex(re.findall("0x([0-9a-f]{64})", found[0])[0])
    (desk,) = findings(verify(tmp_path / "bundle", code=CodeRules(accepted=(named,))))
    named_too = bytes.fromhex(re.findall("0x([0-9a-f]{64})", desk)[0])
    other = verify(tmp_path / "bundle", code=CodeRules(accepted=(bytes(32),)))
    assert findings(other) == found
    report = verify(tmp_path / "bundle", code=CodeRules(accepted=(named, named_too)))
    assert (findings(report), report.checks[Check.CODE]) == ([], Outcome.PASSED)
    assert f"level S; code 0x{named.hex()} accepted; code 0x{named_too.hex()} accepted\n" in report.to_text()
    assert report.to_dict()["accepted_code"] == [f"0x{named.hex()}", f"0x{named_too.hex()}"]


def test_the_units_that_differ_are_named(forged: dict[str, tuple[bytes, bytes]], tmp_path: Path) -> None:
    """Where the bundle has sources, the finding names those that are not the published ones."""
    stage = Stage()
    stage.create_currency(code=forged["skimmed fee"][0])
    bundle = stage.bundle(tmp_path)
    document = json.loads(bundle.read_file(SOURCES_FILE))
    document["sources"]["contracts/money/CurrencyToken.sol"]["content"] += "// a fee\n"
    del document["sources"]["contracts/core/Calendar.sol"]
    report = verify(forge.with_file(bundle, tmp_path / "b", SOURCES_FILE, json_bytes(document)))
    units = "contracts/core/Calendar.sol, contracts/money/CurrencyToken.sol"
    contract, *_, sources = findings(report)
    assert contract.endswith(f"; sources that differ: {units}")
    assert sources == f"file {SOURCES_FILE}: differs from the published sources: {units}"


def test_an_interface_that_is_another(tmp_path: Path) -> None:
    """The code is genuine, and an auditor would read it by a false storage layout."""
    stage = Stage()
    stage.create(JOB_ESCROW)
    bundle = stage.bundle(tmp_path)
    document = json.loads(bundle.read_file(INTERFACES_FILE))
    document["contracts"]["JobEscrow"]["storage_layout"]["storage"].pop()
    report = verify(forge.with_file(bundle, tmp_path / "b", INTERFACES_FILE, json_bytes(document)))
    assert findings(report) == [f"file {INTERFACES_FILE}: differs from the published interfaces: JobEscrow"]


def test_a_currency_under_an_unlisted_access(tmp_path: Path) -> None:
    """Genuine code obeys its authority: one that is not listed may let anybody issue."""
    stage = Stage()
    access = create_contract(stage.sender, ADMIN, "NetworkAccess", ADMIN.address)
    currency = stage.create_currency(access)
    report = stage.audited(tmp_path)
    wrong = f"CurrencyToken 0x{currency.hex()}: authority is 0x{access.hex()}, not listed as NetworkAccess"
    assert findings(report) == [wrong]
    assert [it.detail for it in report.notices if access.hex() in it.subject] == [
        "has the genuine code of NetworkAccess and is not listed in the manifest (block 1)"
    ]


def test_an_immutable_that_is_another_contract(forged: dict[str, tuple[bytes, bytes]], tmp_path: Path) -> None:
    """A market whose code is genuine, and whose hub has a back door."""
    stage = Stage()
    hub = stage.deploy(forged["back door"][0])
    market = stage.create_market(stage.create_currency(), hub)
    wrong = f"ComputeMarket 0x{market.hex()}: HUB is 0x{hub.hex()}, not listed as ChannelHub"
    assert findings(stage.audited(tmp_path)) == [wrong]


def test_an_immutable_in_the_genesis_that_is_another_contract(tmp_path: Path) -> None:
    """A collector whose code is the published one, and which brings deposits to somebody."""
    code = Standing("ERC3009DepositCollector", DEPOSIT_COLLECTOR_ADDRESS, {"ChannelHub": ADMIN.address}).code(CHAIN_ID)
    stage = Stage({DEPOSIT_COLLECTOR_ADDRESS: GenesisAccount(nonce=1, code=code)})
    wrong = f"hub is 0x{ADMIN.address.hex()}, not listed as ChannelHub"
    assert findings(stage.audited(tmp_path)) == [
        f"ERC3009DepositCollector 0x{DEPOSIT_COLLECTOR_ADDRESS.hex()}: {wrong}"
    ]


def test_a_hub_with_a_back_door(forged: dict[str, tuple[bytes, bytes]], tmp_path: Path) -> None:
    """At the canonical address, in the genesis: genesis.json alone tells of it, also where nothing can be executed."""
    _, code = forged["back door"]
    stage = Stage({CHANNEL_HUB_ADDRESS: GenesisAccount(nonce=1, code=code)})
    stage.create(JOB_ESCROW)
    (pin,) = of_build().of("ChannelHub")
    (found,) = findings(stage.audited(tmp_path))
    assert found.startswith(
        f"ChannelHub 0x{CHANNEL_HUB_ADDRESS.hex()}: its code is {hashes(code)}; the published code "
    )
    assert str(pin.runtime) in found
    assert found.endswith(f"; functions more: 0x{selector('sweep(address,address,uint256)').hex()}")
    bundle = Bundle.read(tmp_path / "bundle")
    cut = verify(forge.copy_with_chain(bundle, tmp_path / "cut", bundle.read_file(CHAIN_FILE)[:-1]))
    assert (cut.checks[Check.EXECUTION], findings(cut)) == (Outcome.NOT_HAD, [found])


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (GenesisAccount(storage={7: 1, 8: 1}), "plants 2 words of storage there"),
        (GenesisAccount(nonce=1), "plants the nonce 1 there"),
        (
            GenesisAccount(nonce=1, code=artifacts.load("JobEscrow").runtime_bytecode),
            "only a transaction may create it",
        ),
    ],
    ids=["storage", "nonce", "code"],
)
def test_a_genesis_that_prepares_a_contract(tmp_path: Path, account: GenesisAccount, words: str) -> None:
    """State where a listed contract shall stand, as an account of the genesis; wei alone are allowed there."""
    place = Address(b"\x77" * 20)
    stage = Stage({place: account, created_address(ADMIN.address, 0): GenesisAccount(balance=1)})
    stage.listed[JOB_ESCROW] = {place: None}
    stage.create(JOB_ESCROW)
    found = findings(stage.audited(tmp_path))
    assert f"genesis.json {words}" in found[0] or words in found[0]
    assert {it.partition(":")[0] for it in found} == {f"JobEscrow 0x{place.hex()}"}


def test_storage_in_a_canonical_contract(tmp_path: Path) -> None:
    """Its code is the published one, and somebody has a channel in it from birth."""
    code = artifacts.load("ChannelHub").runtime_bytecode
    stage = Stage({CHANNEL_HUB_ADDRESS: GenesisAccount(nonce=1, code=code, storage={1: 5})})
    stage.create(JOB_ESCROW)
    hub = f"ChannelHub 0x{CHANNEL_HUB_ADDRESS.hex()}"
    assert findings(stage.audited(tmp_path)) == [f"{hub}: genesis.json plants 1 words of storage there"]


def test_another_multicall(tmp_path: Path) -> None:
    """Clients read balances through it at its canonical address, so that it is judged although it is not listed."""
    stage = Stage({MULTICALL3_ADDRESS: GenesisAccount(nonce=1, code=b"\0")})
    stage.create(JOB_ESCROW)
    (found,) = findings(stage.audited(tmp_path))
    assert found.startswith(f"Multicall3 0x{MULTICALL3_ADDRESS.hex()}: its code is {hashes(bytes(1))}; the published ")


def test_storage_where_nothing_is_listed(tmp_path: Path) -> None:
    """It may become the state of a contract; as long as none is listed there, it is a notice."""
    stage = Stage({Address(b"\x77" * 20): GenesisAccount(storage={7: 1})})
    stage.create(JOB_ESCROW)
    report = stage.audited(tmp_path)
    assert (findings(report), [it.subject for it in report.notices]) == ([], [f"account 0x{'77' * 20}"])


def terms(provider: Address) -> tuple[object, ...]:
    """Return the terms of a series."""
    card = RateCard(Meters(1, 30, 90), Meters(2, 60, 180))
    return SeriesTerms("Tokens", "TOK", "inference", 150_000, Tokens(10**9), START + 10**6, card).fields(provider)


@pytest.mark.parametrize("lists_factory", [False, True])
def test_a_series_of_another_factory(tmp_path: Path, lists_factory: bool) -> None:
    """A factory of genuine code that no market created opens a series, whose market is a person."""
    stage = Stage()
    currency = stage.create_currency()
    stage.create_market(currency)
    factory = create_contract(stage.sender, ADMIN, "SeriesFactory")
    (meter,) = stage.listed[USAGE_METER]
    places = (ADMIN.address, currency, CHANNEL_HUB_ADDRESS, DEPOSIT_COLLECTOR_ADDRESS, meter, ZERO_ADDRESS)
    data = interface("SeriesFactory").encode("create", terms(ADMIN.address), places)
    series = stage.deploy(data, "SeriesFactory", factory)
    card = RateCard(Meters(1, 30, 90), Meters(2, 60, 180))
    stage.listed[COMPUTE_TOKEN] = {series: SeriesPricing(currency, 150_000, card)}
    if lists_factory:
        stage.listed[SERIES_FACTORY][factory] = None
    found = findings(stage.audited(tmp_path))
    false_factory = f"0x{factory.hex()} created it, which is no genuine SeriesFactory"
    reason = false_factory if lists_factory else "no listed SeriesFactory created it"
    assert f"ComputeToken 0x{series.hex()}: {reason}" in found
    assert (f"SeriesFactory 0x{factory.hex()}: no listed ComputeMarket created it" in found) == lists_factory


def test_code_that_a_foreign_factory_created(tmp_path: Path) -> None:
    """It may have been created with anything before; only a transaction or a genuine factory shows how."""
    stage = Stage()
    factory = stage.deploy(bytes.fromhex("68") + CREATES + bytes.fromhex("5f5260096017f3"))
    place = stage.deploy(artifacts.load("JobEscrow").bytecode, "JobEscrow", factory)
    assert stage.chain.code(place) == artifacts.load("JobEscrow").runtime_bytecode
    stage.listed[JOB_ESCROW] = {place: None}
    (found,) = findings(stage.audited(tmp_path))
    assert found.startswith(f"JobEscrow 0x{place.hex()}: no transaction created it, its code is ")


def test_arguments_and_more(tmp_path: Path) -> None:
    """Behind published creation code there are its arguments and nothing else."""
    stage, data = Stage(), bytes(32) + b"\1"
    meter = stage.deploy(artifacts.load("UsageMeter").bytecode + data, "UsageMeter")
    stage.listed[USAGE_METER] = {meter: None}
    (found,) = findings(stage.audited(tmp_path))
    assert f"{len(data)} bytes follow its creation code, which are not arguments (address)" in found


def test_where_nothing_was_executed(settlement_bundle: Bundle, tmp_path: Path) -> None:
    """Without a genesis the code could not be had; at R it is not asked, and the books say that it is believed."""
    directory = forge.copy(settlement_bundle, tmp_path / "b")
    forge.without_genesis(directory)
    report = verify(directory)
    assert (report.checks[Check.CODE], report.reasons[Check.CODE]) == (Outcome.NOT_HAD, "it needs S")
    less = verify(directory, level="R")
    assert (less.passed, less.checks[Check.CODE], less.pins) == (True, Outcome.NOT_ASKED, ())
    assert any("believed" in it for it in less.not_checked[Check.LEDGER])


def test_contract_files_are_compared_whole(tmp_path: Path) -> None:
    """The interface of a contract that is not listed must be published too, and so must the settings of the sources."""
    stage = Stage()
    stage.create(JOB_ESCROW)
    bundle = stage.bundle(tmp_path)
    interfaces, sources = (json.loads(bundle.read_file(it)) for it in (INTERFACES_FILE, SOURCES_FILE))
    interfaces["contracts"]["ComputeToken"]["abi"].pop()
    sources["settings"]["optimizer"]["runs"] += 1
    changed = {INTERFACES_FILE: (interfaces, "ComputeToken"), SOURCES_FILE: (sources, "outside sources and interfaces")}
    for place, (name, (document, named)) in enumerate(changed.items()):
        report = verify(forge.with_file(bundle, tmp_path / str(place), name, json_bytes(document)))
        (finding,) = findings(report)
        assert finding.startswith(f"file {name}: differs from the published ")
        assert named in finding


def reached(sources: Mapping[str, Any], unit: str) -> Iterable[str]:
    """Yield the units that a contract was compiled from."""
    return artifacts.load(unit).sources.keys() & sources.keys()


@pytest.mark.apart
def test_sources_are_compiled_again(tmp_path: Path) -> None:
    """What they compile to must be published; a contract that they lack is named. Damaged ones could not be had."""
    stage = Stage()
    stage.create(JOB_ESCROW)
    bundle = stage.bundle(tmp_path)
    document = json.loads(bundle.read_file(SOURCES_FILE))
    kept = {it: document["sources"][it] for it in reached(document["sources"], "ERC3009DepositCollector")}
    kept["x.sol"] = {"content": "pragma solidity ^0.8.0; contract JobEscrow {}"}
    again = CodeRules(recompile=True)
    changed = forge.with_file(bundle, tmp_path / "b", SOURCES_FILE, json_bytes({**document, "sources": kept}))
    sources, *compiled_anew = findings(verify(changed, code=again))
    assert sources.startswith(f"file {SOURCES_FILE}: differs from the published sources: @openzeppelin/")
    (escrow,) = of_build().of("JobEscrow")
    assert f"file {SOURCES_FILE}: has no contract ChannelHub" in compiled_anew
    other = (
        f"file {SOURCES_FILE}: compiles JobEscrow to [0-9]+ bytes .*; published are {re.escape(str(escrow.creation))}"
    )
    assert any(re.fullmatch(other, it) for it in compiled_anew)
    outside = {**document["sources"], "y.sol": {"urls": ["/etc/passwd"]}}
    for place, wrong in enumerate(({"sources": outside}, {"language": "Yul"}, {"settings": []})):
        damaged = json_bytes({**document, **wrong})
        report = verify(forge.with_file(bundle, tmp_path / str(place), SOURCES_FILE, damaged), code=again)
        assert (report.checks[Check.CODE], report.passed, report.recompiled) == (Outcome.FAILED, False, False)
        assert any(f"{SOURCES_FILE} cannot be compiled: " in it for it in findings(report))


def test_the_functions_in_code_are_those_of_the_pins() -> None:
    """The selectors that deployed code compares calls with are its functions, for each contract of the build."""
    for pin in of_build().pins:
        code = artifacts.load(pin.name).runtime_bytecode
        assert selectors_in(code) == {selector(it) for it in pin.functions}, pin.name
