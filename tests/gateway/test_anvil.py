"""The gateway on another development node: from e-CNY to Tokens, an answer, a refund, and an exact payment."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pysettle.client import genesis
from pysettle.scenarios.gateway import MODEL, buy, town
from tests.evm.anvil import anvil
from tests.gateway.conftest import ASKED, Exact, Shop


@pytest.mark.apart
def test_anvil(tmp_path: Path) -> None:
    """The same clients buy on anvil as on `pysettle node`, and pay what each answer states."""
    with anvil(genesis(int(time.time()), []), tmp_path) as url, town(tmp_path, chain_url=url) as built:
        figures = buy(built)
        assert figures["deposited"] == figures["charged"] + figures["returned"]
        assert built.series.balance_of(built.key("alice").address) == figures["bought"] - figures["charged"]
        shop, currency, signer = Shop(built), built.network.currency, built.key("alice")
        held = currency.balance_of(signer.address)

        async def ask() -> int:
            async with Exact(shop, signer).http(timeout=60) as http:
                answer = (await http.post(shop.chat, json=ASKED)).json()
            assert answer["model"] == MODEL
            return int(answer["x402"]["charged_micro_yuan"])

        charged = shop.run(ask())
        assert held - currency.balance_of(signer.address) == charged > 0
