"""Amounts beyond 64 bits: nothing that channels hold, claim, pay out or return is cut to size (P-2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pysettle.domain.channel.events import Claimed
from pysettle.domain.compute.usage import Meters, RateCard
from tests.contracts.books import (
    AUTHORIZER,
    RECEIVER,
    channel,
    claimed,
    metered_claim,
    open_currency_channel,
    open_token_channel,
    row,
    sign_batch,
    used,
)
from tests.contracts.world import FEN, World

HELD = 2**71 * FEN
CLAIMED = 2**70 * FEN + 1


@pytest.mark.parametrize("way", ["claim", "claimWithSignature", "tryClaim"])
def test_currency(world: World, way: str) -> None:
    """A great claim is booked and settled whole; of the rest a part is refunded, and what remains withdrawn."""
    config = open_currency_channel(world, "buyer", HELD)
    hub, currency, payer = world.network.hub, world.network.currency, world["buyer"]
    rows, receiver, anyone = (
        [(config, world.voucher("buyer", config, HELD), CLAIMED)],
        world[RECEIVER],
        world["stranger"],
    )
    claim = {
        "claim": hub.claim(receiver, rows),
        "claimWithSignature": hub.claim_with_signature(anyone, rows, sign_batch(world, AUTHORIZER, rows)),
        "tryClaim": hub.try_claim(receiver, rows),
    }[way]
    (receipt,) = world.send(claim)
    assert world.events(receipt) == [claimed(world, config, CLAIMED)]
    assert hub.channel(channel(world, config)) == (HELD, CLAIMED)
    assert hub.receiver_totals(receiver.address, config.token) == (CLAIMED, 0)
    left, refunded = HELD - CLAIMED, 2**69
    world.send(
        hub.settle(anyone, receiver.address, config.token),
        hub.refund(receiver, config, refunded),
        hub.initiate_withdraw(payer, config, left - refunded),
    )
    assert hub.pending_withdrawal(channel(world, config))[0] == left - refunded
    world.chain.clock.advance(config.withdraw_delay_s)
    world.send(hub.finalize_withdraw(payer, config))
    assert hub.receiver_totals(receiver.address, config.token) == (CLAIMED, CLAIMED)
    held = [currency.balance_of(it) for it in (receiver.address, payer.address, hub.address)]
    assert held == [CLAIMED, left, 0]


def test_tokens(world: World) -> None:
    """A metered claim adds up great rows of several payers."""
    terms = world.halting_terms(
        unit_price=1, capacity=2**80, rate_card=RateCard(Meters(2**32 - 1), Meters()), compensation_bps=0
    )
    great = replace(world, series=world.open(terms))
    names, tokens = ("buyer", "other buyer"), (2**33 + 1) * (2**32 - 1)
    for name in names:
        world.fund(name, 2**52 * FEN)
    configs = [open_token_channel(great, name, tokens + 7) for name in names]
    rows = [row(great, name, config, used(2**33 + 1), tokens + 7) for name, config in zip(names, configs, strict=True)]
    hub, series = great.network.hub, great.series
    (receipt,) = great.send(metered_claim(great, rows))
    assert [it for it in great.events(receipt) if isinstance(it, Claimed)] == [
        claimed(great, config, tokens) for config in configs
    ]
    assert [hub.channel(channel(great, it)) for it in configs] == [(tokens + 7, tokens)] * 2
    assert hub.receiver_totals(series.address, series.address) == (2 * tokens, 0)
    great.send(hub.settle(great["stranger"], series.address, series.address))
    assert (series.delivered(), series.balance_of(hub.address)) == (2 * tokens, 14)
