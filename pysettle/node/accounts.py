"""The development accounts: keys that everybody knows, of the mnemonic every Ethereum tool uses for its own.

They exist so that wallets and scripts have something to sign with on a simulated chain. Nothing of value may ever be
sent to them on any other chain: it would be taken at once.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import cache

from coincurve import PrivateKey

from pysettle.domain.core.signing import Signer

MNEMONIC = "test test test test test test test test test test test junk"
"""Published with every development node; account N has the path m/44'/60'/0'/0/N."""
_HARDENED = 1 << 31
_PATH = (44 | _HARDENED, 60 | _HARDENED, 0 | _HARDENED, 0)


@cache
def development_accounts(count: int = 10) -> tuple[Signer, ...]:
    """Return the first accounts of the mnemonic, in order.

    Source:
        BIP-39 for the seed, BIP-32 for the keys. Loading eth_account for them takes half a second.
    """
    seed = hashlib.pbkdf2_hmac("sha512", MNEMONIC.encode(), b"mnemonic", 2048)
    node = hmac.digest(b"Bitcoin seed", seed, "sha512")
    for index in _PATH:
        node = _child(node, index)
    return tuple(Signer(_child(node, number)[:32]) for number in range(count))


def _child(node: bytes, index: int) -> bytes:
    """Return key and chain code of a child of a node of the tree of keys, itself a key and a chain code."""
    key, code = PrivateKey(node[:32]), node[32:]
    parent = b"\0" + key.secret if index & _HARDENED else key.public_key.format()
    digest = hmac.digest(code, parent + index.to_bytes(4, "big"), "sha512")
    return key.add(digest[:32]).secret + digest[32:]


@cache
def faucet() -> Signer:
    """Return the account that pays raised balances, which no client sees."""
    return Signer.derived("node", "faucet")
