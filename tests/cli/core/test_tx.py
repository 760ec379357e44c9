"""`pysettle tx` and `pysettle account statement`: the rows of the workspace's own chain."""

from __future__ import annotations

import csv
from pathlib import Path

from pysettle.audit.records.files import columns
from pysettle.audit.records.rows import TransactionRow
from tests.cli.running import Town


def test_transactions_are_listed_and_shown(town: Town, tmp_path: Path) -> None:
    """Each with its sender and its call by name; one alone with its events and postings."""
    sent = town.tell("token transfer --from alice --to bob --amount 12.5")["tx_hash"]
    listed = town.tell("tx list")["transactions"]
    assert (listed[-1]["tx_hash"], listed[-1]["function"]) == (sent, "transfer(address,uint256)")
    of_bob = town.tell("tx list --account bob")
    assert of_bob["transaction_count"] == "1"
    printed = town.say("tx list --account bob --wide")
    assert "alice" in printed.splitlines()[-1]
    assert "transfer of CurrencyToken eCNY" in printed
    shown = town.tell(f"tx show {sent[:14]}")
    assert [it["event"] for it in shown["events"]] == ["Transfer"]
    assert [it["amount_units"] for it in shown["postings"]] == ["-12500000", "12500000"]
    assert "own of bob" in town.say(f"tx show {sent}")
    out = tmp_path / "tx.csv"
    assert town.say(f"tx list --out {out}") == f"Wrote {len(listed)} transactions to {out}.\n"
    with out.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == columns(TransactionRow)
    assert [row["tx_hash"] for row in rows] == [it["tx_hash"] for it in listed]
    town.refuse("tx show 0xffffffffffff", 2, "no transaction")


def test_a_statement_follows_the_chain(town: Town) -> None:
    """Its last line is the balance of `token balance`, after every payment."""
    for amount in ("12.5", "0.25"):
        town.say(f"token transfer --from alice --to bob --amount {amount}")
        closing = town.say("account statement bob").splitlines()[-1]
        assert closing == f"closing {town.held('bob')}"
    sections = town.tell("account statement alice")["sections"]
    assert {(it["currency"], it["closing_units"]) for it in sections} == {("CNY", "87250000"), ("HKD", "100000000")}
