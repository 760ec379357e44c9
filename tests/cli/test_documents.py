"""Every command's document: integers as text, units in names, currencies beside amounts, null for what is absent."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pysettle.cli import main
from pysettle.domain.channel.receipts import ReceiptFile, SignedReceipt, UsageReceipt, receipt_domain
from pysettle.domain.compute.usage import PeakHours, Usage
from pysettle.domain.core.messages import ChannelId
from pysettle.values import Timestamp, Tokens
from pysettle.workspace import Workspace
from tests.cli.documents import keys, problems
from tests.cli.running import OPEN, commands, invoke
from tests.once import once

PAYLOAD = Path(__file__).parents[2] / "pysettle" / "scenarios" / "travel_payload.json"
LINES = """
init {town} --account carol
account list
account add dora
network deploy
network add-currency --currency HKD
network status
network verify
network genesis
network genesis --out {town}/begun.json
time show
role show
role show --role operator --account alice
role offer --role operator --account carol
role withdraw --role operator --account carol --by administrator | 5
role accept --role operator --account carol
role hand-over --role operator --account carol --to dora
role withdraw --role operator --account dora
role revoke --role operator --account carol
reserve attest --amount 2000000
reserve show
reserve quota
reserve quota --amount 5000
reserve ratio
reserve ratio --basis-points 5000
token issue --to alice --amount 1000
token issue --to bob --amount 1000
token issue --to provider --amount 1000
token issue --to alice --amount 1000 --currency HKD
token transfer --from alice --to bob --amount 1
token balance --account alice
token approve --from alice --spender bob --amount 5
token allowance --from alice --spender bob
token authorize --from alice --to bob --amount 1
token authorize --from alice --to bob --amount 1 --out {town}/authorization
token permit --from alice --spender bob --amount 1 --out {town}/permit
token inspect --file {town}/authorization
token inspect --file {town}/permit
token submit --file {town}/authorization
token submit --file {town}/permit
token cancel-authorization --from alice --nonce 0x{word}
tx list
tx list --account alice --to 2026-01-01 --out {town}/tx.csv
tx show {hash}
account statement alice
token pause
wallet show --account alice
token unpause
redemption request --from alice --amount 1
redemption request --from alice --amount 1
redemption request --from alice --amount 1
redemption show --id 1
redemption take --id 1
redemption show --id 1
redemption list
redemption complete --id 1
redemption reject --id 2
redemption cancel --id 3
redemption request --from bob --amount 2
wallet freeze --account bob --incoming
redemption reject --id 4
wallet seize-credit --account bob --to alice --amount 1 --legal-basis {town}/paper
wallet unfreeze --account bob
wallet claim-credit --account bob
wallet mark-settlement --account {meter}
wallet show --account bob
wallet register --account bob --class I --jurisdiction 156 --identification-until 2030-01-01
wallet register --account bob --class II
wallet show --account bob
wallet limits
wallet limits --class II
wallet limits --class II --daily none
wallet payee-only --account carol
wallet freeze --account carol --incoming
token transfer --from alice --to carol --amount 1 | 5
wallet unfreeze --account carol
wallet claim-credit --account carol | 2
wallet seize --account bob --to alice --amount 1 --legal-basis {town}/paper
wallet seize-credit --account bob --to alice --amount 1 --legal-basis {town}/paper | 5
interest open
interest show
interest compute --first-day 2026-01-01 --end-day 2026-01-02 --rate-bps 50
time advance --days 1
interest compute --first-day 2026-01-01 --end-day 2026-01-02 --rate-bps 50
interest declare --first-day 2026-01-01 --end-day 2026-01-02 --rate-bps 50
interest pay --period 1
interest verify --period 1
interest show
market register --accelerator H20 --units 8 --rate 1000 --until 2026-06-01
market compute
market stake --amount 20
market unstake --amount 1
{open}
{open} --halter bob --ground why --compensation-bps 500 --windows {town}/hours
{open} --compensation-bps 100
market list
market show --series {first}
market show --series {second} --windows {town}/hours
market buy --series {first} --tokens 1000
market buy --series {second} --tokens 1000
market sign --series {first} --tokens 10 --out {town}/purchase
market submit --file {town}/purchase
market transfer --series {first} --tokens 10 --to bob
market consume --series {first} --tokens 10
market redeem --series {first} --tokens 10
channel open --series {first} --tokens 100
channel open --receiver bob --amount 5
channel sign --channel {metered} --ceiling 50 --out {town}/rows
channel sign --channel {plain} --ceiling 2 --out {town}/plain-rows
channel check --series {first} --file {town}/rows
channel check --file {town}/plain-rows
channel check --receipt {town}/receipts
channel check --receipt {town}/false-receipts | 7
channel claim --series {first} --file {town}/used-rows
channel claim --file {town}/plain-rows --by bob
channel settle --series {first}
channel settle --receiver bob
channel show --channel {metered}
channel withdraw --channel {plain} --amount 1
channel show --channel {plain}
channel list
channel refund --channel {metered} --amount 10
channel withdraw-credit --account bob | 5
time advance --days 2
channel finalize --channel {plain}
market index
market halt --series {second} --evidence {town}/paper --by bob
market refund --series {second} --tokens 1000
market show --series {second}
market sweep --series {second} --by provider
job place --arbiter carol --milestone 5@2026-02-01 --milestone 5@2026-02-01 --file {town}/paper
job sign --arbiter carol --milestone 5@2026-02-01 --file {town}/paper --number 1 --out {town}/order
job submit --file {town}/order
job place --arbiter carol --milestone 5@2026-02-01 --file {town}/paper --number 2
job place --arbiter carol --milestone 5@2026-02-01 --file {town}/paper --number 3
job accept --order {late}
job accept --order {order}
job deliver --order {order} --file {town}/paper
job show --order {order}
job dispute --order {order} --file {town}/paper
job rule --order {order} --provider-bps 5000 --file {town}/paper --by carol
job concede --order {order} --milestone 1
job accept --order {signed}
job deliver --order {signed} --file {town}/paper
job accept-delivery --order {signed}
job cancel --order {last} | 0
job list
job pay --account provider
liquidity open
participant admit --account alice --lei PYSETTLE000000000111 --bic HSBCHKHH --jurisdiction 344
participant suspend --account alice --file {town}/paper
participant stop --account alice --file {town}/paper
participant release --account alice --file {town}/paper
participant show --account alice
participant show --account bob
participant list
liquidity pay-in --account alice --amount 20
liquidity pay-out --account alice --amount 1
participant admit-all --file {town}/banks.csv --dry-run
participant admit-all --file {town}/banks.csv
settle write --leg CNY:alice:bob:2 --end-to-end-id A --out {town}/now
settle sign --file {town}/now --by alice
settle preflight --file {town}/now
settle submit --file {town}/now --dry-run
settle submit --file {town}/now
settle show --file {town}/now
settle return --file {town}/now --amount 1 --reason AC03 --end-to-end-id B --out {town}/back
settle write --leg CNY:alice:bob:2 --end-to-end-id C --value-time 2026-01-20T00:00:00 --out {town}/later
settle sign --file {town}/later --by alice
settle submit --file {town}/later
settle unwind --file {town}/later --by seizer
settle write --leg CNY:alice:bob:2 --end-to-end-id D --value-time 2026-01-20T00:00:00 --out {town}/latest
settle preflight --file {town}/latest
settle sign --file {town}/latest --by alice
settle submit --file {town}/latest
settle withdraw --by alice --id 9
cycle solve --obligations {town}/obligations --positions {town}/positions
cycle show
cycle operator --account bank --dry-run
cycle operator --account bank
liquidity reserve --account alice --amount 1 --dry-run
liquidity reserve --account alice --amount 1
obligation queue --file {town}/owed --dry-run
obligation queue --file {town}/owed
obligation hold --batch alice:0:0
obligation list
obligation resume --batch alice:0:0 --dry-run
obligation resume --batch alice:0:0
obligation cancel --batch alice:0:0 --item 1
obligation reject --batch alice:0:0 --item 2 --by bob --reason AM05
time advance --seconds 300
cycle close
cycle solve --out {town}/sets
cycle show
cycle settle --dry-run
cycle settle --file {town}/sets
cycle end
liquidity release --account bob --amount 1
liquidity freeze --account alice --outgoing --amount 1
liquidity show --account alice
liquidity seize --account alice --to bob --amount 1 --legal-basis {town}/paper
liquidity unfreeze --account alice
wallet freeze --account alice --incoming
liquidity copy-freeze --account alice
liquidity unfreeze --account alice
corridor show {ends}
corridor propose {ends} --counter HKD --settlement-limit 40 --window-limit 100 --day-end-limit 5 --travel-threshold 30
corridor list
corridor agree {ends} --counter HKD --dry-run
corridor agree {ends} --counter HKD
corridor show {ends} --account alice
corridor list
corridor write-payload --debtor bob --creditor alice --amount 30 --payload {payload} --out {town}/statement
corridor sign-payload --file {town}/statement --payload {payload} --by bob
corridor sign-payload --file {town}/statement --payload {payload} --by alice
corridor submit-payload --file {town}/statement
corridor auditor-key --out {town}/auditor --public-out {town}/auditor-public
corridor seal-payload --payload {payload} --key {town}/auditor-public --out {town}/sealed
corridor open-payload --file {town}/sealed --key {town}/auditor --out {town}/payload-opened
wallet register --account alice --class II --jurisdiction 344 --currency HKD
wallet register --account provider --class II --jurisdiction 156
corridor propose {abroad} --counter HKD --settlement-limit 40 --window-limit 100 --day-end-limit 5
corridor agree {abroad} --counter HKD
participant admit --account bob --lei PYSETTLE000000000208 --bic HSBCHKHH --jurisdiction 156 --currency HKD
liquidity pay-in --account bob --amount 2
fx rate --pay-in HKD
fx attest --pay-in HKD --reference 0.9
fx rate --pay-in HKD
fx limit {abroad} --class II --purchase 2 --window-limit 20
fx admit --series {first}
fx quote --pay-in HKD --pays 1 --sells 0.9 --by bob --out {town}/quote
fx check --file {town}/quote
fx show --file {town}/quote
market buy --series {first} --tokens 1 --pay-in HKD --quote {town}/quote --dry-run
market buy --series {first} --tokens 1 --pay-in HKD --quote {town}/quote
fx quote --pay-in HKD --pays 1 --sells 0.9 --by bob --out {town}/quote-of-order
fx sign --series {first} --tokens 1 --quote {town}/quote-of-order --by alice --out {town}/relayed-order
fx submit --file {town}/relayed-order --quote {town}/quote-of-order --dry-run
fx submit --file {town}/relayed-order --quote {town}/quote-of-order
fx cancel --id 99 --by bob
fx policy
fx policy --on --admit 156 --refuse 344
corridor calendar
corridor calendar --file {town}/openings
corridor calendar
corridor opening
corridor opening --with HKD --from-time 2026-01-12
participant admit --account alice --lei PYSETTLE000000000111 --bic HSBCHKHH --jurisdiction 344 --agent bob
corridor clear-out {ends} --account alice
corridor close {ends} --counter HKD --as HKD --dry-run
corridor close {ends} --counter HKD --as HKD
liquidity pause
liquidity unpause
token pause
liquidity copy-pause
liquidity unpause
audit export --out {town}/bundle
audit verify {town}/bundle
audit statement alice --bundle {town}/bundle
audit statement {order} --bundle {town}/bundle --out {town}/statement.csv
audit trial-balance --bundle {town}/bundle
audit trial-balance --bundle {town}/bundle --accounts --from 2026-01-01+08:00 --to 2026-01-02
audit roll-forward --bundle {town}/bundle
audit powers --bundle {town}/bundle
audit refusals --bundle {town}/bundle
audit query --party alice --bundle {town}/bundle
audit query --order {order} --bundle {town}/bundle --out {town}/order.jsonl
audit rows events {town}/events.jsonl --bundle {town}/bundle
audit pins
audit engines
scenario list
scenario run compute-export
network add-currency --currency THB
corridor agree-home --home THB --as CNY --dry-run
corridor agree-home --home THB --as CNY
corridor homes
time advance --days 200
settle complete --file {town}/latest
market release --series {third}
job conclude --order {late}
"""
"""Command lines in their order; behind a bar the exit code, where it is not 0."""
NOT_WALKED = {
    ("node",): "runs until it is ended: it has a test of its own",
    ("gateway", "serve"): "runs until it is ended: tests/gateway starts it",
    ("gateway", "facilitator"): "likewise",
    ("gateway", "claim"): "needs a gateway: tests/gateway calls it",
    ("gateway", "status"): "likewise",
    ("gateway", "drain"): "likewise",
    ("gateway", "statement"): "likewise",
    ("gateway", "proxy"): "runs until it is ended: tests/gateway starts it",
    ("gateway", "demo"): "starts three processes: tests/gateway does the same, and reads its document",
    ("demo",): "a whole settlement: tests/cli/test_commands.py reads its document by the same rules",
    ("channel", "withdraw-credit"): "the hub holds no credit, since no token of this network refuses a payout",
}
"""Command -> why no line prints its result."""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, dict[str, Any]]]:
    """Return each command line with the document that it printed."""
    walked = once(
        tmp_path_factory, "walked", lambda folder: (folder / "lines.json").write_text(json.dumps(_walk(folder)))
    )
    return [(line, document) for line, document in json.loads((walked / "lines.json").read_text())]


def _walk(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    town = folder / "town"
    opening = OPEN.replace("--compute {compute} ", "").format(symbol="SYM")
    ends = "--from-jurisdiction 156 --to-jurisdiction 344"
    abroad = "--from-jurisdiction 344 --to-jurisdiction 156"
    names = {"town": str(town), "open": opening, "word": "01" * 32, "ends": ends, "payload": str(PAYLOAD)}
    names["abroad"] = abroad
    found: list[tuple[str, dict[str, Any]]] = []
    for line in LINES.strip().splitlines():
        words, _, code = line.partition(" | ")
        if words == "account list":
            _prepare(town)
        filled = words.format_map(names)
        result = invoke(*shlex.split(filled), "--json", workspace=town)
        assert result.exit_code == int(code or 0), (filled, result.output)
        document = json.loads(result.stdout)
        found.append((filled, document))
        _name(words, document, names)
    return found


def _prepare(town: Path) -> None:
    """Write the files that the commands read."""
    (town / "paper").write_text("what is told by its hash")
    (town / "openings").write_text(
        "currency CNY\noffset +08:00\nsun 00:00-00:01\nworked 00:00-00:01\nwork 2026-01-12\n"
    )
    (town / "obligations").write_text("debtor,creditor,currency,amount\nanna,ben,CNY,3\nben,anna,CNY,2\nben,cy,CNY,9\n")
    (town / "owed").write_text("debtor,creditor,currency,amount\n" + "alice,bob,CNY,1\n" * 4)
    (town / "positions").write_text("participant,currency,reserved\nanna,CNY,1\n")
    (town / "hours").write_text(PeakHours(((1, 4), (6, 10))).to_json())
    (town / "banks.csv").write_text("account,lei,bic,jurisdiction,agent\nbob,PYSETTLE000000000208,HSBCHKHH,344,\n")


def _name(words: str, document: dict[str, Any], names: dict[str, str]) -> None:
    """Keep the names of what was made, for the lines that follow."""
    for made, key, places in (
        ("{open}", "series", ("first", "second", "third")),
        ("channel open", "channel", ("metered", "plain")),
        ("job place", "order", ("order", "last", "late")),
        ("job submit", "order", ("signed",)),
    ):
        if words.startswith(made):
            names[next(it for it in places if it not in names)] = document[key]
    if words.startswith("token transfer --from alice --to bob"):
        names["hash"] = document["tx_hash"]
    if words == "network deploy":
        names["meter"] = document["contracts"]["UsageMeter"]
    if words.startswith("channel sign") and "metered" in words:
        town = Path(names["town"])
        (row,) = json.loads((town / "rows").read_text())
        (town / "used-rows").write_text(json.dumps([row | {"usage": [1, 0, 0, 0, 0, 0]}]))
    if words == "channel check --file {town}/plain-rows":
        _sign_receipts(Path(names["town"]), names["metered"])


def _sign_receipts(town: Path, channel: str) -> None:
    """Write a receipt of the provider that is right by the rate card, and one that is not."""
    workspace = Workspace.open(town)
    with workspace.chain() as chain:
        hub = workspace.network(chain).hub.domain
    for name, charged in (("receipts", Tokens(0)), ("false-receipts", Tokens(1))):
        channel_id, hashed = ChannelId(bytes.fromhex(channel[2:])), b"\0" * 32
        receipt = UsageReceipt(channel_id, Usage(), charged, charged, hashed, hashed, Timestamp(1_767_229_200))
        domain = receipt_domain(hub.chain_id, hub.contract)
        signed = SignedReceipt.signed(workspace.accounts.key("provider"), domain, receipt)
        (town / name).write_text(ReceiptFile(hub.chain_id, hub.contract, (signed,)).to_json())


@pytest.mark.long
def test_every_command_is_walked(printed: list[tuple[str, dict[str, Any]]]) -> None:
    """Each command has printed a document of its own schema."""
    schemas = {document["schema"] for _, document in printed}
    assert {f"pysettle.{'-'.join(it)}/1" for it in commands(main) if it not in NOT_WALKED} <= schemas


def test_documents_keep_the_rules(printed: list[tuple[str, dict[str, Any]]]) -> None:
    """Integers are text, each has its unit in its name, amounts a currency, and what is absent is null."""
    found = {line: told for line, document in printed if (told := problems(document))}
    assert not found, "\n".join(f"{line}: {told}" for line, told in found.items())


def test_a_command_prints_the_same_keys_in_every_run(printed: list[tuple[str, dict[str, Any]]]) -> None:
    """Whatever it did: a key is never left out."""
    seen: dict[tuple[str, str], frozenset[str]] = {}
    for line, document in printed:
        if document["schema"] != "pysettle.failure/1":
            for place, names in keys(document):
                assert seen.setdefault(place, names) == names, (line, place)


def test_a_node_says_where_it_listens() -> None:
    """In one line, since who reads it waits for no more."""
    command = [sys.executable, "-c", "from pysettle.cli import main; main()", "node", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        document = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
    assert (set(document), problems(document)) == ({"schema", "url", "chain_id"}, [])


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"amount_units": 5, "currency": "CNY"}, "is a number, which some readers round"),
        ({"amount": "5"}, "without a unit"),
        ({"amount_units": "5"}, "without a currency"),
        ({"balance": {"before": "1", "now": None}}, "without a unit"),
        ({"halter": "-"}, "null"),
        ({"rows": [{"name": ""}]}, "null"),
    ],
)
def test_a_planted_mistake_is_found(document: dict[str, Any], said: str) -> None:
    """Each rule finds what breaks it."""
    (problem,) = problems(document)
    assert said in problem
