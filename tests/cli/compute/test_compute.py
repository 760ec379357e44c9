"""`pysettle market`, `pysettle channel` and `pysettle scenario`: the compute layer by separate commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pysettle.audit.extract import export_bundle
from pysettle.audit.verify import verify
from pysettle.client.compute.series import SeriesTerms
from pysettle.domain.compute.usage import Meters, RateCard
from pysettle.workspace import Workspace
from tests.cli.running import OPEN, ComputeTown, invoke


@pytest.fixture
def town(compute_town: ComputeTown) -> ComputeTown:
    """Return a workspace with two series."""
    return compute_town


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
    row = {key: voucher[key] for key in ("channel", "ceiling_tokens", "signature")} | {
        "usage": [1000, 20000, 1000, 0, 0, 0]
    }
    rows = town.file("rows.json", json.dumps([row]))
    checked = {
        "channel": opened["channel"],
        "metered_tokens": "691000",
        "would_claim_units": None,
        "would_claim_tokens": "691000",
        "voucher": "valid",
    }
    assert town.read(f"channel check --series DSV4 --file {rows}")["rows"] == [checked]
    forged = town.file("forged.json", json.dumps([row | {"ceiling_tokens": "3000001"}]))
    checked |= {"would_claim_tokens": "0", "voucher": "INVALID"}
    assert town.read(f"channel check --series DSV4 --file {forged}")["rows"] == [checked]
    claimed = town.read(f"channel claim --series DSV4 --file {rows}")
    assert claimed["rows"] == [claim_of(opened["channel"], "claimed", 691_000)]
    again = town.read(f"channel claim --series DSV4 --file {rows}")
    assert again["rows"] == [claim_of(opened["channel"], "nothing new", 0)]
    assert "delivered: 0 -> 691,000 Tokens" in town.say("channel settle --series DSV4")
    assert "980.00 -> 980.10365 yuan" in town.say("market redeem --series DSV4 --tokens 691000")
    (point,) = town.read("market index")["points"]
    assert point == {"class": "inference", "day": "2026-01-01", "basket_units": "3537000", "paid_units": "103650"}


def claim_of(channel: str, result: str, tokens: int) -> dict[str, str | None]:
    """Return a row of a claim in Tokens, as its document has it."""
    return {"channel": channel, "result": result, "amount_units": None, "amount_tokens": str(tokens)}


def rows_of(town: ComputeTown, *rows: tuple[str, int, list[int], str]) -> Path:
    """Write rows of (channel, ceiling, usage, who signs), each voucher signed anew."""
    entries = []
    for channel, ceiling, usage, by in rows:
        voucher = town.read(f"channel sign --channel {channel} --ceiling {ceiling} --by {by}")
        entries.append({key: voucher[key] for key in ("channel", "ceiling_tokens", "signature")} | {"usage": usage})
    return town.file("rows.json", json.dumps(entries))


def test_each_row_of_a_claim_is_told_by_itself(town: ComputeTown) -> None:
    """In full, in part, refused and superseded, two channels and several rows of each; check says the same before."""
    town.say("token issue --to bob --amount 10")
    channels = {}
    for who, deposit in (("alice", 1000), ("bob", 100)):
        town.say(f"market buy --series CHEAP --tokens 2000 --by {who}")
        channels[who] = town.read(f"channel open --series CHEAP --tokens {deposit} --by {who}")["channel"]
    rows = rows_of(
        town,
        (channels["alice"], 500, [300, 0, 0, 0, 0, 0], "alice"),
        (channels["bob"], 60, [80, 0, 0, 0, 0, 0], "bob"),
        (channels["alice"], 500, [200, 0, 0, 0, 0, 0], "alice"),
        (channels["alice"], 900, [700, 0, 0, 0, 0, 0], "alice"),
        (channels["bob"], 400, [300, 0, 0, 0, 0, 0], "bob"),
        (channels["alice"], 1000, [800, 0, 0, 0, 0, 0], "alice"),
        (channels["bob"], 500, [500, 0, 0, 0, 0, 0], "bob"),
    )
    entries = json.loads(rows.read_text())
    entries[3]["ceiling_tokens"] = "901"
    rows.write_text(json.dumps(entries))
    expected = [
        ("alice", "claimed", 300),
        ("bob", "claimed", 60),
        ("alice", "nothing new", 0),
        ("alice", "voucher signature invalid", 0),
        ("bob", "claimed in part", 40),
        ("alice", "claimed", 500),
        ("bob", "nothing new", 0),
    ]
    checked = town.read(f"channel check --series CHEAP --file {rows}")["rows"]
    assert [(it["channel"], it["would_claim_tokens"]) for it in checked] == [
        (channels[who], str(amount)) for who, _, amount in expected
    ]
    assert "in all 900 Tokens" in town.say(f"channel check --series CHEAP --file {rows}")
    claimed = town.read(f"channel claim --series CHEAP --file {rows}")["rows"]
    assert claimed == [claim_of(channels[who], result, amount) for who, result, amount in expected]
    again = town.read(f"channel claim --series CHEAP --file {rows}")["rows"]
    assert [it["result"] for it in again] == ["nothing new"] * 7
    assert "delivered: 0 -> 900 Tokens" in town.say("channel settle --series CHEAP")


def test_a_refused_row_is_told_from_one_with_nothing_new(town: ComputeTown) -> None:
    """Also where nothing of their channel is claimed."""
    town.say("market buy --series CHEAP --tokens 1000")
    channel = town.read("channel open --series CHEAP --tokens 1000")["channel"]
    used = [10, 0, 0, 0, 0, 0]
    town.say(f"channel claim --series CHEAP --file {rows_of(town, (channel, 10, used, 'alice'))}")
    rows = rows_of(town, (channel, 10, used, "alice"), (channel, 20, [20, 0, 0, 0, 0, 0], "alice"))
    entries = json.loads(rows.read_text())
    entries[1]["ceiling_tokens"] = 21
    rows.write_text(json.dumps(entries))
    claimed = town.read(f"channel claim --series CHEAP --file {rows}")["rows"]
    assert [it["result"] for it in claimed] == ["nothing new", "voucher signature invalid"]


def test_only_who_signs_vouchers_of_a_channel_signs_one(town: ComputeTown) -> None:
    """Anybody else's would be worthless. What is useful next is a command that runs."""
    town.say("market buy --series CHEAP --tokens 1000")
    channel = town.read("channel open --series CHEAP --tokens 1000")["channel"]
    sign = f"channel sign --channel {channel} --ceiling 5"
    town.refused(f"{sign} --by bob", 2, "bob does not sign vouchers of channel", "give --by alice")
    assert f"Next: pysettle channel show --channel {channel}\n" in town.say(sign)
    file = town.directory / "row.json"
    line = town.say(f"{sign} --out {file}").splitlines()[-1]
    assert line == f"Next: pysettle channel check --series CHEAP --file {file}"
    assert "valid\n" in town.say(line.removeprefix("Next: pysettle "))
    town.refused(f"{sign} --out {town.directory / 'no' / 'row.json'}", 2, "cannot be written")


def test_a_series_of_no_published_class_comes_last(town: ComputeTown) -> None:
    """Opened from Python, since `market open` refuses it; its cost is a dash."""
    workspace = Workspace.open(town.directory)
    with workspace.chain(write=True) as chain:
        compute, provider = workspace.network(chain), workspace.accounts.key("provider")
        terms = SeriesTerms("Poems", "POEM", "poetry", 1, 1000, chain.clock.now() + 1000, RateCard(Meters(), Meters()))
        on = compute.compute_lists.newest_compute(provider.address)
        compute.market.send(compute.market.open_series(provider, terms, on))
    assert [line.split()[:3] for line in town.say("market list").splitlines()[2:]] == [
        ["CHEAP", "inference", "0.4716"],
        ["DSV4", "inference", "3.537"],
        ["POEM", "poetry", "-"],
    ]
    assert [it["basket_units"] for it in town.read("market list")["series"]][2:] == [None]


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
    assert town.read(f"channel show --channel {short}")["balance_tokens"] == "0"
    town.refused("channel show --channel 0xabcdef", 2, "no channel has an id that begins with 0xabcdef")


def test_mistakes_are_told_before_anything_is_sent(town: ComputeTown) -> None:
    """A halter without a ground, rates of another form, unknown series and broken rows."""
    base = OPEN.format(compute="0x" + "11" * 32, symbol="X")
    nobodys = base.replace(f"--compute 0x{'11' * 32} ", "") + " --by alice"
    town.refused(nobodys, 2, "has registered no compute")
    town.refused(base + " --halter bob", 2, "a halter needs a ground")
    town.refused(base.replace("1,30,90/2,60,180", "1,2"), 2, "is not of the form 3 whole numbers / 3 whole numbers")
    town.refused(base, 2, "no compute has an id that begins with 0x1111")
    (registered,) = (str(it["compute"]) for it in town.read("market compute")["compute"])
    town.refused(base.replace("0x" + "11" * 32, registered[:6]) + " --by alice", 5, "ComputeNotOfProvider")
    town.refused("market show --series NONE", 2, "no series is called NONE")
    town.refused(
        f"channel claim --series CHEAP --file {town.file('rows.json', '[{}]')}", 2, "row 1, channel: it is missing"
    )
    town.refused(base + f" --windows {town.file('w.json', '{}')}", 2, "peak hours cannot be read")


def test_the_history_is_proved(town: ComputeTown, tmp_path: Path) -> None:
    """What the commands left behind verifies, ledger included; the halt is named."""
    town.say("market buy --series DSV4 --tokens 1000000 --to bob")
    town.say(f"market halt --series DSV4 --evidence {town.file('e', 'x')} --by bob")
    workspace = Workspace.open(town.directory)
    with workspace.chain() as chain:
        contracts = workspace.network(chain).contracts()
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
    (earned,) = [it for it in found["figures"] if it["figure"] == "earned by the maker"]
    assert (found["schema"], earned["amount_units"], found["audit"]["level"]) == (
        "pysettle.scenario-run/1",
        "6930000000",
        "S",
    )


def test_two_series_of_one_symbol_are_told_apart(town: ComputeTown) -> None:
    """By provider and address in the list, which a command that is given the symbol asks for."""
    first = town.read("market list")["series"][0]["address"]
    town.say("market register --provider bob --accelerator 'H20' --units 8 --rate 1000 --until 2026-06-01")
    opened = town.read(f"{OPEN.replace('--compute {compute} ', '').format(symbol='CHEAP')} --by bob")["series"]
    listed = town.say("market list --wide")
    assert f"CHEAP of provider at {first}" in listed
    assert f"CHEAP of bob at {opened}" in listed
    assert "DSV4 of" not in listed
    assert {it["address"]: it["provider"] for it in town.read("market list")["series"]}[opened] == "bob"
    for line in ("market buy --tokens 1", "market show", "channel open --tokens 1"):
        town.refused(f"{line} --series CHEAP", 2, "2 series are called CHEAP", first, opened, "name one by its address")
    assert "Tokens of CHEAP" in town.say(f"market buy --series {opened} --tokens 1")
    assert town.read(f"market show --series {opened[:8].upper().replace('X', 'x')}")["series"] == opened
