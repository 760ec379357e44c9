"""The demonstration: one answer, from e-CNY to refund, on a chain that moves its own time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from x402.http.utils import decode_payment_required_header

from pysettle.cli import gateway as commands
from pysettle.evm.genesis import BLOCK_INTERVAL_S
from pysettle.money import UNITS_PER_WHOLE
from pysettle.scenarios.gateway import GatewayResult, buy, prove, town
from pysettle.scenarios.stock_client import Buyer, simulated
from pysettle.serve.gateway import counting
from pysettle.serve.gateway.sdk.wire import EXACT_SCHEME, Offer, required_header
from pysettle.values import Address
from pysettle.workspace.config import GENESIS_TIME

CHARGED = 3_030
"""The answer has 14 LLM tokens of input and 29 of output, and block 0 is sealed at night: off-peak."""


@pytest.mark.apart
@pytest.mark.long
def test_demo(tmp_path: Path) -> None:
    """It costs the same each time, blocks alone move its time, and the history reaches level S without a finding."""
    with town(tmp_path, real_time=False) as built, simulated(built.network.chain.clock.now):
        figures = buy(built)
        chain, network, series = built.network.chain, built.network, built.series
        head = chain.block().number
        times = [chain.block(number).timestamp for number in range(head + 1)]
        assert times == [GENESIS_TIME + number * BLOCK_INTERVAL_S for number in range(head + 1)]
        assert (figures["bought"], figures["charged"], figures["delivered"]) == (1_000_000, CHARGED, CHARGED)
        assert figures["deposited"] == figures["charged"] + figures["returned"]
        assert series.balance_of(built.key("alice").address) == figures["bought"] - figures["charged"]
        assert series.delivered() == network.hub.receiver_totals(series.address, series.address)[0] == CHARGED
        assert figures["completion_tokens"] == counting.count(figures["answer"])
    report = prove(built, tmp_path / "bundle")
    assert (report.level, list(report.findings)) == ("S", [])
    result = GatewayResult(**figures, report=report, bundle=None)
    assert commands._document(result)["charged_tokens"] == str(CHARGED)
    assert figures["answer"] in commands._summary(result)


def test_the_same_payments_are_the_same_bytes() -> None:
    """A simulated client signs with the chain's time and by a rule: twice the same; without the simulation, not."""
    asset = Address(b"\x11" * 20)
    offer = Offer(EXACT_SCHEME, "eip155:31337", asset, 1, Address(b"\x22" * 20), {"name": "T", "version": "1"})
    required = decode_payment_required_header(required_header([offer.requirements()], "http://127.0.0.1/", None))

    def sign() -> object:
        buyer = Buyer(b"\x01" * 32, 31337, "http://127.0.0.1:1", {"0x" + asset.hex(): UNITS_PER_WHOLE})
        return asyncio.run(buyer.client.create_payment_payload(required)).payload

    def simulate() -> object:
        with simulated(lambda: GENESIS_TIME):
            return sign()

    assert simulate() == simulate() != sign()
