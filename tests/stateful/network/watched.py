"""The watched state of the compute layer: each question to a contract together with what the model would answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from eth_typing import Address

from pysettle.domain.core.messages import ChannelId
from tests.spec.compute.records import Channel, Compute, Order
from tests.spec.compute.series import SeriesModel
from tests.spec.network import NetworkModel
from tests.stateful.network.stage import NetworkStage
from tests.stateful.watched import HOLDERS as HOLDERS_OF_MONEY
from tests.stateful.watched import Figures, ask

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


@dataclass(frozen=True)
class Question:
    """A view of a contract, its arguments, and the figures that it is expected to answer."""

    contract: str
    view: str
    arguments: tuple[object, ...]
    expected: Mapping[str, object]

    @cached_property
    def key(self) -> tuple[object, ...]:
        """What tells it from other questions."""
        return self.contract, self.view, self.arguments


def questions(
    stage: NetworkStage, model: NetworkModel, nonces: Iterable[Nonce], *, everything: bool
) -> Iterator[Question]:
    """Yield what is looked at: of what passes only the latest, or all."""
    named = list(model.series.items())[0 if everything else -SERIES_WATCHED :]
    watched = {model.currency.address, *(series.address for _, series in named)}
    for name, series in named:
        yield from _series(stage, name, series)
        stake = model.market.stakes[series.address]
        stated = {f"{name}: staker": int.from_bytes(stake.provider, "big"), f"{name}: locked stake": stake.locked}
        yield Question("market", "seriesStake", (series.address,), stated)
    for name in ("provider", "other provider"):
        provider = stage.addresses[name]
        yield Question("market", "freeStake", (provider,), {f"free stake of {name}": model.market.free[provider]})
    for compute_id, compute in list(model.market.computes.items())[0 if everything else -COMPUTE_WATCHED :]:
        yield _compute(compute_id, compute)
    for channel_id, channel in model.hub.channels.items():
        if channel.config.token in watched:
            yield from _channel(channel_id, channel)
    for (receiver, token), totals in model.hub.totals.items():
        if token in watched:
            what = f"claimed for 0x{receiver.hex()} in 0x{token.hex()}"
            stated = {what: totals.claimed, f"{what}, settled": totals.settled}
            yield Question("hub", "receivers", (receiver, token), stated)
    for (account, token), credit in model.hub.credits.items():
        stated = {f"credit of 0x{account.hex()} in 0x{token.hex()}": credit}
        yield Question("hub", "credits", (account, token), stated)
    yield from _jobs(stage, model, everything=everything)
    for contract, authorizer, nonce in nonces:
        spent = model.series[contract].is_spent(authorizer, nonce)
        stated = {f"{contract}: authorization 0x{nonce.hex()}": spent}
        yield Question(contract, "authorizationState", (authorizer, nonce), stated)


class NetworkWatch:
    """Asks the chain, again only where a contract's storage has changed since."""

    def __init__(self, stage: NetworkStage) -> None:
        """Know nothing yet."""
        self._stage = stage
        self._answers: dict[tuple[object, ...], tuple[bytes, Figures]] = {}

    def differences(self, asked: Iterable[Question]) -> list[str]:
        """Return where the chain answers otherwise than is expected."""
        asked = list(asked)
        roots = {name: self._stage.storage_root(self._stage.addresses[name]) for name in {it.contract for it in asked}}
        stale = [it for it in asked if self._answers.get(it.key, (b"",))[0] != roots[it.contract]]
        figures = ask(self._stage.chain, map(self._encoded, stale))
        for question in stale:
            answer = {name: figures[name] for name in question.expected}
            self._answers[question.key] = roots[question.contract], answer
        return [
            f"{name}: expected {expected}, found {self._answers[question.key][1][name]}"
            for question in asked
            for name, expected in question.expected.items()
            if self._answers[question.key][1][name] != expected
        ]

    def _encoded(self, question: Question) -> tuple[Address, bytes, tuple[str, ...]]:
        stage, name = self._stage, question.contract
        data = stage.interface_of(name).encode(question.view, *question.arguments)
        return stage.addresses[name], data, tuple(question.expected)


def _series(stage: NetworkStage, name: str, series: SeriesModel) -> Iterator[Question]:
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


def _jobs(stage: NetworkStage, model: NetworkModel, *, everything: bool) -> Iterator[Question]:
    for name in DUE_TO:
        account = stage.addresses[name]
        stated = {f"due to {name}": model.jobs.due[account]}
        yield Question("jobs", "due", (account, model.currency.address), stated)
    for order_id, order in list(model.jobs.orders.items())[0 if everything else -ORDERS_WATCHED :]:
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
