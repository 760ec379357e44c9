"""The network and its specification, given the same operations and compared after every one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from eth_typing import Address

from pysettle.client.settlement.clearing import ClearingSet
from pysettle.client.settlement.pairs import links_of, propose_sets, sets_of
from pysettle.domain.compute.events import SeriesOpened
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.evm import artifacts
from tests.architecture.test_contract_errors import UNREACHABLE
from tests.chance import chance
from tests.spec.books import compare_books
from tests.spec.channel.records import Row
from tests.spec.core.calls import Contract, Outcome, Signature
from tests.spec.settlement.proposals import proposal
from tests.stateful.auditing import audit
from tests.stateful.comparison import Comparison, reserve
from tests.stateful.network.generator import PURSE, NetworkGenerator
from tests.stateful.network.layer_stage import LAYER, LayerStage
from tests.stateful.network.layer_watched import layer_questions
from tests.stateful.network.stage import ANSWERING, CONTRACTS, shown
from tests.stateful.network.strangers import Stranger
from tests.stateful.network.watched import HOLDERS, KEEPERS, SERIES_WATCHED, Nonce, questions
from tests.stateful.operations import FORMS, Operation
from tests.stateful.watched import OPERATORS, Question, money_questions, passing_questions

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
    "registry: agreeHome": "tests/contracts/settlement/test_homes.py",
}
"""Entries that are left out, with the reason or where they are tested."""
ALONE = {
    *("liquidity: setStanding", "liquidity: move", "liquidity: moveLegs", "liquidity: earmarkLegs"),
    *("liquidity: deliverLegs", "liquidity: sendLegsHome", "liquidity: exchange", "liquidity: settleNets"),
    *("corridors: admit", "corridors: release", "corridors: admitBatch", "corridors: releaseBatch"),
}
"""Entries of settlement that its other contracts alone call."""
SELDOM = {
    "BeneficiaryJurisdictionUnknown": "tests/contracts/settlement/test_policy.py",
    "BicInvalid": "tests/contracts/settlement/test_registry.py",
    "ClaimAboveBalance": "tests/contracts/channel/hub/test_claim.py",
    "ClearingQueueFull": "tests/contracts/settlement/test_clearing.py",
    "CorridorInvalid": "tests/contracts/settlement/test_homes.py",
    "CorridorTermsInvalid": "tests/contracts/settlement/test_corridors.py",
    "HomeCurrencyMissing": "tests/contracts/settlement/test_homes.py",
    "LeiInvalid": "tests/contracts/settlement/test_registry.py",
    "NothingToClear": "tests/contracts/settlement/test_crossings.py",
    "ParticipantNotListed": "tests/contracts/settlement/test_clearing.py",
    "ParticipantsInvalid": "tests/contracts/settlement/test_clearing.py",
    "PositionFrozenIncoming": "tests/contracts/settlement/test_liquidity.py",
    "ProviderJurisdictionRefused": "tests/contracts/settlement/test_policy.py",
    "PurchaseLimitExceeded": "tests/contracts/settlement/test_exchange.py",
    "PurchaseWindowExceeded": "tests/contracts/settlement/test_exchange.py",
    "SettlementAgentMissing": "tests/contracts/settlement/test_registry.py",
    "corridors: clearOut": "tests/contracts/settlement/test_corridor_model.py",
    "exchange: take": "the exchange alone takes a quote, by its own entry",
    "liquidity: copyPause": "tests/contracts/settlement/test_liquidity.py",
    "jobs: concede": "its refusal: tests/contracts/jobs/test_theft.py",
    "market: setProviderJurisdiction": "its refusal: tests/contracts/compute/market/test_market_powers.py",
    "DepositAmountMismatch": "tests/contracts/channel/hub/test_deposit.py",
    "HaltWithoutEvidence": "tests/contracts/compute/series/test_halt.py",
    "OrderPayerFrozen": "tests/contracts/jobs/test_place.py",
    "PAYER_FROZEN": "tests/contracts/channel/hub/test_claim_row_by_row.py",
    "SeriesCallerNotHalter": "tests/contracts/compute/series/test_halt.py",
    "StakeTooLarge": "tests/contracts/compute/market/test_open_series.py",
}
"""Entries, errors and results of a row that 5,000 operations need not reach, and the reason or the test that does."""
_ANOTHER = "another contract of the layer alone may call: tests/contracts/settlement/test_settlement.py"
UNPROVOKED = {
    "AddressEmptyCode": "the hub delegates to itself alone, in multicall",
    "AuthorityFixed": "setAuthority changes nothing",
    "CallerNotClearingHouse": "the house alone moves nets: tests/contracts/settlement/test_clearing.py",
    "CallerNotRegistry": _ANOTHER,
    "CallerNotSettlement": _ANOTHER,
    "CorridorOfOtherPair": "a corridor has the two home currencies: tests/contracts/settlement/test_exchange.py",
    "CurrencyNotOfCorridor": "tests/contracts/settlement/test_corridors.py",
    "CurrencyOfOtherJurisdiction": "agreeHome is not drawn: tests/contracts/settlement/test_homes.py",
    "CurrencyWithoutVote": "agreeHome is not drawn: tests/contracts/settlement/test_homes.py",
    "CyclesMissing": "both currencies have cycles from the beginning: tests/contracts/settlement/test_clearing.py",
    "FailedCall": "only multicall",
    "HomeCurrencyKept": "agreeHome is not drawn: tests/contracts/settlement/test_homes.py",
    "LiquidityAccountUnmarked": "both currencies marked the positions: tests/contracts/settlement/test_liquidity.py",
    "LiquidityMoverUnknown": _ANOTHER,
    "LiquidityPaymentMismatch": "these currencies move exact amounts: tests/contracts/settlement/test_liquidity.py",
    "NoCommonOpening": "all weeks have an open day, and few are holidays: tests/contracts/settlement/test_corridors.py",
    "OrderPaymentMismatch": "this currency moves exact amounts: tests/contracts/jobs/test_hostile.py",
    "ReentrancyGuardReentrantCall": "no token here calls back: tests/contracts/hostile.py",
    "SeriesUnderfunded": "the market pays in before it halts: tests/contracts/compute/series/test_halt.py",
    "SafeERC20FailedOperation": "every token here answers as it should",
    "StringTooLong": "thrown by constructors alone, of names that are too long",
    **UNREACHABLE,
}
"""Errors in the ABIs of compute layer and settlement that no operation can provoke, with the reason."""


STRANGER = 0.08
"""How often a stranger acts before an operation is drawn."""
PROPOSED_EVERY = 10
"""Settlements of a cycle of which one is compared with the proposal of the solver, which reads every batch."""
TRIES = 10
"""Draws of every second operation that give way to the next one if they are refused as others were before."""


class NetworkComparison(Comparison):
    """A network and its specification, with a stranger in between."""

    def __init__(self, seed: int) -> None:
        """Deploy, attest a reserve, and issue to everybody."""
        self.network_stage = LayerStage()
        self.spec = self.network_stage.specified_network()
        super().__init__(seed, self.network_stage, self.spec.currency)
        self._keepers = list(KEEPERS)
        self.network_generator = NetworkGenerator(seed, self.spec, self.stage.addresses)
        self.generator = self.network_generator
        self.stranger, self._chance = Stranger(self.network_stage), chance(seed)
        self.rows: Counter[str] = Counter()
        """How often a row of a claim came to what."""
        self._proposed = 0
        self._done: tuple[Operation, Outcome] | None = None
        now = self.stage.chain.clock.now
        self.begin(chain(opening(self.stage.addresses, now), self.network_generator.opening(now)))

    def draw(self) -> Operation:
        """Return the generator's next operation, perhaps after something that a stranger does."""
        if self._chance.random() < STRANGER:
            self.stranger.act(self._chance)
        operation = self._drawn()
        for _ in range(TRIES if self.step % 2 else 0):
            outcome = self._expected(operation)
            if not self._was_refused_before(operation, outcome):
                self._done = operation, outcome
                break
            operation = self._drawn()
        return operation

    def _drawn(self) -> Operation:
        operation = super().draw()
        if operation.entry == "settleCycle" and self._proposed % PROPOSED_EVERY == 0:
            self.compare_proposals()
        self._proposed += operation.entry == "settleCycle"
        return operation

    def _was_refused_before(self, operation: Operation, outcome: Outcome) -> bool:
        refusal = outcome.refusal
        return refusal is not None and refusal.error in self.errors and self.kind(operation) in self.refused

    def _expected(self, operation: Operation) -> Outcome:
        if self._done is not None and self._done[0] is operation:
            return self._done[1]
        return super()._expected(operation)

    def contract(self, operation: Operation) -> Contract:
        """Return the contract of the network."""
        return self.spec.at(operation.contract, *operation.arguments[:1])

    def kind(self, operation: Operation) -> str:
        """Return the kind of contract that is called, and by which entry."""
        return f"{operation.contract.split()[0]}: {operation.kind}"

    def _compare_answer(self, operation: Operation, expected: Outcome) -> None:
        if operation.entry not in ANSWERING or expected.refusal:
            return
        answered = self.network_stage.answer(operation)
        if shown(expected.answer) != answered:
            self._fail(operation, f"expected {expected.answer} as the answer, found {answered!r}")
        if operation.entry in ("tryClaim", "claimMetered"):
            self.rows.update(row.name for row in expected.answer)

    def compare_proposals(self) -> None:
        """Require the solver to propose, from the chain, the sets that settle by the rule of order as specified."""
        layer = self.spec.layer
        assert layer is not None
        currencies = list(layer.currencies)
        expected, links = proposal(layer.clearing, currencies)
        found = sets_of(propose_sets(self.stage.network, currencies))
        assert _settled(found) == _settled(expected)
        assert len(links_of(found)) == len(links)

    # State

    def questions(self, operation: Operation) -> Iterator[Question]:
        """Yield what is looked at: everybody, what is under way, and the authorization that the operation names."""
        currency, spent = self.currency, _nonces(operation)
        redemptions = [number for number, it in currency.redemptions.items() if it.status in (1, 2)]
        redemptions += [len(currency.redemptions)] if currency.redemptions else []
        of_money = [(authorizer, nonce) for contract, authorizer, nonce in spent if contract == "currency"]
        yield from money_questions(self.stage, currency, HOLDERS, self._keepers)
        yield from passing_questions(currency, redemptions, of_money)
        of_tokens = [it for it in spent if it[0] in self.spec.series]
        yield from questions(self.network_stage, self.spec, of_tokens, everything=False)
        yield from layer_questions(self.network_stage, self.spec, everything=False)

    def compare_everything(self) -> None:
        """Compare what has passed too: every series that was opened, and all compute."""
        self._keepers[:] = [*KEEPERS, *self._named_series()]
        redemptions = range(len(self.currency.redemptions) + 2)
        asked = [
            *money_questions(self.stage, self.currency, HOLDERS, self._keepers),
            *passing_questions(self.currency, redemptions, ()),
            *questions(self.network_stage, self.spec, (), everything=True),
            *layer_questions(self.network_stage, self.spec, everything=True),
        ]
        assert self.watch.differences(asked, everything=True) == []

    def audit(self) -> None:
        """Require the whole audit to find what the ledger found on the way, and to name the stranger in a notice."""
        report = audit(self.stage, self.currency.address, lacked=self._lacked)
        named = [it.code for it in report.notices if it.subject == f"contract 0x{self.stranger.address.hex()}"]
        assert named == (["AUDIT-L"] if {"say", "say_malformed"} & self.stranger.done else [])

    def _named_series(self) -> list[str]:
        return [name for name in self.stage.addresses if name.startswith("series")]

    # Books

    def _apply(self, emitted: Emitted) -> None:
        event = emitted.event
        if isinstance(event, SeriesOpened):
            self.network_stage.meet(event.series)
            self._keepers[:] = [*KEEPERS, *self._named_series()[-SERIES_WATCHED:]]
            self.ledger.contracts = self.stage.network.contracts()
        super()._apply(emitted)

    def compare_books(self) -> None:
        """Require the ledger to have what the network has, holder by holder and purpose by purpose."""
        compare_books(self.ledger, self.spec)

    def check_that_everything_happened(self) -> None:
        """Check that every kind of operation succeeded, on compute was refused too, and that every reason was met."""
        kinds = {kind for contract in (*CONTRACTS, "series") for kind in self._kinds(contract)} - set(NOT_DRAWN)
        done = {*self.succeeded, *self.refused}
        assert {kind for kind in done if kind.partition(":")[0] in (*CONTRACTS, "series")} == kinds
        of_layer = {kind for contract in LAYER for kind in self._kinds(contract)} - ALONE - set(NOT_DRAWN)
        assert {kind for kind in done if kind.partition(":")[0] in LAYER} == of_layer
        assert of_layer - set(self.succeeded) <= set(SELDOM)
        assert kinds - set(self.succeeded) == set(NEVER_DONE)
        assert kinds - set(self.refused) - set(SELDOM) == set(NEVER_REFUSED)
        interfaces = [self.stage.interface_of(contract) for contract in (*CONTRACTS, *LAYER, "series")]
        declared = {name for interface in interfaces for name, *_ in interface.errors.values()}
        missing = declared - set(UNPROVOKED) - set(SELDOM) - set(self.errors)
        assert not missing, f"nothing was refused for {sorted(missing)}"
        assert not set(UNPROVOKED) & set(self.errors)
        assert {row.name for row in Row} - set(self.rows) <= set(SELDOM)

    def _kinds(self, contract: str) -> set[str]:
        """Return every kind of operation on a contract: each entry that can change something, in each form."""
        abi = artifacts.load((CONTRACTS | LAYER).get(contract, "ComputeToken")).abi
        entries = {str(item["name"]) for item in abi if item.get("stateMutability") == "nonpayable" and "name" in item}
        nobody = Signature(ZERO_ADDRESS, ())
        return {
            self.kind(Operation(entry, ZERO_ADDRESS, 0, (), nobody, form, contract))
            for entry in entries
            for form in FORMS
        }


def _settled(sets: Iterable[ClearingSet]) -> dict[Address, list[tuple[int, int]]]:
    """Return currency -> header and settled items of each batch of its set."""
    return {one.currency: [(it.header.word, it.settled) for it in one.batches] for one in sets}


def _nonces(operation: Operation) -> list[Nonce]:
    """Return the authorization that an operation names, if it does, and whose it is."""
    arguments: Any = operation.arguments
    if operation.contract == "jobs":
        # Its nonce is the id of an order, which is looked at.
        return []
    if operation.entry.startswith("purchaseWith") and "Authorization" in operation.entry:
        return [("currency", arguments[0], arguments[4])]
    return [(operation.contract, arguments[0], arguments[-1])] if "Authorization" in operation.entry else []


def opening(addresses: Mapping[str, Address], now: Callable[[], int]) -> Iterator[Operation]:
    """Yield what the money begins with: a reserve, quotas, and as much for everybody."""
    bank = addresses["central bank"]
    yield from reserve(bank, now())
    for name in OPERATORS:
        yield Operation("setIssuanceQuota", bank, now(), (addresses[name], 10**12))
    for place, name in enumerate(HOLDERS):
        yield Operation("issue", addresses[OPERATORS[place % 2]], now(), (addresses[name], PURSE))
