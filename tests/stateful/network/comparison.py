"""The network and its model, given the same operations and compared after every one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from eth_typing import Address

from pysettle.domain import invariants
from pysettle.domain.channel.books import ChannelBooks
from pysettle.domain.channel.contracts import CHANNEL, CLAIM, PAYOUT
from pysettle.domain.channel.events import ClaimRefused
from pysettle.domain.compute.contracts import LOCKED_STAKE, STAKE
from pysettle.domain.compute.events import SeriesOpened
from pysettle.domain.core.events import Emitted, Position
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.jobs.books import JobBooks
from pysettle.domain.jobs.contracts import DUE, JOB
from pysettle.domain.ledger import Ledger
from pysettle.domain.money.books import IssuanceBooks
from pysettle.domain.money.contracts import CREDIT
from pysettle.domain.money.messages import ReserveAttestation
from pysettle.errors import ContractReverted
from pysettle.evm import artifacts
from tests.architecture.test_contract_errors import UNREACHABLE
from tests.chance import chance
from tests.spec.compute.records import Answer, Row
from tests.spec.money.records import Signature
from tests.spec.network import NetworkModel
from tests.stateful.auditing import audit
from tests.stateful.network.generator import PURSE, NetworkGenerator
from tests.stateful.network.stage import ANSWERING, CONTRACTS, NetworkStage, shown
from tests.stateful.network.strangers import Stranger
from tests.stateful.network.watched import HOLDERS, KEEPERS, SERIES_WATCHED, NetworkWatch, Nonce, questions
from tests.stateful.operations import FORMS, START, Operation, Refusal, answer
from tests.stateful.watched import OPERATORS, Watch

NEVER_REFUSED = {"hub: tryClaim": "each row has its result"}
NEVER_DONE = {
    "collector: collect": "the hub alone collects",
    "hub: withdrawCredit": "what this currency refuses to be paid, it refuses again",
    "meter: attestUsage": "the hub alone asks the meter",
    "series: halt": "the market alone halts, by its own entry",
}
NOT_DRAWN = {
    "hub: multicall": "tests/contracts/channel/hub/test_multicall.py",
    "market: acceptRole": "roles are given beforehand",
}
"""Entries that are left out, with the reason or where they are tested."""
UNPROVOKED = {
    "AddressEmptyCode": "the hub delegates to itself alone, in multicall",
    "AuthorityFixed": "setAuthority changes nothing",
    "FailedCall": "only multicall",
    "OrderPaymentMismatch": "this currency moves exact amounts: tests/contracts/jobs/test_hostile.py",
    "ReentrancyGuardReentrantCall": "no token here calls back: tests/contracts/hostile.py",
    "SeriesUnderfunded": "the market pays in before it halts: tests/contracts/compute/series/test_halt.py",
    "SafeERC20FailedOperation": "every token here answers as it should",
    "StringTooLong": "thrown by constructors alone, of names that are too long",
    **UNREACHABLE,
}
"""Errors in the ABIs of the compute layer that no operation can provoke, with the reason."""


STRANGER = 0.08
"""How often a stranger acts before an operation is drawn."""


class NetworkComparison:
    """A network and a model of it that do the same, and the ledger of what the contracts say."""

    def __init__(self, seed: int) -> None:
        """Deploy, attest a reserve, and issue to everybody."""
        self.seed, self.step = seed, 0
        self.stage = NetworkStage()
        self.model: NetworkModel = self.stage.network_model()
        self._keepers = list(KEEPERS)
        self.money = Watch(self.stage, HOLDERS, self._keepers)
        self.watch = NetworkWatch(self.stage)
        self.generator = NetworkGenerator(seed, self.model, self.stage.addresses)
        self.ledger = Ledger(self.stage.network.contracts())
        self.stranger, self._chance = Stranger(self.stage), chance(seed)
        self._read_to, self._lacked = -1, False
        self.succeeded: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.rows: Counter[str] = Counter()
        """How often a row of a claim came to what."""
        for operation in self._opening():
            self.do(operation)
        assert not self.refused, self.refused

    def _opening(self) -> Iterator[Operation]:
        addresses, now = self.stage.addresses, self.stage.chain.clock.now
        bank = addresses["central bank"]
        attestation = ReserveAttestation(10**9, START, 1, START + 10**7)
        signature = Signature(bank, ("ReserveAttestation", *attestation.fields()))
        yield Operation("attestReserve", bank, now(), (bank, attestation), signature)
        for name in OPERATORS:
            yield Operation("setIssuanceQuota", bank, now(), (addresses[name], 10**12))
        for place, name in enumerate(HOLDERS):
            yield Operation("issue", addresses[OPERATORS[place % 2]], now(), (addresses[name], PURSE))
        yield from self.generator.opening(now)

    def draw(self) -> Operation:
        """Return the generator's next operation, perhaps after something that a stranger does."""
        if self._chance.random() < STRANGER:
            self.stranger.act(self._chance)
        return self.generator.draw(self.stage.chain.clock.now())

    def do(self, operation: Operation) -> None:
        """Do one operation on both, and compare all that came of it."""
        self.step += 1
        answered = self.stage.answer(operation) if operation.entry in ANSWERING else None
        expected_answer, expected = self._in_model(operation)
        found, _ = self.stage.perform(operation)
        if expected != found:
            self._fail(operation, f"expected {_told(expected)}\n  found    {_told(found)}")
        if operation.entry in ANSWERING and shown(expected_answer) != answered:
            self._fail(operation, f"expected {expected_answer} as the answer, found {answered!r}")
        self._follow(operation, expected_answer)
        self._compare(operation)
        (self.refused if found else self.succeeded)[self.kind(operation)] += 1
        if found:
            self.errors[found.error] += 1

    def kind(self, operation: Operation) -> str:
        """Return the kind of contract that is called, and by which entry."""
        return f"{operation.contract.split()[0]}: {operation.kind}"

    def _in_model(self, operation: Operation) -> tuple[object, Refusal | None]:
        try:
            return answer(self.model.at(operation.contract), operation), None
        except ContractReverted as refused:
            return None, Refusal.of(refused)

    # State

    def _compare(self, operation: Operation) -> None:
        """Compare the watched state."""
        currency, spent = self.model.currency, _nonces(operation)
        of_money = [(authorizer, nonce) for contract, authorizer, nonce in spent if contract == "currency"]
        redemptions = [number for number, it in currency.redemptions.items() if it.status in (1, 2)]
        redemptions += [len(currency.redemptions)] if currency.redemptions else []
        found = self.money.on_chain(redemptions, of_money)
        expected = self.money.in_model(currency, redemptions, of_money)
        lines = [
            f"{name}: expected {expected[name]}, found {found[name]}" for name in found if expected[name] != found[name]
        ]
        of_tokens = [it for it in spent if it[0] in self.model.series]
        lines += self.watch.differences(questions(self.stage, self.model, of_tokens, everything=False))
        if lines:
            self._fail(operation, "\n  ".join(lines))

    def compare_everything(self) -> None:
        """Compare what has passed too: every series that was opened, and all compute."""
        self._keepers[:] = [*KEEPERS, *self._named_series()]
        redemptions = range(len(self.model.currency.redemptions) + 2)
        assert self.money.on_chain(redemptions, ()) == self.money.in_model(self.model.currency, redemptions, ())
        assert self.watch.differences(questions(self.stage, self.model, (), everything=True)) == []
        self._compare_books(everything=True)

    def audit(self) -> None:
        """Require the whole audit to find what the ledger found on the way, and to name the stranger in a notice."""
        report = audit(self.stage, self.model.currency.address, lacked=self._lacked)
        named = [it.code for it in report.notices if it.subject == f"contract 0x{self.stranger.address.hex()}"]
        assert named == (["AUDIT-L"] if {"say", "say_malformed"} & self.stranger.done else [])

    def _named_series(self) -> list[str]:
        return [name for name in self.stage.addresses if name.startswith("series")]

    # Events

    def _follow(self, operation: Operation, answered: object) -> None:
        """Apply what the contracts said to the ledger, check its invariants, and compare it with the model."""
        refused_rows = []
        for emitted in self._emitted():
            event = emitted.event
            if isinstance(event, SeriesOpened):
                self.stage.meet(event.series)
                self._keepers[:] = [*KEEPERS, *self._named_series()[-SERIES_WATCHED:]]
                self.ledger.contracts = self.stage.network.contracts()
            elif isinstance(event, ClaimRefused):
                refused_rows.append((event.channel_id, event.result))
            self.ledger.apply(emitted)
        if isinstance(answered, Answer):
            self.rows.update(row.name for row in answered.values[0])  # type: ignore[attr-defined]  # rows of a claim
            if refused_rows != answered.refused_rows:
                self._fail(operation, f"expected {answered.refused_rows} to be told, found {refused_rows}")
        # The reserve may be attested below the supply, which is a finding as long as it is; nothing else ever is.
        currency = self.model.currency
        lacking = [("INV-RESERVE", f"reserve of 0x{currency.address.hex()}")]
        lacks = currency.supply > currency.issuable()
        self._lacked |= lacks
        findings = invariants.check(self.ledger)
        if [(it.code, it.subject) for it in findings] != (lacking if lacks else []):
            self._fail(operation, f"the ledger finds {findings}")
        try:
            self._compare_books(everything=False)
        except AssertionError as difference:
            self._fail(operation, f"the ledger differs: {difference}")

    def _emitted(self) -> Iterator[Emitted]:
        chain = self.stage.chain
        for log in chain.logs(from_block=self._read_to + 1):
            event = self.ledger.contracts.event_of(log.address, log.topics, log.data)
            if event is not None:
                position = Position(log.block_number, log.transaction_index, log.log_index)
                yield Emitted(log.address, position, event, chain.block(log.block_number).timestamp)
        self._read_to = chain.block().number

    def _compare_books(self, *, everything: bool) -> None:
        """Require the ledger to have what the model has, holder by holder and purpose by purpose."""
        model, kept, money = self.model, self.ledger, self.model.currency.address
        for name, address in self.stage.addresses.items():
            account = model.currency.accounts[address]
            found = (
                kept.held(money, address),
                kept.balance(money, CREDIT, address),
                kept[IssuanceBooks].positions[money, address],
            )
            expected = account.balance, account.credit, model.currency.institutions[address].position
            assert found == expected, f"money of {name}: {found}, model {expected}"
        for name, series in list(model.series.items())[0 if everything else -SERIES_WATCHED :]:
            assert kept.supply(series.address) == series.outstanding, name
            for holder, tokens in series.balances.items():
                found_tokens = kept.held(series.address, holder)
                assert found_tokens == tokens, f"{name}: 0x{holder.hex()} has {found_tokens}, model {tokens}"
        for address, stake in model.market.stakes.items():
            assert kept.balance(money, LOCKED_STAKE, address) == stake.locked
        for provider, free in model.market.free.items():
            assert kept.balance(money, STAKE, provider) == free
        for channel_id, channel in model.hub.channels.items():
            unclaimed = kept.balance(channel.config.token, CHANNEL, channel_id)
            record = kept[ChannelBooks].channels.get(channel_id)
            claimed = record.total_claimed if record else 0
            assert (unclaimed, claimed) == (channel.unclaimed, channel.claimed)
        for (receiver, token), totals in model.hub.totals.items():
            assert kept.balance(token, CLAIM, receiver) == totals.claimed - totals.settled
        for (account_at, token), credit in model.hub.credits.items():
            assert kept.balance(token, PAYOUT, account_at) == credit
        self._compare_jobs()

    def _compare_jobs(self) -> None:
        kept, money = self.ledger, self.model.currency.address
        for account, due in self.model.jobs.due.items():
            assert kept.balance(money, DUE, account) == due
        for order_id, order in self.model.jobs.orders.items():
            record = kept[JobBooks].orders[order_id]
            stages = [(it.state, it.since) for it in record.milestones]
            assert (record.state, stages) == (order.state, [(it.state, it.since) for it in order.milestones])
            assert kept.balance(money, JOB, order_id) == order.held

    def check_that_everything_happened(self) -> None:
        """Check that every kind of operation on the compute layer succeeded and was refused, for every reason."""
        kinds = {kind for contract in (*CONTRACTS, "series") for kind in self._kinds(contract)} - set(NOT_DRAWN)
        of_compute = {kind for kind in {*self.succeeded, *self.refused} if not kind.startswith("currency")}
        assert of_compute == kinds
        assert kinds - set(self.succeeded) == set(NEVER_DONE)
        assert kinds - set(self.refused) == set(NEVER_REFUSED)
        interfaces = [self.stage.interface_of(contract) for contract in (*CONTRACTS, "series")]
        declared = {name for interface in interfaces for name, *_ in interface.errors.values()}
        missing = declared - set(UNPROVOKED) - set(self.errors)
        assert not missing, f"nothing was refused for {sorted(missing)}"
        assert {row.name for row in Row} == set(self.rows)

    def _kinds(self, contract: str) -> set[str]:
        """Return every kind of operation on a contract: each entry that can change something, in each form."""
        abi = artifacts.load(CONTRACTS.get(contract, "ComputeToken")).abi
        entries = {str(item["name"]) for item in abi if item.get("stateMutability") == "nonpayable" and "name" in item}
        nobody = Signature(ZERO_ADDRESS, ())
        return {
            self.kind(Operation(entry, ZERO_ADDRESS, 0, (), nobody, form, contract))
            for entry in entries
            for form in FORMS
        }

    def _fail(self, operation: Operation, detail: str) -> None:
        names = {address: name for name, address in self.stage.addresses.items()}
        arguments = [names.get(Address(it), it) if isinstance(it, bytes) else it for it in operation.arguments]
        raise AssertionError(
            f"seed {self.seed}, operation {self.step} at {operation.now}: "
            f"{operation.contract}: {operation.kind}{tuple(arguments)} by {names[operation.sender]}\n"
            f"  {operation.signature}\n  {detail}"
        )


def _told(outcome: Refusal | None) -> str:
    return "success" if outcome is None else f"{outcome.error}{dict(outcome.arguments)}"


def _nonces(operation: Operation) -> list[Nonce]:
    """Return the authorization that an operation names, if it does, and whose it is."""
    arguments: Any = operation.arguments
    if operation.contract == "jobs":
        # Its nonce is the id of an order, which is looked at.
        return []
    if operation.entry.startswith("purchaseWith") and "Authorization" in operation.entry:
        return [("currency", arguments[0], arguments[4])]
    return [(operation.contract, arguments[0], arguments[-1])] if "Authorization" in operation.entry else []
