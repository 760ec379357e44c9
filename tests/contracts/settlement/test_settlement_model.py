"""Random histories of settlement against its specification: equal after every step, corridors and holidays included.

`PYSETTLE_MODEL_OPERATIONS` names another number of steps; `scripts/assure --random` takes 5,000.
"""

from __future__ import annotations

import os
from copy import deepcopy

import pytest

from pysettle.audit.ledger import LedgerCheck
from pysettle.errors import ContractReverted
from pysettle.errors.states import WaitingState
from tests.chance import SEED, chance, rounds
from tests.contracts.banks import Banks, effect_on
from tests.contracts.effects import check_books
from tests.contracts.settlement.history import WEIGHTS, History
from tests.contracts.settlement.mutated import mutated
from tests.spec.core.calls import Call, Refusal

STEPS = 180 if SEED is None else int(os.environ.get("PYSETTLE_MODEL_OPERATIONS", "1000"))


@pytest.mark.random
def test_random_settlements(banks: Banks) -> None:
    """After each step both are equal; at the end the books and the answers agree with the contracts."""
    run, done, chain = History(banks, 3), set[str](), banks.world.chain
    entries = [entry for entry, weight in WEIGHTS.items() for _ in range(weight)]
    for number in range(STEPS):
        entry = run.random.choice(entries)
        done |= {entry} if run.do(entry) else set()
        if number % 25 == 24:
            run.compare()
    run.compare()
    ledger = check_books(banks.world)
    audit = LedgerCheck(ledger.contracts)
    audit.ledger = ledger
    audit.close(chain.block().number, chain.chain_id, chain.call)
    assert audit.divergences == []
    ends = {known.state for known in run.spec.waits.values()}
    assert done == WEIGHTS.keys() or SEED is not None, WEIGHTS.keys() - done
    assert {WaitingState.SETTLED, WaitingState.UNWOUND} <= ends or SEED is not None, ends


@pytest.mark.random
def test_mutated_instructions(banks: Banks) -> None:
    """An approved exchange that anybody changes is refused by name and with values, as specified; nothing moves."""
    run, random, now = History(banks, 4), chance(4), banks.world.now
    errors = set[str]()
    with effect_on(banks) as change:
        for number in range(rounds(100, campaign=1_000)):
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
