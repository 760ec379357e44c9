"""What every wrapper stands on: contracts, roles, signatures and the token standards."""
