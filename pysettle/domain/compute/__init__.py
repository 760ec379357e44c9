"""Compute Tokens: rate cards, prices, and the books of series and stakes."""
