"""Powers in the report: who holds several, and how they were used; never part of the verdict."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pysettle.audit.bundle import Bundle
from pysettle.audit.extract import export_bundle
from pysettle.audit.powers import CODE, RESTRICTED
from pysettle.audit.report import Report
from pysettle.audit.verify import verify
from pysettle.client import network as networks
from pysettle.client.channel.plan import CHANNEL_HUB_ADDRESS, DEPOSIT_COLLECTOR_ADDRESS
from pysettle.client.columns import restricted
from pysettle.client.core.access import Role
from pysettle.client.core.contract import interface
from pysettle.client.core.plan import MULTICALL3_ADDRESS
from pysettle.client.deploying import create_contract
from pysettle.client.money.currency import CurrencyToken
from pysettle.domain.channel.contracts import CHANNEL_HUB, DEPOSIT_COLLECTOR
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.findings import Finding
from pysettle.domain.core.signing import Signer
from pysettle.domain.money.contracts import CURRENCY_TOKEN, ISSUANCE_DESK, NETWORK_ACCESS, CurrencyTerms
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.transactions import Transaction
from pysettle.money import UNITS_PER_MINOR, UNITS_PER_WHOLE, Currency
from pysettle.scenarios.demo import Demo
from pysettle.scenarios.workload import generate
from tests.evm.accounts import CHAIN_ID, START

BASIS = b"\5" * 32


def powers(report: Report) -> list[Finding]:
    """Return the notices about powers of a report that passed."""
    assert report.passed, report.to_text()
    return [notice for notice in report.notices if notice.code == CODE]


@pytest.fixture
def run() -> Demo:
    """Return a network whose buyers hold money and Tokens."""
    demo = Demo(generate(4, 20), seed=4)
    demo.issue_and_sell()
    return demo


def test_an_honest_settlement_has_no_notice_of_powers(settlement_bundle: Bundle) -> None:
    """Each power in a hand of its own, and every settlement account a contract of the network: nothing to tell."""
    assert powers(verify(settlement_bundle.directory)) == []


def test_one_hand_that_issues_to_itself_and_seizes_is_told(run: Demo, tmp_path: Path) -> None:
    """An administrator makes itself central bank, operator and seizer, issues to itself and seizes: all is told."""
    network, currency, roles = run.network, run.network.currency, run.network.roles
    access, admin = network.currencies[Currency.CNY].access, roles.administrator
    for role in (Role.CENTRAL_BANK, Role.OPERATOR, Role.SEIZER):
        network.send(access.offer(admin, role, admin.address), access.accept(admin, role))
    reserve, signature = currency.desk.sign_reserve(admin, 10**9, 60)
    network.send(
        currency.desk.attest_reserve(run.relayer, admin.address, reserve, signature),
        currency.desk.set_issuance_quota(admin, admin.address, 900 * UNITS_PER_WHOLE),
        currency.desk.issue(admin, admin.address, 500 * UNITS_PER_WHOLE),
        currency.desk.issue(admin, admin.address, 300 * UNITS_PER_WHOLE),
    )
    victim, block = run.buyers[0].signer.address, run.chain.block()
    network.send(currency.seize(admin, victim, admin.address, UNITS_PER_MINOR, BASIS))
    seized = run.chain.block()
    network.send(access.revoke(admin, Role.SEIZER, admin.address))

    report = verify(export_bundle(run.chain, tmp_path / "bundle", network.contracts()).directory)
    several, issued, taken = powers(report)
    assert several.subject == issued.subject == f"account 0x{admin.address.hex()}"
    for name in ("administrator from block", "central bank from block", "operator from block", "seizer from block"):
        assert name in several.detail
    assert f"until block {run.chain.block().number} " in several.detail
    assert f"issued {800 * UNITS_PER_WHOLE} units" in issued.detail
    assert "in 2 issuances" in issued.detail
    assert (issued.block, issued.timestamp) == (block.number, block.timestamp)
    assert taken.subject == f"account 0x{victim.hex()}"
    assert (taken.block, taken.timestamp) == (seized.number, seized.timestamp)
    for part in (f"{UNITS_PER_MINOR} units", f"for 0x{admin.address.hex()}", BASIS.hex(), f"block {seized.number} ("):
        assert part in taken.detail
    assert f"transaction of 0x{admin.address.hex()}" in taken.detail
    assert f"Notice: {taken}" in report.to_text()
    told = json.loads(json.dumps(report.to_dict()))["notices"]
    assert {"block": seized.number, "at_unix_s": seized.timestamp, "code": CODE} == {
        key: told[-1][key] for key in ("block", "at_unix_s", "code")
    }


def test_settlement_accounts_of_strangers_are_told(run: Demo, tmp_path: Path) -> None:
    """An account that is marked and is no contract of the network is told, with who marked it and when."""
    network, stranger = run.network, MULTICALL3_ADDRESS
    registrar = network.roles.settlement_registrar
    network.send(network.currency.mark_settlement_account(registrar, stranger))
    block = run.chain.block()
    (notice,) = powers(verify(export_bundle(run.chain, tmp_path / "bundle", network.contracts()).directory))
    assert (notice.subject, notice.block, notice.timestamp) == (
        f"account 0x{stranger.hex()}",
        block.number,
        block.timestamp,
    )
    assert f"by a transaction of 0x{registrar.address.hex()}" in notice.detail


def test_a_function_that_everybody_may_call_is_told(run: Demo, tmp_path: Path) -> None:
    """A power given to everybody, and one that passed to another role, are told: no role event shows either."""
    network, admin, token = run.network, run.network.roles.administrator, run.network.currency

    def given(function: str, role: int) -> Transaction:
        arguments = (token.address, [token.interface.selector(function)], role)
        return network.currencies[Currency.CNY].access._transaction(admin, 300_000, "setTargetFunctionRole", *arguments)

    network.send(given("seize", 2**64 - 1), given("pause", 77), given("pause", Role.PAUSER))
    notices = powers(verify(export_bundle(run.chain, tmp_path / "bundle", network.contracts()).directory))
    assert [notice.subject for notice in notices] == [f"currency 0x{token.address.hex()}"] * 2
    assert f"0x{token.interface.selector('seize').hex()} was given to everybody" in notices[0].detail
    assert f"0x{token.interface.selector('pause').hex()} was given to role 77" in notices[1].detail


def test_the_table_of_restricted_functions_is_the_contracts() -> None:
    """The audit knows each function of currency and desk that a role is assigned, by its selector and its name."""
    for kind, functions in RESTRICTED.items():
        abi = interface(kind.name)
        assert {abi.selector(name): name for name in restricted(kind.name)} == functions


def test_functions_that_no_role_was_assigned_are_told(tmp_path: Path) -> None:
    """Whoever assigns nothing may call everything as administrator: one notice lists it all."""
    admin = Signer.derived("powers", "administrator")
    chain = EmbeddedChain(networks.genesis(START, [admin.address], chain_id=CHAIN_ID))
    sender = networks.transaction_sender(chain)
    access = create_contract(sender, admin, "NetworkAccess", admin.address)
    token = create_contract(sender, admin, "CurrencyToken", "e-CNY", "eCNY", access, DEPOSIT_COLLECTOR_ADDRESS)
    created, currency = chain.block(), CurrencyToken(sender, token)
    sender.send(currency.desk.set_issuance_quota(admin, admin.address, UNITS_PER_WHOLE))
    desk = currency.desk.address
    listed = Contracts(
        {
            CURRENCY_TOKEN: {token: None},
            ISSUANCE_DESK: {desk: CurrencyTerms(token)},
            NETWORK_ACCESS: {access: None},
            CHANNEL_HUB: {CHANNEL_HUB_ADDRESS: None},
            DEPOSIT_COLLECTOR: {DEPOSIT_COLLECTOR_ADDRESS: None},
        }
    )
    notices = powers(verify(export_bundle(chain, tmp_path / "bundle", listed).directory))
    for notice, kind, address in zip(notices, (CURRENCY_TOKEN, ISSUANCE_DESK), (token, desk), strict=True):
        assert (notice.subject.endswith(f" 0x{address.hex()}"), notice.block) == (True, created.number)
        assert (
            f"the administrator alone may call its functions {', '.join(RESTRICTED[kind].values())};" in notice.detail
        )
        assert f"since block {created.number} (" in notice.detail


def test_a_function_given_back_to_the_administrator_is_told(run: Demo, tmp_path: Path) -> None:
    """A function whose role is taken from it is the administrator's from then on; the others are not listed."""
    network, admin = run.network, run.network.roles.administrator
    access = network.currencies[Currency.CNY].access
    network.send(access.assign(admin, Role.ADMINISTRATOR, network.currency, ["pause", "seize"]))
    block = run.chain.block()
    network.send(access.assign(admin, Role.PAUSER, network.currency, ["pause"]))
    notices = powers(verify(export_bundle(run.chain, tmp_path / "bundle", network.contracts()).directory))
    (notice,) = (it for it in notices if "alone may call" in it.detail)
    assert "the administrator alone may call its functions seize; all of them since" in notice.detail
    assert (notice.block, notice.timestamp) == (block.number, block.timestamp)
