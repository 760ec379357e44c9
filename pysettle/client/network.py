"""The settlement network as a whole: its genesis, its deployment, its roles and its series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from eth_typing import Address

from pysettle.client.channel.hub import ChannelHub, UsageMeter
from pysettle.client.compute.market import ComputeMarket
from pysettle.client.compute.series import ComputeToken, SeriesTerms
from pysettle.client.core.access import POWERS, NetworkAccess, Role, Roles
from pysettle.client.core.contract import Contract, interface
from pysettle.client.follower import LedgerFollower
from pysettle.client.genuine import Standing
from pysettle.client.jobs.escrow import JobEscrow
from pysettle.client.money.currency import CurrencyToken
from pysettle.client.money.interest import InterestPayments, open_interest
from pysettle.domain.channel.contracts import CHANNEL_HUB, USAGE_METER
from pysettle.domain.compute.contracts import COMPUTE_MARKET, COMPUTE_TOKEN, SeriesPricing
from pysettle.domain.compute.messages import ComputeAttestation
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.core.signing import Signer
from pysettle.domain.jobs.contracts import JOB_ESCROW
from pysettle.domain.money.contracts import CURRENCY_TOKEN, INTEREST_PAYMENTS, CurrencyTerms
from pysettle.domain.money.wallets import E_CNY_CLASS_LIMITS, ClassLimits, WalletClass
from pysettle.errors import UsageError
from pysettle.evm import artifacts
from pysettle.evm.backend import ChainBackend, Receipt
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.genesis import SIMULATION_CHAIN_ID, Genesis, GenesisAccount
from pysettle.evm.reverts import RevertDecoder
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.money import Currency
from pysettle.values import ComputeId, Units

CHANNEL_HUB_ADDRESS = Address(bytes.fromhex("4020074e9df2ce1dee5a9c1b5c3f541d02a10003"))
"""Canonical address of the x402 `batch-settlement` hub, the same on every chain."""

DEPOSIT_COLLECTOR_ADDRESS = Address(bytes.fromhex("4020806089470a89826cb9fb1f4059150b550004"))
"""Canonical address of its EIP-3009 deposit collector."""

MULTICALL3_ADDRESS = Address(bytes.fromhex("ca11bde05977b3631167028862be2a173976ca11"))
"""Canonical address of Multicall3, through which x402's facilitators and viem read many values in one call."""

CANONICAL: Mapping[str, Address] = {
    "ChannelHub": CHANNEL_HUB_ADDRESS,
    "ERC3009DepositCollector": DEPOSIT_COLLECTOR_ADDRESS,
    "Multicall3": MULTICALL3_ADDRESS,
}
"""Contract that stands in a genesis of ours -> its address."""

GAS_CREATION = 9_000_000
"""Gas stated for the creation of one contract; the market creates the factory of its series along with itself."""

_CONTRACTS = (
    "NetworkAccess",
    "CurrencyToken",
    "ComputeToken",
    "ComputeMarket",
    "JobEscrow",
    "ChannelHub",
    "ERC3009DepositCollector",
    "UsageMeter",
    "InterestPayments",
)


def genesis(
    timestamp: int, accounts: Iterable[Address] = (), *, chain_id: int = SIMULATION_CHAIN_ID, balance: int = 10**24
) -> Genesis:
    """Return the genesis of a chain for the network: hub, collector and Multicall3 stand at their canonical addresses.

    Args:
        timestamp: Chain time of the genesis, unix seconds.
        accounts: Accounts that shall be able to pay for gas.
        chain_id: Chain id (EIP-155).
        balance: Native balance each of them gets, in wei; it buys nothing but gas.
    """
    alloc = {account: GenesisAccount(balance=balance) for account in accounts}
    for name, address in CANONICAL.items():
        alloc[address] = GenesisAccount(nonce=1, code=Standing(name, address, CANONICAL).code(chain_id))
    return Genesis(chain_id=chain_id, timestamp=timestamp, alloc=alloc)


@dataclass(frozen=True, slots=True)
class DeployedContract:
    """Where a contract stands, and what it was made with."""

    name: str
    """Name of its artifact."""
    address: Address
    """Where it is deployed."""
    arguments: tuple[object, ...]
    """Arguments of its constructor."""
    currency: Currency = Currency.CNY
    """Currency it is for; e-CNY too where it serves all of them."""

    @property
    def label(self) -> str:
        """What tells it from the others of its network: its name, with the currency where that is not e-CNY."""
        return self.name if self.currency is Currency.CNY else f"{self.name}-{self.currency.value}"


@dataclass(frozen=True, slots=True)
class CurrencySystem:
    """One currency of a network: its token, and who holds the powers over it and over no other."""

    currency: Currency
    """Which it is."""
    token: CurrencyToken
    """Its stablecoin."""
    access: NetworkAccess
    """Its roles."""
    roles: Roles
    """Who was given them at deployment."""
    collector: Address
    """Deposit collector that brings the token into channels, and no other."""

    def deployed(self) -> tuple[DeployedContract, ...]:
        """Return its contracts, in the order they are deployed in."""
        administrator, names = self.roles.administrator.address, (self.currency.token_name, self.currency.symbol)
        arguments = *names, self.access.address, self.collector
        return (
            DeployedContract("NetworkAccess", self.access.address, (administrator,), self.currency),
            DeployedContract("CurrencyToken", self.token.address, arguments, self.currency),
        )


@dataclass
class SettlementNetwork:
    """A deployed network."""

    sender: TransactionSender
    """How transactions are sent."""
    currencies: dict[Currency, CurrencySystem]
    """Its currencies, e-CNY first, the others in the order they were opened in."""
    hub: ChannelHub
    """The ChannelHub."""
    meter: UsageMeter
    """The UsageMeter."""
    market: ComputeMarket
    """The ComputeMarket of e-CNY."""
    jobs: JobEscrow
    """The JobEscrow."""
    series: list[ComputeToken] = field(default_factory=list)
    """Series opened, in order."""
    interest: InterestPayments | None = None
    """What pays interest on e-CNY as deposit money, where it was opened."""
    first_block: int = 0
    """First block that may hold its contracts and their events."""

    @classmethod
    def deploy(
        cls,
        chain: ChainBackend,
        roles: Roles,
        class_limits: Mapping[WalletClass, ClassLimits] = E_CNY_CLASS_LIMITS,
    ) -> SettlementNetwork:
        """Deploy the network to a chain; use hub and collector where they stand already, else create them.

        Args:
            chain: The chain.
            roles: Who holds the powers over e-CNY.
            class_limits: Wallet class -> its limits; none for a class that is left out.

        Raises:
            ForeignCode: what stands at a canonical address is not of this build; nothing was sent.
        """
        sender = transaction_sender(chain)
        admin = roles.administrator
        # What is not final yet may be replaced by blocks that hold the deployment too.
        first_block = max(0, chain.confirmed()) + 1
        if _has_canonical_hub(chain):
            hub, collector = CHANNEL_HUB_ADDRESS, DEPOSIT_COLLECTOR_ADDRESS
        else:
            hub = _create(sender, admin, "ChannelHub")
            collector = _create(sender, admin, "ERC3009DepositCollector", hub)
        system = _create_currency(sender, Currency.CNY, roles, collector)
        meter = _create(sender, admin, "UsageMeter", hub)
        _set_up(sender, system, (hub, collector), class_limits)
        market = _open_market(sender, system, (hub, collector, meter))
        jobs = _create(sender, admin, "JobEscrow")
        sender.send(system.token.mark_settlement_account(roles.settlement_registrar, jobs))
        return cls(
            sender,
            {Currency.CNY: system},
            ChannelHub(sender, hub, collector, first_block=first_block),
            UsageMeter(sender, meter),
            market,
            JobEscrow(sender, jobs, first_block=first_block),
            first_block=first_block,
        )

    def open_currency(self, currency: Currency, roles: Roles) -> CurrencyToken:
        """Deploy a further currency; wallets in it have no limits until its central bank sets some.

        Args:
            currency: A currency that the network does not have yet.
            roles: Who holds the powers over it. They are none over any other currency.

        Raises:
            UsageError: the network has it already.
        """
        if currency in self.currencies:
            raise UsageError(f"the network has {currency.value} already: use network.currencies")
        keepers = self.hub.address, self.jobs.address
        system = deploy_currency(self.sender, currency, roles, self.hub.collector, keepers)
        self.currencies[currency] = system
        return system.token

    @property
    def currency(self) -> CurrencyToken:
        """The e-CNY token."""
        return self.currencies[Currency.CNY].token

    @property
    def roles(self) -> Roles:
        """Who was given the powers over e-CNY."""
        return self.currencies[Currency.CNY].roles

    @property
    def access(self) -> Address:
        """AccessManager of the powers over e-CNY."""
        return self.currencies[Currency.CNY].access.address

    def register_compute(
        self, provider: TransactionSigner, attester: Signer, attestation: ComputeAttestation
    ) -> ComputeId:
        """Have an attester sign for a provider's compute, and register it; return its id."""
        signature = self.market.attest(attester, attestation)
        self.send(self.market.register_compute(provider, attestation, attester.address, signature))
        return attestation.digest(self.market.domain)

    def open_series(self, provider: TransactionSigner, terms: SeriesTerms, compute_id: ComputeId) -> ComputeToken:
        """Open a series of a provider on registered compute; its stake must be there."""
        (receipt,) = self.send(self.market.open_series(provider, terms, compute_id))
        series = self.market.opened(receipt)
        self.series.append(series)
        return series

    def open_interest(self, quota: Units) -> InterestPayments:
        """Deploy what pays interest on e-CNY, and let it issue up to a quota, in units."""
        roles = self.roles
        powers = {
            "administrator": roles.administrator,
            "settlement_registrar": roles.settlement_registrar,
            "operator": roles.operators[0],
        }
        self.interest = open_interest(self.currency, self.sender, **powers)
        self.send(self.currency.set_issuance_quota(roles.central_bank, self.interest.address, quota))
        return self.interest

    def send(self, *transactions: Transaction) -> tuple[Receipt, ...]:
        """Seal transactions in order, many in one block.

        Raises:
            ContractReverted: the first that a contract refused; all are sealed.
            TransactionRefused: one could not be sealed; none is but those that the error names.
        """
        return self.sender.send(*transactions)

    def deployed(self) -> tuple[DeployedContract, ...]:
        """Return its contracts, series apart, in the order they are deployed in."""
        interest = (
            (DeployedContract("InterestPayments", self.interest.address, (self.currency.address,)),)
            if self.interest
            else ()
        )
        first, *others = (system.deployed() for system in self.currencies.values())
        return (
            DeployedContract("ChannelHub", self.hub.address, ()),
            DeployedContract("ERC3009DepositCollector", self.hub.collector, (self.hub.address,)),
            *first,
            DeployedContract("UsageMeter", self.meter.address, (self.hub.address,)),
            DeployedContract("ComputeMarket", self.market.address, self._market_arguments()),
            DeployedContract("SeriesFactory", self.market.factory, ()),
            DeployedContract("JobEscrow", self.jobs.address, ()),
            *(contract for contracts in others for contract in contracts),
            *interest,
        )

    def _market_arguments(self) -> tuple[object, ...]:
        return self.currency.address, self.hub.address, self.hub.collector, self.meter.address

    @property
    def chain(self) -> ChainBackend:
        """The chain it is deployed on."""
        return self.sender.chain

    def contracts(self) -> Contracts:
        """Return the contracts whose books the ledger keeps."""
        series: dict[Address, SeriesPricing] = {
            it.address: SeriesPricing(it.currency, it.unit_price, it.rate_card, it.compensation_bps)
            for it in self.series
        }
        return Contracts(
            {
                CURRENCY_TOKEN: dict.fromkeys(system.token.address for system in self.currencies.values()),
                INTEREST_PAYMENTS: {self.interest.address: None} if self.interest else {},
                COMPUTE_TOKEN: series,
                COMPUTE_MARKET: {self.market.address: CurrencyTerms(self.currency.address)},
                CHANNEL_HUB: {self.hub.address: None},
                USAGE_METER: {self.meter.address: None},
                JOB_ESCROW: {self.jobs.address: None},
            }
        )

    def follow(self, *, from_block: int | None = None) -> LedgerFollower:
        """Return books of the network that follow its chain.

        Args:
            from_block: First block that may hold its events; None for that of its deployment.
        """
        first = self.first_block if from_block is None else from_block
        return LedgerFollower(self.chain, self.contracts(), from_block=first)


def deploy_currency(
    sender: TransactionSender,
    currency: Currency,
    roles: Roles,
    collector: Address,
    settlement_accounts: Iterable[Address],
) -> CurrencySystem:
    """Deploy a currency with roles of its own, and without limits of wallet classes.

    Args:
        sender: How transactions are sent.
        currency: Which.
        roles: Who holds the powers over it.
        collector: Deposit collector of the hub, a settlement account too.
        settlement_accounts: Contracts that hold it for others from the start: the hub and the JobEscrow.
    """
    system = _create_currency(sender, currency, roles, collector)
    _set_up(sender, system, (collector, *settlement_accounts), {})
    return system


def _create_currency(sender: TransactionSender, currency: Currency, roles: Roles, collector: Address) -> CurrencySystem:
    admin = roles.administrator
    access = _create(sender, admin, "NetworkAccess", admin.address)
    token = _create(sender, admin, "CurrencyToken", currency.token_name, currency.symbol, access, collector)
    sender.decoder.currencies |= dict.fromkeys((access, token), currency)
    return CurrencySystem(currency, CurrencyToken(sender, token), NetworkAccess(sender, access), roles, collector)


def _open_market(
    sender: TransactionSender, system: CurrencySystem, places: tuple[Address, Address, Address]
) -> ComputeMarket:
    """Deploy the market of a currency, and let it mark the series it opens.

    Args:
        sender: How transactions are sent.
        system: The currency.
        places: Hub, deposit collector and meter.
    """
    admin, registrar, token = system.roles.administrator, system.roles.settlement_registrar, system.token
    address = _create(sender, admin, "ComputeMarket", (ZERO_ADDRESS, token.address, *places))
    sender.decoder.currencies[address] = system.currency
    market, access = ComputeMarket(sender, address), system.access
    sender.send(
        *_assignments(access, admin, market, Role.ATTESTER),
        *_assignments(access, admin, market, Role.SETTLEMENT_REGISTRAR),
        access.offer(admin, Role.SETTLEMENT_REGISTRAR, address),
        market.accept_role(registrar, Role.SETTLEMENT_REGISTRAR),
        token.mark_settlement_account(registrar, address),
    )
    return market


def _set_up(
    sender: TransactionSender,
    system: CurrencySystem,
    settlement_accounts: Iterable[Address],
    class_limits: Mapping[WalletClass, ClassLimits],
) -> None:
    """Have each power accepted by its holder; then mark the settlement accounts and set the limits."""
    token, access, roles = system.token, system.access, system.roles
    others = {role: holders for role, holders in roles.holders().items() if role is not Role.ADMINISTRATOR}
    transactions = []
    for role, holders in others.items():
        transactions += _assignments(access, roles.administrator, token, role)
        transactions += [access.offer(roles.administrator, role, it.address) for it in holders]
    sender.send(*transactions)
    sender.send(*(access.accept(holder, role) for role, holders in others.items() for holder in holders))
    # A deposit passes through the collector on its way from the payer to the hub.
    marks = (token.mark_settlement_account(roles.settlement_registrar, account) for account in settlement_accounts)
    limits = (token.set_class_limits(roles.central_bank, *item) for item in class_limits.items())
    sender.send(*marks, *limits)


def _assignments(
    access: NetworkAccess, administrator: TransactionSigner, contract: Contract, role: Role
) -> list[Transaction]:
    """Return the transactions that reserve functions of a contract to a role."""
    found = (it for it in POWERS if (it.role, it.contract) == (role, contract.interface.contract_name))
    return [access.assign(administrator, role, contract, it.functions) for it in found]


def transaction_sender(chain: ChainBackend) -> TransactionSender:
    """Return a sender that knows the errors of the network's contracts."""
    return TransactionSender(chain, RevertDecoder(map(interface, _CONTRACTS)))


def _has_canonical_hub(chain: ChainBackend) -> bool:
    """Whether hub and collector stand at their canonical addresses, and are those of this build, Multicall3 too."""
    standing = {name: Standing(name, address, CANONICAL) for name, address in CANONICAL.items()}
    if chain.code(MULTICALL3_ADDRESS):
        standing["Multicall3"].check(chain)
    if not chain.code(CHANNEL_HUB_ADDRESS):
        return False
    standing["ChannelHub"].check(chain)
    standing["ERC3009DepositCollector"].check(chain)
    return True


def _create(sender: TransactionSender, creator: TransactionSigner, contract_name: str, *arguments: object) -> Address:
    creation = artifacts.load(contract_name).bytecode + interface(contract_name).encode_constructor(*arguments)
    (receipt,) = sender.send(Transaction(creator, None, creation, GAS_CREATION, interface(contract_name)))
    return receipt.contract_address or ZERO_ADDRESS
