"""No contract that is not listed, and nothing that anybody may do, decides a verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pysettle.audit.extract import export_bundle
from pysettle.audit.report import Check, Outcome, Report
from pysettle.audit.verify import verify
from pysettle.client.channel.hub import UsageRow
from pysettle.client.follower import LedgerFollower
from pysettle.domain import invariants
from pysettle.domain.channel.books import ChannelBooks
from pysettle.domain.channel.contracts import CHANNEL_HUB
from pysettle.domain.channel.metering import Voucher
from pysettle.domain.compute.contracts import COMPUTE_TOKEN
from pysettle.domain.compute.usage import Meters, Usage
from pysettle.domain.core import events
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.messages import ChannelConfig
from pysettle.domain.money.contracts import CURRENCY_TOKEN
from pysettle.evm.embedded import EmbeddedChain
from pysettle.scenarios.demo import WITHDRAW_DELAY_S, Demo
from pysettle.scenarios.workload import generate
from tests.chance import chance
from tests.stateful.network.stage import NetworkStage
from tests.stateful.network.strangers import Stranger


def audited(chain: EmbeddedChain, contracts: Contracts, directory: Path) -> Report:
    """Return the report on a chain; a follower of it must keep books that hold, too."""
    follower = LedgerFollower(chain, contracts)
    follower.update()
    assert invariants.check(follower.ledger) == []
    return verify(export_bundle(chain, directory / "bundle", contracts).directory)


def ordered(stranger: Stranger) -> None:
    """Place an order in the stranger's own token, and leave it open."""
    stranger.order(chance(1), taken_back=False)


ACTS: dict[str, Callable[[Stranger], None]] = {
    "a deposit of a foreign token": lambda it: it.deposit(chance(1)),
    "an order in a foreign token": ordered,
    "a payment of nothing": lambda it: it.dust(chance(1)),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_what_anybody_may_do_is_no_finding(act: Callable[[Stranger], None], tmp_path: Path) -> None:
    """The hub and the escrow take any token, and the currency lets anybody pay nothing: the audit passes."""
    stage = NetworkStage()
    act(Stranger(stage))
    report = audited(stage.chain, stage.network.contracts(), tmp_path)
    assert report.findings == ()
    assert report.checks[Check.LEDGER] is Outcome.PASSED


def test_a_channel_of_a_foreign_token_is_used_and_nothing_is_found(tmp_path: Path) -> None:
    """Deposits, claims, settlements and refunds of a token that is not counted leave no record, at the hub neither."""
    stage, draw = NetworkStage(), chance(2)
    stranger = Stranger(stage)
    for act in (stranger.deposit, stranger.claim, stranger.deposit, stranger.refund):
        act(draw)
    follower = stage.network.follow()
    follower.update()
    assert not follower.ledger[ChannelBooks].channels
    assert audited(stage.chain, stage.network.contracts(), tmp_path).passed


@pytest.mark.parametrize("seed", range(3))
def test_an_unlisted_emitter_is_a_notice(seed: int, tmp_path: Path) -> None:
    """A contract that logs under the topics of the network, in their form or in none, is named and decides nothing."""
    stage, draw = NetworkStage(), chance(seed)
    stranger = Stranger(stage)
    for act in (stranger.say, stranger.say_malformed) * 3:
        act(draw)
    report = audited(stage.chain, stage.network.contracts(), tmp_path)
    assert report.findings == ()
    assert report.checks[Check.LEDGER] is Outcome.PASSED
    named = [it.detail for it in report.notices if it.subject == f"contract 0x{stranger.address.hex()}"]
    assert [detail.endswith("is not listed in the manifest: its books are not kept") for detail in named] == [True]


def test_a_listed_contract_that_logs_what_no_type_holds_fails_the_audit(tmp_path: Path) -> None:
    """A hub that is none states a channel whose delay has more than 40 bits: the report says so, at its block."""
    stage = NetworkStage()
    stranger, contracts = Stranger(stage), stage.network.contracts()
    (currency,) = contracts[CURRENCY_TOKEN]
    topic = next(it for it, text in events.signatures().items() if text.startswith("ChannelCreated("))
    words = [b"\1" * 20, b"\1" * 20, b"\1" * 20, b"\2" * 20, currency, (2**41).to_bytes(32, "big"), b""]
    stranger._submit("say", [topic, b"\3" * 32], b"".join(word.rjust(32, b"\0") for word in words))
    listed = Contracts({**contracts.listed, CHANNEL_HUB: {**contracts[CHANNEL_HUB], stranger.address: None}})
    report = verify(export_bundle(stage.chain, tmp_path / "bundle", listed).directory)
    assert (report.passed, report.level) == (False, "S")
    assert [
        (it.code, "its topics and data are not those of the event it names" in it.detail) for it in report.findings
    ] == [("AUDIT-G", False), ("INV-REPLAY", True)]


def test_an_attestation_for_a_channel_without_deposit_is_no_finding(tmp_path: Path) -> None:
    """A provider may attest usage of a channel that nobody opened; opened later, it is claimed from as any other."""
    run = Demo(generate(4, 20), seed=4)
    run.issue_and_sell()
    network, series, buyer = run.network, run.series, run.buyers[0].signer
    hub = network.hub
    config = ChannelConfig(
        *(buyer.address, buyer.address, series.address, network.meter.address, series.address),
        withdraw_delay_s=WITHDRAW_DELAY_S,
    )
    voucher = Voucher.signed(buyer, hub.domain, config.channel_id(hub.domain), 60)

    def claim(output: int) -> None:
        rows = [UsageRow(config, Usage(off_peak=Meters(output=output)), voucher)]
        attestation = network.meter.attest(run.provider, series.address, rows, hub)
        network.send(hub.claim_metered(run.relayer, network.meter, series.address, rows, attestation))

    claim(output=9)
    assert audited(run.chain, network.contracts(), tmp_path / "before").passed
    data = hub.sign_deposit(buyer, series, config, 60, run.chain.clock.now() + 60)
    network.send(hub.deposit(run.relayer, config, 60, data))
    claim(output=1)
    assert hub.channel(config.channel_id(hub.domain))[1] > 0
    assert audited(run.chain, network.contracts(), tmp_path / "after").passed


def test_money_sent_to_a_contract_is_named(tmp_path: Path) -> None:
    """Plain e-CNY in a contract of the network is nobody's: the audit passes, and says who holds how much of it."""
    run = Demo(generate(4, 20), seed=4)
    run.issue_and_sell()
    network, currency, payer = run.network, run.network.currency, run.buyers[0].signer
    interest = network.open_interest(quota=0)
    keepers = {
        "ChannelHub": network.hub.address,
        "ERC3009DepositCollector": network.hub.collector,
        "ComputeMarket": network.market.address,
        "JobEscrow": network.jobs.address,
        "InterestPayments": interest.address,
        "UsageMeter": network.meter.address,
        "ComputeToken": run.series.address,
    }
    network.send(*(currency.transfer(payer, to, place) for place, to in enumerate(keepers.values(), 1)))
    report = audited(run.chain, network.contracts(), tmp_path)
    assert report.findings == ()
    held = {it.subject: it.detail for it in report.notices if ": holds " in it.detail}
    asset = currency.address.hex()
    assert held == {
        f"contract 0x{to.hex()}": f"{name}: holds {place} units of 0x{asset} for no purpose: a donation"
        for place, (name, to) in enumerate(keepers.items(), 1)
    }


def test_a_series_that_the_manifest_leaves_out_is_named(tmp_path: Path) -> None:
    """A listed market opened it: the report says that its books are not kept, and calls no buyer's money a donation."""
    run = Demo(generate(4, 20), seed=4)
    run.issue_and_sell()
    network, series = run.network, run.series.address
    whole = network.contracts()
    listed = Contracts(
        {**whole.listed, COMPUTE_TOKEN: {it: terms for it, terms in whole[COMPUTE_TOKEN].items() if it != series}}
    )
    report = audited(run.chain, listed, tmp_path)
    assert report.passed
    escrow = network.currency.balance_of(series)
    detail = f"opened by the listed market 0x{network.market.address.hex()}, and not listed in the manifest"
    assert [it.detail for it in report.notices if it.subject == f"series 0x{series.hex()}"] == [
        f"{detail}: its books are not kept"
    ]
    assert escrow > 0
    assert [it.detail for it in report.notices if f"holds {escrow} units" in it.detail] == [
        f"settlement account that is not listed: holds {escrow} units of 0x{network.currency.address.hex()}, "
        "for a purpose that is not known"
    ]
    assert not [it for it in report.notices if "donation" in it.detail]
    whole_report = verify(export_bundle(run.chain, tmp_path / "whole", whole).directory)
    assert not [it for it in whole_report.notices if it.subject.startswith("series ")]
