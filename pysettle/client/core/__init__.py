"""The base of every wrapper: contracts, roles, signatures and the token standards."""
