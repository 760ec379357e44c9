"""The steps of a deployment: contracts are created after those they work with, and then given their powers and marks.

Steps of one account are sent together; the next account acts when they are sealed, since a network may seal
transactions of several accounts in another order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pysettle.client.columns import contract_plans, powers
from pysettle.client.core.access import Role
from pysettle.client.core.contract import Contract, interface
from pysettle.client.core.planning import GAS_CREATION, ContractPlan, DeployedContract, Making, Marked
from pysettle.client.genuine import CANONICAL, Standing
from pysettle.client.money.system import CurrencySystem
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.wallets import ClassLimits, WalletClass
from pysettle.evm import artifacts
from pysettle.evm.backend import ChainBackend
from pysettle.evm.encoding import TransactionSigner, created_address
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.money import Currency
from pysettle.values import Address

Holders = Mapping[Role, Sequence[TransactionSigner]]
"""Role -> its holders, at least those that act; of several the first acts."""


def standing(chain: ChainBackend) -> tuple[DeployedContract, ...]:
    """Return the contracts that exist at their canonical addresses already; all of them or none.

    Raises:
        ForeignCode: the code of one is not that of this build.
    """
    canonical = [plan for plan in contract_plans().values() if plan.canonical]
    for plan in canonical:
        if plan.on_request and chain.code(CANONICAL[plan.name]):
            Standing(plan.name, CANONICAL[plan.name], CANONICAL).check(chain)
    used = [plan for plan in canonical if not plan.on_request]
    if not chain.code(CANONICAL[used[0].name]):
        return ()
    for plan in used:
        Standing(plan.name, CANONICAL[plan.name], CANONICAL).check(chain)
    return tuple(
        DeployedContract(plan.name, CANONICAL[plan.name], tuple(CANONICAL[name] for name in plan.works_with))
        for plan in used
    )


def create(
    sender: TransactionSender,
    holders: Holders,
    currency: Currency,
    names: Iterable[str],
    others: Mapping[str, DeployedContract],
) -> tuple[DeployedContract, ...]:
    """Create contracts, each after those that it uses; a contract that another one creates is looked up.

    Args:
        sender: Sends the transactions.
        holders: Holders of the roles of the currency; its administrator creates the contracts.
        currency: Currency of the contracts.
        names: Names of their plans, in that order.
        others: Label -> existing contract of the network.
    """
    administrator = holders[Role.ADMINISTRATOR][0]
    chain = sender.chain
    existing = {label: contract.address for label, contract in others.items()}
    tokens = {it.currency: it.address for it in others.values() if it.name == "CurrencyToken"}
    created = []

    def at(name: str) -> Address:
        return existing[contract_plans()[name].label(currency)]

    for name in names:
        plan, arguments = contract_plans()[name], tuple[object, ...]()
        if plan.made_by:
            maker, view = plan.made_by
            address = Address(Contract(sender, at(maker), maker)._read(view))
        else:
            later = _next_addresses(chain, administrator.address, len(plan.created_next))
            making = Making(administrator.address, currency, (*map(at, plan.works_with), *later), tokens)
            arguments = plan.arguments(making)
            address = create_contract(sender, administrator, name, *arguments)
        contract = DeployedContract(name, address, tuple(_flat(arguments)), currency)
        existing[contract.label] = address
        created.append(contract)
    return tuple(created)


def create_contract(sender: TransactionSender, creator: TransactionSigner, name: str, *arguments: object) -> Address:
    """Create one contract; return its address."""
    creation = artifacts.load(name).bytecode + interface(name).encode_constructor(*arguments)
    plan = contract_plans().get(name)
    gas = plan.creation_gas if plan else GAS_CREATION
    (receipt,) = sender.send(Transaction(creator, None, creation, gas, interface(name)))
    return receipt.contract_address or ZERO_ADDRESS


def _next_addresses(chain: ChainBackend, creator: Address, count: int) -> Iterator[Address]:
    """Yield the addresses of the contracts that an account creates after its next one.

    A contract that is created elsewhere in the meantime is none of the layer: the next ones refuse it, or `network
    verify` names it.
    """
    if count:
        nonce = chain.nonce(creator)
        for number in range(1, count + 1):
            yield created_address(creator, nonce + number)


def set_up(
    system: CurrencySystem,
    holders: Holders,
    created: Sequence[DeployedContract],
    marked: Iterable[DeployedContract],
    class_limits: Mapping[WalletClass, ClassLimits] | None,
) -> None:
    """Give new contracts their roles and marks.

    Functions are reserved to roles; contracts accept their own roles; contracts that hold money of others are marked as
    settlement accounts.

    Args:
        system: The currency.
        holders: Holders of its roles.
        created: The new contracts.
        marked: Contracts that are marked if their plan says so in this currency.
        class_limits: For a new currency: wallet class -> its limits, and its roles are granted to their holders first.
            None for a currency that has both.
    """
    token, access, admin = system.token, system.access, holders[Role.ADMINISTRATOR][0]
    offered = (
        {}
        if class_limits is None
        else {role: accounts for role, accounts in holders.items() if role is not Role.ADMINISTRATOR}
    )
    targets = {contract.name: Contract(token._sender, contract.address, contract.name) for contract in created}
    takers = [
        (targets[contract.name], role)
        for contract in created
        if (role := contract_plans()[contract.name].role) is not None
    ]
    access.send(
        *(access.assign(admin, power.role, targets[power.contract], power.functions) for power in powers(targets)),
        *(access.offer(admin, role, holder.address) for role, by in offered.items() for holder in by),
        *(access.offer(admin, role, contract.address) for contract, role in takers),
    )
    access.send(*(access.accept(holder, role) for role, by in offered.items() for holder in by))
    settled = [contract.address for contract in marked if _is_marked(contract_plans()[contract.name], system.currency)]
    token.send(
        *(access.have_accepted(holders[role][0], contract, role) for contract, role in takers),
        *(token.mark_settlement_account(holders[Role.SETTLEMENT_REGISTRAR][0], account) for account in settled),
        *(token.set_class_limits(holders[Role.CENTRAL_BANK][0], *item) for item in (class_limits or {}).items()),
    )


def _is_marked(plan: ContractPlan, currency: Currency) -> bool:
    return plan.marked is Marked.EVERYWHERE or (plan.marked is Marked.E_CNY and currency is Currency.CNY)


def _flat(values: Iterable[object]) -> Iterator[object]:
    for value in values:
        if isinstance(value, tuple):
            yield from _flat(value)
        else:
            yield value
