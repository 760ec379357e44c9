"""A simulation of the settlement network of the Token economy: Tokens paid in e-CNY, every step replayable."""

__version__ = "0.1.0"
