"""The watched state of the compute layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from eth_typing import Address

from pysettle.domain.core.messages import ChannelId
from tests.spec.channel.records import Channel
from tests.spec.compute.records import Compute
from tests.spec.compute.series import SeriesSpec
from tests.spec.jobs.records import Order
from tests.spec.network import NetworkSpec
from tests.stateful.network.stage import NetworkStage
from tests.stateful.watched import HOLDERS as HOLDERS_OF_MONEY
from tests.stateful.watched import Question

HOLDERS = (*HOLDERS_OF_MONEY, "other provider")
"""Accounts that hold money for themselves."""
KEEPERS = ("currency", "desk", "market", "hub", "collector", "jobs")
"""Contracts that hold it for others, series apart."""
TOKEN_HOLDERS = ("buyer", "other buyer", "provider", "other provider", "vault")
"""Accounts that hold Tokens for themselves."""
SIGNERS = TOKEN_HOLDERS[:4]
PAIRS = (("buyer", "other buyer"), ("other buyer", "buyer"), ("buyer", "vault"), ("vault", "buyer"))
"""(owner, spender) of the watched allowances of Tokens."""
SERIES_WATCHED = 4
"""Series opened last that are looked at after every operation; all are at the end."""
COMPUTE_WATCHED = 4
ORDERS_WATCHED = 6
DUE_TO = ("buyer", "other buyer", "provider", "other provider", "vault", "agent")
"""Accounts that something may be due to."""

Nonce = tuple[str, Address, bytes]
"""A contract's name, an authorizer, and a nonce of its authorizations."""


def questions(
    stage: NetworkStage, spec: NetworkSpec, nonces: Iterable[Nonce], *, everything: bool
) -> Iterator[Question]:
    """Yield what is looked at: of what passes only the latest, or all."""
    named = list(spec.series.items())[0 if everything else -SERIES_WATCHED :]
    watched = {spec.currency.address, *(series.address for _, series in named)}
    for name, series in named:
        yield from _series(stage, name, series)
        stake = spec.market.stakes[series.address]
        stated = {f"{name}: staker": int.from_bytes(stake.provider, "big"), f"{name}: locked stake": stake.locked}
        yield Question("market", "seriesStake", (series.address,), stated)
    for name in ("provider", "other provider"):
        provider = stage.addresses[name]
        yield Question("market", "freeStake", (provider,), {f"free stake of {name}": spec.market.free[provider]})
    for compute_id, compute in list(spec.market.computes.items())[0 if everything else -COMPUTE_WATCHED :]:
        yield _compute(compute_id, compute)
    for channel_id, channel in spec.hub.channels.items():
        if channel.config.token in watched:
            yield from _channel(channel_id, channel)
    for (receiver, token), totals in spec.hub.totals.items():
        if token in watched:
            what = f"claimed for 0x{receiver.hex()} in 0x{token.hex()}"
            stated = {what: totals.claimed, f"{what}, settled": totals.settled}
            yield Question("hub", "receivers", (receiver, token), stated)
    for (account, token), credit in spec.hub.credits.items():
        stated = {f"credit of 0x{account.hex()} in 0x{token.hex()}": credit}
        yield Question("hub", "credits", (account, token), stated)
    yield from _jobs(stage, spec, everything=everything)
    for contract, authorizer, nonce in nonces:
        spent = spec.series[contract].is_spent(authorizer, nonce)
        stated = {f"{contract}: authorization 0x{nonce.hex()}": spent}
        yield Question(contract, "authorizationState", (authorizer, nonce), stated)


def _series(stage: NetworkStage, name: str, series: SeriesSpec) -> Iterator[Question]:
    totals = {"totalSupply": series.outstanding, "sold": series.sold, "haltedAt": series.halted_at}
    for view, figure in totals.items():
        yield Question(name, view, (), {f"{name}: {view}": figure})
    for holder in (*TOKEN_HOLDERS, "hub", "collector", name):
        address = stage.addresses[holder]
        yield Question(name, "balanceOf", (address,), {f"{name}: Tokens of {holder}": series.balances[address]})
    for owner, spender in PAIRS:
        pair = stage.addresses[owner], stage.addresses[spender]
        yield Question(name, "allowance", pair, {f"{name}: {owner} lets {spender}": series.allowances[pair]})
    for signer in SIGNERS:
        address = stage.addresses[signer]
        yield Question(name, "nonces", (address,), {f"{name}: permits of {signer}": series.permit_nonces[address]})


def _compute(compute_id: bytes, compute: Compute) -> Question:
    what = f"compute 0x{compute_id.hex()}"
    stated = {
        f"{what}: provider": int.from_bytes(compute.provider, "big"),
        f"{what}: capacity": compute.capacity,
        f"{what}: allocated": compute.allocated,
        f"{what}: valid before": compute.valid_before,
    }
    return Question("market", "compute", (compute_id,), stated)


def _channel(channel_id: ChannelId, channel: Channel) -> Iterator[Question]:
    what = f"channel 0x{channel_id.hex()}"
    held = {f"{what}: balance": channel.balance, f"{what}: claimed": channel.claimed}
    yield Question("hub", "channels", (channel_id,), held)
    noticed = {f"{what}: noticed": channel.noticed, f"{what}: noticed at": channel.noticed_at}
    yield Question("hub", "pendingWithdrawals", (channel_id,), noticed)
    yield Question("hub", "refundNonce", (channel_id,), {f"{what}: refund nonce": channel.refund_nonce})


def _jobs(stage: NetworkStage, spec: NetworkSpec, *, everything: bool) -> Iterator[Question]:
    for name in DUE_TO:
        account = stage.addresses[name]
        stated = {f"due to {name}": spec.jobs.due[account]}
        yield Question("jobs", "due", (account, spec.currency.address), stated)
    for order_id, order in list(spec.jobs.orders.items())[0 if everything else -ORDERS_WATCHED :]:
        yield from _order(order_id, order)


def _order(order_id: bytes, order: Order) -> Iterator[Question]:
    what, terms = f"order 0x{order_id.hex()}", order.terms
    stated = {
        "payer": int.from_bytes(order.payer, "big"),
        "state": order.state,
        "accept before": terms.accept_before,
        "review period": terms.review_s,
        "buyer": int.from_bytes(terms.buyer, "big"),
        "bond": terms.bond,
        "provider": int.from_bytes(terms.provider, "big"),
        "arbitration period": terms.arbitration_s,
        "default": terms.default_bps,
        "arbiter": int.from_bytes(terms.arbiter, "big"),
        "currency": int.from_bytes(terms.currency, "big"),
    }
    yield Question("jobs", "order", (order_id,), {f"{what}: {name}": figure for name, figure in stated.items()})
    # Where the list begins, and how long it is.
    milestones = {f"{what}: milestones at": 32, f"{what}: milestones": len(order.milestones)}
    for number, it in enumerate(order.milestones):
        figures = {"amount": it.amount, "deliver before": it.deliver_before, "state": it.state, "since": it.since}
        milestones |= {f"{what}: milestone {number}: {name}": figure for name, figure in figures.items()}
    yield Question("jobs", "milestonesOf", (order_id,), milestones)
