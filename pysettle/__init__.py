"""A simulation of the settlement network of the Token economy: Tokens paid in e-CNY, every step replayable."""

import os

__version__ = "0.1.0"

# eth-hash takes pycryptodome where both are installed, which needs seven times as long for what is hashed here.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")
