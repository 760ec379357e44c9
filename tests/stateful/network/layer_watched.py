"""The watched state of settlement across borders, and of its other currency."""

from __future__ import annotations

from collections.abc import Iterator

from eth_typing import Address

from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.settlement.clearing import bits
from tests.spec.network import NetworkSpec
from tests.spec.settlement.layer import LayerSpec
from tests.stateful.network.exchange_draws import ABROAD
from tests.stateful.network.layer_draws import BANKS
from tests.stateful.network.layer_stage import LayerStage
from tests.stateful.watched import Figures, Question

LATEST = 6
"""Instructions and ids drawn last that are looked at after every operation; all are at the end."""


def layer_questions(stage: LayerStage, spec: NetworkSpec, *, everything: bool) -> Iterator[Question]:
    """Yield what is looked at: of what passes only the latest, or all."""
    layer, foreign, at = spec.layer, spec.foreign, stage.addresses
    assert layer is not None
    assert foreign is not None
    first = 0 if everything else -LATEST
    yield Question("foreign", "totalSupply", (), {"foreign supply": foreign.supply})
    yield Question("foreign", "isPaused", (), {"foreign: paused": foreign.policy.paused})
    for name in (*ABROAD, *BANKS, "liquidity", "exchange"):
        stated: Figures = {f"foreign units of {name}": foreign.accounts[at[name]].balance}
        yield Question("foreign", "balanceOf", (at[name],), stated)
    for name in ("liquidity", "exchange"):
        stated = {f"units of {name}": spec.currency.accounts[at[name]].balance}
        yield Question("currency", "balanceOf", (at[name],), stated)
    for name in BANKS:
        yield from _positions(layer, name, at[name])
    for currency, held in layer.positions.items():
        what = f"positions in 0x{currency.hex()}"
        yield Question("liquidity", "earmarked", (currency,), {f"{what}: earmarked": held.earmarked})
        yield Question("liquidity", "isPaused", (currency,), {f"{what}: paused": held.paused})
    for identifier, waiting in list(layer.settlement.waits.items())[first:]:
        stated = {f"settlement 0x{identifier.hex()}": waiting.state}
        yield Question("settlement", "waiting", (identifier,), stated)
    for (original, leg), units in list(layer.settlement.returned.items())[first:]:
        stated = {f"returned of leg {leg} of 0x{original.hex()}": units}
        yield Question("settlement", "returned", (original, leg), stated)
    yield from _corridors(layer)
    yield from _clearing(layer, everything=everything)
    yield from _exchange(layer, foreign.address)
    if everything:
        for contract, used in (("settlement", layer.settlement.used), ("exchange", layer.exchange.used)):
            for party, number in used:
                stated = {f"{contract}: id {number} of 0x{party.hex()}": True}
                yield Question(contract, "isUsed", (party, number), stated)


def _positions(layer: LayerSpec, name: str, account: Address) -> Iterator[Question]:
    for currency, positions in layer.positions.items():
        held, member = positions.positions[account], positions.registry.members.get(account)
        what = f"position of {name} in 0x{currency.hex()}"
        figures = {
            "available": held.available,
            "reserved": held.reserved,
            "frozen outgoing": held.frozen_outgoing,
            "frozen incoming": held.frozen_incoming,
            "frozen in part": held.frozen_amount > 0,
            "suspended": bool(member and member.suspended),
        }
        yield Question("liquidity", "position", (currency, account), {f"{what}: {it}": n for it, n in figures.items()})
        stated: Figures = {f"{what}: frozen amount": held.frozen_amount}
        yield Question("liquidity", "frozenAmount", (currency, account), stated)
        if member:
            figures = {"index": member.index, "jurisdiction": member.jurisdiction}
            figures |= {"agent": int.from_bytes(member.settlement_agent, "big")}
            figures |= {"is suspended": member.suspended, "stopped": member.stopped}
            stated = {f"{what}: {it}": figure for it, figure in figures.items()}
            yield Question("registry", "participant", (currency, account), stated)


def _clearing(layer: LayerSpec, *, everything: bool) -> Iterator[Question]:
    for currency, positions in layer.positions.items():
        what, cycle = f"cycle of 0x{currency.hex()}", positions.cycle
        figures = {"operator": int.from_bytes(cycle.operator, "big"), "number": cycle.number}
        figures |= {"since": cycle.since, "state": cycle.state, "sets": cycle.sets}
        yield Question("clearing", "cycleOf", (currency,), {f"{what}: {it}": n for it, n in figures.items()})
    yield Question("clearing", "setCount", (), {"settled sets": layer.clearing.set_count})
    for (currency, debtor, priority), queue in layer.clearing.queues.items():
        place = currency, debtor, priority
        what = f"queue {priority} of participant {debtor} in 0x{currency.hex()}"
        stated: Figures = {f"{what}: first": queue.first, f"{what}: next": len(queue.batches)}
        yield Question("clearing", "queueOf", place, stated)
        for batch in queue.batches[0 if everything else queue.first :]:
            index = batch.header.index
            stated = {f"{what}: {index} waits": bits(batch.waiting), f"{what}: {index} is held": bits(batch.held)}
            yield Question("clearing", "itemsOf", (*place, index), stated)


def _corridors(layer: LayerSpec) -> Iterator[Question]:
    for identifier, way in layer.corridors.ways.items():
        what, counter = f"corridor 0x{identifier.hex()}", way.counter or ZERO_ADDRESS
        terms = {f"{what}: term {place}": term for place, term in enumerate(way.terms.fields())}
        stands = {"counter": int.from_bytes(counter, "big"), "revision": way.revision, "open": way.is_open}
        stated: Figures = {**terms, **{f"{what}: {it}": figure for it, figure in stands.items()}}
        yield Question("corridors", "corridorOf", (identifier,), stated)
    for identifier, debtor in layer.corridors.used:
        stated = {f"used by 0x{debtor.hex()} of 0x{identifier.hex()}": layer.corridors.units(identifier, debtor)}
        yield Question("corridors", "used", (identifier, debtor), stated)


def _exchange(layer: LayerSpec, foreign: Address) -> Iterator[Question]:
    rate = layer.exchange.rates.get(foreign)
    if rate is not None:
        figures = {"rate": rate.rate, "tolerance": rate.tolerance_bps}
        figures |= {"observed at": rate.observed_at, "valid before": rate.valid_before}
        pair = {"paid": int.from_bytes(rate.paid, "big"), "sold": int.from_bytes(rate.sold, "big")}
        stated: Figures = {f"rate: {it}": figure for it, figure in (pair | figures).items()}
        yield Question("exchange", "referenceRate", (foreign,), stated)
    for (identifier, class_), (purchase, window) in layer.exchange.limits.items():
        what = f"limits of {class_.name} in 0x{identifier.hex()}"
        stated = {f"{what}: purchase": purchase, f"{what}: window": window}
        yield Question("exchange", "classLimit", (identifier, class_), stated)
    for (identifier, buyer), uses in layer.exchange.uses.items():
        what = f"bought by 0x{buyer.hex()} through 0x{identifier.hex()}"
        stated = {f"{what}: units": sum(units for _, units in uses)}
        if uses:
            stated |= {f"{what}: since": uses[0][0]}
        yield Question("exchange", "used", (identifier, buyer), stated)
