"""A chain begins without the curves BLS12-381 and alt_bn128, and has their contracts all the same; so do keystores."""

from __future__ import annotations

import subprocess
import sys

from tests.evm.accounts import genesis

LOOK = """
import sys
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import Genesis
from eth_account import Account
from eth_keyfile import create_keyfile_json
chain = EmbeddedChain(Genesis.from_bytes(sys.stdin.buffer.read()))
before = [it for it in sys.modules if it.startswith("py_ecc.") and "pairing" in it]
keys = [create_keyfile_json(bytes(31) + b"\7", b"", 4, "pbkdf2", 2)["pubkey"] for _ in range(2)]
asked = ((6, 128), (7, 96), (8, 192), (6, 128), (11, 256), (15, 384))
print(before, *keys, *(chain.call(bytes(19) + bytes([number]), bytes(length)).hex() for number, length in asked))
"""
"""Adds infinity to infinity (contracts 6, 11), multiplies it (7), and pairs infinities (8, 15): EIP-196, 197, 2537."""
OF_SEVEN = "b928f3beb93519eecf0145da903b40a4c97dca00b21f12ac0df3be9116ef2ef27b2ae6bcd4c5bc2d54ef5a70627efcb7"
"""The public key of the private key 7, in keystores of validators (EIP-2335)."""
INFINITY, ONE = "0" * 128, "0" * 63 + "1"


def test_the_curve_is_loaded_when_it_is_used() -> None:
    """A Python of its own loads no curve with chain and keys; infinities add to infinity, and their pairing is one."""
    look = [sys.executable, "-c", LOOK]
    done = subprocess.run(look, input=genesis().to_bytes(), capture_output=True, check=True)
    assert done.stdout.decode().split() == [
        "[]",
        OF_SEVEN,
        OF_SEVEN,
        INFINITY,
        INFINITY,
        ONE,
        INFINITY,
        2 * INFINITY,
        ONE,
    ]


def test_an_audit_loads_no_curve() -> None:
    """A Python of its own loads the audit without the curve, too: no bundle of a settlement uses it."""
    look = "import sys, pysettle.audit.verify; print(any(it.startswith('py_ecc.opt') for it in sys.modules))"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, check=True).stdout == b"False\n"
