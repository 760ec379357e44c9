"""Balances for gas of a workspace's accounts, and the check of development keys."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pysettle.errors import WorkspaceError

if TYPE_CHECKING:
    from pysettle.domain.core.signing import Signer
    from pysettle.evm.backend import ChainBackend
    from pysettle.values import Address
    from pysettle.workspace.directory import Workspace

GAS_PAYMENT = 21_000
"""Gas of a payment in the chain's own money."""
_DEVELOPMENT_BALANCE = 10**24
"""Native balance of an account that is added on a development node, in wei: that of the accounts of a genesis."""


def check_development_keys(workspace: Workspace, chain: ChainBackend, password: str | None) -> None:
    """Check that development keys, which everybody knows, may be created.

    Raises:
        WorkspaceError: the chain is a network other than a development node.
    """
    from pysettle.evm.rpc import RpcChain

    known = password is None and workspace.config.network is not None
    if known and isinstance(chain, RpcChain) and not chain.is_development_node:
        raise WorkspaceError("this network is no development node's: encrypt keys of its own (--password-file)")


def fund(workspace: Workspace, chain: ChainBackend, account: Address, password: str | None = None) -> bool:
    """Give an account a balance for gas if possible; return whether it can pay.

    A development node sets its balance. On an embedded chain, served or not, the richest account with an available key
    sends it a hundredth of its own balance, by an ordinary transaction.

    Args:
        workspace: The workspace.
        chain: Its chain, open to write if it is embedded.
        account: Account to fund.
        password: Of the encrypted accounts.
    """
    from pysettle.client.core.contract import interface
    from pysettle.client.sending import transaction_sender
    from pysettle.evm.genesis import GenesisAccount
    from pysettle.evm.rpc import RpcChain
    from pysettle.evm.transactions import Transaction

    if chain.balance(account):
        return True
    if isinstance(chain, RpcChain) and chain.is_development_node:
        chain.set_accounts({account: GenesisAccount(balance=_DEVELOPMENT_BALANCE)})
    elif workspace.config.network is None and (payer := _payer(workspace, chain, password)):
        share = chain.balance(payer.address) // 100
        gas = Transaction(payer, account, b"", GAS_PAYMENT, interface("CurrencyToken"), share)
        transaction_sender(chain).send(gas)
    return bool(chain.balance(account))


def _payer(workspace: Workspace, chain: ChainBackend, password: str | None) -> Signer | None:
    """Return the key of the richest account with an available key; None if there is none."""
    from pysettle.domain.core.signing import Signer

    balances = {name: chain.balance(address) for name, address in workspace.accounts.addresses().items()}
    for name in sorted(filter(balances.get, balances), key=lambda account: balances[account], reverse=True):
        with suppress(WorkspaceError):
            if isinstance(signer := workspace.accounts.signer(name, password), Signer):
                return signer
    return None
