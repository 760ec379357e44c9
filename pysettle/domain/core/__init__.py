"""The base of every column: events, accounts and entries of the books, signatures and typed data."""
