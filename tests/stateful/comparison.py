"""Contracts and their specification, given the same operations and compared after every one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from eth_typing import Address

from pysettle.domain import invariants
from pysettle.domain.core.events import Emitted, Position
from pysettle.domain.core.findings import Finding
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.ledger import Ledger
from pysettle.domain.money.messages import ReserveAttestation
from pysettle.evm import artifacts
from tests.architecture.test_contract_errors import UNREACHABLE
from tests.spec.books import compare_money
from tests.spec.core.calls import Contract, Outcome, Signature
from tests.spec.money.currency import CurrencySpec
from tests.spec.money.records import Status
from tests.stateful import logs
from tests.stateful.auditing import audit, audit_books
from tests.stateful.generator import Generator
from tests.stateful.operations import FORMS, START, Operation, perform
from tests.stateful.stage import Stage
from tests.stateful.watched import HOLDERS, OPERATORS, Question, Watch, money_questions, passing_questions

EVERYTHING_EVERY = 50
"""Operations after which all that is watched is asked, and all invariants are checked, whatever changed."""

NEVER_REFUSED = {"setPayeeOnly": "anybody may reserve what is submitted to it"}
DESK_ALONE = {"createTo", "destroyHeld", "holdFrom"}
"""Entries that the desk alone calls, by its own."""
UNPROVOKED = {
    "AuthorityFixed": "setAuthority changes nothing: tests/contracts/money/currency/test_roles.py",
    "CallerNotDesk": "the desk alone creates, holds and destroys: tests/contracts/money/desk/test_desk_alone.py",
    "ChannelCollectorRefused": "checkChannel changes nothing: tests/contracts/money/currency/test_check_channel.py",
    "ChannelReceiverPayeeOnly": "checkChannel changes nothing: tests/contracts/money/currency/test_check_channel.py",
    "SafeERC20FailedOperation": "the token answers as it should",
    "StringTooLong": "thrown by the constructor alone",
    **UNREACHABLE,
}
"""Errors in the contract's ABI that no operation can provoke, with the reason."""


class Comparison:
    """Contracts on a stage and their specification that do the same, and the ledger of the events."""

    generator: Generator

    def __init__(self, seed: int, stage: Stage, currency: CurrencySpec) -> None:
        """Begin, with a ledger of what deployment emitted.

        Args:
            seed: What operations are drawn from.
            stage: The contracts.
            currency: Their money, as specified.
        """
        self.seed, self.step = seed, 0
        self.stage, self.currency = stage, currency
        self.watch = Watch(stage)
        self.ledger = Ledger(stage.network.contracts())
        self._invariants = invariants.Watch(self.ledger)
        self._read_to, self._lacked = -1, False
        self.succeeded: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()

    def begin(self, operations: Iterator[Operation]) -> None:
        """Do what a comparison begins with, none of which is refused."""
        for operation in operations:
            self.do(operation)
        assert not self.refused, self.refused

    def draw(self) -> Operation:
        """Return the generator's next operation."""
        return self.generator.draw(self.stage.chain.clock.now())

    def do(self, operation: Operation) -> None:
        """Do one operation on both, and compare all that came of it: refusal, events, state, books."""
        self.step += 1
        expected = self._expected(operation)
        self._compare_answer(operation, expected)
        found, receipt = self.stage.perform(operation)
        if expected.refusal != found:
            self._fail(operation, f"expected {expected.refusal or 'success'}\n  found    {found or 'success'}")
        emitted, written = logs.expected(expected.events), logs.found(receipt.logs) if receipt else []
        if emitted != written:
            lines = [f"expected the events {expected.events}", *(f"found {log}" for log in written)]
            self._fail(operation, "\n  ".join(lines))
        self._follow(operation)
        lines = self.watch.differences(self.questions(operation), everything=self._is_time_for_everything)
        if lines:
            self._fail(operation, "\n  ".join(lines))
        (self.refused if found else self.succeeded)[self.kind(operation)] += 1
        if found:
            self.errors[found.error] += 1

    @property
    def _is_time_for_everything(self) -> bool:
        return self.step % EVERYTHING_EVERY == 0

    # For each kind of stage

    def contract(self, operation: Operation) -> Contract:
        """Return the specification of the contract that an operation calls."""
        raise NotImplementedError

    def kind(self, operation: Operation) -> str:
        """Return by which name an operation is counted."""
        raise NotImplementedError

    def questions(self, operation: Operation) -> Iterator[Question]:
        """Yield what is looked at after an operation."""
        raise NotImplementedError

    def compare_books(self) -> None:
        """Require the ledger to have what the specification has."""
        raise NotImplementedError

    def _expected(self, operation: Operation) -> Outcome:
        """Do an operation on the specification."""
        return perform(self.contract(operation), operation)

    def _compare_answer(self, operation: Operation, expected: Outcome) -> None:
        """Require of an operation that is about to be done that it will answer what is expected."""

    # Events

    def _follow(self, operation: Operation) -> None:
        """Apply the events to the ledger, check its invariants, and compare it with the specification."""
        for emitted in self._emitted():
            self._apply(emitted)
        findings = self._invariants.check()
        if self._is_time_for_everything:
            findings = invariants.check(self.ledger)
        self._require(operation, findings)
        try:
            self.compare_books()
        except AssertionError as difference:
            self._fail(operation, f"the ledger differs: {difference}")

    def _apply(self, emitted: Emitted) -> None:
        self._invariants.apply(emitted)

    def _require(self, operation: Operation, findings: Sequence[Finding]) -> None:
        """Require that nothing is found, but a reserve that was attested below the supply, as long as it is."""
        currency = self.currency
        lacks = currency.supply > currency.issuable()
        self._lacked |= lacks
        lacking = {("INV-RESERVE", f"reserve of 0x{currency.address.hex()}")} if lacks else set()
        found = {(it.code, it.subject) for it in findings}
        if not found <= lacking or (self._is_time_for_everything and found != lacking):
            self._fail(operation, f"the ledger finds {findings}, expected {lacking}")

    def _emitted(self) -> Iterator[Emitted]:
        chain, head = self.stage.chain, self.stage.chain.block().number
        for number in range(self._read_to + 1, head + 1):
            timestamp = chain.block(number).timestamp
            for log in (log for receipt in chain.receipts(number) for log in receipt.logs):
                event = self.ledger.contracts.event_of(log.address, log.topics, log.data)
                if event is not None:
                    position = Position(log.block_number, log.transaction_index, log.log_index)
                    yield Emitted(log.address, position, event, timestamp)
        self._read_to = head

    def audit(self) -> None:
        """Require the whole audit to find what the ledger found on the way."""
        audit(self.stage, self.currency.address, lacked=self._lacked)

    def audit_books(self) -> None:
        """Require the same of the audit's books alone."""
        audit_books(self.stage, self.currency.address, lacked=self._lacked)

    def _fail(self, operation: Operation, detail: str) -> None:
        names = {address: name for name, address in self.stage.addresses.items()}
        arguments = [names.get(Address(it), it) if isinstance(it, bytes) else it for it in operation.arguments]
        raise AssertionError(
            f"seed {self.seed}, operation {self.step} at {operation.now}: "
            f"{self.kind(operation)}{tuple(arguments)} by {names[operation.sender]}\n"
            f"  {operation.signature}\n  {detail}"
        )


class CurrencyComparison(Comparison):
    """A currency and its specification."""

    def __init__(self, seed: int) -> None:
        """Deploy, attest a reserve, mark the escrow, and issue to every holder but one."""
        stage = Stage()
        super().__init__(seed, stage, stage.specified())
        self.generator = Generator(seed, self.currency, stage.addresses)
        self._nonces: set[tuple[Address, bytes]] = set()
        self.begin(opening(stage.addresses, self.stage.chain.clock.now))

    def contract(self, operation: Operation) -> Contract:
        """Return the currency."""
        return self.currency

    def kind(self, operation: Operation) -> str:
        """Return the entry, and the form of its signature."""
        return operation.kind

    def questions(self, operation: Operation) -> Iterator[Question]:
        """Yield what is looked at: everybody, redemptions under way, and what the operation names."""
        arguments: Any = operation.arguments
        nonces = [(arguments[0], arguments[-1])] if "Authorization" in operation.entry else []
        self._nonces.update(nonces)
        yield from money_questions(self.stage, self.currency)
        yield from passing_questions(self.currency, self._redemptions(operation), nonces)

    def _redemptions(self, operation: Operation) -> list[int]:
        """Return the redemptions to look at: those that are pending, those named, the latest, and the next."""
        kept = self.currency.redemptions
        pending = {number for number, it in kept.items() if it.status in (Status.REQUESTED, Status.TAKEN)}
        named = {n for n in operation.arguments[:1] if operation.entry.endswith("Redemption") and isinstance(n, int)}
        return sorted(pending | named | {len(kept), len(kept) + 1})

    def compare_books(self) -> None:
        """Require the ledger to have the money that everybody has."""
        compare_money(self.ledger, self.currency)

    def compare_everything(self) -> None:
        """Compare what has passed too: every redemption, and every nonce that was named, spent or not."""
        redemptions = range(len(self.currency.redemptions) + 2)
        passing = passing_questions(self.currency, redemptions, self._nonces)
        assert self.watch.differences([*money_questions(self.stage, self.currency), *passing], everything=True) == []

    def check_that_everything_happened(self) -> None:
        """Check that every kind of operation succeeded and was refused, and for every reason there is."""
        currency = self.stage.currency
        errors = (*currency.interface.errors.values(), *currency.desk.interface.errors.values())
        declared = {name for name, *_ in errors}
        assert set(self.succeeded) == every_kind()
        assert set(self.refused) == every_kind() - set(NEVER_REFUSED)
        assert set(self.errors) == declared - set(UNPROVOKED)


def opening(addresses: dict[str, Address], now: Callable[[], int]) -> Iterator[Operation]:
    """Yield what a currency begins with: a reserve, a settlement account, quotas, and money for all but one."""
    bank, registrar = addresses["central bank"], addresses["settlement registrar"]
    yield from reserve(bank, now())
    yield Operation("markSettlementAccount", registrar, now(), (addresses["escrow"],))
    for name in OPERATORS:
        yield Operation("setIssuanceQuota", bank, now(), (addresses[name], 10**12))
    # The first begins with nothing.
    for place, name in enumerate(HOLDERS[1:], 1):
        yield Operation("issue", addresses[OPERATORS[place % 2]], now(), (addresses[name], 10**9 * place))


def reserve(bank: Address, now: int) -> Iterator[Operation]:
    """Yield the attestation of an ample reserve."""
    attestation = ReserveAttestation(10**9, START, 1, START + 10**7)
    signature = Signature(bank, ("ReserveAttestation", *attestation.fields()))
    yield Operation("attestReserve", bank, now, (bank, attestation), signature)


def every_kind() -> set[str]:
    """Return every kind of operation: each entry of token and desk that can change something, in each form."""
    abi = [*artifacts.load("CurrencyToken").abi, *artifacts.load("IssuanceDesk").abi]
    entries = {str(item["name"]) for item in abi if item.get("stateMutability") == "nonpayable" and "name" in item}
    nobody = Signature(ZERO_ADDRESS, ())
    return {
        Operation(entry, ZERO_ADDRESS, 0, (), nobody, form).kind for entry in entries - DESK_ALONE for form in FORMS
    }
