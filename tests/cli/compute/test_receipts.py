"""`channel check --receipt` and `audit verify --receipts`: a provider's signed receipts against the chain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pysettle.domain.channel.receipts import ReceiptFile, SignedReceipt, UsageReceipt, receipt_domain
from pysettle.domain.compute.usage import Meters, Usage
from pysettle.domain.core.messages import ChannelId
from pysettle.values import Timestamp, Tokens
from pysettle.workspace import Workspace
from tests.cli.running import ComputeTown, invoke

REQUEST = Meters(1000, 20_000, 1000)
COST = 691_000
"""Tokens of one request by the rate card of DSV4."""


class Provider:
    """Signs receipts on a channel of a town, whose requests are all alike."""

    def __init__(self, town: ComputeTown, channel: str) -> None:
        """Serve a channel; time begins at the chain's."""
        workspace = Workspace.open(town.directory)
        self._town, self._channel = town, ChannelId(bytes.fromhex(channel[2:]))
        self._key = workspace.accounts.key("provider")
        with workspace.chain() as chain:
            self._hub, self._now = workspace.network(chain).hub.domain, chain.clock.now()

    def file(self, name: str, *charges: int) -> Path:
        """Write the receipts of requests that are charged so much in all, a minute apart."""
        receipts = []
        for count, charged in enumerate(charges, start=1):
            usage, hashed = Usage(Meters(*(count * lane for lane in REQUEST.lanes()))), b"\0" * 32
            terms = (self._channel, usage, Tokens(charged), Tokens(COST), hashed, hashed)
            receipt = UsageReceipt(*terms, Timestamp(self._now + 60 * count))
            domain = receipt_domain(self._hub.chain_id, self._hub.contract)
            receipts.append(SignedReceipt.signed(self._key, domain, receipt, Tokens(2 * COST)))
        return self._town.file(name, ReceiptFile(self._hub.chain_id, self._hub.contract, tuple(receipts)).to_json())


@pytest.fixture
def channel(compute_town: ComputeTown) -> str:
    """Return the id of a channel of Tokens."""
    compute_town.say("market buy --series DSV4 --tokens 10000000")
    return str(compute_town.read("channel open --series DSV4 --tokens 4000000")["channel"])


def test_a_payer_checks_receipts_by_a_command(compute_town: ComputeTown, channel: str) -> None:
    """Sound ones with their figures; a dearer one is refuted by the rate card, and one beyond the ceiling too."""
    provider = Provider(compute_town, channel)
    sound = compute_town.read(f"channel check --receipt {provider.file('sound', COST, 2 * COST)}")
    assert [(it["charged_tokens"], it["refutations"]) for it in sound["receipts"]] == [("691000", []), ("1382000", [])]
    dear = provider.file("dear", COST, 2 * COST + 1)
    said = (
        f"receipt 2: it charges {2 * COST + 1} Tokens, the counts cost {2 * COST} by the rate card",
        f"receipt 2: it charges {2 * COST + 1} in all, above the ceiling of {2 * COST} that the payer had signed",
    )
    result = invoke("channel", "check", "--receipt", str(dear), workspace=compute_town.directory)
    assert (result.exit_code, result.stdout.count("REFUTED")) == (7, 1)
    for line in said:
        assert line in result.stdout
    assert "2 statements are false, the first in receipt 2; sign nothing more on its channel" in result.stderr


def test_receipts_of_other_places_are_refused(compute_town: ComputeTown, channel: str) -> None:
    """Of another hub, of a channel that nobody opened, or beside options for the rows of a claim."""
    provider = Provider(compute_town, channel)
    given = json.loads(provider.file("receipts", COST).read_text())
    elsewhere = compute_town.file("elsewhere", json.dumps(given | {"chain_id": "1"}))
    compute_town.refused(f"channel check --receipt {elsewhere}", 2, "on chain 1, not of 0x", "--workspace")
    given["receipts"][0]["channel"] = "0x" + "07" * 32
    nowhere = compute_town.file("nowhere", json.dumps(given))
    compute_town.refused(f"channel check --receipt {nowhere}", 2, "receipt 1 is of channel 0x0707", "channel list")
    for line in ("", "--file rows --receipt receipts", "--series DSV4 --receipt receipts"):
        compute_town.refused(f"channel check {line}", 2, "give --file with --series or --currency, or --receipt alone")


def test_an_auditor_compares_receipts_with_what_was_attested(compute_town: ComputeTown, channel: str) -> None:
    """Honest receipts change nothing; usage attested beyond a later receipt is a finding, with exit code 7."""
    voucher = compute_town.read(f"channel sign --channel {channel} --ceiling {2 * COST}")
    row = {key: voucher[key] for key in ("channel", "ceiling_tokens", "signature")}
    rows = compute_town.file("rows", json.dumps([row | {"usage": [2000, 40_000, 2000, 0, 0, 0]}]))
    provider = Provider(compute_town, channel)
    compute_town.say(f"channel claim --series DSV4 --file {rows}")
    bundle = compute_town.directory / "bundle"
    compute_town.say(f"audit export --out {bundle}")
    honest = provider.file("honest", COST, 2 * COST)
    assert "compared with 2 usage receipts" in compute_town.say(f"audit verify {bundle} --receipts {honest}")
    document = json.loads(honest.read_text())
    late = [document["receipts"][0] | {"issued_at_unix_s": "0"}]
    unsigned = compute_town.file("unsigned", json.dumps(document | {"receipts": late}))
    assert "Notice: INV-USAGE receipt 1" in compute_town.say(f"audit verify {bundle} --receipts {unsigned}")
    compute_town.read("time advance --hours 1")
    low = Provider(compute_town, channel).file("low", COST)
    result = invoke("audit", "verify", str(bundle), "--receipts", str(low), workspace=compute_town.directory)
    assert result.exit_code == 7, result.output
    assert f"INV-USAGE channel {channel}" in result.stdout
    assert "its provider attested the counts (2000, 40000, 2000, 0, 0, 0)" in result.stdout
    compute_town.refused(f"audit verify {bundle} --level H --receipts {low}", 2, "level H keeps no books to compare")
