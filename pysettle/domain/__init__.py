"""The pure rules of settlement: typed data, usage and its price, events, the ledger and its invariants.

No module here knows a chain, a network or a file. The package reads like a textbook, serves as the model in tests, and
is the auditor's second ledger beside the contracts.
"""
