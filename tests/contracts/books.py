"""What everybody holds, as one flat mapping, so that a test can state the whole effect of an operation.

Also the short ways to the two kinds of channel: Tokens, claimed by the meter; e-CNY, claimed by a key.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pysettle.client import UsageRow
from pysettle.domain import events, invariants, ledger
from pysettle.domain.events import Event
from pysettle.domain.messages import ChannelConfig, ChannelId, claim_batch_digest, refund_digest
from pysettle.domain.metering import Voucher
from pysettle.domain.usage import Meters, Usage
from pysettle.errors import ContractReverted
from pysettle.evm.backend import Receipt
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import history
from tests.contracts.world import ACTORS, World

RECEIVER = "provider"
"""Receives what e-CNY channels pay."""
AUTHORIZER = "other operator"
"""Authorises claims and refunds of e-CNY channels: a key apart from the receiver's."""

Books = dict[str, int]

_latest: dict[tuple[bytes, tuple[ChannelConfig, ...]], Books] = {}
"""The books read last, by the hash of the head: what is read after one refusal is what stood before the next."""


def books(world: World, *configs: ChannelConfig) -> Books:
    """Return every balance, receiver total, channel, notice and refund nonce, by a name that a test can state."""
    key = (world.chain.block().hash, configs)
    if key not in _latest:
        _latest.clear()
        _latest[key] = _read(world, configs)
    return _latest[key]


def _read(world: World, configs: Sequence[ChannelConfig]) -> Books:
    network = world.network
    accounts = {name: world.address(name) for name in ACTORS} | {
        "hub": network.hub.address,
        "collector": network.hub.collector,
        "meter": network.meter.address,
        "series": world.series.address,
        "currency": network.currency.address,
    }
    found: Books = {}
    for unit, token in (("eCNY", network.currency), ("Tokens", world.series)):
        found[f"{unit} supply"] = token.total_supply()
        for name, address in accounts.items():
            found[f"{unit} {name}"] = token.balance_of(address)
        for receiver in (RECEIVER, "series", "buyer"):
            claimed, settled = network.hub.receiver_totals(accounts[receiver], token.address)
            found |= {f"{unit} claimed for {receiver}": claimed, f"{unit} settled to {receiver}": settled}
    for place, config in enumerate(configs):
        channel_id = channel(world, config)
        balance, claimed = network.hub.channel(channel_id)
        noticed, noticed_at = network.hub.pending_withdrawal(channel_id)
        found |= {
            f"channel {place} balance": balance,
            f"channel {place} claimed": claimed,
            f"channel {place} noticed": noticed,
            f"channel {place} noticed at": noticed_at,
            f"channel {place} nonce": network.hub.refund_nonce(channel_id),
        }
    return found


def changes(before: Books, after: Books) -> Books:
    """Return what changed, name -> difference."""
    return {name: after[name] - before[name] for name in before if after[name] != before[name]}


def channel(world: World, config: ChannelConfig) -> ChannelId:
    """Return the id of a channel."""
    return config.channel_id(world.network.hub.domain)


def currency_config(world: World, name: str, **changed: object) -> ChannelConfig:
    """Return the terms of an actor's e-CNY channel to the receiver; or changed ones."""
    terms: dict[str, object] = {
        "receiver": world.address(RECEIVER),
        "receiver_authorizer": world.address(AUTHORIZER),
        "token": world.network.currency.address,
    }
    return world.config(name, **(terms | changed))


def open_currency_channel(world: World, name: str, amount: int, **changed: object) -> ChannelConfig:
    """Fund an actor with whole fen and have it deposit all of it in an e-CNY channel; return the terms."""
    world.fund(name, amount)
    return world.deposit(name, amount, currency_config(world, name, **changed))


def open_token_channel(world: World, name: str, tokens: int, **changed: object) -> ChannelConfig:
    """Have an actor buy Tokens and deposit all of them; return the terms."""
    world.buy(name, tokens)
    return world.deposit(name, tokens, world.config(name, **changed))


def sign_batch(world: World, name: str, rows: Sequence[tuple[ChannelConfig, Voucher, int]]) -> bytes:
    """Sign a batch of claims as an actor."""
    entries = [(channel(world, config), voucher.ceiling, total) for config, voucher, total in rows]
    return world[name].sign(claim_batch_digest(world.network.hub.domain, entries))


def sign_refund(world: World, name: str, config: ChannelConfig, amount: int, nonce: int) -> bytes:
    """Sign a refund as an actor."""
    return world[name].sign(refund_digest(world.network.hub.domain, channel(world, config), nonce, amount))


def used(count: int) -> Usage:
    """Return usage that costs `count` Tokens: cached input off-peak, at one Token each."""
    return Usage(off_peak=Meters(cached_input=count))


def row(world: World, name: str, config: ChannelConfig, usage: Usage, ceiling: int) -> UsageRow:
    """Return a row of a claim under a fresh voucher of an actor."""
    return UsageRow(config, usage, world.voucher(name, config, ceiling))


def metered_claim(world: World, rows: Sequence[UsageRow], submitter: str = "relayer") -> Transaction:
    """Return the claim of rows that the provider attests."""
    hub, meter, series = world.network.hub, world.network.meter, world.series.address
    return hub.claim_metered(world[submitter], meter, series, rows, meter.attest(world["provider"], series, rows, hub))


def refused(world: World, error: type[ContractReverted], transaction: Transaction, *configs: ChannelConfig) -> dict:
    """Send what must be refused, see that nothing changed, and return the error's arguments."""
    before = books(world, *configs)
    with pytest.raises(error) as caught:
        world.send(transaction)
    assert type(caught.value) is error
    assert books(world, *configs) == before
    return caught.value.args_by_name


def claims_nothing(world: World, transaction: Transaction, *configs: ChannelConfig) -> None:
    """Send a claim in which nothing is to be had, and see that it changes nothing and says nothing."""
    before = books(world, *configs)
    (receipt,) = world.send(transaction)
    assert receipt.logs == ()
    assert books(world, *configs) == before


def happened(world: World, receipt: Receipt) -> list[Event]:
    """Return the events of a transaction without the authorizations, whose nonces the tokens' tests state."""
    return [event for event in world.events(receipt) if not isinstance(event, events.AuthorizationUsed)]


def check_ledger(world: World, *configs: ChannelConfig) -> ledger.Ledger:
    """Fold the whole history, check every invariant, and compare the ledger with the chain, holder by holder."""
    kept = ledger.fold(world.network.contracts(), history(world))
    assert invariants.check(kept) == []
    for token in (world.network.currency, world.series):
        assert kept.supply(token.address) == token.total_supply()
        for holder in kept.holders(token.address):
            assert kept.held(token.address, holder) == token.balance_of(holder), holder.hex()
    for config in configs:
        channel_id = channel(world, config)
        balance, claimed = world.network.hub.channel(channel_id)
        assert kept.balance(config.token, ledger.Purpose.CHANNEL, channel_id) == balance - claimed
        assert kept.channels[channel_id].total_claimed == claimed
    return kept
