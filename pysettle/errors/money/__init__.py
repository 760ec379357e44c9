"""Errors of the token of a currency, its issuance and the payment of interest."""
