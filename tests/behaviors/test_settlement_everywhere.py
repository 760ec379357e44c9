"""Settlement across borders on every kind of node: the same contracts and client leave the same positions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pysettle.client import genesis
from pysettle.evm.rpc import RpcChain
from pysettle.money import Currency
from tests.behaviors.conftest import NODES
from tests.contracts.abroad import BUYER, PAID, SOLD, Abroad, open_abroad
from tests.contracts.banks import BEIJING, HONGKONG, effect_on, open_banks
from tests.contracts.world import ACTOR_KEYS, START, YUAN, deployed_on
from tests.evm.geth import geth


@pytest.fixture(
    params=[
        "node",
        pytest.param("anvil", marks=pytest.mark.apart),
        pytest.param("geth", marks=[pytest.mark.geth, pytest.mark.long]),
    ]
)
def abroad(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Abroad]:
    """Run a node, admit two banks that pay in, and open corridors, a rate and limits for a buyer abroad."""
    node = {**NODES, "geth": geth}[request.param]
    with node(genesis(START, [key.address for key in ACTOR_KEYS.values()]), tmp_path) as url:
        opened = open_abroad(open_banks(deployed_on(RpcChain(url))))
        for currency in (Currency.CNY, Currency.HKD):
            opened.ways.open(currency)
        yield opened


def test_banks_settle_and_a_buyer_pays_in_its_own_currency(abroad: Abroad) -> None:
    """An exchange PvP, Tokens for e-HKD and a payment out move these units, and no others."""
    banks = abroad.banks
    with effect_on(banks) as exchanged:
        banks.submitted(banks.pvp())
    assert exchanged == {
        f"position CNY {BEIJING}": -10 * YUAN,
        f"position CNY {HONGKONG}": 10 * YUAN,
        f"position HKD {BEIJING}": 11 * YUAN,
        f"position HKD {HONGKONG}": -11 * YUAN,
    }
    with effect_on(banks) as bought:
        banks.world.send(abroad.buy())
    assert bought == {
        f"position CNY {BEIJING}": -SOLD,
        f"position HKD {BEIJING}": PAID,
        "CNY layer": -SOLD,
        "HKD layer": PAID,
        f"HKD {BUYER}": -PAID,
    }
    assert banks.world.series.balance_of(banks.world.address(BUYER)) > 0
    with effect_on(banks) as paid_out:
        banks.world.send(banks.pay_out(HONGKONG, 10 * YUAN))
    assert paid_out == {
        f"position CNY {HONGKONG}": -10 * YUAN,
        f"CNY {HONGKONG}": 10 * YUAN,
        "CNY layer": -10 * YUAN,
    }
