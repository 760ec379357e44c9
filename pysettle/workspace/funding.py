"""Who of a workspace can pay for gas, and whose keys everybody may know."""

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
    """Check that keys may be made without a password, which everybody knows then.

    Raises:
        WorkspaceError: the chain is a network that is no development node's.
    """
    from pysettle.evm.rpc import RpcChain

    known = password is None and workspace.config.network is not None
    if known and isinstance(chain, RpcChain) and not chain.is_development_node:
        raise WorkspaceError("this network is no development node's: encrypt keys of its own (--password-file)")


def fund(workspace: Workspace, chain: ChainBackend, account: Address, password: str | None = None) -> bool:
    """Let an account pay for gas, where we can give it something; return whether it can pay.

    A development node is told its balance. On an embedded chain, served or not, the richest account whose key is
    at hand sends it a hundredth of what it has, in a transaction like any other.

    Args:
        workspace: The workspace.
        chain: Its chain, open to write where it is embedded.
        account: Who shall be able to pay.
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
    """Return the key of the richest account that is at hand; None where there is none."""
    from pysettle.domain.core.signing import Signer

    balances = {name: chain.balance(address) for name, address in workspace.accounts.addresses().items()}
    for name in sorted(filter(balances.get, balances), key=lambda it: balances[it], reverse=True):
        with suppress(WorkspaceError):
            if isinstance(signer := workspace.accounts.signer(name, password), Signer):
                return signer
    return None
