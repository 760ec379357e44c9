"""The stranger of the network's sequences does what nobody refuses, whatever the network allows at the moment."""

from __future__ import annotations

from tests.chance import chance
from tests.stateful.network.stage import NetworkStage
from tests.stateful.network.strangers import Stranger


def test_a_pause_stops_no_stranger() -> None:
    """While the currency is paused it leaves its payments of nothing out, and makes them again afterwards."""
    stage = NetworkStage()
    stranger, currency, pauser = Stranger(stage), stage.network.currency, stage.keys["pauser"]
    stage.network.send(currency.pause(pauser))
    for seed in range(16):
        stranger.act(chance(seed))
    assert {"say", "order", "deposit"} < stranger.done
    assert "dust" not in stranger.done
    stage.network.send(currency.unpause(pauser))
    for seed in range(16):
        stranger.act(chance(seed))
    assert "dust" in stranger.done
