"""The compute layer on a chain: everybody who acts on it, and how a call of the specification becomes a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from eth_typing import Address

from pysettle.client.core.contract import interface
from pysettle.domain.channel.messages import (
    claim_batch_digest,
    refund_approval_digest,
    refund_digest,
    usage_digest,
    voucher_digest,
)
from pysettle.domain.compute.messages import ComputeAttestation
from pysettle.domain.core.messages import ChannelConfig
from pysettle.domain.core.typed_data import Domain
from pysettle.domain.jobs.terms import OrderTerms
from pysettle.errors import ContractReverted
from pysettle.evm import abi
from pysettle.evm.interface import Interface
from tests.spec.channel.records import Approval, Claim, DepositData, MeteredRow
from tests.spec.compute.records import Terms
from tests.spec.core.calls import Refusal, Signature
from tests.spec.core.records import Places
from tests.spec.network import NetworkSpec
from tests.stateful.operations import NETWORK_KEYS, Operation
from tests.stateful.stage import Stage, encodable, token_digest

GAS, GAS_OPENING = 1_000_000, 5_000_000
CONFIG_TYPE = "(address,address,address,address,address,uint40,bytes32)"
APPROVAL_TYPE = f"({CONFIG_TYPE},uint256,uint128,uint128,bytes)"
CONTRACTS = {
    "market": "ComputeMarket",
    "hub": "ChannelHub",
    "meter": "UsageMeter",
    "collector": "ERC3009DepositCollector",
    "jobs": "JobEscrow",
}
"""Name on the stage -> name of the artifact; series are `ComputeToken`s."""
ANSWERING = (
    *("registerCompute", "openSeries", "tryClaim", "claimMetered", "refund", "redeem", "sweep"),
    *("place", "placeWithAuthorization"),
    *("purchase", "purchaseWithPermit", "purchaseWithAuthorization", "purchaseWithTransferAuthorization"),
)
"""Entries whose answer is looked at."""


class NetworkStage(Stage):
    """A network on a chain of its own."""

    KEYS: ClassVar = NETWORK_KEYS

    def __init__(self) -> None:
        """Deploy; no series is open."""
        super().__init__()
        network = self.network
        for name in CONTRACTS:
            self.addresses[name] = network.hub.collector if name == "collector" else getattr(network, name).address
        self.places = Places(
            currency=self.currency.address,
            market=network.market.address,
            factory=network.market.factory,
            hub=network.hub.address,
            collector=network.hub.collector,
            meter=network.meter.address,
            jobs=network.jobs.address,
            hub_domain=network.hub.domain,
            market_domain=network.market.domain,
        )

    def specified_network(self) -> NetworkSpec:
        """Return the specification of the network, as it was deployed."""
        return NetworkSpec(self.specified(), self.places)

    def meet(self, series: Address) -> None:
        """Know a series that was opened, by a name."""
        self.network.series.append(self.network.market.at(series))
        self.addresses[f"series {len(self.network.series)}"] = series

    def interface_of(self, contract: str) -> Interface:
        """Return the ABI of a contract, by its name."""
        if contract in ("currency", "desk"):
            return super().interface_of(contract)
        return interface(CONTRACTS.get(contract, "ComputeToken"))

    def answer(self, operation: Operation) -> object:
        """Return what an operation would answer now; None where it would be refused."""
        self.chain.clock.advance(operation.now - self.chain.clock.now())
        to, abi, _, data = self._encoded(operation)
        try:
            return abi.decode(operation.entry, self.network.sender.call(to, abi, data, sender=operation.sender))
        except ContractReverted:
            return None

    def refusal(self, operation: Operation) -> Refusal | None:
        """Return the refusal that an operation would meet now; None where it would succeed."""
        self.chain.clock.advance(operation.now - self.chain.clock.now())
        to, abi, _, data = self._encoded(operation)
        try:
            self.network.sender.call(to, abi, data, sender=operation.sender)
        except ContractReverted as refused:
            return Refusal.of(refused)
        return None

    # Calls

    def _encoded(self, operation: Operation) -> tuple[Address, Interface, int, bytes]:
        if operation.contract == "currency":
            return super()._encoded(operation)
        contract, entry = operation.contract, operation.entry
        domain, abi = self._token_domain(operation), self.interface_of(contract)
        arguments = [self._argument(value, domain) for value in operation.arguments]
        if entry == "claimMetered":
            arguments = self._with_vouchers(operation, arguments, domain)
        data = self._with_signature(abi, operation, arguments, domain)
        return self.addresses[contract], abi, GAS_OPENING if entry == "openSeries" else GAS, data

    def _with_vouchers(self, operation: Operation, arguments: Sequence[object], domain: Domain) -> list[object]:
        """Return the arguments of a metered claim, whose signatures of vouchers are apart from the rows."""
        receiver, token, rows, uneven = _as_drawn(operation.arguments)
        signatures = b"".join(self._sign(row.signature, domain) for row in rows) + bytes(uneven)
        return [receiver, token, self.places.meter, arguments[2], signatures]

    def _argument(self, value: object, token: Domain) -> object:
        """Return an argument as the ABI takes it; signatures in it over messages of a token are for that token."""
        match value:
            case Terms() | ComputeAttestation() | ChannelConfig() | OrderTerms():
                return value.fields()
            case DepositData():
                raw = self._sign(value.signature, token)
                return abi.encode(
                    ("uint256", "uint256", "uint256", "bytes"), (value.after, value.before, value.salt, raw)
                )
            case Claim():
                return (value.config.fields(), value.ceiling), self._sign(value.signature, token), value.total
            case MeteredRow():
                config = value.config
                terms = config.payer, config.payer_authorizer, config.withdraw_delay_s, config.salt
                return *terms, value.usage, value.ceiling
            case Approval():
                approved = value.config.fields(), value.nonce, value.amount, value.claimed
                return abi.encode((APPROVAL_TYPE,), ((*approved, self._sign(value.signature, token)),))
            case Signature():
                return self._sign(value, token)
            case tuple():
                return [self._argument(it, token) for it in value]
        return encodable(value)

    # Signatures

    def _token_domain(self, operation: Operation) -> Domain:
        """Return the domain of the token that an operation's authorizations and permits are for."""
        first = operation.arguments[0] if operation.arguments else None
        if operation.contract == "hub" and isinstance(first, ChannelConfig):
            return self._domain(first.token)
        if operation.contract.startswith("series") and not operation.entry.startswith("purchase"):
            return self._domain(self.addresses[operation.contract])
        return self.currency.domain

    def _domain(self, token: Address) -> Domain:
        currency = self.currency
        named = currency.domain.name if token == currency.address else Terms.NAME
        return Domain(named, "1", self.chain.chain_id, token)

    def _sign(self, signature: Signature, domain: Domain) -> bytes:
        return super()._sign(signature, self._domain(signature.meant_for) if signature.meant_for else domain)

    def _digest(self, domain: Domain, message: tuple[object, ...]) -> bytes:
        kind, values = message[0], message[1:]
        hub, meter, some = self.places.hub_domain, self.network.meter.domain, _as_drawn(values)
        match kind:
            case "ComputeAttestation":
                provider, accelerator, *numbers = some
                named = accelerator.rstrip(b"\0").decode()
                return ComputeAttestation(provider, named, *numbers).digest(self.places.market_domain)
            case "Voucher":
                return voucher_digest(hub, *some)
            case "Refund":
                return refund_digest(hub, *some)
            case "ClaimBatch":
                return claim_batch_digest(hub, some)
            case "UsageAttestation":
                series, ids, usages = some
                return usage_digest(meter, series, list(zip(ids, usages, strict=True)))
            case "RefundApproval":
                return refund_approval_digest(meter, *some)
        return token_digest(domain, message)


def _as_drawn(values: tuple[object, ...]) -> Sequence[Any]:
    """Return the fields of a message, whose types are told by its kind."""
    return values


def shown(answered: object) -> object:
    """Return an answer of the specification as the chain states it."""
    return tuple(int(it) for it in answered) if isinstance(answered, tuple) else answered
