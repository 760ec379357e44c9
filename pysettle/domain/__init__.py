"""The pure rules of settlement: typed data, usage and its price, events, the ledger and its invariants.

Nothing here knows a chain, a network or a file. It reads like a textbook, serves as the model in tests, and is the
auditor's shadow of what the contracts did.
"""
