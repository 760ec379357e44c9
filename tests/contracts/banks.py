"""The settlement layer in the world of a contract test: two banks, in e-CNY and e-HKD, and the officers of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count

from eth_utils.crypto import keccak

from pysettle.client import CurrencyToken
from pysettle.client.core.access import Role, Roles
from pysettle.client.settlement.liquidity import LiquidityAccounts
from pysettle.client.settlement.opening import open_settlement
from pysettle.client.settlement.registry import ParticipantRegistry
from pysettle.client.settlement.settlement import AtomicSettlement
from pysettle.domain.money.messages import ReserveAttestation
from pysettle.domain.settlement.identifiers import Identity, check_digits
from pysettle.domain.settlement.messages import Approval, Instruction, Leg, LegKind, code_word
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency
from tests.contracts.effects import read_words
from tests.contracts.world import FEN, START, YUAN, World

BEIJING, HONGKONG, AGENT = "buyer", "other buyer", "provider"
"""The banks of the two countries, and the settlement agent of the second one in e-CNY."""
HKD_OFFICER = "halter"
"""Holder of every role over e-HKD, which has no role over e-CNY."""
FUNDS = 1_000 * YUAN
"""Units that each bank holds in each currency; half of them are its position."""
GROUND = keccak(b"a court orders it")
_STEMS = {BEIJING: "PYSETTLE0000000001", HONGKONG: "PYSETTLE0000000002", AGENT: "PYSETTLE0000000003"}
_BICS = {BEIJING: "BKCHCNBJ", HONGKONG: "HSBCHKHHHKH", AGENT: "ICBKCNBJ"}
JURISDICTIONS = {BEIJING: 156, HONGKONG: 344, AGENT: 156}


def identity_of(name: str) -> Identity:
    """Return the names of a bank."""
    return Identity(_STEMS[name] + check_digits(_STEMS[name]), _BICS[name])


@dataclass
class Banks:
    """The settlement layer, and the world that it is in."""

    world: World
    registry: ParticipantRegistry
    liquidity: LiquidityAccounts
    settlement: AtomicSettlement
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def token(self, currency: Currency = Currency.CNY) -> CurrencyToken:
        """Return the token of a currency."""
        return self.world.network.currencies[currency].token

    def officer(self, role: Role, currency: Currency = Currency.CNY) -> str:
        """Return the name of the holder of a role over a currency."""
        return role.label.replace("-", " ") if currency is Currency.CNY else HKD_OFFICER

    def admit(
        self, name: str, currency: Currency = Currency.CNY, agent: str = AGENT, *, jurisdiction: int | None = None
    ) -> Transaction:
        """Return the admission of a bank to a currency."""
        world, registrar = self.world, self.world[self.officer(Role.REGISTRAR, currency)]
        place, account = self.token(currency).address, world.address(name)
        jurisdiction = jurisdiction or JURISDICTIONS[name]
        return self.registry.admit(registrar, place, account, identity_of(name), jurisdiction, world.address(agent))

    def stops(self, name: str, *, suspended: bool = False, stopped: bool = False) -> Transaction:
        """Return the setting of both stops on a bank in e-CNY."""
        account, place = self.world.address(name), self.token().address
        freezer = self.world["freezer"]
        return self.registry.set_stops(freezer, place, account, suspended=suspended, stopped=stopped, ground=GROUND)

    def pay_in(self, name: str, amount: int, currency: Currency = Currency.CNY) -> Transaction:
        """Return a payment of a bank into its position."""
        return self.liquidity.pay_in(self.world[name], self.token(currency).address, amount)

    def pay_out(self, name: str, amount: int, currency: Currency = Currency.CNY) -> Transaction:
        """Return a payment of a bank out of its position."""
        return self.liquidity.pay_out(self.world[name], self.token(currency).address, amount)

    def leg(self, debtor: str, creditor: str, amount: int, currency: Currency = Currency.CNY) -> Leg:
        """Return a leg between two positions."""
        place, world = self.token(currency).address, self.world
        return Leg(LegKind.POSITION, place, world.address(debtor), world.address(creditor), amount)

    def pvp(self, **changed: object) -> Instruction:
        """Return the exchange of 10 yuan of Beijing for 11 e-HKD of Hong Kong, at once; or a changed one."""
        legs = self.leg(BEIJING, HONGKONG, 10 * YUAN), self.leg(HONGKONG, BEIJING, 11 * YUAN, Currency.HKD)
        instruction = Instruction(legs, next(self.numbers).to_bytes(32, "big"), code_word("INTC"))
        return replace(instruction, **changed)  # type: ignore[arg-type]  # fields by name

    def approvals(
        self, instruction: Instruction, ids: Sequence[int] | None = None, *, valid_s: int = 3_600
    ) -> list[Approval]:
        """Have each debited party sign an instruction, with its next id or these."""
        keys = {self.world.address(name): key for name, key in self.world.actors.items()}
        numbers = ids or [next(self.numbers) for _ in instruction.debtors]
        until = self.world.now + valid_s
        return [
            self.settlement.approve(keys[party], instruction, number, until)
            for party, number in zip(instruction.debtors, numbers, strict=True)
        ]

    def submitted(self, instruction: Instruction) -> list[int]:
        """Have an instruction approved and submitted; return the ids of its parties."""
        approvals = self.approvals(instruction)
        self.world.send(self.settlement.submit(self.world["relayer"], instruction, approvals))
        return [approval.id for approval in approvals]

    def available(self, name: str, currency: Currency = Currency.CNY) -> int:
        """Return the available units of a bank's position."""
        return self.liquidity.position(self.token(currency).address, self.world.address(name)).available

    def figures(self, names: Sequence[str] = (BEIJING, HONGKONG, AGENT, "stranger")) -> dict[str, int]:
        """Return the available units and the balances of banks and of the layer, in every currency."""
        calls = {}
        accounts = {name: self.world.address(name) for name in names} | {"layer": self.liquidity.address}
        for currency in self.world.network.currencies:
            token = self.token(currency)
            for name, account in accounts.items():
                calls[f"{currency.value} {name}"] = (token.address, token.interface.encode("balanceOf", account))
                data = self.liquidity.interface.encode("position", token.address, account)
                calls[f"position {currency.value} {name}"] = (self.liquidity.address, data)
        # The first word of a position are its available units.
        return dict(zip(calls, read_words(self.world, [*calls.values()]), strict=True))


@contextmanager
def effect_on(banks: Banks) -> Iterator[dict[str, int]]:
    """Yield what will hold, after the block, each balance and position that changed and by how much."""
    change: dict[str, int] = {}
    before = banks.figures()
    yield change
    after = banks.figures()
    change.update({name: after[name] - before[name] for name in before if after[name] != before[name]})


def open_banks(world: World, *, abroad: bool = True) -> Banks:
    """Open the settlement layer; admit both banks, and fund their positions by half.

    Args:
        world: The world.
        abroad: Whether e-HKD is opened too, and both banks are admitted to it.
    """
    network = world.network
    currencies = (Currency.CNY, Currency.HKD) if abroad else (Currency.CNY,)
    if abroad:
        _open_hkd(world)
    open_settlement(network)
    banks = Banks(world, ParticipantRegistry.of(network), LiquidityAccounts.of(network), AtomicSettlement.of(network))
    for name in (BEIJING, HONGKONG):
        world.fund(name, FUNDS)
        for currency in currencies:
            approval = banks.token(currency).approve(world[name], banks.liquidity.address, 2**256 - 1)
            world.send(banks.admit(name, currency), approval, banks.pay_in(name, FUNDS // 2, currency))
    return banks


def _open_hkd(world: World) -> None:
    """Open e-HKD, and issue it to both banks."""
    officer = world[HKD_OFFICER]
    hkd = world.network.open_currency(Currency.HKD, Roles.in_one_hand(officer, operators=(officer,)))
    attestation = ReserveAttestation((2**96 - 1) // FEN, START, 1, 2**64 - 1)
    signature = officer.sign(attestation.digest(hkd.desk.domain))
    world.send(
        hkd.desk.attest_reserve(officer, officer.address, attestation, signature),
        hkd.desk.set_issuance_quota(officer, officer.address, 2 * FUNDS),
        *(hkd.desk.issue(officer, world.address(name), FUNDS) for name in (BEIJING, HONGKONG)),
    )
