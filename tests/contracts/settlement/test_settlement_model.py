"""Approved instructions that somebody changes, against the specification of settlement.

Random histories of settlement are those of the whole network: `tests/stateful/network`.
"""

from __future__ import annotations

from copy import deepcopy

import pytest

from pysettle.errors import ContractReverted
from tests.chance import chance, rounds
from tests.contracts.banks import Banks, effect_on
from tests.contracts.settlement.mutated import mutated
from tests.contracts.settlement.specified import Specified
from tests.spec.core.calls import Call, Refusal


@pytest.mark.random
def test_mutated_instructions(banks: Banks) -> None:
    """An approved exchange that anybody changes is refused by name and with values, as specified; nothing moves."""
    run, random, now = Specified(banks), chance(4), banks.world.now
    errors = set[str]()
    with effect_on(banks) as change:
        for number in range(rounds(60, campaign=1_000)):
            instruction, approvals = mutated(run, random)
            given, specified = [it for it, _ in approvals], [it for _, it in approvals]
            expected = found = None
            try:
                deepcopy(run.spec).submit(Call(banks.world.address("relayer"), now), instruction, specified)
            except ContractReverted as refused:
                expected = Refusal.of(refused)
            try:
                banks.settlement.check(banks.settlement.submit(banks.world["relayer"], instruction, given))
            except ContractReverted as refused:
                found = Refusal.of(refused)
            assert found == expected is not None, (number, instruction)
            errors.add(found.error)
    assert change == {}
    assert errors >= {"InstructionInvalid", "ApprovalsInvalid", "ApprovalExpired", "ApprovalSignatureInvalid"}
