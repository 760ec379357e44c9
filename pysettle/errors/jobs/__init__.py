"""Errors of orders of batch compute."""
