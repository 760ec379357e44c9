"""The owner's commands: the statement is the ledger, and a drained gateway serves nothing and owes nothing."""

from __future__ import annotations

import csv
import json
import secrets
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from pysettle.domain.channel.receipts import receipt_domain
from pysettle.domain.core.signing import Signer
from pysettle.serve.gateway.queries import query_digest
from tests.cli.running import invoke
from tests.gateway.conftest import ASKED, Shop


def owners(shop: Shop, *words: str) -> dict[str, Any]:
    """Return the document of a command of the owner."""
    workspace, config = shop.town.workspace.directory, str(shop.town.config_file)
    run = invoke("gateway", *words, "--config", config, "--json", workspace=workspace)
    assert run.exit_code == 0, run.output
    document: dict[str, Any] = json.loads(run.stdout)
    return document


def test_statement(shop: Shop, tmp_path: Path) -> None:
    """Calls, counts, Tokens and yuan of a month are those of the ledger, as a document and as a file."""
    signer = shop.account(1_000_000)
    buyer = shop.buyer(signer)
    answers = [shop.ask(buyer, seed=number).document for number in range(2)]
    assert buyer.refund(shop.chat).success
    month = time.strftime("%Y-%m", time.gmtime(shop.town.network.chain.clock.now()))
    words = ("statement", "--payer", "0x" + signer.address.hex(), "--month", month)
    document, channel = owners(shop, *words), shop.channel(signer)
    totals = document["totals"]
    assert (totals["call_count"], totals["bought_tokens"]) == ("2", "1000000")
    assert totals["charged_tokens"] == str(channel.charged)
    assert totals["output"] == str(sum(answer["usage"]["completion_tokens"] for answer in answers))
    counted = channel.usage.total
    assert (totals["cached_input"], totals["input"]) == (str(counted.cached_input), str(counted.input))
    assert totals["paid_micro_yuan"] == str(shop.town.series.price_rounded_up(1_000_000))  # type: ignore[arg-type]
    assert totals["transaction_count"] == "3", "a purchase, a deposit and a refund"
    file = tmp_path / "statement.csv"
    assert owners(shop, *words, "--out", str(file))["file"] == str(file)
    with file.open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["payment_id"] for row in rows] == [row["payment_id"] for row in document["payments"]]
    assert sum(int(row["charged_tokens"] or 0) for row in rows) == channel.charged
    assert owners(shop, *words[:-1], "2001-01")["totals"]["call_count"] == "0"


def test_questions_about_a_channel(shop: Shop) -> None:
    """A channel is shown to its payer, who signs, and to the holder of a key; to nobody else, and not later."""
    signer, key = shop.account(1_000_000), secrets.token_hex(16)
    shop.run(shop.buyer(signer).post(shop.chat, ASKED, **{"Idempotency-Key": key}))
    channel, network = shop.channel(signer), shop.town.network
    domain, now = receipt_domain(network.chain.chain_id, network.hub.address), network.chain.clock.now()
    url = f"{shop.town.gateway_url}/v1/channels/0x{channel.id.hex()}"

    def signed(by: Signer, asked_at: int) -> dict[str, str]:
        signature = by.sign(query_digest(domain, channel.id, asked_at))
        return {"x-query-time": str(asked_at), "x-query-signature": "0x" + signature.hex()}

    for headers in ({}, signed(shop.key_without_money, now), signed(signer, now - 301), {"Idempotency-Key": key[::-1]}):
        assert httpx.get(url, headers=headers).status_code == 404, headers
    for headers in (signed(signer, now), {"Idempotency-Key": key}):
        document = httpx.get(url, headers=headers).json()
        assert (document["charged"], document["unit"]) == (str(channel.charged), "tokens")
        assert document["balance"] == str(channel.state.balance)
        assert channel.voucher is not None
        assert channel.voucher.signature.hex() not in json.dumps(document)


def test_drain(shop: Shop) -> None:
    """One command: nothing new is served, every charge is claimed and settled, and the rest goes back."""
    signer = shop.account(1_000_000)
    buyer, network, series = shop.buyer(signer), shop.town.network, shop.town.series.address
    shop.ask(buyer)
    assert owners(shop, "status")["is_drained"] is False
    try:
        sums = owners(shop, "drain")["channels"]
        assert all(token["charged"] == token["claimed"] for token in sums)
        (drained,) = (token for token in sums if token["token"] == "0x" + series.hex())
        claimed, settled = network.hub.receiver_totals(series, series)
        assert claimed == settled == int(drained["settled"])
        with pytest.raises(httpx.HTTPStatusError) as refused:
            shop.ask(buyer, seed=1)
        assert refused.value.response.json()["error"]["code"] == "gateway_drained"
        channel = shop.channel(signer)
        assert network.hub.channel(channel.id)[1] == channel.charged
        assert buyer.refund(shop.chat).success
        assert shop.balance(signer) == 1_000_000 - channel.charged
        assert owners(shop, "status")["is_drained"] is True
        with pytest.raises(httpx.HTTPStatusError, match="503"):
            shop.account(1_000_000)
    finally:
        owners(shop, "drain", "--undo")
    deadline = time.monotonic() + 30
    while shop.post("/v1/chat/completions", ASKED).status_code != 402:
        assert time.monotonic() < deadline
        time.sleep(0.2)
