"""A chain begins without the curve BLS12-381, and has its contracts all the same."""

from __future__ import annotations

import subprocess
import sys

from tests.evm.accounts import genesis

LOOK = """
import sys
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import Genesis
chain = EmbeddedChain(Genesis.from_bytes(sys.stdin.buffer.read()))
before = "py_ecc.optimized_bls12_381" in sys.modules
answers = [chain.call(bytes(19) + bytes([number]), bytes(length)).hex() for number, length in ((11, 256), (15, 384))]
print(before, *answers)
"""
"""Adds infinity to infinity (contract 11), and pairs both infinities (contract 15): EIP-2537."""


def test_the_curve_is_loaded_when_it_is_used() -> None:
    """A Python of its own loads no curve with the chain; infinities add to infinity, and their pairing is one."""
    look = [sys.executable, "-c", LOOK]
    done = subprocess.run(look, input=genesis().to_bytes(), capture_output=True, check=True)
    assert done.stdout.decode().split() == ["False", "0" * 256, "0" * 63 + "1"]


def test_an_audit_loads_no_curve() -> None:
    """A Python of its own loads the audit without the curve, too: no bundle of a settlement uses it."""
    look = "import sys, pysettle.audit.verify; print('py_ecc.optimized_bls12_381' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, check=True).stdout == b"False\n"
