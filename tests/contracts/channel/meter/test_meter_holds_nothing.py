"""The meter has no storage, no owner and no value: all it has is its place in channel terms."""

from __future__ import annotations

from pysettle.evm import artifacts
from tests.contracts.books import books, metered_claim, open_token_channel, row, used
from tests.contracts.world import World


def test_meter_has_no_storage_and_no_entry_but_one() -> None:
    """What stores nothing cannot be set; its one entry that is no view says what was attested (P-9, P-24)."""
    artifact = artifacts.load("UsageMeter")
    # EIP712's two fallback names are for long ones, and are never written here.
    assert {slot["label"] for slot in artifact.storage_layout["storage"]} <= {"_nameFallback", "_versionFallback"}
    functions = [item for item in artifact.abi if item["type"] == "function"]
    assert [f["name"] for f in functions if f["stateMutability"] not in ("view", "pure")] == ["attestUsage"]
    assert not [item for item in artifact.abi if item["type"] in ("fallback", "receive")]


def test_meter_holds_neither_money_nor_tokens(world: World) -> None:
    """Claim, settlement and redemption pass it by, and it has no allowance over anybody."""
    config = open_token_channel(world, "buyer", 10_000)
    hub, series = world.network.hub, world.series
    world.send(
        metered_claim(world, [row(world, "buyer", config, used(600), 900)]),
        hub.settle(world["stranger"], series.address, series.address),
        series.redeem(world["provider"], 600),
    )
    found = books(world, config)
    assert (found["eCNY meter"], found["Tokens meter"]) == (0, 0)
    meter = world.network.meter.address
    for token in (world.network.currency, series):
        for owner in (hub.address, series.address, world.address("buyer"), world.address("provider")):
            assert token.allowance(owner, meter) == 0


def test_tokens_sent_to_the_meter_gain_nobody_anything(world: World) -> None:
    """The meter cannot be made to pass on what was sent to it by mistake, and its claims do not change."""
    config = open_token_channel(world, "buyer", 10_000)
    world.buy("stranger", 50)
    world.send(world.series.transfer(world["stranger"], world.network.meter.address, 50))
    world.send(metered_claim(world, [row(world, "buyer", config, used(600), 900)]))
    found = books(world, config)
    assert (found["Tokens meter"], found["channel 0 claimed"]) == (50, 600)
