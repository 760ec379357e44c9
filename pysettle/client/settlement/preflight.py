"""Preflight of an instruction: every condition that is missing for its settlement now, leg by leg.

The contract reports the first missing condition; this module reads the chain and reports all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pysettle.client.compute.series import ComputeToken
from pysettle.client.settlement.crossings import of_crossings
from pysettle.client.settlement.liquidity import LiquidityAccounts
from pysettle.client.settlement.registry import ParticipantRegistry
from pysettle.client.settlement.settlement import AtomicSettlement
from pysettle.domain.settlement.messages import LONGEST_WAIT_S, Leg, LegKind
from pysettle.values import Address, SeriesId, time_text, to_text

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork
    from pysettle.client.settlement.documents import SignedInstruction


@dataclass(frozen=True, slots=True)
class Missing:
    """One condition that is missing."""

    leg: int | None
    """Number of its leg, from 0; None for a condition of the whole instruction."""
    words: str
    """The condition in words."""


def missing(network: SettlementNetwork, signed: SignedInstruction, name: Callable[[Address], str]) -> list[Missing]:
    """Return every condition that keeps an instruction from being accepted in the next block.

    Args:
        network: The network.
        signed: The instruction with its approvals.
        name: Writes an account.
    """
    contract = AtomicSettlement.of(network)
    signed.check_place(contract)
    found = [Missing(None, words) for words in _of_whole(contract, signed, name)]
    needed: dict[tuple[Address, Address], int] = {}
    for number, leg in enumerate(signed.instruction.legs):
        earlier = needed.get((leg.asset, leg.debtor), 0)
        needed[leg.asset, leg.debtor] = earlier + leg.amount
        of_leg = _of_tokens if leg.kind is LegKind.TOKEN else _of_position
        found += [Missing(number, words) for words in of_leg(network, leg, earlier + leg.amount, name)]
    found += [Missing(number, words) for number, words in of_crossings(network, signed.instruction, name)]
    return found


def _of_whole(contract: AtomicSettlement, signed: SignedInstruction, name: Callable[[Address], str]) -> Iterator[str]:
    instruction, now = signed.instruction, contract.chain.clock.now()
    for party in signed.unsigned:
        yield f"{name(party)} has not signed"
    for party, approval in signed.approvals.items():
        if now >= approval.valid_before:
            yield f"the approval of {name(party)} expired at {time_text(approval.valid_before)}"
        if contract.is_used(party, approval.id):
            yield f"{name(party)} has used or withdrawn its id {approval.id}"
    if instruction.value_time > now + LONGEST_WAIT_S:
        yield f"the value time {time_text(instruction.value_time)} is more than 30 days away"
    if instruction.value_time > now and any(leg.kind is LegKind.TOKEN for leg in instruction.legs):
        yield "Tokens cannot wait for a value time"


def _of_position(network: SettlementNetwork, leg: Leg, needed: int, name: Callable[[Address], str]) -> Iterator[str]:
    """Yield the missing conditions of a leg between positions; `needed` includes earlier legs of its debtor."""
    tokens = {system.token.address: currency for currency, system in network.currencies.items()}
    if leg.asset not in tokens:
        yield f"0x{leg.asset.hex()} is no currency of this network"
        return
    code = tokens[leg.asset].value
    registry, positions = ParticipantRegistry.of(network), LiquidityAccounts.of(network)
    for party in (leg.debtor, leg.creditor):
        standing = registry.participant(leg.asset, party).word
        if standing != "active":
            yield f"{name(party)} is {standing} in {code}"
    if positions.is_paused(leg.asset):
        yield f"the positions in {code} are paused"
    debited, credited = (positions.position(leg.asset, party) for party in (leg.debtor, leg.creditor))
    if debited.frozen.outgoing:
        yield f"the position of {name(leg.debtor)} in {code} is frozen outgoing"
    if credited.frozen.incoming:
        yield f"the position of {name(leg.creditor)} in {code} is frozen incoming"
    free = max(0, debited.available - debited.frozen.amount)
    if needed > free:
        yield f"{name(leg.debtor)} lacks {to_text(needed - free)} {code} in its position"


def _of_tokens(network: SettlementNetwork, leg: Leg, needed: int, name: Callable[[Address], str]) -> Iterator[str]:
    series, place = ComputeToken(network.sender, SeriesId(leg.asset)), network.address("AtomicSettlement")
    held, allowed = series.balance_of(leg.debtor), series.allowance(leg.debtor, place)
    if needed > held:
        yield f"{name(leg.debtor)} lacks {needed - held:,} Tokens"
    if needed > allowed:
        yield f"{name(leg.debtor)} allows the settlement contract {allowed:,} Tokens, and {needed:,} are needed"
