"""The e-CNY token: wallets, freezes, issuance, redemption and interest."""
