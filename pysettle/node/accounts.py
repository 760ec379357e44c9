"""The development accounts: keys that everybody knows, of the mnemonic every Ethereum tool uses for its own.

They exist so that wallets and scripts have something to sign with on a simulated chain. Nothing of value may ever be
sent to them on any other chain: it would be taken at once.
"""

from __future__ import annotations

from functools import cache

from eth_account.hdaccount import key_from_seed, seed_from_mnemonic

from pysettle.domain.core.signing import Signer

MNEMONIC = "test test test test test test test test test test test junk"
"""Published with every development node; account N has the path m/44'/60'/0'/0/N."""


@cache
def development_accounts(count: int = 10) -> tuple[Signer, ...]:
    """Return the first accounts of the mnemonic, in order."""
    seed = seed_from_mnemonic(MNEMONIC, "")
    return tuple(Signer(key_from_seed(seed, f"m/44'/60'/0'/0/{number}")) for number in range(count))


@cache
def faucet() -> Signer:
    """Return the account that pays raised balances, which no client sees."""
    return Signer.derived("node", "faucet")
