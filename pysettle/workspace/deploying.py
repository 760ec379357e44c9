"""Deployments from a workspace with the keys of its accounts: the network, currencies, the payment of interest."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from pysettle.errors import WorkspaceError
from pysettle.errors.states import Role
from pysettle.money import Currency
from pysettle.values import DAY_S, Units
from pysettle.workspace.accounts import default_account
from pysettle.workspace.funding import GAS_PAYMENT, check_development_keys

if TYPE_CHECKING:
    from pysettle.client.core.access import Roles
    from pysettle.client.deployment import Deployment
    from pysettle.client.money.currency import CurrencyToken
    from pysettle.client.money.interest import InterestPayments
    from pysettle.domain.core.signing import Signer
    from pysettle.evm.backend import ChainBackend
    from pysettle.workspace.directory import Workspace

OnProgress = Callable[[str, int, int], None]
"""Called with the name of a step, its progress and its total."""


def _no_progress(step: str, done: int, total: int) -> None:
    """Show nothing."""


_RESERVE_VALID_S = 365 * DAY_S


def deploy(
    workspace: Workspace,
    chain: ChainBackend,
    *,
    quota: Units,
    reserve_fen: int,
    password: str | None = None,
    on_progress: OnProgress = _no_progress,
) -> Deployment:
    """Deploy the network, attest the reserve, give the bank its issuance quota, and store the addresses.

    A development node first gets the content of the workspace's genesis: funds for the accounts, and the canonical
    contracts.

    Args:
        workspace: The workspace.
        chain: Its chain, open to write.
        quota: Units the bank may issue.
        reserve_fen: Reserve that the central bank attests for a year, in fen.
        password: Of the encrypted accounts.
        on_progress: Called with the name of a step, its progress and its total.

    Raises:
        WorkspaceError: it is deployed already.
        UsageError: the central bank's key is behind a remote signer, which cannot attest a reserve.
        ForeignCode: the code at a canonical address is not that of this build.
        PlantedStorage: the genesis.json of the workspace has storage in a contract of the network, or at an address
            without code; on a network the file is checked if somebody put it there.
    """
    from pysettle.client.deployment import Deployment
    from pysettle.client.genuine import CANONICAL, check_genesis
    from pysettle.client.network import Plan, SettlementNetwork
    from pysettle.evm.genesis import Genesis
    from pysettle.evm.rpc import RpcChain

    if workspace.is_deployed:
        raise WorkspaceError("the network is deployed in this workspace already: see `pysettle network status`")
    if (block_0 := workspace.directory / "genesis.json").is_file():
        check_genesis(Genesis.from_bytes(block_0.read_bytes()), CANONICAL)
    central_bank = workspace.accounts.key("central-bank", password)
    roles = _roles(workspace, {role: default_account(role) for role in Role}, password, on_progress)
    if isinstance(chain, RpcChain) and chain.is_development_node:
        chain.set_accounts(workspace.genesis().alloc)
    with _as_one(chain):
        network = SettlementNetwork.deploy(chain, Plan(roles))
        _let_issue(network.currency, central_bank, roles, quota, reserve_fen)
        return workspace.keep(Deployment.of(network))


def add_currency(
    workspace: Workspace,
    chain: ChainBackend,
    currency: Currency,
    accounts: Mapping[Role, str],
    *,
    quota: Units,
    reserve_fen: int,
    password: str | None = None,
    on_progress: OnProgress = _no_progress,
) -> Deployment:
    """Deploy a further currency with its own roles, attest its reserve, and give its operator a quota.

    Missing accounts are created, as by `create`, and get a hundredth of the
    administrator's native balance for gas.

    Args:
        workspace: The workspace.
        chain: Its chain, open to write.
        currency: The currency.
        accounts: Role -> name of the account to hold it; `default_account` for a missing role.
        quota: Units the operator may issue.
        reserve_fen: Reserve that the central bank attests for a year, in minor units.
        password: Of the encrypted accounts and the created ones; without it these get development keys.
        on_progress: Called with the name of a step, its progress and its total.

    Raises:
        WorkspaceError: no network is deployed, or it has the currency; or development keys would be created for a
            network other than a development node.
        UsageError: the central bank's key is behind a remote signer, which cannot attest a reserve.
    """
    from pysettle.client.core.contract import interface
    from pysettle.evm.transactions import Transaction

    deployment = workspace.deployment()
    deployment.check_chain(chain)
    if currency in deployment.currencies():
        raise WorkspaceError(
            f"the network has {currency.value} already: see `pysettle network status`", currency=currency.value
        )
    check_development_keys(workspace, chain, password)
    names = {role: accounts.get(role) or default_account(role, currency) for role in Role}
    payer = workspace.accounts.signer("administrator", password)
    making = functools.partial(on_progress, "making accounts")
    workspace.accounts.make(tuple(names.values()), password, making)
    roles = _roles(workspace, names, password, on_progress)
    central_bank = workspace.accounts.key(names[Role.CENTRAL_BANK], password)

    network = workspace.network(chain)
    poor = {
        holder.address
        for holders in roles.holders().values()
        for holder in holders
        if not chain.balance(holder.address)
    }
    share, abi = chain.balance(payer.address) // 100, interface("CurrencyToken")
    with _as_one(chain):
        network.send(*(Transaction(payer, receiver, b"", GAS_PAYMENT, abi, share) for receiver in sorted(poor)))
        token = network.open_currency(currency, roles)
        _let_issue(token, central_bank, roles, quota, reserve_fen)
        return workspace.keep(deployment.extended(network))


def open_interest(
    workspace: Workspace, chain: ChainBackend, *, quota: Units, password: str | None = None
) -> InterestPayments:
    """Deploy the contract that pays interest on e-CNY, and store its address.

    Args:
        workspace: The workspace.
        chain: Its chain, open to write.
        quota: Units it may issue.
        password: Of the encrypted accounts.

    Raises:
        WorkspaceError: it was opened before, or no network is deployed.
        WrongChain: the network was deployed on another chain.
    """
    network = workspace.network(chain)
    if network.pays_interest:
        raise WorkspaceError("interest was opened in this workspace already: see `pysettle interest show`")
    roles = Role.ADMINISTRATOR, Role.SETTLEMENT_REGISTRAR, Role.OPERATOR, Role.CENTRAL_BANK
    holders = {role: (workspace.accounts.signer(default_account(role), password),) for role in roles}
    with _as_one(chain):
        interest = network.open_interest(quota, holders)
        workspace.keep(workspace.deployment().extended(network))
    return interest


def open_settlement(workspace: Workspace, chain: ChainBackend, *, password: str | None = None) -> Deployment:
    """Deploy the settlement layer for all currencies of the workspace, and store its addresses.

    Args:
        workspace: The workspace.
        chain: Its chain, open to write.
        password: Of the encrypted accounts.

    Raises:
        WorkspaceError: it was opened before, or no network is deployed.
        WrongChain: the network was deployed on another chain.
    """
    from pysettle.client.settlement.opening import is_open, open_settlement

    network = workspace.network(chain)
    if is_open(network):
        raise WorkspaceError("the settlement layer of this workspace is open already: see `pysettle network status`")
    acting = Role.ADMINISTRATOR, Role.SETTLEMENT_REGISTRAR
    holders = {
        currency: {role: (workspace.accounts.signer(workspace.holder(role, currency), password),) for role in acting}
        for currency in network.currencies
    }
    with _as_one(chain):
        open_settlement(network, holders)
        return workspace.keep(workspace.deployment().extended(network))


def _roles(workspace: Workspace, names: Mapping[Role, str], password: str | None, on_progress: OnProgress) -> Roles:
    from pysettle.client.core.access import Roles

    signers = {}
    for opened, (role, name) in enumerate(names.items()):
        on_progress("opening accounts", opened, len(names))
        signers[role] = workspace.accounts.signer(name, password)
    return Roles.of(signers)


def _let_issue(token: CurrencyToken, central_bank: Signer, roles: Roles, quota: Units, reserve_fen: int) -> None:
    reserve, signature = token.desk.sign_reserve(central_bank, reserve_fen, _RESERVE_VALID_S)
    token.send(
        token.desk.attest_reserve(central_bank, central_bank.address, reserve, signature),
        token.desk.set_issuance_quota(roles.central_bank, roles.operators[0].address, quota),
    )


def _as_one(chain: ChainBackend) -> AbstractContextManager[None]:
    """Delay Ctrl-C until several transactions are sealed, if this process seals them: that takes seconds."""
    from pysettle.evm.embedded import EmbeddedChain
    from pysettle.evm.interrupts import uninterrupted

    return uninterrupted() if isinstance(chain, EmbeddedChain) else nullcontext()
