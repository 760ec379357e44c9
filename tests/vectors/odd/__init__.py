"""Chains of odd transactions: what a genesis, blocks and signed bytes can ask of Prague's rules at their edges.

Each is data that any engine can execute. `making` has the parts; the other modules keep their chains in `CHAINS`.
"""

from tests.vectors.odd import authorizations, creations, lives, opcodes, precompiles, system, transactions
from tests.vectors.odd.making import CHAINS, Odd

__all__ = ["CHAINS", "Odd", "authorizations", "creations", "lives", "opcodes", "precompiles", "system", "transactions"]
