"""Lockers: a contract that holds e-CNY for others, and returns it."""
