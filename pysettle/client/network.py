"""The settlement network as a whole: its genesis, its deployment, its roles and its series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from eth_typing import Address

from pysettle.client.channels import ChannelHub, UsageMeter
from pysettle.client.contract import Contract, interface
from pysettle.client.currency import CurrencyToken
from pysettle.client.follower import LedgerFollower
from pysettle.client.interest import InterestPayments, open_interest
from pysettle.client.series import ComputeToken, SeriesTerms
from pysettle.domain import ledger
from pysettle.domain.messages import ZERO_ADDRESS
from pysettle.domain.wallets import E_CNY_CLASS_LIMITS, ClassLimits, WalletClass
from pysettle.evm import artifacts
from pysettle.evm.backend import ChainBackend, Receipt
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.genesis import Genesis, GenesisAccount
from pysettle.evm.reverts import RevertDecoder
from pysettle.evm.transactions import Transaction, TransactionSender

CHANNEL_HUB_ADDRESS = Address(bytes.fromhex("4020074e9df2ce1dee5a9c1b5c3f541d02a10003"))
"""Canonical address of the x402 `batch-settlement` hub, the same on every chain."""

DEPOSIT_COLLECTOR_ADDRESS = Address(bytes.fromhex("4020806089470a89826cb9fb1f4059150b550004"))
"""Canonical address of its EIP-3009 deposit collector."""

SIMULATION_CHAIN_ID = 31337
"""Chain id of local development chains."""

GAS_CREATION = 6_000_000
"""Gas stated for the creation of one contract."""

_CONTRACTS = (
    "NetworkAccess",
    "CurrencyToken",
    "ComputeToken",
    "ChannelHub",
    "ERC3009DepositCollector",
    "UsageMeter",
    "InterestPayments",
)
_CURRENCY_NAME = ("e-CNY token (simulated)", "eCNY")
_CENTRAL_BANK, _OPERATOR, _REGISTRAR, _FREEZER, _SEIZER, _PAUSER = range(1, 7)
_ROLE_FUNCTIONS = {
    _CENTRAL_BANK: ("setIssuanceQuota", "setReserveRatio", "setClassLimits"),
    _OPERATOR: ("issue", "takeRedemption", "completeRedemption", "rejectRedemption"),
    _REGISTRAR: ("markSettlementAccount", "registerWallet"),
    _FREEZER: ("freeze", "freezeAmount"),
    _SEIZER: ("seize", "seizeCredit"),
    _PAUSER: ("pause", "unpause"),
}


def genesis(
    timestamp: int, accounts: Iterable[Address] = (), *, chain_id: int = SIMULATION_CHAIN_ID, balance: int = 10**24
) -> Genesis:
    """Return the genesis of a chain for the network, with hub and collector at their canonical addresses.

    Args:
        timestamp: Chain time of the genesis, unix seconds.
        accounts: Accounts that shall be able to pay for gas.
        chain_id: Chain id (EIP-155).
        balance: Native balance each of them gets, in wei; it buys nothing but gas.
    """
    alloc = {account: GenesisAccount(balance=balance) for account in accounts}
    alloc[CHANNEL_HUB_ADDRESS] = GenesisAccount(nonce=1, code=_runtime_code("ChannelHub"))
    # The collector's one immutable is its hub.
    collector = _runtime_code("ERC3009DepositCollector", immutable=CHANNEL_HUB_ADDRESS)
    alloc[DEPOSIT_COLLECTOR_ADDRESS] = GenesisAccount(nonce=1, code=collector)
    return Genesis(chain_id=chain_id, timestamp=timestamp, alloc=alloc)


@dataclass(frozen=True)
class Roles:
    """Who holds the powers of a network. Each power is its own key; one key may hold several."""

    administrator: TransactionSigner
    """Deploys, and grants and revokes roles. It has no other power, but could grant itself any."""
    central_bank: TransactionSigner
    """Sets issuance quotas."""
    registrar: TransactionSigner
    """Marks settlement accounts."""
    freezer: TransactionSigner
    """Freezes accounts of the currency, wholly, in one direction, or up to an amount."""
    seizer: TransactionSigner
    """Seizes currency by authority of law."""
    pauser: TransactionSigner
    """Pauses the currency."""
    operators: tuple[TransactionSigner, ...]
    """Operating institutions: issue and redeem."""


@dataclass(frozen=True, slots=True)
class DeployedContract:
    """Where a contract stands, and what it was made with."""

    name: str
    """Name of its artifact."""
    address: Address
    """Where it is deployed."""
    arguments: tuple[object, ...]
    """Arguments of its constructor."""


@dataclass
class SettlementNetwork:
    """A deployed network."""

    sender: TransactionSender
    """How transactions are sent."""
    roles: Roles
    """Who holds its powers."""
    access: Address
    """AccessManager of the roles."""
    currency: CurrencyToken
    """The e-CNY token."""
    hub: ChannelHub
    """The ChannelHub."""
    meter: UsageMeter
    """The UsageMeter."""
    series: list[ComputeToken] = field(default_factory=list)
    """Series opened, in order."""
    interest: InterestPayments | None = None
    """What pays interest on e-CNY as deposit money, where it was opened."""

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
            roles: Who holds its powers.
            class_limits: Wallet class -> its limits; none for a class that is left out.
        """
        sender = transaction_sender(chain)
        admin = roles.administrator
        access = _create(sender, admin, "NetworkAccess", admin.address)
        if chain.code(CHANNEL_HUB_ADDRESS):
            hub, collector = CHANNEL_HUB_ADDRESS, DEPOSIT_COLLECTOR_ADDRESS
        else:
            hub = _create(sender, admin, "ChannelHub")
            collector = _create(sender, admin, "ERC3009DepositCollector", hub)
        currency = _create(sender, admin, "CurrencyToken", *_CURRENCY_NAME, access)
        meter = _create(sender, admin, "UsageMeter", hub)
        network = cls(
            sender,
            roles,
            access,
            CurrencyToken(sender, currency),
            ChannelHub(sender, hub, collector),
            UsageMeter(sender, meter),
        )
        network._assign_roles()
        # A deposit passes through the collector on its way from the payer to the hub.
        marks = (network.currency.mark_settlement_account(roles.registrar, account) for account in (hub, collector))
        limits = (network.currency.set_class_limits(roles.central_bank, *item) for item in class_limits.items())
        network.send(*marks, *limits)
        return network

    def open_series(self, provider: TransactionSigner, terms: SeriesTerms) -> ComputeToken:
        """Deploy a series of a provider and register it as a settlement account."""
        arguments = (
            terms.name,
            terms.symbol,
            provider.address,
            self.currency.address,
            self.hub.address,
            self.hub.collector,
            self.meter.address,
            terms.service_class.encode().ljust(32, b"\0"),
            terms.unit_price,
            terms.capacity,
            terms.expiry,
            terms.rate_card.pack(),
        )
        series = ComputeToken(self.sender, _create(self.sender, provider, "ComputeToken", arguments))
        self.send(self.currency.mark_settlement_account(self.roles.registrar, series.address))
        self.series.append(series)
        return series

    def open_interest(self, quota: int) -> InterestPayments:
        """Deploy what pays interest on e-CNY, and let it issue up to a quota, in units."""
        roles = self.roles
        powers = {"administrator": roles.administrator, "registrar": roles.registrar, "operator": roles.operators[0]}
        self.interest = open_interest(self.currency, self.sender, **powers)
        self.send(self.currency.set_issuance_quota(roles.central_bank, self.interest.address, quota))
        return self.interest

    def send(self, *transactions: Transaction) -> tuple[Receipt, ...]:
        """Seal transactions in order, many in one block.

        Raises:
            ContractReverted: the first that a contract refused; all are sealed.
            TransactionRefused: one could not be sealed; none is.
        """
        return self.sender.send(*transactions)

    def deployed(self) -> tuple[DeployedContract, ...]:
        """Return its contracts, series apart, in the order they are deployed in."""
        interest = (
            (DeployedContract("InterestPayments", self.interest.address, (self.currency.address,)),)
            if self.interest
            else ()
        )
        return (
            DeployedContract("NetworkAccess", self.access, (self.roles.administrator.address,)),
            DeployedContract("ChannelHub", self.hub.address, ()),
            DeployedContract("ERC3009DepositCollector", self.hub.collector, (self.hub.address,)),
            DeployedContract("CurrencyToken", self.currency.address, (*_CURRENCY_NAME, self.access)),
            DeployedContract("UsageMeter", self.meter.address, (self.hub.address,)),
            *interest,
        )

    @property
    def chain(self) -> ChainBackend:
        """The chain it is deployed on."""
        return self.sender.chain

    def contracts(self) -> ledger.Contracts:
        """Return the contracts whose books the ledger keeps."""
        return ledger.Contracts(
            currencies=frozenset({self.currency.address}),
            series={
                series.address: ledger.SeriesTerms(series.currency, series.unit_price, series.rate_card)
                for series in self.series
            },
            hubs=frozenset({self.hub.address}),
            meters=frozenset({self.meter.address}),
            interest=frozenset({self.interest.address} if self.interest else ()),
        )

    def follow(self, *, from_block: int = 0) -> LedgerFollower:
        """Return books of the network that follow its chain; `from_block` is as for `LedgerFollower`."""
        return LedgerFollower(self.chain, self.contracts(), from_block=from_block)

    def _assign_roles(self) -> None:
        manager = Contract(self.sender, self.access, "NetworkAccess")
        admin, currency = self.roles.administrator, self.currency
        holders = {
            _CENTRAL_BANK: (self.roles.central_bank,),
            _OPERATOR: self.roles.operators,
            _REGISTRAR: (self.roles.registrar,),
            _FREEZER: (self.roles.freezer,),
            _SEIZER: (self.roles.seizer,),
            _PAUSER: (self.roles.pauser,),
        }
        transactions = []
        for role, functions in _ROLE_FUNCTIONS.items():
            selectors = [currency.interface.selector(function) for function in functions]
            arguments = ("setTargetFunctionRole", currency.address, selectors, role)
            transactions.append(manager._transaction(admin, 300_000, *arguments))
            for holder in holders[role]:
                transactions.append(manager._transaction(admin, 300_000, "grantRole", role, holder.address, 0))
        self.send(*transactions)
        self.send(
            *(
                manager._transaction(holder, 300_000, "acceptRole", role)
                for role, accounts in holders.items()
                for holder in accounts
            )
        )


def transaction_sender(chain: ChainBackend) -> TransactionSender:
    """Return a sender that knows the errors of the network's contracts."""
    return TransactionSender(chain, RevertDecoder(map(interface, _CONTRACTS)))


def _runtime_code(contract_name: str, immutable: bytes = b"") -> bytes:
    """Return deployed code as a constructor would leave it, every reference to an immutable filled with one value."""
    artifact = artifacts.load(contract_name)
    assert bool(artifact.immutable_references) == bool(immutable), contract_name
    code = bytearray(artifact.runtime_bytecode)
    for start, length in artifact.immutable_references:
        code[start : start + length] = immutable.rjust(length, b"\0")
    return bytes(code)


def _create(sender: TransactionSender, creator: TransactionSigner, contract_name: str, *arguments: object) -> Address:
    creation = artifacts.load(contract_name).bytecode + interface(contract_name).encode_constructor(*arguments)
    (receipt,) = sender.send(Transaction(creator, None, creation, GAS_CREATION, interface(contract_name)))
    return receipt.contract_address or ZERO_ADDRESS
