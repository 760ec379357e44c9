"""Changes of an approved exchange by somebody else: of its terms, its legs, or its approvals."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from pysettle.domain.settlement.messages import Approval, Instruction, LegKind
from tests.contracts.settlement.specified import Specified
from tests.spec.core.calls import Signature
from tests.spec.settlement.settlement import Approved

Approvals = list[tuple[Approval, Approved]]
_WORDS = ("end_to_end_id", "purpose", "customers", "original", "reason")


def mutated(run: Specified, random: Random) -> tuple[Instruction, Approvals]:
    """Return an exchange that both banks approved, after one change, for the chain and for the specification."""
    instruction = run.banks.pvp()
    approvals = run.approved(instruction)
    if random.random() < 0.6:
        return _other_terms(run, random, instruction), approvals
    return instruction, _other_approvals(run, random, approvals)


def _other_terms(run: Specified, random: Random, instruction: Instruction) -> Instruction:
    """Return the instruction with another word, another leg, or other legs."""
    kind = random.randrange(4)
    if kind == 0:
        name = random.choice(_WORDS)
        word = bytearray(getattr(instruction, name))
        word[random.randrange(32)] ^= 1 << random.randrange(8)
        empty = bytes(32) if any(getattr(instruction, name)) else bytes(word)
        return replace(instruction, **{name: random.choice((bytes(word), bytes(word), empty))})
    if kind == 1:
        return replace(instruction, value_time=run.world.now + random.choice((-1, 1, 86_400, 40 * 86_400)))
    legs = instruction.legs
    if kind == 2:
        others = (), legs[:1], legs[::-1], (*legs, legs[0]), legs * 9
        return replace(instruction, legs=random.choice(others))
    place = random.randrange(len(legs))
    accounts = [run.world.address(name) for name in ("stranger", "relayer", "buyer", "other buyer", "provider")]
    changes: dict[str, list[Any]] = {
        "kind": [LegKind.TOKEN],
        "asset": [*run.tokens.values(), *accounts],
        "debtor": accounts,
        "creditor": accounts,
        "amount": [0, legs[place].amount + 1, legs[place].amount - 1, 2**96 - 1],
    }
    name = random.choice([*changes])
    value = random.choice([it for it in changes[name] if it != getattr(legs[place], name)])
    changed = replace(legs[place], **{name: value})
    return replace(instruction, legs=(*legs[:place], changed, *legs[place + 1 :]))


def _other_approvals(run: Specified, random: Random, approvals: Approvals) -> Approvals:
    """Return the approvals with one that is changed, left out, twice there, or in another place."""
    others = [], approvals[:1], approvals[::-1], [*approvals, approvals[0]], [approvals[0]] * 2
    if random.random() < 0.3:
        return random.choice(others)
    place = random.randrange(len(approvals))
    given, specified = approvals[place]
    kind = random.randrange(3)
    if kind == 0:
        number = given.id ^ 1 << random.randrange(256)
        changed = replace(given, id=number), replace(specified, id=number)
    elif kind == 1:
        until = random.choice((0, run.world.now, given.valid_before + 1, 2**64 - 1))
        changed = replace(given, valid_before=until), replace(specified, valid_before=until)
    else:
        signature = bytearray(given.signature)
        signature[random.randrange(65)] ^= 1 << random.randrange(8)
        cut = bytes(signature)[: random.choice((65, 65, 64, 0))]
        stranger = Signature(run.world.address("stranger"), specified.signature.message)
        changed = replace(given, signature=cut), replace(specified, signature=stranger)
    return [*approvals[:place], changed, *approvals[place + 1 :]]
