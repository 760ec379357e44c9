"""`pysettle market`, `pysettle channel` and `pysettle scenario`: the compute layer by separate commands."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from pysettle.audit.extract import export_bundle
from pysettle.audit.verify import verify
from pysettle.client import Workspace
from pysettle.domain.ledger import Contracts, SeriesTerms
from pysettle.domain.usage import PeakHours
from tests.cli.running import Town, document, invoke

OPEN = (
    "market open --compute {compute} --name Tokens --symbol {symbol} --unit-price 150000 --rates 1,30,90/2,60,180 "
    "--capacity 1000000000 --until 2026-03-01"
)


class ComputeTown(Town):
    """A town whose commands may hold quoted words."""

    def say(self, line: str) -> str:
        """Run a command that succeeds; return what it printed."""
        result = invoke(*shlex.split(line), workspace=self.directory)
        assert result.exit_code == 0, result.output
        return result.stdout

    def read(self, line: str) -> dict[str, object]:
        """Run a command with `--json`; return its document."""
        return document(*shlex.split(line), workspace=self.directory)

    def refused(self, line: str, code: int, said: str) -> None:
        """Run a command that is refused."""
        result = invoke(*shlex.split(line), workspace=self.directory)
        assert (result.exit_code, said in result.stderr) == (code, True), result.output

    def file(self, name: str, content: str) -> Path:
        """Write a file."""
        path = self.directory / name
        path.write_text(content)
        return path


@pytest.fixture
def town(tmp_path: Path) -> ComputeTown:
    """Return a workspace with two series: one with compensation and a halter, and a cheap one without."""
    town = ComputeTown(tmp_path / "town")
    assert invoke("init", str(town.directory)).exit_code == 0
    town.say("network deploy")
    for account in ("alice", "provider"):
        town.say(f"token issue --to {account} --amount 1000")
    register = "market register --accelerator 'Ascend 910C' --units 8 --rate 1000 --until 2026-06-01"
    compute = town.read(register)["compute"]
    assert town.say("market stake --amount 20").startswith("free stake of provider: 0.00 -> 20.00 yuan\n")
    hours = town.file("hours.json", PeakHours(((1, 4), (6, 10))).to_json())
    halter = f"--halter bob --ground 'the provider is insolvent' --compensation-bps 500 --windows {hours}"
    assert "stake locked: 0.00 -> 7.50 yuan" in town.say(OPEN.format(compute=compute, symbol="DSV4") + " " + halter)
    cheap = OPEN.replace("--compute {compute} ", "").format(symbol="CHEAP").replace("150000", "20000")
    town.say(cheap)
    return town


def test_series_are_ranked_by_what_the_same_usage_costs(town: ComputeTown) -> None:
    """The cheapest first, in yuan for the published basket, with what is left to sell."""
    lines = town.say("market list").splitlines()
    assert [line.split() for line in lines[2:]] == [
        ["CHEAP", "inference", "0.4716", "1,000,000,000", "open"],
        ["DSV4", "inference", "3.537", "1,000,000,000", "open"],
    ]
    assert town.say("market list --class gpu-time") == "no series\n"
    town.refused("market list --class poetry", 2, "is not one of")


def test_a_whole_delivery_by_commands(town: ComputeTown) -> None:
    """Bought, deposited, signed for, claimed, brought home, redeemed, the rest refunded; and the index names it."""
    town.say("market buy --series DSV4 --tokens 10000000")
    opened = town.read("channel open --series DSV4 --tokens 4000000")
    voucher = town.read(f"channel sign --channel {opened['channel']} --ceiling 3000000")
    row = {key: voucher[key] for key in ("channel", "ceiling", "signature")} | {"usage": [1000, 20000, 1000, 0, 0, 0]}
    rows = town.file("rows.json", json.dumps([row]))
    checked = {"channel": opened["channel"], "metered": "691000", "would_claim": "691000", "voucher": "valid"}
    assert town.read(f"channel check --series DSV4 --file {rows}")["rows"] == [checked]
    forged = town.file("forged.json", json.dumps([row | {"ceiling": "3000001"}]))
    checked |= {"would_claim": "0", "voucher": "INVALID"}
    assert town.read(f"channel check --series DSV4 --file {forged}")["rows"] == [checked]
    claimed = town.read(f"channel claim --series DSV4 --file {rows}")
    assert claimed["rows"] == [{"channel": opened["channel"], "result": "claimed", "amount": "691000"}]
    again = town.read(f"channel claim --series DSV4 --file {rows}")
    assert again["rows"] == [{"channel": opened["channel"], "result": "nothing new", "amount": "0"}]
    assert "delivered: 0 -> 691,000 Tokens" in town.say("channel settle --series DSV4")
    assert "980.00 -> 980.10365 yuan" in town.say("market redeem --series DSV4 --tokens 691000")
    (point,) = town.read("market index")["points"]  # type: ignore[misc]  # a list, as its schema says
    assert point == {"class": "inference", "day": "2026-01-01", "basket_units": "3537000", "paid_units": "103650"}


def test_a_halt_refunds_and_compensates(town: ComputeTown) -> None:
    """On top of the backing, five per cent from the stake; the rest of the stake is free again."""
    town.say("market buy --series DSV4 --tokens 10000000")
    evidence = town.file("court.txt", "declared insolvent")
    town.refused(f"market halt --series DSV4 --evidence {evidence} --by alice", 5, "SeriesCallerNotHalter")
    assert "0.075 yuan of the stake compensate" in town.say(f"market halt --series DSV4 --evidence {evidence} --by bob")
    assert "998.50 -> 1,000.075 yuan" in town.say("market refund --series DSV4 --tokens 10000000")
    assert "19.925 -> 0.00 yuan" in town.say("market unstake --amount 19.925")
    town.refused("market buy --series DSV4 --tokens 1", 5, "SeriesHalted")


def test_the_ways_out_of_a_channel(town: ComputeTown) -> None:
    """At once with the provider's approval, and by notice without."""
    town.say("market buy --series CHEAP --tokens 1000")
    short = str(town.read("channel open --series CHEAP --tokens 1000 --delay-hours 1")["channel"])[:10]
    assert "balance: 1,000 -> 600" in town.say(f"channel refund --channel {short} --amount 400")
    assert "notice of 600" in town.say(f"channel withdraw --channel {short} --amount 600")
    town.refused(f"channel finalize --channel {short}", 5, "WithdrawNotFinalizable")
    town.say("time advance --days 1")
    assert "balance: 600 -> 0" in town.say(f"channel finalize --channel {short}")
    assert town.read(f"channel show --channel {short}")["balance"] == "0"
    town.refused("channel show --channel 0xabcdef", 2, "no channel's id begins with 0xabcdef")


def test_mistakes_are_told_before_anything_is_sent(town: ComputeTown) -> None:
    """A halter without a ground, rates of another form, unknown series and broken rows."""
    base = OPEN.format(compute="0x" + "11" * 32, symbol="X")
    nobodys = base.replace(f"--compute 0x{'11' * 32} ", "") + " --by alice"
    town.refused(nobodys, 2, "no compute of 0x")
    town.refused(base + " --halter bob", 2, "a halter needs a ground")
    town.refused(base.replace("1,30,90/2,60,180", "1,2"), 2, "are not 3 whole numbers / 3 whole numbers")
    town.refused(base.replace("0x" + "11" * 32, "0x12"), 2, "is not 32 bytes in hex")
    town.refused(base, 5, "ComputeNotOfProvider")
    town.refused("market show --series NONE", 2, "no series is called NONE")
    town.refused(f"channel claim --series CHEAP --file {town.file('rows.json', '[{}]')}", 2, "is no list of rows")
    town.refused(base + f" --windows {town.file('w.json', '{}')}", 2, "peak hours cannot be read")


def test_the_history_is_proved(town: ComputeTown, tmp_path: Path) -> None:
    """What the commands left behind verifies, ledger included; the halt is named."""
    town.say("market buy --series DSV4 --tokens 1000000 --to bob")
    town.say(f"market halt --series DSV4 --evidence {town.file('e', 'x')} --by bob")
    workspace = Workspace.open(town.directory)
    with workspace.chain() as chain:
        compute, deployment = workspace.compute(chain), workspace.deployment()
        contracts = Contracts(
            currencies=frozenset({compute.currency.address}),
            series={
                it.address: SeriesTerms(it.currency, it.unit_price, it.rate_card, it.compensation_bps)
                for it in compute.series()
            },
            hubs=frozenset({compute.hub.address}),
            meters=frozenset({deployment.address("UsageMeter")}),
            markets={compute.market.address: compute.currency.address},
        )
        export_bundle(chain, tmp_path / "bundle", contracts)
    report = verify(tmp_path / "bundle")
    assert (report.level, report.findings) == ("S", ())
    assert ["halted by 0x" in str(it) for it in report.notices] == [True]


def test_a_scenario_is_told_and_proved() -> None:
    """As text and as a document, and it is in the list."""
    assert "compute-export" in invoke("scenario", "list").stdout
    told = invoke("scenario", "run", "compute-export")
    assert told.exit_code == 0
    assert "verified by re-execution" in told.stdout
    found = json.loads(invoke("scenario", "run", "compute-export", "--json").stdout)
    assert (found["schema"], found["cny_earned"], found["audit"]["level"]) == ("pysettle.scenario/1", "6930000000", "S")
