"""The stage of the cases across borders: banks of four jurisdictions with positions in each other's currency.

Each currency has officers of its own, an operating institution that issues it, and the opening hours of its payment
system. A bank holds its own currency by issuance; foreign currency comes to it by payments and exchanges alone, and the
part above the limit at the end of a day goes to its settlement agent, a bank of the currency's own country.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pysettle.client import SettlementNetwork, genesis
from pysettle.client.core.access import Roles
from pysettle.client.network import Plan
from pysettle.client.settlement.corridors import Corridors
from pysettle.client.settlement.liquidity import LiquidityAccounts
from pysettle.client.settlement.opening import open_settlement
from pysettle.client.settlement.registry import ParticipantRegistry
from pysettle.client.settlement.settlement import AtomicSettlement
from pysettle.domain.core.signing import Signer
from pysettle.domain.money.wallets import WalletClass
from pysettle.domain.settlement.calendar_file import read_calendars
from pysettle.domain.settlement.calendars import DAYS_IN_WORD, MOST_DAYS_AHEAD, Calendar
from pysettle.domain.settlement.corridors import Corridor, CorridorTerms
from pysettle.domain.settlement.identifiers import Identity, check_digits
from pysettle.domain.settlement.messages import Instruction, Leg, LegKind, code_word
from pysettle.errors import ContractReverted
from pysettle.evm.backend import Receipt
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.transactions import Transaction
from pysettle.hashing import keccak
from pysettle.money import UNITS_PER_MINOR, Currency
from pysettle.scenarios.case import Refusal
from pysettle.values import DAY_S, HOUR_S, Address, Units

CALENDARS = Path(__file__).with_name("calendars.txt")
"""Opening hours and holidays of the four payment systems, with their sources."""
COUNTRIES = {Currency.CNY: "CN", Currency.HKD: "HK", Currency.THB: "TH", Currency.AED: "AE"}
"""Currency -> its country, ISO 3166-1."""
GROUND = b"a list of sanctions names the bank"
"""Document that states the ground of a stop, in the cases."""
_OFFICES = ("administrator", "central_bank", "registrar", "freezer", "seizer", "pauser", "settlement_registrar")
_ATTESTED_S = 365 * DAY_S
_APPROVAL_S = HOUR_S


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank of one country."""

    name: str
    """Name, such as `CN bank 1`."""
    home: Currency
    """Currency of its country."""
    key: Signer
    """Its key."""
    place: int
    """Its number in its country, from 1."""

    @property
    def address(self) -> Address:
        """Its account."""
        return self.key.address

    @property
    def identity(self) -> Identity:
        """A LEI and a BIC of the right form, which no real institution has."""
        country = COUNTRIES[self.home]
        stem = f"PYSETTLE{country}{self.place:08}"
        return Identity(stem + check_digits(stem), f"SIM{self.place}{country}XX")


@dataclass(frozen=True, slots=True)
class Side:
    """One leg as banks name it."""

    currency: Currency
    """Currency that moves."""
    debtor: Bank
    """Bank that pays."""
    creditor: Bank
    """Bank that is paid."""
    amount: Units
    """Units of the currency."""

    def text(self) -> str:
        """Write it."""
        return f"{self.currency.text(self.amount)} from {self.debtor.name} to {self.creditor.name}"


@dataclass(frozen=True, slots=True)
class Submitted:
    """An instruction that its banks signed and somebody submitted."""

    instruction: Instruction
    """The instruction."""
    ids: tuple[int, ...]
    """Ids of its parties, in the order of the debtors."""
    receipt: Receipt
    """Receipt of the submission."""
    at: int
    """Unix second of its block."""

    @property
    def settlement_id(self) -> bytes:
        """Id of its settlement."""
        return self.instruction.settlement_id(self.ids)


class Borders:
    """A network with banks across borders, at the chain time of a case."""

    def __init__(
        self, seed: int, start: int, banks_by_currency: Mapping[Currency, int], *, others: Iterable[str] = ()
    ) -> None:
        """Deploy the network with its currencies and their calendars.

        Args:
            seed: Keys and block randomness are derived from it.
            start: Chain time of the genesis, unix seconds.
            banks_by_currency: Currency -> banks of its country; e-CNY is among them.
            others: Names of further parties.
        """
        self.seed, self.refusals = seed, list[Refusal]()
        self.banks = [
            Bank(f"{COUNTRIES[currency]} bank {place}", currency, self._key(f"{COUNTRIES[currency]} {place}"), place)
            for currency, count in banks_by_currency.items()
            for place in range(1, count + 1)
        ]
        self.roles = {currency: self._roles(currency) for currency in banks_by_currency}
        self.relayer = self._key("relayer")
        self.others = {name: self._key(name) for name in others}
        """Name -> key of each further party."""
        holders = [holder for roles in self.roles.values() for by in roles.holders().values() for holder in by]
        keys = [self.relayer, *holders, *(bank.key for bank in self.banks), *self.others.values()]
        self.chain = EmbeddedChain(genesis(start, dict.fromkeys(key.address for key in keys)), seed=seed)
        self.network = SettlementNetwork.deploy(self.chain, Plan(self.roles[Currency.CNY]))
        for currency, roles in self.roles.items():
            if currency is not Currency.CNY:
                self.network.open_currency(currency, roles)
        open_settlement(self.network)
        self.registry, self.positions = ParticipantRegistry.of(self.network), LiquidityAccounts.of(self.network)
        self.settlement, self.corridors = AtomicSettlement.of(self.network), Corridors.of(self.network)
        self.calendars = {currency: self._calendar(currency, start) for currency in banks_by_currency}
        self._set_calendars()
        self._ids: Counter[Address] = Counter()
        self._messages = 0

    def token(self, currency: Currency) -> Address:
        """Return the token of a currency."""
        return self.network.system(currency).token.address

    def banks_of(self, currency: Currency) -> list[Bank]:
        """Return the banks of the country of a currency."""
        return [bank for bank in self.banks if bank.home is currency]

    def bank(self, name: str) -> Bank:
        """Return a bank by its name."""
        return next(bank for bank in self.banks if bank.name == name)

    def agent_of(self, bank: Bank, currency: Currency) -> Bank:
        """Return the settlement agent of a bank in a currency: the bank of its number in the currency's country."""
        return next(it for it in self.banks_of(currency) if it.place == bank.place)

    def central_bank(self, currency: Currency) -> Signer:
        """Return the key of the central bank of a currency."""
        return self._key(f"{currency.value} central_bank")

    @property
    def attester(self) -> Signer:
        """Key of the account that signs for compute."""
        return self._key(f"{Currency.CNY.value} attester")

    def labels(self) -> dict[Address, str]:
        """Return account -> name, as a bundle has it."""
        others = {"relayer": self.relayer} | self.others
        return {bank.address: bank.name for bank in self.banks} | {key.address: it for it, key in others.items()}

    # Preparation

    def admit(self, pairs: Iterable[tuple[Bank, Currency]]) -> None:
        """Admit banks to currencies, by the registrar of each."""
        self.network.send(
            *(
                self.registry.admit(
                    self.roles[currency].registrar,
                    self.token(currency),
                    bank.address,
                    bank.identity,
                    bank.home.jurisdiction,
                    self.agent_of(bank, currency).address,
                )
                for bank, currency in pairs
            )
        )

    def open_corridors(
        self, ways: Iterable[tuple[Currency, Currency]], terms: Mapping[Currency, CorridorTerms]
    ) -> None:
        """Have both central banks agree to corridors.

        Args:
            ways: (currency that crosses, currency of the country that it crosses to).
            terms: Currency that crosses -> terms of its corridors.
        """
        steps = []
        for currency, other in ways:
            way = Corridor(currency.jurisdiction, other.jurisdiction, self.token(currency), self.token(other))
            steps += [
                self.corridors.agree(self.roles[it].central_bank, way, terms[currency], self.token(it))
                for it in (currency, other)
            ]
        self.network.send(*steps)

    def fund(self, amounts: Mapping[Bank, Units]) -> None:
        """Issue its own currency to each bank, which pays it into its position. Amounts are whole minor units."""
        steps = []
        for currency, roles in self.roles.items():
            funded = {bank: units for bank, units in amounts.items() if bank.home is currency}
            if not funded:
                continue
            desk, total = self.network.system(currency).token.desk, Units(sum(funded.values()))
            central_bank, (operator, *_) = self.central_bank(currency), roles.operators
            reserve = desk.sign_reserve(central_bank, total // UNITS_PER_MINOR, _ATTESTED_S)
            steps += [
                desk.attest_reserve(central_bank, central_bank.address, *reserve),
                desk.set_issuance_quota(central_bank, operator.address, total),
            ]
            for bank, units in funded.items():
                steps += self._funding(bank, units, roles)
        self.network.send(*steps)

    def _funding(self, bank: Bank, units: Units, roles: Roles) -> Iterator[Transaction]:
        token = self.network.system(bank.home).token
        if bank.home is Currency.CNY:
            yield token.register_wallet(
                roles.registrar, bank.address, WalletClass.CORPORATE, jurisdiction=bank.home.jurisdiction
            )
        yield token.desk.issue(roles.operators[0], bank.address, units)
        yield token.approve(bank.key, self.positions.address, units)
        yield self.positions.pay_in(bank.key, token.address, units)

    # Time

    @property
    def now(self) -> int:
        """Chain time of the next block."""
        return self.chain.clock.now()

    def wait_until(self, time: int) -> None:
        """Let the chain's time pass until a time, if it has not come yet."""
        if time > self.now:
            self.chain.clock.advance(time - self.now)

    # Settlement

    def instruction(self, sides: Sequence[Side], *, value_time: int = 0, customers: bytes = bytes(32)) -> Instruction:
        """Return an instruction of some legs: a payment of one, PvP of two."""
        self._messages += 1
        legs = tuple(
            Leg(LegKind.POSITION, self.token(it.currency), it.debtor.address, it.creditor.address, it.amount)
            for it in sides
        )
        name = f"PYSETTLE-{self._messages}".encode().ljust(32, b"\0")
        purpose = code_word("INTC" if len(sides) > 1 else "SUPP")
        return Instruction(legs, name, purpose, value_time=value_time, customers=customers)

    def submit(self, instruction: Instruction) -> Submitted:
        """Have each debited bank sign an instruction, and submit it.

        Raises:
            ContractReverted: the contracts refuse it; the ids of the banks stay unused.
        """
        keys = {bank.address: bank.key for bank in self.banks}
        ids = tuple(self._ids[party] + 1 for party in instruction.debtors)
        approvals = [
            self.settlement.approve(keys[party], instruction, number, self.now + _APPROVAL_S)
            for party, number in zip(instruction.debtors, ids, strict=True)
        ]
        (receipt,) = self.network.send(self.settlement.submit(self.relayer, instruction, approvals))
        self._ids.update(instruction.debtors)
        return Submitted(instruction, ids, receipt, self.time_of(receipt))

    def settle(self, submitted: Submitted) -> Receipt:
        """Settle an instruction that waited for its value time."""
        (receipt,) = self.network.send(self.settlement.settle(self.relayer, submitted.instruction, submitted.ids))
        return receipt

    def unwind(self, submitted: Submitted) -> Receipt:
        """Send the legs of a waiting instruction home.

        Raises:
            ContractReverted: no party is stopped or frozen.
        """
        (receipt,) = self.network.send(self.settlement.unwind(self.relayer, submitted.instruction, submitted.ids))
        return receipt

    def set_stop(self, bank: Bank, currency: Currency, *, stopped: bool) -> None:
        """Have the freezer of a currency stop a bank under sanctions, or lift the stop."""
        freezer, place = self.roles[currency].freezer, self.token(currency)
        ground = keccak(GROUND)
        self.network.send(
            self.registry.set_stops(freezer, place, bank.address, suspended=False, stopped=stopped, ground=ground)
        )

    def clear_out(self, holders: Iterable[tuple[Bank, Currency]]) -> None:
        """Have the relayer clear foreign positions above the limit at the end of a day."""
        self.network.send(
            *(
                self.corridors.clear_out(
                    self.relayer, it.jurisdiction, bank.home.jurisdiction, self.token(it), bank.address
                )
                for bank, it in holders
            )
        )

    def refused(self, step: str, refusal: ContractReverted) -> str:
        """Record a refused transaction; return the name of its error."""
        error, reason = type(refusal).__name__, str(refusal)
        names = {self.token(currency): currency.value for currency in self.calendars}
        for account, name in (self.labels() | names).items():
            reason = reason.replace(f"0x{account.hex()}", name)
        self.refusals.append(Refusal(self.chain.block().timestamp, step, error, reason))
        return error

    def time_of(self, receipt: Receipt) -> int:
        """Return the unix second of the block of a receipt."""
        return self.chain.block(receipt.block_number).timestamp

    def available(self, bank: Bank, currency: Currency) -> Units:
        """Return the available units of a position, as the contract has it."""
        return self.positions.position(self.token(currency), bank.address).available

    # Making

    def _key(self, name: str) -> Signer:
        return Signer.derived(self.seed, "borders", name)

    def _roles(self, currency: Currency) -> Roles:
        each = {office: self._key(f"{currency.value} {office}") for office in (*_OFFICES, "attester")}
        return Roles(**each, operators=(self._key(f"{currency.value} operator"),))

    def _calendar(self, currency: Currency, start: int) -> Calendar:
        """Return the part of the calendar that the case can reach: the words from its start to the last search."""
        read = read_calendars(CALENDARS.read_text(), CALENDARS.name)[currency]
        first, last = (time // DAY_S // DAYS_IN_WORD for time in (start - DAY_S, start + 2 * MOST_DAYS_AHEAD * DAY_S))
        return Calendar(read.week, {place: word for place, word in read.words.items() if first <= place <= last})

    def _set_calendars(self) -> None:
        steps = []
        for currency, calendar in self.calendars.items():
            central_bank, place = self.roles[currency].central_bank, self.token(currency)
            steps += [self.corridors.set_week(central_bank, place, calendar.week)]
            steps += [self.corridors.set_days(central_bank, place, *item) for item in calendar.words.items()]
        self.network.send(*steps)
