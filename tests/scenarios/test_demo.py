"""The demo: exact money, nothing left over, the same bytes for the same seed."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from pysettle.audit.extract import export_bundle
from pysettle.domain.compute.serving import Request
from pysettle.domain.compute.usage import Meters, Usage
from pysettle.domain.money.wallets import WalletClass
from pysettle.money import UNITS_PER_MINOR, backing_rounded_down
from pysettle.scenarios import demo
from pysettle.scenarios.deepseek import DEEPSEEK_V4_PRO_RATE_CARD, DEEPSEEK_V4_PRO_UNIT_PRICE
from pysettle.scenarios.workload import generate, read_trace

FILES = ("genesis.json", "chain.rlp", "manifest.json")


def check_books(result: demo.DemoResult) -> None:
    """Hold what every run must end with: no Token outstanding, every unit of e-CNY accounted for."""
    assert result.report.level == "S"
    assert result.report.findings == ()
    assert result.tokens_outstanding == 0
    assert result.cny_issued == result.cny_redeemed + result.cny_held + result.cny_remainder
    assert result.cny_redeemed % UNITS_PER_MINOR == 0
    assert result.cny_held < UNITS_PER_MINOR * (demo.BUYERS + 1)
    # One payment, one refund a buyer and one redemption round by less than a unit each.
    assert 0 <= result.cny_remainder <= 2 * demo.BUYERS + 1
    assert result.tokens_delivered == DEEPSEEK_V4_PRO_RATE_CARD.tokens(result.usage)
    assert result.cny_paid == backing_rounded_down(result.tokens_delivered, DEEPSEEK_V4_PRO_UNIT_PRICE)


def settled(requests: Sequence[Request], seed: int = 0) -> demo.Demo:
    """Return a settlement that has come to its end, and that nobody has audited."""
    run = demo.Demo(requests, seed=seed)
    run.issue_and_sell()
    run.open_channels()
    run.deliver()
    run.claim_and_redeem()
    run.return_unused()
    run.exchange_for_reserve()
    return run


def test_a_generated_run_settles_to_the_last_unit(tmp_path: Path) -> None:
    """Peak and off-peak, cached and not: all is paid by the rate card, and the bundle proves it."""
    result = demo.run(generate(3, 400), seed=3, out=tmp_path / "bundle")
    check_books(result)
    assert result.vouchers_signed == result.requests == 400
    assert result.usage.peak.output
    assert result.usage.off_peak.cached_input
    assert result.transactions < 200


@pytest.mark.apart
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    """Runs with one seed leave byte-identical bundles; another seed gives other blocks and the same money (P-27)."""
    requests, first = generate(1, 60), tmp_path / "first"
    proved = demo.run(requests, seed=5, out=first)
    again, other = (settled(requests, seed) for seed in (5, 6))
    second = export_bundle(again.chain, tmp_path / "second", again.network.contracts()).directory
    matched, different, missing = filecmp.cmpfiles(first, second, FILES, shallow=False)
    assert (sorted(matched), different, missing) == (sorted(FILES), [], [])
    assert proved.report.head_state_root == again.chain.block().state_root != other.chain.block().state_root
    assert (proved.cny_paid, proved.cny_issued) == (other.cny_paid, other.cny_issued)


@pytest.mark.apart
@pytest.mark.parametrize(
    "requests",
    [
        [Request(1_700_000_000, Meters(input=1, output=1))],
        [Request(1_700_000_000, Meters())] * 25,
        [Request(1_700_000_000, Meters(output=50_000))] * 3,
        [Request(1_700_090_000, Meters(input=9)), Request(1_700_000_000, Meters(input=7))],
    ],
    ids=["one request", "no usage at all", "long answers", "out of order"],
)
def test_unusual_workloads_settle_too(requests: list[Request]) -> None:
    """Few, empty, long or unordered requests end with clean books like any other."""
    check_books(demo.run(requests))


@pytest.mark.apart
@pytest.mark.real_trace
def test_the_real_trace_costs_what_it_must(tmp_path: Path) -> None:
    """8,819 real requests cost 84.589479 yuan, exact to the unit, in fewer than 200 transactions."""
    requests = read_trace(Path(os.environ["PYSETTLE_TRACE_DIR"], "AzureLLMInferenceTrace_code.csv"))
    result = demo.run(requests, out=tmp_path / "bundle")
    check_books(result)
    assert result.usage == Usage(off_peak=Meters(0, 18_059_974, 245_896))
    assert result.cny_paid == 84_589_479
    assert result.tokens_delivered == 563_929_860
    assert result.transactions < 200


@pytest.mark.parametrize(
    ("requests", "registered"),
    [
        ([Request(1_700_000_000, Meters(input=200_000_000))], 0),
        ([Request(1_700_000_000, Meters(input=900_000_000))], 1),
        ([Request(1_700_000_000, Meters(input=200_000_000))] * 8, 1),
    ],
    ids=["within class IV", "a payment beyond class IV", "an income beyond class IV"],
)
def test_who_exceeds_an_unregistered_wallet_is_registered(requests: list[Request], registered: int) -> None:
    """More than 2,000 yuan paid at once, or more than 10,000 earned, takes a corporate wallet, and settles as ever."""
    run = settled(requests)
    currency = run.network.currency
    accounts = [run.provider, *(buyer.signer for buyer in run.buyers)]
    classes = [currency.wallet(account.address).wallet_class for account in accounts]
    assert classes.count(WalletClass.CORPORATE) == registered
    assert set(classes) <= {WalletClass.IV, WalletClass.CORPORATE}
    assert (
        run.cny_paid
        == sum(map(demo.SERVICE.cost, requests)) * DEEPSEEK_V4_PRO_UNIT_PRICE // 1_000_000
        >= 900 * 1_000_000
    )
    assert currency.credit_of(run.provider.address) == 0
