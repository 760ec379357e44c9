"""Wrappers of the market and of series."""
