"""Errors of roles, of token standards and of the libraries that the contracts use."""
