"""Settlement between two banks as specified, as it begins on the chain."""

from __future__ import annotations

from itertools import count
from typing import Any

from pysettle.domain.core.signing import Signer
from pysettle.domain.settlement.corridors import corridor_id
from pysettle.domain.settlement.messages import Approval, Instruction
from pysettle.money import Currency
from pysettle.values import Address
from tests.contracts.banks import AGENT, BEIJING, HKD_OFFICER, HONGKONG, JURISDICTIONS, Banks
from tests.contracts.ways import TERMS, ways_of
from tests.spec.core.calls import Signature
from tests.spec.money.currency import CurrencySpec
from tests.spec.money.records import Role
from tests.spec.settlement.corridors import CorridorsSpec
from tests.spec.settlement.liquidity import LiquiditySpec
from tests.spec.settlement.records import Member
from tests.spec.settlement.registry import RegistrySpec
from tests.spec.settlement.settlement import Approved, SettlementSpec, approval_of

NAMES = (BEIJING, HONGKONG, AGENT)
CURRENCIES = (Currency.CNY, Currency.HKD)
OFFICERS = {
    Role.REGISTRAR: "registrar",
    Role.FREEZER: "freezer",
    Role.SEIZER: "seizer",
    Role.PAUSER: "pauser",
    Role.CENTRAL_BANK: "central bank",
}


def _officer(role: Role, currency: Currency) -> str:
    return OFFICERS[role] if currency is Currency.CNY else HKD_OFFICER


class Specified:
    """The layer, on the chain and as specified, before its first instruction."""

    def __init__(self, banks: Banks) -> None:
        """Begin with both corridors open, and two banks that have positions in both currencies."""
        self.banks, self.world = banks, banks.world
        self.ways, self.numbers = ways_of(banks), count(1_000)
        self.keys = {self.world.address(name): self.world[name] for name in NAMES}
        self.tokens = {it: banks.token(it).address for it in CURRENCIES}
        self.world.send(banks.admit(AGENT))
        for name in (BEIJING, HONGKONG):
            self.world.send(banks.token().approve(self.world[name], banks.settlement.address, 2**256 - 1))
        self.spec = self._specified()

    def _specified(self) -> SettlementSpec:
        events: list[Any] = []
        layer, settlement = self.banks.liquidity.address, self.banks.settlement.address
        layers, members, agent = {}, {}, self.world.address(AGENT)
        for currency, place in self.tokens.items():
            token = self.banks.token(currency)
            roles = {role: (self.world.address(_officer(role, currency)),) for role in OFFICERS}
            money = CurrencySpec(place, token.desk.address, roles, {layer}, self.world.network.hub.collector, events)
            money.accounts[layer].settlement = True
            registry = RegistrySpec(self.banks.registry.address, money)
            positions = layers[place] = LiquiditySpec(layer, money, registry)
            money.accounts[layer].balance = token.balance_of(layer)
            for number, name in enumerate(NAMES if currency is Currency.CNY else NAMES[:2], 1):
                account = self.world.address(name)
                members[place, account] = registry.members[account] = Member(number, JURISDICTIONS[name], agent)
                money.accounts[account].balance = token.balance_of(account)
                positions.positions[account].available = self.banks.liquidity.position(place, account).available
                money.allowances[account, layer] = token.allowance(account, layer)
                money.allowances[account, settlement] = token.allowance(account, settlement)
        central = {place: self.world.address(self.ways.bank(it)) for it, place in self.tokens.items()}
        ids = {(a, b, it): corridor_id(a, b, it) for a in (0, 156, 344) for b in (0, 156, 344) for it in layers}
        place = self.ways.corridors.address
        homes = {it.jurisdiction: token for it, token in self.tokens.items()}
        corridors = CorridorsSpec(place, layer, central, homes, members, ids, [settlement], events)
        for currency in CURRENCIES:
            way = self.ways.open(currency)
            known = corridors.ways[way.id]
            known.terms, known.counter, known.revision, known.is_open = TERMS, way.counter_currency, 1, True
        return SettlementSpec(settlement, layers, corridors)

    def approved(self, instruction: Instruction) -> list[tuple[Approval, Approved]]:
        """Return the right approval of each debited party, for the chain and for the specification."""
        return [self._approval(instruction, it, self.keys[it], next(self.numbers)) for it in instruction.debtors]

    def _approval(
        self, instruction: Instruction, party: Address, key: Signer, number: int, valid_s: int = 3_600
    ) -> tuple[Approval, Approved]:
        until = self.world.now + valid_s
        signature = key.sign(instruction.approval_digest(self.banks.settlement.domain, party, number, until))
        specified = Signature(key.address, approval_of(instruction, party, number, until))
        return Approval(number, until, signature), Approved(number, until, specified)
