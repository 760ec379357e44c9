"""A contract and the model of it, given the same operations and compared after every one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from eth_typing import Address

from pysettle.domain import invariants
from pysettle.domain.core.events import Emitted, Position
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.ledger import Ledger
from pysettle.domain.money.books import IssuanceBooks
from pysettle.domain.money.contracts import CREDIT
from pysettle.domain.money.messages import ReserveAttestation
from pysettle.evm import artifacts
from tests.architecture.test_contract_errors import UNREACHABLE
from tests.spec.money.currency import CurrencyModel
from tests.spec.money.records import Signature, Status
from tests.stateful.auditing import audit, audit_books
from tests.stateful.generator import Generator
from tests.stateful.operations import FORMS, START, Operation, Refusal, Stage, perform
from tests.stateful.watched import HOLDERS, OPERATORS, Watch

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
    """A contract and a model of it that do the same, and the ledger of what the contract says."""

    def __init__(self, seed: int) -> None:
        """Deploy, attest a reserve, mark the escrow, and issue to every holder but one."""
        self.seed, self.step = seed, 0
        self.stage = Stage()
        self.model: CurrencyModel = self.stage.model()
        self.watch = Watch(self.stage)
        self.generator = Generator(seed, self.model, self.stage.addresses)
        self.ledger = Ledger(self.stage.network.contracts())
        self._read_to, self._lacked = -1, False
        self._nonces: set[tuple[Address, bytes]] = set()
        self.succeeded: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        for operation in self._opening():
            self.do(operation)
        assert not self.refused, self.refused

    def _opening(self) -> Iterator[Operation]:
        addresses, now = self.stage.addresses, self.stage.chain.clock.now
        bank, registrar = addresses["central bank"], addresses["settlement registrar"]
        attestation = ReserveAttestation(10**9, START, 1, START + 10**7)
        signature = Signature(bank, ("ReserveAttestation", *attestation.fields()))
        yield Operation("attestReserve", bank, now(), (bank, attestation), signature)
        yield Operation("markSettlementAccount", registrar, now(), (addresses["escrow"],))
        for name in OPERATORS:
            yield Operation("setIssuanceQuota", bank, now(), (addresses[name], 10**12))
        # The first begins with nothing.
        for place, name in enumerate(HOLDERS[1:], 1):
            operator = addresses[OPERATORS[place % 2]]
            yield Operation("issue", operator, now(), (addresses[name], 10**9 * place))

    def draw(self) -> Operation:
        """Return the generator's next operation."""
        return self.generator.draw(self.stage.chain.clock.now())

    def do(self, operation: Operation) -> None:
        """Do one operation on both, and compare all that came of it."""
        self.step += 1
        expected = perform(self.model, operation)
        found, _ = self.stage.perform(operation)
        if expected != found:
            self._fail(operation, f"expected {_shown(expected)}\n  found    {_shown(found)}")
        self._compare(operation)
        self._follow(operation)
        (self.refused if found else self.succeeded)[operation.kind] += 1
        if found:
            self.errors[found.error] += 1

    def _compare(self, operation: Operation) -> None:
        """Compare the watched state."""
        redemptions = self._redemptions(operation)
        authorizations = [operation.arguments] if "Authorization" in operation.entry else []
        nonces: list[Any] = [(arguments[0], arguments[-1]) for arguments in authorizations]
        self._nonces.update(nonces)
        found = self.watch.on_chain(redemptions, nonces)
        expected = self.watch.in_model(self.model, redemptions, nonces)
        if expected != found:
            names = [name for name in found if expected[name] != found[name]]
            lines = [f"{name}: expected {expected[name]}, found {found[name]}" for name in names]
            self._fail(operation, "\n  ".join(lines))

    def _redemptions(self, operation: Operation) -> list[int]:
        """Return the redemptions to look at: those that are pending, those named, the latest, and the next."""
        kept = self.model.redemptions
        pending = {number for number, it in kept.items() if it.status in (Status.REQUESTED, Status.TAKEN)}
        named = {n for n in operation.arguments[:1] if operation.entry.endswith("Redemption") and isinstance(n, int)}
        return sorted(pending | named | {len(kept), len(kept) + 1})

    def _follow(self, operation: Operation) -> None:
        """Apply what the contract said to the ledger, check its invariants, and compare it with the model."""
        for log in self.stage.chain.logs(from_block=self._read_to + 1):
            event = self.ledger.contracts.event_of(log.address, log.topics, log.data)
            if event is not None:
                position = Position(log.block_number, log.transaction_index, log.log_index)
                timestamp = self.stage.chain.block(log.block_number).timestamp
                self.ledger.apply(Emitted(log.address, position, event, timestamp))
        self._read_to = self.stage.chain.block().number
        model, currency, kept = self.model, self.stage.currency.address, self.ledger
        # The reserve may be attested below the supply, which is a finding as long as it is; nothing else ever is.
        lacks = model.supply > model.issuable()
        self._lacked |= lacks
        lacking = [("INV-RESERVE", f"reserve of 0x{currency.hex()}")] if lacks else []
        findings = invariants.check(kept)
        if [(it.code, it.subject) for it in findings] != lacking:
            self._fail(operation, f"the ledger finds {findings}, expected {lacking}")
        for name, address in self.stage.addresses.items():
            account = model.accounts[address]
            found = (
                kept.held(currency, address),
                kept.balance(currency, CREDIT, address),
                kept[IssuanceBooks].positions[currency, address],
            )
            expected = (account.balance, account.credit, model.institutions[address].position)
            if found != expected:
                self._fail(operation, f"the ledger has {found} for {name}, the model {expected}")

    def compare_everything(self) -> None:
        """Compare what has passed too: every redemption, and every nonce that was named, spent or not."""
        nonces = sorted(self._nonces)
        redemptions = range(len(self.model.redemptions) + 2)
        for start in range(0, max(len(nonces), len(redemptions)), 100):
            part = redemptions[start : start + 100], nonces[start : start + 100]
            assert self.watch.on_chain(*part) == self.watch.in_model(self.model, *part)

    def audit(self) -> None:
        """Require the whole audit to find what the ledger found on the way."""
        audit(self.stage, self.model.address, lacked=self._lacked)

    def audit_books(self) -> None:
        """Require the same of the audit's books alone."""
        audit_books(self.stage, self.model.address, lacked=self._lacked)

    def check_that_everything_happened(self) -> None:
        """Check that every kind of operation succeeded and was refused, and for every reason there is."""
        currency = self.stage.currency
        errors = (*currency.interface.errors.values(), *currency.desk.interface.errors.values())
        declared = {name for name, *_ in errors}
        assert set(self.succeeded) == every_kind()
        assert set(self.refused) == every_kind() - set(NEVER_REFUSED)
        assert set(self.errors) == declared - set(UNPROVOKED)

    def _fail(self, operation: Operation, detail: str) -> None:
        names = {address: name for name, address in self.stage.addresses.items()}
        arguments = [names.get(Address(it), it) if isinstance(it, bytes) else it for it in operation.arguments]
        raise AssertionError(
            f"seed {self.seed}, operation {self.step} at {operation.now}: "
            f"{operation.kind}{tuple(arguments)} by {names[operation.sender]}\n"
            f"  {operation.signature}\n  {detail}"
        )


def _shown(outcome: Refusal | None) -> str:
    return "success" if outcome is None else f"{outcome.error}{dict(outcome.arguments)}"


def every_kind() -> set[str]:
    """Return every kind of operation: each entry of token and desk that can change something, in each form."""
    abi = [*artifacts.load("CurrencyToken").abi, *artifacts.load("IssuanceDesk").abi]
    entries = {str(item["name"]) for item in abi if item.get("stateMutability") == "nonpayable" and "name" in item}
    nobody = Signature(ZERO_ADDRESS, ())
    return {
        Operation(entry, ZERO_ADDRESS, 0, (), nobody, form).kind for entry in entries - DESK_ALONE for form in FORMS
    }
