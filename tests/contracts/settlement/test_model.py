"""Random histories of participants and positions against their specification: equal after every step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pysettle.audit.ledger import LedgerCheck
from pysettle.errors import ContractReverted
from tests.chance import SEED, chance, rounds
from tests.contracts.banks import AGENT, BEIJING, FUNDS, GROUND, HKD_OFFICER, HONGKONG, Banks, identity_of
from tests.contracts.effects import check_books, restored
from tests.spec.core.calls import Call, Refusal
from tests.spec.money.currency import CurrencySpec
from tests.spec.money.records import Role
from tests.spec.settlement.liquidity import LiquiditySpec
from tests.spec.settlement.records import Member
from tests.spec.settlement.registry import RegistrySpec
from tests.stateful import logs

STEPS = 165
NAMES = (BEIJING, HONGKONG, AGENT)
OFFICERS = {Role.REGISTRAR: "registrar", Role.FREEZER: "freezer", Role.SEIZER: "seizer", Role.PAUSER: "pauser"}
RIGHT = {
    "admit": "registrar",
    **dict.fromkeys(("set_stops", "freeze", "freeze_amount"), "freezer"),
    "seize": "seizer",
    **dict.fromkeys(("pause", "unpause"), "pauser"),
}
"""Entry of an officer -> the officer."""
EVERY = {*RIGHT, "pay_in", "pay_out", "copy_freeze", "copy_pause"}


class Run:
    """The layer of a seed, on the chain and as specified."""

    def __init__(self, banks: Banks, seed: int) -> None:
        """Begin with two banks that have positions."""
        self.banks, self.world, self.random = banks, banks.world, chance(seed)
        token = banks.token()
        self.token = token.address
        roles = {role: (self.world.address(name),) for role, name in OFFICERS.items()}
        layer = banks.liquidity.address
        self.money = CurrencySpec(self.token, token.desk.address, roles, {layer}, self.world.network.hub.collector, [])
        self.money.accounts[layer].settlement = True
        self.registry = RegistrySpec(banks.registry.address, self.money)
        self.layer = LiquiditySpec(layer, self.money, self.registry)
        agent = self.world.address(AGENT)
        for index, name in enumerate((BEIJING, HONGKONG), 1):
            account = self.world.address(name)
            jurisdiction = banks.registry.participant(self.token, account).jurisdiction
            self.registry.members[account] = Member(index, jurisdiction, agent)
            self.money.accounts[account].balance = self.layer.positions[account].available = FUNDS // 2
            self.money.allowances[account, layer] = 2**256 - 1
        self.money.accounts[layer].balance = FUNDS

    def step(self, entry: str, by: str, *arguments: Any, **named: Any) -> bool:
        """Do the same on both, see that it is refused for the same reason or by neither; return whether it is not."""
        is_admission = entry in ("admit", "set_stops")
        specified = self.registry if is_admission else self.layer
        wrapper = self.banks.registry if is_admission else self.banks.liquidity
        call = Call(self.world.address(by), self.world.now)
        specified.events.clear()
        expected: Refusal | None = None
        try:
            getattr(specified, entry)(call, self.token, *arguments, **named)
        except ContractReverted as refused:
            expected = Refusal.of(refused)
        found, written = None, []
        try:
            (receipt,) = self.world.send(getattr(wrapper, entry)(self.world[by], self.token, *arguments, **named))
            written = logs.found(receipt.logs)
        except ContractReverted as refused:
            found = Refusal.of(refused)
        assert found == expected, (entry, by, arguments, named)
        if expected is None:
            assert written == logs.expected(specified.events), (entry, by, arguments, named)
        return found is None

    def of_currency(self, name: str) -> None:
        """Freeze an account or pause the currency itself, on both, or lift it."""
        token, account, random = self.banks.token(), self.world.address(name), self.random
        freezer, pauser = self.world["freezer"], self.world["pauser"]
        outgoing, incoming, amount = random.random() < 0.4, random.random() < 0.3, random.choice((0, 0, FUNDS // 4))
        paused = random.random() < 0.3
        was_paused = self.money.policy.paused
        steps = [
            token.freeze(freezer, account, outgoing=outgoing, incoming=incoming),
            token.freeze_amount(freezer, account, amount),
        ]
        if paused != was_paused:
            steps.append(token.pause(pauser) if paused else token.unpause(pauser))
        self.world.send(*steps)
        mine = self.money.accounts[account]
        mine.frozen_outgoing, mine.frozen_incoming, mine.frozen_amount = outgoing, incoming, amount
        self.money.policy.paused = paused

    def draw(self, entry: str) -> tuple[str, str, tuple[Any, ...], Mapping[str, Any]]:
        """Return a step, often of an entry: what it is, caller, arguments; mostly by the account that may take it."""
        random = self.random
        name = random.choice(NAMES)
        ground = random.choice((GROUND, GROUND, GROUND, bytes(32)))
        if random.random() < 0.3:
            entry = random.choice(("pay_in", "pay_out"))
        account, amount = self.world.address(name), random.choice((0, 1, FUNDS // 8, FUNDS // 2, FUNDS))
        yes, no = random.random() < 0.25, random.random() < 0.25
        drawn: dict[str, tuple[tuple[Any, ...], Mapping[str, Any]]] = {
            "admit": ((account, identity_of(name), random.choice((156, 344, 344, 1_000)), account), {}),
            "set_stops": ((account,), {"suspended": yes, "stopped": no, "ground": ground}),
            "freeze": ((account,), {"outgoing": yes, "incoming": no}),
            "freeze_amount": ((account, amount if yes else 0), {}),
            "seize": (
                (account, self.world.address("stranger"), amount, random.choice((GROUND, GROUND, GROUND, bytes(32)))),
                {},
            ),
            "pause": ((), {}),
            "unpause": ((), {}),
            "copy_freeze": ((account,), {}),
            "copy_pause": ((), {}),
            "pay_in": ((amount,), {}),
            "pay_out": ((amount,), {}),
        }
        # Nothing else happens in a pause that lasts.
        if self.layer.paused and random.random() < 0.3:
            entry = "unpause"
        right = RIGHT.get(entry, name if entry.startswith("pay") else "stranger")
        by = right if random.random() < 0.9 else random.choice((*OFFICERS.values(), HKD_OFFICER, *NAMES))
        return entry, by, *drawn[entry]

    def compare(self) -> None:
        """Assert that chain and specification say the same of every bank."""
        for name in NAMES:
            account = self.world.address(name)
            position, held = self.banks.liquidity.position(self.token, account), self.layer.positions[account]
            frozen = position.frozen
            assert (position.available, position.reserved) == (held.available, 0)
            assert (frozen.outgoing, frozen.incoming) == (held.frozen_outgoing, held.frozen_incoming)
            assert frozen.amount == held.frozen_amount
            assert self.banks.token().balance_of(account) == self.money.accounts[account].balance
            member = self.banks.registry.participant(self.token, account)
            known = self.registry.members.get(account, Member(0, 0, bytes(20)))
            assert (member.index, member.jurisdiction, member.settlement_agent, member.suspended, member.stopped) == (
                known.index,
                known.jurisdiction,
                known.settlement_agent,
                known.suspended,
                known.stopped,
            )
        assert self.banks.liquidity.is_paused(self.token) == self.layer.paused
        held_there = self.banks.token().balance_of(self.banks.liquidity.address)
        assert held_there == sum(it.available for it in self.layer.positions.values())


def play(banks: Banks, seed: int) -> set[str]:
    """Take the steps of a seed; return the entries that were accepted at least once."""
    run, done = Run(banks, seed), set()
    for number in range(STEPS):
        if number % 6 == 5:
            run.of_currency(run.random.choice(NAMES))
        entry, by, arguments, named = run.draw(sorted(EVERY)[number % len(EVERY)])
        if run.step(entry, by, *arguments, **named):
            done.add(entry)
        if number % 10 == 9:
            run.compare()
    run.compare()
    return done


@pytest.mark.apart
@pytest.mark.random
def test_random_histories(banks: Banks) -> None:
    """After each step both are equal; at the end the books and the answers agree with the contracts."""
    done, chain = set(), banks.world.chain
    for seed in range(rounds(2, campaign=6)):
        with restored(banks.world):
            done |= play(banks, seed)
            ledger = check_books(banks.world)
            audit = LedgerCheck(ledger.contracts)
            audit.ledger = ledger
            audit.close(chain.block().number, chain.chain_id, chain.call)
            assert audit.divergences == []
    assert done == EVERY or SEED is not None, EVERY - done
