"""What everybody holds, as one flat mapping, so that a test can state the whole effect of an operation.

Also the short ways to the two kinds of channel: Tokens, claimed by the meter; e-CNY, claimed by a key.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import pytest
from eth_typing import Address

from pysettle.client import UsageRow
from pysettle.client.channel.hub import ClaimResult
from pysettle.domain import ledger
from pysettle.domain.channel.books import ChannelBooks
from pysettle.domain.channel.contracts import CHANNEL
from pysettle.domain.channel.events import Claimed, UsageAttested
from pysettle.domain.channel.messages import claim_batch_digest, refund_digest
from pysettle.domain.channel.metering import Voucher
from pysettle.domain.compute.usage import Meters, Usage
from pysettle.domain.core.events import AuthorizationUsed, Event
from pysettle.domain.core.messages import ChannelConfig, ChannelId
from pysettle.errors import ContractReverted
from pysettle.evm.backend import Receipt
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import Question, asked, check_books, read_words
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
        "desk": network.currency.desk.address,
    }
    hub = network.hub
    calls: dict[str, Question] = {}
    pairs: dict[tuple[str, str], Question] = {}
    for unit, token in (("eCNY", network.currency), ("Tokens", world.series)):
        calls[f"{unit} supply"] = asked(token, "totalSupply")
        calls |= {f"{unit} {name}": asked(token, "balanceOf", address) for name, address in accounts.items()}
        for receiver in (RECEIVER, "series", "buyer"):
            names = f"{unit} claimed for {receiver}", f"{unit} settled to {receiver}"
            pairs[names] = asked(hub, "receivers", accounts[receiver], token.address)
    for place, config in enumerate(configs):
        name, channel_id = f"channel {place}", channel(world, config)
        calls[f"{name} nonce"] = asked(hub, "refundNonce", channel_id)
        pairs[f"{name} balance", f"{name} claimed"] = asked(hub, "channels", channel_id)
        pairs[f"{name} noticed", f"{name} noticed at"] = asked(hub, "pendingWithdrawals", channel_id)
    found = dict(zip(calls, read_words(world, list(calls.values())), strict=True))
    words = read_words(world, list(pairs.values()), each=2)
    return found | dict(zip(chain.from_iterable(pairs), words, strict=True))


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
    config = currency_config(world, name, **changed)
    world.send(*world.issuance(world.address(name), amount), world.deposit_of(name, amount, config))
    return config


def open_token_channel(world: World, name: str, tokens: int, **changed: object) -> ChannelConfig:
    """Have an actor buy Tokens and deposit all of them; return the terms."""
    config = world.config(name, **changed)
    world.send(*world.purchase(name, tokens), world.deposit_of(name, tokens, config))
    return config


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


def raw_claim(
    world: World,
    rows: Sequence[UsageRow],
    attestation: bytes,
    *,
    words: Sequence[int] = (),
    receiver: Address | None = None,
    token: Address | None = None,
    meter: Address | None = None,
    signatures: bytes | None = None,
    gas: int = 2_000_000,
) -> Transaction:
    """Return a metered claim of the relayer's in which anything may be other than the client makes it.

    Args:
        world: The world.
        rows: Its rows.
        attestation: What it gives to the meter.
        words: Usage, row by row, where it is not that of the rows.
        receiver: Receiver, where it is not the series.
        token: Token, where it is not the series.
        meter: Meter, where it is not the network's.
        signatures: Vouchers' signatures, where they are not those of the rows one after the other.
        gas: Gas stated for it.
    """
    hub, series = world.network.hub, world.series.address
    encoded = [
        (c.payer, c.payer_authorizer, c.withdraw_delay_s, c.salt, word, it.voucher.ceiling)
        for it, word in zip(rows, words or [it.usage.pack() for it in rows], strict=True)
        for c in (it.config,)
    ]
    if signatures is None:
        signatures = b"".join(it.voucher.signature for it in rows)
    places = receiver or series, token or series, meter or world.network.meter.address
    return hub._transaction(world["relayer"], gas, "claimMetered", *places, encoded, signatures, attestation)


def results(world: World, claim: Transaction) -> list[ClaimResult]:
    """Return what a claim that fails row by row would answer now, row by row."""
    hub = world.network.hub.interface
    function = next(it for it in ("claimMetered", "tryClaim") if claim.data.startswith(hub.selector(it)))
    return [ClaimResult(it) for it in hub.decode(function, world.network.sender.simulate(claim))]


def attested(world: World, rows: Sequence[UsageRow], words: Sequence[int] | None = None) -> UsageAttested:
    """Return what the meter says of rows whose usage is attested, or of other words in their place."""
    words = words or [it.usage.pack() for it in rows]
    return UsageAttested(world.series.address, tuple(channel(world, it.config) for it in rows), tuple(words))


def claimed(world: World, config: ChannelConfig, amount: int, total: int | None = None) -> Claimed:
    """Return what the hub says of a claim on a channel, the first one where no total is given."""
    return Claimed(channel(world, config), config.receiver, config.token, amount, total or amount)


def refused(world: World, error: type[ContractReverted], transaction: Transaction, *configs: ChannelConfig) -> dict:
    """Send what must be refused, see that nothing changed, and return the error's arguments."""
    before = books(world, *configs)
    with pytest.raises(error) as caught:
        world.send(transaction)
    assert type(caught.value) is error
    assert books(world, *configs) == before
    return caught.value.args_by_name


def claims_nothing(world: World, claim: Transaction, *configs: ChannelConfig) -> None:
    """Send a metered claim in which nothing new is to be had: it changes nothing, and says what was attested alone."""
    before = books(world, *configs)
    assert set(results(world, claim)) == {ClaimResult.NOTHING_NEW}
    (receipt,) = world.send(claim)
    assert [type(event) for event in happened(world, receipt)] == [UsageAttested]
    assert books(world, *configs) == before


def happened(world: World, receipt: Receipt) -> list[Event]:
    """Return the events of a transaction without the authorizations, whose nonces the tokens' tests state."""
    return [event for event in world.events(receipt) if not isinstance(event, AuthorizationUsed)]


def check_ledger(world: World, *configs: ChannelConfig) -> ledger.Ledger:
    """Fold the whole history, check every invariant, and compare the ledger with the chain, holder by holder."""
    kept = check_books(world, everybody=False)
    ids = [channel(world, config) for config in configs]
    words = iter(read_words(world, [asked(world.network.hub, "channels", it) for it in ids], each=2))
    for config, channel_id, balance, claimed in zip(configs, ids, words, words, strict=True):
        assert kept.balance(config.token, CHANNEL, channel_id) == balance - claimed
        record = kept[ChannelBooks].channels.get(channel_id)
        assert (record.total_claimed if record else 0) == claimed
    return kept
