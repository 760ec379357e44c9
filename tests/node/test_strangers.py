"""A network that strangers use too: what they have its contracts emit stops no command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pysettle.domain.channel.metering import Voucher
from pysettle.domain.core.messages import ChannelConfig
from pysettle.errors import NodeError
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.node.accounts import development_accounts
from pysettle.workspace.directory import Workspace
from tests.cli.running import document, invoke
from tests.evm.limits import Limits, limited
from tests.node.process import node

ROWS, TRANSACTIONS = 1_500, 7


@pytest.mark.apart
@pytest.mark.long
def test_void_claims_stop_no_command(tmp_path: Path) -> None:
    """Seven transactions of 1,500 void rows each are more logs than a node returns; every channel is found."""
    directory, stranger = tmp_path / "town", development_accounts()[7]
    with node() as url:
        for line in (f"init {directory} --chain {url}", "network deploy", "token issue --to alice --amount 100"):
            result = invoke(*line.split(), workspace=directory)
            assert result.exit_code == 0, result.output
        pay = "channel open --currency CNY --amount 5 --receiver bob --by alice"
        channel = document(*pay.split(), workspace=directory)["channel"]
        with Workspace.open(directory).chain(write=True) as chain:
            hub = Workspace.open(directory).network(chain).hub
            config = ChannelConfig(*[stranger.address] * 5, withdraw_delay_s=3_600, salt=bytes(32))
            void = hub.try_claim(development_accounts()[6], [(config, Voucher(bytes(32), 1, bytes(65)), 1)] * ROWS)
            receipts = hub.send(*[replace(void, gas=20_000_000)] * TRANSACTIONS)
            assert sum(len(receipt.logs) for receipt in receipts) == ROWS * TRANSACTIONS
        with pytest.raises(NodeError, match="more than 10000 logs"):
            JsonRpc(url).ask(
                "eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "address": "0x" + hub.address.hex()}
            )

        for named in (channel, channel[:10]):
            assert document("channel", "show", "--channel", named, workspace=directory)["channel"] == channel
            sign = f"channel sign --channel {named} --ceiling 1 --by alice"
            row = document(*sign.split(), workspace=directory)
            row = {name: row[name] for name in ("channel", "ceiling_units", "signature")}
            (tmp_path / "rows.json").write_text(json.dumps([row]))
            check = f"channel check --currency CNY --file {tmp_path / 'rows.json'}"
            assert document(*check.split(), workspace=directory)["rows"][0]["would_claim_units"] == "1000000"
        assert [it["channel"] for it in document("channel", "list", workspace=directory)["channels"]] == [channel]
        assert document("market", "list", workspace=directory)["series"] == []
        assert document("market", "index", workspace=directory)["points"] == []


READERS = (
    "channel list",
    "role show",
    "job list",
    "market list",
    "market index",
    "interest compute --first-day 2026-01-01 --end-day 2026-01-02 --rate-bps 100",
)


@pytest.mark.apart
def test_nothing_before_the_deployment_is_read(tmp_path: Path) -> None:
    """Blocks in which the network was not yet are not asked for, by whichever command."""
    directory = tmp_path / "town"
    with node() as url, limited(url, Limits()) as at:
        JsonRpc(url).ask("anvil_mine", 50)
        for line in (f"init {directory} --chain {at.url}", "network deploy", "time advance --days 2"):
            assert invoke(*line.split(), workspace=directory).exit_code == 0
        assert invoke("interest", "open", workspace=directory).exit_code == 0
        block = int(json.loads((directory / "deployment.json").read_text())["block"])
        assert block > 50
        for line in READERS:
            # Each reads anew: one list keeps what the others show too.
            (directory / "lists.sqlite").unlink(missing_ok=True)
            at.queries.clear()
            result = invoke(*line.split(), workspace=directory)
            assert result.exit_code == 0, result.output
            assert at.queries, line
            assert min(first for first, _ in at.queries) == block, line
