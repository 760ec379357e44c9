"""Settlement across borders on the stage of a network: one more currency, and how its calls become transactions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any, ClassVar

from eth_typing import Address

from pysettle.client.core.access import Roles
from pysettle.client.core.contract import interface
from pysettle.client.settlement.clearing import ProposedBatch
from pysettle.client.settlement.corridors import Corridors
from pysettle.client.settlement.exchange import ForeignExchange
from pysettle.client.settlement.opening import open_settlement
from pysettle.client.settlement.settlement import AtomicSettlement
from pysettle.domain.core.typed_data import Domain
from pysettle.domain.settlement.clearing import BatchItem
from pysettle.domain.settlement.corridors import Corridor, CorridorTerms, TravelPayload
from pysettle.domain.settlement.identifiers import Identity
from pysettle.domain.settlement.messages import Instruction
from pysettle.domain.settlement.quotes import Order, ReferenceRate
from pysettle.evm.interface import Interface
from pysettle.money import Currency
from tests.spec.core.calls import Call, Signature
from tests.spec.money.currency import CurrencySpec
from tests.spec.money.records import Role
from tests.spec.network import NetworkSpec
from tests.spec.settlement.corridors import Times
from tests.spec.settlement.exchange import Offer, Paying
from tests.spec.settlement.layer import LayerPlaces
from tests.spec.settlement.settlement import Approved
from tests.stateful.network.stage import NetworkStage
from tests.stateful.operations import CONTRACTS, NETWORK_KEYS, START, Operation
from tests.stateful.stage import DESK_ENTRIES

GAS = 6_000_000
LAYER = {
    "registry": "ParticipantRegistry",
    "liquidity": "LiquidityAccounts",
    "corridors": "Corridors",
    "settlement": "AtomicSettlement",
    "exchange": "ForeignExchange",
    "policy": "PurchasePolicy",
    "clearing": "ClearingHouse",
}
"""Name on the stage -> name of the artifact."""
OFFICER = "foreign officer"
"""Holder of every role over the other currency."""


class LayerStage(NetworkStage):
    """A network on a chain of its own, with settlement in e-CNY and e-HKD."""

    KEYS: ClassVar = (*NETWORK_KEYS, OFFICER)

    def __init__(self) -> None:
        """Deploy; nobody is admitted, and no unit of the other currency is issued."""
        super().__init__()
        officer, network = self.keys[OFFICER], self.network
        self.foreign = network.open_currency(Currency.HKD, Roles.in_one_hand(officer, operators=(officer,)))
        open_settlement(network)
        self.addresses |= {"foreign": self.foreign.address, "foreign desk": self.foreign.desk.address}
        self.addresses |= {name: network.address(artifact) for name, artifact in LAYER.items()}
        self._domains = {
            "settlement": AtomicSettlement.of(network).domain,
            "corridors": Corridors.of(network).domain,
            "exchange": ForeignExchange.of(network).domain,
        }

    def specified_network(self) -> NetworkSpec:
        """Return the specification of the network and of the layer, as they were deployed."""
        spec, at = super().specified_network(), self.addresses
        marked = at["liquidity"], at["exchange"]
        self._mark(spec.currency, "settlement registrar", marked)
        officers = dict.fromkeys(Role, (at[OFFICER],))
        hub, jobs = self.network.hub, self.network.jobs.address
        known = {at[name] for name in (*CONTRACTS, *LAYER)}
        money = at["foreign"], at["foreign desk"]
        foreign = CurrencySpec(*money, officers, known | {*money}, hub.collector, spec.currency.events)
        self._mark(foreign, OFFICER, (*marked, hub.address, hub.collector, jobs))
        spec.open_settlement(foreign, LayerPlaces(**{name: at[name] for name in LAYER}))
        return spec

    def _mark(self, currency: CurrencySpec, officer: str, accounts: Sequence[Address]) -> None:
        currency.contracts |= {*accounts}
        for account in accounts:
            currency.mark_settlement_account(Call(self.addresses[officer], START), account)

    def interface_of(self, contract: str) -> Interface:
        """Return the ABI of a contract, by its name."""
        if contract in ("foreign", "foreign desk"):
            return super().interface_of({"foreign": "currency"}.get(contract, "desk"))
        return interface(LAYER[contract]) if contract in LAYER else super().interface_of(contract)

    # Calls

    def _encoded(self, operation: Operation) -> tuple[Address, Interface, int, bytes]:
        contract, at = operation.contract, self.addresses
        if contract == "foreign" and operation.entry in DESK_ENTRIES:
            contract = "foreign desk"
        elif contract not in (*LAYER, "foreign"):
            return super()._encoded(operation)
        abi, domain = self.interface_of(contract), self.foreign.domain
        if contract == "foreign desk":
            domain = self.foreign.desk.domain
        arguments = [self._argument(it, domain) for it in operation.arguments if not isinstance(it, Times)]
        if operation.entry == "signPayload":
            statement, _, signers = self._statement(operation)
            message = "TravelPayload", statement
            arguments = [statement.fields(), *(self._sign(Signature(it, message), domain) for it in signers)]
        return at[contract], abi, GAS, self._with_signature(abi, operation, arguments, domain)

    def _statement(self, operation: Operation) -> tuple[TravelPayload, bytes, Sequence[Address]]:
        """Return a statement, its digest and its signers, as they were drawn."""
        arguments: Any = operation.arguments
        return arguments

    def digest_of(self, statement: TravelPayload) -> bytes:
        """Return the digest that both institutions sign."""
        return statement.digest(self._domains["corridors"])

    def _argument(self, value: object, token: Domain) -> object:
        match value:
            case BatchItem():
                return value.creditor << 96 | value.amount
            case ProposedBatch():
                items = [self._argument(it, token) for it in value.items]
                return value.header.word, value.payload, value.pair, value.settled, items
            case Corridor() | CorridorTerms() | Instruction() | TravelPayload():
                return value.fields()
            case Identity():
                return value.words()
            case Order() | ReferenceRate():
                return astuple(value)
            case Approved():
                return value.id, value.valid_before, self._sign(value.signature, token)
            case Offer():
                return astuple(value.quote), self._sign(value.signature, token)
            case Paying():
                signature = self._sign(value.signature, token) if value.signature else b""
                return value.value, value.after, value.before, value.nonce, signature
        return super()._argument(value, token)

    def _digest(self, domain: Domain, message: tuple[object, ...]) -> bytes:
        values: Any = message[1:]
        match message[0]:
            case "Approval":
                party, number, until, instruction = values
                return bytes(instruction.approval_digest(self._domains["settlement"], party, number, until))
            case "Quote" | "ReferenceRate":
                return bytes(values[0].digest(self._domains["exchange"]))
            case "TravelPayload":
                return self.digest_of(values[0])
        return super()._digest(domain, message)
