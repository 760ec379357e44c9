"""The settlement network: its genesis, its deployment, and every contract of it under the name it is known by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from pysettle.client.sending import transaction_sender
from pysettle.errors import UsageError
from pysettle.errors.states import Role
from pysettle.evm.genesis import SIMULATION_CHAIN_ID
from pysettle.money import Currency

if TYPE_CHECKING:
    from pathlib import Path

    from pysettle.client.channel.hub import ChannelHub, UsageMeter
    from pysettle.client.channel.lists import ChannelLists
    from pysettle.client.compute.lists import ComputeLists
    from pysettle.client.compute.market import ComputeMarket
    from pysettle.client.compute.series import ComputeToken, SeriesTerms
    from pysettle.client.core.access import Roles
    from pysettle.client.core.planning import DeployedContract
    from pysettle.client.deploying import Holders
    from pysettle.client.deployment import Deployment
    from pysettle.client.follower import LedgerFollower
    from pysettle.client.jobs.escrow import JobEscrow
    from pysettle.client.jobs.lists import JobLists
    from pysettle.client.money.currency import CurrencyToken
    from pysettle.client.money.interest import InterestPayments
    from pysettle.client.money.system import CurrencySystem
    from pysettle.client.store import Store
    from pysettle.domain.compute.messages import ComputeAttestation
    from pysettle.domain.core.contracts import Contracts, Kind
    from pysettle.domain.core.signing import Signer
    from pysettle.domain.money.wallets import ClassLimits, WalletClass
    from pysettle.evm.backend import ChainBackend, Receipt
    from pysettle.evm.encoding import TransactionSigner
    from pysettle.evm.genesis import Genesis
    from pysettle.evm.transactions import Transaction
    from pysettle.values import Address, ComputeId, Units


def genesis(
    timestamp: int, accounts: Iterable[Address] = (), *, chain_id: int = SIMULATION_CHAIN_ID, balance: int = 10**24
) -> Genesis:
    """Return the genesis of a chain for the network, with hub, collector and Multicall3 at their canonical addresses.

    Args:
        timestamp: Chain time of the genesis, unix seconds.
        accounts: Accounts with a balance for gas.
        chain_id: Chain id (EIP-155).
        balance: Native balance each of them gets, in wei; it buys nothing but gas.
    """
    from pysettle.client.genuine import CANONICAL, Standing
    from pysettle.evm.genesis import Genesis, GenesisAccount

    alloc = {account: GenesisAccount(balance=balance) for account in accounts}
    for name, address in CANONICAL.items():
        alloc[address] = GenesisAccount(nonce=1, code=Standing(name, address, CANONICAL).code(chain_id))
    return Genesis(chain_id=chain_id, timestamp=timestamp, alloc=alloc)


def _limits() -> Mapping[WalletClass, ClassLimits]:
    from pysettle.domain.money.wallets import E_CNY_CLASS_LIMITS

    return E_CNY_CLASS_LIMITS


@dataclass(frozen=True, slots=True)
class Plan:
    """The choices for the deployment of a network. Its contracts are in the plans of the columns."""

    roles: Roles
    """Holders of the roles of e-CNY."""
    class_limits: Mapping[WalletClass, ClassLimits] = field(default_factory=_limits)
    """Wallet class -> its limits in e-CNY; none for a class that is left out."""


class SettlementNetwork:
    """A network on a chain, just deployed or attached to: its contracts, and the currencies they are for."""

    def __init__(self, chain: ChainBackend, first_block: int) -> None:
        """Begin with a network that has no contracts yet; `deploy` and `attach` return one that has."""
        self.sender = transaction_sender(chain)
        """How transactions are sent."""
        self.first_block = first_block
        """First block that may hold its contracts and their events."""
        self.currencies: dict[Currency, CurrencySystem] = {}
        """Its currencies, e-CNY first, the others in the order they were opened in."""
        self._deployed: dict[str, DeployedContract] = {}
        self._store_file: Path | None = None
        self._roles: dict[Currency, Roles] = {}

    @classmethod
    def deploy(cls, chain: ChainBackend, plan: Plan) -> SettlementNetwork:
        """Deploy the network to a chain; existing contracts at the canonical addresses are used, others are created.

        Args:
            chain: The chain.
            plan: Holders of the roles, and the limits of wallets.

        Raises:
            ForeignCode: the code at a canonical address is not that of this build; no transaction was sent.
        """
        from pysettle.client import deploying
        from pysettle.client.columns import contract_plans

        standing = deploying.standing(chain)
        # A block that is not final yet may be replaced by another one that holds the deployment too.
        network = cls(chain, max(0, chain.confirmed()) + 1)
        network.series = []
        network._know(standing)
        contracts = [planned for planned in contract_plans().values() if not planned.on_request]
        missing = [planned.name for planned in contracts if planned.name not in network._deployed]
        network._open(Currency.CNY, plan.roles, missing, plan.class_limits)
        return network

    @classmethod
    def attach(cls, chain: ChainBackend, deployment: Deployment, store: Path | None = None) -> SettlementNetwork:
        """Return a network that was deployed before; `Deployment.check_chain` checks that the chain still has it.

        Args:
            chain: The chain.
            deployment: Addresses of the contracts.
            store: File that stores lists between commands; None for memory alone.
        """
        network = cls(chain, deployment.first_block)
        network._store_file = store
        network._deployed |= {contract.label: contract for contract in deployment.contracts()}
        for currency in deployment.currencies():
            holders = {role: deployment.holders(currency, role) for role in Role}
            network.currencies[currency] = network._system(currency, holders)
        return network

    def open_currency(self, currency: Currency, roles: Roles) -> CurrencyToken:
        """Deploy a further currency; wallets in it have no limits until its central bank sets some.

        Args:
            currency: A currency that the network does not have yet.
            roles: Holders of its roles. They have no role over any other currency.

        Raises:
            UsageError: the network has it already.
        """
        from pysettle.client.columns import contract_plans

        if currency in self.currencies:
            raise UsageError(
                f"the network has {currency.value} already: use network.currencies", currency=currency.value
            )
        self._open(currency, roles, [plan.name for plan in contract_plans().values() if plan.each_currency], {})
        return self.currencies[currency].token

    def _open(
        self,
        currency: Currency,
        roles: Roles,
        names: Iterable[str],
        class_limits: Mapping[WalletClass, ClassLimits],
    ) -> None:
        from pysettle.client import deploying

        holders = roles.holders()
        created = deploying.create(self.sender, holders, currency, names, self._deployed)
        self._know(created)
        system = self._system(currency, {role: tuple(holder.address for holder in by) for role, by in holders.items()})
        self._roles[currency], self.currencies[currency] = roles, system
        deploying.set_up(system, holders, created, self._deployed.values(), class_limits)

    def _know(self, contracts: Iterable[DeployedContract]) -> None:
        from pysettle.client.columns import contract_plans

        for contract in contracts:
            self._deployed[contract.label] = contract
            if contract_plans()[contract.name].is_of_one_currency:
                self.sender.decoder.currencies[contract.address] = contract.currency

    def _system(self, currency: Currency, holders: Mapping[Role, tuple[Address, ...]]) -> CurrencySystem:
        from pysettle.client.core.access import NetworkAccess
        from pysettle.client.money.currency import CurrencyToken
        from pysettle.client.money.system import CurrencySystem

        token, access = self.address("CurrencyToken", currency), self.address("NetworkAccess", currency)
        return CurrencySystem(
            currency,
            CurrencyToken(self.sender, token),
            NetworkAccess(self.sender, access, first_block=self.first_block),
            holders,
        )

    def address(self, contract: str, currency: Currency = Currency.CNY) -> Address:
        """Return the address of a contract, by its name, and by its currency if each has its own.

        Raises:
            UsageError: the network does not have it.
        """
        own = f"{contract}-{currency.value}"
        label = own if own in self._deployed else contract
        is_open = currency is Currency.CNY or any(contract.currency is currency for contract in self.deployed())
        if label not in self._deployed or not is_open:
            raise UsageError(f"the network has no {contract} in {currency.value}", currency=currency.value)
        return self._deployed[label].address

    def system(self, currency: Currency) -> CurrencySystem:
        """Return a currency of the network.

        Raises:
            UsageError: the network does not have it.
        """
        if currency not in self.currencies:
            raise UsageError(
                f"the network of this workspace has no {currency.value}: "
                f"run `pysettle network add-currency --currency {currency.value}`",
                currency=currency.value,
            )
        return self.currencies[currency]

    def deployed(self) -> tuple[DeployedContract, ...]:
        """Return its contracts, series apart, in the order they were deployed in."""
        return tuple(self._deployed.values())

    @property
    def currency(self) -> CurrencyToken:
        """The e-CNY token."""
        return self.currencies[Currency.CNY].token

    @property
    def roles(self) -> Roles:
        """Accounts that got the roles of e-CNY at deployment, with their keys.

        Raises:
            UsageError: the network was attached, so its keys are not known; `currencies` has the addresses.
        """
        if Currency.CNY not in self._roles:
            raise UsageError("a network that was attached to knows no keys: see the holders in network.currencies")
        return self._roles[Currency.CNY]

    @property
    def access(self) -> Address:
        """AccessManager of the powers over e-CNY."""
        return self.address("NetworkAccess")

    @cached_property
    def hub(self) -> ChannelHub:
        """The ChannelHub."""
        from pysettle.client.channel.hub import ChannelHub

        collector = self.address("ERC3009DepositCollector")
        return ChannelHub(self.sender, self.address("ChannelHub"), collector, first_block=self.first_block)

    @cached_property
    def meter(self) -> UsageMeter:
        """The UsageMeter."""
        from pysettle.client.channel.hub import UsageMeter

        return UsageMeter(self.sender, self.address("UsageMeter"))

    @cached_property
    def market(self) -> ComputeMarket:
        """The ComputeMarket of e-CNY."""
        from pysettle.client.compute.market import ComputeMarket

        return ComputeMarket(self.sender, self.address("ComputeMarket"), first_block=self.first_block)

    @cached_property
    def jobs(self) -> JobEscrow:
        """The JobEscrow."""
        from pysettle.client.jobs.escrow import JobEscrow

        return JobEscrow(self.sender, self.address("JobEscrow"), first_block=self.first_block)

    @property
    def interest(self) -> InterestPayments:
        """The contract that pays interest on e-CNY as deposit money.

        Raises:
            UsageError: it was not opened.
        """
        from pysettle.client.money.interest import InterestPayments

        if not self.pays_interest:
            raise UsageError("nothing pays interest in this workspace yet: run `pysettle interest open`")
        return InterestPayments(self.sender, self.address("InterestPayments"), first_block=self.first_block)

    @property
    def pays_interest(self) -> bool:
        """Whether the payment of interest was opened."""
        return self.has("InterestPayments")

    def open_interest(self, quota: Units, holders: Holders | None = None) -> InterestPayments:
        """Deploy the contract that pays interest on e-CNY, with an issuance quota in units.

        Args:
            quota: Units it may issue.
            holders: Administrator, settlement registrar, operator and central bank; None for those that the network was
                deployed with.
        """
        holders = holders or self.roles.holders()
        self.add_contracts(["InterestPayments"], {Currency.CNY: holders})
        interest, (central_bank, *_) = self.interest, holders[Role.CENTRAL_BANK]
        self.send(self.currency.desk.set_issuance_quota(central_bank, interest.address, quota))
        return interest

    def has(self, contract: str) -> bool:
        """Whether a contract that is deployed on request was deployed."""
        return contract in self._deployed

    def add_contracts(self, names: Iterable[str], holders: Mapping[Currency, Holders] | None = None) -> None:
        """Deploy contracts on request, and mark those that hold money of others as settlement accounts.

        Args:
            names: Names of their plans, each after those that it needs.
            holders: Currency -> the holders of its roles that act: the administrator and the settlement registrar, of
                each currency in which the contracts are marked; None for those that the network was deployed with.
        """
        from pysettle.client import deploying

        holders = holders or {currency: self._roles[currency].holders() for currency in self.currencies}
        created = deploying.create(self.sender, holders[Currency.CNY], Currency.CNY, names, self._deployed)
        self._know(created)
        for currency, acting in holders.items():
            own = created if currency is Currency.CNY else ()
            deploying.set_up(self.currencies[currency], acting, own, created, None)

    @cached_property
    def series(self) -> list[ComputeToken]:
        """Listed series: those that were opened through this object.

        For an attached network, also those that its market had opened before.
        """
        return [self.market.at(offer.address) for offer in self.compute_lists.series()]

    @cached_property
    def store(self) -> Store:
        """The read models, from which lists are shown."""
        from pysettle.client.columns import read_models
        from pysettle.client.store import Store

        identity = " ".join(f"{label}={contract.address.hex()}" for label, contract in self._deployed.items())
        return Store(
            self.sender,
            read_models(self.address),
            identity=identity,
            first_block=self.first_block,
            file=self._store_file,
        )

    @cached_property
    def compute_lists(self) -> ComputeLists:
        """The series of the market and the registered compute."""
        from pysettle.client.compute.lists import ComputeLists

        return ComputeLists(self)

    @cached_property
    def channel_lists(self) -> ChannelLists:
        """The channels of the hub."""
        from pysettle.client.channel.lists import ChannelLists

        return ChannelLists(self)

    @cached_property
    def job_lists(self) -> JobLists:
        """The orders of the escrow."""
        from pysettle.client.jobs.lists import JobLists

        return JobLists(self)

    def register_compute(
        self, provider: TransactionSigner, attester: Signer, attestation: ComputeAttestation
    ) -> ComputeId:
        """Have an attester sign for a provider's compute, and register it; return its id."""
        signature = self.market.attest(attester, attestation)
        self.send(self.market.register_compute(provider, attestation, attester.address, signature))
        return attestation.digest(self.market.domain)

    def open_series(self, provider: TransactionSigner, terms: SeriesTerms, compute_id: ComputeId) -> ComputeToken:
        """Open a series of a provider on registered compute; its stake must be there."""
        listed = self.series
        (receipt,) = self.send(self.market.open_series(provider, terms, compute_id))
        series = self.market.opened(receipt)
        listed.append(series)
        return series

    def send(self, *transactions: Transaction) -> tuple[Receipt, ...]:
        """Seal transactions in order, many in one block.

        Raises:
            ContractReverted: the first that a contract refused; all are sealed.
            TransactionRefused: one could not be sealed; none is but those that the error names.
        """
        return self.sender.send(*transactions)

    @property
    def chain(self) -> ChainBackend:
        """The chain it is deployed on."""
        return self.sender.chain

    def contracts(self, until: int | None = None) -> Contracts:
        """Return the contracts of the network, series included, as a ledger or an audit lists them.

        Args:
            until: Block after which no series counts; None for every series that this object knows.
        """
        from pysettle.client.columns import contract_plans
        from pysettle.domain.catalogue import kinds
        from pysettle.domain.compute.contracts import COMPUTE_TOKEN, SeriesPricing
        from pysettle.domain.core.contracts import Contracts

        by_name = {kind.name: kind for kind in kinds()}
        listed: dict[Kind[Any], dict[Address, Any]] = {kind: {} for kind in by_name.values()}
        for deployed in self.deployed():
            if deployed.name in by_name:
                terms = contract_plans()[deployed.name].terms
                place = partial(self.address, currency=deployed.currency)
                listed[by_name[deployed.name]][deployed.address] = terms(place) if terms else None
        listed[COMPUTE_TOKEN] = {
            series.address: SeriesPricing(series.currency, series.unit_price, series.rate_card, series.compensation_bps)
            for series in (self.series if until is None else self.market.opened_until(until))
        }
        return Contracts(listed)

    def follow(self, *, from_block: int | None = None) -> LedgerFollower:
        """Return books of the network that follow its chain.

        Args:
            from_block: First block that may hold its events; None for that of its deployment.
        """
        from pysettle.client.follower import LedgerFollower

        first = self.first_block if from_block is None else from_block
        return LedgerFollower(self.chain, self.contracts(), from_block=first)
