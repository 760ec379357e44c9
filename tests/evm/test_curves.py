"""A chain begins without the curves BLS12-381 and alt_bn128, and has their contracts all the same."""

from __future__ import annotations

import subprocess
import sys

from tests.evm.accounts import genesis

LOOK = """
import sys
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import Genesis
chain = EmbeddedChain(Genesis.from_bytes(sys.stdin.buffer.read()))
before = [it for it in sys.modules if it.startswith("py_ecc.")]
asked = ((6, 128), (7, 96), (8, 192), (6, 128), (11, 256), (15, 384))
print(before, *(chain.call(bytes(19) + bytes([number]), bytes(length)).hex() for number, length in asked))
"""
"""Adds infinity to infinity (contracts 6, 11), multiplies it (7), and pairs infinities (8, 15): EIP-196, 197, 2537."""
INFINITY, ONE = "0" * 128, "0" * 63 + "1"


def test_the_curve_is_loaded_when_it_is_used() -> None:
    """A Python of its own loads no curve with the chain; infinities add to infinity, and their pairing is one."""
    look = [sys.executable, "-c", LOOK]
    done = subprocess.run(look, input=genesis().to_bytes(), capture_output=True, check=True)
    assert done.stdout.decode().split() == ["[]", INFINITY, INFINITY, ONE, INFINITY, 2 * INFINITY, ONE]


def test_an_audit_loads_no_curve() -> None:
    """A Python of its own loads the audit without the curve, too: no bundle of a settlement uses it."""
    look = "import sys, pysettle.audit.verify; print(any(it.startswith('py_ecc.') for it in sys.modules))"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, check=True).stdout == b"False\n"
