"""The gateway on another development node: from e-CNY to Tokens, an answer, a refund, and an exact payment."""

from __future__ import annotations

import pytest

from pysettle.scenarios.gateway import MODEL, buy
from tests.gateway.conftest import ASKED, Exact, Shop


@pytest.mark.apart
def test_anvil(anvil_shop: Shop) -> None:
    """The same clients buy on anvil as on `pysettle node`, and pay what each answer states."""
    built = anvil_shop.town
    held = built.series.balance_of(built.key("alice").address)
    figures = buy(built)
    assert figures["deposited"] == figures["charged"] + figures["returned"]
    left = built.series.balance_of(built.key("alice").address) - held
    assert left == figures["bought"] - figures["charged"]
    signer, currency = anvil_shop.account(), built.network.currency
    held = currency.balance_of(signer.address)

    async def ask() -> int:
        async with Exact(anvil_shop, signer).http(timeout=60) as http:
            answer = (await http.post(anvil_shop.chat, json=ASKED)).json()
        assert answer["model"] == MODEL
        return int(answer["x402"]["charged_micro_yuan"])

    charged = anvil_shop.run(ask())
    assert held - currency.balance_of(signer.address) == charged > 0
