"""What every column stands on: events, accounts and entries of the books, signatures and typed data."""
